//! The log of everything that the coordinator decides: append-only, each entry's hash over the one before it.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension as _, Row, params};
use template::Digest;

use crate::store::StoreError;

/// What begins every hash of the log, so that no other hash passes for one of it.
const NAME: &[u8] = b"tallyward-coordinator-audit-v1";

/// What was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AuditKind {
    /// An answer was made.
    Answered,
    /// A question was taken.
    Asked,
    /// A checkpoint or a release contradicts what was known.
    Conflict,
    /// A trust root, look-up, enrolment, list of agreements, withdrawal, review, proposal, signature or rebaseline came.
    Governed,
    /// An order was made.
    Ordered,
    /// A catalogue was issued.
    Published,
    /// A release or a refusal came and was kept.
    Received,
    /// Something came that was not taken.
    Refused,
}

impl AuditKind {
    /// Every kind.
    pub const ALL: [Self; 8] = [
        Self::Answered,
        Self::Asked,
        Self::Conflict,
        Self::Governed,
        Self::Ordered,
        Self::Published,
        Self::Received,
        Self::Refused,
    ];

    /// The word that is kept and exported.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Asked => "asked",
            Self::Conflict => "conflict",
            Self::Governed => "governed",
            Self::Ordered => "ordered",
            Self::Published => "published",
            Self::Received => "received",
            Self::Refused => "refused",
        }
    }
}

/// What is noted of a decision. It never holds a figure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditNote {
    /// What was decided.
    pub kind: AuditKind,
    /// What it is about: a run, an order, a template, a log.
    pub subject: String,
    /// Who did it, or whom it concerns.
    pub who: String,
    /// The digest of the exact bytes that it is about.
    pub digest: Digest,
    /// In plain words.
    pub detail: String,
}

/// An entry of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// Its place, counted from 1.
    pub n: u64,
    /// When it was written, whole seconds.
    pub at: DateTime<Utc>,
    /// What it says.
    pub note: AuditNote,
    /// The hash of the entry before it.
    pub previous_head: Digest,
    /// Its own hash.
    pub head: Digest,
}

/// The end of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogEnd {
    /// How many entries it has.
    pub size: u64,
    /// The hash of the last.
    pub head: Digest,
}

/// Where a log does not hang together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("entry {0} of the log does not follow from the one before it: it was altered, removed or put elsewhere")]
pub struct BrokenChain(pub u64);

impl LogEnd {
    /// An empty log.
    #[must_use]
    pub fn empty() -> Self {
        Self { size: 0, head: Digest::of_fields(&[NAME, b"empty"]) }
    }

    /// The end after one more entry: `SHA-256(name ‖ place ‖ previous head ‖ fields)`, each length-prefixed.
    #[must_use]
    pub fn after(&self, at: DateTime<Utc>, note: &AuditNote) -> Self {
        let size = self.size + 1;
        let head = Digest::of_fields(&[
            NAME,
            &size.to_be_bytes(),
            self.head.bytes(),
            &at.timestamp().to_be_bytes(),
            note.kind.word().as_bytes(),
            note.subject.as_bytes(),
            note.who.as_bytes(),
            note.digest.bytes(),
            note.detail.as_bytes(),
        ]);
        Self { size, head }
    }
}

/// The end of the log that these entries are.
///
/// # Errors
/// The first place at which it does not hang together.
pub fn verify_chain<'a>(entries: impl IntoIterator<Item = &'a AuditEntry>) -> Result<LogEnd, BrokenChain> {
    entries.into_iter().try_fold(LogEnd::empty(), |end, entry| {
        let next = end.after(entry.at, &entry.note);
        let follows = entry.n == next.size && entry.previous_head == end.head && entry.head == next.head;
        follows.then_some(next).ok_or(BrokenChain(end.size + 1))
    })
}

