//! Catalogues and trust roots that a node must not take, over a real link from a coordinator that the test plays. Whatever
//! is not believed leaves what was there before: the same order is answered, and the audit names the rule that was broken.

use std::sync::Arc;

use chrono::{Duration, Utc};
use template::{CatalogueDocument, Document as _, PayloadType, SigningKey, TemplateStatus};
use wire::Refusal;

use super::ledger;
use super::orders::resigned;
use super::registry::{Registry, from_now, listed, new_key};
use crate::world::{TEMPLATE, TEMPLATE_ID};

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
    assert!(registry.ask(&order).await.is_ok());
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
    let bytes: [(&str, Vec<u8>, &str); 7] = [
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
    assert!(registry.ask(&order).await.is_ok());
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
    assert!(registry.ask(&order).await.is_ok());
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
    let order = registry.order();
    assert_eq!(registry.ask(&order).await, Err(Refusal::NotApproved));
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
    assert!(registry.ask(&order).await.is_ok());
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
    let order = registry.order();
    assert_eq!(
        registry.ask(&order).await,
        Err(Refusal::NotApproved),
        "a key that the new root does not list counts no more"
    );
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

/// A clock that stands still.
struct At(chrono::DateTime<Utc>);

impl node::Clock for At {
    fn now(&self) -> chrono::DateTime<Utc> {
        self.0
    }
}
