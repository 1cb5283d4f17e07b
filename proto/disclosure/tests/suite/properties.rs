//! Random tables: nothing is shown below the threshold, every interval holds the truth, and shown, suppressed, zero,
//! withheld and not covered are never taken for one another.

use std::collections::BTreeMap;

use disclosure::{
    Cell, Column, Coverage, Depth, Domain, Equations, Extent, Interval, Measure, MeasureKind, Per, Policy, Public,
    Reported, Rounding, Threshold, Zeros,
};
use proptest::prelude::*;

use crate::tables::{Row, attacked, coverage, domain, protected};

const DAYS_CAP: u64 = 4;
const ROWS_CAP: u64 = 2;

pub fn measures() -> Vec<Measure> {
    vec![
        Measure::rows("rows", None).unwrap(),
        Measure::people("people"),
        Measure::sum("days", DAYS_CAP).unwrap(),
        Measure::rows("capped", Some(ROWS_CAP)).unwrap(),
    ]
}

/// Measures of which rows are refined, where the threshold is enough for nobody to dominate them.
fn rows_first() -> Vec<Measure> {
    vec![
        Measure::sum("days", DAYS_CAP).unwrap(),
        Measure::rows("capped", Some(ROWS_CAP)).unwrap(),
        Measure::people("people"),
    ]
}

/// Whether that is so: one person with the cap, the others with one row each (the largest share is 43.75 %).
fn refines_rows(measures: &[Measure], policy: &Policy) -> bool {
    let k = policy.threshold().people();
    measures.len() == 3 && ROWS_CAP * 10_000 < 4375 * (ROWS_CAP + k - 1) && k >= 3
}

/// What is true of one measure in a set of inner cells: people, the exact figure in hundredths, contributors, top two.
pub struct Truth {
    people: u64,
    hundredths: u64,
    contributors: u64,
    top: [u64; 2],
}

impl Truth {
    pub fn is_within(&self, Interval { low, high }: Interval) -> bool {
        low * 100 <= self.hundredths && high.is_none_or(|high| self.hundredths <= high * 100)
    }
}

pub fn truth(rows: &[Row], inner: &[usize], measure: &Measure) -> Truth {
    let mut per_cell: BTreeMap<(u32, u32), u64> = BTreeMap::new();
    for &(cell, person, value) in rows.iter().filter(|r| inner.contains(&(r.0 as usize))) {
        let amount = per_cell.entry((person, cell)).or_default();
        *amount += if matches!(measure.kind(), MeasureKind::Sum { .. }) { value.unsigned_abs() } else { 100 };
    }
    let mut per_person: BTreeMap<u32, u64> = BTreeMap::new();
    for ((person, _), amount) in per_cell {
        let cap = measure.at_most_per_person().map_or(u64::MAX, |cap| cap * 100);
        *per_person.entry(person).or_default() += amount.min(cap);
    }
    let mut amounts: Vec<u64> = per_person.values().copied().collect();
    amounts.sort_unstable_by(|a, b| b.cmp(a));
    let people = amounts.len() as u64;
    let hundredths = if measure.kind() == MeasureKind::People { people * 100 } else { amounts.iter().sum() };
    let contributors = amounts.iter().filter(|&&a| a > 0).count() as u64;
    amounts.resize(amounts.len().max(2), 0);
    Truth { people, hundredths, contributors, top: [amounts[0], amounts[1]] }
}

fn check(domain: &Domain, policy: &Policy, covered: &[bool], rows: &[Row]) {
    check_measures(&measures(), domain, policy, covered, rows);
    check_measures(&rows_first(), domain, policy, covered, rows);
    check_measures(&rows_first()[1..2], domain, policy, covered, rows);
}

