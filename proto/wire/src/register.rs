//! The public register: which questions may be asked, who approved them, and which were asked, without any figure.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use template::{Digest, ProviderKind};

use crate::answer::{ParameterValue, RunState};
use crate::governance::ProposalState;
use crate::id::RunId;
use crate::time::{serde_option, serde_text};

/// The public register of a region.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Register {
    /// When it was made.
    #[serde(with = "serde_text")]
    pub made_at: DateTime<Utc>,
    /// The version of the catalogue that was in force; nought where there was none.
    pub catalogue_version: u64,
    /// Every template that was ever approved, by id, then version.
    pub templates: Vec<RegisteredTemplate>,
    /// Every run, the newest first.
    pub runs: Vec<RegisteredRun>,
}

/// A template in the register.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegisteredTemplate {
    /// Its id.
    pub id: String,
    /// Its version.
    pub version: u32,
    /// Its title.
    pub title: String,
    /// What it is for, in its author's words.
    pub purpose: String,
    /// The digest of its exact bytes.
    pub template_sha256: Digest,
    /// Where it stands.
    pub state: ProposalState,
    /// Who wrote it.
    pub author: String,
    /// Who approved it.
    pub approved_by: Vec<String>,
    /// The kinds of provider that are asked.
    pub runs_at: Vec<ProviderKind>,
    /// The sharing agreement under which it runs.
    pub agreement: String,
    /// Its last day, as in `2027-03-31`.
    pub expires: String,
}

/// A run in the register: no figure, and no site by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegisteredRun {
    /// Its identity.
    pub run: RunId,
    /// The template's id.
    pub template_id: String,
    /// The template's version.
    pub template_version: u32,
    /// The digest of the template's exact bytes.
    pub template_sha256: Digest,
    /// The parameters.
    pub parameters: Vec<ParameterValue>,
    /// Why it was asked.
    pub purpose: String,
    /// The organisation of whoever asked.
    pub organisation: String,
    /// The sharing agreement under which it ran.
    pub agreement: String,
    /// When it was asked.
    #[serde(with = "serde_text")]
    pub asked_at: DateTime<Utc>,
    /// When it closed, if it has.
    #[serde(with = "serde_option")]
    pub closed_at: Option<DateTime<Utc>>,
    /// Whether it is still open.
    pub state: RunState,
    /// How many sites were asked.
    pub sites_asked: u32,
    /// How many of them released figures.
    pub sites_released: u32,
}
