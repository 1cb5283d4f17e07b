//! Named points of the answering of an order, so that a test can stop a process exactly there.

use disclosure::Cell;

/// A point in the answering of an order, in the order in which they are passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Step {
    /// The order's bytes are here; nothing is believed.
    Received,
    /// The pinned coordinator signed it, for this provider.
    Verified,
    /// Template, parameters, policy and plan allow it.
    Admitted,
    /// The unprotected table exists, in memory.
    Counted,
    /// The protected table exists, in memory.
    Protected,
    /// The release is inserted, in a transaction that is not committed.
    BeforeCommit,
    /// The transaction is committed: the point of no return.
    AfterCommit,
    /// The anchor beside the ledger knows of it.
    Anchored,
    /// The answer is about to be handed to the link.
    BeforeSend,
}

impl Step {
    /// Every step, in order.
    pub const ALL: [Self; 9] = [
        Self::Received,
        Self::Verified,
        Self::Admitted,
        Self::Counted,
        Self::Protected,
        Self::BeforeCommit,
        Self::AfterCommit,
        Self::Anchored,
        Self::BeforeSend,
    ];

    /// The step's name, in kebab case.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Verified => "verified",
            Self::Admitted => "admitted",
            Self::Counted => "counted",
            Self::Protected => "protected",
            Self::BeforeCommit => "before-commit",
            Self::AfterCommit => "after-commit",
            Self::Anchored => "anchored",
            Self::BeforeSend => "before-send",
        }
    }
}

/// Sees each step as it is passed.
pub trait Steps: Send + Sync {
    /// Called at each step, on whichever thread takes it.
    fn at(&self, step: Step) {
        let _unobserved = step;
    }

    /// Called with a copy of a protected table before the node attacks it. What is released is never that copy, so
    /// whoever spoils it can only have the table refused.
    fn attack(&self, table: &mut [Vec<Cell>]) {
        let _unspoiled = table;
    }
}

/// Looks away: what production passes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unobserved;

impl Steps for Unobserved {}
