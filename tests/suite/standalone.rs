//! A standalone node takes its provider's place in a running region, as the README tells.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use demo::region::folder::Folder;
use demo::region::{self, Prepared, Silence, Spec};
use rusqlite::{Connection, OpenFlags};
use template::Envelope;
use tokio::net::TcpListener;
use wire::{Ask, ClientTls, Desk, ParameterValue, RunId, RunState, SiteOutcome, TlsFiles};

use crate::kill::process::{Process, Role};

/// How long anything may take before the test fails.
const LONGEST: Duration = Duration::from_secs(90);
/// How often a condition is looked at.
const LOOK: Duration = Duration::from_millis(20);

/// The node's program, which ends with its handle; where it was not built, this test's own binary in its place.
enum Standalone {
    Program { child: Child, log: PathBuf },
    Rerun(Process),
}

impl Standalone {
    fn is_running(&mut self) -> bool {
        match self {
            Self::Program { child, .. } => child.try_wait().unwrap().is_none(),
            Self::Rerun(process) => process.is_running(),
        }
    }

    fn log(&self) -> String {
        match self {
            Self::Program { log, .. } => std::fs::read_to_string(log).unwrap_or_default(),
            Self::Rerun(process) => process.log(),
        }
    }
}

impl Drop for Standalone {
    fn drop(&mut self) {
        if let Self::Program { child, .. } = self {
            // It may have ended already.
            let _ended = child.kill();
            let _status = child.wait();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_standalone_node_serves_two_providers_of_a_region() {
    let dir = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let spec = Spec { dir: dir.path().to_owned(), people: 2_000, seed: 7 };
    let prepared =
        tokio::task::spawn_blocking(move || region::prepare(&spec, &address, &Silence)).await.unwrap().unwrap();
    assert_eq!(prepared.providers.len(), 108);
    let apart = [first_of_kind(&prepared, "gp"), first_of_kind(&prepared, "hospital")];
    let running = region::start(&prepared, listener, &apart).await.unwrap();
    assert!(running.connected(LONGEST).await, "the region's own nodes are connected");

    let mut desk = desk(&prepared.folder, running.address()).await;
    let explained = desk.explain(&ask()).await.unwrap();
    let missing: Vec<String> =
        explained.sites.iter().filter(|site| !site.connected).map(|site| site.provider.to_string()).collect();
    let mut expected = apart.to_vec();
    expected.sort();
    assert_eq!(sorted(missing), expected, "the region runs without them");

    let mut node = standalone(&prepared.folder, &apart);
    let began = Instant::now();
    while !desk.explain(&ask()).await.unwrap().sites.iter().all(|site| site.connected) {
        assert!(node.is_running(), "the node ended: {}", node.log());
        assert!(began.elapsed() < LONGEST, "the standalone node does not connect: {}", node.log());
        tokio::time::sleep(LOOK).await;
    }

    let settings = cli::Settings::read(&prepared.folder.analyst().join("tallyward.toml")).unwrap();
    let run = cli::ask(&mut desk, &settings.signing, &ask()).await.unwrap();
    let answer = loop {
        let answer = desk.answer(run).await.unwrap();
        if answer.state == RunState::Answered {
            break answer;
        }
        assert!(began.elapsed() < LONGEST, "the run is not answered");
        tokio::time::sleep(LOOK).await;
    };
    let released = answer.sites.iter().filter(|site| site.outcome == SiteOutcome::Released);
    assert_eq!(released.count(), 108, "{:?}", answer.sites);
    assert_eq!(answer.groups.iter().map(|group| group.answered).sum::<u32>(), 108);
    assert_eq!(distinct_releases(&prepared.folder, run), 108);
    running.stop().await;
}

/// The question of the demonstration, which asks every provider.
fn ask() -> Ask {
    let value = |name: &str, value: &str| ParameterValue { name: name.to_owned(), value: value.to_owned() };
    Ask {
        template: "long-term-condition-cost".to_owned(),
        version: None,
        parameters: vec![value("from", "2023-04"), value("to", "2025-03")],
        purpose: "See what care costs for people with and without long-term conditions".to_owned(),
        deadline_s: Some(80),
        grouping: None,
    }
}

/// The first provider of a kind, as its own configuration says.
fn first_of_kind(prepared: &Prepared, kind: &str) -> String {
    let of_kind = |code: &&String| {
        let text = std::fs::read_to_string(prepared.folder.provider(code).join("node.toml")).unwrap();
        text.lines().any(|line| line == format!("kind = \"{kind}\""))
    };
    prepared.providers.iter().find(of_kind).unwrap().clone()
}

/// The documented variant: `tallyward-node serve REGION/providers/CODE/node.toml …`.
fn standalone(folder: &Folder, codes: &[String]) -> Standalone {
    let files: Vec<PathBuf> = codes.iter().map(|code| folder.provider(code).join("node.toml")).collect();
    // `cargo test --workspace` builds it beside the tests; `cargo test -p tests` does not.
    let tests = std::env::current_exe().unwrap();
    let program = tests.parent().and_then(Path::parent).unwrap().join("tallyward-node");
    if !program.is_file() {
        return Standalone::Rerun(Process::start(Role::Node, &files, None));
    }
    let log = folder.root().join("standalone.log");
    let child = Command::new(program)
        .arg("serve")
        .args(files)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(File::create(&log).unwrap())
        .spawn()
        .unwrap();
    Standalone::Program { child, log }
}

async fn desk(folder: &Folder, address: &str) -> Desk {
    let files = TlsFiles {
        certificate: folder.analyst().join("certificate.pem"),
        key: folder.analyst().join("key.pem"),
        authority: folder.authority().join("certificate.pem"),
    };
    let name = demo::region::authority::COORDINATOR_NAME;
    Desk::connect(address, name, &ClientTls::load(&files).unwrap()).await.unwrap()
}

/// How many different signed releases, each naming another provider and its own order, the store holds of a run. The
/// coordinator verified each before it kept it as one.
fn distinct_releases(folder: &Folder, run: RunId) -> usize {
    let store = folder.coordinator().join("store.sqlite");
    let connection = Connection::open_with_flags(store, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let mut statement = connection
        .prepare(
            "select ordered.id, provider, key, outcome.envelope from ordered join outcome on ordered = ordered.id \
             where run = ?1 and outcome.kind = 'release'",
        )
        .unwrap();
    let releases = statement
        .query_map([run.to_string()], |row| {
            Ok((
                row.get::<_, String>(0)?,
                row.get::<_, String>(1)?,
                row.get::<_, String>(2)?,
                row.get::<_, Vec<u8>>(3)?,
            ))
        })
        .unwrap();
    let mut distinct = std::collections::BTreeSet::new();
    for release in releases {
        let (order, provider, key, bytes) = release.unwrap();
        let envelope = Envelope::parse(&bytes).unwrap();
        let verified = envelope.verify(template::PayloadType::Release, &[key.parse().unwrap()]).unwrap();
        let document: serde_json::Value = serde_json::from_slice(verified.payload).unwrap();
        assert_eq!(document["order_id"], order, "{document}");
        assert_eq!(document["provider"], provider);
        distinct.insert((order, provider, bytes));
    }
    distinct.len()
}

fn sorted(mut codes: Vec<String>) -> Vec<String> {
    codes.sort();
    codes
}
