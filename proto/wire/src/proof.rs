//! What a coordinator commits to for a closed run: the answer, and every document that it follows from, by digest.
//!
//! The statement holds no figure. It may go to an analyst where a template hides single sites: the digest of a release is
//! over its signature, too, which nobody but its provider can make, so that no figure can be tried out against it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use template::{Digest, Envelope, EnvelopeError, PayloadType, PublicKey, SigningKey};

use crate::answer::{Answer, SiteOutcome};
use crate::id::{OrderId, RunId};
use crate::identity::ProviderCode;
use crate::time::serde_text;

/// What a coordinator commits to for a closed run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proof {
    /// The run.
    pub run: RunId,
    /// The answer's revision.
    pub revision: u32,
    /// The digest of the template's exact bytes.
    pub template_sha256: Digest,
    /// The digest of the answer; see [`answer_digest`].
    pub answer_sha256: Digest,
    /// The digest of the list of whom the run asked, with their keys.
    pub roster_sha256: Digest,
    /// The digest of the request's exact bytes, if the analyst signed it.
    pub request_sha256: Option<Digest>,
    /// Every asked site, in the order of the answer.
    pub sites: Vec<ProofSite>,
    /// The digests of all releases and refusals, sorted, each over the one before: one digest for all of them.
    pub documents_sha256: Digest,
    /// When the answer was made.
    #[serde(with = "serde_text")]
    pub closed_at: DateTime<Utc>,
}

/// An asked site in a proof.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProofSite {
    /// Its code.
    pub provider: ProviderCode,
    /// The order that it was given.
    pub order_id: OrderId,
    /// The digest of the order's envelope.
    pub order_sha256: Digest,
    /// What came of it.
    pub outcome: SiteOutcome,
    /// The digest of the envelope that it sent, if it sent one.
    pub document_sha256: Option<Digest>,
}

/// Why a proof is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// The envelope is not one, or the coordinator did not sign it.
    #[error(transparent)]
    Envelope(#[from] EnvelopeError),
    /// Signed, but not a proof, or one that contradicts itself.
    #[error("the signed bytes are not a proof of this version")]
    Malformed,
}

/// The digest of an answer: of its compact JSON, which is the same wherever it is written.
#[must_use]
pub fn answer_digest(answer: &Answer) -> Digest {
    // A document of integers and strings always serialises.
    Digest::of(&serde_json::to_vec(answer).unwrap_or_default())
}

impl Proof {
    /// One digest for all documents of these sites.
    #[must_use]
    pub fn documents(sites: &[ProofSite]) -> Digest {
        let mut digests: Vec<Digest> = sites.iter().filter_map(|site| site.document_sha256).collect();
        digests.sort_unstable();
        let fields: Vec<&[u8]> = digests.iter().map(|digest| digest.bytes().as_slice()).collect();
        Digest::of_fields(&fields)
    }

    /// Signs the proof.
    #[must_use]
    pub fn sign(&self, key: &SigningKey) -> Vec<u8> {
        // A struct of integers and strings always serialises.
        let payload = serde_json::to_vec(self).unwrap_or_default();
        Envelope::sign(PayloadType::Proof, payload, &[key]).to_bytes()
    }

    /// The proof in an envelope, if this coordinator signed it.
    ///
    /// # Errors
    /// A [`ProofError`].
    pub fn verify(envelope: &[u8], coordinator: &PublicKey) -> Result<Self, ProofError> {
        let envelope = Envelope::parse(envelope)?;
        let verified = envelope.verify(PayloadType::Proof, &[*coordinator])?;
        let proof: Self = serde_json::from_slice(verified.payload).map_err(|_| ProofError::Malformed)?;
        if proof.documents_sha256 != Self::documents(&proof.sites) {
            return Err(ProofError::Malformed);
        }
        Ok(proof)
    }
}
