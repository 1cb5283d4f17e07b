//! Configurations: the sample is one, and each mistake is named with what to write in its place.

use std::fs;

use template::Document as _;

use super::*;
use crate::fixture::{SECRET, Site, key, root_document, told};

/// The error for a configuration with `from` replaced by `to`, as the operator reads it.
fn check(from: &str, to: &str, expected: &[&str]) {
    let site = Site::new();
    let config = site.enrolled();
    assert_eq!(config.provider.as_str(), "Y00001");
    assert!(site.config.contains(from), "{from}");
    site.write("node.toml", &site.config.replacen(from, to, 1));
    let error = told(&Config::read(&site.path("node.toml")).map(|_| ()).expect_err(to));
    assert!(error.contains("node.toml"), "{error}");
    for words in expected {
        assert!(error.contains(words), "{to}: {error}");
    }
}

const LISTED: &str = "[[published.populations]]\nsource = \"the list\"\nas_of = \"2024-04-01\"";
const LIMITS: &str = "[limits]";
const REPORTED: &str = "[[published.figures]]\nsource = \"the report\"\nas_of = \"2024-04-01\"\ntemplate = \"stays\"\n\
                        measure = \"people\"\nfigure = 1\ncounted = \"more\"\n";

#[test]
fn each_mistake_in_a_published_list_is_named_with_its_line() {
    for (list, expected) in [
        ("", "no column `people`"),
        ("sex,number\n1,2\n", "no column `people`"),
        ("Sex,people\n1,2\n", "age_band"),
        ("sex,sex,people\n1,1,2\n", "each once"),
        ("sex,people\n", "no rows"),
        ("sex,people\n\n1,45\n2,4 5\n", "line 4"),
        ("sex,people\n1,-4\n", "line 2"),
        ("sex,people\n1,4,5\n", "line 2"),
        ("sex,people\n,45\n", "line 2"),
        ("sex,people\n\"1\",45\n", "without quotes"),
        ("sex,people\n1,45\n1,46\n", "twice"),
    ] {
        let mut site = Site::new();
        site.config.push_str(&format!("\n{LISTED}\nfile = \"lists.csv\"\n"));
        site.write("lists.csv", "\u{feff}sex, people\r\n1, 45\r\n2, 45\r\n");
        let config = site.enrolled();
        assert_eq!(config.published.populations[0].population.people("Y00001", &[("sex", "2")]), Some(45));
        site.write("lists.csv", list);
        let error = told(&Config::read(&site.path("node.toml")).map(|_| ()).expect_err(list));
        assert!(error.contains("entry 1") && error.contains(expected), "{list}: {error}");
    }
}

