//! The provider's ledger: every release before it is sent, every decision, in one SQLite file that only grows.
//!
//! The commit of a release is the point of no return: before it everything may be forgotten at no cost, after it the
//! release exists for ever, and the same order gets the same bytes. Rows are chained by SHA-256, and an anchor file
//! outside the database knows the newest link, so that neither a changed row nor a restored copy goes unnoticed; then
//! the ledger is quarantined and nothing more is released. Each ledger has a thread of its own, so the commits of many
//! providers in one process do not wait for each other.

mod anchor;
mod audit;
mod chain;
mod cipher;
mod documents;
mod event;
mod quarantine;
mod reading;
mod rows;
mod schema;
mod sealed;
mod store;
mod walk;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};

use chrono::{DateTime, Utc};
use template::{Digest, PublicKey};
use tokio::sync::oneshot;
use wire::{AnalystName, KnownRelease, OrderId, ProviderCode, Release, SnapshotId, Unrecorded};

pub(crate) use audit::AuditRow;
pub(crate) use audit::{Approval, Context, Given};
pub(crate) use cipher::Cipher;
pub(crate) use documents::{Kept, Kind};
pub(crate) use event::{Event, Whose};
pub use quarantine::LeapError;
pub(crate) use quarantine::{Leap, Length};
pub(crate) use reading::read;
pub use reading::{Held, ReadingError};
pub(crate) use rows::ReleaseRow;
pub(crate) use sealed::Sealed;
pub use store::LedgerOpenError;
use store::Store;
pub use walk::BrokenLink;
pub(crate) use walk::{Seen, Standing};

use crate::policy::Reason;
use crate::steps::Steps;

/// Commands that wait for a ledger's thread; callers wait beyond that.
const WAITING: usize = 64;
/// SQLite needs little stack, and a process may host many ledgers.
const STACK_BYTES: usize = 512 * 1024;

/// Where a provider's ledger lies.
#[derive(Clone, Debug)]
pub(crate) struct Files {
    /// The database.
    pub database: PathBuf,
    /// The anchor, outside the database.
    pub anchor: PathBuf,
    /// The key under which contributors are sealed.
    pub contributors_key: PathBuf,
}

impl Files {
    /// The files within a provider's folder.
    pub(crate) fn within(folder: &std::path::Path) -> Self {
        Self {
            database: folder.join("ledger.sqlite"),
            anchor: folder.join("ledger.anchor"),
            contributors_key: folder.join("contributors.key"),
        }
    }
}

/// Why nothing was recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum LedgerError {
    /// The chain or the anchor does not hold: see the operator's log.
    #[error("the ledger is quarantined")]
    Quarantined,
    /// The order's id stands in the ledger with another order's digest.
    #[error("the order's identity was used for another order")]
    Replayed,
    /// The disk, or SQLite. INVARIANT: after this the connection is not used again; a restart verifies what is there.
    #[error("the ledger cannot be written or read")]
    Storage,
    /// The release could not be made, or is not what was recorded.
    #[error("the release cannot be made")]
    Release,
}

/// What the ledger knows of an order.
#[derive(Debug)]
pub(crate) enum Known {
    /// Nothing.
    No,
    /// Its release.
    Same(Release),
}

/// Who asks what, for ledger and audit. None of it comes from data.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub order: OrderId,
    pub order_digest: Digest,
    pub template: Digest,
    pub analyst: AnalystName,
    pub purpose: String,
    pub received_at: DateTime<Utc>,
    /// What the decision is about, filled in as it becomes known.
    pub context: Context,
}

/// What makes two orders the same question of the same data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AnswerKey {
    pub fingerprint: Digest,
    pub snapshot: SnapshotId,
}

/// The place that the next release takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// Counted from 1.
    pub sequence: u64,
    /// The head of the chain before it.
    pub previous_head: Digest,
}

/// Makes the signed release for a place; given the stored release of the same key where there is one.
pub(crate) type Make = Box<dyn FnOnce(Place, Option<&[u8]>) -> Option<Unrecorded> + Send>;

