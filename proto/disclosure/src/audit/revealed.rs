//! What an attacker holds: figures with what is said of each, and equations between them.

use super::{Findings, MAX_FIGURES};
use crate::bounds::Interval;

/// Stands for *nothing bounds it* inside the attack.
pub(super) const OPEN: u64 = u64::MAX;
/// What no bound exceeds, so that no sum of [`MAX_FIGURES`] bounds overflows and each is exact as a real number.
pub(super) const MOST: u64 = 1 << 46;

/// A figure's place among those revealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FigureId(pub(super) usize);

/// An equation's place among those revealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EquationId(pub(super) usize);

impl FigureId {
    /// The place, counted from nought in the order of making.
    #[must_use]
    pub fn place(self) -> usize {
        self.0
    }
}

impl EquationId {
    /// The place, counted from nought in the order of making.
    #[must_use]
    pub fn place(self) -> usize {
        self.0
    }
}

/// Everything that one or more published tables, and whatever else is public, say together.
///
/// ```
/// use disclosure::{Depth, Interval, Revealed};
/// let mut revealed = Revealed::new();
/// let hidden = revealed.hidden(Interval { low: 1, high: Some(7) });
/// let shown = revealed.figure(Interval { low: 10, high: Some(10) });
/// let total = revealed.figure(Interval { low: 15, high: Some(15) });
/// let row = revealed.sum(total, &[hidden, shown]);
/// let found = revealed.attack(Depth::Thorough).unwrap();
/// assert_eq!(found.narrowed[0].found, Interval { low: 5, high: Some(5) });
/// assert_eq!(found.narrowed[0].because_of, [row]);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Revealed {
    pub(super) figures: Vec<Figure>,
    pub(super) equations: Vec<Equation>,
    /// Per equation, whether the others imply it: it then speeds the following up of bounds, and no programme needs it.
    pub(super) implied: Vec<bool>,
}

/// One figure.
#[derive(Clone, Debug)]
pub(super) struct Figure {
    pub(super) low: u64,
    /// The most that it can be, or [`OPEN`].
    pub(super) high: u64,
    /// Whether it claims to keep that range, and so is attacked.
    pub(super) hidden: bool,
    /// The range that it claims.
    pub(super) claimed: (u64, u64),
    /// Values of that range that it does not claim to have.
    pub(super) excluded: Vec<u64>,
    /// Whether it is a whole number: a sum may lie between.
    pub(super) whole: bool,
}

/// What holds between figures, by their places.
#[derive(Clone, Debug)]
pub(super) enum Equation {
    /// The total is the sum of its parts.
    Sum { total: usize, parts: Vec<usize> },
    /// The total is the number of distinct people in its parts: at least the largest, at most the sum.
    Union { total: usize, parts: Vec<usize> },
    /// Every one of the people has at least one row.
    AtLeastOneEach { rows: usize, people: usize },
    /// Nobody has more than the cap.
    AtMostEach { amount: usize, people: usize, cap: u64 },
}

impl Equation {
    /// The figures that it links.
    pub(super) fn figures(&self) -> impl Iterator<Item = usize> + '_ {
        let (head, rest): (usize, &[usize]) = match self {
            Self::Sum { total, parts } | Self::Union { total, parts } => (*total, parts),
            Self::AtLeastOneEach { rows: amount, people } | Self::AtMostEach { amount, people, .. } => {
                (*amount, std::slice::from_ref(people))
            }
        };
        std::iter::once(head).chain(rest.iter().copied())
    }
}

impl Revealed {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A whole figure of which this much is said.
    pub fn figure(&mut self, said: Interval) -> FigureId {
        self.add(said, false, true)
    }

    /// A whole figure that claims to keep the whole of this range: the attack is on these.
    pub fn hidden(&mut self, range: Interval) -> FigureId {
        self.add(range, true, true)
    }

    /// A sum of amounts, which may lie between whole numbers.
    pub fn amount(&mut self, said: Interval) -> FigureId {
        self.add(said, false, false)
    }

    /// A figure, whole or not, that is attacked whatever it says.
    pub(super) fn asked(&mut self, said: Interval, whole: bool) -> FigureId {
        self.add(said, true, whole)
    }

    /// More that is known of a figure. What is said twice holds twice.
    pub fn learn(&mut self, FigureId(place): FigureId, known: Interval) {
        if let Some(figure) = self.figures.get_mut(place) {
            let (low, high) = bounds(known);
            (figure.low, figure.high) = (figure.low.max(low), figure.high.min(high));
        }
    }

    /// `total` is the sum of `parts`.
    pub fn sum(&mut self, total: FigureId, parts: &[FigureId]) -> EquationId {
        self.relate(Equation::Sum { total: total.0, parts: parts.iter().map(|part| part.0).collect() })
    }

    /// `total` is the number of distinct people in `parts`.
    pub fn union(&mut self, total: FigureId, parts: &[FigureId]) -> EquationId {
        self.relate(Equation::Union { total: total.0, parts: parts.iter().map(|part| part.0).collect() })
    }

    /// Each of `people` has at least one of `rows`.
    pub fn at_least_one_each(&mut self, rows: FigureId, people: FigureId) -> EquationId {
        self.relate(Equation::AtLeastOneEach { rows: rows.0, people: people.0 })
    }

    /// None of `people` has more than `cap` of `amount`.
    pub fn at_most_each(&mut self, amount: FigureId, people: FigureId, cap: u64) -> EquationId {
        self.relate(Equation::AtMostEach { amount: amount.0, people: people.0, cap })
    }

    /// Takes what an attack before this one found as what hidden figures claim.
    pub(super) fn claim(&mut self, before: &Findings) {
        for finding in &before.narrowed {
            let figure = &mut self.figures[finding.figure.0];
            figure.claimed = bounds(finding.found);
            figure.excluded.clone_from(&finding.excluded);
        }
    }

    /// Notes that the other equations imply this one.
    pub(super) fn is_implied(&mut self, EquationId(place): EquationId) {
        self.implied[place] = true;
    }

    /// How many figures there are.
    #[must_use]
    pub fn figures(&self) -> usize {
        self.figures.len()
    }

    /// Whether there are more figures than are attacked.
    pub(super) fn too_large(&self) -> bool {
        self.figures.len() > MAX_FIGURES
    }

    fn add(&mut self, said: Interval, hidden: bool, whole: bool) -> FigureId {
        let (low, high) = bounds(said);
        self.figures.push(Figure { low, high, hidden, claimed: (low, high), excluded: Vec::new(), whole });
        FigureId(self.figures.len() - 1)
    }

    fn relate(&mut self, equation: Equation) -> EquationId {
        self.equations.push(equation);
        self.implied.push(false);
        EquationId(self.equations.len() - 1)
    }
}

/// The attack's own bounds, from an interval. A bound beyond all populations is none.
fn bounds(Interval { low, high }: Interval) -> (u64, u64) {
    (low.min(MOST), high.filter(|&high| high <= MOST).unwrap_or(OPEN))
}

/// An interval, from the attack's own bounds.
pub(super) fn interval(low: u64, high: u64) -> Interval {
    Interval { low, high: (high != OPEN).then_some(high) }
}
