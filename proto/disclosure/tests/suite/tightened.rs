//! What a received table leaves of its figures by everything in it at once: the truth always, never more than before, and
//! in two-way tables of counts exactly what a search over all tables of whole numbers finds.

use disclosure::{Cell, Coverage, Domain, Equations, Grouping, Interval, Kept, Measure, Per, Policy, Reported, Zeros};
use proptest::prelude::*;

use crate::properties::{measures, months_of_rows, policies, rows, truth};
use crate::tables::{Row, dimension, domain, protected};

/// Ranges of numbers, and which are the sums of which.
struct Sums {
    sums: Vec<(usize, Vec<usize>)>,
}

impl Sums {
    /// Of a table of three by three, its total, its rows and its columns, in the order of its cells.
    fn of_three_by_three() -> Self {
        let (total, row, column) = (9, |r| 10 + r, |c| 13 + c);
        let rows = (0..3).map(|r| (row(r), (0..3).map(|c| 3 * r + c).collect()));
        let columns = (0..3).map(|c| (column(c), (0..3).map(|r| 3 * r + c).collect()));
        let all = [(total, (0..3).map(row).collect()), (total, (0..3).map(column).collect())];
        Self { sums: rows.chain(columns).chain(all).collect() }
    }

    /// Whether whole numbers within the ranges add up: narrows them, then tries the values of the narrowest.
    fn solvable(&self, mut ranges: Vec<(u64, u64)>) -> bool {
        loop {
            let before = ranges.clone();
            for (total, parts) in &self.sums {
                let lows: u64 = parts.iter().map(|&part| ranges[part].0).sum();
                let highs: u64 = parts.iter().map(|&part| ranges[part].1).sum();
                let (low, high) = (ranges[*total].0.max(lows), ranges[*total].1.min(highs));
                if low > high {
                    return false;
                }
                ranges[*total] = (low, high);
                for &part in parts {
                    let (least, most) = ranges[part];
                    ranges[part] = (least.max((low + most).saturating_sub(highs)), most.min(high + least - lows));
                }
            }
            if ranges.iter().any(|(low, high)| low > high) {
                return false;
            }
            if ranges == before {
                break;
            }
        }
        let open = (0..ranges.len()).filter(|&n| ranges[n].0 < ranges[n].1);
        let Some(next) = open.min_by_key(|&n| ranges[n].1 - ranges[n].0) else { return true };
        let (low, high) = ranges[next];
        (low..=high).any(|value| {
            ranges[next] = (value, value);
            self.solvable(ranges.clone())
        })
    }
}

/// A table of three by three counts with its total, rows and columns.
fn three_by_three() -> Domain {
    domain(&[(3, Per::Person), (3, Per::Person)], &[&[], &[0], &[1]])
}

/// What could be said of true counts where everything but what `hidden` names is said, whatever that gives away.
fn said(counts: &[u64], hidden: &[bool], policy: &Policy) -> Vec<Cell> {
    let sum = |cells: [usize; 3]| cells.iter().map(|&cell| counts[cell]).sum::<u64>();
    let rows = [0, 1, 2].map(|r| sum([3 * r, 3 * r + 1, 3 * r + 2]));
    let columns = [0, 1, 2].map(|c| sum([c, c + 3, c + 6]));
    let all = counts.iter().copied().chain([counts.iter().sum()]).chain(rows).chain(columns);
    all.enumerate()
        .map(|(cell, count)| {
            let block = policy.block(count);
            match count < policy.threshold().people() {
                true if cell < 9 => Cell::Suppressed { low: policy.suppressed().0, high: policy.suppressed().1 },
                few if few || hidden[cell] => Cell::Withheld,
                _ => Cell::Shown { value: block.value, low: block.low, high: block.high },
            }
        })
        .collect()
}

fn reported(cells: &[Cell]) -> Option<Reported> {
    Reported::check(three_by_three(), people(), policy(), vec![cells.to_vec()]).ok()
}

/// Ten people are enough, and nobody is among the few.
fn policy() -> Policy {
    Policy::nhs_sde().with_zeros(Zeros::Hidden)
}

fn people() -> Vec<Measure> {
    vec![Measure::people("people")]
}

fn intervals(reported: &Reported) -> Vec<Interval> {
    (0..16).map(|cell| reported.interval(0, cell).unwrap()).collect()
}

/// What stands for nothing bounding a cell: more than any table here has, and so much that totals have room for it.
fn limit(cell: usize) -> u64 {
    match cell {
        0..9 => 1_000,
        9 => 20_000,
        _ => 5_000,
    }
}

