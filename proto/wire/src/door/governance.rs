//! The guardians' door.

use std::sync::Arc;

use tonic::{Request, Response, Status};

use super::{GovernanceDoor, TurnedAway, reply, status};
use crate::generated::governance_server::Governance;
use crate::generated::{self, Document, Nothing, SignedBytes};
use crate::governance::WHY_BYTES_MAX;
use crate::identity::{Caller, GuardianName};

pub(super) struct GuardiansDoor<G>(pub(super) Arc<G>);

#[tonic::async_trait]
impl<G: GovernanceDoor> Governance for GuardiansDoor<G> {
    async fn propose(&self, request: Request<generated::ProposeRequest>) -> Result<Response<Document>, Status> {
        let guardian = guardian(&request)?;
        let generated::ProposeRequest { envelope, why } = request.into_inner();
        let why = why.trim().to_owned();
        if why.is_empty() || why.len() > WHY_BYTES_MAX || why.chars().any(char::is_control) {
            let words = format!("say in one line of at most {WHY_BYTES_MAX} bytes why it is proposed");
            return Err(status(&TurnedAway::BadRequest(words)));
        }
        reply(self.0.propose(guardian, envelope, why).await)
    }

    async fn proposals(&self, request: Request<generated::ProposalsRequest>) -> Result<Response<Document>, Status> {
        reply(self.0.proposals(guardian(&request)?).await)
    }

    async fn proposal(&self, request: Request<generated::ProposalRequest>) -> Result<Response<Document>, Status> {
        let guardian = guardian(&request)?;
        let digest = request.get_ref().template_sha256.parse().map_err(|_| {
            Status::invalid_argument("a proposal is named by its digest, 64 lower-case hexadecimal digits")
        })?;
        reply(self.0.proposal(guardian, digest).await)
    }

    async fn review(&self, request: Request<SignedBytes>) -> Result<Response<Nothing>, Status> {
        let guardian = guardian(&request)?;
        done(self.0.review(guardian, request.into_inner().envelope).await)
    }

    async fn sign(&self, request: Request<SignedBytes>) -> Result<Response<Document>, Status> {
        let guardian = guardian(&request)?;
        reply(self.0.sign(guardian, request.into_inner().envelope).await)
    }

    async fn withdraw(&self, request: Request<SignedBytes>) -> Result<Response<Nothing>, Status> {
        let guardian = guardian(&request)?;
        done(self.0.withdraw(guardian, request.into_inner().envelope).await)
    }

    async fn publish(&self, request: Request<SignedBytes>) -> Result<Response<Nothing>, Status> {
        let guardian = guardian(&request)?;
        done(self.0.publish(guardian, request.into_inner().envelope).await)
    }
}

fn guardian<T>(request: &Request<T>) -> Result<GuardianName, Status> {
    match request.extensions().get::<Caller>() {
        Some(Caller::Guardian(name)) => Ok(name.clone()),
        _ => Err(Status::unauthenticated("this is the guardians' door; your certificate names no guardian")),
    }
}

fn done(result: Result<(), TurnedAway>) -> Result<Response<Nothing>, Status> {
    result.map(|()| Response::new(Nothing {})).map_err(|turned_away| status(&turned_away))
}
