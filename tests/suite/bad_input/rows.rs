//! A hospital's spells, row by row, to be spoiled.

use std::sync::Arc;

use arrow::array::{ArrayRef, Date32Array, Int32Array, RecordBatch, StringArray};
use arrow::datatypes::{Field, Schema};

use crate::world::{HOSPITALS, PERSON_MARK, World, table, write_table};

/// The id of the question.
pub const TEMPLATE_ID: &str = "bed-days-by-group";
/// People, admissions and bed days by group of admission.
pub const TEMPLATE: &str = include_str!("template.toml");

/// One spell.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// The person's place among the hospital's people.
    pub person: usize,
    /// The group of admission.
    pub group: &'static str,
    /// Days in hospital, where there are any.
    pub days: Option<i32>,
}

/// The usual spells of the first hospital: one a person, of one to four days.
pub fn usual() -> Vec<Row> {
    let groups = ["emergency", "elective", "maternity", "other"];
    let of_group = groups.into_iter().zip(HOSPITALS[0].people);
    let groups = of_group.flat_map(|(group, people)| (0..people).map(move |_| group));
    (0..).zip(groups).map(|(person, group)| Row { person, group, days: Some(1 + person as i32 % 4) }).collect()
}

/// Writes spells as a hospital's table. Equal rows of one person that follow each other are one record, repeated.
pub fn write(world: &World, code: &str, rows: &[Row]) {
    write_of(world, code, rows, |person| Some(self::person(code, person)));
}

/// The id of one of a hospital's people.
pub fn person(code: &str, person: usize) -> String {
    format!("P{person}-{code}{PERSON_MARK}")
}

/// Writes spells whose people's ids are as `named` says, or are missing, which core-1 does not allow.
pub fn write_of(world: &World, code: &str, rows: &[Row], named: impl Fn(usize) -> Option<String>) {
    let text = |values: Vec<String>| Arc::new(StringArray::from(values)) as ArrayRef;
    let mut key = 0;
    let mut keys = Vec::with_capacity(rows.len());
    for (place, row) in rows.iter().enumerate() {
        let repeats = place.checked_sub(1).and_then(|before| rows.get(before)).is_some_and(|before| {
            (before.person, before.group, before.days) == (row.person, row.group, row.days) && rows.len() < 1_000
        });
        key += usize::from(!repeats);
        keys.push(format!("S{key}"));
    }
    let batch = table(
        "hospital_spell",
        [
            ("spell_id", text(keys)),
            ("person_id", text(rows.iter().map(|_| String::new()).collect())),
            ("provider_code", text(rows.iter().map(|_| code.to_owned()).collect())),
            ("admission_date", Arc::new(Date32Array::from_iter_values(rows.iter().map(|_| 19_814)))),
            ("admission_method_code", text(rows.iter().map(|_| "21".to_owned()).collect())),
            ("length_of_stay_days", Arc::new(rows.iter().map(|row| row.days).collect::<Int32Array>())),
            ("admission_group", text(rows.iter().map(|row| row.group.to_owned()).collect())),
        ],
    );
    let named: Vec<Option<String>> = rows.iter().map(|row| named(row.person)).collect();
    write_table(&world.node_table(code, "hospital_spell"), &with_people(&batch, named));
}

/// The table with these people, whose column may be empty as extracts' are.
fn with_people(batch: &RecordBatch, named: Vec<Option<String>>) -> RecordBatch {
    let place = batch.schema().index_of("person_id").unwrap();
    let mut fields: Vec<Field> = batch.schema().fields().iter().map(|field| Field::clone(field)).collect();
    fields[place] = fields[place].clone().with_nullable(true);
    let mut columns = batch.columns().to_vec();
    columns[place] = Arc::new(StringArray::from(named));
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap()
}
