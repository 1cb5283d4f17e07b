//! The attacker subtracts groups from totals and from each other, over every grouping that a template declares.

use proptest::prelude::*;
use template::ProviderKind::{Gp, Hospital};

use super::*;

fn quorum() -> Quorum {
    Quorum::new(BTreeMap::from([(Gp, 4), (Hospital, 3)]))
}

const DECLARED: [Grouping; 4] =
    [Grouping::All, Grouping::Kind, Grouping::Place(Place::Locality), Grouping::Place(Place::Network)];

fn member(kind: ProviderKind, n: usize) -> Member {
    let letter = if kind == Gp { 'Y' } else { 'R' };
    Member { kind, provider: format!("{letter}{n:05}").parse().unwrap() }
}

/// Practices of these localities.
fn practices(localities: &[(&str, usize)]) -> Vec<(Member, Places)> {
    let all = localities.iter().flat_map(|(name, number)| std::iter::repeat_n(*name, *number));
    let places = |name: &str| Places { locality: Some(name.to_owned()), ..Places::default() };
    all.enumerate().map(|(n, name)| (member(Gp, n), places(name))).collect()
}

fn by(chosen: Grouping, sites: &[(Member, Places)]) -> Vec<Together> {
    let sites: Vec<(Member, &Places)> = sites.iter().map(|(member, places)| (member.clone(), places)).collect();
    partition(&quorum(), &DECLARED, chosen, &sites)
}

fn check(localities: &[(&str, usize)], expected: &[(&str, usize)]) {
    let groups = by(Grouping::Place(Place::Locality), &practices(localities));
    let found: Vec<(&str, usize)> =
        groups.iter().map(|group| (group.place.as_deref().unwrap(), group.members.len())).collect();
    assert_eq!(found, expected, "{localities:?}");
}

#[test]
fn a_place_that_is_too_small_takes_another_with_it() {
    check(&[("a", 4), ("b", 5)], &[("a", 4), ("b", 5)]);
    check(&[("a", 4), ("b", 5), ("c", 3)], &[("b", 5), ("elsewhere", 7)]);
    check(&[("a", 2), ("b", 5), ("c", 3)], &[("b", 5), ("elsewhere", 5)]);
    check(&[("a", 1), ("b", 4)], &[("elsewhere", 5)]);
    check(&[("a", 1), ("b", 2)], &[("elsewhere", 3)]);
}

/// What each part of the sites would be that some sums hold and others do not, of one kind: the attacker's smallest.
fn smallest(shown: &[BTreeSet<Member>], kind: ProviderKind) -> Option<usize> {
    let everybody: BTreeSet<&Member> = shown.iter().flatten().filter(|member| member.kind == kind).collect();
    let mut parts: BTreeMap<String, usize> = BTreeMap::new();
    for member in everybody {
        let held: String = shown.iter().map(|sum| if sum.contains(member) { '1' } else { '0' }).collect();
        *parts.entry(held).or_default() += 1;
    }
    parts.into_values().min()
}

fn everything(sites: &[(Member, Places)]) -> Vec<BTreeSet<Member>> {
    DECLARED.into_iter().flat_map(|chosen| by(chosen, sites)).map(|group| group.members).collect()
}

/// A weakened rule: places that are too small are left out, and nothing with them.
fn weakened(sites: &[(Member, Places)]) -> Vec<BTreeSet<Member>> {
    let mut shown = vec![sites.iter().map(|(member, _)| member.clone()).collect::<BTreeSet<_>>()];
    let mut places: BTreeMap<(&Option<String>, ProviderKind), BTreeSet<Member>> = BTreeMap::new();
    for (member, of) in sites {
        places.entry((&of.locality, member.kind)).or_default().insert(member.clone());
    }
    let large = |((_, kind), members): &(_, BTreeSet<Member>)| members.len() >= quorum().needed(*kind) as usize;
    shown.extend(places.into_iter().filter(large).map(|(_, members)| members));
    shown
}

#[test]
fn without_the_rule_a_small_place_follows_by_subtraction() {
    let sites = practices(&[("a", 5), ("b", 6), ("c", 1)]);
    assert_eq!(smallest(&weakened(&sites), Gp), Some(1), "the attack finds the practice of the third place");
    assert!(smallest(&everything(&sites), Gp) >= Some(4));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn no_groupings_can_be_subtracted(
        gp in prop::collection::vec((0usize..5, 0usize..4), 4..40),
        hospitals in prop::collection::vec((0usize..3, 0usize..2), 3..10),
    ) {
        let site = |kind| move |(n, (locality, network)): (usize, &(usize, usize))| {
            let named = |n: usize| (n > 0).then(|| format!("place {n}"));
            (member(kind, n), Places { locality: named(*locality), network: named(*network), board: None })
        };
        let sites: Vec<(Member, Places)> =
            gp.iter().enumerate().map(site(Gp)).chain(hospitals.iter().enumerate().map(site(Hospital))).collect();
        let shown = everything(&sites);
        prop_assert!(smallest(&shown, Gp) >= Some(4));
        prop_assert!(smallest(&shown, Hospital) >= Some(3));
        for chosen in DECLARED {
            let summed: usize = by(chosen, &sites).iter().map(|group| group.members.len()).sum();
            prop_assert_eq!(summed, sites.len(), "every site is in one figure of {:?}", chosen);
        }
    }
}
