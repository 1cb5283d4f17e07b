//! Elective and maternity admissions, and outpatient appointments.

use super::hospital::{discharge, hospital};
use super::life::{ByAge, Life};
use super::sink::{Place, Sink};
use crate::population::code::{
    AdmissionMethod, AdmissionSource, Attendance, Diagnosis, FirstAttendance, Gender, PatientClassification, Procedure,
    ServiceGroup, TreatmentFunction as Function,
};
use crate::population::draw::Draw;
use crate::population::event::{OutpatientAppointment, Spell};

/// Everything planned that hospitals do for one person.
pub(super) fn care(life: &Life, draw: &mut Draw, sink: &mut Sink) {
    const ELECTIVE: ByAge = [0.020, 0.015, 0.045, 0.075, 0.110, 0.150, 0.170, 0.090];
    const BURDEN: [f64; 5] = [0.60, 1.40, 2.10, 2.70, 3.20];
    let elective = life.rate(&ELECTIVE) * life.by_burden(&BURDEN) * life.years();
    for _ in 0..draw.poisson(elective) {
        electively(life, draw, sink);
    }
    if life.person.gender == Gender::Female && (18..45).contains(&life.age) {
        for _ in 0..draw.poisson(0.048 * life.years()).min(3) {
            deliver(life, draw, sink);
        }
    }
    outpatients(life, draw, sink);
}

fn electively(life: &Life, draw: &mut Draw, sink: &mut Sink) {
    let (function, diagnosis, procedure) = draw.pick(&[
        ((Function::Ophthalmology, Diagnosis::Cataract, Procedure::Cataract), 18),
        ((Function::Gastroenterology, Diagnosis::Bleeding, Procedure::Gastroscopy), 14),
        ((Function::GeneralSurgery, Diagnosis::IronDeficiency, Procedure::Colonoscopy), 14),
        ((Function::GeneralSurgery, Diagnosis::Hernia, Procedure::Hernia), 8),
        ((Function::GeneralSurgery, Diagnosis::Gallstones, Procedure::Cholecystectomy), 6),
        ((Function::TraumaOrthopaedics, Diagnosis::Knee, Procedure::Knee), 12),
        ((Function::Urology, Diagnosis::UrinaryInfection, Procedure::Cystoscopy), 8),
        ((Function::Oncology, Diagnosis::Chemotherapy, Procedure::Chemotherapy), 12),
        ((Function::Cardiology, Diagnosis::Angina, Procedure::Angiography), 8),
    ]);
    let day = life.day(draw);
    let day_case = draw.chance(0.74);
    let length = if day_case {
        0
    } else {
        1 + (draw.exponential(1.6 + 0.7 * f64::from(life.person.conditions.len())) as u16).min(60)
    };
    let (stay, discharge) = discharge(life, day, length, draw);
    let spell = Spell {
        person: life.number,
        pence: if day_case { 52_000 } else { 210_000 } + u32::from(length) * 31_000 + draw.below(50_000),
        day,
        stay,
        method: draw.pick(&[
            (AdmissionMethod::WaitingList, 62),
            (AdmissionMethod::Booked, 26),
            (AdmissionMethod::Planned, 12),
        ]),
        function,
        diagnosis,
        procedure: Some(procedure),
        classification: if day_case { PatientClassification::DayCase } else { PatientClassification::Ordinary },
        source: AdmissionSource::UsualResidence,
        discharge,
        critical_days: 0,
    };
    sink.spell(Place::hospital(hospital(life, draw)), spell);
}

fn deliver(life: &Life, draw: &mut Draw, sink: &mut Sink) {
    let day = life.day(draw);
    let length = draw.pick(&[(0, 15), (1, 40), (2, 25), (3, 13), (5, 7)]);
    let (stay, discharge) = discharge(life, day, length, draw);
    let spell = Spell {
        person: life.number,
        pence: 240_000 + u32::from(length) * 40_000 + draw.below(80_000),
        day,
        stay,
        method: if draw.chance(0.94) { AdmissionMethod::AntePartum } else { AdmissionMethod::PostPartum },
        function: Function::Obstetrics,
        diagnosis: if draw.chance(0.6) { Diagnosis::Delivery } else { Diagnosis::LabourComplication },
        procedure: Some(Procedure::Delivery),
        classification: PatientClassification::Ordinary,
        source: AdmissionSource::UsualResidence,
        discharge,
        critical_days: 0,
    };
    sink.spell(Place::hospital(life.person.hospital), spell);
}

fn outpatients(life: &Life, draw: &mut Draw, sink: &mut Sink) {
    const RATE: ByAge = [0.50, 0.42, 0.55, 0.68, 0.85, 1.05, 1.20, 1.00];
    const BURDEN: [f64; 5] = [0.485, 1.87, 2.60, 3.25, 3.80];
    let expected = life.rate(&RATE) * life.by_burden(&BURDEN) * life.years();
    let count = draw.poisson(expected);
    if count == 0 {
        return;
    }
    let function = draw.pick(&[
        (Function::Ophthalmology, 14),
        (Function::TraumaOrthopaedics, 14),
        (Function::Dermatology, 9),
        (Function::Cardiology, 9),
        (Function::EarNoseThroat, 7),
        (Function::Gastroenterology, 7),
        (Function::Rheumatology, 6),
        (Function::Urology, 6),
        (Function::Endocrinology, 5),
        (Function::Respiratory, 5),
        (Function::Neurology, 5),
        (Function::Oncology, 5),
        (Function::Nephrology, 3),
        (Function::Haematology, 3),
    ]);
    let women = life.person.gender == Gender::Female && (16..60).contains(&life.age);
    let function = if women && draw.chance(0.16) { Function::Gynaecology } else { function };
    let mut days: Vec<u16> = (0..count).map(|_| life.day(draw)).collect();
    days.sort_unstable();
    for (index, day) in days.into_iter().enumerate() {
        let telephone = draw.chance(0.2);
        let first = match (index.is_multiple_of(4), telephone) {
            (true, false) => FirstAttendance::First,
            (true, true) => FirstAttendance::FirstTelephone,
            (false, false) => FirstAttendance::FollowUp,
            (false, true) => FirstAttendance::FollowUpTelephone,
        };
        let attendance = draw.pick(&[
            (Attendance::Seen, 80),
            (Attendance::SeenLate, 4),
            (Attendance::DidNotAttend, 7),
            (Attendance::CancelledByPatient, 5),
            (Attendance::CancelledByProvider, 4),
        ]);
        let seen = matches!(attendance, Attendance::Seen | Attendance::SeenLate);
        let pence = if seen { 9_000 + draw.below(9_000) } else { 0 };
        let place = Place::hospital(hospital(life, draw));
        if seen {
            sink.cost(place, day, ServiceGroup::Acute, pence);
        }
        sink.outpatient(place, OutpatientAppointment { person: life.number, pence, day, function, attendance, first });
    }
}
