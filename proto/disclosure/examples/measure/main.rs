//! Measures the disclosure rules on one core: protecting tables of several shapes, each of which is attacked by two programs
//! of their own before its figures count, one by intervals (`attack`) and one in whole numbers (`whole`), which must both
//! win where the figures beside the hidden ones are exact; with the argument `count`, also counting ten million sorted rows.
//!
//! Beside the totals that end wider than base 5 stands what the design's own sketch of the rule gave for tables of that
//! shape, which were other tables: how many become wide depends on where the small counts lie.
//!
//! `cargo run --release -p disclosure --example measure`

mod attack;
mod whole;

use std::time::Instant;

use disclosure::{
    Cell, Column, Coverage, Depth, Dimension, Domain, Measure, Pairs, Per, Policy, Public, Tally, Zeros, audit, protect,
};

use whole::{Found, Layout, Whole};

type Outcome = Result<(), Box<dyn std::error::Error>>;

/// A small generator, so that figures can be compared between runs.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below
    }
}

fn main() -> Outcome {
    if std::env::args().any(|a| a == "count") {
        count()?;
    }
    for (name, sizes, totals, small_in_40, sketch) in [
        ("10x5", vec![10, 5], two_way(), 8, [Some(1), Some(4)]),
        ("20x10", vec![20, 10], two_way(), 8, [Some(2), Some(2)]),
        ("50x10", vec![50, 10], two_way(), 8, [Some(1), Some(3)]),
        ("60 in 10 groups x10", vec![10, 6, 10], nested(), 8, [Some(21), Some(50)]),
        ("10x5x4", vec![10, 5, 4], three_way(), 8, [None, None]),
        ("100x20", vec![100, 20], two_way(), 9, [None, None]),
        ("400 in 20 groups x20", vec![20, 20, 20], nested(), 8, [None, None]),
    ] {
        let pairs = [Pairs::Single, Pairs::Protected].into_iter().zip(sketch);
        for (pairs, sketch) in pairs.take(if sizes.iter().product::<usize>() > 2000 { 1 } else { 2 }) {
            table(name, &sizes, &totals, small_in_40, pairs, sketch)?;
        }
    }
    let mut beside_rounded = 0;
    for cap in [1, 2, 3, 4, 6] {
        for hidden in [Hidden::Scattered, Hidden::Elsewhere] {
            beside_rounded += rows(cap, hidden)?;
        }
    }
    if beside_rounded == 0 {
        return Err("rows: the attack finds nothing where totals are only rounded".into());
    }
    Ok(())
}

fn two_way() -> Vec<Vec<usize>> {
    vec![vec![], vec![1], vec![0]]
}

fn three_way() -> Vec<Vec<usize>> {
    vec![vec![], vec![0], vec![1], vec![2], vec![0, 1], vec![0, 2], vec![1, 2]]
}

fn nested() -> Vec<Vec<usize>> {
    vec![vec![], vec![2], vec![0], vec![0, 2], vec![0, 1]]
}

fn domain(sizes: &[usize], totals: &[Vec<usize>]) -> Result<Domain, disclosure::DomainError> {
    let levels = |n: &usize| (0..*n).map(|l| l.to_string()).collect();
    let dimension = |(d, n): (usize, &usize)| Dimension { name: d.to_string(), levels: levels(n), per: Per::Person };
    Domain::new(sizes.iter().enumerate().map(dimension).collect(), totals.to_vec())
}

/// Ten million rows of 500,000 people, sorted by person, in 1,920 cells, in batches of 8,192.
fn count() -> Outcome {
    let records =
        Dimension { name: "cell".into(), levels: (0..1920).map(|l| l.to_string()).collect(), per: Per::Record };
    let domain = Domain::new(vec![records], vec![])?;
    let rows = 10_000_000u64;
    let mut numbers = Numbers(1);
    let persons: Vec<u32> = (0..rows).map(|row| (row / 20) as u32).collect();
    let cells: Vec<u32> = (0..rows).map(|_| (numbers.next(44) * numbers.next(44)) as u32).collect();
    let values: Vec<i64> = (0..rows).map(|_| numbers.next(900) as i64).collect();
    let people = vec![Measure::people("people")];
    let all = vec![Measure::people("people"), Measure::rows("rows", None)?, Measure::sum("days", 90)?];
    for (name, measures) in [("people", people), ("people, rows, sum", all)] {
        let started = Instant::now();
        let mut tally = Tally::new(&domain, &measures)?;
        for ((cells, persons), values) in cells.chunks(8192).zip(persons.chunks(8192)).zip(values.chunks(8192)) {
            let columns = vec![Column::Full(values); measures.len().saturating_sub(2)];
            tally.add(cells, persons, &columns)?;
        }
        let fed = started.elapsed();
        let raw = tally.finish()?;
        println!("count {name}: fed {fed:.2?}, finished {:.2?}", started.elapsed());
        drop(raw);
    }
    Ok(())
}

