//! Numbers persons densely. A number never leaves the node, and is the same person's in every snapshot.

use std::collections::HashMap;

use arrow::array::{Array as _, AsArray as _, BooleanArray, RecordBatch, StringArray};
use plan::model::PERSON_ID;

use super::manifest::LeftOut;
use super::numbering::{Numbering, NumberingError};
use crate::opt_outs::OptedOut;

/// Whom a local id stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Who {
    Person(u32),
    OptedOut,
}

/// The provider's people by local id.
pub(super) struct Numbers {
    by_id: HashMap<Box<str>, Who>,
}

/// Why people cannot be numbered.
#[derive(Debug)]
pub(super) enum NumbersError {
    /// Two rows of the person table have one id.
    Repeated,
    /// The list of numbers.
    Numbering(NumberingError),
}

impl Numbers {
    /// The numbers of the people of the person table, those who opted out excepted; new people are numbered in the order
    /// of their local ids.
    pub(super) fn of(
        person: &[RecordBatch],
        opted_out: &OptedOut,
        numbering: &mut Numbering,
    ) -> Result<Self, NumbersError> {
        let mut found: Vec<(&str, bool)> = Vec::with_capacity(person.iter().map(RecordBatch::num_rows).sum());
        for batch in person {
            let (ids, flags) = columns(batch);
            let rows = ids.iter().zip(flags.iter());
            found.extend(rows.filter_map(|(id, flag)| Some((id?, opted_out.leaves_out(id?, flag == Some(true))))));
        }
        if !found.is_sorted_by(|a, b| a.0 <= b.0) {
            found.sort_unstable();
        }
        if found.windows(2).any(|pair| matches!(pair, [a, b] if a.0 == b.0)) {
            return Err(NumbersError::Repeated);
        }
        let mut by_id = HashMap::with_capacity(found.len());
        for (id, out) in found {
            let who = match out {
                true => Who::OptedOut,
                false => Who::Person(numbering.of(id).map_err(NumbersError::Numbering)?),
            };
            by_id.insert(id.into(), who);
        }
        Ok(Self { by_id })
    }

    /// The numbers of the people in a batch's rows; `None` for rows that are left out, which are counted.
    pub(super) fn of_rows(&self, batch: &RecordBatch, left_out: &mut LeftOut) -> Vec<Option<u32>> {
        let Some(ids) = batch.column_by_name(PERSON_ID).map(|column| column.as_string::<i32>()) else {
            return Vec::new();
        };
        // Extracts come person by person, so most rows are of the person before.
        let mut last: (Option<&str>, Option<Who>) = (None, None);
        let mut numbers = Vec::with_capacity(ids.len());
        for row in 0..ids.len() {
            if ids.is_null(row) {
                left_out.untraced += 1;
                numbers.push(None);
                continue;
            }
            let id = ids.value(row);
            if last.0 != Some(id) {
                last = (Some(id), self.by_id.get(id).copied());
            }
            numbers.push(match last.1 {
                Some(Who::Person(number)) => Some(number),
                Some(Who::OptedOut) => {
                    left_out.opted_out += 1;
                    None
                }
                None => {
                    left_out.unknown += 1;
                    None
                }
            });
        }
        numbers
    }
}

fn columns(batch: &RecordBatch) -> (&StringArray, &BooleanArray) {
    // The batch is in the source schema of `person`, so both columns are there in these types.
    let id = batch.schema_ref().index_of(PERSON_ID).unwrap_or(0);
    let opted_out = batch.schema_ref().index_of("opted_out").unwrap_or(0);
    (batch.column(id).as_string(), batch.column(opted_out).as_boolean())
}
