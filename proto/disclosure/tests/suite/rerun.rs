//! The attack on tables too large to list them all: for each suppressed count and each value of its range, search for a
//! table that fits the release, has that value, and gives the same release when the rule is run on it.

use disclosure::{
    Cell, CellKey, Coverage, Depth, Domain, Grouping, Kept, Measure, Pairs, Per, Policy, ProtectError, Public,
    Reported, Tally, Zeros, audit, protect,
};
use proptest::prelude::*;

use crate::tables::{dimension, domain, people};

/// The most fitting tables that are tried for one value.
const MAX_TRIES: usize = 40;

/// A search for tables that fit: counts within `ranges`, totals within theirs.
struct Search<'a> {
    ranges: Vec<(u64, u64)>,
    /// Per total, its inner cells and range.
    totals: Vec<(Vec<usize>, (u64, u64))>,
    try_table: &'a mut dyn FnMut(&[u64]) -> bool,
    tries: usize,
    steps: usize,
}

impl Search<'_> {
    /// Fills the cells from `place` on; whether a try succeeded.
    fn fill(&mut self, table: &mut Vec<u64>, place: usize, from_top: bool) -> bool {
        self.steps += 1;
        if self.tries >= MAX_TRIES || self.steps > 200_000 {
            return false;
        }
        let possible = self.totals.iter().all(|(cells, (low, high))| {
            let least: u64 = cells.iter().map(|&c| if c < place { table[c] } else { self.ranges[c].0 }).sum();
            let most: u64 = cells.iter().map(|&c| if c < place { table[c] } else { self.ranges[c].1 }).sum();
            least <= *high && most >= *low
        });
        if !possible {
            return false;
        }
        if place == self.ranges.len() {
            self.tries += 1;
            return (self.try_table)(table);
        }
        let (low, high) = self.ranges[place];
        (0..=high - low).any(|step| {
            table[place] = if from_top { high - step } else { low + step };
            self.fill(table, place + 1, from_top)
        })
    }
}

/// What a rule publishes of counts of people per inner cell.
type Rule<'a> = &'a dyn Fn(&[u64]) -> Vec<Cell>;

fn check(domain: &Domain, policy: &Policy, counts: &[u64]) {
    let excluded = excluded(domain, policy, counts, &|table| people(domain, policy, table));
    assert_eq!(excluded, None, "{counts:?} with {policy:?} in {:?}", people(domain, policy, counts));
}

/// The first suppressed cell with a value for which no table is found that fits and is published alike.
fn excluded(domain: &Domain, policy: &Policy, counts: &[u64], rule: Rule<'_>) -> Option<(usize, u64)> {
    let release = rule(counts);
    let inner = domain.inner_len();
    let ranges: Vec<(u64, u64)> = release[..inner].iter().map(|c| (c.low(), c.high().unwrap())).collect();
    // What lies behind a withheld total is its lowest block, or nothing: the search first tries tables whose withheld
    // totals are at most that many blocks above the truth, a mixture of how many, and then any.
    let totals = |blocks: &dyn Fn(usize) -> u64| -> Vec<(Vec<usize>, (u64, u64))> {
        let range = |t: usize| {
            let truth: u64 = domain.children(t).iter().map(|&c| counts[c]).sum();
            let k = policy.threshold().people();
            let first = if truth < k { k - 1 } else { policy.block(truth).high };
            let withheld = (0..blocks(t)).fold(first, |end, _| policy.block(end + 1).high);
            (release[t].low(), release[t].high().unwrap_or(withheld))
        };
        (inner..domain.len()).map(|t| (domain.children(t), range(t))).collect()
    };
    let mut ways: Vec<_> = (0..4).map(|n| totals(&|_| n)).collect();
    ways.extend(
        (0..60u64)
            .map(|seed| totals(&|t| (t as u64 + 1).wrapping_mul(seed * 2 + 1).wrapping_mul(0x9E37_79B9) >> 7 & 3)),
    );
    ways.push(totals(&|_| 1000));
    for star in (0..inner).filter(|&cell| matches!(release[cell], Cell::Suppressed { .. })) {
        for value in [ranges[star].0, ranges[star].0 + 1, ranges[star].1] {
            let mut try_table = |table: &[u64]| rule(table) == release;
            let mut ways = ways.iter().flat_map(|totals| [(totals, false), (totals, true)]);
            let found = ways.any(|(totals, from_top)| {
                let mut ranges = ranges.clone();
                ranges[star] = (value, value);
                let mut search =
                    Search { ranges, totals: totals.clone(), try_table: &mut try_table, tries: 0, steps: 0 };
                search.fill(&mut vec![0; inner], 0, from_top)
            });
            if !found {
                return Some((star, value));
            }
        }
    }
    None
}

