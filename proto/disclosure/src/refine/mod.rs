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
//! It takes part where figures add up exactly. Of the additive totals, in declared order, as many as have a network form
//! are refined in it, exactly in whole numbers; the others follow by way of a linear programme ([`program`]) where the
//! declared domain is small enough. Totals of people that are unions have a rule of their own, in [`unions`]. Everything
//! else is held back where it touches a suppressed cell's neighbourhood: see [`neighbourhood`].
//!
//! One measure is refined, and the declaration alone says which: people, or rows that no one can dominate (see
//! [`rows`](crate::rows)). Rows add up over every dimension. A withheld cell of theirs keeps its whole range of rows, up
//! to the cap of everybody below the threshold, so every number of people with every number of rows that they can have
//! stays possible. To keep only as many rows as people would cost fewer totals, but would tell of a few people how seldom
//! they came. Whatever rows fit the totals, each cell has people who fit its rows and all of its other figures; that
//! holds as long as no total of another measure is shown beside them.

mod beside;
mod cuts;
mod form;
mod known;
mod network;
mod overlap;
mod program;
mod run;
mod unions;

#[cfg(test)]
mod tests;

use self::cuts::{TotalCuts, signed};
pub(crate) use self::known::{Blocks, Facts, fits, publish};
use self::network::{Bounds, Network};
use self::program::Programme;
use self::run::{Run, UNBOUNDED};
pub(crate) use self::unions::Unions;
use crate::cell::Cell;
use crate::domain::Domain;
use crate::measure::MeasureKind;
use crate::policy::{Pairs, Policy};
use crate::rows::Behind;

/// The most values that the scenarios of one table may hold, if every declared cell were suppressed: four bytes each.
/// It follows from the declared domain alone; a larger table has its totals held back.
const MAX_SCENARIO_VALUES: usize = 150_000_000;

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
    /// The totals that together form two chains: see [`chains`].
    pub(crate) chains: &'a [usize],
    /// What is public about the measure's cells beside this table.
    pub(crate) facts: &'a Facts,
    /// Per inner cell, whether such a fact still bears on its neighbourhood.
    pub(crate) informed: &'a [bool],
}

/// Of the totals over which the measure adds up, those that are refined: in declared order, those with public facts
/// first, as many as together form two chains.
pub(crate) fn chains(domain: &Domain, kind: MeasureKind, facts: &Facts) -> Vec<usize> {
    let mut additive: Vec<usize> = (0..domain.totals().len())
        .filter(|&total| kind != MeasureKind::People || domain.adds_up(None, total))
        .collect();
    let known = |total: usize| {
        let cells = domain.cells_of_total(total);
        facts.ranges.range(cells.clone()).next().is_some()
            || facts.populations.range(cells.clone()).next().is_some()
            || facts.held.range(cells).next().is_some()
    };
    additive.sort_by_key(|&total| (!known(total), total));
    let mut chosen = form::in_two_chains(domain, &additive);
    chosen.sort_unstable();
    chosen
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
    /// It touches no linked cell (see [`Refined::linked`]) and, as a [union](Unions), tells of no few people; or it is not
    /// refined.
    Plain,
    /// Nothing.
    Held,
    /// It lies between these.
    Between(u64, u64),
}

