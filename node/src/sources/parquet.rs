//! Parquet files as core-model tables, read straight.

use arrow::array::RecordBatch;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use plan::model::Table;

use super::conform::{Leniency, check, conform};
use super::{Place, Rows, SourceError};

const FORMAT: &str = "Parquet";
const BATCH_ROWS: usize = 32 * 1024;

/// The rows of a Parquet file; columns that the table does not have are not read.
pub(super) fn rows(table: &'static Table, place: Place) -> Result<Rows, SourceError> {
    // INVARIANT: a decoder's text may quote bytes of the file, so it is dropped.
    let builder = ParquetRecordBatchReaderBuilder::try_new(place.open()?).map_err(|_| place.format(FORMAT))?;
    check(table, builder.schema(), &place, Leniency::SameKind)?;
    let wanted = builder.schema().fields().iter().enumerate().filter(|(_, field)| table.column(field.name()).is_some());
    let wanted: Vec<usize> = wanted.map(|(index, _)| index).collect();
    let projection = ProjectionMask::roots(builder.parquet_schema(), wanted);
    let reader =
        builder.with_projection(projection).with_batch_size(BATCH_ROWS).build().map_err(|_| place.format(FORMAT))?;
    Ok(Box::new(ParquetRows { table, place, reader }))
}

/// The rows of a Parquet file with these columns alone, in the file's own types.
pub(super) fn columns(place: Place, columns: &[&str]) -> Result<Rows, SourceError> {
    let builder = ParquetRecordBatchReaderBuilder::try_new(place.open()?).map_err(|_| place.format(FORMAT))?;
    let wanted = columns.iter().map(|name| builder.schema().index_of(name).map_err(|_| place.missing(name)));
    let wanted = wanted.collect::<Result<Vec<_>, _>>()?;
    let projection = ProjectionMask::roots(builder.parquet_schema(), wanted);
    let reader =
        builder.with_projection(projection).with_batch_size(BATCH_ROWS).build().map_err(|_| place.format(FORMAT))?;
    Ok(Box::new(reader.map(move |batch| batch.map_err(|_| place.format(FORMAT)))))
}

struct ParquetRows {
    table: &'static Table,
    place: Place,
    reader: ParquetRecordBatchReader,
}

impl Iterator for ParquetRows {
    type Item = Result<RecordBatch, SourceError>;

    fn next(&mut self) -> Option<Self::Item> {
        let batch = self.reader.next()?.map_err(|_| self.place.format(FORMAT));
        Some(batch.and_then(|batch| conform(self.table, &batch, &self.place)))
    }
}
