//! The program `tallyward-node` itself, started as an operator starts it.
//!
//! That these tests are here also makes Cargo build the program, which the region's tests start.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::process::{Command, Output};

fn tallyward_node(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_tallyward-node")).args(arguments).output().unwrap()
}

/// Runs the program and sees that it fails, says so with these words, and says nothing on standard output.
fn check(arguments: &[&str], words: &[&str]) {
    let output = tallyward_node(arguments);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "{arguments:?}");
    assert!(output.stdout.is_empty(), "{arguments:?}");
    for word in words {
        assert!(said.contains(word), "{arguments:?}: {said}");
    }
}

#[test]
fn what_cannot_be_done_is_said_and_fails() {
    let folder = tempfile::tempdir().unwrap();
    let absent = folder.path().join("absent.toml").to_string_lossy().into_owned();
    let malformed = folder.path().join("malformed.toml");
    std::fs::write(&malformed, "provider = \"RAA\"\nkind = 7\n").unwrap();
    let malformed = malformed.to_string_lossy().into_owned();
    for command in ["check", "init", "serve", "snapshot"] {
        check(&[command, &absent], &["tallyward-node:", "absent.toml"]);
        check(&[command, &malformed], &["tallyward-node:", "malformed.toml"]);
    }
    for command in ["verify", "export", "month", "report"] {
        let month = if command == "month" { vec!["2026-11"] } else { vec![] };
        let which = if command == "report" { vec!["--release", "1"] } else { vec![] };
        let arguments = [vec!["audit", command], month, vec![absent.as_str()], which].concat();
        check(&arguments, &["tallyward-node:", "absent.toml"]);
    }
    check(&["try-policy", &absent, "--policy", &malformed], &["tallyward-node:", "absent.toml"]);
    check(&["rebaseline", &absent, &malformed], &["tallyward-node:", "absent.toml"]);
    check(&["audit", "month", "2026-13", &absent], &["2026-13"]);
    check(&["serve"], &["Usage: tallyward-node serve"]);
    check(&["answer"], &["unrecognized subcommand"]);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing was made");
}

#[test]
fn it_says_its_version() {
    let output = tallyward_node(&["--version"]);
    assert!(output.status.success());
    assert_eq!(String::from_utf8_lossy(&output.stdout), concat!("tallyward-node ", env!("CARGO_PKG_VERSION"), "\n"));
}
