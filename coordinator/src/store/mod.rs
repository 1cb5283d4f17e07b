//! What the coordinator keeps: every run, order, release, refusal and answer, in one embedded SQLite file.
//!
//! One thread writes. It takes whatever waits into one transaction, commits, and only then tells the askers, so that many
//! releases that arrive together share one flush to the disk. Reading goes over a connection of its own.

mod audit;
mod custody;
mod governance;
mod read;
mod record;
mod schema;
mod sums;
mod write;

use std::collections::BTreeSet;
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};
use combine::Member;
use rusqlite::{Connection, OpenFlags};
use template::Digest;
use wire::{AnalystName, KnownRelease, OrderId, ProviderCode, RunId};

pub(crate) use self::audit::each as each_entry;
pub use self::audit::{AuditEntry, AuditKind, AuditNote, BrokenChain, LogEnd, verify_chain};
pub(crate) use self::custody::own_checkpoints;
pub use self::custody::{LogState, OwnCheckpoint, Witnessed};
pub use self::governance::{EventKind, GovernanceEvent};
pub use self::record::{
    AnswerRecord, Kept, OpenRecord, OrderRecord, OutcomeKind, OutcomeRecord, RequestRecord, RunRecord, SignedDocument,
};
use self::write::Writer;

/// The most pages of a store, 4 KiB each: 256 GiB.
const PAGES_MAX: u32 = 1 << 26;

/// The store. Cloning it gives another handle to the same one.
#[derive(Clone)]
pub struct Store {
    writer: Writer,
    reader: Arc<Mutex<Connection>>,
    // Held for as long as the store is open, so that no second coordinator writes to the same file.
    _lock: Arc<File>,
}

/// Why the store did not do what was asked. Nothing is half done.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// The file, or its folder, cannot be used.
    #[error("the store {path} cannot be opened: {problem}")]
    Open {
        /// Where.
        path: PathBuf,
        /// What to do.
        problem: String,
    },
    /// SQLite refuses: a full disk, most likely.
    #[error("the store cannot be written or read; see that the disk is not full")]
    Sql(#[source] Arc<rusqlite::Error>),
    /// What was read is not what this program writes.
    #[error("the store holds a {0} that this version cannot read")]
    Unreadable(&'static str),
    /// Too many writes wait, or the writer has stopped.
    #[error("the store does not take more work now")]
    Busy,
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sql(Arc::new(error))
    }
}

