//! An analyst's side of the analysts' door.

use futures::StreamExt as _;
use futures::stream::BoxStream;
use serde::de::DeserializeOwned;
use tonic::transport::Channel;
use tonic::{Code, Status};

use crate::answer::{Answer, Ask, Explanation, Progress, RunSummary, TemplateList};
use crate::door::MESSAGE_BYTES_MAX;
use crate::generated::desk_client::DeskClient;
use crate::generated::{Document, RunRequest, RunsRequest, TemplatesRequest};
use crate::id::RunId;
use crate::stream;
use crate::tls::ClientTls;

/// A connection to the analysts' door.
#[derive(Clone)]
pub struct Desk(DeskClient<Channel>);

/// Why the coordinator did not do what was asked. The texts are the coordinator's words, or ours.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeskError {
    /// What was given cannot be used.
    #[error("{0}")]
    BadRequest(String),
    /// The coordinator has too much to do.
    #[error("{0}")]
    Busy(String),
    /// The coordinator could not.
    #[error("{0}")]
    Failed(String),
    /// The analyst may not.
    #[error("{0}")]
    NotAllowed(String),
    /// There is no such thing.
    #[error("{0}")]
    NotFound(String),
    /// The coordinator does not accept who asks.
    #[error("{0}")]
    Unauthenticated(String),
    /// The coordinator speaks another version.
    #[error(
        "the coordinator's document is not of the form that this version reads; use the same version on both sides"
    )]
    Unreadable,
    /// No connection.
    #[error("cannot reach the coordinator at {0}: see that it runs there and that your certificate is of its region")]
    Unreachable(String),
}

impl Desk {
    /// Connects to the coordinator at `address` (`host:port`, perhaps with `https://` before it), whose certificate must
    /// carry `server_name`.
    ///
    /// # Errors
    /// [`DeskError::Unreachable`].
    pub async fn connect(address: &str, server_name: &str, tls: &ClientTls) -> Result<Self, DeskError> {
        let channel =
            stream::connect(address, server_name, tls).await.map_err(|_| DeskError::Unreachable(address.to_owned()))?;
        let client = DeskClient::new(channel).max_decoding_message_size(4 * MESSAGE_BYTES_MAX);
        Ok(Self(client))
    }

    /// The approved templates.
    ///
    /// # Errors
    /// A [`DeskError`].
    pub async fn templates(&mut self) -> Result<TemplateList, DeskError> {
        document(self.0.templates(TemplatesRequest {}).await)
    }

    /// Asks a question.
    ///
    /// # Errors
    /// A [`DeskError`] that says which parameter to change.
    pub async fn ask(&mut self, ask: &Ask) -> Result<RunId, DeskError> {
        let reply = self.0.ask(written(ask)).await.map_err(|status| error(&status))?;
        reply.into_inner().run_id.parse().map_err(|_| DeskError::Unreadable)
    }

    /// How far a run has come, until it is closed.
    ///
    /// # Errors
    /// A [`DeskError`].
    pub async fn watch(&mut self, run: RunId) -> Result<BoxStream<'static, Result<Progress, DeskError>>, DeskError> {
        let messages = self.0.watch(request(run)).await.map_err(|status| error(&status))?.into_inner();
        let progress = messages.map(|message| {
            let message = message.map_err(|status| error(&status))?;
            Ok(Progress {
                asked: message.asked,
                released: message.released,
                refused: message.refused,
                failed: message.failed,
                waiting: message.waiting,
            })
        });
        Ok(progress.boxed())
    }

    /// The answer as it stands.
    ///
    /// # Errors
    /// A [`DeskError`].
    pub async fn answer(&mut self, run: RunId) -> Result<Answer, DeskError> {
        document(self.0.answer(request(run)).await)
    }

    /// The analyst's runs, the newest first.
    ///
    /// # Errors
    /// A [`DeskError`].
    pub async fn runs(&mut self) -> Result<Vec<RunSummary>, DeskError> {
        document(self.0.runs(RunsRequest {}).await)
    }

    /// What a question would ask of whom.
    ///
    /// # Errors
    /// A [`DeskError`].
    pub async fn explain(&mut self, ask: &Ask) -> Result<Explanation, DeskError> {
        document(self.0.explain(written(ask)).await)
    }
}

fn request(run: RunId) -> RunRequest {
    RunRequest { run_id: run.to_string() }
}

fn written(ask: &Ask) -> Document {
    // A struct of integers and strings always serialises.
    Document { json: serde_json::to_vec(ask).unwrap_or_default() }
}

fn document<T: DeserializeOwned>(reply: Result<tonic::Response<Document>, Status>) -> Result<T, DeskError> {
    let reply = reply.map_err(|status| error(&status))?;
    serde_json::from_slice(&reply.into_inner().json).map_err(|_| DeskError::Unreadable)
}

fn error(status: &Status) -> DeskError {
    if std::error::Error::source(status).is_some() {
        // Not the coordinator's words: the connection broke.
        return DeskError::Unreachable("its address (the connection was lost)".to_owned());
    }
    let words = status.message().to_owned();
    match status.code() {
        Code::InvalidArgument => DeskError::BadRequest(words),
        Code::NotFound => DeskError::NotFound(words),
        Code::PermissionDenied => DeskError::NotAllowed(words),
        Code::ResourceExhausted => DeskError::Busy(words),
        Code::Unauthenticated => DeskError::Unauthenticated(words),
        Code::Unavailable => DeskError::Unreachable("its address (the connection was lost)".to_owned()),
        _ => DeskError::Failed(words),
    }
}