#[test]
fn each_mistake_is_named_with_its_key_and_remedy() {
    for (from, to, expected) in [
        ("provider = \"Y00001\"", "provider = \"y 1\"", &["provider", "A-Z"][..]),
        ("kind = \"hospital\"", "kind = \"hospice\"", &["kind", "hospital"]),
        ("name = \"Northmead\"", "name = \"Northmead\"\nfriend = 1", &["unknown field `friend`"]),
        ("name = \"Northmead\"", "name = \" \"", &["`name`"]),
        ("name = \"Northmead\"", "", &["missing field `name`"]),
        ("population = 400", "population = -1", &["population"]),
        ("population = 400", "population = 400\nanswering = \"maybe\"", &["answering", "off"]),
        ("population = 400", "population = 400\nopt_outs = \"some\"", &["opt_outs", "national"]),
        ("population = 400", "population = 400\n[refresh]\nevery_days = 0", &["refresh.every_days", "366"]),
        ("population = 400", "population = 400\n[refresh]\nfrom = \"25:00\"", &["refresh.from", "01:00"]),
        ("population = 400", "population = 400\n[refresh]\nfrom = \"05:00\"", &["refresh.to", "same"]),
        ("population = 400", "population = 400\n[opt_out_lists]\noldest_days = 0", &["oldest_days", "366"]),
        (
            "population = 400",
            "population = 400\nopt_outs = \"type1\"\n[opt_out_lists.national]\nfile = \"a\"\nholds = \"person-id\"",
            &["opt_out_lists.national", "`opt_outs`"],
        ),
        (
            "population = 400",
            "population = 400\n[opt_out_lists.national]\nfile = \"a\"\nholds = \"nhs-number\"",
            &["sources.person.nhs_number", "missing"],
        ),
        (
            "population = 400",
            "population = 400\n[opt_out_lists.type1]\nfile = \"a\"\nholds = \"person-id\"\nas_of = \"1 May\"",
            &["opt_out_lists.type1.as_of", "2023-04-01"],
        ),
        ("csv = \"hospital_spell.csv\"", "csv = \"a\"\nnhs_number = \"n\"", &["sources.hospital_spell.nhs_number"]),
        ("population = 400", "population = 400\n[restricted]\nadditions = \"none\"", &["restricted.additions"]),
        ("[limits]", "[published]\nfigure = 1\n[limits]", &["unknown field `figure`", "populations"]),
        ("[limits]", &[LISTED, LIMITS].join("\n"), &["published.populations, entry 1", "either `people`"]),
        ("[limits]", &[LISTED, "people = 1\nfile = \"a.csv\"", LIMITS].join("\n"), &["entry 1", "either `people`"]),
        ("[limits]", &[LISTED, "file = \"none.csv\"", LIMITS].join("\n"), &["entry 1", "none.csv", "cannot be read"]),
        ("[limits]", &[LISTED, "people = 1\ntemplates = []", LIMITS].join("\n"), &["entry 1", "names none"]),
        ("[limits]", &[LISTED, "people = 1000000001", LIMITS].join("\n"), &["entry 1", "whole number"]),
        (
            "[limits]",
            &[LISTED, "people = 1", LISTED, "people = 2", LIMITS].join("\n"),
            &["entry 2", "another number", "entry 1"],
        ),
        (
            "[limits]",
            &[LISTED, "people = 1", LIMITS].join("\n").replace("2024-04-01", "1 May"),
            &["as_of", "2023-04-01"],
        ),
        ("[limits]", &[LISTED, "people = 1", LIMITS].join("\n").replace("the list", " "), &["entry 1", "source"]),
        ("[limits]", &[REPORTED, REPORTED, LIMITS].concat(), &["published.figures, entry 2", "same figure as entry 1"]),
        (
            "[limits]",
            &[REPORTED, LIMITS].concat().replace("\"people\"", "\"\""),
            &["published.figures, entry 1", "`measure`"],
        ),
        ("[limits]", &[REPORTED, LIMITS].concat().replace("more", "few"), &["counted", "the-same"]),
        ("https://127.0.0.1:9", "http://127.0.0.1:9", &["coordinator.address", "https"]),
        ("[limits]", "[policy]\nprofile = \"none\"\n[limits]", &["policy.profile", "nhs-sde"]),
        ("[limits]", "[policy]\nthreshold = 10\n[limits]", &["`policy`", "rounding"]),
        ("[limits]", "[policy]\nthreshold = 1\nrounding = 5\n[limits]", &["policy.threshold", "between"]),
        ("[limits]", "[policy]\nthreshold = 10\nrounding = 1\n[limits]", &["policy.rounding", "between"]),
        ("quantum_ms = 1", "quantum_ms = 0", &["limits.quantum_ms", "1 to"]),
        ("quantum_ms = 1", "memory_mb = 1", &["limits.memory_mb", "16"]),
        ("[sources.hospital_spell]", "[sources.hospital_stay]", &["sources.hospital_stay", "hospital_spell"]),
        ("[sources.hospital_spell]", "[sources.table_coverage]", &["sources.table_coverage", "no table"]),
        ("[sources.person]", "[sources.residence_period]", &["sources.person", "missing"]),
        ("csv = \"hospital_spell.csv\"", "", &["sources.hospital_spell", "exactly one"]),
        ("csv = \"hospital_spell.csv\"", "csv = \"a\"\nsql = \"b\"", &["sources.hospital_spell", "exactly one"]),
        ("from = \"2024-01-01\"\n", "", &["sources.hospital_spell.from", "complete"]),
        ("from = \"2024-01-01\"", "from = \"1 Jan\"", &["sources.hospital_spell.from", "2023-04-01"]),
        ("from = \"2024-01-01\"", "from = \"2026-01-01\"", &["sources.hospital_spell.to", "before"]),
        ("[sources.person]", "[raw.a]\ncsv = \"a.csv\"\n[sources.person]", &["raw.a.columns", "never guessed"]),
        ("[sources.person]", "[raw.a]\n[sources.person]", &["raw.a", "parquet"]),
        ("file = \"root.json\"", "file = \"other.json\"", &["trust_root.file", "other.json"]),
        ("sha256 = \"", "sha256 = \"x", &["sha256", "64"]),
        ("certificate = \"certificate.pem\"", "certificate = \"none.pem\"", &["tls", "none.pem"]),
        ("signing_key = \"signing.pk8\"", "signing_key = \"none.pk8\"", &["signing_key", "none.pk8", "init"]),
        ("signing_key = \"signing.pk8\"", "signing_key = \"node.toml\"", &["signing_key"]),
    ] {
        check(from, to, expected);
    }
}

