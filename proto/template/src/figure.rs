//! Figures that follow from combined cells: shares, changes, means, rates and quantiles.

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
    /// A quantile from counts per band of a dimension; the median is that of 50 per cent.
    Quantile {
        /// A measure that counts.
        measure: String,
        /// The dimension whose levels are bands in ascending order.
        over: String,
        /// The lower edge of each band, and the upper edge of the last: one more than there are levels.
        edges: Vec<u64>,
        /// The unit of the edges.
        unit: String,
        /// So many per cent of all lie below it.
        percent: Percent,
    },
    /// A measure per so many people, rows or units of a denominator.
    Rate {
        /// The measure.
        measure: String,
        /// What it is divided by.
        denominator: Denominator,
        /// For so many of the denominator, such as 1,000.
        per: u64,
        /// The standard population, where the rate is directly standardised.
        standard: Option<Standard>,
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

/// What a rate is divided by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Denominator {
    /// A measure of the same table.
    Measure(String),
    /// The published population of the sites that take part, from the look-up of this name: see
    /// [`Population`](crate::Population).
    Population(String),
}

/// A standard population: what each level of a dimension weighs in a directly standardised rate.
///
/// The rate is the weighted mean of the levels' own rates: the sum over the levels of weight times rate, divided by the
/// sum of the weights (the direct method of the Office for Health Improvement and Disparities' technical guide).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standard {
    /// The dimension, such as the age band.
    pub over: String,
    /// One weight per level, `other` included, in declared order.
    pub weights: Vec<u64>,
}

/// A whole number of per cent between 1 and 99.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Percent(
    // INVARIANT: from 1 to 99, so that both sides of a quantile have a share.
    u8,
);

impl Percent {
    /// Half: the median's.
    pub const HALF: Self = Self(50);

    /// So many per cent; `None` outside 1 to 99.
    #[must_use]
    pub fn new(percent: u8) -> Option<Self> {
        (1..=99).contains(&percent).then_some(Self(percent))
    }

    /// The number.
    #[must_use]
    pub const fn percent(self) -> u8 {
        self.0
    }
}
