//! Frozen tables that are not what was frozen: a refusal, never a smaller count.

use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use wire::{Refusal, SiteOutcome};

use super::ledger;
use super::whole::{nothing_is_told, outcomes, told};
use crate::world::{World, answer_to, logged, watch_log};

/// The file of a table in a provider's current snapshot.
fn frozen(world: &World, code: &str, table: &str) -> PathBuf {
    let folder = world.node_data(code).join("snapshot");
    let current = fs::read_to_string(folder.join("current")).unwrap();
    folder.join(current.trim_end()).join(format!("{table}.parquet"))
}

fn append(path: &Path) {
    OpenOptions::new().append(true).open(path).unwrap().write_all(b"x").unwrap();
}

fn cut(path: &Path) {
    let length = fs::metadata(path).unwrap().len();
    OpenOptions::new().write(true).open(path).unwrap().set_len(length / 2).unwrap();
}

/// One byte in the middle, at the same length.
fn flip(path: &Path) {
    let mut bytes = fs::read(path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(path, bytes).unwrap();
}

/// [`flip`], and nobody would know by the file's time.
fn flip_unseen(path: &Path) {
    let modified = fs::metadata(path).unwrap().modified().unwrap();
    flip(path);
    File::options().write(true).open(path).unwrap().set_modified(modified).unwrap();
}

fn remove(path: &Path) {
    fs::remove_file(path).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_changed_under_a_running_node_is_refused_as_such() {
    watch_log();
    for change in [append as fn(&Path), cut, flip, flip_unseen, remove] {
        let world = World::new().await;
        let coordinator = world.start_coordinator().await;
        let nodes = world.start_nodes(&["RYA", "RYB", "RYC", "RYD"]).await;
        let path = frozen(&world, "RYA", "hospital_spell");
        change(&path);
        let mut desk = world.desk().await;
        let answer = answer_to(&mut desk, &world.ask()).await;
        let expected = [
            ("RYA", SiteOutcome::Refused(Refusal::DataIntegrity)),
            ("RYB", SiteOutcome::Released),
            ("RYC", SiteOutcome::Released),
            ("RYD", SiteOutcome::Released),
        ];
        assert_eq!(outcomes(&answer), expected);
        // The operator's log says which file, and what to do.
        assert!(!logged(&[&path.display().to_string(), "take a new snapshot"]).is_empty());
        nodes.stop().await;
        assert_eq!(ledger::releases(&world, "RYA").len(), 0);

        // Nor does it start with such a file; with a new snapshot all is well.
        let error = world.open_provider_with(
            "RYA",
            std::sync::Arc::new(node::Unobserved),
            std::sync::Arc::new(node::SystemClock),
        );
        let Err(error) = error.await else { panic!("opened over a changed table") };
        let error = told(error);
        assert!(error.contains(&path.display().to_string()) && error.contains("take a new snapshot"), "{error}");
        node::take(&node::Config::read(&world.node_config("RYA")).unwrap(), chrono::Utc::now()).unwrap();
        let nodes = world.start_nodes(&["RYA", "RYB", "RYC", "RYD"]).await;
        assert_eq!(answer_to(&mut desk, &world.ask()).await.sites[0].outcome, SiteOutcome::Released);
        nodes.stop().await;
        coordinator.stop().await;
        ledger::is_whole(&world, "RYA").await;
        nothing_is_told(&world);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_or_manifest_that_changed_while_nothing_ran_is_found_at_the_start() {
    let world = World::new().await;
    drop(world.open_provider("RYA").await);
    let spells = frozen(&world, "RYA", "hospital_spell");
    let manifest = spells.with_file_name("manifest.json");
    let current = world.node_data("RYA").join("snapshot").join("current");
    for (path, change) in [
        (&spells, append as fn(&Path)),
        (&spells, cut),
        (&spells, flip),
        (&spells, flip_unseen),
        (&spells, remove),
        (&manifest, cut),
        (&manifest, remove),
        (&current, append),
        (&current, flip),
    ] {
        let good = fs::read(path).unwrap();
        change(path);
        let opened = world
            .open_provider_with("RYA", std::sync::Arc::new(node::Unobserved), std::sync::Arc::new(node::SystemClock))
            .await;
        let Err(error) = opened else { panic!("opened over a changed {}", path.display()) };
        let error = told(error);
        assert!(error.contains(&world.node_config("RYA").display().to_string()), "{error}");
        assert!(error.contains("take a new snapshot"), "{error}");
        fs::write(path, good).unwrap();
    }
    drop(world.open_provider("RYA").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ledger_that_was_changed_or_put_back_releases_nothing() {
    watch_log();
    let world = World::new().await;
    let coordinator = world.start_coordinator().await;
    let mut desk = world.desk().await;
    let nodes = world.start_nodes(&["RYA", "RYB", "RYC", "RYD"]).await;
    let database = world.node_data("RYA").join("ledger.sqlite");
    answer_to(&mut desk, &world.ask()).await;
    nodes.stop().await;
    ledger::is_whole(&world, "RYA").await;
    let yesterday = fs::read(&database).unwrap();
    let nodes = world.start_nodes(&["RYA", "RYB", "RYC", "RYD"]).await;
    answer_to(&mut desk, &world.ask()).await;
    nodes.stop().await;
    ledger::is_whole(&world, "RYA").await;
    let today = fs::read(&database).unwrap();
    // Whoever may write the file may drop its triggers too.
    let changed = |sql: &str| {
        fs::write(&database, &today).unwrap();
        let connection = rusqlite::Connection::open(&database).unwrap();
        let triggers = [
            "release_keeps",
            "release_grows",
            "audit_keeps",
            "audit_grows",
            "contributors_keeps",
            "contributors_grows",
        ];
        let triggers: String = triggers.map(|name| format!("drop trigger {name};")).concat();
        connection.execute_batch(&format!("pragma foreign_keys = off; {triggers} {sql}")).unwrap();
        connection.close().unwrap();
        fs::read(&database).unwrap()
    };
    let anchor = world.node_data("RYA").join("ledger.anchor");
    let good_anchor = fs::read(&anchor).unwrap();
    for (what, database_bytes, anchor_bytes) in [
        ("yesterday's ledger", yesterday, good_anchor.clone()),
        ("another purpose", changed("update release set purpose = 'Sell' where sequence = 1"), good_anchor.clone()),
        ("other figures", changed("update release set bytes = x'00' where sequence = 2"), good_anchor.clone()),
        ("the last release gone", changed("delete from release where sequence = 2"), good_anchor.clone()),
        (
            "who stood behind it changed",
            changed("update contributors set sealed = x'00' where sequence = 1"),
            good_anchor.clone(),
        ),
        ("who stood behind it gone", changed("delete from contributors"), good_anchor.clone()),
        ("another reader", changed("update audit set analyst = 'eve' where n = 2"), good_anchor.clone()),
        ("a decision gone", changed("delete from audit where n = (select max(n) from audit)"), good_anchor.clone()),
        (
            "two decisions in each other's place",
            changed(
                "update audit set n = -1 where n = 1; update audit set n = 1 where n = 2; update audit set n = 2 where n = -1",
            ),
            good_anchor.clone(),
        ),
        ("a decision gone from within", changed("delete from audit where n = 2"), good_anchor.clone()),
        ("an anchor that is empty", today.clone(), Vec::new()),
    ] {
        fs::write(&database, database_bytes).unwrap();
        fs::write(&anchor, anchor_bytes).unwrap();
        // As the operator is told by `tallyward-node audit verify`.
        let verified = node::Audit::read(&world.node_config("RYA"), &node::Part::Nothing);
        assert!(matches!(verified, Err(node::AuditError::Reading(_))), "{what}");
        let nodes = world.start_nodes(&["RYA", "RYB", "RYC", "RYD"]).await;
        let answer = answer_to(&mut desk, &world.ask()).await;
        assert_eq!(answer.sites[0].outcome, SiteOutcome::Refused(Refusal::Quarantined), "{what}");
        assert_eq!(answer.groups[0].answered, 3, "{what}");
        nodes.stop().await;
    }
    assert!(!logged(&["QUARANTINED", &database.display().to_string()]).is_empty());
    fs::write(&database, today).unwrap();
    fs::write(&anchor, good_anchor).unwrap();
    ledger::is_whole_again(&world, "RYA").await;
    // Without a ledger nothing starts, and nothing makes one.
    fs::remove_file(&database).unwrap();
    let opened = world
        .open_provider_with("RYA", std::sync::Arc::new(node::Unobserved), std::sync::Arc::new(node::SystemClock))
        .await;
    let Err(error) = opened else { panic!("opened without a ledger") };
    let error = told(error);
    assert!(error.contains("restore its ledger instead"), "{error}");
    assert!(!database.exists());
    coordinator.stop().await;
}
