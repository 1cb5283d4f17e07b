//! Look-up tables that the region signs, such as which locality a practice belongs to.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::digest::Digest;

/// The most rows of a look-up.
pub const LOOKUP_ROWS_MAX: usize = 100_000;

/// A table of text whose first column is its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lookup {
    digest: Digest,
    document: LookupDocument,
}

/// A look-up as written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LookupDocument {
    /// The table's name in SQL.
    pub name: String,
    /// Counts from 1; a provider takes no older version than it has seen.
    pub version: u64,
    /// Column names; the first is the key.
    pub columns: Vec<String>,
    /// Rows of as many texts.
    pub rows: Vec<Vec<String>>,
}

/// Why a look-up cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LookupError {
    /// Not JSON of the declared form.
    #[error("not a look-up: {0}")]
    Syntax(String),
    /// Without columns, with rows of another length, too many rows, or a key twice.
    #[error("a look-up has named columns, rows of that many texts, at most {LOOKUP_ROWS_MAX} rows, and each key once")]
    Shape,
}

impl Lookup {
    /// Reads a look-up from its exact bytes.
    ///
    /// # Errors
    /// A [`LookupError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, LookupError> {
        let document: LookupDocument = serde_json::from_slice(bytes).map_err(|e| LookupError::Syntax(e.to_string()))?;
        let width = document.columns.len();
        let named = |name: &String| {
            name.starts_with(|c: char| c.is_ascii_lowercase())
                && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
        };
        let keys: BTreeSet<&String> = document.rows.iter().filter_map(|row| row.first()).collect();
        let columns: BTreeSet<&String> = document.columns.iter().collect();
        let fits = width >= 1
            && columns.len() == width
            && document.columns.iter().chain([&document.name]).all(named)
            && document.rows.len() <= LOOKUP_ROWS_MAX
            && document.rows.iter().all(|row| row.len() == width)
            && keys.len() == document.rows.len();
        fits.then(|| Self { digest: Digest::of(bytes), document }).ok_or(LookupError::Shape)
    }

    /// The digest of its exact bytes.
    #[must_use]
    pub const fn digest(&self) -> Digest {
        self.digest
    }

    /// The table's name in SQL.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.document.name
    }

    /// Its version.
    #[must_use]
    pub const fn version(&self) -> u64 {
        self.document.version
    }

    /// Column names; the first is the key.
    #[must_use]
    pub fn columns(&self) -> &[String] {
        &self.document.columns
    }

    /// The rows.
    #[must_use]
    pub fn rows(&self) -> &[Vec<String>] {
        &self.document.rows
    }
}
