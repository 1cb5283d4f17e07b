//! Groups of unions beside the chain: which of them are said, and where.
//!
//! A union over several kinds of people who cannot overlap (a month's two halves, of men and women) is a sum of unions, one
//! for each kind. Whatever can be counted with such sums and inner cells counts people of each kind by themselves, so
//! beside the chain a group is said only where each kind by itself tells of no few people: each of its parts is the union
//! of parts of one finer group and lies in a part of one coarser, and of none of these unions the threshold is not left
//! beside the largest part of it, and again. All that can then be counted for one kind is made up of such numbers, and so
//! is nothing or at least the threshold.
//!
//! Parts that cross (quarters and lengths of stay) make up more than that: the two totals of a cell less the cell and the
//! total of all, or the overlap of rows less that of a column. Such a group is held back, as the declaration says.

use std::collections::{BTreeMap, BTreeSet};

use super::overlap::{Part, Parts};
use super::unions::{Unions, separates};
use crate::domain::{CellKey, Domain};

/// Where nothing tells of few people.
static NOWHERE: BTreeSet<usize> = BTreeSet::new();

/// The parts of a group, or of the inner cells: the people of one of its cells who are of one kind.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Partition {
    /// Per inner cell, the first inner cell of its part.
    first: Vec<usize>,
}

impl Partition {
    /// The parts of the total `group`; `kinds` says which inner cells are of the same kind.
    fn of(domain: &Domain, group: usize, kinds: &[usize]) -> Self {
        let mut parts: BTreeMap<(usize, Option<usize>), usize> = BTreeMap::new();
        let part = |cell: usize| *parts.entry((kinds[cell], domain.above(cell, group))).or_insert(cell);
        Self { first: (0..domain.inner_len()).map(part).collect() }
    }

    fn inner(domain: &Domain) -> Self {
        Self { first: (0..domain.inner_len()).collect() }
    }

    /// Whether each part lies in one part of `coarse`.
    fn refines(&self, coarse: &Self) -> bool {
        self.first.iter().zip(&coarse.first).all(|(&first, &above)| coarse.first[first] == above)
    }

    /// The inner cells of each part, by the first.
    fn cells(&self) -> BTreeMap<usize, Vec<usize>> {
        let mut cells: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        self.first.iter().enumerate().for_each(|(cell, &first)| cells.entry(first).or_default().push(cell));
        cells
    }
}

/// What is said beside the chain, group by group.
pub(super) struct Beside<'u, 'a, D> {
    unions: &'u Unions<'a>,
    /// The distinct people in inner cells.
    distinct: D,
    kinds: Vec<usize>,
    neighbourhoods: Vec<usize>,
    // INVARIANT: each refines the next; the first is of the inner cells.
    partitions: Vec<Partition>,
    chain: Vec<(usize, Partition)>,
    /// The neighbourhoods in which parts of a kind tell of few people.
    few: BTreeSet<usize>,
}

impl<'u, 'a, D: Fn(&[usize]) -> u64> Beside<'u, 'a, D> {
    /// Beside the groups of this chain, finest first.
    pub(super) fn of(unions: &'u Unions<'a>, chain: &[usize], distinct: D) -> Self {
        let domain = unions.domain;
        let kinds = kinds(domain);
        let mut beside = Self {
            unions,
            distinct,
            neighbourhoods: domain.neighbourhoods(),
            partitions: vec![Partition::inner(domain)],
            chain: chain.iter().map(|&group| (group, Partition::of(domain, group, &kinds))).collect(),
            kinds,
            few: BTreeSet::new(),
        };
        for (_, partition) in beside.chain.clone() {
            beside.add(partition);
        }
        beside
    }

