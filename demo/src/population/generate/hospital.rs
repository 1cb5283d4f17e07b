//! Emergency admissions.

use super::casemix::{Cause, emergency_diagnosis, emergency_function};
use super::life::{ByAge, Life, age_band};
use super::sink::{Place, Sink};
use super::urgent;
use crate::population::calendar::{DAYS, HALVES, half_days, month_of, year_month};
use crate::population::code::{AdmissionMethod, AdmissionSource, DischargeMethod, PatientClassification, Procedure};
use crate::population::condition::Condition;
use crate::population::draw::{Carry, Draw};
use crate::population::event::Spell;
use crate::population::person::Ending;
use crate::population::provider::HOSPITALS;

const CAUSES: [Cause; 4] = [Cause::Respiratory, Cause::Stroke, Cause::Medical, Cause::Surgical];

/// Emergency admissions per person-year by cause and age, for a person of average burden, deprivation and propensity.
const RATES: [ByAge; 4] = [
    [0.0330, 0.0050, 0.0028, 0.0044, 0.0080, 0.0120, 0.0172, 0.0277],
    [0.0000, 0.0001, 0.00014, 0.0010, 0.0024, 0.0054, 0.0117, 0.0187],
    [0.0340, 0.0150, 0.0250, 0.0350, 0.0440, 0.0580, 0.0880, 0.1290],
    [0.0140, 0.0130, 0.0200, 0.0210, 0.0220, 0.0240, 0.0325, 0.0535],
];
/// Emergency admissions by number of conditions.
const BURDEN: [f64; 5] = [0.74, 1.20, 1.33, 1.45, 1.60];
/// Respiratory admissions that remain from April 2024 on, when the programme has started.
const RESPIRATORY_KEPT: f64 = 0.30;
/// Medical admissions of people aged 75 and over by half-year: what the programme leaves of the others makes the stated
/// fall, beside the respiratory ones.
const MEDICAL_75_PLUS: [f64; HALVES] = [1.0, 1.0, 1.08, 1.118, 1.118];
/// Respiratory admissions by calendar month, January first, relative to the busiest.
const SEASON: [f64; 12] = [0.95, 0.85, 0.75, 0.60, 0.50, 0.45, 0.40, 0.38, 0.50, 0.62, 0.75, 1.0];

/// The emergency admissions of one practice's people.
///
/// They are carried from person to person (see [`Carry`]) within each cause and half-year, of people aged 75 and over apart
/// from the others, so that the stated ratios and changes come out sharply.
pub(super) struct Emergencies {
    carries: [[[Carry; 2]; HALVES]; CAUSES.len()],
}

impl Emergencies {
    pub fn new(draw: &mut Draw) -> Self {
        let mut by_age = || std::array::from_fn(|_| Carry::new(draw));
        Self { carries: std::array::from_fn(|_| std::array::from_fn(|_| by_age())) }
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
                for _ in 0..self.carries[index][half][usize::from(age >= 75)].add(expected) {
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
        procedure: draw.chance(0.12).then_some(if cause == Cause::Respiratory {
            Procedure::Ventilation
        } else {
            Procedure::Ct
        }),
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

/// Mostly the person's own hospital.
pub(super) fn hospital(life: &Life, draw: &mut Draw) -> u8 {
    if draw.chance(0.94) { life.person.hospital } else { draw.below(HOSPITALS as u32) as u8 }
}

/// Mean stay after a stroke falls in equal steps from quarter to quarter, from 56 days to 12.
fn stroke_days(day: u16, draw: &mut Draw) -> u16 {
    let quarter = f64::from(month_of(day) / 3);
    // Deaths in hospital cut some stays short, so that the means asked for lie a little above the stated ones.
    let mean = 58.0 - 45.5 * quarter / 9.0;
    ((draw.exponential(mean / 2.0) + draw.exponential(mean / 2.0)).round() as u16).min(250)
}

/// Many short stays and a long tail.
fn emergency_days(life: &Life, age: u8, draw: &mut Draw) -> u16 {
    const MEAN: ByAge = [1.2, 1.3, 2.2, 3.2, 4.6, 6.2, 8.2, 9.6];
    let mean = MEAN[age_band(age)] * life.by_burden(&[0.55, 1.14, 1.37, 1.54, 1.68]);
    let tail = if draw.chance(0.2) { 2.6 } else { 0.7 };
    (draw.exponential(mean * tail) as u16).min(180)
}

/// Nights in hospital, or none yet; who dies in hospital is discharged on that day.
pub(super) fn discharge(life: &Life, day: u16, length: u16, draw: &mut Draw) -> (Option<u16>, DischargeMethod) {
    let person = life.person;
    let planned = day + length;
    if person.ending == Ending::Dies && planned >= person.to {
        return (Some(person.to - day), DischargeMethod::Died);
    }
    let method = if draw.chance(0.02) { DischargeMethod::SelfDischarge } else { DischargeMethod::ClinicalAdvice };
    ((planned < DAYS).then_some(length), method)
}
