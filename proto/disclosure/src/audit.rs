//! The attacker's linear programme over everything that a table reveals.
//!
//! It is a check that never steers a decision, and it shares no code with the refinement: cells are variables within the
//! bounds that they show, totals are equations, people, rows and sums bound each other, and every suppressed count is
//! asked whether it can still take the least and the greatest value of its range, as are rows that are withheld only
//! because few people stand behind them. Anyone can run it on any published table. It takes cells as real numbers, which is exact where the equations form a network; elsewhere an attacker who
//! uses that counts are whole might narrow further.

use microlp::{ComparisonOp, Error, OptimizationDirection, Problem, Solution, Variable};

use crate::bounds::{Kin, Relation, own, relations};
use crate::cell::Cell;
use crate::domain::Domain;
use crate::measure::{Measure, MeasureError, MeasureKind, check_measures};
use crate::policy::Policy;
use crate::rows::withheld_rows;

/// The most variables, measures times cells, of an attack.
pub const MAX_AUDIT_VARIABLES: usize = 40_000;
/// The most equations for which the ones that narrow a cell are singled out.
const MAX_EXPLAINED: usize = 300;
/// How far from a whole number the solver may end.
const TOLERANCE: f64 = 1e-6;

/// A hidden figure that a table gives away in part.
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
    /// Totals whose equations suffice to narrow it, as `(measure, cell)`; empty where the table is too large to say.
    pub because_of: Vec<(usize, usize)>,
}

/// What an attack on one table found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// How many suppressed counts, and withheld rows that have a range, were attacked.
    pub attacked: usize,
    /// Those that the table narrows.
    pub narrowed: Vec<Narrowed>,
}

/// Attacks a table made under a policy: per measure, one cell for every cell of the domain.
///
/// # Errors
/// An [`AuditError`] where the cells are not of this domain and these measures, are too many, or cannot all be true, or
/// where the solver fails. A node treats every error as a failed check.
pub fn audit(
    domain: &Domain,
    measures: &[Measure],
    policy: &Policy,
    cells: &[Vec<Cell>],
) -> Result<Report, AuditError> {
    check_measures(measures)?;
    if cells.len() != measures.len() || cells.iter().any(|cells| cells.len() != domain.len()) {
        return Err(AuditError::Shape);
    }
    if measures.len() * domain.len() > MAX_AUDIT_VARIABLES {
        return Err(AuditError::TooLarge);
    }
    let attack = Attack::new(domain, measures, policy, cells);
    let all = vec![true; attack.relations.len()];
    let (problem, variables) = attack.problem(&all, None);
    let any = solved(problem.solve().and_then(settled))?.ok_or(AuditError::Contradiction)?;
    let mut report = Report::default();
    for (measure, of_measure) in cells.iter().enumerate() {
        for (cell, said) in of_measure.iter().enumerate() {
            let (low, high) = match *said {
                Cell::Suppressed { low, high } => (low, high),
                Cell::Withheld if !domain.is_total(cell) => match withheld_rows(&measures[measure], policy) {
                    Some(range) => range,
                    None => continue,
                },
                _ => continue,
            };
            report.attacked += 1;
            let variable = variables[measure][cell];
            if possible(&any, variable, low)? && possible(&any, variable, high)? {
                continue;
            }
            let found = (
                attack.extreme(&all, (measure, cell), OptimizationDirection::Minimize)?.unwrap_or(low),
                attack.extreme(&all, (measure, cell), OptimizationDirection::Maximize)?.unwrap_or(high),
            );
            let because_of = attack.because_of((measure, cell), (low, high))?;
            report.narrowed.push(Narrowed { measure, cell, claimed: (low, high), found, because_of });
        }
    }
    Ok(report)
}

/// Everything that a table reveals.
struct Attack<'a> {
    domain: &'a Domain,
    measures: &'a [Measure],
    policy: &'a Policy,
    cells: &'a [Vec<Cell>],
    /// The measure and the relation between its cells.
    relations: Vec<(usize, Relation)>,
}

impl<'a> Attack<'a> {
    fn new(domain: &'a Domain, measures: &'a [Measure], policy: &'a Policy, cells: &'a [Vec<Cell>]) -> Self {
        let covered: Vec<bool> = cells[0].iter().map(|cell| *cell != Cell::NotCovered).collect();
        let of_measure = |(m, measure): (usize, &Measure)| {
            relations(domain, measure.kind(), &covered).into_iter().map(move |relation| (m, relation))
        };
        let all = measures.iter().enumerate().flat_map(of_measure);
        // A withheld total says nothing, so what it is the sum of says nothing either.
        let speaks = |(m, relation): &(usize, Relation)| cells[*m][relation.total] != Cell::Withheld;
        Self { domain, measures, policy, cells, relations: all.filter(speaks).collect() }
    }

