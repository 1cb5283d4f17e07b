//! Admissions and outpatient appointments.

use super::life::{ByAge, Life, age_band};
use super::sink::{Place, Sink};
use super::urgent;
use crate::population::calendar::{DAYS, HALVES, half_days, month_of, year_month};
use crate::population::code::{
    AdmissionMethod, AdmissionSource, Attendance, Diagnosis, DischargeMethod, FirstAttendance, Gender,
    PatientClassification, Procedure, ServiceGroup, TreatmentFunction as Function,
};
use crate::population::condition::Condition;
use crate::population::draw::{Carry, Draw};
use crate::population::event::{OutpatientAppointment, Spell};
use crate::population::person::Ending;
use crate::population::provider::HOSPITALS;

/// Why someone is admitted as an emergency.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Cause {
    Respiratory,
    Stroke,
    Medical,
    Surgical,
}

const CAUSES: [Cause; 4] = [Cause::Respiratory, Cause::Stroke, Cause::Medical, Cause::Surgical];

/// Emergency admissions per person-year by cause and age, for a person of average burden, deprivation and propensity.
const RATES: [ByAge; 4] = [
    [0.0330, 0.0050, 0.0028, 0.0044, 0.0080, 0.0120, 0.0180, 0.0290],
    [0.0000, 0.0001, 0.00014, 0.0010, 0.0026, 0.0058, 0.0125, 0.0200],
    [0.0340, 0.0150, 0.0250, 0.0350, 0.0440, 0.0580, 0.0920, 0.1350],
    [0.0140, 0.0130, 0.0200, 0.0210, 0.0220, 0.0240, 0.0340, 0.0560],
];
/// Emergency admissions by number of conditions.
const BURDEN: [f64; 5] = [0.74, 1.20, 1.33, 1.45, 1.60];
/// Respiratory admissions that remain from April 2024 on, when the programme has started.
const RESPIRATORY_KEPT: f64 = 0.30;
/// Medical admissions of people aged 75 and over by half-year: what the programme leaves of the others makes the stated
/// fall, beside the respiratory ones.
const MEDICAL_75_PLUS: [f64; HALVES] = [1.0, 1.0, 1.08, 1.13, 1.13];
/// Respiratory admissions by calendar month, January first, relative to the busiest.
const SEASON: [f64; 12] = [0.95, 0.85, 0.75, 0.60, 0.50, 0.45, 0.40, 0.38, 0.50, 0.62, 0.75, 1.0];

/// The emergency admissions of one practice's people.
///
/// They are carried from person to person (see [`Carry`]) within each cause and half-year, so that the stated ratios and
/// changes come out sharply.
pub(super) struct Emergencies {
    carries: [[Carry; HALVES]; CAUSES.len()],
}

impl Emergencies {
    pub fn new(draw: &mut Draw) -> Self {
        Self { carries: std::array::from_fn(|_| std::array::from_fn(|_| Carry::new(draw))) }
    }

    /// The emergency admissions of one person.
    pub fn admissions(&mut self, life: &Life, draw: &mut Draw, sink: &mut Sink) {
        let burden = life.by_burden(&BURDEN);
        let frequent = if life.person.frequent { 4.0 } else { 1.0 };
        for half in 0..HALVES {
            let (from, to) = half_days(half);
            let (first, end) = life.person.active_days(from, to);
            if first == end {
                continue;
            }
            let age = life.person.born.age_on(first);
            let band = age_band(age);
            let dying = if life.dies_in(half) { 3.0 } else { 1.0 };
            let years = f64::from(end - first) / 365.25;
            let usual = years * burden * life.deprivation * life.propensity * frequent * dying;
            for (index, cause) in CAUSES.into_iter().enumerate() {
                let expected = usual * RATES[index][band] * factor(cause, life, half, age);
                for _ in 0..self.carries[index][half].add(expected) {
                    let day = day(cause, first, end, draw);
                    admit(cause, life, day, age, draw, sink);
                }
            }
        }
    }
}

/// What makes a cause more or less likely than its rate by age says.
fn factor(cause: Cause, life: &Life, half: usize, age: u8) -> f64 {
    match cause {
        Cause::Respiratory => {
            let lungs = match (life.has(Condition::Copd), life.has(Condition::Asthma)) {
                (true, _) => 4.0,
                (false, true) => 1.8,
                (false, false) => 0.85,
            };
            let season = if half.is_multiple_of(2) { 0.72 } else { 1.28 };
            lungs * season * if half >= 2 { RESPIRATORY_KEPT } else { 1.0 }
        }
        Cause::Stroke if life.has(Condition::AtrialFibrillation) || life.has(Condition::StrokeTia) => 1.6,
        Cause::Medical if age >= 75 => MEDICAL_75_PLUS[half],
        Cause::Stroke | Cause::Medical | Cause::Surgical => 1.0,
    }
}

