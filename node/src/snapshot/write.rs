//! Writes one table of a snapshot: person numbers in place of ids, sorted by them, in one Parquet file.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::sync::Arc;

use arrow::array::{AsArray as _, BooleanArray, RecordBatch, UInt32Array};
use arrow::compute::{concat_batches, filter_record_batch, take_record_batch};
use arrow::datatypes::UInt32Type;
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;
use plan::model::{Kind, Role, Table};
use template::Digest;
use wire::ProviderCode;

use super::manifest::LeftOut;
use super::numbers::Numbers;
use super::quality::{Observer, Quality};
use crate::restricted::Restricted;
use crate::sources::{Rows, SourceError};

/// Rows that are decoded together, and the grain at which a large table is counted in parallel.
const ROW_GROUP_ROWS: usize = 512 * 1024;
/// Rows written at a time after sorting.
const CHUNK_ROWS: usize = 64 * 1024;

/// Whose rows are kept, and which of them are not.
pub(super) struct Kept<'a> {
    pub provider: &'a ProviderCode,
    pub numbers: &'a Numbers,
    pub restricted: &'a Restricted<'a>,
}

/// A written file.
pub(super) struct Written {
    pub bytes: u64,
    pub sha256: Digest,
    pub rows: u64,
    pub left_out: LeftOut,
    pub quality: Quality,
}

/// Why a table cannot be written.
#[derive(Debug)]
pub(super) enum WriteError {
    Source(SourceError),
    Io(io::Error),
    /// Arrow or Parquet refused, for a reason whose text is dropped.
    Encode,
}

impl From<SourceError> for WriteError {
    fn from(error: SourceError) -> Self {
        Self::Source(error)
    }
}

impl From<io::Error> for WriteError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// The digest of a table's snapshot schema.
pub(super) fn schema_digest(table: &Table) -> Digest {
    let schema = table.snapshot_schema();
    let lines = schema.fields().iter().map(|f| format!("{}:{}:{}\n", f.name(), f.data_type(), f.is_nullable()));
    Digest::of(lines.collect::<String>().as_bytes())
}

/// Writes the rows that `open` gives. Rows in order are streamed; where they turn out not to be, they are read again,
/// sorted in memory and written.
pub(super) fn table(
    table: &'static Table,
    open: impl Fn() -> Result<Rows, SourceError>,
    kept: &Kept<'_>,
    path: &Path,
) -> Result<Written, WriteError> {
    if let Some(written) = in_order(table, open()?, kept, path)? {
        return Ok(written);
    }
    sorted(table, open()?, kept, path)
}

/// Streams the rows to the file; `None` as soon as a person's number is smaller than the one before.
fn in_order(table: &'static Table, rows: Rows, kept: &Kept<'_>, path: &Path) -> Result<Option<Written>, WriteError> {
    let mut left_out = LeftOut::default();
    let mut output = Output::create(table, path)?;
    let mut last = 0;
    for batch in rows {
        let batch = numbered(table, &batch?, kept, &mut left_out)?;
        let persons = persons(&batch);
        if !persons.is_sorted() || persons.first().is_some_and(|&first| first < last) {
            return Ok(None);
        }
        last = persons.last().copied().unwrap_or(last);
        output.write(&batch)?;
    }
    output.finish(left_out, kept.provider).map(Some)
}

fn sorted(table: &'static Table, rows: Rows, kept: &Kept<'_>, path: &Path) -> Result<Written, WriteError> {
    let mut left_out = LeftOut::default();
    let batches = rows.map(|batch| numbered(table, &batch?, kept, &mut left_out)).collect::<Result<Vec<_>, _>>()?;
    let all = concat_batches(&table.snapshot_schema(), &batches).map_err(|_| WriteError::Encode)?;
    drop(batches);
    let persons = persons(&all);
    let rows = u32::try_from(persons.len()).map_err(|_| WriteError::Encode)?;
    let mut order: Vec<u32> = (0..rows).collect();
    // Stable, so that the same source makes the same file.
    order.sort_by_key(|&row| persons.get(row as usize).copied());
    let mut output = Output::create(table, path)?;
    for chunk in order.chunks(CHUNK_ROWS) {
        let chunk = UInt32Array::from(chunk.to_vec());
        output.write(&take_record_batch(&all, &chunk).map_err(|_| WriteError::Encode)?)?;
    }
    output.finish(left_out, kept.provider)
}

