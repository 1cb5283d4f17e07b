//! Templates that nobody approved, or not enough, or not these bytes: neither asked by a coordinator nor run by a node.

use template::{Envelope, LookupDocument, PayloadType};
use wire::{DeskError, Dispatch, Outcome, Refusal, verify_refusal};

use super::attacker::FalseCoordinator;
use super::whole::nothing_is_told;
use super::{ledger, orders};
use crate::world::{TEMPLATE, TEMPLATE_ID, World, answer_to, logged, watch_log};

/// Each way in which a template is not approved: what, its envelope, and words that tell the coordinator's operator.
fn unapproved(world: &World) -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let good = world.guardians.sign_template(TEMPLATE).to_bytes();
    let signatures = |change: &dyn Fn(&mut Vec<serde_json::Value>)| {
        let mut document: serde_json::Value = serde_json::from_slice(&good).unwrap();
        change(document["signatures"].as_array_mut().unwrap());
        serde_json::to_vec(&document).unwrap()
    };
    let signed = |from: &str, to: &str| {
        assert!(TEMPLATE.contains(from), "{from}");
        world.guardians.sign_template(&TEMPLATE.replace(from, to)).to_bytes()
    };
    let people: Vec<_> =
        world.keys.guardians.iter().map(|(_, key)| template::SigningKey::from_pkcs8(key).unwrap()).collect();
    let as_release =
        Envelope::sign(PayloadType::Release, TEMPLATE.as_bytes().to_vec(), &people.iter().collect::<Vec<_>>());
    let long = format!("id = \"{}\"", "a".repeat(10_000));
    let deep = format!("totals = {}{}", "[".repeat(200), "]".repeat(200));
    let id = "id = \"admissions-by-group\"";
    let stranger = orders::new_key();
    let by_stranger = Envelope::sign(PayloadType::Template, TEMPLATE.as_bytes().to_vec(), &[&stranger, &stranger]);
    let as_lookup = Envelope::parse(&good).unwrap().unverified_payload().to_vec();
    vec![
        ("unsigned", signatures(&|s| s.clear()), "no trusted key signed"),
        ("one signature", signatures(&|s| s.truncate(1)), "1 people signed, 2 are needed"),
        ("one signature twice", signatures(&|s| s[1] = s[0].clone()), "1 people signed, 2 are needed"),
        ("strangers", by_stranger.to_bytes(), "no trusted key signed"),
        ("its author among two", signed("Dee Author", "Amara Castellan"), "an author does not count"),
        ("one byte altered", orders::altered(&good, "threshold = 10", "threshold = 11"), "no trusted key signed"),
        ("one space more", orders::altered(&good, "threshold = 10", "threshold =  10"), "no trusted key signed"),
        ("expired", signed("2098-12-31", "2020-12-31"), "2020-12-31"),
        ("another type", Envelope::sign(PayloadType::Lookup, as_lookup, &[&stranger]).to_bytes(), "another type"),
        ("a release in its place", as_release.to_bytes(), "another type"),
        ("no envelope", TEMPLATE.as_bytes().to_vec(), "not a DSSE envelope"),
        ("nothing", Vec::new(), "not a DSSE envelope"),
        ("no template", world.guardians.sign_template("id = 1").to_bytes(), "not a template"),
        ("a field that nobody knows", signed("version = 1\n", "version = 1\nfreshness = 1\n"), "not a template"),
        ("a field twice", signed("version = 1\n", "version = 1\nversion = 1\n"), "not a template"),
        ("a fraction", signed("threshold = 10", "threshold = 10.0"), "not a template"),
        ("nested without end", signed("totals = [[]]", &deep), "not a template"),
        ("an id that climbs", signed(id, "id = \"../../x\""), "1 to 80 of a-z"),
        ("an id that climbs in disguise", signed(id, "id = \"%2e%2e%2fx\""), "1 to 80 of a-z"),
        ("an id that reads backwards", signed(id, "id = \"x\u{202e}y\""), "1 to 80 of a-z"),
        ("an id without end", signed(id, &long), "1 to 80 of a-z"),
        ("an empty id", signed(id, "id = \"\""), "1 to 80 of a-z"),
        ("below the floor", signed("threshold = 10", "threshold = 1"), "threshold"),
        ("rounded to nothing", signed("rounding = 5", "rounding = 1"), "rounding"),
        ("fan-out", signed("from hospital_spell\n", "from hospital_spell cross join generate_series(1, 20)\n"), "SQL"),
        (
            "a conversion that quotes",
            signed(
                "select person_id, admission_group\n",
                "select person_id, cast(cast(primary_diagnosis_code as bigint) as varchar) as admission_group\n",
            ),
            "SQL",
        ),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_runs_no_template_that_is_not_approved() {
    let world = World::new().await;
    world.without_catalogue("RYA");
    let key = world.order_key();
    let mut coordinator = FalseCoordinator::start(&world);
    let node = world.start_nodes(&["RYA"]).await;
    let own = world.provider_key("RYA").public();
    let cases = unapproved(&world);
    for (what, template, _) in &cases {
        // The coordinator itself is in it: it signs an order for exactly these bytes.
        let payload = Envelope::parse(template).map(|e| e.unverified_payload().to_vec()).unwrap_or_default();
        let order = orders::order_of(&payload);
        let signed = order.sign(&key).bytes().to_vec();
        coordinator.send(Dispatch { order: signed, template: template.clone(), ..Dispatch::default() }).await;
        let (named, outcome) = coordinator.outcome().await;
        let Outcome::Refusal(envelope) = outcome else { panic!("{what} was released") };
        let word = verify_refusal(&envelope, &own, &named, &"RYA".parse().unwrap()).unwrap();
        assert_eq!((named, word), (order.id, Refusal::NotApproved), "{what}");
    }
    node.stop().await;
    ledger::is_whole(&world, "RYA").await;
    assert_eq!(ledger::releases(&world, "RYA").len(), 0);
    let reasons = ledger::reasons(&world, "RYA");
    assert_eq!(reasons.len(), cases.len());
    assert!(reasons.iter().all(|reason| reason == "template-not-approved" || reason == "plan-refused"), "{reasons:?}");
    nothing_is_told(&world);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_reads_no_look_up_that_is_not_approved_or_is_older_than_one_it_read() {
    let world = World::new().await;
    world.without_catalogue("RYA");
    let key = world.order_key();
    let toml = TEMPLATE
        .replace("period =", "lookups = [\"practice_locality\"]\nperiod =")
        .replace("select person_id, admission_group\nfrom hospital_spell\n", WITH_LOCALITY)
        .replace("admission_date", "hospital_spell.admission_date")
        .replace("name = \"admission_group\"", "name = \"locality\"")
        .replace("[\"emergency\", \"elective\", \"maternity\", \"other\"]", "[\"mdg-01\"]")
        .replace("per = \"record\"", "per = \"person\"\nother = \"elsewhere\"");
    let template = world.guardians.sign_template(&toml).to_bytes();
    let version = |version: u64| LookupDocument {
        name: "practice_locality".to_owned(),
        version,
        columns: vec!["gp_practice_code".to_owned(), "locality".to_owned()],
        rows: vec![vec!["Y00001".to_owned(), "mdg-01".to_owned()]],
    };
    let signed = |number: u64| world.guardians.sign_lookup(&version(number)).to_bytes();
    let stranger = orders::new_key();
    let payload = Envelope::parse(&signed(3)).unwrap().unverified_payload().to_vec();
    let other = LookupDocument { name: "practice_region".to_owned(), ..version(3) };
    let mut coordinator = FalseCoordinator::start(&world);
    let node = world.start_nodes(&["RYA"]).await;
    let own = world.provider_key("RYA").public();
    for (what, lookups, answered) in [
        ("none", vec![], false),
        ("garbage", vec![vec![0xff; 100]], false),
        ("a stranger's", vec![Envelope::sign(PayloadType::Lookup, payload, &[&stranger]).to_bytes()], false),
        ("an altered one", vec![orders::altered(&signed(3), "mdg-01", "mdg-02")], false),
        ("a template in its place", vec![template.clone()], false),
        ("another look-up", vec![world.guardians.sign_lookup(&other).to_bytes()], false),
        ("the second version", vec![signed(2)], true),
        ("the first version after the second", vec![signed(1)], false),
        ("the second again", vec![signed(2)], true),
        ("the third", vec![signed(3)], true),
        ("the second after the third", vec![signed(2)], false),
    ] {
        let order = orders::order_of(toml.as_bytes());
        let bytes = order.sign(&key).bytes().to_vec();
        coordinator.send(Dispatch { order: bytes, template: template.clone(), lookups, ..Dispatch::default() }).await;
        let (named, outcome) = coordinator.outcome().await;
        assert_eq!(named, order.id, "{what}");
        match outcome {
            Outcome::Release(_) => assert!(answered, "{what} was read"),
            Outcome::Refusal(envelope) => {
                let word = verify_refusal(&envelope, &own, &named, &"RYA".parse().unwrap()).unwrap();
                assert_eq!((answered, word), (false, Refusal::NotApproved), "{what}");
            }
        }
    }
    node.stop().await;
    ledger::is_whole(&world, "RYA").await;
    assert_eq!(ledger::releases(&world, "RYA").len(), 3);
    nothing_is_told(&world);
}

/// The world's question by locality in place of group.
const WITH_LOCALITY: &str = "
select hospital_spell.person_id, coalesce(practice_locality.locality, 'elsewhere') as locality
from hospital_spell
join person on person.person_id = hospital_spell.person_id
left join practice_locality on practice_locality.gp_practice_code = person.usual_gp_practice_code
";

#[tokio::test(flavor = "multi_thread")]
async fn a_coordinator_asks_no_template_that_is_not_approved() {
    watch_log();
    let world = World::new().await;
    for (number, (what, envelope, words)) in unapproved(&world).into_iter().enumerate() {
        std::fs::write(world.template_file(TEMPLATE_ID), &envelope).unwrap();
        // A file of its own name for each, so that the log tells which.
        let file = world.template_file(&format!("case-{number}"));
        std::fs::rename(world.template_file(TEMPLATE_ID), &file).unwrap();
        let coordinator = world.start_coordinator().await;
        let mut desk = world.desk().await;
        assert_eq!(desk.templates().await.unwrap().templates.len(), 0, "{what}");
        let Err(DeskError::NotFound(told)) = desk.ask(&world.ask()).await else { panic!("{what} was asked") };
        assert!(told.contains(TEMPLATE_ID) && told.contains("tallyward templates"), "{what}: {told}");
        let lines = logged(&["left out"]);
        assert!(lines.iter().any(|line| line.contains(words)), "{what}: {lines:?}");
        coordinator.stop().await;
        std::fs::remove_file(file).unwrap();
    }
    // With the approved bytes all is well.
    world.approve(TEMPLATE);
    let coordinator = world.start_coordinator().await;
    let nodes = world.start_nodes(&["RYA", "RYB", "RYC", "RYD"]).await;
    let mut desk = world.desk().await;
    assert_eq!(answer_to(&mut desk, &world.ask()).await.groups[0].answered, 4);
    nodes.stop().await;
    coordinator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_that_cannot_be_asked_is_turned_away_with_what_to_do() {
    let world = World::new().await;
    let coordinator = world.start_coordinator().await;
    let mut desk = world.desk().await;
    let parameter = |name: &str, value: &str| wire::ParameterValue { name: name.to_owned(), value: value.to_owned() };
    let good = world.ask().parameters;
    let with = |parameters: Vec<wire::ParameterValue>| wire::Ask { parameters, ..world.ask() };
    for (ask, words) in [
        (with(vec![]), "`from` is missing"),
        (with(vec![good[0].clone()]), "`to` is missing"),
        (with(vec![good[0].clone(), parameter("to", "2025-13")]), "`to` does not take this value; give"),
        (with(vec![good[0].clone(), parameter("to", "x' or '1'='1")]), "`to` does not take this value; give"),
        (with([good.clone(), vec![parameter("threshold", "1")]].concat()), "no parameter `threshold`; it has"),
        (with([good.clone(), good.clone()].concat()), "given twice"),
        (wire::Ask { purpose: " ".to_owned(), ..world.ask() }, "why you ask"),
        (wire::Ask { purpose: "p".repeat(wire::PURPOSE_BYTES_MAX + 1), ..world.ask() }, "at most 500 bytes"),
        (wire::Ask { purpose: "two\nlines".to_owned(), ..world.ask() }, "one line"),
        (wire::Ask { deadline_s: Some(0), ..world.ask() }, "a deadline is from 1"),
        (wire::Ask { deadline_s: Some(u32::MAX), ..world.ask() }, "a deadline is from 1"),
        (wire::Ask { grouping: Some(wire::GroupingName::Kind), ..world.ask() }, "does not allow"),
    ] {
        let Err(DeskError::BadRequest(told)) = desk.ask(&ask).await else { panic!("{ask:?} was asked") };
        assert!(told.contains(words), "{words}: {told}");
    }
    for (ask, words) in [
        (wire::Ask { template: "another".to_owned(), ..world.ask() }, "no approved template `another`"),
        (wire::Ask { version: Some(2), ..world.ask() }, "in version 2"),
    ] {
        let Err(DeskError::NotFound(told)) = desk.ask(&ask).await else { panic!("{ask:?} was asked") };
        assert!(told.contains(words), "{words}: {told}");
    }
    assert_eq!(desk.runs().await.unwrap(), []);
    coordinator.stop().await;
}
