//! Orders that a node must not answer, over a real link from a coordinator that the test plays.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Duration, Utc};
use template::{Digest, Envelope, PayloadType, SigningKey};
use wire::{Dispatch, Order, OrderId, Outcome, Refusal, RunId, verify_refusal};

use super::attacker::FalseCoordinator;
use super::ledger;
use super::whole::nothing_is_told;
use crate::world::{ANALYST, TEMPLATE, World, until};

/// A good order to RYA.
fn order() -> Order {
    order_at(Utc::now())
}

/// An order to RYA for a template of these exact bytes, good but for the template.
pub fn order_of(template: &[u8]) -> Order {
    Order { template: Digest::of(template), ..order() }
}

/// A good order to RYA, made at `now`.
pub fn order_at(now: DateTime<Utc>) -> Order {
    let months = [("from", "2024-04"), ("to", "2025-03")];
    let whole = DateTime::from_timestamp(now.timestamp(), 0).unwrap();
    Order {
        id: OrderId::random().unwrap(),
        run: RunId::random().unwrap(),
        provider: "RYA".parse().unwrap(),
        template: Digest::of(TEMPLATE.as_bytes()),
        parameters: months.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec(),
        purpose: "Plan beds".to_owned(),
        analyst: ANALYST.parse().unwrap(),
        request: None,
        issued_at: whole,
        expires_at: whole + Duration::seconds(60),
    }
}

/// A key of the test's own, which nobody knows.
pub fn new_key() -> SigningKey {
    SigningKey::from_pkcs8(&SigningKey::generate().unwrap()).unwrap()
}

/// The same envelope with `from` in its payload replaced, and the signatures left as they are.
pub fn altered(envelope: &[u8], from: &str, to: &str) -> Vec<u8> {
    let mut document: serde_json::Value = serde_json::from_slice(envelope).unwrap();
    let payload = String::from_utf8(STANDARD.decode(document["payload"].as_str().unwrap()).unwrap()).unwrap();
    assert!(payload.contains(from), "{from} in {payload}");
    document["payload"] = STANDARD.encode(payload.replacen(from, to, 1)).into();
    serde_json::to_vec(&document).unwrap()
}

/// The envelope's payload, changed and signed again.
pub fn resigned(envelope: &[u8], kind: PayloadType, key: &SigningKey, from: &str, to: &str) -> Vec<u8> {
    let changed = altered(envelope, from, to);
    let payload = Envelope::parse(&changed).unwrap().unverified_payload().to_vec();
    Envelope::sign(kind, payload, &[key]).to_bytes()
}

/// How long an order waits for its answer until it is sent again.
const AGAIN: std::time::Duration = std::time::Duration::from_secs(10);

/// What RYA's node says to an order and to what comes beside it: the release's exact bytes, or a word.
pub async fn asked(
    world: &World,
    coordinator: &mut FalseCoordinator,
    order: &Order,
    beside: Dispatch,
) -> Result<Vec<u8>, Refusal> {
    let signed = order.sign(&world.order_key()).bytes().to_vec();
    let dispatch = Dispatch { order: signed, ..beside };
    // A stream to a node that has just stopped may still take an order. Sent again, it is answered alike.
    let (named, outcome) = until("a node answers the order", async || {
        coordinator.send(dispatch.clone()).await;
        let answered = tokio::time::timeout(AGAIN, async {
            loop {
                let (named, outcome) = coordinator.outcome().await;
                if named == order.id {
                    return (named, outcome);
                }
            }
        });
        answered.await.ok()
    })
    .await;
    match outcome {
        Outcome::Release(bytes) => Ok(bytes),
        Outcome::Refusal(_) => Err(refusal(world, &named, &outcome)),
    }
}

