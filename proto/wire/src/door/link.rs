//! The providers' door.

use std::sync::Arc;

use futures::StreamExt as _;
use futures::stream::BoxStream;
use tonic::{Request, Response, Status};

use super::{Acknowledged, LinkDoor, Outcome, status};
use crate::answerer::Dispatch;
use crate::custody::{CHECKPOINT_BYTES_MAX, CatalogueNews, CheckpointVerdict, KnownCatalogue};
use crate::generated::link_server::Link;
use crate::generated::outcome::Outcome as OutcomeMessage;
use crate::generated::{self, CatalogueReply, CountersignReply, Nothing, SignedBytes};
use crate::identity::{Caller, ProviderCode};

pub(super) struct ProvidersDoor<L>(pub(super) Arc<L>);

#[tonic::async_trait]
impl<L: LinkDoor> Link for ProvidersDoor<L> {
    type OrdersStream = BoxStream<'static, Result<generated::Dispatch, Status>>;

    async fn orders(&self, request: Request<generated::OrdersRequest>) -> Result<Response<Self::OrdersStream>, Status> {
        let provider = provider(&request)?;
        let orders = self.0.orders(provider).await.map_err(|turned_away| status(&turned_away))?;
        Ok(Response::new(orders.map(|dispatch| Ok(message(dispatch))).boxed()))
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

    async fn catalogue(
        &self,
        request: Request<generated::CatalogueRequest>,
    ) -> Result<Response<CatalogueReply>, Status> {
        let provider = provider(&request)?;
        let generated::CatalogueRequest { version, sha256, root_version } = request.into_inner();
        let catalogue = match (version, sha256.as_str()) {
            (0, "") => None,
            (version, sha256) => Some((version, sha256.parse().map_err(|_| not_a_digest())?)),
        };
        let known = KnownCatalogue { catalogue, root_version };
        let news = self.0.catalogue(provider, known).await.map_err(|turned_away| status(&turned_away))?;
        Ok(Response::new(match news {
            CatalogueNews::Changed { roots, catalogue } => CatalogueReply { unchanged: false, roots, catalogue },
            CatalogueNews::Unchanged => CatalogueReply { unchanged: true, ..CatalogueReply::default() },
        }))
    }

    async fn fetch(&self, request: Request<generated::FetchRequest>) -> Result<Response<SignedBytes>, Status> {
        let provider = provider(&request)?;
        let digest = request.get_ref().sha256.parse().map_err(|_| not_a_digest())?;
        let envelope = self.0.fetch(provider, digest).await.map_err(|turned_away| status(&turned_away))?;
        Ok(Response::new(SignedBytes { envelope }))
    }

    async fn countersign(&self, request: Request<SignedBytes>) -> Result<Response<CountersignReply>, Status> {
        let provider = provider(&request)?;
        let checkpoint = checkpoint(request)?;
        let answered = self.0.countersign(provider, checkpoint).await.map_err(|turned_away| status(&turned_away))?;
        let verdict = match answered.verdict {
            CheckpointVerdict::Conflict(bytes) => generated::countersign_reply::Verdict::Conflict(bytes),
            CheckpointVerdict::Countersigned(bytes) => generated::countersign_reply::Verdict::Countersigned(bytes),
        };
        Ok(Response::new(CountersignReply { verdict: Some(verdict), coordinator: answered.coordinator }))
    }

    async fn witnessed(&self, request: Request<SignedBytes>) -> Result<Response<Nothing>, Status> {
        let provider = provider(&request)?;
        let checkpoint = checkpoint(request)?;
        self.0.witnessed(provider, checkpoint).await.map_err(|turned_away| status(&turned_away))?;
        Ok(Response::new(Nothing {}))
    }
}

fn provider<T>(request: &Request<T>) -> Result<ProviderCode, Status> {
    match request.extensions().get::<Caller>() {
        Some(Caller::Provider(code)) => Ok(code.clone()),
        _ => Err(Status::unauthenticated("this is the providers' door; your certificate names no provider")),
    }
}

fn not_a_digest() -> Status {
    Status::invalid_argument("a digest is 64 lower-case hexadecimal digits")
}

fn checkpoint(request: Request<SignedBytes>) -> Result<Vec<u8>, Status> {
    let envelope = request.into_inner().envelope;
    if envelope.len() > CHECKPOINT_BYTES_MAX {
        return Err(Status::invalid_argument("longer than any checkpoint"));
    }
    Ok(envelope)
}

fn message(dispatch: Dispatch) -> generated::Dispatch {
    let Dispatch { order, template, lookups, request, known } = dispatch;
    generated::Dispatch { order, template, lookups, request, known }
}
