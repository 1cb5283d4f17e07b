//! Adult social care: care homes, requests, assessments, services and reviews.

use super::life::{ByAge, Life, age_band};
use super::sink::{Place, Sink};
use crate::population::calendar::{DAYS, HALVES, MONTH_STARTS, MONTHS, half_days};
use crate::population::code::{ServiceGroup, SocialEventType, SocialService};
use crate::population::condition::Condition;
use crate::population::draw::{Carry, Draw};
use crate::population::event::{ResidencePeriod, SocialCareEvent};

/// Placements that remain from April 2024 on, when the programme has started; that the oldest of a closed population die
/// does the rest of the stated fall.
const PLACEMENTS_KEPT: f64 = 0.965;
/// Care homes of a council.
const HOMES: u32 = 24;

/// New care-home placements of one practice's people, carried from person to person so that the fall comes out sharply.
pub(super) struct Placements {
    carries: [Carry; HALVES],
}

impl Placements {
    pub fn new(draw: &mut Draw) -> Self {
        Self { carries: std::array::from_fn(|_| Carry::new(draw)) }
    }

    /// First day and the day after the last that a person lives in a care home, if they ever do.
    pub fn residence(&mut self, life: &Life, draw: &mut Draw, sink: &mut Sink) -> Option<(i16, u16)> {
        const RESIDENT: ByAge = [0.0, 0.0, 0.0002, 0.0005, 0.0015, 0.005, 0.026, 0.095];
        let needs = need(life);
        let to = life.person.to;
        let start = if life.person.from == 0 && draw.chance((life.rate(&RESIDENT) * needs).min(0.6)) {
            -1 - draw.below(1_100) as i16
        } else {
            self.placement(life, needs, draw)?
        };
        let nursing = draw.chance(0.42);
        let place = Place::council(life.council);
        let end = (to < DAYS).then_some(to);
        let home = draw.below(HOMES) as u8;
        sink.residence(place, ResidencePeriod { person: life.number, start, end, nursing, home });
        let service = if nursing { SocialService::Nursing } else { SocialService::Residential };
        let weekly_pence = if nursing { 118_000 } else { 92_000 } + draw.below(20_000);
        serve(life, place, service, start, weekly_pence, sink);
        Some((start, to))
    }

    fn placement(&mut self, life: &Life, needs: f64, draw: &mut Draw) -> Option<i16> {
        const PER_YEAR: ByAge = [0.0, 0.0, 0.00003, 0.0001, 0.0005, 0.0024, 0.0120, 0.0420];
        for half in 0..HALVES {
            let (from, to) = half_days(half);
            let (first, end) = life.person.active_days(from, to);
            if first == end {
                continue;
            }
            let age = life.person.born.age_on(first);
            let kept = if half >= 2 { PLACEMENTS_KEPT } else { 1.0 };
            let expected = PER_YEAR[age_band(age)] * f64::from(end - first) / 365.25 * needs * kept;
            if self.carries[half].add(expected) > 0 {
                return Some((first + draw.below(u32::from(end - first)) as u16) as i16);
            }
        }
        None
    }
}

/// How much likelier dementia and frailty make a care home.
fn need(life: &Life) -> f64 {
    match (life.has(Condition::Dementia), life.has(Condition::Frailty)) {
        (true, true) => 4.0,
        (true, false) => 3.0,
        (false, true) => 1.3,
        (false, false) => 0.5,
    }
}

/// Requests, assessments, support at home and reviews.
pub(super) fn care(life: &Life, draw: &mut Draw, sink: &mut Sink) {
    const CLIENT: ByAge = [0.0, 0.002, 0.004, 0.007, 0.012, 0.030, 0.080, 0.190];
    let more = match (life.has(Condition::LearningDisability), life.has(Condition::SeriousMentalIllness)) {
        (true, _) => 30.0,
        (_, true) => 6.0,
        _ if life.has(Condition::Frailty) || life.has(Condition::Dementia) => 2.2,
        _ => 0.7,
    };
    let chance = if life.residence.is_some() { 1.0 } else { (life.rate(&CLIENT) * more).min(0.7) };
    if !draw.chance(chance) {
        return;
    }
    let place = Place::council(life.council);
    let requested = life.day(draw);
    let row = |kind, start: u16, end: u16, joint| SocialCareEvent {
        person: life.number,
        start: start as i16,
        end: Some(end),
        kind,
        service: None,
        joint,
        weekly_pence: 0,
    };
    sink.social_event(place, row(SocialEventType::Request, requested, requested, false));
    // Two in three requests lead to an assessment, joint ones sooner.
    let joint = draw.chance(0.22);
    let wait = if joint { 3 + draw.below(18) } else { 7 + draw.below(50) } as u16;
    let assessed = requested + wait;
    if assessed >= life.person.to || !draw.chance(0.68) {
        return;
    }
    sink.social_event(place, row(SocialEventType::Assessment, requested + wait / 2, assessed, joint));
    if life.residence.is_none() && draw.chance(0.62) {
        let before = life.person.from == 0 && draw.chance(0.5);
        let start = if before { -1 - draw.below(900) as i16 } else { assessed as i16 };
        serve(life, place, SocialService::HomeSupport, start, 14_000 + draw.below(26_000), sink);
    } else if draw.chance(0.3) {
        let end = (assessed + 42).min(life.person.to);
        let service = SocialCareEvent {
            service: Some(SocialService::Reablement),
            weekly_pence: 31_000,
            ..row(SocialEventType::Service, assessed, end, false)
        };
        sink.social_event(place, service);
        sink.cost(place, assessed, ServiceGroup::SocialCare, 31_000 * u32::from(end - assessed) / 7);
    }
    let review = assessed + 180 + draw.below(200) as u16;
    if review < life.person.to {
        sink.social_event(place, row(SocialEventType::Review, review, review, false));
    }
}

/// A long-term service from a day on, and what it costs month by month as long as the person is registered.
fn serve(life: &Life, place: Place, service: SocialService, start: i16, weekly_pence: u32, sink: &mut Sink) {
    let to = life.person.to;
    sink.social_event(
        place,
        SocialCareEvent {
            person: life.number,
            start,
            end: (to < DAYS).then_some(to),
            kind: SocialEventType::Service,
            service: Some(service),
            joint: false,
            weekly_pence,
        },
    );
    let first = start.max(0) as u16;
    for month in 0..MONTHS {
        let (from, end) = (MONTH_STARTS[month].max(first), MONTH_STARTS[month + 1].min(to));
        if from < end {
            sink.cost(place, from, ServiceGroup::SocialCare, weekly_pence * u32::from(end - from) / 7);
        }
    }
}
