//! Whose word counts at a node: others' memory of its ledger, the governance office's leave, the analyst's own signature,
//! its guardian, and its operator. All over a real link, from a coordinator that the test plays.

use std::fs;

use chrono::{Duration, Utc};
use template::{
    AcceptanceDocument, AcceptanceVerdict, CatalogueDocument, Checkpoint, CheckpointDocument, Digest, Document as _,
    Envelope, Epoch, LogName, PayloadType, RebaselineDocument, RequestDocument, RequestId, RequestParameter,
    SigningKey,
};
use wire::{Dispatch, KnownRelease, Order, Refusal};

use super::ledger;
use super::orders::new_key;
use super::registry::{ORGANISATION, Registry, from_now};
use crate::world::{ANALYST, TEMPLATE, World, until};

/// What the coordinator may know of a release.
fn known(release: &[u8]) -> KnownRelease {
    let payload = Envelope::parse(release).unwrap().unverified_payload().to_vec();
    let release_document: serde_json::Value = serde_json::from_slice(&payload).unwrap();
    KnownRelease {
        sequence: release_document["ledger_sequence"].as_u64().unwrap(),
        previous_head: release_document["ledger_previous_head"].as_str().unwrap().parse().unwrap(),
        release: Digest::of(release),
    }
}

/// The same release at another place of the ledger, signed by `key`.
fn moved(release: &[u8], sequence: u64, key: &SigningKey) -> Vec<u8> {
    let payload = Envelope::parse(release).unwrap().unverified_payload().to_vec();
    let (here, there) = (known(release).sequence, sequence);
    let text = String::from_utf8(payload).unwrap();
    let moved = text.replace(&format!("\"ledger_sequence\":{here}"), &format!("\"ledger_sequence\":{there}"));
    assert_ne!(moved, text);
    Envelope::sign(PayloadType::Release, moved.into_bytes(), &[key]).to_bytes()
}

/// The release with one byte of its signed part changed.
fn altered(release: &[u8]) -> Vec<u8> {
    let mut bytes = release.to_vec();
    let middle = bytes.len() / 2;
    bytes[middle] = if bytes[middle] == b'A' { b'B' } else { b'A' };
    bytes
}

fn with(release: &[u8]) -> Dispatch {
    Dispatch { known: Some(release.to_vec()), ..Dispatch::default() }
}

const LEDGER: [&str; 2] = ["ledger.sqlite", "ledger.anchor"];

