//! Outcomes: verified, kept, and only then acknowledged.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use template::{Digest, ProviderKind, PublicKey, Query};
use tokio::sync::{OwnedRwLockReadGuard, RwLock};
use wire::{
    Acknowledged, KnownRelease, Order, OrderId, Outcome, ProviderCode, ReportedRelease, RunId, TurnedAway,
    verify_refusal,
};

use crate::coordinator::Coordinator;
use crate::run::{Intake, Said};
use crate::steps::Step;
use crate::store::{Kept, OutcomeKind, OutcomeRecord};

/// What it takes to verify an outcome, taken from the open run.
struct Asked {
    run: RunId,
    order: Order,
    digest: Digest,
    kind: ProviderKind,
    key: PublicKey,
    query: Option<Arc<Query>>,
    intake: Arc<RwLock<Intake>>,
    /// Until when the run is open.
    deadline: DateTime<Utc>,
}

impl Coordinator {
    /// Takes what a provider says to an order.
    ///
    /// The same bytes may come again and again and are acknowledged as before; other bytes for the same order are
    /// rejected. What comes after the deadline is kept for a revision; what comes after the time for that is not kept.
    pub(crate) async fn take(
        &self,
        provider: ProviderCode,
        order: OrderId,
        outcome: Outcome,
    ) -> Result<Acknowledged, TurnedAway> {
        // A run whose deadline has passed is closed first, and then asked again what it takes.
        for _ in 0..2 {
            let Some(asked) = self.asked(order) else { return self.said_before(&provider, order, &outcome).await };
            if asked.order.provider != provider {
                tracing::warn!(%provider, %order, "an outcome came for another provider's order; it was rejected");
                return Ok(Acknowledged::Rejected);
            }
            let (run, now) = (asked.run, self.0.clock.now());
            let intake = Arc::clone(&asked.intake).read_owned().await;
            match *intake {
                // Its answer is being made; the provider sends it again in a moment.
                Intake::Closed => return Err(TurnedAway::Busy),
                Intake::Open if asked.deadline < now => {}
                Intake::Late if asked.order.expires_at < now => {
                    drop(intake);
                    return self.said_before(&provider, order, &outcome).await;
                }
                Intake::Open | Intake::Late => return self.take_in_time(provider, asked, intake, outcome).await,
            }
            drop(intake);
            self.close(run).await;
        }
        Err(TurnedAway::Busy)
    }

    /// What it takes to verify an outcome of an order that waits for one.
    fn asked(&self, order: OrderId) -> Option<Asked> {
        let state = self.state();
        let (run, site) = state.asked(order)?;
        matches!(site.said, Said::Nothing).then(|| Asked {
            run: run.record.id,
            order: site.order.clone(),
            digest: site.digest,
            kind: site.record.kind,
            key: site.record.key,
            query: run.query.clone(),
            intake: Arc::clone(&run.intake),
            deadline: run.record.deadline,
        })
    }

    /// Takes what came while the run takes something.
    async fn take_in_time(
        &self,
        provider: ProviderCode,
        asked: Asked,
        intake: OwnedRwLockReadGuard<Intake>,
        outcome: Outcome,
    ) -> Result<Acknowledged, TurnedAway> {
        let (order, run, taken) = (asked.order.id, asked.run, *intake);
        let (said, outcome) = self.verified(asked, outcome).await?;
        self.0.steps.at(Step::ReleaseReceived);
        let acknowledged = self.keep(provider, order, said, outcome).await;
        drop(intake);
        if taken == Intake::Late {
            self.revise_soon(run);
            return acknowledged;
        }
        let complete = self.state().asked(order).is_some_and(|(run, _)| run.is_complete());
        if complete {
            self.close_soon(order);
        }
        acknowledged
    }

    /// Verifies an outcome, off the threads that serve connections.
    async fn verified(&self, asked: Asked, outcome: Outcome) -> Result<(Said, OutcomeRecord), TurnedAway> {
        let _place = self.0.verifying.acquire().await.map_err(|_| TurnedAway::Busy)?;
        let received_at = self.0.clock.now();
        let verify = move || {
            let (said, envelope) = match outcome {
                Outcome::Refusal(envelope) => (refusal(&asked, &envelope), envelope),
                Outcome::Release(envelope) => (release(&asked, &envelope), envelope),
            };
            let kind = match said {
                Said::Released(_) => OutcomeKind::Release,
                Said::Refused(_) => OutcomeKind::Refusal,
                Said::Invalid | Said::Nothing => OutcomeKind::Invalid,
            };
            (said, OutcomeRecord { order: asked.order.id, kind, envelope, received_at })
        };
        tokio::task::spawn_blocking(verify).await.map_err(|_| TurnedAway::Failed)
    }

