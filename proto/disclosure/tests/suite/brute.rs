//! An attacker who knows the rules, runs them on every table that fits what was published, and looks whether any value
//! of any suppressed count can be excluded. Exhaustive over small tables; shares no code with the crate.

use std::collections::{BTreeMap, BTreeSet};

use disclosure::{Cell, Coverage, Domain, Measure, Pairs, Per, Policy, Rounding, Threshold, Zeros};

use crate::tables::{Row, coverage, domain, people, protected};

/// What the attacker found: suppressed counts, and how many of them (or of their pairs) miss a value.
#[derive(Debug, Default)]
struct Findings {
    stars: usize,
    narrowed: usize,
    pairs: usize,
    pairs_narrowed: usize,
    totals_beside_stars: usize,
}

/// Publishes every table, groups the tables by what was published, and asks of every group whether each suppressed count
/// takes its whole range in it, and each two in `neighbours` every pair of values. `publish` gives the cells of all
/// measures, those of people first; a table is the counts of people.
fn attack(
    domain: &Domain,
    policy: &Policy,
    neighbours: &[(usize, usize)],
    tables: impl Iterator<Item = (Vec<u64>, Vec<Vec<Cell>>)>,
) -> Findings {
    let inner = domain.inner_len();
    let mut seen: BTreeMap<String, (Vec<Cell>, BTreeSet<Vec<u64>>)> = BTreeMap::new();
    for (table, published) in tables {
        let entry = seen.entry(format!("{published:?}"));
        entry.or_insert_with(|| (published[0].clone(), BTreeSet::new())).1.insert(table);
    }
    let range = u64::from(policy.zeros() == Zeros::Shown)..policy.threshold().people();
    let mut findings = Findings::default();
    for (cells, tables) in seen.values() {
        let is_star = |cell: usize| matches!(cells[cell], Cell::Suppressed { .. });
        for cell in (0..inner).filter(|&cell| is_star(cell)) {
            let values: BTreeSet<u64> = tables.iter().map(|table| table[cell]).collect();
            findings.stars += 1;
            findings.narrowed += usize::from(!range.clone().all(|value| values.contains(&value)));
        }
        for &(one, other) in neighbours.iter().filter(|&&(one, other)| is_star(one) && is_star(other)) {
            let values: BTreeSet<(u64, u64)> = tables.iter().map(|table| (table[one], table[other])).collect();
            let all = range.clone().all(|a| range.clone().all(|b| values.contains(&(a, b))));
            findings.pairs += 1;
            findings.pairs_narrowed += usize::from(!all);
        }
        let shown = |cell: usize| matches!(cells[cell], Cell::Shown { .. });
        let beside = |cell: usize| domain.children(cell).iter().any(|&child| is_star(child));
        findings.totals_beside_stars += (inner..domain.len()).filter(|&cell| shown(cell) && beside(cell)).count();
    }
    findings
}

/// Every list of that many numbers up to `most`.
fn lists(length: usize, most: u64) -> impl Iterator<Item = Vec<u64>> {
    let mut next = Some(vec![0u64; length]);
    std::iter::from_fn(move || {
        let list = next.take()?;
        next = list.iter().position(|&n| n < most).map(|place| {
            let mut after = list.clone();
            after[place] += 1;
            after[..place].fill(0);
            after
        });
        Some(list)
    })
}

fn policy(k: u64, zeros: Zeros) -> Policy {
    Policy::new(Threshold::new(k).unwrap(), Rounding::BASE_5, zeros).unwrap()
}

/// Every table of people up to `most`, the last value of a block, so that no block is cut off.
fn attack_people(sizes: &[(usize, Per)], totals: &[&[usize]], policy: Policy, most: u64) -> Findings {
    let domain = domain(sizes, totals);
    let neighbours: Vec<_> = match sizes {
        [_, _] => vec![(0, 1), (2, 3), (0, 2), (1, 3)],
        _ => (0..domain.inner_len()).flat_map(|a| (0..a).map(move |b| (b, a))).collect(),
    };
    let tables = lists(domain.inner_len(), most).map(|table| {
        let cells = people(&domain, &policy, &table);
        (table, vec![cells])
    });
    attack(&domain, &policy, &neighbours, tables)
}

