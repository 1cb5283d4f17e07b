//! What a node does for the wire: it answers, with a release or a refusal.

use std::future::Future;

use crate::refusal::SignedRefusal;
use crate::release::Release;

/// One order with what it takes to check it, as received: each is a DSSE envelope, and nothing is believed yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dispatch {
    /// The order.
    pub order: Vec<u8>,
    /// The template that it names.
    pub template: Vec<u8>,
    /// The look-ups that the template reads.
    pub lookups: Vec<Vec<u8>>,
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
}
