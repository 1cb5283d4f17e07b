//! A node's link to the coordinator: it dials out, takes orders, and answers them, for ever.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use ring::rand::{SecureRandom as _, SystemRandom};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tonic::transport::Channel;
use tonic::{Code, Status};

use crate::answerer::{Answered, Answerer, Dispatch};
use crate::custody::OpenLink;
use crate::door::{DISPATCH_BYTES_MAX, MESSAGE_BYTES_MAX};
use crate::generated::link_client::LinkClient;
use crate::generated::outcome::Outcome as OutcomeMessage;
use crate::generated::{self, OrdersRequest};
use crate::id::OrderId;
use crate::stream;
use crate::tls::ClientTls;

/// The first wait before a new attempt, in milliseconds; it doubles from attempt to attempt.
const BACKOFF_FIRST_MS: u64 = 500;
/// The longest wait, in milliseconds.
const BACKOFF_MOST_MS: u64 = 15_000;
/// How often one outcome fails over one connection before it is left to the next, with which the order comes again.
const SUBMIT_ATTEMPTS: u32 = 5;
/// How long one submission may take.
const SUBMIT: Duration = Duration::from_secs(30);

/// Where a node dials.
#[derive(Clone)]
pub struct LinkSettings {
    /// The coordinator's address, `host:port`, perhaps with `https://` before it.
    pub coordinator: String,
    /// The name that must stand in its certificate.
    pub server_name: String,
    /// The node's certificate and the authority that it trusts.
    pub tls: ClientTls,
    /// The most orders that are answered at once.
    pub in_flight: usize,
}

/// What a node's operator may want to hear of the link.
pub trait LinkEvents: Send + Sync {
    /// The coordinator was reached and its orders are coming.
    fn connected(&self) {}
    /// The coordinator was lost, or not reached; `why` is ours, never the other side's text.
    fn disconnected(&self, why: &str, retry_in: Duration) {
        let _unheard = (why, retry_in);
    }
    /// An outcome was acknowledged.
    fn submitted(&self, order: &OrderId) {
        let _unheard = order;
    }
}

/// Keeps the link until `stop`: reconnects for ever, with full jitter between nought and a wait that doubles from half
/// a second to fifteen.
pub async fn link<A: Answerer>(
    settings: LinkSettings,
    answerer: Arc<A>,
    events: Arc<impl LinkEvents + 'static>,
    stop: impl Future<Output = ()> + Send,
) {
    let in_flight = Arc::new(Semaphore::new(settings.in_flight.max(1)));
    let dial = async {
        let mut attempt = 0u32;
        loop {
            let why = match stream::connect(&settings.coordinator, &settings.server_name, &settings.tls).await {
                Ok(channel) => serve_orders(channel, &answerer, &events, &in_flight, &mut attempt).await,
                Err(_) => "the coordinator cannot be reached, or the two certificates do not fit",
            };
            let wait = backoff(attempt);
            attempt = attempt.saturating_add(1);
            events.disconnected(why, wait);
            tokio::time::sleep(wait).await;
        }
    };
    tokio::select! {
        () = dial => {}
        () = stop => {}
    }
}

