//! Compares what is to be said with everything that was released: figures one by one, and sums of them.

use std::collections::BTreeMap;
use std::rc::Rc;

use roaring::RoaringBitmap;

use super::open::Open;
use super::past::Lost;
use super::quantity::Quantity;
use super::relation::{self, Allowed, Found, Loose, Member};
use super::saying::{Place, Saying, around};
use super::sketch::Sketch;
use super::{BesideError, Compared};
use crate::cell::Cell;
use crate::measure::{HUNDREDTHS, Measure, MeasureKind};
use crate::protect::Protected;
use crate::rounding::LEAST_BASE;

/// The most pairs of figures that are looked at for relations with one table. Beyond it nothing of the table is released.
const MAX_PAIRS: usize = 1 << 25;

/// What came of comparing a protected table with the past.
pub(super) struct Judged {
    /// Figures that must not be said as they are, and the bounds, in people or rows, that may be said of an inner one.
    pub(super) close: BTreeMap<Place, Option<(u64, u64)>>,
    /// Figures that were said before, of the same people but for fewer than the threshold.
    pub(super) said: Vec<Place>,
}

impl Compared<'_> {
    /// Compares every figure of a protected table with the past.
    pub(super) fn judge_all(
        &self,
        protected: &Protected,
        saying: &Saying,
        open: &mut Open<'_>,
    ) -> Result<Judged, BesideError> {
        let mut close = BTreeMap::new();
        let mut again = Vec::new();
        for (m, measure) in protected.measures().iter().enumerate() {
            let mut new = Vec::new();
            for cell in 0..protected.domain().len() {
                let said = protected.cells(m)[cell];
                let Some((low, high)) = known_bounds(said) else { continue };
                let quantity = protected.contributors().quantity(m, cell).filter(|quantity| quantity.len() > 0);
                let Some(quantity) = quantity else { continue };
                let figure =
                    New { cell, sketch: Sketch::of(quantity.people()), quantity: Rc::new(quantity), low, high };
                match self.beside(&figure, measure)? {
                    Beside::Fresh => new.push(figure),
                    // What is left open is of its own people, and remembered as what it says of them.
                    Beside::Said if saying.is_open((m, cell)) => new.push(figure),
                    Beside::Said | Beside::Same => again.push((m, cell)),
                    Beside::Close(bounds) => drop(close.insert((m, cell), bounds)),
                }
            }
            let kind = measure.kind();
            let allowed = self.allowed(measure);
            for (place, bounds) in self.relations(kind, allowed, &new, open)? {
                close.insert((m, new[place].cell), bounds);
            }
        }
        Ok(Judged { close, said: again })
    }

    /// Whether a figure was said before, may not be said, or is new.
    fn beside(&self, new: &New, measure: &Measure) -> Result<Beside, Lost> {
        let few = new.quantity.len() < self.threshold;
        let at_most = if few { 0 } else { self.threshold - 1 };
        let near = self.past.near(&new.quantity, &new.sketch, at_most, self.vault)?;
        let (mut close, mut said) = (Vec::new(), false);
        for (figure, differing) in near {
            let Some((low, high)) = known_bounds(figure.said) else { continue };
            let says_no_more = new.low <= low && high <= new.high;
            let both_shown = !few && matches!(figure.said, Cell::Shown { .. });
            match (differing, says_no_more) {
                (0, true) => return Ok(Beside::Same),
                (_, true) => said |= both_shown,
                (_, false) if differing == 0 || both_shown => close.push(around(figure.said, measure, self.policy)),
                _ => {}
            }
        }
        let outer = |a: Option<(u64, u64)>, b| a.zip(b).map(|(a, b): (_, (u64, u64))| (a.0.min(b.0), a.1.max(b.1)));
        Ok(match close.into_iter().reduce(outer) {
            Some(bounds) => Beside::Close(bounds),
            None if said => Beside::Said,
            None => Beside::Fresh,
        })
    }

    fn allowed(&self, measure: &Measure) -> Allowed {
        let few = (self.threshold - 1).saturating_mul(HUNDREDTHS);
        let most = measure.at_most_per_person().map_or(u64::MAX, |cap| few.saturating_mul(cap));
        let block = measure.sum_base().unwrap_or(LEAST_BASE).saturating_mul(HUNDREDTHS);
        Allowed { threshold: self.threshold, least: HUNDREDTHS, most, block }
    }

    /// The new figures, one of each relation that tells too much, that are not to be said, and the bounds that may be.
    fn relations(
        &self,
        kind: MeasureKind,
        allowed: Allowed,
        new: &[New],
        open: &mut Open<'_>,
    ) -> Result<Close, BesideError> {
        let few = self.threshold - 1;
        let mut close = Close::new();
        if new.is_empty() {
            return Ok(close);
        }
        let figures: Vec<usize> = (0..self.past.len()).filter(|&f| alike(self.past.figures()[f].kind, kind)).collect();
        let mut pairs = 0usize;
        let member = |place: usize| Member {
            quantity: Rc::clone(&new[place].quantity),
            low: new[place].low.saturating_mul(HUNDREDTHS),
            high: new[place].high.saturating_mul(HUNDREDTHS),
            new: Some(place),
        };
        for (place, whole) in new.iter().enumerate() {
            count_pairs(&mut pairs, figures.len())?;
            let mut parts = open.parts(&figures, &whole.quantity, &whole.sketch, few)?;
            if parts.is_empty() {
                continue;
            }
            parts.extend((0..new.len()).filter(|&p| p != place && new[p].may_be_in(whole, few)).map(member));
            judge(relation::search(&member(place), &parts, allowed), &[place], new, &mut close);
        }
        for release in self.past.releases() {
            // Only where a new figure lies within everybody of a release can it lie within one of its figures.
            let within: Vec<usize> = (0..new.len()).filter(|&p| new[p].lies_within(&release.people, few)).collect();
            if within.is_empty() {
                continue;
            }
            for figure in release.figures.clone().filter(|&figure| alike(self.past.figures()[figure].kind, kind)) {
                let whole = &self.past.figures()[figure];
                let may_be_in = |&p: &usize| new[p].sketch.may_be_within(&whole.sketch, few);
                let inside: Vec<usize> = within.iter().copied().filter(may_be_in).collect();
                let Some((low, high)) = known_bounds(whole.said).filter(|_| !inside.is_empty()) else { continue };
                let quantity = open.quantity(figure)?;
                let inside: Vec<usize> =
                    inside.into_iter().filter(|&p| new[p].quantity.lies_within(&quantity, few)).collect();
                if inside.is_empty() {
                    continue;
                }
                count_pairs(&mut pairs, figures.len())?;
                let mut parts = open.parts(&figures, &quantity, &whole.sketch, few)?;
                parts.extend(inside.iter().copied().map(member));
                let (low, high) = (low.saturating_mul(HUNDREDTHS), high.saturating_mul(HUNDREDTHS));
                let whole = Member { quantity, low, high, new: None };
                judge(relation::search(&whole, &parts, allowed), &inside, new, &mut close);
            }
        }
        Ok(close)
    }
}