const ONE_OF_TWO: &[(usize, Per)] = &[(2, Per::Person)];
const JUST_ALL: &[&[usize]] = &[&[]];
const MARGINS: &[&[usize]] = &[&[], &[1], &[0]];
const TWO_BY_TWO: [(usize, Per); 2] = [(2, Per::Person), (2, Per::Person)];

#[test]
fn nobody_narrows_a_suppressed_count_by_running_the_rule_on_every_table() {
    for zeros in [Zeros::Hidden, Zeros::Shown] {
        for (sizes, totals, k, most) in [
            (ONE_OF_TWO, JUST_ALL, 8, 42),
            (&[(3, Per::Person)], JUST_ALL, 8, 17),
            (&[(3, Per::Person)], JUST_ALL, 11, 17),
            (&TWO_BY_TWO, &[&[], &[1], &[0]], 4, 12),
            (&TWO_BY_TWO, &[&[0], &[], &[1]], 5, 12),
            (&TWO_BY_TWO, &[&[1], &[]], 6, 12),
        ] {
            let found = attack_people(sizes, totals, policy(k, zeros), most);
            assert!(found.stars > 0 && found.totals_beside_stars > 0, "{found:?} in {sizes:?} {k}");
            assert_eq!(found.narrowed, 0, "{found:?} in {sizes:?} {totals:?} {k} {zeros:?}");
        }
    }
}

#[test]
fn with_pairs_protected_an_insider_learns_nothing_of_a_neighbour() {
    let found = attack_people(&TWO_BY_TWO, &[&[], &[1], &[0]], policy(4, Zeros::Shown), 12);
    assert!(found.pairs_narrowed > 0, "the attack can win where pairs are not protected: {found:?}");
    for zeros in [Zeros::Hidden, Zeros::Shown] {
        let policy = policy(4, zeros).with_pairs(Pairs::Protected);
        for (sizes, totals, most) in
            [(&TWO_BY_TWO as &[(usize, Per)], MARGINS, 12), (&[(3, Per::Person)], JUST_ALL, 17)]
        {
            let found = attack_people(sizes, totals, policy, most);
            assert!(found.pairs > 0);
            assert_eq!((found.narrowed, found.pairs_narrowed), (0, 0), "{found:?} in {sizes:?} {zeros:?}");
        }
    }
}

/// Rows narrow the people beside them. `one_cell` lists, person by person, the rows that one cell can hold.
fn attack_rows(domain: &Domain, cells: usize, cap: Option<u64>, one_cell: &[Vec<usize>], zeros: Zeros) -> Findings {
    let covered: Vec<bool> = (0..domain.inner_len()).map(|cell| cell < cells).collect();
    let covered = coverage(domain, &covered);
    let measures = [Measure::people("people"), Measure::rows("rows", cap).unwrap()];
    let policy = policy(3, zeros);
    let all = lists(cells, one_cell.len() as u64 - 1).map(|choice| {
        let table: Vec<&Vec<usize>> = choice.iter().map(|&c| &one_cell[usize::try_from(c).unwrap()]).collect();
        let mut rows: Vec<Row> = Vec::new();
        for (cell, people) in (0u32..).zip(&table) {
            for (person, &n) in (0u32..).zip(people.iter()) {
                rows.extend(std::iter::repeat_n((cell, cell * 100 + person, 0), n));
            }
        }
        let published = protected(domain, &measures, &policy, &covered, &rows);
        (table.iter().map(|people| people.len() as u64).collect(), published.table().to_vec())
    });
    attack(domain, &policy, &[], all)
}

