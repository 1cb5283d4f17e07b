//! Records that are wrong in ways that files allow: through a node's real path each ends in a safe answer or a refusal,
//! with a clear word to the operator and no value in it.

pub mod rows;

use std::sync::Arc;

use wire::{Answer, Answered, Answerer as _, CellState, CombinedCell, Dispatch, Refusal, SiteCounts, SiteOutcome};

use crate::hostile::orders::order_of;
use crate::hostile::whole::{nothing_is_told, outcomes};
use crate::world::{World, answer_to, logged, watch_log};
use rows::{Row, TEMPLATE, TEMPLATE_ID, usual, write};

/// What came of a question over a hospital's spoiled records, beside three sound hospitals.
struct Found {
    answer: Answer,
    manifest: node::Manifest,
}

/// Asks the question over `rows` at one hospital. Its outcome must be `expected`, and its operator's log hold `words`.
async fn check(rows: Vec<Row>, expected: SiteOutcome, words: &[&str]) -> Found {
    watch_log();
    let world = World::new().await;
    world.approve(TEMPLATE);
    write(&world, "RYA", &rows);
    let coordinator = world.start_coordinator().await;
    let nodes = world.start_nodes(&["RYA", "RYB", "RYC", "RYD"]).await;
    let mut desk = world.desk().await;
    let answer = answer_to(&mut desk, &wire::Ask { template: TEMPLATE_ID.to_owned(), ..world.ask() }).await;
    let sound = |code| (code, SiteOutcome::Released);
    assert_eq!(outcomes(&answer), [("RYA", expected), sound("RYB"), sound("RYC"), sound("RYD")]);
    nodes.stop().await;
    coordinator.stop().await;
    assert!(words.is_empty() || !logged(&[&["RYA"], words].concat()).is_empty(), "{words:?}");
    nothing_is_told(&world);
    let snapshots = world.node_data("RYA").join("snapshot");
    let current = std::fs::read_to_string(snapshots.join("current")).unwrap();
    let manifest = std::fs::read(snapshots.join(current.trim_end()).join("manifest.json")).unwrap();
    Found { answer, manifest: serde_json::from_slice(&manifest).unwrap() }
}

impl Found {
    fn cell(&self, group: Option<&str>, measure: &str) -> &CombinedCell {
        let levels = [group.map(str::to_owned)];
        let cells = &self.answer.groups[0].cells;
        cells.iter().find(|cell| cell.measure == measure && cell.levels == levels).unwrap()
    }

    /// The truth lies within the bounds of a cell.
    fn holds(&self, group: Option<&str>, measure: &str, truth: u64) {
        let cell = self.cell(group, measure);
        assert_eq!(cell.state, CellState::Bounded, "{group:?} {measure}");
        assert!(cell.low <= truth && cell.high.is_none_or(|high| truth <= high), "{truth} {cell:?}");
    }

    fn quality(&self) -> node::Quality {
        self.manifest.tables.iter().find(|entry| entry.table == "hospital_spell").unwrap().quality
    }
}

/// People of the three sound hospitals under emergency; each has one spell without a length.
const SOUND_EMERGENCIES: u64 = 57 + 61 + 38;

