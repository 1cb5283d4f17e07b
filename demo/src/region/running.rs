//! A running region: its coordinator and all its nodes, in one process, each with its own identity and connection.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use coordinator::{Coordinator, NoSteps};
use node::{Steps, Unobserved};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::{Prepared, governance};

/// How often it is looked whether everybody is connected.
const LOOK: Duration = Duration::from_millis(20);

/// A running region.
pub struct Running {
    address: String,
    nodes: usize,
    coordinator: Coordinator,
    // The nodes, then the coordinator: the order in which they stop.
    serving: [(watch::Sender<bool>, JoinHandle<std::io::Result<()>>); 2],
}

/// Starts the coordinator on `listener`, has the region's enrolment and agreements published, and starts every node but
/// those in `without`.
///
/// # Errors
/// Where a configuration, ledger or snapshot of the region is not whole, `without` names nobody, or the coordinator does
/// not take the region's documents.
pub async fn start(prepared: &Prepared, listener: TcpListener, without: &[String]) -> Result<Running> {
    if let Some(unknown) = without.iter().find(|code| !prepared.providers.contains(code)) {
        bail!(
            "the region has no provider `{unknown}`; its providers are the folders in {}",
            prepared.folder.providers().display()
        );
    }
    let address = listener.local_addr()?.to_string();
    let file = prepared.folder.coordinator().join("coordinator.toml");
    let coordinator = Coordinator::open(coordinator::Config::read(&file)?, NoSteps).context("the coordinator")?;
    let here = prepared.providers.iter().filter(|code| !without.contains(code));
    let files: Vec<_> = here.map(|code| prepared.folder.provider(code).join("node.toml")).collect();
    let providers = tokio::task::spawn_blocking(move || {
        let configs = files.iter().map(|file| node::Config::read(file)).collect::<Result<Vec<_>, _>>()?;
        let steps: Arc<dyn Steps> = Arc::new(Unobserved);
        anyhow::Ok(node::open_all(configs, &steps)?)
    })
    .await??;
    let nodes = providers.len();
    let [(stop_nodes, nodes_stopped), (stop_coordinator, coordinator_stopped)] =
        [watch::channel(false), watch::channel(false)];
    let until = |mut stopped: watch::Receiver<bool>| async move {
        // A sender that is gone has stopped, too.
        let _stopped = stopped.wait_for(|stopped| *stopped).await;
    };
    let coordinating = tokio::spawn(coordinator::serve(coordinator.clone(), listener, until(coordinator_stopped)));
    // Before anybody asks, the region says who may, and under which agreements.
    governance::publish(&prepared.folder, &address).await.context("the enrolment and the agreements")?;
    let serving =
        [(stop_nodes, tokio::spawn(node::serve(providers, until(nodes_stopped)))), (stop_coordinator, coordinating)];
    Ok(Running { address, nodes, coordinator, serving })
}

impl Running {
    /// Where the coordinator listens, `host:port`.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// How many nodes run in this process.
    #[must_use]
    pub fn nodes(&self) -> usize {
        self.nodes
    }

    /// Waits until every node of this process is connected, at most so long; whether it is so.
    pub async fn connected(&self, at_most: Duration) -> bool {
        let until = Instant::now() + at_most;
        while self.coordinator.connected() < self.nodes {
            if Instant::now() >= until {
                return false;
            }
            tokio::time::sleep(LOOK).await;
        }
        true
    }

    /// Stops the nodes and the coordinator. Whatever they have recorded stays.
    pub async fn stop(self) {
        for (stop, task) in self.serving {
            stop.send_replace(true);
            // A task that failed has said so in its log.
            let _ended = task.await;
        }
    }
}
