//! A full disk: nothing is released that is not recorded, and what was recorded stays.
//!
//! The disk is a small file system in memory. Where the operating system does not let a test mount one, the test says so
//! and is skipped.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use node::{Step, Steps};
use wire::{DeskError, Refusal, SiteOutcome};

use super::ledger;
use super::whole::{nothing_is_told, outcomes, told};
use crate::world::{World, answer_to, logged, until, watch_log};

/// A file system of one megabyte over a folder, with what was in the folder.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn over(folder: &Path) -> Option<Self> {
        let files: Vec<(PathBuf, Vec<u8>)> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.is_file())
            .map(|path| (path.clone(), fs::read(path).unwrap()))
            .collect();
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=1m", "tmpfs"]).arg(folder).output();
        if !mounted.is_ok_and(|output| output.status.success()) {
            eprintln!("skipped: this machine does not let a test mount a small file system");
            return None;
        }
        let disk = Self(folder.to_owned());
        for (path, bytes) in files {
            fs::write(path, bytes).unwrap();
        }
        Some(disk)
    }

    fn filler(&self) -> PathBuf {
        self.0.join("filler")
    }

    /// Leaves no room for another byte.
    fn fill(&self) {
        fill(&self.filler());
    }

    fn make_room(&self) {
        fs::remove_file(self.filler()).unwrap();
    }
}

fn fill(filler: &Path) {
    let mut file = File::create(filler).unwrap();
    while file.write_all(&[0; 4096]).is_ok() {}
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: a ledger may be open still.
        drop(Command::new("umount").arg("-l").arg(&self.0).status());
    }
}

/// Fills the disk at one step of the node.
struct FillAt {
    step: Step,
    filler: PathBuf,
    done: AtomicBool,
}

