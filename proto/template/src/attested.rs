//! Signed JSON documents: parsed only after their signatures were verified.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::digest::Digest;
use crate::dsse::{Envelope, PayloadType};
use crate::keys::SigningKey;
use crate::name::PersonName;
use crate::text;

/// The body of a signed JSON document.
pub trait Document: Serialize + DeserializeOwned {
    /// Its type, which is signed with it.
    const PAYLOAD: PayloadType;

    /// What does not fit in it, if anything.
    ///
    /// # Errors
    /// A [`DocumentError`] that names the place and says what to write there.
    fn check(&self) -> Result<(), DocumentError>;

    /// Its exact bytes, as they are signed.
    #[must_use]
    fn to_bytes(&self) -> Vec<u8> {
        // Structs of integers, strings and lists always serialise.
        serde_json::to_vec_pretty(self).unwrap_or_default()
    }

    /// The document, signed with every key in `keys`.
    #[must_use]
    fn sign(&self, keys: &[&SigningKey]) -> Envelope {
        Envelope::sign(Self::PAYLOAD, self.to_bytes(), keys)
    }
}

/// A document whose signatures were verified before it was read. Only this crate's verifiers make one.
///
/// ```compile_fail
/// # use template::*;
/// # fn forge(document: WithdrawalDocument, digest: Digest) -> Withdrawal {
/// Withdrawal { document, digest, signed_by: vec![] }
/// # }
/// ```
/// ```
/// # use template::*;
/// # fn verify(root: &TrustRoot, envelope: &Envelope, now: chrono::DateTime<chrono::Utc>) -> Option<Withdrawal> {
/// root.withdrawal(envelope, now).ok()
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attested<T> {
    document: T,
    digest: Digest,
    signed_by: Vec<PersonName>,
}

/// Why verified bytes are not the document they are said to be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DocumentError {
    /// Too long, or not JSON of the declared form.
    #[error("not {what}: {problem}")]
    Syntax {
        /// What it was to be.
        what: &'static str,
        /// What is wrong.
        problem: String,
    },
    /// A part that does not fit the others.
    #[error("{place}: {problem}")]
    Part {
        /// Where.
        place: String,
        /// What, and what to write in its place.
        problem: String,
    },
}

impl<T> Attested<T> {
    /// What it says.
    #[must_use]
    pub const fn document(&self) -> &T {
        &self.document
    }

    /// The digest of its exact bytes.
    #[must_use]
    pub const fn digest(&self) -> Digest {
        self.digest
    }

    /// The people of the trust root who signed it, if such people sign documents of this kind.
    #[must_use]
    pub fn signed_by(&self) -> &[PersonName] {
        &self.signed_by
    }
}

impl<T: Document> Attested<T> {
    /// Reads `payload`, whose signatures by `signed_by` were verified.
    pub(crate) fn read(payload: &[u8], signed_by: Vec<PersonName>) -> Result<Self, DocumentError> {
        Ok(Self { document: parse(payload)?, digest: Digest::of(payload), signed_by })
    }
}

/// Reads a document's exact bytes and sees that its parts fit. Whether anybody signed them is another matter.
///
/// # Errors
/// A [`DocumentError`].
pub fn parse<T: Document>(payload: &[u8]) -> Result<T, DocumentError> {
    let what = T::PAYLOAD.words();
    let bytes_max = T::PAYLOAD.payload_bytes_max();
    if payload.len() > bytes_max {
        return Err(DocumentError::Syntax { what, problem: format!("longer than {bytes_max} bytes") });
    }
    let document: T =
        serde_json::from_slice(payload).map_err(|error| DocumentError::Syntax { what, problem: error.to_string() })?;
    document.check()?;
    Ok(document)
}

pub(crate) fn part(place: impl Into<String>, problem: impl Into<String>) -> DocumentError {
    DocumentError::Part { place: place.into(), problem: problem.into() }
}

pub(crate) fn title(place: &str, text: &str) -> Result<(), DocumentError> {
    text::problem(text, text::TITLE_CHARS_MAX).map_or(Ok(()), |problem| Err(part(place, problem)))
}

pub(crate) fn reason(place: &str, text: &str) -> Result<(), DocumentError> {
    text::problem(text, text::REASON_CHARS_MAX).map_or(Ok(()), |problem| Err(part(place, problem)))
}

pub(crate) fn limited<T>(place: &str, list: &[T], most: usize) -> Result<(), DocumentError> {
    if list.len() > most { Err(part(place, format!("at most {most}"))) } else { Ok(()) }
}

/// Each of `names` once.
pub(crate) fn distinct<T: Ord + std::fmt::Display>(
    place: &str,
    names: impl IntoIterator<Item = T>,
) -> Result<(), DocumentError> {
    let mut seen = std::collections::BTreeSet::new();
    for name in names {
        if seen.contains(&name) {
            return Err(part(place, format!("`{name}` stands twice")));
        }
        seen.insert(name);
    }
    Ok(())
}
