//! A provider's tables, frozen: what every question reads, and what releases name as their state of the data.
//!
//! A snapshot lies in `snapshot/<id>/`, one Parquet file per table sorted by person number and a `manifest.json` that
//! knows each file's length and SHA-256. `snapshot/current` names the one that is served. It is verified as a whole when
//! it is loaded and by length and modification time at every question; INVARIANT: a mismatch is an error, never a
//! smaller count.

mod manifest;
mod numbering;
mod numbers;
mod quality;
mod take;
mod write;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use chrono::{DateTime, Utc};
use template::Digest;
use wire::{DatedOptOuts, OptOutSource, OptOuts, RestrictedCodes, SnapshotId};

use crate::config::Config;

pub use manifest::{LeftOut, Manifest, OptOutEntry, TableEntry};
pub use numbering::NumberingError;
pub use quality::Quality;
pub use take::{SnapshotError, take};

/// The folder of snapshots within a provider's folder.
pub(crate) const FOLDER: &str = "snapshot";
const CURRENT: &str = "current";
const MANIFEST: &str = "manifest.json";

/// A verified snapshot.
#[derive(Debug)]
pub struct Snapshot {
    id: SnapshotId,
    taken_at: DateTime<Utc>,
    opt_outs: OptOuts,
    numbering: Digest,
    opt_outs_as_of: Vec<DatedOptOuts>,
    restricted: RestrictedCodes,
    // INVARIANT: held under a shared lock for as long as anybody may read the tables, so that no program removes them.
    _lease: File,
    tables: BTreeMap<String, FrozenTable>,
}

/// One table of a snapshot.
#[derive(Clone, Debug)]
pub(crate) struct FrozenTable {
    pub path: PathBuf,
    pub bytes: u64,
    pub modified: SystemTime,
    pub rows: u64,
    /// Some amount of it is below zero.
    pub is_negative: bool,
    // What the file system alone sets, where it does: see `inode`.
    inode: Option<Inode>,
    sha256: Digest,
}

/// A file's number and the time of its last change of any kind, in seconds and nanoseconds: a program that writes to a
/// file and puts its modification time back cannot put this back.
type Inode = (u64, i64, i64);

/// Why a snapshot cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum IntegrityError {
    /// There is none.
    #[error("there is no snapshot in {folder}; run `tallyward-node snapshot` with this provider's configuration")]
    Absent {
        /// Where one was looked for.
        folder: PathBuf,
    },
    /// A file of it cannot be read.
    #[error("{path} cannot be read; take a new snapshot")]
    Read {
        /// Which.
        path: PathBuf,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// The manifest or the pointer is not one.
    #[error("{path} is damaged; take a new snapshot, and find out what wrote to it")]
    Damaged {
        /// Which.
        path: PathBuf,
    },
    /// A file is not what was frozen.
    #[error("{path} is not what was frozen; take a new snapshot, and find out what wrote to it")]
    Changed {
        /// Which.
        path: PathBuf,
    },
    /// It leaves out other people or records than is configured.
    #[error(
        "{path} follows other rules of who is left out than this node was started with; take a new snapshot and start the \
         node again"
    )]
    OtherRules {
        /// The folder of snapshots.
        path: PathBuf,
    },
    /// It belongs to another provider, another version or another model.
    #[error("{path} was made for another provider or by another version; take a new snapshot")]
    Foreign {
        /// The manifest.
        path: PathBuf,
    },
}

impl Snapshot {
    /// Loads the snapshot that `folder/snapshot/current` names, and verifies every file's length and digest.
    ///
    /// # Errors
    /// An [`IntegrityError`].
    pub fn load(folder: &Path, provider: &wire::ProviderCode) -> Result<Self, IntegrityError> {
        let folder = folder.join(FOLDER);
        let id = current(&folder)?.ok_or_else(|| IntegrityError::Absent { folder: folder.clone() })?;
        let folder = folder.join(id.to_string());
        let path = folder.join(MANIFEST);
        let read = |source| IntegrityError::Read { path: path.clone(), source };
        let mut lease = File::open(&path).map_err(read)?;
        lease.lock_shared().map_err(read)?;
        let mut bytes = Vec::new();
        lease.read_to_end(&mut bytes).map_err(read)?;
        if Manifest::is_of_another_version(&bytes) {
            return Err(IntegrityError::Foreign { path });
        }
        let manifest = Manifest::parse(&bytes).ok_or_else(|| IntegrityError::Damaged { path: path.clone() })?;
        if manifest.id != id || manifest.provider != *provider || manifest.model != plan::model::NAME {
            return Err(IntegrityError::Foreign { path });
        }
        let mut tables = BTreeMap::new();
        for entry in &manifest.tables {
            let table =
                plan::model::table(&entry.table).filter(|table| write::schema_digest(table) == entry.schema_sha256);
            if table.is_none() {
                return Err(IntegrityError::Foreign { path });
            }
            tables.insert(entry.table.clone(), verified(&folder, entry)?);
        }
        Ok(Self {
            id,
            taken_at: manifest.taken_at,
            opt_outs: manifest.opt_outs,
            numbering: manifest.numbering,
            opt_outs_as_of: manifest.opt_out_lists.iter().map(|entry| entry.dated).collect(),
            restricted: manifest.restricted,
            _lease: lease,
            tables,
        })
    }

    /// Its identity.
    #[must_use]
    pub const fn id(&self) -> SnapshotId {
        self.id
    }

    /// When the tables were frozen.
    #[must_use]
    pub const fn taken_at(&self) -> DateTime<Utc> {
        self.taken_at
    }

