//! Which cells of a query a provider's tables cover. It follows from configuration and declaration, never from data.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Days, NaiveDate};
use disclosure::{CellKey, Coverage, Covered};
use template::{BoundLevels, Month, Query, Template};

use crate::config::Span;

/// The tables that a provider holds, and the days on which each is complete.
#[derive(Clone, Debug)]
pub(crate) struct Held<'a> {
    tables: BTreeMap<&'a str, Span>,
    taken_on: NaiveDate,
}

/// A query's coverage in both forms in which it is needed.
pub(crate) struct CellCoverage {
    /// For the rules of disclosure.
    pub coverage: Coverage,
    /// For counting, per inner cell: records outside what is covered are left out, not counted as a part.
    pub inner: Vec<bool>,
}

type DayRange = (NaiveDate, NaiveDate);

impl<'a> Held<'a> {
    /// Tables with their spans, frozen on a day.
    pub(crate) fn new(tables: impl IntoIterator<Item = (&'a str, Span)>, taken_on: NaiveDate) -> Self {
        Self { tables: tables.into_iter().collect(), taken_on }
    }

    /// The coverage of a query that reads `tables`; `None` where no cell is covered.
    pub(crate) fn of(&self, query: &Query, tables: &[&str]) -> Option<CellCoverage> {
        let optional = optional_tables(query.template());
        let needed: BTreeSet<&str> = tables.iter().copied().filter(|table| !optional.contains(table)).collect();
        let whole = query.period().map(|(from, to)| days(from, to));
        let periods: Vec<Vec<Option<DayRange>>> = query.levels().iter().map(periods).collect();
        let level_tables: Vec<Vec<Vec<&str>>> = level_tables(query);
        let covered = |key: &CellKey| {
            let levels = || key.0.iter().enumerate().filter_map(|(dimension, level)| Some((dimension, (*level)?)));
            let at = levels().filter_map(|(d, level)| *periods.get(d)?.get(level)?).reduce(intersection);
            let at = at.or(whole);
            let of_levels = levels().filter_map(|(d, level)| level_tables.get(d)?.get(level)).flatten().copied();
            let holds = |table: &str| self.tables.get(table).is_some_and(|span| self.is_complete(span, at));
            if needed.iter().copied().chain(of_levels).all(holds) { Covered::Yes } else { Covered::No }
        };
        let coverage = Coverage::of(query.domain(), covered);
        let inner: Vec<bool> =
            query.domain().keys().take(query.domain().inner_len()).map(|key| covered(&key) == Covered::Yes).collect();
        inner.contains(&true).then_some(CellCoverage { coverage, inner })
    }

    fn is_complete(&self, span: &Span, at: Option<DayRange>) -> bool {
        let (Some((first, last)), Some(from)) = (at, span.from) else { return true };
        // Records of the day of the snapshot are still coming in.
        let to = span.to.or_else(|| self.taken_on.checked_sub_days(Days::new(1)));
        from <= first && to.is_some_and(|to| last <= to)
    }
}

fn days(from: Month, to: Month) -> DayRange {
    let after = to.plus(1).first_day();
    (from.first_day(), after.pred_opt().unwrap_or(after))
}

fn intersection(a: DayRange, b: DayRange) -> DayRange {
    (a.0.max(b.0), a.1.min(b.1))
}

/// Per level the days that were asked for, where levels are periods.
fn periods(levels: &BoundLevels) -> Vec<Option<DayRange>> {
    match levels {
        BoundLevels::List { labels, .. } => vec![None; labels.len()],
        BoundLevels::Periods { unit, start, count, from, to } => (0..*count)
            .map(|n| {
                let first = start.plus(unit.months() * i32::try_from(n).unwrap_or(i32::MAX));
                let last = first.plus(unit.months() - 1);
                Some(days(first.max(*from), last.min(*to)))
            })
            .collect(),
    }
}

/// Per dimension and level the tables without which that level cannot be filled.
fn level_tables(query: &Query) -> Vec<Vec<Vec<&str>>> {
    let dimensions = query.template().dimensions.iter().zip(query.levels());
    dimensions
        .map(|(dimension, levels)| {
            let of = |label: &String| {
                let tables = dimension.level_tables.iter().filter(|(level, _)| level == label);
                tables.map(|(_, table)| table.as_str()).collect()
            };
            levels.labels().iter().map(of).collect()
        })
        .collect()
}

/// The tables that only some levels need: a provider without one has those cells not covered, and answers the rest.
pub(crate) fn optional_tables(template: &Template) -> BTreeSet<&str> {
    let tables = template.dimensions.iter().flat_map(|dimension| &dimension.level_tables);
    tables.map(|(_, table)| table.as_str()).collect()
}

#[cfg(test)]
mod tests;
