//! One provider, opened: its configuration, ledger, snapshot and engine.

use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

use template::{Digest, PublicKey};
use tokio::sync::Semaphore;
use wire::{KeyFileError, ProviderCode};

use crate::clock::{Clock, SystemClock};
use crate::config::{CatalogueUse, Config, ConfigError};
use crate::custody::{self, Custody};
use crate::differencing::Differencing;
use crate::engine::{Engine, EngineError};
use crate::guardian::Words;
use crate::host::processors;
use crate::ledger::{Cipher, Files, Ledger, LedgerOpenError};
use crate::snapshot::{self, IntegrityError, Snapshot, SnapshotError};
use crate::steps::Steps;

/// A provider that can answer.
pub struct Provider {
    pub(crate) config: Config,
    pub(crate) ledger: Ledger,
    pub(crate) cipher: Arc<Cipher>,
    pub(crate) differencing: Differencing,
    pub(crate) engine: Engine,
    pub(crate) steps: Arc<dyn Steps>,
    pub(crate) clock: Arc<dyn Clock>,
    /// Orders that may be here at once.
    pub(crate) waiting: Semaphore,
    /// Orders that may be counted at once.
    pub(crate) concurrent: Semaphore,
    /// What is known of the region's governance.
    pub(crate) custody: Custody,
    /// What the provider's own guardian has said.
    pub(crate) words: Words,
    snapshot: RwLock<Arc<Snapshot>>,
}

/// Why a provider cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Its configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Its ledger.
    #[error("{file}: the ledger cannot be opened")]
    Ledger {
        /// The configuration.
        file: std::path::PathBuf,
        /// The cause.
        #[source]
        source: LedgerOpenError,
    },
    /// The key under which contributors are sealed.
    #[error("{path} is missing or holds no key; restore it beside the ledger that it belongs to")]
    ContributorsKey {
        /// Where.
        path: std::path::PathBuf,
    },
    /// Its first snapshot could not be taken.
    #[error("{file}: no first snapshot can be taken")]
    Snapshot {
        /// The configuration.
        file: std::path::PathBuf,
        /// The cause.
        #[source]
        source: SnapshotError,
    },
    /// Its snapshot is not whole.
    #[error("{file}: the snapshot cannot be used")]
    Integrity {
        /// The configuration.
        file: std::path::PathBuf,
        /// The cause.
        #[source]
        source: IntegrityError,
    },
    /// The snapshot was taken under other rules of who and what is left out than are configured.
    #[error(
        "{file}: what is left out (`opt_outs`, its lists or the restricted codes) has changed since the snapshot was taken; \
         run `tallyward-node snapshot`"
    )]
    LeftOut {
        /// The configuration.
        file: std::path::PathBuf,
    },
    /// The engine.
    #[error("{file}: the engine cannot be set up")]
    Engine {
        /// The configuration.
        file: std::path::PathBuf,
        /// The cause.
        #[source]
        source: EngineError,
    },
}

/// Why a provider cannot be initialised.
#[derive(Debug, thiserror::Error)]
pub enum InitError {
    /// Its configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Its signing key.
    #[error("{file}: `signing_key` cannot be used")]
    SigningKey {
        /// The configuration.
        file: std::path::PathBuf,
        /// The cause.
        #[source]
        source: KeyFileError,
    },
    /// Its ledger.
    #[error("{file}: the ledger cannot be made")]
    Ledger {
        /// The configuration.
        file: std::path::PathBuf,
        /// The cause.
        #[source]
        source: LedgerOpenError,
    },
}

/// What a new provider tells the coordinator's operator, over a channel that both trust.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Enrolment {
    /// The key that signs its releases.
    pub public_key: PublicKey,
    /// The short name of that key, to be compared by voice.
    pub key_id: Digest,
}

/// Makes the signing key, where there is none, and the ledger of a new provider. A ledger that exists is never touched.
///
/// # Errors
/// An [`InitError`].
pub fn init(file: &Path) -> Result<Enrolment, InitError> {
    let places = Config::places(file)?;
    let key = places.signing_key().map_err(|source| InitError::SigningKey { file: file.to_owned(), source })?;
    Ledger::create(&Files::within(&places.folder), &places.provider, SystemClock.now())
        .map_err(|source| InitError::Ledger { file: file.to_owned(), source })?;
    Ok(Enrolment { public_key: key.public(), key_id: key.public().id() })
}

impl Provider {
    /// Opens a provider: verifies its ledger and its snapshot, taking a first snapshot where there is none.
    ///
    /// # Errors
    /// An [`OpenError`] that names the configuration and what to do. A ledger that does not hold is no error: the
    /// provider is opened, its ledger quarantined, and every order refused.
    pub fn open(config: Config, steps: Arc<dyn Steps>) -> Result<Self, OpenError> {
        Self::open_at(config, steps, Arc::new(SystemClock))
    }

