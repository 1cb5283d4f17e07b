//! A provider's configuration as meant. Nothing outside these types is read from the file, and no doubtful value
//! survives reading: keys are loaded, digests compared, coverage and policies constructed.

mod governance;
mod opt_outs;
mod published;
mod refresh;
mod written;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use chrono::NaiveDate;
use disclosure::{Policy, Profile, Rounding, Threshold, Zeros};
use plan::model::{self, Role};
use template::{ProviderKind, PublicKey, RootError, SigningKey, TrustRoot};
use wire::{ClientTls, OptOuts, ProviderCode};

pub use governance::{AcceptedKind, AnalystSignature, CatalogueUse, Governance, Guardian};
pub use opt_outs::{OptOutList, OptOutLists};
pub use published::{Published, PublishedFigure, PublishedOf, PublishedPopulation};
pub use refresh::Refresh;
pub use wire::ConfigError;
pub use written::{Answering, ColumnKind, ListedBy, WhenEmpty};

use crate::differencing::{Cohorts, Compares};
use crate::restricted::CodeList;
use written::Written;

/// One provider, as its operator configured it.
pub struct Config {
    /// Where this was read from.
    pub file: PathBuf,
    /// The provider's organisation code.
    pub provider: ProviderCode,
    /// Its kind.
    pub kind: ProviderKind,
    /// Its name, for people.
    pub name: String,
    /// Where snapshots and the ledger are kept.
    pub folder: PathBuf,
    /// What releases and refusals are signed with.
    pub signing_key: Arc<SigningKey>,
    /// Where orders come from.
    pub coordinator: Coordinator,
    /// Who may approve templates, as the operator pinned it.
    pub trust_root: TrustRoot,
    /// What the provider demands of every release; the stricter of this and the template's holds.
    pub policy: Policy,
    /// What is published elsewhere about its people.
    pub published: Published,
    /// What the provider lets be asked.
    pub admission: Admission,
    /// The provider's own say on what is asked.
    pub governance: Governance,
    /// Which opt-outs the snapshot applies.
    pub opt_outs: OptOuts,
    /// The lists that hold them, besides the person table.
    pub opt_out_lists: OptOutLists,
    /// The codes whose records the snapshot leaves out.
    pub(crate) restricted: CodeList,
    /// When a new snapshot is taken.
    pub refresh: Refresh,
    /// Bounds on work.
    pub limits: Limits,
    /// Where the core-model tables come from.
    pub sources: Sources,
}

/// The coordinator that the provider pinned, and how to reach it.
#[derive(Clone)]
pub struct Coordinator {
    /// `https://host:port`.
    pub address: String,
    /// The name in its certificate.
    pub server_name: String,
    /// The key that signs its orders.
    pub key: PublicKey,
    /// The provider's side of TLS.
    pub tls: ClientTls,
}

/// What a provider lets be asked, besides what the trust root approves.
#[derive(Clone, Debug)]
pub struct Admission {
    /// The kill switch.
    pub answering: Answering,
    /// The published number of people on the provider's list, or in its care.
    pub population: u64,
    /// Below this population nothing is answered.
    pub min_population: u64,
    /// Ids of templates for which the provider, alone of its kind, has consented to its figures standing alone.
    pub sole_provider: BTreeSet<String>,
    /// Ids of templates that the provider does not answer.
    pub refused_templates: BTreeSet<String>,
    /// Purposes that the provider does not answer, as written in the order.
    pub refused_purposes: BTreeSet<String>,
}

/// Bounds on the work that a provider's orders may cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The memory of counting, bytes.
    pub memory_bytes: usize,
    /// The longest time that one order may be counted for.
    pub query: Duration,
    /// Orders that are counted at the same time.
    pub concurrent: usize,
    /// Orders that are here at all; any more wait at the coordinator.
    pub waiting: usize,
    /// Answers leave at multiples of this after their order came, so that time says little.
    pub quantum: Duration,
    /// How many different questions are ever answered: see [`Cohorts`].
    pub cohorts: Cohorts,
    /// What a new question is compared with.
    pub compares: Compares,
}

/// Where a provider's tables come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sources {
    /// Core-model tables by name.
    pub tables: BTreeMap<&'static str, Source>,
    /// Raw tables, which only mapping SQL reads.
    pub raw: BTreeMap<String, RawSource>,
}

/// One core-model table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Where its rows come from.
    pub origin: Origin,
    /// The days on which its records are complete.
    pub covers: Span,
}