fn day(cause: Cause, first: u16, end: u16, draw: &mut Draw) -> u16 {
    let mut day = first + draw.below(u32::from(end - first)) as u16;
    if cause == Cause::Respiratory {
        // A few tries suffice: the least busy month still keeps more than a third.
        for _ in 0..6 {
            let (_, month) = year_month(month_of(day));
            if draw.chance(SEASON[month as usize - 1]) {
                break;
            }
            day = first + draw.below(u32::from(end - first)) as u16;
        }
    }
    day
}

fn admit(cause: Cause, life: &Life, day: u16, age: u8, draw: &mut Draw, sink: &mut Sink) {
    let hospital = hospital(life, draw);
    let method = draw.pick(&[
        (AdmissionMethod::EmergencyDepartment, 690),
        (AdmissionMethod::OtherProviderDepartment, 130),
        (AdmissionMethod::GeneralPractitioner, 70),
        (AdmissionMethod::BedBureau, 20),
        (AdmissionMethod::ConsultantClinic, 25),
        (AdmissionMethod::OtherEmergency, 35),
        (AdmissionMethod::TransferInEmergency, 15),
        (AdmissionMethod::Transfer, 15),
    ]);
    let length = match cause {
        Cause::Stroke => stroke_days(day, draw),
        _ => emergency_days(life, age, draw),
    };
    let (stay, discharge) = discharge(life, day, length, draw);
    let resident = life.is_resident(day);
    let pence = 95_000 + u32::from(length) * 33_000 + draw.below(60_000);
    let spell = Spell {
        person: life.number,
        pence,
        day,
        stay,
        method,
        function: emergency_function(cause, age, draw),
        diagnosis: emergency_diagnosis(cause, life, age, draw),
        procedure: draw.chance(0.12).then_some(if cause == Cause::Respiratory { Procedure::Ventilation } else { Procedure::Ct }),
        classification: PatientClassification::Ordinary,
        source: match method {
            AdmissionMethod::Transfer | AdmissionMethod::TransferInEmergency => AdmissionSource::OtherProvider,
            _ if resident => AdmissionSource::CareHome,
            _ => AdmissionSource::UsualResidence,
        },
        discharge,
        critical_days: if draw.chance(0.03) { (1 + draw.below(6) as u8).min(length.min(200) as u8) } else { 0 },
    };
    sink.spell(Place::hospital(hospital), spell);
    if method == AdmissionMethod::EmergencyDepartment {
        urgent::before_admission(life, hospital, day, age, draw, sink);
    }
}

