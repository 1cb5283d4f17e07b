//! Leave for a provider's log to begin anew after it was found to have lost entries.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::attested::{self, Attested, Document, DocumentError};
use crate::digest::Digest;
use crate::dsse::PayloadType;
use crate::id::Epoch;
use crate::name::ProviderCode;
use crate::time;

/// A rebaseline that enough people signed; see [`crate::TrustRoot::rebaseline`].
pub type Rebaseline = Attested<RebaselineDocument>;

/// A rebaseline as written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RebaselineDocument {
    /// Whose log.
    pub provider: ProviderCode,
    /// The log's life from here on.
    pub epoch: Epoch,
    /// How many entries the log has where it goes on.
    pub after_size: u64,
    /// The hash of the last of them.
    pub after_head: Digest,
    /// Why, in plain words.
    pub reason: String,
    /// When it was written.
    #[serde(with = "time::serde_text")]
    pub at: DateTime<Utc>,
}

impl Document for RebaselineDocument {
    const PAYLOAD: PayloadType = PayloadType::Rebaseline;

    fn check(&self) -> Result<(), DocumentError> {
        attested::reason("reason", &self.reason)
    }
}
