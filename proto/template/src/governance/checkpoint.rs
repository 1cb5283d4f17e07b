//! The state of a log, signed by its owner and by a witness.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::attested::{Attested, Document, DocumentError};
use crate::digest::Digest;
use crate::dsse::{Envelope, EnvelopeError, PayloadType};
use crate::id::Epoch;
use crate::keys::PublicKey;
use crate::name::ProviderCode;
use crate::time;

/// A checkpoint that its log's owner signed. Only [`Checkpoint::verify`] makes one.
pub type Checkpoint = Attested<CheckpointDocument>;

/// A checkpoint as written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckpointDocument {
    /// Whose log it is.
    pub log: LogName,
    /// Which life of the log.
    pub epoch: Epoch,
    /// How many entries the log has.
    pub size: u64,
    /// The hash of the last entry, which holds the one before it, and so on to the first.
    pub head: Digest,
    /// When it was signed.
    #[serde(with = "time::serde_text")]
    pub at: DateTime<Utc>,
}

/// Whose log it is: `coordinator`, or `provider:` and the provider's code.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum LogName {
    /// The coordinator's.
    Coordinator,
    /// A provider's.
    Provider(ProviderCode),
}

/// The text names no log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a log is named `coordinator`, or `provider:` and the provider's code")]
pub struct LogNameError;

/// Why a checkpoint is not believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// The envelope is not one, or the owner did not sign.
    #[error(transparent)]
    Envelope(#[from] EnvelopeError),
    /// Signed, but not a checkpoint.
    #[error(transparent)]
    Document(#[from] DocumentError),
}

impl Document for CheckpointDocument {
    const PAYLOAD: PayloadType = PayloadType::Checkpoint;

    fn check(&self) -> Result<(), DocumentError> {
        Ok(())
    }
}

impl Checkpoint {
    /// The checkpoint in this envelope, if the holder of `owner` signed it.
    ///
    /// # Errors
    /// A [`CheckpointError`].
    pub fn verify(envelope: &Envelope, owner: &PublicKey) -> Result<Self, CheckpointError> {
        let verified = envelope.verify(PayloadType::Checkpoint, &[*owner])?;
        Ok(Self::read(verified.payload, Vec::new())?)
    }

    /// The checkpoint in this envelope, if the holder of `owner` signed it and the holder of `witness` signed the same
    /// bytes.
    ///
    /// # Errors
    /// A [`CheckpointError`].
    ///
    /// INVARIANT: a log's owner is not its own witness.
    pub fn witnessed(envelope: &Envelope, owner: &PublicKey, witness: &PublicKey) -> Result<Self, CheckpointError> {
        if owner == witness {
            return Err(EnvelopeError::Signature.into());
        }
        envelope.verify(PayloadType::Checkpoint, &[*witness])?;
        Self::verify(envelope, owner)
    }
}

impl fmt::Display for LogName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Coordinator => f.write_str("coordinator"),
            Self::Provider(code) => write!(f, "provider:{code}"),
        }
    }
}

impl FromStr for LogName {
    type Err = LogNameError;

    fn from_str(text: &str) -> Result<Self, LogNameError> {
        if text == "coordinator" {
            return Ok(Self::Coordinator);
        }
        let code = text.strip_prefix("provider:").ok_or(LogNameError)?;
        code.parse().map(Self::Provider).map_err(|_| LogNameError)
    }
}

impl TryFrom<String> for LogName {
    type Error = LogNameError;

    fn try_from(text: String) -> Result<Self, LogNameError> {
        text.parse()
    }
}

impl From<LogName> for String {
    fn from(name: LogName) -> Self {
        name.to_string()
    }
}
