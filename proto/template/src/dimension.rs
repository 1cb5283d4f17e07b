//! Dimensions and their levels. The cells of an answer come from here, never from data.

use disclosure::Per;

use crate::grouping::LevelGrouping;
use crate::parameter::Value;
use crate::period::{Month, PeriodUnit};

/// A dimension that a template declares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dimension {
    /// The name, and that of the column in the contributions.
    pub name: String,
    /// What it means, in plain words.
    pub title: String,
    /// Its levels, perhaps still depending on parameters.
    pub levels: Levels,
    /// Whether a person has one level of it or may have several.
    pub per: Per,
    /// The level of contributions whose value is not a declared level, if the template has one.
    pub other: Option<String>,
    /// Levels that only providers of a certain table can fill: (level, table).
    pub level_tables: Vec<(String, String)>,
    /// Groupings of its levels that totals keep, finer ones first.
    pub groupings: Vec<LevelGrouping>,
}

/// Levels as declared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Levels {
    /// These texts, as the contributions carry them.
    List(Vec<String>),
    /// The periods from one month parameter to another; the contributions carry a date.
    Periods {
        /// How long each is.
        unit: PeriodUnit,
        /// The parameter with the first month.
        from: String,
        /// The parameter with the last month.
        to: String,
    },
}

/// Levels of one query: what a contribution's value means, and what each level is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BoundLevels {
    /// Texts; the last is `other` where there is one.
    List {
        /// The labels in order.
        labels: Vec<String>,
        /// Where values go that are no label.
        other: Option<usize>,
    },
    /// Periods in succession; dates outside them belong to no cell.
    Periods {
        /// How long each is.
        unit: PeriodUnit,
        /// The first month of the first period.
        start: Month,
        /// How many periods.
        count: usize,
        /// The first month asked for, which may lie inside the first period.
        from: Month,
        /// The last month asked for.
        to: Month,
    },
}

impl Dimension {
    /// The levels that are known without parameters, `other` last; none of periods.
    pub(crate) fn declared(&self) -> Vec<String> {
        match &self.levels {
            Levels::List(labels) => labels.iter().chain(&self.other).cloned().collect(),
            Levels::Periods { .. } => Vec::new(),
        }
    }

    /// The levels under these parameter values; `None` where a named parameter is not a month, or runs backwards.
    pub(crate) fn bind(&self, value: impl Fn(&str) -> Option<Value>) -> Option<BoundLevels> {
        match &self.levels {
            Levels::List(labels) => {
                let mut labels = labels.clone();
                let other = self.other.clone().map(|other| {
                    labels.push(other);
                    labels.len() - 1
                });
                Some(BoundLevels::List { labels, other })
            }
            Levels::Periods { unit, from, to } => {
                let month = |name: &str| match value(name)? {
                    Value::Month(month) => Some(month),
                    Value::Choice(_) | Value::Integer(_) => None,
                };
                let (from, to) = (month(from)?, month(to)?);
                let start = unit.start(from);
                let periods = unit.start(to).since(start) / unit.months() + 1;
                let count = usize::try_from(periods).ok().filter(|count| *count > 0 && from <= to)?;
                Some(BoundLevels::Periods { unit: *unit, start, count, from, to })
            }
        }
    }
}

impl BoundLevels {
    /// The labels in order.
    #[must_use]
    pub fn labels(&self) -> Vec<String> {
        match self {
            Self::List { labels, .. } => labels.clone(),
            Self::Periods { unit, start, count, .. } => (0..*count)
                .map(|n| unit.label(start.plus(unit.months() * i32::try_from(n).unwrap_or(i32::MAX))))
                .collect(),
        }
    }
}
