//! From an order to an answer: verify, admit, count, protect, record, and only then release.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use disclosure::{Protected, RawTable};
use template::SigningKey;
use tokio::time::{Instant, sleep_until, timeout};
use wire::{
    Answered, Answerer, Dispatch, Header, OpenLink, Order, OrderId, ProviderCode, Release, Statement, StoredCells,
    Unrecorded, VerifiedOrder,
};

use crate::admit::Admitted;
use crate::attack::withstand;
use crate::config::Config;
use crate::differencing::{Beside, Subject, Table, Turn, base};
use crate::engine::{EngineError, Question};
use crate::host::Host;
use crate::ledger::{Asked, Context, Entry, Given, Known, LedgerError, Place};
use crate::policy::{self, Reason};
use crate::populations;
use crate::provider::Provider;
use crate::steps::Step;

/// Beyond the limit of counting, the time after which an order is given up from outside.
const GRACE: Duration = Duration::from_secs(30);

/// A provider within a process, answering.
pub struct Node(Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) provider: Provider,
    pub(crate) host: Arc<Host>,
}

impl Node {
    /// A provider on a host.
    #[must_use]
    pub fn new(provider: Provider, host: Arc<Host>) -> Self {
        Self(Arc::new(Inner { provider, host }))
    }

    pub(crate) fn provider(&self) -> &Provider {
        &self.0.provider
    }

    pub(crate) fn config(&self) -> &Config {
        &self.0.provider.config
    }
}

impl Answerer for Node {
    async fn answer(&self, dispatch: Dispatch) -> Answered {
        let received = Instant::now();
        let limits = self.config().limits;
        let answered = self.0.decide_within(dispatch, limits.query * 2 + GRACE).await;
        sleep_until(received + next_quantum(received.elapsed(), limits.quantum)).await;
        self.0.provider.steps.at(Step::BeforeSend);
        answered
    }

    async fn attend(&self, link: OpenLink) {
        self.0.attend(link).await;
    }
}

/// The first multiple of `quantum` that has not passed.
fn next_quantum(elapsed: Duration, quantum: Duration) -> Duration {
    let quanta = elapsed.as_nanos().div_ceil(quantum.as_nanos().max(1)).max(1);
    quantum.saturating_mul(u32::try_from(quanta).unwrap_or(u32::MAX))
}

impl Inner {
    /// Decides on the threads of counting, so that no count can hold up a link.
    async fn decide_within(self: &Arc<Self>, dispatch: Dispatch, longest: Duration) -> Answered {
        let order = readable(&dispatch.order);
        let inner = Arc::clone(self);
        let Some(counting) = self.host.counting() else { return Answered::Unreadable };
        // Not aborted with the link: what is recorded is there when the order comes again.
        let decided = counting.spawn(async move { inner.decide(&dispatch).await });
        match (timeout(longest, decided).await, order) {
            (Ok(Ok(answered)), _) => answered,
            (_, None) => Answered::Unreadable,
            (Ok(Err(_)), Some(order)) => self.refuse(order, None, Reason::EngineFailed).await,
            (Err(_), Some(order)) => self.refuse(order, None, Reason::OutOfTime).await,
        }
    }

    async fn decide(&self, dispatch: &Dispatch) -> Answered {
        let received_at = self.provider.clock.now();
        self.provider.steps.at(Step::Received);
        let Ok(order) = Order::verify(&dispatch.order, &self.provider.config.coordinator.key) else {
            return match readable(&dispatch.order) {
                Some(order) => self.refuse(order, None, Reason::Altered).await,
                None => Answered::Unreadable,
            };
        };
        let mut asked = asked(&order, received_at);
        match self.release(&order, dispatch, &mut asked).await {
            Ok(release) => {
                tracing::info!(provider = %self.provider.code(), order = %asked.order, "released");
                Answered::Release(release)
            }
            Err(reason) => self.refuse(asked.order, Some(asked), reason).await,
        }
    }

