//! Which sites may be summed beside the answers that were given to the same question before.
//!
//! Two answers over nearly the same sites can be subtracted: what is left tells of the sites in which they differ. So
//! sites are taken in blocks. A *block* is the sites that are in all the same sums, those of earlier answers and those of
//! the answer to be given.
//!
//! INVARIANT: every block has the template's least number of sites of each of its kinds, or none. Every sum that was ever
//! given is a sum of whole blocks, and so is every difference of sums, differences of those, and so on; none tells of a
//! part of a block.
//!
//! The decision reads who answered and which sites earlier answers sum, both of which answers show; it reads no figure.

use std::collections::{BTreeMap, BTreeSet};

use template::ProviderKind;
use wire::ProviderCode;

use crate::quorum::Quorum;
use crate::site::Block;

/// A site, as far as sums of sites are concerned.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Member {
    /// Its kind.
    pub kind: ProviderKind,
    /// Its code.
    pub provider: ProviderCode,
}

/// Which sites are summed, and in which block each of them is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settled {
    /// Per group that was given, the sites that are summed in it.
    pub groups: Vec<BTreeSet<Member>>,
    /// The block of each of these sites, counted from 1 within the answer.
    pub blocks: BTreeMap<ProviderCode, Block>,
}

/// Sites that are in the same sums: of one kind, in these earlier sums, and in this group of the answer.
type Atom = (ProviderKind, Vec<usize>, Option<usize>);

/// Takes sites out of `groups`, the disjoint sums that are to be shown, until no block of sites is too small beside the
/// sums that were shown before, `earlier`.
///
/// Sites that alone would be too few are left out; where earlier sums hold a few sites that now are missing, as many more
/// are left out as it takes for them not to stand alone, the last ones by code.
#[must_use]
pub fn settle(quorum: &Quorum, earlier: &[BTreeSet<Member>], groups: Vec<BTreeSet<Member>>) -> Settled {
    let mut groups = groups;
    // Too few outside that nothing here can help: they stood alone before.
    let mut given_up: BTreeSet<Atom> = BTreeSet::new();
    loop {
        let atoms = atoms(earlier, &groups);
        let few = |(atom, members): &(&Atom, &BTreeSet<Member>)| {
            !given_up.contains(*atom) && (atom.2.is_some() || !atom.1.is_empty()) && is_few(quorum, atom.0, members)
        };
        let Some((atom, members)) = atoms.iter().find(few) else { return Settled { blocks: numbered(&atoms), groups } };
        match atom.2 {
            Some(group) => remove(&mut groups, group, members.iter()),
            None => {
                let beside =
                    atoms.iter().filter(|(other, _)| (other.0, &other.1) == (atom.0, &atom.1) && other.2.is_some());
                // Of several the largest, which can best spare some.
                match beside.max_by_key(|(other, members)| (members.len(), std::cmp::Reverse(other.2))) {
                    Some(((_, _, Some(group)), neighbours)) => {
                        let short = usize::try_from(quorum.needed(atom.0)).unwrap_or(usize::MAX) - members.len();
                        remove(&mut groups, *group, neighbours.iter().rev().take(short));
                    }
                    _ => {
                        given_up.insert(atom.clone());
                    }
                }
            }
        }
    }
}

fn is_few(quorum: &Quorum, kind: ProviderKind, members: &BTreeSet<Member>) -> bool {
    u32::try_from(members.len()).is_ok_and(|number| number < quorum.needed(kind))
}

fn remove<'a>(groups: &mut [BTreeSet<Member>], group: usize, members: impl Iterator<Item = &'a Member>) {
    if let Some(group) = groups.get_mut(group) {
        for member in members {
            group.remove(member);
        }
    }
}

/// Every site of any sum, with those that are in the same ones.
fn atoms(earlier: &[BTreeSet<Member>], groups: &[BTreeSet<Member>]) -> BTreeMap<Atom, BTreeSet<Member>> {
    let all: BTreeSet<&Member> = earlier.iter().chain(groups).flatten().collect();
    let mut atoms: BTreeMap<Atom, BTreeSet<Member>> = BTreeMap::new();
    for member in all {
        let before = (0..earlier.len()).filter(|sum| earlier[*sum].contains(member)).collect();
        let group = groups.iter().position(|group| group.contains(member));
        atoms.entry((member.kind, before, group)).or_default().insert(member.clone());
    }
    atoms
}

fn numbered(atoms: &BTreeMap<Atom, BTreeSet<Member>>) -> BTreeMap<ProviderCode, Block> {
    // Kinds have their own least numbers: a block of several kinds is a block of each.
    let mut numbers: BTreeMap<(&Vec<usize>, usize), u32> = BTreeMap::new();
    let mut blocks = BTreeMap::new();
    for ((_, before, group), members) in atoms {
        let Some(group) = group else { continue };
        let next = u32::try_from(numbers.len() + 1).unwrap_or(u32::MAX);
        let number = *numbers.entry((before, *group)).or_insert(next);
        blocks.extend(members.iter().map(|member| (member.provider.clone(), Block(number))));
    }
    blocks
}

#[cfg(test)]
#[path = "blocks_tests.rs"]
mod tests;
