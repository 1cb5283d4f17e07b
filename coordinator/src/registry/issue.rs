//! Issuing catalogues: one signed, versioned, short-lived list of what the registry holds.

use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};
use template::{
    ApprovalError, CatalogueDocument, Digest, Document as _, Envelope, ListedDocument, ListedLookup, ListedTemplate,
    PinnedBytes, SigningKey, TemplateStatus,
};

use super::{Proposal, Published, Registry, RegistryError};
use crate::clock::whole_second;
use crate::store::{EventKind, GovernanceEvent};

/// Signs catalogues. Its key can freeze and withhold, and approve nothing.
#[derive(Clone)]
pub(crate) struct Issuer {
    pub key: Arc<SigningKey>,
    pub hours: i64,
}

/// Why no catalogue can be issued.
#[derive(Debug, thiserror::Error)]
pub enum IssueError {
    /// The trust root does not list the key, or has expired.
    #[error("the catalogue cannot be signed with `catalogue_key`: {0}")]
    Key(#[source] ApprovalError),
    /// The registry does not take its own catalogue.
    #[error("the catalogue cannot be kept: {0}")]
    Registry(String),
}

impl From<RegistryError> for IssueError {
    fn from(error: RegistryError) -> Self {
        match error {
            RegistryError::Approval(error) => Self::Key(error),
            error => Self::Registry(error.to_string()),
        }
    }
}

impl Registry {
    /// Issues the next catalogue into the registry, if what it lists has changed or half of its life is over.
    ///
    /// # Errors
    /// An [`IssueError`]; then nothing has changed.
    pub(crate) fn issue(&mut self, issuer: &Issuer, now: DateTime<Utc>) -> Result<Option<GovernanceEvent>, IssueError> {
        let now = whole_second(now);
        let known = self.catalogue().map(|known| known.document.document());
        let lasting = Duration::hours(issuer.hours);
        let next = CatalogueDocument {
            version: known.map_or(0, |known| known.version) + 1,
            issued_at: now,
            expires: now + lasting,
            root_version: self.root().version(),
            templates: self.listed_templates(),
            lookups: self.lookups().map(listed_lookup).collect(),
            withdrawals: self.withdrawals.iter().map(|envelope| PinnedBytes::of(envelope)).collect(),
            enrolment: self.enrolment().map(|known| {
                listed_document(known.document.document().version, known.document.digest(), &known.envelope)
            }),
            agreements: self.agreements().map(|known| {
                listed_document(known.document.document().version, known.document.digest(), &known.envelope)
            }),
        };
        if known.is_some_and(|known| same_list(known, &next) && now < known.issued_at + lasting / 2) {
            return Ok(None);
        }
        let envelope = next.sign(&[&issuer.key]);
        let event = GovernanceEvent {
            kind: EventKind::Catalogue,
            who: "coordinator".to_owned(),
            why: format!("version {}", next.version),
            at: now,
            envelope: envelope.to_bytes(),
        };
        self.apply(&event)?;
        Ok(Some(event))
    }

    fn listed_templates(&self) -> Vec<ListedTemplate> {
        let approved = self.proposals().filter(|(_, proposal)| proposal.approved_at.is_some());
        let mut listed: Vec<ListedTemplate> = approved
            .map(|(digest, proposal)| ListedTemplate {
                id: proposal.template.id.clone(),
                version: proposal.template.version,
                sha256: *digest,
                envelope: PinnedBytes::of(&proposal.envelope_bytes()),
                status: status(proposal),
            })
            .collect();
        listed.sort_by(|a, b| (&a.id, a.version).cmp(&(&b.id, b.version)));
        listed
    }
}

const fn status(proposal: &Proposal) -> TemplateStatus {
    // What is listed stays listed; a template whose signatures have lapsed may be signed anew, and is not asked meanwhile.
    match (proposal.withdrawn, proposal.superseded || proposal.lapsed) {
        (true, _) => TemplateStatus::Withdrawn,
        (false, true) => TemplateStatus::Superseded,
        (false, false) => TemplateStatus::Approved,
    }
}

fn listed_lookup(known: &Published<template::Lookup>) -> ListedLookup {
    ListedLookup {
        name: known.document.name().to_owned(),
        version: known.document.version(),
        sha256: Envelope::parse(&known.envelope).map_or_else(|_| Digest::of(b""), |envelope| envelope.payload_digest()),
        envelope: PinnedBytes::of(&known.envelope),
    }
}

fn listed_document(version: u64, sha256: Digest, envelope: &[u8]) -> ListedDocument {
    ListedDocument { version, sha256, envelope: PinnedBytes::of(envelope) }
}

/// Whether two catalogues list the same, whatever their versions and times.
fn same_list(a: &CatalogueDocument, b: &CatalogueDocument) -> bool {
    a.root_version == b.root_version
        && a.templates == b.templates
        && a.lookups == b.lookups
        && a.withdrawals == b.withdrawals
        && a.enrolment == b.enrolment
        && a.agreements == b.agreements
}