/// A skewed table in which so many of forty inner cells are small, about.
fn table(
    name: &str,
    sizes: &[usize],
    totals: &[Vec<usize>],
    small_in_40: u64,
    pairs: Pairs,
    sketch: Option<usize>,
) -> Outcome {
    let domain = domain(sizes, totals)?;
    let mut numbers = Numbers(7);
    let (mut cells, mut next, mut counts) = (Vec::new(), 0u32, Vec::new());
    for cell in 0..domain.inner_len() {
        let people =
            if numbers.next(40) < small_in_40 { numbers.next(8) } else { 8 + numbers.next(12) * numbers.next(12) };
        counts.push(people);
        for _ in 0..people {
            cells.push(cell as u32);
            next += 1;
        }
    }
    let measures = [Measure::people("people")];
    let mut tally = Tally::new(&domain, &measures)?;
    tally.add(&cells, &(0..next).collect::<Vec<u32>>(), &[])?;
    let policy = Policy::hes_2018().with_pairs(pairs);
    let started = Instant::now();
    let public = Public::nothing(&domain, &measures);
    let protected = protect(tally.finish()?, &domain, &measures, &policy, &Coverage::whole(&domain), &public)?;
    let took = started.elapsed();
    let started = Instant::now();
    let audited = audit(&domain, &measures, &policy, &public, protected.table(), Depth::Check)?;
    let attacked = started.elapsed();
    let cells = protected.cells(0);
    let broken = attack::narrowed(&domain, cells, policy.suppressed());
    if broken > 0 || !audited.narrowed.is_empty() {
        return Err(format!(
            "{name}: the attack narrows {broken} suppressed counts, the audit {}",
            audited.narrowed.len()
        )
        .into());
    }
    let layout = Layout::new(sizes, totals);
    let figures = layout.add_up(&counts);
    if cells.iter().zip(&figures).any(|(cell, &n)| n < cell.low() || cell.high().is_some_and(|high| high < n)) {
        return Err(format!("{name}: a figure does not lie where it is said to").into());
    }
    let started = Instant::now();
    let found = in_whole_numbers(&layout, cells, policy.suppressed());
    let searched = started.elapsed();
    let beside_rounded = in_whole_numbers(&layout, &rounded(&domain, cells, &counts), policy.suppressed());
    let beside_exact = in_whole_numbers(&layout, &exact(&domain, cells, &counts), policy.suppressed());
    let plainly = attack::narrowed(&domain, &rounded(&domain, cells, &counts), policy.suppressed());
    if found.narrowed > 0 || beside_exact.narrowed == 0 || beside_rounded.narrowed < plainly {
        return Err(format!(
            "{name}: in whole numbers {} suppressed counts are narrowed, {} where all but small counts are exact, and {} of \
             the {plainly} that intervals narrow where totals are only rounded",
            found.narrowed, beside_exact.narrowed, beside_rounded.narrowed
        )
        .into());
    }
    let exactly = attack::narrowed(&domain, &exact(&domain, cells, &counts), policy.suppressed());
    if exactly == 0 {
        return Err(format!("{name}: the attack finds nothing, not even where all but small counts are exact").into());
    }
    let small = cells.iter().filter(|cell| matches!(cell, Cell::Suppressed { .. })).count();
    let withheld = cells.iter().filter(|cell| **cell == Cell::Withheld).count();
    let widths = cells[domain.inner_len()..].iter().filter_map(|cell| match cell {
        Cell::Shown { low, high, .. } => Some(high - low + 1),
        _ => None,
    });
    let mut wide: Vec<u64> = widths.filter(|&width| width > 5).collect();
    wide.sort_unstable();
    println!(
        "protect {name} {pairs:?}: {} cells, {small} small, {} totals wider than 5 (median {}, widest {}; design's sketch: {}), \
         {withheld} withheld, {took:.3?}; narrowed: none, by rounding alone {plainly}, by exact figures beside them {exactly}; \
         in whole numbers none ({} values undecided, {searched:.3?}), by rounding alone {}, by exact figures {}; audit {attacked:.3?}",
        domain.len(),
        wide.len(),
        wide.get(wide.len() / 2).unwrap_or(&5),
        wide.last().unwrap_or(&5),
        sketch.map_or("not told".to_owned(), |wide| wide.to_string()),
        found.undecided,
        beside_rounded.narrowed,
        beside_exact.narrowed,
    );
    Ok(())
}

