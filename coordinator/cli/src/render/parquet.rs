//! Parquet: the CSV's columns, typed, with where the answer comes from in the file's metadata.
//!
//! Numbers that are not there are null, never nought. The metadata's keys are `tallyward.run`, `tallyward.revision`,
//! `tallyward.template_id`, `tallyward.template_version`, `tallyward.template_digest`, `tallyward.parameters` (JSON),
//! `tallyward.purpose`, `tallyward.analyst`, `tallyward.asked_at` and `tallyward.notes` (JSON).

use std::io::Write;
use std::sync::Arc;

use arrow::array::{ArrayRef, StringArray, UInt32Array, UInt64Array};
use arrow::datatypes::{DataType, Field, Schema};
use arrow::error::ArrowError;
use arrow::record_batch::RecordBatch;
use chrono::SecondsFormat;
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use serde_json::json;
use wire::Answer;

use super::rows::{Row, SITES, dimension_columns, rows};

/// Writes the cells as a Parquet file.
///
/// # Errors
/// Where `out` cannot be written.
pub fn render_parquet(answer: &Answer, out: impl Write + Send) -> Result<(), ParquetError> {
    let batch = batch(answer)?;
    let properties = WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .set_key_value_metadata(Some(metadata(answer)))
        .build();
    let mut writer = ArrowWriter::try_new(out, batch.schema(), Some(properties))?;
    writer.write(&batch)?;
    writer.close()?;
    Ok(())
}

fn metadata(answer: &Answer) -> Vec<KeyValue> {
    [
        ("run", answer.run.to_string()),
        ("revision", answer.revision.to_string()),
        ("template_id", answer.template_id.clone()),
        ("template_version", answer.template_version.to_string()),
        ("template_digest", answer.template.to_string()),
        ("parameters", json!(answer.parameters).to_string()),
        ("purpose", answer.purpose.clone()),
        ("analyst", answer.analyst.to_string()),
        ("asked_at", answer.asked_at.to_rfc3339_opts(SecondsFormat::Secs, true)),
        ("notes", json!(answer.notes).to_string()),
    ]
    .into_iter()
    .map(|(key, value)| KeyValue::new(format!("tallyward.{key}"), value))
    .collect()
}

fn batch(answer: &Answer) -> Result<RecordBatch, ArrowError> {
    let rows: Vec<Row<'_>> = rows(answer).collect();
    let mut columns = Columns::default();
    let run = answer.run.to_string();
    columns.text("run", rows.iter().map(|_| Some(run.as_str())));
    columns.push("revision", DataType::UInt32, Arc::new(UInt32Array::from_value(answer.revision, rows.len())));
    columns.text("group", rows.iter().map(|row| Some(row.group)));
    for (index, name) in dimension_columns(answer).into_iter().enumerate() {
        columns.text(&name, rows.iter().map(|row| row.levels.get(index)?.as_deref()));
    }
    columns.text("measure", rows.iter().map(|row| row.measure));
    columns.text("unit", rows.iter().map(|row| row.unit));
    columns.number("central", rows.iter().map(|row| row.figure?.central));
    columns.number("low", rows.iter().map(|row| Some(row.figure?.low)));
    columns.number("high", rows.iter().map(|row| row.figure?.high));
    columns.text("state", rows.iter().map(|row| Some(row.state)));
    for (index, name) in SITES.into_iter().enumerate() {
        let sites: UInt32Array = rows.iter().map(|row| row.sites.map(|sites| sites[index])).collect();
        columns.push(name, DataType::UInt32, Arc::new(sites));
    }
    RecordBatch::try_new(Arc::new(Schema::new(columns.fields)), columns.arrays)
}

#[derive(Default)]
struct Columns {
    fields: Vec<Field>,
    arrays: Vec<ArrayRef>,
}

impl Columns {
    fn text<'a>(&mut self, name: &str, values: impl Iterator<Item = Option<&'a str>>) {
        self.push(name, DataType::Utf8, Arc::new(values.collect::<StringArray>()));
    }

    fn number(&mut self, name: &str, values: impl Iterator<Item = Option<u64>>) {
        self.push(name, DataType::UInt64, Arc::new(values.collect::<UInt64Array>()));
    }

    fn push(&mut self, name: &str, kind: DataType, array: ArrayRef) {
        self.fields.push(Field::new(name, kind, true));
        self.arrays.push(array);
    }
}