fn check_measures(measures: &[Measure], domain: &Domain, policy: &Policy, covered: &[bool], rows: &[Row]) {
    let k = policy.threshold().people();
    let protected = protected(domain, measures, policy, &coverage(domain, covered), rows);
    let cells: Vec<Vec<Cell>> = (0..measures.len()).map(|m| protected.cells(m).to_vec()).collect();
    let reported = Reported::check(domain.clone(), measures.to_vec(), *policy, cells.clone()).unwrap();
    // Counting in whole numbers takes long, so only some tables are attacked so.
    let depth = if rows.len().is_multiple_of(16) { Depth::Thorough } else { Depth::Check };
    let found = attacked(domain, measures, policy, &cells, depth).unwrap();
    assert_eq!(found.narrowed, [], "{cells:?}");
    let tightened = reported.tightened(&Equations::new(domain, measures));
    let refines_rows = refines_rows(measures, policy);
    for (m, measure) in measures.iter().enumerate() {
        assert_eq!(cells[m].len(), domain.len());
        for (index, cell) in cells[m].iter().enumerate() {
            let inner = if domain.is_total(index) { domain.children(index) } else { vec![index] };
            let any_covered = inner.iter().any(|&i| covered[i]);
            assert_eq!(*cell == Cell::NotCovered, !any_covered, "not covered means just that");
            let extent = match inner.iter().filter(|&&i| covered[i]).count() {
                0 => Extent::None,
                n if n == inner.len() => Extent::Whole,
                _ => Extent::Part,
            };
            assert_eq!(reported.extent(index), extent);
            let truth = truth(rows, &inner, measure);
            for reported in [&reported, &tightened] {
                match reported.interval(m, index) {
                    None => assert!(!any_covered),
                    Some(interval) => assert!(truth.is_within(interval), "{measure:?} {index} {cell:?} {interval:?}"),
                }
            }
            match *cell {
                Cell::Shown { value, low, high } => {
                    assert!(truth.people >= k, "a shown figure stands for the threshold of people");
                    assert!(low <= value && value <= high && high - low >= 2);
                    if measure.kind() != MeasureKind::People {
                        assert!(truth.contributors >= k && truth.top[0] * 10_000 < truth.hundredths * 4375);
                        let others = truth.hundredths - truth.top[0] - truth.top[1];
                        assert!(others * 100 >= truth.top[0] * 10, "the second could estimate the first");
                    }
                }
                Cell::Suppressed { low, high } => {
                    assert!(measure.kind() == MeasureKind::People && !domain.is_total(index) && truth.people < k);
                    assert_eq!((low, high), policy.suppressed());
                    let interval = tightened.interval(m, index).unwrap();
                    assert_eq!((interval.low, interval.high), (low, Some(high)), "a suppressed count keeps its range");
                }
                Cell::Zero => assert!(truth.people == 0 && policy.zeros() == Zeros::Shown),
                Cell::Withheld => {
                    assert!(measure.kind() != MeasureKind::People || domain.is_total(index));
                    if refines_rows && measure.name() == "capped" && !domain.is_total(index) {
                        assert!(truth.people < k, "nobody can dominate these rows");
                        let interval = reported.interval(m, index).unwrap();
                        let (low, high) = policy.suppressed();
                        // Without people beside them, rows may as well be withheld for what is public already.
                        let few = measures.iter().any(|m| m.kind() == MeasureKind::People);
                        let range = if few { (low, Some(high * ROWS_CAP)) } else { (0, None) };
                        assert!(interval.low <= range.0 && (interval.high == range.1 || !few), "a whole range of rows");
                    }
                }
                Cell::NotCovered => {}
            }
        }
    }
}

pub fn policies() -> impl Strategy<Value = Policy> {
    let zeros = prop_oneof![Just(Zeros::Hidden), Just(Zeros::Shown)];
    (2u64..9, prop_oneof![Just(5u64), Just(6), Just(10)], zeros, any::<bool>()).prop_map(
        |(k, base, zeros, midpoint)| {
            if midpoint {
                return Policy::midpoint_6().with_zeros(zeros);
            }
            Policy::new(Threshold::new(k).unwrap(), Rounding::half_up(base).unwrap(), zeros).unwrap()
        },
    )
}

/// Rows of people whose level of the first dimension follows from their number, since it is per person.
pub fn rows(first: u32, second: u32) -> impl Strategy<Value = Vec<Row>> {
    let row = (0u32..first * 25, 0..second, 0i64..700);
    (prop::collection::vec(row, 0..160), 0u32..second + 1).prop_map(move |(rows, busy)| {
        let shape = |(person, b, value): (u32, u32, i64)| {
            let b = if busy < second && person % 3 != 0 { busy } else { b };
            ((person % first) * second + b, person, value)
        };
        rows.into_iter().map(shape).collect()
    })
}

