//! One proposed template: who wrote it, what people think of it, who signed, and where that leaves it.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use template::{Envelope, PersonName, Review, Template, Verdict};
use wire::{ProposalEvent, ProposalState};

use crate::store::GovernanceEvent;

/// A proposed template.
#[derive(Clone, Debug)]
pub(crate) struct Proposal {
    pub template: Template,
    /// The exact text.
    pub toml: String,
    /// The exact bytes, with every signature that came.
    pub envelope: Envelope,
    /// Who brought it.
    pub author: String,
    pub why: String,
    pub at: DateTime<Utc>,
    pub reviews: Vec<Arc<Review>>,
    pub approved_at: Option<DateTime<Utc>>,
    pub approved_by: Vec<String>,
    pub superseded: bool,
    /// It was approved, and under the trust root of now its signatures do not suffice any more.
    pub lapsed: bool,
    pub withdrawn: bool,
    /// What happened, oldest first.
    pub events: Vec<ProposalEvent>,
    /// Who signed, in order.
    pub signed_by: Vec<String>,
}

impl Proposal {
    /// A template that was proposed, or found approved.
    pub(super) fn new(template: Template, envelope: &Envelope, event: &GovernanceEvent) -> Self {
        let mut proposal = Self {
            toml: String::from_utf8_lossy(envelope.unverified_payload()).into_owned(),
            envelope: envelope.clone(),
            author: if event.who.is_empty() { template.author.clone() } else { event.who.clone() },
            why: event.why.clone(),
            at: event.at,
            template,
            reviews: Vec::new(),
            approved_at: None,
            approved_by: Vec::new(),
            superseded: false,
            lapsed: false,
            withdrawn: false,
            events: Vec::new(),
            signed_by: Vec::new(),
        };
        proposal.note("proposed", &event.who, &event.why, event.at);
        proposal
    }

    pub(super) fn absorb(&mut self, envelope: &Envelope) {
        // The bodies are the same: the proposal was found by their digest.
        let _same = self.envelope.absorb(envelope);
    }

    pub(super) fn approve(&mut self, at: DateTime<Utc>, approved_by: &[String]) {
        self.approved_by = approved_by.to_vec();
        if self.approved_at.is_none() || self.lapsed {
            self.approved_at = Some(self.approved_at.unwrap_or(at));
            self.lapsed = false;
            self.note("approved", "coordinator", "", at);
        }
    }

    pub(super) fn lapse(&mut self, root_version: u64, at: DateTime<Utc>) {
        self.lapsed = true;
        let why = format!("too few of its signatures count under version {root_version} of the trust root");
        self.note("lapsed", "coordinator", &why, at);
    }

    pub(super) fn review(&mut self, review: Review, event: &GovernanceEvent) {
        self.note("reviewed", &event.who, "", event.at);
        self.reviews.push(Arc::new(review));
    }

    pub(super) fn signed(&mut self, event: &GovernanceEvent) {
        if !self.signed_by.contains(&event.who) {
            self.signed_by.push(event.who.clone());
        }
        self.note("signed", &event.who, "", event.at);
    }

    pub(super) fn withdraw(&mut self, why: &str, event: &GovernanceEvent) {
        self.withdrawn = true;
        self.note("withdrawn", &event.who, why, event.at);
    }

    pub(super) fn supersede(&mut self, version: u32) {
        self.superseded = true;
        let at = self.events.last().map_or(self.at, |event| event.at);
        self.note("superseded", "coordinator", &format!("by version {version}"), at);
    }

    fn note(&mut self, what: &str, who: &str, why: &str, at: DateTime<Utc>) {
        let who = if who.is_empty() { "coordinator" } else { who };
        self.events.push(ProposalEvent { what: what.to_owned(), who: who.to_owned(), why: why.to_owned(), at });
    }

    /// Whether this person's newest view is that it may be asked.
    pub(super) fn approves(&self, person: &PersonName) -> bool {
        let own = self.reviews.iter().rev().find(|review| review.document().reviewer == *person);
        own.is_some_and(|review| review.document().verdict == Verdict::Approve)
    }

    /// Whether this person has given a view.
    pub(crate) fn reviewed_by(&self, person: &PersonName) -> bool {
        self.reviews.iter().any(|review| review.document().reviewer == *person)
    }

    /// The envelope as it travels and is listed.
    pub(crate) fn envelope_bytes(&self) -> Arc<Vec<u8>> {
        Arc::new(self.envelope.to_bytes())
    }

    /// Where it stands at `now`.
    pub(crate) fn state(&self, now: DateTime<Utc>) -> ProposalState {
        if self.withdrawn {
            ProposalState::Withdrawn
        } else if now.date_naive() > self.template.expires {
            ProposalState::Expired
        } else if self.superseded {
            ProposalState::Superseded
        } else if self.lapsed {
            ProposalState::UnderReview
        } else if self.approved_at.is_some() {
            ProposalState::Approved
        } else if self.reviews.is_empty() {
            ProposalState::Proposed
        } else {
            ProposalState::UnderReview
        }
    }
}
