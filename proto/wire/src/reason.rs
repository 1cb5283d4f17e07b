//! Why figures are not there: the closed list of reasons in signed documents and in answers.
//!
//! A reason follows from the cells of the release, the declared question and the rule that the release names, and from
//! nothing else ([`disclosure::Reason`]). So it tells nothing that the cells do not: two tables of people that give the
//! same release give the same reasons. A coordinator works them out for itself, and does not accept a release that says
//! others.

use disclosure::{Protected, Reason, Reported};
use serde::{Deserialize, Serialize};

/// A reason in a document, by its word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ReasonCode {
    AlreadyPublic,
    BelowThreshold,
    FewOrDominated,
    NearSuppressed,
    OutsideCoverage,
}

/// The cells of one measure that say no figure for one reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReasonDocument {
    reason: ReasonCode,
    /// Their numbers in the domain, ascending.
    cells: Vec<u32>,
}

/// How many sites of a group do not say a cell's figure for which reason. Nobody is counted under two.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReasonCounts {
    /// Something about the cell, or figures beside it, is public already, and a figure would be weighed against it.
    pub already_public: u32,
    /// A count of people below the threshold: exactly the sites that suppress.
    pub below_threshold: u32,
    /// Rows or a sum of too few people, or of one who dominates them.
    pub few_or_dominated: u32,
    /// A total by which a hidden figure could be found.
    pub near_suppressed: u32,
    /// The site's data does not reach there.
    pub outside_coverage: u32,
}

impl ReasonCounts {
    /// Counts one site more.
    pub fn count(&mut self, reason: Reason) {
        let place = match reason {
            Reason::AlreadyPublic => &mut self.already_public,
            Reason::BelowThreshold => &mut self.below_threshold,
            Reason::FewOrDominated => &mut self.few_or_dominated,
            Reason::NearSuppressed => &mut self.near_suppressed,
            Reason::OutsideCoverage => &mut self.outside_coverage,
        };
        *place += 1;
    }

    /// Each reason with its number of sites, in the order of [`Reason::ALL`].
    #[must_use]
    pub const fn each(&self) -> [(Reason, u32); 5] {
        let Self { already_public, below_threshold, few_or_dominated, near_suppressed, outside_coverage } = *self;
        [
            (Reason::AlreadyPublic, already_public),
            (Reason::BelowThreshold, below_threshold),
            (Reason::FewOrDominated, few_or_dominated),
            (Reason::NearSuppressed, near_suppressed),
            (Reason::OutsideCoverage, outside_coverage),
        ]
    }
}

/// Why cells of one measure of a table to be released say no figure.
pub(crate) fn of_protected(protected: &Protected, measure: usize) -> Vec<ReasonDocument> {
    documents(protected.cells(measure).len(), |cell| protected.reason(measure, cell))
}

/// The same of a received table, which must say no other.
pub(crate) fn of_reported(reported: &Reported, measure: usize) -> Vec<ReasonDocument> {
    documents(reported.cells(measure).len(), |cell| reported.reason(measure, cell))
}

fn documents(cells: usize, reason: impl Fn(usize) -> Option<Reason>) -> Vec<ReasonDocument> {
    let reasons: Vec<Option<Reason>> = (0..cells).map(reason).collect();
    let of = |wanted: Reason| {
        let here = (0u32..).zip(&reasons).filter(|(_, reason)| **reason == Some(wanted)).map(|(cell, _)| cell);
        ReasonDocument { reason: code(wanted), cells: here.collect() }
    };
    Reason::ALL.into_iter().map(of).filter(|document| !document.cells.is_empty()).collect()
}

const fn code(reason: Reason) -> ReasonCode {
    match reason {
        Reason::AlreadyPublic => ReasonCode::AlreadyPublic,
        Reason::BelowThreshold => ReasonCode::BelowThreshold,
        Reason::FewOrDominated => ReasonCode::FewOrDominated,
        Reason::NearSuppressed => ReasonCode::NearSuppressed,
        Reason::OutsideCoverage => ReasonCode::OutsideCoverage,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_and_rule_use_the_same_words() {
        for reason in Reason::ALL {
            assert_eq!(serde_json::to_value(code(reason)).unwrap(), reason.code());
            let mut counts = ReasonCounts::default();
            counts.count(reason);
            assert!(counts.each().iter().all(|(other, sites)| (*sites == 1) == (*other == reason)), "{reason:?}");
        }
    }
}
