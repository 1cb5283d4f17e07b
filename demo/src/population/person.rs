//! One person of the region, in a few bytes.

use super::calendar::{BirthMonth, DAYS, START_DATE32, date32};
use super::code::{Ethnicity, Gender};
use super::condition::{Condition, Conditions};
use super::draw::{mix, mix_unit};
use super::provider::{PRACTICES, PROVIDERS};

/// How a person's registration in the region ends within the window, if it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Still registered on the last day.
    Stays,
    /// Moved away.
    Leaves,
    /// Died.
    Dies,
}

/// One person. Days are counted from 1 April 2023.
#[derive(Clone, Copy, Debug)]
pub struct Person {
    pub(super) born: BirthMonth,
    /// First day of the window on which the person is registered in the region.
    pub(super) from: u16,
    /// The day after the last; the day of death for those who die.
    pub(super) to: u16,
    pub(super) ending: Ending,
    /// First day of the registration, before the window for most.
    pub(super) registered: i16,
    pub(super) conditions: Conditions,
    /// Bit `n` for the provider number `PRACTICES + n` that holds records of the person.
    pub(super) known: u16,
    pub(super) practice: u8,
    pub(super) hospital: u8,
    pub(super) decile: u8,
    pub(super) area: u8,
    pub(super) gender: Gender,
    pub(super) ethnicity: Ethnicity,
    pub(super) opted_out: bool,
    pub(super) frequent: bool,
}

impl Person {
    /// Month of birth.
    pub fn born(&self) -> BirthMonth {
        self.born
    }

    /// Stated gender.
    pub fn gender(&self) -> Gender {
        self.gender
    }

    /// Deprivation decile of the area of residence, 1 most deprived.
    pub fn decile(&self) -> u8 {
        self.decile
    }

    /// Position of the registered practice among the providers.
    pub fn practice(&self) -> usize {
        usize::from(self.practice)
    }

    /// Every long-term condition in the GP record.
    pub fn conditions(&self) -> Conditions {
        self.conditions
    }

    /// Whether the person objects to uses beyond their own care.
    pub fn opted_out(&self) -> bool {
        self.opted_out
    }

    /// Whether the person is one of the few who use emergency services again and again.
    pub fn is_frequent_user(&self) -> bool {
        self.frequent
    }

    /// Day of death as days since 1970-01-01.
    pub fn death_date32(&self) -> Option<i32> {
        (self.ending == Ending::Dies).then(|| date32(self.to))
    }

    /// First day of the registration as days since 1970-01-01.
    pub fn registration_start_date32(&self) -> i32 {
        START_DATE32 + i32::from(self.registered)
    }

    /// Last day of the registration as days since 1970-01-01, if it ended.
    pub fn registration_end_date32(&self) -> Option<i32> {
        (self.ending != Ending::Stays).then(|| date32(self.to))
    }

    /// Whether the person is registered on a day, given as days since 1970-01-01: by the registration that every table
    /// and every question uses.
    pub fn is_registered_on(&self, date32: i32) -> bool {
        self.registration_start_date32() < date32 && self.registration_end_date32().is_none_or(|end| end >= date32)
    }

    /// Days of the person's registration that fall into `[from, to)`.
    pub(super) fn active_days(&self, from: u16, to: u16) -> (u16, u16) {
        let (first, end) = (self.from.max(from), self.to.min(to));
        (first, end.max(first))
    }

    /// Whether the person was registered throughout the window's first to last day.
    pub fn is_registered_throughout(&self) -> bool {
        self.from == 0 && self.to == DAYS
    }

    /// Whether the provider at a position holds records of the person.
    pub(super) fn is_known_to(&self, provider: usize) -> bool {
        match provider.checked_sub(PRACTICES) {
            None => self.practice() == provider,
            Some(other) => provider < PROVIDERS && self.known >> other & 1 == 1,
        }
    }
}

/// When a condition began and, for some, ended, as days since 1970-01-01; the same in every provider's record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Course {
    /// Day of the first qualifying code.
    pub onset_date32: i32,
    /// Day on which it was recorded as resolved.
    pub resolved_date32: Option<i32>,
}

/// The course of a person's condition, computed rather than stored.
pub(super) fn course(seed: u64, number: u32, person: &Person, condition: Condition) -> Course {
    let key = [seed, 0xc0, u64::from(number), condition as u64];
    let hash = mix(&key);
    let birth = person.born.date32();
    let age_days = START_DATE32 - birth;
    let days = |below: i32| ((hash >> 8) % below.max(1) as u64) as i32;
    // One in sixteen began within the first two years of the window, the others up to twenty years before it.
    let onset =
        if hash.is_multiple_of(16) { START_DATE32 + days(730) } else { START_DATE32 - 1 - days(age_days.min(7_300)) };
    let onset = onset.max(birth);
    let resolves = match condition {
        Condition::Depression => 0.15,
        Condition::Asthma => 0.04,
        _ => 0.0,
    };
    // A condition that ends does so before the window, long after it began: those on record at its start stay.
    let lasted = START_DATE32 - onset;
    let ended = lasted > 400 && mix_unit(&[hash, 1]) < resolves;
    let resolved = ended.then(|| onset + 365 + (hash >> 40) as i32 % (lasted - 365).max(1));
    Course { onset_date32: onset, resolved_date32: resolved }
}
