//! The coordinator's one listener: a door for providers, one for analysts and one for guardians, told apart by
//! certificate.

mod accept;
mod desk;
mod governance;
mod link;

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use futures::stream::BoxStream;
use serde::Serialize;
use serde::de::DeserializeOwned;
use template::Digest;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Server;
use tonic::{Code, Response, Status};

use crate::answer::{Answer, Ask, Explanation, Progress, Revisions, RunSummary, TemplateList};
use crate::answerer::Dispatch;
use crate::custody::{CatalogueNews, Countersigned, KnownCatalogue};
use crate::evidence::EvidencePart;
use crate::generated::Document;
use crate::generated::desk_server::DeskServer;
use crate::generated::governance_server::GovernanceServer;
use crate::generated::link_server::LinkServer;
use crate::governance::{ProposalDetail, ProposalSummary, SignReceipt};
use crate::id::{OrderId, RunId};
use crate::identity::{AnalystName, GuardianName, ProviderCode};
use crate::register::Register;
use crate::stream::Accepted;
use crate::tls::ServerTls;

/// The most bytes of one message.
pub(crate) const MESSAGE_BYTES_MAX: usize = template::ENVELOPE_BYTES_MAX + 1024 * 1024;
/// The most bytes of an order with all that comes along with it: beside the rest, the provider's newest release.
pub(crate) const DISPATCH_BYTES_MAX: usize = MESSAGE_BYTES_MAX + template::ENVELOPE_BYTES_MAX;
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
    /// After the time in which late answers are taken: not stored.
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

    /// The catalogue, unless the provider has the newest one.
    fn catalogue(
        &self,
        provider: ProviderCode,
        known: KnownCatalogue,
    ) -> impl Future<Output = Result<CatalogueNews, TurnedAway>> + Send {
        not_here((provider, known))
    }

    /// The document whose envelope has this digest.
    fn fetch(
        &self,
        provider: ProviderCode,
        digest: Digest,
    ) -> impl Future<Output = Result<Vec<u8>, TurnedAway>> + Send {
        not_here((provider, digest))
    }

    /// Countersigns the provider's checkpoint, unless it contradicts one that was countersigned before.
    fn countersign(
        &self,
        provider: ProviderCode,
        checkpoint: Vec<u8>,
    ) -> impl Future<Output = Result<Countersigned, TurnedAway>> + Send {
        not_here((provider, checkpoint))
    }

    /// Takes the coordinator's checkpoint with the provider's signature added.
    fn witnessed(
        &self,
        provider: ProviderCode,
        checkpoint: Vec<u8>,
    ) -> impl Future<Output = Result<(), TurnedAway>> + Send {
        not_here((provider, checkpoint))
    }
}

/// What the coordinator does for analysts.
pub trait DeskDoor: Send + Sync + 'static {
    /// The approved templates.
    fn templates(&self, analyst: AnalystName) -> impl Future<Output = Result<TemplateList, TurnedAway>> + Send;
    /// Asks a question; `request` is the same question as the analyst signed it, where it is signed.
    fn ask(
        &self,
        analyst: AnalystName,
        ask: Ask,
        request: Option<Vec<u8>>,
    ) -> impl Future<Output = Result<RunId, TurnedAway>> + Send;
    /// How far a run has come, until it is closed.
    fn watch(
        &self,
        analyst: AnalystName,
        run: RunId,
    ) -> impl Future<Output = Result<BoxStream<'static, Progress>, TurnedAway>> + Send;
    /// The answer as it stands.
    fn answer(&self, analyst: AnalystName, run: RunId) -> impl Future<Output = Result<Answer, TurnedAway>> + Send;
    /// One revision of the answer to a closed run.
    fn answer_at(
        &self,
        analyst: AnalystName,
        run: RunId,
        revision: u32,
    ) -> impl Future<Output = Result<Answer, TurnedAway>> + Send {
        not_here((analyst, run, revision))
    }
    /// The revisions of the answer to a closed run, and what may still come.
    fn revisions(
        &self,
        analyst: AnalystName,
        run: RunId,
    ) -> impl Future<Output = Result<Revisions, TurnedAway>> + Send {
        not_here((analyst, run))
    }
    /// The analyst's runs, the newest first.
    fn runs(&self, analyst: AnalystName) -> impl Future<Output = Result<Vec<RunSummary>, TurnedAway>> + Send;
    /// What a question would ask of whom.
    fn explain(&self, analyst: AnalystName, ask: Ask) -> impl Future<Output = Result<Explanation, TurnedAway>> + Send;

    /// The public register of templates and runs, without figures.
    fn register(&self, analyst: AnalystName) -> impl Future<Output = Result<Register, TurnedAway>> + Send {
        not_here(analyst)
    }

    /// What the coordinator has committed to for a closed run of the analyst's: a signed statement without figures, of
    /// one revision of the answer or of the newest.
    fn proof(
        &self,
        analyst: AnalystName,
        run: RunId,
        revision: Option<u32>,
    ) -> impl Future<Output = Result<Vec<u8>, TurnedAway>> + Send {
        not_here((analyst, run, revision))
    }

    /// Everything that one revision of a closed run's answer follows from, or the newest; for auditors.
    fn evidence(
        &self,
        auditor: AnalystName,
        run: RunId,
        revision: Option<u32>,
    ) -> impl Future<Output = Result<BoxStream<'static, EvidencePart>, TurnedAway>> + Send {
        not_here((auditor, run, revision))
    }
}

