//! How a node says no: a closed list without text, so that no row can hide in one.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use template::{Envelope, EnvelopeError, PayloadType, PublicKey, SigningKey};

use crate::id::OrderId;
use crate::identity::ProviderCode;
use crate::time;

/// Why a provider does not answer. No reason depends on a count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Refusal {
    /// The sharing agreement under which the template runs has not begun or has ended.
    AgreementEnded,
    /// The order is not one that the pinned coordinator signed for this provider.
    Altered,
    /// The parameters do not fit the template.
    BadParameters,
    /// Too much to do; the same order may be answered later.
    Busy,
    /// The node's clock cannot be right.
    ClockSkew,
    /// The data is not what was frozen. Never a smaller count in its place.
    DataIntegrity,
    /// The order's time has passed.
    Expired,
    /// Something went wrong at the provider.
    Failed,
    /// The template or a look-up is not approved under the trust root that the provider pinned.
    NotApproved,
    /// The provider does not hold the tables or the period.
    NotCovered,
    /// The provider's rules do not allow it. Policy, differencing, limits, consent and population read the same.
    NotReleased,
    /// The provider's ledger is not the one that others have seen; nothing leaves it until a signed rebaseline.
    Quarantined,
    /// The order's identity was used for another order.
    Replayed,
    /// The analyst's own signature is asked for, and it is missing or is not of this question.
    RequestNotSigned,
    /// The provider has no catalogue that is still in force.
    StaleCatalogue,
}

impl Refusal {
    /// Every refusal.
    pub const ALL: [Self; 15] = [
        Self::AgreementEnded,
        Self::Altered,
        Self::BadParameters,
        Self::Busy,
        Self::ClockSkew,
        Self::DataIntegrity,
        Self::Expired,
        Self::Failed,
        Self::NotApproved,
        Self::NotCovered,
        Self::NotReleased,
        Self::Quarantined,
        Self::Replayed,
        Self::RequestNotSigned,
        Self::StaleCatalogue,
    ];

    /// The word that travels and is printed.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::AgreementEnded => "agreement-ended",
            Self::Altered => "altered",
            Self::BadParameters => "bad-parameters",
            Self::Busy => "busy",
            Self::ClockSkew => "clock-skew",
            Self::DataIntegrity => "data-integrity",
            Self::Expired => "expired",
            Self::Failed => "failed",
            Self::NotApproved => "not-approved",
            Self::NotCovered => "not-covered",
            Self::NotReleased => "not-released",
            Self::Quarantined => "quarantined",
            Self::Replayed => "replayed",
            Self::RequestNotSigned => "request-not-signed",
            Self::StaleCatalogue => "stale-catalogue",
        }
    }

    /// The refusal as the provider signs it.
    #[must_use]
    pub fn sign(self, order: OrderId, provider: &ProviderCode, key: &SigningKey, now: DateTime<Utc>) -> SignedRefusal {
        let document =
            RefusalDocument { order_id: order, provider: provider.clone(), refusal: self, made_at: time::text(now) };
        // A struct of strings always serialises.
        let payload = serde_json::to_vec(&document).unwrap_or_default();
        let envelope = Envelope::sign(PayloadType::Refusal, payload, &[key]);
        SignedRefusal { order, bytes: envelope.to_bytes() }
    }
}

/// A refusal ready to be sent: a DSSE envelope.
#[derive(Clone, Debug)]
pub struct SignedRefusal {
    order: OrderId,
    bytes: Vec<u8>,
}

impl SignedRefusal {
    /// The order that is refused.
    #[must_use]
    pub const fn order(&self) -> OrderId {
        self.order
    }

    /// The envelope.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// Why a refusal is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RefusalError {
    /// The envelope.
    #[error(transparent)]
    Envelope(#[from] EnvelopeError),
    /// Not a refusal, or of another order or provider.
    #[error("not a refusal of this order by this provider")]
    Mismatch,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RefusalDocument {
    order_id: OrderId,
    provider: ProviderCode,
    refusal: Refusal,
    made_at: String,
}

/// The refusal in an envelope, if the provider signed it for this order.
///
/// # Errors
/// A [`RefusalError`].
pub fn verify_refusal(
    envelope: &[u8],
    key: &PublicKey,
    order: &OrderId,
    provider: &ProviderCode,
) -> Result<Refusal, RefusalError> {
    let envelope = Envelope::parse(envelope)?;
    let verified = envelope.verify(PayloadType::Refusal, &[*key])?;
    let document: RefusalDocument = serde_json::from_slice(verified.payload).map_err(|_| RefusalError::Mismatch)?;
    (document.order_id == *order && document.provider == *provider)
        .then_some(document.refusal)
        .ok_or(RefusalError::Mismatch)
}
