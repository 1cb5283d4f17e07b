//! What a guardian sees of proposals: others' views only after the guardian's own.

use chrono::{DateTime, Utc};
use template::{Digest, PersonName, Review, Verdict};
use wire::{PreviousVersion, ProposalDetail, ProposalSummary, ReviewEntry};

use super::{Proposal, Registry};

impl Registry {
    /// A proposal in a list.
    pub(crate) fn summary(
        &self,
        digest: &Digest,
        proposal: &Proposal,
        caller: &PersonName,
        now: DateTime<Utc>,
    ) -> Option<ProposalSummary> {
        let mut people: Vec<&PersonName> = proposal.reviews.iter().map(|review| &review.document().reviewer).collect();
        people.sort();
        people.dedup();
        Some(ProposalSummary {
            template_sha256: *digest,
            id: proposal.template.id.clone(),
            version: proposal.template.version,
            title: proposal.template.title.clone(),
            state: proposal.state(now),
            author: proposal.author.clone(),
            proposed_at: proposal.at,
            reviews: u32::try_from(people.len()).unwrap_or(u32::MAX),
            reviewed_by_caller: proposal.reviewed_by(caller).into(),
        })
    }

    /// A proposal as `caller` may see it.
    ///
    /// INVARIANT: whoever may still give a view sees nobody else's, and not who signed, before giving one; a verdict that
    /// was reached is no secret.
    pub(crate) fn detail(&self, digest: &Digest, caller: &PersonName, now: DateTime<Utc>) -> Option<ProposalDetail> {
        let proposal = self.proposal(digest)?;
        let own = caller.is_written(&proposal.template.author);
        let open = own || proposal.reviewed_by(caller) || proposal.approved_at.is_some() || proposal.withdrawn;
        let mine = |review: &Review| review.document().reviewer == *caller;
        let reviews: Vec<ReviewEntry> =
            proposal.reviews.iter().filter(|review| open || mine(review)).map(|review| entry(review)).collect();
        let hidden = proposal.reviews.len() - reviews.len();
        let events = proposal.events.iter().filter(|event| open || event.what != "signed");
        Some(ProposalDetail {
            summary: self.summary(digest, proposal, caller, now)?,
            toml: proposal.toml.clone(),
            why: proposal.why.clone(),
            previous: self.previous(proposal),
            reviews,
            hidden_reviews: u32::try_from(hidden).unwrap_or(u32::MAX),
            signed_by: if open { proposal.signed_by.clone() } else { Vec::new() },
            events: events.cloned().collect(),
        })
    }

    /// The newest approved version before this one.
    fn previous(&self, proposal: &Proposal) -> Option<PreviousVersion> {
        let earlier = self.proposals().filter(|(_, known)| {
            known.template.id == proposal.template.id
                && known.template.version < proposal.template.version
                && known.approved_at.is_some()
        });
        let (digest, known) = earlier.max_by_key(|(_, known)| known.template.version)?;
        Some(PreviousVersion { version: known.template.version, template_sha256: *digest, toml: known.toml.clone() })
    }
}

fn entry(review: &Review) -> ReviewEntry {
    let document = review.document();
    let verdict = match document.verdict {
        Verdict::Approve => "approve",
        Verdict::Comment => "comment",
        Verdict::Object => "object",
    };
    ReviewEntry {
        reviewer: document.reviewer.clone(),
        organisation: document.organisation.clone(),
        verdict: verdict.to_owned(),
        comment: document.comment.clone(),
        review_sheet_sha256: document.review_sheet_sha256,
        at: document.at,
    }
}
