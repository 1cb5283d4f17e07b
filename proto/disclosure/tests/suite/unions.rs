//! Totals of people who may come under several levels, less their cells: how many are in the other levels only, and how
//! often people come again. An attacker who runs the rule on every table that fits excludes no such number below the
//! threshold that the other figures leave. Exhaustive over small tables; shares no code with the crate.

use std::collections::{BTreeMap, BTreeSet};

use disclosure::{Cell, Coverage, Domain, Measure, Per, Policy, Rounding, Threshold, Zeros};

use crate::tables::{Row, domain, protected};

/// Per cell, totals included, the people in it, and what is said of it.
type Published = (Vec<u64>, Vec<Cell>);

/// Few people, by how a total tells of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Few {
    /// In the total and not in the cell.
    Beside { total: usize, cell: usize },
    /// How often somebody in the total comes under one more of its inner cells.
    Again { total: usize },
}

impl Few {
    fn total(self) -> usize {
        match self {
            Self::Beside { total, .. } | Self::Again { total } => total,
        }
    }

    fn of(self, domain: &Domain, people: &[u64]) -> u64 {
        match self {
            Self::Beside { total, cell } => people[total] - people[cell],
            Self::Again { total } => domain.children(total).iter().map(|&c| people[c]).sum::<u64>() - people[total],
        }
    }
}

/// What the attacker found: few people of whom a total tells, and how many of these miss a number.
#[derive(Debug, Default)]
struct Findings {
    few: usize,
    narrowed: usize,
    /// Totals that are said while they tell of few people.
    said: usize,
    example: Option<(Few, Vec<Cell>)>,
}

/// Groups all tables by what is published of them, and asks of each group whether few people may be as many as they may
/// by what is published without the total (and without totals above it).
fn attack(domain: &Domain, threshold: u64, tables: &[Published]) -> Findings {
    let inside = |cell: usize| -> BTreeSet<usize> {
        let inner = domain.children(cell);
        if inner.is_empty() { [cell].into() } else { inner.into_iter().collect() }
    };
    let insides: Vec<BTreeSet<usize>> = (0..domain.len()).map(inside).collect();
    let within = |cell: usize, total: usize| cell != total && insides[cell].is_subset(&insides[total]);
    let mut asked: Vec<Few> = Vec::new();
    for total in (0..domain.len()).filter(|&cell| domain.is_union(cell)) {
        asked.extend((0..domain.len()).filter(|&cell| within(cell, total)).map(|cell| Few::Beside { total, cell }));
        asked.push(Few::Again { total });
    }
    let mut findings = Findings::default();
    for few in asked {
        let total = few.total();
        let before = |cell: usize| !domain.is_union(cell) || within(cell, total);
        let mut baseline: BTreeMap<String, BTreeSet<u64>> = BTreeMap::new();
        let mut found: BTreeMap<String, (String, &[Cell], BTreeSet<u64>)> = BTreeMap::new();
        for (people, said) in tables {
            let n = few.of(domain, people);
            if n >= threshold {
                continue;
            }
            let kept: Vec<&Cell> = (0..said.len()).filter(|&cell| before(cell)).map(|cell| &said[cell]).collect();
            let kept = format!("{kept:?}");
            baseline.entry(kept.clone()).or_default().insert(n);
            found.entry(format!("{said:?}")).or_insert_with(|| (kept, said, BTreeSet::new())).2.insert(n);
        }
        for (kept, said, numbers) in found.values() {
            // What the other figures tell alone is told: that nobody, or everybody, is there.
            if baseline[kept].len() == 1 {
                continue;
            }
            findings.few += 1;
            findings.said += usize::from(matches!(said[total], Cell::Shown { .. }));
            if *numbers != baseline[kept] {
                findings.narrowed += 1;
                findings.example.get_or_insert_with(|| (few, said.to_vec()));
            }
        }
    }
    findings
}

fn policy(k: u64, zeros: Zeros) -> Policy {
    Policy::new(Threshold::new(k).unwrap(), Rounding::BASE_5, zeros).unwrap()
}

/// Every way in which so many levels can hold up to `most` people each and any number of different people together.
fn levels(levels: usize, most: u64) -> Vec<(Vec<u64>, u64)> {
    let mut all: Vec<Vec<u64>> = vec![Vec::new()];
    for _ in 0..levels {
        all = all.iter().flat_map(|one| (0..=most).map(move |n| [one.as_slice(), &[n]].concat())).collect();
    }
    let with_unions = all.into_iter().flat_map(|n| {
        let (largest, sum) = (n.iter().copied().max().unwrap(), n.iter().sum::<u64>());
        (largest..=sum).map(move |union| (n.clone(), union))
    });
    with_unions.collect()
}

