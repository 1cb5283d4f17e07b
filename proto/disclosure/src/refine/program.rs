//! The linear-programme form: totals that have no place in two chains, such as those of a full three-way table.
//!
//! They are published after the chains, by the same rule, with everything that the chains say as constraints: a cut is
//! made only where every scenario can be on both sides of it. Whether it can is asked of a linear programme over the inner
//! cells, so numbers count as real here: unlike in two chains, an attacker who uses that counts are whole might in
//! principle narrow further. Each programme is built from public bounds alone, in declared order, so that a solver's last
//! digits, too, follow from what is public; what it cannot decide counts as not allowed.

use microlp::{ComparisonOp, Error, OptimizationDirection, Problem, Solution, Variable};

use super::cuts::TotalCuts;
use super::run::{Cuts, UNBOUNDED};
use crate::domain::Domain;

/// The most scenarios of every inner cell, were it small, times the totals that are asked about and the cells under
/// each. It follows from the declared domain alone.
const MAX_QUESTIONS: usize = 600_000;

/// Whether the totals in `rest` can be asked about.
pub(super) fn fits(domain: &Domain, rest: &[usize], scenarios: usize) -> bool {
    let cells: usize = rest.iter().map(|&total| domain.cells_of_total(total).len()).sum();
    cells.saturating_mul(scenarios) <= MAX_QUESTIONS
}

/// How many tables are kept per scenario. They answer most questions without the solver, and never differently.
const MAX_SEEN: usize = 24;

/// Chosen values of some cells, which must stay possible.
struct Scenario {
    /// A table that shows them, with everything published so far as its constraints.
    table: Solution,
    /// Inner cells of such tables that earlier questions led to.
    seen: Vec<Vec<f64>>,
}

/// The public polytope of the inner cells.
pub(super) struct Programme<'a> {
    domain: &'a Domain,
    variables: Vec<Variable>,
    scenarios: Vec<Scenario>,
}

impl<'a> Programme<'a> {
    /// The inner cells within `inner`, and totals within their bounds as far as they have any; `None` where the solver
    /// finds no such table.
    pub(super) fn new(
        domain: &'a Domain,
        inner: &[(u64, u64)],
        totals: &[(usize, i32, i32)],
        fixed: &[Vec<(usize, i32)>],
    ) -> Option<Self> {
        let mut problem = Problem::new(OptimizationDirection::Minimize);
        let variables: Vec<Variable> =
            inner.iter().map(|&(low, high)| problem.add_var(0.0, (low as f64, high as f64))).collect();
        for &(total, low, high) in totals {
            let children = domain.children(total);
            let (least, most) = ends(&children, inner);
            let row = || children.iter().map(|&child| (variables[child], 1.0)).collect::<Vec<_>>();
            if i64::from(low) > least {
                problem.add_constraint(row(), ComparisonOp::Ge, f64::from(low));
            }
            if high < UNBOUNDED && i64::from(high) < most {
                problem.add_constraint(row(), ComparisonOp::Le, f64::from(high));
            }
        }
        let any = solved(problem.solve()).ok()??;
        let mut scenarios = Vec::with_capacity(fixed.len());
        for fixed in fixed {
            let mut table = Some(any.clone());
            for &(cell, value) in fixed {
                table = match table {
                    Some(table) => solved(table.fix_var(variables[cell], f64::from(value))).ok()?,
                    None => None,
                };
            }
            // An assignment that is impossible already needs no protection.
            let cells = |table: &Solution| variables.iter().map(|&variable| table.var_value(variable)).collect();
            scenarios.extend(table.map(|table| Scenario { seen: vec![cells(&table)], table }));
        }
        Some(Self { domain, variables, scenarios })
    }