/// The second attack on one table of people: suppressed counts that lose a value of their range.
fn in_whole_numbers(layout: &Layout, cells: &[Cell], range: (u64, u64)) -> Found {
    let mut whole = Whole::default();
    let numbers: Vec<usize> = cells.iter().map(|cell| whole.number(cell.low(), cell.high())).collect();
    for (total, parts, _) in layout.sums(&[]) {
        whole.total(total, &parts);
    }
    let star = |(_, cell): &(&usize, &Cell)| matches!(cell, Cell::Suppressed { .. });
    let hidden = numbers.iter().zip(cells).filter(star).map(|(&number, _)| (number, range));
    whole.attack(&hidden.collect::<Vec<_>>())
}

/// The second attack on rows, and on the people behind them, by month and locality: somebody may have rows in several
/// months and has one locality. A cell of few people has up to the cap of each.
fn rows_in_whole_numbers(layout: &Layout, rows: &[Cell], people: &[Cell], cap: u64, range: (u64, u64)) -> Found {
    let mut whole = Whole::default();
    let mut numbers =
        |cells: &[Cell]| -> Vec<usize> { cells.iter().map(|cell| whole.number(cell.low(), cell.high())).collect() };
    let (of_rows, of_people) = (numbers(rows), numbers(people));
    let each = |numbers: &[usize], parts: &[usize]| parts.iter().map(|&part| numbers[part]).collect::<Vec<_>>();
    let sums = layout.sums(&[0]);
    for (total, parts, several) in &sums {
        whole.total(of_rows[*total], &each(&of_rows, parts));
        if *several {
            whole.union(of_people[*total], &each(&of_people, parts));
        } else {
            whole.total(of_people[*total], &each(&of_people, parts));
        }
    }
    let inner = layout.inner_len();
    for cell in 0..rows.len() {
        whole.at_least(of_rows[cell], 1, of_people[cell]);
        if cell < inner {
            whole.at_least(of_people[cell], cap as i64, of_rows[cell]);
        }
    }
    let few = (0..inner).filter(|&cell| matches!(people[cell], Cell::Suppressed { .. }));
    let (least, most) = range;
    let hidden = few.flat_map(|cell| [(of_people[cell], range), (of_rows[cell], (least, cap * most))]);
    whole.attack(&hidden.collect::<Vec<_>>())
}

/// The table under a rule known to fail worse: the same inner figures held back, and everything else exact.
fn exact(domain: &Domain, cells: &[Cell], counts: &[u64]) -> Vec<Cell> {
    let count = |cell: usize| match domain.children(cell) {
        inner if inner.is_empty() => counts[cell],
        inner => inner.iter().map(|&child| counts[child]).sum(),
    };
    let said = |(cell, said): (usize, &Cell)| match said {
        Cell::Suppressed { .. } => *said,
        Cell::Withheld if cell < domain.inner_len() => *said,
        _ => Cell::Shown { value: count(cell), low: count(cell), high: count(cell) },
    };
    cells.iter().enumerate().map(said).collect()
}

/// The table under a rule known to fail: every total in its own block of five.
fn rounded(domain: &Domain, cells: &[Cell], counts: &[u64]) -> Vec<Cell> {
    let total = |cell: usize| {
        let value = (domain.children(cell).iter().map(|&child| counts[child]).sum::<u64>() + 2) / 5 * 5;
        Cell::Shown { value, low: value.saturating_sub(2), high: value + 2 }
    };
    cells.iter().take(domain.inner_len()).copied().chain((domain.inner_len()..domain.len()).map(total)).collect()
}

/// Where the cells with few people lie: about four in a hundred anywhere, or nearly all of the last locality.
#[derive(Clone, Copy, Debug)]
enum Hidden {
    Scattered,
    Elsewhere,
}

