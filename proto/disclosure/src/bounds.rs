//! Guaranteed intervals for the truths behind a reported table.
//!
//! Every cell starts from what it says itself; then totals and inner cells tighten each other, and counts of people and
//! rows each other, until nothing moves or a fixed number of rounds is over. Stopping early leaves an interval wider
//! than it might be, never wrong.

use crate::cell::Cell;
use crate::domain::{CellKey, Domain};
use crate::measure::{Measure, MeasureKind};
use crate::policy::Policy;
use crate::reported::Reported;
use crate::rows::withheld_rows;

/// The most rounds of tightening: a limit in steps, so that the same table always gives the same intervals.
const MAX_ROUNDS: usize = 50;

/// An interval that holds the truth. People and rows are whole; a sum lies between in units and hundredths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interval {
    /// The least that the truth can be.
    pub low: u64,
    /// The most that the truth can be, or `None` where nothing bounds it.
    pub high: Option<u64>,
}

impl Interval {
    /// Nothing is known.
    pub(crate) const ANY: Self = Self { low: 0, high: None };

    /// What a cell says by itself.
    pub(crate) fn said(cell: &Cell) -> Self {
        Self { low: cell.low(), high: cell.high() }
    }

    /// Whether everything in it is in `other` too.
    pub(crate) fn is_within(self, other: Self) -> bool {
        other.low <= self.low && other.high.is_none_or(|most| self.high.is_some_and(|high| high <= most))
    }
}

/// The interval of a measure's cell, or `None` where the cell is not covered or does not exist.
#[must_use]
pub fn interval(reported: &Reported, measure: usize, cell: usize) -> Option<Interval> {
    reported.interval(measure, cell)
}

/// How a total follows from the cells under it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kin {
    /// It is their sum.
    Sum,
    /// It is the number of distinct people in them: at least the largest, at most the sum.
    Union,
}

/// One total and covered cells that together make it up.
#[derive(Clone, Debug)]
pub(crate) struct Relation {
    pub(crate) total: usize,
    pub(crate) children: Vec<usize>,
    pub(crate) kin: Kin,
}

/// Every relation between a declared total and a finer declared group of cells, uncovered cells left out.
pub(crate) fn relations(domain: &Domain, kind: MeasureKind, covered: &[bool]) -> Vec<Relation> {
    let totals = domain.totals().len();
    let mut relations = Vec::new();
    for coarse in 0..totals {
        for fine in std::iter::once(None).chain((0..totals).filter(|&fine| fine != coarse).map(Some)) {
            if !domain.refines(fine, coarse) {
                continue;
            }
            let adds_up = kind != MeasureKind::People || domain.adds_up(fine, coarse);
            let kin = if adds_up { Kin::Sum } else { Kin::Union };
            for total in domain.cells_of_total(coarse) {
                let key = domain.key(total).unwrap_or(CellKey(vec![None; domain.dimensions().len()]));
                let children: Vec<usize> = domain.cells_under(&key, fine).into_iter().filter(|&c| covered[c]).collect();
                if covered[total] {
                    relations.push(Relation { total, children, kin });
                }
            }
        }
    }
    relations
}

/// What is known of a figure, by its measure and cell, whatever its table says.
pub(crate) type Beforehand = ((usize, usize), Interval);

/// What published populations, pairs of a cell and how many people it is of at most, say of the counts of people. Of a
/// total that is a union of people nothing follows: nobody has compared it.
pub(crate) fn of_populations(
    domain: &Domain,
    measures: &[Measure],
    populations: impl IntoIterator<Item = (usize, u64)>,
) -> Vec<Beforehand> {
    let Some(people) = measures.iter().position(|measure| measure.kind() == MeasureKind::People) else {
        return Vec::new();
    };
    let compared = populations.into_iter().filter(|(cell, _)| *cell < domain.len() && !domain.is_union(*cell));
    compared.map(|(cell, n)| ((people, cell), Interval { low: 0, high: Some(n) })).collect()
}

