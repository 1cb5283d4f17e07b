//! Events that are no decisions on an order: what the provider's node learnt and did about governance. They stand in the
//! audit, so the chain that protects the decisions protects them, and what a node knows is read back from them.

use serde::{Deserialize, Serialize};
use template::Digest;

/// An event. None of it comes from data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) enum Event {
    /// The provider's own guardian accepted or refused a template.
    Acceptance {
        /// The template's digest.
        template: Digest,
        /// The signed word's envelope.
        sha256: Digest,
        /// `accept` or `refuse`.
        verdict: String,
    },
    /// A catalogue was verified and is in force.
    Catalogue {
        /// Its version.
        version: u64,
        /// Its envelope.
        sha256: Digest,
    },
    /// A catalogue, or what came with it, was not believed; the one before stays.
    CatalogueRefused {
        /// The rule that it breaks, in our words.
        why: String,
    },
    /// A checkpoint that both sides signed.
    Checkpoint {
        /// Whose: this provider's own, or the coordinator's.
        log: Whose,
        /// Entries in that log.
        size: u64,
        /// Its head then.
        head: Digest,
        /// The envelope with both signatures.
        sha256: Digest,
    },
    /// A checkpoint of the coordinator that does not go on from the last.
    CheckpointRefused {
        /// In what it goes back.
        why: String,
        /// The envelope, kept as evidence.
        sha256: Digest,
    },
    /// Others have seen of this ledger what it does not hold.
    Quarantined {
        /// How that came out.
        why: String,
    },
    /// The governance office let the ledger go on.
    Rebaselined {
        /// The last release that the ledger holds.
        from: u64,
        /// The last release that others have seen: all up to here count as spent.
        after: u64,
        /// The head from which the chain of releases goes on.
        head: Digest,
        /// The new epoch.
        epoch: String,
        /// The envelope.
        sha256: Digest,
    },
    /// A trust root succeeded the one before.
    Root {
        /// Its version.
        version: u64,
        /// Its envelope.
        sha256: Digest,
    },
}

/// Whose log a checkpoint is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Whose {
    /// The coordinator's.
    Coordinator,
    /// This provider's.
    Own,
}

impl Event {
    /// The word that stands in the audit.
    pub(crate) const fn word(&self) -> &'static str {
        match self {
            Self::Acceptance { .. } => "acceptance",
            Self::Catalogue { .. } => "catalogue",
            Self::CatalogueRefused { .. } => "catalogue-refused",
            Self::Checkpoint { .. } => "checkpoint",
            Self::CheckpointRefused { .. } => "checkpoint-refused",
            Self::Quarantined { .. } => "quarantined",
            Self::Rebaselined { .. } => "rebaselined",
            Self::Root { .. } => "root",
        }
    }

    /// As the audit keeps it.
    pub(crate) fn written(&self) -> String {
        // An enum of strings and integers always serialises.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// As the audit kept it.
    pub(crate) fn read(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }
}
