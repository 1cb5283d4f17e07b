//! Inner cells of a neighbourhood about which something is public already: a total, a list size, an earlier answer.
//!
//! Cell by cell publication is safe only while nothing is known of totals: beside a known total of 14, one cell of ten
//! people or more tells that the other has four at the most. Here a cell is not told from a small one unless every other
//! cell that might be small keeps, on each side of that cut, every small value that it can have by what was public
//! before, or can have none of them there. The order is fixed by the declaration:
//!
//! 1. What may be small is protected over the small values that the public facts leave it: every inner cell, and of a
//!    known population `N` of a cell with `n` people the rest, `N - n`, below the threshold or a block, whichever is more.
//! 2. Each rest is told apart from small ones, those of small populations first, then each inner cell, where that cut
//!    splits no other's values. What cannot be small any more needs no protection.
//! 3. Inner cells of at least the threshold are cut into blocks where everything still protected stays possible on both
//!    sides of each cut.
//!
//! Totals follow in [`refine`](super::refine). Each decision reads only what was public before it, and each block meets
//! every scenario, so whoever runs the rule again on any table that fits finds the same blocks: nobody excludes a value
//! of a suppressed count that the public facts and the other suppressed counts had not excluded before. An earlier answer
//! may be that of a slightly different set of people and not fit today's table; then the nearest table that fits what is
//! public takes its place, which is itself a table that fits and gives the same output.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::cuts::{InnerCuts, signed};
use super::form;
use super::network::{Bounds, Towards};
use super::run::{Run, UNBOUNDED};
use crate::domain::Domain;
use crate::policy::{Pairs, Policy, Zeros};

/// The most moves of scenarios: those of every declared inner cell, were it small, times the inner cells.
const MAX_MOVES: usize = 6_000_000;

/// Public facts about the people of a domain's cells.
#[derive(Clone, Debug, Default)]
pub(crate) struct Facts {
    /// What each cell lies between.
    pub(crate) ranges: BTreeMap<usize, (u64, u64)>,
    /// How many people each cell could hold at most, where others know who they are.
    pub(crate) populations: BTreeMap<usize, u64>,
    /// Cells that were answered before and are said again: nothing new is published about them.
    pub(crate) answered: BTreeSet<usize>,
    /// Inner cells whose whole range has to stay possible.
    pub(crate) kept: BTreeSet<usize>,
    /// Cells of which nothing is said. A total among them keeps the range that its cells give it.
    pub(crate) held: BTreeSet<usize>,
}

impl Facts {
    pub(crate) fn is_empty(&self) -> bool {
        self.ranges.is_empty() && self.populations.is_empty() && self.answered.is_empty() && self.held.is_empty()
    }

    /// The upper bound and the least value at which the rest of a known population counts as small.
    pub(crate) fn crowded(&self, policy: &Policy) -> impl Iterator<Item = (usize, (i32, i32))> {
        let small = policy.threshold().people().max(policy.rounding().base());
        let crowded = move |(&cell, &n): (&usize, &u64)| (cell, (signed((n + 1).saturating_sub(small)), signed(n)));
        self.populations.iter().map(crowded)
    }
}

/// What is said of the inner cells of informed neighbourhoods.
pub(crate) struct Blocks {
    /// Per inner cell that takes part, its interval as the public sees it.
    pub(crate) of: BTreeMap<usize, (u64, u64)>,
    /// Per total of a known population, between what it lies as everybody can tell by now.
    pub(crate) totals: BTreeMap<usize, (u64, u64)>,
    /// Per inner cell the count that the rest of the release is made from: the true one, or the nearest that fits.
    pub(crate) counts: Vec<u64>,
}

/// Whether so many inner cells and totals can be worked on. The declaration alone decides.
pub(crate) fn fits(domain: &Domain, totals: &[usize], pairs: Pairs) -> bool {
    let Some(network) = form::network(domain, totals, &vec![true; domain.len()]) else { return false };
    let scenarios = super::most_scenarios(domain, &network, pairs);
    scenarios * domain.inner_len() <= MAX_MOVES && scenarios * domain.len() <= super::MAX_SCENARIO_VALUES
}

