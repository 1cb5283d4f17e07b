//! The OMOP records, read plainly.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use arrow::array::{Array as _, AsArray as _, RecordBatch};
use arrow::datatypes::{Date32Type, Int64Type};
use chrono::{Days, NaiveDate};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

/// The folder of OMOP tables, one Parquet file each.
pub struct Omop(PathBuf);

/// One visit.
pub struct Visit {
    pub id: i64,
    pub person: i64,
    pub concept: i64,
    pub start: NaiveDate,
    pub end: NaiveDate,
}

impl Omop {
    /// The records, if they are on this machine; else the folder in which they were looked for.
    pub fn find() -> std::result::Result<Self, PathBuf> {
        let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared");
        let shared = std::env::var_os("TALLYWARD_SHARED").map_or_else(beside, PathBuf::from);
        let folder = shared.join("data/synthea-omop-1k");
        if folder.join("person.parquet").is_file() { Ok(Self(folder)) } else { Err(folder) }
    }

    /// The file of a table.
    pub fn file(&self, table: &str) -> PathBuf {
        self.0.join(format!("{table}.parquet"))
    }

    /// The rows of a table.
    pub fn batches(&self, table: &str) -> Result<Vec<RecordBatch>> {
        let file = File::open(self.file(table)).with_context(|| format!("the OMOP table {table}"))?;
        let reader = ParquetRecordBatchReaderBuilder::try_new(file)?.build()?;
        Ok(reader.collect::<Result<_, _>>()?)
    }

    /// Every visit.
    pub fn visits(&self) -> Result<Vec<Visit>> {
        let mut visits = Vec::new();
        for batch in self.batches("visit_occurrence")? {
            let (ids, people) = (numbers(&batch, "visit_occurrence_id")?, numbers(&batch, "person_id")?);
            let concepts = numbers(&batch, "visit_concept_id")?;
            let (starts, ends) = (dates(&batch, "visit_start_date")?, dates(&batch, "visit_end_date")?);
            visits.extend((0..batch.num_rows()).map(|row| Visit {
                id: ids[row],
                person: people[row],
                concept: concepts[row],
                start: starts[row],
                end: ends[row],
            }));
        }
        Ok(visits)
    }

    /// The first day of the month of everybody's birth.
    pub fn birth_months(&self) -> Result<BTreeMap<i64, NaiveDate>> {
        let mut born = BTreeMap::new();
        for batch in self.batches("person")? {
            let (ids, years) = (numbers(&batch, "person_id")?, numbers(&batch, "year_of_birth")?);
            for ((id, year), month) in ids.into_iter().zip(years).zip(numbers(&batch, "month_of_birth")?) {
                let day = NaiveDate::from_ymd_opt(i32::try_from(year)?, u32::try_from(month)?, 1);
                born.insert(id, day.context("a month of birth")?);
            }
        }
        Ok(born)
    }

    /// Every recorded condition: the person and the code as recorded.
    pub fn conditions(&self) -> Result<Vec<(i64, String)>> {
        let mut conditions = Vec::new();
        for batch in self.batches("condition_occurrence")? {
            let codes = batch.column_by_name("condition_source_value").context("condition_source_value")?;
            let codes = codes.as_string_opt::<i32>().context("codes as text")?;
            let people = numbers(&batch, "person_id")?;
            conditions.extend(people.into_iter().zip(codes.iter().flatten().map(str::to_owned)));
            assert_eq!(codes.null_count(), 0, "a condition without a code");
        }
        Ok(conditions)
    }
}

/// A column of whole numbers, none of them missing.
pub fn numbers(batch: &RecordBatch, column: &str) -> Result<Vec<i64>> {
    let numbers = some_numbers(batch, column)?.into_iter().collect::<Option<_>>();
    numbers.with_context(|| format!("a number in every row of {column}"))
}

/// A column of whole numbers.
pub fn some_numbers(batch: &RecordBatch, column: &str) -> Result<Vec<Option<i64>>> {
    let array = batch.column_by_name(column).and_then(|array| array.as_primitive_opt::<Int64Type>());
    Ok(array.with_context(|| format!("whole numbers in {column}"))?.iter().collect())
}

fn dates(batch: &RecordBatch, column: &str) -> Result<Vec<NaiveDate>> {
    let array = batch.column_by_name(column).and_then(|array| array.as_primitive_opt::<Date32Type>());
    let array = array.filter(|array| array.null_count() == 0).with_context(|| format!("dates in {column}"))?;
    let day = |days: &i32| {
        let distance = Days::new(u64::from(days.unsigned_abs()));
        let epoch = NaiveDate::default();
        if *days < 0 { epoch.checked_sub_days(distance) } else { epoch.checked_add_days(distance) }
    };
    array.values().iter().map(|days| day(days).context("a date within the calendar")).collect()
}
