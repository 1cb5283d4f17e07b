//! Signing keys in files that only their owners may read.

use std::fs;
use std::path::{Path, PathBuf};

use template::SigningKey;

/// No key is longer, in bytes: a PKCS#8 document of an Ed25519 key has some 80.
const BYTES_MAX: u64 = 4096;

/// Why a file cannot be used as a signing key.
#[derive(Debug, thiserror::Error)]
#[error("the signing key {path}: {problem}")]
pub struct KeyFileError {
    path: PathBuf,
    problem: String,
}

/// The key in a file that only its owner may read.
///
/// # Errors
/// A [`KeyFileError`].
pub(crate) fn read(file: &Path) -> Result<SigningKey, KeyFileError> {
    let told = |problem: &str| KeyFileError { path: file.to_owned(), problem: problem.to_owned() };
    let metadata = fs::metadata(file).map_err(|error| {
        told(&format!("cannot be read ({}); make one with `tallyward keys new FILE`", error.kind()))
    })?;
    #[cfg(unix)]
    if std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o077 != 0 {
        return Err(told("others may read it; run `chmod 600` on it, and think of having it replaced"));
    }
    if metadata.len() > BYTES_MAX {
        return Err(told("too long to be one"));
    }
    let document = fs::read(file).map_err(|error| told(&format!("cannot be read ({})", error.kind())))?;
    SigningKey::from_pkcs8(&document).map_err(|error| told(&error.to_string()))
}
