//! The attack on tables too large to list them all: for each suppressed count and each value of its range, search for a
//! table that fits the release, has that value, and gives the same release when the rule is run on it.

use disclosure::{Cell, Domain, Pairs, Per, Policy, Zeros};
use proptest::prelude::*;

use crate::tables::{domain, people};

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

fn check(domain: &Domain, policy: &Policy, counts: &[u64]) {
    let release = people(domain, policy, counts);
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
            let mut try_table = |table: &[u64]| people(domain, policy, table) == release;
            let mut ways = ways.iter().flat_map(|totals| [(totals, false), (totals, true)]);
            let found = ways.any(|(totals, from_top)| {
                let mut ranges = ranges.clone();
                ranges[star] = (value, value);
                let mut search =
                    Search { ranges, totals: totals.clone(), try_table: &mut try_table, tries: 0, steps: 0 };
                search.fill(&mut vec![0; inner], 0, from_top)
            });
            assert!(found, "{counts:?} with {policy:?}: cell {star} cannot be {value} in {release:?}");
        }
    }
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

    /// Three dimensions crossed have no network form: the totals beyond two chains are held back near suppressed counts.
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