    /// The way of one order. Each step can only refuse; the last gives back what the ledger has committed.
    async fn release(&self, order: &VerifiedOrder, dispatch: &Dispatch, asked: &mut Asked) -> Result<Release, Reason> {
        let provider = &self.provider;
        policy::addressed(order.order(), provider.code())?;
        provider.steps.at(Step::Verified);
        if let Some(newest) = &dispatch.known {
            self.holds(newest).await?;
        }
        if let Known::Same(release) = provider.ledger.known(asked.order, asked.order_digest).await? {
            return Ok(release);
        }
        let _place = provider.waiting.try_acquire().map_err(|_| Reason::Busy)?;
        let _turn = provider.concurrent.acquire().await.map_err(|_| Reason::Busy)?;
        let came = Instant::now();
        let mut processor = self.host.processors.acquire().await.map_err(|_| Reason::Busy)?;
        let known = provider.custody.region();
        let mut admitted = self.admit(order.order(), dispatch, asked).await;
        if admitted.as_ref().is_err_and(|reason| reason.may_be_overtaken()) {
            // Nothing is held up by whoever waits for news.
            drop(processor);
            let informed = self.informed(&known, came).await;
            processor = self.host.processors.acquire().await.map_err(|_| Reason::Busy)?;
            if informed {
                admitted = self.admit(order.order(), dispatch, asked).await;
            }
        }
        let admitted = admitted?;
        provider.steps.at(Step::Admitted);
        // Asked before by anyone: the stored figures, never counted again.
        if provider.ledger.prior(admitted.key).await?.is_some() {
            drop(processor);
            return Ok(provider.ledger.record(self.entry(admitted, None, asked)).await?);
        }
        let raw = self.count(&admitted).await?;
        let turn = provider.differencing.turn().await;
        // The same question may have been answered while this one waited.
        let asked_before = provider.ledger.prior(admitted.key).await?.is_some();
        let (turn, figures) =
            if asked_before { (turn, None) } else { self.figures(&admitted, raw, turn, asked).await? };
        drop(processor);
        let release = provider.ledger.record(self.entry(admitted, figures, asked)).await?;
        drop(turn);
        Ok(release)
    }

    async fn count(&self, admitted: &Admitted) -> Result<RawTable, Reason> {
        let Admitted { query, lookups, checked, snapshot, coverage, .. } = admitted;
        let provider = &self.provider;
        let question = Question { query, checked, lookups, covered: &coverage.inner };
        let counted = timeout(provider.config.limits.query, provider.engine.count(&question, snapshot));
        let raw = counted.await.map_err(|_| Reason::OutOfTime)?.map_err(|error| self.engine(error))?;
        provider.steps.at(Step::Counted);
        Ok(raw)
    }

    /// Protects what was counted beside everything that was released before. The turn is kept until the commit.
    async fn figures(
        &self,
        admitted: &Admitted,
        raw: RawTable,
        turn: Turn,
        asked: &Asked,
    ) -> Result<(Turn, Option<Beside>), Reason> {
        let Admitted { query, lookups, checked, snapshot, coverage, key, .. } = admitted;
        let provider = &self.provider;
        let public = populations::public(query, lookups, &provider.config)?;
        raw.agrees_with(&public).map_err(|error| {
            tracing::error!(provider = %provider.code(), template = %query.template().id, "nothing is released: {error}");
            Reason::PublicContradicted
        })?;
        let table = Table {
            raw,
            domain: query.domain().clone(),
            measures: query.measures().to_vec(),
            policy: provider.config.policy.stricter(&query.policy()),
            coverage: coverage.coverage.clone(),
            public: public.clone(),
        };
        let subject = Subject {
            key: *key,
            base: base(checked.tables().iter().map(|read| read.name.as_str())),
            numbering: snapshot.numbering(),
        };
        let limits = &provider.config.limits;
        let (turn, beside) = turn.protect(&provider.ledger, &provider.cipher, limits, table, subject, asked).await?;
        provider.steps.at(Step::Protected);
        withstand(provider.code(), &beside.protected, &public, provider.steps.as_ref())?;
        Ok((turn, Some(beside)))
    }

    fn entry(&self, admitted: Admitted, figures: Option<Beside>, asked: &Asked) -> Entry {
        let config = &self.provider.config;
        let key = Arc::clone(&config.signing_key);
        let header = self.header(&admitted, asked);
        let after = figures.as_ref().map_or(0, |figures| figures.after);
        let (protected, contributors) = figures.map(|f| (f.protected, f.contributors)).unzip();
        Entry {
            asked: asked.clone(),
            key: admitted.key,
            made_at: admitted.now,
            lookups: admitted.lookups.iter().map(|lookup| (lookup.name().to_owned(), lookup.version())).collect(),
            contributors,
            documents: admitted.documents,
            after,
            make: Box::new(move |place, prior| sign(header, place, prior, protected.as_ref(), &key)),
        }
    }

