//! The documents that pass between coordinator and guardians: JSON, integers and strings only.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use template::Digest;

use crate::identity::GuardianName;
use crate::time::serde_text;

/// The longest reason that is given for a proposal, in bytes.
pub const WHY_BYTES_MAX: usize = 1000;

/// Where a proposed template stands. A draft is a file at its author's and never here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProposalState {
    /// Enough people of enough organisations signed it: it may be asked.
    Approved,
    /// Its last day has passed.
    Expired,
    /// Its author proposed it; nobody has given a view.
    Proposed,
    /// A later version of it is approved.
    Superseded,
    /// At least one reviewer has given a view.
    UnderReview,
    /// Somebody who may has stopped it.
    Withdrawn,
}

impl ProposalState {
    /// Every state.
    pub const ALL: [Self; 6] =
        [Self::Approved, Self::Expired, Self::Proposed, Self::Superseded, Self::UnderReview, Self::Withdrawn];

    /// The word that travels and is printed.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Approved => "approved",
            Self::Expired => "expired",
            Self::Proposed => "proposed",
            Self::Superseded => "superseded",
            Self::UnderReview => "under-review",
            Self::Withdrawn => "withdrawn",
        }
    }
}

/// One proposal in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProposalSummary {
    /// The digest of the template's exact bytes.
    pub template_sha256: Digest,
    /// The template's id.
    pub id: String,
    /// The template's version.
    pub version: u32,
    /// The template's title.
    pub title: String,
    /// Where it stands.
    pub state: ProposalState,
    /// Who proposed it.
    pub author: String,
    /// When.
    #[serde(with = "serde_text")]
    pub proposed_at: DateTime<Utc>,
    /// How many people have given a view.
    pub reviews: u32,
    /// Whether the caller has given a view.
    pub reviewed_by_caller: YesNo,
}

/// Yes or no, as a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum YesNo {
    /// No.
    No,
    /// Yes.
    Yes,
}

impl From<bool> for YesNo {
    fn from(yes: bool) -> Self {
        if yes { Self::Yes } else { Self::No }
    }
}

/// One proposal, as far as the caller may see it: others' views only after the caller's own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProposalDetail {
    /// What the list says.
    pub summary: ProposalSummary,
    /// The template's exact bytes.
    pub toml: String,
    /// Why it was proposed.
    pub why: String,
    /// The newest approved version before this one, to be compared with, if there is one.
    pub previous: Option<PreviousVersion>,
    /// The views that the caller may see, in the order in which they were given.
    pub reviews: Vec<ReviewEntry>,
    /// How many views the caller does not see before giving one.
    pub hidden_reviews: u32,
    /// Who has signed, if the caller may see it.
    pub signed_by: Vec<String>,
    /// What happened, oldest first, as far as the caller may see it.
    pub events: Vec<ProposalEvent>,
}

/// An approved version of a template.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PreviousVersion {
    /// Its version.
    pub version: u32,
    /// The digest of its exact bytes.
    pub template_sha256: Digest,
    /// Its exact bytes.
    pub toml: String,
}

/// One reviewer's view.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReviewEntry {
    /// Who.
    pub reviewer: GuardianName,
    /// For which organisation.
    pub organisation: String,
    /// `approve`, `object` or `comment`.
    pub verdict: String,
    /// In the reviewer's words.
    pub comment: String,
    /// The digest of the review sheet that the reviewer read.
    pub review_sheet_sha256: Digest,
    /// When.
    #[serde(with = "serde_text")]
    pub at: DateTime<Utc>,
}

/// Something that happened to a proposal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProposalEvent {
    /// What: `proposed`, `reviewed`, `signed`, `approved`, `superseded`, `withdrawn`.
    pub what: String,
    /// Who did it; the coordinator for what follows by itself.
    pub who: String,
    /// Why, in their words; empty where nothing was said.
    pub why: String,
    /// When.
    #[serde(with = "serde_text")]
    pub at: DateTime<Utc>,
}

/// What a signature has led to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignReceipt {
    /// Where the template stands now.
    pub state: ProposalState,
    /// The version of the catalogue that lists it as approved, if it is.
    pub catalogue_version: Option<u64>,
    /// What is still missing, in plain words; empty where nothing is.
    pub missing: String,
}
