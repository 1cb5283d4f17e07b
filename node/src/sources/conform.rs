//! Fits batches to a table's source schema: the same type, or one that holds the same values.

use std::sync::Arc;

use arrow::array::{Array as _, RecordBatch};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, Schema};
use plan::model::Table;

use super::{Place, SourceError};

/// How far a type may lie from the wanted one.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Leniency {
    /// Files: another width or encoding of the same kind.
    SameKind,
    /// The provider's own SQL: what it wrote as a bare null, or a decimal of another scale, as well.
    Mapping,
}

/// Checks that `found` has every column of the table in a type that fits.
pub(super) fn check(table: &Table, found: &Schema, place: &Place, leniency: Leniency) -> Result<(), SourceError> {
    for field in table.source_schema().fields() {
        let Ok(column) = found.field_with_name(field.name()) else { return Err(place.missing(field.name())) };
        if !fits(column.data_type(), field.data_type(), leniency) {
            return Err(SourceError::WrongType {
                table: place.table.clone(),
                path: place.path.clone(),
                column: field.name().clone(),
                found: words(column.data_type()),
                wanted: words(field.data_type()),
            });
        }
    }
    Ok(())
}

/// The batch in the table's source schema, other columns dropped.
pub(super) fn conform(table: &Table, batch: &RecordBatch, place: &Place) -> Result<RecordBatch, SourceError> {
    let schema = table.source_schema();
    let mut columns = Vec::with_capacity(schema.fields().len());
    for field in schema.fields() {
        let column = batch.column_by_name(field.name()).ok_or_else(|| place.missing(field.name()))?;
        let range = || SourceError::Range {
            table: place.table.clone(),
            path: place.path.clone(),
            column: field.name().clone(),
            wanted: words(field.data_type()),
        };
        let column = if column.data_type() == field.data_type() {
            Arc::clone(column)
        } else {
            // INVARIANT: the cast's own text names the value, so it is dropped here.
            let strict = CastOptions { safe: false, ..CastOptions::default() };
            cast_with_options(column, field.data_type(), &strict).map_err(|_| range())?
        };
        if !field.is_nullable() && column.null_count() > 0 {
            return Err(SourceError::Nulls {
                table: place.table.clone(),
                path: place.path.clone(),
                column: field.name().clone(),
            });
        }
        columns.push(column);
    }
    RecordBatch::try_new(schema, columns).map_err(|_| place.format("of equally long columns"))
}

fn fits(found: &DataType, wanted: &DataType, leniency: Leniency) -> bool {
    let text = |t: &DataType| match t {
        DataType::Dictionary(_, value) => value.is_string(),
        other => other.is_string(),
    };
    match (found, wanted) {
        _ if found == wanted => true,
        (found, wanted) if text(found) && text(wanted) => true,
        (found, wanted) if found.is_integer() && wanted.is_integer() => true,
        (DataType::Timestamp(_, None), DataType::Timestamp(_, None)) => true,
        (DataType::Date64, DataType::Date32) | (DataType::Float32, DataType::Float64) => true,
        (DataType::Decimal128(_, found), DataType::Decimal128(_, wanted)) => {
            found == wanted || leniency == Leniency::Mapping
        }
        (DataType::Null, _) => leniency == Leniency::Mapping,
        (found, DataType::Decimal128(..)) if found.is_numeric() => leniency == Leniency::Mapping,
        (found, DataType::Float64) if found.is_numeric() => leniency == Leniency::Mapping,
        _ => false,
    }
}

/// A type in the operator's words.
pub(super) fn words(data_type: &DataType) -> String {
    match data_type {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => "text".to_owned(),
        DataType::Date32 | DataType::Date64 => "a date".to_owned(),
        DataType::Timestamp(_, None) => "a timestamp without a time zone".to_owned(),
        DataType::Timestamp(_, Some(_)) => "a timestamp with a time zone".to_owned(),
        DataType::Boolean => "true or false".to_owned(),
        DataType::Float32 | DataType::Float64 => "a number with a fraction".to_owned(),
        DataType::Decimal128(precision, scale) => format!("a decimal of {precision} digits, {scale} after the point"),
        integer if integer.is_integer() => format!("a whole number ({integer})"),
        other => other.to_string(),
    }
}
