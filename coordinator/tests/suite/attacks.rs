//! What does not count as an answer.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use template::{Envelope, PayloadType};
use wire::{Acknowledged, DeskDoor as _, LinkDoor as _, Outcome, Refusal, SiteOutcome, TurnedAway};

use crate::region::{Node, Region, ada, answered, ask, outcomes};

/// The first hospital sends `forge`d bytes, the others answer; its outcome is named and nothing of it is in the sums.
async fn check(forge: impl FnOnce(&Region, &crate::region::Taken) -> Outcome) {
    let region = Region::new(4);
    let coordinator = region.open();
    let run = coordinator.ask(ada(), ask(), None).await.unwrap();
    let order = region.nodes[0].take(&coordinator).await;
    let forged = forge(&region, &order);
    assert_eq!(region.nodes[0].submit(&coordinator, order.id(), forged.clone()).await, Acknowledged::Rejected);
    assert_eq!(region.nodes[0].submit(&coordinator, order.id(), forged).await, Acknowledged::Rejected);
    for node in &region.nodes[1..] {
        node.answer(&coordinator).await;
    }
    let answer = answered(&coordinator, run).await;
    assert_eq!(outcomes(&answer)[0], SiteOutcome::InvalidRelease);
    let sites = answer.groups[0].cells[0].sites;
    assert_eq!((sites.shown, sites.failed), (3, 1));
}

/// The same envelope around another body.
fn with_body(envelope: &[u8], alter: impl FnOnce(String) -> String) -> Vec<u8> {
    let mut document: serde_json::Value = serde_json::from_slice(envelope).unwrap();
    let body = STANDARD.decode(document["payload"].as_str().unwrap()).unwrap();
    let body = String::from_utf8(body).unwrap();
    let altered = alter(body.clone());
    assert_ne!(altered, body);
    document["payload"] = STANDARD.encode(altered).into();
    serde_json::to_vec(&document).unwrap()
}

#[tokio::test]
async fn an_altered_release() {
    check(|region, taken| {
        let release = region.nodes[0].release(taken, [40, 40]);
        Outcome::Release(with_body(&release, |body| body.replacen("\"value\":40", "\"value\":45", 1)))
    })
    .await;
}

#[tokio::test]
async fn a_release_that_another_provider_signed() {
    check(|region, taken| Outcome::Release(region.nodes[1].release(taken, [40, 40]))).await;
}

#[tokio::test]
async fn a_release_that_says_it_is_another_providers() {
    check(|region, taken| {
        let [own, other] = [&region.nodes[0], &region.nodes[1]];
        let impostor = Node {
            code: other.code.clone(),
            kind: own.kind,
            key: Arc::clone(&own.key),
            ledger: Arc::clone(&own.ledger),
        };
        Outcome::Release(impostor.release(taken, [40, 40]))
    })
    .await;
}

#[tokio::test]
async fn a_refusal_in_place_of_a_release() {
    check(|region, taken| Outcome::Release(region.nodes[0].refusal(taken, Refusal::Busy))).await;
}

#[tokio::test]
async fn a_release_of_a_laxer_rule() {
    // Signed by the right provider, but with a figure below the threshold that the template sets.
    check(|region, taken| {
        let release = Envelope::parse(&region.nodes[0].release(taken, [40, 40])).unwrap();
        let body = String::from_utf8(release.unverified_payload().to_vec()).unwrap();
        let laxer = body.replacen("\"threshold\":10", "\"threshold\":3", 1);
        assert_ne!(laxer, body);
        Outcome::Release(Envelope::sign(PayloadType::Release, laxer.into_bytes(), &[&region.nodes[0].key]).to_bytes())
    })
    .await;
}

#[tokio::test]
async fn noise() {
    check(|_, _| Outcome::Release(b"{\"payloadType\":\"x\"}".to_vec())).await;
    check(|_, _| Outcome::Refusal(vec![0xff; 100])).await;
}

#[tokio::test]
async fn a_release_for_another_order_replayed() {
    let region = Region::new(3);
    let coordinator = region.open();
    coordinator.ask(ada(), ask(), None).await.unwrap();
    let first = region.nodes[0].take(&coordinator).await;
    let release = region.nodes[0].release(&first, [40, 40]);
    region.nodes[0].submit(&coordinator, first.id(), Outcome::Release(release.clone())).await;
    // The same question again is another order; the old release does not answer it.
    let run = coordinator.ask(ada(), ask(), None).await.unwrap();
    let second = region.nodes[0].take(&coordinator).await;
    assert_ne!(first.id(), second.id());
    let replayed = region.nodes[0].submit(&coordinator, second.id(), Outcome::Release(release)).await;
    assert_eq!(replayed, Acknowledged::Rejected);
    let answer = coordinator.answer(ada(), run).await.unwrap();
    assert_eq!(outcomes(&answer)[0], SiteOutcome::InvalidRelease);
}

#[tokio::test]
async fn the_same_again_is_acknowledged_and_another_is_not() {
    let region = Region::new(3);
    let coordinator = region.open();
    let run = coordinator.ask(ada(), ask(), None).await.unwrap();
    let node = &region.nodes[0];
    let taken = node.take(&coordinator).await;
    let release = Outcome::Release(node.release(&taken, [40, 40]));
    let other = Outcome::Release(node.release(&taken, [80, 40]));
    for (outcome, expected) in [
        (&release, Acknowledged::Taken),
        (&release, Acknowledged::Taken),
        (&other, Acknowledged::Rejected),
        (&release, Acknowledged::Taken),
    ] {
        assert_eq!(node.submit(&coordinator, taken.id(), outcome.clone()).await, expected);
    }
    // The same after the run is closed.
    region.clock.forward(61);
    coordinator.close_due().await;
    assert_eq!(node.submit(&coordinator, taken.id(), release).await, Acknowledged::Taken);
    assert_eq!(node.submit(&coordinator, taken.id(), other).await, Acknowledged::Rejected);
    assert_eq!(outcomes(&coordinator.answer(ada(), run).await.unwrap())[0], SiteOutcome::Released);
}

#[tokio::test]
async fn nobody_answers_for_another() {
    let region = Region::new(3);
    let coordinator = region.open();
    let run = coordinator.ask(ada(), ask(), None).await.unwrap();
    let taken = region.nodes[0].take(&coordinator).await;
    // The genuine release, but over another provider's connection, and then for an order that does not exist.
    let release = Outcome::Release(region.nodes[0].release(&taken, [40, 40]));
    assert_eq!(region.nodes[1].submit(&coordinator, taken.id(), release.clone()).await, Acknowledged::Rejected);
    let unknown = wire::OrderId::random().unwrap();
    assert_eq!(region.nodes[1].submit(&coordinator, unknown, release.clone()).await, Acknowledged::Rejected);
    assert_eq!(outcomes(&coordinator.answer(ada(), run).await.unwrap())[0], SiteOutcome::Waiting);
    // It harms nobody: the provider itself is heard.
    assert_eq!(region.nodes[0].submit(&coordinator, taken.id(), release).await, Acknowledged::Taken);
}

#[tokio::test]
async fn a_provider_that_is_not_on_the_roster_gets_nothing() {
    let region = Region::new(3);
    let coordinator = region.open();
    let refused = coordinator.orders("Z99999".parse().unwrap()).await.err();
    assert!(matches!(refused, Some(TurnedAway::NotAllowed(words)) if words.contains("roster")));
}
