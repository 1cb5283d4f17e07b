//! Records that the law restricts, and how a snapshot leaves them out.
//!
//! A record is left out if one of its codes is on the list ([`CodeList`]): the software's own, versioned, to which a
//! provider's file may add and from which nothing can take away. What tables hold codes is the core model's to say.
//!
//! **The whole record goes, not the row.** A spell whose third diagnosis is restricted would tell of it by what is missing:
//! two diagnoses where a count of spells says three positions, a procedure without its diagnosis, bed days and cost of a
//! stay that no cause explains. So every row that shares a record's key with a restricted row is left out with it: the
//! spell, its diagnoses and its procedures; the contact and every event recorded at it. Left out like people who opted
//! out, before any table is seen, such a record cannot be told from one that never was, by any question.
//!
//! What this does not reach, because nothing in the data ties it to the record: an appointment or attendance of the same
//! person on another day, a monthly cost that a provider has already added up, a register that the provider derived from
//! restricted codes. A provider that serves such a register adds no restricted condition to it.

mod codes;
mod list;

use std::collections::{HashMap, HashSet};

use arrow::array::{Array, AsArray as _, RecordBatch, StringArray};
use plan::model::{self, Coding, PERSON_ID, SHARED_KEYS, Table};

use crate::sources::{Rows, SourceError};

pub(crate) use list::{CodeList, CodeSystem};

/// The restricted records of one provider: the list, and the keys of the records that its rows belong to.
pub(crate) struct Restricted<'a> {
    list: &'a CodeList,
    /// Per shared key and person, the keys of the restricted records.
    records: HashMap<&'static str, HashMap<Box<str>, HashSet<Box<str>>>>,
}

/// Whether a table's rows must be read to know which records of other tables are restricted.
pub(crate) fn tells_of_others(table: &Table) -> bool {
    is_coded(table) && shared_keys(table).next().is_some()
}

/// Whether a table has codes at all.
pub(crate) fn is_coded(table: &Table) -> bool {
    table.columns.iter().any(|column| column.coding.is_some())
}

/// Whether some code of the table may be SNOMED CT, of which the software's own list holds the heads alone.
pub(crate) fn may_hold_snomed(table: &Table) -> bool {
    table.columns.iter().any(|column| matches!(column.coding, Some(Coding::Snomed | Coding::ByRow)))
}

fn shared_keys(table: &Table) -> impl Iterator<Item = &'static str> {
    SHARED_KEYS.into_iter().filter(|key| table.column(key).is_some())
}

impl<'a> Restricted<'a> {
    /// No record is known yet.
    pub(crate) fn new(list: &'a CodeList) -> Self {
        Self { list, records: HashMap::new() }
    }

    /// Notes the records that a table's restricted rows belong to.
    pub(crate) fn note(&mut self, table: &'static Table, rows: Rows) -> Result<(), SourceError> {
        for batch in rows {
            let batch = batch?;
            let Some(own) = self.by_code(table, &batch) else { continue };
            let Some(persons) = text(&batch, PERSON_ID) else { continue };
            for key in shared_keys(table) {
                let Some(keys) = text(&batch, key) else { continue };
                let records = self.records.entry(key).or_default();
                let restricted = (0..batch.num_rows()).filter(|&row| own.get(row) == Some(&true));
                for row in restricted.filter(|&row| persons.is_valid(row) && keys.is_valid(row)) {
                    records.entry(persons.value(row).into()).or_default().insert(keys.value(row).into());
                }
            }
        }
        Ok(())
    }

    /// Per row of a batch, in the table's source schema, whether it is restricted; `None` where no row is.
    pub(crate) fn rows(&self, table: &'static Table, batch: &RecordBatch) -> Option<Vec<bool>> {
        let mut found = self.by_code(table, batch);
        for key in shared_keys(table) {
            let Some(records) = self.records.get(key).filter(|records| !records.is_empty()) else { continue };
            let (Some(persons), Some(keys)) = (text(batch, PERSON_ID), text(batch, key)) else { continue };
            for row in (0..batch.num_rows()).filter(|&row| persons.is_valid(row) && keys.is_valid(row)) {
                if records.get(persons.value(row)).is_some_and(|known| known.contains(keys.value(row)))
                    && let Some(place) = found.get_or_insert_with(|| vec![false; batch.num_rows()]).get_mut(row)
                {
                    *place = true;
                }
            }
        }
        found
    }

    /// The rows whose own codes are on the list; `None` where there is none.
    fn by_code(&self, table: &Table, batch: &RecordBatch) -> Option<Vec<bool>> {
        let mut found: Option<Vec<bool>> = None;
        for (column, coding) in table.columns.iter().filter_map(|column| Some((column, column.coding?))) {
            let Some(codes) = text(batch, column.name) else { continue };
            let systems = text(batch, "code_system").filter(|_| coding == Coding::ByRow);
            // Codes repeat: each is looked up once in a batch.
            let mut known: HashMap<(Option<CodeSystem>, &str), bool> = HashMap::new();
            for row in (0..codes.len()).filter(|&row| codes.is_valid(row)) {
                let system = match coding {
                    Coding::Icd10 => Some(CodeSystem::Icd10),
                    Coding::Opcs4 => Some(CodeSystem::Opcs4),
                    Coding::Snomed => Some(CodeSystem::Snomed),
                    Coding::ByRow => systems.filter(|s| s.is_valid(row)).and_then(|s| CodeSystem::named(s.value(row))),
                };
                let code = codes.value(row);
                let is_restricted = *known.entry((system, code)).or_insert_with(|| self.list.holds(system, code));
                if is_restricted && let Some(place) = found.get_or_insert_with(|| vec![false; codes.len()]).get_mut(row)
                {
                    *place = true;
                }
            }
        }
        found
    }
}

fn text<'b>(batch: &'b RecordBatch, column: &str) -> Option<&'b StringArray> {
    batch.column_by_name(column).and_then(|column| column.as_string_opt::<i32>())
}

/// The tables that must be read before any is written, in the model's order.
pub(crate) fn first_read() -> impl Iterator<Item = &'static Table> {
    model::tables().iter().filter(|table| tells_of_others(table))
}

#[cfg(test)]
mod tests;
