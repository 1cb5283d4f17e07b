//! The thirty months the records cover, and the arithmetic of their days.
//!
//! Days are counted from 1 April 2023; Arrow's Date32 counts from 1 January 1970.

/// 1 April 2023 as days since 1970-01-01.
pub const START_DATE32: i32 = 19_448;
/// Days from 1 April 2023 up to and including 30 September 2025.
pub const DAYS: u16 = 914;
/// Months from April 2023 to September 2025.
pub const MONTHS: usize = 30;
/// Half-years of the window, the first from April to September 2023.
pub const HALVES: usize = 5;
/// Years the window is long.
pub const YEARS: f64 = 2.5;
/// April 2023 as months since year 0.
const START_MONTH: i32 = 2023 * 12 + 3;

/// First day of every month of the window, and the day after the last.
pub const MONTH_STARTS: [u16; MONTHS + 1] = month_starts();

const fn month_starts() -> [u16; MONTHS + 1] {
    let mut starts = [0; MONTHS + 1];
    let mut month = 0;
    while month < MONTHS {
        let absolute = START_MONTH + month as i32;
        starts[month + 1] = starts[month] + days_in_month(absolute / 12, absolute % 12 + 1) as u16;
        month += 1;
    }
    starts
}

const fn days_in_month(year: i32, month: i32) -> i32 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// The month of the window that a day falls in; days after the window count as its last month.
pub fn month_of(day: u16) -> u8 {
    // A month is never shorter than 28 days, so the guess is at most one too high.
    let guess = usize::from(day / 30).min(MONTHS - 1);
    let month = if MONTH_STARTS[guess] > day {
        guess - 1
    } else if guess + 1 < MONTHS && MONTH_STARTS[guess + 1] <= day {
        guess + 1
    } else {
        guess
    };
    month as u8
}

/// Days of half-year `half`, as first day and the day after the last.
pub fn half_days(half: usize) -> (u16, u16) {
    (MONTH_STARTS[half * 6], MONTH_STARTS[half * 6 + 6])
}

/// Date32 of a day of the window.
pub fn date32(day: u16) -> i32 {
    START_DATE32 + i32::from(day)
}

/// Date32 of the first day of a month of the window.
pub fn month_date32(month: u8) -> i32 {
    date32(MONTH_STARTS[usize::from(month)])
}

/// Calendar year and month (1 to 12) of a month of the window.
pub fn year_month(month: u8) -> (i32, i32) {
    let absolute = START_MONTH + i32::from(month);
    (absolute / 12, absolute % 12 + 1)
}

/// The first day of a calendar month as days since 1970-01-01, for years from 1900 on.
pub fn first_of_month_date32(year: i32, month: i32) -> i32 {
    // Days from civil, Howard Hinnant's algorithm, with the day fixed at one.
    let year = if month <= 2 { year - 1 } else { year };
    let era = year / 400;
    let year_of_era = year - era * 400;
    let day_of_year = (153 * (if month > 2 { month - 3 } else { month + 9 }) + 2) / 5;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// The calendar month of birth, kept as months since January 1900.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BirthMonth(u16);

impl BirthMonth {
    /// The month in which someone was born who is `months` months old in April 2023.
    pub fn months_before_start(months: u16) -> Self {
        Self((START_MONTH - 1900 * 12) as u16 - months)
    }

    /// First of the month of birth as days since 1970-01-01.
    pub fn date32(self) -> i32 {
        first_of_month_date32(1900 + i32::from(self.0 / 12), i32::from(self.0 % 12) + 1)
    }

    /// Completed years of age on the first day of a month given as months since year 0; none before birth.
    pub fn age_by(self, month: i32) -> i32 {
        (month - 1900 * 12 - i32::from(self.0)).max(0) / 12
    }

    /// Completed years of age in a month of the window, counting from the first of the month of birth.
    pub fn age_in(self, month: u8) -> u8 {
        self.age_by(START_MONTH + i32::from(month)) as u8
    }

    /// Completed years of age on a day of the window.
    pub fn age_on(self, day: u16) -> u8 {
        self.age_in(month_of(day))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_is_the_thirty_months_it_says() {
        assert_eq!(MONTH_STARTS[MONTHS], DAYS);
        assert_eq!(first_of_month_date32(2023, 4), START_DATE32);
        assert_eq!(first_of_month_date32(1970, 1), 0);
        assert_eq!(year_month(0), (2023, 4));
        assert_eq!(year_month(29), (2025, 9));
        for month in 0..MONTHS as u8 {
            let (year, number) = year_month(month);
            assert_eq!(month_date32(month), first_of_month_date32(year, number));
        }
    }

    #[test]
    fn every_day_lies_in_its_month() {
        for day in 0..DAYS {
            let month = usize::from(month_of(day));
            assert!(MONTH_STARTS[month] <= day && day < MONTH_STARTS[month + 1], "day {day}");
        }
        assert_eq!(month_of(DAYS + 40), MONTHS as u8 - 1);
    }

    #[test]
    fn ages_turn_over_in_the_month_of_birth() {
        let born_april_1948 = BirthMonth::months_before_start(75 * 12);
        assert_eq!(born_april_1948.date32(), first_of_month_date32(1948, 4));
        assert_eq!(born_april_1948.age_on(0), 75);
        let born_may_1948 = BirthMonth::months_before_start(75 * 12 - 1);
        assert_eq!((born_may_1948.age_on(29), born_may_1948.age_on(30)), (74, 75));
    }
}
