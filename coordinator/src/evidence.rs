//! What others need to check an answer: the proof for its analyst, and everything that it follows from for auditors.

use futures::StreamExt as _;
use futures::stream::{self, BoxStream};
use template::{Digest, Envelope, PayloadType};
use wire::{
    AnalystName, Answer, AskedProvider, AskedRoster, EvidenceKind, EvidencePart, EvidenceRun, Proof, ProofSite, RunId,
    SiteOutcome, TurnedAway, answer_digest,
};

use crate::coordinator::Coordinator;
use crate::store::{OrderRecord, OutcomeKind, OutcomeRecord, RunRecord, StoreError};

/// A closed run with all that was kept of it.
struct Closed {
    run: RunRecord,
    answer: Answer,
    document: Vec<u8>,
    orders: Vec<(OrderRecord, Option<OutcomeRecord>)>,
}

impl Coordinator {
    /// What the coordinator commits to for a closed run. It is the same however often it is asked for.
    pub(crate) async fn proven(
        &self,
        analyst: &AnalystName,
        run: RunId,
        revision: Option<u32>,
    ) -> Result<Vec<u8>, TurnedAway> {
        let closed = self
            .closed_run(run, revision)
            .await?
            .filter(|closed| closed.run.analyst == *analyst || self.audits(analyst));
        let closed = closed.ok_or_else(|| no_run(run))?;
        Ok(closed.proof()?.sign(&self.0.config.signing_key))
    }

    /// Everything that a closed run's answer follows from.
    pub(crate) async fn evidence_of(
        &self,
        auditor: &AnalystName,
        run: RunId,
        revision: Option<u32>,
    ) -> Result<BoxStream<'static, EvidencePart>, TurnedAway> {
        if !self.audits(auditor) {
            return Err(TurnedAway::NotAllowed(format!(
                "`{auditor}` is not among the region's auditors, who see every release; `tallyward verify` without \
                 `--bundle` checks your answer against the coordinator's proof"
            )));
        }
        let closed = self.closed_run(run, revision).await?.ok_or_else(|| no_run(run))?;
        let parts = self.parts(&closed)?;
        Ok(stream::iter(parts).boxed())
    }

    fn parts(&self, closed: &Closed) -> Result<Vec<EvidencePart>, TurnedAway> {
        let part = |kind: EvidenceKind, bytes: &[u8]| EvidencePart { kind, bytes: bytes.to_vec() };
        let governed = self.governed();
        let registry = &governed.registry;
        let run = self.run_document(&closed.run);
        let mut parts = vec![
            part(EvidenceKind::Run, &serde_json::to_vec(&run).map_err(|_| TurnedAway::Failed)?),
            part(EvidenceKind::Roster, &closed.roster().to_bytes()),
            part(EvidenceKind::Root, &self.0.config.trust_root_envelope),
        ];
        parts.extend(registry.roots_above(0, usize::MAX).iter().map(|root| part(EvidenceKind::Root, root)));
        // What was in force when the run was asked, whatever is now.
        for envelope in self.0.store.attached(&closed.run.id).map_err(|error| failed(&error))? {
            let kind = kind_of(&envelope).ok_or_else(|| failed(&StoreError::Unreadable("document")))?;
            parts.push(EvidencePart { kind, bytes: envelope });
        }
        let request = self.0.store.request_of(&closed.run.id).map_err(|error| failed(&error))?;
        parts.extend(request.iter().map(|envelope| part(EvidenceKind::Request, envelope)));
        for (order, outcome) in &closed.orders {
            parts.push(part(EvidenceKind::Order, &order.envelope));
            parts.extend(outcome.as_ref().map(|outcome| {
                let kind = match outcome.kind {
                    OutcomeKind::Invalid => EvidenceKind::Invalid,
                    OutcomeKind::Refusal => EvidenceKind::Refusal,
                    OutcomeKind::Release => EvidenceKind::Release,
                };
                part(kind, &outcome.envelope)
            }));
        }
        parts.push(part(EvidenceKind::Answer, &closed.document));
        parts.push(part(EvidenceKind::Proof, &closed.proof()?.sign(&self.0.config.signing_key)));
        Ok(parts)
    }

    fn run_document(&self, run: &RunRecord) -> EvidenceRun {
        EvidenceRun {
            run: run.id,
            analyst: run.analyst.clone(),
            template_sha256: run.template,
            parameters: run.parameters.clone(),
            purpose: run.purpose.clone(),
            agreement: run.agreement.clone(),
            grouping: run.grouping.into(),
            asked_at: run.asked_at,
            deadline: run.deadline,
            coordinator_key: self.0.config.signing_key.public(),
        }
    }

    /// A closed run with one revision of its answer, or the newest, and what had come when that was made.
    async fn closed_run(&self, run: RunId, revision: Option<u32>) -> Result<Option<Closed>, TurnedAway> {
        let found = self.0.store.run(run).await.map_err(|error| failed(&error))?;
        let Some((record, Some(newest))) = found else { return Ok(None) };
        let answer = match revision {
            Some(revision) if revision != newest.revision => {
                let revisions = self.0.store.revisions(run).await.map_err(|error| failed(&error))?;
                let Some(found) = revisions.into_iter().find(|answer| answer.revision == revision) else {
                    return Ok(None);
                };
                found
            }
            _ => newest,
        };
        let mut orders = self.0.store.orders_of(run).await.map_err(|error| failed(&error))?;
        let read: Answer =
            serde_json::from_slice(&answer.document).map_err(|_| failed(&StoreError::Unreadable("answer")))?;
        for (order, outcome) in &mut orders {
            let site = read.sites.iter().find(|site| site.provider == order.provider);
            // What has come since is in a later revision, or in none.
            if site.is_none_or(|site| matches!(site.outcome, SiteOutcome::NotConnected | SiteOutcome::TimedOut)) {
                *outcome = None;
            }
        }
        Ok(Some(Closed { run: record, answer: read, document: answer.document, orders }))
    }
}

