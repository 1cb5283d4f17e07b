//! The lists of opt-outs and the additions to the restricted codes, as meant.

use std::path::PathBuf;

use chrono::NaiveDate;
use wire::{OptOutKind, OptOuts};

use super::{ConfigError, ListedBy, Reader, WhenEmpty, written};
use crate::restricted::CodeList;

/// The lists of opt-outs that a snapshot reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OptOutLists {
    /// The greatest age of a list, in days, with which a snapshot is taken.
    pub oldest_days: u32,
    /// The lists, at most one of a kind.
    pub lists: Vec<OptOutList>,
    /// The column of the person table's source that holds NHS numbers. It never enters a snapshot.
    pub nhs_number: Option<String>,
}

/// One list of people who opted out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OptOutList {
    /// What they opted out of.
    pub kind: OptOutKind,
    /// Where it is.
    pub file: PathBuf,
    /// How it names people.
    pub holds: ListedBy,
    /// The column that names them, where the file has a header of several.
    pub column: Option<String>,
    /// The day whose state it is, where the file does not say so itself.
    pub as_of: Option<NaiveDate>,
    /// What it means that nobody is on it.
    pub when_empty: WhenEmpty,
}

impl Reader<'_> {
    pub(super) fn opt_out_lists(
        &self,
        applied: OptOuts,
        written: written::OptOutLists,
        nhs_number: Option<String>,
    ) -> Result<OptOutLists, ConfigError> {
        if !(1..=366).contains(&written.oldest_days) {
            return Err(self.value("opt_out_lists.oldest_days", "write a number of days from 1 to 366"));
        }
        let written_lists = [(OptOutKind::National, written.national), (OptOutKind::Type1, written.type1)];
        let mut lists = Vec::new();
        for (kind, list) in written_lists.into_iter().filter_map(|(kind, list)| Some((kind, list?))) {
            let key = format!("opt_out_lists.{}", kind.name());
            if !applied.kinds().contains(&kind) {
                return Err(self.value(key, "is not among what `opt_outs` applies; change one or the other"));
            }
            if list.holds == ListedBy::NhsNumber && nhs_number.is_none() {
                return Err(self.value(
                    "sources.person.nhs_number",
                    format!("is missing; name the column by which the list in `{key}` finds people"),
                ));
            }
            lists.push(OptOutList {
                kind,
                file: self.path(list.file),
                holds: list.holds,
                column: list.column,
                as_of: list.as_of.map(|day| self.day(format!("{key}.as_of"), &day)).transpose()?,
                when_empty: list.when_empty,
            });
        }
        Ok(OptOutLists { oldest_days: written.oldest_days, lists, nhs_number })
    }

    pub(super) fn restricted(&self, written: written::Restricted) -> Result<CodeList, ConfigError> {
        let Some(file) = written.additions else { return Ok(CodeList::built_in()) };
        CodeList::with_additions(&self.path(file))
            .map_err(|error| self.value("restricted.additions", error.to_string()))
    }
}
