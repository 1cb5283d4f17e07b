//! What a linear programme proves about one figure, in whole numbers.
//!
//! The programme is solved from its other side: it looks for weights of the equations. Any weights give a bound, by sums
//! alone; the programme finds those that give the best one. The solver's weights are rounded to fractions and the bound is
//! then worked out exactly, so whatever the solver returns, the bound holds.

use microlp::{ComparisonOp, OptimizationDirection, Problem};

use super::reduce::Component;
use super::revealed::{Equation, OPEN, Revealed};
use super::search::End;
use super::tighten::Bounds;

/// The greatest denominator of weights that are looked for; beyond it they are taken in parts of [`FINE`].
const MAX_DENOMINATOR: u32 = 60;
/// The denominator of weights that are no simple fractions.
const FINE: u32 = 1 << 20;
/// How far from a fraction the solver's weights may be.
const NEAR: f64 = 1e-6;

/// The greatest weight that is taken, so that exact sums stay within their numbers.
const MOST_WEIGHT: f64 = 1e6;

/// One side of an equation: these terms, figures times numbers, are nought, or at least nought.
struct Row {
    terms: Vec<(usize, i64)>,
    equals: bool,
}

/// A component's rows.
pub(super) struct Weights<'a> {
    component: &'a Component,
    whole: Vec<bool>,
    /// Per figure of all, its place in the component.
    place: Vec<usize>,
    rows: Vec<Row>,
}

const FIXED: usize = usize::MAX;

impl<'a> Weights<'a> {
    pub(super) fn new(revealed: &Revealed, component: &'a Component) -> Self {
        let mut place = vec![FIXED; revealed.figures.len()];
        component.figures.iter().enumerate().for_each(|(at, &figure)| place[figure] = at);
        let whole = component.figures.iter().map(|&figure| revealed.figures[figure].whole).collect();
        let rows = component.equations.iter().flat_map(|&equation| rows(&revealed.equations[equation])).collect();
        Self { component, whole, place, rows }
    }

    /// The best bound that the equations prove for an end of a figure, `bounds` being known, and beside it a table that
    /// may be one; `None` where they prove none.
    pub(super) fn bound(&self, bounds: &Bounds, table: &[u64], figure: usize, end: End) -> Option<u64> {
        let found = self.solve(bounds, table, figure, end)?;
        if found.iter().any(|weight| !weight.is_finite() || weight.abs() > MOST_WEIGHT) {
            return None;
        }
        (1..=MAX_DENOMINATOR)
            .find_map(|denominator| self.rounded(&found, denominator).map(|weights| (denominator, weights)))
            .or_else(|| Some((FINE, self.cut(&found, FINE))))
            .and_then(|(denominator, weights)| self.proves(bounds, figure, end, denominator, &weights))
    }

    /// Weights that make what the figures' own ranges leave open least, counted from `table`.
    fn solve(&self, bounds: &Bounds, table: &[u64], figure: usize, end: End) -> Option<Vec<f64>> {
        let mut problem = Problem::new(OptimizationDirection::Minimize);
        let mut of_figures: Vec<Vec<(microlp::Variable, f64)>> = vec![Vec::new(); self.component.figures.len()];
        let mut weights = Vec::with_capacity(self.rows.len());
        for row in &self.rows {
            let over: f64 = row.terms.iter().map(|&(figure, number)| number as f64 * table[figure] as f64).sum();
            let range = if row.equals { (f64::NEG_INFINITY, f64::INFINITY) } else { (0.0, f64::INFINITY) };
            let weight = problem.add_var(over, range);
            for &(figure, number) in row.terms.iter().filter(|term| self.place[term.0] != FIXED) {
                of_figures[self.place[figure]].push((weight, number as f64));
            }
            weights.push(weight);
        }
        for (&of, mut terms) in self.component.figures.iter().zip(of_figures) {
            let (down, up) = (table[of] - bounds.low[of], bounds.high[of].saturating_sub(table[of]));
            terms.push((problem.add_var(down as f64, (0.0, f64::INFINITY)), 1.0));
            if bounds.high[of] != OPEN {
                terms.push((problem.add_var(up as f64, (0.0, f64::INFINITY)), -1.0));
            }
            let goal = match end {
                End::Low if of == figure => 1.0,
                End::High if of == figure => -1.0,
                _ => 0.0,
            };
            problem.add_constraint(terms, ComparisonOp::Eq, goal);
        }
        let solution = problem.solve().ok()?.into_solution().ok()?;
        Some(weights.into_iter().map(|weight| solution.var_value(weight)).collect())
    }

