//! Takes a snapshot: reads every configured table, leaves out who must be left out, and makes the result current.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use arrow::array::{AsArray as _, RecordBatch};
use chrono::{DateTime, Utc};
use plan::model::{self, PERSON_ID, Table};
use wire::SnapshotId;

use super::manifest::{Manifest, OptOutEntry, TableEntry};
use super::numbering::{Numbering, NumberingError};
use super::numbers::{Numbers, NumbersError};
use super::write::{self, Kept, WriteError};
use super::{CURRENT, FOLDER, IntegrityError, MANIFEST, current, is_held, replace_file, sync_folder};
use crate::config::{Config, Source};
use crate::opt_outs::{self, OptOutListError, OptedOut, ReadOptOuts};
use crate::restricted::{self, Restricted};
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
    /// A list of opt-outs cannot be applied.
    #[error(transparent)]
    OptOuts(#[from] OptOutListError),
    /// The person table changed between two readings of it.
    #[error("table `person`: it changed while it was read; take the snapshot when nothing writes to it")]
    Unsteady,
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
    let rows = |table: &'static Table, source: &Source| {
        sources::rows(table, &source.origin, &config.sources, config.limits.memory_bytes)
    };
    let mut tables = Vec::with_capacity(config.sources.tables.len());
    let person = config.sources.tables.get("person").ok_or(SnapshotError::Nobody)?;
    let person_table = model::table("person").ok_or(SnapshotError::Nobody)?;
    let people = rows(person_table, person)?.collect::<Result<Vec<_>, _>>()?;
    let opt_outs = ReadOptOuts::read(config.opt_outs, &config.opt_out_lists, now.date_naive())?;
    let opted_out = opted_out(config, &opt_outs, person, &people)?;
    let numbers = Numbers::of(&people, &opted_out, numbering).map_err(|error| match error {
        NumbersError::Repeated => SnapshotError::RepeatedPerson,
        NumbersError::Numbering(error) => SnapshotError::Numbering(error),
    })?;
    let restricted = restricted(config, rows)?;
    let kept = Kept { provider: &config.provider, numbers: &numbers, restricted: &restricted };
    for table in model::tables() {
        let Some(source) = config.sources.tables.get(table.name) else { continue };
        let path = folder.join(format!("{}.parquet", table.name));
        let open = || -> Result<sources::Rows, SourceError> {
            match table.name {
                "person" => Ok(Box::new(people.clone().into_iter().map(Ok))),
                _ => rows(table, source),
            }
        };
        let written = write::table(table, open, &kept, &path).map_err(|error| failure(error, table, &path))?;
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
        opt_out_lists: opt_outs
            .applied()
            .into_iter()
            .map(|applied| OptOutEntry { dated: applied.dated, list_sha256: applied.sha256 })
            .collect(),
        without_nhs_number: opted_out.without_number,
        restricted: config.restricted.name(),
        numbering: numbering.identity(),
        tables,
    })
}

/// Finds the people whom lists and person table name.
fn opted_out(
    config: &Config,
    opt_outs: &ReadOptOuts,
    person: &Source,
    people: &[RecordBatch],
) -> Result<OptedOut, SnapshotError> {
    let Some(column) = config.opt_out_lists.nhs_number.as_deref().filter(|_| opt_outs.needs_numbers()) else {
        return Ok(opt_outs.resolve(&HashMap::new()));
    };
    let rows = sources::person_column(&person.origin, column, &config.sources, config.limits.memory_bytes)?;
    let numbers = opt_outs::numbers_by_id(rows, column)?;
    // INVARIANT: whoever is in the person table was looked for in the lists. A file replaced between the two readings
    // would let people through.
    let known = people.iter().filter_map(|batch| batch.column_by_name(PERSON_ID)?.as_string_opt::<i32>());
    if known.flat_map(|ids| ids.iter().flatten()).any(|id| !numbers.contains_key(id)) {
        return Err(SnapshotError::Unsteady);
    }
    Ok(opt_outs.resolve(&numbers))
}

/// Reads the tables whose codes tell which records of other tables are restricted.
fn restricted<'a>(
    config: &'a Config,
    rows: impl Fn(&'static Table, &Source) -> Result<sources::Rows, SourceError>,
) -> Result<Restricted<'a>, SnapshotError> {
    let mut restricted = Restricted::new(&config.restricted);
    for table in restricted::first_read() {
        if let Some(source) = config.sources.tables.get(table.name) {
            restricted.note(table, rows(table, source)?)?;
        }
    }
    let configured = |table: &&Table| config.sources.tables.contains_key(table.name);
    if !config.restricted.has_additions()
        && let Some(table) = model::tables().iter().filter(configured).find(|table| restricted::may_hold_snomed(table))
    {
        tracing::warn!(
            provider = %config.provider,
            "`{}` may hold SNOMED CT or Read codes, of whose restricted ones this software knows few; give the licensed \
             reference sets in `restricted.additions`",
            table.name
        );
    }
    Ok(restricted)
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
        quality: written.quality,
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

/// Removes the snapshots that nobody answers from; the one before the new one stays for whoever is about to. Failing to is
/// no failure.
fn remove_older(folder: &Path, id: SnapshotId, before: Option<SnapshotId>) {
    let kept = [Some(id.to_string()), before.map(|id| id.to_string())];
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.filter_map(Result::ok) {
        let name = entry.file_name().to_string_lossy().into_owned();
        let is_snapshot = name.trim_end_matches(".partial").parse::<SnapshotId>().is_ok();
        if is_snapshot && !kept.contains(&Some(name)) && !is_held(&entry.path()) {
            drop(fs::remove_dir_all(entry.path()));
        }
    }
}
