//! A run while it is open: who was asked, and what each said.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use combine::Block;
use template::{Digest, Envelope, Lookup, Query};
use tokio::sync::{OwnedSemaphorePermit, RwLock, watch};
use wire::{Order, Progress, ProviderCode, Refusal, ReportedRelease, SiteOutcome};

use crate::catalogue::Listed;
use crate::store::{OrderRecord, RunRecord};

/// Whether a run still takes outcomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Intake {
    /// It is being closed, or is.
    Closed,
    /// It is closed, and takes what comes late.
    Late,
    /// It does.
    Open,
}

/// Which site of which stream an order was handed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Connection(pub u64);

impl Connection {
    /// Any connection before the coordinator was started; those since are counted from 1.
    pub(crate) const EARLIER: Self = Self(0);
}

/// An open run.
pub(crate) struct OpenRun {
    pub record: RunRecord,
    /// The question, unless its template is approved no longer.
    pub query: Option<Arc<Query>>,
    /// What is sent along with orders, unless the template has been taken out of the catalogue.
    pub listed: Option<Arc<Listed>>,
    /// The request as the analyst signed it, if it was signed.
    pub request: Option<Arc<Vec<u8>>>,
    pub sites: Vec<AskedSite>,
    pub progress: watch::Sender<Progress>,
    // INVARIANT: an outcome is verified, stored and noted under the read half, and closing takes the write half, so that
    // no outcome is acknowledged as taken and missing from the answer.
    pub intake: Arc<RwLock<Intake>>,
    /// The places that the run takes among the open runs.
    pub places: Vec<OwnedSemaphorePermit>,
    /// What was published of a run that is closed and takes late answers.
    pub published: Option<Published>,
}

/// The newest revision of a closed run's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Published {
    /// Counts from 1.
    pub revision: u32,
    pub closed_at: DateTime<Utc>,
}

/// One asked site.
#[derive(Clone, Debug)]
pub(crate) struct AskedSite {
    pub record: OrderRecord,
    pub order: Order,
    /// The digest of the order's signed bytes.
    pub digest: Digest,
    pub said: Said,
    /// The connection over which the order was last handed to the site.
    pub handed: Option<Connection>,
    /// The revision that brought its release into the sums.
    pub since: Option<u32>,
}

/// What a site said.
#[derive(Clone, Debug)]
pub(crate) enum Said {
    /// Something that is not valid.
    Invalid,
    /// Nothing yet.
    Nothing,
    /// No.
    Refused(Refusal),
    /// Figures.
    Released(Arc<ReportedRelease>),
}

/// A run as it stands at one moment, for an answer.
#[derive(Clone, Debug)]
pub(crate) struct Snapshot {
    pub record: RunRecord,
    pub query: Option<Arc<Query>>,
    /// The look-ups that are sent along with orders.
    pub lookups: Vec<Arc<Lookup>>,
    pub sites: Vec<SiteSnapshot>,
}

/// A site as it stands at one moment.
#[derive(Clone, Debug)]
pub(crate) struct SiteSnapshot {
    pub record: OrderRecord,
    pub outcome: SiteOutcome,
    pub release: Option<Arc<ReportedRelease>>,
    /// The revision that brought its release into the sums.
    pub since: Option<u32>,
    /// The block in which it is summed; see [`combine::settle`].
    pub block: Option<Block>,
}

impl OpenRun {
    pub(crate) fn new(
        record: RunRecord,
        query: Option<Arc<Query>>,
        listed: Option<Arc<Listed>>,
        sites: Vec<AskedSite>,
    ) -> Self {
        let run = Self {
            record,
            query,
            listed,
            request: None,
            sites,
            progress: watch::Sender::new(Progress::default()),
            intake: Arc::new(RwLock::new(Intake::Open)),
            places: Vec::new(),
            published: None,
        };
        run.tell(Intake::Open);
        run
    }

