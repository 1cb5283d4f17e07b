//! The property behind the whole check: what a person contributes follows from that person's records alone.
//!
//! A small region of four people whose codes, places and even record keys coincide is queried as a whole and person by
//! person. Contributions must be the same. Any join, grouping or subquery that lets one person's row reach another's
//! shows as a difference.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::{Arc, LazyLock};

use arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int8Array, Int16Array, Int32Array, RecordBatch,
    StringArray, TimestampMicrosecondArray, UInt32Array,
};
use arrow::datatypes::SchemaRef;
use arrow::util::display::array_value_to_string;
use datafusion::catalog::TableProvider;
use datafusion::common::ScalarValue;
use datafusion::datasource::MemTable;
use datafusion::execution::runtime_env::RuntimeEnv;
use datafusion::prelude::SessionContext;
use plan::Checked;
use plan::model::{self, Column, Kind, Role, Table};
use tokio::runtime::Runtime;

use crate::cases::lookups;

const PEOPLE: [u32; 4] = [3, 5, 8, 11];
const ROWS_PER_PERSON: usize = 3;
/// So few that records of different people share them, as a provider's faulty mapping might have it.
const RECORD_KEYS: [&str; 9] = ["S1", "S2", "S3", "S4", "S5", "S6", "S7", "S8", "S9"];
/// 2024-03-01.
const DAY: i32 = 19_783;

type Tables = BTreeMap<String, Arc<dyn TableProvider>>;

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().unwrap());
static WHOLE: LazyLock<Tables> = LazyLock::new(|| region(&PEOPLE));
static ALONE: LazyLock<Vec<(u32, Tables)>> =
    LazyLock::new(|| PEOPLE.iter().map(|&person| (person, region(&[person]))).collect());

/// How a checked plan breaks the property, if it does.
pub fn broken(checked: &Checked) -> Option<String> {
    differs(|tables| contributions(checked, tables))
}

/// The number of contributions of the whole region.
pub fn size(checked: &Checked) -> usize {
    contributions(checked, &WHOLE).unwrap().len()
}

/// How contributions of the whole region differ from those of each person alone, if they do.
fn differs(run: impl Fn(&Tables) -> Result<Vec<String>, String>) -> Option<String> {
    let whole = match run(&WHOLE) {
        Ok(whole) => whole,
        Err(error) => return Some(format!("does not run: {error}")),
    };
    for (person, tables) in ALONE.iter() {
        let prefix = format!("{person}|");
        let of_person: Vec<&String> = whole.iter().filter(|row| row.starts_with(&prefix)).collect();
        let alone = run(tables).unwrap();
        if of_person != alone.iter().collect::<Vec<_>>() {
            return Some(format!("person {person} contributes {of_person:?} among others and {alone:?} alone"));
        }
    }
    None
}

/// The contributions of a checked plan, as [`rows`].
fn contributions(checked: &Checked, tables: &Tables) -> Result<Vec<String>, String> {
    let plan = checked.bind_to(&values(checked), |name| tables.get(name).map(Arc::clone)).map_err(|e| e.to_string())?;
    let state = plan::session::state(Arc::new(RuntimeEnv::default()), NonZeroUsize::MIN);
    rows(async { SessionContext::new_with_state(state).execute_logical_plan(plan).await?.collect().await })
}

/// Rows as text, sorted.
fn rows(batches: impl Future<Output = datafusion::common::Result<Vec<RecordBatch>>>) -> Result<Vec<String>, String> {
    let mut rows = Vec::new();
    for batch in RUNTIME.block_on(batches).map_err(|error| error.to_string())? {
        for row in 0..batch.num_rows() {
            let cells = batch.columns().iter().map(|column| array_value_to_string(column, row).unwrap());
            rows.push(cells.collect::<Vec<_>>().join("|"));
        }
    }
    rows.sort();
    Ok(rows)
}

/// Run past the check, the attacks are seen by the property: the sample is rich enough to show them.
#[test]
fn the_property_sees_what_the_check_refuses() {
    let seen = |sql: &str| {
        let run = |tables: &Tables| {
            rows(async {
                let session = SessionContext::new();
                for (name, provider) in tables {
                    session.register_table(name.as_str(), Arc::clone(provider))?;
                }
                session.sql(sql).await?.collect().await
            })
        };
        let found = differs(run);
        assert!(found.as_ref().is_some_and(|found| found.starts_with("person")), "{sql}: {found:?}");
        assert!(crate::cases::check(sql, "level level").is_err(), "{sql}");
    };
    seen(
        "select a.person_id, b.primary_diagnosis_code as level from hospital_spell a join hospital_spell b
        on a.primary_diagnosis_code = b.primary_diagnosis_code",
    );
    seen(
        "select d.person_id, s.site_code as level from spell_diagnosis d join hospital_spell s on s.spell_id = d.spell_id",
    );
    seen(
        "select min(person_id) as person_id, primary_diagnosis_code as level from hospital_spell group by primary_diagnosis_code",
    );
    seen(
        "select person_id, site_code as level from hospital_spell
        where spell_id in (select event_id from clinical_event)",
    );
    seen(
        "select person_id, site_code as level from hospital_spell s where exists
        (select 1 from hospital_spell o where o.person_id <> s.person_id and o.site_code = s.site_code)",
    );
    seen(
        "select a.person_id, b.site_code as level from hospital_spell a join hospital_spell b
        on a.person_id = b.person_id or a.spell_id = b.spell_id",
    );
    seen("select person_id, cast(count(*) over () as varchar) as level from hospital_spell");
}

