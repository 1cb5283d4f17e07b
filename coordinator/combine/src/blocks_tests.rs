//! The attacker subtracts: no combination of the sums that were shown tells of fewer sites than the rule allows.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use template::ProviderKind::{self, Gp, Hospital};

use super::*;

fn quorum() -> Quorum {
    Quorum::new(BTreeMap::from([(Gp, 4), (Hospital, 3)]))
}

fn member(kind: ProviderKind, n: usize) -> Member {
    let letter = if kind == Gp { 'Y' } else { 'R' };
    Member { kind, provider: format!("{letter}{n:05}").parse().unwrap() }
}

fn hospitals(numbers: &[usize]) -> BTreeSet<Member> {
    numbers.iter().map(|n| member(Hospital, *n)).collect()
}

fn check(earlier: &[&[usize]], answered: &[&[usize]], summed: &[&[usize]]) {
    let earlier: Vec<_> = earlier.iter().map(|sites| hospitals(sites)).collect();
    let settled = settle(&quorum(), &earlier, answered.iter().map(|sites| hospitals(sites)).collect());
    let expected: Vec<_> = summed.iter().map(|sites| hospitals(sites)).collect();
    assert_eq!(settled.groups, expected, "{earlier:?} then {answered:?}");
}

#[test]
fn too_few_more_or_less_are_left_out() {
    const ALL: &[usize] = &[1, 2, 3, 4, 5, 6, 7, 8];
    // The first answer is over whoever answered.
    check(&[], &[&[1, 2, 3, 4]], &[&[1, 2, 3, 4]]);
    // The same again; three more; one more, which waits.
    check(&[ALL], &[ALL], &[ALL]);
    check(&[&[1, 2, 3]], &[&[1, 2, 3, 4, 5, 6]], &[&[1, 2, 3, 4, 5, 6]]);
    check(&[&[1, 2, 3]], &[&[1, 2, 3, 4, 5]], &[&[1, 2, 3]]);
    // One fewer: two more are left out, so that the difference is over three.
    check(&[ALL], &[&ALL[1..]], &[&[2, 3, 4, 5, 6]]);
    // Too few are left then: there is no sum at all.
    check(&[&[1, 2, 3, 4, 5]], &[&[1, 2, 3, 4]], &[&[]]);
    // Groups of what was summed together before: the rest must be enough, too.
    check(&[ALL], &[&[1, 2, 3], &[4, 5, 6, 7, 8]], &[&[1, 2, 3], &[4, 5, 6, 7, 8]]);
    check(&[ALL], &[&[1, 2, 3], &[4, 5]], &[&[1, 2, 3], &[]]);
}

#[test]
fn blocks_are_what_answers_have_in_common() {
    let settled = settle(&quorum(), &[hospitals(&[1, 2, 3])], vec![hospitals(&[1, 2, 3, 4, 5, 6])]);
    let blocks: Vec<u32> = settled.blocks.values().map(|block| block.0).collect();
    assert_eq!(blocks.len(), 6);
    assert!(blocks[..3].iter().all(|block| *block == blocks[0]) && blocks[3..].iter().all(|block| *block == blocks[3]));
    assert_ne!(blocks[0], blocks[3]);
}

/// The attacker: every intersection of what was shown with what was not, found by splitting, none of our code.
fn smallest_difference(shown: &[BTreeSet<Member>]) -> Option<(ProviderKind, usize)> {
    let mut parts: Vec<BTreeSet<Member>> = Vec::new();
    let mut rest: BTreeSet<Member> = shown.iter().flatten().cloned().collect();
    parts.push(std::mem::take(&mut rest));
    for sum in shown {
        parts = parts
            .into_iter()
            .flat_map(|part| {
                let (inside, outside): (BTreeSet<_>, BTreeSet<_>) = part.into_iter().partition(|m| sum.contains(m));
                [inside, outside]
            })
            .filter(|part| !part.is_empty())
            .collect();
    }
    let of = |part: &BTreeSet<Member>, kind| part.iter().filter(|member| member.kind == kind).count();
    let sizes = parts.iter().flat_map(|part| [Gp, Hospital].map(|kind| (kind, of(part, kind))));
    sizes
        .filter(|(kind, size)| *size > 0 && *size < usize::try_from(quorum().needed(*kind)).unwrap())
        .min_by_key(|(_, size)| *size)
}

/// Who answers: hospitals and practices, and in how many groups they are summed.
fn answered() -> impl Strategy<Value = (Vec<bool>, Vec<bool>, usize)> {
    (
        prop::collection::vec(prop::bool::weighted(0.8), 9),
        prop::collection::vec(prop::bool::weighted(0.8), 14),
        1usize..4,
    )
}

fn candidate((hospitals, practices, groups): &(Vec<bool>, Vec<bool>, usize)) -> Vec<BTreeSet<Member>> {
    let mut candidate = vec![BTreeSet::new(); *groups];
    for (kind, who) in [(Hospital, hospitals), (Gp, practices)] {
        for (n, _) in who.iter().enumerate().filter(|(_, answers)| **answers) {
            candidate[n % groups].insert(member(kind, n));
        }
    }
    candidate
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn no_series_of_answers_tells_of_too_few_sites(series in prop::collection::vec(answered(), 1..6)) {
        let mut shown: Vec<BTreeSet<Member>> = Vec::new();
        for asked in &series {
            let settled = settle(&quorum(), &shown, candidate(asked));
            for (group, given) in settled.groups.iter().zip(candidate(asked)) {
                prop_assert!(group.is_subset(&given));
            }
            shown.extend(settled.groups.into_iter().filter(|group| !group.is_empty()));
        }
        prop_assert_eq!(smallest_difference(&shown), None);
    }
}

#[test]
fn without_the_rule_the_difference_tells_of_one_site() {
    let all = (vec![true; 9], vec![true; 14], 1);
    let mut without = all.clone();
    without.0[4] = false;
    let shown = [candidate(&all), candidate(&without)].concat();
    assert_eq!(smallest_difference(&shown), Some((Hospital, 1)));
}
