//! Makes the region's population and its Parquet files, and prints how long it took and what came out.
//!
//! `cargo run -p demo --example population [people] [seed] [dir]`

use std::time::Instant;

use demo::population::{Spec, generate, shown};

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let mut spec = Spec::default();
    if let Some(people) = arguments.next() {
        spec.people = people.parse()?;
    }
    if let Some(seed) = arguments.next() {
        spec.seed = seed.parse()?;
    }
    let start = Instant::now();
    let population = generate(&spec);
    println!("generated {} people in {:.1} s", population.people().len(), start.elapsed().as_secs_f64());
    for figure in shown::figures(&population) {
        let mark = if figure.holds() { ' ' } else { '!' };
        println!(
            "{mark} {:9.4}  stated {:9.4} ± {:.4}  {}",
            figure.shown, figure.stated.value, figure.stated.tolerance, figure.name
        );
    }
    let mut rows = std::collections::BTreeMap::new();
    for provider in population.providers() {
        for (table, count) in population.records(provider).row_counts() {
            *rows.entry(table).or_insert(0) += count;
        }
    }
    println!("{rows:?}, {} rows in all", rows.values().sum::<usize>());
    if let Some(dir) = arguments.next() {
        let start = Instant::now();
        let rows = population.write_all(std::path::Path::new(&dir), |_| ())?;
        println!("wrote {rows} rows in {:.1} s", start.elapsed().as_secs_f64());
    }
    Ok(())
}
