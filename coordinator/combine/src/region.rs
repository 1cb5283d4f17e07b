//! Regions of a table: some levels of some dimensions, everything of the rest. A figure compares regions.
//!
//! What a site says about a region follows from any declared group of its cells that is fine enough, so the bounds of
//! all such groups hold together and the tightest of each is taken.

use std::collections::BTreeMap;

use disclosure::{CellKey, Domain, Interval, Kept, MeasureKind, Per, Reported};

/// Some levels of some dimensions of a domain, and the declared cells that make the region up.
#[derive(Clone, Debug)]
pub(crate) struct Region {
    /// Per declared group that is fine enough: classes of cells. People of different classes are different people;
    /// within a class the same person may stand in several cells.
    ways: Vec<Vec<Vec<usize>>>,
}

impl Region {
    /// The region of these levels, per dimension; `None` means all of it.
    pub(crate) fn new(domain: &Domain, levels: &[Option<Vec<usize>>]) -> Self {
        let ways = groups(domain).filter_map(|kept| way(domain, levels, &kept)).collect();
        Self { ways }
    }

    /// What a site says about the region, or `None` where it covers nothing of it. Where it covers a part, that part.
    pub(crate) fn interval(&self, reported: &Reported, measure: usize) -> Option<Interval> {
        let people = reported.measures().get(measure)?.kind() == MeasureKind::People;
        let mut found: Option<Interval> = None;
        for classes in &self.ways {
            let Some(way) = sum(classes.iter().filter_map(|class| within(reported, measure, class, people))) else {
                continue;
            };
            found = Some(found.map_or(way, |found| both(found, way)));
        }
        found
    }
}

/// The sum of intervals; `None` where there is none. Bounds that overflow stay bounds: a low end saturates, a high end
/// opens.
pub(crate) fn sum(intervals: impl Iterator<Item = Interval>) -> Option<Interval> {
    intervals.reduce(|a, b| Interval {
        low: a.low.saturating_add(b.low),
        high: a.high.zip(b.high).and_then(|(a, b)| a.checked_add(b)),
    })
}

/// What holds if both hold.
fn both(a: Interval, b: Interval) -> Interval {
    let high = match (a.high, b.high) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    };
    Interval { low: a.low.max(b.low), high }
}

/// The interval of a class of cells: rows and sums add up; people may be the same in all of them.
fn within(reported: &Reported, measure: usize, class: &[usize], people: bool) -> Option<Interval> {
    let cells = || class.iter().filter_map(|&cell| reported.interval(measure, cell));
    let all = sum(cells())?;
    if people {
        return Some(Interval { low: cells().map(|cell| cell.low).max().unwrap_or(0), high: all.high });
    }
    Some(all)
}

/// Every declared group of cells: what it keeps, the inner cells first.
pub(crate) fn groups(domain: &Domain) -> impl Iterator<Item = Vec<Kept>> + '_ {
    let inner = (0..domain.dimensions().len()).map(Kept::Levels).collect();
    std::iter::once(inner).chain((0..domain.totals().len()).map(|total| domain.kept(total)))
}

/// The cells of one group that make the region up, by the levels of the dimensions of which a person has one level;
/// `None` where the group is not fine enough.
fn way(domain: &Domain, levels: &[Option<Vec<usize>>], kept: &[Kept]) -> Option<Vec<Vec<usize>>> {
    let mut keys = vec![vec![None; levels.len()]];
    let mut by_person = Vec::new();
    let mut left = levels.to_vec();
    for &kept in kept {
        let (dimension, places) = domain.places(kept);
        let chosen = left.get_mut(dimension)?.take();
        let within = |place: &usize| {
            let members = domain.levels_at(dimension, *place);
            chosen.as_ref().is_none_or(|chosen| members.iter().all(|level| chosen.contains(level)))
        };
        let places: Vec<usize> = places.filter(within).collect();
        // Groups that reach beyond the region leave a part of it out.
        let reached = places.iter().map(|&place| domain.levels_at(dimension, place).len()).sum::<usize>();
        if chosen.is_some_and(|chosen| chosen.len() != reached) {
            return None;
        }
        if domain.dimensions().get(dimension)?.per == Per::Person {
            by_person.push(dimension);
        }
        keys = keys
            .iter()
            .flat_map(|key: &Vec<Option<usize>>| {
                places.iter().map(move |&place| {
                    let mut key = key.clone();
                    key[dimension] = Some(place);
                    key
                })
            })
            .collect();
    }
    // A dimension that is restricted and of which nothing is kept.
    if left.iter().any(Option::is_some) {
        return None;
    }
    let mut classes: BTreeMap<Vec<Option<usize>>, Vec<usize>> = BTreeMap::new();
    for key in keys {
        let class = by_person.iter().map(|&dimension| key[dimension]).collect();
        if let Some(cell) = domain.index_of(&CellKey(key)) {
            classes.entry(class).or_default().push(cell);
        }
    }
    Some(classes.into_values().collect())
}
