//! Takes a snapshot: reads every configured table, leaves out who must be left out, and makes the result current.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use plan::model::{self, Table};
use wire::SnapshotId;

use super::manifest::{Manifest, TableEntry};
use super::numbering::{Numbering, NumberingError};
use super::numbers::{Numbers, NumbersError};
use super::write::{self, WriteError};
use super::{CURRENT, FOLDER, IntegrityError, MANIFEST, current, replace_file, sync_folder};
use crate::config::{Config, Source};
use crate::sources::{self, SourceError};

/// Why no snapshot was taken. The one before stays current.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// A source cannot be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The person table has an id twice.
    #[error("table `person`: some `person_id` stands in two rows; every person has one row")]
    RepeatedPerson,
    /// The numbers of people.
    #[error(transparent)]
    Numbering(#[from] NumberingError),
    /// Nobody is left.
    #[error("table `person`: nobody is left to be counted, after opt-outs; see that the right file is configured")]
    Nobody,
    /// The folder cannot be written.
    #[error("{path} cannot be written; see that the disk is not full and the folder belongs to this program")]
    Write {
        /// Where.
        path: PathBuf,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// A table could not be encoded.
    #[error("table `{table}` cannot be written as Parquet")]
    Encode {
        /// The table.
        table: &'static str,
    },
    /// The pointer to the current snapshot cannot be read.
    #[error(transparent)]
    Current(#[from] IntegrityError),
    /// The operating system gave no randomness.
    #[error(transparent)]
    Randomness(#[from] wire::NoRandomness),
}

/// Takes a snapshot of the configured sources and makes it current. Blocks; reads each table once, or twice where it
/// is not in the order of persons.
///
/// # Errors
/// A [`SnapshotError`]; nothing has become current then.
pub fn take(config: &Config, now: DateTime<Utc>) -> Result<SnapshotId, SnapshotError> {
    let folder = config.folder.join(FOLDER);
    let id = SnapshotId::random()?;
    let temporary = folder.join(format!("{id}.partial"));
    let written = |source| SnapshotError::Write { path: temporary.clone(), source };
    fs::create_dir_all(&temporary).map_err(written)?;
    let undone = |_: &SnapshotError| drop(fs::remove_dir_all(&temporary));
    let before = current(&folder).unwrap_or(None);
    let mut numbering = Numbering::open(&config.folder, before).map_err(SnapshotError::from).inspect_err(undone)?;
    let manifest = write_tables(config, id, now, &temporary, &mut numbering).inspect_err(undone)?;
    // INVARIANT: no snapshot is current whose numbers are not kept.
    numbering.keep().map_err(SnapshotError::from).inspect_err(undone)?;
    publish(&manifest, &folder, &temporary).map_err(written)?;
    remove_older(&folder, id, before);
    Ok(id)
}

fn write_tables(
    config: &Config,
    id: SnapshotId,
    now: DateTime<Utc>,
    folder: &Path,
    numbering: &mut Numbering,
) -> Result<Manifest, SnapshotError> {
    let rows =
        |table, source: &Source| sources::rows(table, &source.origin, &config.sources, config.limits.memory_bytes);
    let mut tables = Vec::with_capacity(config.sources.tables.len());
    let person = config.sources.tables.get("person").ok_or(SnapshotError::Nobody)?;
    let person_table = model::table("person").ok_or(SnapshotError::Nobody)?;
    let people = rows(person_table, person)?.collect::<Result<Vec<_>, _>>()?;
    let numbers = Numbers::of(&people, config.opt_outs, numbering).map_err(|error| match error {
        NumbersError::Repeated => SnapshotError::RepeatedPerson,
        NumbersError::Numbering(error) => SnapshotError::Numbering(error),
    })?;
    for table in model::tables() {
        let Some(source) = config.sources.tables.get(table.name) else { continue };
        let path = folder.join(format!("{}.parquet", table.name));
        let open = || -> Result<sources::Rows, SourceError> {
            match table.name {
                "person" => Ok(Box::new(people.clone().into_iter().map(Ok))),
                _ => rows(table, source),
            }
        };
        let written = write::table(table, open, &numbers, &path).map_err(|error| failure(error, table, &path))?;
        if table.name == "person" && written.rows == 0 {
            return Err(SnapshotError::Nobody);
        }
        tables.push(entry(table, source, &written));
    }
    Ok(Manifest {
        format: Manifest::FORMAT,
        id,
        provider: config.provider.clone(),
        model: model::NAME.to_owned(),
        taken_at: now,
        opt_outs: config.opt_outs,
        numbering: numbering.identity(),
        tables,
    })
}

fn failure(error: WriteError, table: &'static Table, path: &Path) -> SnapshotError {
    match error {
        WriteError::Source(error) => SnapshotError::Source(error),
        WriteError::Io(source) => SnapshotError::Write { path: path.to_owned(), source },
        WriteError::Encode => SnapshotError::Encode { table: table.name },
    }
}

fn entry(table: &Table, source: &Source, written: &write::Written) -> TableEntry {
    let metadata = fs::metadata(sources::files(&source.origin)).ok();
    TableEntry {
        table: table.name.to_owned(),
        bytes: written.bytes,
        sha256: written.sha256,
        schema_sha256: write::schema_digest(table),
        rows: written.rows,
        left_out: written.left_out,
        source_bytes: metadata.as_ref().map_or(0, fs::Metadata::len),
        source_modified: metadata.and_then(|metadata| metadata.modified().ok()).map(DateTime::from),
    }
}

/// The order that makes a crash harmless: the files, the manifest, the folder's name, and only then the pointer.
fn publish(manifest: &Manifest, folder: &Path, temporary: &Path) -> io::Result<()> {
    let bytes = serde_json::to_vec_pretty(manifest).map_err(io::Error::other)?;
    replace_file(&temporary.join(MANIFEST), &bytes)?;
    fs::rename(temporary, folder.join(manifest.id.to_string()))?;
    sync_folder(folder)?;
    replace_file(&folder.join(CURRENT), format!("{}\n", manifest.id).as_bytes())
}

/// Removes all snapshots but the new one and the one before, which may still be read. Failing to is no failure.
fn remove_older(folder: &Path, id: SnapshotId, before: Option<SnapshotId>) {
    let kept = [Some(id.to_string()), before.map(|id| id.to_string())];
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.filter_map(Result::ok) {
        let name = entry.file_name().to_string_lossy().into_owned();
        let is_snapshot = name.trim_end_matches(".partial").parse::<SnapshotId>().is_ok();
        if is_snapshot && !kept.contains(&Some(name)) {
            drop(fs::remove_dir_all(entry.path()));
        }
    }
}
