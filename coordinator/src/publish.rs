//! What is published of a closed run: which sites are summed, and the answer's document.
//!
//! Decided here, before anything is combined: of the sites that released, which are in the sums. Sites that beside an
//! earlier answer to the same question would tell of too few are held out ([`combine::settle`]); sites that answer late
//! wait until enough of them can be added together ([`combine::together`]). A template that shows single sites has
//! nothing to hide in this way.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use combine::{Block, Heard, Member, Quorum, Settled, Site, partition, settle, together};
use template::{Grouping, Query, SiteFigures};
use wire::{Answer, Places, RunState, SiteOutcome};

use crate::answer;
use crate::run::{Published, SiteSnapshot, Snapshot};

/// A revision of an answer, ready to be kept.
pub(crate) struct Publication {
    /// The answer, JSON.
    pub document: Vec<u8>,
    /// The sites of each of its sums.
    pub sums: Vec<BTreeSet<Member>>,
    /// Per site of the run, the revision that brought it into the sums.
    pub since: Vec<Option<u32>>,
}

/// The first revision of a run's answer. Where earlier answers to the question could not be looked up nobody is summed.
pub(crate) fn first(
    snapshot: &Snapshot,
    earlier: &Option<Vec<BTreeSet<Member>>>,
    closed_at: DateTime<Utc>,
) -> Publication {
    let candidates = candidates(snapshot, |site| site.release.is_some());
    let settled = match (&snapshot.query, earlier) {
        (Some(query), Some(earlier)) => settled(query, earlier, candidates.clone()),
        _ => Settled { groups: vec![BTreeSet::new(); candidates.len()], blocks: BTreeMap::new() },
    };
    publication(snapshot, &candidates, settled, Published { revision: 1, closed_at }, closed_at)
}

/// The next revision of a closed run's answer; none where nobody can be added to the sums.
pub(crate) fn next(
    snapshot: &Snapshot,
    earlier: &[BTreeSet<Member>],
    next: Published,
    made_at: DateTime<Utc>,
) -> Option<Publication> {
    let query = snapshot.query.as_deref()?;
    let before = candidates(snapshot, |site| site.since.is_some());
    let released = candidates(snapshot, |site| site.release.is_some());
    let mut wanted: Vec<BTreeSet<Member>> = before
        .iter()
        .zip(&released)
        .map(|(before, released)| {
            // Where nothing was shown there is nothing to subtract: what too few sites cover is held back cell by cell.
            let nothing_to_hide = query.template().sites == SiteFigures::Shown;
            if before.is_empty() || nothing_to_hide {
                released.clone()
            } else {
                before | &addable(snapshot, query, before, released)
            }
        })
        .collect();
    let mut settled = settled(query, earlier, wanted.clone());
    // A published site stays: where somebody would have to go, the group stays as it was.
    for (wanted, (settled, before)) in wanted.iter_mut().zip(settled.groups.iter().zip(&before)) {
        if !before.is_subset(settled) {
            wanted.clone_from(before);
        }
    }
    settled = self::settled(query, earlier, wanted);
    let stay = settled.groups.iter().zip(&before).all(|(settled, before)| before.is_subset(settled));
    let grows = settled.groups.iter().zip(&before).any(|(settled, before)| settled.len() > before.len());
    (stay && grows).then(|| publication(snapshot, &released, settled, next, made_at))
}

/// What the revisions of this run's answer sum.
pub(crate) fn own_sums(snapshot: &Snapshot) -> Vec<BTreeSet<Member>> {
    let revisions: BTreeSet<u32> = snapshot.sites.iter().filter_map(|site| site.since).collect();
    revisions
        .into_iter()
        .flat_map(|made| candidates(snapshot, |site| site.since.is_some_and(|since| since <= made)))
        .collect()
}

/// The late sites of a group that may be added together.
fn addable(
    snapshot: &Snapshot,
    query: &Query,
    before: &BTreeSet<Member>,
    released: &BTreeSet<Member>,
) -> BTreeSet<Member> {
    let late: Vec<(Member, &SiteSnapshot)> = snapshot
        .sites
        .iter()
        .map(|site| (member(site), site))
        .filter(|(member, _)| released.contains(member) && !before.contains(member))
        .collect();
    let sites: Vec<Site<'_>> = late.iter().map(|(_, site)| heard(site, Block::default())).collect();
    let taken = together(&quorum(query), &sites);
    late.into_iter().zip(taken).filter(|(_, taken)| *taken).map(|((member, _), _)| member).collect()
}

