//! What the providers of one process share: threads to count on, and the results of pure checks.
//!
//! Nothing here belongs to a provider: a cached approval is filed under the digest of the trust root that the provider
//! pinned, and a checked plan depends on nothing but the signed bytes.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;
use std::io;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::available_parallelism;

use chrono::{DateTime, Utc};
use plan::{Checked, Checker, LookupSchema, PlanError};
use template::{ApprovalError, Approved, Digest, Envelope, Lookup, TrustRoot};
use tokio::runtime::{Handle, Runtime};
use tokio::sync::Semaphore;

use crate::policy::Reason;

/// Approvals and plans that are remembered.
pub(crate) const SHELF: usize = 256;

/// The shared part of a process that hosts providers.
pub struct Host {
    // INVARIANT: there until dropped.
    runtime: Option<Runtime>,
    /// One for each processor: whoever counts holds one.
    pub(crate) processors: Semaphore,
    templates: Mutex<Shelf<(Digest, Digest), Arc<Approved>>>,
    lookups: Mutex<Shelf<(Digest, Digest), Arc<Lookup>>>,
    plans: Mutex<Shelf<Digest, Arc<Checked>>>,
    documents: Mutex<Shelf<Digest, Arc<[u8]>>>,
    /// Catalogues whose templates were checked already, by trust root and envelope.
    prepared: Mutex<Shelf<(Digest, Digest), ()>>,
    pub(crate) checker: Checker,
}

impl Host {
    /// Threads for counting, one for each processor, apart from those that keep the links alive.
    ///
    /// # Errors
    /// Where the operating system gives no threads.
    pub fn new() -> io::Result<Self> {
        let processors = processors();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(processors.get())
            .thread_name("counting")
            .enable_all()
            .build()?;
        Ok(Self {
            runtime: Some(runtime),
            processors: Semaphore::new(processors.get()),
            templates: Mutex::default(),
            lookups: Mutex::default(),
            plans: Mutex::default(),
            documents: Mutex::default(),
            prepared: Mutex::default(),
            checker: Checker::new(),
        })
    }

    /// Where counting runs.
    pub(crate) fn counting(&self) -> Option<&Handle> {
        self.runtime.as_ref().map(Runtime::handle)
    }

    /// A document that another provider of this process fetched, by the digest of its exact bytes.
    pub(crate) fn document(&self, sha256: &Digest) -> Option<Arc<[u8]>> {
        lock(&self.documents).get(sha256)
    }

    /// Remembers a document whose digest is known to be `sha256`, for the other providers of this process.
    pub(crate) fn remember(&self, sha256: Digest, bytes: &[u8]) {
        lock(&self.documents).put(sha256, Arc::from(bytes));
    }

    /// The approved template in these bytes.
    pub(crate) fn template(&self, root: &TrustRoot, bytes: &[u8], now: DateTime<Utc>) -> Result<Arc<Approved>, Reason> {
        let approved = remembered(&self.templates, root, bytes, now, TrustRoot::approve)
            .map_err(|_| Reason::TemplateNotApproved)?;
        // Remembered or not, a template ends with its last day.
        (now.date_naive() <= approved.template().expires).then_some(approved).ok_or(Reason::TemplateNotApproved)
    }

    /// The approved look-up in these bytes.
    pub(crate) fn lookup(&self, root: &TrustRoot, bytes: &[u8], now: DateTime<Utc>) -> Result<Arc<Lookup>, Reason> {
        remembered(&self.lookups, root, bytes, now, TrustRoot::approve_lookup).map_err(|_| Reason::LookupNotApproved)
    }

    /// The checked plan of a template with these look-ups.
    pub(crate) fn plan(&self, approved: &Approved, lookups: &[Arc<Lookup>]) -> Result<Arc<Checked>, Reason> {
        if let Some(checked) = lock(&self.plans).get(&plan_key(approved, lookups)) {
            return Ok(checked);
        }
        self.planned(approved, lookups, self.checker.check_template(approved.template(), &schemas(lookups)))
    }