impl Closed {
    fn roster(&self) -> AskedRoster {
        let provider = |order: &OrderRecord| AskedProvider {
            code: order.provider.clone(),
            name: order.name.clone(),
            kind: order.kind,
            places: order.places.clone(),
            key: order.key,
        };
        AskedRoster { providers: self.orders.iter().map(|(order, _)| provider(order)).collect() }
    }

    fn proof(&self) -> Result<Proof, TurnedAway> {
        let site = |(order, outcome): &(OrderRecord, Option<OutcomeRecord>)| {
            let answered = self.answer.sites.iter().find(|site| site.provider == order.provider)?;
            Some(ProofSite {
                provider: order.provider.clone(),
                order_id: order.id,
                order_sha256: Digest::of(&order.envelope),
                outcome: answered.outcome,
                document_sha256: outcome.as_ref().map(|outcome| Digest::of(&outcome.envelope)),
            })
        };
        let sites: Option<Vec<ProofSite>> = self.orders.iter().map(site).collect();
        let sites = sites.ok_or_else(|| failed(&StoreError::Unreadable("answer")))?;
        Ok(Proof {
            run: self.run.id,
            revision: self.answer.revision,
            template_sha256: self.run.template,
            answer_sha256: answer_digest(&self.answer),
            roster_sha256: Digest::of(&self.roster().to_bytes()),
            request_sha256: self.run.request,
            documents_sha256: Proof::documents(&sites),
            sites,
            closed_at: self.answer.made_at.or(self.answer.closed_at).unwrap_or(self.run.deadline),
        })
    }
}

/// What a document under which a run was asked is.
fn kind_of(envelope: &[u8]) -> Option<EvidenceKind> {
    match Envelope::parse(envelope).ok()?.unverified_type()? {
        PayloadType::Catalogue => Some(EvidenceKind::Catalogue),
        PayloadType::Enrolment => Some(EvidenceKind::Enrolment),
        PayloadType::Lookup => Some(EvidenceKind::Lookup),
        PayloadType::Template => Some(EvidenceKind::Template),
        _ => None,
    }
}

fn no_run(run: RunId) -> TurnedAway {
    TurnedAway::NotFound(format!(
        "there is no closed run {run} of yours, or no such revision of its answer; `tallyward runs` lists yours, `tallyward \
         revisions {run}` the revisions"
    ))
}

fn failed(error: &StoreError) -> TurnedAway {
    tracing::error!("{error}");
    TurnedAway::Failed
}
