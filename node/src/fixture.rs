//! A provider for tests: keys, certificates, a trust root, a configuration and a few invented tables in a folder.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use plan::model::Table;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, SanType};
use tempfile::TempDir;
use template::{Digest, Document as _, Envelope, PayloadType, PersonDocument, RootDocument, SigningKey, TrustRoot};
use wire::{Caller, Dispatch, Order, OrderId, RunId, SignedOrder};

use crate::clock::{Clock as _, SystemClock};
use crate::config::Config;

/// The text that stands for what must never be told.
pub(crate) const SECRET: &str = "PERSON7HIV";

/// A moment in the life of every fixture.
pub(crate) fn now() -> DateTime<Utc> {
    "2026-03-02T09:30:00Z".parse().unwrap()
}

pub(crate) fn key() -> SigningKey {
    SigningKey::from_pkcs8(&SigningKey::generate().unwrap()).unwrap()
}

/// Rows of a table as CSV: columns that a row does not name are filled where they must be.
pub(crate) fn csv(table: &Table, rows: &[Vec<(&str, String)>]) -> String {
    let mut text = table.columns.iter().map(|column| column.name).collect::<Vec<_>>().join(",") + "\n";
    for row in rows {
        let value = |column: &plan::model::Column| {
            let given = row.iter().find(|(name, _)| *name == column.name).map(|(_, value)| value.clone());
            given.unwrap_or_else(|| if column.nullable { String::new() } else { filler(column).to_owned() })
        };
        let _written = writeln!(text, "{}", table.columns.iter().map(value).collect::<Vec<_>>().join(","));
    }
    text
}

fn filler(column: &plan::model::Column) -> &'static str {
    match column.kind {
        plan::model::Kind::Text => "x",
        plan::model::Kind::Date => "1950-01-01",
        plan::model::Kind::Boolean => "false",
        _ => "0",
    }
}

/// The trust root of Ada of North and Bea of South, with a key for the catalogue.
pub(crate) fn root_document(guardians: [&SigningKey; 2], catalogue: &SigningKey) -> RootDocument {
    let person = |name: &str, organisation: &str, key: &SigningKey| PersonDocument {
        name: name.parse().unwrap(),
        organisation: organisation.to_owned(),
        position: "Caldicott guardian".to_owned(),
        keys: vec![key.public()],
    };
    let people = vec![person("ada", "North", guardians[0]), person("bea", "South", guardians[1])];
    let catalogue = person("catalogue", "The region", catalogue);
    RootDocument::of_equals(1, "2030-01-01T00:00:00Z".parse().unwrap(), people, catalogue)
}

/// A provider in a temporary folder.
pub(crate) struct Site {
    pub dir: TempDir,
    pub coordinator: SigningKey,
    pub guardians: [SigningKey; 2],
    pub config: String,
}

