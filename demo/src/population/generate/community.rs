//! Contacts with community teams and mental-health teams, and the plans they make.

use super::life::{ByAge, Life};
use super::primary::plan;
use super::sink::{Place, Sink};
use crate::population::code::{Attendance, Mechanism, PlanAgencies, PlanType, ServiceGroup, Team};
use crate::population::condition::Condition;
use crate::population::draw::Draw;
use crate::population::event::CommunityContact;

/// One person's contacts with either kind of provider.
pub(super) fn contacts(life: &Life, draw: &mut Draw, sink: &mut Sink) {
    community(life, draw, sink);
    mental_health(life, draw, sink);
}

fn community(life: &Life, draw: &mut Draw, sink: &mut Sink) {
    const EPISODES: ByAge = [0.030, 0.012, 0.018, 0.028, 0.045, 0.070, 0.150, 0.270];
    let expected = life.rate(&EPISODES) * life.by_burden(&[0.6, 1.4, 2.0, 2.6, 3.2]) * life.years();
    let episodes = draw.poisson(expected).min(20);
    let place = Place::community(life.community);
    for referral in 0..episodes {
        let team = team(life, draw);
        let nursing = team == Team::DistrictNursing;
        let mean = if nursing { 9.0 } else { 3.0 };
        let contacts = 1 + draw.exponential(mean) as u16;
        let gap = if nursing { 5 } else { 14 };
        series(life, place, team, referral as u8, contacts.min(60), gap, draw, sink);
    }
    let high_need = life.person.conditions.len() >= 3 && life.age >= 65;
    if episodes > 0 && high_need && draw.chance(0.25) {
        let agencies = if draw.chance(0.4) { PlanAgencies::Joint } else { PlanAgencies::Health };
        plan(life, place, PlanType::Personalised, agencies, draw, sink);
    }
}

fn team(life: &Life, draw: &mut Draw) -> Team {
    let special = match draw.below(4) {
        0 if life.has(Condition::Diabetes) => Some(Team::DiabetesNursing),
        1 if life.has(Condition::Copd) => Some(Team::Respiratory),
        2 if life.has(Condition::HeartFailure) => Some(Team::HeartFailure),
        3 if life.person.conditions.len() >= 3 => Some(Team::CaseManagement),
        _ => None,
    };
    let usual = if life.age >= 65 {
        draw.pick(&[(Team::DistrictNursing, 55), (Team::Physiotherapy, 25), (Team::Podatry, 20)])
    } else {
        draw.pick(&[(Team::DistrictNursing, 15), (Team::Physiotherapy, 65), (Team::Podatry, 20)])
    };
    special.unwrap_or(usual)
}

fn mental_health(life: &Life, draw: &mut Draw, sink: &mut Sink) {
    let seen = |condition, share| if life.has(condition) { share } else { 0.0 };
    let place = Place::mental_health(life.mental_health);
    let mut referral = 0;
    let illnesses = [
        (seen(Condition::SeriousMentalIllness, 0.80), Team::CommunityMentalHealth, 14.0, 40),
        (seen(Condition::Dementia, 0.30), Team::MemoryServices, 3.0, 60),
        (seen(Condition::Depression, 0.16), Team::TalkingTherapies, 6.0, 14),
        (if (16..80).contains(&life.age) { 0.008 } else { 0.001 }, Team::CrisisResolution, 2.0, 7),
    ];
    for (share, team, mean, gap) in illnesses {
        if share > 0.0 && draw.chance(share) {
            let contacts = 1 + draw.exponential(mean * life.years() / 2.5) as u16;
            series(life, place, team, referral, contacts.min(90), gap, draw, sink);
            referral += 1;
        }
    }
}

/// A referral and its contacts, about `gap_days` apart, as long as the person is registered.
#[expect(clippy::too_many_arguments, reason = "what a series of contacts consists of")]
fn series(
    life: &Life,
    place: Place,
    team: Team,
    referral: u8,
    contacts: u16,
    gap_days: u32,
    draw: &mut Draw,
    sink: &mut Sink,
) {
    let mut day = life.day(draw);
    for _ in 0..contacts {
        let attendance =
            draw.pick(&[(Attendance::Seen, 88), (Attendance::DidNotAttend, 7), (Attendance::CancelledByPatient, 5)]);
        let mechanism = draw.pick(&[(Mechanism::FaceToFace, 78), (Mechanism::Telephone, 17), (Mechanism::Video, 5)]);
        let minutes = 15 + draw.below(46) as u8;
        sink.contact(
            place,
            CommunityContact { person: life.number, day, team, mechanism, attendance, minutes, referral },
        );
        if attendance == Attendance::Seen {
            let mental = matches!(
                team,
                Team::CommunityMentalHealth | Team::MemoryServices | Team::TalkingTherapies | Team::CrisisResolution
            );
            let (group, pence) =
                if mental { (ServiceGroup::MentalHealth, 13_500) } else { (ServiceGroup::Community, 5_800) };
            sink.cost(place, day, group, pence + u32::from(minutes) * 40);
        }
        day += 1 + draw.below(2 * gap_days) as u16;
        if day >= life.person.to {
            break;
        }
    }
}
