//! Repeat medicines of a few conditions, computed from the person rather than stored.

use super::calendar::{HALVES, half_days};
use super::condition::Condition;
use super::draw::mix;
use super::person::Person;

/// One issue of a medicine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Issue {
    /// Day of the window.
    pub day: u16,
    /// Dictionary of medicines and devices code.
    pub dmd_code: &'static str,
    /// Tablets or inhalers.
    pub quantity: u8,
    /// Net ingredient cost.
    pub pence: u32,
}

/// Condition, product, quantity, pence.
const REPEATS: [(Condition, &str, u8, u32); 3] = [
    (Condition::Diabetes, "39113311000001107", 56, 1_450),
    (Condition::Copd, "35916711000001105", 1, 4_800),
    (Condition::AtrialFibrillation, "19465311000001101", 56, 5_300),
];

/// The person's issues in the order of conditions and days: one sample issue per medicine and half-year of registration.
pub(super) fn issues(seed: u64, number: u32, person: &Person) -> impl Iterator<Item = Issue> {
    let person = *person;
    REPEATS.into_iter().filter(move |(condition, ..)| person.conditions.has(*condition)).flat_map(
        move |(condition, dmd_code, quantity, pence)| {
            (0..HALVES).filter_map(move |half| {
                let (from, to) = half_days(half);
                let (first, end) = person.active_days(from, to);
                let hash = mix(&[seed, 0x3d, u64::from(number), condition as u64 * 8 + half as u64]);
                let day = first + (hash % u64::from(end - first).max(1)) as u16;
                (end > first).then_some(Issue { day, dmd_code, quantity, pence })
            })
        },
    )
}
