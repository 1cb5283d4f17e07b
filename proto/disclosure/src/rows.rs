//! Rows whose totals can be refined: where no one can dominate by declaration, a withheld cell means few people.
//!
//! With at most `c` rows per person in an inner cell, `k` people hold at least `k - 1` rows beside those of any one of
//! them. Where that alone satisfies the dominance rule (`c` up to 6 with the threshold of 10 and the standard rule), rows
//! are withheld exactly where fewer than `k` people are, and stand for 0 (or 1) to `c * (k - 1)` rows: a range that
//! refinement can keep whole. Rows add up over every dimension, so no total of theirs is a union.
//!
//! People and rows of one cell bound each other, so two systems of refined totals could together say more than each
//! alone. Only one measure is refined, and the declaration says which: see [`refinable`].

use std::collections::BTreeMap;

use crate::cell::Cell;
use crate::domain::{Domain, Per};
use crate::measure::{Measure, MeasureKind};
use crate::policy::Policy;

/// The place of the one measure whose totals are refined: the first in declared order that counts people, or counts
/// rows that no one can dominate. Rows are refined only where no other measure counts rows of the same people, which
/// would narrow them in ways that bounds of single cells do not tell.
pub(crate) fn refinable(measures: &[Measure], policy: &Policy) -> Option<usize> {
    let counts_rows = |measure: &&Measure| matches!(measure.kind(), MeasureKind::Rows { .. });
    let alone = measures.iter().filter(counts_rows).count() == 1;
    measures.iter().position(|measure| {
        measure.kind() == MeasureKind::People || alone && undominated_cap(measure, policy).is_some()
    })
}

/// The cap of a measure of rows that no one can dominate in a cell of at least the threshold of people: the worst case
/// is one person at the cap and one row of every other.
pub(crate) fn undominated_cap(measure: &Measure, policy: &Policy) -> Option<u64> {
    let MeasureKind::Rows { at_most_per_person: Some(cap) } = measure.kind() else { return None };
    let others = policy.threshold().people() - 1;
    (!policy.dominance().dominated(cap + others, [cap, 1])).then_some(cap)
}

/// The rows that a withheld inner cell stands for, where it says no more than that there are fewer people than the
/// threshold; `None` where someone might dominate it instead.
pub(crate) fn withheld_rows(measure: &Measure, policy: &Policy) -> Option<(u64, u64)> {
    let cap = undominated_cap(measure, policy)?;
    let (low, high) = policy.suppressed();
    Some((low, cap * high))
}

/// The people behind a total of rows, as far as the public inner cells tell.
pub(crate) struct Behind {
    /// Whether an inner cell is shown, and so has the threshold of people.
    any_shown: bool,
    any_hidden: bool,
    /// The most inner cells in which one person can have rows.
    reach: u64,
    /// How many groups of cells there are that no person can share.
    groups: usize,
}

impl Behind {
    /// Reads the inner cells `said` of the rows under a total.
    pub(crate) fn of(domain: &Domain, total: usize, said: &[Cell]) -> Self {
        let mut groups: BTreeMap<Vec<usize>, u64> = BTreeMap::new();
        let mut behind = Self { any_shown: false, any_hidden: false, reach: 0, groups: 0 };
        for child in domain.children(total) {
            match said[child] {
                Cell::NotCovered | Cell::Zero => continue,
                Cell::Shown { .. } => behind.any_shown = true,
                Cell::Suppressed { .. } | Cell::Withheld => behind.any_hidden = true,
            }
            let key = domain.key(child).into_iter().flat_map(|key| key.0).zip(domain.dimensions());
            let personal = key.filter(|(_, dimension)| dimension.per == Per::Person).filter_map(|(level, _)| level);
            *groups.entry(personal.collect()).or_default() += 1;
        }
        behind.reach = groups.values().copied().max().unwrap_or(0);
        behind.groups = groups.len();
        behind
    }

    /// Whether some outcome could show the total: not where each of its cells is hidden and a few people may be
    /// behind them all. Reads the public mask alone.
    pub(crate) fn may_be_shown(&self) -> bool {
        self.any_shown || self.groups > 1
    }

    /// Whether a total of at least `low` rows stands for the threshold of people, and none of them dominates it,
    /// whoever stands behind the hidden cells. Where none is hidden both carry over from the cells.
    pub(crate) fn suffices(&self, low: u64, cap: u64, policy: &Policy) -> bool {
        let most = cap.saturating_mul(self.reach);
        let enough = self.any_shown || low.div_ceil(most.max(1)) >= policy.threshold().people();
        enough && (!self.any_hidden || !policy.dominance().dominated(low, [most, most.min(low.saturating_sub(most))]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::tests::dimension;
    use crate::policy::{Threshold, Zeros};
    use crate::rounding::Rounding;

    fn rows(cap: u64) -> Measure {
        Measure::rows("rows", Some(cap)).unwrap()
    }

    #[test]
    fn nobody_dominates_up_to_six_rows_among_ten() {
        let check = |k, cap, expected| {
            let policy = Policy::new(Threshold::new(k).unwrap(), Rounding::BASE_5, Zeros::Shown).unwrap();
            assert_eq!(withheld_rows(&rows(cap), &policy), expected, "{k} {cap}");
        };
        check(10, 6, Some((1, 54)));
        check(10, 7, None);
        check(4, 2, Some((1, 6)));
        check(3, 2, None);
        check(2, 1, None);
        assert_eq!(withheld_rows(&Measure::rows("rows", None).unwrap(), &Policy::nhs_sde()), None);
    }

    #[test]
    fn the_declaration_says_which_measure_is_refined() {
        let policy = Policy::nhs_sde();
        let (people, sum) = (Measure::people("people"), Measure::sum("days", 9).unwrap());
        let check = |measures: &[Measure], expected| assert_eq!(refinable(measures, &policy), expected, "{measures:?}");
        check(&[sum.clone(), rows(2), people.clone()], Some(1));
        check(&[people.clone(), rows(2)], Some(0));
        check(&[rows(9), people.clone()], Some(1));
        check(&[rows(2), people, Measure::rows("all", None).unwrap()], Some(1));
        check(&[rows(9), sum], None);
    }

    #[test]
    fn a_total_of_rows_needs_people_behind_it_of_whom_none_dominates() {
        let policy = Policy::nhs_sde();
        let of = |per, hidden: usize| {
            let domain = Domain::new(vec![dimension("d", 4, per)], vec![vec![]]).unwrap();
            let shown = Cell::Shown { value: 10, low: 10, high: 12 };
            let said: Vec<Cell> = (0..5).map(|cell| if cell < hidden { Cell::Withheld } else { shown }).collect();
            Behind::of(&domain, 4, &said)
        };
        assert!(!of(Per::Record, 4).may_be_shown() && of(Per::Record, 3).may_be_shown());
        assert!(of(Per::Person, 4).may_be_shown());
        // Twenty rows of at most two each are ten people; nineteen rows might be of as many as have two in each month.
        assert!(of(Per::Person, 4).suffices(19, 2, &policy) && !of(Per::Person, 4).suffices(18, 2, &policy));
        // One person with six rows in each of four months, another with as many, and too few beside them.
        assert!(of(Per::Record, 0).suffices(40, 6, &policy) && !of(Per::Record, 3).suffices(50, 6, &policy));
        assert!(of(Per::Record, 3).suffices(55, 6, &policy));
    }
}
