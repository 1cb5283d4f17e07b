//! What decides how much of each service a person uses.

use crate::population::calendar::{HALVES, half_days};
use crate::population::condition::{Condition, gradient};
use crate::population::draw::Draw;
use crate::population::person::{Ending, Person};
use crate::population::provider::{COMMUNITY, COUNCILS, LOCALITIES, MENTAL_HEALTH, practice_locality};

/// Rates by age: 0–4, 5–17, 18–39, 40–54, 55–64, 65–74, 75–84, 85 and over.
pub(super) type ByAge = [f64; 8];

/// A person's use of services in the making.
pub(super) struct Life<'a> {
    pub seed: u64,
    /// The person's position in the population.
    pub number: u32,
    pub person: &'a Person,
    /// Age in the middle of the window.
    pub age: u8,
    /// Multiplier of deprivation for emergency care.
    pub deprivation: f64,
    /// How prone the person is to emergencies, averaging one over people alike in everything else.
    pub propensity: f64,
    /// First day and day after the last in a care home, counted from the start of the window.
    pub residence: Option<(i16, u16)>,
    pub community: u8,
    pub council: u8,
    pub mental_health: u8,
}

impl<'a> Life<'a> {
    pub fn new(seed: u64, number: u32, person: &'a Person, practice: usize, draw: &mut Draw) -> Self {
        let locality = practice_locality(practice).index();
        let propensity = 0.35 + draw.exponential(0.65);
        Self {
            seed,
            number,
            person,
            age: person.born.age_in(15),
            deprivation: gradient(1.52, person.decile),
            propensity,
            residence: None,
            community: (locality * COMMUNITY / LOCALITIES) as u8,
            council: (locality * COUNCILS / LOCALITIES) as u8,
            mental_health: (locality * MENTAL_HEALTH / LOCALITIES) as u8,
        }
    }

    /// The person's rate of something by age in the middle of the window.
    pub fn rate(&self, by_age: &ByAge) -> f64 {
        by_age[age_band(self.age)]
    }

    /// The multiplier for as many conditions as the person has; the last stands for that many and more.
    pub fn by_burden(&self, multipliers: &[f64; 5]) -> f64 {
        multipliers[(self.person.conditions.len() as usize).min(4)]
    }

    pub fn has(&self, condition: Condition) -> bool {
        self.person.conditions.has(condition)
    }

    /// Years of the window in which the person is registered.
    pub fn years(&self) -> f64 {
        f64::from(self.person.to - self.person.from) / 365.25
    }

    /// A day on which the person is registered.
    pub fn day(&self, draw: &mut Draw) -> u16 {
        self.person.from + draw.below(u32::from(self.person.to - self.person.from)) as u16
    }

    /// Whether the person lives in a care home on a day.
    pub fn is_resident(&self, day: u16) -> bool {
        self.residence.is_some_and(|(from, to)| from <= day as i16 && day < to)
    }

    /// Whether the person dies in a half-year of the window.
    pub fn dies_in(&self, half: usize) -> bool {
        debug_assert!(half < HALVES, "five half-years");
        let (from, to) = half_days(half);
        self.person.ending == Ending::Dies && from < self.person.to && self.person.to <= to
    }
}

/// Position of an age in a [`ByAge`].
pub(super) fn age_band(age: u8) -> usize {
    match age {
        0..5 => 0,
        5..18 => 1,
        18..40 => 2,
        40..55 => 3,
        55..65 => 4,
        65..75 => 5,
        75..85 => 6,
        _ => 7,
    }
}
