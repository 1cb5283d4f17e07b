//! The analysts' door.

use std::sync::Arc;

use futures::StreamExt as _;
use futures::stream::BoxStream;
use tonic::{Request, Response, Status};

use super::{DeskDoor, document, reply, status};
use crate::answer::Progress;
use crate::evidence::EvidencePart;
use crate::generated::desk_server::Desk;
use crate::generated::{self, Document, SignedBytes};
use crate::id::RunId;
use crate::identity::{AnalystName, Caller};

pub(super) struct AnalystsDoor<D>(pub(super) Arc<D>);

#[tonic::async_trait]
impl<D: DeskDoor> Desk for AnalystsDoor<D> {
    type WatchStream = BoxStream<'static, Result<generated::Progress, Status>>;
    type EvidenceStream = BoxStream<'static, Result<generated::EvidencePart, Status>>;

    async fn templates(&self, request: Request<generated::TemplatesRequest>) -> Result<Response<Document>, Status> {
        reply(self.0.templates(analyst(&request)?).await)
    }

    async fn ask(&self, request: Request<generated::AskRequest>) -> Result<Response<generated::RunReply>, Status> {
        let analyst = analyst(&request)?;
        let generated::AskRequest { json, request } = request.into_inner();
        let run = self.0.ask(analyst, document(&json)?, request).await.map_err(|turned_away| status(&turned_away))?;
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
        let (analyst, run) = (analyst(&request)?, run(&request)?);
        match revision(&request) {
            Some(revision) => reply(self.0.answer_at(analyst, run, revision).await),
            None => reply(self.0.answer(analyst, run).await),
        }
    }

    async fn revisions(&self, request: Request<generated::RunRequest>) -> Result<Response<Document>, Status> {
        let analyst = analyst(&request)?;
        reply(self.0.revisions(analyst, run(&request)?).await)
    }

    async fn runs(&self, request: Request<generated::RunsRequest>) -> Result<Response<Document>, Status> {
        reply(self.0.runs(analyst(&request)?).await)
    }

    async fn explain(&self, request: Request<Document>) -> Result<Response<Document>, Status> {
        let analyst = analyst(&request)?;
        reply(self.0.explain(analyst, document(&request.get_ref().json)?).await)
    }

    async fn register(&self, request: Request<generated::RegisterRequest>) -> Result<Response<Document>, Status> {
        reply(self.0.register(analyst(&request)?).await)
    }

    async fn proof(&self, request: Request<generated::RunRequest>) -> Result<Response<SignedBytes>, Status> {
        let analyst = analyst(&request)?;
        let proof = self.0.proof(analyst, run(&request)?, revision(&request)).await;
        Ok(Response::new(SignedBytes { envelope: proof.map_err(|turned_away| status(&turned_away))? }))
    }

    async fn evidence(
        &self,
        request: Request<generated::RunRequest>,
    ) -> Result<Response<Self::EvidenceStream>, Status> {
        let auditor = analyst(&request)?;
        let parts = self.0.evidence(auditor, run(&request)?, revision(&request)).await;
        let messages = parts
            .map_err(|turned_away| status(&turned_away))?
            .map(|EvidencePart { kind, bytes }| Ok(generated::EvidencePart { kind: kind.word().to_owned(), bytes }));
        Ok(Response::new(messages.boxed()))
    }
}

fn analyst<T>(request: &Request<T>) -> Result<AnalystName, Status> {
    match request.extensions().get::<Caller>() {
        Some(Caller::Analyst(name)) => Ok(name.clone()),
        _ => Err(Status::unauthenticated("this is the analysts' door; your certificate names no analyst")),
    }
}

/// The revision that is asked for; none for the newest.
fn revision(request: &Request<generated::RunRequest>) -> Option<u32> {
    Some(request.get_ref().revision).filter(|revision| *revision > 0)
}

fn run(request: &Request<generated::RunRequest>) -> Result<RunId, Status> {
    request
        .get_ref()
        .run_id
        .parse()
        .map_err(|_| Status::invalid_argument("a run is 32 hexadecimal digits; see `tallyward runs`"))
}
