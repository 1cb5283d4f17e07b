//! Simulatable refinement: which interval is published for each total beside suppressed cells.
//!
//! Totals start unknown. In the declared order each is cut into blocks, but only at cuts that leave every suppressed
//! cell its whole range in every outcome; the decision reads what is public and nothing else, and the true value only
//! picks the block. Whoever re-runs the rule on every table that fits the release therefore finds the same release, and
//! excludes no value of any suppressed cell.
//!
//! * *Range*: each suppressed cell has two scenarios, at its least and at its greatest value (with pairs protected, each
//!   two under one total have four more). Every published block meets every scenario.
//! * *Closure*: cuts depend on earlier blocks through least and greatest values alone, and those are unique.
//!
//! It takes part where figures add up exactly and the totals have a network form: of the additive totals, in declared
//! order, as many as do. Totals of people that are unions have a rule of their own, in [`unions`]. Everything else is
//! held back where it touches a suppressed cell's neighbourhood: see [`neighbourhood`].
//!
//! One measure is refined, and the declaration alone says which: people, or rows that no one can dominate (see
//! [`rows`](crate::rows)). Rows add up over every dimension. A withheld cell of theirs keeps its whole range of rows, up
//! to the cap of everybody below the threshold, so every number of people with every number of rows that they can have
//! stays possible. To keep only as many rows as people would cost fewer totals, but would tell of a few people how seldom
//! they came. Whatever rows fit the totals, each cell has people who fit its rows and all of its other figures; that
//! holds as long as no total of another measure is shown beside them.

mod form;
mod network;
mod run;
mod unions;

#[cfg(test)]
mod tests;

use self::network::{Bounds, Network};
use self::run::{Cuts, Run, UNBOUNDED};
use crate::cell::Cell;
use crate::domain::Domain;
use crate::measure::MeasureKind;
use crate::policy::{Pairs, Policy};
use crate::rows::Behind;

/// The most values that the scenarios of one table may hold, if every declared cell were suppressed: four bytes each.
/// It follows from the declared domain alone; a larger table has its totals held back.
const MAX_SCENARIO_VALUES: usize = 130_000_000;

/// The inner cells of the measure to be refined.
pub(crate) struct Inner<'a> {
    /// The place of the measure.
    pub(crate) measure: usize,
    /// What it counts: people or rows.
    pub(crate) kind: MeasureKind,
    /// What is said about them.
    pub(crate) said: &'a [Cell],
    /// What all of the published inner figures together imply for each.
    pub(crate) bounds: &'a [(u64, u64)],
    /// The true counts.
    pub(crate) counts: &'a [u64],
}

/// What refinement decided about the totals of one measure.
pub(crate) struct Refined {
    /// The place of the measure.
    pub(crate) measure: usize,
    /// Per inner cell, whether a total links it, through others, with a suppressed cell.
    pub(crate) linked: Vec<bool>,
    /// Per cell, what is published about a total that touches linked cells.
    pub(crate) totals: Vec<Total>,
}

/// What is published about a total.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Total {
    /// It touches no linked cell, or is not of people that can be refined: see [`Refined::linked`].
    Plain,
    /// Nothing.
    Held,
    /// It lies between these.
    Between(u64, u64),
}

/// Refines the totals of one measure; `distinct` gives the true value of a total of people that is a union. `None` where
/// the domain is too large, which the declaration alone decides, or all counts together exceed 30 bits.
pub(crate) fn refine(
    domain: &Domain,
    policy: &Policy,
    inner: &Inner<'_>,
    distinct: impl Fn(usize) -> u64,
) -> Option<Refined> {
    let &Inner { measure, kind, said, bounds, counts } = inner;
    let counts_people = kind == MeasureKind::People;
    let (additive, unions): (Vec<usize>, Vec<usize>) =
        (0..domain.totals().len()).partition(|&total| !counts_people || domain.adds_up(None, total));
    let totals = form::in_two_chains(domain, &additive);
    let covered: Vec<bool> = cover(domain, said);
    let network = form::network(domain, &totals, &covered)?;
    if most_scenarios(domain, &network, policy.pairs()).checked_mul(domain.len())? > MAX_SCENARIO_VALUES {
        return None;
    }
    let linked = neighbourhood(domain, &totals, said);
    let touches = |cell: usize| domain.children(cell).iter().any(|&child| linked[child]);
    let truth = true_table(domain, &totals, counts)?;
    let mut run = Run::new(&network, start(domain, bounds)?, &truth);
    protect_ranges(&mut run, &network, policy.pairs(), said);
    let cuts = TotalCuts(*policy);
    let mut published = vec![Total::Plain; domain.len()];
    for cell in totals.iter().flat_map(|&total| domain.cells_of_total(total)) {
        if covered[cell] && touches(cell) {
            // Left unknown, it leaves the other totals freer. The public mask alone decides.
            if !counts_people && !Behind::of(domain, cell, said).may_be_shown() {
                published[cell] = Total::Held;
                continue;
            }
            run.publish(cell, &cuts);
            let children = domain.children(cell);
            let sum = |end: fn(&(u64, u64)) -> u64| children.iter().map(|&child| end(&bounds[child])).sum::<u64>();
            let (low, high) =
                (u64::try_from(run.bounds().low[cell]).ok()?, u64::try_from(run.bounds().high[cell]).ok()?);
            published[cell] = Total::Between(low.max(sum(|b| b.0)), high.min(sum(|b| b.1)));
        }
    }
    let unions = unions::publish(domain, &unions, &cuts, bounds, &linked, distinct);
    for (cell, (low, high)) in unions.ranges {
        published[cell] = Total::Between(low, high);
    }
    for cell in unions.held {
        published[cell] = Total::Held;
    }
    Some(Refined { measure, linked, totals: published })
}