/// Where a core-model table's rows come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A CSV file with a header.
    Csv(PathBuf),
    /// A Parquet file.
    Parquet(PathBuf),
    /// The provider's own SQL over its raw tables.
    Sql(PathBuf),
}

/// One raw table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RawSource {
    /// A CSV file with a header, of which these columns are read.
    Csv {
        /// Where.
        path: PathBuf,
        /// The columns that are read, by name.
        columns: BTreeMap<String, ColumnKind>,
    },
    /// A Parquet file, which knows its own columns.
    Parquet {
        /// Where.
        path: PathBuf,
    },
}

/// Days on which a table's records are complete, from configuration and never from data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The first; `None` for registers, which hold the present state whatever its age.
    pub from: Option<NaiveDate>,
    /// The last; `None` for the day before the snapshot was taken.
    pub to: Option<NaiveDate>,
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config").field("file", &self.file).field("provider", &self.provider).finish_non_exhaustive()
    }
}

impl Config {
    /// Reads a configuration file and everything that it names except the tables themselves. Relative paths start from
    /// the file's own folder.
    ///
    /// # Errors
    /// A [`ConfigError`] that names the file and the key.
    pub fn read(file: &Path) -> Result<Self, ConfigError> {
        let written = written(file)?;
        let reader = Reader { file, base: file.parent().unwrap_or(Path::new("")) };
        reader.config(written)
    }

    /// The policy in a file that holds nothing but a `[policy]` table, as a configuration does.
    pub(crate) fn policy(file: &Path) -> Result<Policy, ConfigError> {
        #[derive(serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Alone {
            policy: written::Policy,
        }
        let alone: Alone = parsed(file)?;
        Reader { file, base: Path::new("") }.policy(&alone.policy)
    }

    /// Reads no more of a configuration file than [`init`](crate::init) needs, before there is a signing key.
    pub(crate) fn places(file: &Path) -> Result<Places, ConfigError> {
        let written = written(file)?;
        let reader = Reader { file, base: file.parent().unwrap_or(Path::new("")) };
        Ok(Places {
            provider: written.provider,
            folder: reader.path(written.folder),
            signing_key: reader.path(written.signing_key),
        })
    }
}

/// What [`init`](crate::init) creates.
pub(crate) struct Places {
    pub provider: ProviderCode,
    pub folder: PathBuf,
    pub signing_key: PathBuf,
}

impl Places {
    /// The signing key, made if there is none yet.
    pub(crate) fn signing_key(&self) -> Result<SigningKey, wire::KeyFileError> {
        wire::signing_key_or_new(&self.signing_key)
    }
}

fn written(file: &Path) -> Result<Written, ConfigError> {
    parsed(file)
}

fn parsed<T: serde::de::DeserializeOwned>(file: &Path) -> Result<T, ConfigError> {
    wire::read_config(file, "node/sample.toml")
}

struct Reader<'a> {
    file: &'a Path,
    base: &'a Path,
}

