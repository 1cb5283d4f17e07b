//! What is said of inner cells beside public facts, and what of the other measures in the same cells.

use std::collections::BTreeMap;

use roaring::RoaringBitmap;

use crate::cell::Cell;
use crate::domain::Domain;
use crate::held::{HeldBack, again};
use crate::measure::MeasureKind;
use crate::policy::{Policy, Zeros};
use crate::protect::{ProtectError, refined_total};
use crate::public::Public;
use crate::raw::RawTable;
use crate::refine::{Blocks, Facts, chains, fits, publish};
use crate::rows::refinable;

/// The greatest bound of a count that is shown; a cell of which less is public is withheld.
pub(crate) const GREATEST_SHOWN: u64 = 1 << 29;

/// Which measure is refined, and from what: the declaration and what is public say it.
pub(crate) struct Start {
    pub(crate) measure: Option<usize>,
    pub(crate) chains: Vec<usize>,
    pub(crate) facts: Facts,
    /// Whether refinement can start from the facts.
    fits: bool,
}

impl Start {
    pub(crate) fn of(raw: &RawTable, policy: &Policy, public: &Public) -> Self {
        let people = raw.measures.iter().position(|m| m.kind() == MeasureKind::People);
        let facts = people.map(|people| public.facts(people)).unwrap_or_default();
        // Where something is public of people, they are refined.
        let measure = people.filter(|_| !facts.is_empty()).or_else(|| refinable(&raw.measures, policy));
        let chains = measure.map(|measure| chains(&raw.domain, raw.measures[measure].kind(), &facts));
        let chains = chains.unwrap_or_default();
        let fits = !facts.is_empty() && fits(&raw.domain, &chains, policy.pairs());
        Self { measure, chains, facts, fits }
    }

    /// The measure of people and its chains, where refinement can start from facts.
    pub(crate) fn known(&self) -> Option<(usize, &[usize])> {
        self.measure.filter(|_| self.fits).map(|measure| (measure, self.chains.as_slice()))
    }
}

/// Inner cells whose intervals follow from what was public before them.
pub(crate) struct Informed {
    pub(crate) blocks: Blocks,
    /// Per inner cell, whether public facts still bear on its neighbourhood.
    pub(crate) bear: Vec<bool>,
    /// Per inner cell, whether its neighbourhood's totals have to be refined: where a fact bears, or a range is kept.
    pub(crate) open: Vec<bool>,
}

