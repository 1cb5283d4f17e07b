//! Tables made from plain records.

use disclosure::{
    AuditError, Cell, Column, Coverage, Covered, Depth, Dimension, Domain, Measure, MeasureKind, Per, Policy,
    Protected, Public, Report, Tally, audit, protect,
};

/// One contribution: the inner cell, the person, and the value in hundredths.
pub type Row = (u32, u32, i64);

/// A dimension with that many levels.
pub fn dimension(name: &str, levels: usize, per: Per) -> Dimension {
    Dimension { name: name.into(), levels: (0..levels).map(|l| format!("{name} {l}")).collect(), per }
}

/// A domain of these sizes; `totals` list the kept dimensions.
pub fn domain(sizes: &[(usize, Per)], totals: &[&[usize]]) -> Domain {
    let dimensions = sizes.iter().enumerate().map(|(d, &(n, per))| dimension(&format!("d{d}"), n, per)).collect();
    Domain::new(dimensions, totals.iter().map(|t| t.to_vec()).collect()).unwrap()
}

/// Protects these rows.
pub fn protected(
    domain: &Domain,
    measures: &[Measure],
    policy: &Policy,
    coverage: &Coverage,
    rows: &[Row],
) -> Protected {
    let mut tally = Tally::new(domain, measures).unwrap();
    let cells: Vec<u32> = rows.iter().map(|r| r.0).collect();
    let persons: Vec<u32> = rows.iter().map(|r| r.1).collect();
    let values: Vec<i64> = rows.iter().map(|r| r.2).collect();
    let sums = measures.iter().filter(|m| matches!(m.kind(), MeasureKind::Sum { .. })).count();
    tally.add(&cells, &persons, &vec![Column::Full(&values); sums]).unwrap();
    protect(tally.finish().unwrap(), domain, measures, policy, coverage, &Public::nothing(domain, measures)).unwrap()
}

/// What the whole machinery says about counts of different people per inner cell.
pub fn people(domain: &Domain, policy: &Policy, counts: &[u64]) -> Vec<Cell> {
    let mut rows = Vec::new();
    for (cell, &count) in counts.iter().enumerate() {
        for _ in 0..count {
            rows.push((u32::try_from(cell).unwrap(), u32::try_from(rows.len()).unwrap(), 0));
        }
    }
    protected(domain, &[Measure::people("people")], policy, &Coverage::whole(domain), &rows).cells(0).to_vec()
}

/// A coverage from one flag per inner cell.
pub fn coverage(domain: &Domain, covered: &[bool]) -> Coverage {
    let mut flags = covered.iter();
    Coverage::of(domain, |_| if *flags.next().unwrap() { Covered::Yes } else { Covered::No })
}

/// What an attack finds in a table beside which nothing is public.
pub fn attacked(
    domain: &Domain,
    measures: &[Measure],
    policy: &Policy,
    cells: &[Vec<Cell>],
    depth: Depth,
) -> Result<Report, AuditError> {
    audit(domain, measures, policy, &Public::nothing(domain, measures), cells, depth)
}
