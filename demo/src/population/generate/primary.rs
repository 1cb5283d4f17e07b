//! General practice: appointments, care plans, medicines and the risk score.

use super::life::{ByAge, Life};
use super::sink::{Place, Sink};
use crate::population::calendar::DAYS;
use crate::population::code::{AppointmentMode, AppointmentStatus, PlanAgencies, PlanType, Professional, ServiceGroup};
use crate::population::condition::Condition;
use crate::population::draw::Draw;
use crate::population::event::{CarePlan, GpAppointment, RiskScore};
use crate::population::medicine;

/// Everything the practice does for one person.
pub(super) fn care(life: &Life, draw: &mut Draw, sink: &mut Sink) {
    appointments(life, draw, sink);
    medicines(life, sink);
    care_plans(life, draw, sink);
    sink.risk_score(RiskScore { person: life.number, day: DAYS - 30, score: risk(life, draw) });
}

fn appointments(life: &Life, draw: &mut Draw, sink: &mut Sink) {
    const RATE: ByAge = [2.1, 1.1, 1.55, 1.9, 2.2, 2.6, 3.1, 3.2];
    const BURDEN: [f64; 5] = [0.80, 1.60, 2.08, 2.48, 2.85];
    let expected = life.rate(&RATE) * life.by_burden(&BURDEN) * life.years();
    let mut days: Vec<u16> = (0..draw.poisson(expected)).map(|_| life.day(draw)).collect();
    days.sort_unstable();
    for day in days {
        let professional = draw.pick(&[
            (Professional::Gp, 48),
            (Professional::Nurse, 24),
            (Professional::Other, 20),
            (Professional::Pharmacist, 8),
        ]);
        let status = draw.pick(&[
            (AppointmentStatus::Attended, 91),
            (AppointmentStatus::DidNotAttend, 5),
            (AppointmentStatus::Cancelled, 4),
        ]);
        let at_home = life.age >= 80 && draw.chance(0.12);
        let mode = draw.pick(&[
            (AppointmentMode::FaceToFace, 66),
            (AppointmentMode::Telephone, 26),
            (AppointmentMode::Online, 8),
        ]);
        sink.gp_appointment(GpAppointment {
            person: life.number,
            day,
            mode: if at_home { AppointmentMode::HomeVisit } else { mode },
            professional,
            status,
            minutes: 5 + draw.below(20) as u8,
        });
        if status == AppointmentStatus::Attended {
            let pence = if professional == Professional::Gp { 4_200 } else { 2_100 };
            sink.cost(Place::PRACTICE, day, ServiceGroup::PrimaryCare, pence + draw.below(800));
        }
    }
}

fn medicines(life: &Life, sink: &mut Sink) {
    for issue in medicine::issues(life.seed, life.number, life.person) {
        sink.cost(Place::PRACTICE, issue.day, ServiceGroup::Prescribing, issue.pence);
    }
}

fn care_plans(life: &Life, draw: &mut Draw, sink: &mut Sink) {
    let burden = life.person.conditions.len();
    let frail = life.has(Condition::Frailty) || life.has(Condition::Dementia);
    if life.has(Condition::Diabetes) && draw.chance(0.46) {
        plan(life, Place::PRACTICE, PlanType::Diabetes, PlanAgencies::Health, draw, sink);
    }
    if burden >= 3 && draw.chance(0.35) {
        plan(life, Place::PRACTICE, PlanType::Personalised, PlanAgencies::Health, draw, sink);
    }
    if life.age >= 75 && frail && draw.chance(0.30) {
        let agencies = if draw.chance(0.5) { PlanAgencies::Joint } else { PlanAgencies::Health };
        plan(life, Place::PRACTICE, PlanType::Multidisciplinary, agencies, draw, sink);
    }
    if life.age >= 80 && frail && draw.chance(0.12) {
        plan(life, Place::PRACTICE, PlanType::EndOfLife, PlanAgencies::Health, draw, sink);
    }
}

/// A plan made while the person was registered, or up to a year and a half before the window, reviewed for two in three.
pub(super) fn plan(
    life: &Life,
    place: Place,
    kind: PlanType,
    agencies: PlanAgencies,
    draw: &mut Draw,
    sink: &mut Sink,
) {
    let in_window = life.person.from > 0 || draw.chance(0.7);
    let start = if in_window { life.day(draw) as i16 } else { -1 - draw.below(540) as i16 };
    let left = i32::from(life.person.to) - i32::from(start.max(0));
    let review = (left > 120 && draw.chance(0.66))
        .then(|| (i32::from(start.max(0)) + 90 + draw.below((left - 90) as u32) as i32) as u16)
        .filter(|day| *day < DAYS);
    let end = (life.person.to < DAYS).then_some(life.person.to);
    sink.care_plan(place, CarePlan { person: life.number, start, review, end, kind, agencies });
}

/// Hundredths of a risk of admission, from age and conditions and a little of everything else.
fn risk(life: &Life, draw: &mut Draw) -> u8 {
    const AGE: ByAge = [3.0, 1.0, 2.0, 3.0, 5.0, 9.0, 16.0, 24.0];
    let frequent = if life.person.frequent { 25.0 } else { 0.0 };
    let score = life.rate(&AGE) * life.by_burden(&[0.6, 1.2, 1.7, 2.3, 3.0]) * (0.5 + 0.5 * life.propensity) + frequent;
    (score + draw.unit() * 3.0).min(99.0) as u8
}
