//! Where published intervals may begin, apart from what the protection of suppressed counts allows.

use super::run::{Cuts, UNBOUNDED};
use crate::policy::Policy;

/// Cuts of totals: the block starts of the policy's grid. The threshold itself is one only where the grid has it.
pub(super) struct TotalCuts(pub(super) Policy);

impl TotalCuts {
    /// The start of the block that holds `value`, or nought below the first cut.
    fn start(&self, value: u64) -> u64 {
        let k = self.0.threshold().people();
        if value < k {
            return 0;
        }
        let low = self.0.block(value).low;
        if low == k && self.0.rounding().uncut(k).low != k { 0 } else { low }
    }
}

impl Cuts for TotalCuts {
    fn at_or_below(&self, value: i32) -> i32 {
        u64::try_from(value).map_or(0, |value| signed(self.start(value)))
    }

    fn above(&self, value: i32) -> i32 {
        let value = u64::try_from(value).unwrap_or(0);
        let k = self.0.threshold().people();
        let next = if value < k { k } else { self.0.block(value).high.saturating_add(1) };
        let next = if self.start(next) == 0 { self.0.block(next).high.saturating_add(1) } else { next };
        signed(next)
    }
}

/// Cuts of inner cells of at least the threshold: the policy's blocks, the first of which starts there.
pub(super) struct InnerCuts(pub(super) Policy);

impl Cuts for InnerCuts {
    fn at_or_below(&self, value: i32) -> i32 {
        let value = u64::try_from(value).unwrap_or(0);
        if value < self.0.threshold().people() { 0 } else { signed(self.0.block(value).low) }
    }

    fn above(&self, value: i32) -> i32 {
        let (value, k) = (u64::try_from(value).unwrap_or(0), self.0.threshold().people());
        signed(if value < k { k } else { self.0.block(value).high.saturating_add(1) })
    }
}

/// A count of people or rows as refinement handles it; beyond its range, *unbounded*.
pub(super) fn signed(value: u64) -> i32 {
    i32::try_from(value).unwrap_or(UNBOUNDED).min(UNBOUNDED)
}