#[test]
fn rows_beside_people_do_not_narrow_a_suppressed_count() {
    let once_or_twice: Vec<Vec<usize>> = (0usize..=7)
        .flat_map(|n| (0..=n).map(move |twice| (0..n).map(|person| 1 + usize::from(person < twice)).collect()))
        .collect();
    // Without a cap: every number of rows up to a block's end, shared evenly or all but one each with the first.
    let many = (0usize..=7).flat_map(|n| (n..=if n == 0 { 0 } else { 17 }).map(move |rows| (n, rows)));
    let any_number: BTreeSet<Vec<usize>> = many
        .flat_map(|(n, rows)| {
            let evenly = (0..n).map(|person| rows / n + usize::from(person < rows % n)).collect();
            let first = (0..n).map(|person| if person == 0 { rows + 1 - n } else { 1 }).collect();
            [evenly, first]
        })
        .collect();
    let any_number: Vec<Vec<usize>> = any_number.into_iter().collect();
    for zeros in [Zeros::Shown, Zeros::Hidden] {
        // The last shape has a row of two cells that a column links with a third; the fourth is not covered.
        for (domain, cells, cap, one_cell) in [
            (domain(&[(3, Per::Person)], JUST_ALL), 3, Some(2), &once_or_twice),
            (domain(ONE_OF_TWO, JUST_ALL), 2, None, &any_number),
            (domain(&TWO_BY_TWO, MARGINS), 3, Some(2), &once_or_twice),
        ] {
            let found = attack_rows(&domain, cells, cap, one_cell, zeros);
            assert!(found.stars > 0 && found.totals_beside_stars > 0);
            assert_eq!(found.narrowed, 0, "{found:?} {zeros:?} {cap:?}");
        }
    }
}

/// Every way, person by person, in which one cell can hold up to the ends of the first blocks of people and of rows:
/// with the threshold of four, up to seven people with one or two rows each, twelve rows together.
fn one_or_two_rows_each() -> Vec<Vec<usize>> {
    let ways = (0usize..=7).flat_map(|people| (0..=people).map(move |twice| (people, twice)));
    let ways = ways.filter(|(people, twice)| people + twice <= 12);
    ways.map(|(people, twice)| (0..people).map(|person| 1 + usize::from(person < twice)).collect()).collect()
}

/// Per inner cell the people and their rows.
type PeopleAndRows = Vec<(u64, u64)>;

/// The attack where rows are refined. Of every withheld cell it asks for each number of people with each number of rows
/// that they can have, and of each two cells in `pairs` for all of these together.
fn attack_refined_rows(
    domain: &Domain,
    measures: &[Measure],
    policy: &Policy,
    covered: &[bool],
    one_cell: &[Vec<usize>],
    pairs: &[(usize, usize)],
) -> Findings {
    let cells = covered.iter().filter(|covered| **covered).count();
    let coverage = coverage(domain, covered);
    let rows = measures.iter().position(|m| m.kind() != disclosure::MeasureKind::People).unwrap();
    let mut seen: BTreeMap<String, (Vec<Cell>, BTreeSet<PeopleAndRows>)> = BTreeMap::new();
    for choice in lists(cells, one_cell.len() as u64 - 1) {
        let table: Vec<&Vec<usize>> = choice.iter().map(|&c| &one_cell[usize::try_from(c).unwrap()]).collect();
        let mut records: Vec<Row> = Vec::new();
        for (cell, people) in (0u32..).zip(&table) {
            for (person, &n) in (0u32..).zip(people.iter()) {
                records.extend(std::iter::repeat_n((cell, cell * 100 + person, 0), n));
            }
        }
        let published = protected(domain, measures, policy, &coverage, &records);
        let table = table.iter().map(|people| (people.len() as u64, people.iter().sum::<usize>() as u64)).collect();
        let entry = seen.entry(format!("{:?}", published.table()));
        entry.or_insert_with(|| (published.cells(rows).to_vec(), BTreeSet::new())).1.insert(table);
    }
    let least = u64::from(policy.zeros() == Zeros::Shown);
    let everything: Vec<(u64, u64)> =
        (least..policy.threshold().people()).flat_map(|v| (v..=2 * v).map(move |r| (v, r))).collect();
    let mut findings = Findings::default();
    for (said, tables) in seen.values() {
        let hidden = |cell: usize| said[cell] == Cell::Withheld;
        for cell in (0..cells).filter(|&cell| hidden(cell)) {
            let found: BTreeSet<(u64, u64)> = tables.iter().map(|table| table[cell]).collect();
            findings.stars += 1;
            findings.narrowed += usize::from(!everything.iter().all(|pair| found.contains(pair)));
        }
        for &(one, other) in pairs.iter().filter(|&&(one, other)| hidden(one) && hidden(other)) {
            let found: BTreeSet<_> = tables.iter().map(|table| (table[one], table[other])).collect();
            let all = everything.iter().all(|&a| everything.iter().all(|&b| found.contains(&(a, b))));
            findings.pairs += 1;
            findings.pairs_narrowed += usize::from(!all);
        }
        let beside = |cell: usize| domain.children(cell).iter().any(|&child| hidden(child));
        let shown = (domain.inner_len()..domain.len()).filter(|&cell| matches!(said[cell], Cell::Shown { .. }));
        findings.totals_beside_stars += shown.filter(|&cell| beside(cell)).count();
    }
    findings
}

