//! Catalogues and trust roots that a node must not take, over a real link from a coordinator that the test plays. Whatever
//! is not believed leaves what was there before: the same order is answered, and the audit names the rule that was broken.

use std::sync::Arc;

use chrono::{Duration, Utc};
use template::{CatalogueDocument, Document as _, Envelope, PayloadType, SigningKey, TemplateStatus};
use wire::Refusal;

use super::ledger;
use super::orders::{At, new_key, resigned};
use super::registry::{Registry, from_now, listed, rows_of};
use crate::world::{TEMPLATE, TEMPLATE_ID, World, logged, until, watch_log};

const CATALOGUE: &str = "catalogue = \"required\"";

/// Serves what `deceive` made of a good catalogue, restarts the node, and sees that the audit says so and that the
/// catalogue in force before still rules.
async fn check(registry: &mut Registry, what: &str, words: &[&str]) {
    let node = registry.world.start_nodes(&["RYA"]).await;
    registry.noted(&[&["catalogue-refused"], words].concat()).await;
    let order = registry.order();
    assert!(registry.ask(&order).await.is_ok(), "{what}: the catalogue before is in force");
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_catalogue_that_deceives_leaves_the_one_before() {
    let mut registry = Registry::new(CATALOGUE).await;
    let other = registry.world.guardians.sign_template(&TEMPLATE.replace("version = 1", "version = 2")).to_bytes();
    registry.document(&other);
    let good = CatalogueDocument {
        templates: vec![
            listed(TEMPLATE_ID, 1, &registry.template, TemplateStatus::Approved),
            listed(TEMPLATE_ID, 2, &other, TemplateStatus::Withdrawn),
        ],
        ..registry.catalogue()
    };
    registry.serve(&good);
    let node = registry.world.start_nodes(&["RYA"]).await;
    let order = registry.order();
    assert_eq!(registry.ask(&order).await.err(), None);
    node.stop().await;

    let next = CatalogueDocument { version: 6, ..good.clone() };
    type Deceive = fn(&CatalogueDocument) -> CatalogueDocument;
    let documents: [(&str, Deceive, &str); 9] = [
        (
            "rolled back",
            |next| CatalogueDocument { version: 4, ..next.clone() },
            "rolled back: version 4 after version 5",
        ),
        (
            "other bytes under one version",
            |next| CatalogueDocument { version: 5, expires: next.expires - Duration::hours(1), ..next.clone() },
            "mixed: other bytes under the known version 5",
        ),
        (
            "fast-forwarded",
            |next| CatalogueDocument { version: 1 << 62, ..next.clone() },
            "more than 1000000 after version 5",
        ),
        (
            "a template dropped",
            |next| CatalogueDocument { templates: next.templates[..1].to_vec(), ..next.clone() },
            "must stay listed",
        ),
        (
            "another template's bytes",
            |next| {
                let mut next = next.clone();
                next.templates[0].sha256 = template::Digest::of(b"other");
                next
            },
            "listed with other bytes",
        ),
        (
            "expired",
            |next| CatalogueDocument {
                issued_at: next.issued_at - Duration::days(2),
                expires: next.issued_at - Duration::days(1),
                ..next.clone()
            },
            "expired at",
        ),
        (
            "for longer than a catalogue lasts",
            |next| CatalogueDocument { expires: next.issued_at + Duration::days(8), ..next.clone() },
            "at most 7 days",
        ),
        (
            "from the future",
            |next| CatalogueDocument { issued_at: next.issued_at + Duration::hours(1), ..next.clone() },
            "in the future",
        ),
        (
            "under a root that nobody has seen",
            |next| CatalogueDocument { root_version: 2, ..next.clone() },
            "only 1 came",
        ),
    ];
    for (what, deceive, words) in documents {
        registry.serve(&deceive(&next));
        check(&mut registry, what, &[words]).await;
    }
    let mut revived = next.clone();
    revived.templates[0].status = TemplateStatus::Superseded;
    revived.templates[1].status = TemplateStatus::Approved;
    registry.serve(&revived);
    check(&mut registry, "a withdrawn template approved again", &["stays withdrawn"]).await;

    let key = registry.catalogue_key();
    let signed = next.sign(&[&key]).to_bytes();
    let guardians = registry.guardians();
    let climbing = CatalogueDocument { templates: vec![], ..next.clone() };
    let id = |id: &str| {
        let mut listing = climbing.clone();
        listing.templates = vec![template::ListedTemplate { id: id.to_owned(), ..next.templates[0].clone() }];
        listing.sign(&[&key]).to_bytes()
    };
    let bytes: [(&str, Vec<u8>, &str); 14] = [
        ("an id that climbs", id("../../x"), "1 to 80 of a-z"),
        ("an id that climbs in disguise", id("%2e%2e%2fx"), "1 to 80 of a-z"),
        ("an id that reads backwards", id("x\u{202e}y"), "1 to 80 of a-z"),
        ("an id without end", id(&"a".repeat(10_000)), "1 to 80 of a-z"),
        ("an empty id", id(""), "1 to 80 of a-z"),
        ("a mark of byte order", resigned(&signed, PayloadType::Catalogue, &key, "{", "\u{feff}{"), "not a catalogue"),
        (
            "nested without end",
            resigned(
                &signed,
                PayloadType::Catalogue,
                &key,
                "\"withdrawals\": [",
                &format!("\"withdrawals\": {}", "[".repeat(200)),
            ),
            "not a catalogue",
        ),
        (
            "signed by guardians in place of its key",
            next.sign(&[&guardians[0], &guardians[1]]).to_bytes(),
            "no trusted key signed",
        ),
        ("signed by a stranger", next.sign(&[&new_key()]).to_bytes(), "no trusted key signed"),
        (
            "an unknown field",
            resigned(&signed, PayloadType::Catalogue, &key, "{", "{\"freshness\":\"eternal\","),
            "not a catalogue",
        ),
        ("a field twice", resigned(&signed, PayloadType::Catalogue, &key, "{", "{\"version\":7,"), "not a catalogue"),
        (
            "a fraction",
            resigned(&signed, PayloadType::Catalogue, &key, "\"version\": 6", "\"version\": 6.5"),
            "not a catalogue",
        ),
        ("a look-up in its place", resigned(&signed, PayloadType::Lookup, &key, "{", "{"), "of another type"),
        ("endless", vec![b' '; 3 << 20], "longer than"),
    ];
    for (what, bytes, words) in bytes {
        registry.serve_bytes(bytes);
        check(&mut registry, what, &[words]).await;
    }

    // Listed and not given, or given and not what is listed; then given after all.
    let mut listing = next.clone();
    let document = registry.enrolment(vec![], 2);
    let held = registry.served.lock().unwrap().documents.remove(&document.envelope.sha256).unwrap();
    listing.enrolment = Some(document.clone());
    registry.serve(&listing);
    check(&mut registry, "a document withheld", &["that the coordinator does not give"]).await;
    registry.served.lock().unwrap().documents.insert(document.envelope.sha256, b"{}".to_vec());
    let node = registry.world.start_nodes(&["RYA"]).await;
    let order = registry.order();
    assert!(registry.ask(&order).await.is_ok(), "other bytes are not taken");
    registry.served.lock().unwrap().documents.insert(document.envelope.sha256, held);
    node.stop().await;
    let mut unapproved = next.clone();
    unapproved.enrolment = Some(registry.enrolment(vec![new_key().public()], 1));
    registry.serve(&unapproved);
    check(
        &mut registry,
        "an enrolment that one person signed",
        &["the enrolment that the catalogue lists is not approved"],
    )
    .await;
    registry.serve(&listing);
    let node = registry.world.start_nodes(&["RYA"]).await;
    registry.noted(&["\"catalogue\":{\"version\":6"]).await;
    node.stop().await;
    ledger::is_whole(&registry.world, "RYA").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_new_costs_one_request_and_an_expired_catalogue_answers_nothing_new() {
    let mut registry = Registry::new(CATALOGUE).await;
    let node = registry.world.start_nodes(&["RYA"]).await;
    let first = registry.order();
    let release = registry.ask(&first).await.unwrap();
    node.stop().await;
    let (asked, fetched) = registry.served.lock().unwrap().asked;
    let node = registry.world.start_nodes(&["RYA"]).await;
    let order = registry.order();
    assert_eq!(registry.ask(&order).await.err(), None);
    node.stop().await;
    assert_eq!(registry.served.lock().unwrap().asked, (asked + 1, fetched), "one request");

    // A day and an hour later nobody has signed a new one.
    let later = Utc::now() + Duration::hours(25);
    let clock: Arc<dyn node::Clock> = Arc::new(At(later));
    let provider = registry.world.open_provider_with("RYA", Arc::new(node::Unobserved), clock).await.unwrap();
    let node = registry.world.serve_providers(vec![provider]);
    let order = registry.order_at(later);
    assert_eq!(registry.ask(&order).await, Err(Refusal::StaleCatalogue));
    assert_eq!(registry.ask(&first).await, Ok(release), "what was released is sent again");
    node.stop().await;
    ledger::is_whole(&registry.world, "RYA").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_refused_only_because_news_are_on_their_way() {
    // Nothing is known yet, and the catalogue takes its time; the configuration says nothing, so that one is demanded.
    let mut registry = Registry::new("").await;
    registry.served.lock().unwrap().delay = std::time::Duration::from_millis(400);
    let first = registry.order();
    let node = registry.world.start_nodes(&["RYA"]).await;
    assert!(registry.ask(&first).await.is_ok(), "the first order waits for the first catalogue");

    node.stop().await;

    // What was listed a moment after the last look is found for the order that needs it.
    let mut registry = Registry::new("").await;
    let good = registry.catalogue();
    registry.serve(&CatalogueDocument { version: 4, templates: vec![], ..good.clone() });
    let node = registry.world.start_nodes(&["RYA"]).await;
    registry.noted(&["\"catalogue\":{\"version\":4"]).await;
    registry.serve(&good);
    let order = registry.order();
    assert!(registry.ask(&order).await.is_ok(), "listed half a second ago at most");
    node.stop().await;
    ledger::is_whole(&registry.world, "RYA").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_may_do_without_a_catalogue_says_so_when_it_starts() {
    watch_log();
    let world = World::new().await;
    world.without_catalogue("RYD");
    drop(world.open_provider("RYD").await);
    assert_eq!(logged(&["RYD", "not-used", "withdraws is still answered"]).len(), 1);
    drop(world.open_provider("RYC").await);
    assert_eq!(logged(&["RYC", "not-used"]).len(), 0, "a catalogue is demanded by default");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_the_catalogue_lists_as_approved_is_answered() {
    let mut registry = Registry::new(CATALOGUE).await;
    let good = registry.catalogue();
    registry.serve(&CatalogueDocument { templates: vec![], ..good.clone() });
    let node = registry.world.start_nodes(&["RYA"]).await;
    let order = registry.order();
    assert_eq!(registry.ask(&order).await, Err(Refusal::NotApproved), "approved by its signatures, and not listed");
    // As soon as it is listed it is answered: an order that is not listed makes the node ask again.
    registry.serve(&CatalogueDocument { version: 6, ..good.clone() });
    node.stop().await;
    let node = registry.world.start_nodes(&["RYA"]).await;
    let order = registry.order();
    assert_eq!(registry.ask(&order).await.err(), None);
    node.stop().await;

    // One person of the region ends it, whatever the list says.
    let guardians = registry.guardians();
    let withdrawal = template::WithdrawalDocument {
        template_sha256: template::Digest::of(TEMPLATE.as_bytes()),
        id: TEMPLATE_ID.to_owned(),
        version: 1,
        person: registry.world.keys.guardians[0].0.parse().unwrap(),
        reason: "It asks too much".to_owned(),
        at: from_now(Duration::zero()),
    };
    let pinned = registry.document(&withdrawal.sign(&[&guardians[0]]).to_bytes());
    registry.serve(&CatalogueDocument { version: 7, withdrawals: vec![pinned], ..good.clone() });
    let node = registry.world.start_nodes(&["RYA"]).await;
    registry.noted(&["\"catalogue\":{\"version\":7"]).await;
    registry.refused_at_last(Refusal::NotApproved).await;
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agreement_that_has_ended_ends_what_runs_under_it() {
    for (days, expected) in [(10, None), (-1, Some(Refusal::AgreementEnded))] {
        let mut registry = Registry::new(CATALOGUE).await;
        let agreements = Some(registry.agreement(days));
        registry.serve(&CatalogueDocument { agreements, ..registry.catalogue() });
        let node = registry.world.start_nodes(&["RYA"]).await;
        let order = registry.order();
        assert_eq!(registry.ask(&order).await.err(), expected, "{days} days");
        node.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn trust_roots_follow_one_another_or_not_at_all() {
    let mut registry = Registry::new(CATALOGUE).await;
    let node = registry.world.start_nodes(&["RYA"]).await;
    let order = registry.order();
    assert_eq!(registry.ask(&order).await.err(), None);
    node.stop().await;
    let guardians = registry.guardians();
    let (catalogue, fresh, third) = (registry.catalogue_key(), new_key(), new_key());
    // The first guardian's key is replaced: the template was signed by the first and the second.
    let people: [(&str, &str, &SigningKey); 3] = [
        ("dana.new", "North", &fresh),
        ("bryn.okafor", "Riverside", &guardians[1]),
        ("carys.lindqvist", "East", &guardians[2]),
    ];
    let second = registry.root(2, &people, &catalogue);
    let third_root = registry.root(3, &people, &catalogue);
    let next = CatalogueDocument { version: 6, root_version: 2, ..registry.catalogue() };
    registry.serve(&next);
    for (what, roots, words) in [
        ("a version left out", vec![third_root.sign(&[&guardians[1], &guardians[2]])], "does not follow version 1"),
        ("signed by new keys alone", vec![second.sign(&[&fresh, &third])], "does not follow"),
        ("signed by one old key", vec![second.sign(&[&guardians[1], &fresh])], "does not follow"),
        ("signed by strangers", vec![second.sign(&[&new_key(), &new_key()])], "does not follow"),
    ] {
        registry.served.lock().unwrap().roots = roots.iter().map(template::Envelope::to_bytes).collect();
        check(&mut registry, what, &[words]).await;
    }
    let signed = second.sign(&[&guardians[1], &guardians[2], &fresh]);
    registry.served.lock().unwrap().roots = vec![signed.to_bytes()];
    let node = registry.world.start_nodes(&["RYA"]).await;
    registry.noted(&["\"root\":{\"version\":2"]).await;
    // A key that the new root does not list counts no more.
    registry.refused_at_last(Refusal::NotApproved).await;
    node.stop().await;
    // And so after a restart, from what the ledger kept, without the coordinator.
    registry.served.lock().unwrap().roots.clear();
    registry.served.lock().unwrap().catalogue = None;
    let node = registry.world.start_nodes(&["RYA"]).await;
    let order = registry.order();
    assert_eq!(registry.ask(&order).await, Err(Refusal::NotApproved));
    node.stop().await;
    ledger::is_whole(&registry.world, "RYA").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_root_is_followed_though_what_it_no_longer_supports_must_be_signed_anew() {
    let mut registry = Registry::new("").await;
    let guardians = registry.guardians();
    let (catalogue, fresh) = (registry.catalogue_key(), new_key());
    // The template is signed by those who stay; the enrolment and the agreement by one who goes.
    let by_both = Envelope::sign(PayloadType::Template, TEMPLATE.as_bytes().to_vec(), &[&guardians[1], &guardians[2]]);
    registry.template = by_both.to_bytes();
    registry.document(&registry.template);
    let first = CatalogueDocument {
        enrolment: Some(registry.enrolment(vec![], 2)),
        agreements: Some(registry.agreement(100)),
        ..registry.catalogue()
    };
    registry.serve(&first);
    let node = registry.world.start_nodes(&["RYA"]).await;
    let order = registry.order();
    assert!(registry.ask(&order).await.is_ok());
    node.stop().await;

    let people: [(&str, &str, &SigningKey); 3] = [
        ("dana.new", "North", &fresh),
        ("bryn.okafor", "Riverside", &guardians[1]),
        ("carys.lindqvist", "East", &guardians[2]),
    ];
    let root = registry.root(2, &people, &catalogue).sign(&[&guardians[1], &guardians[2], &fresh]);
    registry.served.lock().unwrap().roots = vec![root.to_bytes()];
    let staying = &guardians[1..];
    let next = |version: u64| CatalogueDocument { version, root_version: 2, ..first.clone() };
    let agreed = CatalogueDocument { agreements: Some(registry.agreement_by(2, 100, staying)), ..next(7) };
    let enrolled = CatalogueDocument { enrolment: Some(registry.enrolment_by(2, vec![], staying)), ..agreed.clone() };
    for (catalogue, version, expected) in [
        (next(6), 6, Some(Refusal::AgreementEnded)),
        (CatalogueDocument { version: 7, ..agreed }, 7, Some(Refusal::RequestNotSigned)),
        (CatalogueDocument { version: 8, ..enrolled }, 8, None),
    ] {
        registry.serve(&catalogue);
        let node = registry.world.start_nodes(&["RYA"]).await;
        registry.noted(&[&format!("\"catalogue\":{{\"version\":{version}")]).await;
        registry.served.lock().unwrap().roots.clear();
        let order = registry.order();
        assert_eq!(registry.ask(&order).await.err(), expected, "{version}");
        node.stop().await;
        // It is so from what the ledger kept, too.
        let node = registry.world.start_nodes(&["RYA"]).await;
        let order = registry.order();
        assert_eq!(registry.ask(&order).await.err(), expected, "{version}, after a restart");
        node.stop().await;
    }
    registry.noted(&["\"root\":{\"version\":2"]).await;
    ledger::is_whole(&registry.world, "RYA").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_catalogue_without_end_and_one_that_stops_half_way_leave_the_one_before() {
    let mut registry = Registry::new(CATALOGUE).await;
    let good = registry.catalogue();
    let node = registry.world.start_nodes(&["RYA"]).await;
    registry.noted(&["\"catalogue\":{\"version\":5"]).await;
    node.stop().await;

    // More than any message holds: it is cut off, and the node goes on.
    registry.serve_bytes(vec![b' '; 100 << 20]);
    let asked = registry.served.lock().unwrap().asked.0;
    let node = registry.world.start_nodes(&["RYA"]).await;
    let order = registry.order();
    assert_eq!(registry.ask(&order).await.err(), None);
    until("the catalogue was asked for", async || (registry.served.lock().unwrap().asked.0 > asked).then_some(()))
        .await;
    node.stop().await;

    // The node is cut off between the catalogue, which it has, and a document that it lists.
    let enrolment = Some(registry.enrolment(vec![new_key().public()], 2));
    let next = CatalogueDocument { version: 6, enrolment, ..good };
    registry.serve(&next);
    registry.served.lock().unwrap().stalls = true;
    let fetched = registry.served.lock().unwrap().asked.1;
    let node = registry.world.start_nodes(&["RYA"]).await;
    until("a document was asked for", async || (registry.served.lock().unwrap().asked.1 > fetched).then_some(())).await;
    drop(node);
    ledger::is_whole(&registry.world, "RYA").await;

    // The old one is in force, alone, until all of the new one is there.
    let whole = registry.served.lock().unwrap().catalogue.take();
    registry.served.lock().unwrap().stalls = false;
    let node = registry.world.start_nodes(&["RYA"]).await;
    let order = registry.order();
    assert_eq!(registry.ask(&order).await.err(), None);
    node.stop().await;
    assert_eq!(rows_of(&registry.world, &["\"catalogue\":{\"version\":6"]), Some(0));
    registry.served.lock().unwrap().catalogue = whole;
    let node = registry.world.start_nodes(&["RYA"]).await;
    registry.noted(&["\"catalogue\":{\"version\":6"]).await;
    // Its enrolment rules now: the analyst has a key, and has signed nothing.
    registry.refused_at_last(Refusal::RequestNotSigned).await;
    node.stop().await;
    ledger::is_whole(&registry.world, "RYA").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thief_of_the_catalogues_key_who_ran_ahead_is_left_behind_by_a_new_root() {
    let mut registry = Registry::new(CATALOGUE).await;
    let good = registry.catalogue();
    let ahead = CatalogueDocument { version: 5 + template::CATALOGUE_JUMP_MAX, ..good.clone() };
    for document in [&good, &ahead] {
        registry.serve(document);
        let node = registry.world.start_nodes(&["RYA"]).await;
        registry.noted(&[&format!("\"catalogue\":{{\"version\":{}", document.version)]).await;
        node.stop().await;
    }
    registry.serve(&CatalogueDocument { version: 6, ..good.clone() });
    check(&mut registry, "the region's own, far behind", &["rolled back"]).await;

    // The people name another key; the thief's counts no more, however far ahead, and the numbers begin again.
    let (guardians, fresh) = (registry.guardians(), new_key());
    let people: [(&str, &str, &SigningKey); 3] = [
        ("amara.castellan", "North", &guardians[0]),
        ("bryn.okafor", "Riverside", &guardians[1]),
        ("carys.lindqvist", "East", &guardians[2]),
    ];
    let root = registry.root(2, &people, &fresh).sign(&[&guardians[0], &guardians[1]]);
    registry.served.lock().unwrap().roots = vec![root.to_bytes()];
    let under_it = CatalogueDocument { version: 6, root_version: 2, ..good };
    registry.serve(&CatalogueDocument { version: ahead.version + 1, ..under_it.clone() });
    let node = registry.world.start_nodes(&["RYA"]).await;
    registry.noted(&["catalogue-refused", "no trusted key signed"]).await;
    node.stop().await;
    registry.serve_bytes(under_it.sign(&[&fresh]).to_bytes());
    let node = registry.world.start_nodes(&["RYA"]).await;
    registry.noted(&["\"catalogue\":{\"version\":6"]).await;
    let order = registry.order();
    assert_eq!(registry.ask(&order).await.err(), None);
    node.stop().await;
    ledger::is_whole(&registry.world, "RYA").await;
}