/// The refusal in an outcome, verified as the coordinator would.
fn refusal(world: &World, order: &OrderId, outcome: &Outcome) -> Refusal {
    let Outcome::Refusal(envelope) = outcome else { panic!("{order} was released") };
    verify_refusal(envelope, &world.provider_key("RYA").public(), order, &"RYA".parse().unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_bad_order_is_refused_with_its_own_word() {
    let world = World::new().await;
    let key = world.order_key();
    let template = world.guardians.sign_template(TEMPLATE).to_bytes();
    let signed = |order: &Order| order.sign(&key).bytes().to_vec();
    let hour = Duration::hours(1);
    let parameters = |pairs: &[(&str, &str)]| -> Order {
        let parameters = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Order { parameters, ..order() }
    };
    let good = [("from", "2024-04"), ("to", "2025-03")];
    let mut cases: Vec<(&str, Order, Vec<u8>, Refusal, &str)> = Vec::new();
    let mut case = |what, order: Order, bytes: Vec<u8>, word, reason| cases.push((what, order, bytes, word, reason));

    let asked = order();
    case(
        "one byte of the payload",
        asked.clone(),
        altered(&signed(&asked), "Plan", "Plam"),
        Refusal::Altered,
        "altered",
    );
    let asked = order();
    case("another key", asked.clone(), asked.sign(&new_key()).bytes().to_vec(), Refusal::Altered, "altered");
    let asked = order();
    case(
        "its own provider's key",
        asked.clone(),
        asked.sign(&world.provider_key("RYA")).bytes().to_vec(),
        Refusal::Altered,
        "altered",
    );
    let asked = Order { provider: "RYB".parse().unwrap(), ..order() };
    case("another provider's", asked.clone(), signed(&asked), Refusal::Altered, "wrong-provider");
    let asked = Order { purpose: "p".repeat(wire::PURPOSE_BYTES_MAX + 1), ..order() };
    case("a purpose too long", asked.clone(), signed(&asked), Refusal::Altered, "altered");
    let asked = order();
    let passed_off = resigned(&signed(&asked), PayloadType::Release, &key, "Plan", "Plan");
    case("signed as a release", asked, passed_off, Refusal::Altered, "altered");
    let asked = order();
    let extended = resigned(&signed(&asked), PayloadType::Order, &key, "{", "{\"threshold\":1,");
    case("a field that loosens the threshold", asked, extended, Refusal::Altered, "altered");
    let asked = order_at(Utc::now() - Duration::minutes(20));
    case("twenty minutes old", asked.clone(), signed(&asked), Refusal::Expired, "expired");
    let asked = order_at(Utc::now() - hour);
    case("expired", asked.clone(), signed(&asked), Refusal::Expired, "expired");
    let asked = order_at(Utc::now() + Duration::minutes(2));
    case("from the future", asked.clone(), signed(&asked), Refusal::ClockSkew, "clock-ahead");
    let asked = Order { template: Digest::of(b"another"), ..order() };
    case("another template", asked.clone(), signed(&asked), Refusal::NotApproved, "template-mismatch");
    for (what, pairs) in [
        ("no parameters", &[][..]),
        ("one missing", &good[..1]),
        ("one twice", &[good[0], good[1], good[0]]),
        ("one too many", &[good[0], good[1], ("threshold", "1")]),
        ("not a month", &[good[0], ("to", "2025-13")]),
        ("SQL", &[good[0], ("to", "2025-03' or '1'='1")]),
        ("NUL", &[good[0], ("to", "2025-03\0")]),
        ("out of range", &[("from", "1999-01"), ("to", "1999-02")]),
        ("the wrong way round", &[("from", "2025-03"), ("to", "2024-04")]),
        ("too long a time", &[("from", "2010-04"), ("to", "2025-03")]),
    ] {
        let asked = parameters(pairs);
        case(what, asked.clone(), signed(&asked), Refusal::BadParameters, "bad-parameters");
    }
    let asked = parameters(&[("from", "2025-04"), ("to", "2025-06")]);
    case("months that are not held", asked.clone(), signed(&asked), Refusal::NotCovered, "not-covered");

    let mut coordinator = FalseCoordinator::start(&world);
    let node = world.start_nodes(&["RYA"]).await;
    for (what, order, bytes, word, _) in &cases {
        coordinator.send(Dispatch { order: bytes.clone(), template: template.clone(), ..Dispatch::default() }).await;
        let (named, outcome) = coordinator.outcome().await;
        assert_eq!(named, order.id, "{what}");
        assert_eq!(refusal(&world, &order.id, &outcome), *word, "{what}");
    }
    // Bytes that are no order at all are nobody's: the next good order is answered as if nothing had been.
    for garbage in [&b""[..], b"{", b"\xff\xfe", b"{\"payloadType\":\"x\",\"payload\":\"\",\"signatures\":[]}"] {
        coordinator.send(Dispatch { order: garbage.to_vec(), template: template.clone(), ..Dispatch::default() }).await;
    }
    let asked = order();
    coordinator.send(Dispatch { order: signed(&asked), template, ..Dispatch::default() }).await;
    let (named, outcome) = coordinator.outcome().await;
    assert_eq!(named, asked.id);
    assert!(matches!(outcome, Outcome::Release(_)));

    node.stop().await;
    ledger::is_whole(&world, "RYA").await;
    assert_eq!(ledger::releases(&world, "RYA").len(), 1);
    let reasons: Vec<&str> = cases.iter().map(|(.., reason)| *reason).collect();
    assert_eq!(ledger::reasons(&world, "RYA"), reasons);
    nothing_is_told(&world);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_order_gets_the_same_bytes_and_one_row() {
    const TIMES: usize = 100;
    let world = World::new().await;
    let key = world.order_key();
    let template = world.guardians.sign_template(TEMPLATE).to_bytes();
    let mut coordinator = FalseCoordinator::start(&world);
    let node = world.start_nodes(&["RYA"]).await;
    let asked = order();
    let dispatch = |order: &Order| {
        let order = order.sign(&key).bytes().to_vec();
        Dispatch { order, template: template.clone(), ..Dispatch::default() }
    };
    for _ in 0..TIMES {
        coordinator.send(dispatch(&asked)).await;
    }
    let mut answers = Vec::new();
    for _ in 0..TIMES {
        let (named, outcome) = coordinator.outcome().await;
        assert_eq!(named, asked.id);
        let Outcome::Release(bytes) = outcome else { panic!("refused: {:?}", refusal(&world, &asked.id, &outcome)) };
        answers.push(bytes);
    }
    answers.dedup();
    assert_eq!(answers.len(), 1);

    // The same id with anything changed is another order.
    for changed in [
        Order { purpose: "Plan wards".to_owned(), ..asked.clone() },
        Order { analyst: "eve".parse().unwrap(), ..asked.clone() },
        Order { expires_at: asked.expires_at + Duration::seconds(1), ..asked.clone() },
        Order { run: RunId::random().unwrap(), ..asked.clone() },
    ] {
        coordinator.send(dispatch(&changed)).await;
        let (named, outcome) = coordinator.outcome().await;
        assert_eq!((named, refusal(&world, &named, &outcome)), (asked.id, Refusal::Replayed));
    }

    // Another order of the same question gets the same figures in a document of its own.
    let again = order();
    coordinator.send(dispatch(&again)).await;
    let (_, outcome) = coordinator.outcome().await;
    let Outcome::Release(bytes) = outcome else { panic!("refused") };
    let figures = |bytes: &[u8]| {
        let payload = Envelope::parse(bytes).unwrap().unverified_payload().to_vec();
        serde_json::from_slice::<serde_json::Value>(&payload).unwrap()["measures"].clone()
    };
    assert_eq!(figures(&bytes), figures(&answers[0]));

    // After a restart too, and after the order's time.
    node.stop().await;
    assert_eq!(ledger::releases(&world, "RYA"), [answers[0].clone(), bytes]);
    let later: Arc<dyn node::Clock> = Arc::new(At(Utc::now() + Duration::hours(1)));
    let provider = world.open_provider_with("RYA", Arc::new(node::Unobserved), later).await.unwrap();
    let node = world.serve_providers(vec![provider]);
    coordinator.send(dispatch(&asked)).await;
    assert_eq!(coordinator.outcome().await, (asked.id, Outcome::Release(answers[0].clone())));
    node.stop().await;
    ledger::is_whole(&world, "RYA").await;
    assert_eq!(ledger::releases(&world, "RYA").len(), 2);
}

/// A clock that stands still.
pub struct At(pub DateTime<Utc>);

impl node::Clock for At {
    fn now(&self) -> DateTime<Utc> {
        self.0
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_wrong_answers_nothing() {
    let world = World::new().await;
    let key = world.order_key();
    let template = world.guardians.sign_template(TEMPLATE).to_bytes();
    let mut coordinator = FalseCoordinator::start(&world);
    let now = Utc::now();
    // The node's clock, the order's, and what comes of it: a release where there is no word. One ledger for all, so
    // the last clock has gone back behind what the ledger saw.
    let minutes = Duration::minutes;
    for (node_clock, order_clock, expected) in [
        (now - minutes(10), now, Some(Refusal::ClockSkew)),
        (now + minutes(10), now, Some(Refusal::Expired)),
        (now + minutes(60), now + minutes(60), None),
        (now + minutes(58), now + minutes(60), None),
        (now + minutes(50), now + minutes(50), Some(Refusal::ClockSkew)),
    ] {
        let clock: Arc<dyn node::Clock> = Arc::new(At(node_clock));
        let provider = world.open_provider_with("RYA", Arc::new(node::Unobserved), clock).await.unwrap();
        let node = world.serve_providers(vec![provider]);
        let asked = order_at(order_clock);
        let order = asked.sign(&key).bytes().to_vec();
        coordinator.send(Dispatch { order, template: template.clone(), ..Dispatch::default() }).await;
        let (named, outcome) = coordinator.outcome().await;
        assert_eq!(named, asked.id);
        let word = match outcome {
            Outcome::Release(_) => None,
            Outcome::Refusal(_) => Some(refusal(&world, &named, &outcome)),
        };
        assert_eq!(word, expected, "{node_clock} {order_clock}");
        node.stop().await;
    }
    ledger::is_whole(&world, "RYA").await;
}
