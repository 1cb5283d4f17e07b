//! What a node does for the wire: it answers, with a release or a refusal.

use std::future::Future;

use template::Digest;

use crate::custody::OpenLink;
use crate::refusal::SignedRefusal;
use crate::release::Release;

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
    /// The provider's newest release that the coordinator has verified, if there is one.
    pub known: Option<KnownRelease>,
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