    fn header(&self, admitted: &Admitted, asked: &Asked) -> Header {
        let Admitted { query, lookups, snapshot, key, now, .. } = admitted;
        let template = query.template();
        Header {
            order: asked.order,
            order_digest: asked.order_digest,
            provider: self.provider.config.provider.clone(),
            kind: self.provider.config.kind,
            fingerprint: key.fingerprint,
            template_id: template.id.clone(),
            template_version: template.version,
            template: query.template_digest(),
            parameters: query.parameters().map(|(name, value)| (name.name.clone(), value.to_string())).collect(),
            lookups: lookups.iter().map(|lookup| lookup.digest()).collect(),
            snapshot: snapshot.id(),
            as_at: snapshot.taken_at(),
            opt_outs: snapshot.opt_outs(),
            opt_outs_as_of: snapshot.opt_outs_as_of().to_vec(),
            restricted: snapshot.restricted().clone(),
            // The ledger says which place it is: see `sign`.
            sequence: 0,
            previous_head: asked.order_digest,
            made_at: *now,
        }
    }

    /// Records the real reason, and signs the one word that the outside is told.
    async fn refuse(&self, order: OrderId, asked: Option<Asked>, reason: Reason) -> Answered {
        let Config { provider, signing_key, .. } = &self.provider.config;
        let now = self.provider.clock.now();
        tracing::warn!(%provider, %order, reason = reason.code(), "refused");
        if self.provider.ledger.refused(order, asked, reason, now).await.is_err() {
            tracing::error!(%provider, %order, "a refusal could not be recorded: the ledger is quarantined or stopped");
        }
        Answered::Refusal(reason.refusal().sign(order, provider, signing_key, now))
    }

    pub(crate) fn integrity(&self, error: &crate::snapshot::IntegrityError) -> Reason {
        tracing::error!(provider = %self.provider.code(), "nothing is counted: {error}");
        Reason::DataIntegrity
    }

    fn engine(&self, error: EngineError) -> Reason {
        tracing::error!(provider = %self.provider.code(), "nothing is released: {error}");
        match error {
            EngineError::Memory => Reason::OutOfMemory,
            EngineError::Read => Reason::DataIntegrity,
            _ => Reason::EngineFailed,
        }
    }
}

/// The signed release for a place in the ledger: the stored figures where there are some, else the fresh ones.
fn sign(
    header: Header,
    place: Place,
    prior: Option<&[u8]>,
    protected: Option<&Protected>,
    key: &SigningKey,
) -> Option<Unrecorded> {
    let header = Header { sequence: place.sequence, previous_head: place.previous_head, ..header };
    let statement = match (prior, protected) {
        (Some(stored), _) => Statement::again(header, &StoredCells::of(stored, &key.public()).ok()?),
        (None, Some(protected)) => Statement::new(header, protected),
        (None, None) => return None,
    };
    Some(statement.sign(key))
}

fn asked(order: &VerifiedOrder, received_at: DateTime<Utc>) -> Asked {
    let Order { id, run, template, parameters, analyst, purpose, .. } = order.order();
    let given = |(name, value): &(String, String)| Given { name: name.clone(), value: value.clone() };
    Asked {
        order: *id,
        order_digest: order.digest(),
        template: *template,
        analyst: analyst.clone(),
        purpose: purpose.clone(),
        received_at,
        context: Context {
            run: run.to_string(),
            parameters: parameters.iter().map(given).collect(),
            ..Context::default()
        },
    }
}

/// The id in an order whose signature does not hold, so that the refusal can name it. It decides nothing.
fn readable(envelope: &[u8]) -> Option<OrderId> {
    #[derive(serde::Deserialize)]
    struct Named {
        order_id: OrderId,
    }
    let envelope = template::Envelope::parse(envelope).ok()?;
    serde_json::from_slice::<Named>(envelope.unverified_payload()).ok().map(|named| named.order_id)
}

impl From<LedgerError> for Reason {
    fn from(error: LedgerError) -> Self {
        match error {
            LedgerError::Quarantined => Self::LedgerQuarantined,
            LedgerError::Release => Self::ReleaseFailed,
            LedgerError::Replayed => Self::Replayed,
            LedgerError::Storage => Self::LedgerStorage,
        }
    }
}

/// The code of a provider, for logs.
impl std::fmt::Debug for Node {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let code: &ProviderCode = self.0.provider.code();
        f.debug_tuple("Node").field(&code.as_str()).finish()
    }
}

#[cfg(test)]
pub(crate) mod tests;
