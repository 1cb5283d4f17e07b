//! A running node follows its snapshots with new ones, at a quiet time and without interrupting answers.
//!
//! The new snapshot is written beside the current one; whoever is counting goes on with what it began with. Where none can
//! be taken, a source that is half written or a list of opt-outs that is too old, the current one stays: the operator's
//! log says so, and it is tried again, each time after twice as long.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Local, NaiveTime, TimeDelta, Utc};
use tokio::sync::{Semaphore, watch};
use wire::SnapshotId;

use crate::answer::Node;
use crate::config::Refresh;
use crate::provider::Provider;
use crate::snapshot::{self, IntegrityError, SnapshotError};

/// How long it is waited, at most, before it is looked again: clocks are set, and machines sleep.
const LOOK: Duration = Duration::from_secs(15 * 60);
/// The wait after the first failure, and the longest.
const RETRY: (Duration, Duration) = (Duration::from_secs(10 * 60), Duration::from_secs(6 * 3600));
/// So long after it was due a snapshot is taken at any time of day: some machines are off at night.
const OVERDUE: TimeDelta = TimeDelta::days(2);

/// Whether a new snapshot is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Due {
    /// Now.
    Now,
    /// Not before this has passed; to be looked at again then.
    After(Duration),
}

/// The failures since the last snapshot.
#[derive(Clone, Copy, Debug, Default)]
struct Failures {
    count: u32,
    last: Option<DateTime<Utc>>,
}

/// Why there is no new snapshot.
#[derive(Debug, thiserror::Error)]
enum RefreshError {
    #[error(transparent)]
    Taking(#[from] SnapshotError),
    #[error(transparent)]
    Reading(#[from] IntegrityError),
    #[error("a worker stopped; the node's log says where")]
    Stopped,
}

impl Failures {
    fn again(self, now: DateTime<Utc>) -> Self {
        Self { count: self.count.saturating_add(1), last: Some(now) }
    }

    /// The wait after the last of them.
    fn wait(self) -> Duration {
        RETRY.0.saturating_mul(1 << self.count.saturating_sub(1).min(16)).min(RETRY.1)
    }
}

/// Whether a snapshot of `taken_at` is to be followed now. `clock_time` is the local time of day.
fn due(refresh: &Refresh, taken_at: DateTime<Utc>, failed: Failures, now: DateTime<Utc>, clock_time: NaiveTime) -> Due {
    let due_at = taken_at + TimeDelta::days(i64::from(refresh.every_days));
    if now < due_at {
        return after(due_at - now);
    }
    if let Some(last) = failed.last {
        // What began at the quiet time is finished as soon as it can be.
        let passed = (now - last).to_std().unwrap_or_default();
        let left = failed.wait().saturating_sub(passed);
        return if left.is_zero() { Due::Now } else { Due::After(left.min(LOOK)) };
    }
    if is_quiet(refresh, clock_time) || now >= due_at + OVERDUE {
        return Due::Now;
    }
    let until_quiet = refresh.from.signed_duration_since(clock_time);
    after(if until_quiet < TimeDelta::zero() { until_quiet + TimeDelta::days(1) } else { until_quiet })
}

fn after(wait: TimeDelta) -> Due {
    Due::After(wait.to_std().unwrap_or_default().clamp(Duration::from_secs(1), LOOK))
}

fn is_quiet(refresh: &Refresh, clock_time: NaiveTime) -> bool {
    let Refresh { from, to, .. } = *refresh;
    if from < to { (from..to).contains(&clock_time) } else { clock_time >= from || clock_time < to }
}

/// Keeps a provider's snapshot fresh until `stopped`. Of the providers of one process one at a time holds `turn`.
pub(crate) async fn keep(node: Arc<Node>, turn: Arc<Semaphore>, mut stopped: watch::Receiver<()>) {
    let mut failed = Failures::default();
    loop {
        let provider = node.provider();
        let now = provider.clock.now();
        let clock_time = now.with_timezone(&Local).time();
        let wait = match due(&provider.config.refresh, provider.loaded().taken_at(), failed, now, clock_time) {
            Due::After(wait) => wait,
            Due::Now => {
                let attempt = attempt(Arc::clone(&node), Arc::clone(&turn));
                let taken = tokio::select! {
                    taken = attempt => taken,
                    _ = stopped.changed() => return,
                };
                failed = told(node.provider(), taken, failed, now);
                Duration::ZERO
            }
        };
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            _ = stopped.changed() => return,
        }
    }
}

async fn attempt(node: Arc<Node>, turn: Arc<Semaphore>) -> Result<SnapshotId, RefreshError> {
    let _turn = turn.acquire().await.map_err(|_| RefreshError::Stopped)?;
    tokio::task::spawn_blocking(move || take(node.provider())).await.map_err(|_| RefreshError::Stopped)?
}

/// Takes a snapshot and answers from it. Blocks.
fn take(provider: &Provider) -> Result<SnapshotId, RefreshError> {
    let id = snapshot::take(&provider.config, provider.clock.now())?;
    // Verified as a whole here, so that no question has to wait for that.
    provider.snapshot()?;
    Ok(id)
}

/// Tells the operator. INVARIANT: what a snapshot's errors say holds no value of a row.
fn told(
    provider: &Provider,
    taken: Result<SnapshotId, RefreshError>,
    failed: Failures,
    now: DateTime<Utc>,
) -> Failures {
    match taken {
        Ok(id) => {
            tracing::info!(provider = %provider.code(), snapshot = %id, "answers now come from a new snapshot");
            Failures::default()
        }
        Err(error) => {
            let failed = failed.again(now);
            let age_days = (now - provider.loaded().taken_at()).num_days();
            let causes = std::iter::successors(std::error::Error::source(&error), |cause| cause.source());
            let causes: String = causes.map(|cause| format!(": {cause}")).collect();
            tracing::error!(
                provider = %provider.code(),
                age_days,
                failures = failed.count,
                retry_s = failed.wait().as_secs(),
                "no new snapshot could be taken, and answers still come from the old one: {error}{causes}"
            );
            failed
        }
    }
}

#[cfg(test)]
mod tests;
