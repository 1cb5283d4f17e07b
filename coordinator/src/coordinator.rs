//! The coordinator's shell: what it holds, how it starts, and how it serves.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use chrono::{DateTime, Utc};
use template::{Envelope, Query};
use tokio::net::TcpListener;
use tokio::sync::{Notify, Semaphore, watch};
use wire::{AnalystName, Answer, Doors, ReportedRelease, RunId, verify_refusal};

use crate::catalogue::{self, LeftOut};
use crate::clock::{Clock, SystemClock, whole_second};
use crate::config::Config;
use crate::governance::{self, Governed};
use crate::registry::{IssueError, Issuer, Registry};
use crate::roster::{Roster, RosterError};
use crate::run::{AskedSite, Connection, Intake, OpenRun, Published, Said};
use crate::state::State;
use crate::steps::Steps;
use crate::store::{AnswerRecord, OpenRecord, OutcomeKind, OutcomeRecord, RunRecord, Store, StoreError};

/// A coordinator. Cloning it gives another handle to the same one.
#[derive(Clone)]
pub struct Coordinator(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub config: Config,
    /// What may be asked now.
    pub governed: RwLock<Arc<Governed>>,
    /// Held while that changes.
    pub governing: tokio::sync::Mutex<()>,
    /// Held while a signed request is looked up and kept: the same one leads to one run, whoever brings it first.
    pub asking: tokio::sync::Mutex<()>,
    /// Held from looking up what earlier answers sum to keeping what the next one sums.
    pub publishing: tokio::sync::Mutex<()>,
    /// Signs catalogues, if this coordinator issues any.
    pub issuer: Option<Issuer>,
    roster: RwLock<Arc<Roster>>,
    pub store: Store,
    pub steps: Arc<dyn Steps>,
    pub clock: Arc<dyn Clock>,
    state: Mutex<State>,
    /// Releases that are verified at the same time: no more than there are processors.
    pub verifying: Semaphore,
    /// Places for open runs.
    pub open_runs: Arc<Semaphore>,
    /// Places for each analyst's open runs.
    pub open_runs_of: Mutex<BTreeMap<AnalystName, Arc<Semaphore>>>,
    /// Rung when a new deadline is there.
    pub deadlines: Notify,
    /// True once streams must end.
    pub stopping: watch::Sender<bool>,
}

/// Why a coordinator cannot start.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The folders of templates and look-ups.
    #[error("the folders of templates and look-ups cannot be read")]
    Catalogue(#[source] std::io::Error),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The catalogue.
    #[error(transparent)]
    Issue(#[from] IssueError),
    /// What was kept does not hold under the pinned trust root.
    #[error(
        "event {n} of the store's governance does not hold: {why}; pin the trust root with which the region began, its \
         successors are in the store"
    )]
    Governance {
        /// Which event, counted from 1.
        n: usize,
        /// Why.
        why: String,
    },
}

impl Coordinator {
    /// Opens the coordinator: reads the catalogue, opens the store and takes up every run that was open.
    ///
    /// Templates that are not approved are left out and named in the operator's log.
    ///
    /// # Errors
    /// An [`OpenError`].
    pub fn open(config: Config, steps: impl Steps) -> Result<Self, OpenError> {
        Self::open_at(config, steps, SystemClock)
    }

    /// [`Self::open`] by another clock.
    ///
    /// # Errors
    /// An [`OpenError`].
    pub fn open_at(config: Config, steps: impl Steps, clock: impl Clock) -> Result<Self, OpenError> {
        let store = Store::open(&config.store)?;
        let issuer = config.catalogue.clone().map(|catalogue| Issuer { key: catalogue.key, hours: catalogue.hours });
        if issuer.is_none() {
            tracing::warn!(
                "no catalogue is issued: nodes answer nothing without one, unless their own configuration says \
                 `catalogue = \"not-used\"`; write [catalogue] with a key that the trust root names"
            );
        }
        let governed = governed(&config, &store, issuer.as_ref(), clock.now())?;
        let coordinator = Self(Arc::new(Inner {
            verifying: Semaphore::new(std::thread::available_parallelism().map_or(1, usize::from)),
            open_runs: Arc::new(Semaphore::new(config.limits.open_runs)),
            open_runs_of: Mutex::default(),
            roster: RwLock::new(Arc::new(config.roster.clone())),
            config,
            governed: RwLock::new(Arc::new(governed)),
            governing: tokio::sync::Mutex::new(()),
            asking: tokio::sync::Mutex::new(()),
            publishing: tokio::sync::Mutex::new(()),
            issuer,
            steps: Arc::new(steps),
            clock: Arc::new(clock),
            state: Mutex::default(),
            deadlines: Notify::new(),
            stopping: watch::Sender::new(false),
            store,
        }));
        for (provider, known) in coordinator.0.store.known()? {
            coordinator.state().know(&provider, known);
        }
        for record in coordinator.0.store.open_runs()? {
            let run = coordinator.restored(record)?;
            coordinator.state().add(run);
        }
        for (record, newest) in coordinator.0.store.late_runs(coordinator.0.clock.now())? {
            let run = coordinator.restored_late(record, &newest)?;
            if run.waits_for_late() {
                coordinator.state().add(run);
            }
        }
        Ok(coordinator)
    }

