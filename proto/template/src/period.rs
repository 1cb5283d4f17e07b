//! Months, and the quarters and years made of them. Years are financial years: April to March.

use std::fmt;
use std::str::FromStr;

use chrono::{Datelike as _, NaiveDate};

/// A calendar month between 1900-01 and 2199-12; shown as `2024-04`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month(
    // INVARIANT: months since year 0, within FIRST..=LAST.
    i32,
);

/// The text is not a month.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a month is written like `2024-04`, from 1900-01 to 2199-12")]
pub struct MonthError;

/// The length of the periods that a dimension counts by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PeriodUnit {
    /// Calendar months: `2024-04`.
    Month,
    /// Quarters of the financial year: `2024/25 Q1` is April to June 2024.
    Quarter,
    /// Financial years: `2024/25` is April 2024 to March 2025.
    Year,
}

const FIRST: i32 = 1900 * 12;
const LAST: i32 = 2199 * 12 + 11;

impl Month {
    /// The month of this year, 1 to 12.
    #[must_use]
    pub fn new(year: i32, month: u32) -> Option<Self> {
        let month = i32::try_from(month).ok().filter(|month| (1..=12).contains(month))?;
        Some(Self(year.checked_mul(12)? + month - 1)).filter(|month| (FIRST..=LAST).contains(&month.0))
    }

    /// The month that holds this day, if it lies in the range of [`Month`].
    #[must_use]
    pub fn of(day: NaiveDate) -> Option<Self> {
        Self::new(day.year(), day.month())
    }

    /// The calendar year.
    #[must_use]
    pub const fn year(self) -> i32 {
        self.0.div_euclid(12)
    }

    /// The month of the year, 1 to 12.
    #[must_use]
    pub const fn month(self) -> u32 {
        self.0.rem_euclid(12).unsigned_abs() + 1
    }

    /// This month moved by `months`, kept within the range of [`Month`].
    #[must_use]
    pub fn plus(self, months: i32) -> Self {
        Self(self.0.saturating_add(months).clamp(FIRST, LAST))
    }

    /// How many months from `earlier` to this one.
    #[must_use]
    pub const fn since(self, earlier: Self) -> i32 {
        self.0 - earlier.0
    }

    /// The first day.
    #[must_use]
    pub fn first_day(self) -> NaiveDate {
        // Every month within the range has a first day.
        NaiveDate::from_ymd_opt(self.year(), self.month(), 1).unwrap_or(NaiveDate::MIN)
    }

    /// Days from 1970-01-01 to the first day: Arrow's Date32.
    #[must_use]
    pub fn first_day_number(self) -> i32 {
        self.first_day().signed_duration_since(NaiveDate::default()).num_days().try_into().unwrap_or(i32::MIN)
    }
}

impl PeriodUnit {
    /// How many months a period has.
    #[must_use]
    pub const fn months(self) -> i32 {
        match self {
            Self::Month => 1,
            Self::Quarter => 3,
            Self::Year => 12,
        }
    }

    /// The first month of the period that holds `month`.
    #[must_use]
    pub fn start(self, month: Month) -> Month {
        let since_april = (month.0 - 3).rem_euclid(12);
        month.plus(-(since_april % self.months()))
    }

    /// The label of the period that begins with `start`.
    #[must_use]
    pub fn label(self, start: Month) -> String {
        let since_april = (start.0 - 3).rem_euclid(12);
        let financial_year = (start.0 - since_april).div_euclid(12);
        let year = format!("{financial_year}/{:02}", (financial_year + 1).rem_euclid(100));
        match self {
            Self::Month => start.to_string(),
            Self::Quarter => format!("{year} Q{}", since_april / 3 + 1),
            Self::Year => year,
        }
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year(), self.month())
    }
}

impl FromStr for Month {
    type Err = MonthError;

    fn from_str(text: &str) -> Result<Self, MonthError> {
        let digits = |part: &str, length: usize| {
            (part.len() == length && part.bytes().all(|byte| byte.is_ascii_digit()))
                .then(|| part.parse::<u32>().ok())?
        };
        let (year, month) = text.split_once('-').ok_or(MonthError)?;
        let year = digits(year, 4).and_then(|year| i32::try_from(year).ok()).ok_or(MonthError)?;
        Self::new(year, digits(month, 2).ok_or(MonthError)?).ok_or(MonthError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn month(text: &str) -> Month {
        text.parse().unwrap()
    }

    #[test]
    fn text_and_back() {
        for text in ["1900-01", "2024-04", "2199-12"] {
            assert_eq!(month(text).to_string(), text);
        }
        for text in ["", "2024", "2024-4", "2024-13", "2024-00", "24-04", "2024-04-01", "+024-04", "1899-12", "2200-01"]
        {
            assert_eq!(text.parse::<Month>(), Err(MonthError), "{text}");
        }
    }

    #[test]
    fn periods_are_of_the_financial_year() {
        for (unit, inside, start, label) in [
            (PeriodUnit::Month, "2025-01", "2025-01", "2025-01"),
            (PeriodUnit::Quarter, "2025-03", "2025-01", "2024/25 Q4"),
            (PeriodUnit::Quarter, "2024-04", "2024-04", "2024/25 Q1"),
            (PeriodUnit::Year, "2025-03", "2024-04", "2024/25"),
            (PeriodUnit::Year, "1999-12", "1999-04", "1999/00"),
        ] {
            assert_eq!(unit.start(month(inside)), month(start), "{inside}");
            assert_eq!(unit.label(unit.start(month(inside))), label, "{inside}");
        }
    }

    #[test]
    fn day_numbers_are_arrows() {
        assert_eq!(month("1970-01").first_day_number(), 0);
        assert_eq!(month("1970-02").first_day_number(), 31);
        assert_eq!(month("2024-04").since(month("2023-03")), 13);
    }
}