    /// Whether every site has said something.
    pub(crate) fn is_complete(&self) -> bool {
        self.sites.iter().all(|site| !matches!(site.said, Said::Nothing))
    }

    /// Tells whoever watches how far the run has come.
    pub(crate) fn tell(&self, intake: Intake) {
        let progress = progress(self.sites.iter().map(|site| site.outcome(intake)));
        self.progress.send_if_modified(|known| {
            let moved = *known != progress;
            *known = progress;
            moved
        });
    }

    /// Until when its orders may be answered.
    pub(crate) fn until(&self) -> DateTime<Utc> {
        if self.published.is_some() { self.record.late_until } else { self.record.deadline }
    }

    /// Whether a closed run still waits for anybody.
    pub(crate) fn waits_for_late(&self) -> bool {
        self.query.is_some() && self.record.late_until > self.record.deadline && !self.is_complete()
    }

    pub(crate) fn snapshot(&self, intake: Intake) -> Snapshot {
        let sites = self.sites.iter().map(|site| SiteSnapshot {
            record: site.record.clone(),
            outcome: site.outcome(intake),
            release: match &site.said {
                Said::Released(release) => Some(Arc::clone(release)),
                Said::Invalid | Said::Nothing | Said::Refused(_) => None,
            },
            since: site.since,
            block: None,
        });
        Snapshot {
            record: self.record.clone(),
            query: self.query.clone(),
            lookups: self.listed.iter().flat_map(|listed| listed.tables.clone()).collect(),
            sites: sites.collect(),
        }
    }
}

impl AskedSite {
    /// The site that this order asks. The order follows from what is kept, and its digest from its exact bytes.
    pub(crate) fn new(run: &RunRecord, record: OrderRecord) -> Option<Self> {
        let digest = Digest::of(Envelope::parse(&record.envelope).ok()?.unverified_payload());
        let order = order(run, &record.provider, record.id);
        Some(Self { record, order, digest, said: Said::Nothing, handed: None, since: None })
    }

    /// The site's one outcome.
    pub(crate) fn outcome(&self, intake: Intake) -> SiteOutcome {
        match (&self.said, intake, self.handed) {
            (Said::Invalid, _, _) => SiteOutcome::InvalidRelease,
            (Said::Refused(refusal), _, _) => SiteOutcome::Refused(*refusal),
            (Said::Released(_), _, _) => SiteOutcome::Released,
            (Said::Nothing, Intake::Open, _) => SiteOutcome::Waiting,
            (Said::Nothing, Intake::Closed | Intake::Late, Some(_)) => SiteOutcome::TimedOut,
            (Said::Nothing, Intake::Closed | Intake::Late, None) => SiteOutcome::NotConnected,
        }
    }
}

/// The order of a run to one provider.
pub(crate) fn order(run: &RunRecord, provider: &ProviderCode, id: wire::OrderId) -> Order {
    Order {
        id,
        run: run.id,
        provider: provider.clone(),
        template: run.template,
        parameters: run.parameters.iter().map(|p| (p.name.clone(), p.value.clone())).collect(),
        purpose: run.purpose.clone(),
        analyst: run.analyst.clone(),
        request: run.request,
        issued_at: run.asked_at,
        // A release that comes after the deadline may still lead to a revision.
        expires_at: run.late_until,
    }
}

/// How far a run has come that stands so.
pub(crate) fn progress(outcomes: impl Iterator<Item = SiteOutcome>) -> Progress {
    let mut progress = Progress::default();
    for outcome in outcomes {
        progress.asked += 1;
        match outcome {
            SiteOutcome::HeldOut | SiteOutcome::Released => progress.released += 1,
            SiteOutcome::Refused(_) => progress.refused += 1,
            SiteOutcome::InvalidRelease | SiteOutcome::NotConnected | SiteOutcome::TimedOut => progress.failed += 1,
            SiteOutcome::Waiting => progress.waiting += 1,
        }
    }
    progress
}