/// Of a relation that tells too much the figure of most people is not said, a total before any inner cell; where
/// there were too many to look at, none that might take part is.
fn judge(found: Found, concerned: &[usize], new: &[New], close: &mut Close) {
    match found {
        Found::Nothing => {}
        Found::Relation(figures) => {
            let most = |loose: &&Loose| (new[loose.new].quantity.len(), new[loose.new].cell);
            if let Some(loose) =
                figures.iter().max_by_key(most).filter(|_| !figures.iter().any(|f| close.contains_key(&f.new)))
            {
                let high = (loose.high < u64::MAX).then(|| loose.high.div_ceil(HUNDREDTHS));
                close.insert(loose.new, high.map(|high| (loose.low / HUNDREDTHS, high)));
            }
        }
        Found::TooMany => close.extend(concerned.iter().map(|&place| (place, None))),
    }
}

/// New figures that are not to be said, and the bounds, in people or rows, that may be.
type Close = BTreeMap<usize, Option<(u64, u64)>>;

fn count_pairs(pairs: &mut usize, more: usize) -> Result<(), BesideError> {
    *pairs = pairs.saturating_add(more);
    if *pairs > MAX_PAIRS { Err(BesideError::TooClose) } else { Ok(()) }
}

/// Whether two measures can be of the same thing: sums of different caps are of different columns.
fn alike(a: MeasureKind, b: MeasureKind) -> bool {
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
struct New {
    cell: usize,
    quantity: Rc<Quantity>,
    sketch: Sketch,
    low: u64,
    high: u64,
}

impl New {
    fn lies_within(&self, everybody: &RoaringBitmap, few: u64) -> bool {
        self.quantity.people().difference_len(everybody) <= few
    }

    fn may_be_in(&self, whole: &Self, few: u64) -> bool {
        self.sketch.may_be_within(&whole.sketch, few)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Beside {
    /// It differs from some released figure by too few people, and says something else; these bounds would not.
    Close(Option<(u64, u64)>),
    /// Nothing like it was said.
    Fresh,
    /// It says what was said before of the same people, but for fewer than the threshold.
    Said,
    /// It says what was said before of the same people.
    Same,
}
