//! A provider's own word on a template, by its own guardian.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::attested::{self, Attested, Document, DocumentError};
use crate::digest::Digest;
use crate::dsse::{Envelope, EnvelopeError, PayloadType};
use crate::keys::PublicKey;
use crate::name::{PersonName, ProviderCode};
use crate::time;

/// An acceptance or a refusal that the provider's own guardian signed. Only [`Acceptance::verify`] makes one.
pub type Acceptance = Attested<AcceptanceDocument>;

/// An acceptance as written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AcceptanceDocument {
    /// The provider for which it speaks.
    pub provider: ProviderCode,
    /// The digest of the template's exact bytes.
    pub template_sha256: Digest,
    /// Whether the template may run there.
    pub verdict: AcceptanceVerdict,
    /// The provider's guardian.
    pub guardian: PersonName,
    /// Why, in plain words.
    pub reason: String,
    /// When it was signed.
    #[serde(with = "time::serde_text")]
    pub at: DateTime<Utc>,
}

/// Whether a template may run at a provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AcceptanceVerdict {
    /// It may.
    Accept,
    /// It may not.
    Refuse,
}

/// Why an acceptance is not one of this provider's guardian.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AcceptanceError {
    /// The envelope is not one, or the guardian did not sign.
    #[error(transparent)]
    Envelope(#[from] EnvelopeError),
    /// Signed, but not an acceptance.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// For another provider.
    #[error("it is for the provider `{0}`")]
    AnotherProvider(ProviderCode),
    /// In another guardian's name.
    #[error("it is in the name of `{0}`")]
    AnotherGuardian(PersonName),
}

impl Document for AcceptanceDocument {
    const PAYLOAD: PayloadType = PayloadType::Acceptance;

    fn check(&self) -> Result<(), DocumentError> {
        attested::reason("reason", &self.reason)
    }
}

impl Acceptance {
    /// The acceptance in this envelope, if `guardian` signed it for `provider` with one of `keys`.
    ///
    /// # Errors
    /// An [`AcceptanceError`].
    pub fn verify(
        envelope: &Envelope,
        provider: &ProviderCode,
        guardian: &PersonName,
        keys: &[PublicKey],
    ) -> Result<Self, AcceptanceError> {
        let verified = envelope.verify(PayloadType::Acceptance, keys)?;
        let acceptance = Self::read(verified.payload, vec![guardian.clone()])?;
        let document = acceptance.document();
        if document.provider != *provider {
            return Err(AcceptanceError::AnotherProvider(document.provider.clone()));
        }
        if document.guardian != *guardian {
            return Err(AcceptanceError::AnotherGuardian(document.guardian.clone()));
        }
        Ok(acceptance)
    }
}
