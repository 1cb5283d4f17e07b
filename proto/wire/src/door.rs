//! The coordinator's one listener: a door for providers and a door for analysts, told apart by certificate.

use std::collections::HashMap;
use std::future::Future;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::StreamExt as _;
use futures::stream::BoxStream;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::net::TcpListener;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Server;
use tonic::{Code, Request, Response, Status};

use crate::answer::{Answer, Ask, Explanation, Progress, RunSummary, TemplateList};
use crate::answerer::Dispatch;
use crate::generated::desk_server::{Desk, DeskServer};
use crate::generated::link_server::{Link, LinkServer};
use crate::generated::outcome::Outcome as OutcomeMessage;
use crate::generated::{self, Document};
use crate::id::{OrderId, RunId};
use crate::identity::{AnalystName, Caller, ProviderCode};
use crate::stream::{self, Accepted};
use crate::tls::ServerTls;

/// The most open connections.
const CONNECTIONS_MAX: usize = 4096;
/// The most open connections of one caller, so that none takes the places of the others.
const CONNECTIONS_PER_CALLER_MAX: usize = 32;
/// The most connections whose handshake is under way.
const HANDSHAKES_MAX: usize = 256;
/// The most bytes of one message.
pub(crate) const MESSAGE_BYTES_MAX: usize = template::ENVELOPE_BYTES_MAX + 1024 * 1024;
/// How long one call may take to begin its reply.
const CALL: Duration = Duration::from_secs(60);
/// The most calls at once on one connection.
const CALLS_PER_CONNECTION: usize = 16;

/// What a provider sends to one order: an envelope, not yet believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A refusal.
    Refusal(Vec<u8>),
    /// A release.
    Release(Vec<u8>),
}

/// What became of an outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Acknowledged {
    /// Not a valid outcome of this order: not stored.
    Rejected,
    /// Stored.
    Taken,
    /// After the order's deadline: not stored.
    TooLate,
}

/// Why a caller is turned away. The texts are the coordinator's own plain words; nothing in them comes from a node.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TurnedAway {
    /// What was given cannot be used.
    #[error("{0}")]
    BadRequest(String),
    /// Too much to do.
    #[error("the coordinator is busy; try again in a minute")]
    Busy,
    /// Something went wrong at the coordinator.
    #[error("the coordinator could not do this; its operator's log says why")]
    Failed,
    /// The caller may not.
    #[error("{0}")]
    NotAllowed(String),
    /// There is no such thing, or it is not the caller's.
    #[error("{0}")]
    NotFound(String),
}

/// What the coordinator does for providers.
pub trait LinkDoor: Send + Sync + 'static {
    /// The provider's open orders, then new ones as they come.
    fn orders(
        &self,
        provider: ProviderCode,
    ) -> impl Future<Output = Result<BoxStream<'static, Dispatch>, TurnedAway>> + Send;

    /// Takes what the provider answers to one order.
    fn outcome(
        &self,
        provider: ProviderCode,
        order: OrderId,
        outcome: Outcome,
    ) -> impl Future<Output = Result<Acknowledged, TurnedAway>> + Send;
}

/// What the coordinator does for analysts.
pub trait DeskDoor: Send + Sync + 'static {
    /// The approved templates.
    fn templates(&self, analyst: AnalystName) -> impl Future<Output = Result<TemplateList, TurnedAway>> + Send;
    /// Asks a question.
    fn ask(&self, analyst: AnalystName, ask: Ask) -> impl Future<Output = Result<RunId, TurnedAway>> + Send;
    /// How far a run has come, until it is closed.
    fn watch(
        &self,
        analyst: AnalystName,
        run: RunId,
    ) -> impl Future<Output = Result<BoxStream<'static, Progress>, TurnedAway>> + Send;
    /// The answer as it stands.
    fn answer(&self, analyst: AnalystName, run: RunId) -> impl Future<Output = Result<Answer, TurnedAway>> + Send;
    /// The analyst's runs, the newest first.
    fn runs(&self, analyst: AnalystName) -> impl Future<Output = Result<Vec<RunSummary>, TurnedAway>> + Send;
    /// What a question would ask of whom.
    fn explain(&self, analyst: AnalystName, ask: Ask) -> impl Future<Output = Result<Explanation, TurnedAway>> + Send;
}

