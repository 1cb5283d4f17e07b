//! Sites put together by place, as the roster says: no place follows by subtraction.

use coordinator::Coordinator;
use wire::{Answer, Ask, DeskDoor as _, GroupingName, Outcome, TurnedAway};

use crate::region::{Region, TEMPLATE, ada, answered, ask};

/// Eight hospitals, of which one is the only one of its locality.
fn region() -> Region {
    let region = Region::new(8);
    region.approve("emergency-stays", &TEMPLATE.replace(r#"["all", "kind"]"#, r#"["all", "kind", "locality"]"#));
    let localities = ["North", "North", "North", "South", "South", "South", "South", "West"];
    let roster = std::fs::read_to_string(region.path("roster.toml")).unwrap();
    let mut localities = localities.into_iter();
    let line = |line: &str| match line.starts_with("kind = ") {
        true => format!("{line}\nlocality = \"{}\"\n", localities.next().unwrap()),
        false => format!("{line}\n"),
    };
    std::fs::write(region.path("roster.toml"), roster.lines().map(line).collect::<String>()).unwrap();
    region
}

/// The answer under a grouping, to which every site has something else to say.
async fn answer(region: &Region, coordinator: &Coordinator, grouping: GroupingName) -> Answer {
    let ask = Ask { grouping: Some(grouping), ..ask() };
    let run = coordinator.ask(ada(), ask, None).await.unwrap();
    for (n, node) in (0u32..).zip(&region.nodes) {
        let taken = node.take(coordinator).await;
        let release = Outcome::Release(node.release(&taken, [40 + 10 * n, 60]));
        node.submit(coordinator, taken.id(), release).await;
    }
    answered(coordinator, run).await
}

/// The least that the groups of an answer count in April, by name.
fn lows(answer: &Answer) -> Vec<(&str, u32, u64)> {
    let low = |group: &wire::AnswerGroup| group.cells.iter().find(|cell| cell.measure == "people").unwrap().low;
    answer.groups.iter().map(|group| (group.name.as_str(), group.asked, low(group))).collect()
}

#[tokio::test]
async fn a_place_of_one_site_is_shown_with_others_and_follows_from_no_total() {
    let region = region();
    let coordinator = region.open();
    let by_place = answer(&region, &coordinator, GroupingName::Locality).await;
    let found = lows(&by_place);
    let names: Vec<_> = found.iter().map(|(name, asked, _)| (*name, *asked)).collect();
    assert_eq!(names, [("hospital South", 4), ("hospital elsewhere", 4)]);
    assert!(by_place.notes.iter().any(|note| note.contains("`elsewhere` puts sites together")), "{:?}", by_place.notes);
    assert_eq!(by_place.sites[7].places.locality.as_deref(), Some("West"));
    // The attacker subtracts what is shown by place from the total: what is left is what is shown as elsewhere, over four.
    let all = answer(&region, &coordinator, GroupingName::All).await;
    let (total, south, elsewhere) = (lows(&all)[0].2, found[0].2, found[1].2);
    assert_eq!(total - south, elsewhere);
    let west = u64::from(40 + 10 * 7u32) - 2;
    assert!(elsewhere > west, "the only site of the West is not told");
    // Nobody chooses what the template does not declare.
    let network = Ask { grouping: Some(GroupingName::Network), ..ask() };
    assert!(matches!(coordinator.ask(ada(), network, None).await, Err(TurnedAway::BadRequest(_))));
}

#[tokio::test]
async fn places_are_kept_with_the_run() {
    let region = region();
    let coordinator = region.open();
    let before = answer(&region, &coordinator, GroupingName::Locality).await;
    drop(coordinator);
    let coordinator = region.open();
    assert_eq!(coordinator.answer(ada(), before.run).await.unwrap(), before);
}