#[test]
fn another_trust_root_than_the_pinned_one_is_refused() {
    let site = Site::new();
    site.enrolled();
    let [ada, bea] = &site.guardians;
    let other = root_document([ada, bea], &key()).sign(&[ada, bea]);
    site.write("root.json", &String::from_utf8(other.to_bytes()).unwrap());
    let error = told(&Config::read(&site.path("node.toml")).map(|_| ()).unwrap_err());
    assert!(error.contains("trust_root.sha256") && error.contains("second"), "{error}");
}

#[cfg(unix)]
#[test]
fn a_key_that_everybody_can_read_is_refused_and_never_shown() {
    use std::os::unix::fs::PermissionsExt as _;
    let site = Site::new();
    site.enrolled();
    let key = site.path("signing.pk8");
    assert_eq!(fs::metadata(&key).unwrap().permissions().mode() & 0o077, 0);
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    let error = told(&Config::read(&site.path("node.toml")).map(|_| ()).unwrap_err());
    assert!(error.contains("chmod 600"), "{error}");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    fs::write(&key, SECRET).unwrap();
    let error = Config::read(&site.path("node.toml")).map(|_| ()).unwrap_err();
    assert!(!format!("{} {error:?}", told(&error)).contains(SECRET));
}

#[test]
fn a_key_may_be_pem() {
    use base64::Engine as _;
    let site = Site::new();
    let public = site.enrolled().signing_key.public();
    let der = fs::read(site.path("signing.pk8")).unwrap();
    let pem = base64::engine::general_purpose::STANDARD.encode(der);
    fs::write(site.path("signing.pk8"), format!("-----BEGIN PRIVATE KEY-----\n{pem}\n-----END PRIVATE KEY-----\n"))
        .unwrap();
    assert_eq!(site.read().signing_key.public(), public);
}

#[test]
fn the_sample_is_a_configuration() {
    let site = Site::new();
    let sample = include_str!("../../sample.toml");
    let pinned = |key: &str| {
        let line = site.config.lines().find(|line| line.starts_with(key)).unwrap();
        line.split('"').nth(1).unwrap().to_owned()
    };
    let root = site.root().digest().to_string();
    site.write("node.toml", &sample.replace(&"0".repeat(64), &pinned("key = \"")).replace(&"1".repeat(64), &root));
    for name in ["certificate.pem", "key.pem", "authority.pem"] {
        site.write(&format!("tls/{name}"), &fs::read_to_string(site.path(name)).unwrap());
    }
    site.write("trust-root.json", &fs::read_to_string(site.path("root.json")).unwrap());
    site.write("restricted.csv", "SNOMED,123456789\n");
    site.write("published/list-sizes.csv", "sex,age_band,people\n1,0-14,640\n2,0-14,611\n");
    crate::init(&site.path("node.toml")).unwrap();
    let config = Config::read(&site.path("node.toml")).unwrap();
    assert_eq!((config.kind, config.admission.min_population), (ProviderKind::Gp, 1000));
    assert_eq!(config.sources.tables.len(), 3);
    assert_eq!(config.policy.zeros(), Zeros::Hidden);
    assert_eq!(config.sources.raw.len(), 2);
    assert_eq!((config.published.populations.len(), config.published.figures.len()), (1, 1));
}
