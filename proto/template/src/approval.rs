//! Approval: from signed bytes to what may be used, under a trust root.

use chrono::{DateTime, Utc};

use crate::attested::{Attested, Document, DocumentError};
use crate::digest::Digest;
use crate::dsse::{Envelope, EnvelopeError, PayloadType};
use crate::governance::{
    Agreements, Catalogue, CatalogueDocument, Enrolment, Rebaseline, Review, ReviewDocument, Verdict, Withdrawal,
};
use crate::lookup::{Lookup, LookupError};
use crate::role::Role;
use crate::root::{QuorumError, TrustRoot};
use crate::template::{Template, TemplateError};

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

/// Why something signed is not approved.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ApprovalError {
    /// The envelope is not one, or nobody signed who may.
    #[error(transparent)]
    Envelope(#[from] EnvelopeError),
    /// The trust root has expired.
    #[error("the trust root (version {version}) expired; ask the governance office for its successor")]
    RootExpired {
        /// Its version.
        version: u64,
    },
    /// Too few people, or of too few organisations.
    #[error(transparent)]
    Quorum(#[from] QuorumError),
    /// Signed, but not a template.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// Signed, but not a look-up.
    #[error(transparent)]
    Lookup(#[from] LookupError),
    /// Signed, but not the document that it is said to be.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// Signed, but not by the person whom it names.
    #[error("it names `{named}`, who did not sign it")]
    AnotherHand {
        /// Whom it names.
        named: String,
    },
    /// An approval by somebody who does not approve.
    #[error("`{0}` has not the role `template`: comment or object in place of approving")]
    NotAnApprover(String),
    /// Approved, but past its last day.
    #[error("the template's last day was {0}")]
    TemplateExpired(chrono::NaiveDate),
    /// Past its end.
    #[error("the catalogue of version {version} expired at {expires}; the region's list of templates is out of date")]
    Stale {
        /// Its version.
        version: u64,
        /// When it expired.
        expires: DateTime<Utc>,
    },
    /// Made in the future.
    #[error(
        "the catalogue of version {version} was made at {issued_at}, which is in the future: see that the clock is right"
    )]
    FromTheFuture {
        /// Its version.
        version: u64,
        /// When it says it was made.
        issued_at: DateTime<Utc>,
    },
}

impl TrustRoot {
    /// The template in this envelope, if it is approved at `now`.
    ///
    /// # Errors
    /// An [`ApprovalError`]; nothing is parsed before its signatures are verified.
    pub fn approve(&self, envelope: &Envelope, now: DateTime<Utc>) -> Result<Approved, ApprovalError> {
        self.in_force(now)?;
        let (payload, signers) = self.verified(Role::Template, envelope, PayloadType::Template)?;
        let template = Template::parse(payload)?;
        let approved_by = self.enough(Role::Template, &signers, Some(&template.author))?;
        if now.date_naive() > template.expires {
            return Err(ApprovalError::TemplateExpired(template.expires));
        }
        let approved_by = approved_by.into_iter().map(String::from).collect();
        Ok(Approved { template, digest: Digest::of(payload), approved_by })
    }

    /// The look-up in this envelope, if it is approved at `now`.
    ///
    /// # Errors
    /// An [`ApprovalError`].
    pub fn approve_lookup(&self, envelope: &Envelope, now: DateTime<Utc>) -> Result<Lookup, ApprovalError> {
        self.in_force(now)?;
        let (payload, signers) = self.verified(Role::Lookup, envelope, PayloadType::Lookup)?;
        self.enough(Role::Lookup, &signers, None)?;
        Ok(Lookup::parse(payload)?)
    }

