//! Insiders: whoever knows one hidden figure exactly, because the records are their own, looks for the next.

use std::collections::BTreeSet;

use disclosure::{
    Cell, Column, Coverage, Dimension, Domain, Measure, Pairs, Per, Policy, Public, Rounding, Tally, Threshold, Zeros,
    protect,
};

use super::puzzle::Puzzle;

const THRESHOLD: u64 = 4;

/// A table of two by two with its margins: each cell, the rows, the columns and all, as ranges.
fn published(counts: [u64; 4], pairs: Pairs) -> Vec<(u64, u64)> {
    let dimension = |name: &str| Dimension {
        name: name.to_owned(),
        levels: ["a", "b"].map(str::to_owned).to_vec(),
        per: Per::Person,
    };
    let domain = Domain::new(vec![dimension("row"), dimension("column")], vec![vec![], vec![0], vec![1]]).unwrap();
    let measures = [Measure::people("people")];
    let mut tally = Tally::new(&domain, &measures).unwrap();
    let mut next = 0;
    for (cell, &count) in (0u32..).zip(&counts) {
        for _ in 0..count {
            tally.add(&[cell], &[next], &[]).unwrap();
            next += 1;
        }
    }
    let policy = Policy::new(Threshold::new(THRESHOLD).unwrap(), Rounding::BASE_5, Zeros::Shown).unwrap();
    let (coverage, public) = (Coverage::whole(&domain), Public::nothing(&domain, &measures));
    let protected =
        protect(tally.finish().unwrap(), &domain, &measures, &policy.with_pairs(pairs), &coverage, &public).unwrap();
    protected.cells(0).iter().map(|cell| (cell.low(), cell.high().unwrap_or(60))).collect()
}

/// What whoever knows the first cell finds of the second.
fn attack(ranges: &[(u64, u64)], own: u64) -> BTreeSet<u64> {
    let mut puzzle = Puzzle::default();
    let cells: Vec<usize> = ranges[..4].iter().map(|&range| puzzle.number(range)).collect();
    puzzle.ranges[0] = (own, own);
    let sums: [&[usize]; 5] = [&[0, 1, 2, 3], &[0, 1], &[2, 3], &[0, 2], &[1, 3]];
    for (sum, &range) in sums.iter().zip(&ranges[4..]) {
        puzzle.sum(&sum.iter().map(|&place| cells[place]).collect::<Vec<_>>(), range);
    }
    puzzle.values(cells[1])
}

#[test]
fn one_hidden_figure_known_tells_nothing_of_its_neighbour() {
    let whole: BTreeSet<u64> = (1..THRESHOLD).collect();
    let (mut learnt, mut asked) = (0, 0);
    let few = 1..THRESHOLD;
    for (own, other) in few.clone().flat_map(|own| few.clone().map(move |other| (own, other))) {
        for (third, fourth) in (0..=12).flat_map(|third| (0..=12).map(move |fourth| (third, fourth))) {
            let counts = [own, other, third, fourth];
            // The weakened policy protects hidden figures one by one.
            learnt += usize::from(attack(&published(counts, Pairs::Single), own) != whole);
            assert_eq!(attack(&published(counts, Pairs::Protected), own), whole, "{counts:?}");
            asked += 1;
        }
    }
    assert!(learnt > 0, "the insider learns something where pairs are not protected, of {asked} tables");
}

/// The sum of these amounts, in whole pounds, as it is published: its least and greatest, or nothing.
fn published_sum(amounts: &[u64]) -> Option<(u64, u64)> {
    let domain = Domain::new(vec![], vec![]).unwrap();
    let measures = [Measure::sum("pounds", 100_000).unwrap()];
    let mut tally = Tally::new(&domain, &measures).unwrap();
    let hundredths: Vec<i64> = amounts.iter().map(|pounds| i64::try_from(pounds * 100).unwrap()).collect();
    let persons: Vec<u32> = (0..u32::try_from(amounts.len()).unwrap()).collect();
    tally.add(&vec![0; amounts.len()], &persons, &[Column::Full(&hundredths)]).unwrap();
    let (policy, coverage) = (Policy::nhs_sde(), Coverage::whole(&domain));
    let public = Public::nothing(&domain, &measures);
    match *protect(tally.finish().unwrap(), &domain, &measures, &policy, &coverage, &public).unwrap().cells(0) {
        [Cell::Shown { low, high, .. }] => Some((low, high)),
        _ => None,
    }
}

/// How far above the largest amount the second-largest contributor, who knows their own, has to place it at the most.
fn above(published: (u64, u64), amounts: &[u64]) -> u64 {
    let mut sorted = amounts.to_vec();
    sorted.sort_unstable_by(|a, b| b.cmp(a));
    (published.1 - sorted[1]).saturating_sub(sorted[0])
}

#[test]
fn whoever_knows_their_own_amount_does_not_come_near_the_largest() {
    // One or two large amounts, and from nine to thirty small ones that grow.
    let (mut attacked, mut told, mut shown) = (0, 0, 0);
    for (largest, second) in [(90_000, 80_000), (90_000, 2_000), (40_000, 40_000), (9_000, 5_000), (3_000, 2_900)] {
        for (people, small) in (9..=30).step_by(3).flat_map(|people| (0..=40).map(move |n| (people, n * 50))) {
            let small = small.min(second);
            let amounts: Vec<u64> = [largest, second].into_iter().chain(std::iter::repeat_n(small, people)).collect();
            let near = |published| above(published, &amounts) * 10 < largest;
            // The weakened rule asks for ten people and rounds, and looks at nobody's share.
            let sum: u64 = amounts.iter().sum();
            let rounded = (sum / 5 * 5, sum / 5 * 5 + 4);
            attacked += 1;
            told += usize::from(near(rounded));
            if let Some(published) = published_sum(&amounts) {
                assert!(!near(published), "{published:?} of {amounts:?}");
                assert!(published.0 <= sum && sum <= published.1);
                shown += 1;
            }
        }
    }
    assert!(told > 10 && shown > 10, "the attack works on {told} of {attacked}, and {shown} are shown");
}
