//! Measures the attack on protected tables of several shapes, on one core.
//!
//! `cargo run --release -p disclosure --example attack`

use std::time::Instant;

use disclosure::{
    Cell, Column, Coverage, Depth, Dimension, Domain, Measure, MeasureKind, Per, Policy, Public, Tally, Zeros, audit,
    protect,
};

type Outcome = Result<(), Box<dyn std::error::Error>>;
/// The levels of a dimension and what has one of them.
type Size = (usize, Per);

/// A small generator, so that figures can be compared between runs.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below
    }
}

fn main() -> Outcome {
    let (person, record) = (Per::Person, Per::Record);
    let people = || vec![Measure::people("people")];
    let margins = || vec![vec![], vec![1], vec![0]];
    let nested = || vec![vec![], vec![2], vec![0], vec![0, 2], vec![0, 1]];
    let crossed = || vec![vec![], vec![0], vec![1], vec![2], vec![0, 1], vec![0, 2], vec![1, 2]];
    table("100 x 20", &[(100, person), (20, person)], margins(), &people())?;
    table("60 in 10 groups x 10", &[(10, person), (6, person), (10, person)], nested(), &people())?;
    table("700 in 70 groups x 11", &[(70, person), (10, person), (11, person)], nested(), &people())?;
    table("10 x 5 x 4, crossed", &[(10, person), (5, person), (4, person)], crossed(), &people())?;
    table("18 x 11 months, a union", &[(18, person), (11, record)], margins(), &people())?;
    table("190 x 100", &[(190, person), (100, person)], margins(), &people())?;
    table("30 x 25 x 20, crossed", &[(30, person), (25, person), (20, person)], crossed(), &people())?;
    let all = || -> Result<Vec<Measure>, disclosure::MeasureError> {
        Ok(vec![Measure::people("people"), Measure::rows("rows", Some(3))?, Measure::sum("days", 90)?])
    };
    table("18 x 11, people, rows, days", &[(18, person), (11, person)], margins(), &all()?)?;
    table("18 x 11 months, people, rows, days", &[(18, person), (11, record)], margins(), &all()?)?;
    table("100 x 20, people, rows, days", &[(100, person), (20, person)], margins(), &all()?)?;
    table("180 x 100, people, rows, days", &[(180, person), (100, person)], margins(), &all()?)
}

/// A skewed table in which about a fifth of the inner cells is small; everybody is in one cell, with one or two rows.
fn table(name: &str, sizes: &[Size], totals: Vec<Vec<usize>>, measures: &[Measure]) -> Outcome {
    let dimension = |(d, &(levels, per)): (usize, &Size)| Dimension {
        name: d.to_string(),
        levels: (0..levels).map(|level| level.to_string()).collect(),
        per,
    };
    let domain = Domain::new(sizes.iter().enumerate().map(dimension).collect(), totals)?;
    let mut numbers = Numbers(7);
    let (mut cells, mut persons, mut days) = (Vec::new(), Vec::new(), Vec::new());
    let mut next = 0u32;
    for cell in 0..domain.inner_len() {
        let people = if numbers.next(5) == 0 { numbers.next(8) } else { 8 + numbers.next(12) * numbers.next(12) };
        for _ in 0..people {
            for _ in 0..=numbers.next(2) {
                cells.push(cell as u32);
                persons.push(next);
                days.push(numbers.next(2000) as i64);
            }
            next += 1;
        }
    }
    for policy in [Policy::nhs_sde(), Policy::nhs_sde().with_zeros(Zeros::Hidden)] {
        let mut tally = Tally::new(&domain, measures)?;
        let sums = measures.iter().filter(|m| matches!(m.kind(), MeasureKind::Sum { .. })).count();
        tally.add(&cells, &persons, &vec![Column::Full(&days); sums])?;
        let public = Public::nothing(&domain, measures);
        let protected = protect(tally.finish()?, &domain, measures, &policy, &Coverage::whole(&domain), &public)?;
        let small = protected.cells(0).iter().filter(|cell| matches!(cell, Cell::Suppressed { .. })).count();
        for depth in [Depth::Check, Depth::Thorough] {
            let started = Instant::now();
            let found = audit(&domain, measures, &policy, &public, protected.table(), depth)?;
            println!(
                "{name}, zeros {:?}: {} figures, {small} small, {depth:?}: {} narrowed, {} undecided, {:.3} s",
                policy.zeros(),
                domain.len() * measures.len(),
                found.narrowed.len(),
                found.undecided,
                started.elapsed().as_secs_f64(),
            );
        }
    }
    Ok(())
}
