//! Totals of people who may come under several levels: they are unions, so they do not add up.
//!
//! Such a total lies between the largest and the sum of its parts, whatever the overlap. What it tells of few people is
//! [told apart](super::overlap) first, of all totals before any is said. Near a suppressed count, or a total that tells of
//! few people, it is then published only at cuts that no table could make impossible. Every block is then open to every
//! table that fits the rest of the release, so the block says how much people overlap and nothing about any part. Elsewhere
//! it is said like any count.
//!
//! One group of unions is published so, the finest declared, and above it those that are unions of its very cells. Two
//! unions over the same cells together say something of the cells: other groups are said where nothing near is suppressed
//! or told to be of few people, and they are sums of what is said or tell of few people neither themselves nor
//! [beside](super::beside) others; else they are held back, all that totals link.

use std::collections::{BTreeMap, BTreeSet};

use super::beside::{Beside, lie_within};
use super::cuts::TotalCuts;
use super::form::finest_first;
use super::overlap::{Part, Parts, Range, Told};
use super::run::Cuts;
use super::{Total, components};
use crate::cell::Cell;
use crate::domain::{CellKey, Domain, Per};
use crate::policy::Policy;

/// A table of people beside which totals that are unions are published.
pub(crate) struct Unions<'a> {
    pub(crate) domain: &'a Domain,
    pub(crate) policy: &'a Policy,
    /// What is said of the inner cells.
    pub(crate) said: &'a [Cell],
    /// The public range of every inner cell; uncovered ones are nought to nought.
    pub(crate) ranges: &'a [Range],
    /// The people in every inner cell.
    pub(crate) counts: &'a [u64],
    /// Per inner cell, whether additive totals link it with a suppressed count.
    pub(crate) linked: &'a [bool],
    /// Whether the people beside suppressed counts are refined; where they are not, nothing is said there.
    pub(crate) refined: bool,
    /// Per cell, whether nothing is said of it as a total.
    pub(crate) closed: &'a [bool],
}

