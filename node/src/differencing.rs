//! What was released decides what may be said: the ledger's past, remembered, and one question at a time beside it.
//!
//! Everything is scoped to the provider's data, whoever asks and by whichever template: two analysts share answers. The
//! past is rebuilt from the ledger's sealed rows after a start, at the first new question. INVARIANT: from the comparison
//! with the past until the ledger's commit nobody else's new figures are compared or committed, so two questions at once
//! cannot both be answered where one after the other could not.

mod cohorts;
mod opened;

use std::sync::{Arc, Mutex};

use disclosure::{
    BesideError, Coverage, Domain, Measure, Past, Policy, ProtectError, Protected, Public, RawTable, protect_beside,
};
use serde::Deserialize;
use template::Digest;
use tokio::runtime::Handle;
use tokio::sync::OwnedMutexGuard;

pub use cohorts::Cohorts;
pub(crate) use cohorts::base;
use cohorts::{Cohort, Spent};
use opened::{Cache, Opened, Releases};

use crate::config::{Config, Limits};
use crate::ledger::{AnswerKey, Asked, Cipher, Ledger};
use crate::policy::Reason;

/// A provider's released figures, behind the lock that makes differencing one question at a time.
pub(crate) struct Differencing(Arc<tokio::sync::Mutex<Known>>);

/// What a new question is compared with before it is answered.
///
/// Comparing with everything withstands differencing between questions: a figure may then be the earlier one of people who
/// differ by fewer than the threshold, or be left as open as those few. A provider may do without, and is warned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Compares {
    /// Everything that was ever released.
    #[default]
    EverythingReleased,
    /// The same question of the same snapshot, which always gets the same figures.
    SameQuestion,
}

/// What the ledger's rows say, as far as they were read.
#[derive(Default)]
pub(crate) struct Known {
    past: Past,
    spent: Spent,
    cache: Cache,
    /// The newest release that is known.
    newest: u64,
}

/// A table to be protected beside the past.
pub(crate) struct Table {
    pub raw: RawTable,
    pub domain: Domain,
    pub measures: Vec<Measure>,
    pub policy: Policy,
    pub coverage: Coverage,
    pub public: Public,
}

/// What a question is about, besides its table.
pub(crate) struct Subject {
    pub key: AnswerKey,
    pub base: Digest,
    /// Which list the numbers of its people come from.
    pub numbering: Digest,
}

/// A protected table with its contributors, sealed.
pub(crate) struct Beside {
    pub protected: Protected,
    pub contributors: Vec<u8>,
    /// The newest release that it was compared with.
    pub after: u64,
}

/// One question's turn. Nobody else is compared while it lives.
pub(crate) struct Turn(OwnedMutexGuard<Known>);

impl Differencing {
    /// Nothing is known yet. A provider that does without comparing is told what that means.
    pub(crate) fn new(config: &Config) -> Self {
        if config.limits.compares == Compares::SameQuestion {
            tracing::warn!(
                provider = %config.provider,
                "new questions are compared with nothing released before: two answers can be subtracted from each other; \
                 set `compares = \"everything-released\"` under [limits] to prevent that"
            );
        }
        Self(Arc::default())
    }

    /// Waits for the others.
    pub(crate) async fn turn(&self) -> Turn {
        Turn(Arc::clone(&self.0).lock_owned().await)
    }
}

impl Turn {
    /// Protects a table beside everything that was released; gives the turn back with it, to be kept until the commit.
    pub(crate) async fn protect(
        mut self,
        ledger: &Ledger,
        cipher: &Arc<Cipher>,
        limits: &Limits,
        table: Table,
        subject: Subject,
        asked: &Asked,
    ) -> Result<(Self, Beside), Reason> {
        self.0.catch_up(ledger, cipher, &subject.numbering, limits.compares).await?;
        let cohort = Cohort {
            base: subject.base,
            fingerprint: subject.key.fingerprint.bytes(),
            analyst: asked.analyst.as_str(),
            purpose: &asked.purpose,
        };
        if !self.0.spent.allows(&cohort, &limits.cohorts) {
            return Err(Reason::CohortsSpent);
        }
        let (ledger, cipher, place) = (ledger.clone(), Arc::clone(cipher), asked.order.to_string());
        let handle = Handle::current();
        let compared = tokio::task::spawn_blocking(move || {
            let Known { past, cache, newest, .. } = &mut *self.0;
            let releases = Releases { ledger: &ledger, cipher: &cipher, handle, cache: Mutex::new(cache) };
            let Table { raw, domain, measures, policy, coverage, public } = table;
            let protected = protect_beside(raw, &domain, &measures, &policy, &coverage, &public, past, &releases)?;
            let sealed = Opened::seal(&cipher, &place, &subject.base, &subject.numbering, protected.contributors());
            let after = *newest;
            Ok::<_, BesideError>((self, protected, sealed, after))
        });
        let (turn, protected, sealed, after) = match compared.await.map_err(|_| Reason::EngineFailed)? {
            Ok(compared) => compared,
            Err(error) => {
                tracing::error!("nothing is released: {error}");
                return Err(match error {
                    BesideError::TooClose => Reason::TooClose,
                    // They depend on counts, so they read like everything that the rules decide.
                    BesideError::Protect(ProtectError::Population | ProtectError::Contradiction) => {
                        Reason::PublicContradicted
                    }
                    BesideError::Protect(ProtectError::StructuralZero) => Reason::StructuralZero,
                    BesideError::Lost => Reason::LedgerQuarantined,
                    _ => Reason::ProtectFailed,
                });
            }
        };
        let contributors = sealed.ok_or(Reason::ReleaseFailed)?;
        Ok((turn, Beside { protected, contributors, after }))
    }
}

impl Known {
    /// Reads the rows that were added since. A row that does not open, or whose people are numbered otherwise, leaves no
    /// way to compare: INVARIANT: the ledger is quarantined then, and never is a smaller past compared with.
    /// Where only the same question is compared, the figures are not kept.
    async fn catch_up(
        &mut self,
        ledger: &Ledger,
        cipher: &Arc<Cipher>,
        numbering: &Digest,
        compares: Compares,
    ) -> Result<(), Reason> {
        loop {
            let rows = ledger.sealed_after(self.newest).await?;
            if rows.is_empty() {
                return Ok(());
            }
            let opener = Arc::clone(cipher);
            let opened = tokio::task::spawn_blocking(move || {
                rows.into_iter().map(|row| (Opened::open(&opener, &row), row)).collect::<Vec<_>>()
            });
            for (opened, row) in opened.await.map_err(|_| Reason::EngineFailed)? {
                let Some(opened) = opened.filter(|opened| opened.numbering == *numbering) else {
                    ledger.incomparable("contributors do not open, or their numbers are of another list").await;
                    return Err(Reason::LedgerQuarantined);
                };
                self.spent.add(&Cohort {
                    base: opened.base,
                    fingerprint: &row.fingerprint,
                    analyst: &row.analyst,
                    purpose: &row.purpose,
                });
                self.newest = row.sequence;
                if compares == Compares::EverythingReleased {
                    self.past.add(row.sequence, &opened.contributors);
                    self.cache.keep(row.sequence, row.contributors.len(), Arc::new(opened.contributors));
                }
            }
        }
    }
}