/// Serves both doors on `listener` until `stop`.
///
/// # Errors
/// Where the listener fails.
pub async fn serve<L: LinkDoor, D: DeskDoor>(
    listener: TcpListener,
    tls: ServerTls,
    link: Arc<L>,
    desk: Arc<D>,
    stop: impl Future<Output = ()> + Send,
) -> io::Result<()> {
    let (accepted, connections) = mpsc::channel::<io::Result<Accepted>>(HANDSHAKES_MAX);
    let accepting = tokio::spawn(accept(listener, tls, accepted));
    let link = LinkServer::new(ProvidersDoor(link))
        .max_decoding_message_size(MESSAGE_BYTES_MAX)
        .max_encoding_message_size(MESSAGE_BYTES_MAX);
    let desk = DeskServer::new(AnalystsDoor(desk))
        .max_decoding_message_size(MESSAGE_BYTES_MAX)
        .max_encoding_message_size(4 * MESSAGE_BYTES_MAX);
    let served = Server::builder()
        .timeout(CALL)
        .concurrency_limit_per_connection(CALLS_PER_CONNECTION)
        .max_concurrent_streams(32)
        .http2_max_pending_accept_reset_streams(Some(10))
        .http2_max_local_error_reset_streams(Some(64))
        .http2_max_header_list_size(16 * 1024)
        .http2_keepalive_interval(Some(Duration::from_secs(20)))
        .http2_keepalive_timeout(Some(Duration::from_secs(20)))
        .add_service(link)
        .add_service(desk)
        .serve_with_incoming_shutdown(ReceiverStream::new(connections), stop)
        .await;
    accepting.abort();
    served.map_err(io::Error::other)
}

