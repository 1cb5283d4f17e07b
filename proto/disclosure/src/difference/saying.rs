//! What is to be said of a table beside the past: earlier answers, figures that are left open, and nothing.

use std::collections::{BTreeMap, BTreeSet};

use super::BesideError;
use crate::cell::Cell;
use crate::domain::Domain;
use crate::informed::GREATEST_SHOWN;
use crate::measure::{Measure, MeasureKind};
use crate::policy::Policy;
use crate::protect::{ProtectError, refined_total};
use crate::public::Public;
use crate::refine::{Facts, chains};

/// A measure and a cell.
pub(super) type Place = (usize, usize);

/// What is not said as the rule alone would have it.
#[derive(Default)]
pub(super) struct Saying {
    /// What was answered before, to be said again.
    pub(super) answers: BTreeMap<Place, Cell>,
    /// Inner figures of which only bounds are said, in people or rows, that follow from other figures.
    loose: BTreeMap<Place, (u64, u64)>,
    held: BTreeSet<Place>,
}

/// A table's declaration and rule.
pub(super) struct Rule<'a> {
    pub(super) measures: &'a [Measure],
    pub(super) policy: &'a Policy,
    /// Per measure what the rule alone says of the inner cells.
    pub(super) inner: Vec<Vec<Cell>>,
}

impl Rule<'_> {
    /// The number of inner cells.
    fn inner_len(&self) -> usize {
        self.inner.first().map_or(0, Vec::len)
    }

    /// Whether refinement can start from what was said of a total.
    pub(super) fn refines(&self, domain: &Domain, (measure, cell): Place) -> bool {
        let people = self.measures.get(measure).is_some_and(|measure| measure.kind() == MeasureKind::People);
        let chained = |total: usize| domain.cells_of_total(total).contains(&cell);
        people && chains(domain, MeasureKind::People, &Facts::default()).into_iter().any(chained)
    }

    /// Whether an answer was wider than the rule makes it.
    fn is_open(&self, (measure, _): Place, answer: Cell) -> bool {
        let counts = self.measures.get(measure).is_some_and(|m| !matches!(m.kind(), MeasureKind::Sum { .. }));
        let Cell::Shown { value, low, high } = answer else { return false };
        let block = self.policy.block(value);
        counts && high.saturating_sub(low) > block.high.saturating_sub(block.low)
    }

    /// Of an inner figure of people or rows that is shown, at most so much; `None` where it cannot be said so.
    fn open(&self, (measure, cell): Place, (low, high): (u64, u64)) -> Option<Cell> {
        let counts = !matches!(self.measures.get(measure)?.kind(), MeasureKind::Sum { .. });
        let shown = matches!(self.inner.get(measure)?.get(cell)?, Cell::Shown { .. });
        // Whatever is shown is of the threshold or more.
        let low = low.max(self.policy.threshold().people());
        let said = (counts && shown && low <= high && high <= GREATEST_SHOWN)
            .then(|| refined_total(low, high, self.policy))?;
        matches!(said, Cell::Shown { .. }).then_some(said)
    }
}

impl Saying {
    /// Nothing is said of a figure.
    pub(super) fn hold(&mut self, place: Place) {
        self.held.insert(place);
    }

    /// Says of a total what was said of the same people; a second time, nothing.
    pub(super) fn again(&mut self, place: Place, answer: Cell) {
        if self.answers.insert(place, answer).is_some() {
            self.answers.remove(&place);
            self.held.insert(place);
        }
    }

    /// No more is said of an inner figure than that it lies between these, in people or rows. A second time, it lies
    /// between the outer ones of all; where that changes nothing, nothing is said of it.
    pub(super) fn loosen(&mut self, place: Place, (low, high): (u64, u64)) {
        self.answers.remove(&place);
        match self.loose.get_mut(&place) {
            None => drop(self.loose.insert(place, (low, high))),
            Some((from, to)) if low < *from || *to < high => (*from, *to) = (low.min(*from), high.max(*to)),
            Some(_) => drop(self.held.insert(place)),
        }
    }

    /// Leaves to the rule what it says of the same people anyway: that need not be said to be public.
    pub(super) fn leave_to(&mut self, rule: &Rule<'_>) {
        self.answers.retain(|&(measure, cell), answer| rule.inner[measure].get(cell) != Some(answer));
    }

    /// Whether only bounds are said of a figure.
    pub(super) fn is_open(&self, place: Place) -> bool {
        self.bounds(place).is_some()
    }

