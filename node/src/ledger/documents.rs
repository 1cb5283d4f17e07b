//! Signed documents that the ledger keeps beside its releases, each under the digest of its exact bytes.

use rusqlite::{OptionalExtension as _, Transaction, TransactionBehavior, params};
use template::Digest;

use super::audit::AuditRow;
use super::event::Event;
use super::store::Store;
use super::{LedgerError, chain};

/// The documents' table.
pub(super) const TABLE: &str = "
create table document (
    envelope_sha256 blob primary key,
    payload_sha256 blob not null,
    kind text not null,
    bytes blob not null,
    kept_at integer not null
) strict;
create index document_by_payload on document (payload_sha256);
";

/// The most events that are noted at once, with the documents that they are about.
pub(super) const EVENTS_MAX: usize = 1100;

/// What a kept document is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Acceptance,
    Agreements,
    Catalogue,
    Checkpoint,
    Enrolment,
    Lookup,
    Rebaseline,
    Request,
    Root,
    Template,
    Withdrawal,
}

impl Kind {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Acceptance => "acceptance",
            Self::Agreements => "agreements",
            Self::Catalogue => "catalogue",
            Self::Checkpoint => "checkpoint",
            Self::Enrolment => "enrolment",
            Self::Lookup => "lookup",
            Self::Rebaseline => "rebaseline",
            Self::Request => "request",
            Self::Root => "root",
            Self::Template => "template",
            Self::Withdrawal => "withdrawal",
        }
    }
}

/// A document to be kept.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    pub kind: Kind,
    /// The digest of what was signed.
    pub payload: Digest,
    /// The envelope, exact bytes.
    pub envelope: Vec<u8>,
}

impl Kept {
    pub(super) fn insert(&self, transaction: &Transaction<'_>, at: i64) -> rusqlite::Result<usize> {
        transaction
            .prepare_cached(
                "insert or ignore into document (envelope_sha256, payload_sha256, kind, bytes, kept_at) \
                 values (?1, ?2, ?3, ?4, ?5)",
            )?
            .execute(params![
                Digest::of(&self.envelope).bytes().as_slice(),
                self.payload.bytes().as_slice(),
                self.kind.word(),
                self.envelope,
                at
            ])
    }
}

impl Store {
    /// The envelope with this digest, whatever state the ledger is in: it is read by its own digest.
    pub(crate) fn document(&mut self, envelope: &Digest) -> Result<Option<Vec<u8>>, LedgerError> {
        let found: Option<Vec<u8>> = self
            .connection
            .prepare_cached("select bytes from document where envelope_sha256 = ?1")
            .and_then(|mut found| found.query_row([envelope.bytes().as_slice()], |row| row.get(0)).optional())
            .map_err(|_| LedgerError::Storage)?;
        // A changed document is one that is not there.
        Ok(found.filter(|bytes| Digest::of(bytes) == *envelope))
    }

    /// Keeps documents and notes events, all of them or none: a crash in between leaves what was there before.
    pub(crate) fn note(&mut self, documents: &[Kept], events: &[Event], at: i64) -> Result<(), LedgerError> {
        self.ready()?;
        self.note_whatever_state(documents, events, at)
    }

    pub(super) fn note_whatever_state(
        &mut self,
        documents: &[Kept],
        events: &[Event],
        at: i64,
    ) -> Result<(), LedgerError> {
        let at = at.max(self.last_known);
        let mut audit = self.audit;
        let events = events.get(..events.len().min(EVENTS_MAX)).unwrap_or_default();
        let mut insert = |connection: &mut rusqlite::Connection| -> rusqlite::Result<chain::Link> {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            for document in documents {
                document.insert(&transaction, at)?;
            }
            for event in events {
                audit = AuditRow::noted(event.word(), &event.written(), at).insert(&transaction, &audit)?;
            }
            transaction.commit()?;
            Ok(audit)
        };
        match insert(&mut self.connection) {
            Ok(audit) => {
                let first = self.audit.n + 1;
                for (n, event) in (first..).zip(events) {
                    self.standing.learn(event, n);
                }
                self.audit = audit;
            }
            Err(_) => return Err(self.stop("an event could not be committed")),
        }
        self.last_known = at;
        self.anchored()
    }
}
