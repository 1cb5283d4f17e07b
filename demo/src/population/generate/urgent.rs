//! Emergency department attendances, ambulance incidents and 111 contacts.

use super::hospital;
use super::life::{ByAge, Life, age_band};
use super::sink::{Place, Sink};
use crate::population::calendar::MONTH_STARTS;
use crate::population::code::{
    Acuity, ArrivalMode, DepartmentType, Disposition, IncidentOutcome, ResponseCategory, ServiceGroup,
};
use crate::population::draw::Draw;
use crate::population::event::{AmbulanceIncident, EdAttendance, UNTRACED, UrgentCareContact};

/// First day of April 2024, when the programmes have started.
pub(super) const PROGRAMME_START: u16 = MONTH_STARTS[12];
/// Conveyances that remain from then on, of people outside care homes; the others are treated where they are.
const JOURNEYS_KEPT: f64 = 0.912;
/// Emergency calls that remain from then on, of care-home residents.
const RESIDENT_CALLS_KEPT: f64 = 0.555;

/// Incidents and contacts that an ambulance service cannot trace to a person.
const UNTRACED_SHARE: f64 = 0.04;

/// The person's own attendances, incidents and contacts, apart from those that end in an admission.
pub(super) fn contacts(life: &Life, draw: &mut Draw, sink: &mut Sink) {
    walk_in(life, draw, sink);
    ambulance(life, draw, sink);
    helpline(life, draw, sink);
}

/// What leads up to an admission through the emergency department: the attendance and, for many, the ambulance.
pub(super) fn before_admission(life: &Life, hospital: u8, day: u16, age: u8, draw: &mut Draw, sink: &mut Sink) {
    const CONVEYED: ByAge = [0.15, 0.20, 0.30, 0.36, 0.44, 0.52, 0.64, 0.74];
    let conveyed = draw.chance(CONVEYED[age_band(age)]) && is_kept(life, day, draw);
    let arrival = if conveyed { ArrivalMode::Ambulance } else { own_arrival(draw) };
    if conveyed {
        let category =
            draw.pick(&[(ResponseCategory::One, 16), (ResponseCategory::Two, 62), (ResponseCategory::Three, 22)]);
        incident(life, day, category, IncidentOutcome::ConveyedEd, Some(hospital), draw, sink);
    }
    let acuity =
        draw.pick(&[(Acuity::Immediate, 8), (Acuity::VeryUrgent, 40), (Acuity::Urgent, 46), (Acuity::Standard, 6)]);
    attend(life, hospital, day, DepartmentType::Major, arrival, acuity, Admission::Admitted, draw, sink);
}

/// How an attendance ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Admission {
    Admitted,
    Discharged,
}

fn walk_in(life: &Life, draw: &mut Draw, sink: &mut Sink) {
    const RATE: ByAge = [0.40, 0.20, 0.22, 0.18, 0.15, 0.15, 0.17, 0.19];
    let usual = life.rate(&RATE) * life.by_burden(&[0.85, 1.35, 1.6, 1.9, 2.2]) * life.deprivation * life.propensity;
    let expected = (usual + if life.person.frequent { 8.0 } else { 0.0 }) * life.years();
    for _ in 0..draw.poisson(expected) {
        let department = draw.pick(&[
            (DepartmentType::Major, 64),
            (DepartmentType::UrgentTreatment, 28),
            (DepartmentType::WalkIn, 8),
        ]);
        let acuity = draw.pick(&[
            (Acuity::VeryUrgent, 6),
            (Acuity::Urgent, 34),
            (Acuity::Standard, 50),
            (Acuity::NonUrgent, 10),
        ]);
        let (hospital, day, arrival) = (hospital::hospital(life, draw), life.day(draw), own_arrival(draw));
        attend(life, hospital, day, department, arrival, acuity, Admission::Discharged, draw, sink);
    }
}

