//! Identities of orders, runs and snapshots: random, so that they say nothing.

use template::random_id;

random_id!(
    /// One question to one provider. The provider answers it once, for ever with the same bytes.
    OrderId
);
random_id!(
    /// One question to a region.
    RunId
);
random_id!(
    /// A frozen state of a provider's tables. Random, never a hash of what it holds.
    SnapshotId
);
