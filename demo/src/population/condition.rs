//! Long-term conditions: how common they are, and in whom.

use super::code::Diagnosis;

/// A long-term condition of core-1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Condition {
    /// Diabetes mellitus, either type.
    Diabetes,
    /// Chronic obstructive pulmonary disease.
    Copd,
    /// Asthma.
    Asthma,
    /// Heart failure.
    HeartFailure,
    /// Atrial fibrillation.
    AtrialFibrillation,
    /// Coronary heart disease.
    CoronaryHeartDisease,
    /// Stroke or transient ischaemic attack.
    StrokeTia,
    /// Chronic kidney disease.
    ChronicKidneyDisease,
    /// Dementia.
    Dementia,
    /// Serious mental illness.
    SeriousMentalIllness,
    /// Cancer.
    Cancer,
    /// Learning disability.
    LearningDisability,
    /// Frailty, moderate or severe.
    Frailty,
    /// Depression. Last, because it is drawn in the light of the others.
    Depression,
}

/// What is stated about a condition.
struct Facts {
    code: &'static str,
    snomed: &'static str,
    secondary: &'static str,
    /// Per thousand people aged 0–17, 18–39, 40–54, 55–64, 65–74, 75–84, 85 and over, at average deprivation.
    per_thousand: [f64; 7],
    /// How much commoner among the most deprived tenth than the least.
    deprivation: f64,
}

const FACTS: [Facts; 14] = [
    facts("diabetes", "73211009", "E119", [2.0, 17.0, 80.0, 155.0, 210.0, 230.0, 190.0], 1.8),
    facts("copd", "13645005", "J449", [0.0, 1.0, 9.0, 35.0, 65.0, 80.0, 70.0], 2.4),
    facts("asthma", "195967001", "J459", [45.0, 55.0, 55.0, 62.0, 68.0, 65.0, 50.0], 1.3),
    facts("hf", "84114007", "I500", [0.0, 0.6, 3.0, 11.0, 29.0, 68.0, 140.0], 1.5),
    facts("af", "49436004", "I48X", [0.0, 0.7, 5.0, 20.0, 62.0, 135.0, 205.0], 1.0),
    facts("chd", "53741008", "I259", [0.0, 1.0, 14.0, 55.0, 110.0, 170.0, 200.0], 1.5),
    facts("stroke_tia", "230690007", "Z867", [0.1, 1.2, 7.0, 21.0, 48.0, 95.0, 145.0], 1.5),
    facts("ckd", "709044004", "N189", [0.3, 2.5, 13.0, 40.0, 110.0, 230.0, 330.0], 1.3),
    facts("dementia", "52448006", "F03X", [0.0, 0.0, 0.3, 2.0, 12.0, 65.0, 205.0], 1.2),
    facts("smi", "391193001", "F209", [0.2, 7.0, 15.0, 16.0, 13.0, 11.0, 9.0], 2.5),
    facts("cancer", "363346000", "C809", [1.0, 5.0, 25.0, 60.0, 115.0, 165.0, 170.0], 0.95),
    facts("learning_disability", "110359009", "F799", [4.0, 6.0, 5.0, 5.0, 4.0, 2.0, 1.0], 1.9),
    facts("frailty", "248279007", "R54X", [0.0, 0.0, 0.0, 8.0, 45.0, 170.0, 420.0], 1.5),
    facts("depression", "35489007", "F329", [8.0, 72.0, 90.0, 92.0, 75.0, 68.0, 64.0], 1.6),
];

const fn facts(
    code: &'static str,
    snomed: &'static str,
    secondary: &'static str,
    per_thousand: [f64; 7],
    deprivation: f64,
) -> Facts {
    Facts { code, snomed, secondary, per_thousand, deprivation }
}

