//! The trust root: who may sign what. Each provider's operator pins its first version by digest; each later one is signed
//! by those whom the one before lists, and by its own.
//!
//! The rules are those of The Update Framework (specification 1.0, section 5.3): version by version, old and new
//! threshold, people counted once.

mod document;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

pub use self::document::{PersonDocument, RoleDocument, RootDocument};
use crate::attested::{self, DocumentError};
use crate::digest::Digest;
use crate::dsse::{Envelope, EnvelopeError, PayloadType};
use crate::keys::PublicKey;
use crate::name::PersonName;
use crate::role::Role;
use crate::text;

/// The most successors that are followed at once (The Update Framework's reference limit).
pub const ROOT_STEPS_MAX: usize = 1024;

/// People, their keys, and how many of them it takes to sign what.
///
/// There are two ways to one: [`TrustRoot::pinned`] and [`TrustRoot::succeed`].
#[derive(Clone, Debug)]
pub struct TrustRoot {
    digest: Digest,
    version: u64,
    expires: DateTime<Utc>,
    people: BTreeMap<PersonName, Person>,
    // INVARIANT: a key belongs to one person.
    holders: BTreeMap<PublicKey, PersonName>,
    roles: BTreeMap<Role, Quorum>,
}

/// A person of the trust root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The name.
    pub name: PersonName,
    /// The organisation.
    pub organisation: String,
    /// What the person is there.
    pub position: String,
    /// The person's keys.
    pub keys: Vec<PublicKey>,
}

/// Who has a role, and how many of them it takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quorum {
    /// Who has it.
    pub people: BTreeSet<PersonName>,
    /// How many people it takes.
    pub threshold: usize,
    /// Of how many organisations.
    pub organisations: usize,
}

/// Why a trust root cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RootError {
    /// The envelope is not one.
    #[error(transparent)]
    Envelope(#[from] EnvelopeError),
    /// Another one than was pinned.
    #[error(
        "it has another digest, {found}; compare that with what the governance office announced, over a second channel, \
         before pinning it"
    )]
    NotPinned {
        /// The digest of what was found.
        found: Digest,
    },
    /// Not a trust root.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// Too few of those who may sign a trust root.
    #[error("too few of those who may sign it did, by {by}: {quorum}")]
    Quorum {
        /// Whose rule is not met.
        by: Whose,
        /// What is missing.
        quorum: QuorumError,
    },
    /// Not the next version.
    #[error("version {found} does not follow version {known}; give every version between, in order")]
    Version {
        /// The version in use.
        known: u64,
        /// The version offered.
        found: u64,
    },
    /// Too many at once.
    #[error("more than {ROOT_STEPS_MAX} successors at once")]
    TooMany,
}

/// Whose rule a trust root must meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// The new root's own.
    Itself,
    /// That of the root in use.
    ItsPredecessor,
}

/// What is missing before enough people have signed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QuorumError {
    /// Nobody may.
    #[error("the trust root gives nobody the role `{0}`")]
    Nobody(Role),
    /// Too few people.
    #[error("{people} people signed, {threshold} are needed (an author does not count)")]
    People {
        /// Distinct people who signed.
        people: usize,
        /// How many it takes.
        threshold: usize,
    },
    /// Too few organisations.
    #[error("people of {organisations} organisations signed, {needed} are needed")]
    Organisations {
        /// Distinct organisations whose people signed.
        organisations: usize,
        /// How many it takes.
        needed: usize,
    },
}

impl std::fmt::Display for Whose {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Itself => "its own rule",
            Self::ItsPredecessor => "the rule of the trust root in use",
        })
    }
}

impl TrustRoot {
    /// The trust root in this envelope, if the digest of its body is `pinned` and it is signed as it asks itself.
    ///
    /// # Errors
    /// A [`RootError`].
    pub fn pinned(envelope: &[u8], pinned: Digest) -> Result<Self, RootError> {
        let envelope = Envelope::parse(envelope)?;
        let found = envelope.payload_digest();
        if found != pinned {
            return Err(RootError::NotPinned { found });
        }
        Self::signed_by_its_own(&envelope)
    }

    /// The trust root in this envelope, if it follows this one: the next version, signed as this one asks and as it asks
    /// itself. That this one has expired does not matter: people must be able to put an expired root right.
    ///
    /// # Errors
    /// A [`RootError`].
    pub fn succeed(&self, envelope: &Envelope) -> Result<Self, RootError> {
        let quorum = |quorum| RootError::Quorum { by: Whose::ItsPredecessor, quorum };
        let (_, signers) = self.verified(Role::Root, envelope, PayloadType::Root)?;
        self.enough(Role::Root, &signers, None).map_err(quorum)?;
        let next = Self::signed_by_its_own(envelope)?;
        if Some(next.version) != self.version.checked_add(1) {
            return Err(RootError::Version { known: self.version, found: next.version });
        }
        Ok(next)
    }

    /// The last of `envelopes`, each of which follows the one before, the first this one.
    ///
    /// # Errors
    /// A [`RootError`]; then none of them is to be used.
    pub fn succeed_all(&self, envelopes: &[Envelope]) -> Result<Self, RootError> {
        if envelopes.len() > ROOT_STEPS_MAX {
            return Err(RootError::TooMany);
        }
        envelopes.iter().try_fold(self.clone(), |root, envelope| root.succeed(envelope))
    }