/// Refines the totals of one measure that add up. `None` where the domain is too large, which the declaration alone
/// decides, or all counts together exceed 30 bits.
pub(crate) fn refine(domain: &Domain, policy: &Policy, inner: &Inner<'_>) -> Option<Refined> {
    let &Inner { measure, kind, said, bounds, counts, chains: totals, facts, informed } = inner;
    let counts_people = kind == MeasureKind::People;
    let groups: Vec<usize> =
        (0..domain.totals().len()).filter(|&total| counts_people && !domain.adds_up(None, total)).collect();
    let covered: Vec<bool> = cover(domain, said);
    let network = form::network(domain, totals, &covered)?;
    if most_scenarios(domain, &network, policy.pairs()).checked_mul(domain.len())? > MAX_SCENARIO_VALUES {
        return None;
    }
    let rest = beyond_chains(domain, &groups, totals, facts, most_scenarios(domain, &network, policy.pairs()));
    let all: Vec<usize> = totals.iter().chain(&rest).copied().collect();
    let mut linked = neighbourhood(domain, &all, said);
    linked.iter_mut().zip(informed).for_each(|(linked, informed)| *linked |= informed);
    let touches = |cell: usize| domain.children(cell).iter().any(|&child| linked[child]);
    let mut truth = true_table(domain, totals, counts)?;
    let public = start(domain, bounds, facts, &covered)?;
    if !network.settle(&public, &mut truth) {
        return None;
    }
    let mut run = Run::new(&network, public, &truth);
    for (cell, zone) in facts.crowded(policy).filter(|(cell, _)| covered[*cell]) {
        run.protect_within(domain.len() + cell, cell, zone, &[]);
    }
    // What is kept, or a total that is held, stays possible over all that was public before any total is published.
    let held = facts.held.iter().filter(|cell| totals.iter().any(|&total| domain.cells_of_total(total).contains(cell)));
    for &cell in facts.kept.iter().chain(held).filter(|cell| covered[**cell] && touches_or_is(domain, &linked, **cell))
    {
        run.protect_within(cell, cell, (0, UNBOUNDED), &[]);
    }
    let most = if counts_people { signed(policy.threshold().people()) - 1 } else { UNBOUNDED };
    protect_ranges(&mut run, &network, policy.pairs(), said, most);
    let cuts = TotalCuts(*policy);
    let mut published = vec![Total::Plain; domain.len()];
    for cell in totals.iter().flat_map(|&total| domain.cells_of_total(total)) {
        if covered[cell] && touches(cell) && !facts.answered.contains(&cell) {
            // Left unknown, it leaves the other totals freer. The public mask alone decides.
            let may = counts_people || Behind::of(domain, cell, said).may_be_shown();
            if !may || counts_people && facts.held.contains(&cell) {
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
    if !rest.is_empty() {
        let asked = rest.iter().flat_map(|&total| domain.cells_of_total(total));
        let asked: Vec<usize> = asked.filter(|&cell| covered[cell] && touches(cell)).collect();
        let chains = totals.iter().flat_map(|&total| domain.cells_of_total(total));
        let said: Vec<_> = chains.map(|cell| (cell, run.bounds().low[cell], run.bounds().high[cell])).collect();
        let value = |cell: usize| domain.children(cell).iter().map(|&child| truth[child]).sum();
        let mut programme = Programme::new(domain, bounds, &said, &run.scenarios());
        for cell in asked {
            let within = program::ends(&domain.children(cell), bounds);
            let may = counts_people || Behind::of(domain, cell, inner.said).may_be_shown();
            let range = programme.as_mut().filter(|_| may).and_then(|p| p.publish(cell, value(cell), within, &cuts));
            published[cell] = match range {
                Some((low, high)) => {
                    let end = |end: i64| u64::try_from(end).unwrap_or(0);
                    Total::Between(end(within.0.max(low.into())), end(within.1.min(high.into())))
                }
                None => Total::Held,
            };
            if may && range.is_none() {
                programme = None;
            }
        }
    }
    Some(Refined { measure, linked, totals: published })
}

/// The totals that add up beyond the two chains, where the declared domain is small enough for the linear-programme form.
/// Beside public facts they are held back.
fn beyond_chains(domain: &Domain, unions: &[usize], chains: &[usize], facts: &Facts, scenarios: usize) -> Vec<usize> {
    let rest = (0..domain.totals().len()).filter(|total| !unions.contains(total) && !chains.contains(total));
    let rest: Vec<usize> = rest.collect();
    if facts.is_empty() && program::fits(domain, &rest, scenarios) { rest } else { Vec::new() }
}

/// Whether a cell is one of these inner cells or a total over one.
fn touches_or_is(domain: &Domain, inner: &[bool], cell: usize) -> bool {
    if domain.is_total(cell) { domain.children(cell).iter().any(|&child| inner[child]) } else { inner[cell] }
}

/// Protects the whole range of every hidden cell, and of pairs under one total where the policy says so.
fn protect_ranges(run: &mut Run<'_>, network: &Network, pairs: Pairs, said: &[Cell], most: i32) {
    let mut ranges: Vec<(usize, i32, i32)> = Vec::new();
    for cell in (0..said.len()).filter(|&cell| said[cell].is_hidden()) {
        let partners: Vec<_> = match pairs {
            Pairs::Single => Vec::new(),
            Pairs::Protected => ranges.iter().copied().filter(|p| network.share_a_total(p.0, cell)).collect(),
        };
        if let Some((low, high)) = run.protect_within(cell, cell, (0, most), &partners) {
            ranges.push((cell, low, high));
        }
    }
}

/// Whether a cell passes on what is said of others under its totals: nothing that is uncovered or shown to be zero does.
fn links(cell: Cell) -> bool {
    !matches!(cell, Cell::NotCovered | Cell::Zero)
}

/// Marks the inner cells that these totals link, directly or through other cells, with a suppressed cell. Nothing that is
/// published about unmarked cells can tell anything about a suppressed one. Reads the public mask alone.
pub(crate) fn neighbourhood(domain: &Domain, totals: &[usize], inner: &[Cell]) -> Vec<bool> {
    let component = components(domain, totals, inner);
    let mut marked = vec![false; domain.inner_len()];
    for cell in (0..domain.inner_len()).filter(|&cell| inner[cell].is_hidden()) {
        marked[component[cell]] = true;
    }
    component.iter().map(|&of| marked[of]).collect()
}

/// Per inner cell, one cell of all that these totals link, directly or through other cells.
fn components(domain: &Domain, totals: &[usize], inner: &[Cell]) -> Vec<usize> {
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
    (0..domain.inner_len()).map(|cell| root(&mut group, cell)).collect()
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

/// What is public before any total is published: the inner cells' bounds, and facts about the totals.
fn start(domain: &Domain, inner: &[(u64, u64)], facts: &Facts, covered: &[bool]) -> Option<Bounds> {
    let (mut low, mut high) = (vec![0; domain.len()], vec![UNBOUNDED; domain.len()]);
    for (cell, &(from, to)) in inner.iter().enumerate() {
        low[cell] = i32::try_from(from).ok()?;
        high[cell] = i32::try_from(to).ok()?;
    }
    for (&cell, &(from, to)) in facts.ranges.iter().filter(|(cell, _)| domain.is_total(**cell) && covered[**cell]) {
        (low[cell], high[cell]) = (signed(from), signed(to));
    }
    for (&cell, &n) in facts.populations.iter().filter(|(cell, _)| covered[**cell]) {
        high[cell] = high[cell].min(signed(n));
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
