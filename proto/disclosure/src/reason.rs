//! Why a cell says no figure: a closed list, derived from the published table alone, so that a reason tells nothing that
//! the table does not.
//!
//! INVARIANT: a reason is a function of the declaration, the policy and the published cells. Neither a count nor what is
//! public beside the table goes in, so whoever holds a release can work out its reasons, and tables of people that give
//! the same release give the same reasons. Where two causes leave the same mark they read alike: rows of too few people
//! and rows that one of them dominates; a total beside a hidden cell, one that is held for what is public beside it, and one
//! over levels of which people may have several.

use crate::cell::Cell;
use crate::domain::Domain;
use crate::measure::{Measure, MeasureKind};
use crate::policy::Policy;
use crate::rows::undominated_cap;

/// Why a cell says no figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// Something about the cell, or about figures beside it, is public already, and a figure would be weighed against it.
    AlreadyPublic,
    /// A count of people below the threshold. What is suppressed has this reason, and nothing else has it.
    BelowThreshold,
    /// Rows or a sum of fewer people than the threshold, or dominated by one of them.
    FewOrDominated,
    /// A total by which a hidden cell could be found, or how few people are in all of its levels but one, or come under
    /// several.
    NearSuppressed,
    /// The provider's data does not reach there.
    OutsideCoverage,
}

impl Reason {
    /// Every reason.
    pub const ALL: [Self; 5] =
        [Self::AlreadyPublic, Self::BelowThreshold, Self::FewOrDominated, Self::NearSuppressed, Self::OutsideCoverage];

    /// The word by which documents and pages call it.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::AlreadyPublic => "already-public",
            Self::BelowThreshold => "below-threshold",
            Self::FewOrDominated => "few-or-dominated",
            Self::NearSuppressed => "near-suppressed",
            Self::OutsideCoverage => "outside-coverage",
        }
    }

    /// What it means, in plain words.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::AlreadyPublic => "what is public already, and a figure beside it, would tell of a few people",
            Self::BelowThreshold => "a count of people below the threshold",
            Self::FewOrDominated => "too few people stand behind it, or one of them dominates it",
            Self::NearSuppressed => "a total by which a hidden figure could be found",
            Self::OutsideCoverage => "the provider's data does not reach there",
        }
    }

    /// Why a cell of a table says no figure, or `None` where it says one or does not exist.
    pub(crate) fn of(
        domain: &Domain,
        measures: &[Measure],
        policy: &Policy,
        table: &[Vec<Cell>],
        (measure, cell): (usize, usize),
    ) -> Option<Self> {
        match table.get(measure)?.get(cell)? {
            Cell::Shown { .. } | Cell::Zero => None,
            Cell::Suppressed { .. } => Some(Self::BelowThreshold),
            Cell::NotCovered => Some(Self::OutsideCoverage),
            Cell::Withheld if domain.is_total(cell) => {
                let hidden = table.iter().any(|cells| cells[..domain.inner_len()].iter().any(Cell::is_hidden));
                // A total over levels of which people may have several can tell of few people beside no hidden cell.
                let union = measures[measure].kind() == MeasureKind::People && domain.is_union(cell);
                Some(if hidden || union { Self::NearSuppressed } else { Self::AlreadyPublic })
            }
            Cell::Withheld => {
                let people = measures.iter().position(|m| m.kind() == MeasureKind::People);
                let beside = people.and_then(|people| table.get(people)?.get(cell));
                let undominated = undominated_cap(&measures[measure], policy).is_some();
                // People are withheld beside public facts alone, and so are figures that people enough cannot dominate.
                let for_facts = match beside {
                    Some(Cell::Withheld) => true,
                    Some(Cell::Shown { .. }) => undominated,
                    _ => false,
                };
                Some(if for_facts { Self::AlreadyPublic } else { Self::FewOrDominated })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Per, tests::dimension};

    #[test]
    fn every_hidden_cell_says_why_and_no_other_does() {
        let domain = Domain::new(vec![dimension("d", 5, Per::Person)], vec![vec![]]).unwrap();
        let measures = [Measure::people("people"), Measure::sum("days", 9).unwrap()];
        let (star, shown) = (Cell::Suppressed { low: 1, high: 9 }, Cell::Shown { value: 20, low: 18, high: 22 });
        let people = vec![star, shown, Cell::Withheld, Cell::Zero, Cell::NotCovered, Cell::Withheld];
        let days = vec![Cell::Withheld, Cell::Withheld, Cell::Withheld, Cell::Zero, Cell::NotCovered, shown];
        let table = [people, days];
        let reason = |m, cell| Reason::of(&domain, &measures, &Policy::nhs_sde(), &table, (m, cell)).map(Reason::code);
        let of = |m: usize| (0..6).map(|cell| reason(m, cell).unwrap_or("")).collect::<Vec<_>>();
        assert_eq!(of(0), ["below-threshold", "", "already-public", "", "outside-coverage", "near-suppressed"]);
        assert_eq!(of(1), ["few-or-dominated", "few-or-dominated", "already-public", "", "outside-coverage", ""]);
        assert_eq!(reason(2, 0), None);
        for (per, expected) in [(Per::Person, Reason::AlreadyPublic), (Per::Record, Reason::NearSuppressed)] {
            let domain = Domain::new(vec![dimension("d", 2, per)], vec![vec![]]).unwrap();
            let table = [vec![shown, shown, Cell::Withheld]];
            let reason = Reason::of(&domain, &measures[..1], &Policy::nhs_sde(), &table, (0, 2));
            assert_eq!(reason, Some(expected));
        }
        for (place, reason) in Reason::ALL.iter().enumerate() {
            assert!(Reason::ALL[..place].iter().all(|other| other.code() != reason.code()));
        }
    }
}
