//! Decisions about orders as tables.

use std::collections::BTreeSet;

use template::Template;
use wire::{OrderId, Refusal, RunId};

use super::*;
use crate::fixture::now;

fn order() -> Order {
    Order {
        id: OrderId::random().unwrap(),
        run: RunId::random().unwrap(),
        provider: "Y00001".parse().unwrap(),
        template: template::Digest::of(b""),
        parameters: vec![],
        purpose: "audit".to_owned(),
        analyst: "ada".parse().unwrap(),
        request: None,
        issued_at: now(),
        expires_at: now() + Duration::minutes(5),
    }
}

#[test]
fn an_order_is_for_one_provider_and_a_time() {
    assert_eq!(addressed(&order(), &"Y00001".parse().unwrap()), Ok(()));
    assert_eq!(addressed(&order(), &"Y00002".parse().unwrap()), Err(Reason::WrongProvider));
    let at = |seconds: i64| now() + Duration::seconds(seconds);
    for (now_s, last_known_s, expected) in [
        (0, 0, Ok(())),
        (300, 0, Ok(())),
        (301, 0, Err(Reason::Expired)),
        (-60, -60, Ok(())),
        (-61, -61, Err(Reason::ClockAhead)),
        // A clock that went back a little does not make an order young again.
        (0, 300, Ok(())),
        (200, 301, Err(Reason::Expired)),
        (0, 301, Err(Reason::ClockSteppedBack)),
        (0, 100_000, Err(Reason::ClockSteppedBack)),
    ] {
        assert_eq!(in_time(&order(), at(now_s), at(last_known_s)), expected, "{now_s} {last_known_s}");
    }
}

fn admission() -> Admission {
    Admission {
        answering: Answering::On,
        population: 1000,
        min_population: 1000,
        sole_provider: BTreeSet::new(),
        refused_templates: BTreeSet::new(),
        refused_purposes: BTreeSet::new(),
    }
}

fn check(edit: impl Fn(&mut Admission), kind: ProviderKind, min_sites: u32, expected: Result<(), Reason>) {
    let sole = if min_sites < 3 { "sole_providers = [\"hospital\"]" } else { "" };
    let text = format!(
        "id = \"t\"\nversion = 1\ntitle = \"t\"\npurpose = \"t\"\nlegal_basis = \"t\"\nagreement = \"t\"\nowner = \"t\"\n\
         author = \"t\"\nexpires = \"2029-01-01\"\nruns_at = [\"hospital\"]\nmodel = \"core-1\"\n\
         min_sites = {{ hospital = {min_sites} }}\n{sole}\nsql = \"select person_id from person\"\n\
         [[measure]]\nname = \"people\"\ncounts = \"people\"\n[disclosure]\nthreshold = 10\nrounding = 5\n"
    );
    let template = Template::parse(text.as_bytes()).unwrap();
    let mut admission = admission();
    edit(&mut admission);
    assert_eq!(permitted(&admission, kind, &template, "audit"), expected);
}

#[test]
fn the_providers_own_rules() {
    let hospital = ProviderKind::Hospital;
    check(|_| {}, hospital, 3, Ok(()));
    check(|_| {}, ProviderKind::Gp, 3, Err(Reason::WrongKind));
    check(|a| a.answering = Answering::Off, hospital, 3, Err(Reason::AnsweringOff));
    check(|a| a.population = 999, hospital, 3, Err(Reason::PopulationTooSmall));
    check(|_| {}, hospital, 1, Err(Reason::NoConsent));
    check(|a| a.sole_provider = ["t".to_owned()].into(), hospital, 2, Ok(()));
    check(|a| a.sole_provider = ["u".to_owned()].into(), hospital, 2, Err(Reason::NoConsent));
    check(|a| a.refused_templates = ["t".to_owned()].into(), hospital, 3, Err(Reason::TemplateRefused));
    check(|a| a.refused_purposes = ["audit".to_owned()].into(), hospital, 3, Err(Reason::PurposeRefused));
}

#[test]
fn the_providers_rules_read_the_same_outside() {
    for reason in [
        Reason::AnsweringOff,
        Reason::NoConsent,
        Reason::PopulationTooSmall,
        Reason::PurposeRefused,
        Reason::TemplateRefused,
    ] {
        assert_eq!(reason.refusal(), Refusal::NotReleased, "{}", reason.code());
    }
}
