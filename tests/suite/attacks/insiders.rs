//! Insiders: whoever knows one hidden figure exactly, because the records are their own, looks for the next.

use std::collections::BTreeSet;

use disclosure::{Coverage, Dimension, Domain, Measure, Pairs, Per, Policy, Public, Tally, protect};

use super::puzzle::Puzzle;

/// A row of cells with its total, each cell and the total as its range; hidden ones from 1 to 9.
fn published(counts: [u64; 3], pairs: Pairs) -> Vec<(u64, u64)> {
    let levels = ["a", "b", "c"].map(str::to_owned).to_vec();
    let dimension = Dimension { name: "group".to_owned(), levels, per: Per::Person };
    let domain = Domain::new(vec![dimension], vec![vec![]]).unwrap();
    let measures = [Measure::people("people")];
    let mut tally = Tally::new(&domain, &measures).unwrap();
    let mut next = 0;
    for (cell, &count) in (0u32..).zip(&counts) {
        for _ in 0..count {
            tally.add(&[cell], &[next], &[]).unwrap();
            next += 1;
        }
    }
    let policy = Policy::nhs_sde().with_pairs(pairs);
    let (coverage, public) = (Coverage::whole(&domain), Public::nothing(&domain, &measures));
    let protected = protect(tally.finish().unwrap(), &domain, &measures, &policy, &coverage, &public).unwrap();
    protected.cells(0).iter().map(|cell| (cell.low(), cell.high().unwrap_or(400))).collect()
}

/// What whoever knows the first cell finds of the second.
fn attack(ranges: &[(u64, u64)], own: u64) -> BTreeSet<u64> {
    let mut puzzle = Puzzle::default();
    let cells: Vec<usize> = ranges[..3].iter().map(|&range| puzzle.number(range)).collect();
    puzzle.ranges[0] = (own, own);
    puzzle.sum(&cells, ranges[3]);
    puzzle.values(cells[1])
}

#[test]
fn one_hidden_figure_known_tells_nothing_of_its_neighbour() {
    let whole: BTreeSet<u64> = (1..=9).collect();
    let (mut learnt, mut asked) = (0, 0);
    for (own, other, shown) in (1..=9).flat_map(|a| (1..=9).flat_map(move |b| [12, 14, 22].map(|c| (a, b, c)))) {
        // The weakened policy protects hidden figures one by one.
        learnt += usize::from(attack(&published([own, other, shown], Pairs::Single), own) != whole);
        let found = attack(&published([own, other, shown], Pairs::Protected), own);
        assert_eq!(found, whole, "{own} and {other} beside {shown}");
        asked += 1;
    }
    assert!(learnt > 0, "the insider learns something where pairs are not protected, of {asked} rows");
}
