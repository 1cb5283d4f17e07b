//! A person's view of a template.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::attested::{self, Attested, Document, DocumentError};
use crate::digest::Digest;
use crate::dsse::PayloadType;
use crate::name::PersonName;
use crate::time;

/// A review that its reviewer signed; see [`crate::TrustRoot::review`].
pub type Review = Attested<ReviewDocument>;

/// A review as written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReviewDocument {
    /// The digest of the template's exact bytes.
    pub template_sha256: Digest,
    /// Who reviewed it.
    pub reviewer: PersonName,
    /// The reviewer's organisation, as the trust root writes it.
    pub organisation: String,
    /// What the reviewer thinks.
    pub verdict: Verdict,
    /// Why, in plain words.
    pub comment: String,
    /// The digest of the review sheet that the reviewer read.
    pub review_sheet_sha256: Digest,
    /// When it was signed.
    #[serde(with = "time::serde_text")]
    pub at: DateTime<Utc>,
}

/// What a reviewer thinks of a template. It takes signatures over the template itself to approve it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It may be asked.
    Approve,
    /// Neither, but something to think of.
    Comment,
    /// It should not be asked.
    Object,
}

impl Document for ReviewDocument {
    const PAYLOAD: PayloadType = PayloadType::Review;

    fn check(&self) -> Result<(), DocumentError> {
        attested::title("organisation", &self.organisation)?;
        attested::reason("comment", &self.comment)
    }
}