fn copied(world: &World, from: &str, to: &str) {
    for name in LEDGER {
        let folder = world.node_data("RYA");
        fs::copy(folder.join(format!("{name}{from}")), folder.join(format!("{name}{to}"))).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ledger_restored_with_its_anchor_is_found_out_and_goes_on_by_leave_alone() {
    let mut registry = Registry::new("catalogue = \"not-used\"").await;
    let mut node = registry.world.start_nodes(&["RYA"]).await;
    let first = registry.order();
    let old = registry.ask(&first).await.unwrap();
    node.stop().await;
    copied(&registry.world, "", ".yesterday");
    node = registry.world.start_nodes(&["RYA"]).await;
    let order = registry.order();
    let new = registry.ask_with(&order, with(&old)).await.unwrap();
    node.stop().await;
    copied(&registry.world, ".yesterday", "");

    // Ledger and anchor agree with each other, and not with what the coordinator has.
    node = registry.world.start_nodes(&["RYA"]).await;
    let order = registry.order();
    assert_eq!(registry.ask_with(&order, with(&new)).await, Err(Refusal::Quarantined));
    // Nothing leaves any more: nothing new, nothing stored, whatever the coordinator says next.
    assert_eq!(registry.ask(&order).await, Err(Refusal::Quarantined));
    assert_eq!(registry.ask(&first).await, Err(Refusal::Quarantined));
    node.stop().await;
    node = registry.world.start_nodes(&["RYA"]).await;
    assert_eq!(registry.ask(&first).await, Err(Refusal::Quarantined), "after a restart too");
    node.stop().await;

    // The way out: two people of two organisations, for this provider, leaving out nothing that others have seen.
    let guardians = registry.guardians();
    let config = registry.world.node_config("RYA");
    let document = RebaselineDocument {
        provider: "RYA".parse().unwrap(),
        epoch: Epoch::random().unwrap(),
        after_size: known(&new).sequence,
        after_head: known(&new).previous_head,
        reason: "A backup was restored".to_owned(),
        at: from_now(Duration::zero()),
    };
    let both: Vec<&SigningKey> = guardians.iter().take(2).collect();
    let elsewhere = RebaselineDocument { provider: "RYB".parse().unwrap(), ..document.clone() };
    let behind = RebaselineDocument { after_size: 0, ..document.clone() };
    let file = registry.world.root().join("rebaseline.dsse.json");
    for (what, envelope, words) in [
        ("one signature of two", document.sign(&both[..1]), "is not approved"),
        ("one person twice", document.sign(&[both[0], both[0]]), "is not approved"),
        ("strangers", document.sign(&[&new_key(), &new_key()]), "is not approved"),
        ("another provider's", elsewhere.sign(&both), "another provider"),
        ("behind what the ledger holds", behind.sign(&both), "leaves none out"),
    ] {
        fs::write(&file, envelope.to_bytes()).unwrap();
        let error = node::rebaseline(&config, &file, Utc::now()).unwrap_err();
        assert!(error.to_string().contains(words), "{what}: {error}");
    }
    fs::write(&file, document.sign(&both).to_bytes()).unwrap();
    assert_eq!(node::rebaseline(&config, &file, Utc::now()).unwrap(), 2);
    node = registry.world.start_nodes(&["RYA"]).await;
    let order = registry.order();
    let release = registry.ask_with(&order, with(&new)).await.unwrap();
    assert_eq!(known(&release).sequence, 3, "what was lost is spent, and no place is used twice");
    assert!(registry.ask(&first).await.is_ok());
    // What the coordinator invents stops nobody: only what the provider itself signed counts.
    let other = registry.world.provider_key("RYB");
    for (what, invented) in [
        ("a later place, signed by the coordinator", moved(&release, 40, &registry.world.order_key())),
        ("a later place, signed by another provider", moved(&release, 40, &other)),
        ("its own release, with the place changed", altered(&release)),
        ("nothing that can be read", b"{}".to_vec()),
    ] {
        let order = registry.order();
        assert_eq!(registry.ask_with(&order, with(&invented)).await, Err(Refusal::Altered), "{what}");
        assert!(registry.ask(&registry.order()).await.is_ok(), "{what}: and the node goes on");
    }
    // A later place that this provider has signed, and its ledger lacks, does.
    let order = registry.order();
    let own = moved(&release, 40, &registry.world.provider_key("RYA"));
    assert_eq!(registry.ask_with(&order, with(&own)).await, Err(Refusal::Quarantined));
    node.stop().await;
    assert!(
        node::Audit::read(&config, &node::Part::Nothing).unwrap().held().quarantined,
        "and every row still follows"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn checkpoints_are_signed_by_both_and_a_log_that_went_back_is_found_out() {
    let mut registry = Registry::new("catalogue = \"not-used\"").await;
    let order_key = registry.world.order_key();
    let own = registry.world.provider_key("RYA");
    let epoch = Epoch::random().unwrap();
    let coordinators = |size: u64, head: &[u8]| {
        let document = CheckpointDocument {
            log: LogName::Coordinator,
            epoch,
            size,
            head: Digest::of(head),
            at: from_now(Duration::zero()),
        };
        Some(document.sign(&[&order_key]).to_bytes())
    };
    registry.served.lock().unwrap().witness = Some(registry.world.order_key());
    registry.served.lock().unwrap().own = coordinators(7, b"seven");
    let node = registry.world.start_nodes(&["RYA"]).await;
    let order = registry.order();
    registry.ask(&order).await.unwrap();
    node.stop().await;
    // With the next connection the ledger has grown: its checkpoint is countersigned, and the coordinator's by the node.
    let node = registry.world.start_nodes(&["RYA"]).await;
    registry.noted(&["\"checkpoint\":{\"log\":\"own\""]).await;
    registry.noted(&["\"checkpoint\":{\"log\":\"coordinator\",\"size\":7"]).await;
    until("the coordinator has its checkpoint back", async || {
        (!registry.served.lock().unwrap().witnessed.is_empty()).then_some(())
    })
    .await;
    node.stop().await;
    let witnessed = Envelope::parse(&registry.served.lock().unwrap().witnessed[0]).unwrap();
    assert!(
        Checkpoint::verify(&witnessed, &own.public()).is_ok()
            && Checkpoint::verify(&witnessed, &order_key.public()).is_ok()
    );

    // The coordinator's own log goes back, or is another of the same length: no signature, and evidence is kept.
    for (size, head) in [(6, b"six".as_slice()), (7, b"another")] {
        registry.served.lock().unwrap().own = coordinators(size, head);
        let count = registry.served.lock().unwrap().witnessed.len();
        let node = registry.world.start_nodes(&["RYA"]).await;
        let order = registry.order();
        registry.ask(&order).await.unwrap();
        node.stop().await;
        let node = registry.world.start_nodes(&["RYA"]).await;
        registry.noted(&["checkpoint-refused", &format!("{size} entries")]).await;
        node.stop().await;
        assert_eq!(registry.served.lock().unwrap().witnessed.len(), count);
    }

    // A checkpoint that this provider never signed changes nothing; one that it signed and does not hold does.
    let forked = CheckpointDocument {
        log: LogName::Provider("RYA".parse().unwrap()),
        epoch,
        size: 900,
        head: Digest::of(b"another past"),
        at: from_now(Duration::zero()),
    };
    for (signer, expected) in [(&order_key, None), (&own, Some(Refusal::Quarantined))] {
        registry.served.lock().unwrap().conflict = Some(forked.sign(&[signer]).to_bytes());
        let count = registry.served.lock().unwrap().countersigned.len();
        let node = registry.world.start_nodes(&["RYA"]).await;
        let order = registry.order();
        drop(registry.ask(&order).await);
        node.stop().await;
        let node = registry.world.start_nodes(&["RYA"]).await;
        until("a checkpoint was shown", async || {
            (registry.served.lock().unwrap().countersigned.len() > count).then_some(())
        })
        .await;
        if expected.is_some() {
            registry.noted(&["\"quarantined\""]).await;
        }
        let order = registry.order();
        assert_eq!(registry.ask(&order).await.err(), expected);
        node.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_enrolled_analysts_question_is_the_one_that_the_analyst_signed() {
    let mut registry = Registry::new("catalogue = \"required\"\nanalyst_signature = \"where-enrolled\"").await;
    let analyst = new_key();
    let enrolment = registry.enrolment(vec![analyst.public()], 2);
    registry.serve(&CatalogueDocument { enrolment: Some(enrolment), ..registry.catalogue() });
    let node = registry.world.start_nodes(&["RYA"]).await;
    let good = |order: &Order| RequestDocument {
        request_id: RequestId::random().unwrap(),
        template_sha256: order.template,
        parameters: order
            .parameters
            .iter()
            .map(|(name, value)| RequestParameter { name: name.clone(), value: value.clone() })
            .collect(),
        purpose: order.purpose.clone(),
        analyst: ANALYST.parse().unwrap(),
        organisation: ORGANISATION.to_owned(),
        grouping: String::new(),
        issued_at: order.issued_at,
        expires_at: order.issued_at + Duration::minutes(10),
    };
    type Change = fn(&mut RequestDocument);
    let cases: [(&str, Change, Option<Refusal>); 7] = [
        ("as it was asked", |_| {}, None),
        (
            "another month",
            |request| request.parameters[1].value = "2025-02".to_owned(),
            Some(Refusal::RequestNotSigned),
        ),
        ("another purpose", |request| request.purpose = "Sell".to_owned(), Some(Refusal::RequestNotSigned)),
        ("another template", |request| request.template_sha256 = Digest::of(b"x"), Some(Refusal::RequestNotSigned)),
        ("another analyst", |request| request.analyst = "eve".parse().unwrap(), Some(Refusal::RequestNotSigned)),
        (
            "another organisation",
            |request| request.organisation = "Elsewhere".to_owned(),
            Some(Refusal::RequestNotSigned),
        ),
        (
            "signed an hour ago",
            |request| {
                request.issued_at -= Duration::hours(1);
                request.expires_at -= Duration::hours(1);
            },
            Some(Refusal::RequestNotSigned),
        ),
    ];
    let sent = |request: &RequestDocument, key: &SigningKey| {
        let envelope = request.sign(&[key]);
        (
            Digest::of(envelope.unverified_payload()),
            Dispatch { request: Some(envelope.to_bytes()), ..Dispatch::default() },
        )
    };
    for (what, change, expected) in cases {
        let mut order = registry.order();
        let mut request = good(&order);
        change(&mut request);
        let (digest, more) = sent(&request, &analyst);
        order.request = Some(digest);
        assert_eq!(registry.ask_with(&order, more).await.err(), expected, "{what}");
    }
    // Not signed at all; named and not sent; sent and not named; signed by the coordinator in the analyst's name.
    let order = registry.order();
    assert_eq!(registry.ask(&order).await.err(), Some(Refusal::RequestNotSigned));
    let mut order = registry.order();
    let (digest, more) = sent(&good(&order), &analyst);
    assert_eq!(registry.ask_with(&order, more).await.err(), Some(Refusal::RequestNotSigned));
    order = Order { request: Some(digest), ..registry.order() };
    assert_eq!(registry.ask(&order).await.err(), Some(Refusal::RequestNotSigned));
    let mut order = registry.order();
    let (digest, more) = sent(&good(&order), &registry.world.order_key());
    order.request = Some(digest);
    assert_eq!(registry.ask_with(&order, more).await.err(), Some(Refusal::RequestNotSigned));
    registry.noted(&["\"decision\":\"released\"", ORGANISATION, "\"request_sha256\":\""]).await;

    // The organisation that signed it is refused by the operator, at once.
    let place = registry.world.folder.provider("RYA");
    fs::write(place.join("refusals.toml"), format!("organisations = [\"{ORGANISATION}\"]")).unwrap();
    let mut order = registry.order();
    let (digest, more) = sent(&good(&order), &analyst);
    order.request = Some(digest);
    assert_eq!(registry.ask_with(&order, more).await.err(), Some(Refusal::NotReleased));
    node.stop().await;
    ledger::is_whole(&registry.world, "RYA").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_operator_stops_a_node_at_once() {
    let mut registry = Registry::new("catalogue = \"not-used\"").await;
    let refusals = registry.world.folder.provider("RYA").join("refusals.toml");
    let node = registry.world.start_nodes(&["RYA"]).await;
    let first = registry.order();
    assert!(registry.ask(&first).await.is_ok());
    for (what, text, expected, reason) in [
        ("everything", "answering = \"off\"", Some(Refusal::NotReleased), "answering-off"),
        ("nothing", "answering = \"on\"", None, ""),
        ("a template", "templates = [\"admissions-by-group\"]", Some(Refusal::NotReleased), "template-refused"),
        ("a purpose", "purposes = [\"Plan beds\"]", Some(Refusal::NotReleased), "purpose-refused"),
        (
            "an organisation, and nobody says whose analyst asks",
            "organisations = [\"X\"]",
            Some(Refusal::NotReleased),
            "organisation-refused",
        ),
        ("another purpose", "purposes = [\"Plan\"]", None, ""),
        ("a word that is not one", "answering = \"maybe\"", Some(Refusal::NotReleased), "refusals-unreadable"),
        ("half a file", "templates = [\"a", Some(Refusal::NotReleased), "refusals-unreadable"),
        ("an unknown word", "analysts = [\"eve\"]", Some(Refusal::NotReleased), "refusals-unreadable"),
    ] {
        fs::write(&refusals, text).unwrap();
        let order = registry.order();
        assert_eq!(registry.ask(&order).await.err(), expected, "{what}");
        if expected.is_some() {
            registry.noted(&[&order.id.to_string(), reason]).await;
        }
        assert!(registry.ask(&first).await.is_ok(), "{what}: what was released is sent again");
    }
    node.stop().await;
    ledger::is_whole(&registry.world, "RYA").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_template_needs_the_word_of_the_providers_own_guardian() {
    let (guardian, thief) = (new_key(), new_key());
    let settings = format!(
        "catalogue = \"not-used\"\nauto_accept = [\"rows\"]\n\n[governance.guardian]\nname = \"gwen.guardian\"\nkeys = [\"{}\"]",
        guardian.public()
    );
    let mut registry = Registry::new(&settings).await;
    let place = registry.world.folder.provider("RYA").join("acceptances");
    fs::create_dir_all(&place).unwrap();
    let node = registry.world.start_nodes(&["RYA"]).await;
    let order = registry.order();
    assert_eq!(
        registry.ask(&order).await.err(),
        Some(Refusal::NotReleased),
        "it counts people, and nobody accepted that"
    );
    registry.noted(&[&order.id.to_string(), "not-accepted"]).await;
    let word = |verdict, ago: i64| AcceptanceDocument {
        provider: "RYA".parse().unwrap(),
        template_sha256: Digest::of(TEMPLATE.as_bytes()),
        verdict,
        guardian: "gwen.guardian".parse().unwrap(),
        reason: "Read and discussed".to_owned(),
        at: from_now(Duration::minutes(-ago)),
    };
    let accept = AcceptanceVerdict::Accept;
    let elsewhere = AcceptanceDocument { provider: "RYB".parse().unwrap(), ..word(accept, 9) };
    let another = AcceptanceDocument { template_sha256: Digest::of(b"another"), ..word(accept, 9) };
    let named = AcceptanceDocument { guardian: "mal".parse().unwrap(), ..word(accept, 9) };
    let refusal = Some(Refusal::NotReleased);
    for (n, (what, bytes, expected)) in [
        ("another's key", word(accept, 9).sign(&[&thief]).to_bytes(), refusal),
        ("for another provider", elsewhere.sign(&[&guardian]).to_bytes(), refusal),
        ("on another template", another.sign(&[&guardian]).to_bytes(), refusal),
        ("in another's name", named.sign(&[&guardian]).to_bytes(), refusal),
        ("no document", b"{".to_vec(), refusal),
        ("the guardian's own", word(accept, 9).sign(&[&guardian]).to_bytes(), None),
        ("taken back", word(AcceptanceVerdict::Refuse, 5).sign(&[&guardian]).to_bytes(), refusal),
        ("an old acceptance again", word(accept, 8).sign(&[&guardian]).to_bytes(), refusal),
        ("a new one", word(accept, 1).sign(&[&guardian]).to_bytes(), None),
    ]
    .into_iter()
    .enumerate()
    {
        fs::write(place.join(format!("{n}.json")), bytes).unwrap();
        let order = registry.order();
        assert_eq!(registry.ask(&order).await.err(), expected, "{what}");
    }
    node.stop().await;
    // The ledger remembers what the guardian said, should the files go.
    fs::remove_dir_all(&place).unwrap();
    let node = registry.world.start_nodes(&["RYA"]).await;
    let order = registry.order();
    assert!(registry.ask(&order).await.is_ok());
    node.stop().await;
    ledger::is_whole(&registry.world, "RYA").await;
}