/// The sites that `wanted` names, group by group: who releases a table that covers something.
fn candidates(snapshot: &Snapshot, wanted: impl Fn(&SiteSnapshot) -> bool) -> Vec<BTreeSet<Member>> {
    let covers = |site: &&SiteSnapshot| heard(site, Block::default()).heard.answers();
    let all: BTreeSet<Member> = snapshot.sites.iter().filter(|site| wanted(site)).filter(covers).map(member).collect();
    let Some(query) = snapshot.query.as_deref() else { return vec![all] };
    let asked: Vec<(Member, &Places)> = snapshot.sites.iter().map(|site| (member(site), &site.record.places)).collect();
    let groups = partition(&quorum(query), &query.template().groupings, snapshot.record.grouping, &asked);
    groups.into_iter().map(|group| &group.members & &all).collect()
}

/// Who of `wanted` is summed. A group in which too few answer has no sum.
fn settled(query: &Query, earlier: &[BTreeSet<Member>], wanted: Vec<BTreeSet<Member>>) -> Settled {
    if query.template().sites == SiteFigures::Shown {
        let everybody = wanted.iter().flatten().map(|member| (member.provider.clone(), Block::default())).collect();
        return Settled { groups: wanted, blocks: everybody };
    }
    settle(&quorum(query), earlier, wanted)
}

fn quorum(query: &Query) -> Quorum {
    Quorum::new(query.template().min_sites.clone())
}

fn member(site: &SiteSnapshot) -> Member {
    Member { kind: site.record.kind, provider: site.record.provider.clone() }
}

/// A site as combining hears it.
pub(crate) fn heard(site: &SiteSnapshot, block: Block) -> Site<'_> {
    Site {
        provider: &site.record.provider,
        kind: site.record.kind,
        places: &site.record.places,
        heard: Heard::of(site.outcome, site.release.as_ref().map(|release| &release.reported)),
        block,
    }
}

fn publication(
    snapshot: &Snapshot,
    candidates: &[BTreeSet<Member>],
    settled: Settled,
    published: Published,
    made_at: DateTime<Utc>,
) -> Publication {
    let mut snapshot = snapshot.clone();
    for site in &mut snapshot.sites {
        let member = member(site);
        site.block = settled.blocks.get(&member.provider).copied();
        site.since = site.block.map(|_| site.since.unwrap_or(published.revision));
        let group = candidates.iter().position(|group| group.contains(&member));
        // Where too few answered in the first place nobody is held out: there is no figure, and all are named as they are.
        let few = snapshot
            .query
            .as_deref()
            .is_none_or(|query| group.is_none_or(|group| !enough(query, snapshot.record.grouping, &candidates[group])));
        if site.release.is_some() && site.block.is_none() && !few {
            site.outcome = SiteOutcome::HeldOut;
        }
    }
    let answer = answer::revision(&snapshot, published, made_at).unwrap_or_else(|error| {
        tracing::error!(run = %snapshot.record.id, "the sites' tables could not be combined: {error}");
        let note = "The coordinator could not combine what the sites released; its operator's log says why.".to_owned();
        Answer {
            revision: published.revision,
            state: RunState::Answered,
            closed_at: Some(published.closed_at),
            made_at: Some(made_at),
            notes: vec![note],
            ..answer::waiting(&snapshot)
        }
    });
    Publication {
        // A document of integers and strings always serialises.
        document: serde_json::to_vec(&answer).unwrap_or_default(),
        sums: settled.groups,
        since: snapshot.sites.iter().map(|site| site.since).collect(),
    }
}

/// Whether so many sites are enough for a sum.
fn enough(query: &Query, grouping: Grouping, members: &BTreeSet<Member>) -> bool {
    let asked = match grouping {
        Grouping::All => query.template().runs_at.as_slice(),
        Grouping::Kind | Grouping::Place(_) => &[],
    };
    quorum(query).missing(asked.iter().copied(), members.iter().map(|member| member.kind)).is_none()
}