/// A release to be recorded.
pub(crate) struct Entry {
    pub asked: Asked,
    pub key: AnswerKey,
    pub made_at: DateTime<Utc>,
    /// The look-ups that were read, by name and version.
    pub lookups: Vec<(String, u64)>,
    /// The sealed contributors; `None` where the figures come from an earlier release.
    pub contributors: Option<Vec<u8>>,
    /// What the release was made under, kept beside it.
    pub documents: Vec<Kept>,
    /// The newest release that fresh figures were compared with: any newer one makes the comparison worth nothing.
    pub after: u64,
    pub make: Make,
}

/// A ledger, reached through its thread.
#[derive(Clone)]
pub(crate) struct Ledger {
    commands: SyncSender<Command>,
}

type Command = Box<dyn FnOnce(&mut Store) + Send>;

impl Ledger {
    /// Opens the ledger and verifies all of it. A ledger that does not hold is opened quarantined.
    pub(crate) fn open(
        files: &Files,
        provider: &ProviderCode,
        own: PublicKey,
        steps: Arc<dyn Steps>,
    ) -> Result<Self, LedgerOpenError> {
        let mut store = Store::open(files, provider, own, steps)?;
        let (commands, queue) = sync_channel::<Command>(WAITING);
        std::thread::Builder::new()
            .name(format!("ledger {provider}"))
            .stack_size(STACK_BYTES)
            .spawn(move || {
                while let Ok(command) = queue.recv() {
                    command(&mut store);
                }
            })
            .map_err(|source| LedgerOpenError::Thread { source })?;
        Ok(Self { commands })
    }

    /// Makes a new ledger; fails where there is one already.
    pub(crate) fn create(files: &Files, provider: &ProviderCode, now: DateTime<Utc>) -> Result<(), LedgerOpenError> {
        store::create(files, provider, now)
    }

    /// What is known of an order.
    pub(crate) async fn known(&self, order: OrderId, digest: Digest) -> Result<Known, LedgerError> {
        self.run(move |store| store.known(&order, &digest)).await
    }

    /// The stored release of the same question of the same data.
    pub(crate) async fn prior(&self, key: AnswerKey) -> Result<Option<Vec<u8>>, LedgerError> {
        self.run(move |store| store.prior(&key)).await
    }

    /// The highest version of a look-up that was ever read; nought where none was.
    pub(crate) async fn lookup_version(&self, name: String) -> Result<u64, LedgerError> {
        self.run(move |store| store.lookup_version(&name)).await
    }

    /// The latest time that the ledger has seen.
    pub(crate) async fn last_known_time(&self) -> Result<DateTime<Utc>, LedgerError> {
        self.run(|store| store.last_known_time()).await
    }

    /// The next few releases after a place that have contributors of their own, sealed.
    pub(crate) async fn sealed_after(&self, sequence: u64) -> Result<Vec<Sealed>, LedgerError> {
        self.run(move |store| store.sealed_after(sequence)).await
    }

    /// The sealed contributors of one release.
    pub(crate) async fn sealed(&self, sequence: u64) -> Result<Option<Sealed>, LedgerError> {
        self.run(move |store| store.sealed(sequence)).await
    }

    /// Stops every release until the next start: what is in the ledger cannot be compared with.
    pub(crate) async fn incomparable(&self, what: &'static str) {
        let quarantined = move |store: &mut Store| {
            store.incomparable(what);
            Ok(())
        };
        if self.run(quarantined).await.is_err() {
            tracing::error!("a ledger that should be quarantined has stopped: nothing is released either way");
        }
    }

    /// Commits a release and reads it back.
    pub(crate) async fn record(&self, entry: Entry) -> Result<Release, LedgerError> {
        self.run(move |store| store.record(entry)).await
    }

    /// Commits a refusal with its real reason. Nothing is known of an order that could not be verified.
    pub(crate) async fn refused(
        &self,
        order: OrderId,
        asked: Option<Asked>,
        reason: Reason,
        at: DateTime<Utc>,
    ) -> Result<(), LedgerError> {
        self.run(move |store| store.refused(&order, asked.as_ref(), reason, at)).await
    }

