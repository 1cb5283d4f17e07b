//! What the coordinator holds in memory: open runs, and which providers are connected.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use tokio::sync::{Notify, watch};
use wire::{Dispatch, KnownRelease, OrderId, Progress, ProviderCode, RunId};

use crate::run::{AskedSite, Connection, Intake, OpenRun, Published, Said};

/// The most closed runs that take late answers at the same time; beyond it the oldest is let go.
const LATE_RUNS_MAX: usize = 1000;

/// Open runs and connected providers. Everything here follows from the store, but for who is connected.
#[derive(Default)]
pub(crate) struct State {
    runs: BTreeMap<RunId, OpenRun>,
    orders: HashMap<OrderId, Place>,
    providers: HashMap<ProviderCode, Mailbox>,
    connections: u64,
}

/// Where an order stands: the run, and the place among its sites.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    run: RunId,
    site: usize,
}

/// A provider's open orders and its present connection.
#[derive(Default)]
struct Mailbox {
    orders: Vec<OrderId>,
    /// The newest release of the provider's that was verified.
    known: Option<KnownRelease>,
    /// The connection over which it came; none where it is from before.
    shown_over: Option<Connection>,
    connection: Option<(Connection, Arc<Notify>)>,
}

/// What a provider's stream does next.
pub(crate) enum Next {
    /// Sends this order, with the release of the provider's by which its ledger is known, unless the provider has shown it
    /// over this very connection: then the ledger behind it holds it.
    Dispatch(OrderId, Box<Dispatch>, Option<KnownRelease>),
    /// Ends: another connection has taken its place.
    Replaced,
    /// Waits until it is woken.
    Wait,
}

impl State {
    /// Takes in a run and wakes the streams of those whom it asks.
    pub(crate) fn add(&mut self, run: OpenRun) {
        let id = run.record.id;
        for (place, site) in run.sites.iter().enumerate() {
            self.orders.insert(site.order.id, Place { run: id, site: place });
            let mailbox = self.providers.entry(site.order.provider.clone()).or_default();
            mailbox.orders.push(site.order.id);
        }
        let asked: Vec<ProviderCode> = run.sites.iter().map(|site| site.order.provider.clone()).collect();
        self.runs.insert(id, run);
        for provider in asked {
            if let Some((_, wake)) = self.providers.get(&provider).and_then(|mailbox| mailbox.connection.as_ref()) {
                wake.notify_one();
            }
        }
    }

    /// Lets a closed run go.
    pub(crate) fn remove(&mut self, run: RunId) -> Option<OpenRun> {
        let run = self.runs.remove(&run)?;
        for site in &run.sites {
            self.orders.remove(&site.order.id);
            if let Some(mailbox) = self.providers.get_mut(&site.order.provider) {
                mailbox.orders.retain(|order| *order != site.order.id);
            }
        }
        Some(run)
    }

    pub(crate) fn run(&self, run: RunId) -> Option<&OpenRun> {
        self.runs.get(&run)
    }

    /// The open run and the site that an order belongs to.
    pub(crate) fn asked(&self, order: OrderId) -> Option<(&OpenRun, &AskedSite)> {
        let place = self.orders.get(&order)?;
        let run = self.runs.get(&place.run)?;
        Some((run, run.sites.get(place.site)?))
    }

    /// Notes what a site said; the run, if it is open.
    pub(crate) fn note(&mut self, order: OrderId, said: Said) -> Option<&OpenRun> {
        let place = *self.orders.get(&order)?;
        let run = self.runs.get_mut(&place.run)?;
        run.sites.get_mut(place.site)?.said = said;
        Some(run)
    }

    /// Runs whose deadline has passed, and runs that have nobody to wait for.
    pub(crate) fn due(&self, now: DateTime<Utc>) -> Vec<RunId> {
        let due = |run: &&OpenRun| run.published.is_none() && (run.record.deadline < now || run.is_complete());
        self.runs.values().filter(due).map(|run| run.record.id).collect()
    }

    /// The next deadline.
    pub(crate) fn next_deadline(&self) -> Option<DateTime<Utc>> {
        self.runs.values().map(OpenRun::until).min()
    }

    /// An open run.
    pub(crate) fn open(&self, run: RunId) -> Option<&OpenRun> {
        self.run(run).filter(|run| run.published.is_none())
    }

