//! A provider's stream of orders: the open ones first, then new ones as they come.

use std::sync::Arc;

use futures::StreamExt as _;
use futures::stream::{self, BoxStream};
use tokio::sync::{Notify, watch};
use wire::{Dispatch, KnownRelease, ProviderCode, TurnedAway};

use crate::coordinator::Coordinator;
use crate::run::Connection;
use crate::state::Next;
use crate::steps::Step;
use crate::store::StoreError;

/// One connection of one provider.
struct Mail {
    coordinator: Coordinator,
    provider: ProviderCode,
    connection: Connection,
    wake: Arc<Notify>,
    stopping: watch::Receiver<bool>,
}

impl Coordinator {
    /// The stream of a provider that has just connected. It ends when the provider connects again, or the coordinator
    /// stops.
    ///
    /// Nothing waits in a queue: the stream asks for the next open order whenever the provider is ready for one.
    pub(crate) fn mail(&self, provider: ProviderCode) -> Result<BoxStream<'static, Dispatch>, TurnedAway> {
        if self.roster().provider(&provider).is_none() {
            tracing::warn!(%provider, "a provider that is not on the roster connected");
            return Err(TurnedAway::NotAllowed(format!(
                "`{provider}` is not on this coordinator's roster; ask its operator to put it there"
            )));
        }
        let (connection, wake) = self.state().connect(&provider);
        tracing::info!(%provider, "connected");
        let stopping = self.0.stopping.subscribe();
        let mail = Mail { coordinator: self.clone(), provider, connection, wake, stopping };
        Ok(stream::unfold(mail, |mut mail| async move { mail.next().await.map(|dispatch| (dispatch, mail)) }).boxed())
    }
}

impl Mail {
    async fn next(&mut self) -> Option<Dispatch> {
        loop {
            if *self.stopping.borrow_and_update() {
                return None;
            }
            let now = self.coordinator.0.clock.now();
            let next = self.coordinator.state().next(&self.provider, self.connection, now);
            match next {
                Next::Dispatch(order, mut dispatch, known) => {
                    match self.proof(known).await {
                        Ok(proof) => dispatch.known = proof,
                        Err(error) => {
                            tracing::error!(%order, "the provider's newest release cannot be read, and no order goes out without it: {error}");
                            return None;
                        }
                    }
                    // Kept first: after a restart, who has the order and falls silent is not taken for somebody away.
                    if let Err(error) = self.coordinator.0.store.add_handed(order).await {
                        tracing::error!(%order, "it could not be kept that an order is handed out: {error}");
                    }
                    self.coordinator.0.steps.at(Step::Dispatched);
                    return Some(*dispatch);
                }
                Next::Replaced => {
                    tracing::info!(provider = %self.provider, "an earlier connection ends: the provider connected again");
                    return None;
                }
                Next::Wait => {}
            }
            tokio::select! {
                () = self.wake.notified() => {}
                changed = self.stopping.changed() => if changed.is_err() { return None },
            }
        }
    }
}

impl Mail {
    /// The release that shows the newest place of the provider's ledger, as the provider signed it.
    async fn proof(&self, known: Option<KnownRelease>) -> Result<Option<Vec<u8>>, StoreError> {
        let Some(known) = known else { return Ok(None) };
        self.coordinator.0.store.release(self.provider.clone(), known.release).await
    }
}

impl Drop for Mail {
    fn drop(&mut self) {
        self.coordinator.state().disconnect(&self.provider, self.connection);
    }
}