impl Store {
    /// Opens the store, makes it where there is none, and brings an older one up to date.
    ///
    /// # Errors
    /// [`StoreError::Open`] with what to do.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        Self::open_limited(path, PAGES_MAX)
    }

    /// [`Self::open`] for a store that may not grow beyond so many pages of 4 KiB. A full store refuses what is new and
    /// keeps what it has.
    ///
    /// # Errors
    /// [`StoreError::Open`] with what to do.
    pub fn open_limited(path: &Path, pages: u32) -> Result<Self, StoreError> {
        let problem = |problem: String| StoreError::Open { path: path.to_owned(), problem };
        let mut lock_path = path.as_os_str().to_owned();
        lock_path.push(".lock");
        let lock = File::create(PathBuf::from(lock_path))
            .map_err(|error| problem(format!("its folder cannot be written ({})", error.kind())))?;
        lock.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => problem("another coordinator is using it; stop that one first".to_owned()),
            TryLockError::Error(error) => problem(format!("it cannot be locked ({})", error.kind())),
        })?;
        let sql = |error: rusqlite::Error| problem(format!("SQLite says: {error}"));
        let mut connection = Connection::open(path).map_err(sql)?;
        schema::configure(&connection, pages).map_err(sql)?;
        schema::migrate(&mut connection).map_err(|newer| match newer {
            schema::MigrateError::Newer { found } => problem(format!(
                "it was written by a newer version (schema {found}); run that version, or restore a backup"
            )),
            schema::MigrateError::Sql(error) => sql(error),
        })?;
        let reader = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(sql)?;
        schema::wait_when_busy(&reader).map_err(sql)?;
        Ok(Self { writer: Writer::start(connection)?, reader: Arc::new(Mutex::new(reader)), _lock: Arc::new(lock) })
    }

    /// Keeps a question with its orders, the signed documents under which it is asked and the signed request, if there is
    /// one, all or nothing.
    ///
    /// # Errors
    /// A [`StoreError`]; also where the request led to a run before.
    pub async fn add_run(
        &self,
        run: RunRecord,
        orders: Vec<OrderRecord>,
        documents: Vec<SignedDocument>,
        request: Option<RequestRecord>,
    ) -> Result<(), StoreError> {
        self.writer
            .write(move |connection| write::add_run(connection, &run, &orders, &documents, request.as_ref()))
            .await
    }

    /// Keeps that an order is being handed to its provider, once or again.
    ///
    /// # Errors
    /// A [`StoreError`].
    pub async fn add_handed(&self, order: OrderId) -> Result<(), StoreError> {
        self.writer.write(move |connection| write::add_handed(connection, &order)).await
    }

    /// Whether an order was ever handed to its provider.
    ///
    /// # Errors
    /// A [`StoreError`].
    pub fn was_handed(&self, order: &OrderId) -> Result<bool, StoreError> {
        read::was_handed(&self.reader.lock().unwrap_or_else(PoisonError::into_inner), order)
    }

    /// Keeps what a provider said to an order, unless something is kept already; `shown` is the place in the provider's
    /// ledger that a verified release has shown.
    ///
    /// # Errors
    /// A [`StoreError`].
    pub async fn add_outcome(
        &self,
        outcome: OutcomeRecord,
        provider: ProviderCode,
        shown: Option<KnownRelease>,
    ) -> Result<Kept, StoreError> {
        self.writer.write(move |connection| write::add_outcome(connection, &outcome, &provider, shown.as_ref())).await
    }

    /// Keeps an answer and, with its first revision, the moment at which the run closed.
    ///
    /// # Errors
    /// A [`StoreError`].
    pub async fn add_answer(
        &self,
        run: RunId,
        answer: AnswerRecord,
        closed_at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.writer.write(move |connection| write::add_answer(connection, &run, &answer, closed_at)).await
    }

    /// The sites of every sum that was ever given of this run's question, whoever asked it.
    ///
    /// # Errors
    /// A [`StoreError`]; also where they are more than an answer can be compared with.
    pub async fn sums(&self, run: RunRecord) -> Result<Vec<BTreeSet<Member>>, StoreError> {
        self.read(move |connection| sums::all(connection, &run)).await
    }

    /// Every closed run that takes late answers at `now`, with its orders and what was said to them, and the newest
    /// revision of its answer.
    ///
    /// # Errors
    /// A [`StoreError`].
    pub fn late_runs(&self, now: DateTime<Utc>) -> Result<Vec<(OpenRecord, AnswerRecord)>, StoreError> {
        read::late_runs(&self.reader.lock().unwrap_or_else(PoisonError::into_inner), now)
    }

    /// Every revision of a run's answer, the first one first.
    ///
    /// # Errors
    /// A [`StoreError`].
    pub async fn revisions(&self, run: RunId) -> Result<Vec<AnswerRecord>, StoreError> {
        self.read(move |connection| read::revisions(connection, &run)).await
    }

    /// How many transactions were committed since the store was opened.
    #[must_use]
    pub fn commits(&self) -> u64 {
        self.writer.commits()
    }

    /// Every run that is not closed, with its orders and what was said to them.
    ///
    /// # Errors
    /// A [`StoreError`].
    pub fn open_runs(&self) -> Result<Vec<OpenRecord>, StoreError> {
        read::open_runs(&self.reader.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The envelope of a signed document that was sent along with orders.
    ///
    /// # Errors
    /// A [`StoreError`].
    pub fn document(&self, digest: &Digest) -> Result<Option<Vec<u8>>, StoreError> {
        read::document(&self.reader.lock().unwrap_or_else(PoisonError::into_inner), digest)
    }

    /// The envelopes under which a run was asked, in order: its template, the look-ups that this reads, and the catalogue
    /// and the enrolment that were in force.
    ///
    /// # Errors
    /// A [`StoreError`].
    pub fn attached(&self, run: &RunId) -> Result<Vec<Vec<u8>>, StoreError> {
        read::attached(&self.reader.lock().unwrap_or_else(PoisonError::into_inner), run)
    }

    /// An order, and what was said to it, whether its run is open or closed.
    ///
    /// # Errors
    /// A [`StoreError`].
    pub async fn order(&self, order: OrderId) -> Result<Option<(OrderRecord, Option<OutcomeRecord>)>, StoreError> {
        self.read(move |connection| read::order(connection, &order)).await
    }

    /// A run and the latest revision of its answer, if there is one.
    ///
    /// # Errors
    /// A [`StoreError`].
    pub async fn run(&self, run: RunId) -> Result<Option<(RunRecord, Option<AnswerRecord>)>, StoreError> {
        self.read(move |connection| read::run(connection, &run)).await
    }

    /// The analyst's newest runs, at most `limit`, each with the revision of its answer; nought where there is none.
    ///
    /// # Errors
    /// A [`StoreError`].
    pub async fn runs_of(&self, analyst: AnalystName, limit: u32) -> Result<Vec<(RunRecord, u32)>, StoreError> {
        self.read(move |connection| read::runs_of(connection, &analyst, limit)).await
    }

    /// Keeps what happened to what may be asked, with the log's notes of it, all or nothing.
    ///
    /// # Errors
    /// A [`StoreError`].
    pub async fn add_governance(
        &self,
        events: Vec<GovernanceEvent>,
        notes: Vec<AuditNote>,
        lives: Vec<(ProviderCode, String)>,
        at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.writer.write(move |connection| add_governance(connection, &events, &notes, &lives, at)).await
    }

    /// [`Self::add_governance`] for a caller that may wait.
    ///
    /// # Errors
    /// A [`StoreError`].
    pub fn add_governance_now(
        &self,
        events: Vec<GovernanceEvent>,
        notes: Vec<AuditNote>,
        at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.writer.write_now(move |connection| add_governance(connection, &events, &notes, &[], at))
    }

    /// Everything that happened to what may be asked, oldest first.
    ///
    /// # Errors
    /// A [`StoreError`].
    pub fn governance(&self) -> Result<Vec<GovernanceEvent>, StoreError> {
        governance::all(&self.reader.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Appends to the log.
    ///
    /// # Errors
    /// A [`StoreError`].
    pub async fn note(&self, notes: Vec<AuditNote>, at: DateTime<Utc>) -> Result<(), StoreError> {
        self.writer.write(move |connection| audit::append(connection, at, &notes)).await
    }

    /// Gives every entry of the log, oldest first.
    ///
    /// # Errors
    /// A [`StoreError`], or what `take` returns.
    pub fn audit(&self, take: impl FnMut(AuditEntry) -> Result<(), StoreError>) -> Result<(), StoreError> {
        audit::each(&self.reader.lock().unwrap_or_else(PoisonError::into_inner), take)
    }

    /// Makes a checkpoint of the log as it stands, or gives the one that was made of it before: `sign` makes the envelope
    /// of what it is given.
    ///
    /// # Errors
    /// A [`StoreError`].
    pub async fn checkpoint(
        &self,
        fresh_epoch: String,
        at: DateTime<Utc>,
        sign: impl FnOnce(&LogState) -> Vec<u8> + Send + 'static,
    ) -> Result<Witnessed, StoreError> {
        self.writer
            .write(move |connection| {
                let end = audit::end(connection)?;
                let epoch = custody::epoch(connection, &fresh_epoch)?;
                let state = LogState { log: "coordinator".to_owned(), epoch, size: end.size, head: end.head };
                let envelope = sign(&state);
                custody::witness(connection, &state, &envelope, &envelope, at)
            })
            .await
    }

    /// Keeps a provider's checkpoint with our signature added, unless it contradicts what is kept.
    ///
    /// # Errors
    /// A [`StoreError`].
    pub async fn witness(
        &self,
        state: LogState,
        offered: Vec<u8>,
        countersigned: Vec<u8>,
        at: DateTime<Utc>,
    ) -> Result<Witnessed, StoreError> {
        self.writer
            .write(move |connection| {
                let witnessed = custody::witness(connection, &state, &offered, &countersigned, at)?;
                if matches!(witnessed, Witnessed::Conflict(_)) {
                    let note = AuditNote {
                        kind: AuditKind::Conflict,
                        subject: state.log.clone(),
                        who: state.log.clone(),
                        digest: Digest::of(&offered),
                        detail: format!("a checkpoint of {} entries contradicts a kept one", state.size),
                    };
                    audit::append(connection, at, &[note])?;
                }
                Ok(witnessed)
            })
            .await
    }

    /// The newest checkpoint of a log, as [`template::LogName`] writes its name, exact bytes.
    ///
    /// # Errors
    /// A [`StoreError`].
    pub async fn newest_checkpoint(&self, log: String) -> Result<Option<(LogState, Vec<u8>)>, StoreError> {
        self.read(move |connection| custody::newest(connection, &log)).await
    }

    /// Keeps the coordinator's checkpoint of so many entries as a provider countersigned it.
    ///
    /// # Errors
    /// A [`StoreError`].
    pub async fn add_witness(&self, size: u64, provider: ProviderCode, envelope: Vec<u8>) -> Result<(), StoreError> {
        self.writer.write(move |connection| custody::add_witness(connection, size, &provider, &envelope)).await
    }

    /// Every checkpoint of the coordinator's log, by size, each with the countersigned ones.
    ///
    /// # Errors
    /// A [`StoreError`].
    pub fn own_checkpoints(&self) -> Result<Vec<OwnCheckpoint>, StoreError> {
        custody::own_checkpoints(&self.reader.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The newest place of each provider's ledger that its releases have shown.
    ///
    /// # Errors
    /// A [`StoreError`].
    pub fn known(&self) -> Result<Vec<(ProviderCode, KnownRelease)>, StoreError> {
        custody::known(&self.reader.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The release with this digest by which a provider has shown a place in its ledger, exact bytes.
    ///
    /// # Errors
    /// A [`StoreError`].
    pub async fn release(&self, provider: ProviderCode, release: Digest) -> Result<Option<Vec<u8>>, StoreError> {
        self.read(move |connection| custody::release(connection, &provider, &release)).await
    }

    /// The run that a request led to, and the request's digest.
    ///
    /// # Errors
    /// A [`StoreError`].
    pub async fn request(&self, id: String) -> Result<Option<(RunId, Digest)>, StoreError> {
        self.read(move |connection| read::request(connection, &id)).await
    }

    /// The envelope of the request that led to a run.
    ///
    /// # Errors
    /// A [`StoreError`].
    pub fn request_of(&self, run: &RunId) -> Result<Option<Vec<u8>>, StoreError> {
        read::request_of(&self.reader.lock().unwrap_or_else(PoisonError::into_inner), run)
    }

    /// The orders of a run with what was said to them, in the order of the answer.
    ///
    /// # Errors
    /// A [`StoreError`].
    pub async fn orders_of(&self, run: RunId) -> Result<Vec<(OrderRecord, Option<OutcomeRecord>)>, StoreError> {
        self.read(move |connection| read::orders_of(connection, &run)).await
    }

    /// Every run, the newest first, at most `limit`, with how many sites were asked and how many released.
    ///
    /// # Errors
    /// A [`StoreError`].
    pub async fn runs(&self, limit: u32) -> Result<Vec<(RunRecord, u32, u32)>, StoreError> {
        self.read(move |connection| read::runs(connection, limit)).await
    }

    async fn read<T: Send + 'static>(
        &self,
        reading: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let reader = Arc::clone(&self.reader);
        let read = move || reading(&reader.lock().unwrap_or_else(PoisonError::into_inner));
        tokio::task::spawn_blocking(read).await.map_err(|_| StoreError::Busy)?
    }
}

fn add_governance(
    connection: &Connection,
    events: &[GovernanceEvent],
    notes: &[AuditNote],
    lives: &[(ProviderCode, String)],
    at: DateTime<Utc>,
) -> rusqlite::Result<()> {
    governance::append(connection, events)?;
    for (provider, epoch) in lives {
        custody::begin_life(connection, provider, epoch)?;
    }
    audit::append(connection, at, notes)
}
