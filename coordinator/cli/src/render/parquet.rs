//! Parquet: the CSV's columns, typed, with where the answer comes from in the file's metadata.
//!
//! Numbers that are not there are null, never nought. The metadata's keys are `tallyward.run`, `tallyward.revision`,
//! `tallyward.template_id`, `tallyward.template_version`, `tallyward.template_digest`, `tallyward.parameters` (JSON),
//! `tallyward.purpose`, `tallyward.analyst`, `tallyward.asked_at` and `tallyward.notes` (JSON).

use std::io::Write;
use std::sync::Arc;

use arrow::array::{ArrayRef, Decimal128Array, StringArray, UInt32Array, UInt64Array};
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

use super::rows::{REASONS, Row, SITES, dimension_columns, rows};

/// How many digits a figure has in all, and after the point.
const DECIMAL: (u8, i8) = (38, 2);

/// Writes the cells and figures as a Parquet file.
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
        ("stands_for", answer.stands_for.clone()),
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
    columns.text("counted", rows.iter().map(|row| row.counted));
    columns.number("central", rows.iter().map(|row| row.figure?.central));
    columns.number("low", rows.iter().map(|row| Some(row.figure?.low)));
    columns.number("high", rows.iter().map(|row| row.figure?.high));
    columns.text("state", rows.iter().map(|row| Some(row.state)));
    for (index, name) in SITES.into_iter().enumerate() {
        let sites: UInt32Array = rows.iter().map(|row| row.sites.map(|sites| sites[index])).collect();
        columns.push(name, DataType::UInt32, Arc::new(sites));
    }
    for (index, name) in REASONS.into_iter().enumerate() {
        let reasons: UInt32Array = rows.iter().map(|row| row.reasons.map(|reasons| reasons[index])).collect();
        columns.push(name, DataType::UInt32, Arc::new(reasons));
    }
    let follows = || rows.iter().map(|row| row.follows);
    columns.text("figure", follows().map(|figure| Some(figure?.name.as_str())));
    columns.text("figure_kind", follows().map(|figure| Some(figure?.kind.as_str())));
    columns.decimal("figure_central", follows().map(|figure| figure?.central.as_deref()))?;
    columns.decimal("figure_low", follows().map(|figure| figure?.low.as_deref()))?;
    columns.decimal("figure_high", follows().map(|figure| figure?.high.as_deref()))?;
    let sites: UInt32Array = follows().map(|figure| Some(figure?.sites)).collect();
    columns.push("figure_sites", DataType::UInt32, Arc::new(sites));
    let left_out: UInt32Array = follows().map(|figure| Some(figure?.left_out)).collect();
    columns.push("figure_left_out", DataType::UInt32, Arc::new(left_out));
    RecordBatch::try_new(Arc::new(Schema::new(columns.fields)), columns.arrays)
}

/// A decimal of at most two digits after the point, as a number of hundredths; `None` for text that is none.
fn hundredths(text: &str) -> Option<i128> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let unsigned = whole.strip_prefix('-').unwrap_or(whole);
    if unsigned.is_empty() || fraction.len() > 2 || !digits(unsigned) || !digits(fraction) {
        return None;
    }
    format!("{whole}{fraction:0<2}").parse().ok()
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

    fn decimal<'a>(&mut self, name: &str, values: impl Iterator<Item = Option<&'a str>>) -> Result<(), ArrowError> {
        let values: Decimal128Array = values.map(|text| hundredths(text?)).collect();
        let values = values.with_precision_and_scale(DECIMAL.0, DECIMAL.1)?;
        self.push(name, DataType::Decimal128(DECIMAL.0, DECIMAL.1), Arc::new(values));
        Ok(())
    }

    fn push(&mut self, name: &str, kind: DataType, array: ArrayRef) {
        self.fields.push(Field::new(name, kind, true));
        self.arrays.push(array);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_read_as_hundredths() {
        for (text, expected) in [
            ("12.34", Some(1234)),
            ("-6.6", Some(-660)),
            ("-0.05", Some(-5)),
            ("120", Some(12_000)),
            ("1.234", None),
            ("", None),
            ("-", None),
            ("1.x", None),
        ] {
            assert_eq!(hundredths(text), expected, "{text}");
        }
    }
}
