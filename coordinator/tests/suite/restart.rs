//! The coordinator goes and comes back: nothing is lost, and nothing is called by another name.

use std::sync::{Arc, Mutex};

use coordinator::{Coordinator, Step, Steps};
use wire::{Acknowledged, DeskDoor as _, Outcome, RunState, SiteOutcome};

use crate::region::{Region, ada, answered, ask, outcomes};

/// Writes down every step.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<Step>>>);

impl Steps for Log {
    fn at(&self, step: Step) {
        self.0.lock().unwrap().push(step);
    }
}

pub fn close_all(coordinator: Coordinator) {
    drop(coordinator);
}

#[tokio::test]
async fn an_open_run_goes_on_with_the_same_orders_and_deadline() {
    let region = Region::new(3);
    let coordinator = region.open();
    let run = coordinator.ask(ada(), ask(), None).await.unwrap();
    let first = region.nodes[0].take(&coordinator).await;
    let release = Outcome::Release(region.nodes[0].release(&first, [40, 40]));
    region.nodes[0].submit(&coordinator, first.id(), release.clone()).await;
    let unanswered = region.nodes[1].take(&coordinator).await;
    let before = coordinator.answer(ada(), run).await.unwrap();
    close_all(coordinator);

    let coordinator = region.open();
    assert_eq!(coordinator.answer(ada(), run).await.unwrap(), before);
    assert_eq!(before.sites[0].outcome, SiteOutcome::Released);
    // The acknowledged release is known, and the open order comes again, the same.
    assert_eq!(region.nodes[0].submit(&coordinator, first.id(), release).await, Acknowledged::Taken);
    let again = region.nodes[1].take(&coordinator).await;
    assert_eq!(again.id(), unanswered.id());
    assert_eq!(again.order.digest(), unanswered.order.digest());
    for node in &region.nodes[1..] {
        node.answer(&coordinator).await;
    }
    let answer = answered(&coordinator, run).await;
    assert_eq!(outcomes(&answer), [SiteOutcome::Released; 3]);
    assert_eq!(answer.groups[0].cells[0].sites.shown, 3);
    close_all(coordinator);

    let coordinator = region.open();
    assert_eq!(coordinator.answer(ada(), run).await.unwrap(), answer, "a closed answer is served again, the same");
    let progress: Vec<_> = futures::StreamExt::collect(coordinator.watch(ada(), run).await.unwrap()).await;
    assert_eq!((progress.len(), progress[0].released, progress[0].waiting), (1, 3, 0));
}

#[tokio::test]
async fn a_run_that_ran_out_meanwhile_is_closed_as_it_stands() {
    let region = Region::new(4);
    let coordinator = region.open();
    let run = coordinator.ask(ada(), ask(), None).await.unwrap();
    for node in &region.nodes[..3] {
        node.answer(&coordinator).await;
    }
    close_all(coordinator);
    region.clock.forward(3600);
    let coordinator = region.open();
    coordinator.close_due().await;
    let answer = coordinator.answer(ada(), run).await.unwrap();
    assert_eq!(answer.state, RunState::Answered);
    assert_eq!(answer.sites[3].outcome, SiteOutcome::NotConnected);
    assert_eq!(answer.groups[0].cells[0].sites.shown, 3);
}

#[tokio::test]
async fn a_complete_run_that_was_not_closed_is_closed() {
    let region = Region::new(3);
    let coordinator = region.open();
    let run = coordinator.ask(ada(), ask(), None).await.unwrap();
    let mut orders = Vec::new();
    for node in &region.nodes {
        orders.push(node.take(&coordinator).await);
    }
    close_all(coordinator);
    // As if the process had ended between keeping the last release and closing the run.
    let store = coordinator::Store::open(&region.path("coordinator.sqlite")).unwrap();
    for (node, taken) in region.nodes.iter().zip(&orders) {
        let outcome = coordinator::store::OutcomeRecord {
            order: taken.id(),
            kind: coordinator::store::OutcomeKind::Release,
            envelope: node.release(taken, [40, 40]),
            received_at: taken.order.order().issued_at,
        };
        store.add_outcome(outcome, region.nodes[0].code.clone(), None).await.unwrap();
    }
    drop(store);
    let coordinator = region.open();
    coordinator.close_due().await;
    let answer = coordinator.answer(ada(), run).await.unwrap();
    assert_eq!(outcomes(&answer), [SiteOutcome::Released; 3]);
}

#[tokio::test]
async fn a_withdrawn_template_asks_nobody_more() {
    let region = Region::new(4);
    let coordinator = region.open();
    let run = coordinator.ask(ada(), ask(), None).await.unwrap();
    for node in &region.nodes[..3] {
        node.answer(&coordinator).await;
    }
    close_all(coordinator);
    std::fs::remove_file(region.path("templates/emergency-stays.template.dsse.json")).unwrap();
    let coordinator = region.open();
    let mut stream = region.nodes[3].connect(&coordinator).await;
    assert!(futures::poll!(futures::StreamExt::next(&mut stream)).is_pending());
    assert!(coordinator.ask(ada(), ask(), None).await.is_err());
    // What had come is combined: it was approved when it was asked, and is still signed.
    region.clock.forward(61);
    coordinator.close_due().await;
    let answer = coordinator.answer(ada(), run).await.unwrap();
    assert_eq!(answer.groups[0].cells[0].sites.shown, 3);
}

#[tokio::test]
async fn steps_come_in_order_and_nothing_is_acknowledged_before_it_is_kept() {
    let region = Region::new(3);
    let log = Log::default();
    let coordinator = region.open_with(log.clone());
    let run = coordinator.ask(ada(), ask(), None).await.unwrap();
    for node in &region.nodes {
        node.answer(&coordinator).await;
    }
    answered(&coordinator, run).await;
    let site = [Step::Dispatched, Step::ReleaseReceived, Step::ReleaseStored, Step::Acknowledged];
    let steps: Vec<Step> = [Step::AskStored, Step::OrdersStored]
        .into_iter()
        .chain(site.into_iter().cycle().take(12))
        .chain([Step::Closed, Step::Answered])
        .collect();
    assert_eq!(*log.0.lock().unwrap(), steps);
}

#[tokio::test]
async fn two_coordinators_do_not_share_a_store() {
    let region = Region::new(3);
    let _first = region.open();
    let second = Coordinator::open_at(region.config(), coordinator::NoSteps, region.clock.clone());
    let error = second.err().unwrap().to_string();
    assert!(error.contains("another coordinator is using it"), "{error}");
}