/// What the coordinator does for guardians. The certificate says who calls; what counts is what that person's key signed.
pub trait GovernanceDoor: Send + Sync + 'static {
    /// Takes a template that the caller wrote and signed; its digest.
    fn propose(
        &self,
        guardian: GuardianName,
        envelope: Vec<u8>,
        why: String,
    ) -> impl Future<Output = Result<ProposalSummary, TurnedAway>> + Send {
        not_here((guardian, envelope, why))
    }

    /// Every proposal, the newest first.
    fn proposals(
        &self,
        guardian: GuardianName,
    ) -> impl Future<Output = Result<Vec<ProposalSummary>, TurnedAway>> + Send {
        not_here(guardian)
    }

    /// One proposal, by the digest of the template's exact bytes, as far as the caller may see it.
    fn proposal(
        &self,
        guardian: GuardianName,
        template: Digest,
    ) -> impl Future<Output = Result<ProposalDetail, TurnedAway>> + Send {
        not_here((guardian, template))
    }

    /// Takes the caller's signed view.
    fn review(&self, guardian: GuardianName, envelope: Vec<u8>) -> impl Future<Output = Result<(), TurnedAway>> + Send {
        not_here((guardian, envelope))
    }

    /// Takes the caller's signature over a proposed template's exact bytes.
    fn sign(
        &self,
        guardian: GuardianName,
        envelope: Vec<u8>,
    ) -> impl Future<Output = Result<SignReceipt, TurnedAway>> + Send {
        not_here((guardian, envelope))
    }

    /// Takes the caller's signed word that a template is to stop.
    fn withdraw(
        &self,
        guardian: GuardianName,
        envelope: Vec<u8>,
    ) -> impl Future<Output = Result<(), TurnedAway>> + Send {
        not_here((guardian, envelope))
    }

    /// Takes a look-up, enrolment, agreements, trust root or rebaseline that has all the signatures that it needs.
    fn publish(
        &self,
        guardian: GuardianName,
        envelope: Vec<u8>,
    ) -> impl Future<Output = Result<(), TurnedAway>> + Send {
        not_here((guardian, envelope))
    }
}

/// What a door says that does not offer what it was asked for.
fn not_here<T: Send, U>(unused: U) -> impl Future<Output = Result<T, TurnedAway>> + Send {
    drop(unused);
    std::future::ready(Err(TurnedAway::NotFound("this coordinator does not offer that".to_owned())))
}

/// The three doors.
pub struct Doors<L, D, G> {
    /// The providers'.
    pub link: Arc<L>,
    /// The analysts'.
    pub desk: Arc<D>,
    /// The guardians'.
    pub governance: Arc<G>,
}

/// Serves every door on `listener` until `stop`.
///
/// # Errors
/// Where the listener fails.
pub async fn serve<L: LinkDoor, D: DeskDoor, G: GovernanceDoor>(
    listener: TcpListener,
    tls: ServerTls,
    doors: Doors<L, D, G>,
    stop: impl Future<Output = ()> + Send,
) -> io::Result<()> {
    let Doors { link, desk, governance } = doors;
    let (accepted, connections) = mpsc::channel::<io::Result<Accepted>>(accept::HANDSHAKES_MAX);
    let accepting = tokio::spawn(accept::accept(listener, tls, accepted));
    let link = LinkServer::new(link::ProvidersDoor(link))
        .max_decoding_message_size(MESSAGE_BYTES_MAX)
        .max_encoding_message_size(DISPATCH_BYTES_MAX);
    let desk = DeskServer::new(desk::AnalystsDoor(desk))
        .max_decoding_message_size(MESSAGE_BYTES_MAX)
        .max_encoding_message_size(4 * MESSAGE_BYTES_MAX);
    let governance = GovernanceServer::new(governance::GuardiansDoor(governance))
        .max_decoding_message_size(MESSAGE_BYTES_MAX)
        .max_encoding_message_size(MESSAGE_BYTES_MAX);
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
        .add_service(governance)
        .serve_with_incoming_shutdown(ReceiverStream::new(connections), stop)
        .await;
    accepting.abort();
    served.map_err(io::Error::other)
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

fn document<T: DeserializeOwned>(json: &[u8]) -> Result<T, Status> {
    serde_json::from_slice(json)
        .map_err(|_| Status::invalid_argument("the document is not of the form that this version reads"))
}
