//! An asked site, as combining sees it.

use disclosure::{Cell, Extent, Reported};
use template::ProviderKind;
use wire::{Places, ProviderCode, Refusal, SiteCounts, SiteOutcome};

use crate::blocks::Member;

/// An asked site and what was heard of it.
#[derive(Clone, Copy, Debug)]
pub struct Site<'a> {
    /// Its code.
    pub provider: &'a ProviderCode,
    /// Its kind.
    pub kind: ProviderKind,
    /// Where it belongs, as the roster says.
    pub places: &'a Places,
    /// What was heard.
    pub heard: Heard<'a>,
    /// Which sites come into answers to this question together; see [`crate::settle`].
    pub block: Block,
}

/// The number of a block of sites: those that are in all the same answers to a question.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Block(pub u32);

/// What was heard of a site.
#[derive(Clone, Copy, Debug)]
pub enum Heard<'a> {
    /// A verified release.
    Released(&'a Reported),
    /// A signed statement that it holds nothing of what is asked.
    NotCovered,
    /// A verified release that is in no sum: beside an earlier answer it would tell of too few sites.
    HeldOut,
    /// A signed refusal for another reason.
    Refused,
    /// Nothing in time, or nothing valid.
    Failed,
    /// Nothing yet.
    Waiting,
}

impl Site<'_> {
    /// The site, as far as sums of sites are concerned.
    #[must_use]
    pub fn member(&self) -> Member {
        Member { kind: self.kind, provider: self.provider.clone() }
    }
}

impl<'a> Heard<'a> {
    /// What an outcome means for the sums. An outcome of *released* without its table counts as failed: there is nothing
    /// to add.
    #[must_use]
    pub fn of(outcome: SiteOutcome, reported: Option<&'a Reported>) -> Self {
        match (outcome, reported) {
            (SiteOutcome::Released, Some(reported)) => Self::Released(reported),
            (SiteOutcome::Refused(Refusal::NotCovered), _) => Self::NotCovered,
            (SiteOutcome::Refused(_), _) => Self::Refused,
            (SiteOutcome::HeldOut, _) => Self::HeldOut,
            (SiteOutcome::Waiting, _) => Self::Waiting,
            (
                SiteOutcome::Released | SiteOutcome::InvalidRelease | SiteOutcome::NotConnected | SiteOutcome::TimedOut,
                _,
            ) => Self::Failed,
        }
    }

    /// The table, if the site released one.
    #[must_use]
    pub fn reported(&self) -> Option<&'a Reported> {
        match *self {
            Self::Released(reported) => Some(reported),
            Self::NotCovered | Self::HeldOut | Self::Refused | Self::Failed | Self::Waiting => None,
        }
    }

    /// Whether the site released a table that covers something of what is asked: only such sites count towards a
    /// template's least number of sites.
    #[must_use]
    pub fn answers(&self) -> bool {
        let covers =
            |reported: &Reported| (0..reported.domain().len()).any(|cell| reported.extent(cell) != Extent::None);
        self.reported().is_some_and(covers)
    }

    /// Counts the site under what it says about one cell of one measure.
    pub(crate) fn count(&self, measure: usize, cell: usize, counts: &mut SiteCounts) {
        let place = match *self {
            Self::Released(reported) => match reported.cells(measure).get(cell) {
                Some(Cell::Shown { .. }) => &mut counts.shown,
                Some(Cell::Zero) => &mut counts.zero,
                Some(Cell::Suppressed { .. }) => &mut counts.suppressed,
                Some(Cell::Withheld) => &mut counts.withheld,
                Some(Cell::NotCovered) | None => &mut counts.not_covered,
            },
            Self::NotCovered => &mut counts.not_covered,
            Self::HeldOut => &mut counts.withheld,
            Self::Refused => &mut counts.refused,
            Self::Failed => &mut counts.failed,
            Self::Waiting => &mut counts.waiting,
        };
        *place += 1;
    }
}
