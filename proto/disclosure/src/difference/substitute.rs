//! Puts what was released in the place of what differs from it by fewer people than the threshold.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::open::Open;
use super::past::{Figure, Lost};
use super::saying::{Saying, around};
use super::sketch::Sketch;
use super::{BesideError, Compared};
use crate::cell::Cell;
use crate::coverage::{Coverage, Covered};
use crate::measure::{HUNDREDTHS, MeasureKind};
use crate::protect::{ProtectError, check_one_level_per_person};
use crate::raw::RawTable;

/// The most cells of which each is tried by itself where they cannot all be replaced.
const MAX_UNTANGLED: usize = 512;

/// An inner cell's counterpart in the past.
struct Counterpart {
    release: u64,
    cell: usize,
    /// Per measure of the table, the counterpart's measure.
    measures: Vec<usize>,
    differing: u64,
}

impl Compared<'_> {
    /// Puts released sets in the place of those that differ from them by fewer people than the threshold.
    pub(super) fn substitute(
        &self,
        before: RawTable,
        coverage: &Coverage,
        open: &mut Open<'_>,
    ) -> Result<(RawTable, Saying), BesideError> {
        let measures = before.measures.len();
        let mut raw = before.copy();
        let mut saying = Saying::default();
        let mut replaced = Vec::new();
        for cell in (0..before.people.len()).filter(|&cell| coverage.cells()[cell] == Covered::Yes) {
            let near = (0..measures).map(|m| self.near_shown(&before, m, cell, open)).collect::<Result<Vec<_>, _>>()?;
            if near.iter().all(Vec::is_empty) {
                continue;
            }
            if let Some(counterpart) = self.counterpart(&before, cell, &near)? {
                let from = self.vault.contributors(counterpart.release).ok_or(BesideError::Lost)?;
                for (m, &measure) in counterpart.measures.iter().enumerate() {
                    if let Some(said @ Cell::Shown { .. }) = from.said(measure, counterpart.cell) {
                        saying.answers.insert((m, cell), said);
                    }
                }
                if counterpart.differing > 0 {
                    let (people, each) = from.inner(counterpart.cell).ok_or(BesideError::Lost)?;
                    let each = counterpart.measures.iter().map(|&m| each.get(m).cloned().flatten());
                    raw.replace(cell, people.clone(), each.collect()).ok_or(BesideError::Lost)?;
                    replaced.push(cell);
                }
                continue;
            }
            // No released cell has all of these measures: each is taken from where it was released, the others from the
            // same people as far as they are here. What does not come out as it was said is held back later.
            for (m, near) in near.iter().enumerate() {
                if let Some((figure, _)) = near.first() {
                    saying.answers.insert((m, cell), figure.said);
                }
            }
            if near.iter().filter_map(|near| near.first()).any(|(_, differing)| *differing > 0) {
                self.mix(&mut raw, cell, &near)?;
                // What was said is of just what was released. Of people who are not those, nothing is said.
                for (m, near) in near.iter().enumerate() {
                    let Some((figure, _)) = near.first() else { continue };
                    let released = figure.quantity(self.vault)?;
                    if raw.quantity(m, cell).is_none_or(|mixed| mixed.differing(&released) > 0) {
                        saying.answers.remove(&(m, cell));
                        saying.hold((m, cell));
                    }
                }
                replaced.push(cell);
            }
        }
        if check_one_level_per_person(&raw, &raw.domain).is_err() {
            self.untangle(&mut raw, &before, &replaced, &mut saying);
        }
        Ok((raw, saying))
    }

    /// Takes replaced cells back, one by one, where someone would be in two of them: who moved between two snapshots, or
    /// is one of the few by whom a released cell differs from this one and in a cell of their own here. Of what is taken
    /// back only what was released is said, left open by fewer people than the threshold.
    fn untangle(&self, raw: &mut RawTable, before: &RawTable, replaced: &[usize], saying: &mut Saying) {
        let after = std::mem::replace(raw, before.copy());
        for (place, &cell) in replaced.iter().enumerate() {
            raw.restore(cell, &after);
            if place < MAX_UNTANGLED && check_one_level_per_person(raw, &raw.domain).is_ok() {
                continue;
            }
            raw.restore(cell, before);
            for (m, measure) in raw.measures.iter().enumerate() {
                let said = saying.answers.remove(&(m, cell));
                match said.and_then(|said| around(said, measure, self.policy)) {
                    Some(bounds) => saying.loosen((m, cell), bounds),
                    None => saying.hold((m, cell)),
                }
            }
        }
    }

    /// Puts into a cell the people whose count was released, and of every other measure what was released of it or, of
    /// what is new, what these people contribute here.
    fn mix(&self, raw: &mut RawTable, cell: usize, near: &[Vec<(&Figure, u64)>]) -> Result<(), BesideError> {
        let released =
            |m: usize| near.get(m).and_then(|near| near.first()).map(|(figure, _)| figure.quantity(self.vault));
        let counts_people = |m: &usize| raw.measures[*m].kind() == MeasureKind::People;
        let people = match (0..raw.measures.len()).find(counts_people).and_then(released).transpose()? {
            Some(quantity) => quantity.people().clone(),
            None => raw.people[cell].clone(),
        };
        let mut each = Vec::with_capacity(raw.measures.len());
        for (m, measure) in raw.measures.iter().enumerate() {
            // Whoever is in a cell has a row in it.
            let (unit, least) = match measure.kind() {
                MeasureKind::People => {
                    each.push(None);
                    continue;
                }
                MeasureKind::Rows { .. } => (HUNDREDTHS, 1),
                MeasureKind::Sum { .. } => (1, 0),
            };
            let quantity = match released(m).transpose()? {
                Some(quantity) => quantity,
                None => raw.quantity(m, cell).unwrap_or_default(),
            };
            let amounts = quantity.amounts_of(&people).map(|amount| u32::try_from((amount / unit).max(least)).ok());
            each.push(Some(Arc::new(amounts.collect::<Option<Vec<u32>>>().ok_or(ProtectError::TooLarge)?)));
        }
        raw.replace(cell, people, each).ok_or(BesideError::Lost)
    }

    /// The shown figures that fewer people than the threshold contribute differently to, one of exactly these people
    /// first, then the earliest; none for a figure of fewer people itself. The earliest, not the nearest: what is
    /// released later never changes which it is, so that the same people get the same answer for ever.
    fn near_shown<'a>(
        &self,
        raw: &RawTable,
        measure: usize,
        cell: usize,
        open: &mut Open<'a>,
    ) -> Result<Vec<(&'a Figure, u64)>, Lost> {
        let Some(quantity) = raw.quantity(measure, cell).filter(|quantity| quantity.len() >= self.threshold) else {
            return Ok(Vec::new());
        };
        let sketch = Sketch::of(quantity.people());
        let mut near = open.near(&quantity, &sketch, self.threshold - 1)?;
        near.retain(|(figure, _)| matches!(figure.said, Cell::Shown { .. }));
        near.sort_by_key(|(figure, differing)| (*differing > 0, figure.release, figure.cell, figure.measure));
        Ok(near)
    }

    /// The released inner cell that can take this one's place in every measure.
    fn counterpart(
        &self,
        raw: &RawTable,
        cell: usize,
        near: &[Vec<(&Figure, u64)>],
    ) -> Result<Option<Counterpart>, BesideError> {
        let places: BTreeSet<(u64, usize)> = near.iter().flatten().map(|(f, _)| (f.release, f.cell)).collect();
        let mut best: Option<Counterpart> = None;
        for (release, there) in places {
            let from = self.vault.contributors(release).ok_or(BesideError::Lost)?;
            if there >= from.cells() {
                continue;
            }
            let mut found = Counterpart { release, cell: there, measures: Vec::new(), differing: 0 };
            for (m, measure) in raw.measures.iter().enumerate() {
                let quantity = raw.quantity(m, cell).unwrap_or_default();
                let same_kind = from.kinds().iter().enumerate().filter(|(_, kind)| **kind == measure.kind());
                let differing = |(place, _): (usize, &MeasureKind)| {
                    Some((from.quantity(place, there)?.differing(&quantity), place))
                };
                let Some((differing, place)) = same_kind.filter_map(differing).min() else { break };
                if differing < self.threshold {
                    found.measures.push(place);
                    found.differing = found.differing.max(differing);
                }
            }
            let whole = found.measures.len() == raw.measures.len();
            // Places come in the order of releases: the earliest, unless a later one is of exactly these people.
            if whole && best.as_ref().is_none_or(|best| found.differing == 0 && best.differing > 0) {
                best = Some(found);
            }
        }
        // Of any measure, an earlier figure that is no inner cell, or of other measures, keeps its claim.
        let first = |best: &Counterpart| {
            near.iter().filter_map(|near| near.first()).all(|(f, _)| (f.release, f.cell) == (best.release, best.cell))
        };
        Ok(best.filter(first))
    }
}
