//! The catalogue: what may be asked in a region now. One signed file stands for The Update Framework's timestamp, snapshot
//! and targets, so that nothing can be mixed.

use std::collections::BTreeSet;

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};

use crate::attested::{self, Attested, Document, DocumentError, part};
use crate::digest::Digest;
use crate::dsse::{ENVELOPE_BYTES_MAX, Envelope, EnvelopeError, PayloadType};
use crate::time;

/// A catalogue lasts at most so long, in days.
pub const CATALOGUE_DAYS_MAX: i64 = 7;
/// A catalogue lasts so long where nobody says otherwise, in hours.
pub const CATALOGUE_HOURS: i64 = 24;
/// The most versions of templates.
pub const CATALOGUE_TEMPLATES_MAX: usize = 2000;
/// The most look-ups.
const LOOKUPS_MAX: usize = 200;
/// How far two clocks may differ, in seconds.
const SKEW_S: i64 = 60;

/// A catalogue that its key signed; see [`crate::TrustRoot::catalogue`].
pub type Catalogue = Attested<CatalogueDocument>;

/// A catalogue as written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CatalogueDocument {
    /// Counts up; a provider takes no older version than it has seen.
    pub version: u64,
    /// When it was made.
    #[serde(with = "time::serde_text")]
    pub issued_at: DateTime<Utc>,
    /// From this moment on nothing may be asked by it.
    #[serde(with = "time::serde_text")]
    pub expires: DateTime<Utc>,
    /// The version of the trust root under which it was made.
    pub root_version: u64,
    /// Every version of every template that was ever listed.
    pub templates: Vec<ListedTemplate>,
    /// The look-ups in use, one version of each.
    pub lookups: Vec<ListedLookup>,
    /// The envelopes of all withdrawals.
    pub withdrawals: Vec<PinnedBytes>,
    /// The analysts of the region.
    pub enrolment: Option<ListedDocument>,
    /// The sharing agreements of the region.
    pub agreements: Option<ListedDocument>,
}

/// One version of a template in a catalogue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListedTemplate {
    /// The template's name.
    pub id: String,
    /// Its version.
    pub version: u32,
    /// The digest of its exact bytes: what was approved. It never changes.
    pub sha256: Digest,
    /// The envelope around them, which changes where a signature is added.
    pub envelope: PinnedBytes,
    /// Whether it may be asked.
    pub status: TemplateStatus,
}

/// Whether a listed version of a template may be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TemplateStatus {
    /// It may.
    Approved,
    /// A later version took its place; it may be asked by whoever names it.
    Superseded,
    /// It may not, ever again.
    Withdrawn,
}

/// One look-up in a catalogue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListedLookup {
    /// The look-up's name.
    pub name: String,
    /// Its version.
    pub version: u64,
    /// The digest of its exact bytes.
    pub sha256: Digest,
    /// The envelope around them.
    pub envelope: PinnedBytes,
}

/// A document of which a catalogue names one version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListedDocument {
    /// Its version.
    pub version: u64,
    /// The digest of its exact bytes.
    pub sha256: Digest,
    /// The envelope around them.
    pub envelope: PinnedBytes,
}

/// The exact bytes of an envelope, by digest and length. A document is fetched by its digest, and read after both were
/// checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PinnedBytes {
    /// The digest of the envelope's exact bytes.
    pub sha256: Digest,
    /// Their number.
    pub length: u64,
}

/// Why bytes are not those that a catalogue pins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PinnedError {
    /// Of another length.
    #[error("{found} bytes in place of the {pinned} that the catalogue lists")]
    Length {
        /// How many came.
        found: usize,
        /// How many are listed.
        pinned: u64,
    },
    /// Of another digest.
    #[error("other bytes than the catalogue lists")]
    Digest,
    /// Not an envelope.
    #[error(transparent)]
    Envelope(#[from] EnvelopeError),
}

