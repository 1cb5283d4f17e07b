//! Files that cannot be read as core-model tables: what the operator is told, and that no value is.

use std::fs::File;
use std::sync::Arc;

use ::parquet::arrow::ArrowWriter;
use arrow::array::{Array as _, ArrayRef, Int64Array, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Schema};
use plan::model;

use super::*;
use crate::config::{ColumnKind, RawSource};
use crate::fixture::{SECRET, csv};

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }
}

fn none() -> Sources {
    Sources { tables: Default::default(), raw: Default::default() }
}

fn read(table: &str, origin: &Origin, sources: &Sources) -> Result<usize, String> {
    let table = model::table(table).unwrap();
    let tell = |error: SourceError| {
        let text = format!("{error}");
        assert!(!format!("{error:?}").contains(SECRET) && !text.contains(SECRET), "{text}");
        text
    };
    let rows = rows(table, origin, sources, 64 << 20).map_err(tell)?;
    let mut count = 0;
    for batch in rows {
        let batch = batch.map_err(tell)?;
        assert_eq!(batch.schema(), table.source_schema());
        count += batch.num_rows();
    }
    Ok(count)
}

fn stays(edit: &[(&'static str, &str)]) -> String {
    let rows: Vec<Vec<(&str, String)>> = (0..3)
        .map(|n| {
            let mut row = vec![("person_id", SECRET.to_owned())];
            if n == 2 {
                row.splice(0..0, edit.iter().map(|(name, value)| (*name, (*value).to_owned())));
            }
            row
        })
        .collect();
    csv(model::table("hospital_spell").unwrap(), &rows)
}

fn check_csv(text: &str, expected: Result<usize, &[&str]>) {
    let folder = Folder::new();
    let path = folder.write("spell.csv", text);
    let found = read("hospital_spell", &Origin::Csv(path), &none());
    match (found, expected) {
        (Ok(rows), Ok(expected)) => assert_eq!(rows, expected),
        (Err(error), Err(words)) => {
            assert!(error.contains("hospital_spell") && error.contains("spell.csv"), "{error}");
            assert!(words.iter().all(|words| error.contains(words)), "{error}");
        }
        (found, expected) => panic!("{found:?} instead of {expected:?}"),
    }
}

#[test]
fn csv_files_that_are_not_the_table() {
    check_csv(&stays(&[]), Ok(3));
    check_csv(&stays(&[]).replacen("spell_id", "\u{feff}spell_id", 1), Ok(3));
    check_csv(&stays(&[]).replacen("admission_date,", "admitted,", 1), Err(&["`admission_date`", "no column"]));
    check_csv(&stays(&[("length_of_stay_days", SECRET)]), Err(&["record 3", "`length_of_stay_days`"]));
    check_csv(&stays(&[("admission_date", "31/12/2024")]), Err(&["record 3", "`admission_date`"]));
    check_csv(&stays(&[("person_id", "")]), Err(&["`person_id`", "empty"]));
    check_csv(&(stays(&[]) + SECRET + "\n"), Err(&["record 4", "another number of fields"]));
    check_csv("", Err(&["no column"]));
}

#[test]
fn files_that_are_not_there_or_not_whole() {
    let folder = Folder::new();
    let absent = folder.0.path().join("absent");
    for origin in [Origin::Csv(absent.clone()), Origin::Parquet(absent.clone()), Origin::Sql(absent)] {
        let error = read("person", &origin, &none()).unwrap_err();
        assert!(error.contains("absent") && error.contains("cannot be opened"), "{error}");
    }
    let text = folder.write("text.parquet", SECRET);
    assert!(read("person", &Origin::Parquet(text), &none()).unwrap_err().contains("not Parquet"));
    let whole = parquet_file(&folder, "whole.parquet", |_, column| column);
    assert_eq!(read("hospital_spell", &Origin::Parquet(whole.clone()), &none()), Ok(3));
    let bytes = std::fs::read(whole).unwrap();
    for length in [0, 4, bytes.len() / 2, bytes.len() - 1] {
        let cut = folder.0.path().join("cut.parquet");
        std::fs::write(&cut, &bytes[..length]).unwrap();
        let error = read("hospital_spell", &Origin::Parquet(cut), &none()).unwrap_err();
        assert!(error.contains("only a part"), "{length}: {error}");
    }
}

/// The three stays as Parquet, each column after `edit`, which may drop it by giving none.
fn parquet_file(folder: &Folder, name: &str, edit: impl Fn(&str, ArrayRef) -> ArrayRef) -> PathBuf {
    let origin = folder.write("origin.csv", &stays(&[]));
    let table = model::table("hospital_spell").unwrap();
    let batch = rows(table, &Origin::Csv(origin), &none(), 0).unwrap().next().unwrap().unwrap();
    let columns: Vec<(String, ArrayRef)> = batch
        .schema()
        .fields()
        .iter()
        .zip(batch.columns())
        .map(|(field, column)| (field.name().clone(), edit(field.name(), Arc::clone(column))))
        .filter(|(_, column)| !column.is_empty())
        .collect();
    let fields: Vec<Field> =
        columns.iter().map(|(name, column)| Field::new(name, column.data_type().clone(), true)).collect();
    let schema = Arc::new(Schema::new(fields));
    let batch = RecordBatch::try_new(Arc::clone(&schema), columns.into_iter().map(|(_, c)| c).collect()).unwrap();
    let path = folder.0.path().join(name);
    let mut writer = ArrowWriter::try_new(File::create(&path).unwrap(), schema, None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    path
}

fn check_parquet(column: &str, to: impl Fn(ArrayRef) -> ArrayRef, expected: Result<usize, &[&str]>) {
    let folder = Folder::new();
    let path = parquet_file(&folder, "spell.parquet", |name, array| if name == column { to(array) } else { array });
    match (read("hospital_spell", &Origin::Parquet(path), &none()), expected) {
        (Ok(rows), Ok(expected)) => assert_eq!(rows, expected),
        (Err(error), Err(words)) => assert!(words.iter().all(|words| error.contains(words)), "{error}"),
        (found, expected) => panic!("{column}: {found:?} instead of {expected:?}"),
    }
}

#[test]
fn parquet_columns_of_other_types() {
    let to = |data_type: DataType| move |array: ArrayRef| cast(&array, &data_type).unwrap();
    check_parquet("person_id", to(DataType::LargeUtf8), Ok(3));
    check_parquet("person_id", to(DataType::Dictionary(DataType::Int32.into(), DataType::Utf8.into())), Ok(3));
    check_parquet("length_of_stay_days", to(DataType::Int64), Ok(3));
    check_parquet("length_of_stay_days", to(DataType::Utf8), Err(&["`length_of_stay_days`", "text", "whole number"]));
    check_parquet("admission_date", to(DataType::Utf8), Err(&["`admission_date`", "text", "a date", "mapping SQL"]));
    check_parquet("cost_gbp", to(DataType::Float64), Err(&["`cost_gbp`", "fraction", "decimal"]));
    check_parquet("spell_id", |array| array.slice(0, 0), Err(&["`spell_id`", "no column"]));
    let nulls = |_| -> ArrayRef { Arc::new(StringArray::from(vec![Some(SECRET), None, Some("x")])) };
    check_parquet("person_id", nulls, Err(&["`person_id`", "empty"]));
    let large = |_| -> ArrayRef { Arc::new(Int64Array::from(vec![1, i64::MAX, 2])) };
    check_parquet("length_of_stay_days", large, Err(&["`length_of_stay_days`", "does not fit"]));
}

fn check_sql(sql: &str, expected: Result<usize, &[&str]>) {
    let folder = Folder::new();
    let path = folder.write("spell.sql", sql);
    let stays = folder.write("raw.csv", &format!("who,day,days\n{SECRET},2024-01-01,3\nq,2024-01-02,4\n"));
    let kinds = [("who", ColumnKind::Text), ("day", ColumnKind::Date), ("days", ColumnKind::Integer)];
    let columns = kinds.map(|(name, kind)| (name.to_owned(), kind)).into();
    let sources = Sources {
        tables: Default::default(),
        raw: [("stays".to_owned(), RawSource::Csv { path: stays, columns })].into(),
    };
    match (read("medication_issue", &Origin::Sql(path), &sources), expected) {
        (Ok(rows), Ok(expected)) => assert_eq!(rows, expected),
        (Err(error), Err(words)) => assert!(words.iter().all(|words| error.contains(words)), "{error}"),
        (found, expected) => panic!("{found:?} instead of {expected:?}"),
    }
}

#[test]
fn mapping_sql() {
    let sql = "select who as person_id, day as issue_date, '0' as dmd_code, null as quantity from stays";
    check_sql(sql, Ok(2));
    check_sql(&sql.replace("null", "days"), Ok(2));
    check_sql(&sql.replace("as quantity", "as q"), Err(&["`quantity`", "no column"]));
    check_sql(&sql.replace("day as", "who as"), Err(&["`issue_date`", "text", "a date"]));
    check_sql(&sql.replace("stays", "spells"), Err(&["spell.sql", "spells"]));
    check_sql("select", Err(&["spell.sql"]));
    check_sql(&sql.replace("null", "cast(who as double)"), Err(&["failed while running", "converted"]));
    check_sql(&sql.replace("who as", "nullif(who, 'q') as"), Err(&["`person_id`", "empty"]));
}
