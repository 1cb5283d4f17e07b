//! Named points of a run, at which a test can look on, or end the process.

/// A point that a run passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// The question and its orders are committed; nobody has been asked.
    AskStored,
    /// The orders lie ready for the providers' streams.
    OrdersStored,
    /// One order was handed to its provider's stream.
    Dispatched,
    /// One outcome came and was verified; it is not stored.
    ReleaseReceived,
    /// One outcome is committed; its provider does not know yet.
    ReleaseStored,
    /// One outcome's acknowledgement is on its way.
    Acknowledged,
    /// Every site has its outcome and the answer is made; it is not stored.
    Closed,
    /// The answer is committed.
    Answered,
}

impl Step {
    /// Every step, in the order of a run.
    pub const ALL: [Self; 8] = [
        Self::AskStored,
        Self::OrdersStored,
        Self::Dispatched,
        Self::ReleaseReceived,
        Self::ReleaseStored,
        Self::Acknowledged,
        Self::Closed,
        Self::Answered,
    ];

    /// The step's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::AskStored => "ask-stored",
            Self::OrdersStored => "orders-stored",
            Self::Dispatched => "dispatched",
            Self::ReleaseReceived => "release-received",
            Self::ReleaseStored => "release-stored",
            Self::Acknowledged => "acknowledged",
            Self::Closed => "closed",
            Self::Answered => "answered",
        }
    }
}

/// Looks on.
pub trait Steps: Send + Sync + 'static {
    /// A run passes a step.
    fn at(&self, step: Step) {
        let _unheard = step;
    }
}

/// Nobody looks on.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoSteps;

impl Steps for NoSteps {}
