//! Which number each person of a provider has, for ever: so that sets of people of different snapshots can be compared.
//!
//! The list lies beside the snapshots, sealed under the contributors' key, and only grows: a person who leaves keeps the
//! number, and it is given to nobody else. Without the list the ledger could not know that two answers are about the
//! same people, so a list that is lost or damaged lets no new snapshot be taken.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use template::Digest;
use wire::SnapshotId;

use super::replace_file;
use crate::ledger::{Cipher, Files};

/// The list within a provider's folder.
const FILE: &str = "numbers.sealed";
/// What two programs that take a snapshot at once would both write: one waits.
const LOCK: &str = "numbers.lock";
const HEADER: &[u8] = b"tallyward-numbers-v1";
/// What binds the sealed list to its use.
const PLACE: &[u8] = b"person numbers";
/// The longest local id, in bytes.
const MAX_ID_BYTES: usize = 1 << 16;

/// Why the numbers cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum NumberingError {
    /// The key under which they are sealed.
    #[error("{path} is missing or holds no key; restore it beside the ledger that it belongs to")]
    Key {
        /// Where.
        path: PathBuf,
    },
    /// There is a snapshot, and so there was a list.
    #[error(
        "{path} is missing: it knows which number each person has; restore it together with the ledger; without it \
         new answers cannot be compared with those that were given"
    )]
    Lost {
        /// Where.
        path: PathBuf,
    },
    /// It cannot be opened under the key, or is no list.
    #[error("{path} is damaged, or sealed under another key; restore it together with the ledger")]
    Damaged {
        /// Where.
        path: PathBuf,
    },
    /// A local id that is too long, or more people than can be numbered.
    #[error("table `person`: an id is longer than {MAX_ID_BYTES} bytes, or there are more people than 32 bits count")]
    TooMany,
    /// The file cannot be read or written.
    #[error("{path} cannot be read or written")]
    File {
        /// Where.
        path: PathBuf,
        /// The cause.
        #[source]
        source: io::Error,
    },
}

/// The list, locked against other programs while it lives.
pub(super) struct Numbering {
    path: PathBuf,
    cipher: Cipher,
    identity: Digest,
    // INVARIANT: the numbers are those from nought up to the length, each once.
    by_id: HashMap<Box<str>, u32>,
    grown: bool,
    _lock: File,
}

impl Numbering {
    /// Opens a provider's list; makes an empty one where there was never a snapshot.
    pub(super) fn open(folder: &Path, before: Option<SnapshotId>) -> Result<Self, NumberingError> {
        let files = Files::within(folder);
        let path = folder.join(FILE);
        let file = |source| NumberingError::File { path: path.clone(), source };
        let key = || NumberingError::Key { path: files.contributors_key.clone() };
        let cipher = Cipher::open(&files.contributors_key).ok().flatten().ok_or_else(key)?;
        let lock = File::create(folder.join(LOCK)).map_err(file)?;
        lock.lock().map_err(file)?;
        let (identity, by_id) = match fs::read(&path) {
            Ok(sealed) => {
                let plain = cipher.unseal(&sealed, PLACE);
                plain.and_then(|plain| read(&plain)).ok_or_else(|| NumberingError::Damaged { path: path.clone() })?
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                if before.is_some() {
                    return Err(NumberingError::Lost { path });
                }
                let random = SnapshotId::random().map_err(|_| file(io::Error::other("no randomness")))?;
                (Digest::of(random.to_string().as_bytes()), HashMap::new())
            }
            Err(source) => return Err(file(source)),
        };
        Ok(Self { path, cipher, identity, by_id, grown: false, _lock: lock })
    }

    /// What tells this list from every other.
    pub(super) const fn identity(&self) -> Digest {
        self.identity
    }

    /// The number of a person, who gets the next one where there is none yet.
    pub(super) fn of(&mut self, id: &str) -> Result<u32, NumberingError> {
        if let Some(number) = self.by_id.get(id) {
            return Ok(*number);
        }
        let next = u32::try_from(self.by_id.len()).ok().filter(|n| *n < u32::MAX && id.len() <= MAX_ID_BYTES);
        let next = next.ok_or(NumberingError::TooMany)?;
        self.by_id.insert(id.into(), next);
        self.grown = true;
        Ok(next)
    }

    /// Writes the list, durably, where it has grown: before any snapshot that uses it becomes current.
    pub(super) fn keep(&mut self) -> Result<(), NumberingError> {
        if !self.grown && self.path.exists() {
            return Ok(());
        }
        let file = |source| NumberingError::File { path: self.path.clone(), source };
        let sealed = self.cipher.seal(&written(&self.identity, &self.by_id), PLACE);
        let sealed = sealed.ok_or_else(|| file(io::Error::other("the list cannot be sealed")))?;
        replace_file(&self.path, &sealed).map_err(file)?;
        self.grown = false;
        Ok(())
    }
}

/// Header, identity, then every id in the order of the numbers, each after its length.
fn written(identity: &Digest, by_id: &HashMap<Box<str>, u32>) -> Vec<u8> {
    let mut ids: Vec<(u32, &str)> = by_id.iter().map(|(id, number)| (*number, &**id)).collect();
    ids.sort_unstable();
    let mut bytes = [HEADER, identity.bytes().as_slice()].concat();
    for (_, id) in ids {
        // INVARIANT: no id is longer than MAX_ID_BYTES: see `Numbering::of`.
        bytes.extend_from_slice(&u32::try_from(id.len()).unwrap_or(u32::MAX).to_le_bytes());
        bytes.extend_from_slice(id.as_bytes());
    }
    bytes
}

fn read(bytes: &[u8]) -> Option<(Digest, HashMap<Box<str>, u32>)> {
    let rest = bytes.strip_prefix(HEADER)?;
    let (identity, mut rest) = rest.split_first_chunk::<32>()?;
    let mut by_id = HashMap::new();
    while let Some((length, after)) = rest.split_first_chunk::<4>() {
        let (id, after) = after.split_at_checked(usize::try_from(u32::from_le_bytes(*length)).ok()?)?;
        let number = u32::try_from(by_id.len()).ok()?;
        if by_id.insert(std::str::from_utf8(id).ok()?.into(), number).is_some() {
            return None;
        }
        rest = after;
    }
    rest.is_empty().then_some((Digest::from(*identity), by_id))
}
