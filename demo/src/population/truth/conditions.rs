//! Templates about long-term conditions: activity, cost, depression.

use super::period::YearMonth;
use super::{Own, Period, Truth};
use crate::population::calendar::{date32, month_date32};
use crate::population::code::{AppointmentStatus, Attendance};
use crate::population::condition::Condition;

impl Own<'_> {
    /// Attended appointments, attended outpatient appointments and bed days, by whether the person has a condition.
    pub(super) fn activity(self, period: Period) -> Truth {
        let records = self.population.records(self.provider);
        let appointments = records.gp_appointments.iter().filter(|a| a.status == AppointmentStatus::Attended);
        let seen = |a: Attendance| matches!(a, Attendance::Seen | Attendance::SeenLate);
        let outpatients = records.outpatients.iter().filter(|a| seen(a.attendance));
        let stays = records.spells.iter().filter_map(|s| s.stay.filter(|stay| *stay > 0).map(|stay| (s, stay)));
        let all = appointments
            .map(|a| (a.person, a.day, "gp_appointment", 1))
            .chain(outpatients.map(|a| (a.person, a.day, "outpatient_attendance", 1)))
            // A stay belongs to the day on which it ended.
            .chain(stays.map(|(s, stay)| (s.person, s.day + stay, "bed_day", stay)));
        let mut truth = Truth::capped_at(120);
        let mut last = (u32::MAX, "no");
        for (person, day, activity, units) in all {
            if !self.counts(person) || !period.has(date32(day)) {
                continue;
            }
            if last.0 != person {
                let chronic = self.conditions(person, period.from_date32(), period.end_date32()).next().is_some();
                last = (person, if chronic { "yes" } else { "no" });
            }
            truth.add(person, [activity, last.1], u64::from(units) * 100);
        }
        truth
    }

    /// Cost by financial year and number of conditions.
    pub(super) fn cost(self, period: Period) -> Truth {
        let mut truth = Truth::capped_at(20_000);
        let mut last = (u32::MAX, "0");
        for cost in &self.population.records(self.provider).costs {
            if !self.counts(cost.person) || !period.has(month_date32(cost.month)) {
                continue;
            }
            if last.0 != cost.person {
                last = (cost.person, self.held(cost.person, period.end_date32()));
            }
            let year = YearMonth::of_window(cost.month).financial_year();
            // Pence are hundredths of a pound.
            truth.add(cost.person, [&year, last.1], u64::from(cost.pence));
        }
        truth
    }

    /// People with each condition but depression, by whether they have depression too.
    pub(super) fn depression(self, at: YearMonth) -> Truth {
        let mut truth = Truth::of_counts();
        let end = at.end_date32();
        for (person, _) in self.population.known_people(self.provider).filter(|(person, _)| self.counts(*person)) {
            let depressed = self.conditions(person, end, end).any(|condition| condition == Condition::Depression);
            let level = if depressed { "yes" } else { "no" };
            for condition in self.conditions(person, end, end).filter(|c| *c != Condition::Depression) {
                truth.add(person, [condition.code(), level], 0);
            }
        }
        truth
    }

    /// Registered people with each condition, by age.
    pub(super) fn registered_with_condition(self, at: YearMonth) -> Truth {
        let mut truth = Truth::of_counts();
        let end = at.end_date32();
        let known = self.population.known_people(self.provider);
        for (number, person) in known.filter(|(n, p)| self.counts(*n) && p.is_registered_on(end)) {
            let band = match person.born().age_by(at.next().absolute()) {
                ..15 => "0-14",
                15..45 => "15-44",
                45..65 => "45-64",
                65..75 => "65-74",
                75..85 => "75-84",
                _ => "85+",
            };
            let is_defined =
                |condition: &Condition| *condition != Condition::Frailty || matches!(band, "65-74" | "75-84" | "85+");
            for condition in self.conditions(number, end, end).filter(is_defined) {
                truth.add(number, [condition.code(), band], 0);
            }
        }
        truth
    }
}