pub(super) fn end(connection: &Connection) -> rusqlite::Result<LogEnd> {
    let last = connection
        .prepare_cached("select n, head from audit order by n desc limit 1")?
        .query_row([], |row| Ok((row.get(0)?, row.get::<_, String>(1)?)))
        .optional()?;
    let Some((size, head)) = last else { return Ok(LogEnd::empty()) };
    let head = head.parse().map_err(|_| rusqlite::Error::InvalidColumnName("head".to_owned()))?;
    Ok(LogEnd { size, head })
}

/// Appends notes, within the open transaction.
pub(super) fn append(connection: &Connection, at: DateTime<Utc>, notes: &[AuditNote]) -> rusqlite::Result<()> {
    let mut last = end(connection)?;
    let mut insert = connection.prepare_cached("insert into audit values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)")?;
    for note in notes {
        let next = last.after(at, note);
        insert.execute(params![
            next.size,
            at.timestamp(),
            note.kind.word(),
            note.subject,
            note.who,
            note.digest.to_string(),
            note.detail,
            last.head.to_string(),
            next.head.to_string(),
        ])?;
        last = next;
    }
    Ok(())
}

/// Every entry, oldest first, given one by one.
pub(crate) fn each<E: From<StoreError>>(
    connection: &Connection,
    mut take: impl FnMut(AuditEntry) -> Result<(), E>,
) -> Result<(), E> {
    let mut select = connection.prepare("select * from audit order by n").map_err(StoreError::from)?;
    let mut rows = select.query([]).map_err(StoreError::from)?;
    while let Some(row) = rows.next().map_err(StoreError::from)? {
        take(entry(row).ok_or(StoreError::Unreadable("log entry"))?)?;
    }
    Ok(())
}

fn entry(row: &Row<'_>) -> Option<AuditEntry> {
    let text = |column: usize| row.get::<_, String>(column).ok();
    let kind = text(2)?;
    Some(AuditEntry {
        n: row.get(0).ok()?,
        at: DateTime::from_timestamp(row.get(1).ok()?, 0)?,
        note: AuditNote {
            kind: AuditKind::ALL.into_iter().find(|known| known.word() == kind)?,
            subject: text(3)?,
            who: text(4)?,
            digest: text(5)?.parse().ok()?,
            detail: text(6)?,
        },
        previous_head: text(7)?.parse().ok()?,
        head: text(8)?.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(words: &[&str]) -> Vec<AuditEntry> {
        let at = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let mut end = LogEnd::empty();
        let mut entries = Vec::new();
        for word in words {
            let note = AuditNote {
                kind: AuditKind::Asked,
                subject: (*word).to_owned(),
                who: "ada".to_owned(),
                digest: Digest::of(word.as_bytes()),
                detail: String::new(),
            };
            let next = end.after(at, &note);
            entries.push(AuditEntry { n: next.size, at, note, previous_head: end.head, head: next.head });
            end = next;
        }
        entries
    }

    #[test]
    fn an_altered_removed_or_moved_entry_breaks_the_chain() {
        let whole = log(&["a", "b", "c", "d"]);
        assert_eq!(verify_chain(&whole).unwrap().size, 4);
        let check = |change: fn(&mut Vec<AuditEntry>), broken: u64| {
            let mut log = whole.clone();
            change(&mut log);
            assert_eq!(verify_chain(&log), Err(BrokenChain(broken)));
        };
        check(|log| drop(log.remove(1)), 2);
        check(|log| log.swap(1, 2), 2);
        check(|log| log[2].note.who = "eve".to_owned(), 3);
        check(|log| log[2].note.detail = "x".to_owned(), 3);
        check(|log| log[0].at += chrono::Duration::seconds(1), 1);
        check(|log| log[3].head = log[2].head, 4);
    }

    #[test]
    fn fields_do_not_run_into_each_other() {
        let at = DateTime::from_timestamp(0, 0).unwrap();
        let note = |subject: &str, who: &str| AuditNote {
            kind: AuditKind::Asked,
            subject: subject.to_owned(),
            who: who.to_owned(),
            digest: Digest::of(b""),
            detail: String::new(),
        };
        assert_ne!(LogEnd::empty().after(at, &note("ab", "c")), LogEnd::empty().after(at, &note("a", "bc")));
    }
}
