//! Figures that follow from combined cells: shares, changes, means and medians.

/// A figure that an answer carries beside its cells, computed from released cells only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figure {
    /// The name.
    pub name: String,
    /// What it means, in plain words.
    pub title: String,
    /// How it follows.
    pub kind: FigureKind,
}

/// How a figure follows from cells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FigureKind {
    /// From the first levels of a dimension to its last: `(later - earlier) / earlier`.
    Change {
        /// The measure.
        measure: String,
        /// The dimension, of periods.
        over: String,
        /// How many of its first levels are the earlier time.
        earlier: usize,
        /// How many of its last levels are the later time.
        later: usize,
    },
    /// The sum measure divided by the count measure.
    Mean {
        /// A measure that sums.
        sum: String,
        /// A measure that counts.
        count: String,
    },
    /// The median from counts per band of a dimension.
    Median {
        /// A measure that counts.
        measure: String,
        /// The dimension whose levels are bands in ascending order.
        over: String,
        /// The lower edge of each band, and the upper edge of the last: one more than there are levels.
        edges: Vec<u64>,
        /// The unit of the edges.
        unit: String,
    },
    /// The share of one level of a dimension in all its levels.
    Share {
        /// The measure.
        measure: String,
        /// The dimension.
        dimension: String,
        /// The level.
        level: String,
    },
}
