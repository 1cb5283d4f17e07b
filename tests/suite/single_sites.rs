//! Where a template says so, single sites' figures stand beside the sum: each as its site protected it, and no others.

use wire::{AnswerGroup, CellState, GroupState};

use crate::world::{GROUPS, HOSPITALS, TEMPLATE, World, answer_to};

/// Asks the world's template, with or without single sites, of all hospitals but RYD.
async fn groups(toml: &str) -> Vec<AnswerGroup> {
    let world = World::new().await;
    world.approve(toml);
    let coordinator = world.start_coordinator().await;
    let nodes = world.start_nodes(&["RYA", "RYB", "RYC"]).await;
    let mut desk = world.desk().await;
    world.connected(&mut desk, &["RYA", "RYB", "RYC"]).await;
    let answer = answer_to(&mut desk, &wire::Ask { deadline_s: Some(2), ..world.ask() }).await;
    nodes.stop().await;
    coordinator.stop().await;
    answer.groups
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_is_shown_as_it_protected_itself_or_not_at_all() {
    let hidden = groups(TEMPLATE).await;
    assert_eq!(hidden.iter().map(|group| group.name.as_str()).collect::<Vec<_>>(), ["all"]);
    let min_sites = "min_sites = { hospital = 3 }";
    assert_eq!(TEMPLATE.matches(min_sites).count(), 1);
    let shown = groups(&TEMPLATE.replace(min_sites, &format!("{min_sites}\nshow_sites = true"))).await;
    let names: Vec<&str> = shown.iter().map(|group| group.name.as_str()).collect();
    assert_eq!(names, ["all", "RYA", "RYB", "RYC"], "who did not answer has nothing to show");
    assert_eq!(shown[0], hidden[0], "the sum says the same either way");
    for (group, hospital) in shown[1..].iter().zip(&HOSPITALS) {
        assert_eq!((group.state, group.asked, group.answered), (GroupState::SingleSite, 1, 1));
        for ((level, _), truth) in GROUPS.iter().zip(hospital.people) {
            let own = [Some((*level).to_owned())];
            let cell = group.cells.iter().find(|cell| cell.measure == "people" && cell.levels == own).unwrap();
            let place = format!("{level} at {}", hospital.code);
            assert!(cell.low <= truth && cell.high.is_some_and(|high| truth <= high), "{place}: {cell:?}");
            let sites = cell.sites;
            assert_eq!(sites.shown + sites.suppressed + sites.zero + sites.withheld + sites.not_covered, 1, "{place}");
            match truth {
                0 => assert_eq!((sites.zero, cell.high), (1, Some(0)), "{place}"),
                // Suppressed, with the whole range of what is suppressed.
                1..10 => assert_eq!((sites.suppressed, cell.low, cell.high), (1, 1, Some(9)), "{place}"),
                _ => assert!(
                    sites.shown == 1 && cell.state == CellState::Bounded && cell.low < cell.high.unwrap(),
                    "{place}"
                ),
            }
        }
    }
}