/// People whose levels have these numbers: the sets lie one after the other around a circle as large as their union.
fn rows(first_cell: u32, first_person: u32, (n, union): &(Vec<u64>, u64)) -> Vec<Row> {
    let mut start = 0;
    let mut rows = Vec::new();
    for (level, &n) in (first_cell..).zip(n) {
        let person = |place: u64| first_person + u32::try_from(place % union).unwrap();
        rows.extend((start..start + n).map(|place| (level, person(place), 0)));
        start += n;
    }
    rows
}

/// What is true of every cell, and what is said of it.
fn publish(domain: &Domain, policy: &Policy, rows: &[Row], rule: Rule) -> Published {
    let people_of = |inner: &[usize]| {
        let here = rows.iter().filter(|row| inner.contains(&usize::try_from(row.0).unwrap()));
        here.map(|row| row.1).collect::<BTreeSet<u32>>().len() as u64
    };
    let people = |cell: usize| {
        let inner = domain.children(cell);
        if inner.is_empty() { people_of(&[cell]) } else { people_of(&inner) }
    };
    let people: Vec<u64> = (0..domain.len()).map(people).collect();
    let said = match rule {
        Rule::Ours => {
            let protected = protected(domain, &[Measure::people("people")], policy, &Coverage::whole(domain), rows);
            protected.cells(0).to_vec()
        }
        Rule::Rounding => people.iter().map(|&n| rounded(n, policy)).collect(),
    };
    (people, said)
}

#[derive(Clone, Copy, Debug)]
enum Rule {
    Ours,
    /// Every count, totals included, in its block.
    Rounding,
}

fn rounded(n: u64, policy: &Policy) -> Cell {
    let (low, high) = policy.suppressed();
    match policy.block(n) {
        _ if n == 0 && policy.zeros() == Zeros::Shown => Cell::Zero,
        _ if n <= high => Cell::Suppressed { low, high },
        block => Cell::Shown { value: block.value, low: block.low, high: block.high },
    }
}

/// Attacks every one of these tables: our rule must not lose. Gives what the attack finds where each count is rounded.
fn compare(domain: &Domain, policy: &Policy, tables: &[Vec<Row>]) -> Findings {
    let under = |rule| {
        let tables: Vec<Published> = tables.iter().map(|rows| publish(domain, policy, rows, rule)).collect();
        attack(domain, policy.threshold().people(), &tables)
    };
    let found = under(Rule::Ours);
    assert!(found.few > 0 && found.said > 0, "{found:?}");
    assert_eq!(found.narrowed, 0, "{:?} {policy:?}: {found:?}", domain.totals());
    under(Rule::Rounding)
}

#[test]
fn a_total_over_levels_tells_of_no_few_people_beside_a_level_or_again() {
    for (count, k, most) in [(2, 3, 22), (2, 6, 22), (2, 8, 27), (3, 3, 12)] {
        let domain = domain(&[(count, Per::Record)], &[&[]]);
        for zeros in [Zeros::Shown, Zeros::Hidden] {
            let policy = policy(k, zeros);
            let tables: Vec<Vec<Row>> = levels(count, most).iter().map(|table| rows(0, 0, table)).collect();
            let weak = compare(&domain, &policy, &tables);
            assert!(weak.narrowed * 4 > weak.few, "the attack must win: {weak:?}");
        }
    }
}

/// Two kinds of people in two months: the totals of each kind are unions, those of each month add up, and the total of all
/// is the sum of the unions.
#[test]
fn totals_of_kinds_and_months_together_tell_of_no_few_people() {
    let kinds = levels(2, 7);
    let both = kinds.iter().flat_map(|one| kinds.iter().map(move |other| (one, other)));
    let tables: Vec<Vec<Row>> = both.map(|(one, other)| [rows(0, 0, one), rows(2, 100, other)].concat()).collect();
    let shapes: [&[&[usize]]; 3] = [&[&[0], &[1], &[]], &[&[], &[1]], &[&[0], &[]]];
    for totals in shapes {
        let domain = domain(&[(2, Per::Person), (2, Per::Record)], totals);
        let weak = compare(&domain, &policy(2, Zeros::Shown), &tables);
        assert!(weak.narrowed > 0, "the attack must win: {weak:?}");
    }
}

/// Two dimensions of which a person may have several levels. Each region is the people who are in just those of the four
/// cells, here nobody or one of them.
fn regions() -> Vec<Vec<Row>> {
    let table = |regions: u32| {
        let of_region = |region: u32| {
            (0..4u32).filter(move |cell| (region + 1) >> cell & 1 == 1).map(move |cell| (cell, region, 0))
        };
        (0..15u32).filter(|region| regions >> region & 1 == 1).flat_map(of_region).collect()
    };
    (0..1 << 15).map(table).collect()
}

