//! CSV files with a header. Types come from the core model or from the configuration, never from the file.
//!
//! The reader's own messages quote the offending row, so they are dropped; where a record fails is found by reading
//! again, record by record.

use std::collections::BTreeMap;
use std::fs::File;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::csv::ReaderBuilder;
use arrow::csv::reader::{Format, Reader};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use plan::model::Table;

use super::conform::conform;
use super::{Place, Rows, SourceError};
use crate::config::ColumnKind;

const FORMAT: &str = "CSV with a header";
const BATCH_ROWS: usize = 8 * 1024;

/// The rows of a CSV file as a core-model table.
pub(super) fn table_rows(table: &'static Table, place: Place) -> Result<Rows, SourceError> {
    let wanted = table.source_schema();
    let types = wanted.fields().iter().map(|field| (field.name().clone(), field.data_type().clone())).collect();
    let rows = CsvRows::open(place.clone(), &types)?;
    Ok(Box::new(rows.map(move |batch| batch.and_then(|batch| conform(table, &batch, &place)))))
}

/// The rows of a CSV file with the columns that the operator declared.
pub(super) fn raw_rows(place: Place, columns: &BTreeMap<String, ColumnKind>) -> Result<(SchemaRef, Rows), SourceError> {
    let types = columns.iter().map(|(name, kind)| (name.clone(), data_type(*kind))).collect();
    let rows = CsvRows::open(place, &types)?;
    Ok((Arc::clone(&rows.projected), Box::new(rows)))
}

fn data_type(kind: ColumnKind) -> DataType {
    match kind {
        ColumnKind::Boolean => DataType::Boolean,
        ColumnKind::Date => DataType::Date32,
        ColumnKind::Decimal => DataType::Decimal128(18, 2),
        ColumnKind::Float => DataType::Float64,
        ColumnKind::Integer => DataType::Int64,
        ColumnKind::Text => DataType::Utf8,
        ColumnKind::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, None),
    }
}

struct CsvRows {
    place: Place,
    /// Every column of the header.
    schema: SchemaRef,
    /// The columns that are read.
    wanted: Vec<usize>,
    projected: SchemaRef,
    reader: Reader<File>,
}

impl CsvRows {
    fn open(place: Place, types: &BTreeMap<String, DataType>) -> Result<Self, SourceError> {
        let header = Format::default().with_header(true).infer_schema(place.open()?, Some(0));
        let (header, _) = header.map_err(|_| place.format(FORMAT))?;
        // Spreadsheets put a byte order mark before the first name.
        let names: Vec<&str> = header.fields().iter().map(|f| f.name().trim_start_matches('\u{feff}').trim()).collect();
        if let Some(missing) = types.keys().find(|name| !names.contains(&name.as_str())) {
            return Err(place.missing(missing));
        }
        let field = |name: &&str| Field::new(*name, types.get(*name).cloned().unwrap_or(DataType::Utf8), true);
        let schema = Arc::new(Schema::new(names.iter().map(field).collect::<Vec<_>>()));
        let wanted: Vec<usize> = (0..names.len()).filter(|&index| types.contains_key(names[index])).collect();
        let projected = Arc::new(schema.project(&wanted).map_err(|_| place.format(FORMAT))?);
        let reader = reader(&place, &schema, &wanted, BATCH_ROWS)?;
        Ok(Self { place, schema, wanted, projected, reader })
    }

    /// Where reading fails, found by reading the file again record by record.
    fn failure(&self) -> SourceError {
        let Some(record) = self.failing(&self.schema, &self.wanted) else { return self.place.format(FORMAT) };
        let text = self.schema.fields().iter().map(|field| Field::new(field.name(), DataType::Utf8, true));
        let text = Arc::new(Schema::new(text.collect::<Vec<_>>()));
        // A record that is not even text is broken as a whole.
        let is_broken = self.failing(&text, &self.wanted) == Some(record);
        let column = self.wanted.iter().find(|&&index| self.failing(&self.schema, &[index]) == Some(record));
        let column = column.filter(|_| !is_broken).and_then(|&index| self.schema.fields().get(index));
        SourceError::Record {
            table: self.place.table.clone(),
            path: self.place.path.clone(),
            record,
            column: column.map(|field| field.name().clone()),
        }
    }

    /// The first record that cannot be read in these columns, counted from 1.
    fn failing(&self, schema: &SchemaRef, wanted: &[usize]) -> Option<u64> {
        let records = reader(&self.place, schema, wanted, 1).ok()?;
        (1..).zip(records).find(|(_, batch)| batch.is_err()).map(|(record, _)| record)
    }
}

fn reader(place: &Place, schema: &SchemaRef, wanted: &[usize], rows: usize) -> Result<Reader<File>, SourceError> {
    ReaderBuilder::new(Arc::clone(schema))
        .with_header(true)
        .with_projection(wanted.to_vec())
        .with_batch_size(rows)
        .build(place.open()?)
        .map_err(|_| place.format(FORMAT))
}

impl Iterator for CsvRows {
    type Item = Result<RecordBatch, SourceError>;

    fn next(&mut self) -> Option<Self::Item> {
        Some(self.reader.next()?.map_err(|_| self.failure()))
    }
}
