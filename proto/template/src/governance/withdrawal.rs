//! The end of a template before its time.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::attested::{self, Attested, Document, DocumentError};
use crate::digest::Digest;
use crate::dsse::PayloadType;
use crate::name::PersonName;
use crate::time;

/// A withdrawal that the person whom it names signed; see [`crate::TrustRoot::withdrawal`].
pub type Withdrawal = Attested<WithdrawalDocument>;

/// A withdrawal as written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WithdrawalDocument {
    /// The digest of the template's exact bytes.
    pub template_sha256: Digest,
    /// The template's name.
    pub id: String,
    /// The template's version.
    pub version: u32,
    /// Who withdraws it.
    pub person: PersonName,
    /// Why, in plain words.
    pub reason: String,
    /// When it was signed.
    #[serde(with = "time::serde_text")]
    pub at: DateTime<Utc>,
}

impl Document for WithdrawalDocument {
    const PAYLOAD: PayloadType = PayloadType::Withdrawal;

    fn check(&self) -> Result<(), DocumentError> {
        super::catalogue::template_name("id", &self.id, self.version)?;
        attested::reason("reason", &self.reason)
    }
}