    /// Keeps an outcome and notes it.
    async fn keep(
        &self,
        provider: ProviderCode,
        order: OrderId,
        said: Said,
        outcome: OutcomeRecord,
    ) -> Result<Acknowledged, TurnedAway> {
        let kind = outcome.kind;
        let shown = shown(&said);
        let kept = self.0.store.add_outcome(outcome, provider.clone(), shown).await.map_err(|error| {
            tracing::error!(%order, "an outcome could not be kept; its provider will send it again: {error}");
            TurnedAway::Busy
        })?;
        self.0.steps.at(Step::ReleaseStored);
        match kept {
            Kept::New => {
                let mut state = self.state();
                if let Some(shown) = shown {
                    state.know(&provider, shown);
                }
                if let Some(run) = state.note(order, said) {
                    run.tell(Intake::Open);
                }
            }
            Kept::Same(_) => {}
            Kept::Forked => {
                tracing::error!(%provider, %order, "a ledger went back: the release's place has shown another before");
                let mut state = self.state();
                if let Some(run) = state.note(order, Said::Invalid) {
                    run.tell(Intake::Open);
                }
                drop(state);
                self.0.steps.at(Step::Acknowledged);
                return Ok(Acknowledged::Rejected);
            }
            Kept::Different => {
                tracing::warn!(%order, "another outcome than the kept one came; it was rejected");
                return Ok(Acknowledged::Rejected);
            }
        }
        self.0.steps.at(Step::Acknowledged);
        Ok(acknowledged(kind))
    }

    /// An outcome for an order that has one already, or whose run is closed, or that is unknown.
    async fn said_before(
        &self,
        provider: &ProviderCode,
        order: OrderId,
        outcome: &Outcome,
    ) -> Result<Acknowledged, TurnedAway> {
        let (Outcome::Refusal(envelope) | Outcome::Release(envelope)) = outcome;
        let known = self.0.store.order(order).await.map_err(|error| {
            tracing::error!(%order, "an order could not be looked up: {error}");
            TurnedAway::Busy
        })?;
        match known {
            Some((asked, _)) if asked.provider != *provider => {
                tracing::warn!(%provider, %order, "an outcome came for another provider's order; it was rejected");
                Ok(Acknowledged::Rejected)
            }
            Some((_, Some(kept))) if kept.envelope == *envelope => Ok(acknowledged(kept.kind)),
            Some((_, Some(_))) => {
                tracing::warn!(%provider, %order, "another outcome than the kept one came; it was rejected");
                Ok(Acknowledged::Rejected)
            }
            Some((_, None)) => Ok(Acknowledged::TooLate),
            None => {
                tracing::warn!(%provider, %order, "an outcome came for an unknown order; it was rejected");
                Ok(Acknowledged::Rejected)
            }
        }
    }
}

/// The place in its provider's ledger that a release shows.
fn shown(said: &Said) -> Option<KnownRelease> {
    let Said::Released(release) = said else { return None };
    let header = &release.header;
    Some(KnownRelease { sequence: header.sequence, previous_head: header.previous_head, release: release.digest })
}

const fn acknowledged(kind: OutcomeKind) -> Acknowledged {
    match kind {
        OutcomeKind::Invalid => Acknowledged::Rejected,
        OutcomeKind::Refusal | OutcomeKind::Release => Acknowledged::Taken,
    }
}

fn refusal(asked: &Asked, envelope: &[u8]) -> Said {
    let Asked { order, key, .. } = asked;
    verify_refusal(envelope, key, &order.id, &order.provider).map_or_else(
        |error| {
            tracing::warn!(provider = %order.provider, order = %order.id, "an invalid refusal: {error}");
            Said::Invalid
        },
        Said::Refused,
    )
}

fn release(asked: &Asked, envelope: &[u8]) -> Said {
    let Asked { order, digest, kind, key, query, .. } = asked;
    let Some(query) = query else {
        tracing::warn!(order = %order.id, "a release of a template that is approved no longer");
        return Said::Invalid;
    };
    match ReportedRelease::verify(envelope, key, order, digest, *kind, query) {
        Ok(release) => Said::Released(Arc::new(release)),
        Err(error) => {
            tracing::warn!(provider = %order.provider, order = %order.id, "an invalid release: {error}");
            Said::Invalid
        }
    }
}