    /// The configuration.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.0.config
    }

    /// How many providers are connected now.
    #[must_use]
    pub fn connected(&self) -> usize {
        self.state().connected()
    }

    /// The region's providers.
    #[must_use]
    pub fn roster(&self) -> Arc<Roster> {
        Arc::clone(&self.0.roster.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Reads the roster and the folders of templates and look-ups again, without a restart.
    ///
    /// # Errors
    /// A [`ReloadError`]; what cannot be read leaves what was there.
    pub async fn reload(&self) -> Result<(), ReloadError> {
        let roster = Roster::read(&self.0.config.roster_file)?;
        *self.0.roster.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(roster);
        self.import().await?;
        Ok(())
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        // Whoever panicked while holding the lock left single fields whole: every change is one insertion or removal.
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The question of a run, if its template is approved still.
    pub(crate) fn query(&self, run: &RunRecord) -> Result<Option<Arc<Query>>, StoreError> {
        let governed = self.governed();
        let approved = match governed.catalogue.find_exact(&run.template) {
            Some(listed) => Some(Arc::clone(&listed.approved)),
            // Taken out of the catalogue: nobody is asked any more, but what has come may be combined.
            None => self
                .0
                .store
                .document(&run.template)?
                .and_then(|envelope| Envelope::parse(&envelope).ok())
                .and_then(|envelope| governed.registry.root().approve(&envelope, self.0.clock.now()).ok())
                .map(Arc::new),
        };
        let parameters: Vec<_> = run.parameters.iter().map(|p| (p.name.clone(), p.value.clone())).collect();
        Ok(approved.and_then(|approved| Query::bind(approved, &parameters).ok()).map(Arc::new))
    }

    /// An open run as the store has it: the same orders, the same deadline, and every outcome verified again.
    fn restored(&self, OpenRecord { run, orders }: OpenRecord) -> Result<OpenRun, StoreError> {
        let query = self.query(&run)?;
        let mut sites = Vec::with_capacity(orders.len());
        for (order, outcome) in orders {
            let mut site = AskedSite::new(&run, order).ok_or(StoreError::Unreadable("order"))?;
            site.handed = self.0.store.was_handed(&site.order.id)?.then_some(Connection::EARLIER);
            if let Some(outcome) = outcome {
                site.said = said(&site, query.as_deref(), &outcome);
            }
            sites.push(site);
        }
        let listed = self.governed().catalogue.find_exact(&run.template).cloned();
        let request = self.0.store.request_of(&run.id)?;
        if listed.is_none() {
            tracing::warn!(run = %run.id, template = run.template_id, "an open run's template is not in the catalogue");
        }
        Ok(OpenRun { request: request.map(Arc::new), ..OpenRun::new(run, query, listed, sites) })
    }

    /// A closed run that takes late answers, as the store has it.
    fn restored_late(&self, record: OpenRecord, newest: &AnswerRecord) -> Result<OpenRun, StoreError> {
        let closed_at = record.run.closed_at.unwrap_or(record.run.deadline);
        let mut run = self.restored(record)?;
        let answer: Answer = serde_json::from_slice(&newest.document).map_err(|_| StoreError::Unreadable("answer"))?;
        for site in &mut run.sites {
            let answered = answer.sites.iter().find(|answered| answered.provider == site.record.provider);
            site.since = answered.and_then(|answered| answered.since_revision);
        }
        run.published = Some(Published { revision: newest.revision, closed_at });
        run.intake = Arc::new(tokio::sync::RwLock::new(Intake::Late));
        Ok(run)
    }

    /// Renews the catalogue in time, until the coordinator stops.
    async fn keep_catalogue(&self) {
        /// How often it is looked whether it is time: far more often than half of the shortest life, an hour.
        const LOOK: std::time::Duration = std::time::Duration::from_secs(60);
        loop {
            tokio::time::sleep(LOOK).await;
            self.renew_catalogue().await;
        }
    }

    /// Closes runs at their deadlines, until the coordinator stops.
    async fn keep_deadlines(&self) {
        /// How long to sleep at most, so that a clock that is set forward is noticed.
        const SLEEP_MOST: std::time::Duration = std::time::Duration::from_secs(30);
        /// How long to sleep at least: deadlines are whole seconds.
        const SLEEP_LEAST: std::time::Duration = std::time::Duration::from_millis(20);
        loop {
            self.revise_late().await;
            for run in self.due() {
                let coordinator = self.clone();
                tokio::spawn(async move { coordinator.close(run).await });
            }
            let next = self.state().next_deadline();
            let left = next.map(|next| (next - self.0.clock.now()).to_std().unwrap_or(SLEEP_LEAST));
            let sleep = left.map_or(SLEEP_MOST, |left| (left + SLEEP_LEAST).min(SLEEP_MOST));
            tokio::select! {
                () = tokio::time::sleep(sleep) => {}
                () = self.0.deadlines.notified() => {}
            }
        }
    }

    pub(crate) fn due(&self) -> Vec<RunId> {
        self.state().due(self.0.clock.now())
    }

    /// Ends every stream, so that a server that waits for them can stop.
    fn end_streams(&self) {
        self.0.stopping.send_replace(true);
    }
}

/// Why what is read while the coordinator runs could not be taken up.
#[derive(Debug, thiserror::Error)]
pub enum ReloadError {
    /// The roster.
    #[error(transparent)]
    Roster(#[from] RosterError),
    /// The folders of templates and look-ups.
    #[error("the folders of templates and look-ups cannot be read")]
    Catalogue(#[source] std::io::Error),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The catalogue.
    #[error(transparent)]
    Issue(#[from] IssueError),
}

/// What may be asked as the coordinator starts: what happened before, and what lies in the folders.
///
/// Where it issues catalogues it keeps what it found, for whatever was once listed stays listed; where it does not, the
/// folders are the whole truth at every start.
fn governed(
    config: &Config,
    store: &Store,
    issuer: Option<&Issuer>,
    now: DateTime<Utc>,
) -> Result<Governed, OpenError> {
    let mut registry = Registry::new(config.trust_root.clone());
    for (n, event) in (1usize..).zip(store.governance()?) {
        registry.apply(&event).map_err(|why| OpenError::Governance { n, why: why.to_string() })?;
    }
    let imported = catalogue::import(&mut registry, &config.templates, &config.lookups, now);
    let imported = imported.map_err(OpenError::Catalogue)?;
    if let Some(issuer) = issuer {
        let mut events = imported.events;
        events.extend(registry.issue(issuer, now)?);
        if !events.is_empty() {
            let notes = events.iter().map(governance::note).collect();
            store.add_governance_now(events, notes, whole_second(now))?;
        }
    }
    let (governed, left_out) = Governed::of(registry, None, now);
    for LeftOut { file, why } in imported.left_out.iter().chain(&left_out) {
        tracing::error!(file = %file.display(), "left out of the catalogue: {why}");
    }
    Ok(governed)
}

/// What a kept outcome says. It was verified when it came; what cannot be verified any more does not count.
fn said(site: &AskedSite, query: Option<&Query>, outcome: &OutcomeRecord) -> Said {
    let OutcomeRecord { kind, envelope, .. } = outcome;
    let said = match (kind, query) {
        (OutcomeKind::Invalid, _) | (OutcomeKind::Release, None) => None,
        (OutcomeKind::Refusal, _) => {
            verify_refusal(envelope, &site.record.key, &site.order.id, &site.order.provider).ok().map(Said::Refused)
        }
        (OutcomeKind::Release, Some(query)) => {
            ReportedRelease::verify(envelope, &site.record.key, &site.order, &site.digest, site.record.kind, query)
                .ok()
                .map(|release| Said::Released(Arc::new(release)))
        }
    };
    said.unwrap_or(Said::Invalid)
}

/// Serves providers and analysts on `listener` until `stop`.
///
/// # Errors
/// Where the listener fails.
pub async fn serve(
    coordinator: Coordinator,
    listener: TcpListener,
    stop: impl Future<Output = ()> + Send,
) -> std::io::Result<()> {
    let door = Arc::new(coordinator.clone());
    let doors = Doors { link: Arc::clone(&door), desk: Arc::clone(&door), governance: door };
    let stopped = async {
        stop.await;
        coordinator.end_streams();
    };
    let tls = coordinator.config().tls.clone();
    tokio::select! {
        served = wire::serve(listener, tls, doors, stopped) => served,
        () = coordinator.keep_deadlines() => Ok(()),
        () = coordinator.keep_catalogue() => Ok(()),
    }
}
