//! Why people are admitted as emergencies, and to which speciality.

use super::life::Life;
use crate::population::code::{Diagnosis, TreatmentFunction as Function};
use crate::population::condition::Condition;
use crate::population::draw::Draw;

/// Why someone is admitted as an emergency.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Cause {
    Respiratory,
    Stroke,
    Medical,
    Surgical,
}

/// The speciality that takes an emergency in.
pub(super) fn emergency_function(cause: Cause, age: u8, draw: &mut Draw) -> Function {
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

/// The primary diagnosis of an emergency.
pub(super) fn emergency_diagnosis(cause: Cause, life: &Life, age: u8, draw: &mut Draw) -> Diagnosis {
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
        Cause::Respiratory if life.has(Condition::Asthma) => {
            draw.pick(&[(Diagnosis::Asthma, 60), (Diagnosis::Pneumonia, 40)])
        }
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