/// The intervals of a table of three by three before and after tightening, checked against the search; `None` where
/// checking it alone refuses it.
fn check(cells: &[Cell]) -> Option<(Vec<Interval>, Vec<Interval>)> {
    let before = reported(cells)?;
    let after = before.tightened(&Equations::new(&three_by_three(), &people()));
    assert_eq!(after, before.tightened(&Equations::new(&three_by_three(), &people())), "the same every time");
    let (before, after) = (intervals(&before), intervals(&after));
    let sums = Sums::of_three_by_three();
    let ranges: Vec<(u64, u64)> = before.iter().enumerate().map(|(n, i)| (i.low, i.high.unwrap_or(limit(n)))).collect();
    let with = |cell: usize, range| {
        let ranges = ranges.iter().enumerate().map(|(n, own)| if n == cell { range } else { *own });
        sums.solvable(ranges.collect())
    };
    if !sums.solvable(ranges.clone()) {
        assert_eq!(before, after, "a table that contradicts itself keeps what was known");
        return Some((before, after));
    }
    for (cell, (before, after)) in before.iter().zip(&after).enumerate() {
        assert!(after.low >= before.low, "{cell} {before:?} {after:?}");
        assert!(with(cell, (after.low, after.low)), "{cell}: {after:?} can be lower still in {cells:?}");
        assert!(after.low == before.low || !with(cell, (before.low, after.low - 1)), "{cell}: {after:?} in {cells:?}");
        let (Some(high), most) = (after.high, before.high.unwrap_or(limit(cell))) else {
            assert!(before.high.is_none() && with(cell, (900, 900)), "{cell}: open in {cells:?}");
            continue;
        };
        assert!(high <= most && with(cell, (high, high)), "{cell}: {after:?} can be lower in {cells:?}");
        assert!(high == most || !with(cell, (high + 1, most)), "{cell}: {after:?} in {cells:?}");
    }
    Some((before, after))
}

#[test]
fn totals_together_say_more_than_each_of_them() {
    // Of the middle of a table nothing is said, nor of two rows and two columns.
    let counts = [52, 74, 19, 3, 31, 27, 3, 4, 34];
    let mut hidden = [true; 16];
    [1, 2, 9, 10, 15].into_iter().for_each(|cell| hidden[cell] = false);
    let cells = said(&counts, &hidden, &policy());
    let (before, after) = check(&cells).unwrap();
    assert_eq!(before[4], Interval { low: 1, high: Some(52) }, "one equation after another");
    assert_eq!(after[4], Interval { low: 5, high: Some(48) }, "all of them");
}

#[test]
fn amounts_are_tightened_to_the_whole_numbers_that_enclose_them() {
    // Days in the middle of the same table, between three below and three above each multiple of five.
    let days = || vec![Measure::sum("days", 3).unwrap()];
    let shown = |value: u64| Cell::Shown { value, low: value - 3, high: value + 3 };
    let said = [(1, 75), (2, 20), (5, 25), (9, 245), (10, 145), (15, 80)];
    let said = |cell| said.iter().find(|said| said.0 == cell).map_or(Cell::Withheld, |said| shown(said.1));
    let cells = vec![(0..16).map(said).collect()];
    let before = Reported::check(three_by_three(), days(), policy(), cells).unwrap();
    let after = before.tightened(&Equations::new(&three_by_three(), &days()));
    // The second and third row have 94 to 106 together (245 less 145), of which 54 to 66 are in the last column (80 less
    // 20): 28 to 52 are left for the four others; one after another, the totals leave more of each.
    let (before, after) = (before.interval(0, 4).unwrap(), after.interval(0, 4).unwrap());
    assert_eq!(before, Interval { low: 0, high: Some(58) }, "one equation after another");
    assert_eq!(after, Interval { low: 0, high: Some(52) }, "all of them");
}

#[test]
fn equations_of_another_declaration_say_nothing() {
    let cells = said(&[52, 74, 19, 3, 31, 27, 3, 4, 34], &[true; 16], &policy());
    let table = reported(&cells).unwrap();
    let other = domain(&[(3, Per::Person), (3, Per::Record)], &[&[], &[0], &[1]]);
    assert_eq!(table.tightened(&Equations::new(&other, &people())), table);
    assert_eq!(table.tightened(&Equations::new(&three_by_three(), &[Measure::people("persons")])), table);
}

#[test]
fn tables_of_large_declarations_stay_as_they_are() {
    let large = domain(&[(2001, Per::Person)], &[&[]]);
    let measures = vec![people().remove(0), Measure::rows("a", None).unwrap(), Measure::rows("b", None).unwrap()];
    let cells = vec![vec![Cell::Withheld; large.len()]; 3];
    let table = Reported::check(large.clone(), measures.clone(), policy(), cells).unwrap();
    assert_eq!(table.tightened(&Equations::new(&large, &measures)), table);
}

