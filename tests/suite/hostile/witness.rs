//! The coordinator as witness of a provider's ledger, and the provider as witness of its own: whatever is restored, made
//! anew or copied is found out, and what was committed is sent once it can be.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

use rusqlite::{Connection, OpenFlags};
use wire::{Answer, Desk, Refusal, SiteOutcome};

use super::ledger;
use super::registry::noted;
use super::whole::{nothing_is_told, told};
use crate::world::{World, answer_to, closed};

const LEDGER: [&str; 2] = ["ledger.sqlite", "ledger.anchor"];

const COUNTERSIGNED: [&str; 1] = ["\"checkpoint\":{\"log\":\"own\""];

/// A world in whose provider RYA nothing but orders and checkpoints makes the ledger grow.
async fn watched() -> World {
    let world = World::new().await;
    world.without_catalogue("RYA");
    world
}

/// How many checkpoints of RYA's log contradicted what the coordinator had countersigned; both of each are kept.
fn conflicts(world: &World) -> usize {
    let store = world.folder.coordinator().join("store.sqlite");
    let store = Connection::open_with_flags(store, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let count = "select count(*) from conflict where log = 'provider:RYA' and length(ours) > 0 and length(theirs) > 0";
    store.query_row(count, [], |row| row.get(0)).unwrap()
}

/// The bytes that the coordinator took as RYA's release in the newest run.
fn taken(world: &World, answer: &Answer) -> Vec<u8> {
    let store = world.folder.coordinator().join("store.sqlite");
    let store = Connection::open_with_flags(store, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let select = "select outcome.envelope from ordered join outcome on ordered = ordered.id \
                  where run = ?1 and provider = 'RYA' and outcome.kind = 'release'";
    store.query_row(select, [answer.run.to_string()], |row| row.get(0)).unwrap()
}

fn of_rya(answer: &Answer) -> SiteOutcome {
    answer.sites.iter().find(|site| site.provider.as_str() == "RYA").unwrap().outcome
}

const QUARANTINED: SiteOutcome = SiteOutcome::Refused(Refusal::Quarantined);

/// Asks the world's question with RYA's node running alone, and gives what came of RYA.
async fn alone(world: &World, desk: &mut Desk, provider: node::Provider) -> SiteOutcome {
    let node = world.serve_providers(vec![provider]);
    let answer = answer_to(desk, &wire::Ask { deadline_s: Some(3), ..world.ask() }).await;
    node.stop().await;
    of_rya(&answer)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ledger_restored_with_its_anchor_contradicts_the_checkpoint_that_was_countersigned() {
    let world = watched().await;
    let coordinator = world.start_coordinator().await;
    let mut desk = world.desk().await;
    let data = world.node_data("RYA");
    let copy = |from: &str, to: &str| {
        for name in LEDGER {
            std::fs::copy(data.join(format!("{name}{from}")), data.join(format!("{name}{to}"))).unwrap();
        }
    };
    // The log grows while it is connected, and is countersigned with the next connection.
    assert_eq!(alone(&world, &mut desk, world.open_provider("RYA").await).await, SiteOutcome::Released);
    ledger::is_whole(&world, "RYA").await;
    copy("", ".yesterday");
    for times in [1, 2] {
        let node = world.start_nodes(&["RYA"]).await;
        noted(&world, &COUNTERSIGNED, times).await;
        node.stop().await;
        assert_eq!(alone(&world, &mut desk, world.open_provider("RYA").await).await, SiteOutcome::Released);
    }
    ledger::is_whole(&world, "RYA").await;
    assert_eq!(conflicts(&world), 0);

    copy(".yesterday", "");
    let node = world.start_nodes(&["RYA"]).await;
    // Before anything is asked: the log that the node shows is shorter than one that it signed.
    noted(&world, &["\"quarantined\"", "this provider signed that its log has"], 1).await;
    assert_eq!(conflicts(&world), 1);
    node.stop().await;
    assert_eq!(alone(&world, &mut desk, world.open_provider("RYA").await).await, QUARANTINED);
    coordinator.stop().await;
}

/// Holds the first order that is committed until it is let go.
struct Held {
    reached: Mutex<Option<Sender<()>>>,
    go: Mutex<Receiver<()>>,
}

impl node::Steps for Held {
    fn at(&self, step: node::Step) {
        if step == node::Step::AfterCommit
            && let Some(reached) = self.reached.lock().unwrap().take()
        {
            reached.send(()).unwrap();
            let longest = std::time::Duration::from_secs(30);
            self.go.lock().unwrap().recv_timeout(longest).unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_committed_while_the_witness_was_away_is_sent_once_it_is_back() {
    let world = watched().await;
    let coordinator = world.start_coordinator().await;
    let others = world.start_nodes(&["RYB", "RYC", "RYD"]).await;
    let ((reached, committed), (release, go)) = (channel(), channel());
    let held = Held { reached: Mutex::new(Some(reached)), go: Mutex::new(go) };
    let provider = world.open_provider_with("RYA", Arc::new(held), Arc::new(node::SystemClock)).await.unwrap();
    let node = world.serve_providers(vec![provider]);
    let mut desk = world.desk().await;
    world.connected(&mut desk, &["RYA", "RYB", "RYC", "RYD"]).await;
    let run = desk.ask(&world.ask()).await.unwrap();
    tokio::task::spawn_blocking(move || committed.recv().unwrap()).await.unwrap();
    // The release is in the ledger, and the coordinator goes away before a byte of it has left.
    coordinator.stop().await;
    release.send(()).unwrap();
    noted(&world, &["\"decision\":\"released\""], 1).await;
    let coordinator = world.start_coordinator().await;
    let mut desk = world.desk().await;
    let answer = closed(&mut desk, run).await;
    assert!(answer.sites.iter().all(|site| site.outcome == SiteOutcome::Released), "{:?}", answer.sites);
    let sent = taken(&world, &answer);
    node.stop().await;
    others.stop().await;
    coordinator.stop().await;
    // One row, and exactly its bytes.
    ledger::is_whole(&world, "RYA").await;
    assert_eq!(ledger::releases(&world, "RYA"), [sent]);
    nothing_is_told(&world);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ledger_made_anew_in_the_place_of_a_lost_one_is_refused_by_both() {
    let world = watched().await;
    let coordinator = world.start_coordinator().await;
    let mut desk = world.desk().await;
    assert_eq!(alone(&world, &mut desk, world.open_provider("RYA").await).await, SiteOutcome::Released);
    let node = world.start_nodes(&["RYA"]).await;
    noted(&world, &COUNTERSIGNED, 1).await;
    node.stop().await;
    ledger::is_whole(&world, "RYA").await;
    let config = world.node_config("RYA");
    let epoch = || node::Audit::read(&config, &node::Part::Nothing).unwrap().held().epoch.clone();
    let before = epoch();
    let database = world.node_data("RYA").join("ledger.sqlite");
    std::fs::remove_file(&database).unwrap();
    let opened = world.open_provider_with("RYA", Arc::new(node::Unobserved), Arc::new(node::SystemClock)).await;
    let error = told(opened.err().unwrap());
    assert!(error.contains("restore its ledger instead"), "{error}");
    assert!(!database.exists());

    // Made anew it is another ledger, and not the one that the coordinator has seen: neither side goes on with it.
    node::init(&config).unwrap();
    assert_ne!(epoch(), before);
    assert_eq!(alone(&world, &mut desk, world.open_provider("RYA").await).await, QUARANTINED);
    assert_eq!(alone(&world, &mut desk, world.open_provider("RYA").await).await, QUARANTINED, "after a restart too");
    assert_eq!(ledger::releases(&world, "RYA").len(), 0);
    coordinator.stop().await;
}

/// A copy of everything that RYA's machine holds, beside it. Returns the copy's configuration.
fn cloned(world: &World) -> PathBuf {
    fn copy(from: &Path, to: &Path) {
        std::fs::create_dir_all(to).unwrap();
        for entry in std::fs::read_dir(from).unwrap() {
            let entry = entry.unwrap();
            let into = to.join(entry.file_name());
            if entry.path().is_dir() {
                copy(&entry.path(), &into);
            } else {
                std::fs::copy(entry.path(), into).unwrap();
            }
        }
    }
    let place = world.folder.provider("RYA");
    let clone = place.with_file_name("clone");
    copy(&place, &clone);
    clone.join("node.toml")
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_machine_and_its_copy_one_goes_on() {
    let world = watched().await;
    let coordinator = world.start_coordinator().await;
    let mut desk = world.desk().await;
    assert_eq!(alone(&world, &mut desk, world.open_provider("RYA").await).await, SiteOutcome::Released);
    let config = cloned(&world);
    let copy = || node::Provider::open(node::Config::read(&config).unwrap(), Arc::new(node::Unobserved)).unwrap();

    // Both at once, for as long as it takes to ask a few times: each takes the other's place at the coordinator.
    let nodes = world.serve_providers(vec![world.open_provider("RYA").await, tokio::task::block_in_place(copy)]);
    let mut released = 1;
    for _ in 0..5 {
        let answer = answer_to(&mut desk, &wire::Ask { deadline_s: Some(5), ..world.ask() }).await;
        let said = of_rya(&answer);
        assert!([SiteOutcome::Released, SiteOutcome::InvalidRelease, QUARANTINED].contains(&said), "{said:?}");
        released += usize::from(said == SiteOutcome::Released);
    }
    nodes.stop().await;

    // Whichever it is whose releases the coordinator has, it goes on; the other never answers again.
    let original = alone(&world, &mut desk, world.open_provider("RYA").await).await;
    let other = alone(&world, &mut desk, tokio::task::block_in_place(copy)).await;
    let mut both = [original, other];
    both.sort_by_key(|outcome| *outcome != SiteOutcome::Released);
    assert_eq!(both, [SiteOutcome::Released, QUARANTINED], "the original first: {original:?}, {other:?}");
    let surviving = if original == SiteOutcome::Released { world.node_config("RYA") } else { config.clone() };
    let held = node::Audit::read(&surviving, &node::Part::Nothing).unwrap().held().clone();
    assert!(!held.quarantined && held.releases > released as u64, "{held:?} and {released}");
    coordinator.stop().await;
}
