//! Nodes and coordinators are killed where it hurts most: nothing is lost, nothing is counted twice, and no site is
//! taken for what it is not.
//!
//! Every program here is a process of its own over real sockets and files, and it is ended by SIGKILL.

mod absence;
mod analyst;
mod coordinators;
mod ground;
mod kept;
mod ledger;
mod nodes;
pub mod process;
mod random;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use ground::{CODES, Ground};
use process::{At, Process, Role};

/// How long anything may take before the test fails.
const LONGEST: Duration = Duration::from_secs(60);
/// How often a condition is looked at.
const LOOK: Duration = Duration::from_millis(10);
/// The provider whose node is killed.
const VICTIM: &str = CODES[3];

/// Waits until `look` gives something.
async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(began.elapsed() < LONGEST, "waited in vain for {what}");
        tokio::time::sleep(LOOK).await;
    }
}

/// The coordinator, as a process.
fn start_coordinator(ground: &Ground, kill: Option<At>) -> Process {
    Process::start(Role::Coordinator, &[ground.coordinator_file()], kill)
}

/// Nodes, all in one process.
fn start_nodes(ground: &Ground, codes: &[&str], kill: Option<At>) -> Process {
    let files: Vec<PathBuf> = codes.iter().map(|code| ground.node_file(code)).collect();
    Process::start(Role::Node, &files, kill)
}