/// A value for each parameter, by its type, in the midst of the sample's values.
fn values(checked: &Checked) -> Vec<(String, ScalarValue)> {
    let value = |parameter: &plan::Parameter| match parameter.kind {
        plan::ParameterKind::Date if parameter.name.ends_with("_end") => ScalarValue::Date32(Some(DAY + 40)),
        plan::ParameterKind::Date => ScalarValue::Date32(Some(DAY - 40)),
        plan::ParameterKind::Integer => ScalarValue::Int64(Some(2)),
        plan::ParameterKind::Text => ScalarValue::Utf8(Some("300".to_owned())),
    };
    checked.parameters().iter().map(|parameter| (parameter.name.clone(), value(parameter))).collect()
}

/// Every table with the rows of these people, and the look-ups.
fn region(people: &[u32]) -> Tables {
    let mut tables = Tables::new();
    for table in model::tables().iter().filter(|table| table.is_personal()) {
        tables.insert(table.name.to_owned(), provider(table.snapshot_schema(), columns(table, people)));
    }
    for lookup in lookups() {
        let texts = |values: [&str; 3]| Arc::new(StringArray::from(values.to_vec())) as ArrayRef;
        let others = lookup.columns.iter().skip(1).map(|_| texts(["mdg-01", "mdg-02", "stroke"]));
        let columns = std::iter::once(texts(["J44", "300", "mdg-01"])).chain(others).collect();
        tables.insert(lookup.name.clone(), provider(lookup.schema(), columns));
    }
    tables
}

fn provider(schema: SchemaRef, columns: Vec<ArrayRef>) -> Arc<dyn TableProvider> {
    let batch = RecordBatch::try_new(Arc::clone(&schema), columns).unwrap();
    Arc::new(MemTable::try_new(schema, vec![vec![batch]]).unwrap())
}

fn columns(table: &Table, people: &[u32]) -> Vec<ArrayRef> {
    table.columns.iter().enumerate().map(|(place, column)| array(table, column, place, people)).collect()
}

/// A column of sample values. They depend on the person, the row and the column, never on who else is there.
fn array(table: &Table, column: &Column, place: usize, people: &[u32]) -> ArrayRef {
    let rows = if table.name == "person" { 1 } else { ROWS_PER_PERSON };
    let draws: Vec<(u32, usize)> = people
        .iter()
        .flat_map(|&person| (0..rows).map(move |row| (person, draw(table.name, place, person, row))))
        .collect();
    if column.role == Role::Person {
        return Arc::new(UInt32Array::from_iter_values(draws.iter().map(|(person, _)| *person)));
    }
    fn fill<T>(column: &Column, draws: &[(u32, usize)], value: impl Fn(usize) -> T) -> Vec<Option<T>> {
        draws.iter().map(|(_, draw)| (!column.nullable || !draw.is_multiple_of(7)).then(|| value(*draw))).collect()
    }
    let pick = |draw: usize| {
        if column.name == "birth_month" {
            DAY - 28_000 + (draw % 5) as i32 * 9_000
        } else {
            DAY + (draw % 9) as i32 * 7 - 28
        }
    };
    match column.kind {
        Kind::Text => {
            let words = if column.role == Role::RecordKey { &RECORD_KEYS[..] } else { words(column.name) };
            Arc::new(StringArray::from(fill(column, &draws, |draw| words[draw % words.len()])))
        }
        Kind::Date => Arc::new(Date32Array::from(fill(column, &draws, pick))),
        Kind::Timestamp => {
            let micros = |draw| i64::from(pick(draw)) * 86_400_000_000 + draw as i64;
            Arc::new(TimestampMicrosecondArray::from(fill(column, &draws, micros)))
        }
        Kind::Int8 => Arc::new(Int8Array::from(fill(column, &draws, |draw| (draw % 4) as i8))),
        Kind::Int16 => Arc::new(Int16Array::from(fill(column, &draws, |draw| (draw % 4) as i16))),
        Kind::Int32 => Arc::new(Int32Array::from(fill(column, &draws, |draw| (draw % 40) as i32))),
        Kind::Float64 => Arc::new(Float64Array::from(fill(column, &draws, |draw| draw as f64 / 4.0))),
        Kind::Money => {
            let array = Decimal128Array::from(fill(column, &draws, |draw| draw as i128 * 125));
            Arc::new(array.with_precision_and_scale(12, 2).unwrap())
        }
        Kind::Units => {
            let array = Decimal128Array::from(fill(column, &draws, |draw| draw as i128 * 25));
            Arc::new(array.with_precision_and_scale(8, 2).unwrap())
        }
        Kind::Boolean => Arc::new(BooleanArray::from(fill(column, &draws, |draw| draw.is_multiple_of(2)))),
    }
}

/// A small number from where a value stands, by the hash FNV-1a.
fn draw(table: &str, place: usize, person: u32, row: usize) -> usize {
    let bytes = table.bytes().chain([place as u8, person as u8, row as u8]);
    let hash =
        bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    (hash >> 32) as usize % 1_000
}

/// Few words, so that different people share them.
fn words(column: &str) -> &'static [&'static str] {
    match column {
        "admission_method_code" => &["21", "22", "11"],
        "treatment_function_code" | "usual_gp_practice_code" => &["300", "430", "J44"],
        "condition" => &["depression", "diabetes", "copd"],
        "status" => &["attended", "dna"],
        "attendance_status_code" => &["5", "3"],
        "primary_diagnosis_code" | "icd10_code" => &["J44", "I64", "F209"],
        _ => &["J44", "300", "S1", "S2"],
    }
}
