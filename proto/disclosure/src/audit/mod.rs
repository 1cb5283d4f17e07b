//! The attacker's linear programme over everything that tables reveal.
//!
//! It is a check that never steers a decision, and it shares no code with the refinement. Figures lie within the bounds
//! that they show, totals are equations, people, rows and sums bound each other, what is public elsewhere bounds them
//! too; and everything hidden is asked whether it can still be all that it claims. First each equation by itself is
//! followed up in whole numbers, then whatever still says something goes to a linear programme, part by part; where the
//! equations form a network that is exact in whole numbers, and elsewhere narrow ranges are asked for value by value.
//! Every limit is one of steps or of the declaration, so the same table always gets the same findings.
//!
//! Anyone can run it on any published table, by [`audit`] on one of a declared domain and by [`Revealed`] on any other.

mod attack;
mod equations;
mod explain;
mod programme;
mod reduce;
mod revealed;
mod search;
mod table;
mod tighten;
mod weights;

pub use self::equations::{Equations, MAX_TIGHTENED_FIGURES};
pub use self::revealed::{EquationId, FigureId, Revealed};

use self::table::Table;
use crate::bounds::Interval;
use crate::cell::Cell;
use crate::domain::Domain;
use crate::measure::{Measure, MeasureError, check_measures};
use crate::policy::Policy;
use crate::public::Public;

/// The most figures that are attacked together.
pub const MAX_FIGURES: usize = 100_000;

/// The most figures, cells times measures, of a declared table that a node attacks before it releases it.
pub const MAX_AUDITED_FIGURES: usize = 30_000;

/// Whether a node attacks tables of this declaration: it follows from the declaration alone, never from data or time. A
/// table of one measure always is.
#[must_use]
pub fn is_audited(domain: &Domain, measures: &[Measure]) -> bool {
    domain.len().saturating_mul(measures.len()) <= MAX_AUDITED_FIGURES
}

/// How much an attack spends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// What a node spends on its own output: everything in real numbers, few questions in whole ones, no reasons.
    Check,
    /// Everything, with the equations that narrow each figure.
    Thorough,
}

/// A hidden figure that is given away in part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The figure.
    pub figure: FigureId,
    /// The range that it claims to keep.
    pub claimed: Interval,
    /// The range that it keeps.
    pub found: Interval,
    /// Values within that range that it cannot have.
    pub excluded: Vec<u64>,
    /// Equations that together suffice to narrow it; empty where they were not asked for, where there are too
    /// many to single out, or where only counting in whole numbers over all of them narrows it.
    pub because_of: Vec<EquationId>,
}

/// What an attack found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    /// How many hidden figures were attacked.
    pub attacked: usize,
    /// Those that are narrowed, in the order of the figures.
    pub narrowed: Vec<Finding>,
    /// Those that keep their ends, but of which the limits of the attack leave open whether they keep every value
    /// between.
    pub undecided: usize,
}

impl Revealed {
    /// Attacks everything hidden.
    ///
    /// # Errors
    /// An [`AuditError`] where there are more than [`MAX_FIGURES`] figures, they cannot all be true, or the solver fails.
    pub fn attack(&self, depth: Depth) -> Result<Findings, AuditError> {
        attack::attack(self, depth)
    }
}

/// A hidden figure of a table that the table gives away in part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Narrowed {
    /// The place of the measure.
    pub measure: usize,
    /// The cell.
    pub cell: usize,
    /// The range that the cell claims to keep, least and greatest.
    pub claimed: (u64, u64),
    /// The range that it keeps.
    pub found: (u64, u64),
    /// Values within that range that it cannot have.
    pub excluded: Vec<u64>,
    /// Totals, and cells of other measures, whose equations suffice to narrow it, as `(measure, cell)`; empty where
    /// they were not asked for or the table is too large to say.
    pub because_of: Vec<(usize, usize)>,
}

/// What an attack on one table found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// How many suppressed counts, and withheld rows that have a range, were attacked.
    pub attacked: usize,
    /// Those that the table narrows.
    pub narrowed: Vec<Narrowed>,
    /// Those that keep their ends, but of which the limits of the attack leave open whether they keep every value
    /// between.
    pub undecided: usize,
}

/// Attacks a table made under a policy: per measure, one cell for every cell of the domain.
///
/// A hidden figure claims to keep the range that it wears. Where something was `public` about the table before, it claims
/// what that, and what is said of inner cells one by one, left of the range: no table can give back what was known.
///
/// # Errors
/// An [`AuditError`] where the cells are not of this domain and these measures, are too many, or cannot all be true, or
/// where the solver fails. A node treats every error as a failed check.
pub fn audit(
    domain: &Domain,
    measures: &[Measure],
    policy: &Policy,
    public: &Public,
    cells: &[Vec<Cell>],
    depth: Depth,
) -> Result<Report, AuditError> {
    check_measures(measures)?;
    if cells.len() != measures.len() || cells.iter().any(|cells| cells.len() != domain.len()) {
        return Err(AuditError::Shape);
    }
    if !public.is_of(domain, measures) {
        return Err(AuditError::Shape);
    }
    let mut table = Table::new(domain, measures, policy, public, cells);
    if !public.is_nothing() {
        let before = Table::new(domain, measures, policy, public, &inner_alone(domain, cells)).revealed;
        table.revealed.claim(&before.attack(depth)?);
    }
    let found = table.revealed.attack(depth)?;
    let narrowed = |finding: Finding| {
        let (measure, cell) = table.cells[finding.figure.0]?;
        let range = |interval: Interval| (interval.low, interval.high.unwrap_or(u64::MAX));
        let mut because_of: Vec<(usize, usize)> =
            finding.because_of.iter().filter_map(|equation| table.of_equation(equation.0)).collect();
        because_of.sort_unstable();
        because_of.dedup();
        Some(Narrowed {
            measure,
            cell,
            claimed: range(finding.claimed),
            found: range(finding.found),
            excluded: finding.excluded,
            because_of,
        })
    };
    Ok(Report {
        attacked: found.attacked,
        narrowed: found.narrowed.into_iter().filter_map(narrowed).collect(),
        undecided: found.undecided,
    })
}

/// The table with nothing said of its totals.
fn inner_alone(domain: &Domain, cells: &[Vec<Cell>]) -> Vec<Vec<Cell>> {
    let said = |(cell, said): (usize, &Cell)| match said {
        Cell::NotCovered => Cell::NotCovered,
        _ if domain.is_total(cell) => Cell::Withheld,
        said => *said,
    };
    cells.iter().map(|cells| cells.iter().enumerate().map(said).collect()).collect()
}

/// Why tables cannot be attacked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AuditError {
    /// The list of measures cannot be.
    #[error("the measures cannot be audited together")]
    Measures(#[from] MeasureError),
    /// Not one cell per measure and declared cell.
    #[error("the table does not have the declared measures and cells")]
    Shape,
    /// More than [`MAX_FIGURES`].
    #[error("more than {MAX_FIGURES} figures cannot be attacked together")]
    TooLarge,
    /// Figures that cannot all be true.
    #[error("totals and cells contradict each other")]
    Contradiction,
    /// The solver gave up.
    #[error("the solver could not decide")]
    Solver,
}