/// A weakened rule: inner cells as ours, and every total rounded, whatever stands beside it.
fn rounding_totals(domain: &Domain, policy: &Policy, table: &[u64]) -> Vec<Cell> {
    let mut said = people(domain, policy, table);
    for (total, cell) in said.iter_mut().enumerate().skip(domain.inner_len()) {
        let people: u64 = domain.children(total).iter().map(|&cell| table[cell]).sum();
        if people >= policy.threshold().people() {
            let block = policy.block(people);
            *cell = Cell::Shown { value: block.value, low: block.low, high: block.high };
        }
    }
    said
}

fn counts(cells: usize) -> impl Strategy<Value = Vec<u64>> {
    prop::collection::vec(prop_oneof![0u64..10, 1u64..10, 8u64..40], cells)
}

fn policies() -> impl Strategy<Value = Policy> {
    let profile = prop_oneof![Just(Policy::hes_2018()), Just(Policy::nhs_sde()), Just(Policy::midpoint_6())];
    let zeros = prop_oneof![Just(Zeros::Hidden), Just(Zeros::Shown)];
    let pairs = prop_oneof![Just(Pairs::Single), Just(Pairs::Protected)];
    (profile, zeros, pairs).prop_map(|(policy, zeros, pairs)| policy.with_zeros(zeros).with_pairs(pairs))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn two_way(policy in policies(), counts in counts(9)) {
        check(&domain(&[(3, Per::Person), (3, Per::Person)], &[&[], &[1], &[0]]), &policy, &counts);
    }

    #[test]
    fn nested(policy in policies(), counts in counts(8)) {
        let sizes = [(2, Per::Person), (2, Per::Person), (2, Per::Person)];
        check(&domain(&sizes, &[&[], &[2], &[0], &[0, 2], &[0, 1]]), &policy, &counts);
    }

    /// Three dimensions crossed have no network form: the totals beyond two chains go through the linear programme.
    #[test]
    fn three_way(policy in policies(), counts in counts(8)) {
        let sizes = [(2, Per::Person), (2, Per::Person), (2, Per::Person)];
        check(&domain(&sizes, &[&[], &[0], &[1], &[2], &[0, 1], &[1, 2]]), &policy, &counts);
    }

    #[test]
    fn one_long_row(policy in policies(), counts in counts(7)) {
        check(&domain(&[(7, Per::Person)], &[&[]]), &policy, &counts);
    }
}

#[test]
fn tables_of_small_counts_alone() {
    let domain = domain(&[(3, Per::Person), (3, Per::Person)], &[&[], &[1], &[0]]);
    check(&domain, &Policy::nhs_sde(), &[2, 4, 5, 5, 3, 9, 9, 8, 3]);
    check(&domain, &Policy::nhs_sde().with_zeros(Zeros::Hidden), &[6, 22, 2, 0, 3, 7, 0, 7, 1]);
}

/// Groups of levels in two depths, one of which goes no deeper than a level: two chains, by way of groups.
fn ragged() -> Domain {
    let dimensions = vec![dimension("age", 4, Per::Person), dimension("sex", 2, Per::Person)];
    let fine = Grouping::new("band", 0, [("young", vec![0, 1]), ("old", vec![2]), ("age 3", vec![3])]);
    let coarse = Grouping::new("group", 0, [("some", vec![0, 1, 2]), ("age 3", vec![3])]);
    let totals = vec![vec![], vec![Kept::Groups(1)], vec![Kept::Levels(1)], vec![Kept::Groups(0), Kept::Levels(1)]];
    Domain::with_groupings(dimensions, vec![fine, coarse], totals).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn ragged_hierarchies(policy in policies(), counts in counts(8)) {
        check(&ragged(), &policy, &counts);
    }

    /// All margins of three dimensions.
    #[test]
    fn full_three_way(policy in policies(), counts in counts(8)) {
        let sizes = [(2, Per::Person), (2, Per::Person), (2, Per::Person)];
        check(&domain(&sizes, &[&[], &[0], &[1], &[2], &[0, 1], &[0, 2], &[1, 2]]), &policy, &counts);
    }
}

/// The search wins where it should: against a rule that rounds every total, over groups of levels in two depths, and over
/// three dimensions crossed, whose totals ours takes through the linear programme.
#[test]
fn a_rule_that_rounds_every_total_gives_small_counts_away() {
    let policy = Policy::hes_2018();
    let sizes = [(2, Per::Person), (2, Per::Person), (2, Per::Person)];
    let three_way = domain(&sizes, &[&[], &[0], &[1], &[2], &[0, 1], &[1, 2]]);
    let full = domain(&sizes, &[&[], &[0], &[1], &[2], &[0, 1], &[0, 2], &[1, 2]]);
    // Of each two cells that some total joins, one is small.
    let counts = [12, 6, 6, 12, 6, 12, 12, 6];
    for domain in [ragged(), three_way, full] {
        let weakened = excluded(&domain, &policy, &counts, &|table| rounding_totals(&domain, &policy, table));
        assert!(weakened.is_some_and(|(_, value)| value <= 2), "{weakened:?}: the attack must win");
        check(&domain, &policy, &counts);
    }
}

