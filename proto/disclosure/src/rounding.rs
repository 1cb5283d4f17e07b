//! The grid on which figures are released: blocks of neighbouring values that share one published figure.

use crate::policy::{PolicyError, Threshold};

/// A block of values published as one figure.
///
/// Whoever sees `value` knows that the truth lies in `low..=high`, and nothing finer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    /// The figure that is shown for the whole block.
    pub value: u64,
    /// The least value in the block.
    pub low: u64,
    /// The greatest value in the block.
    pub high: u64,
}

/// How figures are rounded. No grid finer than five can be constructed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rounding(Grid);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Grid {
    // INVARIANT: the base is between LEAST_BASE and GREATEST_BASE.
    HalfUp { base: u64 },
    Midpoint6,
}

/// The finest base that may be released (disclosure rule 4: no count finer than its base-5 bin).
pub const LEAST_BASE: u64 = 5;
/// The coarsest base that is accepted, so that a slip of the pen cannot make every answer empty.
pub const GREATEST_BASE: u64 = 1000;

impl Rounding {
    /// Half-up rounding to multiples of 5, the grid of the NHS rules.
    pub const BASE_5: Self = Self(Grid::HalfUp { base: LEAST_BASE });
    /// OpenSAFELY's midpoint-6 rounding: classes of six, 1–6, 7–12, …, each shown as its midpoint 3, 9, ….
    /// Source: `roundmid_any(x, 6)` in OpenSAFELY's documentation of output checking.
    pub const MIDPOINT_6: Self = Self(Grid::Midpoint6);

    /// Half-up rounding to multiples of `base`; for 5 the block of a multiple `r` is `r - 2..=r + 2`.
    ///
    /// # Errors
    /// [`PolicyError::Base`] unless `base` is between [`LEAST_BASE`] and [`GREATEST_BASE`].
    pub fn half_up(base: u64) -> Result<Self, PolicyError> {
        if (LEAST_BASE..=GREATEST_BASE).contains(&base) {
            Ok(Self(Grid::HalfUp { base }))
        } else {
            Err(PolicyError::Base { base })
        }
    }

    /// The width of a block: the base, or 6 for midpoint-6.
    #[must_use]
    pub fn base(self) -> u64 {
        match self.0 {
            Grid::HalfUp { base } => base,
            Grid::Midpoint6 => 6,
        }
    }

    /// The block that holds `n`, for counts of at least `threshold`.
    ///
    /// Blocks are cut at the threshold. Where the cut would leave a first block without its own figure (threshold
    /// 11, base 5: 11–12 without 10), that stub is joined to the next block, so a figure below the threshold is
    /// never shown and no block is a mere sliver.
    #[must_use]
    pub fn block(self, threshold: Threshold, n: u64) -> Block {
        let k = threshold.people();
        let stub = self.uncut(k);
        let width = if stub.value < k { self.base() } else { 0 };
        let first = Block { value: stub.value + width, low: k, high: stub.high + width };
        if n <= first.high { first } else { self.uncut(n) }
    }

    /// The block that holds `n` on the bare grid, without a cut at a threshold.
    #[must_use]
    pub fn uncut(self, n: u64) -> Block {
        let base = self.base();
        match self.0 {
            Grid::HalfUp { .. } => {
                let half = base / 2;
                let value = n.saturating_add(half) / base * base;
                Block { value, low: value.saturating_sub(half), high: value.saturating_add(base - half - 1) }
            }
            Grid::Midpoint6 => match n.checked_sub(1) {
                None => Block { value: 0, low: 0, high: 0 },
                Some(below) => {
                    let low = below / base * base + 1;
                    Block { value: low + 2, low, high: low.saturating_add(base - 1) }
                }
            },
        }
    }

    /// The figure shown for any interval: the grid's figure for the interval's middle, kept inside the interval
    /// where a figure of the grid lies in it.
    #[must_use]
    pub fn figure(self, low: u64, high: u64) -> u64 {
        let middle = self.uncut(low + (high.saturating_sub(low)) / 2);
        if middle.value < low { self.uncut(middle.high.saturating_add(1)).value } else { middle.value }
    }

    /// The coarser of two grids.
    #[must_use]
    pub fn coarser(self, other: Self) -> Self {
        if other.base() > self.base() || (other.base() == self.base() && other.0 == Grid::Midpoint6) {
            other
        } else {
            self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(rounding: Rounding, k: u64, n: u64, expected: (u64, u64, u64)) {
        let block = rounding.block(Threshold::new(k).unwrap(), n);
        assert_eq!((block.value, block.low, block.high), expected, "k {k}, n {n}");
    }

    #[test]
    fn blocks_are_half_up_and_cut_at_the_threshold() {
        check(Rounding::BASE_5, 10, 10, (10, 10, 12));
        check(Rounding::BASE_5, 10, 12, (10, 10, 12));
        check(Rounding::BASE_5, 10, 13, (15, 13, 17));
        check(Rounding::BASE_5, 8, 8, (10, 8, 12));
        check(Rounding::BASE_5, 11, 11, (15, 11, 17));
        check(Rounding::BASE_5, 11, 17, (15, 11, 17));
        check(Rounding::BASE_5, 11, 18, (20, 18, 22));
        check(Rounding::half_up(10).unwrap(), 10, 14, (10, 10, 14));
        check(Rounding::half_up(10).unwrap(), 10, 15, (20, 15, 24));
        check(Rounding::MIDPOINT_6, 7, 7, (9, 7, 12));
        check(Rounding::MIDPOINT_6, 7, 13, (15, 13, 18));
    }

    #[test]
    fn a_finer_grid_than_five_cannot_be_made() {
        for base in [0, 1, 4, GREATEST_BASE + 1] {
            assert!(matches!(Rounding::half_up(base), Err(PolicyError::Base { .. })));
        }
    }

    proptest! {
        #[test]
        fn every_value_of_a_block_gives_that_block(base in LEAST_BASE..40, k in 2u64..60, n in 0u64..5000) {
            let rounding = Rounding::half_up(base).unwrap();
            let threshold = Threshold::new(k).unwrap();
            let n = n.max(k);
            let block = rounding.block(threshold, n);
            prop_assert!(block.low <= n && n <= block.high && block.low >= k);
            prop_assert!(block.low <= block.value && block.value <= block.high);
            for m in block.low..=block.high {
                prop_assert_eq!(rounding.block(threshold, m), block);
            }
        }

        #[test]
        fn a_figure_lies_in_every_interval_as_wide_as_the_base(base in LEAST_BASE..40, low in 1u64..500, extra in 0u64..90) {
            for rounding in [Rounding::half_up(base).unwrap(), Rounding::MIDPOINT_6] {
                let high = low + rounding.base() - 1 + extra;
                let figure = rounding.figure(low, high);
                prop_assert!(low <= figure && figure <= high);
            }
        }
    }
}
