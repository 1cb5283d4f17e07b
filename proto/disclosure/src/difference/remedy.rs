//! What gives way where a figure comes too close to others.

use std::collections::BTreeMap;

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
    /// Whatever is said of it itself; less of others, from which follows what everybody knows of it.
    Around,
}

/// Says less of figures of a table that would else be said like this; of those around others only where nothing else is
/// to be said otherwise.
pub(super) fn apply(close: &BTreeMap<Place, Remedy>, protected: &Protected, rule: &Rule<'_>, saying: &mut Saying) {
    if close.values().all(|remedy| *remedy == Remedy::Around) {
        return close.keys().for_each(|&place| give_way(place, protected, rule, saying));
    }
    for (&place, &remedy) in close.iter().filter(|(_, remedy)| **remedy != Remedy::Around) {
        match (remedy, protected.domain().is_total(place.1)) {
            (Remedy::Again(answer), true) if rule.refines(protected.domain(), place) => saying.again(place, answer),
            (Remedy::Open(low, high), false) => saying.loosen(place, (low, high)),
            (Remedy::Wide, false) => widen(place, rule, saying),
            _ => saying.hold(place),
        }
    }
}

/// Opens what the rule alone says of an inner figure by what fewer people than the threshold contribute.
fn widen((measure, cell): Place, rule: &Rule<'_>, saying: &mut Saying) {
    match around(rule.inner[measure][cell], &rule.measures[measure], rule.policy) {
        Some(bounds) => saying.loosen((measure, cell), bounds),
        None => saying.hold((measure, cell)),
    }
}

/// Of a total its cells tell: the largest of them that is not open yet is opened, and held back where all of them are. Of an
/// inner cell totals over it tell: the smallest is held back.
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
        return widen((measure, child), rule, saying);
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
