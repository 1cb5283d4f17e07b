//! The hash chains over releases and over decisions.

use template::Digest;

/// The newest link of a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Link {
    /// How many rows there are.
    pub n: i64,
    /// The head after the last.
    pub head: Digest,
}

/// Which chain, so that a row of one never fits the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Chain {
    Audit,
    Release,
}

impl Chain {
    const fn name(self) -> &'static [u8] {
        match self {
            Self::Audit => b"tallyward-audit-v2",
            Self::Release => b"tallyward-ledger-v1",
        }
    }

    /// The chain before its first row.
    pub(super) fn genesis(self, epoch: &[u8], provider: &str) -> Link {
        Link { n: 0, head: Digest::of_fields(&[self.name(), b"genesis", epoch, provider.as_bytes()]) }
    }

    /// The link after one more row: `SHA-256(name ‖ number ‖ previous head ‖ SHA-256(fields))`, each length-prefixed.
    pub(super) fn next(self, last: &Link, fields: &[&[u8]]) -> Link {
        let n = last.n + 1;
        let row = Digest::of_fields(fields);
        Link { n, head: Digest::of_fields(&[self.name(), &n.to_be_bytes(), last.head.bytes(), row.bytes()]) }
    }
}
