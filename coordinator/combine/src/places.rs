//! Which sites are put together in one figure, as a template declares it and the roster's places say.
//!
//! Places are groups of sites of one kind. A place with fewer sites than the template needs is put together with what is
//! left over of its kind, *elsewhere*; where that is too few still, or could be had by subtracting what is shown from a
//! total, the smallest place goes there as well, until it is enough.
//!
//! INVARIANT: over everything that a template's declared groupings show, the sites that are in all the same groups are as
//! many as the template needs, so that no total minus other totals tells of fewer. Groupings are decided in declared
//! order, each beside those before it.
//!
//! It reads the roster and the declaration: not who answered, and no figure.

use std::collections::{BTreeMap, BTreeSet};

use template::{Grouping, Place, ProviderKind};
use wire::Places;

use crate::blocks::Member;
use crate::quorum::Quorum;

/// Where the sites of a kind go whose place is not shown. No place has this name.
pub const ELSEWHERE: &str = "elsewhere";

/// The sites that are put together in one figure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Together {
    /// Their kind, or `None` for all kinds together.
    pub kind: Option<ProviderKind>,
    /// Their place, where sites are put together by place.
    pub place: Option<String>,
    /// Who.
    pub members: BTreeSet<Member>,
}

/// How the asked sites are put together under `chosen`, one of the groupings that the template declares.
#[must_use]
pub fn partition(
    quorum: &Quorum,
    declared: &[Grouping],
    chosen: Grouping,
    sites: &[(Member, &Places)],
) -> Vec<Together> {
    let of = |kind: Option<ProviderKind>| {
        let members = sites.iter().map(|(member, _)| member);
        members.filter(|member| kind.is_none_or(|kind| member.kind == kind)).cloned().collect::<BTreeSet<_>>()
    };
    let kinds = ProviderKind::ALL.into_iter().filter(|kind| sites.iter().any(|(member, _)| member.kind == *kind));
    match chosen {
        Grouping::All => vec![Together { kind: None, place: None, members: of(None) }],
        Grouping::Kind => {
            kinds.map(|kind| Together { kind: Some(kind), place: None, members: of(Some(kind)) }).collect()
        }
        Grouping::Place(place) => {
            let before =
                declared.iter().take_while(|grouping| **grouping != chosen).filter_map(|grouping| match grouping {
                    Grouping::Place(place) => Some(*place),
                    Grouping::All | Grouping::Kind => None,
                });
            let places: Vec<Place> = before.chain([place]).collect();
            kinds.flat_map(|kind| of_kind(quorum, &places, kind, sites)).collect()
        }
    }
}

/// The groups of a kind by the last of these places, beside those by the places before.
fn of_kind(quorum: &Quorum, places: &[Place], kind: ProviderKind, sites: &[(Member, &Places)]) -> Vec<Together> {
    let mut shown: Vec<BTreeSet<Member>> = Vec::new();
    let mut last = BTreeMap::new();
    for place in places {
        let mut groups: BTreeMap<String, BTreeSet<Member>> = BTreeMap::new();
        for (member, of) in sites.iter().filter(|(member, _)| member.kind == kind) {
            groups.entry(of.of(*place).unwrap_or(ELSEWHERE).to_owned()).or_default().insert(member.clone());
        }
        merge(quorum.needed(kind), &shown, &mut groups);
        shown.extend(groups.values().cloned());
        last = groups;
    }
    last.into_iter().map(|(place, members)| Together { kind: Some(kind), place: Some(place), members }).collect()
}

/// Moves places elsewhere until no sites that are in all the same groups are fewer than needed.
fn merge(needed: u32, shown: &[BTreeSet<Member>], groups: &mut BTreeMap<String, BTreeSet<Member>>) {
    while let Some((signature, place)) = few(needed, shown, groups) {
        let smallest = |beside: bool| {
            let named = groups.iter().filter(|(name, _)| *name != ELSEWHERE);
            let shares =
                |members: &BTreeSet<Member>| !beside || members.iter().any(|member| signed(shown, member) == signature);
            let found =
                named.filter(|(_, members)| shares(members)).min_by_key(|(name, members)| (members.len(), *name));
            found.map(|(name, _)| name.clone())
        };
        let goes = if place == ELSEWHERE { smallest(true).or_else(|| smallest(false)) } else { Some(place) };
        // Where nothing is left to move, all are together, as they are where no place is shown.
        let Some(members) = goes.and_then(|name| groups.remove(&name)) else { return };
        groups.entry(ELSEWHERE.to_owned()).or_default().extend(members);
    }
}

/// The first sites that are in all the same groups and too few: in which groups that are shown, and in which of these.
fn few(
    needed: u32,
    shown: &[BTreeSet<Member>],
    groups: &BTreeMap<String, BTreeSet<Member>>,
) -> Option<(Vec<usize>, String)> {
    let mut numbers: BTreeMap<(Vec<usize>, &String), u32> = BTreeMap::new();
    for (name, members) in groups {
        for member in members {
            *numbers.entry((signed(shown, member), name)).or_default() += 1;
        }
    }
    let few = numbers.into_iter().find(|(_, number)| *number < needed);
    few.map(|((signature, name), _)| (signature, name.clone()))
}

fn signed(shown: &[BTreeSet<Member>], member: &Member) -> Vec<usize> {
    (0..shown.len()).filter(|group| shown[*group].contains(member)).collect()
}

#[cfg(test)]
#[path = "places_tests.rs"]
mod tests;