/// What a table says where more is held back than need be: anything may be withheld.
fn check_holding_back(domain: &Domain, policy: &Policy, rows: &[Row], held: &[bool]) {
    for measures in [measures(), measures()[1..].to_vec(), vec![measures().remove(2)]] {
        let protected = protected(domain, &measures, policy, &Coverage::whole(domain), rows);
        let mut held = held.iter().cycle();
        let mut say = |cell: &Cell| match cell {
            Cell::Shown { .. } if *held.next().unwrap() => Cell::Withheld,
            said => *said,
        };
        let cells: Vec<Vec<Cell>> =
            (0..measures.len()).map(|m| protected.cells(m).iter().map(&mut say).collect()).collect();
        let Ok(before) = Reported::check(domain.clone(), measures.clone(), *policy, cells.clone()) else { continue };
        let after = before.tightened(&Equations::new(domain, &measures));
        for (m, measure) in measures.iter().enumerate() {
            for cell in 0..domain.len() {
                let inner = if domain.is_total(cell) { domain.children(cell) } else { vec![cell] };
                let (before, after) = (before.interval(m, cell).unwrap(), after.interval(m, cell).unwrap());
                assert!(
                    after.low >= before.low && before.high.is_none_or(|high| after.high.is_some_and(|h| h <= high))
                );
                assert!(truth(rows, &inner, measure).is_within(after), "{measure:?} {cell} {after:?} in {cells:?}");
            }
        }
    }
}

fn held() -> impl Strategy<Value = Vec<bool>> {
    prop_oneof![1 => Just(0.2), 1 => Just(0.6)]
        .prop_flat_map(|part| prop::collection::vec(prop::bool::weighted(part), 97))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn what_is_left_of_a_two_way_table_is_what_a_search_finds(
        counts in prop::collection::vec(prop_oneof![0u64..10, 0u64..30, 0u64..60], 9),
        hidden in prop::collection::vec(prop::bool::weighted(0.6), 9),
        margins in prop::collection::vec(prop::bool::weighted(0.2), 7),
        // Some of what is said is an earlier answer, about people who were a few more or fewer.
        other in prop::collection::vec(prop_oneof![6 => Just(0u64), 1 => 1u64..10], 16),
    ) {
        let hidden = [hidden, margins].concat();
        let policy = policy();
        let cells = said(&counts, &hidden, &policy);
        let (before, after) = check(&cells).unwrap();
        let exact: Vec<u64> = (0..16).map(|cell| {
            let domain = three_by_three();
            if domain.is_total(cell) { domain.children(cell).iter().map(|&c| counts[c]).sum() } else { counts[cell] }
        }).collect();
        for (count, (before, after)) in exact.iter().zip(before.iter().zip(&after)) {
            prop_assert!(after.low <= *count && after.high.is_none_or(|high| *count <= high), "{before:?} {after:?}");
        }
        let earlier: Vec<Cell> = cells.iter().zip(&other).map(|(cell, other)| match cell {
            Cell::Shown { value, .. } => {
                let block = policy.block(value + other);
                Cell::Shown { value: block.value, low: block.low, high: block.high }
            }
            cell => *cell,
        }).collect();
        check(&earlier);
    }

    #[test]
    fn the_truth_is_left_of_unions_and_sums(policy in policies(), rows in rows(2, 6), held in held()) {
        let sizes = [(2, Per::Person), (2, Per::Record), (3, Per::Record)];
        check_holding_back(&domain(&sizes, &[&[1, 2], &[0, 1], &[0], &[1], &[]]), &policy, &rows, &held);
    }

    #[test]
    fn the_truth_is_left_of_groups_of_levels(policy in policies(), rows in rows(4, 3), held in held()) {
        let dimensions = vec![dimension("age", 4, Per::Person), dimension("month", 3, Per::Record)];
        let ages = Grouping::new("band", 0, [("young", vec![0, 1]), ("old", vec![2, 3])]);
        let months = Grouping::new("season", 1, [("summer", vec![0, 1]), ("winter", vec![2])]);
        let (band, season) = (Kept::Groups(0), Kept::Groups(1));
        let totals = [&[][..], &[band], &[season], &[band, Kept::Levels(1)], &[Kept::Levels(0), season], &[band, season]];
        let totals = totals.map(<[Kept]>::to_vec).to_vec();
        check_holding_back(&Domain::with_groupings(dimensions, vec![ages, months], totals).unwrap(), &policy, &rows, &held);
    }

    #[test]
    fn the_truth_is_left_of_months(policy in policies(), rows in months_of_rows(), held in held()) {
        check_holding_back(&domain(&[(2, Per::Person), (3, Per::Record)], &[&[], &[1], &[0]]), &policy, &rows, &held);
    }
}
