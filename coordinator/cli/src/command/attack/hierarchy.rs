//! Levels under levels in the columns of a sheet: `65+` over `65-74` and `75+`.

use std::collections::{BTreeMap, BTreeSet};

use super::sheet::rows;

/// The columns of the file that says which levels a group puts together.
const HEADER: [&str; 3] = ["column", "level", "group"];

/// Per column, the group of each level that is in one. Groups may be in groups.
#[derive(Debug, Default)]
pub(super) struct Hierarchy {
    // INVARIANT: following groups upwards ends.
    group_of: Vec<BTreeMap<String, String>>,
}

impl Hierarchy {
    /// Reads a file of the columns `column,level,group` about a sheet with these columns.
    pub(super) fn parse(text: Option<&str>, columns: &[String]) -> Result<Self, String> {
        let mut group_of = vec![BTreeMap::new(); columns.len()];
        let Some(text) = text else { return Ok(Self { group_of }) };
        let mut rows = rows(text)?.into_iter();
        let header = rows.next().map(|(_, fields)| fields).unwrap_or_default();
        if header != HEADER {
            return Err(format!("line 1: the columns must be {}", HEADER.join(",")));
        }
        for (line, fields) in rows {
            let [column, level, group] = fields.as_slice() else {
                return Err(format!("line {line}: {} fields, where there must be three", fields.len()));
            };
            let place = columns.iter().position(|known| known == column);
            let place = place.ok_or_else(|| format!("line {line}: the table has no column `{column}`"))?;
            if level.is_empty() || group.is_empty() {
                return Err(format!("line {line}: give a level and the group that it is in"));
            }
            let of_column: &mut BTreeMap<String, String> = &mut group_of[place];
            if of_column.insert(level.clone(), group.clone()).is_some_and(|before| before != *group) {
                return Err(format!("line {line}: `{level}` is in another group already: a level is in one"));
            }
            let mut above = group;
            while let Some(next) = of_column.get(above) {
                if next == group {
                    return Err(format!("line {line}: `{group}` would be in itself"));
                }
                above = next;
            }
        }
        Ok(Self { group_of })
    }

    /// How deep a level lies in its column: nought is the total, one a level that is in no group.
    pub(super) fn depth(&self, column: usize, level: Option<&String>) -> usize {
        let mut depth = 0;
        let mut at = level;
        while let Some(level) = at {
            depth += 1;
            at = self.group_of[column].get(level);
        }
        depth
    }

    /// The levels under a level down to that depth; one that goes no deeper stands for itself. `all` are the levels that
    /// the sheet has.
    pub(super) fn under(
        &self,
        column: usize,
        level: Option<&String>,
        depth: usize,
        all: &BTreeSet<String>,
    ) -> Vec<String> {
        let of_column = &self.group_of[column];
        let mut found = Vec::new();
        let mut open: Vec<Option<String>> = vec![level.cloned()];
        while let Some(at) = open.pop() {
            let known: BTreeSet<&String> = all.iter().chain(of_column.keys()).chain(of_column.values()).collect();
            let below: Vec<&String> = known.into_iter().filter(|level| of_column.get(*level) == at.as_ref()).collect();
            match at {
                Some(level) if below.is_empty() || self.depth(column, Some(&level)) >= depth => found.push(level),
                _ => open.extend(below.into_iter().cloned().map(Some)),
            }
        }
        found.sort_unstable();
        found
    }
}
