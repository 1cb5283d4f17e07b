//! Records that we did not make: a small region over synthetic OMOP records, through the mapping SQL that ships with the
//! node and nothing else.
//!
//! The records are no part of this repository. `TALLYWARD_SHARED` names the folder that holds them in
//! `data/synthea-omop-1k`; without it `../shared` beside the workspace is tried; where there is none, the region's test
//! says so and passes. The truths are counted here straight from the OMOP files, in plain Rust.

mod mapping;
mod provider;
mod records;
mod region;
mod rule;
mod sites;

use std::collections::BTreeSet;

use chrono::{Months, NaiveDate};
use wire::{Answer, GroupState, Refusal, SiteOutcome};

use records::{Omop, Visit};
use region::Region;
use rule::{Contribution, Kind, Question, Zeros};

const EMERGENCY: i64 = 9203;
const INPATIENT: i64 = 9201;
/// Type 2 diabetes in SNOMED CT, as the records write it.
const DIABETES: &str = "44054006";
/// Every month that the hospitals' records cover.
const EVER: (&str, &str) = ("1909-01", "2019-01");

#[test]
fn a_region_over_omop_answers_within_its_bounds() -> anyhow::Result<()> {
    let omop = match Omop::find() {
        Ok(omop) => omop,
        Err(folder) => {
            println!("skipped: no OMOP records in {}; TALLYWARD_SHARED names another folder", folder.display());
            return Ok(());
        }
    };
    let mut region = Region::start(&omop)?;
    let ever = [("from", EVER.0), ("to", EVER.1)];
    emergency_attendances(&omop, &region.ask("emergency-attendances", &ever)?)?;
    let by_age = "emergency-attendances-by-age";
    attendances_by_age(&omop, EVER, &region.ask(by_age, &ever)?)?;
    // One year holds small counts at every hospital.
    let year = ("2018-01", "2018-12");
    attendances_by_age(&omop, year, &region.ask(by_age, &[("from", year.0), ("to", year.1)])?)?;
    inpatient_stays(&omop, &region.ask("inpatient-stays", &ever)?)?;
    diabetes_by_practice(&omop, &region.ask("diabetes-by-practice", &[])?)?;
    before_all_records(&region.ask("emergency-attendances", &[("from", "1900-01"), ("to", "1900-12")])?);
    region.stop()
}

fn emergency_attendances(omop: &Omop, answer: &Answer) -> anyhow::Result<()> {
    let visits = visits(omop, EMERGENCY, EVER)?;
    let people: BTreeSet<i64> = visits.iter().map(|visit| visit.person).collect();
    let at_hospitals: BTreeSet<_> = visits.iter().map(|visit| (visit.person, sites::hospital(visit))).collect();
    assert_eq!((visits.len(), people.len(), at_hospitals.len()), (1_809, 770, 918), "the data's own figures");

    let rows: Vec<_> = visits.iter().map(|visit| at(visit, 0)).collect();
    let measures = &[("people", Kind::People), ("attendances", Kind::Rows)];
    let question = Question { levels: &[], measures, zeros: Zeros::Hidden, sites: sites::HOSPITALS.len() };
    question.check(answer, &rows);
    Ok(())
}

fn attendances_by_age(omop: &Omop, months: (&str, &str), answer: &Answer) -> anyhow::Result<()> {
    let born = omop.birth_months()?;
    let rows: Vec<_> = visits(omop, EMERGENCY, months)?
        .iter()
        .map(|visit| {
            let birthday = |years: u32| born[&visit.person] + Months::new(12 * years);
            let band = [18, 65].iter().filter(|years| birthday(**years) <= visit.start).count();
            at(visit, band)
        })
        .collect();
    let levels = &["0-17", "18-64", "65+"];
    let measures = &[("people", Kind::People), ("attendances", Kind::Rows)];
    let question = Question { levels, measures, zeros: Zeros::Hidden, sites: sites::HOSPITALS.len() };
    question.check(answer, &rows);
    Ok(())
}

fn inpatient_stays(omop: &Omop, answer: &Answer) -> anyhow::Result<()> {
    let visits = visits(omop, INPATIENT, EVER)?;
    let people: BTreeSet<i64> = visits.iter().map(|visit| visit.person).collect();
    assert_eq!((visits.len(), people.len()), (1_001, 233), "the data's own figures");

    // OMOP does not say how a stay began, so all of them are in the last group.
    let rows: Vec<_> = visits
        .iter()
        .map(|visit| Contribution {
            units: u64::try_from((visit.end - visit.start).num_days()).unwrap_or(0),
            ..at(visit, 3)
        })
        .collect();
    let levels = &["elective", "emergency", "maternity", "other"];
    let measures = &[("people", Kind::People), ("stays", Kind::Rows), ("bed_days", Kind::Sum { cap: 60 })];
    let question = Question { levels, measures, zeros: Zeros::Hidden, sites: sites::HOSPITALS.len() };
    question.check(answer, &rows);
    Ok(())
}

fn diabetes_by_practice(omop: &Omop, answer: &Answer) -> anyhow::Result<()> {
    let conditions = omop.conditions()?;
    let people: BTreeSet<i64> = conditions.iter().filter(|(_, code)| code == DIABETES).map(|(id, _)| *id).collect();
    let by_practice: Vec<usize> = (0..sites::PRACTICES.len())
        .map(|practice| people.iter().filter(|person| sites::practice(**person) == practice).count())
        .collect();
    assert_eq!((people.len(), &by_practice[..]), (69, &[8, 13, 11, 5, 10, 7, 7, 8][..]), "the data's own figures");

    let rows: Vec<_> = people
        .iter()
        .map(|&person| {
            let practice = sites::practice(person);
            Contribution { site: practice, level: practice, person, units: 1 }
        })
        .collect();
    let measures = &[("people", Kind::People)];
    let practices = sites::PRACTICES.len();
    let question = Question { levels: &sites::PRACTICES, measures, zeros: Zeros::Shown, sites: practices };
    question.check(answer, &rows);
    Ok(())
}

/// Nobody holds records so old: that is not covered, and never nought.
fn before_all_records(answer: &Answer) {
    for site in &answer.sites {
        assert_eq!(site.outcome, SiteOutcome::Refused(Refusal::NotCovered), "{}", site.provider);
    }
    let group = answer.groups.first();
    assert_eq!(group.map(|group| group.state), Some(GroupState::TooFewSites { needed: 3 }));
    assert!(group.is_some_and(|group| group.cells.is_empty()));
}

/// Visits of a concept that began in these months.
fn visits(omop: &Omop, concept: i64, (from, to): (&str, &str)) -> anyhow::Result<Vec<Visit>> {
    let first = |month: &str| NaiveDate::parse_from_str(&format!("{month}-01"), "%Y-%m-%d");
    let (from, after) = (first(from)?, first(to)? + Months::new(1));
    let mut visits = omop.visits()?;
    visits.retain(|visit| visit.concept == concept && (from..after).contains(&visit.start));
    Ok(visits)
}

/// A visit as one contribution of its hospital.
fn at(visit: &Visit, level: usize) -> Contribution {
    Contribution { site: sites::hospital(visit), level, person: visit.person, units: 1 }
}
