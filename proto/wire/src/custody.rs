//! What else passes between a node and the coordinator: the catalogue of what may be asked, and checkpoints that each
//! countersigns for the other.

use std::time::Duration;

use template::Digest;
use tonic::transport::Channel;
use tonic::{Code, Status};

use crate::generated::countersign_reply::Verdict;
use crate::generated::link_client::LinkClient;
use crate::generated::{self, CatalogueRequest, FetchRequest, SignedBytes};

/// The longest checkpoint, in bytes, with its signatures.
pub const CHECKPOINT_BYTES_MAX: usize = 16 * 1024;
/// The most trust roots that one reply brings.
pub const ROOTS_MAX: usize = 1024;
/// How long one call may take.
const CALL: Duration = Duration::from_secs(30);

/// What a node has of the catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownCatalogue {
    /// The catalogue's version and the digest of its envelope, exact bytes; none where the node has none.
    pub catalogue: Option<(u64, Digest)>,
    /// The version of the node's trust root.
    pub root_version: u64,
}

/// What the coordinator has of the catalogue. Nothing in it is believed yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CatalogueNews {
    /// Another catalogue than the node's.
    Changed {
        /// Trust roots above the node's version, envelopes in order; perhaps not all of them, then the node asks again.
        roots: Vec<Vec<u8>>,
        /// The catalogue's envelope.
        catalogue: Vec<u8>,
    },
    /// The very one that the node has, and no newer trust root.
    Unchanged,
}

/// What the coordinator says to a node's checkpoint. Nothing in it is believed yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Countersigned {
    /// What became of it.
    pub verdict: CheckpointVerdict,
    /// The coordinator's own newest checkpoint, for the node to countersign.
    pub coordinator: Option<Vec<u8>>,
}

/// What became of a checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CheckpointVerdict {
    /// It contradicts this one, which the coordinator countersigned before: the log went back, or forked.
    Conflict(Vec<u8>),
    /// The same checkpoint with the coordinator's signature added.
    Countersigned(Vec<u8>),
}

/// An open connection to the coordinator, for what is not an order. Cloning it gives another handle to the same one.
#[derive(Clone, Debug)]
pub struct OpenLink(LinkClient<Channel>);

/// Why the coordinator did not do what a node asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// The connection is gone, or the coordinator has too much to do.
    #[error("the coordinator cannot be reached now")]
    Lost,
    /// The coordinator has no such thing.
    #[error("the coordinator does not have it")]
    NotFound,
    /// The coordinator does not take it.
    #[error("the coordinator does not take it")]
    Refused,
    /// What came is not of the form that this version reads.
    #[error("the coordinator's reply is not of the form that this version reads")]
    Unreadable,
}

impl OpenLink {
    pub(crate) const fn new(client: LinkClient<Channel>) -> Self {
        Self(client)
    }

    /// The coordinator's catalogue, unless it is the one that is known. One request either way.
    ///
    /// # Errors
    /// A [`LinkError`].
    pub async fn catalogue(&self, known: KnownCatalogue) -> Result<CatalogueNews, LinkError> {
        let (version, sha256) =
            known.catalogue.map_or_else(Default::default, |(version, digest)| (version, digest.to_string()));
        let request = CatalogueRequest { version, sha256, root_version: known.root_version };
        let mut client = self.0.clone();
        let reply = within(client.catalogue(request)).await?;
        if reply.roots.len() > ROOTS_MAX {
            return Err(LinkError::Unreadable);
        }
        Ok(match reply {
            generated::CatalogueReply { unchanged: true, .. } => CatalogueNews::Unchanged,
            generated::CatalogueReply { roots, catalogue, .. } => CatalogueNews::Changed { roots, catalogue },
        })
    }

    /// The document whose envelope has this digest. The digest is checked here.
    ///
    /// # Errors
    /// A [`LinkError`]; [`LinkError::Unreadable`] where other bytes came.
    pub async fn fetch(&self, digest: &Digest) -> Result<Vec<u8>, LinkError> {
        let mut client = self.0.clone();
        let SignedBytes { envelope } = within(client.fetch(FetchRequest { sha256: digest.to_string() })).await?;
        if Digest::of(&envelope) == *digest { Ok(envelope) } else { Err(LinkError::Unreadable) }
    }

    /// Has the node's checkpoint countersigned.
    ///
    /// # Errors
    /// A [`LinkError`]; a contradiction is not an error but a [`CheckpointVerdict::Conflict`].
    pub async fn countersign(&self, checkpoint: Vec<u8>) -> Result<Countersigned, LinkError> {
        let mut client = self.0.clone();
        let reply = within(client.countersign(SignedBytes { envelope: checkpoint })).await?;
        let verdict = match reply.verdict.ok_or(LinkError::Unreadable)? {
            Verdict::Countersigned(bytes) => CheckpointVerdict::Countersigned(bytes),
            Verdict::Conflict(bytes) => CheckpointVerdict::Conflict(bytes),
        };
        Ok(Countersigned { verdict, coordinator: reply.coordinator })
    }

    /// Gives the coordinator its checkpoint back, with the node's signature added.
    ///
    /// # Errors
    /// A [`LinkError`].
    pub async fn witnessed(&self, checkpoint: Vec<u8>) -> Result<(), LinkError> {
        let mut client = self.0.clone();
        within(client.witnessed(SignedBytes { envelope: checkpoint })).await.map(|_nothing| ())
    }
}

async fn within<T>(call: impl Future<Output = Result<tonic::Response<T>, Status>>) -> Result<T, LinkError> {
    match tokio::time::timeout(CALL, call).await {
        Ok(Ok(reply)) => Ok(reply.into_inner()),
        Ok(Err(status)) => Err(error(&status)),
        Err(_) => Err(LinkError::Lost),
    }
}

fn error(status: &Status) -> LinkError {
    match status.code() {
        Code::NotFound | Code::Unimplemented => LinkError::NotFound,
        Code::InvalidArgument | Code::PermissionDenied | Code::Unauthenticated | Code::Internal => LinkError::Refused,
        Code::OutOfRange | Code::DataLoss => LinkError::Unreadable,
        _ => LinkError::Lost,
    }
}