impl Unions<'_> {
    /// What is published of each union; `distinct` counts the people in some inner cells.
    pub(crate) fn publish(&self, distinct: impl Fn(&[usize]) -> u64) -> BTreeMap<usize, Total> {
        let groups: Vec<usize> =
            (0..self.domain.totals().len()).filter(|&total| !self.domain.adds_up(None, total)).collect();
        let cells = groups.iter().flat_map(|&group| self.domain.cells_of_total(group));
        let values: BTreeMap<usize, u64> = cells.map(|cell| (cell, distinct(&self.domain.children(cell)))).collect();
        let (chain, others) = self.chain(&groups);
        let told = self.told(&chain, &values);
        let near = self.near(&told);
        let mut published = self.say(&chain, &values, &told, &near);
        if others.is_empty() {
            return published;
        }
        let mut beside = Beside::of(self, &chain, &distinct);
        let shut = beside.neighbourhoods_of((0..self.domain.inner_len()).filter(|&cell| near[cell]));
        for group in others {
            let few = beside.few(group).cloned();
            for total in self.domain.cells_of_total(group) {
                let open = |of: usize| !shut.contains(&of) && few.as_ref().is_some_and(|few| !few.contains(&of));
                let held = self.closed[total] || !beside.neighbourhood(total).is_some_and(open);
                published.insert(total, if held { Total::Held } else { Total::Plain });
            }
        }
        published
    }

    /// The finest group and above it those that are unions of its very cells, and all others.
    fn chain(&self, groups: &[usize]) -> (Vec<usize>, Vec<usize>) {
        let (mut chain, mut others) = (Vec::new(), Vec::new());
        for group in finest_first(self.domain, groups) {
            match chain.last() {
                Some(&last) if !are_unions_of(self.domain, group, last) => others.push(group),
                _ => chain.push(group),
            }
        }
        (chain, others)
    }

    /// What is told apart of each total of the chain.
    fn told(&self, chain: &[usize], values: &BTreeMap<usize, u64>) -> BTreeMap<usize, Told> {
        let threshold = self.policy.threshold().people();
        let (mut told, mut known) = (BTreeMap::new(), BTreeMap::new());
        for (fine, total) in self.cells(chain) {
            let Some(parts) = self.parts(total, fine, values, &known) else { continue };
            let of_total = parts.told(values[&total], threshold);
            known.insert(total, parts.range(of_total, threshold));
            told.insert(total, of_total);
        }
        told
    }

    /// Per inner cell, whether what is said of its totals could tell something of a suppressed count, or of few people of
    /// which a total tells.
    fn near(&self, told: &BTreeMap<usize, Told>) -> Vec<bool> {
        let totals: Vec<usize> =
            (0..self.domain.totals().len()).filter(|&total| self.domain.adds_up(None, total)).collect();
        let component = components(self.domain, &totals, self.said);
        let unsettled = told.iter().filter(|(_, told)| !matches!(told, Told::Sum | Told::Settled));
        let children = unsettled.flat_map(|(&total, _)| self.domain.children(total));
        let linked = (0..self.domain.inner_len()).filter(|&cell| self.linked[cell]);
        let marked: BTreeSet<usize> = children.chain(linked).map(|cell| component[cell]).collect();
        component.iter().map(|of| marked.contains(of)).collect()
    }

    /// What is said of the totals of the chain.
    fn say(
        &self,
        chain: &[usize],
        values: &BTreeMap<usize, u64>,
        told: &BTreeMap<usize, Told>,
        near: &[bool],
    ) -> BTreeMap<usize, Total> {
        let threshold = self.policy.threshold().people();
        let cuts = TotalCuts(*self.policy);
        let (mut said, mut known) = (BTreeMap::new(), BTreeMap::new());
        for (fine, total) in self.cells(chain) {
            let parts = self.parts(total, fine, values, &known);
            let (Some(parts), Some(&told)) = (parts, told.get(&total)) else {
                said.insert(total, Total::Held);
                continue;
            };
            let children = self.domain.children(total);
            let any = |marked: &[bool]| children.iter().any(|&child| marked[child]);
            let plain = !any(near);
            // Away from what is marked any block will do, and the policy's own is published.
            let (above, to) = if plain { (0, u64::MAX) } else { parts.free(told, threshold) };
            let (block, range) = (block(&cuts, values[&total], above, to), parts.range(told, threshold));
            let (low, high) = (range.0.max(block.0), range.1.min(block.1));
            known.insert(total, (low, high));
            let of_total = match plain {
                _ if !self.refined && any(self.linked) => Total::Held,
                true => Total::Plain,
                false => Total::Between(low, high),
            };
            said.insert(total, of_total);
        }
        said
    }

    /// The totals of the chain, finest first, with the group that each is made of (`None`: the inner cells).
    fn cells<'c>(&'c self, chain: &'c [usize]) -> impl Iterator<Item = (Option<usize>, usize)> {
        let finer = std::iter::once(None).chain(chain.iter().copied().map(Some));
        let cells =
            |(fine, &group): (Option<usize>, &usize)| self.domain.cells_of_total(group).map(move |total| (fine, total));
        finer.zip(chain).flat_map(cells)
    }

    /// The cells of `fine` (`None`: the inner cells) under a total, with what is `known` of them, listed by the people who
    /// cannot overlap; `None` where the total is closed.
    fn parts(
        &self,
        total: usize,
        fine: Option<usize>,
        values: &BTreeMap<usize, u64>,
        known: &BTreeMap<usize, Range>,
    ) -> Option<Parts> {
        if self.closed[total] {
            return None;
        }
        let mut separate: BTreeMap<Vec<Option<usize>>, Vec<Part>> = BTreeMap::new();
        for cell in self.domain.cells_under(&self.domain.key(total)?, fine) {
            let CellKey(mut key) = self.domain.key(cell)?;
            for (dimension, level) in key.iter_mut().enumerate() {
                if !separates(self.domain, dimension) {
                    *level = None;
                }
            }
            let ((low, high), people) = match fine {
                None => (self.ranges[cell], self.counts[cell]),
                Some(_) => (*known.get(&cell)?, *values.get(&cell)?),
            };
            separate.entry(key).or_default().push(Part { low, high, people });
        }
        Some(Parts(separate.into_values().collect()))
    }
}

