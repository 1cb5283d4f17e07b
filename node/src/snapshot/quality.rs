//! What is odd about a table's records: figures of data quality that stay at the provider, and words to its operator.
//!
//! Nothing here changes what is counted. Odd records are told of when a snapshot is taken, so that the operator hears of
//! them before a question is refused for them.

use std::collections::HashSet;

use arrow::array::{Array, AsArray as _, RecordBatch};
use arrow::datatypes::{Decimal128Type, Float64Type, Int32Type, UInt32Type};
use plan::model::{Kind, PERSON_ID, Role, Table};
use serde::{Deserialize, Serialize};
use wire::ProviderCode;

/// A person with more rows in one table than this is told of: perhaps many people share one id.
const CROWDED_ROWS: u64 = 2_000;

/// Records of a table that are kept, and are odd.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quality {
    /// Rows with an amount below zero. A question that adds them up is refused.
    pub negative: u64,
    /// Rows whose own key an earlier row of the same person has. Each counts as a row.
    pub repeated: u64,
    /// People with more than two thousand rows.
    pub crowded_people: u64,
}

/// Looks at a table's rows as they are written, in the order of persons.
pub(super) struct Observer {
    key: Option<&'static str>,
    amounts: Vec<&'static str>,
    quality: Quality,
    negative_columns: HashSet<&'static str>,
    person: Option<u32>,
    rows: u64,
    keys: HashSet<Box<str>>,
}

impl Observer {
    pub(super) fn new(table: &Table) -> Self {
        // A table of positions within another record has no key of its own.
        let key = table.columns.first().filter(|column| column.role == Role::RecordKey);
        let key = key.filter(|_| table.column("position").is_none()).map(|column| column.name);
        let is_amount = |kind| matches!(kind, Kind::Int32 | Kind::Money | Kind::Units | Kind::Float64);
        // An observation's value may be below zero; an amount of care may not.
        let amounts =
            table.columns.iter().filter(|c| is_amount(c.kind) && c.name != "numeric_value" && c.name != "score");
        Self {
            key,
            amounts: amounts.map(|column| column.name).collect(),
            quality: Quality::default(),
            negative_columns: HashSet::new(),
            person: None,
            rows: 0,
            keys: HashSet::new(),
        }
    }

    /// Looks at a batch in the snapshot's schema.
    pub(super) fn look(&mut self, batch: &RecordBatch) {
        self.negatives(batch);
        let persons = batch.column_by_name(PERSON_ID).and_then(|column| column.as_primitive_opt::<UInt32Type>());
        let Some(persons) = persons else { return };
        let keys = self.key.and_then(|key| batch.column_by_name(key)?.as_string_opt::<i32>());
        for (row, &person) in persons.values().iter().enumerate() {
            if self.person != Some(person) {
                self.next_person(Some(person));
            }
            self.rows += 1;
            if let Some(key) = keys.filter(|keys| keys.is_valid(row)).map(|keys| keys.value(row)) {
                if self.keys.contains(key) {
                    self.quality.repeated += 1;
                } else if self.rows <= CROWDED_ROWS {
                    // Of a crowd only so many are remembered.
                    self.keys.insert(key.into());
                }
            }
        }
    }

    /// What was seen, and a word to the operator where something is odd: which table and column, never how often.
    pub(super) fn finish(mut self, table: &Table, provider: &ProviderCode) -> Quality {
        self.next_person(None);
        let mut columns: Vec<&str> = self.negative_columns.iter().copied().collect();
        columns.sort_unstable();
        for column in columns {
            tracing::warn!(
                %provider, table = table.name, column,
                "some amount is below zero; a question that adds it up is refused: correct it at its source"
            );
        }
        if self.quality.repeated > 0 {
            tracing::warn!(
                %provider, table = table.name,
                "some record's key stands more than once with one person, and each row counts: remove the repetitions"
            );
        }
        if self.quality.crowded_people > 0 {
            tracing::warn!(
                %provider, table = table.name,
                "somebody has more than {CROWDED_ROWS} rows: see whether one id stands for many people"
            );
        }
        self.quality
    }

    fn next_person(&mut self, person: Option<u32>) {
        self.quality.crowded_people += u64::from(self.rows > CROWDED_ROWS);
        (self.person, self.rows) = (person, 0);
        self.keys.clear();
    }

    fn negatives(&mut self, batch: &RecordBatch) {
        let mut rows: HashSet<usize> = HashSet::new();
        for name in &self.amounts {
            let Some(column) = batch.column_by_name(name) else { continue };
            let before = rows.len();
            rows.extend((0..column.len()).filter(|&row| column.is_valid(row) && is_negative(column.as_ref(), row)));
            if rows.len() > before {
                self.negative_columns.insert(name);
            }
        }
        self.quality.negative += rows.len() as u64;
    }
}

fn is_negative(column: &dyn Array, row: usize) -> bool {
    if let Some(values) = column.as_primitive_opt::<Int32Type>() {
        values.value(row) < 0
    } else if let Some(values) = column.as_primitive_opt::<Decimal128Type>() {
        values.value(row) < 0
    } else if let Some(values) = column.as_primitive_opt::<Float64Type>() {
        values.value(row) < 0.0
    } else {
        false
    }
}