/// A person in up to three months with one or two rows in each, so that a total's largest share can grow.
pub fn months_of_rows() -> impl Strategy<Value = Vec<Row>> {
    let person = (0u32..2, 1u32..8, prop::collection::vec(1usize..=2, 3));
    prop::collection::vec(person, 0..40).prop_map(|people| {
        let rows = (0u32..).zip(people).flat_map(|(person, (kind, months, times))| {
            (0u32..3)
                .zip(times)
                .filter(move |(month, _)| months >> month & 1 == 1)
                .flat_map(move |(month, times)| std::iter::repeat_n((kind * 3 + month, person, 100), times))
        });
        rows.collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn months_of_regular_patients(policy in policies(), rows in months_of_rows()) {
        check(&domain(&[(2, Per::Person), (3, Per::Record)], &[&[], &[1], &[0]]), &policy, &[true; 6], &rows);
    }

    #[test]
    fn two_dimensions(policy in policies(), rows in rows(2, 3), open in prop::collection::vec(prop::bool::weighted(0.9), 6)) {
        let domain = domain(&[(2, Per::Person), (3, Per::Record)], &[&[], &[1], &[0]]);
        let rows: Vec<Row> = rows.into_iter().filter(|r| open[r.0 as usize]).collect();
        check(&domain, &policy, &open, &rows);
    }

    #[test]
    fn unions_and_sums_mixed(policy in policies(), rows in rows(2, 6)) {
        // Persons' kind, then two dimensions of records; totals that add up, unions, and unions of unions.
        let sizes = [(2, Per::Person), (2, Per::Record), (3, Per::Record)];
        let domain = domain(&sizes, &[&[1, 2], &[0, 1], &[0], &[1], &[]]);
        check(&domain, &policy, &[true; 12], &rows);
    }

    #[test]
    fn one_dimension(policy in policies(), rows in rows(3, 1)) {
        check(&domain(&[(3, Per::Person)], &[&[]]), &policy, &[true; 3], &rows);
    }
}

#[test]
fn a_person_under_two_levels_of_a_personal_dimension_counts_under_the_first() {
    let domain = domain(&[(2, Per::Person), (2, Per::Record)], &[]);
    let measures = [Measure::people("people"), Measure::rows("rows", None).unwrap(), Measure::sum("days", 30).unwrap()];
    let said = |with_twenty_more: bool| {
        let mut tally = disclosure::Tally::new(&domain, &measures).unwrap();
        let (first, second): (Vec<u32>, Vec<u32>) = ((0..12).collect(), (20..32).collect());
        tally.add(&[1; 12], &first, &[Column::Full(&[100; 12])]).unwrap();
        if with_twenty_more {
            tally.add(&[2; 20], &[7; 20], &[Column::Full(&[3_000; 20])]).unwrap();
        }
        tally.add(&[0], &[7], &[Column::Gaps(&[None])]).unwrap();
        tally.add(&[2; 12], &second, &[Column::Full(&[100; 12])]).unwrap();
        let (coverage, public) = (Coverage::whole(&domain), Public::nothing(&domain, &measures));
        let policy = Policy::nhs_sde();
        let raw = tally.finish().unwrap();
        disclosure::protect(raw, &domain, &measures, &policy, &coverage, &public).unwrap().table().to_vec()
    };
    // Twelve people with twelve rows and twelve days under each level: nothing of the seventh's other rows is there.
    let table = said(true);
    assert_eq!(table, said(false));
    assert_eq!(table[1][2], Cell::Shown { value: 10, low: 10, high: 12 });
}

#[test]
fn a_record_outside_the_coverage_is_refused() {
    let domain = domain(&[(2, Per::Person)], &[]);
    let measures = [Measure::people("people")];
    let mut tally = disclosure::Tally::new(&domain, &measures).unwrap();
    tally.add(&[0, 1], &[7, 8], &[]).unwrap();
    let policy = Policy::nhs_sde();
    let covered = coverage(&domain, &[true, false]);
    let public = Public::nothing(&domain, &measures);
    let refused = disclosure::protect(tally.finish().unwrap(), &domain, &measures, &policy, &covered, &public);
    assert_eq!(refused.err(), Some(disclosure::ProtectError::Uncovered));
}

#[test]
fn a_forged_report_of_rows_is_refused() {
    let shown = |value, low, high| Cell::Shown { value, low, high };
    let star = Cell::Suppressed { low: 1, high: 9 };
    let check = |per, measures: [Measure; 2], rows: [Cell; 3], people: [Cell; 3]| {
        let cells = if measures[0].kind() == MeasureKind::People { [people, rows] } else { [rows, people] };
        let cells = cells.iter().map(|cells| cells.to_vec()).collect();
        Reported::check(domain(&[(2, per)], &[&[]]), measures.to_vec(), Policy::nhs_sde(), cells).is_ok()
    };
    let rows = |cap| Measure::rows("rows", Some(cap)).unwrap();
    let people = || Measure::people("people");
    let beside = [shown(15, 13, 17), star, Cell::Withheld];
    let with = |total| [shown(20, 18, 22), Cell::Withheld, total];
    let all = shown(30, 19, 40);
    assert!(check(Per::Person, [rows(2), people()], with(all), beside));
    assert!(check(Per::Person, [rows(2), people()], with(Cell::Withheld), beside));
    let withheld = [Cell::Withheld, Cell::Withheld, Cell::Withheld];
    assert!(check(Per::Person, [rows(2), people()], withheld, beside), "anything may be held back");
    let people_total = [beside[0], star, shown(20, 18, 22)];
    assert!(check(Per::Person, [people(), rows(2)], with(Cell::Withheld), people_total));
    let nobody = [beside[0], Cell::Zero, beside[0]];
    assert!(!check(Per::Person, [rows(2), people()], with(all), nobody), "no rows of nobody are withheld");
    let few = [Cell::Withheld, Cell::Withheld, shown(20, 18, 22)];
    let stars = [star, star, Cell::Withheld];
    assert!(!check(Per::Record, [rows(2), people()], few, stars), "few people may be behind each month");
    let enough = [Cell::Withheld, Cell::Withheld, shown(25, 23, 27)];
    assert!(check(Per::Person, [rows(2), people()], enough, stars));
}

#[test]
fn a_forged_report_is_refused() {
    let domain = || domain(&[(2, Per::Person)], &[&[]]);
    let check = |cells: [Cell; 3]| {
        Reported::check(domain(), vec![Measure::people("people")], Policy::nhs_sde(), vec![cells.to_vec()]).is_ok()
    };
    let shown = |value, low, high| Cell::Shown { value, low, high };
    let star = Cell::Suppressed { low: 1, high: 9 };
    assert!(check([shown(15, 13, 17), shown(10, 10, 12), shown(25, 23, 27)]));
    assert!(check([shown(15, 13, 17), star, Cell::Withheld]));
    assert!(check([shown(15, 13, 17), star, shown(20, 18, 22)]));
    assert!(!check([shown(5, 3, 7), shown(10, 10, 12), shown(15, 13, 17)]), "below the threshold");
    assert!(!check([shown(14, 13, 17), shown(10, 10, 12), shown(25, 23, 27)]), "off the grid");
    assert!(!check([shown(15, 15, 15), shown(10, 10, 12), shown(25, 23, 27)]), "finer than the grid");
    assert!(!check([Cell::Suppressed { low: 1, high: 7 }, star, Cell::Withheld]), "another policy's range");
    assert!(check([shown(15, 13, 17), shown(10, 10, 12), Cell::Withheld]), "anything may be held back");
    assert!(!check([shown(15, 13, 17), shown(10, 10, 12), shown(40, 38, 42)]), "totals contradict");
    assert!(check([Cell::Withheld, star, Cell::Withheld]), "anything may be held back");
    assert!(check([shown(15, 11, 17), star, Cell::Withheld]), "wider than the grid");
    assert!(!check([shown(15, 9, 17), star, Cell::Withheld]), "wider, and below the threshold");
    assert!(!check([star, star, star]), "a total is never suppressed");
    assert!(!check([Cell::NotCovered, Cell::NotCovered, Cell::Withheld]), "a total of nothing");
}
