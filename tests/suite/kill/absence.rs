//! Coordinators and nodes that are not there when they are wanted.

use tokio::net::TcpListener;
use wire::SiteOutcome;

use super::analyst::{Analyst, outcomes};
use super::ground::{CODES, Ground};
use super::kept::Ledger;
use super::process::At;
use super::{VICTIM, start_coordinator, start_nodes, until};

#[tokio::test(flavor = "multi_thread")]
async fn nodes_find_a_coordinator_that_starts_later() {
    let ground = Ground::new();
    let nobody = TcpListener::bind(ground.address).await.unwrap();
    let _nodes = start_nodes(&ground, &CODES, None);
    // The nodes have dialled, and whoever was there has hung up.
    for _ in CODES {
        drop(nobody.accept().await.unwrap());
    }
    drop(nobody);
    let _coordinator = start_coordinator(&ground, None);
    let mut analyst = Analyst::new(&ground);
    analyst.sees(&CODES).await;
    let run = analyst.ask(0, 60).await.unwrap();
    analyst.right_answer(run, 0, &outcomes(&[])).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_node_is_named_and_never_a_zero() {
    let ground = Ground::new();
    let _coordinator = start_coordinator(&ground, None);
    let _others = start_nodes(&ground, &CODES[..3], None);
    let mut analyst = Analyst::new(&ground);
    analyst.sees(&CODES[..3]).await;

    // Not there when it is asked, but there before the deadline.
    let in_time = analyst.ask(0, 60).await.unwrap();
    // Not there before the deadline.
    let absent = analyst.ask(1, 5).await.unwrap();
    let not_connected = outcomes(&[(VICTIM, SiteOutcome::NotConnected)]);
    let without = analyst.right_answer(absent, 1, &not_connected).await;
    let mut node = start_nodes(&ground, &[VICTIM], Some(At("received", 2)));
    analyst.right_answer(in_time, 0, &outcomes(&[])).await;

    // It takes the order and falls silent.
    let silent = analyst.ask(2, 5).await.unwrap();
    node.killed_itself("the second order").await;
    let timed_out = outcomes(&[(VICTIM, SiteOutcome::TimedOut)]);
    let silence = analyst.right_answer(silent, 2, &timed_out).await;

    // Back again, it is asked what is new, and what is closed stays closed.
    let mut node = start_nodes(&ground, &[VICTIM], None);
    analyst.sees(&CODES).await;
    let run = analyst.ask(3, 60).await.unwrap();
    analyst.right_answer(run, 3, &outcomes(&[])).await;
    assert_eq!(analyst.answer(absent).await, without);
    assert_eq!(analyst.answer(silent).await, silence);
    node.kill();
    let ledger = Ledger::read(&ground.node_data(VICTIM));
    ledger.verify();
    assert_eq!(ledger.rows.len(), 2, "the two questions that it answered");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_coordinator_on_the_same_store_does_not_start() {
    let ground = Ground::new();
    let _first = start_coordinator(&ground, None);
    until("the first coordinator", async || ground.desk().await).await;
    let mut second = start_coordinator(&ground, None);
    let status = second.ended("a second coordinator on one store").await;
    assert!(!status.success());
    assert!(second.log().contains("another coordinator is using it; stop that one first"), "{}", second.log());
}