    /// The neighbourhoods in which a group is held back because parts tell of few people; `None` where its parts cross others
    /// and it is held back everywhere. Cells that are sums of cells of the chain say nothing new and tell of nobody.
    pub(super) fn few(&mut self, group: usize) -> Option<&BTreeSet<usize>> {
        let domain = self.unions.domain;
        let partition = Partition::of(domain, group, &self.kinds);
        let mut alike = self.chain.iter().filter(|(_, of_chain)| *of_chain == partition);
        if alike.any(|(fine, _)| lie_within(domain, *fine, group)) {
            return Some(&NOWHERE);
        }
        self.add(partition).then_some(&self.few)
    }

    /// The neighbourhoods of these inner cells.
    pub(super) fn neighbourhoods_of(&self, cells: impl Iterator<Item = usize>) -> BTreeSet<usize> {
        cells.map(|cell| self.neighbourhoods[cell]).collect()
    }

    /// The neighbourhood of a total.
    pub(super) fn neighbourhood(&self, total: usize) -> Option<usize> {
        self.unions.domain.children(total).first().map(|&child| self.neighbourhoods[child])
    }

    /// Takes in the parts of a group, and finds where they tell of few people. That one part does is said of the whole
    /// neighbourhood: it follows from any that does, and so takes nothing from what few they may be. Whether they cross no
    /// others.
    fn add(&mut self, partition: Partition) -> bool {
        if self.partitions.contains(&partition) {
            return true;
        }
        if !self.partitions.iter().all(|other| other.refines(&partition) || partition.refines(other)) {
            return false;
        }
        let place = self.partitions.iter().filter(|other| other.refines(&partition)).count();
        let finer = self.tell_of_few(&self.partitions[place - 1], &partition);
        let coarser = self.partitions.get(place).map(|coarser| self.tell_of_few(&partition, coarser));
        self.few.extend(finer);
        self.few.extend(coarser.into_iter().flatten());
        self.partitions.insert(place, partition);
        true
    }

    /// The neighbourhoods in which a part of `coarse`, beside those of `fine` in it, tells of few people.
    fn tell_of_few(&self, fine: &Partition, coarse: &Partition) -> Vec<usize> {
        let threshold = self.unions.policy.threshold().people();
        let of_fine = fine.cells();
        let part = |cells: &[usize]| {
            let high = cells.iter().fold(0u64, |sum, &cell| sum.saturating_add(self.unions.ranges[cell].1));
            Part { low: 0, high, people: (self.distinct)(cells) }
        };
        let few = |&(first, ref cells): &(usize, Vec<usize>)| {
            let within: BTreeSet<usize> = cells.iter().map(|&cell| fine.first[cell]).collect();
            let parts = within.iter().filter_map(|of| of_fine.get(of)).map(|cells| part(cells));
            let tells = Parts(vec![parts.collect()]).tell_of_few((self.distinct)(cells), threshold);
            tells.then(|| self.neighbourhoods[first])
        };
        coarse.cells().iter().map(|(&first, cells)| (first, cells.clone())).filter_map(|of| few(&of)).collect()
    }
}

/// Whether each cell of the total `fine` lies in one cell of `coarse`, whatever their shapes: where a dimension has one level,
/// or a grouping one group, to keep it and to sum over it is the same.
pub(super) fn lie_within(domain: &Domain, fine: usize, coarse: usize) -> bool {
    let mut above: BTreeMap<Option<usize>, Option<usize>> = BTreeMap::new();
    (0..domain.inner_len()).all(|cell| {
        let whole = domain.above(cell, coarse);
        *above.entry(domain.above(cell, fine)).or_insert(whole) == whole
    })
}

/// Per inner cell, the first of its kind: who is in one of them can be in the others, and in no other.
fn kinds(domain: &Domain) -> Vec<usize> {
    let mut first: BTreeMap<Vec<Option<usize>>, usize> = BTreeMap::new();
    let kind = |cell: usize| {
        let key = domain.key(cell).unwrap_or(CellKey(Vec::new())).0;
        let kind = (0..key.len()).filter(|&dimension| separates(domain, dimension)).map(|dimension| key[dimension]);
        *first.entry(kind.collect()).or_insert(cell)
    };
    (0..domain.inner_len()).map(kind).collect()
}