/// Whether each cell of `coarse` is the union of cells of `fine`, whose own overlaps then do not matter.
fn are_unions_of(domain: &Domain, coarse: usize, fine: usize) -> bool {
    let mut summed = (0..domain.dimensions().len()).filter(|&d| domain.axis(Some(coarse), d) != Some(0));
    summed.all(|d| !separates(domain, d)) && lie_within(domain, fine, coarse)
}

/// Whether people under different levels of the dimension are different people, and there are several levels.
pub(super) fn separates(domain: &Domain, dimension: usize) -> bool {
    let dimension = &domain.dimensions()[dimension];
    dimension.per == Per::Person && dimension.levels.len() > 1
}

/// The block around `value` between neighbouring cuts with `above < cut <= to`.
fn block(cuts: &TotalCuts, value: u64, above: u64, to: u64) -> Range {
    let signed = |n: u64| i32::try_from(n).unwrap_or(i32::MAX);
    let (value, above, to) = (signed(value), signed(above), signed(to));
    let mut low = cuts.at_or_below(value.min(to));
    if low <= above {
        low = 0;
    }
    let mut high = cuts.above(value.max(above));
    if high > to {
        high = i32::MAX;
    }
    (u64::try_from(low).unwrap_or(0), u64::try_from(high - 1).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::policy::Policy;

    proptest! {
        /// Whatever the parts are within their ranges, everything that is told apart, and then every block between free
        /// cuts, can be reached by overlaps alone.
        #[test]
        fn every_block_is_open_to_every_table(
            parts in prop::collection::vec(prop::collection::vec((0u64..60, 0u64..30, 0u64..6), 1..5), 1..4),
            value in 0u64..400,
        ) {
            let threshold = 10;
            let part = |&(low, at, width): &(u64, u64, u64)| Part { low, high: low + width, people: low + at % (width + 1) };
            let parts = Parts(parts.iter().map(|separate| separate.iter().map(part).collect()).collect());
            let least: u64 = parts.0.iter().map(|s| s.iter().map(|p| p.people).max().unwrap()).sum();
            let greatest: u64 = parts.0.iter().flatten().map(|p| p.people).sum();
            let value = least + value % (greatest - least + 1);
            let told = parts.told(value, threshold);
            if told == Told::Nothing || told == Told::Sum {
                return Ok(());
            }
            // Both kinds of few, and neither, are open to these very parts.
            prop_assert!(greatest - least >= 2 * threshold);
            prop_assert!(parts.told(least, threshold) == Told::FewBeside);
            prop_assert!(parts.told(greatest, threshold) == Told::FewAgain);
            prop_assert!(parts.told(least + threshold, threshold) == Told::Settled);
            let (low, high) = parts.range(told, threshold);
            prop_assert!(low <= value && value <= high);
            // All of the few there may be are in the range.
            match told {
                Told::FewBeside => prop_assert!(low <= least && least + threshold - 1 <= high),
                Told::FewAgain => prop_assert!(low <= greatest + 1 - threshold && greatest <= high),
                _ => {
                    let (above, to) = parts.free(told, threshold);
                    let (low, high) = block(&TotalCuts(Policy::nhs_sde()), value, above, to);
                    prop_assert!(low <= value && value <= high);
                    prop_assert!(low <= greatest - threshold && high >= least + threshold);
                }
            }
        }
    }
}
