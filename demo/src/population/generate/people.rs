//! Who is registered at a practice.

use crate::population::calendar::{BirthMonth, DAYS};
use crate::population::code::{Ethnicity, Gender};
use crate::population::condition::{Condition, Conditions};
use crate::population::draw::Draw;
use crate::population::person::{Ending, Person};
use crate::population::provider::{HOSPITALS, LOCALITIES, practice_locality};

/// People per ten thousand by five years of age in London, the last band 95 to 99.
const PYRAMID: [(u8, u32); 20] = [
    (0, 610),
    (5, 620),
    (10, 610),
    (15, 560),
    (20, 660),
    (25, 890),
    (30, 955),
    (35, 885),
    (40, 780),
    (45, 680),
    (50, 640),
    (55, 565),
    (60, 460),
    (65, 360),
    (70, 290),
    (75, 246),
    (80, 166),
    (85, 103),
    (90, 45),
    (95, 12),
];

/// The area a practice draws its people from.
pub(super) struct Neighbourhood {
    practice: u8,
    /// Decile around which the practice's areas lie.
    decile: u8,
    /// The locality's main hospital and the one people go to otherwise.
    hospitals: [u8; 2],
}

impl Neighbourhood {
    pub fn new(practice: usize, draw: &mut Draw) -> Self {
        let locality = practice_locality(practice).index();
        let main = (locality * HOSPITALS / LOCALITIES) as u8;
        // North West London leans to the deprived half.
        let decile = draw.pick(&[(1, 8), (2, 12), (3, 15), (4, 14), (5, 12), (6, 11), (7, 9), (8, 8), (9, 6), (10, 5)]);
        Self { practice: practice as u8, decile, hospitals: [main, (main + 1) % HOSPITALS as u8] }
    }

    /// The next person on the list.
    pub fn person(&self, draw: &mut Draw) -> Person {
        let age_months = draw.pick(&PYRAMID) as u16 * 12 + draw.below(60) as u16;
        let age = (age_months / 12) as u8;
        let spread = draw.pick(&[(-2, 8), (-1, 22), (0, 40), (1, 22), (2, 8)]);
        let decile = (i16::from(self.decile) + spread).clamp(1, 10) as u8;
        let gender = draw.pick(&[(Gender::Male, 4_940), (Gender::Female, 5_050), (Gender::Indeterminate, 10)]);
        let conditions = conditions(age, decile, draw);
        let (from, to, ending) = registration(age, conditions.len(), draw);
        let before = 1 + draw.below(u32::from(age_months).clamp(1, 360) * 30) as i16;
        Person {
            born: BirthMonth::months_before_start(age_months),
            from,
            to,
            ending,
            registered: if from > 0 { from as i16 } else { -before },
            conditions,
            known: 0,
            practice: self.practice,
            hospital: self.hospital(draw),
            decile,
            area: (spread + 2) as u8,
            gender,
            ethnicity: ethnicity(draw),
            opted_out: draw.chance(0.03),
            frequent: (18..90).contains(&age) && draw.chance(if conditions.is_empty() { 0.0014 } else { 0.009 }),
        }
    }

    fn hospital(&self, draw: &mut Draw) -> u8 {
        match draw.unit() {
            u if u < 0.80 => self.hospitals[0],
            u if u < 0.92 => self.hospitals[1],
            _ => draw.below(HOSPITALS as u32) as u8,
        }
    }
}

/// Long-term conditions; depression comes last, because it is commoner beside another.
fn conditions(age: u8, decile: u8, draw: &mut Draw) -> Conditions {
    let mut all = Conditions::default();
    for condition in Condition::ALL {
        let beside = match condition {
            Condition::Depression if all.is_empty() => 0.86,
            Condition::Depression => 1.36,
            _ => 1.0,
        };
        if draw.chance(condition.prevalence(age, decile) * beside) {
            all = all.with(condition);
        }
    }
    all
}

/// First day, day after the last, and how the registration ends.
fn registration(age: u8, burden: u32, draw: &mut Draw) -> (u16, u16, Ending) {
    let deaths_per_year = match age {
        0..40 => 0.000_4,
        40..55 => 0.001_6,
        55..65 => 0.005,
        65..75 => 0.013,
        75..85 => 0.040,
        _ => 0.120,
    } * if burden >= 2 { 1.5 } else { 0.8 };
    // Moving is for the young.
    let moves_per_year = if age < 45 { 0.03 } else { 0.008 };
    let someday = |draw: &mut Draw| 1 + draw.below(u32::from(DAYS) - 1) as u16;
    let from = if draw.chance(moves_per_year * 2.5) { someday(draw) } else { 0 };
    let (to, ending) = if draw.chance(deaths_per_year * 2.5) {
        (someday(draw), Ending::Dies)
    } else if draw.chance(moves_per_year * 2.5) {
        (someday(draw), Ending::Leaves)
    } else {
        (DAYS, Ending::Stays)
    };
    // Who would have left before arriving stays instead.
    if to > from { (from, to, ending) } else { (from, DAYS, Ending::Stays) }
}

fn ethnicity(draw: &mut Draw) -> Ethnicity {
    draw.pick(&[
        (Ethnicity::British, 340),
        (Ethnicity::Irish, 22),
        (Ethnicity::OtherWhite, 150),
        (Ethnicity::WhiteCaribbean, 12),
        (Ethnicity::WhiteAfrican, 9),
        (Ethnicity::WhiteAsian, 14),
        (Ethnicity::OtherMixed, 16),
        (Ethnicity::Indian, 130),
        (Ethnicity::Pakistani, 35),
        (Ethnicity::Bangladeshi, 12),
        (Ethnicity::OtherAsian, 70),
        (Ethnicity::Caribbean, 40),
        (Ethnicity::African, 55),
        (Ethnicity::OtherBlack, 15),
        (Ethnicity::Chinese, 15),
        (Ethnicity::Other, 45),
        (Ethnicity::NotStated, 20),
    ])
}
