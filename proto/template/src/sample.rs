//! What the tests of this crate share: a template, keys, a trust root.

use chrono::{DateTime, Utc};

use crate::attested::Document as _;
use crate::keys::{PublicKey, SigningKey};
use crate::root::{PersonDocument, RootDocument, RootError, TrustRoot};

pub(crate) const SAMPLE: &str = r#"
id = "emergency-admissions"
version = 2
title = "Emergency admissions"
purpose = "Plan beds"
legal_basis = "Section 251"
agreement = "ISA-1"
owner = "The region"
author = "Dee"
expires = "2027-12-31"
runs_at = ["hospital", "ambulance"]
model = "core-1"
min_sites = { hospital = 3, ambulance = 1 }
sole_providers = ["ambulance"]
period = ["from", "to"]
totals = [["month"], []]
sql = "select person_id, admission_date as month, sex, bed_days from hospital_spell"

[[parameter]]
name = "from"
type = "month"
earliest = "2008-04"

[[parameter]]
name = "to"
type = "month"
longest = "24 months after from"

[[parameter]]
name = "times"
type = "integer"
min = 2
max = 20
default = 5

[[dimension]]
name = "month"
levels = "months from..to"
per = "record"

[[dimension]]
name = "sex"
levels = ["1", "2"]
other = "other"
per = "person"

[[measure]]
name = "people"
counts = "people"

[[measure]]
name = "bed_days"
sums = "bed_days"
at_most_per_person = 90
unit = "bed days"

[[figure]]
name = "fall"
kind = "change"
measure = "people"
over = "month"
earlier = "first 6"
later = "last 6"

[disclosure]
threshold = 10
rounding = 5
"#;

pub(crate) fn key() -> SigningKey {
    SigningKey::from_pkcs8(&SigningKey::generate().unwrap()).unwrap()
}

pub(crate) fn now() -> DateTime<Utc> {
    "2026-11-01T12:00:00Z".parse().unwrap()
}

/// A root's person: name, organisation, keys.
pub(crate) type Listed<'a> = (&'a str, &'a str, Vec<PublicKey>);

/// A root of version 1 in which `people` have every role, and nobody the catalogue's but a key of its own.
pub(crate) fn root_document(people: &[Listed<'_>], expires: &str) -> RootDocument {
    let person = |(name, organisation, keys): &Listed<'_>| PersonDocument {
        name: name.parse().unwrap(),
        organisation: (*organisation).to_owned(),
        position: "Caldicott guardian".to_owned(),
        keys: keys.clone(),
    };
    let catalogue = person(&("catalogue", "The region", vec![key().public()]));
    RootDocument::of_equals(1, expires.parse().unwrap(), people.iter().map(person).collect(), catalogue)
}

/// That root, signed and pinned.
pub(crate) fn rooted(document: &RootDocument, keys: &[&SigningKey]) -> Result<TrustRoot, RootError> {
    let envelope = document.sign(keys);
    TrustRoot::pinned(&envelope.to_bytes(), envelope.payload_digest())
}
