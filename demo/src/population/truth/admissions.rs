//! Templates over hospital spells alone.

use super::period::YearMonth;
use super::{Own, Period, Truth};
use crate::population::calendar::{date32, month_of};
use crate::population::code::AdmissionGroup;
use crate::population::event::Spell;

impl<'a> Own<'a> {
    /// Emergency admissions to medical specialities of people aged 75 and over, by month and locality.
    pub(super) fn admissions_75_plus(self, period: Period) -> Truth {
        let mut truth = Truth::of_counts();
        for spell in self.spells_begun(period) {
            let person = &self.population.people[spell.person as usize];
            let locality = self.population.providers[person.practice()].locality;
            let counts = spell.method.group() == AdmissionGroup::Emergency
                && spell.function.is_medical()
                && person.born().age_on(spell.day) >= 75;
            if counts {
                let locality = locality.map_or("elsewhere", |locality| locality.code());
                truth.add(spell.person, [&month(spell).label(), locality], 0);
            }
        }
        truth
    }

    /// Emergency admissions with a primary diagnosis J00 to J99, by month.
    pub(super) fn respiratory(self, period: Period) -> Truth {
        let mut truth = Truth::of_counts();
        for spell in self.spells_begun(period) {
            if spell.method.group() == AdmissionGroup::Emergency && spell.diagnosis.code().starts_with('J') {
                truth.add(spell.person, [&month(spell).label()], 0);
            }
        }
        truth
    }

    /// Stays after a stroke that have ended, by the quarter in which they began and their length.
    pub(super) fn stroke_stays(self, period: Period) -> Truth {
        let mut truth = Truth::capped_at(180);
        for spell in self.spells_begun(period) {
            let Some(stay) = spell.stay.filter(|_| spell.is_stroke()) else { continue };
            let band = match stay {
                0..8 => "0-7",
                8..22 => "8-21",
                22..50 => "22-49",
                _ => "50+",
            };
            truth.add(spell.person, [&month(spell).quarter(), band], u64::from(stay) * 100);
        }
        truth
    }

    /// Spells of people who may be counted, by the day of admission.
    fn spells_begun(self, period: Period) -> impl Iterator<Item = &'a Spell> {
        let spells = &self.population.records(self.provider).spells;
        spells.iter().filter(move |spell| self.counts(spell.person) && period.has(date32(spell.day)))
    }
}

/// The month of admission.
fn month(spell: &Spell) -> YearMonth {
    YearMonth::of_window(month_of(spell.day))
}