impl Reader<'_> {
    fn config(&self, written: Written) -> Result<Config, ConfigError> {
        if written.name.trim().is_empty() || written.name.chars().any(char::is_control) {
            return Err(self.value("name", "write the provider's name, one line"));
        }
        let signing_key = wire::signing_key(&self.path(written.signing_key))
            .map_err(|source| ConfigError::SigningKey { file: self.file.to_owned(), source })?;
        let nhs_number = written.sources.get("person").and_then(|person| person.nhs_number.clone());
        Ok(Config {
            file: self.file.to_owned(),
            folder: self.path(written.folder),
            signing_key: Arc::new(signing_key),
            coordinator: self.coordinator(written.coordinator, written.tls)?,
            trust_root: self.trust_root(written.trust_root)?,
            policy: self.policy(&written.policy)?,
            published: self.published(written.provider.as_str(), written.published)?,
            admission: Admission {
                answering: written.answering,
                population: written.population,
                min_population: written.min_population,
                sole_provider: written.consent.sole_provider.into_iter().collect(),
                refused_templates: written.refuse.templates.into_iter().collect(),
                refused_purposes: written.refuse.purposes.into_iter().collect(),
            },
            governance: self.governance(written.governance)?,
            limits: self.limits(&written.limits)?,
            sources: self.sources(written.sources, written.raw)?,
            opt_out_lists: self.opt_out_lists(written.opt_outs, written.opt_out_lists, nhs_number)?,
            restricted: self.restricted(written.restricted)?,
            refresh: self.refresh(&written.refresh)?,
            opt_outs: written.opt_outs,
            name: written.name,
            kind: written.kind,
            provider: written.provider,
        })
    }

    fn coordinator(&self, coordinator: written::Coordinator, tls: wire::TlsFiles) -> Result<Coordinator, ConfigError> {
        if !coordinator.address.starts_with("https://") {
            return Err(self.value("coordinator.address", "write it like \"https://tallyward.example.nhs.uk:7443\""));
        }
        let files = wire::TlsFiles {
            certificate: self.path(tls.certificate),
            key: self.path(tls.key),
            authority: self.path(tls.authority),
        };
        let problem = |source| ConfigError::Tls { file: self.file.to_owned(), source: Box::new(source) };
        Ok(Coordinator {
            address: coordinator.address,
            server_name: coordinator.server_name,
            key: coordinator.key,
            tls: ClientTls::load(&files).map_err(problem)?,
        })
    }

    fn trust_root(&self, pinned: written::TrustRoot) -> Result<TrustRoot, ConfigError> {
        let path = self.path(pinned.file);
        let bytes = std::fs::read(&path).map_err(|error| {
            self.value("trust_root.file", format!("{} cannot be read ({})", path.display(), error.kind()))
        })?;
        TrustRoot::pinned(&bytes, pinned.sha256).map_err(|error| {
            let key = match error {
                RootError::NotPinned { .. } => "trust_root.sha256",
                _ => "trust_root.file",
            };
            self.value(key, format!("{}: {error}", path.display()))
        })
    }

    fn policy(&self, written: &written::Policy) -> Result<Policy, ConfigError> {
        let zeros = written.zeros.map(|zeros| match zeros {
            written::Zeros::Hidden => Zeros::Hidden,
            written::Zeros::Shown => Zeros::Shown,
        });
        let policy = match (&written.profile, written.threshold, written.rounding) {
            (None, None, None) => Profile::NhsSde.policy().with_zeros(zeros.unwrap_or_default()),
            (Some(name), None, None) => {
                let profile = Profile::named(name).ok_or_else(|| {
                    let names = Profile::ALL.map(|profile| format!("\"{}\"", profile.name())).join(", ");
                    self.value("policy.profile", format!("write one of {names}"))
                })?;
                profile.policy().with_zeros(zeros.unwrap_or_default())
            }
            (None, Some(threshold), Some(rounding)) => {
                let threshold =
                    Threshold::new(threshold).map_err(|error| self.value("policy.threshold", error.to_string()))?;
                let rounding =
                    Rounding::half_up(rounding).map_err(|error| self.value("policy.rounding", error.to_string()))?;
                Policy::new(threshold, rounding, zeros.unwrap_or_default())
                    .map_err(|error| self.value("policy", error.to_string()))?
            }
            _ => return Err(self.value("policy", "give either `profile`, or both `threshold` and `rounding`")),
        };
        Ok(match written.pairs {
            Some(written::Pairs::Protected) => policy.with_pairs(disclosure::Pairs::Protected),
            Some(written::Pairs::Single) | None => policy,
        })
    }

    fn limits(&self, written: &written::Limits) -> Result<Limits, ConfigError> {
        let within = |key: &str, value: u64, least: u64, most: u64| {
            let problem = || self.value(format!("limits.{key}"), format!("write a number from {least} to {most}"));
            (least..=most).contains(&value).then_some(value).ok_or_else(problem)
        };
        within("memory_mb", written.memory_mb as u64, 16, 1024 * 1024)?;
        within("query_seconds", written.query_seconds, 1, 3600)?;
        within("concurrent", written.concurrent as u64, 1, 64)?;
        within("waiting", written.waiting as u64, 1, 1024)?;
        within("quantum_ms", written.quantum_ms, 1, 60_000)?;
        within("cohorts_per_base", written.cohorts_per_base as u64, 1, Cohorts::MOST_PER_BASE as u64)?;
        within("cohorts_per_analyst", written.cohorts_per_analyst as u64, 1, Cohorts::MOST_PER_ANALYST as u64)?;
        within("cohorts_per_purpose", written.cohorts_per_purpose as u64, 1, Cohorts::MOST_PER_PURPOSE as u64)?;
        let cohorts = Cohorts {
            per_base: written.cohorts_per_base,
            per_analyst: written.cohorts_per_analyst,
            per_purpose: written.cohorts_per_purpose,
        };
        Ok(Limits {
            cohorts,
            compares: written.compares,
            memory_bytes: written.memory_mb * 1024 * 1024,
            query: Duration::from_secs(written.query_seconds),
            concurrent: written.concurrent,
            waiting: written.waiting,
            quantum: Duration::from_millis(written.quantum_ms),
        })
    }

    fn sources(
        &self,
        sources: BTreeMap<String, written::Source>,
        raw: BTreeMap<String, written::Raw>,
    ) -> Result<Sources, ConfigError> {
        let mut tables = BTreeMap::new();
        for (name, source) in sources {
            let Some(table) = model::table(&name).filter(|table| table.is_personal()) else {
                let names = model::tables().iter().filter(|table| table.is_personal()).map(|table| table.name);
                let known = names.collect::<Vec<_>>().join(", ");
                return Err(self.value(format!("sources.{name}"), format!("is no table of core-1; it has {known}")));
            };
            tables.insert(table.name, self.source(table, source)?);
        }
        if !tables.contains_key("person") {
            return Err(self.value("sources.person", "is missing; every provider serves `person`"));
        }
        let raw = raw
            .into_iter()
            .map(|(name, raw)| Ok((name.clone(), self.raw(&name, raw)?)))
            .collect::<Result<_, ConfigError>>()?;
        Ok(Sources { tables, raw })
    }

    fn source(&self, table: &model::Table, source: written::Source) -> Result<Source, ConfigError> {
        let key = format!("sources.{}", table.name);
        let origin = match (source.parquet, source.csv, source.sql) {
            (Some(path), None, None) => Origin::Parquet(self.path(path)),
            (None, Some(path), None) => Origin::Csv(self.path(path)),
            (None, None, Some(path)) => Origin::Sql(self.path(path)),
            _ => return Err(self.value(key, "give exactly one of `parquet`, `csv` and `sql`")),
        };
        let day =
            |name: &str, text: Option<String>| text.map(|text| self.day(format!("{key}.{name}"), &text)).transpose();
        if source.nhs_number.is_some() && table.name != "person" {
            return Err(self.value(format!("{key}.nhs_number"), "belongs to `sources.person` alone"));
        }
        let covers = Span { from: day("from", source.from)?, to: day("to", source.to)? };
        if covers.from.is_none() && !is_register(table) {
            return Err(self.value(
                format!("{key}.from"),
                "is missing; write the first day on which the records are complete, like \"2023-04-01\"",
            ));
        }
        if let (Some(from), Some(to)) = (covers.from, covers.to)
            && from > to
        {
            return Err(self.value(format!("{key}.to"), "lies before `from`"));
        }
        Ok(Source { origin, covers })
    }

    fn raw(&self, name: &str, raw: written::Raw) -> Result<RawSource, ConfigError> {
        let key = format!("raw.{name}");
        match (raw.parquet, raw.csv, raw.columns) {
            (Some(path), None, None) => Ok(RawSource::Parquet { path: self.path(path) }),
            (None, Some(path), Some(columns)) if !columns.is_empty() => {
                Ok(RawSource::Csv { path: self.path(path), columns })
            }
            (None, Some(_), _) => Err(self.value(
                format!("{key}.columns"),
                "a CSV file's types are never guessed; write them, like columns = { nhs_number = \"text\" }",
            )),
            _ => Err(self.value(key, "give either `parquet`, or `csv` and `columns`")),
        }
    }

    fn day(&self, key: String, text: &str) -> Result<NaiveDate, ConfigError> {
        NaiveDate::parse_from_str(text, "%Y-%m-%d").map_err(|_| self.value(key, "write a date like \"2023-04-01\""))
    }

    fn path(&self, path: PathBuf) -> PathBuf {
        self.base.join(path)
    }

    fn value(&self, key: impl Into<String>, problem: impl Into<String>) -> ConfigError {
        ConfigError::Value { file: self.file.to_owned(), key: key.into(), problem: problem.into() }
    }
}

/// Whether a table holds states of people rather than events: it is as complete as it is, whatever the period.
fn is_register(table: &model::Table) -> bool {
    const REGISTERS: [&str; 6] =
        ["care_plan", "gp_registration", "long_term_condition", "person", "residence_period", "risk_stratification"];
    debug_assert!(table.columns.iter().any(|column| column.role == Role::Person));
    REGISTERS.contains(&table.name)
}

#[cfg(test)]
mod tests;
