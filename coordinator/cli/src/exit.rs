//! Exit codes: a stable contract for scripts.

use std::process::ExitCode;

use wire::{Answer, GroupState, Refusal, RunState, SiteOutcome};

/// How the command ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// 0: done; of an answer, every asked site answered and nothing is held back from sight.
    Complete,
    /// 1: an internal error.
    Internal,
    /// 2: wrong usage, settings or parameters.
    Usage,
    /// 3: the question is not allowed, or every asked site refused it.
    Refused,
    /// 4: answered, and some cells are suppressed or withheld.
    Hidden,
    /// 5: answered, but some sites refused, failed, timed out or may still answer, or too few answered.
    Incomplete,
    /// 6: the coordinator cannot be reached, is busy, or does not accept who asks.
    Unreachable,
    /// 7: the answer does not follow from the evidence, or the evidence does not hold.
    Unverified,
    /// 8: an attacked table gives hidden figures away.
    Narrowed,
    /// 130: interrupted while waiting. The run goes on.
    Interrupted,
}

impl Exit {
    /// The code.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Complete => 0,
            Self::Internal => 1,
            Self::Usage => 2,
            Self::Refused => 3,
            Self::Hidden => 4,
            Self::Incomplete => 5,
            Self::Unreachable => 6,
            Self::Unverified => 7,
            Self::Narrowed => 8,
            Self::Interrupted => 130,
        }
    }

    /// How the command ends after it printed `answer`. Missing sites outweigh hidden cells: whoever reads only the
    /// code must first know that the sum is not over all sites.
    #[must_use]
    pub fn of(answer: &Answer) -> Self {
        let decided_against = |outcome| matches!(outcome, SiteOutcome::Refused(refusal) if !is_fault(refusal));
        if !answer.sites.is_empty() && answer.sites.iter().all(|site| decided_against(site.outcome)) {
            return Self::Refused;
        }
        let all_answered = answer.state == RunState::Answered
            && !answer.sites.is_empty()
            && answer.sites.iter().all(|site| site.outcome == SiteOutcome::Released)
            && answer.groups.iter().all(|group| !matches!(group.state, GroupState::TooFewSites { .. }));
        if !all_answered {
            return Self::Incomplete;
        }
        let mut cells = answer.groups.iter().flat_map(|group| &group.cells);
        if cells.any(|cell| cell.sites.suppressed > 0 || cell.sites.withheld > 0) {
            return Self::Hidden;
        }
        Self::Complete
    }
}

/// Whether the site could not answer, rather than would not.
const fn is_fault(refusal: Refusal) -> bool {
    match refusal {
        Refusal::Busy
        | Refusal::ClockSkew
        | Refusal::DataIntegrity
        | Refusal::Expired
        | Refusal::Failed
        | Refusal::Quarantined
        | Refusal::StaleCatalogue => true,
        Refusal::AgreementEnded
        | Refusal::Altered
        | Refusal::BadParameters
        | Refusal::NotApproved
        | Refusal::NotCovered
        | Refusal::NotReleased
        | Refusal::Replayed
        | Refusal::RequestNotSigned => false,
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}
