//! Records of invented people, as their provider writes them down.

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, Date32Array, Int32Array, RecordBatch, StringArray};

use crate::world::{World, table, write_table};

/// 1 April 2024, in days since 1970.
const APRIL: i32 = 19_814;
const METHODS: [&str; 3] = ["21", "11", "31"];
const DIAGNOSES: [&str; 4] = ["J44", "I64", "J18", "Z99"];
const CONDITIONS: [&str; 2] = ["copd", "diabetes"];

/// One stay in hospital. Codes are places in the lists above.
#[derive(Clone, Debug)]
pub struct Stay {
    /// Days after 1 April 2024.
    pub day: i32,
    pub method: usize,
    pub diagnosis: Option<usize>,
    pub length: Option<i32>,
}

/// A person and all that is written down of them.
#[derive(Clone, Debug, Default)]
pub struct Person {
    pub gender: usize,
    pub stays: Vec<Stay>,
    pub conditions: Vec<usize>,
}

/// Tables with their names.
pub type Tables = [(&'static str, RecordBatch); 3];

/// The provider's tables of these people.
pub fn tables(people: &[Person]) -> Tables {
    let text = |values: Vec<String>| Arc::new(StringArray::from(values)) as ArrayRef;
    let id = |n: usize| format!("P{n:03}");
    let everybody = || people.iter().enumerate();
    let stays: Vec<(usize, &Stay)> = everybody().flat_map(|(n, p)| p.stays.iter().map(move |s| (n, s))).collect();
    let conditions: Vec<(usize, usize)> =
        everybody().flat_map(|(n, p)| p.conditions.iter().map(move |c| (n, *c))).collect();
    let person = table(
        "person",
        [
            ("person_id", text(everybody().map(|(n, _)| id(n)).collect())),
            ("birth_month", Arc::new(Date32Array::from_iter_values(people.iter().map(|_| -10_000)))),
            ("gender_code", text(people.iter().map(|p| (p.gender % 2 + 1).to_string()).collect())),
            ("opted_out", Arc::new(people.iter().map(|_| Some(false)).collect::<BooleanArray>())),
        ],
    );
    let spell = table(
        "hospital_spell",
        [
            // So few keys that people share them, as a faulty mapping might have it.
            ("spell_id", text((0..stays.len()).map(|n| format!("S{}", n % 40)).collect())),
            ("person_id", text(stays.iter().map(|(n, _)| id(*n)).collect())),
            ("provider_code", text(stays.iter().map(|_| "RYA".to_owned()).collect())),
            ("admission_date", Arc::new(Date32Array::from_iter_values(stays.iter().map(|(_, s)| APRIL + s.day)))),
            ("admission_method_code", text(stays.iter().map(|(_, s)| METHODS[s.method].to_owned()).collect())),
            (
                "primary_diagnosis_code",
                Arc::new(stays.iter().map(|(_, s)| s.diagnosis.map(|d| DIAGNOSES[d])).collect::<StringArray>()),
            ),
            ("length_of_stay_days", Arc::new(stays.iter().map(|(_, s)| s.length).collect::<Int32Array>())),
            ("admission_group", text(stays.iter().map(|_| "emergency".to_owned()).collect())),
        ],
    );
    let condition = table(
        "long_term_condition",
        [
            ("person_id", text(conditions.iter().map(|(n, _)| id(*n)).collect())),
            ("condition", text(conditions.iter().map(|(_, c)| CONDITIONS[*c].to_owned()).collect())),
            ("onset_date", Arc::new(Date32Array::from_iter_values(conditions.iter().map(|_| 15_000)))),
            ("definition_id", text(conditions.iter().map(|_| "invented".to_owned()).collect())),
        ],
    );
    [("person", person), ("hospital_spell", spell), ("long_term_condition", condition)]
}

/// Puts the tables in the place of RYA's.
pub fn write(world: &World, tables: &Tables) {
    for (name, batch) in tables {
        write_table(&world.node_table("RYA", name), batch);
    }
}
