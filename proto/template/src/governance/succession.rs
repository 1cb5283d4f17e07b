//! Which catalogue may follow which. The rules are those of The Update Framework (specification 1.0, sections 5.4 to 5.6),
//! for one file.

use super::catalogue::{Catalogue, CatalogueDocument, ListedDocument, TemplateStatus};
use crate::attested::{self, DocumentError};
use crate::digest::Digest;

/// The furthest that a version may jump, so that nobody can use up the numbers.
pub const CATALOGUE_JUMP_MAX: u64 = 1_000_000;

/// The newest catalogue that somebody has taken, as kept by themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TakenCatalogue {
    document: CatalogueDocument,
    digest: Digest,
}

/// Whether the keys that sign catalogues are those that signed the known one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CatalogueKeys {
    /// They are.
    Same,
    /// The trust root replaced them all since. Then the version may be any, so that a region recovers after a thief used up
    /// the numbers; all else holds.
    Replaced,
}

/// What a catalogue is to the known one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Succession {
    /// A later one.
    Newer,
    /// The very same bytes.
    Same,
}

/// Why a catalogue may not follow the known one. Each is reported: somebody rolls back, drops or mixes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SuccessionError {
    /// An older version.
    #[error("rolled back: version {found} after version {known}")]
    RolledBack {
        /// The version offered.
        found: u64,
        /// The version known.
        known: u64,
    },
    /// Other bytes under the same version.
    #[error("mixed: other bytes under the known version {0}")]
    Mixed(u64),
    /// Too far ahead.
    #[error("version {found} is more than {CATALOGUE_JUMP_MAX} after version {known}")]
    Jump {
        /// The version offered.
        found: u64,
        /// The version known.
        known: u64,
    },
    /// Made under an older trust root.
    #[error("rolled back: made under the trust root of version {found} after one made under {known}")]
    OlderRoot {
        /// The root's version offered.
        found: u64,
        /// The root's version known.
        known: u64,
    },
    /// A template, look-up, withdrawal or document that was listed is not any more.
    #[error("dropped: {0} was listed and must stay listed")]
    Dropped(String),
    /// Another digest under the same name and version.
    #[error("mixed: {0} is listed with other bytes than before")]
    Altered(String),
    /// A withdrawn template that is not withdrawn any more.
    #[error("{0} was withdrawn and stays withdrawn")]
    Revived(String),
    /// A look-up or document of an older version.
    #[error("rolled back: {what} of version {found} after version {known}")]
    Older {
        /// What.
        what: String,
        /// The version offered.
        found: u64,
        /// The version known.
        known: u64,
    },
}

impl TakenCatalogue {
    /// The catalogue with these exact bytes, which were verified when they were taken, and kept since.
    ///
    /// # Errors
    /// A [`DocumentError`].
    pub fn read(payload: &[u8]) -> Result<Self, DocumentError> {
        Ok(Self { document: attested::parse(payload)?, digest: Digest::of(payload) })
    }

    /// What it says.
    #[must_use]
    pub const fn document(&self) -> &CatalogueDocument {
        &self.document
    }

    /// The digest of its exact bytes.
    #[must_use]
    pub const fn digest(&self) -> Digest {
        self.digest
    }
}

impl From<&Catalogue> for TakenCatalogue {
    fn from(catalogue: &Catalogue) -> Self {
        Self { document: catalogue.document().clone(), digest: catalogue.digest() }
    }
}

impl Catalogue {
    /// What this catalogue is to `known`, if it may follow it.
    ///
    /// # Errors
    /// A [`SuccessionError`]; then the known one stays in use.
    ///
    /// INVARIANT: whatever was ever listed stays listed, with the bytes that it had, and what was withdrawn stays so.
    pub fn succeeds(&self, known: &TakenCatalogue, keys: CatalogueKeys) -> Result<Succession, SuccessionError> {
        let (ours, theirs) = (self.document(), known.document());
        if self.digest() == known.digest() {
            return Ok(Succession::Same);
        }
        if keys == CatalogueKeys::Same {
            version(ours.version, theirs.version)?;
        }
        let (found, known) = (ours.root_version, theirs.root_version);
        if found < known {
            return Err(SuccessionError::OlderRoot { found, known });
        }
        templates(ours, theirs)?;
        lookups(ours, theirs)?;
        if let Some(missing) = theirs.withdrawals.iter().find(|pinned| !ours.withdrawals.contains(pinned)) {
            return Err(SuccessionError::Dropped(format!("the withdrawal {}", missing.sha256)));
        }
        document("the enrolment", ours.enrolment.as_ref(), theirs.enrolment.as_ref())?;
        document("the list of agreements", ours.agreements.as_ref(), theirs.agreements.as_ref())?;
        Ok(Succession::Newer)
    }
}

const fn version(found: u64, known: u64) -> Result<(), SuccessionError> {
    if found < known {
        return Err(SuccessionError::RolledBack { found, known });
    }
    if found == known {
        return Err(SuccessionError::Mixed(found));
    }
    if found - known > CATALOGUE_JUMP_MAX {
        return Err(SuccessionError::Jump { found, known });
    }
    Ok(())
}

fn templates(ours: &CatalogueDocument, theirs: &CatalogueDocument) -> Result<(), SuccessionError> {
    let listed: std::collections::BTreeMap<_, _> =
        ours.templates.iter().map(|listed| ((listed.id.as_str(), listed.version), listed)).collect();
    for before in &theirs.templates {
        let Some(now) = listed.get(&(before.id.as_str(), before.version)) else {
            return Err(SuccessionError::Dropped(before.name()));
        };
        if now.sha256 != before.sha256 {
            return Err(SuccessionError::Altered(before.name()));
        }
        if before.status == TemplateStatus::Withdrawn && now.status != TemplateStatus::Withdrawn {
            return Err(SuccessionError::Revived(before.name()));
        }
    }
    Ok(())
}

fn lookups(ours: &CatalogueDocument, theirs: &CatalogueDocument) -> Result<(), SuccessionError> {
    for before in &theirs.lookups {
        let what = format!("the look-up `{}`", before.name);
        let Some(now) = ours.lookup(&before.name) else { return Err(SuccessionError::Dropped(what)) };
        same_or_newer(what, (now.version, now.sha256), (before.version, before.sha256))?;
    }
    Ok(())
}

fn document(what: &str, now: Option<&ListedDocument>, before: Option<&ListedDocument>) -> Result<(), SuccessionError> {
    let Some(before) = before else { return Ok(()) };
    let Some(now) = now else { return Err(SuccessionError::Dropped(what.to_owned())) };
    same_or_newer(what.to_owned(), (now.version, now.sha256), (before.version, before.sha256))
}

fn same_or_newer(what: String, now: (u64, Digest), before: (u64, Digest)) -> Result<(), SuccessionError> {
    if now.0 < before.0 {
        return Err(SuccessionError::Older { what, found: now.0, known: before.0 });
    }
    if now.0 == before.0 && now.1 != before.1 {
        return Err(SuccessionError::Altered(what));
    }
    Ok(())
}
