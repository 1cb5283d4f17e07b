//! Closing a run: its answer is made and kept, and then the run is let go, or kept for what comes late.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use combine::Member;
use wire::{OrderId, RunId};

use crate::clock::whole_second;
use crate::config::Compares;
use crate::coordinator::Coordinator;
use crate::publish::{self, Publication};
use crate::run::{Intake, Published, Snapshot};
use crate::steps::Step;
use crate::store::AnswerRecord;

/// How long to wait before a failed write is tried again, at first and at most.
const RETRY: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));

impl Coordinator {
    /// Closes every run whose deadline has passed, or that has nobody to wait for, and revises answers for which enough
    /// has come late.
    pub async fn close_due(&self) {
        for run in self.due() {
            self.close(run).await;
        }
        self.revise_late().await;
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
        let Some(intake) = self.state().open(run).map(|run| Arc::clone(&run.intake)) else { return };
        {
            let mut intake = intake.write().await;
            if *intake != Intake::Open {
                return;
            }
            *intake = Intake::Closed;
        }
        let Some(snapshot) = self.state().open(run).map(|run| run.snapshot(Intake::Closed)) else { return };
        let closed_at = whole_second(self.0.clock.now());
        // INVARIANT: from looking up what was summed before to keeping what is summed now, nobody else publishes.
        let turn = self.0.publishing.lock().await;
        let earlier = self.summed_before(&snapshot).await;
        let made = tokio::task::spawn_blocking(move || publish::first(&snapshot, &earlier, closed_at)).await;
        let Ok(Publication { document, sums, since }) = made else { return };
        self.0.steps.at(Step::Closed);
        let mut wait = RETRY.0;
        let answer = AnswerRecord { revision: 1, document, sums };
        while let Err(error) = self.0.store.add_answer(run, answer.clone(), closed_at).await {
            tracing::error!(%run, "an answer could not be kept; it is tried again: {error}");
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(RETRY.1);
        }
        drop(turn);
        self.0.steps.at(Step::Answered);
        let let_go = self.state().publish(run, Published { revision: 1, closed_at }, &since);
        if let Some(open) = let_go {
            // Whoever watches sees the last numbers, and then the end of the stream.
            open.tell(Intake::Closed);
        }
        *intake.write().await = Intake::Late;
        self.0.deadlines.notify_one();
        tracing::info!(%run, "closed");
    }

    /// What earlier answers sum with which the next one is compared; tried until it can be read, for nothing is published
    /// without it.
    async fn summed_before(&self, snapshot: &Snapshot) -> Option<Vec<BTreeSet<Member>>> {
        let run = &snapshot.record;
        if self.0.config.compares == Compares::OneRun {
            return Some(publish::own_sums(snapshot));
        }
        let mut wait = RETRY.0;
        for _ in 0..8 {
            match self.0.store.sums(run.clone()).await {
                Ok(sums) => return Some(sums),
                Err(error) => {
                    tracing::error!(run = %run.id, "earlier answers to a question cannot be looked up: {error}");
                    if matches!(error, crate::store::StoreError::Unreadable(_)) {
                        return None;
                    }
                }
            }
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(RETRY.1);
        }
        None
    }

    /// Revises the answer to a closed run, if enough has come, without making a provider wait for that.
    pub(crate) fn revise_soon(&self, run: RunId) {
        let coordinator = self.clone();
        tokio::spawn(async move { coordinator.revise(run).await });
    }

    /// Revises every answer for which enough has come late, and lets go of runs whose time for that has passed.
    pub(crate) async fn revise_late(&self) {
        self.state().let_late_go(self.0.clock.now());
        let late: Vec<RunId> = self.state().late().map(|run| run.record.id).collect();
        for run in late {
            self.revise(run).await;
        }
    }

    /// Makes the next revision of a closed run's answer, if late sites are enough to be added.
    async fn revise(&self, run: RunId) {
        let turn = self.0.publishing.lock().await;
        let late = self.state().run(run).and_then(|run| Some((run.snapshot(Intake::Late), run.published?)));
        let Some((snapshot, published)) = late else { return };
        if published.revision >= self.0.config.limits.revisions || !has_news(&snapshot) {
            return;
        }
        let Some(earlier) = self.summed_before(&snapshot).await else { return };
        let made_at = whole_second(self.0.clock.now());
        let next = Published { revision: published.revision + 1, ..published };
        let made = tokio::task::spawn_blocking(move || publish::next(&snapshot, &earlier, next, made_at)).await;
        let Ok(Some(Publication { document, sums, since })) = made else { return };
        let answer = AnswerRecord { revision: next.revision, document, sums };
        if let Err(error) = self.0.store.add_answer(run, answer, made_at).await {
            tracing::error!(%run, "a revision could not be kept; it is tried again with what comes next: {error}");
            return;
        }
        drop(turn);
        self.0.steps.at(Step::Answered);
        self.state().publish(run, next, &since);
        tracing::info!(%run, revision = next.revision, "revised");
    }
}

/// Whether anything has come that is in no sum.
fn has_news(snapshot: &Snapshot) -> bool {
    snapshot.sites.iter().any(|site| site.release.is_some() && site.since.is_none())
}