/// The intervals of every measure's cells, or `None` where they contradict each other.
pub(crate) fn intervals(
    domain: &Domain,
    measures: &[Measure],
    policy: &Policy,
    cells: &[Vec<Cell>],
    beforehand: &[Beforehand],
) -> Option<Vec<Vec<Interval>>> {
    let covered: Vec<bool> = cells.first()?.iter().map(|cell| *cell != Cell::NotCovered).collect();
    let counts_people = |measure: &Measure| measure.kind() == MeasureKind::People;
    let beside = measures.iter().position(counts_people).map(|people| &cells[people]);
    let own = |measure: &Measure, cells: &Vec<Cell>| -> Vec<Interval> {
        let own = |(place, cell)| own(measure, policy, cell, beside.map(|people| people[place]));
        cells.iter().enumerate().map(own).collect()
    };
    let mut bounds: Vec<Vec<Interval>> =
        measures.iter().zip(cells).map(|(measure, cells)| own(measure, cells)).collect();
    let people = measures.iter().position(|m| m.kind() == MeasureKind::People);
    for &((measure, cell), Interval { low, high }) in beforehand.iter().filter(|((_, cell), _)| covered[*cell]) {
        let bounds = &mut bounds[measure][cell];
        *bounds = Interval { low: bounds.low.max(low), high: least(bounds.high, high) };
    }
    let relations: Vec<_> = measures.iter().map(|m| relations(domain, m.kind(), &covered)).collect();
    for _ in 0..MAX_ROUNDS {
        let mut moved = false;
        if let Some(people) = people {
            for measure in (0..measures.len()).filter(|&m| m != people) {
                for cell in (0..domain.len()).filter(|&c| covered[c]) {
                    let (mut p, mut amount) = (bounds[people][cell], bounds[measure][cell]);
                    couple(&mut p, &mut amount, &measures[measure], domain.is_total(cell));
                    moved |= p != bounds[people][cell] || amount != bounds[measure][cell];
                    (bounds[people][cell], bounds[measure][cell]) = (p, amount);
                }
            }
        }
        for (bounds, relations) in bounds.iter_mut().zip(&relations) {
            for relation in relations {
                moved |= tighten(bounds, relation);
            }
        }
        if bounds.iter().flatten().any(|b| b.high.is_some_and(|high| high < b.low)) {
            return None;
        }
        if !moved {
            break;
        }
    }
    Some(bounds)
}

/// What a cell says by itself. Rows withheld beside a suppressed count of people, in an inner cell, are those of few people
/// and nothing else, or of nobody where few are not told from nobody; elsewhere they may be withheld for the sake of what is
/// public already.
pub(crate) fn own(measure: &Measure, policy: &Policy, cell: &Cell, people: Option<Cell>) -> Interval {
    match (withheld_rows(measure, policy), people) {
        (Some((low, high)), Some(Cell::Suppressed { low: fewest, .. })) if *cell == Cell::Withheld => {
            Interval { low: low.min(fewest), high: Some(high) }
        }
        _ => Interval::said(cell),
    }
}

/// Counts of people bound rows and sums in a cell, and the other way round.
fn couple(people: &mut Interval, amount: &mut Interval, measure: &Measure, is_total: bool) {
    let rows = matches!(measure.kind(), MeasureKind::Rows { .. });
    if rows {
        // Everybody in a cell, or in a total, has at least one row there.
        amount.low = amount.low.max(people.low);
        people.high = least(people.high, amount.high);
    }
    // The cap holds per inner cell; a person may reach it in each inner cell of a total.
    if let (Some(cap), false) = (measure.at_most_per_person(), is_total) {
        amount.high = least(amount.high, people.high.and_then(|n| n.checked_mul(cap)));
        people.low = people.low.max(amount.low.div_ceil(cap));
    }
}

/// Lets a total and its parts tighten each other; whether anything moved.
fn tighten(bounds: &mut [Interval], Relation { total, children, kin }: &Relation) -> bool {
    let mut parent = bounds[*total];
    let before = parent;
    let lows: u64 = children.iter().fold(0, |sum, &c| sum.saturating_add(bounds[c].low));
    let unbounded = children.iter().filter(|&&c| bounds[c].high.is_none()).count();
    let highs: u64 = children.iter().fold(0, |sum, &c| sum.saturating_add(bounds[c].high.unwrap_or(0)));
    let at_least = match kin {
        Kin::Sum => lows,
        Kin::Union => children.iter().map(|&c| bounds[c].low).max().unwrap_or(0),
    };
    parent.low = parent.low.max(at_least);
    if unbounded == 0 {
        parent.high = least(parent.high, Some(highs));
    }
    let mut moved = parent != before;
    bounds[*total] = parent;
    for &child in children {
        let mut bound = bounds[child];
        let before = bound;
        // What the other parts can make up at most, and must at least.
        let others_unbounded = unbounded - usize::from(before.high.is_none());
        if others_unbounded == 0 {
            let others = highs - before.high.unwrap_or(0);
            bound.low = bound.low.max(parent.low.saturating_sub(others));
        }
        let others = match kin {
            Kin::Sum => lows - before.low,
            Kin::Union => 0,
        };
        // A part that must be negative shows as an empty interval: `high` nought below `low`, or a contradiction
        // at the total itself.
        bound.high = least(bound.high, parent.high.map(|high| high.saturating_sub(others)));
        moved |= bound != before;
        // The sums above are of the bounds before this relation: sound, and later rounds see the rest.
        bounds[child] = bound;
    }
    moved
}

fn least(a: Option<u64>, b: Option<u64>) -> Option<u64> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}
