//! What an attack found, in words.

use std::io::{self, Write};

use disclosure::{Finding, Findings, Interval};
use serde::Serialize;

use super::{Equation, Table};
use crate::render::plain;

/// The most parts of an equation that are named one by one.
const MAX_NAMED: usize = 12;

/// The contract of `--format json`.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    /// How many hidden figures were attacked.
    attacked: usize,
    /// Those of which the limits of the attack leave open whether they keep every value.
    undecided: usize,
    narrowed: Vec<Narrowed>,
}

#[derive(Debug, Serialize)]
struct Narrowed {
    cell: Vec<String>,
    claimed: Range,
    found: Range,
    /// Values between that it cannot have.
    excluded: Vec<u64>,
    /// Whether one value alone is left, or fewer than it claims.
    given_away: bool,
    because_of: Vec<String>,
}

#[derive(Clone, Copy, Debug, Serialize)]
struct Range {
    low: u64,
    /// None where nothing bounds it.
    high: Option<u64>,
}

impl Report {
    pub(super) fn new(table: &Table, found: &Findings) -> Self {
        let narrowed = |finding: &Finding| Narrowed {
            cell: table.labels[finding.figure.place()].clone(),
            claimed: Range::of(finding.claimed),
            found: Range::of(finding.found),
            excluded: finding.excluded.clone(),
            // What claims no range of its own is given away where its value is.
            given_away: finding.claimed.high.is_some() || finding.found.high == Some(finding.found.low),
            because_of: finding.because_of.iter().map(|id| words(table, &table.equations[id.place()])).collect(),
        };
        Self {
            attacked: found.attacked,
            undecided: found.undecided,
            narrowed: found.narrowed.iter().map(narrowed).collect(),
        }
    }

    /// What was found in one table of a declared domain: `label` names a measure's cell.
    pub(super) fn of_table(found: &disclosure::Report, label: impl Fn(usize, usize) -> Vec<String>) -> Self {
        let narrowed = |narrowed: &disclosure::Narrowed| {
            let range = |(low, high): (u64, u64)| Range { low, high: (high != u64::MAX).then_some(high) };
            let because = |&(measure, cell): &(usize, usize)| format!("({})", label(measure, cell).join(", "));
            Narrowed {
                cell: label(narrowed.measure, narrowed.cell),
                claimed: range(narrowed.claimed),
                found: range(narrowed.found),
                excluded: narrowed.excluded.clone(),
                given_away: true,
                because_of: narrowed.because_of.iter().map(because).collect(),
            }
        };
        Self {
            attacked: found.attacked,
            undecided: found.undecided,
            narrowed: found.narrowed.iter().map(narrowed).collect(),
        }
    }

    /// Whether some hidden figure is given away in part.
    pub(super) fn gives_away(&self) -> bool {
        self.narrowed.iter().any(|narrowed| narrowed.given_away)
    }

    pub(super) fn write(&self, out: &mut impl Write) -> io::Result<()> {
        let given = self.narrowed.iter().filter(|narrowed| narrowed.given_away).count();
        writeln!(out, "{} hidden figures attacked, {given} given away", self.attacked)?;
        for narrowed in &self.narrowed {
            let Narrowed { cell, claimed, found, excluded, because_of, .. } = narrowed;
            write!(out, "\n{}: claims {}, can only be {}", plain(&cell.join(", ")), claimed.words(), found.words())?;
            if !excluded.is_empty() {
                let values: Vec<String> = excluded.iter().map(u64::to_string).collect();
                write!(out, ", and not {}", values.join(", "))?;
            }
            writeln!(out)?;
            for equation in because_of {
                writeln!(out, "  {}", plain(equation))?;
            }
            if because_of.is_empty() {
                writeln!(out, "  by all equations together, counting whole people")?;
            }
        }
        if self.undecided > 0 {
            writeln!(out, "\n{} figures keep their ends; not every value between was tried", self.undecided)?;
        }
        out.flush()
    }
}

impl Range {
    fn of(interval: Interval) -> Self {
        Self { low: interval.low, high: interval.high }
    }

    fn words(self) -> String {
        match self.high {
            Some(high) if high == self.low => high.to_string(),
            Some(high) => format!("{} to {high}", self.low),
            None => format!("{} or more", self.low),
        }
    }
}

/// An equation in the labels of its figures.
fn words(table: &Table, equation: &Equation) -> String {
    let label = |figure: disclosure::FigureId| table.labels[figure.place()].join(", ");
    let parts: Vec<String> = if equation.parts.len() > MAX_NAMED {
        vec![format!("{} cells from ({}) on", equation.parts.len(), label(equation.parts[0]))]
    } else {
        equation.parts.iter().map(|&part| format!("({})", label(part))).collect()
    };
    if equation.distinct {
        format!("({}) is at least the largest and at most the sum of {}", label(equation.total), parts.join(", "))
    } else {
        format!("({}) = {}", label(equation.total), parts.join(" + "))
    }
}