/// Publishes the inner cells marked in `informed`, of which `totals` are the two chains of totals above and `counts` the
/// true counts. `None` where no table fits the facts.
pub(crate) fn publish(
    domain: &Domain,
    policy: &Policy,
    totals: &[usize],
    facts: &Facts,
    informed: &[bool],
    counts: &[u64],
) -> Option<Blocks> {
    let part = |cell: usize| {
        if domain.is_total(cell) { domain.children(cell).iter().any(|&c| informed[c]) } else { informed[cell] }
    };
    let covered: Vec<bool> = (0..domain.len()).map(part).collect();
    let network = form::network(domain, totals, &covered)?;
    let masked: Vec<u64> = counts.iter().zip(informed).map(|(&count, &part)| if part { count } else { 0 }).collect();
    let mut truth = super::true_table(domain, totals, &masked)?;
    let bounds = start(domain, facts);
    if !network.settle(&bounds, &mut truth) {
        return None;
    }
    let mut run = Run::new(&network, bounds, &truth);
    let inner: Vec<usize> = (0..domain.inner_len()).filter(|&cell| informed[cell]).collect();
    let mut crowded: Vec<_> = facts.crowded(policy).filter(|(cell, _)| covered[*cell]).collect();
    // Smaller populations first, and of equal ones that of the widest total: what is told of them settles others, and seldom
    // the other way round.
    crowded.sort_by_key(|(cell, (_, n))| (*n, Reverse(domain.children(*cell).len()), *cell));
    let least = i32::from(policy.zeros() == Zeros::Shown);
    let small = (least, signed(policy.threshold().people()) - 1);
    let rest = |cell: usize| domain.len() + cell;
    for &(cell, zone) in &crowded {
        run.protect_within(rest(cell), cell, zone, &[]);
    }
    for &cell in inner.iter().filter(|cell| facts.kept.contains(cell)) {
        let whole = (run.bounds().low[cell], run.bounds().high[cell]);
        run.protect_within(cell, cell, whole, &[]);
    }
    let mut ranges: Vec<(usize, i32, i32)> = Vec::new();
    for &cell in &inner {
        let partners: Vec<_> = match policy.pairs() {
            Pairs::Single => Vec::new(),
            Pairs::Protected => ranges.iter().copied().filter(|p| network.share_a_total(p.0, cell)).collect(),
        };
        if let Some((low, high)) = run.protect_within(cell, cell, small, &partners) {
            ranges.push((cell, low, high));
        }
    }
    for &(cell, zone) in &crowded {
        run.separate(cell, &[zone.0], rest(cell));
    }
    let asked: Vec<usize> = inner.iter().copied().filter(|cell| !facts.answered.contains(cell)).collect();
    for &cell in &asked {
        run.separate(cell, &[least, small.1 + 1], cell);
        // Told from neither, zero is one of the values that a suppressed count stands for.
        if run.bounds().low[cell] < least && run.bounds().high[cell] <= small.1 {
            run.protect_within(cell, cell, (0, 0), &[]);
        }
    }
    for &cell in &asked {
        if run.bounds().low[cell] > small.1 {
            run.publish(cell, &InnerCuts(*policy));
        }
    }
    let mut of = BTreeMap::new();
    for &cell in &inner {
        // Wider than the grid, a block may be narrower by what is public of the totals.
        let (low, high) = (run.bounds().low[cell], run.bounds().high[cell]);
        let wide = signed(policy.rounding().base()) < high - low + 1;
        let implied = |run: &mut Run<'_>, towards| run.extreme(&[], cell, towards);
        let (low, high) = if wide && low > small.1 {
            (implied(&mut run, Towards::Least), implied(&mut run, Towards::Greatest))
        } else {
            (low, high)
        };
        of.insert(cell, (u64::try_from(low).ok()?, u64::try_from(high).ok()?));
    }
    // What the decisions above have told of totals goes on being public.
    let mut totals = BTreeMap::new();
    for &(cell, _) in crowded.iter().filter(|(cell, _)| domain.is_total(*cell)) {
        let (low, high) = (run.bounds().low[cell], run.bounds().high[cell]);
        totals.insert(cell, (u64::try_from(low).ok()?, u64::try_from(high).ok()?));
    }
    let fitting =
        |(cell, &count): (usize, &u64)| if informed[cell] { u64::try_from(truth[cell]).ok() } else { Some(count) };
    let counts = counts.iter().enumerate().map(fitting).collect::<Option<_>>()?;
    Some(Blocks { of, totals, counts })
}

/// What is public before anything is published.
fn start(domain: &Domain, facts: &Facts) -> Bounds {
    let mut bounds = Bounds { low: vec![0; domain.len()], high: vec![UNBOUNDED; domain.len()] };
    for (&cell, &(low, high)) in &facts.ranges {
        (bounds.low[cell], bounds.high[cell]) = (signed(low), signed(high));
    }
    for (&cell, &n) in &facts.populations {
        bounds.high[cell] = bounds.high[cell].min(signed(n));
    }
    for cell in (0..domain.inner_len()).filter(|&cell| domain.is_structural_zero(cell)) {
        bounds.high[cell] = 0;
    }
    bounds
}