fn capped_rows() -> Measure {
    Measure::rows("rows", Some(2)).unwrap()
}

#[test]
fn refined_rows_do_not_narrow_people_or_rows_of_a_withheld_cell() {
    let one_cell = one_or_two_rows_each();
    let months = [(2, Per::Person), (2, Per::Record)];
    let three = [true, true, true, false];
    for zeros in [Zeros::Shown, Zeros::Hidden] {
        let policy = policy(4, zeros);
        for (domain, covered) in [
            (domain(ONE_OF_TWO, JUST_ALL), &three[..2]),
            (domain(&[(3, Per::Record)], JUST_ALL), &three[..3]),
            (domain(&months, MARGINS), &three),
            (domain(&months, &[&[1]]), &three),
        ] {
            let measures = [capped_rows(), Measure::people("people")];
            let found = attack_refined_rows(&domain, &measures, &policy, covered, &one_cell, &[]);
            assert!(found.stars > 0 && found.totals_beside_stars > 0, "{found:?}");
            assert_eq!(found.narrowed, 0, "{found:?} {zeros:?} {:?}", domain.totals());
        }
    }
}

#[test]
fn with_pairs_protected_refined_rows_tell_nothing_of_a_neighbour() {
    let domain = domain(&[(3, Per::Person)], JUST_ALL);
    let measures = [capped_rows(), Measure::people("people")];
    let neighbours = [(0, 1), (1, 2), (0, 2)];
    for zeros in [Zeros::Shown, Zeros::Hidden] {
        let policy = policy(4, zeros).with_pairs(Pairs::Protected);
        let found = attack_refined_rows(&domain, &measures, &policy, &[true; 3], &one_or_two_rows_each(), &neighbours);
        assert!(found.pairs > 0 && found.totals_beside_stars > 0);
        assert_eq!((found.narrowed, found.pairs_narrowed), (0, 0), "{found:?} {zeros:?}");
    }
}

/// Rows without people beside them depend on whether people are enough and on the rows alone: one way of each will do,
/// and a number of rows that is possible is so with every number of people that can have it.
#[test]
fn refined_rows_alone_in_two_by_two_cells() {
    let way = |people: usize, rows: usize| (0..people).map(|person| 1 + usize::from(person < rows - people)).collect();
    let few = (0usize..=6).map(|rows| way(rows.div_ceil(2), rows));
    let enough = (4usize..=12).map(|rows| way(rows.min(rows.div_ceil(2).max(4)), rows));
    let one_cell: Vec<Vec<usize>> = few.chain(enough).collect();
    for zeros in [Zeros::Shown, Zeros::Hidden] {
        let domain = domain(&[(2, Per::Person), (2, Per::Record)], MARGINS);
        let published = |choice: &[u64]| {
            let mut records: Vec<Row> = Vec::new();
            for (cell, &way) in (0u32..).zip(choice) {
                for (person, &n) in (0u32..).zip(&one_cell[usize::try_from(way).unwrap()]) {
                    records.extend(std::iter::repeat_n((cell, (cell / 2) * 100 + person, 0), n));
                }
            }
            let published =
                protected(&domain, &[capped_rows()], &policy(4, zeros), &Coverage::whole(&domain), &records);
            published.cells(0).to_vec()
        };
        let mut seen: BTreeMap<String, (Vec<Cell>, BTreeSet<Vec<u64>>)> = BTreeMap::new();
        for choice in lists(4, one_cell.len() as u64 - 1) {
            let said = published(&choice);
            let rows = choice.iter().map(|&way| one_cell[usize::try_from(way).unwrap()].iter().sum::<usize>() as u64);
            seen.entry(format!("{said:?}")).or_insert_with(|| (said, BTreeSet::new())).1.insert(rows.collect());
        }
        let mut beside = 0;
        for (said, tables) in seen.values() {
            for cell in (0..4).filter(|&cell| said[cell] == Cell::Withheld) {
                let found: BTreeSet<u64> = tables.iter().map(|table| table[cell]).collect();
                assert!((u64::from(zeros == Zeros::Shown)..=6).all(|rows| found.contains(&rows)), "{said:?} {cell}");
                beside += said[4..].iter().filter(|total| matches!(total, Cell::Shown { .. })).count();
            }
        }
        assert!(beside > 0);
    }
}

