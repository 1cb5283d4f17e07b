//! The coordinator's log as its operator and auditors read it: by the program, whole, and altered in every way.

use std::process::Command;

use coordinator::log::{AuditLog, LogError};
use coordinator::store::{AuditEntry, LogEnd, verify_chain};
use rusqlite::Connection;
use template::{CheckpointDocument, Digest, Document as _, Epoch, LogName};
use wire::{DeskDoor as _, LinkDoor as _, Outcome};

use crate::region::{Region, ada, answered, ask};
use crate::restart::close_all;

/// A region with one run, a signed checkpoint of the coordinator's log, and a little more after it.
async fn logged() -> Region {
    let region = Region::governed(3);
    let coordinator = region.open();
    let asked = wire::Ask { purpose: "=cmd|' /C calc'!A0".into(), ..ask() };
    let run = coordinator.ask(ada(), asked, None).await.unwrap();
    for node in &region.nodes {
        let taken = node.take(&coordinator).await;
        node.submit(&coordinator, taken.id(), Outcome::Release(node.release(&taken, [40, 40]))).await;
    }
    answered(&coordinator, run).await;
    let node = &region.nodes[0];
    let document = CheckpointDocument {
        log: LogName::Provider(node.code.clone()),
        epoch: Epoch::random().unwrap(),
        size: 1,
        head: Digest::of(b"one"),
        at: region.now(),
    };
    let own = document.sign(&[&node.key]).to_bytes();
    let theirs = coordinator.countersign(node.code.clone(), own).await.unwrap().coordinator.unwrap();
    let mut both = template::Envelope::parse(&theirs).unwrap();
    both.add_signature(&node.key).unwrap();
    coordinator.witnessed(node.code.clone(), both.to_bytes()).await.unwrap();
    coordinator.ask(ada(), ask(), None).await.unwrap();
    close_all(coordinator);
    region
}

fn entries(region: &Region) -> Vec<AuditEntry> {
    let store = coordinator::Store::open(&region.path("coordinator.sqlite")).unwrap();
    let mut entries = Vec::new();
    store
        .audit(|entry| {
            entries.push(entry);
            Ok(())
        })
        .unwrap();
    entries
}

fn program(region: &Region, arguments: &[&str]) -> (bool, String, String) {
    let config = region.path("coordinator.toml");
    let mut command = Command::new(env!("CARGO_BIN_EXE_tallyward-coordinator"));
    let output = command.arg("audit").args(&arguments[..1]).arg(config).args(&arguments[1..]).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.success(), text(output.stdout), text(output.stderr))
}

#[tokio::test]
async fn the_program_verifies_the_log_and_writes_it_out() {
    let region = logged().await;
    let entries = entries(&region);
    let end = verify_chain(&entries).unwrap();
    let (ok, out, _) = program(&region, &["verify"]);
    let words = format!(
        "{} entries hang together, up to {}; 1 signed checkpoints agree, 1 countersignatures of providers on them",
        end.size, end.head
    );
    assert!(ok && out.trim() == words, "{out}");

    // One line an entry: whoever has the lines can follow the chain without this program.
    let (ok, lines, _) = program(&region, &["export"]);
    assert!(ok);
    let lines: Vec<serde_json::Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), entries.len());
    for (place, (line, entry)) in lines.iter().zip(&entries).enumerate() {
        assert_eq!(line["n"], place as u64 + 1);
        assert_eq!((&line["head"], &line["who"]), (&entry.head.to_string().into(), &entry.note.who.clone().into()));
        assert!(place == 0 || line["previous_head"] == lines[place - 1]["head"]);
    }
    let (ok, table, _) = program(&region, &["export", "--format", "csv"]);
    assert!(ok && table.starts_with("n,at,kind,subject,who,sha256,detail,previous_head,head\n"));
    assert_eq!(table.lines().count(), entries.len() + 1);
    assert!(table.contains("cmd|") && !table.contains(",\"="), "no cell is a formula: {table}");
}

#[tokio::test]
async fn a_log_that_was_altered_is_found_out() {
    type Alter = fn(&Connection, &[AuditEntry]);
    let cases: [(&str, Alter, &str); 6] = [
        ("another purpose", |log, _| change(log, "update audit set detail = 'for: research' where n = 3"), "entry 3"),
        ("another moment", |log, _| change(log, "update audit set at = at + 1 where n = 2"), "entry 2"),
        ("one entry gone", |log, _| change(log, "delete from audit where n = 4"), "entry 4"),
        (
            "two entries change places",
            |log, _| {
                change(
                    log,
                    "update audit set n = 99 where n = 3; update audit set n = 3 where n = 4; update audit set n = 4 where n = 99",
                )
            },
            "entry 3",
        ),
        (
            "cut off before its signed checkpoint",
            |log, _| change(log, "delete from audit where n > 5"),
            "was cut off or rewritten",
        ),
        ("written anew from the second entry on", rewritten, "was cut off or rewritten"),
    ];
    for (what, alter, words) in cases {
        let region = logged().await;
        let entries = entries(&region);
        let store = region.path("coordinator.sqlite");
        let log = Connection::open(&store).unwrap();
        log.execute_batch("drop trigger audit_stays; drop trigger audit_remains").unwrap();
        alter(&log, &entries);
        drop(log);
        let config = region.config();
        let found = AuditLog::open(&store).unwrap().verify(&config.signing_key.public(), &config.roster).unwrap_err();
        assert!(matches!(found, LogError::Chain(_) | LogError::Checkpoint { .. }), "{what}: {found:?}");
        assert!(found.to_string().contains(words), "{what}: {found}");
        let (ok, _, told) = program(&region, &["verify"]);
        assert!(!ok && told.contains(words), "{what}: {told}");
    }
}

fn change(log: &Connection, sql: &str) {
    log.execute_batch(sql).unwrap();
}

/// Whoever has the store makes a chain that hangs together, with another purpose: only the checkpoint says otherwise.
fn rewritten(log: &Connection, entries: &[AuditEntry]) {
    let mut end = LogEnd::empty();
    for entry in entries {
        let mut note = entry.note.clone();
        if entry.n == 2 {
            note.detail = "for: research".into();
        }
        let next = end.after(entry.at, &note);
        log.execute(
            "update audit set detail = ?2, previous_head = ?3, head = ?4 where n = ?1",
            rusqlite::params![entry.n, note.detail, end.head.to_string(), next.head.to_string()],
        )
        .unwrap();
        end = next;
    }
}