/// Protects the whole range of every hidden cell, and of pairs under one total where the policy says so.
fn protect_ranges(run: &mut Run<'_>, network: &Network, pairs: Pairs, said: &[Cell]) {
    let mut ranges: Vec<(usize, i32, i32)> = Vec::new();
    for cell in (0..said.len()).filter(|&cell| said[cell].is_hidden()) {
        let partners: Vec<_> = match pairs {
            Pairs::Single => Vec::new(),
            Pairs::Protected => ranges.iter().copied().filter(|p| network.share_a_total(p.0, cell)).collect(),
        };
        let (low, high) = run.protect(cell, &partners);
        ranges.push((cell, low, high));
    }
}

/// Whether a cell passes on what is said of others under its totals: nothing that is uncovered or shown to be zero does.
fn links(cell: Cell) -> bool {
    !matches!(cell, Cell::NotCovered | Cell::Zero)
}

/// Marks the inner cells that additive totals link, directly or through other cells, with a suppressed cell. Nothing
/// that is published about unmarked cells can tell anything about a suppressed one. Reads the public mask alone.
pub(crate) fn neighbourhood(domain: &Domain, totals: &[usize], inner: &[Cell]) -> Vec<bool> {
    let mut group: Vec<usize> = (0..domain.inner_len()).collect();
    fn root(group: &mut [usize], mut cell: usize) -> usize {
        while group[cell] != cell {
            group[cell] = group[group[cell]];
            cell = group[cell];
        }
        cell
    }
    for cell in totals.iter().flat_map(|&total| domain.cells_of_total(total)) {
        let children: Vec<usize> = domain.children(cell).into_iter().filter(|&child| links(inner[child])).collect();
        for pair in children.windows(2) {
            let (one, other) = (root(&mut group, pair[0]), root(&mut group, pair[1]));
            group[one] = other;
        }
    }
    let mut marked = vec![false; domain.inner_len()];
    for cell in (0..domain.inner_len()).filter(|&cell| inner[cell].is_hidden()) {
        marked[root(&mut group, cell)] = true;
    }
    (0..domain.inner_len()).map(|cell| marked[root(&mut group, cell)]).collect()
}

/// Cuts of totals: the block starts of the policy's grid. The threshold itself is one only where the grid has it.
struct TotalCuts(Policy);

impl TotalCuts {
    /// The start of the block that holds `value`, or nought below the first cut.
    fn start(&self, value: u64) -> u64 {
        let k = self.0.threshold().people();
        if value < k {
            return 0;
        }
        let low = self.0.block(value).low;
        if low == k && self.0.rounding().uncut(k).low != k { 0 } else { low }
    }
}

impl Cuts for TotalCuts {
    fn at_or_below(&self, value: i32) -> i32 {
        u64::try_from(value).map_or(0, |value| i32::try_from(self.start(value)).unwrap_or(0))
    }

    fn above(&self, value: i32) -> i32 {
        let value = u64::try_from(value).unwrap_or(0);
        let k = self.0.threshold().people();
        let next = if value < k { k } else { self.0.block(value).high.saturating_add(1) };
        let next = if self.start(next) == 0 { self.0.block(next).high.saturating_add(1) } else { next };
        i32::try_from(next).unwrap_or(UNBOUNDED).min(UNBOUNDED)
    }
}

/// Which cells, totals included, cover something.
fn cover(domain: &Domain, inner: &[Cell]) -> Vec<bool> {
    let covered = |cell: &usize| inner[*cell] != Cell::NotCovered;
    (0..domain.len())
        .map(|cell| if domain.is_total(cell) { domain.children(cell).iter().any(covered) } else { covered(&cell) })
        .collect()
}

/// The true table: inner counts and, for additive totals, their sums.
fn true_table(domain: &Domain, totals: &[usize], counts: &[u64]) -> Option<Vec<i32>> {
    let all = counts.iter().try_fold(0u64, |all, &count| all.checked_add(count))?;
    if i32::try_from(all).ok()? >= UNBOUNDED {
        return None;
    }
    let mut truth = vec![0; domain.len()];
    for (value, &count) in truth.iter_mut().zip(counts) {
        *value = i32::try_from(count).ok()?;
    }
    for cell in totals.iter().flat_map(|&total| domain.cells_of_total(total)) {
        truth[cell] = domain.children(cell).iter().map(|&child| truth[child]).sum();
    }
    Some(truth)
}

/// What is public before any total is: the inner cells' bounds, and nothing of the totals.
fn start(domain: &Domain, inner: &[(u64, u64)]) -> Option<Bounds> {
    let (mut low, mut high) = (vec![0; domain.len()], vec![UNBOUNDED; domain.len()]);
    for (cell, &(from, to)) in inner.iter().enumerate() {
        low[cell] = i32::try_from(from).ok()?;
        high[cell] = i32::try_from(to).ok()?;
    }
    Some(Bounds { low, high })
}

/// How many scenarios there would be if every inner cell were suppressed.
fn most_scenarios(domain: &Domain, network: &Network, pairs: Pairs) -> usize {
    let inner = domain.inner_len();
    let pairs = match pairs {
        Pairs::Single => 0,
        Pairs::Protected => {
            (0..inner).map(|one| (0..one).filter(|&other| network.share_a_total(one, other)).count()).sum()
        }
    };
    2 * inner + 4 * pairs
}
