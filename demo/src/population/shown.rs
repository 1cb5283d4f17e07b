//! What a generated population shows of each stated figure.
//!
//! Figures that a template of the library asks for are taken from its [truth](super::truth), without the people who opted
//! out; the others are counted over everyone.

use super::calendar::MONTH_STARTS;
use super::code::{AdmissionGroup, IncidentOutcome};
use super::condition::Condition;
use super::event::{AmbulanceIncident, UNTRACED};
use super::person::Person;
use super::provider::Kind;
use super::records::Records;
use super::stated::{self, Stated};
use super::truth::{Period, Question, Truth};
use super::{Population, Provider};

/// A stated figure and what a population shows of it.
#[derive(Clone, Copy, Debug)]
pub struct Figure {
    /// What the figure is.
    pub name: &'static str,
    /// What was stated.
    pub stated: Stated,
    /// What this population shows.
    pub shown: f64,
}

impl Figure {
    /// Whether the population shows what was stated, within the tolerance.
    pub fn holds(&self) -> bool {
        (self.shown - self.stated.value).abs() <= self.stated.tolerance
    }
}

/// Every stated figure beside what the population shows.
pub fn figures(population: &Population) -> Vec<Figure> {
    let mut all = ratios(population);
    all.extend(shares(population));
    all.extend(activity(population));
    all.extend(changes(population));
    all.extend(stroke_stays(population));
    all
}

fn ratios(population: &Population) -> Vec<Figure> {
    let others = |p: &Person| p.conditions().iter().any(|condition| condition != Condition::Depression);
    let counts = emergencies(population);
    let per_person = |group: &dyn Fn(&Person) -> bool| rate(population, group, |person| counts[person as usize]);
    let depressed = |group: &dyn Fn(&Person) -> bool| {
        rate(population, group, |n| u32::from(population.people[n as usize].conditions().has(Condition::Depression)))
    };
    vec![
        Figure {
            name: "emergency admissions, with a condition against without",
            stated: stated::ADMISSIONS_WITH_CONDITION,
            shown: per_person(&|p| !p.conditions().is_empty()) / per_person(&|p| p.conditions().is_empty()),
        },
        Figure {
            name: "depression, with another condition against without",
            stated: stated::DEPRESSION_WITH_CONDITION,
            shown: depressed(&|p| others(p)) / depressed(&|p| !others(p)),
        },
        Figure {
            name: "emergency admissions, most deprived fifth against least",
            stated: stated::ADMISSIONS_DEPRIVED,
            shown: per_person(&|p| p.decile() <= 2) / per_person(&|p| p.decile() >= 9),
        },
        Figure {
            name: "emergency admissions, 75 and over against younger",
            stated: stated::ADMISSIONS_75_PLUS,
            shown: per_person(&|p| p.born().age_on(0) >= 75) / per_person(&|p| p.born().age_on(0) < 75),
        },
    ]
}

fn shares(population: &Population) -> Vec<Figure> {
    let share = |group: &dyn Fn(&Person) -> bool| {
        population.people.iter().filter(|p| group(p)).count() as f64 / population.people.len() as f64
    };
    let strokes = events(population, Kind::Hospital, |r| r.spells.iter()).filter(|(_, s)| s.is_stroke()).count() as f64;
    let years: f64 = population.people.iter().map(|p| f64::from(p.to - p.from) / 365.25).sum();
    vec![
        Figure {
            name: "people 75 and over",
            stated: stated::SHARE_75_PLUS,
            shown: share(&|p| p.born().age_on(0) >= 75),
        },
        Figure {
            name: "people with diabetes",
            stated: stated::SHARE_DIABETES,
            shown: share(&|p| p.conditions().has(Condition::Diabetes)),
        },
        Figure { name: "people opted out", stated: stated::SHARE_OPTED_OUT, shown: share(&Person::opted_out) },
        Figure { name: "strokes per person and year", stated: stated::STROKES_PER_YEAR, shown: strokes / years },
    ]
}

/// Shares of activity that people with a condition use, in the financial year 2024/25.
fn activity(population: &Population) -> Vec<Figure> {
    let truths = truths(population, Question::ConditionActivity, "2024-04", "2025-03");
    let share = |activity: &str| {
        let sum = |levels: &[&str]| {
            let keep: Vec<usize> = (0..levels.len()).collect();
            truths.iter().map(|truth| truth.margin(&keep, levels).sum_hundredths).sum::<u64>() as f64
        };
        sum(&[activity, "yes"]) / sum(&[activity])
    };
    vec![
        Figure {
            name: "GP appointments of people with a condition",
            stated: stated::CONDITION_SHARE_GP_APPOINTMENTS,
            shown: share("gp_appointment"),
        },
        Figure {
            name: "outpatient attendances of people with a condition",
            stated: stated::CONDITION_SHARE_OUTPATIENTS,
            shown: share("outpatient_attendance"),
        },
        Figure {
            name: "bed days of people with a condition",
            stated: stated::CONDITION_SHARE_BED_DAYS,
            shown: share("bed_day"),
        },
    ]
}

