//! The ledger's one connection, used by its one thread.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use ring::rand::{SecureRandom as _, SystemRandom};
use rusqlite::{Connection, OptionalExtension as _, TransactionBehavior, params};
use template::{Digest, PublicKey};
use wire::{OrderId, ProviderCode, RecordedError, Release};

use super::anchor::{Anchor, AnchorFile, epoch_text};
use super::audit::AuditRow;
use super::chain::{Chain, Link};
use super::cipher::Cipher;
use super::rows::{ReleaseRow, id_bytes};
use super::walk::{Standing, Unseen, walk};
use super::{AnswerKey, Asked, Entry, Files, Known, LedgerError, Place, schema};
use crate::policy::Reason;
use crate::steps::{Step, Steps};

/// Why a ledger cannot be opened at all.
#[derive(Debug, thiserror::Error)]
pub enum LedgerOpenError {
    /// There is none.
    #[error(
        "there is no ledger at {path}; for a new provider run `tallyward-node init`. If this provider has answered \
         before, restore its ledger instead: what was released must be remembered"
    )]
    Absent {
        /// Where one was looked for.
        path: PathBuf,
    },
    /// There is one already.
    #[error("there is a ledger at {path} already")]
    Present {
        /// Where.
        path: PathBuf,
    },
    /// SQLite cannot open it, or another process has it open.
    #[error("{path} cannot be opened; see that no other process serves this provider, and that the disk is not full")]
    Database {
        /// Where.
        path: PathBuf,
        /// The cause.
        #[source]
        source: rusqlite::Error,
    },
    /// It is another provider's.
    #[error("{path} is the ledger of another provider or of another version")]
    Foreign {
        /// Where.
        path: PathBuf,
    },
    /// A file beside it.
    #[error("{path} cannot be read or written")]
    File {
        /// Where.
        path: PathBuf,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// The operating system gave no thread.
    #[error("the operating system gave no thread for a ledger")]
    Thread {
        /// The cause.
        #[source]
        source: io::Error,
    },
}

pub(crate) struct Store {
    pub(super) connection: Connection,
    anchor: AnchorFile,
    pub(super) epoch: Vec<u8>,
    pub(super) provider: String,
    pub(super) own: PublicKey,
    steps: Arc<dyn Steps>,
    // INVARIANT: the links of what is committed.
    pub(super) releases: Link,
    pub(super) audit: Link,
    pub(super) last_known: i64,
    pub(super) standing: Standing,
    /// Whether every row follows from the one before, whatever the anchor says.
    pub(super) follows: bool,
    pub(super) state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Ready,
    Quarantined,
    Stopped,
}

/// Makes an empty ledger, its anchor and its key.
pub(super) fn create(files: &Files, provider: &ProviderCode, now: DateTime<Utc>) -> Result<(), LedgerOpenError> {
    let file = |path: &PathBuf| {
        let path = path.clone();
        move |source| LedgerOpenError::File { path, source }
    };
    if files.database.exists() {
        return Err(LedgerOpenError::Present { path: files.database.clone() });
    }
    if let Some(folder) = files.database.parent() {
        std::fs::create_dir_all(folder).map_err(file(&files.database))?;
    }
    if !files.contributors_key.exists() {
        Cipher::create(&files.contributors_key).map_err(file(&files.contributors_key))?;
    }
    let mut epoch = [0; 16];
    let randomness = |_| io::Error::other("the operating system gave no randomness");
    SystemRandom::new().fill(&mut epoch).map_err(randomness).map_err(file(&files.database))?;
    let database = |source| LedgerOpenError::Database { path: files.database.clone(), source };
    let mut connection = schema::open(&files.database).map_err(database)?;
    let genesis = |chain: Chain| chain.genesis(&epoch, provider.as_str());
    let anchor = Anchor { epoch: epoch_text(&epoch), release: genesis(Chain::Release), audit: genesis(Chain::Audit) };
    // The anchor first: a ledger without one would be quarantined, an anchor without a ledger is overwritten.
    AnchorFile::at(&files.anchor).write(&anchor).map_err(file(&files.anchor))?;
    let made = || -> rusqlite::Result<()> {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        schema::create(&transaction)?;
        transaction.execute(
            "insert into ledger (id, version, provider, epoch, created_at) values (1, ?1, ?2, ?3, ?4)",
            params![schema::VERSION, provider.as_str(), epoch.as_slice(), now.timestamp()],
        )?;
        transaction.commit()
    };
    let mut made = made;
    made().map_err(database)
}

