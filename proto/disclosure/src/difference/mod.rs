//! Differencing: what was released before decides what may be said now.
//!
//! Two figures whose contributors differ by fewer people than the threshold must not both be said, for their difference
//! is about those few. So a released answer belongs to the set of people behind it: an inner cell that differs from a
//! released one by fewer than the threshold *is* that one, with its people, its amounts and its answer, before the table
//! is protected, and everything else in the table follows from that. The people who are compared are those whose
//! contribution differs, not only who is in. What cannot be substituted so, and whatever comes so close to sums of
//! released figures that it tells of a few people (see [`relation`], [`search`](mod@search) and [`twos`]), is left open or held back
//! (see [`remedy`]). A figure counts in this by all that its table leaves of it, a total by its cells as well. A count
//! below the threshold stays what it is: `*` for it says no more beside its neighbours than it says alone.
//!
//! INVARIANT: nothing says whether or why a cell was substituted. What every figure states is what is true of all of them:
//! it is for this question *or one that differs from it by fewer people than the threshold*.

mod effort;
mod judge;
mod marks;
mod open;
mod past;
mod probes;
mod quantity;
mod relation;
mod remedy;
mod saying;
mod search;
mod seen;
mod sketch;
mod substitute;
mod sums;
mod twins;
mod twos;

use crate::coverage::Coverage;
use crate::domain::Domain;
use crate::measure::Measure;
use crate::policy::Policy;
use crate::protect::{ProtectError, Protected, check_one_level_per_person, protect, protect_inner};
use crate::public::Public;
use crate::raw::RawTable;
use effort::Effort;
use open::Open;
use past::Lost;
pub use past::{Past, Vault};
pub(crate) use quantity::Quantity;
use saying::Rule;

/// How often a table is protected anew, each time with more cells held back, before nothing of it is released.
const MAX_ROUNDS: usize = 40;

/// Protects a table as [`protect()`] does, beside everything that was released before.
///
/// # Errors
/// A [`BesideError`]; then nothing is released.
#[expect(clippy::too_many_arguments, reason = "a table with its declaration, its rules and everything that is public")]
pub fn protect_beside(
    raw: RawTable,
    domain: &Domain,
    measures: &[Measure],
    policy: &Policy,
    coverage: &Coverage,
    public: &Public,
    past: &Past,
    vault: &dyn Vault,
) -> Result<Protected, BesideError> {
    if past.is_empty() {
        return Ok(protect(raw, domain, measures, policy, coverage, public)?);
    }
    if raw.domain != *domain || raw.measures != *measures || coverage.cells().len() != domain.inner_len() {
        return Err(ProtectError::Shape.into());
    }
    check_one_level_per_person(&raw, domain)?;
    let compared = Compared { policy, past, vault, threshold: policy.threshold().people(), effort: Effort::new() };
    let mut open = Open::new(past, vault);
    let (raw, mut saying) = compared.substitute(raw, coverage, &mut open)?;
    let inner = measures.iter().enumerate().map(|(m, measure)| protect_inner(&raw, m, measure, policy, coverage));
    let rule = Rule { measures, policy, inner: inner.collect::<Result<_, _>>()? };
    saying.leave_to(&rule);
    for _ in 0..MAX_ROUNDS {
        let known = saying.known(public, &rule)?;
        let protected = match protect(raw.copy(), domain, measures, policy, coverage, &known) {
            Err(ProtectError::Contradiction) if saying.contradicted(&rule) => continue,
            protected => protected?,
        };
        if !compared.effort.begin() {
            break;
        }
        let judged = compared.judge_all(&protected, &saying, &mut open)?;
        let changes = !judged.close.is_empty() && remedy::apply(&judged, &protected, &rule, &mut saying);
        if !changes {
            // INVARIANT: an answer is remembered once, for the people that it was first given for, so that no chain of
            // small differences leads away from them.
            return Ok(protected.remembering_all_but(&judged.said));
        }
    }
    Err(BesideError::TooClose)
}

struct Compared<'a> {
    policy: &'a Policy,
    past: &'a Past,
    vault: &'a dyn Vault,
    threshold: u64,
    effort: Effort,
}

impl From<Lost> for BesideError {
    fn from(_: Lost) -> Self {
        Self::Lost
    }
}

/// Why nothing is released beside the past. For the operator; outwardly it reads like any rule of the provider's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BesideError {
    /// The table cannot be protected at all.
    #[error(transparent)]
    Protect(#[from] ProtectError),
    /// The contributors of an earlier release cannot be had.
    #[error("the contributors of an earlier release cannot be opened; restore the ledger with its key")]
    Lost,
    /// Too much of it is close to what was released.
    #[error("too much of the table is close to what was released before")]
    TooClose,
}

#[cfg(test)]
mod tests;
