//! The way out of quarantine: a rebaseline that the governance office signed.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use template::{ApprovalError, Envelope, EnvelopeError};

use crate::config::{Config, ConfigError};
use crate::custody;
use crate::ledger::{Files, Leap, LeapError, Ledger, LedgerOpenError};
use crate::steps::Unobserved;

/// Why a ledger stays in quarantine.
#[derive(Debug, thiserror::Error)]
pub enum RebaselineError {
    /// The configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The signed file.
    #[error("{path} cannot be read ({kind})")]
    Read {
        /// Which.
        path: PathBuf,
        /// What is wrong.
        kind: std::io::ErrorKind,
    },
    /// It is no signed document.
    #[error("the file is no signed document: {0}")]
    Envelope(#[from] EnvelopeError),
    /// It is not signed by enough people.
    #[error("the rebaseline is not approved: {0}")]
    Approval(#[from] ApprovalError),
    /// It is another provider's.
    #[error("the rebaseline is for another provider")]
    AnotherProvider,
    /// The ledger cannot be opened.
    #[error("the ledger cannot be opened; stop the node first")]
    Open(#[from] LedgerOpenError),
    /// The ledger does not follow it.
    #[error(transparent)]
    Leap(#[from] LeapError),
}

/// Follows a signed rebaseline: the ledger goes on after the last release that others have seen, and everything up to
/// there counts as spent. Returns the place of that release.
///
/// # Errors
/// A [`RebaselineError`]; then nothing has changed.
pub fn rebaseline(file: &Path, signed: &Path, now: DateTime<Utc>) -> Result<u64, RebaselineError> {
    let config = Config::read(file)?;
    let bytes =
        std::fs::read(signed).map_err(|error| RebaselineError::Read { path: signed.to_owned(), kind: error.kind() })?;
    let envelope = Envelope::parse(&bytes)?;
    let files = Files::within(&config.folder);
    let ledger = Ledger::open(&files, &config.provider, config.signing_key.public(), Arc::new(Unobserved))?;
    // Under the newest root that the ledger knows: one that was succeeded approves nothing any more.
    let root = custody::kept(&ledger, config.trust_root, now).root;
    let verified = root.rebaseline(&envelope, now)?;
    let document = verified.document();
    if document.provider != config.provider {
        return Err(RebaselineError::AnotherProvider);
    }
    let leap = Leap {
        after: document.after_size,
        epoch: document.epoch.to_string(),
        payload: verified.digest(),
        envelope: bytes,
    };
    ledger.leap(leap, now)?;
    Ok(document.after_size)
}
