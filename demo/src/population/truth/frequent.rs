//! People who used emergency services again and again.

use std::collections::BTreeMap;

use super::{Own, Period, Truth};
use crate::population::calendar::date32;
use crate::population::code::IncidentOutcome;

impl Own<'_> {
    /// People with at least `n` attendances or incidents, by service, age and number of conditions.
    pub(super) fn frequent_users(self, period: Period, n: u32) -> Truth {
        let records = self.population.records(self.provider);
        let attendances = records.attendances.iter().map(|a| (a.person, a.day, "ed_attendance"));
        let incidents = records.incidents.iter().filter(|i| i.outcome != IncidentOutcome::Cancelled);
        let uses = attendances.chain(incidents.map(|i| (i.person, i.day, "ambulance_incident")));
        let mut counts: BTreeMap<(u32, &str), u32> = BTreeMap::new();
        for (person, day, service) in uses {
            if self.counts(person) && period.has(date32(day)) {
                *counts.entry((person, service)).or_insert(0) += 1;
            }
        }
        let mut truth = Truth::of_counts();
        for ((person, service), _) in counts.into_iter().filter(|(_, uses)| *uses >= n) {
            let band = match self.population.people[person as usize].born().age_by(period.end().absolute()) {
                ..18 => "0-17",
                18..65 => "18-64",
                65..75 => "65-74",
                75..85 => "75-84",
                _ => "85+",
            };
            truth.add(person, [service, band, self.held(person, period.end_date32())], 0);
        }
        truth
    }
}