    /// Publishes the block of a total around its true `value` between the nearest cuts that every scenario can be on both
    /// sides of. `None` where the solver cannot go on: nothing more may be published then.
    pub(super) fn publish(
        &mut self,
        total: usize,
        value: i32,
        within: (i64, i64),
        cuts: &TotalCuts,
    ) -> Option<(i32, i32)> {
        let children = self.domain.children(total);
        let (mut low, mut high) = (0, UNBOUNDED);
        let mut cut = cuts.at_or_below(value);
        while i64::from(cut) > within.0 {
            match self.judge(&children, cut) {
                Cut::Allowed => {
                    low = cut;
                    break;
                }
                // What cannot be below this cut cannot be below a lower one.
                Cut::NotBelow => break,
                Cut::NotAbove => cut = cuts.at_or_below(cut - 1),
            }
        }
        let mut cut = cuts.above(value);
        while i64::from(cut) <= within.1 {
            match self.judge(&children, cut) {
                Cut::Allowed => {
                    high = cut - 1;
                    break;
                }
                Cut::NotBelow => cut = cuts.above(cut),
                Cut::NotAbove => break,
            }
        }
        for Scenario { table, seen } in &mut self.scenarios {
            let ends = [
                (ComparisonOp::Ge, low, i64::from(low) > within.0),
                (ComparisonOp::Le, high, i64::from(high) < within.1),
            ];
            for (op, end, _) in ends.into_iter().filter(|&(_, _, says)| says) {
                let row: Vec<_> = children.iter().map(|&child| (self.variables[child], 1.0)).collect();
                seen.retain(|cells| meets(cells, &children, op, end));
                *table = solved(table.clone().add_constraint(row, op, f64::from(end))).ok()??;
            }
        }
        Some((low, high))
    }

    /// Whether every scenario can have the sum of `children` below the cut, and at or above it.
    fn judge(&mut self, children: &[usize], cut: i32) -> Cut {
        let variables = &self.variables;
        for (op, end, refused) in [(ComparisonOp::Le, cut - 1, Cut::NotBelow), (ComparisonOp::Ge, cut, Cut::NotAbove)] {
            let stuck = self.scenarios.iter_mut().position(|s| !s.reaches(variables, children, op, end));
            if let Some(place) = stuck {
                // The next cut is likely to fail it too. The order changes no answer.
                self.scenarios.swap(0, place);
                return refused;
            }
        }
        Cut::Allowed
    }
}

/// What the scenarios say of a cut.
enum Cut {
    Allowed,
    /// Some scenario cannot be at or above it.
    NotAbove,
    /// Some scenario cannot be below it.
    NotBelow,
}

impl Scenario {
    /// Whether the sum of the children can meet the bound; not where the solver gives up.
    fn reaches(&mut self, variables: &[Variable], children: &[usize], op: ComparisonOp, end: i32) -> bool {
        if self.seen.iter().any(|cells| meets(cells, children, op, end)) {
            return true;
        }
        let row: Vec<_> = children.iter().map(|&child| (variables[child], 1.0)).collect();
        let Ok(Some(table)) = solved(self.table.clone().add_constraint(row, op, f64::from(end))) else { return false };
        if self.seen.len() == MAX_SEEN {
            self.seen.remove(0);
        }
        self.seen.push(variables.iter().map(|&variable| table.var_value(variable)).collect());
        true
    }
}

/// Whether the sum of the children of a table meets the bound.
fn meets(cells: &[f64], children: &[usize], op: ComparisonOp, end: i32) -> bool {
    let sum: f64 = children.iter().map(|&child| cells[child]).sum();
    match op {
        ComparisonOp::Le => sum <= f64::from(end),
        _ => sum >= f64::from(end),
    }
}

/// The least and greatest sum of these cells by their own ranges.
pub(super) fn ends(children: &[usize], inner: &[(u64, u64)]) -> (i64, i64) {
    let sum = |end: fn(&(u64, u64)) -> u64| children.iter().map(|&child| end(&inner[child])).sum::<u64>();
    let signed = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    (signed(sum(|range| range.0)), signed(sum(|range| range.1)))
}

/// A solution, `None` where there is none, or the solver's failure.
fn solved(result: Result<microlp::SolveOutcome, Error>) -> Result<Option<Solution>, Error> {
    match result {
        Ok(outcome) => Ok(outcome.into_solution().ok()),
        Err(Error::Infeasible | Error::Unbounded) => Ok(None),
        Err(error) => Err(error),
    }
}
