//! The one thread that writes, and what it writes.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension as _, params};
use template::Digest;
use tokio::sync::{mpsc, oneshot};
use wire::{KnownRelease, OrderId, ProviderCode, RunId};

use crate::store::StoreError;
use crate::store::audit::{self, AuditKind, AuditNote};
use crate::store::custody;
use crate::store::read::{grouping_word, outcome_word, place_word};
use crate::store::record::{
    AnswerRecord, Kept, OrderRecord, OutcomeKind, OutcomeRecord, RequestRecord, RunRecord, SignedDocument,
};
use crate::store::sums;

/// The most writes that wait.
const WAITING_MAX: usize = 4096;
/// The most writes of one transaction.
const TOGETHER_MAX: usize = 256;

/// Tells the asker what became of a write, once it is committed or is not.
type Acknowledge = Box<dyn FnOnce(Result<(), StoreError>) + Send>;
/// One write within the open transaction.
type Job = Box<dyn FnOnce(&Connection) -> Acknowledge + Send>;

/// The road to the writing thread, which ends when the last handle is dropped.
#[derive(Clone)]
pub(super) struct Writer {
    jobs: mpsc::Sender<Job>,
    commits: Arc<AtomicU64>,
}

impl Writer {
    pub(super) fn start(connection: Connection) -> Result<Self, StoreError> {
        let (jobs, waiting) = mpsc::channel(WAITING_MAX);
        let commits = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&commits);
        std::thread::Builder::new()
            .name("store".to_owned())
            .spawn(move || run(&connection, waiting, &counted))
            .map_err(|_| StoreError::Busy)?;
        Ok(Self { jobs, commits })
    }

    pub(super) fn commits(&self) -> u64 {
        self.commits.load(Ordering::Relaxed)
    }

    /// Runs `writing` in a transaction, perhaps together with others, and returns once that is committed.
    ///
    /// Where `writing` fails, it alone is undone.
    pub(super) async fn write<T: Send + 'static>(
        &self,
        writing: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (tell, told) = oneshot::channel();
        let job: Job = Box::new(move |connection| {
            let written = within_savepoint(connection, writing).map_err(StoreError::from);
            Box::new(move |committed| {
                // Whoever asked may have gone; what is committed is committed.
                let _gone = tell.send(committed.and(written));
            })
        });
        self.jobs.send(job).await.map_err(|_| StoreError::Busy)?;
        told.await.map_err(|_| StoreError::Busy)?
    }

    /// [`Self::write`] for a caller that may wait: the start of the program.
    pub(super) fn write_now<T: Send + 'static>(
        &self,
        writing: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (tell, told) = std::sync::mpsc::sync_channel(1);
        let job: Job = Box::new(move |connection| {
            let written = within_savepoint(connection, writing).map_err(StoreError::from);
            Box::new(move |committed| {
                // Whoever asked waits below.
                let _gone = tell.send(committed.and(written));
            })
        });
        self.jobs.try_send(job).map_err(|_| StoreError::Busy)?;
        told.recv().map_err(|_| StoreError::Busy)?
    }
}

/// Takes all that waits into one transaction, commits, and tells everybody.
fn run(connection: &Connection, mut waiting: mpsc::Receiver<Job>, commits: &AtomicU64) {
    let mut jobs = Vec::new();
    while waiting.blocking_recv_many(&mut jobs, TOGETHER_MAX) > 0 {
        let mut acknowledge = Vec::with_capacity(jobs.len());
        let mut outcome = connection.execute_batch("begin immediate");
        for job in jobs.drain(..) {
            // INVARIANT: no job runs outside the transaction. SQLite ends one by itself when a disk is full; what was in
            // it is undone and told so, and the rest begins anew.
            if outcome.is_ok() && connection.is_autocommit() {
                tell(&mut acknowledge, Err(StoreError::from(full())));
                outcome = connection.execute_batch("begin immediate");
            }
            acknowledge.push(job(connection));
        }
        let committed = outcome
            .and_then(|()| if connection.is_autocommit() { Err(full()) } else { connection.execute_batch("commit") });
        if committed.is_err() && !connection.is_autocommit() {
            // Nothing of it must be left open for the next transaction to commit.
            let _undone = connection.execute_batch("rollback");
        }
        if committed.is_ok() {
            commits.fetch_add(1, Ordering::Relaxed);
        }
        tell(&mut acknowledge, committed.map_err(StoreError::from));
    }
}

fn tell(acknowledge: &mut Vec<Acknowledge>, committed: Result<(), StoreError>) {
    for acknowledge in acknowledge.drain(..) {
        acknowledge(committed.clone());
    }
}

fn full() -> rusqlite::Error {
    rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_FULL), None)
}

fn within_savepoint<T>(
    connection: &Connection,
    writing: impl FnOnce(&Connection) -> rusqlite::Result<T>,
) -> rusqlite::Result<T> {
    if connection.is_autocommit() {
        // The transaction could not begin.
        return Err(full());
    }
    connection.execute_batch("savepoint job")?;
    let written = writing(connection);
    if connection.is_autocommit() {
        return written.and(Err(full()));
    }
    match written {
        Ok(written) => connection.execute_batch("release job").map(|()| written),
        Err(error) => {
            connection.execute_batch("rollback to job; release job")?;
            Err(error)
        }
    }
}

