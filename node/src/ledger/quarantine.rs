//! What others have seen of this ledger must be in it. A ledger that was restored together with its anchor holds together
//! and lacks it; then nothing more is released until the governance office signs a rebaseline.

use rusqlite::OptionalExtension as _;
use template::Digest;
use wire::KnownRelease;

use super::LedgerError;
use super::chain::Link;
use super::documents::{Kept, Kind};
use super::event::Event;
use super::store::{State, Store};

/// Why a rebaseline is not followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LeapError {
    /// Nothing is wrong.
    #[error("the ledger is in service; nothing is to be put right")]
    InService,
    /// The rows themselves do not hold.
    #[error("the ledger's rows do not form a chain: restore the newest copy whose `audit verify` names no broken link")]
    Broken,
    /// It would use a place again.
    #[error(
        "the rebaseline goes on after release {after}, and the ledger holds {held}; ask for one that leaves none out"
    )]
    Behind {
        /// Where it goes on.
        after: u64,
        /// What the ledger holds.
        held: u64,
    },
    /// It is not new.
    #[error("the rebaseline's epoch is the ledger's own; ask for one with a new epoch")]
    Epoch,
    /// The disk, or SQLite.
    #[error("the ledger cannot be written")]
    Storage,
}

/// How long a ledger's audit is.
pub(crate) struct Length {
    /// The epoch, 32 hexadecimal digits.
    pub epoch: String,
    /// Decisions and events.
    pub decisions: u64,
    /// The head after the last.
    pub head: Digest,
    /// Whether it has grown by more than checkpoints since the last.
    pub grown: bool,
}

/// A verified rebaseline.
pub(crate) struct Leap {
    /// The last release that others have seen.
    pub after: u64,
    /// The new epoch.
    pub epoch: String,
    /// The digest of what was signed.
    pub payload: Digest,
    /// The envelope.
    pub envelope: Vec<u8>,
}

impl Leap {
    /// The head from which the chain of releases goes on.
    fn head(&self) -> Digest {
        Digest::of_fields(&[b"tallyward-rebaseline-v1", self.payload.bytes()])
    }
}

impl Store {
    /// Whether the ledger holds a release that another has seen signed by this provider; it is quarantined where not.
    pub(crate) fn holds(&mut self, known: &KnownRelease, at: i64) -> Result<(), LedgerError> {
        self.ready()?;
        let place = i64::try_from(known.sequence).unwrap_or(i64::MAX);
        let found: Option<(Vec<u8>, Vec<u8>)> = self
            .connection
            .prepare_cached("select previous_head, bytes from release where sequence = ?1")
            .and_then(|mut row| row.query_row([place], |row| Ok((row.get(0)?, row.get(1)?))).optional())
            .map_err(|_| LedgerError::Storage)?;
        match found {
            Some((head, bytes)) if head == known.previous_head.bytes() && Digest::of(&bytes) == known.release => Ok(()),
            // What was lost is spent.
            None if known.sequence <= self.standing.spent => Ok(()),
            found => {
                let has = if found.is_some() { "another release" } else { "nothing" };
                let why = format!(
                    "the coordinator has release {} ({}) of this provider; the ledger, which has {} releases, holds {has} \
                     in its place",
                    known.sequence, known.release, self.releases.n
                );
                Err(self.quarantine(why, at))
            }
        }
    }

    /// Lets nothing more leave, and notes why.
    pub(crate) fn quarantine(&mut self, why: String, at: i64) -> LedgerError {
        tracing::error!(
            provider = %self.provider,
            "LEDGER QUARANTINED: {why}. Nothing more is released until the governance office signs a rebaseline: see \
             `tallyward-node rebaseline`"
        );
        let noted = self.note_whatever_state(&[], &[Event::Quarantined { why }], at);
        // INVARIANT: in quarantine whether or not that could be noted; a restart meets what others have seen again.
        if noted.is_ok() {
            self.state = State::Quarantined;
        }
        LedgerError::Quarantined
    }

    /// Goes on after what was lost, by leave of the governance office.
    pub(crate) fn leap(&mut self, leap: &Leap, at: i64) -> Result<(), LeapError> {
        let sha256 = Digest::of(&leap.envelope);
        if self.followed(&sha256)? {
            self.state = State::Ready;
            return self.anchored().map_err(|_| LeapError::Storage);
        }
        match self.state {
            State::Ready => return Err(LeapError::InService),
            State::Quarantined if self.follows => {}
            State::Quarantined | State::Stopped => return Err(LeapError::Broken),
        }
        let held = u64::try_from(self.releases.n).unwrap_or(0);
        if leap.after < held {
            return Err(LeapError::Behind { after: leap.after, held });
        }
        if leap.epoch == self.epoch_now() {
            return Err(LeapError::Epoch);
        }
        let n = i64::try_from(leap.after).map_err(|_| LeapError::Behind { after: leap.after, held })?;
        let event =
            Event::Rebaselined { from: held, after: leap.after, head: leap.head(), epoch: leap.epoch.clone(), sha256 };
        let document = Kept { kind: Kind::Rebaseline, payload: leap.payload, envelope: leap.envelope.clone() };
        self.releases = Link { n, head: leap.head() };
        self.note_whatever_state(&[document], &[event], at).map_err(|_| LeapError::Storage)?;
        self.state = State::Ready;
        Ok(())
    }

    /// How long the audit is, for a checkpoint.
    pub(crate) fn length(&mut self) -> Result<Length, LedgerError> {
        self.ready()?;
        Ok(Length {
            epoch: self.epoch_now(),
            decisions: u64::try_from(self.audit.n).unwrap_or(0),
            head: self.audit.head,
            grown: self.audit.n > self.standing.checkpointed,
        })
    }

    /// Whether the audit held that many entries and ended in `head` then, in this epoch.
    pub(crate) fn holds_checkpoint(&mut self, epoch: &str, size: u64, head: &Digest) -> Result<bool, LedgerError> {
        self.ready()?;
        let n = i64::try_from(size).unwrap_or(i64::MAX);
        let found: Option<Vec<u8>> = self
            .connection
            .query_row("select head from audit where n = ?1", [n], |row| row.get(0))
            .optional()
            .map_err(|_| LedgerError::Storage)?;
        Ok(epoch == self.epoch_now() && found.as_deref() == Some(head.bytes().as_slice()))
    }

    /// The epoch that checkpoints name.
    pub(crate) fn epoch_now(&self) -> String {
        self.standing.epoch.clone().unwrap_or_else(|| template::encode_hex(&self.epoch))
    }

    /// Whether the last row of the audit is this very rebaseline: a crash came before the anchor knew of it.
    fn followed(&self, sha256: &Digest) -> Result<bool, LeapError> {
        let last: Option<Option<String>> = self
            .connection
            .query_row(
                "select context from audit where reason = 'rebaselined' and n = (select max(n) from audit)",
                [],
                |row| row.get(0),
            )
            .optional()
            .map_err(|_| LeapError::Storage)?;
        let event = last.flatten().as_deref().and_then(Event::read);
        Ok(self.follows && matches!(event, Some(Event::Rebaselined { sha256: noted, .. }) if noted == *sha256))
    }
}
