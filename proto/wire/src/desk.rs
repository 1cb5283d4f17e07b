//! An analyst's side of the analysts' door.

use futures::StreamExt as _;
use futures::stream::BoxStream;
use serde::de::DeserializeOwned;
use tonic::transport::Channel;
use tonic::{Code, Status};

use crate::answer::{Answer, Ask, Explanation, Progress, Revisions, RunSummary, TemplateList};
use crate::door::MESSAGE_BYTES_MAX;
use crate::evidence::{EVIDENCE_BYTES_MAX, EVIDENCE_PARTS_MAX, EvidenceKind, EvidencePart};
use crate::generated::desk_client::DeskClient;
use crate::generated::{AskRequest, Document, RegisterRequest, RunRequest, RunsRequest, TemplatesRequest};
use crate::id::RunId;
use crate::register::Register;
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
        self.ask_with(ask, None).await
    }

    /// Asks a question, with the same question as the analyst's own key signed it.
    ///
    /// # Errors
    /// A [`DeskError`] that says which parameter to change.
    pub async fn ask_signed(&mut self, ask: &Ask, request: Vec<u8>) -> Result<RunId, DeskError> {
        self.ask_with(ask, Some(request)).await
    }

    async fn ask_with(&mut self, ask: &Ask, request: Option<Vec<u8>>) -> Result<RunId, DeskError> {
        let asked = AskRequest { json: written(ask).json, request };
        let reply = self.0.ask(asked).await.map_err(|status| error(&status))?;
        reply.into_inner().run_id.parse().map_err(|_| DeskError::Unreadable)
    }

    /// How far a run has come, until it is closed.
    ///
    /// # Errors
    /// A [`DeskError`].
    pub async fn watch(&mut self, run: RunId) -> Result<BoxStream<'static, Result<Progress, DeskError>>, DeskError> {
        let messages = self.0.watch(request(run, None)).await.map_err(|status| error(&status))?.into_inner();
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
        document(self.0.answer(request(run, None)).await)
    }

    /// One revision of the answer to a closed run.
    ///
    /// # Errors
    /// A [`DeskError`].
    pub async fn answer_at(&mut self, run: RunId, revision: u32) -> Result<Answer, DeskError> {
        document(self.0.answer(request(run, Some(revision))).await)
    }

    /// The revisions of the answer to a closed run, and what may still come.
    ///
    /// # Errors
    /// A [`DeskError`].
    pub async fn revisions(&mut self, run: RunId) -> Result<Revisions, DeskError> {
        document(self.0.revisions(request(run, None)).await)
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

    /// The public register of templates and runs, without figures.
    ///
    /// # Errors
    /// A [`DeskError`].
    pub async fn register(&mut self) -> Result<Register, DeskError> {
        document(self.0.register(RegisterRequest {}).await)
    }

    /// What the coordinator has committed to for one revision of a closed run's answer, or the newest: an envelope.
    ///
    /// # Errors
    /// A [`DeskError`].
    pub async fn proof(&mut self, run: RunId, revision: Option<u32>) -> Result<Vec<u8>, DeskError> {
        Ok(self.0.proof(request(run, revision)).await.map_err(|status| error(&status))?.into_inner().envelope)
    }

    /// Everything that one revision of a closed run's answer follows from, or the newest; for auditors.
    ///
    /// # Errors
    /// A [`DeskError`]; [`DeskError::Unreadable`] where it is more than any run's.
    pub async fn evidence(&mut self, run: RunId, revision: Option<u32>) -> Result<Vec<EvidencePart>, DeskError> {
        let mut messages = self.0.evidence(request(run, revision)).await.map_err(|status| error(&status))?.into_inner();
        let (mut parts, mut bytes) = (Vec::new(), 0usize);
        while let Some(message) = messages.message().await.map_err(|status| error(&status))? {
            bytes = bytes.saturating_add(message.bytes.len());
            if bytes > EVIDENCE_BYTES_MAX || parts.len() >= EVIDENCE_PARTS_MAX {
                return Err(DeskError::Unreadable);
            }
            let kind = EvidenceKind::of_word(&message.kind).ok_or(DeskError::Unreadable)?;
            parts.push(EvidencePart { kind, bytes: message.bytes });
        }
        Ok(parts)
    }
}

fn request(run: RunId, revision: Option<u32>) -> RunRequest {
    RunRequest { run_id: run.to_string(), revision: revision.unwrap_or(0) }
}

fn written(ask: &Ask) -> Document {
    // A struct of integers and strings always serialises.
    Document { json: serde_json::to_vec(ask).unwrap_or_default() }
}

pub(crate) fn document<T: DeserializeOwned>(reply: Result<tonic::Response<Document>, Status>) -> Result<T, DeskError> {
    let reply = reply.map_err(|status| error(&status))?;
    serde_json::from_slice(&reply.into_inner().json).map_err(|_| DeskError::Unreadable)
}

pub(crate) fn error(status: &Status) -> DeskError {
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