/// Says the people of the inner cells of informed neighbourhoods, and beside them of the other measures what can tell
/// nothing of the facts: nothing, or, where no fact bears on the cells as they are now said, what is always said.
pub(crate) fn say_informed(
    cells: &mut [Vec<Cell>],
    raw: &RawTable,
    policy: &Policy,
    public: &Public,
    start: &Start,
    held: &HeldBack,
) -> Result<Informed, ProtectError> {
    let domain = &raw.domain;
    let counts: Vec<u64> = raw.people.iter().map(RoaringBitmap::len).collect();
    let none = || vec![false; domain.inner_len()];
    let nothing = |counts| Informed {
        blocks: Blocks { of: BTreeMap::new(), totals: BTreeMap::new(), counts },
        bear: none(),
        open: none(),
    };
    let (Some((people, chains)), true) = (start.known(), held.informed.iter().any(|&informed| informed)) else {
        return Ok(nothing(counts));
    };
    let crowd = |(cell, n): (&usize, &u64)| {
        let here = if domain.is_total(*cell) { domain.children(*cell) } else { vec![*cell] };
        here.iter().map(|&child| counts[child]).sum::<u64>() > *n
    };
    let takes_part = |(cell, _): &(&usize, &u64)| match domain.children(**cell) {
        inner if inner.is_empty() => held.informed[**cell],
        children => children.iter().any(|&child| held.informed[child]),
    };
    if start.facts.populations.iter().filter(takes_part).any(crowd) {
        return Err(ProtectError::Population);
    }
    let blocks = publish(domain, policy, chains, &start.facts, &held.informed, &counts);
    let blocks = blocks.ok_or(ProtectError::Contradiction)?;
    for (&cell, &range) in &blocks.of {
        let said = informed_people(range, policy, domain.is_structural_zero(cell));
        cells[people][cell] = public
            .answer(people, cell)
            .map_or(said, |answer| again(answer, domain, cell, &raw.measures[people], policy));
    }
    let mut bear = bears(domain, &start.facts, &blocks, policy);
    bear.iter_mut().zip(&held.informed).for_each(|(bear, informed)| *bear &= informed);
    for &cell in blocks.of.keys() {
        let of_people = cells[people][cell];
        for (m, measure) in raw.measures.iter().enumerate().filter(|(m, _)| *m != people) {
            let said = &mut cells[m][cell];
            *said = match (of_people, public.answer(m, cell)) {
                (Cell::Zero, _) => Cell::Zero,
                (_, Some(answer)) => again(answer, domain, cell, measure, policy),
                (Cell::Shown { .. }, None) if !bear[cell] && *said != Cell::Zero => *said,
                _ => Cell::Withheld,
            };
            if *said == Cell::Zero && of_people != Cell::Zero {
                *said = Cell::Withheld;
            }
        }
    }
    let mut open = keeps(domain, &start.facts);
    open.iter_mut()
        .zip(&held.informed)
        .zip(&bear)
        .for_each(|((open, informed), bear)| *open = *open && *informed || *bear);
    Ok(Informed { blocks, bear, open })
}

/// What is said of people in an inner cell that lies between these, as the public sees it.
fn informed_people((low, high): (u64, u64), policy: &Policy, structural_zero: bool) -> Cell {
    let (least, most) = policy.suppressed();
    if high == 0 && (structural_zero || policy.zeros() == Zeros::Shown) {
        return Cell::Zero;
    }
    if high <= most {
        return Cell::Suppressed { low: least.min(low), high: most };
    }
    refined_total(low, high, policy)
}

/// Per inner cell, whether a fact about its neighbourhood says more than the cells themselves.
fn bears(domain: &Domain, facts: &Facts, blocks: &Blocks, policy: &Policy) -> Vec<bool> {
    let neighbours = domain.neighbourhoods();
    let mut bear = vec![false; domain.inner_len()];
    let uncrowded = |(first, _): (i32, i32)| u64::try_from(first - 1).unwrap_or(0);
    let crowded = facts.crowded(policy).map(|(cell, zone)| (cell, (0, uncrowded(zone))));
    for (cell, (low, high)) in facts.ranges.iter().map(|(cell, range)| (*cell, *range)).chain(crowded) {
        let children = if domain.is_total(cell) { domain.children(cell) } else { vec![cell] };
        let ranges = || children.iter().filter_map(|child| blocks.of.get(child));
        let (least, most): (u64, u64) = (ranges().map(|r| r.0).sum(), ranges().map(|r| r.1).sum());
        let said_before = !domain.is_total(cell) && facts.answered.contains(&cell);
        if !said_before && (least < low || high < most) {
            children.iter().for_each(|&child| bear[neighbours[child]] = true);
        }
    }
    neighbours.iter().map(|&first| bear[first]).collect()
}

/// Per inner cell, whether something in its neighbourhood keeps its whole range.
fn keeps(domain: &Domain, facts: &Facts) -> Vec<bool> {
    let neighbours = domain.neighbourhoods();
    let mut keeps = vec![false; domain.inner_len()];
    for &cell in facts.kept.iter().chain(&facts.held) {
        let children = if domain.is_total(cell) { domain.children(cell) } else { vec![cell] };
        children.iter().for_each(|&child| keeps[neighbours[child]] = true);
    }
    neighbours.iter().map(|&first| keeps[first]).collect()
}
