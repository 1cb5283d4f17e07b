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
