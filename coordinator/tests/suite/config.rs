//! Configurations: the sample is one, and what is wrong with others is said where it is.

use coordinator::Config;

use crate::region::Region;

#[test]
fn the_samples_are_read() {
    let region = Region::new(0);
    let sample = include_str!("../../sample.toml");
    let roster = include_str!("../../sample-roster.toml");
    let digest = region.root().digest().to_string();
    std::fs::write(region.path("coordinator.toml"), sample.replace(&"0".repeat(64), &digest)).unwrap();
    std::fs::write(region.path("roster.toml"), roster).unwrap();
    std::fs::create_dir(region.path("tls")).unwrap();
    for file in ["certificate.pem", "key.pem", "authority.pem"] {
        std::fs::rename(region.path(file), region.path("tls").join(file)).unwrap();
    }
    std::fs::rename(region.path("root.json"), region.path("trust-root.json")).unwrap();
    let config = region.config();
    assert_eq!(config.roster.len(), 2);
    assert_eq!((config.limits.deadline_s, config.limits.longest_deadline_s), (120, 604_800));
    assert_eq!(config.store, region.path("coordinator.sqlite"));
    assert_eq!(config.analysts.len(), 1);
}

fn check(change: impl FnOnce(&Region, String) -> String, words: &[&str]) {
    let region = Region::new(3);
    let written = change(&region, region.configuration());
    std::fs::write(region.path("coordinator.toml"), written).unwrap();
    let error = Config::read(&region.path("coordinator.toml")).unwrap_err();
    let causes = std::iter::successors(Some(&error as &dyn std::error::Error), |error| error.source());
    let error = causes.map(ToString::to_string).collect::<Vec<_>>().join(": ");
    for word in words {
        assert!(error.contains(word), "`{word}` is not in: {error}");
    }
}

#[test]
fn what_is_wrong_is_said_where_it_is() {
    check(|_, text| text.replace("listen", "listens"), &["coordinator.toml", "unknown field `listens`"]);
    check(|_, text| text.replace("127.0.0.1:0", "everywhere"), &["coordinator.toml", "listen"]);
    check(|_, text| text.replace("\"templates\"", "\"nowhere\""), &["`templates`", "nowhere is not a folder"]);
    check(|_, text| text.replace("deadline_s = 60", "deadline_s = 0"), &["`limits.deadline_s`", "from 1 to 604800"]);
    check(|_, text| text.replace("\"bea\"", "\"ada\""), &["`analyst.name`", "`ada` stands twice"]);
    check(|_, text| text.replace("\"bea\"", "\"Bea B\""), &["an analyst's name is"]);
    check(|_, text| text.replace("\"roster.toml\"", "\"no.toml\""), &["no.toml: cannot be read"]);
    check(|_, text| text.replace("\"coordinator.pk8\"", "\"no.pk8\""), &["`signing_key`", "`init` makes a key"]);
}

#[test]
fn a_trust_root_must_be_the_pinned_one() {
    check(
        |region, text| {
            std::fs::write(region.path("root.json"), region.signed_root(&crate::region::key())).unwrap();
            text
        },
        &["`trust_root.sha256`", "over a second channel"],
    );
}

#[test]
fn keys_and_certificates_must_be_usable() {
    check(
        |region, text| {
            std::fs::write(region.path("coordinator.pk8"), b"not a key").unwrap();
            text
        },
        &["`signing_key`", "no Ed25519 private key"],
    );
    check(
        |region, text| {
            std::fs::write(region.path("certificate.pem"), b"").unwrap();
            text
        },
        &["`tls`", "certificate.pem"],
    );
}

#[cfg(unix)]
#[test]
fn a_key_that_everybody_can_read_is_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    check(
        |region, text| {
            let open = std::fs::Permissions::from_mode(0o644);
            std::fs::set_permissions(region.path("coordinator.pk8"), open).unwrap();
            text
        },
        &["`signing_key`", "chmod 600"],
    );
}

#[test]
fn a_new_key_is_made_once() {
    let region = Region::new(3);
    let place = Config::place_of_signing_key(&region.path("coordinator.toml")).unwrap();
    std::fs::remove_file(&place).unwrap();
    let made = wire::signing_key_or_new(&place).unwrap().public();
    assert_eq!(wire::signing_key_or_new(&place).unwrap().public(), made);
    assert_eq!(region.config().signing_key.public(), made);
}
