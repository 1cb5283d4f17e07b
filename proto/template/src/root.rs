//! The trust root: who may approve what is asked. Each provider's operator pins its exact bytes.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde::Deserialize;

use crate::digest::Digest;
use crate::dsse::{Envelope, EnvelopeError, PayloadType};
use crate::keys::PublicKey;
use crate::lookup::{Lookup, LookupError};
use crate::template::{Template, TemplateError};

/// The longest trust root, in bytes (The Update Framework's reference limit is the same order).
pub const ROOT_BYTES_MAX: usize = 1024 * 1024;

/// People who approve, their keys, and how many of them it takes.
#[derive(Clone, Debug)]
pub struct TrustRoot {
    digest: Digest,
    version: u64,
    expires: DateTime<Utc>,
    threshold: usize,
    organisations: usize,
    // INVARIANT: a key belongs to one person.
    approvers: BTreeMap<PublicKey, Approver>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Approver {
    person: String,
    organisation: String,
}

/// A template that enough people of enough organisations signed. Only [`TrustRoot::approve`] makes one.
///
/// ```compile_fail
/// # use template::*;
/// # fn forge(template: Template, digest: Digest) {
/// let approved = Approved { template, digest, approved_by: vec![] };
/// # }
/// ```
/// ```
/// # use template::*;
/// # fn approve(root: &TrustRoot, envelope: &Envelope, now: chrono::DateTime<chrono::Utc>) -> Option<Approved> {
/// let approved = root.approve(envelope, now).ok()?;
/// # Some(approved)
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Approved {
    template: Template,
    digest: Digest,
    approved_by: Vec<String>,
}

/// Why a trust root cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RootError {
    /// Too long, or not JSON of the declared form.
    #[error("not a trust root: {0}")]
    Syntax(String),
    /// A key stands twice, or under two people.
    #[error("key {0} stands twice in the trust root; each key belongs to one person")]
    RepeatedKey(PublicKey),
    /// Fewer than two approvals, fewer than two organisations, or more than the root's people can give.
    #[error("a trust root asks for at least two people of at least two organisations, and for no more than it lists")]
    Threshold,
}