/// Elective and maternity admissions, and outpatient appointments.
pub(super) fn planned(life: &Life, draw: &mut Draw, sink: &mut Sink) {
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
    let length = if day_case { 0 } else { 1 + (draw.exponential(1.6 + 0.7 * f64::from(life.person.conditions.len())) as u16).min(60) };
    let (stay, discharge) = discharge(life, day, length, draw);
    let spell = Spell {
        person: life.number,
        pence: if day_case { 52_000 } else { 210_000 } + u32::from(length) * 31_000 + draw.below(50_000),
        day,
        stay,
        method: draw.pick(&[(AdmissionMethod::WaitingList, 62), (AdmissionMethod::Booked, 26), (AdmissionMethod::Planned, 12)]),
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
    const BURDEN: [f64; 5] = [0.50, 1.85, 2.55, 3.20, 3.70];
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

/// Mostly the person's own hospital.
pub(super) fn hospital(life: &Life, draw: &mut Draw) -> u8 {
    if draw.chance(0.94) { life.person.hospital } else { draw.below(HOSPITALS as u32) as u8 }
}

/// Mean stay after a stroke falls in equal steps from quarter to quarter, from 56 days to 12.
fn stroke_days(day: u16, draw: &mut Draw) -> u16 {
    let quarter = f64::from(month_of(day) / 3);
    // Deaths in hospital cut some stays short, so that the means asked for lie a little above the stated ones.
    let mean = 59.5 - 47.0 * quarter / 9.0;
    ((draw.exponential(mean / 2.0) + draw.exponential(mean / 2.0)).round() as u16).min(250)
}

/// Many short stays and a long tail.
fn emergency_days(life: &Life, age: u8, draw: &mut Draw) -> u16 {
    const MEAN: ByAge = [1.2, 1.3, 2.2, 3.2, 4.6, 6.2, 8.2, 9.6];
    let mean = MEAN[age_band(age)] * life.by_burden(&[0.60, 1.08, 1.28, 1.42, 1.55]);
    let tail = if draw.chance(0.2) { 2.6 } else { 0.7 };
    (draw.exponential(mean * tail) as u16).min(180)
}

/// Nights in hospital, or none yet; who dies in hospital is discharged on that day.
fn discharge(life: &Life, day: u16, length: u16, draw: &mut Draw) -> (Option<u16>, DischargeMethod) {
    let person = life.person;
    let planned = day + length;
    if person.ending == Ending::Dies && planned >= person.to {
        return (Some(person.to - day), DischargeMethod::Died);
    }
    let method = if draw.chance(0.02) { DischargeMethod::SelfDischarge } else { DischargeMethod::ClinicalAdvice };
    ((planned < DAYS).then_some(length), method)
}

fn emergency_function(cause: Cause, age: u8, draw: &mut Draw) -> Function {
    match cause {
        Cause::Stroke => Function::Stroke,
        _ if age < 18 && (cause != Cause::Surgical || draw.chance(0.4)) => Function::Paediatrics,
        Cause::Surgical => {
            draw.pick(&[(Function::GeneralSurgery, 45), (Function::TraumaOrthopaedics, 38), (Function::Urology, 17)])
        }
        Cause::Respiratory if age < 75 => draw.pick(&[
            (Function::Respiratory, 50),
            (Function::GeneralInternalMedicine, 27),
            (Function::AcuteInternalMedicine, 23),
        ]),
        Cause::Respiratory => draw.pick(&[
            (Function::Respiratory, 30),
            (Function::ElderlyMedicine, 35),
            (Function::GeneralInternalMedicine, 20),
            (Function::AcuteInternalMedicine, 15),
        ]),
        Cause::Medical if age < 75 => draw.pick(&[
            (Function::GeneralInternalMedicine, 36),
            (Function::AcuteInternalMedicine, 28),
            (Function::Cardiology, 13),
            (Function::Gastroenterology, 9),
            (Function::Endocrinology, 5),
            (Function::Nephrology, 5),
            (Function::Neurology, 4),
        ]),
        Cause::Medical => draw.pick(&[
            (Function::ElderlyMedicine, 42),
            (Function::GeneralInternalMedicine, 25),
            (Function::AcuteInternalMedicine, 17),
            (Function::Cardiology, 10),
            (Function::Gastroenterology, 6),
        ]),
    }
}

fn emergency_diagnosis(cause: Cause, life: &Life, age: u8, draw: &mut Draw) -> Diagnosis {
    match cause {
        Cause::Stroke => draw.pick(&[
            (Diagnosis::CerebralInfarction, 78),
            (Diagnosis::Intracerebral, 12),
            (Diagnosis::Stroke, 6),
            (Diagnosis::Subarachnoid, 4),
        ]),
        Cause::Respiratory if life.has(Condition::Copd) => {
            draw.pick(&[(Diagnosis::CopdInfection, 45), (Diagnosis::CopdExacerbation, 35), (Diagnosis::Pneumonia, 20)])
        }
        Cause::Respiratory if age < 5 => {
            draw.pick(&[(Diagnosis::Bronchiolitis, 60), (Diagnosis::UpperRespiratory, 30), (Diagnosis::Asthma, 10)])
        }
        Cause::Respiratory if life.has(Condition::Asthma) => draw.pick(&[(Diagnosis::Asthma, 60), (Diagnosis::Pneumonia, 40)]),
        Cause::Respiratory => {
            draw.pick(&[(Diagnosis::Pneumonia, 60), (Diagnosis::LowerRespiratory, 25), (Diagnosis::Bronchitis, 15)])
        }
        Cause::Surgical => draw.pick(&[
            (Diagnosis::AbdominalPain, 26),
            (Diagnosis::HipFracture, if age >= 65 { 24 } else { 1 }),
            (Diagnosis::HeadInjury, 14),
            (Diagnosis::WristFracture, 14),
            (Diagnosis::Appendicitis, if age < 50 { 12 } else { 2 }),
            (Diagnosis::Gallstones, 8),
            (Diagnosis::Bleeding, 8),
        ]),
        Cause::Medical => medical_diagnosis(life, age, draw),
    }
}

fn medical_diagnosis(life: &Life, age: u8, draw: &mut Draw) -> Diagnosis {
    if draw.chance(0.5) {
        let usual = life.person.conditions.iter().filter_map(Condition::emergency_diagnosis).count() as u32;
        let chosen = draw.below(usual) as usize;
        if let Some(diagnosis) = life.person.conditions.iter().filter_map(Condition::emergency_diagnosis).nth(chosen) {
            return diagnosis;
        }
    }
    draw.pick(&[
        (Diagnosis::ChestPain, if age >= 18 { 20 } else { 1 }),
        (Diagnosis::UrinaryInfection, 14),
        (Diagnosis::Sepsis, 12),
        (Diagnosis::Syncope, 10),
        (Diagnosis::Collapse, if age >= 65 { 14 } else { 2 }),
        (Diagnosis::Gastroenteritis, 10),
        (Diagnosis::Cellulitis, 8),
        (Diagnosis::Fever, if age < 18 { 30 } else { 4 }),
        (Diagnosis::PulmonaryEmbolism, 4),
        (Diagnosis::Epilepsy, 5),
    ])
}
