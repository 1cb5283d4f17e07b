//! The coordinator's log as its operator and auditors read it: checked, and written out.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;

use chrono::SecondsFormat;
use rusqlite::{Connection, OpenFlags};
use serde::Serialize;
use template::{Checkpoint, Digest, Envelope, PublicKey};

use crate::roster::Roster;
use crate::store::{self, AuditEntry, BrokenChain, LogEnd, StoreError};

/// The log of a store, read while a coordinator may be writing to it.
pub struct AuditLog(Connection);

/// How a log is written out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For spreadsheets.
    Csv,
    /// For programs, one entry a line.
    Jsonl,
}

/// What checking a log found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogState {
    /// Its end.
    pub end: LogEnd,
    /// Signed checkpoints that agree with it.
    pub checkpoints: usize,
    /// Countersignatures of providers on them.
    pub countersignatures: usize,
}

/// Why a log does not hold.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// It cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It does not hang together.
    #[error(transparent)]
    Chain(#[from] BrokenChain),
    /// It is not the log of which a checkpoint was signed.
    #[error("the log is not the one whose checkpoint of {size} entries was signed: it was cut off or rewritten")]
    Checkpoint {
        /// How many entries that had.
        size: u64,
    },
    /// It cannot be written out.
    #[error("the log cannot be written out")]
    Write(#[source] io::Error),
}

#[derive(Serialize)]
struct Line<'a> {
    n: u64,
    at: String,
    kind: &'a str,
    subject: &'a str,
    who: &'a str,
    sha256: String,
    detail: &'a str,
    previous_head: String,
    head: String,
}

impl<'a> Line<'a> {
    fn of(entry: &'a AuditEntry) -> Self {
        Self {
            n: entry.n,
            at: entry.at.to_rfc3339_opts(SecondsFormat::Secs, true),
            kind: entry.note.kind.word(),
            subject: &entry.note.subject,
            who: &entry.note.who,
            sha256: entry.note.digest.to_string(),
            detail: &entry.note.detail,
            previous_head: entry.previous_head.to_string(),
            head: entry.head.to_string(),
        }
    }
}

impl AuditLog {
    /// Opens the log of the store at `path` for reading.
    ///
    /// # Errors
    /// [`StoreError::Open`].
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let problem = |error: rusqlite::Error| StoreError::Open {
            path: path.to_owned(),
            problem: format!("SQLite says: {error}; name the configuration of a coordinator that has run"),
        };
        Ok(Self(Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(problem)?))
    }

    /// Checks the whole log: that every entry follows from the one before it, that it is the log whose checkpoints the
    /// coordinator signed, and which of them providers countersigned.
    ///
    /// # Errors
    /// A [`LogError`].
    pub fn verify(&self, own: &PublicKey, roster: &Roster) -> Result<LogState, LogError> {
        let checkpoints = store::own_checkpoints(&self.0)?;
        let mut signed: BTreeMap<u64, Digest> = BTreeMap::new();
        let mut countersignatures = 0;
        for store::OwnCheckpoint { size, envelope, countersigned } in &checkpoints {
            let broken = || LogError::Checkpoint { size: *size };
            let read = |bytes: &[u8]| Envelope::parse(bytes).map_err(|_| broken());
            let checkpoint = Checkpoint::verify(&read(envelope)?, own).map_err(|_| broken())?;
            signed.insert(checkpoint.document().size, checkpoint.document().head);
            for witness in countersigned {
                let witness = read(witness)?;
                let known = roster.all().any(|provider| Checkpoint::witnessed(&witness, own, &provider.key).is_ok());
                countersignatures += usize::from(known);
            }
        }
        let mut end = LogEnd::empty();
        store::each_entry(&self.0, |entry| {
            let next = end.after(entry.at, &entry.note);
            if entry.n != next.size || entry.previous_head != end.head || entry.head != next.head {
                return Err(LogError::Chain(BrokenChain(end.size + 1)));
            }
            if signed.get(&next.size).is_some_and(|head| *head != next.head) {
                return Err(LogError::Checkpoint { size: next.size });
            }
            end = next;
            Ok(())
        })?;
        match signed.keys().next_back() {
            Some(&size) if size > end.size => Err(LogError::Checkpoint { size }),
            _ => Ok(LogState { end, checkpoints: checkpoints.len(), countersignatures }),
        }
    }

    /// Writes every entry out, oldest first.
    ///
    /// # Errors
    /// A [`LogError`].
    pub fn export(&self, format: LogFormat, out: &mut impl Write) -> Result<(), LogError> {
        if format == LogFormat::Csv {
            writeln!(out, "n,at,kind,subject,who,sha256,detail,previous_head,head").map_err(LogError::Write)?;
        }
        store::each_entry(&self.0, |entry| {
            let line = Line::of(&entry);
            let written = match format {
                LogFormat::Csv => csv(&line, out),
                LogFormat::Jsonl => {
                    serde_json::to_writer(&mut *out, &line).map_err(io::Error::from).and_then(|()| writeln!(out))
                }
            };
            written.map_err(LogError::Write)
        })
    }
}

fn csv(line: &Line<'_>, out: &mut impl Write) -> io::Result<()> {
    let Line { n, at, kind, subject, who, sha256, detail, previous_head, head } = line;
    write!(out, "{n}")?;
    for text in [at.as_str(), kind, subject, who, sha256, detail, previous_head, head] {
        write!(out, ",{}", cell(text))?;
    }
    writeln!(out)
}

/// A cell that a spreadsheet takes for text, whatever people wrote: quoted, and never the beginning of a formula.
fn cell(text: &str) -> String {
    let guard = if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { "'" } else { "" };
    format!("\"{guard}{}\"", text.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula() {
        for (text, expected) in [
            ("plain", "\"plain\""),
            ("=cmd|' /C calc'!A0", "\"'=cmd|' /C calc'!A0\""),
            ("@x", "\"'@x\""),
            ("say \"no\", twice", "\"say \"\"no\"\", twice\""),
        ] {
            assert_eq!(cell(text), expected);
        }
    }
}