    /// Notes what was published of a run: which sites are in the sums of which revision. It is let go unless it may still
    /// take late answers. Returns what is let go.
    pub(crate) fn publish(&mut self, run: RunId, published: Published, since: &[Option<u32>]) -> Option<OpenRun> {
        let found = self.runs.get_mut(&run)?;
        for (site, since) in found.sites.iter_mut().zip(since) {
            site.since = *since;
        }
        found.published = Some(published);
        if !found.waits_for_late() {
            return self.remove(run);
        }
        found.places.clear();
        // Whoever watches sees the last numbers, and then the end of the stream.
        found.tell(Intake::Closed);
        found.progress = watch::Sender::new(Progress::default());
        let asked: Vec<ProviderCode> = found.sites.iter().map(|site| site.order.provider.clone()).collect();
        for provider in asked {
            if let Some((_, wake)) = self.providers.get(&provider).and_then(|mailbox| mailbox.connection.as_ref()) {
                wake.notify_one();
            }
        }
        let oldest = self.late().min_by_key(|run| run.record.asked_at).map(|run| run.record.id);
        if self.late().count() > LATE_RUNS_MAX {
            return oldest.and_then(|oldest| self.remove(oldest));
        }
        None
    }

    /// Closed runs that take late answers.
    pub(crate) fn late(&self) -> impl Iterator<Item = &OpenRun> {
        self.runs.values().filter(|run| run.published.is_some())
    }

    /// Lets closed runs go for which nothing can come any more.
    pub(crate) fn let_late_go(&mut self, now: DateTime<Utc>) {
        let over: Vec<RunId> = self.late().filter(|run| run.record.late_until < now).map(|run| run.record.id).collect();
        for run in over {
            self.remove(run);
        }
    }

    /// Notes that a provider has connected; an earlier connection of the same provider is told to end.
    pub(crate) fn connect(&mut self, provider: &ProviderCode) -> (Connection, Arc<Notify>) {
        self.connections += 1;
        let connection = Connection(self.connections);
        let wake = Arc::new(Notify::new());
        let mailbox = self.providers.entry(provider.clone()).or_default();
        if let Some((_, earlier)) = mailbox.connection.replace((connection, Arc::clone(&wake))) {
            earlier.notify_one();
        }
        (connection, wake)
    }

    /// Notes that a connection has ended.
    pub(crate) fn disconnect(&mut self, provider: &ProviderCode, connection: Connection) {
        if let Some(mailbox) = self.providers.get_mut(provider)
            && mailbox.connection.as_ref().is_some_and(|(present, _)| *present == connection)
        {
            mailbox.connection = None;
        }
    }

    pub(crate) fn is_connected(&self, provider: &ProviderCode) -> bool {
        self.providers.get(provider).is_some_and(|mailbox| mailbox.connection.is_some())
    }

    /// Notes a place in a provider's ledger that a verified release has shown.
    pub(crate) fn know(&mut self, provider: &ProviderCode, shown: KnownRelease) {
        let mailbox = self.providers.entry(provider.clone()).or_default();
        if mailbox.known.is_none_or(|known| known.sequence < shown.sequence) {
            mailbox.known = Some(shown);
            mailbox.shown_over = mailbox.connection.as_ref().map(|(connection, _)| *connection);
        }
    }

    /// Forgets what a provider's ledger has shown: it begins anew, with leave.
    pub(crate) fn forget_known(&mut self, provider: &ProviderCode) {
        if let Some(mailbox) = self.providers.get_mut(provider) {
            mailbox.known = None;
        }
    }

    /// How many providers are connected.
    pub(crate) fn connected(&self) -> usize {
        self.providers.values().filter(|mailbox| mailbox.connection.is_some()).count()
    }

    /// The next thing for a provider's connection to do: an order that is open at `now` and was not handed to it yet.
    pub(crate) fn next(&mut self, provider: &ProviderCode, connection: Connection, now: DateTime<Utc>) -> Next {
        let Some(mailbox) = self.providers.get(provider) else { return Next::Replaced };
        if mailbox.connection.as_ref().is_none_or(|(present, _)| *present != connection) {
            return Next::Replaced;
        }
        // Those first for which somebody waits.
        let is_late = |order: &&OrderId| {
            self.orders
                .get(order)
                .and_then(|place| self.runs.get(&place.run))
                .is_some_and(|run| run.published.is_some())
        };
        let (late, open): (Vec<&OrderId>, Vec<&OrderId>) = mailbox.orders.iter().partition(is_late);
        for order in open.into_iter().chain(late) {
            let Some(Place { run, site }) = self.orders.get(order).copied() else { continue };
            let Some(run) = self.runs.get_mut(&run).filter(|run| run.until() >= now) else { continue };
            let (Some(listed), Some(site)) = (run.listed.clone(), run.sites.get_mut(site)) else { continue };
            if matches!(site.said, Said::Nothing) && site.handed != Some(connection) {
                site.handed = Some(connection);
                let dispatch = Dispatch {
                    order: site.record.envelope.clone(),
                    template: listed.envelope.to_vec(),
                    lookups: listed.lookups.iter().map(|lookup| lookup.to_vec()).collect(),
                    request: run.request.as_ref().map(|request| request.to_vec()),
                    known: None,
                };
                let known = mailbox.known.filter(|_| mailbox.shown_over != Some(connection));
                return Next::Dispatch(site.order.id, Box::new(dispatch), known);
            }
        }
        Next::Wait
    }
}
