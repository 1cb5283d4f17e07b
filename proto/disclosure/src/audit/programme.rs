//! A component as a linear programme, and as one in whole numbers.

use microlp::{ComparisonOp, Error, OptimizationDirection, Problem, Solution, SolveOptions, Variable};

use super::AuditError;
use super::reduce::Component;
use super::revealed::{Equation, OPEN, Revealed};
use super::tighten::Bounds;

/// How far from a whole number the solver may end.
const TOLERANCE: f64 = 1e-5;

/// Which numbers figures may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Numbers {
    /// Any: an attack that misses what follows from people being whole.
    Real,
    /// Whole numbers where figures are whole, within so many branches.
    Whole {
        /// The most branches.
        branches: u64,
    },
}

/// What a programme was asked for.
#[derive(Clone, Debug)]
pub(super) enum Answer {
    /// A table: per figure of the component its value.
    Table(Vec<f64>),
    /// There is none.
    Impossible,
    /// The branches did not suffice.
    Undecided,
}

/// A component's programmes.
pub(super) struct Programme<'a> {
    revealed: &'a Revealed,
    bounds: &'a Bounds,
    component: &'a Component,
    /// Per figure of all, its place in the component.
    place: Vec<usize>,
}

/// A solved programme, to be solved again with a figure fixed.
pub(super) struct Solved {
    solution: Solution,
    variables: Vec<Variable>,
}

const ELSEWHERE: usize = usize::MAX;

impl<'a> Programme<'a> {
    pub(super) fn new(revealed: &'a Revealed, bounds: &'a Bounds, component: &'a Component) -> Self {
        let mut place = vec![ELSEWHERE; revealed.figures.len()];
        component.figures.iter().enumerate().for_each(|(at, &figure)| place[figure] = at);
        Self { revealed, bounds, component, place }
    }

    /// The place of a figure in this component's tables.
    pub(super) fn place(&self, figure: usize) -> usize {
        self.place[figure]
    }

    /// Some table, the sum of `goal`, figures with weights, at its least.
    pub(super) fn table(
        &self,
        goal: &[(usize, f64)],
        fixed: Option<(usize, u64)>,
        numbers: Numbers,
    ) -> Result<Answer, AuditError> {
        let (problem, variables) = self.problem(goal, fixed, numbers);
        let mut options = SolveOptions::default();
        if let Numbers::Whole { branches } = numbers {
            options.node_limit = Some(branches);
        }
        match problem.solve_with(options) {
            Ok(outcome) => Ok(match outcome.into_solution() {
                Ok(solution) => Answer::Table(self.values(&solution, &variables)),
                Err(_) => Answer::Undecided,
            }),
            Err(Error::Infeasible) => Ok(Answer::Impossible),
            Err(_) => Err(AuditError::Solver),
        }
    }

    /// Some table of real numbers, kept so that figures can be fixed in it.
    pub(super) fn any(&self) -> Result<Option<Solved>, AuditError> {
        let (problem, variables) = self.problem(&[], None, Numbers::Real);
        let solution = solved(problem.solve().and_then(settled))?;
        Ok(solution.map(|solution| Solved { solution, variables }))
    }

    /// From some table, another in which a figure has this value.
    pub(super) fn fix(&self, any: &Solved, figure: usize, value: u64) -> Result<Option<Vec<f64>>, AuditError> {
        let Some(shifted) = value.checked_sub(self.bounds.low[figure]) else { return Ok(None) };
        if value > self.bounds.high[figure] {
            return Ok(None);
        }
        let variable = any.variables[self.place[figure]];
        let solution = solved(any.solution.clone().fix_var(variable, shifted as f64).and_then(settled))?;
        Ok(solution.map(|solution| self.values(&solution, &any.variables)))
    }

    fn values(&self, solution: &Solution, variables: &[Variable]) -> Vec<f64> {
        let value =
            |(&figure, &variable): (&usize, &Variable)| self.bounds.low[figure] as f64 + solution.var_value(variable);
        self.component.figures.iter().zip(variables).map(value).collect()
    }

