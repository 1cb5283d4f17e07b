//! What gives way where a figure comes too close to others.

use std::collections::BTreeSet;

use super::judge::{Judged, known_bounds};
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
/// to be said otherwise. Whether anything is: what is close may follow from nothing but what was said before.
pub(super) fn apply(judged: &Judged, protected: &Protected, rule: &Rule<'_>, saying: &mut Saying) -> bool {
    let Judged { close, same, .. } = judged;
    if close.values().all(|remedy| *remedy == Remedy::Around) {
        let given = close.keys().filter(|place| give_way(**place, same, protected, rule, saying));
        return given.count() > 0;
    }
    for (&place, &remedy) in close.iter().filter(|(_, remedy)| **remedy != Remedy::Around) {
        match (remedy, protected.domain().is_total(place.1)) {
            (Remedy::Again(answer), true) if rule.refines(protected.domain(), place) => saying.again(place, answer),
            (Remedy::Open(low, high), false) => saying.loosen(place, (low, high)),
            (Remedy::Wide, false) => widen(place, rule, saying),
            _ => saying.hold(place),
        }
    }
    true
}

/// Opens what the rule alone says of an inner figure by what fewer people than the threshold contribute.
fn widen((measure, cell): Place, rule: &Rule<'_>, saying: &mut Saying) {
    match around(rule.inner[measure][cell], &rule.measures[measure], rule.policy) {
        Some(bounds) => saying.loosen((measure, cell), bounds),
        None => saying.hold((measure, cell)),
    }
}

/// Of a total its cells tell: the largest of them that is not open yet is opened, and where all of them are, the largest
/// figure that shares people with it is held back. Of an inner cell totals over it tell: the smallest is held back. What
/// was said of the same people before tells whatever is said now. Whether there was anything.
fn give_way(
    (measure, cell): Place,
    same: &BTreeSet<Place>,
    protected: &Protected,
    rule: &Rule<'_>,
    saying: &mut Saying,
) -> bool {
    let (domain, cells) = (protected.domain(), protected.cells(measure));
    let speaks = |cell: usize| known_bounds(cells[cell]).filter(|_| !same.contains(&(measure, cell)));
    let largest = |figures: &[usize]| figures.iter().copied().max_by_key(|&figure| (speaks(figure), figure));
    let children = domain.children(cell);
    let totals = (domain.inner_len()..domain.len()).filter(|&total| total != cell && speaks(total).is_some());
    let next = if children.is_empty() {
        let over: Vec<usize> = totals.filter(|&total| domain.children(total).contains(&cell)).collect();
        over.into_iter().min_by_key(|&total| (speaks(total), total))
    } else {
        let mut around: Vec<usize> = children.iter().copied().filter(|&child| speaks(child).is_some()).collect();
        let closed = |&child: &usize| matches!(cells[child], Cell::Shown { .. }) && !saying.is_open((measure, child));
        let closed: Vec<usize> = around.iter().copied().filter(closed).collect();
        if let Some(child) = largest(&closed) {
            widen((measure, child), rule, saying);
            return true;
        }
        around.extend(totals.filter(|&total| domain.children(total).iter().any(|child| children.contains(child))));
        largest(&around)
    };
    next.inspect(|&figure| saying.hold((measure, figure))).is_some()
}
