//! Sums over sites, cell by cell.

use disclosure::Interval;
use wire::{CellState, ReasonCounts, SiteCounts};

use crate::few;
use crate::region::sum;
use crate::site::Site;

/// A sum over the sites of a group that answered and cover the cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CombinedCell {
    /// Bounds of the true sum; `None` where no answering site covers the cell, which is not nought, or too few do.
    pub bounds: Option<Interval>,
    /// How many sites say what; they add up to the sites asked.
    pub sites: SiteCounts,
    /// Why sites say no figure; nothing where too few sites cover the cell, for it would be told of one or two.
    pub reasons: ReasonCounts,
    /// Whether it has a figure.
    pub state: CellState,
}

impl CombinedCell {
    /// The midpoint of the bounds, rounded half up; `None` where there is no upper bound.
    #[must_use]
    pub fn central(&self) -> Option<u64> {
        let Interval { low, high } = self.bounds?;
        high.map(|high| low + high.saturating_sub(low).div_ceil(2))
    }
}

/// One cell of one measure over these sites.
///
/// Each site's interval is already tightened by everything in its own table. A sum of such intervals cannot be tightened
/// further by the same relations: sites' tables have nothing to do with each other, so each may be at its end.
pub(crate) fn combined(sites: &[Site<'_>], measure: usize, cell: usize, held: bool) -> CombinedCell {
    let mut counts = SiteCounts::default();
    for site in sites {
        site.heard.count(measure, cell, &mut counts);
    }
    if held {
        let (sites, reasons) = (few::hidden(counts), ReasonCounts::default());
        return CombinedCell { bounds: None, sites, reasons, state: CellState::TooFewSites };
    }
    let intervals = sites.iter().filter_map(|site| site.heard.reported()?.interval(measure, cell));
    let bounds = sum(intervals);
    let state = if bounds.is_some() { CellState::Bounded } else { CellState::NotCovered };
    let mut reasons = ReasonCounts::default();
    let why = |site: &Site<'_>| site.heard.reported()?.reason(measure, cell);
    sites.iter().filter_map(why).for_each(|reason| reasons.count(reason));
    CombinedCell { bounds, sites: counts, reasons, state }
}
