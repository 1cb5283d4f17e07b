//! The audit as a product of its own: it wins against published tables known to leak, and finds nothing in ours.

use disclosure::{Cell, Depth, Domain, Measure, Per, Policy, Zeros};
use proptest::prelude::*;

use crate::tables::{attacked, domain, people};

fn two_way(rows: usize, columns: usize) -> Domain {
    domain(&[(rows, Per::Person), (columns, Per::Person)], &[&[], &[1], &[0]])
}

/// The national rule: 1 to 7 suppressed, everything else, totals included, rounded to 5.
fn national(n: u64) -> Cell {
    let value = (n + 2) / 5 * 5;
    match n {
        0 => Cell::Zero,
        1..8 => Cell::Suppressed { low: 1, high: 7 },
        _ => Cell::Shown { value, low: value.saturating_sub(2).max(8), high: value + 2 },
    }
}

#[test]
fn the_national_rule_on_6_7_8_6_is_undone() {
    let counts = [6, 7, 8, 6, 27, 14, 13, 13, 14];
    let cells = vec![counts.map(national).to_vec()];
    let report =
        attacked(&two_way(2, 2), &[Measure::people("people")], &Policy::hes_2018(), &cells, Depth::Thorough).unwrap();
    assert_eq!(report.attacked, 3);
    let found: Vec<_> = report.narrowed.iter().map(|n| (n.cell, n.found)).collect();
    assert_eq!(found, [(0, (6, 6)), (1, (7, 7)), (3, (6, 6))], "{report:?}");
    assert!(report.narrowed.iter().all(|n| n.claimed == (1, 7) && !n.because_of.is_empty()));
}

#[test]
fn a_total_beside_a_single_suppressed_cell_gives_it_away() {
    let cells = vec![vec![12, 6, 18].into_iter().map(national).collect()];
    let report = attacked(
        &domain(&[(2, Per::Person)], &[&[]]),
        &[Measure::people("people")],
        &Policy::hes_2018(),
        &cells,
        Depth::Thorough,
    )
    .unwrap();
    assert_eq!(report.narrowed[0].found, (6, 7));
    assert_eq!(report.narrowed[0].because_of, [(0, 2)]);
}

#[test]
fn rows_and_people_give_a_cell_away_together() {
    let measures = [Measure::rows("rows", Some(2)).unwrap(), Measure::people("people")];
    let shown = |value, low, high| Cell::Shown { value, low, high };
    let rows = vec![shown(20, 18, 22), Cell::Withheld, shown(25, 23, 27)];
    let people = vec![shown(10, 10, 12), Cell::Suppressed { low: 1, high: 9 }, Cell::Withheld];
    let cells = [rows, people];
    let report =
        attacked(&domain(&[(2, Per::Person)], &[&[]]), &measures, &Policy::nhs_sde(), &cells, Depth::Thorough).unwrap();
    assert_eq!(report.attacked, 2);
    // 18 to 22 rows leave 1 to 9 for the other cell, which people in it bound in turn.
    let found: Vec<_> = report.narrowed.iter().map(|n| (n.measure, n.cell, n.claimed, n.found)).collect();
    assert_eq!(found, [(0, 1, (1, 18), (1, 9))]);
}

#[test]
fn contradictions_and_wrong_shapes_are_told() {
    let domain = domain(&[(2, Per::Person)], &[&[]]);
    let measures = [Measure::people("people")];
    let cells = vec![[12, 6, 50].map(national).to_vec()];
    assert_eq!(
        attacked(&domain, &measures, &Policy::hes_2018(), &cells, Depth::Thorough),
        Err(disclosure::AuditError::Contradiction)
    );
    assert_eq!(
        attacked(&domain, &measures, &Policy::hes_2018(), &[vec![Cell::Zero]], Depth::Thorough),
        Err(disclosure::AuditError::Shape)
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(80))]

    #[test]
    fn the_audit_finds_nothing_in_protected_tables(counts in prop::collection::vec(prop_oneof![0u64..10, 8u64..60], 20), hidden: bool) {
        let zeros = if hidden { Zeros::Hidden } else { Zeros::Shown };
        let policy = Policy::hes_2018().with_zeros(zeros);
        let domain = two_way(5, 4);
        let cells = vec![people(&domain, &policy, &counts)];
        prop_assert_eq!(attacked(&domain, &[Measure::people("people")], &policy, &cells, Depth::Thorough).unwrap().narrowed, []);
    }
}