/// Why something signed is not approved.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ApprovalError {
    /// The envelope is not one, or no approver signed.
    #[error(transparent)]
    Envelope(#[from] EnvelopeError),
    /// The trust root has expired.
    #[error("the trust root (version {version}) expired; ask the governance office for its successor and pin that")]
    RootExpired {
        /// Its version.
        version: u64,
    },
    /// Too few people, its author not counted.
    #[error("{people} people approved, {threshold} are needed (the author does not count)")]
    Threshold {
        /// Distinct people who approved.
        people: usize,
        /// How many it takes.
        threshold: usize,
    },
    /// Too few organisations.
    #[error("people of {organisations} organisations approved, {needed} are needed")]
    Organisations {
        /// Distinct organisations that approved.
        organisations: usize,
        /// How many it takes.
        needed: usize,
    },
    /// Approved, but not a template.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// Approved, but not a look-up.
    #[error(transparent)]
    Lookup(#[from] LookupError),
    /// Approved, but past its last day.
    #[error("the template's last day was {0}")]
    TemplateExpired(chrono::NaiveDate),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RootDocument {
    version: u64,
    expires: String,
    threshold: usize,
    organisations: usize,
    people: Vec<PersonDocument>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PersonDocument {
    name: String,
    organisation: String,
    keys: Vec<PublicKey>,
}

impl TrustRoot {
    /// Reads a trust root: JSON with `version`, `expires` (RFC 3339), `threshold` (people), `organisations`, and
    /// `people` with `name`, `organisation` and `keys`.
    ///
    /// # Errors
    /// A [`RootError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, RootError> {
        if bytes.len() > ROOT_BYTES_MAX {
            return Err(RootError::Syntax(format!("longer than {ROOT_BYTES_MAX} bytes")));
        }
        let document: RootDocument = serde_json::from_slice(bytes).map_err(|e| RootError::Syntax(e.to_string()))?;
        let expires = DateTime::parse_from_rfc3339(&document.expires)
            .map_err(|_| RootError::Syntax("`expires` is written like \"2027-12-31T00:00:00Z\"".to_owned()))?
            .to_utc();
        let mut approvers = BTreeMap::new();
        for person in document.people {
            let approver = Approver { person: person.name, organisation: person.organisation };
            for key in person.keys {
                if approvers.insert(key, approver.clone()).is_some() {
                    return Err(RootError::RepeatedKey(key));
                }
            }
        }
        let people: BTreeSet<&String> = approvers.values().map(|approver| &approver.person).collect();
        let organisations: BTreeSet<&String> = approvers.values().map(|approver| &approver.organisation).collect();
        let reachable = (2..=people.len()).contains(&document.threshold)
            && (2..=organisations.len()).contains(&document.organisations);
        if !reachable {
            return Err(RootError::Threshold);
        }
        Ok(Self {
            digest: Digest::of(bytes),
            version: document.version,
            expires,
            threshold: document.threshold,
            organisations: document.organisations,
            approvers,
        })
    }

    /// The digest of its exact bytes.
    #[must_use]
    pub const fn digest(&self) -> Digest {
        self.digest
    }

    /// Its version.
    #[must_use]
    pub const fn version(&self) -> u64 {
        self.version
    }

    /// Whether it may no longer be used at `now`.
    #[must_use]
    pub fn has_expired(&self, now: DateTime<Utc>) -> bool {
        now >= self.expires
    }

    /// The template in this envelope, if it is approved at `now`.
    ///
    /// # Errors
    /// An [`ApprovalError`]; nothing is parsed before its signatures are verified.
    pub fn approve(&self, envelope: &Envelope, now: DateTime<Utc>) -> Result<Approved, ApprovalError> {
        let (payload, approvers) = self.signed(envelope, PayloadType::Template, now)?;
        let template = Template::parse(payload)?;
        let approved_by = self.enough(approvers, Some(&template.author))?;
        if now.date_naive() > template.expires {
            return Err(ApprovalError::TemplateExpired(template.expires));
        }
        Ok(Approved { template, digest: Digest::of(payload), approved_by })
    }

    /// The look-up in this envelope, if it is approved at `now`.
    ///
    /// # Errors
    /// An [`ApprovalError`].
    pub fn approve_lookup(&self, envelope: &Envelope, now: DateTime<Utc>) -> Result<Lookup, ApprovalError> {
        let (payload, approvers) = self.signed(envelope, PayloadType::Lookup, now)?;
        self.enough(approvers, None)?;
        Ok(Lookup::parse(payload)?)
    }

    fn signed<'a>(
        &self,
        envelope: &'a Envelope,
        payload_type: PayloadType,
        now: DateTime<Utc>,
    ) -> Result<(&'a [u8], BTreeSet<&Approver>), ApprovalError> {
        if self.has_expired(now) {
            return Err(ApprovalError::RootExpired { version: self.version });
        }
        let keys: Vec<PublicKey> = self.approvers.keys().copied().collect();
        let verified = envelope.verify(payload_type, &keys)?;
        let approvers = verified.signers.iter().filter_map(|key| self.approvers.get(key)).collect();
        Ok((verified.payload, approvers))
    }

    /// The names of the approvers, if they are enough.
    ///
    /// INVARIANT: people are counted, not keys, and the author is not among them.
    fn enough(&self, approvers: BTreeSet<&Approver>, author: Option<&str>) -> Result<Vec<String>, ApprovalError> {
        let others = approvers.into_iter().filter(|approver| Some(approver.person.as_str()) != author);
        let (people, organisations): (BTreeSet<&String>, BTreeSet<&String>) =
            others.map(|approver| (&approver.person, &approver.organisation)).unzip();
        if people.len() < self.threshold {
            return Err(ApprovalError::Threshold { people: people.len(), threshold: self.threshold });
        }
        if organisations.len() < self.organisations {
            let organisations = organisations.len();
            return Err(ApprovalError::Organisations { organisations, needed: self.organisations });
        }
        Ok(people.into_iter().cloned().collect())
    }
}

impl Approved {
    /// The template.
    #[must_use]
    pub const fn template(&self) -> &Template {
        &self.template
    }

    /// The digest of the exact bytes that were signed.
    #[must_use]
    pub const fn digest(&self) -> Digest {
        self.digest
    }

    /// Who approved it, by name.
    #[must_use]
    pub fn approved_by(&self) -> &[String] {
        &self.approved_by
    }
}

#[cfg(test)]
#[path = "root_tests.rs"]
mod tests;