#[test]
fn totals_over_two_dimensions_of_levels_tell_of_no_few_people() {
    let all = regions();
    let levels = [(2, Per::Record), (2, Per::Record)];
    // To keep the one level of a dimension is to sum over it.
    let and_one = [(2, Per::Record), (2, Per::Record), (1, Per::Record)];
    let shapes: [(&[_], &[&[usize]]); 6] = [
        (&levels, &[&[0], &[1], &[]]),
        (&levels, &[&[0], &[1]]),
        (&levels, &[&[0], &[]]),
        (&levels, &[&[]]),
        (&and_one, &[&[1], &[2]]),
        (&and_one, &[&[0, 2], &[2], &[]]),
    ];
    for (sizes, totals) in shapes {
        let weak = compare(&domain(sizes, totals), &policy(2, Zeros::Shown), &all);
        assert!(weak.narrowed > 0, "the attack must win: {weak:?}");
    }
}

/// Inner cells, and how many people are in just these.
type Region<'a> = (&'a [u32], u32);

fn people_in(regions: &[Region<'_>]) -> Vec<Row> {
    let mut person = 0;
    let mut rows = Vec::new();
    for &(cells, people) in regions {
        for _ in 0..people {
            rows.extend(cells.iter().map(|&cell| (cell, person, 0)));
            person += 1;
        }
    }
    rows
}

/// A second group of unions over the same cells is said only where it crosses no other, and no kind of people who cannot
/// overlap tells of few people by itself: whoever has the totals of both kinds has those of each but for an overlap.
#[test]
fn a_second_group_of_unions_is_said_or_held_as_one() {
    let levels = [(2, Per::Record), (2, Per::Record)];
    let and_one = [(2, Per::Record), (2, Per::Record), (1, Per::Record)];
    let kinds = [(2, Per::Person), (2, Per::Record), (2, Per::Record)];
    let check = |sizes: &[(usize, Per)], totals: &[&[usize]], regions: &[Region<'_>], second: usize, said: bool| {
        let domain = domain(sizes, totals);
        let (people, cells) = publish(&domain, &Policy::nhs_sde(), &people_in(regions), Rule::Ours);
        assert!(cells[..domain.inner_len()].iter().all(|cell| matches!(cell, Cell::Shown { .. })), "{cells:?}");
        let of_second = domain.cells_of_total(second).map(|cell| cells[cell]);
        let as_said = |cell: Cell| if said { matches!(cell, Cell::Shown { .. }) } else { cell == Cell::Withheld };
        assert!(of_second.clone().all(as_said), "{totals:?}: {:?} of {people:?}", of_second.collect::<Vec<_>>());
    };
    // Rows and columns, of which each overlaps in many people. The rows' overlap less that of a column are people as well.
    let apart: [Region<'static>; 8] =
        [(&[0], 30), (&[1], 30), (&[2], 30), (&[3], 30), (&[0, 1], 20), (&[2, 3], 20), (&[0, 2], 20), (&[1, 3], 20)];
    check(&levels, &[&[0], &[1], &[]], &apart, 0, true);
    check(&levels, &[&[0], &[1], &[]], &apart, 1, false);
    check(&levels, &[&[0], &[1], &[]], &apart, 2, true);
    // To keep the one level of a dimension is to sum over it; all but three come in the first column.
    check(&and_one, &[&[1], &[2]], &apart, 1, true);
    let first: [Region<'static>; 7] =
        [(&[0, 1], 30), (&[2, 3], 30), (&[0], 20), (&[2], 20), (&[0, 2], 20), (&[0, 1, 3], 20), (&[1], 3)];
    check(&and_one, &[&[1], &[2]], &first, 0, true);
    check(&and_one, &[&[1], &[2]], &first, 1, true);
    let domain_of_first = domain(&and_one, &[&[1], &[2]]);
    let (_, cells) = publish(&domain_of_first, &Policy::nhs_sde(), &people_in(&first), Rule::Ours);
    let (column, all) = (cells[4], cells[6]);
    assert!(all.low() <= column.low() && all.high() >= column.high().map(|high| high + 9), "{column:?} {all:?}");
    // The total of two kinds is a union of levels, of which each is the sum of the kinds.
    let of_two = |one: &[Region<'static>], other: &[Region<'static>]| [one, other].concat();
    let women: [Region<'static>; 8] =
        [(&[4], 30), (&[5], 30), (&[6], 30), (&[7], 30), (&[4, 5], 20), (&[6, 7], 20), (&[4, 6], 20), (&[5, 7], 20)];
    // All but two of the women come at the first level, in one cell or the other.
    let women_at_first: [Region<'static>; 5] =
        [(&[4, 6], 30), (&[5, 7], 30), (&[4, 5], 20), (&[6, 7, 4], 20), (&[6], 2)];
    // Totals by level and of all, or by kind, by level and of all: of these the total of all is a sum.
    for (totals, of_all) in [(&[&[1][..], &[]][..], 1), (&[&[0][..], &[1], &[]][..], 1), (&[&[0][..], &[1]][..], 1)] {
        check(&kinds, totals, &of_two(&apart, &women), of_all, true);
        check(&kinds, totals, &of_two(&apart, &women_at_first), of_all, false);
    }
    check(&kinds, &[&[0], &[1], &[]], &of_two(&apart, &women_at_first), 2, true);
}
