//! Starting and stopping a world's programs in this process, and waiting for what they do.

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use demo::region::authority::COORDINATOR_NAME;
use futures::StreamExt as _;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use wire::{Answer, Ask, ClientTls, Desk, RunId};

use super::{World, held};

/// How long anything may take before the test fails.
const LONGEST: Duration = Duration::from_secs(30);
/// How often a condition is looked at.
const LOOK: Duration = Duration::from_millis(5);

/// A coordinator, or some nodes, at work. Dropped without [`Running::stop`] it is cut off, like a killed process.
pub struct Running {
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<io::Result<()>>,
}

impl Running {
    fn new<F>(serve: impl FnOnce(oneshot::Receiver<()>) -> F) -> Self
    where
        F: Future<Output = io::Result<()>> + Send + 'static,
    {
        let (stop, stopped) = oneshot::channel();
        Self { stop: Some(stop), task: tokio::spawn(serve(stopped)) }
    }

    /// Asks it to stop and waits until it has.
    pub async fn stop(mut self) {
        drop(self.stop.take());
        (&mut self.task).await.unwrap().unwrap();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl World {
    /// Starts the coordinator on the world's address.
    pub async fn start_coordinator(&self) -> Running {
        self.start_coordinator_with(coordinator::NoSteps).await
    }

    /// [`Self::start_coordinator`], observed.
    pub async fn start_coordinator_with(&self, steps: impl coordinator::Steps) -> Running {
        self.start_coordinator_at(steps, coordinator::SystemClock).await
    }

    /// [`Self::start_coordinator_with`], by another clock.
    pub async fn start_coordinator_at(
        &self,
        steps: impl coordinator::Steps,
        clock: impl coordinator::Clock,
    ) -> Running {
        let config = coordinator::Config::read(&self.coordinator_config()).unwrap();
        let coordinator = coordinator::Coordinator::open_at(config, steps, clock).unwrap();
        let kept = held(&self.listener).take();
        let listener = match kept {
            Some(listener) => listener,
            None => {
                until("the coordinator's port is free", async || TcpListener::bind(self.address()).await.ok()).await
            }
        };
        Running::new(
            |stopped| async move { coordinator::serve(coordinator, listener, async { drop(stopped.await) }).await },
        )
    }

    /// Starts the nodes of these providers, all in one host.
    pub async fn start_nodes(&self, codes: &[&str]) -> Running {
        let mut providers = Vec::new();
        for code in codes {
            providers.push(self.open_provider(code).await);
        }
        self.serve_providers(providers)
    }

    /// Serves opened providers.
    pub fn serve_providers(&self, providers: Vec<node::Provider>) -> Running {
        Running::new(|stopped| node::serve(providers, async { drop(stopped.await) }))
    }

    /// Opens a provider as its node would.
    pub async fn open_provider(&self, code: &str) -> node::Provider {
        self.open_provider_with(code, Arc::new(node::Unobserved), Arc::new(node::SystemClock)).await.unwrap()
    }

    /// [`Self::open_provider`], observed and by another clock.
    pub async fn open_provider_with(
        &self,
        code: &str,
        steps: Arc<dyn node::Steps>,
        clock: Arc<dyn node::Clock>,
    ) -> Result<node::Provider, node::OpenError> {
        let config = node::Config::read(&self.node_config(code))?;
        let open = move || node::Provider::open_at(config, steps, clock);
        tokio::task::spawn_blocking(open).await.unwrap()
    }

    /// Connects as the world's analyst.
    pub async fn desk(&self) -> Desk {
        let tls = ClientTls::load(&self.tls(&self.folder.analyst())).unwrap();
        until("the analysts' door opens", async || Desk::connect(self.address(), COORDINATOR_NAME, &tls).await.ok())
            .await
    }

    /// Waits until the coordinator knows exactly these of its providers as connected.
    pub async fn connected(&self, desk: &mut Desk, codes: &[&str]) {
        let mut desk = desk.clone();
        let ask = self.ask();
        until("the nodes are connected", async || {
            let sites = desk.explain(&ask).await.unwrap().sites;
            let now: Vec<&str> = sites.iter().filter(|s| s.connected).map(|s| s.provider.as_str()).collect();
            (now == codes).then_some(())
        })
        .await;
    }
}

/// Asks a question and waits until it is answered.
pub async fn answer_to(desk: &mut Desk, ask: &Ask) -> Answer {
    let run = desk.ask(ask).await.unwrap();
    closed(desk, run).await
}

/// Waits until a run is closed.
pub async fn closed(desk: &mut Desk, run: RunId) -> Answer {
    let waited = tokio::time::timeout(LONGEST * 2, async {
        let mut progress = desk.watch(run).await.unwrap();
        while progress.next().await.is_some() {}
        desk.answer(run).await.unwrap()
    });
    waited.await.expect("the run closes")
}

/// Looks at a condition until it holds.
pub async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(began.elapsed() < LONGEST, "waited too long until {what}");
        tokio::time::sleep(LOOK).await;
    }
}
