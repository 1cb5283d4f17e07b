//! Tests of approval: who counts, and who does not.

use chrono::{DateTime, Utc};

use super::*;
use crate::keys::SigningKey;
use crate::sample::{SAMPLE, key, now, root_json};

struct Person {
    name: &'static str,
    organisation: &'static str,
    keys: Vec<SigningKey>,
}

fn people() -> Vec<Person> {
    let person =
        |name, organisation, keys: usize| Person { name, organisation, keys: (0..keys).map(|_| key()).collect() };
    vec![person("Ada", "North", 2), person("Bea", "North", 1), person("Cyd", "South", 1), person("Dee", "South", 1)]
}

fn root(people: &[Person], threshold: usize, organisations: usize, expires: &str) -> TrustRoot {
    let listed: Vec<_> = people
        .iter()
        .map(|person| {
            (person.name, person.organisation, person.keys.iter().map(SigningKey::public).collect::<Vec<_>>())
        })
        .collect();
    TrustRoot::parse(root_json(&listed, threshold, organisations, expires).as_bytes()).unwrap()
}

fn check(signers: &[(usize, usize)], expected: Result<&[&str], ApprovalError>) {
    let people = people();
    let root = root(&people, 2, 2, "2030-01-01T00:00:00Z");
    let keys: Vec<&SigningKey> = signers.iter().map(|(person, key)| &people[*person].keys[*key]).collect();
    let envelope = Envelope::sign(PayloadType::Template, SAMPLE.as_bytes().to_vec(), &keys);
    let approved = root.approve(&envelope, now()).map(|approved| approved.approved_by().to_vec());
    assert_eq!(approved, expected.map(|names| names.iter().map(ToString::to_string).collect()), "{signers:?}");
}

#[test]
fn people_and_organisations_are_counted() {
    let too_few = |people| Err(ApprovalError::Threshold { people, threshold: 2 });
    check(&[(0, 0), (2, 0)], Ok(&["Ada", "Cyd"]));
    // One short; one person with two keys; the same key twice.
    check(&[(0, 0)], too_few(1));
    check(&[(0, 0), (0, 1)], too_few(1));
    check(&[(0, 0), (0, 0)], too_few(1));
    // Both of one organisation.
    check(&[(0, 0), (1, 0)], Err(ApprovalError::Organisations { organisations: 1, needed: 2 }));
    // The sample's author is Dee, who does not count.
    check(&[(0, 0), (3, 0)], too_few(1));
    check(&[(0, 0), (2, 0), (3, 0)], Ok(&["Ada", "Cyd"]));
    check(&[], Err(ApprovalError::Envelope(EnvelopeError::Signature)));
}

#[test]
fn a_foreign_signature_neither_helps_nor_harms() {
    let people = people();
    let root = root(&people, 2, 2, "2030-01-01T00:00:00Z");
    let envelope = Envelope::sign(
        PayloadType::Template,
        SAMPLE.as_bytes().to_vec(),
        &[&key(), &people[0].keys[0], &people[2].keys[0]],
    );
    assert!(root.approve(&envelope, now()).is_ok());
}

#[test]
fn time_runs_out() {
    let people = people();
    let keys = [&people[0].keys[0], &people[2].keys[0]];
    let envelope = Envelope::sign(PayloadType::Template, SAMPLE.as_bytes().to_vec(), &keys);
    let expired = root(&people, 2, 2, "2026-01-01T00:00:00Z").approve(&envelope, now());
    assert_eq!(expired.unwrap_err(), ApprovalError::RootExpired { version: 1 });
    let later: DateTime<Utc> = "2028-01-01T00:00:00Z".parse().unwrap();
    let past = root(&people, 2, 2, "2030-01-01T00:00:00Z").approve(&envelope, later);
    assert!(matches!(past.unwrap_err(), ApprovalError::TemplateExpired(_)));
}

#[test]
fn a_root_that_asks_for_too_little_or_too_much_is_refused() {
    let people = people();
    let listed: Vec<_> = people
        .iter()
        .map(|p| (p.name, p.organisation, p.keys.iter().map(SigningKey::public).collect::<Vec<_>>()))
        .collect();
    for (threshold, organisations) in [(1, 1), (2, 1), (1, 2), (5, 2), (2, 3), (0, 0)] {
        let text = root_json(&listed, threshold, organisations, "2030-01-01T00:00:00Z");
        assert_eq!(
            TrustRoot::parse(text.as_bytes()).unwrap_err(),
            RootError::Threshold,
            "{threshold} of {organisations}"
        );
    }
    let shared = people[0].keys[0].public();
    let twice =
        root_json(&[("Ada", "North", vec![shared]), ("Eve", "South", vec![shared])], 2, 2, "2030-01-01T00:00:00Z");
    assert_eq!(TrustRoot::parse(twice.as_bytes()).unwrap_err(), RootError::RepeatedKey(shared));
    assert!(matches!(TrustRoot::parse(b"{}").unwrap_err(), RootError::Syntax(_)));
}
