//! A node killed at each step of answering an order.

use node::Step;

use super::analyst::{Analyst, outcomes};
use super::ground::{CODES, Ground};
use super::kept::{self, Ledger, Order};
use super::process::At;
use super::{VICTIM, start_coordinator, start_nodes};

/// A question whose order kills the node, and what the ledger holds then.
struct Case {
    step: Step,
    month: u32,
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_step_a_node_answers_once() {
    let fresh = (0..).zip(Step::ALL).map(|(month, step)| Case { step, month });
    // Asked again, under another order: the figures are not counted, the ledger's are sent again.
    let again = (0..).zip([Step::BeforeCommit, Step::AfterCommit, Step::Anchored, Step::BeforeSend]);
    let again = again.map(|(month, step)| Case { step, month });
    check(fresh.chain(again)).await;
}

async fn check(cases: impl Iterator<Item = Case>) {
    let ground = Ground::new();
    let _coordinator = start_coordinator(&ground, None);
    let _others = start_nodes(&ground, &CODES[..3], None);
    let mut analyst = Analyst::new(&ground);
    let mut answers = Vec::new();
    for (earlier, Case { step, month }) in cases.enumerate() {
        let what = format!("{} in month {month}", step.name());
        let mut killed = start_nodes(&ground, &[VICTIM], Some(At(step.name(), 1)));
        analyst.sees(&CODES).await;
        let run = analyst.ask(month, 60).await.unwrap();
        killed.killed_itself(&what).await;

        let before = Ledger::read(&ground.node_data(VICTIM));
        let order = victims_order(&ground, run);
        assert_eq!(order.outcome, None, "{what}: nothing was sent");
        let recorded = step >= Step::AfterCommit;
        assert_eq!(before.of(&order.id).is_some(), recorded, "{what}: the ledger after the kill");
        assert_eq!(before.rows.len(), earlier + usize::from(recorded), "{what}");

        let mut restarted = start_nodes(&ground, &[VICTIM], None);
        let answer = analyst.right_answer(run, month, &outcomes(&[])).await;
        restarted.kill();
        let after = Ledger::read(&ground.node_data(VICTIM));
        after.verify();
        let row = after.of(&order.id).unwrap();
        assert_eq!(after.rows.len(), earlier + 1, "{what}: one row for each order");
        if let Some(committed) = before.of(&order.id) {
            assert_eq!(committed, row, "{what}: what was committed stays as it was");
        }
        let sent = victims_order(&ground, run);
        assert_eq!(sent.outcome, Some(("release".to_owned(), row.release)), "{what}: what was sent was recorded");
        answers.push((month, answer));
    }
    for (month, answer) in &answers {
        let first = answers.iter().find(|(known, _)| known == month).map(|(_, answer)| &answer.groups);
        assert_eq!(Some(&answer.groups), first, "the same question gets the same figures");
    }
}

fn victims_order(ground: &Ground, run: wire::RunId) -> Order {
    kept::orders(&ground.store(), run).into_iter().find(|order| order.provider == VICTIM).unwrap()
}
