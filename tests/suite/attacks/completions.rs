//! Re-execution of our own rule over every table that fits what was published, for a ragged hierarchy: nobody excludes
//! any value of any hidden count.

use std::collections::{BTreeMap, BTreeSet};

use disclosure::{
    Cell, Coverage, Dimension, Domain, Grouping, Kept, Measure, Per, Policy, Public, Rounding, Tally, Threshold, Zeros,
    protect,
};

/// Below this many people a count is hidden.
const THRESHOLD: u64 = 4;
/// The greatest count that is tried: the last of a block, so that none is cut off.
const MOST: u64 = 7;

fn hierarchy() -> Domain {
    let levels = ["a1", "a2", "b1", "c"].map(str::to_owned).to_vec();
    let dimension = Dimension { name: "place".to_owned(), levels, per: Per::Person };
    let groups = Grouping::new("area", 0, [("a", vec![0, 1]), ("b", vec![2]), ("c", vec![3])]);
    let coarse = Grouping::new("county", 0, [("north", vec![0, 1, 2]), ("south", vec![3])]);
    let totals = vec![vec![], vec![Kept::Groups(1)], vec![Kept::Groups(0)]];
    Domain::with_groupings(vec![dimension], vec![groups, coarse], totals).unwrap()
}

fn ours(domain: &Domain, policy: &Policy, counts: [u64; 4]) -> Vec<Cell> {
    let measures = [Measure::people("people")];
    let mut tally = Tally::new(domain, &measures).unwrap();
    let mut next = 0;
    for (cell, &count) in (0u32..).zip(&counts) {
        for _ in 0..count {
            tally.add(&[cell], &[next], &[]).unwrap();
            next += 1;
        }
    }
    let (coverage, public) = (Coverage::whole(domain), Public::nothing(domain, &measures));
    protect(tally.finish().unwrap(), domain, &measures, policy, &coverage, &public).unwrap().cells(0).to_vec()
}

/// The weakened rule: everything, totals included, by itself.
fn national(counts: [u64; 4]) -> Vec<Cell> {
    let [a1, a2, b, c] = counts;
    let totals = [a1 + a2 + b + c, a1 + a2 + b, c, a1 + a2, b, c];
    let cell = |&count: &u64| match count {
        0 => Cell::Zero,
        n if n < THRESHOLD => Cell::Suppressed { low: 1, high: THRESHOLD - 1 },
        n => {
            Cell::Shown { value: (n + 2) / 5 * 5, low: ((n + 2) / 5 * 5).saturating_sub(2), high: (n + 2) / 5 * 5 + 2 }
        }
    };
    counts.iter().chain(&totals).map(cell).collect()
}

/// Hidden inner counts in all publications, and how many of them miss a value in the tables published alike.
fn attack(publish: impl Fn([u64; 4]) -> Vec<Cell>, least: u64) -> (usize, usize) {
    let mut seen: BTreeMap<String, (Vec<Cell>, Vec<[u64; 4]>)> = BTreeMap::new();
    for n in 0..(MOST + 1).pow(4) {
        let digit = |place: u32| n / (MOST + 1).pow(place) % (MOST + 1);
        let counts = [digit(0), digit(1), digit(2), digit(3)];
        let cells = publish(counts);
        let entry = seen.entry(format!("{cells:?}")).or_insert_with(|| (cells, Vec::new()));
        entry.1.push(counts);
    }
    let (mut hidden, mut narrowed) = (0, 0);
    for (cells, tables) in seen.values() {
        for place in (0..4).filter(|&place| matches!(cells[place], Cell::Suppressed { .. })) {
            let values: BTreeSet<u64> = tables.iter().map(|table| table[place]).collect();
            hidden += 1;
            narrowed += usize::from(!(least..THRESHOLD).all(|value| values.contains(&value)));
        }
    }
    (hidden, narrowed)
}

#[test]
fn nobody_excludes_a_value_by_running_the_rule_on_every_table() {
    let domain = hierarchy();
    let (hidden, narrowed) = attack(national, 1);
    assert!(narrowed * 10 > hidden, "{narrowed} of {hidden}");
    for zeros in [Zeros::Shown, Zeros::Hidden] {
        let policy = Policy::new(Threshold::new(THRESHOLD).unwrap(), Rounding::BASE_5, zeros).unwrap();
        let least = u64::from(zeros == Zeros::Shown);
        let (hidden, narrowed) = attack(|counts| ours(&domain, &policy, counts), least);
        assert!(hidden > 0);
        assert_eq!(narrowed, 0, "of {hidden}, zeros {zeros:?}");
    }
}