    /// The weights in parts of so much, where they are near to such fractions.
    fn rounded(&self, found: &[f64], denominator: u32) -> Option<Vec<i64>> {
        let scale = f64::from(denominator);
        found
            .iter()
            .all(|weight| (weight * scale - (weight * scale).round()).abs() < NEAR * scale)
            .then(|| self.cut(found, denominator))
    }

    fn cut(&self, found: &[f64], denominator: u32) -> Vec<i64> {
        let scale = f64::from(denominator);
        let of = |(row, weight): (&Row, &f64)| {
            let weight = (weight * scale).round() as i64;
            if row.equals { weight } else { weight.max(0) }
        };
        self.rows.iter().zip(found).map(of).collect()
    }

    /// The bound that these weights prove, worked out exactly: INVARIANT: whatever they are, it holds wherever `bounds` do.
    ///
    /// The figure is the sum over all figures of what is left of each when the weighted rows are taken away, plus the
    /// weighted rows themselves, which are nought or more.
    fn proves(&self, bounds: &Bounds, figure: usize, end: End, denominator: u32, weights: &[i64]) -> Option<u64> {
        let mut left = vec![0i128; self.component.figures.len()];
        let goal = i128::from(denominator);
        left[self.place[figure]] = match end {
            End::Low => goal,
            End::High => -goal,
        };
        let mut least = 0i128;
        for (row, &weight) in self.rows.iter().zip(weights).filter(|(_, weight)| **weight != 0) {
            for &(figure, number) in &row.terms {
                let taken = i128::from(weight) * i128::from(number);
                match self.place[figure] {
                    FIXED => least -= taken * i128::from(bounds.low[figure]),
                    place => left[place] -= taken,
                }
            }
        }
        for (&figure, &left) in self.component.figures.iter().zip(&left) {
            let bound = if left > 0 { bounds.low[figure] } else { bounds.high[figure] };
            if left < 0 && bound == OPEN {
                return None;
            }
            least += left * i128::from(bound);
        }
        let is_whole = self.whole[self.place[figure]];
        match end {
            // A count is a whole number; an amount may lie up to one beyond the whole number that bounds it.
            End::Low => u64::try_from(if is_whole { ceiling(least, goal) } else { least.div_euclid(goal) }.max(0)).ok(),
            End::High => u64::try_from(if is_whole { (-least).div_euclid(goal) } else { ceiling(-least, goal) }).ok(),
        }
    }
}

fn ceiling(number: i128, denominator: i128) -> i128 {
    -(-number).div_euclid(denominator)
}

fn rows(equation: &Equation) -> Vec<Row> {
    let row = |terms, equals| Row { terms, equals };
    let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    match equation {
        Equation::Sum { total, parts } => {
            vec![row(parts.iter().map(|&part| (part, 1)).chain([(*total, -1)]).collect(), true)]
        }
        Equation::Union { total, parts } => {
            let at_most = row(parts.iter().map(|&part| (part, 1)).chain([(*total, -1)]).collect(), false);
            let least = parts.iter().map(|&part| row(vec![(*total, 1), (part, -1)], false));
            least.chain([at_most]).collect()
        }
        Equation::AtLeastOneEach { rows, people } => vec![row(vec![(*rows, 1), (*people, -1)], false)],
        Equation::AtMostEach { amount, people, cap } => {
            vec![row(vec![(*people, number(*cap)), (*amount, -1)], false)]
        }
    }
}
