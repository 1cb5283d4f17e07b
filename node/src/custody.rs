//! What passes between node and coordinator besides orders: the region's catalogue, and checkpoints that each signs for
//! the other. Everything is verified here before it is kept; what is not believed leaves what was there before.

mod checkpoint;
mod update;

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use chrono::{DateTime, Utc};
use template::{Digest, TrustRoot};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout};
use wire::{KnownRelease, OpenLink};

use crate::answer::Inner;
use crate::config::CatalogueUse;
use crate::ledger::Event;
use crate::policy::Reason;
use crate::region::{Documents, Region};

use update::UpdateError;

/// How often the coordinator is asked for news.
const EVERY: Duration = Duration::from_secs(30);
/// How soon after one attempt an order may cause the next.
const AGAIN: Duration = Duration::from_millis(500);
/// How long an order waits for the connection over which the catalogue comes: the one that brought it is hardly there.
const CONNECTED: Duration = Duration::from_secs(5);

/// What a provider holds of the region's governance.
pub(crate) struct Custody {
    region: RwLock<Arc<Region>>,
    link: watch::Sender<Option<OpenLink>>,
    // One refresh at a time; whoever waits finds what the one before brought.
    refreshing: tokio::sync::Mutex<Attempt>,
}

/// What came of the last refresh.
#[derive(Default)]
struct Attempt {
    /// When it began: what it brought is at least as new.
    began: Option<Instant>,
    refused: Option<String>,
}

/// Who wants a refresh.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted {
    /// An order that came at this moment. Whatever began later will do; whatever began before must be a while ago.
    ByOrder(Instant),
    /// The time has come.
    ByTheClock,
}

impl Custody {
    /// What the ledger kept.
    pub(crate) fn new(region: Region) -> Self {
        Self {
            region: RwLock::new(Arc::new(region)),
            link: watch::Sender::new(None),
            refreshing: tokio::sync::Mutex::default(),
        }
    }

    /// The region as it is known now.
    pub(crate) fn region(&self) -> Arc<Region> {
        Arc::clone(&self.region.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The connection, which is waited for at most so long.
    async fn link(&self, at_most: Duration) -> Option<OpenLink> {
        let mut connection = self.link.subscribe();
        let connected = timeout(at_most, connection.wait_for(Option::is_some)).await;
        connected.ok().and_then(Result::ok).and_then(|link| link.clone())
    }

    fn connect(&self, link: Option<OpenLink>) {
        self.link.send_replace(link);
    }
}

/// Forgets the connection when it ends.
struct Connected<'a>(&'a Custody);

impl Drop for Connected<'_> {
    fn drop(&mut self) {
        self.0.connect(None);
    }
}

impl Inner {
    /// Keeps catalogue and checkpoints up to date for as long as the connection lasts.
    pub(crate) async fn attend(&self, link: OpenLink) {
        let custody = &self.provider.custody;
        custody.connect(Some(link.clone()));
        let _connected = Connected(custody);
        // Providers of one process, which connect together, do not all come back together.
        let mut pause =
            EVERY + EVERY * u32::from(Digest::of(self.provider.code().as_str().as_bytes()).bytes()[0]) / 256;
        loop {
            self.refresh(Wanted::ByTheClock).await;
            self.exchange_checkpoints(&link).await;
            tokio::time::sleep(pause).await;
            pause = EVERY;
        }
    }

    /// Whether more is known of the region than `before`, after a look for news since the order `came`: nothing is refused
    /// only because news are on their way.
    pub(crate) async fn informed(&self, before: &Arc<Region>, came: Instant) -> bool {
        self.refresh(Wanted::ByOrder(came)).await;
        !Arc::ptr_eq(before, &self.provider.custody.region())
    }

