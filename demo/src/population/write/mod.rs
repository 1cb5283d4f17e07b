//! Writes what each provider holds as Parquet files of core-1, one file per table.

mod clinical;
mod community;
mod hospital;
mod person;
mod sheet;
mod social;
mod urgent;

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use anyhow::Context;

use super::Population;
use super::provider::{Kind, Provider, local_id};
use sheet::Tables;

/// The folder under a provider's own that its tables are written to.
pub const TABLES_FOLDER: &str = "tables";
/// The folder under a provider's own that its lists of opt-outs are written to.
pub const OPT_OUTS_FOLDER: &str = "opt-outs";
/// The column of the person table that core-1 does not have: it finds people in the national list alone.
pub const NHS_NUMBER: &str = "nhs_number";

impl Kind {
    /// The tables that a provider of this kind serves.
    pub fn tables(self) -> &'static [&'static str] {
        match self {
            Self::Gp => &[
                "person",
                "gp_registration",
                "clinical_event",
                "medication_issue",
                "long_term_condition",
                "gp_appointment",
                "care_plan",
                "risk_stratification",
                "activity_cost",
            ],
            Self::Hospital => &[
                "person",
                "long_term_condition",
                "hospital_spell",
                "spell_diagnosis",
                "spell_procedure",
                "outpatient_appointment",
                "ed_attendance",
                "activity_cost",
            ],
            Self::Community | Self::MentalHealth => {
                &["person", "long_term_condition", "community_contact", "care_plan", "activity_cost"]
            }
            Self::SocialCare => {
                &["person", "long_term_condition", "residence_period", "social_care_event", "activity_cost"]
            }
            Self::Ambulance => {
                &["person", "long_term_condition", "ambulance_incident", "urgent_care_contact", "activity_cost"]
            }
        }
    }
}

impl Population {
    /// Writes the tables of one provider to `<dir>/<provider code>/tables/<table>.parquet` and returns the rows written.
    ///
    /// # Errors
    /// When a folder or file cannot be written.
    pub fn write(&self, provider: &Provider, dir: &Path) -> anyhow::Result<u64> {
        let folder = dir.join(&provider.code).join(TABLES_FOLDER);
        fs::create_dir_all(&folder).with_context(|| format!("cannot make the folder `{}`", folder.display()))?;
        let mut tables = Tables::new(&folder);
        for table in provider.kind.tables() {
            let view = View { population: self, provider };
            view.write(table, &mut tables).with_context(|| format!("cannot write `{table}` of `{}`", provider.code))?;
        }
        let lists = dir.join(&provider.code).join(OPT_OUTS_FOLDER);
        fs::create_dir_all(&lists).with_context(|| format!("cannot make the folder `{}`", lists.display()))?;
        for (name, list) in self.opt_out_lists(provider) {
            fs::write(lists.join(name), list)
                .with_context(|| format!("cannot write `{name}` of `{}`", provider.code))?;
        }
        Ok(tables.rows())
    }

    /// Writes every provider's tables, on as many threads as the machine runs at once, and returns the rows written.
    ///
    /// `each` is called after every provider, from any of the threads.
    ///
    /// # Errors
    /// The first failure to write; the other providers may then be written or not.
    pub fn write_all(&self, dir: &Path, each: impl Fn(&Provider) + Sync) -> anyhow::Result<u64> {
        // The largest go first, so that no thread is left with a hospital at the end.
        let mut order: Vec<&Provider> = self.providers().iter().collect();
        let size = |provider: &Provider| self.records(provider).row_counts().map(|(_, rows)| rows).sum::<usize>();
        order.sort_by_key(|provider| std::cmp::Reverse(size(provider)));
        let next = AtomicUsize::new(0);
        let outcome = Mutex::new(Ok(0));
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        std::thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| {
                    while let Some(provider) = order.get(next.fetch_add(1, Ordering::Relaxed)) {
                        let written = self.write(provider, dir);
                        let mut outcome = outcome.lock().unwrap_or_else(PoisonError::into_inner);
                        match (&mut *outcome, written) {
                            (Ok(rows), Ok(more)) => *rows += more,
                            (Ok(_), Err(error)) => *outcome = Err(error),
                            (Err(_), _) => break,
                        }
                        each(provider);
                    }
                });
            }
        });
        outcome.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One provider's view of the population.
#[derive(Clone, Copy)]
struct View<'a> {
    population: &'a Population,
    provider: &'a Provider,
}

impl View<'_> {
    fn write(self, table: &'static str, tables: &mut Tables) -> anyhow::Result<()> {
        let records = self.population.records(self.provider);
        match table {
            "person" => self.person(tables),
            "gp_registration" => self.gp_registration(tables),
            "clinical_event" => self.clinical_event(tables),
            "medication_issue" => self.medication_issue(tables),
            "long_term_condition" => self.long_term_condition(tables),
            "gp_appointment" => self.gp_appointment(&records.gp_appointments, tables),
            "care_plan" => self.care_plan(&records.care_plans, tables),
            "risk_stratification" => self.risk_stratification(&records.risk_scores, tables),
            "activity_cost" => self.activity_cost(&records.costs, tables),
            "hospital_spell" => self.hospital_spell(&self.with_twins(&records.spells), tables),
            "spell_diagnosis" => self.spell_diagnosis(&self.with_twins(&records.spells), tables),
            "spell_procedure" => self.spell_procedure(&self.with_twins(&records.spells), tables),
            "outpatient_appointment" => self.outpatient_appointment(&records.outpatients, tables),
            "ed_attendance" => self.ed_attendance(&records.attendances, tables),
            "community_contact" => self.community_contact(&records.contacts, tables),
            "residence_period" => self.residence_period(&records.residences, tables),
            "social_care_event" => self.social_care_event(&records.social_events, tables),
            "ambulance_incident" => self.ambulance_incident(&records.incidents, tables),
            "urgent_care_contact" => self.urgent_care_contact(&records.urgent_contacts, tables),
            other => anyhow::bail!("no provider of the region serves `{other}`"),
        }
    }

    /// The provider's ids of the persons of consecutive rows, each scrambled once per run of rows.
    fn ids(self, persons: impl Iterator<Item = u32>) -> impl Iterator<Item = sheet::Text<7>> {
        let mut last = None;
        persons.map(move |person| match last {
            Some((same, id)) if same == person => id,
            _ => {
                let id = sheet::Text(local_id(self.population.seed, self.provider.index(), person));
                last = Some((person, id));
                id
            }
        })
    }
}
