//! Compares what is to be said with everything that was released: figures one by one, and sums of them.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use roaring::RoaringBitmap;

use super::open::Open;
use super::past::{Lost, samples};
use super::relation::Member;
use super::remedy::Remedy;
use super::saying::{Place, Saying, around};
use super::sketch::Sketch;
use super::{BesideError, Compared};
use crate::bounds::Interval;
use crate::cell::Cell;
use crate::measure::{Measure, MeasureKind};
use crate::protect::Protected;

/// What came of comparing a protected table with the past.
#[derive(Default)]
pub(super) struct Judged {
    /// Figures that must not be said as they are, and what may be said instead.
    pub(super) close: BTreeMap<Place, Remedy>,
    /// Figures that were said before, of the same people but for fewer than the threshold.
    pub(super) said: Vec<Place>,
    /// Those of them that were said of just the same people: saying less of them now makes nobody know less.
    pub(super) same: BTreeSet<Place>,
}

impl Compared<'_> {
    /// Compares every figure of a protected table with the past.
    pub(super) fn judge_all(
        &self,
        protected: &Protected,
        saying: &Saying,
        open: &mut Open<'_>,
    ) -> Result<Judged, BesideError> {
        let mut judged = Judged::default();
        let mut all_new: Vec<Vec<New>> = Vec::new();
        for (m, measure) in protected.measures().iter().enumerate() {
            let mut new = Vec::new();
            for cell in 0..protected.domain().len() {
                let (place, said) = ((m, cell), protected.cells(m)[cell]);
                let Some(mut figure) = New::of(protected, place, new.len()) else { continue };
                match self.beside(&mut figure, said, measure, open)? {
                    Beside::Close(remedy) => drop(judged.close.insert(place, remedy)),
                    Beside::Fresh => new.push(figure),
                    // What is left open is of its own people, and remembered as what it says of them.
                    Beside::Said if saying.is_open(place) => new.push(figure),
                    // The rest of the table may leave less of it than was known.
                    how => {
                        judged.said.push(place);
                        if how == Beside::Same {
                            judged.same.insert(place);
                        }
                        if figure.is_news(said) {
                            new.push(New { says: how == Beside::Said, ..figure });
                        }
                    }
                }
            }
            all_new.push(new);
        }
        // Sums of figures that will be said otherwise need not be looked for.
        if judged.close.is_empty() {
            for (m, (measure, new)) in protected.measures().iter().zip(&all_new).enumerate() {
                let sums = self.sums(measure, new, open)?;
                judged.close.extend(sums.into_iter().map(|(place, remedy)| ((m, new[place].cell), remedy)));
            }
        }
        Ok(judged)
    }

    /// Whether a figure was said before, may not be said, or is new. The figure learns what is known of the same people.
    fn beside(&self, new: &mut New, said: Cell, measure: &Measure, open: &mut Open<'_>) -> Result<Beside, Lost> {
        let few = new.figure.people() < self.threshold || known_bounds(said).is_none();
        let at_most = if few { 0 } else { self.threshold - 1 };
        let near = open.near(&new.figure.quantity, &new.sketch, at_most)?;
        for (figure, _) in near.iter().filter(|(_, differing)| *differing == 0) {
            new.learn(figure.known, alike(figure.kind, measure.kind()));
        }
        let Some(own) = known_bounds(said) else { return Ok(Beside::Fresh) };
        let (mut close, mut again, mut same) = (Vec::new(), false, None);
        for (figure, differing) in near {
            let Some((low, high)) = known_bounds(figure.said) else { continue };
            let says_no_more = own.0 <= low && high <= own.1;
            let both_shown = !few && matches!(figure.said, Cell::Shown { .. });
            if differing == 0 && both_shown {
                let first = same.get_or_insert(figure);
                if (figure.release, figure.cell) < (first.release, first.cell) {
                    *first = figure;
                }
            }
            // What was said of rows or people stands for a count of the other, but sums are looked for among its own.
            let remembered = alike(figure.kind, measure.kind());
            match (differing, says_no_more) {
                (0, true) if remembered => return Ok(Beside::Same),
                (_, true) => again |= both_shown && remembered,
                (_, false) if differing == 0 || both_shown => close.push(around(figure.said, measure, self.policy)),
                _ => {}
            }
        }
        let outer = |a: Option<(u64, u64)>, b| a.zip(b).map(|(a, b): (_, (u64, u64))| (a.0.min(b.0), a.1.max(b.1)));
        Ok(match (close.into_iter().reduce(outer), same) {
            (None, _) if again => Beside::Said,
            (None, _) => Beside::Fresh,
            (Some(_), Some(same)) => Beside::Close(Remedy::Again(same.said)),
            (Some(Some((low, high))), None) => Beside::Close(Remedy::Open(low, high)),
            (Some(None), None) => Beside::Close(Remedy::Hold),
        })
    }
}

