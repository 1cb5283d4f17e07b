//! A release as it is written, for whoever wants to attack a published table. Nothing is verified here: it is no
//! [`ReportedRelease`](crate::ReportedRelease) and does not become one.

use disclosure::{Cell, Policy};
use serde::Deserialize;
use template::{Digest, Envelope};

use crate::release::ReleaseDocument;

/// What a release says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrittenRelease {
    /// The template's id.
    pub template_id: String,
    /// The template's version.
    pub template_version: u32,
    /// The digest of the template's exact bytes.
    pub template: Digest,
    /// The parameters.
    pub parameters: Vec<(String, String)>,
    /// The policy that it names.
    pub policy: Policy,
    /// The measures' names.
    pub measures: Vec<String>,
    /// Per measure, one for every cell of the question's domain.
    pub cells: Vec<Vec<Cell>>,
}

/// Why a text is no release.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WrittenError {
    /// Not of the form.
    #[error("this is no release: give the signed envelope, or its content, as the provider made it")]
    Malformed,
    /// A policy that there cannot be.
    #[error("the release names a policy that there cannot be")]
    Policy,
}

/// Whether a text looks like a release: an envelope of one, or the fields of one.
#[must_use]
pub fn is_release_text(text: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Fields {
        #[serde(default, rename = "ledger_sequence")]
        sequence: Option<u64>,
    }
    let envelope = Envelope::parse(text).ok();
    let payload = envelope.as_ref().map_or(text, Envelope::unverified_payload);
    serde_json::from_slice::<Fields>(payload).is_ok_and(|fields| fields.sequence.is_some())
}

impl WrittenRelease {
    /// Reads an envelope or its content.
    ///
    /// # Errors
    /// A [`WrittenError`].
    pub fn read(text: &[u8]) -> Result<Self, WrittenError> {
        let envelope = Envelope::parse(text).ok();
        let payload = envelope.as_ref().map_or(text, Envelope::unverified_payload);
        let document: ReleaseDocument = serde_json::from_slice(payload).map_err(|_| WrittenError::Malformed)?;
        let header = document.header();
        let policy = document.policy.policy().map_err(|_| WrittenError::Policy)?;
        let (measures, cells) = document
            .measures
            .into_iter()
            .map(|measure| (measure.name, measure.cells.into_iter().map(Cell::from).collect()))
            .unzip();
        Ok(Self {
            template_id: header.template_id,
            template_version: header.template_version,
            template: header.template,
            parameters: header.parameters,
            policy,
            measures,
            cells,
        })
    }
}
