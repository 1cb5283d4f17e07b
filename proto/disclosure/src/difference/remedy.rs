//! What gives way where a figure comes too close to others.

use std::collections::BTreeSet;
use std::ops::Range;

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
    let news = News { protected, same };
    if close.values().all(|remedy| *remedy == Remedy::Around) {
        let given = close.keys().filter(|place| give_way(**place, &news, rule, saying));
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

/// Lets one of those give way from which follows what is known of a figure. Whether there is any.
///
/// Of a total its cells tell: the largest of them that is not open yet is opened, and where all of them are, the largest
/// figure that shares people with it is held back. Of an inner cell totals over it tell: the smallest is held back. Where
/// there are none, another measure of the cell is, as a sum is of as many people as reach it, and few people have few rows;
/// and else the largest figure that totals link with it, of this measure or another.
fn give_way(place: Place, news: &News<'_>, rule: &Rule<'_>, saying: &mut Saying) -> bool {
    let (measure, cell) = place;
    let domain = news.protected.domain();
    let children = domain.children(cell);
    let within = || children.iter().map(|&child| (measure, child));
    let totals_with = |shares: &dyn Fn(&[usize]) -> bool| -> Vec<Place> {
        let others = (domain.inner_len()..domain.len()).filter(|&total| total != cell);
        others.filter(|&total| shares(&domain.children(total))).map(|total| (measure, total)).collect()
    };
    let next = if children.is_empty() {
        let over = totals_with(&|below| below.contains(&cell));
        over.into_iter().filter(|total| news.said(total).is_some()).min_by_key(|total| news.said(total))
    } else {
        let closed = within().filter(|child| news.is_shown(child) && !saying.is_open(*child));
        if let Some(child) = news.largest(closed) {
            widen(child, rule, saying);
            return true;
        }
        news.largest(within().chain(totals_with(&|below| below.iter().any(|child| children.contains(child)))))
    };
    let all = 0..news.protected.measures().len();
    let beside = || news.largest(all.clone().filter(|other| *other != measure).map(|other| (other, cell)));
    let linked = || news.linked(cell, measure..measure + 1).or_else(|| news.linked(cell, all.clone()));
    next.or_else(beside).or_else(linked).inspect(|&place| saying.hold(place)).is_some()
}

/// What a table says that was not said of the same people before. Of the rest everybody knows what was said, whatever is
/// said of it now.
struct News<'a> {
    protected: &'a Protected,
    same: &'a BTreeSet<Place>,
}

impl News<'_> {
    fn said(&self, place: &Place) -> Option<(u64, u64)> {
        let cell = *self.protected.cells(place.0).get(place.1)?;
        known_bounds(cell).filter(|_| !self.same.contains(place))
    }

    fn is_shown(&self, &(measure, cell): &Place) -> bool {
        matches!(self.protected.cells(measure).get(cell), Some(Cell::Shown { .. }))
    }

    fn largest(&self, places: impl IntoIterator<Item = Place>) -> Option<Place> {
        let said = places.into_iter().filter_map(|place| Some((self.said(&place)?, place)));
        said.max().map(|(_, place)| place)
    }

    /// The largest figure of these measures that totals link with a figure.
    fn linked(&self, cell: usize, measures: Range<usize>) -> Option<Place> {
        let domain = self.protected.domain();
        let neighbourhoods = domain.neighbourhoods();
        let neighbourhood =
            |figure: usize| neighbourhoods.get(domain.children(figure).first().copied().unwrap_or(figure));
        let of_this = neighbourhood(cell);
        let figures: Vec<usize> = (0..domain.len()).filter(|&figure| neighbourhood(figure) == of_this).collect();
        self.largest(measures.flat_map(|measure| figures.iter().map(move |&figure| (measure, figure))))
    }
}
