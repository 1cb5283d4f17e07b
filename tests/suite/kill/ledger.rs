//! A ledger that is not what it was: a node says so and releases nothing.

use std::path::Path;

use wire::{Refusal, SiteOutcome};

use super::analyst::{Analyst, outcomes};
use super::ground::{CODES, Ground};
use super::kept::Ledger;
use super::{VICTIM, start_coordinator, start_nodes};

#[tokio::test(flavor = "multi_thread")]
async fn a_ledger_restored_from_yesterday_is_quarantined() {
    let ground = Ground::new();
    let _coordinator = start_coordinator(&ground, None);
    let _others = start_nodes(&ground, &CODES[..3], None);
    let mut analyst = Analyst::new(&ground);
    let database = ground.node_data(VICTIM).join("ledger.sqlite");
    let backup = ground.path().join("yesterday");
    // Yesterday one question was answered; today another.
    for month in 0..2 {
        let mut node = start_nodes(&ground, &[VICTIM], None);
        analyst.sees(&CODES).await;
        let run = analyst.ask(month, 60).await.unwrap();
        analyst.right_answer(run, month, &outcomes(&[])).await;
        node.kill();
        if month == 0 {
            std::fs::copy(&database, &backup).unwrap();
        }
    }
    std::fs::copy(&backup, &database).unwrap();
    let mut node = start_nodes(&ground, &[VICTIM], None);
    analyst.sees(&CODES).await;
    let refused = outcomes(&[(VICTIM, SiteOutcome::Refused(Refusal::Quarantined))]);
    // Neither what it has forgotten, nor what it remembers, nor anything new.
    for month in [1, 0, 2] {
        let run = analyst.ask(month, 60).await.unwrap();
        analyst.right_answer(run, month, &refused).await;
    }
    node.kill();
    assert_eq!(Ledger::read(&ground.node_data(VICTIM)).rows.len(), 1, "nothing was recorded");
    assert_eq!(std::fs::read(&database).unwrap(), std::fs::read(&backup).unwrap(), "the evidence is untouched");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ledger_restored_with_its_anchor_is_quarantined() {
    let ground = Ground::new();
    let _coordinator = start_coordinator(&ground, None);
    let _others = start_nodes(&ground, &CODES[..3], None);
    let mut analyst = Analyst::new(&ground);
    let (data, before) = (ground.node_data(VICTIM), ground.path().join("before"));
    std::fs::create_dir(&before).unwrap();
    let copy = |from: &Path, to: &Path| {
        for name in ["ledger.sqlite", "ledger.anchor"] {
            std::fs::copy(from.join(name), to.join(name)).unwrap();
        }
    };
    copy(&data, &before);
    // Ledger and anchor agree with each other both times; only the coordinator has seen the release that is gone.
    for (month, outcome) in [(0, None), (1, Some(SiteOutcome::Refused(Refusal::Quarantined)))] {
        copy(&before, &data);
        let mut node = start_nodes(&ground, &[VICTIM], None);
        analyst.sees(&CODES).await;
        let run = analyst.ask(month, 60).await.unwrap();
        let expected: Vec<_> = outcome.into_iter().map(|outcome| (VICTIM, outcome)).collect();
        analyst.right_answer(run, month, &outcomes(&expected)).await;
        node.kill();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_ledger_a_node_does_not_start() {
    let ground = Ground::new();
    std::fs::remove_file(ground.node_data(VICTIM).join("ledger.sqlite")).unwrap();
    let mut node = start_nodes(&ground, &[VICTIM], None);
    let status = node.ended("a node without its ledger").await;
    assert!(!status.success());
    let log = node.log();
    assert!(log.contains("there is no ledger at") && log.contains("restore its ledger"), "{log}");
    assert!(!ground.node_data(VICTIM).join("ledger.sqlite").exists(), "serving never makes a ledger");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_process_on_the_same_ledger_does_not_start() {
    let ground = Ground::new();
    let _coordinator = start_coordinator(&ground, None);
    let mut first = start_nodes(&ground, &CODES, None);
    let mut analyst = Analyst::new(&ground);
    // The first has the ledger open, and has written nothing to it yet.
    analyst.sees(&CODES).await;
    let mut second = start_nodes(&ground, &[VICTIM], None);
    let status = second.ended("a second node on one ledger").await;
    assert!(!status.success());
    assert!(second.log().contains("see that no other process serves this provider"), "{}", second.log());
    // The first does not mind.
    assert!(first.is_running());
    let run = analyst.ask(0, 60).await.unwrap();
    analyst.right_answer(run, 0, &outcomes(&[])).await;
}
