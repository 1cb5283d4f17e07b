//! Everything that an answer follows from, as exact bytes, for whoever verifies it later without trusting anybody.

use serde::{Deserialize, Serialize};

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
    pub const ALL: [Self; 13] = [
        Self::Answer,
        Self::Catalogue,
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