    /// Which opt-outs were applied.
    #[must_use]
    pub const fn opt_outs(&self) -> OptOuts {
        self.opt_outs
    }

    /// Which list the numbers of people come from: sets of people compare only within one.
    #[must_use]
    pub const fn numbering(&self) -> Digest {
        self.numbering
    }

    /// How old they were, kind by kind.
    #[must_use]
    pub fn opt_outs_as_of(&self) -> &[DatedOptOuts] {
        &self.opt_outs_as_of
    }

    /// Which legally restricted records were left out.
    #[must_use]
    pub const fn restricted(&self) -> &RestrictedCodes {
        &self.restricted
    }

    /// Whether the snapshot leaves out what this configuration leaves out.
    pub(crate) fn follows(&self, config: &Config) -> bool {
        let lists = |kind| match config.opt_out_lists.lists.iter().any(|list| list.kind == kind) {
            true => OptOutSource::List,
            false => OptOutSource::PersonTable,
        };
        self.opt_outs == config.opt_outs
            && self.opt_outs_as_of.iter().all(|dated| dated.source == lists(dated.kind))
            && self.restricted == config.restricted.name()
    }

    /// The tables by name.
    pub(crate) const fn tables(&self) -> &BTreeMap<String, FrozenTable> {
        &self.tables
    }

    /// Whether the files of these tables still have the length and modification time that they had when verified. A file
    /// that was touched in any other way is read again.
    ///
    /// # Errors
    /// [`IntegrityError::Changed`] or [`IntegrityError::Read`].
    pub(crate) fn unchanged<'a>(&self, tables: impl IntoIterator<Item = &'a str>) -> Result<(), IntegrityError> {
        for table in tables.into_iter().filter_map(|name| self.tables.get(name)) {
            let read = |source| IntegrityError::Read { path: table.path.clone(), source };
            let metadata = fs::metadata(&table.path).map_err(read)?;
            if metadata.len() != table.bytes || metadata.modified().map_err(read)? != table.modified {
                return Err(IntegrityError::Changed { path: table.path.clone() });
            }
            if inode(&metadata) != table.inode {
                let digest = File::open(&table.path).and_then(digest).map_err(read)?;
                if digest != table.sha256 {
                    return Err(IntegrityError::Changed { path: table.path.clone() });
                }
            }
        }
        Ok(())
    }
}

#[cfg(unix)]
fn inode(metadata: &fs::Metadata) -> Option<Inode> {
    use std::os::unix::fs::MetadataExt as _;
    Some((metadata.ino(), metadata.ctime(), metadata.ctime_nsec()))
}

#[cfg(not(unix))]
fn inode(_metadata: &fs::Metadata) -> Option<Inode> {
    None
}

/// Whether anybody, in this program or another, holds the snapshot in a folder.
pub(crate) fn is_held(folder: &Path) -> bool {
    let Ok(manifest) = File::open(folder.join(MANIFEST)) else { return false };
    // The lock is given back with the file.
    matches!(manifest.try_lock(), Err(fs::TryLockError::WouldBlock))
}

/// The digest of a file's bytes.
fn digest(mut file: File) -> io::Result<Digest> {
    let mut context = ring::digest::Context::new(&ring::digest::SHA256);
    let mut buffer = vec![0; 1 << 18];
    loop {
        match file.read(&mut buffer)? {
            0 => break,
            n => context.update(buffer.get(..n).unwrap_or_default()),
        }
    }
    let mut bytes = [0; 32];
    bytes.copy_from_slice(context.finish().as_ref());
    Ok(Digest::from(bytes))
}

/// The snapshot that is served, if there is one.
///
/// # Errors
/// Where the pointer cannot be read, or is damaged.
pub(crate) fn current(folder: &Path) -> Result<Option<SnapshotId>, IntegrityError> {
    let path = folder.join(CURRENT);
    match fs::read_to_string(&path) {
        Ok(text) => text.trim_end().parse().map(Some).map_err(|_| IntegrityError::Damaged { path }),
        Err(source) if source.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(IntegrityError::Read { path, source }),
    }
}

fn verified(folder: &Path, entry: &TableEntry) -> Result<FrozenTable, IntegrityError> {
    let path = folder.join(format!("{}.parquet", entry.table));
    let read = |source| IntegrityError::Read { path: path.clone(), source };
    let file = File::open(&path).map_err(read)?;
    let before = file.metadata().map_err(read)?;
    let sha256 = digest(file).map_err(read)?;
    let modified = before.modified().map_err(read)?;
    let after = fs::metadata(&path).map_err(read)?;
    let stood_still =
        after.len() == before.len() && after.modified().map_err(read)? == modified && inode(&after) == inode(&before);
    if !stood_still || before.len() != entry.bytes || sha256 != entry.sha256 {
        return Err(IntegrityError::Changed { path });
    }
    Ok(FrozenTable {
        path,
        bytes: entry.bytes,
        modified,
        rows: entry.rows,
        is_negative: entry.quality.negative > 0,
        inode: inode(&before),
        sha256,
    })
}

/// Replaces a small file in one step: a crash leaves the old one or the new one.
pub(crate) fn replace_file(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let temporary = path.with_extension("new");
    let mut file = File::create(&temporary)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&temporary, path)?;
    sync_folder(path.parent().unwrap_or(Path::new(".")))
}

/// Makes renames in a folder durable.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    #[cfg(unix)]
    File::open(folder)?.sync_all()?;
    #[cfg(not(unix))]
    let _unsupported = folder;
    Ok(())
}

#[cfg(test)]
mod tests;
