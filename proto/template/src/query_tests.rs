//! Tests of binding.

use super::*;
use crate::dsse::{Envelope, PayloadType};
use crate::sample::{SAMPLE, key, now, root_document, rooted};

fn approved(text: &str) -> Arc<Approved> {
    let (ada, bea) = (key(), key());
    let people = [("ada", "North", vec![ada.public()]), ("bea", "South", vec![bea.public()])];
    let root = rooted(&root_document(&people, "2030-01-01T00:00:00Z"), &[&ada, &bea]).unwrap();
    let envelope = Envelope::sign(PayloadType::Template, text.as_bytes().to_vec(), &[&ada, &bea]);
    Arc::new(root.approve(&envelope, now()).unwrap())
}

fn bind(given: &[(&str, &str)]) -> Result<Query, BindError> {
    let given: Vec<_> = given.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
    Query::bind(approved(SAMPLE), &given)
}

#[test]
fn cells_follow_from_the_declaration() {
    let query = bind(&[("from", "2024-01"), ("to", "2024-12")]).unwrap();
    // 12 months of 3 levels, 12 months, and the whole.
    assert_eq!(query.domain().len(), 12 * 3 + 12 + 1);
    assert_eq!(query.domain().dimensions()[0].levels.first().unwrap(), "2024-01");
    assert_eq!(query.domain().dimensions()[1].levels, ["1", "2", "other"]);
    let values: Vec<_> = query.parameters().map(|(_, value)| value.to_string()).collect();
    assert_eq!(values, ["2024-01", "2024-12", "5"]);
}

#[test]
fn what_does_not_fit_is_named() {
    for (given, name) in [
        (vec![("from", "2024-01")], "to"),
        (vec![("from", "2024-1"), ("to", "2024-12")], "from"),
        (vec![("from", "2008-03"), ("to", "2008-12")], "from"),
        (vec![("from", "2024-01"), ("to", "2023-12")], "to"),
        (vec![("from", "2024-01"), ("to", "2026-01")], "to"),
        (vec![("from", "2024-01"), ("to", "2024-12"), ("times", "1")], "times"),
        (vec![("from", "2024-01"), ("to", "2024-12"), ("times", "05")], "times"),
        (vec![("from", "2024-01"), ("to", "2024-12"), ("times", "9223372036854775808")], "times"),
        (vec![("from", "2024-01"), ("to", "2024-12"), ("times", "NaN")], "times"),
        (vec![("from", "2024-01' OR '1'='1"), ("to", "2024-12")], "from"),
        (vec![("from", "2024-01"), ("to", "2024-12"), ("to", "2024-12")], "to"),
        (vec![("from", "2024-01"), ("to", "2024-12"), ("fr\u{43e}m", "2024-01")], "fr\u{43e}m"),
    ] {
        let error = bind(&given).unwrap_err();
        assert!(error.to_string().contains(&format!("`{name}`")), "{given:?}: {error}");
    }
}

#[test]
fn the_longest_span_is_allowed_and_one_more_is_not() {
    assert!(bind(&[("from", "2024-01"), ("to", "2025-12")]).is_ok());
    assert!(bind(&[("from", "2024-01"), ("to", "2026-01")]).is_err());
}

#[test]
fn a_question_is_the_same_however_it_is_written() {
    let fingerprint = |given: &[(&str, &str)]| bind(given).unwrap().fingerprint(&[Digest::of(b"look-up")]);
    let one = fingerprint(&[("from", "2024-01"), ("to", "2024-12")]);
    assert_eq!(one, fingerprint(&[("times", "5"), ("to", "2024-12"), ("from", "2024-01")]));
    assert_ne!(one, fingerprint(&[("from", "2024-01"), ("to", "2024-11")]));
    assert_ne!(one, bind(&[("from", "2024-01"), ("to", "2024-12")]).unwrap().fingerprint(&[]));
}

#[test]
fn published_populations_stand_behind_the_cells_that_they_divide() {
    let (before, after) = SAMPLE.split_once("[disclosure]").unwrap();
    let before = before.replace("period =", "lookups = [\"list_size\"]\nperiod =");
    let rate = |measure: &str| {
        let figure = "[[figure]]\nname = \"rate\"\nkind = \"rate\"\npopulation = \"list_size\"\nper = 1000";
        format!("{before}{figure}\nmeasure = \"{measure}\"\n[disclosure]{after}")
    };
    let given = [("from".to_owned(), "2024-01".to_owned()), ("to".to_owned(), "2024-02".to_owned())];
    let of = |text: &str| Query::bind(approved(text), &given).unwrap();
    let lookup = Lookup::parse(
        br#"{"name": "list_size", "version": 1, "columns": ["row", "provider", "sex", "people"],
             "rows": [["1", "Y00001", "1", "900"], ["2", "Y00001", "2", "950"], ["3", "Y00002", "1", "5"]]}"#,
    )
    .unwrap();
    // Two months by two sexes and another, the months, the whole.
    let found = of(&rate("people")).populations("Y00001", [&lookup]).unwrap();
    // Of the other sex nothing is published, which is not nought.
    assert_eq!(found, [(0, 900), (1, 950), (3, 900), (4, 950), (6, 1850), (7, 1850), (8, 1850)]);
    assert_eq!(of(&rate("people")).populations("Y00009", [&lookup]).unwrap(), []);
    assert!(of(&rate("people")).populations("Y00001", []).is_err(), "the look-up was not sent along");
    // Of a group the people of its levels, where each is published.
    let grouped = rate("people")
        .replace("per = \"person\"\n", "per = \"person\"\n[[dimension.grouping]]\nname = \"known\"\ngroups = [{ label = \"known\", levels = [\"1\", \"2\"] }, { label = \"not\", levels = [\"other\"] }]\n")
        .replace("totals = [[\"month\"], []]", "totals = [[\"known\"]]");
    let found = of(&grouped).populations("Y00001", [&lookup]).unwrap();
    assert_eq!(found, [(0, 900), (1, 950), (3, 900), (4, 950), (6, 1850)]);
    // Of a total those with its declared levels, where the population knows more.
    let listed = rate("people").replace("other = \"other\"\n", "");
    assert_ne!(listed, rate("people"));
    let third = |people: u64| {
        let rows = format!(
            r#"{{"name": "list_size", "version": 1, "columns": ["row", "provider", "sex", "people"],
                 "rows": [["1", "Y00001", "1", "900"], ["2", "Y00001", "2", "950"], ["3", "Y00001", "9", "{people}"]]}}"#
        );
        of(&listed).populations("Y00001", [&Lookup::parse(rows.as_bytes()).unwrap()]).unwrap()
    };
    assert_eq!(third(40), third(0));
    assert_eq!(third(40).last(), Some(&(6, 1850)));
    // Nothing follows about people from what a sum is divided by, nor where nothing is divided.
    assert_eq!(of(&rate("bed_days")).populations("Y00001", [&lookup]).unwrap(), []);
    assert_eq!(of(SAMPLE).populations("Y00001", []).unwrap(), []);
}
