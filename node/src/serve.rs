//! Serves many providers in one process, each over a link of its own.

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use wire::{LinkEvents, LinkSettings, OrderId, ProviderCode, link};

use crate::answer::Node;
use crate::host::Host;
use crate::provider::Provider;
use crate::refresh;

/// Serves until `stop`. Every provider dials the coordinator that it pinned, and again for ever.
///
/// # Errors
/// Where the operating system gives no threads.
pub async fn serve(providers: Vec<Provider>, stop: impl Future<Output = ()> + Send) -> io::Result<()> {
    let host = Arc::new(Host::new()?);
    let prepared = Arc::clone(&host);
    let prepare = move || {
        providers.iter().for_each(|provider| prepared.prepare_kept(provider));
        providers
    };
    let providers = tokio::task::spawn_blocking(prepare).await.map_err(io::Error::other)?;
    let (stopping, stopped) = watch::channel(());
    let mut links = JoinSet::new();
    // Taking a snapshot reads everything: of the providers of one process one at a time does.
    let turn = Arc::new(Semaphore::new(1));
    for provider in providers {
        let code = provider.code().clone();
        let node = Node::new(provider, Arc::clone(&host));
        let coordinator = node.config().coordinator.clone();
        let settings = LinkSettings {
            coordinator: coordinator.address,
            server_name: coordinator.server_name,
            tls: coordinator.tls,
            in_flight: node.config().limits.waiting,
        };
        let node = Arc::new(node);
        links.spawn(refresh::keep(Arc::clone(&node), Arc::clone(&turn), stopped.clone()));
        let mut stopped = stopped.clone();
        links.spawn(async move {
            let stop = async move { drop(stopped.changed().await) };
            link(settings, node, Arc::new(Heard(code)), stop).await;
        });
    }
    stop.await;
    // A commit in progress is on its ledger's own thread, and is not torn.
    drop(stopping);
    while links.join_next().await.is_some() {}
    Ok(())
}

/// Ends when the operator interrupts the program, or the operating system asks it to end.
///
/// # Errors
/// Where the operating system does not tell of signals.
pub fn interrupted() -> io::Result<impl Future<Output = ()> + Send> {
    #[cfg(unix)]
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    Ok(async move {
        #[cfg(unix)]
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminate.recv() => {}
        }
        #[cfg(not(unix))]
        drop(tokio::signal::ctrl_c().await);
    })
}

/// Writes the link's events to the operator's log.
struct Heard(ProviderCode);

impl LinkEvents for Heard {
    fn connected(&self) {
        tracing::info!(provider = %self.0, "connected to the coordinator");
    }

    fn disconnected(&self, why: &str, retry_in: Duration) {
        let retry_ms = u64::try_from(retry_in.as_millis()).unwrap_or(u64::MAX);
        tracing::warn!(provider = %self.0, retry_ms, "not connected: {why}");
    }

    fn submitted(&self, order: &OrderId) {
        tracing::debug!(provider = %self.0, %order, "acknowledged");
    }
}
