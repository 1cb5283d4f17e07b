//! A Parquet file read back.

use arrow::array::{Array as _, AsArray as _};
use arrow::datatypes::{DataType, Decimal128Type, UInt32Type, UInt64Type};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::sample;

#[test]
fn columns_are_typed_and_missing_numbers_are_null() {
    let mut file = tempfile::tempfile().unwrap();
    cli::render::render_parquet(&sample::every_state(), &mut file).unwrap();
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).unwrap();

    let metadata = builder.metadata().file_metadata().key_value_metadata().unwrap().clone();
    let value = |key: &str| metadata.iter().find(|entry| entry.key == key).unwrap().value.clone().unwrap();
    assert_eq!(value("tallyward.run"), "0123456789abcdef0123456789abcdef");
    assert_eq!(value("tallyward.template_digest"), sample::every_state().template.to_string());
    assert_eq!(value("tallyward.purpose"), sample::every_state().purpose);

    let batches: Vec<_> = builder.build().unwrap().collect::<Result<_, _>>().unwrap();
    assert_eq!(batches.len(), 1);
    let batch = &batches[0];
    let names: Vec<String> = batch.schema().fields().iter().map(|field| field.name().clone()).collect();
    let mut csv = Vec::new();
    cli::render::render_csv(&sample::every_state(), &mut csv).unwrap();
    let header = String::from_utf8(csv).unwrap().lines().next().unwrap().to_owned();
    assert_eq!(names.join(","), header, "the same columns as CSV");
    assert_eq!(batch.column_by_name("low").unwrap().data_type(), &DataType::UInt64);

    let number = |column: &str, row: usize| {
        let column = batch.column_by_name(column).unwrap().as_primitive::<UInt64Type>();
        column.is_valid(row).then(|| column.value(row))
    };
    let text = |column: &str, row: usize| {
        let column = batch.column_by_name(column).unwrap().as_string::<i32>();
        column.is_valid(row).then(|| column.value(row).to_owned())
    };
    let bounds = |row| [number("central", row), number("low", row), number("high", row)];
    assert_eq!(batch.num_rows(), 11);
    assert_eq!(bounds(0), [Some(1245), Some(1180), Some(1310)]);
    assert_eq!(bounds(3), [None, Some(1234), None]);
    assert_eq!((bounds(5), text("state", 5).unwrap().as_str()), ([None; 3], "not_covered"));
    assert_eq!((bounds(10), text("state", 10).unwrap().as_str()), ([None; 3], "too_few_sites"));
    assert_eq!(text("dimension.unit", 6).unwrap(), "(total)");
    assert_eq!(text("measure", 10), None);
    let suppressed = batch.column_by_name("sites_suppressed").unwrap().as_primitive::<UInt32Type>();
    let decimal = |column: &str, row: usize| {
        let column = batch.column_by_name(column).unwrap().as_primitive::<Decimal128Type>();
        column.is_valid(row).then(|| column.value_as_string(row))
    };
    let figure = |row| ["figure_central", "figure_low", "figure_high"].map(|column| decimal(column, row));
    assert_eq!((text("figure", 7).unwrap().as_str(), bounds(7)), ("change", [None; 3]));
    assert_eq!(figure(7), ["-6.60", "-12.40", "-1.30"].map(|text| Some(text.to_owned())));
    assert_eq!(figure(8), [None, Some("1204.50".to_owned()), None]);
    assert_eq!((figure(9), text("state", 9).unwrap().as_str()), ([const { None }; 3], "no_value"));
    assert_eq!((figure(0), text("figure", 0)), ([const { None }; 3], None));
    assert_eq!((suppressed.value(2), suppressed.is_null(10)), (4, true));
}

#[test]
fn an_open_run_makes_an_empty_file_of_the_same_columns() {
    let mut file = tempfile::tempfile().unwrap();
    cli::render::render_parquet(&sample::waiting(), &mut file).unwrap();
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
    assert_eq!(builder.metadata().file_metadata().num_rows(), 0);
    assert!(builder.schema().field_with_name("sites_waiting").is_ok());
}
