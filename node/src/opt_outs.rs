//! Who opted out: the provider's lists, read strictly, and the people of its person table whom they name.
//!
//! A list names people by NHS number or by the provider's own ids. It is read when a snapshot is taken, and whatever is
//! wrong with it stops the snapshot: there is never one without the opt-outs. INVARIANT: no error carries a value of a
//! list, only the numbers of its lines.

mod list;
mod nhs_number;

use std::collections::{HashMap, HashSet};

use arrow::array::{Array as _, AsArray as _, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use chrono::NaiveDate;
use plan::model::PERSON_ID;
use template::Digest;
use wire::{DatedOptOuts, OptOutSource, OptOuts};

use crate::config::OptOutLists;
use crate::sources::SourceError;
use list::{Listed, ReadList};
pub(crate) use nhs_number::NhsNumber;

pub use list::OptOutListError;

/// The opt-outs that a snapshot applies, read and dated.
pub(crate) struct ReadOptOuts {
    applied: OptOuts,
    lists: Vec<ReadList>,
    dated: Vec<DatedOptOuts>,
}

/// Whom the opt-outs leave out of a person table.
pub(crate) struct OptedOut {
    applied: OptOuts,
    ids: HashSet<Box<str>>,
    /// People whom no list of NHS numbers could name, because they have none that is valid.
    pub(crate) without_number: u64,
}

/// One list as it was applied, for the manifest.
pub(crate) struct AppliedList {
    pub dated: DatedOptOuts,
    pub sha256: Option<Digest>,
}

impl ReadOptOuts {
    /// Reads the configured lists on the day of the snapshot.
    pub(crate) fn read(applied: OptOuts, lists: &OptOutLists, today: NaiveDate) -> Result<Self, OptOutListError> {
        let read = lists.lists.iter().map(|list| list::read(list, lists.oldest_days, today));
        let read = read.collect::<Result<Vec<_>, _>>()?;
        let dated = applied.kinds().iter().map(|&kind| match read.iter().find(|list| list.kind == kind) {
            Some(list) => DatedOptOuts { kind, source: OptOutSource::List, as_of: list.as_of },
            None => DatedOptOuts { kind, source: OptOutSource::PersonTable, as_of: today },
        });
        Ok(Self { applied, dated: dated.collect(), lists: read })
    }

    /// Whether some list names people by NHS number.
    pub(crate) fn needs_numbers(&self) -> bool {
        self.lists.iter().any(|list| matches!(list.listed, Listed::Numbers(_)))
    }

    /// How old the opt-outs of each kind are, and which bytes they were read from.
    pub(crate) fn applied(&self) -> Vec<AppliedList> {
        let list = |dated: &DatedOptOuts| self.lists.iter().find(|list| list.kind == dated.kind);
        self.dated.iter().map(|dated| AppliedList { dated: *dated, sha256: list(dated).map(|l| l.sha256) }).collect()
    }

    /// Finds the listed people. `numbers` are the NHS numbers of the person source by local id, as [`numbers_by_id`]
    /// read them; people without a valid one cannot be named by such a list, and are counted.
    pub(crate) fn resolve(&self, numbers: &HashMap<Box<str>, Option<NhsNumber>>) -> OptedOut {
        let mut ids = HashSet::new();
        for list in &self.lists {
            match &list.listed {
                Listed::Ids(listed) => ids.extend(listed.iter().cloned()),
                Listed::Numbers(listed) => {
                    let named = numbers.iter().filter(|(_, number)| number.is_some_and(|n| listed.contains(&n)));
                    ids.extend(named.map(|(id, _)| id.clone()));
                }
            }
        }
        let without = numbers.values().filter(|number| number.is_none()).count();
        OptedOut { applied: self.applied, ids, without_number: without as u64 }
    }
}

impl OptedOut {
    /// Whether a person is left out; `flagged` is what the person table says.
    pub(crate) fn leaves_out(&self, id: &str, flagged: bool) -> bool {
        self.applied != OptOuts::None && (flagged || self.ids.contains(id))
    }
}

/// The NHS numbers in batches of local ids and numbers, both text. They live no longer than the taking of a snapshot.
pub(crate) fn numbers_by_id(
    batches: impl Iterator<Item = Result<RecordBatch, SourceError>>,
    column: &str,
) -> Result<HashMap<Box<str>, Option<NhsNumber>>, SourceError> {
    let mut numbers = HashMap::new();
    for batch in batches {
        let batch = batch?;
        let text = |name: &str| batch.column_by_name(name).and_then(|column| cast(column, &DataType::Utf8).ok());
        let (Some(ids), Some(values)) = (text(PERSON_ID), text(column)) else { continue };
        let (ids, values) = (ids.as_string::<i32>(), values.as_string::<i32>());
        for row in 0..ids.len() {
            if ids.is_valid(row) {
                let number = values.is_valid(row).then(|| NhsNumber::parse(values.value(row))).flatten();
                numbers.insert(ids.value(row).into(), number);
            }
        }
    }
    Ok(numbers)
}

#[cfg(test)]
mod tests;
