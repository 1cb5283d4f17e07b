//! Everything that an answer follows from, as exact bytes, for whoever verifies it later without trusting anybody.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use template::{Digest, ProviderKind, PublicKey};

use crate::answer::{GroupingName, ParameterValue, Places};
use crate::id::RunId;
use crate::identity::{AnalystName, ProviderCode};
use crate::time::serde_text;

/// The most parts of one run's evidence.
pub const EVIDENCE_PARTS_MAX: usize = 20_000;
/// The most bytes of one run's evidence, as exact bytes.
pub const EVIDENCE_BYTES_MAX: usize = 1024 * 1024 * 1024;

/// What a part of the evidence is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EvidenceKind {
    /// The answer as the coordinator gave it, JSON.
    Answer,
    /// The catalogue that was in force, an envelope.
    Catalogue,
    /// The region's analysts, an envelope.
    Enrolment,
    /// Something that a site sent which is not a valid outcome, as it came.
    Invalid,
    /// A look-up that the template reads, an envelope.
    Lookup,
    /// An order, an envelope.
    Order,
    /// What the coordinator committed to, an envelope.
    Proof,
    /// A refusal, an envelope.
    Refusal,
    /// A release, an envelope.
    Release,
    /// The request as the analyst signed it, an envelope.
    Request,
    /// A trust root, an envelope; the oldest first.
    Root,
    /// Whom the run asked, with their keys, JSON.
    Roster,
    /// The run, JSON.
    Run,
    /// The template, an envelope.
    Template,
}

impl EvidenceKind {
    /// Every kind.
    pub const ALL: [Self; 14] = [
        Self::Answer,
        Self::Catalogue,
        Self::Enrolment,
        Self::Invalid,
        Self::Lookup,
        Self::Order,
        Self::Proof,
        Self::Refusal,
        Self::Release,
        Self::Request,
        Self::Root,
        Self::Roster,
        Self::Run,
        Self::Template,
    ];

    /// The word that travels and is written.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Answer => "answer",
            Self::Catalogue => "catalogue",
            Self::Enrolment => "enrolment",
            Self::Invalid => "invalid",
            Self::Lookup => "lookup",
            Self::Order => "order",
            Self::Proof => "proof",
            Self::Refusal => "refusal",
            Self::Release => "release",
            Self::Request => "request",
            Self::Root => "root",
            Self::Roster => "roster",
            Self::Run => "run",
            Self::Template => "template",
        }
    }

    /// The kind of this word.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

/// One document of the evidence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvidencePart {
    /// What it is.
    pub kind: EvidenceKind,
    /// Its exact bytes.
    pub bytes: Vec<u8>,
}

/// A run, as evidence states it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EvidenceRun {
    /// Its identity.
    pub run: RunId,
    /// Who asked.
    pub analyst: AnalystName,
    /// The digest of the template's exact bytes.
    pub template_sha256: Digest,
    /// The parameters, defaults filled in.
    pub parameters: Vec<ParameterValue>,
    /// Why it was asked.
    pub purpose: String,
    /// The sharing agreement under which it ran.
    pub agreement: String,
    /// How sites were put together.
    pub grouping: GroupingName,
    /// When it was asked.
    #[serde(with = "serde_text")]
    pub asked_at: DateTime<Utc>,
    /// Until when providers could answer.
    #[serde(with = "serde_text")]
    pub deadline: DateTime<Utc>,
    /// The key that the coordinator signs with, as it says itself.
    pub coordinator_key: PublicKey,
}

/// Whom a run asked, with their keys, in the order of the answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AskedRoster {
    /// The sites.
    pub providers: Vec<AskedProvider>,
}

/// A site of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AskedProvider {
    /// Its code.
    pub code: ProviderCode,
    /// Its name when it was asked.
    pub name: String,
    /// Its kind when it was asked.
    pub kind: ProviderKind,
    /// Where it belonged when it was asked.
    #[serde(default)]
    pub places: Places,
    /// The key that its release is verified with.
    pub key: PublicKey,
}

impl AskedRoster {
    /// The exact bytes of which a proof holds the digest.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        // A struct of strings always serialises.
        serde_json::to_vec(self).unwrap_or_default()
    }
}

/// Evidence in a file: JSON, each part in base64.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct EvidenceFile {
    form: u32,
    parts: Vec<PartDocument>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PartDocument {
    kind: EvidenceKind,
    base64: String,
}

/// The form of the file that this version writes and reads.
const FORM: u32 = 1;

/// The file is no evidence of the form that this version reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "this is not evidence of the form that this version reads; `tallyward verify RUN --save FILE` writes such files"
)]
pub struct EvidenceFileError;

/// Evidence as a file holds it.
#[must_use]
pub fn write_evidence(parts: &[EvidencePart]) -> Vec<u8> {
    let part = |part: &EvidencePart| PartDocument { kind: part.kind, base64: STANDARD.encode(&part.bytes) };
    let file = EvidenceFile { form: FORM, parts: parts.iter().map(part).collect() };
    // A struct of integers and strings always serialises.
    serde_json::to_vec(&file).unwrap_or_default()
}

/// The evidence in a file.
///
/// # Errors
/// [`EvidenceFileError`].
pub fn read_evidence(file: &[u8]) -> Result<Vec<EvidencePart>, EvidenceFileError> {
    if file.len() / 2 > EVIDENCE_BYTES_MAX {
        return Err(EvidenceFileError);
    }
    let file: EvidenceFile = serde_json::from_slice(file).map_err(|_| EvidenceFileError)?;
    if file.form != FORM || file.parts.len() > EVIDENCE_PARTS_MAX {
        return Err(EvidenceFileError);
    }
    let part = |part: PartDocument| {
        let bytes = STANDARD.decode(&part.base64).map_err(|_| EvidenceFileError)?;
        Ok(EvidencePart { kind: part.kind, bytes })
    };
    file.parts.into_iter().map(part).collect()
}
