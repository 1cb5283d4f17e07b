//! Closing a run: its answer is made and kept, and then the run is let go.

use std::time::Duration;

use chrono::{DateTime, Utc};
use wire::{Answer, OrderId, RunId};

use crate::answer;
use crate::clock::whole_second;
use crate::coordinator::Coordinator;
use crate::run::{Intake, Snapshot};
use crate::steps::Step;
use crate::store::AnswerRecord;

/// How long to wait before a failed write is tried again, at first and at most.
const RETRY: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));

impl Coordinator {
    /// Closes every run whose deadline has passed, or that has nobody to wait for.
    pub async fn close_due(&self) {
        for run in self.due() {
            self.close(run).await;
        }
    }

    /// Closes the run of an order without making its provider wait for that.
    pub(crate) fn close_soon(&self, order: OrderId) {
        let run = self.state().asked(order).map(|(run, _)| run.record.id);
        if let Some(run) = run {
            let coordinator = self.clone();
            tokio::spawn(async move { coordinator.close(run).await });
        }
    }

    /// Closes a run. Of several who try, one does it and the others return at once.
    pub(crate) async fn close(&self, run: RunId) {
        let Some(intake) = self.state().run(run).map(|run| std::sync::Arc::clone(&run.intake)) else { return };
        {
            let mut intake = intake.write().await;
            if *intake == Intake::Closed {
                return;
            }
            *intake = Intake::Closed;
        }
        let Some(snapshot) = self.state().run(run).map(|run| run.snapshot(Intake::Closed)) else { return };
        let closed_at = whole_second(self.0.clock.now());
        let document = tokio::task::spawn_blocking(move || document(&snapshot, closed_at)).await.unwrap_or_default();
        self.0.steps.at(Step::Closed);
        let mut wait = RETRY.0;
        let answer = AnswerRecord { revision: 1, document };
        while let Err(error) = self.0.store.add_answer(run, answer.clone(), closed_at).await {
            tracing::error!(%run, "an answer could not be kept; it is tried again: {error}");
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(RETRY.1);
        }
        self.0.steps.at(Step::Answered);
        // Whoever watches sees the last numbers, and then the end of the stream.
        if let Some(open) = self.state().remove(run) {
            open.tell(Intake::Closed);
            tracing::info!(%run, template = open.record.template_id, "closed");
        }
    }
}

fn document(snapshot: &Snapshot, closed_at: DateTime<Utc>) -> Vec<u8> {
    let answer = answer::closed(snapshot, closed_at).unwrap_or_else(|error| {
        tracing::error!(run = %snapshot.record.id, "the sites' tables could not be combined: {error}");
        let note = "The coordinator could not combine what the sites released; its operator's log says why.".to_owned();
        Answer {
            revision: 1,
            state: wire::RunState::Answered,
            closed_at: Some(closed_at),
            notes: vec![note],
            ..answer::waiting(snapshot)
        }
    });
    // A document of integers and strings always serialises.
    serde_json::to_vec(&answer).unwrap_or_default()
}
