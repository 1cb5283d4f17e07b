//! Totals of people who may come under several levels: they are unions, so they do not add up.
//!
//! Such a total lies between the largest and the sum of its parts, whatever the overlap. It is published only at cuts
//! that no table could make impossible: above the greatest that the least overlap-free value can be, and at most the
//! least that the sum can be. Every block is then open to every table that fits the rest of the release, so the block
//! says how much people overlap and nothing about any part.
//!
//! One group of unions is published so, the finest declared, and above it those that are unions of its very cells.
//! Other groups are held back: two unions over the same cells together say something of the cells.

use std::collections::BTreeMap;

use super::cuts::TotalCuts;
use super::form::finest_first;
use super::run::Cuts;
use crate::domain::{CellKey, Domain, Per};

/// What is known of one part: its least and greatest value.
type Range = (u64, u64);

/// What a group of union totals is made of.
#[derive(Clone, Copy)]
enum Parts {
    Inner,
    Group(usize),
}

/// Per cell of a union total that touches a suppressed count's neighbourhood, the published interval; cells of groups
/// that are held back altogether are listed in `held`.
pub(crate) struct Unions {
    pub(crate) ranges: BTreeMap<usize, Range>,
    pub(crate) held: Vec<usize>,
}

/// Publishes the union totals `groups`. `inner` holds the public range of every inner cell (uncovered ones are nought
/// to nought), `linked` marks the neighbourhood of suppressed counts, `distinct` gives the true value of a total.
pub(crate) fn publish(
    domain: &Domain,
    groups: &[usize],
    cuts: &TotalCuts,
    inner: &[Range],
    linked: &[bool],
    distinct: impl Fn(usize) -> u64,
) -> Unions {
    let mut unions = Unions { ranges: BTreeMap::new(), held: Vec::new() };
    let mut known: BTreeMap<usize, Range> = BTreeMap::new();
    let mut last = None;
    for group in finest_first(domain, groups) {
        let parts = match last {
            None => Parts::Inner,
            Some(last) if are_unions_of(domain, group, last) => Parts::Group(last),
            Some(_) => {
                unions.held.extend(domain.cells_of_total(group));
                continue;
            }
        };
        for total in domain.cells_of_total(group) {
            let (parts, least) = parts_of(domain, parts, total, inner, &known);
            let value = distinct(total);
            let touches = domain.children(total).iter().any(|&child| linked[child]);
            // Away from suppressed counts any block will do, and the policy's own is published.
            let (free_above, free_to) = if touches { free(&parts) } else { (0, u64::MAX) };
            let range = block(cuts, value, free_above, free_to);
            let highs = parts.iter().flatten().fold(0u64, |sum, &(_, high)| sum.saturating_add(high));
            let range = (range.0.max(least), range.1.min(highs));
            known.insert(total, range);
            if touches {
                unions.ranges.insert(total, range);
            }
        }
        last = Some(group);
    }
    unions
}

/// Whether each cell of `coarse` is the union of cells of `fine`, whose own overlaps then do not matter.
fn are_unions_of(domain: &Domain, coarse: usize, fine: usize) -> bool {
    let mut summed = (0..domain.dimensions().len()).filter(|&d| domain.axis(Some(coarse), d) != Some(0));
    domain.refines(Some(fine), coarse) && summed.all(|d| !separates(domain, d))
}

/// Whether people under different levels of the dimension are different people, and there are several levels.
fn separates(domain: &Domain, dimension: usize) -> bool {
    let dimension = &domain.dimensions()[dimension];
    dimension.per == Per::Person && dimension.levels.len() > 1
}

/// The parts of a total, listed by the people that cannot overlap, and the least value that the total can have.
fn parts_of(
    domain: &Domain,
    parts: Parts,
    total: usize,
    inner: &[Range],
    known: &BTreeMap<usize, Range>,
) -> (Vec<Vec<Range>>, u64) {
    let mut separate: BTreeMap<Vec<Option<usize>>, Vec<Range>> = BTreeMap::new();
    match parts {
        Parts::Inner => {
            for child in domain.children(total) {
                let CellKey(mut key) = domain.key(child).unwrap_or(CellKey(Vec::new()));
                for (dimension, level) in key.iter_mut().enumerate() {
                    if !separates(domain, dimension) {
                        *level = None;
                    }
                }
                separate.entry(key).or_default().push(inner[child]);
            }
        }
        Parts::Group(group) => {
            let key = domain.key(total).unwrap_or(CellKey(Vec::new()));
            let cells = domain.cells_under(&key, Some(group));
            let ranges = cells.into_iter().filter_map(|cell| known.get(&cell).copied());
            separate.insert(Vec::new(), ranges.collect());
        }
    }
    let parts: Vec<Vec<Range>> = separate.into_values().collect();
    let least = parts.iter().map(|overlapping| overlapping.iter().map(|r| r.0).max().unwrap_or(0)).sum();
    (parts, least)
}

/// The cuts `c` with `above < c <= to` leave every table of parts on both sides.
fn free(parts: &[Vec<Range>]) -> (u64, u64) {
    let above = parts.iter().map(|overlapping| overlapping.iter().map(|r| r.1).max().unwrap_or(0)).sum();
    let to = parts.iter().flatten().map(|r| r.0).sum();
    (above, to)
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
        /// Whatever the parts are within their ranges, every block between free cuts can be reached by overlaps alone.
        #[test]
        fn every_block_is_open_to_every_table(
            parts in prop::collection::vec(prop::collection::vec((0u64..30, 0u64..30, 0u64..6), 1..5), 1..4),
            value in 0u64..200,
        ) {
            let ranges: Vec<Vec<Range>> =
                parts.iter().map(|p| p.iter().map(|&(low, _, width)| (low, low + width)).collect()).collect();
            let table: Vec<Vec<u64>> =
                parts.iter().map(|p| p.iter().map(|&(low, at, width)| low + at % (width + 1)).collect()).collect();
            let least: u64 = table.iter().map(|p| p.iter().max().unwrap()).sum();
            let greatest: u64 = table.iter().flatten().sum();
            let (above, to) = free(&ranges);
            let (low, high) = block(&TotalCuts(Policy::nhs_sde()), value, above, to);
            prop_assert!(low <= value && value <= high);
            prop_assert!(low <= greatest && high >= least, "{low}..={high} and {least}..={greatest}");
        }
    }
}
