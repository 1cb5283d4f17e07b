//! The trust roots of a ledger: the one that its operator pinned, and those that succeeded it.

use std::collections::BTreeMap;

use template::{ApprovalError, Digest, Envelope, TrustRoot};

/// Trust roots, oldest first: never none.
pub(super) struct Roots(Vec<TrustRoot>);

impl Roots {
    /// The pinned root and its successors, in the order in which the ledger noted them, each by the digest of its
    /// envelope. What does not follow is left out, and so is whatever was to follow that.
    pub(super) fn new(pinned: TrustRoot, noted: &[Digest], kept: &BTreeMap<Digest, Vec<u8>>) -> Self {
        let mut roots = vec![pinned];
        for sha256 in noted {
            let envelope = kept.get(sha256).and_then(|bytes| Envelope::parse(bytes).ok());
            let next = envelope.and_then(|envelope| roots.last()?.succeed(&envelope).ok());
            roots.extend(next);
        }
        Self(roots)
    }

    /// What the newest root says that says yes; nothing where none does. What left under an earlier root was approved under
    /// that.
    pub(super) fn newest<T>(&self, ask: impl Fn(&TrustRoot) -> Result<T, ApprovalError>) -> Option<T> {
        self.0.iter().rev().find_map(|root| ask(root).ok())
    }
}