    /// [`Self::open`] with another clock than the machine's.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_at(config: Config, steps: Arc<dyn Steps>, clock: Arc<dyn Clock>) -> Result<Self, OpenError> {
        let file = || config.file.clone();
        let files = Files::within(&config.folder);
        let own = config.signing_key.public();
        let ledger = Ledger::open(&files, &config.provider, own, Arc::clone(&steps))
            .map_err(|source| OpenError::Ledger { file: file(), source })?;
        let custody = Custody::new(custody::kept(&ledger, config.trust_root.clone(), clock.now()));
        let words = words(&config, &ledger);
        let cipher = Cipher::open(&files.contributors_key).ok().flatten();
        let cipher = cipher.ok_or_else(|| OpenError::ContributorsKey { path: files.contributors_key.clone() })?;
        let snapshots = config.folder.join(snapshot::FOLDER);
        let current = snapshot::current(&snapshots).map_err(|source| OpenError::Integrity { file: file(), source })?;
        if current.is_none() {
            snapshot::take(&config, clock.now()).map_err(|source| OpenError::Snapshot { file: file(), source })?;
        }
        let snapshot = Snapshot::load(&config.folder, &config.provider)
            .map_err(|source| OpenError::Integrity { file: file(), source })?;
        if !snapshot.follows(&config) {
            return Err(OpenError::LeftOut { file: file() });
        }
        if config.governance.catalogue == CatalogueUse::NotUsed {
            tracing::warn!(
                provider = %config.provider,
                "`governance.catalogue` is \"not-used\": whatever the region withdraws is still answered here, and no agreement's \
                 end or analyst's signature is seen to; remove it, or write \"required\""
            );
        }
        let engine = Engine::new(config.limits.memory_bytes, processors())
            .map_err(|source| OpenError::Engine { file: file(), source })?;
        let differencing = Differencing::new(&config);
        Ok(Self {
            waiting: Semaphore::new(config.limits.waiting),
            concurrent: Semaphore::new(config.limits.concurrent),
            snapshot: RwLock::new(Arc::new(snapshot)),
            config,
            ledger,
            custody,
            words,
            cipher: Arc::new(cipher),
            differencing,
            engine,
            steps,
            clock,
        })
    }

    /// The provider's code.
    #[must_use]
    pub const fn code(&self) -> &ProviderCode {
        &self.config.provider
    }

    /// The snapshot that was answered from last.
    pub(crate) fn loaded(&self) -> Arc<Snapshot> {
        Arc::clone(&self.snapshot.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The snapshot that is current now; a new one is verified as a whole before it is used. Blocks then.
    pub(crate) fn snapshot(&self) -> Result<Arc<Snapshot>, IntegrityError> {
        let loaded = self.loaded();
        let folder = self.config.folder.join(snapshot::FOLDER);
        let current = snapshot::current(&folder)?.ok_or(IntegrityError::Absent { folder })?;
        if loaded.id() == current {
            return Ok(loaded);
        }
        let fresh = Arc::new(Snapshot::load(&self.config.folder, &self.config.provider)?);
        if !fresh.follows(&self.config) {
            return Err(IntegrityError::OtherRules { path: self.config.folder.join(snapshot::FOLDER) });
        }
        *self.snapshot.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&fresh);
        Ok(fresh)
    }
}

/// What the guardian has said, as the ledger kept it.
fn words(config: &Config, ledger: &Ledger) -> Words {
    let kept = ledger.standing_now().map(|standing| standing.acceptances).unwrap_or_default();
    let envelopes: Vec<Vec<u8>> = kept.values().filter_map(|sha256| ledger.document_now(*sha256)).collect();
    Words::kept(config.governance.guardian.as_ref(), &config.provider, &envelopes)
}

/// Opens providers on all processors, since each may have a snapshot to take or to verify.
///
/// # Errors
/// The first [`OpenError`]; then nothing is opened.
pub fn open_all(configs: Vec<Config>, steps: &Arc<dyn Steps>) -> Result<Vec<Provider>, OpenError> {
    let workers = processors().get().min(configs.len().max(1));
    let queue = std::sync::Mutex::new(configs.into_iter().enumerate().collect::<Vec<_>>());
    let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).pop();
    let work = || {
        let mut opened = Vec::new();
        while let Some((place, config)) = next() {
            let provider = Provider::open(config, Arc::clone(steps));
            let failed = provider.is_err();
            opened.push((place, provider));
            if failed {
                break;
            }
        }
        opened
    };
    let mut opened: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap_or_default()).collect()
    });
    opened.sort_by_key(|(place, _)| *place);
    opened.into_iter().map(|(_, provider)| provider).collect()
}