    /// The programme. Every figure counts from its lower bound, so that large figures do not drown small ones.
    fn problem(
        &self,
        goal: &[(usize, f64)],
        fixed: Option<(usize, u64)>,
        numbers: Numbers,
    ) -> (Problem, Vec<Variable>) {
        let mut problem = Problem::new(OptimizationDirection::Minimize);
        let mut weights = vec![0.0; self.component.figures.len()];
        goal.iter().for_each(|&(figure, weight)| weights[self.place[figure]] = weight);
        let variable = |(&figure, &weight): (&usize, &f64)| {
            let (low, high) = (self.bounds.low[figure], self.bounds.high[figure]);
            let (from, to) = match fixed {
                Some((of, value)) if of == figure => (value - low, value - low),
                _ if high == OPEN => (0, OPEN),
                _ => (0, high - low),
            };
            let whole = numbers != Numbers::Real && self.revealed.figures[figure].whole;
            match (i32::try_from(from), i32::try_from(to)) {
                (Ok(from), Ok(to)) if whole => problem.add_integer_var(weight, (from, to)),
                (Ok(from), Err(_)) if whole && to == OPEN => problem.add_integer_var(weight, (from, i32::MAX)),
                _ => problem.add_var(weight, (from as f64, if to == OPEN { f64::INFINITY } else { to as f64 })),
            }
        };
        let variables: Vec<Variable> = self.component.figures.iter().zip(&weights).map(variable).collect();
        for &equation in &self.component.equations {
            match &self.revealed.equations[equation] {
                Equation::Sum { total, parts } => {
                    let terms = parts.iter().map(|&part| (part, 1.0)).chain([(*total, -1.0)]);
                    self.constrain(&mut problem, &variables, terms, ComparisonOp::Eq);
                }
                Equation::Union { total, parts } => {
                    let terms = parts.iter().map(|&part| (part, 1.0)).chain([(*total, -1.0)]);
                    self.constrain(&mut problem, &variables, terms, ComparisonOp::Ge);
                    for &part in parts.iter().filter(|&&part| self.bounds.high[part] > self.bounds.low[*total]) {
                        self.constrain(&mut problem, &variables, [(*total, 1.0), (part, -1.0)], ComparisonOp::Ge);
                    }
                }
                Equation::AtLeastOneEach { rows, people } => {
                    self.constrain(&mut problem, &variables, [(*rows, 1.0), (*people, -1.0)], ComparisonOp::Ge);
                }
                Equation::AtMostEach { amount, people, cap } => {
                    let terms = [(*people, *cap as f64), (*amount, -1.0)];
                    self.constrain(&mut problem, &variables, terms, ComparisonOp::Ge);
                }
            }
        }
        (problem, variables)
    }

    /// A constraint against nought over figures, those that are fixed taken to the other side.
    fn constrain(
        &self,
        problem: &mut Problem,
        variables: &[Variable],
        terms: impl IntoIterator<Item = (usize, f64)>,
        op: ComparisonOp,
    ) {
        let mut constant = 0.0;
        let mut loose = Vec::new();
        for (figure, weight) in terms {
            constant += weight * self.bounds.low[figure] as f64;
            if !self.bounds.is_fixed(figure) {
                loose.push((variables[self.place[figure]], weight));
            }
        }
        problem.add_constraint(loose, op, -constant);
    }
}

/// The whole number that a value stands for, if it is one.
pub(super) fn whole(value: f64) -> Option<u64> {
    let rounded = value.round();
    ((value - rounded).abs() < TOLERANCE && rounded >= 0.0).then_some(rounded as u64)
}

/// The least whole number that is not below a value found as a minimum.
pub(super) fn up(value: f64) -> u64 {
    (value - TOLERANCE).ceil().max(0.0) as u64
}

/// The greatest whole number that is not above a value found as a maximum.
pub(super) fn down(value: f64) -> u64 {
    (value + TOLERANCE).floor().max(0.0) as u64
}

fn settled(outcome: microlp::SolveOutcome) -> Result<Solution, Error> {
    outcome.into_solution().map_err(|_| Error::InternalError(String::new()))
}

/// A solution, `None` where there is none, or the solver's failure without its text.
fn solved(result: Result<Solution, Error>) -> Result<Option<Solution>, AuditError> {
    match result {
        Ok(solution) => Ok(Some(solution)),
        Err(Error::Infeasible) => Ok(None),
        Err(_) => Err(AuditError::Solver),
    }
}