/// A rule that takes a structural zero for a cell like any other, in which somebody might be, leaves room there that is
/// none: two nines beside it are given away.
#[test]
fn a_structural_zero_that_counts_as_room_gives_small_counts_away() {
    let plain = domain(&[(3, Per::Person)], &[&[]]);
    let declared = plain.clone().with_structural_zeros([CellKey(vec![Some(0)])]).unwrap();
    let policy = Policy::nhs_sde().with_zeros(Zeros::Hidden);
    let counts = [0, 9, 9];
    let as_room = |table: &[u64]| {
        let mut said = people(&plain, &policy, table);
        said[0] = if table[0] == 0 { Cell::Zero } else { Cell::Withheld };
        said
    };
    assert_eq!(excluded(&declared, &policy, &counts, &as_room), Some((1, 0)), "the attack must win");
    check(&declared, &policy, &counts);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn structural_zeros(policy in policies(), counts in counts(9), zeros in prop::collection::btree_set(0usize..9, 1..4)) {
        let domain = domain(&[(3, Per::Person), (3, Per::Person)], &[&[], &[1], &[0]]);
        let keys = zeros.iter().map(|&cell| domain.key(cell).unwrap()).collect::<Vec<_>>();
        let domain = domain.with_structural_zeros(keys).unwrap();
        let counts: Vec<u64> = (0..9).map(|cell| if zeros.contains(&cell) { 0 } else { counts[cell] }).collect();
        // A table with somebody in a structural zero is none, so the search must not try one.
        let nobody = |table: &[u64]| zeros.iter().all(|&cell| table[cell] == 0);
        let release = people(&domain, &policy, &counts);
        let rule = |table: &[u64]| if nobody(table) { people(&domain, &policy, table) } else { Vec::new() };
        prop_assert_eq!(excluded(&domain, &policy, &counts, &rule), None, "{:?} in {:?}", counts, release);
    }
}

/// Totals that the network form has to hold back are shown by way of the linear programme, and narrow nothing.
#[test]
fn totals_of_a_third_chain_are_shown_beside_suppressed_counts() {
    let domain = domain(
        &[(3, Per::Person), (3, Per::Person), (2, Per::Person)],
        &[&[], &[0], &[1], &[2], &[0, 1], &[1, 2], &[0, 2]],
    );
    let counts: Vec<u64> = (0..18).map(|n| if n % 5 == 2 { 1 + n % 7 } else { 20 + 7 * n }).collect();
    let said = people(&domain, &Policy::nhs_sde(), &counts);
    assert!(said.iter().any(|cell| matches!(cell, Cell::Suppressed { .. })));
    assert!(said[18..].iter().all(|total| matches!(total, Cell::Shown { .. })), "{said:?}");
    let measures = [Measure::people("people")];
    let public = Public::nothing(&domain, &measures);
    let report = audit(&domain, &measures, &Policy::nhs_sde(), &public, &[said], Depth::Check).unwrap();
    assert!(report.attacked > 0 && report.narrowed.is_empty(), "{report:?}");
}

#[test]
fn a_structural_zero_is_said_to_be_zero_and_links_nothing() {
    let plain = domain(&[(2, Per::Person), (2, Per::Person)], &[&[], &[1], &[0]]);
    let zero = plain.clone().with_structural_zeros([CellKey(vec![Some(0), Some(1)])]).unwrap();
    let policy = Policy::nhs_sde().with_zeros(Zeros::Hidden);
    let said = people(&zero, &policy, &[30, 0, 4, 60]);
    assert_eq!((said[1], said[2]), (Cell::Zero, Cell::Suppressed { low: 0, high: 9 }));
    check(&zero, &policy, &[30, 0, 4, 60]);
    let cells = vec![said];
    assert!(Reported::check(zero.clone(), vec![Measure::people("people")], policy, cells.clone()).is_ok());
    assert!(
        Reported::check(plain, vec![Measure::people("people")], policy, cells).is_err(),
        "hidden zeros are not said"
    );
    let measures = [Measure::people("people")];
    let mut tally = Tally::new(&zero, &measures).unwrap();
    tally.add(&[1], &[7], &[]).unwrap();
    let (coverage, public) = (Coverage::whole(&zero), Public::nothing(&zero, &measures));
    let refused = protect(tally.finish().unwrap(), &zero, &measures, &policy, &coverage, &public);
    assert_eq!(refused.err(), Some(ProtectError::StructuralZero));
}