/// The batch in the snapshot's schema, without the rows that are left out.
fn numbered(
    table: &'static Table,
    batch: &RecordBatch,
    kept: &Kept<'_>,
    left_out: &mut LeftOut,
) -> Result<RecordBatch, WriteError> {
    let mut found = kept.numbers.of_rows(batch, left_out);
    for (number, is_restricted) in found.iter_mut().zip(kept.restricted.rows(table, batch).unwrap_or_default()) {
        if is_restricted && number.take().is_some() {
            left_out.restricted += 1;
        }
    }
    let kept = if found.iter().all(Option::is_some) {
        batch.clone()
    } else {
        let mask: BooleanArray = found.iter().map(|number| Some(number.is_some())).collect();
        filter_record_batch(batch, &mask).map_err(|_| WriteError::Encode)?
    };
    let persons = UInt32Array::from(found.into_iter().flatten().collect::<Vec<u32>>());
    let place = table.columns.iter().position(|column| column.role == Role::Person).ok_or(WriteError::Encode)?;
    let mut columns = kept.columns().to_vec();
    *columns.get_mut(place).ok_or(WriteError::Encode)? = Arc::new(persons);
    RecordBatch::try_new(table.snapshot_schema(), columns).map_err(|_| WriteError::Encode)
}

fn persons(batch: &RecordBatch) -> &[u32] {
    let column = batch.column_by_name(plan::model::PERSON_ID);
    column.and_then(|column| column.as_primitive_opt::<UInt32Type>()).map_or(&[], |column| column.values())
}

struct Output {
    table: &'static Table,
    observer: Observer,
    writer: ArrowWriter<Hashing>,
    rows: u64,
}

impl Output {
    fn create(table: &'static Table, path: &Path) -> Result<Self, WriteError> {
        let writer = ArrowWriter::try_new(Hashing::create(path)?, table.snapshot_schema(), Some(properties(table)));
        let writer = writer.map_err(|_| WriteError::Encode)?;
        Ok(Self { table, observer: Observer::new(table), writer, rows: 0 })
    }

    fn write(&mut self, batch: &RecordBatch) -> Result<(), WriteError> {
        self.rows += batch.num_rows() as u64;
        self.observer.look(batch);
        self.writer.write(batch).map_err(io_or_encode)
    }

    fn finish(self, left_out: LeftOut, provider: &ProviderCode) -> Result<Written, WriteError> {
        let file = self.writer.into_inner().map_err(io_or_encode)?;
        let (bytes, sha256) = file.finish()?;
        let quality = self.observer.finish(self.table, provider);
        Ok(Written { bytes, sha256, rows: self.rows, left_out, quality })
    }
}

/// An operating system's error keeps its kind, so that a full disk can be told from a bad table.
fn io_or_encode(error: parquet::errors::ParquetError) -> WriteError {
    match error {
        parquet::errors::ParquetError::External(cause) => {
            cause.downcast::<io::Error>().map_or(WriteError::Encode, |error| WriteError::Io(*error))
        }
        _ => WriteError::Encode,
    }
}

/// Codes repeat and take a dictionary; keys, person numbers and amounts do not. Nothing is compressed: reading fast
/// matters more than a few megabytes.
fn properties(table: &Table) -> WriterProperties {
    let mut properties = WriterProperties::builder()
        .set_compression(Compression::UNCOMPRESSED)
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_offset_index_disabled(true)
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
        .set_dictionary_enabled(true);
    for column in table.columns {
        let unlike = matches!(column.role, Role::Person | Role::RecordKey)
            || matches!(column.kind, Kind::Timestamp | Kind::Float64 | Kind::Money | Kind::Units);
        if unlike {
            properties = properties.set_column_dictionary_enabled(ColumnPath::from(column.name), false);
        }
    }
    properties.build()
}

/// A file that knows the digest of what was written to it.
struct Hashing {
    file: BufWriter<File>,
    context: ring::digest::Context,
    bytes: u64,
}

impl Hashing {
    fn create(path: &Path) -> io::Result<Self> {
        let file = BufWriter::with_capacity(1 << 18, File::create(path)?);
        Ok(Self { file, context: ring::digest::Context::new(&ring::digest::SHA256), bytes: 0 })
    }

    fn finish(self) -> Result<(u64, Digest), WriteError> {
        let file = self.file.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.sync_all()?;
        let mut digest = [0; 32];
        digest.copy_from_slice(self.context.finish().as_ref());
        Ok((self.bytes, Digest::from(digest)))
    }
}

impl Write for Hashing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write_all(bytes)?;
        self.context.update(bytes);
        self.bytes += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
