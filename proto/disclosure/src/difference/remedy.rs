//! What gives way where a figure comes too close to others.

use super::judge::known_bounds;
use super::saying::{Place, Rule, Saying, around};
use crate::cell::Cell;
use crate::protect::Protected;

/// What may be said of a figure that comes too close to others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Remedy {
    /// What was said of the same people.
    Again(Cell),
    /// Nothing.
    Hold,
    /// Of an inner figure, bounds in people or rows.
    Open(u64, u64),
    /// Of an inner figure, so wide bounds that no relation with it tells anything of few people, wherever in them the truth
    /// is.
    Wide,
}

impl Remedy {
    /// Says less of a figure of a table that would else be said like this. Where nothing is said of it, what everybody
    /// knows of it follows from others, and one of them gives way.
    pub(super) fn apply(self, place: Place, protected: &Protected, rule: &Rule<'_>, saying: &mut Saying) {
        let (measure, cell) = place;
        let Some(&said) = protected.cells(measure).get(cell) else { return };
        if known_bounds(said).is_none() {
            return give_way(place, protected, rule, saying);
        }
        match (self, protected.domain().is_total(cell)) {
            (Self::Again(answer), true) if rule.refines(protected.domain(), place) => saying.again(place, answer),
            (Self::Open(low, high), false) => saying.loosen(place, (low, high)),
            (Self::Wide, false) => widen(place, said, rule, saying),
            _ => saying.hold(place),
        }
    }
}

/// Opens an inner figure by what fewer people than the threshold contribute.
fn widen(place: Place, said: Cell, rule: &Rule<'_>, saying: &mut Saying) {
    match around(said, &rule.measures[place.0], rule.policy) {
        Some(bounds) => saying.loosen(place, bounds),
        None => saying.hold(place),
    }
}

/// Of a total of which nothing is said, its cells tell: the largest of them that is not open yet is opened, and held back
/// where all of them are. Of an inner cell, totals over it tell: the smallest is held back.
fn give_way((measure, cell): Place, protected: &Protected, rule: &Rule<'_>, saying: &mut Saying) {
    let (domain, cells) = (protected.domain(), protected.cells(measure));
    let shown = |&cell: &usize| match cells[cell] {
        Cell::Shown { value, .. } => Some((value, cell)),
        _ => None,
    };
    let children = domain.children(cell);
    if children.is_empty() {
        let over = (domain.inner_len()..domain.len()).filter(|&total| domain.children(total).contains(&cell));
        if let Some((_, total)) = over.filter_map(|total| shown(&total)).min() {
            saying.hold((measure, total));
        }
        return;
    }
    let closed = children.iter().filter(|&&child| !saying.is_open((measure, child)));
    if let Some((_, child)) = closed.filter_map(shown).max() {
        return widen((measure, child), cells[child], rule, saying);
    }
    if let Some((_, child)) = children.iter().filter_map(shown).max() {
        return saying.hold((measure, child));
    }
    let shares = |total: &usize| *total != cell && domain.children(*total).iter().any(|child| children.contains(child));
    let beside = (domain.inner_len()..domain.len()).filter(shares);
    if let Some((_, total)) = beside.filter_map(|total| shown(&total)).max() {
        saying.hold((measure, total));
    }
}
