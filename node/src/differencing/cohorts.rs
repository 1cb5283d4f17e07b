//! How many different groups of people may be asked about: per base population, by one analyst, for one purpose.
//!
//! Every new question about one population says something more of the same people, whatever each alone may say, so their
//! number is limited for ever. A question that was answered before costs nothing, whoever asks it again.

use std::collections::{BTreeMap, BTreeSet};

use template::Digest;

/// The most different questions that a provider's ledger answers. A provider sets each; the rule sets the upper bounds,
/// which no configuration can exceed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cohorts {
    /// About one base population: the people in one set of tables.
    pub per_base: usize,
    /// First asked by one analyst.
    pub per_analyst: usize,
    /// First asked for one purpose.
    pub per_purpose: usize,
}

impl Cohorts {
    /// The most that a provider may allow about one base population.
    pub const MOST_PER_BASE: usize = 10_000;
    /// The most that a provider may allow one analyst.
    pub const MOST_PER_ANALYST: usize = 5_000;
    /// The most that a provider may allow for one purpose.
    pub const MOST_PER_PURPOSE: usize = 5_000;
}

impl Default for Cohorts {
    fn default() -> Self {
        Self { per_base: 2_000, per_analyst: 1_000, per_purpose: 1_000 }
    }
}

/// The base population of a question: which tables about persons its plan reads. The node finds it in the checked plan;
/// no template declares it.
pub(crate) fn base<'a>(tables: impl IntoIterator<Item = &'a str>) -> Digest {
    let tables: BTreeSet<&str> = tables.into_iter().collect();
    let fields = [b"tallyward-base-v1".as_slice()].into_iter().chain(tables.into_iter().map(str::as_bytes));
    Digest::of_fields(&fields.collect::<Vec<_>>())
}

/// The different questions that were answered.
#[derive(Default)]
pub(super) struct Spent {
    by_base: BTreeMap<Digest, BTreeSet<Vec<u8>>>,
    by_analyst: BTreeMap<String, BTreeSet<Vec<u8>>>,
    by_purpose: BTreeMap<String, BTreeSet<Vec<u8>>>,
}

/// Who asks what of which population, for its limits.
pub(super) struct Cohort<'a> {
    pub base: Digest,
    pub fingerprint: &'a [u8],
    pub analyst: &'a str,
    pub purpose: &'a str,
}

impl Spent {
    pub(super) fn add(&mut self, cohort: &Cohort<'_>) {
        let Cohort { base, fingerprint, analyst, purpose } = cohort;
        self.by_base.entry(*base).or_default().insert(fingerprint.to_vec());
        self.by_analyst.entry((*analyst).to_owned()).or_default().insert(fingerprint.to_vec());
        self.by_purpose.entry((*purpose).to_owned()).or_default().insert(fingerprint.to_vec());
    }

    /// Whether one more question is within all limits. The same question of a newer snapshot is the same cohort.
    pub(super) fn allows(&self, cohort: &Cohort<'_>, limits: &Cohorts) -> bool {
        let within = |asked: Option<&BTreeSet<Vec<u8>>>, most| {
            asked.is_none_or(|asked| asked.len() < most || asked.contains(cohort.fingerprint))
        };
        within(self.by_base.get(&cohort.base), limits.per_base)
            && within(self.by_analyst.get(cohort.analyst), limits.per_analyst)
            && within(self.by_purpose.get(cohort.purpose), limits.per_purpose)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_limit_holds_by_itself_and_old_questions_are_free() {
        let limits = Cohorts { per_base: 3, per_analyst: 2, per_purpose: 2 };
        let (one, two) = (base(["person", "hospital_spell"]), base(["person"]));
        assert_eq!(one, base(["hospital_spell", "person", "person"]));
        let mut spent = Spent::default();
        let check = |spent: &Spent, base, question: &[u8], analyst, purpose| {
            spent.allows(&Cohort { base, fingerprint: question, analyst, purpose }, &limits)
        };
        for (question, analyst, purpose) in [(b"a", "ada", "plan"), (b"b", "ada", "care"), (b"c", "bea", "plan")] {
            assert!(check(&spent, one, question, analyst, purpose));
            spent.add(&Cohort { base: one, fingerprint: question, analyst, purpose });
        }
        assert!(!check(&spent, one, b"d", "cleo", "audit"), "per base population");
        assert!(!check(&spent, two, b"d", "ada", "audit"), "per analyst");
        assert!(!check(&spent, two, b"d", "cleo", "plan"), "per purpose");
        assert!(check(&spent, two, b"d", "cleo", "audit"));
        assert!(check(&spent, one, b"a", "ada", "plan"), "asked before");
    }
}
