//! The records of the world's hospitals, written as any provider's extract would be, with known truths.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, Date32Array, RecordBatch, StringArray, new_null_array};
use parquet::arrow::ArrowWriter;

/// Stands in every person's id and may appear in nothing but the provider's own records.
pub const PERSON_MARK: &str = "-SECRET-PERSON";
/// Stands in every spell's diagnosis and may appear in nothing but the provider's own records and snapshots.
pub const DIAGNOSIS_MARK: &str = "SECRET-DIAGNOSIS";

/// The groups of admission, in the template's order.
pub const GROUPS: [(&str, &str); 4] = [("emergency", "21"), ("elective", "11"), ("maternity", "31"), ("other", "81")];

/// A hospital and the truth about it: how many people were admitted, each once, per group of admission.
#[derive(Clone, Copy, Debug)]
pub struct Hospital {
    /// Its code.
    pub code: &'static str,
    /// People by group: emergency, elective, maternity, other.
    pub people: [u64; 4],
}

/// The hospitals of the world. `RYB` has three people under maternity, which is suppressed; `RYC` has nobody, which is
/// zero; nobody has anybody under other.
pub const HOSPITALS: [Hospital; 4] = [
    Hospital { code: "RYA", people: [43, 25, 14, 0] },
    Hospital { code: "RYB", people: [57, 12, 3, 0] },
    Hospital { code: "RYC", people: [61, 30, 0, 0] },
    Hospital { code: "RYD", people: [38, 18, 22, 0] },
];

impl Hospital {
    /// How many people it has.
    pub fn total(&self) -> u64 {
        self.people.iter().sum()
    }

    fn ids(&self) -> Vec<String> {
        (0..self.total()).map(|n| format!("P{n}-{}{PERSON_MARK}", self.code)).collect()
    }
}

/// The person table of a hospital.
pub fn person(hospital: &Hospital) -> RecordBatch {
    let ids = hospital.ids();
    let births = Date32Array::from_iter_values(ids.iter().map(|_| -10_000));
    let opted_out: BooleanArray = ids.iter().map(|_| Some(false)).collect();
    table(
        "person",
        [
            ("person_id", Arc::new(StringArray::from(ids)) as ArrayRef),
            ("birth_month", Arc::new(births)),
            ("opted_out", Arc::new(opted_out)),
        ],
    )
}

/// The spells of a hospital: one for each person, from April 2024 on.
pub fn spells(hospital: &Hospital) -> RecordBatch {
    let ids = hospital.ids();
    let groups = GROUPS.iter().zip(hospital.people).flat_map(|(group, people)| (0..people).map(move |_| *group));
    let (groups, methods): (Vec<&str>, Vec<&str>) = groups.unzip();
    let text = |values: Vec<String>| Arc::new(StringArray::from(values)) as ArrayRef;
    // Day 19,814 is 1 April 2024.
    let days = Date32Array::from_iter_values((0..).zip(&ids).map(|(n, _)| 19_814 + n * 7 % 350));
    table(
        "hospital_spell",
        [
            ("spell_id", text((0..ids.len()).map(|n| format!("S{n}")).collect())),
            ("person_id", text(ids.clone())),
            ("provider_code", text(ids.iter().map(|_| hospital.code.to_owned()).collect())),
            ("admission_date", Arc::new(days)),
            ("admission_method_code", Arc::new(StringArray::from(methods))),
            ("primary_diagnosis_code", text(ids.iter().map(|_| format!("I21-{DIAGNOSIS_MARK}")).collect())),
            ("admission_group", Arc::new(StringArray::from(groups))),
        ],
    )
}

/// A core-model table of these columns; the others are empty.
pub fn table<const N: usize>(name: &str, columns: [(&str, ArrayRef); N]) -> RecordBatch {
    let schema = plan::model::table(name).unwrap().source_schema();
    let columns: BTreeMap<&str, ArrayRef> = columns.into_iter().collect();
    let rows = columns.values().next().map_or(0, |column| column.len());
    let filled = schema.fields().iter().map(|field| match columns.get(field.name().as_str()) {
        Some(column) => Arc::clone(column),
        None => new_null_array(field.data_type(), rows),
    });
    let filled = filled.collect();
    RecordBatch::try_new(schema, filled).unwrap()
}

/// Writes a table as Parquet.
pub fn write_table(path: &Path, batch: &RecordBatch) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let mut writer = ArrowWriter::try_new(File::create(path).unwrap(), batch.schema(), None).unwrap();
    writer.write(batch).unwrap();
    writer.close().unwrap();
}
