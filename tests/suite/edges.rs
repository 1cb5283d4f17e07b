//! The workspace's own shape: which room may use which, and what a pure room may link.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Each room with the rooms that it may use, tests aside.
const EDGES: [(&str, &[&str]); 10] = [
    ("proto/disclosure", &[]),
    ("proto/template", &["disclosure"]),
    ("proto/plan", &["disclosure", "template"]),
    ("proto/wire", &["template", "disclosure"]),
    ("node", &["disclosure", "template", "plan", "wire"]),
    ("coordinator", &["disclosure", "template", "plan", "wire", "combine"]),
    ("coordinator/combine", &["disclosure", "template", "wire"]),
    ("coordinator/cli", &["disclosure", "template", "plan", "wire", "combine"]),
    ("demo", &["disclosure", "template", "plan", "wire", "node", "coordinator", "combine", "cli"]),
    ("tests", &[]),
];

/// What a room may link besides our own, where that is part of what it is.
const PURE: [(&str, &[&str]); 3] = [
    ("proto/disclosure", &["microlp", "roaring", "thiserror"]),
    ("proto/template", &["base64", "chrono", "ring", "serde", "serde_json", "thiserror", "toml"]),
    ("coordinator/combine", &["thiserror"]),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn manifest(room: &str) -> toml::Table {
    std::fs::read_to_string(root().join(room).join("Cargo.toml")).unwrap().parse().unwrap()
}

/// The names under `[dependencies]`.
fn dependencies(room: &str) -> BTreeSet<String> {
    manifest(room)
        .get("dependencies")
        .and_then(toml::Value::as_table)
        .into_iter()
        .flat_map(|t| t.keys().cloned())
        .collect()
}

fn ours() -> BTreeSet<String> {
    EDGES.iter().map(|(room, _)| manifest(room)["package"]["name"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn rooms_use_only_what_they_may() {
    let ours = ours();
    for (room, may_use) in EDGES {
        let uses: BTreeSet<String> = dependencies(room).intersection(&ours).cloned().collect();
        let extra: Vec<_> = uses.iter().filter(|name| !may_use.contains(&name.as_str())).collect();
        assert!(extra.is_empty(), "{room} may not use {extra:?}");
    }
}

#[test]
fn every_member_of_the_workspace_is_listed() {
    let manifest: toml::Table = std::fs::read_to_string(root().join("Cargo.toml")).unwrap().parse().unwrap();
    let members: BTreeSet<&str> =
        manifest["workspace"]["members"].as_array().unwrap().iter().filter_map(toml::Value::as_str).collect();
    assert_eq!(members, EDGES.iter().map(|(room, _)| *room).collect());
}

#[test]
fn pure_rooms_link_nothing_else() {
    let ours = ours();
    for (room, may_link) in PURE {
        let extra: Vec<_> = dependencies(room)
            .into_iter()
            .filter(|name| !ours.contains(name) && !may_link.contains(&name.as_str()))
            .collect();
        assert!(extra.is_empty(), "{room} may not link {extra:?}");
    }
}

#[test]
fn a_node_links_no_analysts_door() {
    let links = dependencies("node");
    assert!(!links.contains("arrow-flight") && !links.contains("comfy-table"), "{links:?}");
}

/// Rows are seen in the engine, the sources and the snapshots, and nowhere else in a node.
#[test]
fn record_batches_stay_where_rows_are_read() {
    let mut seen = Vec::new();
    for file in rust_files(&root().join("node/src")) {
        let inside = ["engine", "opt_outs", "restricted", "sources", "snapshot"].iter().any(|room| {
            file.components().any(|part| Path::new(part.as_os_str()).file_stem().is_some_and(|stem| stem == *room))
        });
        if !inside && std::fs::read_to_string(&file).unwrap().contains("RecordBatch") {
            seen.push(file);
        }
    }
    assert!(seen.is_empty(), "RecordBatch in {seen:?}");
}

/// No engine's text becomes a status that crosses the wire.
#[test]
fn statuses_carry_our_own_words() {
    for room in ["node/src", "proto/wire/src", "coordinator/src"] {
        for file in rust_files(&root().join(room)) {
            let text = std::fs::read_to_string(&file).unwrap();
            for (number, line) in text.lines().enumerate() {
                let leaks = line.contains("Status::") && (line.contains("format!") || line.contains(".to_string()"));
                assert!(!leaks, "{}:{}: {line}", file.display(), number + 1);
            }
        }
    }
}

#[test]
fn files_are_short_and_named_by_nouns() {
    for (room, _) in EDGES {
        for file in rust_files(&root().join(room)) {
            let lines = std::fs::read_to_string(&file).unwrap().lines().count();
            assert!(lines <= 600, "{} has {lines} lines; split it by noun", file.display());
            let stem = file.file_stem().unwrap().to_string_lossy().into_owned();
            for vague in ["common", "util", "utils", "helper", "helpers", "manager", "misc"] {
                assert_ne!(stem, vague, "{}", file.display());
            }
        }
    }
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = std::fs::read_dir(&folder) else { continue };
        for entry in entries.flatten() {
            let path = entry.path();
            if path.is_dir() {
                if path.file_name().is_some_and(|name| name != "target") {
                    folders.push(path);
                }
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    files
}
