//! Reads a ledger from outside, whether a node serves it or not, and verifies all of it on the way. Writes nothing.
//!
//! A node that serves holds its database exclusively. It is read without a lock then: the chains say whether what was
//! read is whole, and a reading that a commit came across is begun again.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags};
use template::{Digest, encode_hex};
use wire::ProviderCode;

use super::anchor::AnchorFile;
use super::walk::{Seen, walk};
use super::{BrokenLink, Files, schema};

/// How often a reading that a commit came across is begun again.
const ATTEMPTS: u32 = 5;
/// How long is waited before that.
const PAUSE: Duration = Duration::from_millis(100);

/// Why a ledger cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadingError {
    /// There is none.
    #[error("there is no ledger at {path}; give the configuration of a provider that has answered")]
    Absent {
        /// Where one was looked for.
        path: std::path::PathBuf,
    },
    /// It is another provider's, or of another version.
    #[error("{path} is the ledger of another provider or of another version")]
    Foreign {
        /// Where.
        path: std::path::PathBuf,
    },
    /// SQLite cannot read it.
    #[error("{path} cannot be read; if its node was stopped in the middle of a write, start it once")]
    Database {
        /// Where.
        path: std::path::PathBuf,
        /// The cause.
        #[source]
        source: rusqlite::Error,
    },
    /// The anchor cannot be read.
    #[error("{path} cannot be read")]
    Anchor {
        /// Where.
        path: std::path::PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// It does not hold.
    #[error("the ledger does not hold: {0}")]
    Broken(#[from] BrokenLink),
}

/// What a verified ledger is known by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// The epoch, 32 hexadecimal digits.
    pub epoch: String,
    /// Releases in it.
    pub releases: u64,
    /// The head after the last release.
    pub release_head: Digest,
    /// Decisions and events in it.
    pub decisions: u64,
    /// The head after the last decision.
    pub decision_head: Digest,
    /// Whether it is quarantined.
    pub quarantined: bool,
}

/// Verifies a ledger from its first row to its last and shows every row to `seen`, from the beginning again where a
/// commit came across: `fresh` is called before each beginning.
pub(crate) fn read<S: Seen>(
    files: &Files,
    provider: &ProviderCode,
    mut fresh: impl FnMut() -> S,
) -> Result<(Held, S), ReadingError> {
    let mut attempt = 1;
    loop {
        let mut seen = fresh();
        let (connection, alone) = open(files)?;
        match held(&connection, files, provider, &mut seen) {
            Err(ReadingError::Broken(_) | ReadingError::Database { .. }) if !alone && attempt < ATTEMPTS => {
                attempt += 1;
                std::thread::sleep(PAUSE);
            }
            Err(error) => return Err(error),
            Ok(held) => return Ok((held, seen)),
        }
    }
}

/// A connection that can only read, and whether nobody else has the ledger open.
fn open(files: &Files) -> Result<(Connection, bool), ReadingError> {
    let path = &files.database;
    if !path.exists() {
        return Err(ReadingError::Absent { path: path.clone() });
    }
    let database = |source| ReadingError::Database { path: path.clone(), source };
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(database)?;
    connection.busy_timeout(Duration::ZERO).map_err(database)?;
    match connection.execute_batch("begin; select count(*) from ledger") {
        Ok(()) => Ok((connection, true)),
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => {
            let unlocked =
                Connection::open_with_flags(uri(path), flags | OpenFlags::SQLITE_OPEN_URI).map_err(database)?;
            Ok((unlocked, false))
        }
        Err(source) => Err(database(source)),
    }
}

/// The database as it lies on the disk, whoever has locked it.
fn uri(path: &Path) -> String {
    let escape = |c: char| match c {
        '%' => "%25".to_owned(),
        '?' => "%3f".to_owned(),
        '#' => "%23".to_owned(),
        c => c.to_string(),
    };
    let path: String = path.to_string_lossy().chars().map(escape).collect();
    format!("file:{path}?immutable=1")
}

fn held(
    connection: &Connection,
    files: &Files,
    provider: &ProviderCode,
    seen: &mut impl Seen,
) -> Result<Held, ReadingError> {
    let database = |source| ReadingError::Database { path: files.database.clone(), source };
    // The anchor first: whatever a node commits meanwhile goes beyond it, and not behind it.
    let anchor = AnchorFile::at(&files.anchor)
        .read()
        .map_err(|source| ReadingError::Anchor { path: files.anchor.clone(), source })?;
    let row = connection.query_row("select version, provider, epoch from ledger", [], |row| {
        Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?, row.get::<_, Vec<u8>>(2)?))
    });
    let (version, found, epoch) = row.map_err(database)?;
    if version != schema::VERSION || found != provider.as_str() {
        return Err(ReadingError::Foreign { path: files.database.clone() });
    }
    let walked = walk(connection, &epoch, provider.as_str(), anchor.as_ref(), seen)
        .map_err(database)?
        .map_err(|broken| broken.link)?;
    let count = |n: i64| u64::try_from(n).unwrap_or(0);
    Ok(Held {
        epoch: encode_hex(&epoch),
        releases: count(walked.releases.n),
        release_head: walked.releases.head,
        decisions: count(walked.audit.n),
        decision_head: walked.audit.head,
        quarantined: walked.quarantined,
    })
}
