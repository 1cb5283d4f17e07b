//! The file of the coordinator's signing key.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use template::{KeyError, SigningKey};

/// Why a key file cannot be used. It never shows what the file holds.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// The file cannot be read or written.
    #[error("{path} cannot be used ({source}); `tallyward-coordinator init` makes a key where there is none")]
    File {
        /// Where.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// Anybody on the machine can read it.
    #[error("{path} can be read by everybody on this machine; run `chmod 600` on it, and replace the key if in doubt")]
    Open {
        /// Where.
        path: PathBuf,
    },
    /// It holds no usable key.
    #[error("{path}: {source}")]
    Key {
        /// Where.
        path: PathBuf,
        /// The cause.
        source: KeyError,
    },
}

/// The signing key in a file, PKCS#8, as DER or PEM.
pub(super) fn signing_key(path: &Path) -> Result<SigningKey, KeyFileError> {
    let file = |source| KeyFileError::File { path: path.to_owned(), source };
    if is_open_to_all(path).map_err(file)? {
        return Err(KeyFileError::Open { path: path.to_owned() });
    }
    let key = |source| KeyFileError::Key { path: path.to_owned(), source };
    let bytes = std::fs::read(path).map_err(file)?;
    SigningKey::from_pkcs8(&der(bytes).ok_or_else(|| key(KeyError::Private))?).map_err(key)
}

/// The signing key in a file, or a new one written there, readable by its owner only.
///
/// # Errors
/// A [`KeyFileError`].
pub fn signing_key_or_new(path: &Path) -> Result<SigningKey, KeyFileError> {
    if !path.exists() {
        let document = SigningKey::generate().map_err(|source| KeyFileError::Key { path: path.to_owned(), source })?;
        create_private(path, &document).map_err(|source| KeyFileError::File { path: path.to_owned(), source })?;
    }
    signing_key(path)
}

#[cfg(unix)]
fn is_open_to_all(path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::PermissionsExt as _;
    Ok(std::fs::metadata(path)?.permissions().mode() & 0o007 != 0)
}

#[cfg(not(unix))]
fn is_open_to_all(path: &Path) -> io::Result<bool> {
    std::fs::metadata(path).map(|_| false)
}

fn create_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn der(bytes: Vec<u8>) -> Option<Vec<u8>> {
    let Some(text) = std::str::from_utf8(&bytes).ok().filter(|text| text.starts_with("-----BEGIN")) else {
        return Some(bytes);
    };
    let body = text.strip_prefix("-----BEGIN PRIVATE KEY-----")?.split_once("-----END PRIVATE KEY-----")?.0;
    STANDARD.decode(body.split_ascii_whitespace().collect::<String>()).ok()
}