impl Condition {
    /// Every condition, in the order of the bits of [`Conditions`].
    pub const ALL: [Self; 14] = [
        Self::Diabetes,
        Self::Copd,
        Self::Asthma,
        Self::HeartFailure,
        Self::AtrialFibrillation,
        Self::CoronaryHeartDisease,
        Self::StrokeTia,
        Self::ChronicKidneyDisease,
        Self::Dementia,
        Self::SeriousMentalIllness,
        Self::Cancer,
        Self::LearningDisability,
        Self::Frailty,
        Self::Depression,
    ];

    /// The condition as core-1 writes it.
    pub fn code(self) -> &'static str {
        FACTS[self as usize].code
    }

    /// A SNOMED CT concept for the condition, as a GP record has it.
    pub fn snomed_code(self) -> &'static str {
        FACTS[self as usize].snomed
    }

    /// An ICD-10 code for the condition as a secondary diagnosis of a spell.
    pub fn icd10_code(self) -> &'static str {
        FACTS[self as usize].secondary
    }

    /// Probability of the condition in a person of an age (0 to 120) and a deprivation decile (1 most deprived).
    pub(super) fn prevalence(self, age: u8, decile: u8) -> f64 {
        let facts = &FACTS[self as usize];
        let band = match age {
            0..18 => 0,
            18..40 => 1,
            40..55 => 2,
            55..65 => 3,
            65..75 => 4,
            75..85 => 5,
            _ => 6,
        };
        facts.per_thousand[band] / 1_000.0 * gradient(facts.deprivation, decile)
    }

    /// The diagnosis that brings people with the condition into hospital as an emergency, if one stands out.
    pub(super) fn emergency_diagnosis(self) -> Option<Diagnosis> {
        match self {
            Self::Diabetes => Some(Diagnosis::Diabetes2Hypoglycaemia),
            Self::HeartFailure => Some(Diagnosis::HeartFailure),
            Self::AtrialFibrillation => Some(Diagnosis::AtrialFibrillation),
            Self::CoronaryHeartDisease => Some(Diagnosis::MyocardialInfarction),
            Self::ChronicKidneyDisease => Some(Diagnosis::KidneyFailure),
            Self::Cancer => Some(Diagnosis::Sepsis),
            Self::Dementia | Self::Frailty => Some(Diagnosis::UrinaryInfection),
            _ => None,
        }
    }
}

/// A multiplier that falls in equal steps from decile 1 to decile 10, averages one, and ends `ratio` apart.
pub(super) fn gradient(ratio: f64, decile: u8) -> f64 {
    let top = 2.0 * ratio / (ratio + 1.0);
    let bottom = 2.0 / (ratio + 1.0);
    top + (bottom - top) * f64::from(decile - 1) / 9.0
}

/// A set of conditions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Conditions(u16);

impl Conditions {
    /// Whether no condition is in the set.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// How many conditions are in the set.
    pub fn len(self) -> u32 {
        self.0.count_ones()
    }

    /// Whether the condition is in the set.
    pub fn has(self, condition: Condition) -> bool {
        self.0 >> condition as u8 & 1 == 1
    }

    /// The set with one condition more.
    #[must_use]
    pub fn with(self, condition: Condition) -> Self {
        Self(self.0 | 1 << condition as u8)
    }

    /// The conditions of the set in the order of [`Condition::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Condition> {
        Condition::ALL.into_iter().filter(move |condition| self.has(*condition))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_the_conditions_is_the_order_of_their_bits() {
        for (index, condition) in Condition::ALL.into_iter().enumerate() {
            assert_eq!(condition as usize, index);
            assert_eq!(Conditions::default().with(condition).iter().collect::<Vec<_>>(), [condition]);
        }
    }

    #[test]
    fn a_gradient_averages_one_and_ends_at_its_ratio() {
        for ratio in [1.0, 1.5, 2.4] {
            let all: Vec<f64> = (1..=10).map(|decile| gradient(ratio, decile)).collect();
            assert!((all.iter().sum::<f64>() / 10.0 - 1.0).abs() < 1e-12);
            assert!((all[0] / all[9] - ratio).abs() < 1e-12);
        }
    }
}