    fn signed_by_its_own(envelope: &Envelope) -> Result<Self, RootError> {
        // Its keys stand in it, so it is read before its own signatures are verified; whoever calls has believed these
        // bytes for another reason: they are pinned, or their predecessor's people signed them.
        let root = Self::from_document(attested::parse(envelope.unverified_payload())?, envelope.payload_digest());
        let quorum = |quorum| RootError::Quorum { by: Whose::Itself, quorum };
        let (_, signers) = root.verified(Role::Root, envelope, PayloadType::Root)?;
        root.enough(Role::Root, &signers, None).map_err(quorum)?;
        Ok(root)
    }

    fn from_document(document: RootDocument, digest: Digest) -> Self {
        let RootDocument { version, expires, people, roles } = document;
        let holders = people.iter().flat_map(|p| p.keys.iter().map(|key| (*key, p.name.clone()))).collect();
        let person = |PersonDocument { name, organisation, position, keys }| {
            (name.clone(), Person { name, organisation, position, keys })
        };
        // The document's check keeps both below its limits on people.
        let count = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
        let quorum = |written: RoleDocument| {
            let (threshold, organisations) = (count(written.threshold), count(written.organisations));
            (written.role, Quorum { people: written.people.into_iter().collect(), threshold, organisations })
        };
        Self {
            digest,
            version,
            expires,
            people: people.into_iter().map(person).collect(),
            holders,
            roles: roles.into_iter().map(quorum).collect(),
        }
    }

    /// The digest of its exact bytes, which an operator pins.
    #[must_use]
    pub const fn digest(&self) -> Digest {
        self.digest
    }

    /// Its version.
    #[must_use]
    pub const fn version(&self) -> u64 {
        self.version
    }

    /// From this moment on it may not be used.
    #[must_use]
    pub const fn expires(&self) -> DateTime<Utc> {
        self.expires
    }

    /// Whether it may no longer be used at `now`.
    #[must_use]
    pub fn has_expired(&self, now: DateTime<Utc>) -> bool {
        now >= self.expires
    }

    /// Its people, by name.
    pub fn people(&self) -> impl Iterator<Item = &Person> {
        self.people.values()
    }

    /// The person of that name.
    #[must_use]
    pub fn person(&self, name: &PersonName) -> Option<&Person> {
        self.people.get(name)
    }

    /// Who holds `key`.
    #[must_use]
    pub fn holder(&self, key: &PublicKey) -> Option<&Person> {
        self.people.get(self.holders.get(key)?)
    }

    /// Who has `role`, if anybody has.
    #[must_use]
    pub fn quorum(&self, role: Role) -> Option<&Quorum> {
        self.roles.get(&role)
    }

    /// The keys of those who have `role`.
    #[must_use]
    pub fn keys(&self, role: Role) -> Vec<PublicKey> {
        let people = self.roles.get(&role).into_iter().flat_map(|quorum| &quorum.people);
        people.filter_map(|name| self.people.get(name)).flat_map(|person| person.keys.iter().copied()).collect()
    }

    /// Who of those with `role` has signed `envelope` as a body of `payload_type` so far, by name.
    ///
    /// # Errors
    /// An [`EnvelopeError`] where nobody has.
    pub fn signers(
        &self,
        role: Role,
        envelope: &Envelope,
        payload_type: PayloadType,
    ) -> Result<BTreeSet<PersonName>, EnvelopeError> {
        Ok(self.verified(role, envelope, payload_type)?.1)
    }

    /// The body, and who of those with `role` signed it.
    pub(crate) fn verified<'a>(
        &self,
        role: Role,
        envelope: &'a Envelope,
        payload_type: PayloadType,
    ) -> Result<(&'a [u8], BTreeSet<PersonName>), EnvelopeError> {
        let verified = envelope.verify(payload_type, &self.keys(role))?;
        let people = verified.signers.iter().filter_map(|key| self.holders.get(key)).cloned().collect();
        Ok((verified.payload, people))
    }

    /// Whether `signers` are enough for `role`, an author not counted; then those who count.
    ///
    /// # Errors
    /// A [`QuorumError`].
    ///
    /// INVARIANT: people are counted, not keys or signatures, and the author is not among them.
    pub fn enough(
        &self,
        role: Role,
        signers: &BTreeSet<PersonName>,
        author: Option<&str>,
    ) -> Result<Vec<PersonName>, QuorumError> {
        let quorum = self.roles.get(&role).ok_or(QuorumError::Nobody(role))?;
        let counted: Vec<&Person> = quorum
            .people
            .intersection(signers)
            .filter(|name| author.is_none_or(|author| !name.is_written(author)))
            .filter_map(|name| self.people.get(name))
            .collect();
        if counted.len() < quorum.threshold {
            return Err(QuorumError::People { people: counted.len(), threshold: quorum.threshold });
        }
        let organisations = counted.iter().map(|person| text::folded(&person.organisation)).collect::<BTreeSet<_>>();
        if organisations.len() < quorum.organisations {
            let organisations = organisations.len();
            return Err(QuorumError::Organisations { organisations, needed: quorum.organisations });
        }
        Ok(counted.into_iter().map(|person| person.name.clone()).collect())
    }
}

#[cfg(test)]
mod tests;