impl Steps for FillAt {
    fn at(&self, step: Step) {
        if step == self.step && !self.done.swap(true, Ordering::SeqCst) {
            fill(&self.filler);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_on_a_full_disk_refuses_and_its_ledger_stays_whole() {
    watch_log();
    // Full before the order comes; as late as in the transaction; and between the commit and its anchor.
    for step in [Step::Received, Step::BeforeCommit, Step::AfterCommit] {
        let world = World::new().await;
        // What the ledger keeps of a catalogue would make room in its files before the order comes.
        world.without_catalogue("RYA");
        drop(world.open_provider("RYA").await);
        ledger::is_whole(&world, "RYA").await;
        let snapshots = world.node_data("RYA").join("snapshot");
        let kept = world.root().join("kept").join("snapshot");
        fs::create_dir(kept.parent().unwrap()).unwrap();
        fs::rename(&snapshots, &kept).unwrap();
        let Some(disk) = SmallDisk::over(&world.node_data("RYA")) else { return };
        std::os::unix::fs::symlink(&kept, &snapshots).unwrap();
        let steps = Arc::new(FillAt { step, filler: disk.filler(), done: AtomicBool::new(false) });
        let clock: Arc<dyn node::Clock> = Arc::new(node::SystemClock);
        let provider = world.open_provider_with("RYA", steps, clock).await.unwrap();
        let coordinator = world.start_coordinator().await;
        let (node, others) = (world.serve_providers(vec![provider]), world.start_nodes(&["RYB", "RYC", "RYD"]).await);
        let mut desk = world.desk().await;
        for _ in 0..2 {
            let answer = answer_to(&mut desk, &world.ask()).await;
            let expected = [
                ("RYA", SiteOutcome::Refused(Refusal::Failed)),
                ("RYB", SiteOutcome::Released),
                ("RYC", SiteOutcome::Released),
                ("RYD", SiteOutcome::Released),
            ];
            assert_eq!(outcomes(&answer), expected, "{step:?}");
        }
        assert!(!logged(&["LEDGER STOPPED", "See that the disk is not full"]).is_empty());
        node.stop().await;
        disk.make_room();
        ledger::is_whole(&world, "RYA").await;
        let recorded = usize::from(step == Step::AfterCommit);
        assert_eq!(ledger::releases(&world, "RYA").len(), recorded, "{step:?}");

        // With room again, and started again, it answers; the ledger goes on where it was.
        let node = world.start_nodes(&["RYA"]).await;
        let answer = answer_to(&mut desk, &world.ask()).await;
        assert_eq!(answer.sites[0].outcome, SiteOutcome::Released, "{step:?}");
        node.stop().await;
        others.stop().await;
        coordinator.stop().await;
        ledger::is_whole(&world, "RYA").await;
        assert_eq!(ledger::releases(&world, "RYA").len(), recorded + 1, "{step:?}");
        nothing_is_told(&world);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_on_a_full_disk_is_not_taken_and_the_one_before_stays() {
    let world = World::new().await;
    drop(world.open_provider("RYA").await);
    ledger::is_whole(&world, "RYA").await;
    let Some(disk) = SmallDisk::over(&world.node_data("RYA")) else { return };
    let config = node::Config::read(&world.node_config("RYA")).unwrap();
    let before = node::take(&config, chrono::Utc::now()).unwrap();
    disk.fill();
    let error = node::take(&config, chrono::Utc::now()).unwrap_err();
    let error = told(error);
    assert!(error.contains("cannot be written; see that the disk is not full"), "{error}");
    disk.make_room();
    let current = fs::read_to_string(world.node_data("RYA").join("snapshot").join("current")).unwrap();
    assert_eq!(current.trim_end(), before.to_string());
    drop(world.open_provider("RYA").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_coordinator_on_a_full_disk_says_so_and_its_store_stays_whole() {
    let world = World::new().await;
    // A folder of its own for the store, so that only that is small.
    let folder = world.folder.coordinator().join("small");
    fs::create_dir(&folder).unwrap();
    crate::world::edit(&world.coordinator_config(), "\"store.sqlite\"", "\"small/store.sqlite\"");
    let Some(disk) = SmallDisk::over(&folder) else { return };
    let coordinator = world.start_coordinator().await;
    let nodes = world.start_nodes(&["RYA", "RYB", "RYC", "RYD"]).await;
    let mut desk = world.desk().await;
    let first = answer_to(&mut desk, &world.ask()).await;
    assert_eq!(first.groups[0].answered, 4);
    disk.fill();
    let error = desk.ask(&world.ask()).await.unwrap_err();
    assert!(matches!(&error, DeskError::Failed(told) if told.contains("its operator's log says why")), "{error:?}");
    // What was answered before is there still, and nothing of the failed question is.
    assert_eq!(desk.answer(first.run).await.unwrap(), first);
    assert_eq!(desk.runs().await.unwrap().len(), 1);
    disk.make_room();
    let again = until("the store takes questions again", async || desk.ask(&world.ask()).await.ok()).await;
    let second = crate::world::closed(&mut desk, again).await;
    assert_eq!(second.groups[0].cells, first.groups[0].cells);
    nodes.stop().await;
    coordinator.stop().await;
    let coordinator = world.start_coordinator().await;
    let mut desk = world.desk().await;
    assert_eq!(desk.answer(first.run).await.unwrap(), first);
    assert_eq!(desk.answer(second.run).await.unwrap(), second);
    coordinator.stop().await;
}

/// Fills the disk as soon as orders are kept, and counts the outcomes that come while it is full.
struct FillOnceAsked {
    filler: PathBuf,
    came: Arc<AtomicUsize>,
}

impl coordinator::Steps for FillOnceAsked {
    fn at(&self, step: coordinator::Step) {
        match step {
            coordinator::Step::OrdersStored => fill(&self.filler),
            coordinator::Step::ReleaseReceived => drop(self.came.fetch_add(1, Ordering::SeqCst)),
            _ => {}
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn outcomes_that_a_full_disk_turned_away_are_kept_once_there_is_room() {
    let world = World::new().await;
    let folder = world.folder.coordinator().join("small");
    fs::create_dir(&folder).unwrap();
    crate::world::edit(&world.coordinator_config(), "\"store.sqlite\"", "\"small/store.sqlite\"");
    let Some(disk) = SmallDisk::over(&folder) else { return };
    let came = Arc::new(AtomicUsize::new(0));
    let steps = FillOnceAsked { filler: disk.filler(), came: Arc::clone(&came) };
    let coordinator = world.start_coordinator_with(steps).await;
    let node = world.start_nodes(&["RYA"]).await;
    let mut desk = world.desk().await;
    world.connected(&mut desk, &["RYA"]).await;
    let run = desk.ask(&wire::Ask { deadline_s: Some(60), ..world.ask() }).await.unwrap();
    until("the node has been turned away often", async || (came.load(Ordering::SeqCst) >= 5).then_some(())).await;
    let waiting = desk.answer(run).await.unwrap();
    assert!(waiting.sites.iter().all(|site| site.outcome == SiteOutcome::Waiting), "{:?}", outcomes(&waiting));
    disk.make_room();
    let others = world.start_nodes(&["RYB", "RYC", "RYD"]).await;
    let answer = crate::world::closed(&mut desk, run).await;
    assert!(answer.sites.iter().all(|site| site.outcome == SiteOutcome::Released), "{:?}", outcomes(&answer));
    node.stop().await;
    others.stop().await;
    coordinator.stop().await;
}