    /// Whether the ledger holds a release that another has seen; it is quarantined where not.
    pub(crate) async fn holds(&self, known: KnownRelease, at: DateTime<Utc>) -> Result<(), LedgerError> {
        self.run(move |store| store.holds(&known, at.timestamp())).await
    }

    /// Quarantines the ledger, and notes why.
    pub(crate) async fn quarantine(&self, why: String, at: DateTime<Utc>) -> LedgerError {
        let quarantined = self.run(move |store| Err::<(), _>(store.quarantine(why, at.timestamp()))).await;
        quarantined.err().unwrap_or(LedgerError::Quarantined)
    }

    /// What the ledger's events say of governance.
    pub(crate) async fn standing(&self) -> Result<Standing, LedgerError> {
        self.run(|store| Ok(store.standing.clone())).await
    }

    /// [`Self::standing`] from where waiting is allowed.
    pub(crate) fn standing_now(&self) -> Option<Standing> {
        self.run_now(|store| store.standing.clone())
    }

    /// [`Self::document`] from where waiting is allowed.
    pub(crate) fn document_now(&self, envelope: Digest) -> Option<Vec<u8>> {
        self.run_now(move |store| store.document(&envelope).ok().flatten()).flatten()
    }

    /// Follows a rebaseline. Waits.
    pub(crate) fn leap(&self, leap: Leap, at: DateTime<Utc>) -> Result<(), LeapError> {
        self.run_now(move |store| store.leap(&leap, at.timestamp())).unwrap_or(Err(LeapError::Storage))
    }

    /// How long the audit is, for a checkpoint.
    pub(crate) async fn length(&self) -> Result<Length, LedgerError> {
        self.run(Store::length).await
    }

    /// Whether the audit held that many entries and ended in `head` then, in this epoch.
    pub(crate) async fn holds_checkpoint(&self, epoch: String, size: u64, head: Digest) -> Result<bool, LedgerError> {
        self.run(move |store| store.holds_checkpoint(&epoch, size, &head)).await
    }

    fn run_now<T: Send + 'static>(&self, command: impl FnOnce(&mut Store) -> T + Send + 'static) -> Option<T> {
        let (reply, answer) = sync_channel(1);
        self.commands.send(Box::new(move |store| drop(reply.send(command(store))))).ok()?;
        answer.recv().ok()
    }

    /// The kept envelope with this digest.
    pub(crate) async fn document(&self, envelope: Digest) -> Result<Option<Vec<u8>>, LedgerError> {
        self.run(move |store| store.document(&envelope)).await
    }

    /// Keeps documents and notes events, all of them or none.
    pub(crate) async fn note(
        &self,
        documents: Vec<Kept>,
        events: Vec<Event>,
        at: DateTime<Utc>,
    ) -> Result<(), LedgerError> {
        self.run(move |store| store.note(&documents, &events, at.timestamp())).await
    }

    async fn run<T: Send + 'static>(
        &self,
        command: impl FnOnce(&mut Store) -> Result<T, LedgerError> + Send + 'static,
    ) -> Result<T, LedgerError> {
        let (reply, answer) = oneshot::channel();
        let command: Command = Box::new(move |store| drop(reply.send(command(store))));
        let commands = self.commands.clone();
        // The queue is rarely full; where it is, waiting must not hold up a thread of the runtime.
        match commands.try_send(command) {
            Ok(()) => {}
            Err(std::sync::mpsc::TrySendError::Disconnected(_)) => return Err(LedgerError::Storage),
            Err(std::sync::mpsc::TrySendError::Full(command)) => {
                let sent = tokio::task::spawn_blocking(move || commands.send(command)).await;
                if !matches!(sent, Ok(Ok(()))) {
                    return Err(LedgerError::Storage);
                }
            }
        }
        answer.await.map_err(|_| LedgerError::Storage)?
    }
}

#[cfg(test)]
mod tests;