/// Accepts connections and finishes their handshakes side by side, so that a slow one holds nobody up.
async fn accept(listener: TcpListener, tls: ServerTls, accepted: mpsc::Sender<io::Result<Accepted>>) {
    let handshakes = Arc::new(Semaphore::new(HANDSHAKES_MAX));
    let open = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let callers = Arc::new(Callers::default());
    loop {
        let Ok(handshake) = Arc::clone(&handshakes).acquire_owned().await else { return };
        let Ok(place) = Arc::clone(&open).acquire_owned().await else { return };
        let tcp = match listener.accept().await {
            Ok((tcp, _)) => tcp,
            Err(error) => {
                // Out of descriptors, most likely: what is open goes on.
                tracing::warn!(kind = ?error.kind(), "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let (tls, accepted, callers) = (tls.clone(), accepted.clone(), Arc::clone(&callers));
        tokio::spawn(async move {
            let connection = stream::accept(&tls, tcp).await;
            drop(handshake);
            let Some(connection) = connection else {
                tracing::debug!("a connection did not prove who it is");
                return;
            };
            let Some(own) = callers.place(connection.caller()) else {
                let caller = connection.caller().uri();
                tracing::warn!(caller, "a caller has too many connections; its newest is closed");
                return;
            };
            // Whoever holds the other end has gone with the server.
            let _gone = accepted.send(Ok(connection.holding(place).holding(own))).await;
        });
    }
}

/// The places of each caller. There are as many callers as the authority has named.
#[derive(Default)]
struct Callers(Mutex<HashMap<String, Arc<Semaphore>>>);

impl Callers {
    /// One of the caller's places, if there is one left.
    fn place(&self, caller: &Caller) -> Option<OwnedSemaphorePermit> {
        let mut callers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let places =
            callers.entry(caller.uri()).or_insert_with(|| Arc::new(Semaphore::new(CONNECTIONS_PER_CALLER_MAX)));
        Arc::clone(places).try_acquire_owned().ok()
    }
}

struct ProvidersDoor<L>(Arc<L>);
struct AnalystsDoor<D>(Arc<D>);

#[tonic::async_trait]
impl<L: LinkDoor> Link for ProvidersDoor<L> {
    type OrdersStream = BoxStream<'static, Result<generated::Dispatch, Status>>;

    async fn orders(&self, request: Request<generated::OrdersRequest>) -> Result<Response<Self::OrdersStream>, Status> {
        let provider = provider(&request)?;
        let orders = self.0.orders(provider).await.map_err(|turned_away| status(&turned_away))?;
        let messages =
            orders.map(|Dispatch { order, template, lookups }| Ok(generated::Dispatch { order, template, lookups }));
        Ok(Response::new(messages.boxed()))
    }

    async fn submit(&self, request: Request<generated::Outcome>) -> Result<Response<generated::Receipt>, Status> {
        let provider = provider(&request)?;
        let message = request.into_inner();
        let order = message.order_id.parse().map_err(|_| Status::invalid_argument("not an order's identity"))?;
        let outcome = match message.outcome {
            Some(OutcomeMessage::Release(bytes)) => Outcome::Release(bytes),
            Some(OutcomeMessage::Refusal(bytes)) => Outcome::Refusal(bytes),
            None => return Err(Status::invalid_argument("neither a release nor a refusal")),
        };
        let acknowledged =
            self.0.outcome(provider, order, outcome).await.map_err(|turned_away| status(&turned_away))?;
        let acknowledged = match acknowledged {
            Acknowledged::Rejected => generated::Acknowledged::Rejected,
            Acknowledged::Taken => generated::Acknowledged::Taken,
            Acknowledged::TooLate => generated::Acknowledged::TooLate,
        };
        Ok(Response::new(generated::Receipt { acknowledged: acknowledged.into() }))
    }
}

#[tonic::async_trait]
impl<D: DeskDoor> Desk for AnalystsDoor<D> {
    type WatchStream = BoxStream<'static, Result<generated::Progress, Status>>;

    async fn templates(&self, request: Request<generated::TemplatesRequest>) -> Result<Response<Document>, Status> {
        reply(self.0.templates(analyst(&request)?).await)
    }

    async fn ask(&self, request: Request<Document>) -> Result<Response<generated::RunReply>, Status> {
        let analyst = analyst(&request)?;
        let run = self.0.ask(analyst, read(&request)?).await.map_err(|turned_away| status(&turned_away))?;
        Ok(Response::new(generated::RunReply { run_id: run.to_string() }))
    }

    async fn watch(&self, request: Request<generated::RunRequest>) -> Result<Response<Self::WatchStream>, Status> {
        let analyst = analyst(&request)?;
        let progress = self.0.watch(analyst, run(&request)?).await.map_err(|turned_away| status(&turned_away))?;
        let messages = progress.map(|Progress { asked, released, refused, failed, waiting }| {
            Ok(generated::Progress { asked, released, refused, failed, waiting })
        });
        Ok(Response::new(messages.boxed()))
    }

    async fn answer(&self, request: Request<generated::RunRequest>) -> Result<Response<Document>, Status> {
        let analyst = analyst(&request)?;
        reply(self.0.answer(analyst, run(&request)?).await)
    }

    async fn runs(&self, request: Request<generated::RunsRequest>) -> Result<Response<Document>, Status> {
        reply(self.0.runs(analyst(&request)?).await)
    }

    async fn explain(&self, request: Request<Document>) -> Result<Response<Document>, Status> {
        let analyst = analyst(&request)?;
        reply(self.0.explain(analyst, read(&request)?).await)
    }
}

fn provider<T>(request: &Request<T>) -> Result<ProviderCode, Status> {
    match request.extensions().get::<Caller>() {
        Some(Caller::Provider(code)) => Ok(code.clone()),
        _ => Err(Status::unauthenticated("this is the providers' door; your certificate names no provider")),
    }
}

fn analyst<T>(request: &Request<T>) -> Result<AnalystName, Status> {
    match request.extensions().get::<Caller>() {
        Some(Caller::Analyst(name)) => Ok(name.clone()),
        _ => Err(Status::unauthenticated("this is the analysts' door; your certificate names no analyst")),
    }
}

fn run(request: &Request<generated::RunRequest>) -> Result<RunId, Status> {
    request
        .get_ref()
        .run_id
        .parse()
        .map_err(|_| Status::invalid_argument("a run is 32 hexadecimal digits; see `tallyward runs`"))
}

fn read<T: DeserializeOwned>(request: &Request<Document>) -> Result<T, Status> {
    serde_json::from_slice(&request.get_ref().json)
        .map_err(|_| Status::invalid_argument("the document is not of the form that this version reads"))
}

fn reply<T: Serialize>(document: Result<T, TurnedAway>) -> Result<Response<Document>, Status> {
    let document = document.map_err(|turned_away| status(&turned_away))?;
    let json = serde_json::to_vec(&document).map_err(|_| Status::internal("the document could not be written"))?;
    Ok(Response::new(Document { json }))
}

fn status(turned_away: &TurnedAway) -> Status {
    let code = match turned_away {
        TurnedAway::BadRequest(_) => Code::InvalidArgument,
        TurnedAway::Busy => Code::ResourceExhausted,
        TurnedAway::Failed => Code::Internal,
        TurnedAway::NotAllowed(_) => Code::PermissionDenied,
        TurnedAway::NotFound(_) => Code::NotFound,
    };
    let words = turned_away.to_string();
    Status::new(code, words)
}