fn ambulance(life: &Life, draw: &mut Draw, sink: &mut Sink) {
    const RATE: ByAge = [0.018, 0.014, 0.034, 0.038, 0.046, 0.066, 0.140, 0.260];
    let resident = if life.residence.is_some() { 3.5 } else { 1.0 };
    let usual =
        life.rate(&RATE) * life.by_burden(&[0.8, 1.35, 1.7, 2.1, 2.5]) * life.deprivation * life.propensity * resident;
    let expected = (usual + if life.person.frequent { 4.5 } else { 0.0 }) * life.years();
    for _ in 0..draw.poisson(expected) {
        let day = life.day(draw);
        let outcome = draw.pick(&[
            (IncidentOutcome::ConveyedEd, 44),
            (IncidentOutcome::SeeAndTreat, 33),
            (IncidentOutcome::HearAndTreat, 12),
            (IncidentOutcome::ConveyedOther, 6),
            (IncidentOutcome::Cancelled, 5),
        ]);
        let kept = is_kept(life, day, draw);
        if !kept && life.is_resident(day) {
            // The care home's own staff and the GP dealt with it: no call at all.
            continue;
        }
        let category = draw.pick(&[
            (ResponseCategory::One, 9),
            (ResponseCategory::Two, 54),
            (ResponseCategory::Three, 25),
            (ResponseCategory::Four, 4),
            (ResponseCategory::Five, 3),
            (ResponseCategory::Professional, 5),
        ]);
        match outcome {
            IncidentOutcome::ConveyedEd if kept => {
                let hospital = hospital::hospital(life, draw);
                incident(life, day, category, outcome, Some(hospital), draw, sink);
                let acuity = draw.pick(&[(Acuity::VeryUrgent, 25), (Acuity::Urgent, 55), (Acuity::Standard, 20)]);
                let department = DepartmentType::Major;
                attend(
                    life,
                    hospital,
                    day,
                    department,
                    ArrivalMode::Ambulance,
                    acuity,
                    Admission::Discharged,
                    draw,
                    sink,
                );
            }
            IncidentOutcome::ConveyedEd => {
                incident(life, day, category, IncidentOutcome::SeeAndTreat, None, draw, sink)
            }
            _ => incident(life, day, category, outcome, None, draw, sink),
        }
    }
}

/// Whether a conveyance or a resident's call happens in spite of the programmes.
fn is_kept(life: &Life, day: u16, draw: &mut Draw) -> bool {
    day < PROGRAMME_START || draw.chance(if life.is_resident(day) { RESIDENT_CALLS_KEPT } else { JOURNEYS_KEPT })
}

fn incident(
    life: &Life,
    day: u16,
    category: ResponseCategory,
    outcome: IncidentOutcome,
    destination: Option<u8>,
    draw: &mut Draw,
    sink: &mut Sink,
) {
    let mean = match category {
        ResponseCategory::One => 450.0,
        ResponseCategory::Two => 1_800.0,
        _ => 5_400.0,
    };
    let untraced = draw.chance(UNTRACED_SHARE);
    sink.incident(AmbulanceIncident {
        person: if untraced { UNTRACED } else { life.number },
        day,
        response_seconds: (120.0 + draw.exponential(mean)).min(60_000.0) as u16,
        category,
        outcome,
        destination,
    });
    if !untraced {
        let pence = match outcome {
            IncidentOutcome::ConveyedEd | IncidentOutcome::ConveyedOther => 32_000,
            IncidentOutcome::SeeAndTreat => 26_000,
            IncidentOutcome::HearAndTreat | IncidentOutcome::Cancelled => 6_000,
        };
        sink.cost(Place::AMBULANCE, day, ServiceGroup::Ed, pence + draw.below(4_000));
    }
}

#[expect(clippy::too_many_arguments, reason = "the columns of one row, and where it goes")]
fn attend(
    life: &Life,
    hospital: u8,
    day: u16,
    department: DepartmentType,
    arrival: ArrivalMode,
    acuity: Acuity,
    admission: Admission,
    draw: &mut Draw,
    sink: &mut Sink,
) {
    let admitted = admission == Admission::Admitted;
    let base = if department == DepartmentType::Major { 17_000 } else { 7_500 };
    let pence = base + if admitted { 15_000 } else { 0 } + draw.below(9_000);
    let row = EdAttendance { person: life.number, pence, day, department, arrival, acuity, admitted };
    sink.attendance(Place::hospital(hospital), row);
}

fn helpline(life: &Life, draw: &mut Draw, sink: &mut Sink) {
    const RATE: ByAge = [0.42, 0.13, 0.17, 0.13, 0.12, 0.13, 0.19, 0.27];
    let expected = life.rate(&RATE) * life.by_burden(&[0.9, 1.2, 1.35, 1.5, 1.6]) * life.propensity * life.years();
    let mut days: Vec<u16> = (0..draw.poisson(expected)).map(|_| life.day(draw)).collect();
    days.sort_unstable();
    for day in days {
        let disposition = draw.pick(&[
            (Disposition::PrimaryCare, 54),
            (Disposition::SelfCare, 14),
            (Disposition::Ed, 11),
            (Disposition::Ambulance, 12),
            (Disposition::Other, 9),
        ]);
        let person = if draw.chance(UNTRACED_SHARE) { UNTRACED } else { life.number };
        sink.urgent_contact(UrgentCareContact { person, day, disposition, online: draw.chance(0.25) });
        if person != UNTRACED {
            sink.cost(Place::AMBULANCE, day, ServiceGroup::Ed, 1_800 + draw.below(600));
        }
    }
}

fn own_arrival(draw: &mut Draw) -> ArrivalMode {
    draw.pick(&[(ArrivalMode::Own, 85), (ArrivalMode::Public, 15)])
}