/// Whether two measures can be of the same thing: sums of different caps are of different columns.
pub(super) fn alike(a: MeasureKind, b: MeasureKind) -> bool {
    match (a, b) {
        (MeasureKind::Sum { .. }, MeasureKind::Sum { .. }) => a == b,
        _ => std::mem::discriminant(&a) == std::mem::discriminant(&b),
    }
}

/// What a figure that says something says.
pub(super) fn known_bounds(said: Cell) -> Option<(u64, u64)> {
    match said {
        Cell::Shown { low, high, .. } | Cell::Suppressed { low, high } => Some((low, high)),
        Cell::Zero | Cell::Withheld | Cell::NotCovered => None,
    }
}

/// A figure that is to be said.
pub(super) struct New {
    pub(super) cell: usize,
    pub(super) figure: Member,
    pub(super) sketch: Sketch,
    /// Whether something is said of it itself that was not said of just the same people before.
    says: bool,
    /// What the table leaves of it.
    known: Interval,
    /// Whether as much was known of the same people before.
    was_known: bool,
    /// Some of the people.
    samples: Box<[u32]>,
}

impl New {
    /// The figure at a place, where the table leaves not everything of it and somebody contributes.
    fn of(protected: &Protected, (measure, cell): Place, new: usize) -> Option<Self> {
        let contributors = protected.contributors();
        let known = contributors.known(measure, cell).filter(|known| *known != Interval::ANY)?;
        let quantity = contributors.quantity(measure, cell).filter(|quantity| quantity.len() > 0)?;
        let (sketch, samples) = (Sketch::of(quantity.people()), samples(quantity.people()));
        let figure = Member::of(Rc::new(quantity), known, Some(new));
        let says = known_bounds(protected.cells(measure)[cell]).is_some();
        Some(Self { cell, figure, sketch, says, known, was_known: false, samples })
    }

    /// Which of several figures is to be said otherwise: one that something is said of, of most people, a total before an
    /// inner cell.
    pub(super) fn precedence(&self) -> (bool, u64, usize) {
        (self.says, self.figure.people(), self.cell)
    }

    /// What is to be done where the figure comes too close to others: this, if it is for the figure to be said otherwise.
    pub(super) fn remedy(&self, remedy: Remedy) -> Remedy {
        if self.says { remedy } else { Remedy::Around }
    }

    /// Takes what is known of the same people as known of this; it was known before only as a figure of the same thing.
    fn learn(&mut self, known: Interval, alike: bool) {
        self.was_known |= alike && known.is_within(self.known);
        self.figure.learn(known);
    }

    /// Whether the table leaves less of it than what it says itself, and than was known before.
    fn is_news(&self, said: Cell) -> bool {
        !self.was_known && !Interval::said(&said).is_within(self.known)
    }

    /// Whether so few of its people, at most, might lie beyond these.
    pub(super) fn may_be_in(&self, people: &RoaringBitmap, few: u64) -> bool {
        !self.more_than(few, |person| !people.contains(person))
    }

    /// Whether so few of its people, at most, are among these.
    pub(super) fn is_beside(&self, people: &RoaringBitmap, few: u64) -> bool {
        !self.more_than(few, |person| people.contains(person))
            && self.figure.quantity.people().intersection_len(people) <= few
    }

    fn more_than(&self, few: u64, holds: impl Fn(u32) -> bool) -> bool {
        let mut found = self.samples.iter().filter(|&&person| holds(person)).zip(1u64..);
        found.any(|(_, count)| count > few)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Beside {
    /// It differs from some released figure by too few people, and says something else; this would not.
    Close(Remedy),
    /// Nothing like it was said.
    Fresh,
    /// It says what was said before of the same people, but for fewer than the threshold.
    Said,
    /// It says what was said before of the same people.
    Same,
}