pub(super) fn add_run(
    connection: &Connection,
    run: &RunRecord,
    orders: &[OrderRecord],
    documents: &[SignedDocument],
    request: Option<&RequestRecord>,
) -> rusqlite::Result<()> {
    let parameters = serde_json::to_string(&run.parameters).unwrap_or_default();
    connection
        .prepare_cached(
            "insert into run values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, null, ?12, ?13, ?14, ?15)",
        )?
        .execute(params![
            run.id.to_string(),
            run.analyst.as_str(),
            run.template.to_string(),
            run.template_id,
            run.template_version,
            run.title,
            parameters,
            run.purpose,
            grouping_word(run.grouping),
            run.asked_at.timestamp(),
            run.deadline.timestamp(),
            run.agreement,
            run.request.map(|digest| digest.to_string()),
            run.late_until.timestamp(),
            place_word(run.grouping),
        ])?;
    if let Some(request) = request {
        connection.prepare_cached("insert into request values (?1, ?2, ?3, ?4)")?.execute(params![
            request.id,
            run.id.to_string(),
            request.digest.to_string(),
            request.envelope,
        ])?;
    }
    let mut insert =
        connection.prepare_cached("insert into ordered values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)")?;
    for (place, order) in orders.iter().enumerate() {
        insert.execute(params![
            order.id.to_string(),
            order.run.to_string(),
            i64::try_from(place).unwrap_or(i64::MAX),
            order.provider.as_str(),
            order.name,
            order.kind.name(),
            order.key.to_string(),
            order.envelope,
            order.places.board,
            order.places.locality,
            order.places.network,
        ])?;
    }
    let mut insert = connection.prepare_cached("insert into document values (?1, ?2) on conflict do nothing")?;
    let mut attach = connection.prepare_cached("insert into attached values (?1, ?2, ?3)")?;
    for (place, document) in documents.iter().enumerate() {
        insert.execute(params![document.digest.to_string(), document.envelope])?;
        attach.execute(params![
            run.id.to_string(),
            i64::try_from(place).unwrap_or(i64::MAX),
            document.digest.to_string()
        ])?;
    }
    let asked = AuditNote {
        kind: AuditKind::Asked,
        subject: run.id.to_string(),
        who: run.analyst.to_string(),
        digest: run.request.unwrap_or(run.template),
        detail: format!(
            "{} version {} under {}, for: {}",
            run.template_id, run.template_version, run.agreement, run.purpose
        ),
    };
    let ordered = orders.iter().map(|order| AuditNote {
        kind: AuditKind::Ordered,
        subject: order.id.to_string(),
        who: order.provider.to_string(),
        digest: Digest::of(&order.envelope),
        detail: format!("run {}", run.id),
    });
    let notes: Vec<AuditNote> = std::iter::once(asked).chain(ordered).collect();
    audit::append(connection, run.asked_at, &notes)
}

pub(super) fn add_handed(connection: &Connection, order: &OrderId) -> rusqlite::Result<()> {
    connection
        .prepare_cached("insert into handed values (?1) on conflict do nothing")?
        .execute([order.to_string()])
        .map(|_| ())
}

/// Keeps an outcome; `shown` is the place in its provider's ledger that a release has shown.
pub(super) fn add_outcome(
    connection: &Connection,
    outcome: &OutcomeRecord,
    provider: &ProviderCode,
    shown: Option<&KnownRelease>,
) -> rusqlite::Result<Kept> {
    let order = outcome.order.to_string();
    let kept = connection
        .prepare_cached("select kind, envelope = ?2 from outcome where ordered = ?1")?
        .query_row(params![order, outcome.envelope], |row| Ok((row.get::<_, String>(0)?, row.get::<_, bool>(1)?)))
        .optional()?;
    match kept {
        Some((_, false)) => Ok(Kept::Different),
        Some((kind, true)) => {
            let unreadable = || rusqlite::Error::InvalidColumnName("kind".to_owned());
            super::read::outcome_kind(&kind).map(Kept::Same).ok_or_else(unreadable)
        }
        None => {
            let before = shown
                .map(|shown| custody::add_known(connection, provider, &outcome.order, shown))
                .transpose()?
                .flatten();
            let kind = if before.is_some() { OutcomeKind::Invalid } else { outcome.kind };
            connection.prepare_cached("insert into outcome values (?1, ?2, ?3, ?4)")?.execute(params![
                order,
                outcome_word(kind),
                outcome.envelope,
                outcome.received_at.timestamp(),
            ])?;
            let note = AuditNote {
                kind: match (before, kind) {
                    (Some(_), _) => AuditKind::Conflict,
                    (None, OutcomeKind::Invalid) => AuditKind::Refused,
                    (None, _) => AuditKind::Received,
                },
                subject: order,
                who: provider.to_string(),
                digest: Digest::of(&outcome.envelope),
                detail: before.map_or_else(
                    || outcome_word(kind).to_owned(),
                    |before| format!("the ledger's place has shown another release before, {before}"),
                ),
            };
            audit::append(connection, outcome.received_at, &[note])?;
            Ok(if before.is_some() { Kept::Forked } else { Kept::New })
        }
    }
}

pub(super) fn add_answer(
    connection: &Connection,
    run: &RunId,
    answer: &AnswerRecord,
    closed_at: DateTime<Utc>,
) -> rusqlite::Result<()> {
    sums::add(connection, run, &answer.sums)?;
    let run = run.to_string();
    connection.prepare_cached("insert into answer values (?1, ?2, ?3, ?4)")?.execute(params![
        run,
        answer.revision,
        answer.document,
        closed_at.timestamp(),
    ])?;
    connection
        .prepare_cached("update run set closed_at = ?2 where id = ?1 and closed_at is null")?
        .execute(params![run, closed_at.timestamp()])?;
    let note = AuditNote {
        kind: AuditKind::Answered,
        subject: run,
        who: "coordinator".to_owned(),
        digest: Digest::of(&answer.document),
        detail: format!("revision {}", answer.revision),
    };
    audit::append(connection, closed_at, &[note])
}