/// Two kinds of people in two months; a person may come in both months, so totals over months are unions.
#[test]
fn people_who_come_in_several_months_do_not_give_a_count_away() {
    let domain = domain(&[(2, Per::Person), (2, Per::Record)], &[&[], &[1], &[0]]);
    for zeros in [Zeros::Shown, Zeros::Hidden] {
        let policy = policy(3, zeros);
        let one_kind: Vec<[u64; 3]> =
            lists(3, 7).filter(|v| v[0] + v[2] <= 7 && v[1] + v[2] <= 7).map(|v| [v[0], v[1], v[2]]).collect();
        let all = one_kind.iter().flat_map(|a| one_kind.iter().map(move |b| [*a, *b])).map(|kinds| {
            let mut rows: Vec<Row> = Vec::new();
            let mut person = 0;
            for (kind, months) in (0u32..).zip(&kinds) {
                for (come, &n) in [vec![0], vec![1], vec![0, 1]].iter().zip(months) {
                    for _ in 0..n {
                        rows.extend(come.iter().map(|month| (kind * 2 + month, person, 0)));
                        person += 1;
                    }
                }
            }
            let measures = [Measure::people("people")];
            let published = protected(&domain, &measures, &policy, &Coverage::whole(&domain), &rows);
            let table = kinds.iter().flat_map(|m| [m[0] + m[2], m[1] + m[2]]).collect();
            (table, vec![published.cells(0).to_vec()])
        });
        let found = attack(&domain, &policy, &[], all);
        assert!(found.stars > 0 && found.totals_beside_stars > 0);
        assert_eq!(found.narrowed, 0, "{found:?} {zeros:?}");
    }
}

/// Four months of one kind of people, with every overlap: the sets lie one after the other around a circle as large as
/// their union, which gives every union from the largest set to the sum.
#[test]
fn a_total_of_distinct_people_over_months_does_not_give_a_month_away() {
    let domain = domain(&[(4, Per::Record)], JUST_ALL);
    let policy = policy(3, Zeros::Shown);
    let all = lists(4, 7).flat_map(|months| {
        let (largest, sum) = (months.iter().copied().max().unwrap(), months.iter().sum::<u64>());
        (largest..=sum).map(move |union| (months.clone(), union))
    });
    let all = all.map(|(months, union)| {
        let mut rows: Vec<Row> = Vec::new();
        let mut start = 0;
        for (month, &n) in (0u32..).zip(&months) {
            rows.extend((start..start + n).map(|person| (month, u32::try_from(person % union).unwrap(), 0)));
            start += n;
        }
        let published = protected(&domain, &[Measure::people("people")], &policy, &Coverage::whole(&domain), &rows);
        (months, published.table().to_vec())
    });
    let found = attack(&domain, &policy, &[(0, 1), (1, 2), (2, 3), (0, 3)], all);
    assert!(found.stars > 0 && found.totals_beside_stars > 0);
    assert_eq!((found.narrowed, found.pairs_narrowed), (0, 0), "{found:?}");
}

#[test]
fn the_attack_succeeds_against_the_national_rule() {
    // Totals rounded to 5 beside suppressed cells, with no further step: the attack must be able to win.
    let domain = domain(&TWO_BY_TWO, &[&[], &[0], &[1]]);
    let policy = policy(8, Zeros::Shown);
    let publish = |table: Vec<u64>| {
        let sums =
            [table.iter().sum(), table[0] + table[1], table[2] + table[3], table[0] + table[2], table[1] + table[3]];
        let cell = |&n: &u64| match n {
            0 => Cell::Zero,
            1..8 => Cell::Suppressed { low: 1, high: 7 },
            n => Cell::Shown { value: (n + 2) / 5 * 5, low: 0, high: 0 },
        };
        let cells = table.iter().chain(&sums).map(cell).collect();
        (table, vec![cells])
    };
    let found = attack(&domain, &policy, &[], lists(4, 12).map(publish));
    assert!(found.narrowed * 10 > found.stars, "{found:?}");
}
