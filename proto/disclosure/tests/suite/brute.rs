//! An attacker who knows the rules, runs them on every table that fits what was published, and looks whether any value
//! of any suppressed count can be excluded. Exhaustive over small tables; shares no code with the crate.

use std::collections::BTreeMap;

use disclosure::{Cell, Domain, Per, Policy, Rounding, Threshold, Zeros};

use crate::tables::{domain, people};

/// Publishes every table with cells up to `most`, groups the tables by what was published, and asks of every group
/// whether each suppressed count takes its whole range in it. Returns suppressed counts seen and those narrowed.
fn attack(domain: &Domain, policy: &Policy, most: u64, publish: impl Fn(&[u64]) -> Vec<Cell>) -> (usize, usize) {
    let inner = domain.inner_len();
    let mut seen: BTreeMap<String, (Vec<Cell>, Vec<Vec<u64>>)> = BTreeMap::new();
    let mut table = vec![0u64; inner];
    loop {
        let cells = publish(&table);
        seen.entry(format!("{cells:?}")).or_insert_with(|| (cells, Vec::new())).1.push(table.clone());
        let Some(place) = table.iter().position(|&n| n < most) else {
            break;
        };
        table[place] += 1;
        table[..place].fill(0);
    }
    let (mut stars, mut narrowed) = (0, 0);
    let k = policy.threshold().people();
    let least = u64::from(policy.zeros() == Zeros::Shown);
    for (cells, tables) in seen.values() {
        for cell in (0..inner).filter(|&cell| matches!(cells[cell], Cell::Suppressed { .. })) {
            let values: std::collections::BTreeSet<u64> = tables.iter().map(|table| table[cell]).collect();
            stars += 1;
            if !(least..k).all(|value| values.contains(&value)) {
                narrowed += 1;
            }
        }
    }
    (stars, narrowed)
}

fn policy(k: u64, zeros: Zeros) -> Policy {
    Policy::new(Threshold::new(k).unwrap(), Rounding::BASE_5, zeros).unwrap()
}

#[test]
fn nobody_narrows_a_suppressed_count_by_running_the_rule_on_every_table() {
    let both = Per::Person;
    for zeros in [Zeros::Hidden, Zeros::Shown] {
        for (sizes, totals, k, most) in [
            (vec![(2, both)], vec![vec![]], 8, 40),
            (vec![(3, both)], vec![vec![]], 8, 17),
            (vec![(2, both), (2, both)], vec![vec![], vec![0], vec![1]], 4, 12),
            (vec![(2, both), (2, both)], vec![vec![1], vec![]], 5, 12),
        ] {
            let totals: Vec<&[usize]> = totals.iter().map(Vec::as_slice).collect();
            let domain = domain(&sizes, &totals);
            let policy = policy(k, zeros);
            let (stars, narrowed) = attack(&domain, &policy, most, |table| people(&domain, &policy, table));
            assert!(stars > 0);
            assert_eq!(narrowed, 0, "of {stars} in {sizes:?} {zeros:?}");
        }
    }
}

#[test]
fn the_attack_succeeds_against_the_national_rule() {
    // Totals rounded to 5 beside suppressed cells, with no further step: the attack must be able to win.
    let domain = domain(&[(2, Per::Person), (2, Per::Person)], &[&[], &[0], &[1]]);
    let policy = policy(8, Zeros::Shown);
    let publish = |table: &[u64]| -> Vec<Cell> {
        let sums =
            [table.iter().sum(), table[0] + table[1], table[2] + table[3], table[0] + table[2], table[1] + table[3]];
        let cell = |&n: &u64| match n {
            0 => Cell::Zero,
            1..8 => Cell::Suppressed { low: 1, high: 7 },
            n => Cell::Shown { value: (n + 2) / 5 * 5, low: 0, high: 0 },
        };
        table.iter().chain(&sums).map(cell).collect()
    };
    let (stars, narrowed) = attack(&domain, &policy, 12, publish);
    assert!(narrowed * 10 > stars, "{narrowed} of {stars}");
}