    /// The bounds of a figure of which only they are said.
    fn bounds(&self, place: Place) -> Option<(u64, u64)> {
        self.loose.get(&place).copied().filter(|_| !self.held.contains(&place))
    }

    /// Whether anything is said of a figure here.
    fn speaks_of(&self, place: Place) -> bool {
        self.answers.contains_key(&place) || self.loose.contains_key(&place) || self.held.contains(&place)
    }

    /// Earlier answers cannot stand side by side: those of totals are held back; where there are none, the others are left
    /// open by fewer people than the threshold; what is left open and cannot stand so either is held back. `false` where
    /// there is nothing of these.
    pub(super) fn contradicted(&mut self, rule: &Rule<'_>) -> bool {
        let totals: Vec<Place> = self.answers.keys().filter(|place| place.1 >= rule.inner_len()).copied().collect();
        if !totals.is_empty() {
            self.answers.retain(|place, _| place.1 < rule.inner_len());
            self.held.extend(totals);
            return true;
        }
        if self.answers.is_empty() {
            let left = self.loose.len();
            self.held.extend(std::mem::take(&mut self.loose).into_keys());
            return left > 0;
        }
        for (place, answer) in std::mem::take(&mut self.answers) {
            match around(answer, &rule.measures[place.0], rule.policy) {
                Some(bounds) if place.1 < rule.inner_len() => self.loosen(place, bounds),
                _ => self.hold(place),
            }
        }
        true
    }

    /// What is public with all this.
    pub(super) fn known(&mut self, public: &Public, rule: &Rule<'_>) -> Result<Public, BesideError> {
        let mut known = public.clone();
        for (&place, &answer) in &self.answers {
            // What was left open stays open.
            let said = if place.1 < rule.inner_len() && rule.is_open(place, answer) {
                known.kept(place.0, place.1, answer)
            } else {
                known.answered(place.0, place.1, answer)
            };
            if said.is_err() {
                self.held.insert(place);
            }
        }
        for (&place, &bounds) in &self.loose {
            let said = rule.open(place, bounds).filter(|_| !self.held.contains(&place));
            if said.is_none_or(|said| known.kept(place.0, place.1, said).is_err()) {
                self.held.insert(place);
            }
        }
        let places: BTreeSet<Place> = self.loose.keys().chain(&self.held).copied().collect();
        for place in places.into_iter().filter(|place| place.1 < rule.inner_len()) {
            self.beside(place, &mut known, rule);
        }
        for &(measure, cell) in &self.held {
            known.held(measure, cell).map_err(|_| ProtectError::Shape)?;
        }
        Ok(known)
    }

    /// Says the other measures of a figure's cell as the rule does, as far as they tell nothing of it: rows tell how many
    /// people there are, so beside people left open they are left as open.
    fn beside(&mut self, (measure, cell): Place, known: &mut Public, rule: &Rule<'_>) {
        let people = rule.measures[measure].kind() == MeasureKind::People;
        for (m, other) in rule.measures.iter().enumerate().filter(|(m, _)| *m != measure) {
            let place = (m, cell);
            if self.speaks_of(place) {
                continue;
            }
            let said = rule.inner[m][cell];
            let told = match (other.kind(), said) {
                (MeasureKind::Rows { at_most_per_person }, _) if people => {
                    let bounds = self.bounds((measure, cell)).zip(at_most_per_person);
                    let bounds = bounds.map(|((low, high), cap)| (low, high.saturating_mul(cap)));
                    bounds
                        .and_then(|bounds| rule.open(place, bounds))
                        .is_some_and(|said| known.kept(m, cell, said).is_ok())
                }
                (MeasureKind::People, Cell::Suppressed { .. }) | (_, Cell::Shown { .. }) => {
                    known.answered(m, cell, said).is_ok()
                }
                _ => true,
            };
            if !told {
                self.held.insert(place);
            }
        }
    }
}

/// The bounds of an earlier answer, wider by all that fewer people than the threshold contribute. `None` for a sum, and
/// where nothing limits what a person contributes.
pub(super) fn around(answer: Cell, measure: &Measure, policy: &Policy) -> Option<(u64, u64)> {
    if matches!(measure.kind(), MeasureKind::Sum { .. }) {
        return None;
    }
    let few = (policy.threshold().people() - 1).checked_mul(measure.at_most_per_person()?)?;
    let Cell::Shown { low, high, .. } = answer else { return None };
    Some((low.saturating_sub(few), high.checked_add(few)?))
}
