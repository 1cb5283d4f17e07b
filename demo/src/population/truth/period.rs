//! Months asked for, and the labels of months, quarters and financial years.

use std::str::FromStr;

use anyhow::Context;

use crate::population::calendar::first_of_month_date32;

/// A calendar month.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct YearMonth {
    year: i32,
    /// 1 to 12.
    month: i32,
}

impl YearMonth {
    /// First day of the month, as days since 1970-01-01.
    pub fn first_date32(self) -> i32 {
        first_of_month_date32(self.year, self.month)
    }

    /// First day of the month after, as days since 1970-01-01.
    pub fn end_date32(self) -> i32 {
        self.next().first_date32()
    }

    /// The month after, as its first day is what conditions and ages are counted up to.
    pub fn next(self) -> Self {
        if self.month == 12 { Self { year: self.year + 1, month: 1 } } else { Self { month: self.month + 1, ..self } }
    }

    /// Months since year 0.
    pub(super) fn absolute(self) -> i32 {
        self.year * 12 + self.month - 1
    }

    /// The label of the month: `2024-04`.
    pub(super) fn label(self) -> String {
        format!("{}-{:02}", self.year, self.month)
    }

    /// The label of the financial year the month lies in: `2024/25`.
    pub(super) fn financial_year(self) -> String {
        let first = if self.month >= 4 { self.year } else { self.year - 1 };
        format!("{first}/{:02}", (first + 1) % 100)
    }

    /// The label of the quarter of the financial year: `2024/25 Q1`.
    pub(super) fn quarter(self) -> String {
        format!("{} Q{}", self.financial_year(), (self.month + 8) % 12 / 3 + 1)
    }

    /// A month of the window by its position.
    pub(super) fn of_window(month: u8) -> Self {
        let (year, month) = crate::population::calendar::year_month(month);
        Self { year, month }
    }
}

impl FromStr for YearMonth {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        let (year, month) = text.split_once('-').context("a month is written as 2024-04")?;
        let (year, month) = (year.parse()?, month.parse()?);
        anyhow::ensure!((1900..2200).contains(&year) && (1..=12).contains(&month), "a month is written as 2024-04");
        Ok(Self { year, month })
    }
}

/// The months from one to another, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    from: YearMonth,
    to: YearMonth,
}

impl Period {
    /// The months from `from` to `to`.
    ///
    /// # Errors
    /// When `to` comes before `from`.
    pub fn new(from: YearMonth, to: YearMonth) -> anyhow::Result<Self> {
        anyhow::ensure!(from <= to, "the last month comes before the first");
        Ok(Self { from, to })
    }

    /// First day, as days since 1970-01-01.
    pub fn from_date32(self) -> i32 {
        self.from.first_date32()
    }

    /// The day after the last, as days since 1970-01-01.
    pub fn end_date32(self) -> i32 {
        self.to.end_date32()
    }

    /// The month after the last.
    pub(super) fn end(self) -> YearMonth {
        self.to.next()
    }

    /// Whether a day, as days since 1970-01-01, lies in the period.
    pub fn has(self, date32: i32) -> bool {
        (self.from_date32()..self.end_date32()).contains(&date32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_follow_the_financial_year() {
        let check = |month: &str, year: &str, quarter: &str| {
            let month: YearMonth = month.parse().unwrap();
            assert_eq!((month.financial_year().as_str(), month.quarter().as_str()), (year, quarter));
        };
        check("2024-04", "2024/25", "2024/25 Q1");
        check("2024-12", "2024/25", "2024/25 Q3");
        check("2025-03", "2024/25", "2024/25 Q4");
        check("1999-04", "1999/00", "1999/00 Q1");
    }

    #[test]
    fn a_period_holds_its_first_and_last_day() {
        let period = Period::new("2023-12".parse().unwrap(), "2024-02".parse().unwrap()).unwrap();
        assert_eq!(period.end_date32() - period.from_date32(), 31 + 31 + 29);
        assert!(period.has(period.from_date32()) && !period.has(period.end_date32()));
    }
}
