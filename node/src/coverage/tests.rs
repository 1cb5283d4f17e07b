//! Coverage of cells, period by period and level by level.

use std::sync::Arc;

use super::*;
use crate::fixture::{Site, now};

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn span(from: &str, to: &str) -> Span {
    let day = |text: &str| (!text.is_empty()).then(|| day(text));
    Span { from: day(from), to: day(to) }
}

fn query(edit: (&str, &str), from: &str, to: &str) -> Query {
    let site = Site::new();
    let root = site.root();
    let envelope = template::Envelope::parse(&site.template(edit).1).unwrap();
    let approved = Arc::new(root.approve(&envelope, now()).unwrap());
    let months = [("from", from), ("to", to)].map(|(name, month)| (name.to_owned(), month.to_owned()));
    Query::bind(approved, &months).unwrap()
}

/// Which months of April to July 2024 are covered by these spans; the snapshot is of 2024-07-20.
fn check(spans: &[(&str, Span)], expected: [bool; 4]) {
    let query = query(("1", "1"), "2024-04", "2024-07");
    let found = Held::new(spans.iter().copied(), day("2024-07-20")).of(&query, &["hospital_spell", "person"]);
    match found {
        // Two methods under each month.
        Some(cells) => assert_eq!(cells.inner, expected.map(|covered| [covered; 2]).concat(), "{spans:?}"),
        None => assert_eq!(expected, [false; 4], "{spans:?}"),
    }
}

#[test]
fn a_month_is_covered_as_a_whole_or_not_at_all() {
    let person = ("person", span("", ""));
    check(&[person, ("hospital_spell", span("2024-04-01", "2024-07-31"))], [true; 4]);
    check(&[person, ("hospital_spell", span("2024-04-02", "2024-07-30"))], [false, true, true, false]);
    check(&[person, ("hospital_spell", span("2010-01-01", "2024-05-31"))], [true, true, false, false]);
    // Without an end: up to the day before the snapshot.
    check(&[person, ("hospital_spell", span("2010-01-01", ""))], [true, true, true, false]);
    check(&[person, ("hospital_spell", span("2025-01-01", "2025-12-31"))], [false; 4]);
    check(&[person], [false; 4]);
    check(&[("hospital_spell", span("2010-01-01", "2030-01-01"))], [false; 4]);
    // A register covers every period.
    check(&[person, ("hospital_spell", span("", ""))], [true; 4]);
    check(&[person, ("hospital_spell", span("", "2024-04-30"))], [true; 4]);
}

#[test]
fn a_year_is_covered_in_the_months_that_were_asked_for() {
    let query = query(("months from..to", "years from..to"), "2024-06", "2025-06");
    let held = |from, to| Held::new([("hospital_spell", span(from, to))], day("2026-01-01"));
    let inner = |from, to| held(from, to).of(&query, &["hospital_spell"]).unwrap().inner;
    assert_eq!(inner("2024-06-01", "2025-06-30"), [true; 4]);
    assert_eq!(inner("2024-06-01", "2025-06-29"), [true, true, false, false]);
    assert_eq!(inner("2024-06-02", "2025-06-30"), [false, false, true, true]);
}

#[test]
fn without_a_dimension_of_periods_the_whole_time_asked_for_counts() {
    let edit = ("levels = \"months from..to\"", "levels = [\"x\"]");
    let query = query(edit, "2024-04", "2024-07");
    let of =
        |to| Held::new([("hospital_spell", span("2024-01-01", to))], day("2026-01-01")).of(&query, &["hospital_spell"]);
    assert_eq!(of("2024-07-31").unwrap().inner, [true; 2]);
    assert!(of("2024-07-30").is_none());
}

#[test]
fn a_level_may_need_a_table_of_its_own() {
    let edit = (
        "levels = [\"1\", \"2\"]",
        "levels = [\"1\", \"2\"]\nlevel_tables = { 1 = \"hospital_spell\", 2 = \"ed_attendance\" }",
    );
    let query = query(edit, "2024-04", "2024-04");
    let tables = ["ed_attendance", "hospital_spell", "person"];
    let spell = ("hospital_spell", span("2024-01-01", "2024-12-31"));
    let attendance = ("ed_attendance", span("2024-01-01", "2024-12-31"));
    let person = ("person", span("", ""));
    let of = |held: &[(&'static str, Span)]| Held::new(held.iter().copied(), day("2026-01-01")).of(&query, &tables);
    assert_eq!(of(&[person, spell, attendance]).unwrap().inner, [true, true]);
    assert_eq!(of(&[person, spell]).unwrap().inner, [true, false]);
    assert_eq!(of(&[person, attendance]).unwrap().inner, [false, true]);
    assert!(of(&[spell, attendance]).is_none(), "a table that every level needs");
    assert!(of(&[person]).is_none());
    let coverage = of(&[person, spell]).unwrap().coverage;
    assert_ne!(coverage, Coverage::whole(query.domain()));
}
