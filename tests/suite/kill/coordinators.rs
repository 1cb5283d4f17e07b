//! A coordinator killed at each step of a run.

use coordinator::Step;
use wire::SiteOutcome;

use super::analyst::{Analyst, outcomes};
use super::ground::{CODES, Ground};
use super::kept::{self, Ledger};
use super::process::At;
use super::{VICTIM, start_coordinator, start_nodes, until};

/// The steps that every site's order passes: the third of four is as good a place as the first.
const OF_EACH_SITE: [Step; 4] = [Step::Dispatched, Step::ReleaseReceived, Step::ReleaseStored, Step::Acknowledged];

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_step_a_coordinator_loses_nothing() {
    let places = Step::ALL.map(|step| (step, 1)).into_iter().chain(OF_EACH_SITE.map(|step| (step, 3)));
    let ground = Ground::new();
    let mut nodes = start_nodes(&ground, &CODES, None);
    let mut served = Vec::new();
    for (month, (step, nth)) in (0..).zip(places) {
        let what = format!("{} for the {nth}. time", step.name());
        let mut killed = start_coordinator(&ground, Some(At(step.name(), nth)));
        let mut analyst = Analyst::new(&ground);
        analyst.sees(&CODES).await;
        let acknowledged = analyst.ask(month, 60).await;
        killed.killed_itself(&what).await;

        let runs = kept::runs(&ground.store());
        assert_eq!(runs.len(), served.len() + 1, "{what}: the question is kept, once");
        let run = *runs.last().unwrap();
        if let Ok(acknowledged) = acknowledged {
            assert_eq!(acknowledged, run, "{what}: what was acknowledged is what is kept");
        }
        let before = kept::orders(&ground.store(), run);
        let answered_before = kept::answers(&ground.store(), run);
        assert_eq!(answered_before.len(), usize::from(step == Step::Answered), "{what}");

        let mut restarted = start_coordinator(&ground, None);
        let mut analyst = Analyst::new(&ground);
        let answer = analyst.right_answer(run, month, &outcomes(&[])).await;
        let after = kept::orders(&ground.store(), run);
        for (before, after) in before.iter().zip(&after) {
            let said = before.outcome.clone().or_else(|| after.outcome.clone());
            let kept = kept::Order { outcome: said, ..before.clone() };
            assert_eq!(&kept, after, "{what}: the same orders, deadline and outcomes");
        }
        let documents = kept::answers(&ground.store(), run);
        assert_eq!(documents.len(), 1, "{what}: one answer");
        assert!(answered_before.is_empty() || answered_before == documents, "{what}: the answer stays as it was");
        assert_eq!(serde_json::to_vec(&answer).unwrap(), documents[0], "{what}: what is served is what is kept");
        served.push((run, answer));
        for (run, answer) in &served {
            assert_eq!(analyst.answer(*run).await, *answer, "{what}: an earlier answer");
        }
        restarted.kill();
    }
    nodes.kill();
    for code in CODES {
        let ledger = Ledger::read(&ground.node_data(code));
        ledger.verify();
        assert_eq!(ledger.rows.len(), served.len(), "{code}: one release for each order");
        for (run, _) in &served {
            let orders = kept::orders(&ground.store(), *run);
            let order = orders.iter().find(|order| order.provider == code).unwrap();
            let row = ledger.of(&order.id).unwrap();
            assert_eq!(order.outcome, Some(("release".to_owned(), row.release)));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn deadlines_and_outcomes_outlast_a_coordinator() {
    let ground = Ground::new();
    let mut coordinator = start_coordinator(&ground, None);
    let _others = start_nodes(&ground, &CODES[..3], None);
    let mut node = start_nodes(&ground, &[VICTIM], Some(At("received", 1)));
    let mut analyst = Analyst::new(&ground);
    analyst.sees(&CODES).await;
    // One question that the node takes and does not answer, one that it is not there for.
    let taken = analyst.ask(0, 8).await.unwrap();
    node.killed_itself("the first order").await;
    let missed = analyst.ask(1, 7).await.unwrap();
    for run in [taken, missed] {
        until("the others' releases", async || {
            let said = kept::orders(&ground.store(), run).iter().filter(|order| order.outcome.is_some()).count();
            (said == 3).then_some(())
        })
        .await;
    }
    coordinator.kill();
    let deadline = kept::orders(&ground.store(), taken)[0].deadline;
    until("the deadlines to pass", async || (chrono::Utc::now().timestamp() > deadline).then_some(())).await;
    assert!(kept::answers(&ground.store(), taken).is_empty() && kept::answers(&ground.store(), missed).is_empty());

    let _coordinator = start_coordinator(&ground, None);
    let mut analyst = Analyst::new(&ground);
    let answer = analyst.right_answer(taken, 0, &outcomes(&[(VICTIM, SiteOutcome::TimedOut)])).await;
    assert_eq!(answer.deadline.timestamp(), deadline);
    analyst.right_answer(missed, 1, &outcomes(&[(VICTIM, SiteOutcome::NotConnected)])).await;
}
