//! What is public already: earlier answers are said again, and nothing new is said beside them that narrows anything.

use disclosure::{
    Cell, Column, Coverage, Domain, Interval, Measure, Per, Policy, ProtectError, Public, PublicError, Reported, Tally,
    protect,
};

use crate::tables::domain;

fn measures() -> [Measure; 2] {
    [Measure::people("people"), Measure::rows("rows", Some(2)).unwrap()]
}

/// The cells of both measures for tables of people with one row each.
fn said(domain: &Domain, counts: &[u32], public: &Public) -> Result<Vec<Vec<Cell>>, ProtectError> {
    let measures = measures();
    let cells: Vec<u32> = (0u32..).zip(counts).flat_map(|(cell, &n)| std::iter::repeat_n(cell, n as usize)).collect();
    let mut tally = Tally::new(domain, &measures).unwrap();
    tally.add(&cells, &(0..u32::try_from(cells.len()).unwrap()).collect::<Vec<_>>(), &[]).unwrap();
    let (policy, coverage) = (Policy::nhs_sde(), Coverage::whole(domain));
    Ok(protect(tally.finish().unwrap(), domain, &measures, &policy, &coverage, public)?.table().to_vec())
}

const STAR: Cell = Cell::Suppressed { low: 1, high: 9 };

fn shown(value: u64, low: u64, high: u64) -> Cell {
    Cell::Shown { value, low, high }
}

#[test]
fn an_answer_is_said_again_even_where_today_would_say_otherwise() {
    let domain = domain(&[(3, Per::Person)], &[]);
    let mut public = Public::nothing(&domain, &measures());
    for measure in 0..2 {
        public.answered(measure, 0, if measure == 0 { STAR } else { Cell::Withheld }).unwrap();
        public.answered(measure, 1, shown(20, 18, 22)).unwrap();
    }
    let said = said(&domain, &[12, 24, 24], &public).unwrap();
    assert_eq!(said[0], [STAR, shown(20, 18, 22), shown(25, 23, 27)]);
    assert_eq!(said[1], [Cell::Withheld, shown(20, 18, 22), shown(25, 23, 27)]);
}

#[test]
fn a_stricter_policy_says_less_than_the_answer_did() {
    let domain = domain(&[(3, Per::Person)], &[]);
    let mut public = Public::nothing(&domain, &measures());
    public.answered(0, 0, Cell::Suppressed { low: 1, high: 7 }).unwrap();
    public.answered(0, 1, shown(10, 8, 12)).unwrap();
    public.answered(0, 2, Cell::Suppressed { low: 1, high: 11 }).unwrap();
    let said = said(&domain, &[5, 9, 11], &public).unwrap();
    assert_eq!(said[0], [STAR, Cell::Withheld, Cell::Withheld]);
}

#[test]
fn what_is_held_takes_its_totals_along() {
    let domain = domain(&[(2, Per::Person), (2, Per::Person)], &[&[0], &[]]);
    let mut public = Public::nothing(&domain, &measures());
    let free = said(&domain, &[20, 30, 40, 50], &public).unwrap();
    assert!(free.iter().flatten().all(|cell| matches!(cell, Cell::Shown { .. })));
    public.held(1, 0).unwrap();
    let said = said(&domain, &[20, 30, 40, 50], &public).unwrap();
    for said in said {
        assert_eq!(said[0], Cell::Withheld);
        assert!(said[4..].iter().all(|total| *total == Cell::Withheld), "{said:?}");
    }
}

#[test]
fn contradictory_public_facts_are_told() {
    let domain = domain(&[(2, Per::Person)], &[&[]]);
    let mut public = Public::nothing(&domain, &measures());
    public.answered(0, 0, shown(20, 18, 22)).unwrap();
    public.answered(0, 1, shown(20, 18, 22)).unwrap();
    public.answered(0, 2, shown(60, 58, 62)).unwrap();
    assert_eq!(said(&domain, &[20, 20], &public).err(), Some(ProtectError::Contradiction));
    let other = Public::nothing(&domain, &measures()[..1]);
    assert_eq!(said(&domain, &[20, 20], &other).err(), Some(ProtectError::Shape));
}

