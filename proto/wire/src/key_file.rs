//! The file of a signing key: it stays on its machine, and nobody but its owner may read it.

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
    #[error("{path} cannot be used; `init` makes a key where there is none")]
    File {
        /// Where.
        path: PathBuf,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// Anybody on the machine can read it.
    #[error("{path} can be read by everybody on this machine; run `chmod 600` on it, and replace the key if in doubt")]
    Open {
        /// Where.
        path: PathBuf,
    },
    /// It holds no usable key.
    #[error("{path} holds no Ed25519 private key that can be used")]
    Key {
        /// Where.
        path: PathBuf,
        /// The cause.
        #[source]
        source: KeyError,
    },
}

/// The signing key in a file, PKCS#8, as DER or PEM.
///
/// # Errors
/// A [`KeyFileError`].
pub fn signing_key(path: &Path) -> Result<SigningKey, KeyFileError> {
    let file = |source| KeyFileError::File { path: path.to_owned(), source };
    if is_open_to_all(path).map_err(file)? {
        return Err(KeyFileError::Open { path: path.to_owned() });
    }
    let key = |source| KeyFileError::Key { path: path.to_owned(), source };
    let bytes = std::fs::read(path).map_err(file)?;
    SigningKey::from_pkcs8(&der(bytes).ok_or_else(|| key(KeyError::Private))?).map_err(key)
}

/// The signing key in a file, or a new one written there.
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

/// Writes a new file that only its owner can read, and its folder where there is none.
///
/// # Errors
/// Where the file is there already, or cannot be written.
pub fn create_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
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

#[cfg(unix)]
fn is_open_to_all(path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::PermissionsExt as _;
    Ok(std::fs::metadata(path)?.permissions().mode() & 0o007 != 0)
}

#[cfg(not(unix))]
fn is_open_to_all(path: &Path) -> io::Result<bool> {
    std::fs::metadata(path).map(|_| false)
}

/// The key's DER, out of PEM where it is that.
fn der(bytes: Vec<u8>) -> Option<Vec<u8>> {
    let Some(text) = std::str::from_utf8(&bytes).ok().filter(|text| text.starts_with("-----BEGIN")) else {
        return Some(bytes);
    };
    let body = text.strip_prefix("-----BEGIN PRIVATE KEY-----")?.split_once("-----END PRIVATE KEY-----")?.0;
    STANDARD.decode(body.split_ascii_whitespace().collect::<String>()).ok()
}
