//! A guardian's side of the guardians' door.

use serde::de::DeserializeOwned;
use template::Digest;
use tonic::transport::Channel;
use tonic::{Response, Status};

use crate::desk::{self, DeskError};
use crate::door::MESSAGE_BYTES_MAX;
use crate::generated::governance_client::GovernanceClient;
use crate::generated::{Document, ProposalRequest, ProposalsRequest, ProposeRequest, SignedBytes};
use crate::governance::{ProposalDetail, ProposalSummary, SignReceipt};
use crate::stream;
use crate::tls::ClientTls;

/// A connection to the guardians' door. Keys never pass it: only what they signed.
#[derive(Clone)]
pub struct Governance(GovernanceClient<Channel>);

impl Governance {
    /// Connects to the coordinator at `address` (`host:port`, perhaps with `https://` before it), whose certificate must
    /// carry `server_name`.
    ///
    /// # Errors
    /// [`DeskError::Unreachable`].
    pub async fn connect(address: &str, server_name: &str, tls: &ClientTls) -> Result<Self, DeskError> {
        let channel =
            stream::connect(address, server_name, tls).await.map_err(|_| DeskError::Unreachable(address.to_owned()))?;
        let client = GovernanceClient::new(channel)
            .max_decoding_message_size(MESSAGE_BYTES_MAX)
            .max_encoding_message_size(MESSAGE_BYTES_MAX);
        Ok(Self(client))
    }

    /// Proposes a template that its author signed; `why` is one line.
    ///
    /// # Errors
    /// A [`DeskError`] that says what to change.
    pub async fn propose(&mut self, envelope: Vec<u8>, why: &str) -> Result<ProposalSummary, DeskError> {
        document(self.0.propose(ProposeRequest { envelope, why: why.to_owned() }).await)
    }

    /// Every proposal, the newest first.
    ///
    /// # Errors
    /// A [`DeskError`].
    pub async fn proposals(&mut self) -> Result<Vec<ProposalSummary>, DeskError> {
        document(self.0.proposals(ProposalsRequest {}).await)
    }

    /// One proposal, by the digest of the template's exact bytes. The digest of what came is checked here.
    ///
    /// # Errors
    /// A [`DeskError`]; [`DeskError::Unreadable`] where another template came.
    pub async fn proposal(&mut self, template: &Digest) -> Result<ProposalDetail, DeskError> {
        let request = ProposalRequest { template_sha256: template.to_string() };
        let detail: ProposalDetail = document(self.0.proposal(request).await)?;
        if Digest::of(detail.toml.as_bytes()) == *template { Ok(detail) } else { Err(DeskError::Unreadable) }
    }

    /// Gives a signed view of a proposal.
    ///
    /// # Errors
    /// A [`DeskError`].
    pub async fn review(&mut self, envelope: Vec<u8>) -> Result<(), DeskError> {
        done(self.0.review(SignedBytes { envelope }).await)
    }

    /// Gives a signature over a proposed template's exact bytes.
    ///
    /// # Errors
    /// A [`DeskError`].
    pub async fn sign(&mut self, envelope: Vec<u8>) -> Result<SignReceipt, DeskError> {
        document(self.0.sign(SignedBytes { envelope }).await)
    }

    /// Gives a signed word that a template is to stop.
    ///
    /// # Errors
    /// A [`DeskError`].
    pub async fn withdraw(&mut self, envelope: Vec<u8>) -> Result<(), DeskError> {
        done(self.0.withdraw(SignedBytes { envelope }).await)
    }

    /// Publishes a look-up, enrolment, agreements, trust root or rebaseline that has all the signatures that it needs.
    ///
    /// # Errors
    /// A [`DeskError`].
    pub async fn publish(&mut self, envelope: Vec<u8>) -> Result<(), DeskError> {
        done(self.0.publish(SignedBytes { envelope }).await)
    }
}

fn document<T: DeserializeOwned>(reply: Result<Response<Document>, Status>) -> Result<T, DeskError> {
    desk::document(reply)
}

fn done<T>(reply: Result<Response<T>, Status>) -> Result<(), DeskError> {
    reply.map(|_nothing| ()).map_err(|status| desk::error(&status))
}
