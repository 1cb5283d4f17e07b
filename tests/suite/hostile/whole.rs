//! The world as it is when nobody attacks it, and the states that an answer must tell apart.

use wire::{Answer, CellState, GroupState, Refusal, SiteCounts, SiteOutcome};

use crate::world::{
    DIAGNOSIS_MARK, HOSPITALS, PERSON_MARK, World, answer_to, edit, find_marks, logged, until, watch_log,
};

/// Asserts that no mark of the records stands anywhere but in the records: in no file of any program, in no log.
pub fn nothing_is_told(world: &World) {
    assert_eq!(find_marks(world.root()), Vec::<std::path::PathBuf>::new());
    assert_eq!([logged(&[PERSON_MARK]), logged(&[DIAGNOSIS_MARK])].concat(), Vec::<String>::new());
}

/// An error and its causes, as the programs print them.
pub fn told(error: impl std::error::Error + Send + Sync + 'static) -> String {
    format!("{:#}", anyhow::Error::new(error))
}

/// The outcome of each site, in the order of the answer.
pub fn outcomes(answer: &Answer) -> Vec<(&str, SiteOutcome)> {
    answer.sites.iter().map(|site| (site.provider.as_str(), site.outcome)).collect()
}

/// What the sites say about the people of a group of admission.
fn sites(answer: &Answer, group: &str) -> SiteCounts {
    let cells = &answer.groups[0].cells;
    cells.iter().find(|c| c.measure == "people" && c.levels == [Some(group.to_owned())]).unwrap().sites
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_is_answered_within_its_bounds_and_nothing_else_is_told() {
    watch_log();
    let world = World::new().await;
    let coordinator = world.start_coordinator().await;
    let nodes = world.start_nodes(&["RYA", "RYB", "RYC", "RYD"]).await;
    let mut desk = world.desk().await;
    let answer = answer_to(&mut desk, &world.ask()).await;
    assert!(answer.sites.iter().all(|site| site.outcome == SiteOutcome::Released), "{:?}", outcomes(&answer));
    let truths = (0..4).map(|group| HOSPITALS.iter().map(|h| h.people[group]).sum::<u64>());
    let people = answer.groups[0].cells.iter().filter(|cell| cell.measure == "people");
    for (cell, truth) in people.zip(truths.chain([HOSPITALS.iter().map(|h| h.total()).sum()])) {
        assert_eq!(cell.state, CellState::Bounded);
        assert!(cell.low <= truth && cell.high.is_some_and(|high| truth <= high), "{truth} in {cell:?}");
    }
    // Three people are a suppressed count, and nobody is a zero.
    let maternity = sites(&answer, "maternity");
    assert_eq!((maternity.shown, maternity.suppressed, maternity.zero), (2, 1, 1));
    // The marks are in the records, and are found where they are: otherwise finding none would show nothing.
    assert_eq!(find_marks(&world.folder.provider("RYA").join("tables")).len(), 2);
    let json = serde_json::to_string(&answer).unwrap();
    assert!(!json.contains("SECRET"), "{json}");
    nodes.stop().await;
    coordinator.stop().await;
    nothing_is_told(&world);
}

#[tokio::test(flavor = "multi_thread")]
async fn suppressed_zero_not_covered_refused_and_failed_are_told_apart() {
    let world = World::new().await;
    // RYA refuses, RYD's records end before the question's; RYB and RYC answer, but two are fewer than three.
    edit(&world.node_config("RYA"), "population = 5000", "population = 5000\nanswering = \"off\"");
    edit(&world.node_config("RYD"), "to = \"2025-03-31\"", "to = \"2023-12-31\"");
    let coordinator = world.start_coordinator().await;
    let nodes = world.start_nodes(&["RYA", "RYB", "RYC", "RYD"]).await;
    let mut desk = world.desk().await;
    let answer = answer_to(&mut desk, &world.ask()).await;
    let expected = [
        ("RYA", SiteOutcome::Refused(Refusal::NotReleased)),
        ("RYB", SiteOutcome::Released),
        ("RYC", SiteOutcome::Released),
        ("RYD", SiteOutcome::Refused(Refusal::NotCovered)),
    ];
    assert_eq!(outcomes(&answer), expected);
    let group = &answer.groups[0];
    assert_eq!((group.state, group.cells.len(), group.figures.len()), (GroupState::TooFewSites { needed: 3 }, 0, 0));
    assert!(answer.notes.iter().any(|note| note.contains("no combined figures below 3")), "{:?}", answer.notes);

    // The same with RYA answering and a node that is not there: now three answer.
    nodes.stop().await;
    edit(&world.node_config("RYA"), "answering = \"off\"", "answering = \"on\"");
    let nodes = world.start_nodes(&["RYA", "RYB", "RYD"]).await;
    world.connected(&mut desk, &["RYA", "RYB", "RYD"]).await;
    let answer = answer_to(&mut desk, &wire::Ask { deadline_s: Some(1), ..world.ask() }).await;
    let expected = [
        ("RYA", SiteOutcome::Released),
        ("RYB", SiteOutcome::Released),
        ("RYC", SiteOutcome::NotConnected),
        ("RYD", SiteOutcome::Refused(Refusal::NotCovered)),
    ];
    assert_eq!(outcomes(&answer), expected);
    assert_eq!(answer.groups[0].state, GroupState::TooFewSites { needed: 3 });
    nodes.stop().await;
    coordinator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_cell_counts_each_site_under_exactly_one_word() {
    let world = World::new().await;
    edit(&world.coordinator_roster(), "code = \"RYA\"", "code = \"RYX\"");
    let spare = "\n[[provider]]\ncode = \"RYA\"\nname = \"Hospital RYA\"\nkind = \"hospital\"\n";
    let key = world.provider_key("RYA").public();
    edit(&world.coordinator_roster(), &format!("key = \"{key}\""), &format!("key = \"{}\"", "7".repeat(64)));
    let roster = std::fs::read_to_string(world.coordinator_roster()).unwrap();
    std::fs::write(world.coordinator_roster(), format!("{roster}{spare}key = \"{key}\"\n")).unwrap();
    // RYX is on the roster and nowhere else: it fails. The other four answer, so there are combined figures.
    let coordinator = world.start_coordinator().await;
    let nodes = world.start_nodes(&["RYA", "RYB", "RYC", "RYD"]).await;
    let mut desk = world.desk().await;
    world.connected(&mut desk, &["RYA", "RYB", "RYC", "RYD"]).await;
    let answer = answer_to(&mut desk, &wire::Ask { deadline_s: Some(1), ..world.ask() }).await;
    assert_eq!(answer.groups[0].state, GroupState::Combined);
    let expected = SiteCounts { shown: 2, zero: 1, suppressed: 1, failed: 1, ..SiteCounts::default() };
    assert_eq!(sites(&answer, "maternity"), expected);
    assert_eq!(sites(&answer, "other"), SiteCounts { zero: 4, failed: 1, ..SiteCounts::default() });
    nodes.stop().await;
    coordinator.stop().await;
    // Asked again after a restart, the answer is the same document.
    let coordinator = world.start_coordinator().await;
    let mut desk = world.desk().await;
    let again = until("the answer is there again", async || desk.answer(answer.run).await.ok()).await;
    assert_eq!(again, answer);
    coordinator.stop().await;
}