    /// Remembers what the plan check said of a template; the operator is told of one that it refuses.
    pub(crate) fn planned(
        &self,
        approved: &Approved,
        lookups: &[Arc<Lookup>],
        checked: Result<Checked, PlanError>,
    ) -> Result<Arc<Checked>, Reason> {
        let checked = checked.map_err(|error| {
            // The check's words come from the signed SQL alone.
            tracing::warn!(template = %approved.digest(), rule = error.rule(), "an approved template's SQL is refused: {error}");
            Reason::PlanRefused
        })?;
        let checked = Arc::new(checked);
        lock(&self.plans).put(plan_key(approved, lookups), Arc::clone(&checked));
        Ok(checked)
    }

    /// Whether nobody has begun to prepare this catalogue yet; whoever asks begins.
    pub(crate) fn begins(&self, root: Digest, catalogue: Digest) -> bool {
        let mut prepared = lock(&self.prepared);
        let fresh = prepared.get(&(root, catalogue)).is_none();
        prepared.put((root, catalogue), ());
        fresh
    }
}

/// What a checked plan depends on: the signed bytes of the template and of its look-ups.
fn plan_key(approved: &Approved, lookups: &[Arc<Lookup>]) -> Digest {
    let digests = std::iter::once(approved.digest()).chain(lookups.iter().map(|lookup| lookup.digest()));
    let digests: Vec<Digest> = digests.collect();
    Digest::of_fields(&digests.iter().map(|digest| digest.bytes().as_slice()).collect::<Vec<_>>())
}

/// What the plan check knows of look-ups.
pub(crate) fn schemas(lookups: &[Arc<Lookup>]) -> Vec<LookupSchema> {
    lookups.iter().map(|lookup| lookup.as_ref().into()).collect()
}

impl Drop for Host {
    fn drop(&mut self) {
        // A host may be dropped on a thread that drives a runtime, where waiting for another is not allowed.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// The processors that this process may use.
pub(crate) fn processors() -> NonZeroUsize {
    available_parallelism().unwrap_or(NonZeroUsize::MIN)
}

type Approve<T> = fn(&TrustRoot, &Envelope, DateTime<Utc>) -> Result<T, ApprovalError>;

/// What `approve` says of these bytes, from memory where it has said so before under the same trust root.
fn remembered<T>(
    shelf: &Mutex<Shelf<(Digest, Digest), Arc<T>>>,
    root: &TrustRoot,
    bytes: &[u8],
    now: DateTime<Utc>,
    approve: Approve<T>,
) -> Result<Arc<T>, ApprovalError> {
    let key = (root.digest(), Digest::of(bytes));
    let envelope = Envelope::parse(bytes)?;
    if let Some(approved) = lock(shelf).get(&key)
        && !root.has_expired(now)
    {
        return Ok(approved);
    }
    let approved = Arc::new(approve(root, &envelope, now)?);
    lock(shelf).put(key, Arc::clone(&approved));
    Ok(approved)
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // A shelf is whole after every statement, so a panic elsewhere does not spoil it.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A bounded memory: the oldest makes room.
struct Shelf<K, V> {
    items: HashMap<K, V>,
    order: VecDeque<K>,
}

impl<K, V> Default for Shelf<K, V> {
    fn default() -> Self {
        Self { items: HashMap::new(), order: VecDeque::new() }
    }
}

impl<K: Clone + Eq + Hash, V: Clone> Shelf<K, V> {
    fn get(&self, key: &K) -> Option<V> {
        self.items.get(key).cloned()
    }

    fn put(&mut self, key: K, value: V) {
        if self.items.insert(key.clone(), value).is_none() {
            self.order.push_back(key);
        }
        if self.order.len() > SHELF
            && let Some(oldest) = self.order.pop_front()
        {
            self.items.remove(&oldest);
        }
    }
}
