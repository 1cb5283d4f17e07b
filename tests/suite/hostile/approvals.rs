//! Who counts among those who approved a template: people, not keys and not signatures, of two organisations at least,
//! and the provider's own guardian.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Duration, Utc};
use demo::region::folder;
use serde_json::Value;
use template::{Document as _, Envelope, PayloadType, PersonDocument, RootDocument, SigningKey};
use wire::{Dispatch, Refusal, SiteOutcome};

use super::attacker::FalseCoordinator;
use super::ledger;
use super::orders::{self, new_key};
use super::whole::{nothing_is_told, outcomes};
use crate::world::{TEMPLATE, World, answer_to, edit};

/// Ada, who has two keys, and Bea of North; Cyd of South. RYA pins a root of theirs, of which any two approve a template
/// if they are of two organisations.
struct People {
    ada: SigningKey,
    adas_other: SigningKey,
    bea: SigningKey,
    cyd: SigningKey,
}

impl People {
    fn pinned_by(world: &World) -> Self {
        let people = Self { ada: new_key(), adas_other: new_key(), bea: new_key(), cyd: new_key() };
        let Self { ada, adas_other, bea, cyd } = &people;
        let person = |name: &str, organisation: &str, keys: &[&SigningKey]| PersonDocument {
            name: name.parse().unwrap(),
            organisation: organisation.to_owned(),
            position: "Guardian".to_owned(),
            keys: keys.iter().map(|key| key.public()).collect(),
        };
        let expires = DateTime::from_timestamp((Utc::now() + Duration::days(300)).timestamp(), 0).unwrap();
        let listed = vec![
            person("ada.north", "North", &[ada, adas_other]),
            person("bea.north", "North", &[bea]),
            person("cyd.south", "South", &[cyd]),
        ];
        let root = RootDocument::of_equals(1, expires, listed, person("catalogue", "South", &[&new_key()]));
        let root = root.sign(&[ada, cyd]);
        folder::write(&world.folder.trust_root(), root.to_bytes()).unwrap();
        edit(&world.node_config("RYA"), &world.trust_root.to_string(), &root.payload_digest().to_string());
        people
    }
}

/// The template's envelope with these signatures.
fn signed(toml: &str, keys: &[&SigningKey]) -> Value {
    let envelope = Envelope::sign(PayloadType::Template, toml.as_bytes().to_vec(), keys);
    serde_json::from_slice(&envelope.to_bytes()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn people_of_two_organisations_approve_and_nothing_else_counts() {
    let world = World::new().await;
    let People { ada, adas_other, bea, cyd } = &People::pinned_by(&world);
    let good = || signed(TEMPLATE, &[ada, cyd]);
    let one = |change: &dyn Fn(&mut Vec<Value>)| {
        let mut envelope = signed(TEMPLATE, &[ada]);
        change(envelope["signatures"].as_array_mut().unwrap());
        envelope
    };
    let with = |third: Value| {
        let mut envelope = good();
        envelope["signatures"].as_array_mut().unwrap().push(third);
        envelope
    };
    let stranger = signed(TEMPLATE, &[&new_key()])["signatures"][0].clone();
    let garbage = |keyid: Value| serde_json::json!({"keyid": keyid, "sig": STANDARD.encode([7; 64])});
    let adas = || good()["signatures"][0]["keyid"].clone();
    let authored = |name: &str| TEMPLATE.replace("Dee Author", name);
    let refused = Some(Refusal::NotApproved);
    let cases = [
        ("one of two", TEMPLATE.to_owned(), one(&|_| {}), refused),
        ("one signature three times", TEMPLATE.to_owned(), one(&|s| s.extend([s[0].clone(), s[0].clone()])), refused),
        (
            "one key under two names",
            TEMPLATE.to_owned(),
            one(&|s| {
                let mut again = s[0].clone();
                again["keyid"] = "0".repeat(64).into();
                s.push(again);
            }),
            refused,
        ),
        (
            "one person's key under another's name",
            TEMPLATE.to_owned(),
            one(&|s| {
                let mut again = s[0].clone();
                again["keyid"] = cyd.public().id().to_string().into();
                s.push(again);
            }),
            refused,
        ),
        ("one person with two keys", TEMPLATE.to_owned(), signed(TEMPLATE, &[ada, adas_other]), refused),
        ("two people of one organisation", TEMPLATE.to_owned(), signed(TEMPLATE, &[ada, bea]), refused),
        (
            "three signatures of one organisation",
            TEMPLATE.to_owned(),
            signed(TEMPLATE, &[ada, adas_other, bea]),
            refused,
        ),
        ("its author among two", authored("Cyd South"), signed(&authored("Cyd South"), &[ada, cyd]), refused),
        (
            "its author among three, of whom two are left of one organisation",
            authored("cyd.south"),
            signed(&authored("cyd.south"), &[ada, bea, cyd]),
            refused,
        ),
        ("two people of two organisations", TEMPLATE.to_owned(), good(), None),
        ("with a person's other key", TEMPLATE.to_owned(), signed(TEMPLATE, &[adas_other, cyd]), None),
        ("its author beside two others", authored("bea.north"), signed(&authored("bea.north"), &[bea, ada, cyd]), None),
        ("and a stranger", TEMPLATE.to_owned(), with(stranger), None),
        ("and garbage", TEMPLATE.to_owned(), with(garbage("0".repeat(64).into())), None),
        ("and garbage in somebody's name", TEMPLATE.to_owned(), with(garbage(adas())), None),
    ];
    world.without_catalogue("RYA");
    let mut coordinator = FalseCoordinator::start(&world);
    let node = world.start_nodes(&["RYA"]).await;
    for (what, toml, envelope, expected) in &cases {
        let order = orders::order_of(toml.as_bytes());
        let beside = Dispatch { template: serde_json::to_vec(envelope).unwrap(), ..Dispatch::default() };
        let said = orders::asked(&world, &mut coordinator, &order, beside).await;
        assert_eq!(said.err(), *expected, "{what}");
    }
    node.stop().await;
    ledger::is_whole(&world, "RYA").await;
    let answered = cases.iter().filter(|(.., expected)| expected.is_none()).count();
    assert_eq!(ledger::releases(&world, "RYA").len(), answered);
    assert!(ledger::reasons(&world, "RYA").iter().all(|reason| reason == "template-not-approved"));
    nothing_is_told(&world);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_providers_own_guardian_holds_a_template_back_there_and_nowhere_else() {
    let world = World::new().await;
    let guardian = new_key().public();
    let settings = format!(
        "[governance]\nauto_accept = [\"rows\"]\n\n[governance.guardian]\nname = \"gwen.guardian\"\nkeys = [\"{guardian}\"]\n\n[limits]"
    );
    edit(&world.node_config("RYA"), "[limits]", &settings);
    let coordinator = world.start_coordinator().await;
    let nodes = world.start_nodes(&["RYA", "RYB", "RYC", "RYD"]).await;
    let mut desk = world.desk().await;
    let answer = answer_to(&mut desk, &world.ask()).await;
    let expected = [
        ("RYA", SiteOutcome::Refused(Refusal::NotReleased)),
        ("RYB", SiteOutcome::Released),
        ("RYC", SiteOutcome::Released),
        ("RYD", SiteOutcome::Released),
    ];
    assert_eq!(outcomes(&answer), expected);
    nodes.stop().await;
    coordinator.stop().await;
    assert_eq!(ledger::reasons(&world, "RYA"), ["not-accepted"]);
}
