//! What the population is stated to show: the risk ratios, and the changes the programmes claimed.
//!
//! This one table is what the region's README may quote. Tests count the generated events and assert every line of it;
//! the rates in `generate` were set so that it holds.

/// A figure that the generated population shows, within `tolerance` either way at 500,000 people.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stated {
    /// The figure.
    pub value: f64,
    /// How far a generated population may lie from it by chance.
    pub tolerance: f64,
}

const fn stated(value: f64, tolerance: f64) -> Stated {
    Stated { value, tolerance }
}

/// Emergency admissions per person with a long-term condition over those per person without.
pub const ADMISSIONS_WITH_CONDITION: Stated = stated(3.0, 0.2);
/// Share with depression among people with another long-term condition over the share among people without.
pub const DEPRESSION_WITH_CONDITION: Stated = stated(2.0, 0.12);
/// Emergency admissions per person in the most deprived fifth over those in the least deprived fifth.
pub const ADMISSIONS_DEPRIVED: Stated = stated(1.5, 0.12);
/// Emergency admissions per person aged 75 and over over those per younger person.
pub const ADMISSIONS_75_PLUS: Stated = stated(4.5, 0.35);

/// Share of the people who are 75 and over at the start: 28,000 of 500,000.
pub const SHARE_75_PLUS: Stated = stated(0.056, 0.003);
/// Share of the people with diabetes.
pub const SHARE_DIABETES: Stated = stated(0.067, 0.005);
/// Share of the people who opted out.
pub const SHARE_OPTED_OUT: Stated = stated(0.03, 0.003);
/// Stroke spells per person and year.
pub const STROKES_PER_YEAR: Stated = stated(0.0022, 0.0002);

/// Share of GP appointments used by people with a long-term condition (Department of Health: half).
pub const CONDITION_SHARE_GP_APPOINTMENTS: Stated = stated(0.50, 0.02);
/// Share of outpatient attendances, by the hospitals' own records (Department of Health: 64 %).
pub const CONDITION_SHARE_OUTPATIENTS: Stated = stated(0.64, 0.02);
/// Share of inpatient bed days, by the hospitals' own records (Department of Health: 77 %).
pub const CONDITION_SHARE_BED_DAYS: Stated = stated(0.77, 0.025);

/// Non-elective medical admissions of people aged 75 and over, October 2024 to March 2025 against the same half-year
/// before (North West London: −6.6 %).
pub const CHANGE_ADMISSIONS_75_PLUS: Stated = stated(-0.066, 0.02);
/// Ambulance journeys to hospital, year from April 2024 against the year before (Kirklees: −16 %).
pub const CHANGE_AMBULANCE_JOURNEYS: Stated = stated(-0.16, 0.025);
/// Emergency respiratory admissions, year from April 2024 against the year before (Newcastle: −70 %).
pub const CHANGE_RESPIRATORY: Stated = stated(-0.70, 0.02);
/// New care-home placements, year from April 2024 against the year before (North West London's aim: −10 %).
pub const CHANGE_PLACEMENTS: Stated = stated(-0.10, 0.05);
/// Emergency calls of care-home residents, year from April 2024 against the year before (Bedfordshire: −40 %).
pub const CHANGE_RESIDENT_CALLS: Stated = stated(-0.40, 0.06);
/// Mean days in hospital after a stroke, of admissions in the first quarter of the window (Wigan: 56).
pub const STROKE_STAY_FIRST: Stated = stated(56.0, 7.0);
/// Mean days in hospital after a stroke, of admissions in the last quarter of the window (Wigan: 12).
pub const STROKE_STAY_LAST: Stated = stated(12.0, 2.0);
