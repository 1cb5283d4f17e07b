//! Orders: one question to one provider, signed by the coordinator that the provider pinned.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use template::{Digest, Envelope, EnvelopeError, PayloadType, PublicKey, SigningKey};

use crate::id::{OrderId, RunId};
use crate::identity::{AnalystName, ProviderCode};
use crate::time;

/// The longest purpose, in bytes.
pub const PURPOSE_BYTES_MAX: usize = 500;

/// One question to one provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// Its identity.
    pub id: OrderId,
    /// The question to the region that it is part of.
    pub run: RunId,
    /// Who is asked.
    pub provider: ProviderCode,
    /// The exact template.
    pub template: Digest,
    /// Parameters by name, as text.
    pub parameters: Vec<(String, String)>,
    /// Why it is asked, in the analyst's words.
    pub purpose: String,
    /// Who asks.
    pub analyst: AnalystName,
    /// The digest of the request as the analyst signed it, if it was signed: of the signed bytes, not of the envelope.
    pub request: Option<Digest>,
    /// When it was made, whole seconds.
    pub issued_at: DateTime<Utc>,
    /// After this it is not answered, whole seconds.
    pub expires_at: DateTime<Utc>,
}

/// A signed order as it travels: a DSSE envelope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedOrder {
    bytes: Vec<u8>,
    digest: Digest,
}

/// An order that the pinned coordinator signed. Only [`Order::verify`] makes one.
#[derive(Clone, Debug)]
pub struct VerifiedOrder {
    order: Order,
    digest: Digest,
}

/// Why an order is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OrderError {
    /// The envelope is not one, or the pinned coordinator did not sign it.
    #[error(transparent)]
    Envelope(#[from] EnvelopeError),
    /// Signed, but not an order.
    #[error("the signed bytes are not an order of this version")]
    Malformed,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OrderDocument {
    order_id: OrderId,
    run_id: RunId,
    provider: ProviderCode,
    template_sha256: Digest,
    parameters: Vec<ParameterDocument>,
    purpose: String,
    analyst: AnalystName,
    request_sha256: Option<Digest>,
    issued_at: String,
    expires_at: String,
}

/// A parameter in a signed document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ParameterDocument {
    pub name: String,
    pub value: String,
}

pub(crate) fn parameter_documents(parameters: &[(String, String)]) -> Vec<ParameterDocument> {
    parameters.iter().map(|(name, value)| ParameterDocument { name: name.clone(), value: value.clone() }).collect()
}

pub(crate) fn parameter_pairs(documents: Vec<ParameterDocument>) -> Vec<(String, String)> {
    documents.into_iter().map(|parameter| (parameter.name, parameter.value)).collect()
}

impl Order {
    /// Signs the order.
    #[must_use]
    pub fn sign(&self, key: &SigningKey) -> SignedOrder {
        let document = OrderDocument {
            order_id: self.id,
            run_id: self.run,
            provider: self.provider.clone(),
            template_sha256: self.template,
            parameters: parameter_documents(&self.parameters),
            purpose: self.purpose.clone(),
            analyst: self.analyst.clone(),
            request_sha256: self.request,
            issued_at: time::text(self.issued_at),
            expires_at: time::text(self.expires_at),
        };
        // A struct of strings always serialises.
        let payload = serde_json::to_vec(&document).unwrap_or_default();
        let digest = Digest::of(&payload);
        SignedOrder { bytes: Envelope::sign(PayloadType::Order, payload, &[key]).to_bytes(), digest }
    }

    /// The order in an envelope, if this coordinator signed it.
    ///
    /// # Errors
    /// An [`OrderError`]. Whether it is for this provider, and in time, is for the caller to see.
    pub fn verify(envelope: &[u8], coordinator: &PublicKey) -> Result<VerifiedOrder, OrderError> {
        let envelope = Envelope::parse(envelope)?;
        let verified = envelope.verify(PayloadType::Order, &[*coordinator])?;
        let document: OrderDocument = serde_json::from_slice(verified.payload).map_err(|_| OrderError::Malformed)?;
        let at = |text: &str| time::parse(text).ok_or(OrderError::Malformed);
        if document.purpose.len() > PURPOSE_BYTES_MAX {
            return Err(OrderError::Malformed);
        }
        let order = Self {
            id: document.order_id,
            run: document.run_id,
            provider: document.provider,
            template: document.template_sha256,
            parameters: parameter_pairs(document.parameters),
            purpose: document.purpose,
            analyst: document.analyst,
            request: document.request_sha256,
            issued_at: at(&document.issued_at)?,
            expires_at: at(&document.expires_at)?,
        };
        Ok(VerifiedOrder { order, digest: Digest::of(verified.payload) })
    }
}

impl SignedOrder {
    /// The envelope.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The digest of the signed bytes, which the provider's release names.
    #[must_use]
    pub const fn digest(&self) -> Digest {
        self.digest
    }
}

impl VerifiedOrder {
    /// The order.
    #[must_use]
    pub const fn order(&self) -> &Order {
        &self.order
    }

    /// The digest of the signed bytes.
    #[must_use]
    pub const fn digest(&self) -> Digest {
        self.digest
    }
}