    /// Asks for a newer catalogue.
    async fn refresh(&self, wanted: Wanted) {
        let custody = &self.provider.custody;
        if self.provider.config.governance.catalogue == CatalogueUse::NotUsed {
            return;
        }
        let mut attempt = custody.refreshing.lock().await;
        if let (Wanted::ByOrder(came), Some(began)) = (wanted, attempt.began) {
            if began >= came {
                return;
            }
            // Orders that nobody has approved cannot make a node ask without end.
            sleep_until(began + AGAIN).await;
        }
        let Some(link) = custody.link(CONNECTED).await else { return };
        attempt.began = Some(Instant::now());
        let now = self.now().await;
        let updated = update::update(&link, &custody.region(), &self.provider.ledger, &self.host, now).await;
        match updated {
            Ok(None) => attempt.refused = None,
            Ok(Some((region, documents))) => {
                let version = region.taken.as_ref().map_or(0, |taken| taken.document().version);
                tracing::info!(provider = %self.provider.code(), version, "a new catalogue is in force");
                let region = Arc::new(region);
                *custody.region.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&region);
                let host = Arc::clone(&self.host);
                // Beside the orders that come meanwhile, on one thread; nobody waits for it.
                let prepare =
                    move || host.prepare(&region, &|sha256| documents.get(sha256).cloned(), now, NonZeroUsize::MIN);
                drop(tokio::task::spawn_blocking(prepare));
                attempt.refused = None;
            }
            Err(UpdateError::Link(error)) => {
                tracing::warn!(provider = %self.provider.code(), "no news of the catalogue: {error}");
            }
            Err(error) => self.report(&mut attempt, &error, now).await,
        }
    }

    /// Tells the operator and the audit of a catalogue that is not believed, once for each reason in a row.
    async fn report(&self, attempt: &mut Attempt, error: &UpdateError, now: DateTime<Utc>) {
        let why = error.to_string();
        if attempt.refused.as_deref() == Some(why.as_str()) {
            return;
        }
        tracing::error!(provider = %self.provider.code(), "CATALOGUE REFUSED, the one before stays: {why}");
        let event = Event::CatalogueRefused { why: why.clone() };
        if self.provider.ledger.note(Vec::new(), vec![event], now).await.is_err() {
            tracing::error!(provider = %self.provider.code(), "the ledger cannot note it");
        }
        attempt.refused = Some(why);
    }

    /// Holds this provider's newest release, as the coordinator shows it, against the ledger, which is quarantined where it
    /// lacks it. INVARIANT: only what this provider itself signed counts, so that nobody else can stop it by inventing.
    pub(crate) async fn holds(&self, newest: &[u8]) -> Result<(), Reason> {
        let config = &self.provider.config;
        let Ok(known) = KnownRelease::verify(newest, &config.signing_key.public(), &config.provider) else {
            tracing::error!(
                provider = %config.provider,
                "what the coordinator shows as this provider's newest release was not signed by this provider; the order is \
                 refused"
            );
            return Err(Reason::NotOurRelease);
        };
        Ok(self.provider.ledger.holds(known, self.provider.clock.now()).await?)
    }

    /// The time, by a clock that does not go back behind what the ledger has seen.
    pub(crate) async fn now(&self) -> DateTime<Utc> {
        let now = self.provider.clock.now();
        self.provider.ledger.last_known_time().await.map_or(now, |last| now.max(last))
    }
}

/// The region as the ledger kept it.
pub(crate) fn kept(ledger: &crate::ledger::Ledger, pinned: TrustRoot, now: DateTime<Utc>) -> Region {
    let Some(standing) = ledger.standing_now() else { return Region::of_root(pinned) };
    let mut documents = Documents::new();
    let mut wanted: Vec<Digest> = standing.roots.iter().map(|(_, sha256)| *sha256).collect();
    wanted.extend(standing.catalogue.map(|(_, sha256)| sha256));
    fetch(ledger, &mut documents, &wanted);
    let first = Region::kept(pinned.clone(), &standing, &documents, now);
    let Some(taken) = &first.taken else { return first };
    let document = taken.document();
    let listed = [&document.enrolment, &document.agreements].into_iter().flatten().map(|listed| listed.envelope.sha256);
    let wanted: Vec<Digest> = listed.chain(document.withdrawals.iter().map(|pinned| pinned.sha256)).collect();
    fetch(ledger, &mut documents, &wanted);
    Region::kept(pinned, &standing, &documents, now)
}

fn fetch(ledger: &crate::ledger::Ledger, documents: &mut Documents, wanted: &[Digest]) {
    let found: BTreeMap<Digest, Vec<u8>> =
        wanted.iter().filter_map(|digest| Some((*digest, ledger.document_now(*digest)?))).collect();
    documents.extend(found);
}