impl Site {
    /// Forty people p00 to p39, of whom p38 and p39 opted out; each has one stay in each of two months.
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let (coordinator, guardians) = (key(), [key(), key()]);
        let root = root_document([&guardians[0], &guardians[1]], &key()).sign(&[&guardians[0], &guardians[1]]);
        let config = format!(
            r#"provider = "Y00001"
kind = "hospital"
name = "Northmead"
folder = "data"
signing_key = "signing.pk8"
population = 400

[coordinator]
address = "https://127.0.0.1:9"
server_name = "coordinator.example"
key = "{}"

[tls]
certificate = "certificate.pem"
key = "key.pem"
authority = "authority.pem"

[trust_root]
file = "root.json"
sha256 = "{}"

[governance]
catalogue = "not-used"

[limits]
compares = "everything-released"
quantum_ms = 1

[sources.person]
csv = "person.csv"

[sources.hospital_spell]
csv = "hospital_spell.csv"
from = "2024-01-01"
to = "2025-12-31"
"#,
            coordinator.public(),
            root.payload_digest()
        );
        let site = Self { dir, coordinator, guardians, config };
        site.write("root.json", &String::from_utf8(root.to_bytes()).unwrap());
        site.certify();
        site.people(&(0..40).map(|n| (format!("p{n:02}"), n >= 38)).collect::<Vec<_>>());
        let stays = (0..40).flat_map(|n| {
            ["2024-04-10", "2024-05-20"].map(|day| (format!("p{n:02}"), day.to_owned(), (n % 2 + 1).to_string(), 3))
        });
        site.spells(&stays.collect::<Vec<_>>());
        site
    }

    /// The trust root that stands in the folder.
    pub(crate) fn root(&self) -> TrustRoot {
        let bytes = fs::read(self.path("root.json")).unwrap();
        TrustRoot::pinned(&bytes, Envelope::parse(&bytes).unwrap().payload_digest()).unwrap()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Writes the person table: id, and whether the person opted out.
    pub(crate) fn people(&self, people: &[(String, bool)]) {
        let row = |(n, (id, out)): (usize, &(String, bool))| {
            let gender = (n % 2 + 1).to_string();
            vec![("person_id", id.clone()), ("opted_out", out.to_string()), ("gender_code", gender)]
        };
        let rows: Vec<_> = people.iter().enumerate().map(row).collect();
        self.write("person.csv", &csv(plan::model::table("person").unwrap(), &rows));
    }

    /// Writes the stays: person, day of admission, admission group, length in days.
    pub(crate) fn spells(&self, spells: &[(String, String, String, i32)]) {
        let row = |(n, (person, day, group, days)): (usize, &(String, String, String, i32))| {
            vec![
                ("spell_id", format!("s{n}")),
                ("person_id", person.clone()),
                ("admission_date", day.clone()),
                ("admission_method_code", group.clone()),
                ("length_of_stay_days", days.to_string()),
            ]
        };
        let rows: Vec<_> = spells.iter().enumerate().map(row).collect();
        self.write("hospital_spell.csv", &csv(plan::model::table("hospital_spell").unwrap(), &rows));
    }

    /// Writes the configuration, initialises the provider, and reads the configuration back.
    pub(crate) fn enrolled(&self) -> Config {
        self.write("node.toml", &self.config);
        crate::init(&self.path("node.toml")).unwrap();
        self.read()
    }

    pub(crate) fn read(&self) -> Config {
        self.write("node.toml", &self.config);
        Config::read(&self.path("node.toml")).unwrap()
    }

    /// A template over the stays, with `edit` made to its text, in its envelope.
    pub(crate) fn template(&self, edit: (&str, &str)) -> (Digest, Vec<u8>) {
        assert!(TEMPLATE.contains(edit.0), "nothing to edit");
        self.signed(TEMPLATE.replace(edit.0, edit.1))
    }

    /// A template's text, signed by both guardians.
    pub(crate) fn signed(&self, text: String) -> (Digest, Vec<u8>) {
        let text = text.into_bytes();
        let guardians = [&self.guardians[0], &self.guardians[1]];
        (Digest::of(&text), Envelope::sign(PayloadType::Template, text, &guardians).to_bytes())
    }

    /// An order for `template` as the coordinator signs it, issued now.
    pub(crate) fn order(&self, template: Digest) -> Order {
        let issued_at = DateTime::from_timestamp(SystemClock.now().timestamp(), 0).unwrap();
        Order {
            id: OrderId::random().unwrap(),
            run: RunId::random().unwrap(),
            provider: "Y00001".parse().unwrap(),
            template,
            parameters: vec![("from".to_owned(), "2024-04".to_owned()), ("to".to_owned(), "2024-05".to_owned())],
            purpose: "test".to_owned(),
            analyst: "ada".parse().unwrap(),
            request: None,
            issued_at,
            expires_at: issued_at + chrono::Duration::minutes(5),
        }
    }

    pub(crate) fn dispatch(&self, order: &Order, template: &[u8]) -> (SignedOrder, Dispatch) {
        let signed = order.sign(&self.coordinator);
        let dispatch = Dispatch { order: signed.bytes().to_vec(), template: template.to_vec(), ..Dispatch::default() };
        (signed, dispatch)
    }

    fn certify(&self) {
        let mut authority = CertificateParams::new(Vec::new()).unwrap();
        authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        let authority_key = KeyPair::generate().unwrap();
        self.write("authority.pem", &authority.self_signed(&authority_key).unwrap().pem());
        let issuer = Issuer::new(authority, authority_key);
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        let caller = Caller::Provider("Y00001".parse().unwrap());
        params.subject_alt_names = vec![SanType::URI(caller.uri().try_into().unwrap())];
        let key = KeyPair::generate().unwrap();
        self.write("certificate.pem", &params.signed_by(&key, &issuer).unwrap().pem());
        self.write("key.pem", &key.serialize_pem());
    }
}

/// An error as the operator reads it, with its causes.
pub(crate) fn told(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    std::iter::once(error.to_string()).chain(causes.map(ToString::to_string)).collect::<Vec<_>>().join(": ")
}

/// Nothing is observed.
pub(crate) fn unobserved() -> Arc<dyn crate::Steps> {
    Arc::new(crate::Unobserved)
}

const TEMPLATE: &str = r#"
id = "stays"
version = 1
title = "Stays"
purpose = "test"
legal_basis = "test"
agreement = "test"
owner = "test"
author = "Cyd"
expires = "2029-12-31"
runs_at = ["hospital"]
model = "core-1"
min_sites = { hospital = 3 }
period = ["from", "to"]
totals = [["month"]]
sql = """
select person_id, admission_date as month, admission_method_code as method, length_of_stay_days
from hospital_spell
"""

[[parameter]]
name = "from"
type = "month"

[[parameter]]
name = "to"
type = "month"
longest = "36 months after from"

[[dimension]]
name = "month"
levels = "months from..to"
per = "record"

[[dimension]]
name = "method"
levels = ["1", "2"]
per = "record"

[[measure]]
name = "people"
counts = "people"

[[measure]]
name = "days"
sums = "length_of_stay_days"
at_most_per_person = 30
unit = "days"

[disclosure]
threshold = 10
rounding = 5
zeros = "hidden"
"#;
