//! A program's configuration file: TOML that is read whole, with errors that say which file and which key to look at.

use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

use crate::key_file::KeyFileError;
use crate::tls::TlsError;

/// Why a configuration cannot be used. The operator reads it: it names the file and the key, and says what to write.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{file}: cannot be read; give the path of a configuration file like the sample `{sample}`")]
    Read {
        /// Which.
        file: PathBuf,
        /// What such a file looks like.
        sample: &'static str,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// Not TOML of the declared form.
    #[error("{file}: {problem}")]
    Syntax {
        /// Which.
        file: PathBuf,
        /// What and where, in the parser's words.
        problem: String,
    },
    /// A value that does not make sense.
    #[error("{file}: `{key}`: {problem}")]
    Value {
        /// Which file.
        file: PathBuf,
        /// Which key.
        key: String,
        /// What is wrong and what to write.
        problem: String,
    },
    /// A certificate, key or authority that cannot be used.
    #[error("{file}: the files under `tls` cannot be used")]
    Tls {
        /// Which file.
        file: PathBuf,
        /// The cause.
        #[source]
        source: Box<TlsError>,
    },
    /// A key file that cannot be used.
    #[error("{file}: `signing_key` cannot be used")]
    SigningKey {
        /// Which file.
        file: PathBuf,
        /// The cause.
        #[source]
        source: KeyFileError,
    },
}

/// The file as its form `T` says; `sample` is one of that form.
///
/// # Errors
/// A [`ConfigError`] where it cannot be read, or is of another form.
pub fn read_config<T: DeserializeOwned>(file: &Path, sample: &'static str) -> Result<T, ConfigError> {
    let read = |source| ConfigError::Read { file: file.to_owned(), sample, source };
    let text = std::fs::read_to_string(file).map_err(read)?;
    toml::from_str(&text).map_err(|error| ConfigError::Syntax {
        file: file.to_owned(),
        problem: error.to_string().trim_end().replace('\n', "\n  "),
    })
}