impl Store {
    pub(super) fn open(
        files: &Files,
        provider: &ProviderCode,
        own: PublicKey,
        steps: Arc<dyn Steps>,
    ) -> Result<Self, LedgerOpenError> {
        if !files.database.exists() {
            return Err(LedgerOpenError::Absent { path: files.database.clone() });
        }
        let database = |source| LedgerOpenError::Database { path: files.database.clone(), source };
        let foreign = || LedgerOpenError::Foreign { path: files.database.clone() };
        let connection = schema::open(&files.database).map_err(database)?;
        let found: Option<(i64, String, Vec<u8>)> = connection
            .query_row("select version, provider, epoch from ledger", [], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?))
            })
            .optional()
            .map_err(database)?;
        let (version, found, epoch) = found.ok_or_else(foreign)?;
        if version != schema::VERSION || found != provider.as_str() {
            return Err(foreign());
        }
        let genesis = |chain: Chain| chain.genesis(&epoch, provider.as_str());
        let mut store = Self {
            releases: genesis(Chain::Release),
            audit: genesis(Chain::Audit),
            anchor: AnchorFile::at(&files.anchor),
            connection,
            epoch,
            provider: provider.as_str().to_owned(),
            own,
            steps,
            last_known: 0,
            standing: Standing::default(),
            follows: false,
            state: State::Ready,
        };
        store.verify(files).map_err(|source| LedgerOpenError::File { path: files.anchor.clone(), source })?;
        Ok(store)
    }

    /// Verifies both chains and the anchor, and catches the anchor up where a crash left it one transaction behind.
    fn verify(&mut self, files: &Files) -> io::Result<()> {
        let anchor = self.anchor.read()?;
        let broken = match walk(&self.connection, &self.epoch, &self.provider, anchor.as_ref(), &mut Unseen) {
            Ok(Ok(walked)) => {
                (self.releases, self.audit, self.last_known) = (walked.releases, walked.audit, walked.last_known);
                (self.standing, self.follows) = (walked.standing, true);
                if walked.quarantined {
                    self.state = State::Quarantined;
                    tracing::error!(
                        ledger = %files.database.display(),
                        "LEDGER QUARANTINED: it was found to be an older copy of itself. Nothing more is released \
                         until the governance office signs a rebaseline: see `tallyward-node rebaseline`"
                    );
                }
                return self.write_anchor();
            }
            Ok(Err(broken)) => {
                if let Some(walked) = broken.follows {
                    (self.releases, self.audit, self.last_known) = (walked.releases, walked.audit, walked.last_known);
                    (self.standing, self.follows) = (walked.standing, true);
                }
                broken.link.to_string()
            }
            Err(_) => "its rows cannot be read".to_owned(),
        };
        tracing::error!(
            ledger = %files.database.display(),
            "LEDGER QUARANTINED: {broken}. Nothing more is released. Keep the files, find out who changed or restored \
             them, and restore the newest copy of ledger and anchor together"
        );
        self.state = State::Quarantined;
        Ok(())
    }

    fn write_anchor(&self) -> io::Result<()> {
        let epoch = epoch_text(&self.epoch);
        self.anchor.write(&Anchor { epoch, release: self.releases, audit: self.audit })
    }

    pub(super) const fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Nothing more is released until a restart finds mended what made the record incomparable.
    pub(super) fn incomparable(&mut self, what: &str) {
        tracing::error!(
            "LEDGER QUARANTINED: {what}. Nothing more is released. Restore the newest copy of ledger, anchor, \
             contributors.key and numbers.sealed together, then restart"
        );
        self.state = State::Quarantined;
    }

    pub(super) fn ready(&self) -> Result<(), LedgerError> {
        match self.state {
            State::Ready => Ok(()),
            State::Quarantined => Err(LedgerError::Quarantined),
            State::Stopped => Err(LedgerError::Storage),
        }
    }

    pub(super) fn known(&mut self, order: &OrderId, digest: &Digest) -> Result<Known, LedgerError> {
        self.ready()?;
        match stored_digest(&self.connection, order).map_err(|_| LedgerError::Storage)? {
            None => Ok(Known::No),
            Some(stored) if stored != digest.bytes() => Err(LedgerError::Replayed),
            Some(_) => self.release(order).map(Known::Same),
        }
    }

    pub(super) fn prior(&mut self, key: &AnswerKey) -> Result<Option<Vec<u8>>, LedgerError> {
        self.ready()?;
        prior(&self.connection, key).map_err(|_| LedgerError::Storage)
    }

    pub(super) fn lookup_version(&mut self, name: &str) -> Result<u64, LedgerError> {
        self.ready()?;
        self.connection
            .query_row("select coalesce(max(version), 0) from lookup_version where name = ?1", [name], |row| {
                row.get::<_, i64>(0)
            })
            .map(|version| u64::try_from(version).unwrap_or(0))
            .map_err(|_| LedgerError::Storage)
    }

    pub(super) fn last_known_time(&mut self) -> Result<DateTime<Utc>, LedgerError> {
        self.ready()?;
        DateTime::from_timestamp(self.last_known, 0).ok_or(LedgerError::Storage)
    }

    /// Commits a release, anchors it, and reads it back. The one road to a [`Release`].
    pub(super) fn record(&mut self, entry: Entry) -> Result<Release, LedgerError> {
        self.ready()?;
        let order = entry.asked.order;
        let step = Arc::clone(&self.steps);
        match self.insert(entry) {
            Ok(None) => return self.release(&order),
            Ok(Some((releases, audit, at))) => {
                step.at(Step::AfterCommit);
                (self.releases, self.audit) = (releases, audit);
                self.last_known = self.last_known.max(at);
            }
            Err(LedgerError::Storage) => return Err(self.stop("a release could not be committed")),
            Err(error) => return Err(error),
        }
        self.anchored()?;
        step.at(Step::Anchored);
        self.release(&order)
    }

    /// Inserts and commits; `None` where the order is there already.
    fn insert(&mut self, entry: Entry) -> Result<Option<(Link, Link, i64)>, LedgerError> {
        let storage = |_: rusqlite::Error| LedgerError::Storage;
        let Entry { asked, key, made_at, lookups, contributors, documents, after, make } = entry;
        let (releases, audit) = (self.releases, self.audit);
        let last_known = self.last_known;
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(storage)?;
        // Asked again inside the transaction: another order of the same question may have come in between.
        match stored_digest(&transaction, &asked.order).map_err(storage)? {
            Some(stored) if stored == asked.order_digest.bytes() => return Ok(None),
            Some(_) => return Err(LedgerError::Replayed),
            None => {}
        }
        let prior = prior(&transaction, &key).map_err(storage)?;
        let sequence = releases.n + 1;
        let place = Place {
            sequence: u64::try_from(sequence).map_err(|_| LedgerError::Storage)?,
            previous_head: releases.head,
        };
        let unrecorded = make(place, prior.as_deref()).ok_or(LedgerError::Release)?;
        if unrecorded.order() != asked.order {
            return Err(LedgerError::Release);
        }
        let contributors = contributors.filter(|_| prior.is_none());
        // INVARIANT: fresh figures were compared with everything that is recorded.
        if contributors.is_some() && newest_sealed(&transaction).map_err(storage)? != after {
            return Err(LedgerError::Release);
        }
        let mut row = ReleaseRow {
            sequence,
            order_id: id_bytes(&asked.order),
            order_sha256: asked.order_digest.bytes().to_vec(),
            fingerprint: key.fingerprint.bytes().to_vec(),
            snapshot: key.snapshot.to_string(),
            template_sha256: asked.template.bytes().to_vec(),
            analyst: asked.analyst.to_string(),
            purpose: asked.purpose.clone(),
            made_at: made_at.timestamp(),
            bytes: unrecorded.bytes().to_vec(),
            contributors_sha256: contributors.as_ref().map(|sealed| Digest::of(sealed).bytes().to_vec()),
            previous_head: releases.head.bytes().to_vec(),
            head: Vec::new(),
        };
        let releases = row.link(&releases);
        row.head = releases.head.bytes().to_vec();
        row.insert(&transaction).map_err(storage)?;
        if let Some(sealed) = contributors {
            transaction
                .execute("insert into contributors (sequence, sealed) values (?1, ?2)", params![row.sequence, sealed])
                .map_err(storage)?;
        }
        for (name, version) in lookups {
            let version = i64::try_from(version).map_err(|_| LedgerError::Storage)?;
            transaction
                .execute("insert or ignore into lookup_version (name, version) values (?1, ?2)", params![name, version])
                .map_err(storage)?;
        }
        let at = made_at.timestamp().max(last_known);
        for document in documents {
            document.insert(&transaction, at).map_err(storage)?;
        }
        let mut decision = AuditRow::of(&asked.order, Some(&asked), at);
        let audit = decision.received(asked.received_at.timestamp()).insert(&transaction, &audit).map_err(storage)?;
        decision.kind = "released".to_owned();
        decision.release_sequence = Some(row.sequence);
        decision.release_head = Some(row.head.clone());
        let audit = decision.insert(&transaction, &audit).map_err(storage)?;
        self.steps.at(Step::BeforeCommit);
        transaction.commit().map_err(storage)?;
        Ok(Some((releases, audit, at)))
    }

    /// Commits a refusal.
    pub(super) fn refused(
        &mut self,
        order: &OrderId,
        asked: Option<&Asked>,
        reason: Reason,
        at: DateTime<Utc>,
    ) -> Result<(), LedgerError> {
        self.ready()?;
        let at = at.timestamp().max(self.last_known);
        let last = self.audit;
        let connection = &mut self.connection;
        let insert = || -> rusqlite::Result<Link> {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let mut decision = AuditRow::of(order, asked, at);
            let received_at = asked.map_or(at, |asked| asked.received_at.timestamp());
            let link = decision.received(received_at).insert(&transaction, &last)?;
            decision.kind = "refused".to_owned();
            decision.reason = Some(reason.code().to_owned());
            let link = decision.insert(&transaction, &link)?;
            transaction.commit()?;
            Ok(link)
        };
        let mut insert = insert;
        match insert() {
            Ok(link) => self.audit = link,
            Err(_) => return Err(self.stop("a refusal could not be committed")),
        }
        self.last_known = at;
        self.anchored()
    }

    pub(super) fn anchored(&mut self) -> Result<(), LedgerError> {
        self.write_anchor().map_err(|_| self.stop("the anchor could not be written"))
    }

    /// INVARIANT: after a failed commit nothing is tried again on this connection; what is on the disk is found out by
    /// verifying at the next start.
    pub(super) fn stop(&mut self, what: &str) -> LedgerError {
        tracing::error!(
            "LEDGER STOPPED: {what}. Nothing more is released. See that the disk is not full and is sound, then restart"
        );
        self.state = State::Stopped;
        LedgerError::Storage
    }

    /// Lets the database grow no further, as a full disk would.
    #[cfg(test)]
    pub(super) fn fill(&self) {
        let pages: i64 = self.connection.pragma_query_value(None, "page_count", |row| row.get(0)).unwrap();
        self.connection.pragma_update(None, "max_page_count", pages + 2).unwrap();
    }

    fn release(&self, order: &OrderId) -> Result<Release, LedgerError> {
        match Release::recorded(self, order, &self.own) {
            Ok(Some(release)) => Ok(release),
            Ok(None) | Err(RecordedError::NotOurs) => Err(LedgerError::Release),
            Err(RecordedError::Ledger(_)) => Err(LedgerError::Storage),
        }
    }
}

impl wire::Ledger for Store {
    type Error = rusqlite::Error;

    fn recorded(&self, order: &OrderId) -> Result<Option<Vec<u8>>, Self::Error> {
        self.connection
            .prepare_cached("select bytes from release where order_id = ?1")?
            .query_row([id_bytes(order)], |row| row.get(0))
            .optional()
    }
}

fn stored_digest(connection: &Connection, order: &OrderId) -> rusqlite::Result<Option<Vec<u8>>> {
    connection
        .prepare_cached("select order_sha256 from release where order_id = ?1")?
        .query_row([id_bytes(order)], |row| row.get(0))
        .optional()
}

fn newest_sealed(connection: &Connection) -> rusqlite::Result<u64> {
    connection.prepare_cached("select coalesce(max(sequence), 0) from contributors")?.query_row([], |row| row.get(0))
}

fn prior(connection: &Connection, key: &AnswerKey) -> rusqlite::Result<Option<Vec<u8>>> {
    connection
        .prepare_cached("select bytes from release where fingerprint = ?1 and snapshot = ?2 order by sequence limit 1")?
        .query_row(params![key.fingerprint.bytes().as_slice(), key.snapshot.to_string()], |row| row.get(0))
        .optional()
}