/// Whether what is published elsewhere is true of these records, of people with two rows each and three days.
#[test]
fn what_is_published_elsewhere_must_be_true_of_the_records() {
    let domain = domain(&[(2, Per::Person)], &[&[]]);
    let measures = [Measure::people("people"), Measure::rows("rows", None).unwrap(), Measure::sum("days", 30).unwrap()];
    let check = |(measure, cell, n): (usize, usize, u64)| {
        let mut tally = Tally::new(&domain, &measures).unwrap();
        let persons: Vec<u32> = (0..32).flat_map(|person| [person; 2]).collect();
        let cells: Vec<u32> = persons.iter().map(|&person| u32::from(person >= 20)).collect();
        tally.add(&cells, &persons, &[Column::Full(&vec![150; 64])]).unwrap();
        let raw = tally.finish().unwrap();
        let mut public = Public::nothing(&domain, &measures);
        public.exactly(measure, cell, n).unwrap();
        assert_eq!(raw.agrees_with(&Public::nothing(&domain, &measures[..1])), Err(ProtectError::Shape));
        raw.agrees_with(&public)
    };
    for (measure, counts) in [[20, 12, 32], [40, 24, 64], [60, 36, 96]].into_iter().enumerate() {
        for (cell, n) in counts.into_iter().enumerate() {
            assert_eq!(check((measure, cell, n)), Ok(()), "{measure} {cell}");
            for other in [n - 1, n + 1, 0, u64::MAX] {
                assert_eq!(check((measure, cell, other)), Err(ProtectError::Contradiction), "{measure} {cell} {other}");
            }
        }
    }
    let mut public = Public::nothing(&domain, &measures);
    public.exactly(0, 2, 32).unwrap();
    assert_eq!(public.exactly(0, 2, 33), Err(PublicError::Contradiction { measure: 0, cell: 2 }));
    assert_eq!(public.exactly(3, 2, 33), Err(PublicError::Place { measure: 3, cell: 2 }));
    let mut crowded = Public::nothing(&domain, &measures);
    crowded.population(0, 19).unwrap();
    let mut tally = Tally::new(&domain, &measures).unwrap();
    tally.add(&[0; 20], &(0..20).collect::<Vec<u32>>(), &[Column::Full(&[0; 20])]).unwrap();
    assert_eq!(tally.finish().unwrap().agrees_with(&crowded), Err(ProtectError::Population));
}

/// One person in every cell, nobody anywhere, contradictory list sizes: suppressed, said to be zero, or refused.
#[test]
fn strange_tables_are_answered_safely_or_refused() {
    let months = domain(&[(12, Per::Record)], &[&[]]);
    let measures = measures();
    let (policy, coverage, public) = (Policy::nhs_sde(), Coverage::whole(&months), Public::nothing(&months, &measures));
    let mut everywhere = Tally::new(&months, &measures).unwrap();
    everywhere.add(&(0..12).collect::<Vec<u32>>(), &[7; 12], &[]).unwrap();
    let said = protect(everywhere.finish().unwrap(), &months, &measures, &policy, &coverage, &public).unwrap();
    assert!(said.cells(0)[..12].iter().all(|cell| *cell == STAR));
    assert_eq!((said.cells(0)[12], said.cells(1)[12]), (Cell::Withheld, Cell::Withheld));
    let nobody = Tally::new(&months, &measures).unwrap().finish().unwrap();
    let said = protect(nobody, &months, &measures, &policy, &coverage, &public).unwrap();
    assert!(said.table().iter().flatten().all(|cell| *cell == Cell::Zero));
    let domain = domain(&[(2, Per::Person)], &[&[]]);
    let mut crowded = Public::nothing(&domain, &measures);
    crowded.population(2, 30).unwrap();
    assert_eq!(crowded.population(2, 31).unwrap_err(), PublicError::Contradiction { measure: 0, cell: 2 });
    assert_eq!(super::public::said(&domain, &[20, 20], &crowded).err(), Some(ProtectError::Population));
    let mut impossible = Public::nothing(&domain, &measures);
    impossible.bounded(0, 0, 50, 60).unwrap();
    impossible.bounded(0, 2, 0, 40).unwrap();
    assert_eq!(super::public::said(&domain, &[20, 20], &impossible).err(), Some(ProtectError::Contradiction));
    let rows = [Measure::rows("rows", None).unwrap()];
    assert_eq!(Public::nothing(&domain, &rows).population(0, 9), Err(PublicError::NoPeople));
    let levels = |n: usize| disclosure::Dimension {
        name: n.to_string(),
        levels: (0..n).map(|l| l.to_string()).collect(),
        per: Per::Person,
    };
    assert_eq!(Domain::new(vec![levels(1000), levels(1001)], vec![]), Err(disclosure::DomainError::TooManyCells));
}

/// Beside public facts a suppressed count may be nobody's although zeros are shown; then there are no rows either.
#[test]
fn rows_beside_a_count_that_is_not_told_from_zero_may_be_none() {
    let check = |fewest: u64| {
        let cells = vec![vec![Cell::Suppressed { low: fewest, high: 9 }], vec![Cell::Withheld]];
        let domain = domain(&[(1, Per::Person)], &[]);
        let reported = Reported::check(domain, measures().to_vec(), Policy::nhs_sde(), cells).unwrap();
        assert_eq!(reported.interval(0, 0), Some(Interval { low: fewest, high: Some(9) }));
        assert_eq!(reported.interval(1, 0), Some(Interval { low: fewest, high: Some(18) }));
    };
    check(0);
    check(1);
}