/// Rows of people in 18 months and 11 localities, most with one row and few with as many as the cap. How many figures the
/// attack narrows where totals are only rounded.
fn rows(cap: u64, hidden: Hidden) -> Result<usize, Box<dyn std::error::Error>> {
    let dimension = |name: &str, levels: usize, per| Dimension {
        name: name.into(),
        levels: (0..levels).map(|l| format!("{name} {l}")).collect(),
        per,
    };
    let dimensions = vec![dimension("month", 18, Per::Record), dimension("locality", 11, Per::Person)];
    let domain = Domain::new(dimensions, vec![vec![0], vec![1], vec![]])?;
    let measures = [Measure::rows("admissions", Some(cap))?, Measure::people("people")];
    let policy = Policy::nhs_sde().with_zeros(Zeros::Hidden);
    let layout = Layout::new(&[18, 11], &[vec![0], vec![1], vec![]]);
    let (mut small, mut base_5, mut wide, mut withheld, mut took) = (0, 0, 0, 0, 0.0);
    let (mut undecided, mut beside_rounded, mut beside_exact) = (0, 0, 0);
    for seed in 0..20 {
        let mut numbers = Numbers(seed + 1);
        let (mut cells, mut persons) = (Vec::new(), Vec::new());
        for cell in 0..domain.inner_len() {
            let few = match hidden {
                Hidden::Scattered => numbers.next(100) < 4,
                Hidden::Elsewhere => cell % 11 == 10 && numbers.next(10) < 9,
            };
            let people = if few { numbers.next(10) } else { 12 + numbers.next(60) };
            for person in 0..people {
                let number = (cell % 11 * 1_000) as u64 + person * 7 % 200;
                let rows = if numbers.next(8) == 0 { 1 + numbers.next(cap) } else { 1 };
                for _ in 0..rows {
                    cells.push(cell as u32);
                    persons.push(number as u32);
                }
            }
        }
        let mut counts = vec![0; domain.inner_len()];
        cells.iter().for_each(|&cell| counts[cell as usize] += 1);
        let mut tally = Tally::new(&domain, &measures)?;
        tally.add(&cells, &persons, &[])?;
        let started = Instant::now();
        let public = Public::nothing(&domain, &measures);
        let protected = protect(tally.finish()?, &domain, &measures, &policy, &Coverage::whole(&domain), &public)?;
        took += started.elapsed().as_secs_f64();
        let (inner, totals) = protected.cells(0).split_at(domain.inner_len());
        small += inner.iter().filter(|cell| cell.is_hidden()).count();
        for total in totals {
            match total {
                Cell::Shown { low, high, .. } if high - low <= 4 => base_5 += 1,
                Cell::Shown { .. } => wide += 1,
                _ => withheld += 1,
            }
        }
        let report = audit(&domain, &measures, &policy, &public, protected.table(), Depth::Check)?;
        if !report.narrowed.is_empty() {
            return Err(
                format!("rows, at most {cap}: the audit narrows {} withheld cells", report.narrowed.len()).into()
            );
        }
        let rows = protected.cells(0);
        let figures = layout.add_up(&counts);
        if rows.iter().zip(&figures).any(|(cell, &n)| n < cell.low() || cell.high().is_some_and(|high| high < n)) {
            return Err(format!("rows, at most {cap}: a figure does not lie where it is said to").into());
        }
        let attacked =
            |rows: &[Cell]| rows_in_whole_numbers(&layout, rows, protected.cells(1), cap, policy.suppressed());
        let found = attacked(rows);
        if found.narrowed > 0 {
            return Err(format!("rows, at most {cap}: in whole numbers {} figures are narrowed", found.narrowed).into());
        }
        undecided += found.undecided;
        beside_rounded += attacked(&rounded(&domain, rows, &counts)).narrowed;
        beside_exact += attacked(&exact(&domain, rows, &counts)).narrowed;
    }
    if beside_exact == 0 {
        return Err(format!("rows, at most {cap}: the attack finds nothing, not even beside exact figures").into());
    }
    println!(
        "rows 18x11, at most {cap}, {hidden:?}: {small} of {} cells hidden; totals {base_5} base 5, {wide} wider, {withheld} withheld; {:.3} s a table; \
         in whole numbers none narrowed ({undecided} values undecided), by rounding alone {beside_rounded}, by exact figures beside them {beside_exact}",
        20 * domain.inner_len(),
        took / 20.0,
    );
    Ok(beside_rounded)
}