#[tokio::test(flavor = "multi_thread")]
async fn missing_amounts_add_nothing_and_still_count() {
    let mut rows = usual();
    for row in rows.iter_mut().step_by(2) {
        row.days = None;
    }
    let days = rows.iter().filter(|r| r.group == "emergency").filter_map(|r| r.days).sum::<i32>();
    let found = check(rows, SiteOutcome::Released, &[]).await;
    found.holds(Some("emergency"), "people", SOUND_EMERGENCIES + 43);
    found.holds(Some("emergency"), "bed_days", u64::try_from(days).unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_negative_amount_is_told_when_it_is_frozen_and_refuses_every_sum_whoever_is_asked_about() {
    let mut rows = usual();
    // Of somebody whom no group of the question holds: the refusal does not tell whose it is.
    rows.push(Row { person: 0, group: "elsewhere", days: Some(-3) });
    let refused = SiteOutcome::Refused(Refusal::DataIntegrity);
    let found = check(rows, refused, &["hospital_spell", "length_of_stay_days", "below zero"]).await;
    assert_eq!(found.quality().negative, 1);
    assert!(!logged(&["RYA", "nothing is counted", "below zero"]).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_with_thousands_of_rows_is_one_person_and_dominates_nothing_unseen() {
    let mut rows = usual();
    rows.extend((0..3_000).map(|_| Row { person: 0, group: "elective", days: Some(1) }));
    let found = check(rows, SiteOutcome::Released, &["hospital_spell", "one id stands for many people"]).await;
    assert_eq!(found.quality().crowded_people, 1);
    found.holds(Some("elective"), "people", 25 + 1 + 12 + 30 + 18);
    // Capped sums: thirty days of one person are not three thousand.
    let days = usual().iter().filter(|r| r.group == "elective").filter_map(|r| r.days).sum::<i32>() + 30;
    found.holds(Some("elective"), "bed_days", u64::try_from(days).unwrap());
    // Their three thousand rows would be the cell's: it is held back.
    assert_eq!(found.cell(Some("elective"), "admissions").sites.withheld, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn records_of_nobody_stop_the_snapshot_and_the_one_before_is_answered_from() {
    watch_log();
    let world = World::new().await;
    world.approve(TEMPLATE);
    write(&world, "RYA", &usual());
    let before = world.open_provider("RYA").await;
    rows::write_of(&world, "RYA", &usual(), |n| (n % 7 != 3).then(|| rows::person("RYA", n)));
    let config = node::Config::read(&world.node_config("RYA")).unwrap();
    let taken = tokio::task::spawn_blocking(move || node::take(&config, chrono::Utc::now())).await.unwrap();
    let told = format!("{:#}", anyhow::Error::new(taken.unwrap_err()));
    for words in ["hospital_spell", "`person_id`", "empty"] {
        assert!(told.contains(words), "{told}");
    }
    let coordinator = world.start_coordinator().await;
    let others = world.start_nodes(&["RYB", "RYC", "RYD"]).await;
    let node = world.serve_providers(vec![before]);
    let mut desk = world.desk().await;
    world.connected(&mut desk, &["RYA", "RYB", "RYC", "RYD"]).await;
    let answer = answer_to(&mut desk, &wire::Ask { template: TEMPLATE_ID.to_owned(), ..world.ask() }).await;
    let all = ["RYA", "RYB", "RYC", "RYD"].map(|code| (code, SiteOutcome::Released));
    assert_eq!(outcomes(&answer), all);
    for running in [node, others, coordinator] {
        running.stop().await;
    }
    nothing_is_told(&world);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_total_published_elsewhere_that_cannot_be_refuses_and_the_operator_is_told() {
    watch_log();
    let world = World::new().await;
    world.approve(TEMPLATE);
    write(&world, "RYA", &usual());
    let figure = "[[published.figures]]\nsource = \"annual report\"\nas_of = \"2025-03-31\"\ntemplate = \"bed-days-by-group\"\n\
                  parameters = { from = \"2024-04\", to = \"2025-03\" }\nmeasure = \"admissions\"\nfigure = 81\ncounted = \
                  \"the-same\"\n\n[limits]";
    crate::world::edit(&world.node_config("RYA"), "[limits]", figure);
    let coordinator = world.start_coordinator().await;
    let nodes = world.start_nodes(&["RYA", "RYB", "RYC", "RYD"]).await;
    let mut desk = world.desk().await;
    let answer = answer_to(&mut desk, &wire::Ask { template: TEMPLATE_ID.to_owned(), ..world.ask() }).await;
    // There were eighty-two admissions.
    assert_eq!(outcomes(&answer)[0], ("RYA", SiteOutcome::Refused(Refusal::NotReleased)));
    nodes.stop().await;
    coordinator.stop().await;
    assert!(!logged(&["RYA", "nothing is released", "published"]).is_empty());
    nothing_is_told(&world);
}

#[tokio::test(flavor = "multi_thread")]
async fn values_outside_the_declared_levels_are_in_no_cell_and_no_total() {
    let mut rows = usual();
    rows.extend((0..30).map(|person| Row { person, group: "SECRET-DIAGNOSIS", days: Some(1) }));
    let found = check(rows, SiteOutcome::Released, &[]).await;
    found.holds(Some("emergency"), "people", SOUND_EMERGENCIES + 43);
    found.holds(None, "people", 82 + 72 + 91 + 78);
}

#[tokio::test(flavor = "multi_thread")]
async fn repeated_records_are_told_and_nobody_is_counted_twice() {
    let rows = usual().into_iter().flat_map(|row| [row, row]).collect();
    let found = check(rows, SiteOutcome::Released, &["hospital_spell", "remove the repetitions"]).await;
    assert_eq!(found.quality().repeated, 82);
    found.holds(Some("emergency"), "people", SOUND_EMERGENCIES + 43);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_rows_at_all_are_zeros() {
    let found = check(Vec::new(), SiteOutcome::Released, &[]).await;
    for group in ["emergency", "elective", "maternity", "other"] {
        assert!(found.cell(Some(group), "people").sites.zero >= 1, "{group}");
    }
    found.holds(None, "people", 72 + 91 + 78);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_person_in_every_cell_is_suppressed_in_every_cell() {
    let groups = ["emergency", "elective", "maternity", "other"];
    let rows = groups.map(|group| Row { person: 0, group, days: Some(3) });
    let found = check(rows.to_vec(), SiteOutcome::Released, &[]).await;
    for group in groups {
        let SiteCounts { suppressed, .. } = found.cell(Some(group), "people").sites;
        assert_eq!(suppressed, 1 + u32::from(group == "maternity"), "{group}");
        // One person's days stand behind no figure.
        assert_eq!(found.cell(Some(group), "bed_days").sites.shown, 0, "{group}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_domain_of_a_million_cells_is_turned_away_by_the_coordinator_and_refused_by_a_node() {
    let world = World::new().await;
    // Four dimensions of 32 levels.
    let levels = (0..32).map(|n| format!("\"l{n}\"")).collect::<Vec<_>>().join(", ");
    let dimension = |name: &str| format!("\n[[dimension]]\nname = \"{name}\"\nlevels = [{levels}]\nper = \"record\"\n");
    let more: String = ["b", "c", "d", "e"].map(dimension).concat();
    let template = TEMPLATE
        .replace(TEMPLATE_ID, "a-million")
        .replace("admission_group, length", "admission_group, 'l0' as b, 'l0' as c, 'l0' as d, 'l0' as e, length")
        .replace("\n[[measure]]\nname = \"people\"", &format!("{more}\n[[measure]]\nname = \"people\""));
    assert_ne!(template, TEMPLATE.replace(TEMPLATE_ID, "a-million"));
    // How many cells there are follows from the parameters of a run: reviewers are told of the limit, and may sign.
    assert!(template::Template::parse(template.as_bytes()).is_ok());
    world.approve(&template);
    world.without_catalogue("RYA");
    let coordinator = world.start_coordinator().await;
    let mut desk = world.desk().await;
    // Who asks is told; no provider is asked.
    let ask = wire::Ask { template: "a-million".to_owned(), ..world.ask() };
    let Err(wire::DeskError::BadRequest(words)) = desk.ask(&ask).await else { panic!("the coordinator turns it away") };
    assert_eq!(
        words,
        "these parameters do not make a table that can be released: a table may have at most 20000 cells, totals included"
    );
    coordinator.stop().await;

    // A coordinator that sends it all the same is refused by the node, before a row is read.
    let node = node::Node::new(world.open_provider("RYA").await, Arc::new(node::Host::new().unwrap()));
    let order = order_of(template.as_bytes());
    let dispatch = Dispatch {
        order: order.sign(&world.order_key()).bytes().to_vec(),
        template: world.guardians.sign_template(&template).to_bytes(),
        ..Dispatch::default()
    };
    let Answered::Refusal(refusal) = node.answer(dispatch).await else { panic!("the node refuses") };
    let (key, code) = (world.provider_key("RYA").public(), "RYA".parse().unwrap());
    let refusal = wire::verify_refusal(refusal.bytes(), &key, &order.id, &code).unwrap();
    assert_eq!(refusal, Refusal::BadParameters);
}