    /// The catalogue in this envelope, if it is signed, and fresh at `now`.
    ///
    /// # Errors
    /// An [`ApprovalError`].
    pub fn catalogue(&self, envelope: &Envelope, now: DateTime<Utc>) -> Result<Catalogue, ApprovalError> {
        let catalogue: Catalogue = self.attest::<CatalogueDocument>(Role::Catalogue, envelope, now)?;
        let document = catalogue.document();
        let version = document.version;
        if document.is_stale(now) {
            return Err(ApprovalError::Stale { version, expires: document.expires });
        }
        if document.is_from_the_future(now) {
            return Err(ApprovalError::FromTheFuture { version, issued_at: document.issued_at });
        }
        Ok(catalogue)
    }

    /// The withdrawal in this envelope, if somebody who may signed it.
    ///
    /// # Errors
    /// An [`ApprovalError`].
    pub fn withdrawal(&self, envelope: &Envelope, now: DateTime<Utc>) -> Result<Withdrawal, ApprovalError> {
        let withdrawal: Withdrawal = self.attest(Role::Withdrawal, envelope, now)?;
        let named = &withdrawal.document().person;
        if !withdrawal.signed_by().contains(named) {
            return Err(ApprovalError::AnotherHand { named: named.to_string() });
        }
        Ok(withdrawal)
    }

    /// The region's analysts and auditors in this envelope.
    ///
    /// # Errors
    /// An [`ApprovalError`].
    pub fn enrolment(&self, envelope: &Envelope, now: DateTime<Utc>) -> Result<Enrolment, ApprovalError> {
        self.attest(Role::Enrolment, envelope, now)
    }

    /// The region's sharing agreements in this envelope.
    ///
    /// # Errors
    /// An [`ApprovalError`].
    pub fn agreements(&self, envelope: &Envelope, now: DateTime<Utc>) -> Result<Agreements, ApprovalError> {
        self.attest(Role::Enrolment, envelope, now)
    }

    /// The leave to begin a log anew in this envelope.
    ///
    /// # Errors
    /// An [`ApprovalError`].
    pub fn rebaseline(&self, envelope: &Envelope, now: DateTime<Utc>) -> Result<Rebaseline, ApprovalError> {
        self.attest(Role::Rebaseline, envelope, now)
    }

    /// The review in this envelope, if the person whom it names signed it. Anybody of the trust root may comment and
    /// object; only those with the role `template` approve.
    ///
    /// # Errors
    /// An [`ApprovalError`].
    pub fn review(&self, envelope: &Envelope, now: DateTime<Utc>) -> Result<Review, ApprovalError> {
        self.in_force(now)?;
        let keys: Vec<_> = self.people().flat_map(|person| person.keys.iter().copied()).collect();
        let verified = envelope.verify(PayloadType::Review, &keys)?;
        let signers = verified.signers.iter().filter_map(|key| self.holder(key)).map(|person| person.name.clone());
        let review = Attested::<ReviewDocument>::read(verified.payload, signers.collect())?;
        let ReviewDocument { reviewer, organisation, verdict, .. } = review.document();
        let signed = review.signed_by() == std::slice::from_ref(reviewer);
        if !signed || self.person(reviewer).is_none_or(|person| person.organisation != *organisation) {
            return Err(ApprovalError::AnotherHand { named: format!("{reviewer} of {organisation}") });
        }
        let approver = self.quorum(Role::Template).is_some_and(|quorum| quorum.people.contains(reviewer));
        if *verdict == Verdict::Approve && !approver {
            return Err(ApprovalError::NotAnApprover(reviewer.to_string()));
        }
        Ok(review)
    }

    /// The document in this envelope, if enough of those with `role` signed it.
    fn attest<T: Document>(
        &self,
        role: Role,
        envelope: &Envelope,
        now: DateTime<Utc>,
    ) -> Result<Attested<T>, ApprovalError> {
        self.in_force(now)?;
        let (payload, signers) = self.verified(role, envelope, T::PAYLOAD)?;
        let counted = self.enough(role, &signers, None)?;
        Ok(Attested::read(payload, counted)?)
    }

    fn in_force(&self, now: DateTime<Utc>) -> Result<(), ApprovalError> {
        if self.has_expired(now) { Err(ApprovalError::RootExpired { version: self.version() }) } else { Ok(()) }
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