fn changes(population: &Population) -> Vec<Figure> {
    let incidents: Vec<_> = events(population, Kind::Ambulance, |r| r.incidents.iter()).map(|(_, i)| i).collect();
    let years = [(0, 12), (12, 24)];
    let placements = events(population, Kind::SocialCare, |r| r.residences.iter()).map(|(_, r)| r.start);
    let placements: Vec<u16> = placements.filter_map(|start| u16::try_from(start).ok()).collect();
    let residents = residents(population);
    let calls = incidents.iter().filter(|i| i.person != UNTRACED).filter(|i| {
        residents.binary_search_by_key(&i.person, |(person, ..)| *person).is_ok_and(|at| {
            let (_, from, to) = residents[at];
            from <= i.day as i16 && i.day < to
        })
    });
    let conveyed = |i: &&&AmbulanceIncident| i.outcome == IncidentOutcome::ConveyedEd;
    let admissions = |question: fn(Period) -> Question, [before, after]: [(&str, &str); 2]| {
        let rows = |(from, to): (&str, &str)| {
            let none: [&str; 0] = [];
            truths(population, question, from, to).iter().map(|truth| truth.margin(&[], &none).rows).sum::<u64>() as f64
        };
        rows(after) / rows(before) - 1.0
    };
    vec![
        Figure {
            name: "non-elective medical admissions 75 and over, half-year on half-year",
            stated: stated::CHANGE_ADMISSIONS_75_PLUS,
            shown: admissions(Question::EmergencyAdmissions75Plus, [("2023-10", "2024-03"), ("2024-10", "2025-03")]),
        },
        Figure {
            name: "ambulance journeys, year on year",
            stated: stated::CHANGE_AMBULANCE_JOURNEYS,
            shown: change(incidents.iter().filter(conveyed).map(|i| i.day), years),
        },
        Figure {
            name: "emergency respiratory admissions, year on year",
            stated: stated::CHANGE_RESPIRATORY,
            shown: admissions(Question::RespiratoryAdmissions, [("2023-04", "2024-03"), ("2024-04", "2025-03")]),
        },
        Figure {
            name: "care-home placements, year on year",
            stated: stated::CHANGE_PLACEMENTS,
            shown: change(placements.iter().copied(), years),
        },
        Figure {
            name: "emergency calls of care-home residents, year on year",
            stated: stated::CHANGE_RESIDENT_CALLS,
            shown: change(calls.map(|i| i.day), years),
        },
    ]
}

fn stroke_stays(population: &Population) -> Vec<Figure> {
    let truths = truths(population, Question::StrokeStay, "2023-04", "2025-09");
    let mean = |quarter: &str| {
        let (days, stays) = truths
            .iter()
            .map(|truth| truth.margin(&[0], &[quarter]))
            .fold((0, 0), |(days, stays), figures| (days + figures.sum_hundredths, stays + figures.rows));
        days as f64 / 100.0 / stays as f64
    };
    vec![
        Figure { name: "stroke stay, first quarter", stated: stated::STROKE_STAY_FIRST, shown: mean("2023/24 Q1") },
        Figure { name: "stroke stay, last quarter", stated: stated::STROKE_STAY_LAST, shown: mean("2025/26 Q2") },
    ]
}

/// Every event of a table at the providers of a kind.
fn events<'a, T: 'a, I: Iterator<Item = &'a T> + 'a>(
    population: &'a Population,
    kind: Kind,
    table: impl Fn(&'a Records) -> I + 'a,
) -> impl Iterator<Item = (&'a Provider, &'a T)> + 'a {
    let providers = population.providers.iter().filter(move |p| p.kind == kind);
    providers.flat_map(move |provider| table(population.records(provider)).map(move |row| (provider, row)))
}

/// Emergency admissions of each person.
fn emergencies(population: &Population) -> Vec<u32> {
    let mut counts = vec![0; population.people.len()];
    for (_, spell) in events(population, Kind::Hospital, |r| r.spells.iter()) {
        counts[spell.person as usize] += u32::from(spell.method.group() == AdmissionGroup::Emergency);
    }
    counts
}

/// Mean of a count over the people of a group.
fn rate(population: &Population, group: &dyn Fn(&Person) -> bool, count: impl Fn(u32) -> u32) -> f64 {
    let members = (0..).zip(&population.people).filter(|(_, p)| group(p));
    let (n, sum) = members.fold((0.0, 0.0), |(n, sum), (number, _)| (n + 1.0, sum + f64::from(count(number))));
    sum / n
}

/// The true answers of all providers to a question about the months from one to another.
fn truths(population: &Population, question: impl Fn(Period) -> Question, from: &str, to: &str) -> Vec<Truth> {
    // The months are written out above: one that could not be read would ask nobody, and the tests would tell.
    let period = from.parse().and_then(|from| Period::new(from, to.parse()?));
    let question = period.map(question);
    let answer = |provider| question.as_ref().ok().map(|question| question.truth(population, provider));
    population.providers.iter().filter_map(answer).collect()
}

/// Care-home residents with first day and the day after the last, by person.
fn residents(population: &Population) -> Vec<(u32, i16, u16)> {
    let mut all: Vec<_> = events(population, Kind::SocialCare, |r| r.residences.iter())
        .map(|(_, r)| (r.person, r.start, r.end.unwrap_or(u16::MAX)))
        .collect();
    all.sort_unstable();
    all
}

/// Change of the number of events from one span of months to another.
fn change(days: impl Iterator<Item = u16>, [before, after]: [(usize, usize); 2]) -> f64 {
    let within = |day: u16, (from, to): (usize, usize)| (MONTH_STARTS[from]..MONTH_STARTS[to]).contains(&day);
    let (old, new) = days.fold((0.0, 0.0), |(old, new), day| {
        (old + f64::from(u8::from(within(day, before))), new + f64::from(u8::from(within(day, after))))
    });
    new / old - 1.0
}