/// Answers orders over one connection until it ends, and says why it did.
async fn serve_orders<A: Answerer>(
    channel: Channel,
    answerer: &Arc<A>,
    events: &Arc<impl LinkEvents + 'static>,
    in_flight: &Arc<Semaphore>,
    attempt: &mut u32,
) -> &'static str {
    let mut client = LinkClient::new(channel)
        .max_decoding_message_size(DISPATCH_BYTES_MAX)
        .max_encoding_message_size(MESSAGE_BYTES_MAX);
    let software = concat!("tallyward-node ", env!("CARGO_PKG_VERSION")).to_owned();
    let mut orders = match client.orders(OrdersRequest { software }).await {
        Ok(orders) => orders.into_inner(),
        Err(status) if matches!(status.code(), Code::PermissionDenied | Code::NotFound) => {
            return "the coordinator does not know this provider; ask its operator to put it on the roster";
        }
        Err(_) => return "the coordinator does not hand out orders now",
    };
    *attempt = 0;
    events.connected();
    // Dropped with this connection, which ends it.
    let mut attending = JoinSet::new();
    let (attendant, open) = (Arc::clone(answerer), OpenLink::new(client.clone()));
    attending.spawn(async move { attendant.attend(open).await });
    let mut answering = JoinSet::new();
    let why = loop {
        let Ok(permit) = Arc::clone(in_flight).acquire_owned().await else { break "the node is stopping" };
        let dispatch = match orders.message().await {
            Ok(Some(dispatch)) => dispatch,
            Ok(None) => break "the coordinator closed the connection",
            Err(_) => break "the connection was lost",
        };
        while answering.try_join_next().is_some() {}
        let (answerer, events, client) = (Arc::clone(answerer), Arc::clone(events), client.clone());
        answering.spawn(async move {
            let answered = answerer.answer(received(dispatch)).await;
            submit(client, answered, events.as_ref()).await;
            drop(permit);
        });
    };
    // What is under way is finished: the ledger keeps it, and the order comes again with the next connection.
    answering.detach_all();
    why
}

/// A dispatch as it came.
fn received(message: generated::Dispatch) -> Dispatch {
    let generated::Dispatch { order, template, lookups, request, known } = message;
    Dispatch { order, template, lookups, request, known }
}

async fn submit(mut client: LinkClient<Channel>, answered: Answered, events: &impl LinkEvents) {
    let (order, outcome) = match answered {
        Answered::Release(release) => (release.order(), OutcomeMessage::Release(release.bytes().to_vec())),
        Answered::Refusal(refusal) => (refusal.order(), OutcomeMessage::Refusal(refusal.bytes().to_vec())),
        Answered::Unreadable => return,
    };
    let (mut failed, mut waits) = (0, 0u32);
    while failed < SUBMIT_ATTEMPTS {
        let message = generated::Outcome { order_id: order.to_string(), outcome: Some(outcome.clone()) };
        match tokio::time::timeout(SUBMIT, client.submit(message)).await {
            Ok(Ok(_)) => return events.submitted(&order),
            Ok(Err(status)) if !worth_retrying(&status) => return,
            // The connection stands, so the order will not come again: only asking again brings the outcome there.
            Ok(Err(status)) if status.code() == Code::ResourceExhausted => {}
            Ok(Err(_)) | Err(_) => failed += 1,
        }
        tokio::time::sleep(backoff(waits)).await;
        waits = waits.saturating_add(1);
    }
}

fn worth_retrying(status: &Status) -> bool {
    matches!(
        status.code(),
        Code::Unavailable
            | Code::DeadlineExceeded
            | Code::Aborted
            | Code::ResourceExhausted
            | Code::Cancelled
            | Code::Unknown
    )
}

/// A wait between nought and `BACKOFF_FIRST_MS * 2^attempt`, at most `BACKOFF_MOST_MS`.
fn backoff(attempt: u32) -> Duration {
    let most = BACKOFF_FIRST_MS.saturating_mul(1 << attempt.min(10)).min(BACKOFF_MOST_MS);
    let mut random = [0; 8];
    // Without randomness the wait is the longest: slower, never wrong.
    let share = match SystemRandom::new().fill(&mut random) {
        Ok(()) => u64::from_be_bytes(random) % (most + 1),
        Err(_) => most,
    };
    Duration::from_millis(share)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_are_bounded() {
        for attempt in [0, 1, 5, 40, u32::MAX] {
            assert!(backoff(attempt) <= Duration::from_millis(BACKOFF_MOST_MS));
        }
        assert!(backoff(0) <= Duration::from_millis(BACKOFF_FIRST_MS));
    }
}