    /// The programme with the relations in `used`, and one cell as its objective.
    fn problem(
        &self,
        used: &[bool],
        goal: Option<((usize, usize), OptimizationDirection)>,
    ) -> (Problem, Vec<Vec<Variable>>) {
        let mut problem = Problem::new(goal.map_or(OptimizationDirection::Minimize, |(_, direction)| direction));
        let place = goal.map(|(place, _)| place);
        let mut variable = |m: usize, cell: usize| {
            let said = &self.cells[m][cell];
            let alone = own(self.domain, &self.measures[m], self.policy, cell, said);
            let high = if *said == Cell::NotCovered { Some(0) } else { alone.high };
            let bounds = (alone.low as f64, high.map_or(f64::INFINITY, |high| high as f64));
            problem.add_var(if place == Some((m, cell)) { 1.0 } else { 0.0 }, bounds)
        };
        let variables: Vec<Vec<Variable>> =
            (0..self.measures.len()).map(|m| (0..self.domain.len()).map(|cell| variable(m, cell)).collect()).collect();
        for ((m, Relation { total, children, kin }), _) in self.relations.iter().zip(used).filter(|(_, used)| **used) {
            let of = &variables[*m];
            let difference = || children.iter().map(|&child| (of[child], 1.0)).chain([(of[*total], -1.0)]);
            match kin {
                Kin::Sum => problem.add_constraint(difference().collect::<Vec<_>>(), ComparisonOp::Eq, 0.0),
                Kin::Union => {
                    problem.add_constraint(difference().collect::<Vec<_>>(), ComparisonOp::Ge, 0.0);
                    for &child in children {
                        problem.add_constraint([(of[*total], 1.0), (of[child], -1.0)], ComparisonOp::Ge, 0.0);
                    }
                }
            }
        }
        self.couple(&mut problem, &variables);
        (problem, variables)
    }

    /// People, rows and sums of one cell bound each other.
    fn couple(&self, problem: &mut Problem, variables: &[Vec<Variable>]) {
        let Some(people) = self.measures.iter().position(|m| m.kind() == MeasureKind::People) else { return };
        for (m, measure) in self.measures.iter().enumerate().filter(|&(m, _)| m != people) {
            // A total that says nothing bounds nothing; a hidden inner cell may stand in the equation of one that does.
            let speaks = |&cell: &usize| !self.domain.is_total(cell) || self.cells[m][cell] != Cell::Withheld;
            for cell in (0..self.domain.len()).filter(speaks) {
                let (people, amount) = (variables[people][cell], variables[m][cell]);
                if let MeasureKind::Rows { .. } = measure.kind() {
                    problem.add_constraint([(amount, 1.0), (people, -1.0)], ComparisonOp::Ge, 0.0);
                }
                if let (Some(cap), false) = (measure.at_most_per_person(), self.domain.is_total(cell)) {
                    problem.add_constraint([(amount, 1.0), (people, -(cap as f64))], ComparisonOp::Le, 0.0);
                }
            }
        }
    }

    /// The least or greatest whole value of a cell, or `None` where nothing fits or nothing bounds it.
    fn extreme(
        &self,
        used: &[bool],
        place: (usize, usize),
        direction: OptimizationDirection,
    ) -> Result<Option<u64>, AuditError> {
        let least = matches!(direction, OptimizationDirection::Minimize);
        let (problem, variables) = self.problem(used, Some((place, direction)));
        let Some(solution) = solved(problem.solve().and_then(settled))? else { return Ok(None) };
        let value = solution.var_value(variables[place.0][place.1]);
        let whole = if least { (value - TOLERANCE).ceil() } else { (value + TOLERANCE).floor() };
        Ok(Some(whole.max(0.0) as u64))
    }

    /// Totals without any of which the cell would keep its range: each is left out in turn, and stays out if the rest
    /// still narrow the cell.
    fn because_of(&self, place: (usize, usize), claimed: (u64, u64)) -> Result<Vec<(usize, usize)>, AuditError> {
        if self.relations.len() > MAX_EXPLAINED {
            return Ok(Vec::new());
        }
        let mut used = vec![true; self.relations.len()];
        for left_out in 0..used.len() {
            used[left_out] = false;
            let low = self.extreme(&used, place, OptimizationDirection::Minimize)?;
            let high = self.extreme(&used, place, OptimizationDirection::Maximize)?;
            let narrowed = low.is_some_and(|low| low > claimed.0) || high.is_some_and(|high| high < claimed.1);
            used[left_out] = !narrowed;
        }
        let mut totals: Vec<(usize, usize)> =
            self.relations.iter().zip(used).filter(|(_, used)| *used).map(|((m, r), _)| (*m, r.total)).collect();
        totals.dedup();
        Ok(totals)
    }
}

/// Whether the variable can have this value, from a solution of the rest.
fn possible(any: &Solution, variable: Variable, value: u64) -> Result<bool, AuditError> {
    let value = value as f64;
    if (any.var_value(variable) - value).abs() < TOLERANCE {
        return Ok(true);
    }
    Ok(solved(any.clone().fix_var(variable, value).and_then(settled))?.is_some())
}

fn settled(outcome: microlp::SolveOutcome) -> Result<Solution, Error> {
    outcome.into_solution().map_err(|_| Error::InternalError(String::new()))
}

/// A solution, `None` where there is none, or the solver's failure without its text.
fn solved(result: Result<Solution, Error>) -> Result<Option<Solution>, AuditError> {
    match result {
        Ok(solution) => Ok(Some(solution)),
        Err(Error::Infeasible | Error::Unbounded) => Ok(None),
        Err(_) => Err(AuditError::Solver),
    }
}

/// Why a table cannot be attacked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AuditError {
    /// The list of measures cannot be.
    #[error("the measures cannot be audited together")]
    Measures(#[from] MeasureError),
    /// Not one cell per measure and declared cell.
    #[error("the table does not have the declared measures and cells")]
    Shape,
    /// More than [`MAX_AUDIT_VARIABLES`].
    #[error("a table of more than {MAX_AUDIT_VARIABLES} measured cells cannot be audited")]
    TooLarge,
    /// Cells that cannot all be true.
    #[error("totals and cells contradict each other")]
    Contradiction,
    /// The solver gave up.
    #[error("the solver could not decide")]
    Solver,
}