impl PinnedBytes {
    /// The pin of `bytes`.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        // A slice is never longer than 2^64.
        Self { sha256: Digest::of(bytes), length: u64::try_from(bytes.len()).unwrap_or(u64::MAX) }
    }

    /// The envelope in `bytes`, if they are those that are pinned.
    ///
    /// # Errors
    /// A [`PinnedError`].
    pub fn open(&self, bytes: &[u8]) -> Result<Envelope, PinnedError> {
        if u64::try_from(bytes.len()) != Ok(self.length) {
            return Err(PinnedError::Length { found: bytes.len(), pinned: self.length });
        }
        if Digest::of(bytes) != self.sha256 {
            return Err(PinnedError::Digest);
        }
        Ok(Envelope::parse(bytes)?)
    }

    fn check(&self, place: &str) -> Result<(), DocumentError> {
        let longest = u64::try_from(ENVELOPE_BYTES_MAX).unwrap_or(u64::MAX);
        if (1..=longest).contains(&self.length) { Ok(()) } else { Err(part(place, "its length is out of bounds")) }
    }
}

impl Document for CatalogueDocument {
    const PAYLOAD: PayloadType = PayloadType::Catalogue;

    fn check(&self) -> Result<(), DocumentError> {
        if self.version == 0 || self.root_version == 0 {
            return Err(part("version", "versions count from 1"));
        }
        let lasts = self.expires - self.issued_at;
        if lasts <= Duration::zero() || lasts > Duration::days(CATALOGUE_DAYS_MAX) {
            return Err(part("expires", format!("at most {CATALOGUE_DAYS_MAX} days after `issued_at`")));
        }
        attested::limited("templates", &self.templates, CATALOGUE_TEMPLATES_MAX)?;
        attested::limited("withdrawals", &self.withdrawals, CATALOGUE_TEMPLATES_MAX)?;
        attested::limited("lookups", &self.lookups, LOOKUPS_MAX)?;
        attested::distinct("templates", self.templates.iter().map(ListedTemplate::name))?;
        attested::distinct("templates", self.templates.iter().map(|listed| listed.sha256))?;
        attested::distinct("lookups", self.lookups.iter().map(|listed| &listed.name))?;
        attested::distinct("withdrawals", self.withdrawals.iter().map(|pinned| pinned.sha256))?;
        for listed in &self.templates {
            template_name("templates", &listed.id, listed.version)?;
            listed.envelope.check("templates")?;
        }
        let mut approved = BTreeSet::new();
        for listed in self.templates.iter().filter(|listed| listed.status == TemplateStatus::Approved) {
            if !approved.insert(&listed.id) {
                return Err(part(
                    "templates",
                    format!("two versions of `{}` are approved; one supersedes the other", listed.id),
                ));
            }
        }
        for listed in &self.lookups {
            attested::title("lookups", &listed.name)?;
            listed.envelope.check("lookups")?;
        }
        self.withdrawals.iter().try_for_each(|pinned| pinned.check("withdrawals"))?;
        self.enrolment.iter().try_for_each(|listed| listed.envelope.check("enrolment"))?;
        self.agreements.iter().try_for_each(|listed| listed.envelope.check("agreements"))
    }
}

impl CatalogueDocument {
    /// Whether nothing may be asked by it any more at `now`.
    #[must_use]
    pub fn is_stale(&self, now: DateTime<Utc>) -> bool {
        now >= self.expires
    }

    /// Whether it was made after `now`, by more than clocks may differ.
    #[must_use]
    pub fn is_from_the_future(&self, now: DateTime<Utc>) -> bool {
        self.issued_at > now + Duration::seconds(SKEW_S)
    }

    /// The listed version of a template with that digest.
    #[must_use]
    pub fn template(&self, sha256: Digest) -> Option<&ListedTemplate> {
        self.templates.iter().find(|listed| listed.sha256 == sha256)
    }

    /// The look-up of that name.
    #[must_use]
    pub fn lookup(&self, name: &str) -> Option<&ListedLookup> {
        self.lookups.iter().find(|listed| listed.name == name)
    }
}

impl ListedTemplate {
    /// The name with the version, as in `beds version 2`.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{} version {}", self.id, self.version)
    }
}

/// A template's name is one that [`crate::Template::parse`] takes.
pub(super) fn template_name(place: &str, id: &str, version: u32) -> Result<(), DocumentError> {
    let slug = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if id.is_empty() || id.len() > 80 || !id.chars().all(slug) {
        return Err(part(place, "a template's id is 1 to 80 of a-z, 0-9 and `-`"));
    }
    if version == 0 { Err(part(place, "versions count from 1")) } else { Ok(()) }
}
