//! What a node does for the wire: it answers, with a release or a refusal.

use std::future::Future;

use template::{Digest, PublicKey};

use crate::custody::OpenLink;
use crate::identity::ProviderCode;
use crate::refusal::SignedRefusal;
use crate::release::{Header, Release, ReleaseDocument};
use crate::reported::ReportedReleaseError;

/// One order with what it takes to check it, as received: each is a DSSE envelope, and nothing is believed yet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dispatch {
    /// The order.
    pub order: Vec<u8>,
    /// The template that it names.
    pub template: Vec<u8>,
    /// The look-ups that the template reads.
    pub lookups: Vec<Vec<u8>>,
    /// The request as the analyst signed it, if it was signed.
    pub request: Option<Vec<u8>>,
    /// The provider's newest release that the coordinator has verified, exact bytes as the provider signed them; nothing
    /// where there is none, or the provider has shown it over this connection.
    pub known: Option<Vec<u8>>,
}

/// A place in a provider's ledger that somebody else has seen signed by the provider itself. A ledger that does not hold
/// it is not the ledger that the provider had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownRelease {
    /// The release's place in the ledger, counted from 1.
    pub sequence: u64,
    /// The head of the ledger's chain before the release.
    pub previous_head: Digest,
    /// The digest of the release's envelope, exact bytes.
    pub release: Digest,
}

impl KnownRelease {
    /// The place that a release of `provider` shows, if `key`, the provider's own, signed it: nobody else's word counts.
    ///
    /// # Errors
    /// A [`ReportedReleaseError`] where it is not a release that the provider signed.
    pub fn verify(envelope: &[u8], key: &PublicKey, provider: &ProviderCode) -> Result<Self, ReportedReleaseError> {
        let header = ReleaseDocument::verify(envelope, key)?.header();
        if header.provider != *provider {
            return Err(ReportedReleaseError::Mismatch("provider"));
        }
        let Header { sequence, previous_head, .. } = header;
        Ok(Self { sequence, previous_head, release: Digest::of(envelope) })
    }
}

/// What a node says to one order.
#[derive(Clone, Debug)]
pub enum Answered {
    /// Figures, recorded.
    Release(Release),
    /// No.
    Refusal(SignedRefusal),
    /// Nothing: the bytes were no order, so there is nothing to refuse.
    Unreadable,
}

/// A node, as the wire sees it.
///
/// An unprotected table does not get through:
/// ```compile_fail
/// # use wire::*;
/// fn answer(raw: disclosure::RawTable) -> Answered {
///     Answered::Release(raw)
/// }
/// ```
/// What was recorded does:
/// ```
/// # use wire::*;
/// fn answer(raw: disclosure::RawTable, recorded: Release) -> Answered {
///     drop(raw);
///     Answered::Release(recorded)
/// }
/// ```
pub trait Answerer: Send + Sync + 'static {
    /// Answers one order.
    fn answer(&self, dispatch: Dispatch) -> impl Future<Output = Answered> + Send;

    /// Attends to what else passes between node and coordinator, from the moment at which they are connected: the
    /// catalogue, the checkpoints. It is dropped when the connection ends, and begins anew with the next.
    fn attend(&self, link: OpenLink) -> impl Future<Output = ()> + Send {
        drop(link);
        async {}
    }
}
