//! The tables of conditions, events, medicines, plans, risks and costs.

use std::sync::Arc;

use arrow::array::Float64Array;

use super::View;
use super::sheet::{Tables, key};
use crate::population::calendar::{HALVES, START_DATE32, date32, half_days, month_date32};
use crate::population::condition::Condition;
use crate::population::draw::mix;
use crate::population::event::{ActivityCost, CarePlan, RiskScore};
use crate::population::medicine::{self, Issue};
use crate::population::person::{Course, Person};

/// SNOMED CT concept of an HbA1c level, IFCC standardised.
const HBA1C: &str = "999791000000106";

/// A row of `clinical_event`.
struct CodedEvent {
    person: u32,
    date32: i32,
    event_type: &'static str,
    system: &'static str,
    code: &'static str,
    value: Option<f64>,
}

impl View<'_> {
    pub(super) fn long_term_condition(self, tables: &mut Tables) -> anyhow::Result<()> {
        let people = self.population.known_people(self.provider);
        let rows: Vec<(u32, Condition, Course)> = people
            .flat_map(|(number, _)| {
                let known = self.population.known_conditions(self.provider, number);
                known.map(move |(condition, course)| (number, condition, course))
            })
            .collect();
        let definitions = Condition::ALL.map(|condition| format!("tallyward/{}/1", condition.code()));
        tables.write("long_term_condition", &rows, |rows, _, sheet| {
            sheet.text("person_id", self.ids(rows.iter().map(|(number, ..)| *number)));
            sheet.text("condition", rows.iter().map(|(_, condition, _)| condition.code()));
            sheet.dates("onset_date", rows.iter().map(|(.., course)| course.onset_date32));
            sheet.some_dates("resolved_date", rows.iter().map(|(.., course)| course.resolved_date32));
            sheet.text("definition_id", rows.iter().map(|(_, condition, _)| &definitions[*condition as usize]));
        })
    }

    pub(super) fn clinical_event(self, tables: &mut Tables) -> anyhow::Result<()> {
        let mut rows = Vec::new();
        for (number, person) in self.population.known_people(self.provider) {
            for (condition, course) in self.population.known_conditions(self.provider, number) {
                let code = condition.snomed_code();
                rows.push(CodedEvent {
                    person: number,
                    date32: course.onset_date32,
                    event_type: "condition",
                    system: "SNOMED",
                    code,
                    value: None,
                });
            }
            if person.conditions().has(Condition::Diabetes) {
                rows.extend(self.hba1c(number, person));
            }
            if let Some((system, code)) = self.population.restricted_event(number) {
                let (from, _) = half_days(0);
                rows.push(CodedEvent {
                    person: number,
                    date32: date32(from),
                    event_type: "condition",
                    system,
                    code,
                    value: None,
                });
            }
        }
        tables.write("clinical_event", &rows, |rows, start, sheet| {
            sheet.text("event_id", (start..start + rows.len()).map(|position| key(b'E', position)));
            sheet.text("person_id", self.ids(rows.iter().map(|r| r.person)));
            sheet.dates("event_date", rows.iter().map(|r| r.date32));
            sheet.text("event_type", rows.iter().map(|r| r.event_type));
            sheet.text("code_system", rows.iter().map(|r| r.system));
            sheet.text("code", rows.iter().map(|r| r.code));
            sheet.set("numeric_value", Arc::new(rows.iter().map(|r| r.value).collect::<Float64Array>()));
            sheet.some_text("unit", rows.iter().map(|r| r.value.map(|_| "mmol/mol")));
            sheet.text("setting", rows.iter().map(|_| "gp"));
        })
    }

    /// A level each half-year, of two in three people with diabetes.
    fn hba1c(self, number: u32, person: &Person) -> impl Iterator<Item = CodedEvent> + use<> {
        let (seed, person) = (self.population.seed, *person);
        (0..HALVES).filter_map(move |half| {
            let (from, to) = half_days(half);
            let (first, end) = person.active_days(from, to);
            let hash = mix(&[seed, 0xa1, u64::from(number), half as u64]);
            let day = first + (hash % u64::from(end - first).max(1)) as u16;
            let value = Some(42.0 + ((hash >> 20) % 45) as f64);
            (end > first && (hash >> 50) % 3 < 2).then(|| CodedEvent {
                person: number,
                date32: date32(day),
                event_type: "observation",
                system: "SNOMED",
                code: HBA1C,
                value,
            })
        })
    }

    pub(super) fn medication_issue(self, tables: &mut Tables) -> anyhow::Result<()> {
        let people = self.population.known_people(self.provider);
        let rows: Vec<(u32, Issue)> = people
            .flat_map(|(number, person)| {
                medicine::issues(self.population.seed, number, person).map(move |issue| (number, issue))
            })
            .collect();
        tables.write("medication_issue", &rows, |rows, _, sheet| {
            sheet.text("person_id", self.ids(rows.iter().map(|(number, _)| *number)));
            sheet.days("issue_date", rows.iter().map(|(_, issue)| issue.day));
            sheet.text("dmd_code", rows.iter().map(|(_, issue)| issue.dmd_code));
            let quantities = rows.iter().map(|(_, issue)| f64::from(issue.quantity));
            sheet.set("quantity", Arc::new(Float64Array::from_iter_values(quantities)));
        })
    }

    pub(super) fn care_plan(self, rows: &[CarePlan], tables: &mut Tables) -> anyhow::Result<()> {
        tables.write("care_plan", rows, |rows, _, sheet| {
            sheet.text("person_id", self.ids(rows.iter().map(|r| r.person)));
            sheet.text("plan_type", rows.iter().map(|r| r.kind.code()));
            sheet.dates("start_date", rows.iter().map(|r| START_DATE32 + i32::from(r.start)));
            sheet.some_dates("review_date", rows.iter().map(|r| r.review.map(date32)));
            sheet.some_dates("end_date", rows.iter().map(|r| r.end.map(date32)));
            sheet.text("agencies", rows.iter().map(|r| r.agencies.code()));
        })
    }

    pub(super) fn risk_stratification(self, rows: &[RiskScore], tables: &mut Tables) -> anyhow::Result<()> {
        tables.write("risk_stratification", rows, |rows, _, sheet| {
            sheet.text("person_id", self.ids(rows.iter().map(|r| r.person)));
            sheet.text("model", rows.iter().map(|_| "local"));
            sheet.text("model_version", rows.iter().map(|_| "1"));
            sheet.days("calculated_date", rows.iter().map(|r| r.day));
            let scores = rows.iter().map(|r| f64::from(r.score) / 100.0);
            sheet.set("score", Arc::new(Float64Array::from_iter_values(scores)));
            sheet.text("band", rows.iter().map(RiskScore::band));
        })
    }

    pub(super) fn activity_cost(self, rows: &[ActivityCost], tables: &mut Tables) -> anyhow::Result<()> {
        tables.write("activity_cost", rows, |rows, _, sheet| {
            sheet.text("person_id", self.ids(rows.iter().map(|r| r.person)));
            sheet.dates("activity_month", rows.iter().map(|r| month_date32(r.month)));
            sheet.text("service_group", rows.iter().map(|r| r.group.code()));
            sheet.pence("cost_gbp", rows.iter().map(|r| r.pence));
        })
    }
}
