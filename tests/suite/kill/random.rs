//! Node and coordinator killed at random moments while questions are being asked.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rand::{RngExt as _, SeedableRng as _};
use rand_xoshiro::Xoshiro256PlusPlus;
use wire::RunId;

use super::analyst::{Analyst, outcomes};
use super::ground::{CODES, Ground, MONTHS, ask};
use super::kept::{self, Ledger};
use super::{VICTIM, start_coordinator, start_nodes};

const SEED: u64 = 0x7a11;
const KILLS: u32 = 20;
/// The longest that a process lives, in milliseconds.
const LIFE_MOST_MS: u64 = 500;
/// How long providers have for each question, in seconds: nobody may be late.
const DEADLINE_S: u32 = 300;

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_random_nothing_is_lost() {
    let ground = Ground::new();
    let mut random = Xoshiro256PlusPlus::seed_from_u64(SEED);
    let mut coordinator = start_coordinator(&ground, None);
    let _others = start_nodes(&ground, &CODES[..3], None);
    let mut node = start_nodes(&ground, &[VICTIM], None);
    Analyst::new(&ground).sees(&CODES).await;

    let enough = AtomicBool::new(false);
    let kill = async {
        for _ in 0..KILLS {
            tokio::time::sleep(Duration::from_millis(random.random_range(0..LIFE_MOST_MS))).await;
            if random.random_bool(0.5) {
                node.kill();
                node = start_nodes(&ground, &[VICTIM], None);
            } else {
                coordinator.kill();
                coordinator = start_coordinator(&ground, None);
            }
        }
        enough.store(true, Ordering::SeqCst);
    };
    let (first, second, ()) = tokio::join!(keep_asking(&ground, &enough, 0), keep_asking(&ground, &enough, 1), kill);

    let mut analyst = Analyst::new(&ground);
    analyst.sees(&CODES).await;
    let runs = kept::runs(&ground.store());
    let acknowledged: BTreeSet<RunId> = first.into_iter().chain(second).collect();
    assert!(!acknowledged.is_empty());
    assert!(acknowledged.is_subset(&runs.iter().copied().collect()), "what was acknowledged is there");
    for run in &runs {
        let month = month_of(&analyst.answer(*run).await);
        analyst.right_answer(*run, month, &outcomes(&[])).await;
    }
    node.kill();
    let ledger = Ledger::read(&ground.node_data(VICTIM));
    ledger.verify();
    assert_eq!(ledger.rows.len(), runs.len(), "one release for each order");
    for run in &runs {
        let orders = kept::orders(&ground.store(), *run);
        let order = orders.iter().find(|order| order.provider == VICTIM).unwrap();
        let row = ledger.of(&order.id).unwrap();
        assert_eq!(order.outcome, Some(("release".to_owned(), row.release)));
    }
}

/// Asks month after month until it is enough, and gives the runs that were acknowledged.
async fn keep_asking(ground: &Ground, enough: &AtomicBool, parity: u32) -> Vec<RunId> {
    let mut analyst = Analyst::new(ground);
    let mut runs = Vec::new();
    for month in (0..MONTHS).filter(|month| month % 2 == parity).cycle() {
        if enough.load(Ordering::SeqCst) {
            break;
        }
        if let Ok(run) = analyst.ask(month, DEADLINE_S).await {
            runs.push(run);
            analyst.answer(run).await;
        }
    }
    runs
}

fn month_of(answer: &wire::Answer) -> u32 {
    (0..MONTHS).find(|month| ask(*month, 1).parameters == answer.parameters).unwrap()
}
