//! One cell of a published table. Shown, suppressed, zero, withheld and not covered are different things.

/// What is said about one cell and one measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cell {
    /// At least the threshold of people stand behind the figure.
    Shown {
        /// The figure, a multiple of the grid.
        value: u64,
        /// The least that the truth can be.
        low: u64,
        /// The most that the truth can be.
        high: u64,
    },
    /// A count of people below the threshold, `*`: 1 to the threshold less one, or 0 to it where zeros are hidden.
    /// Nothing else is ever suppressed.
    Suppressed {
        /// The least that the truth can be: 0 or 1.
        low: u64,
        /// The most that the truth can be: the threshold less one.
        high: u64,
    },
    /// Nobody, and so no rows and no sum.
    Zero,
    /// Held back: rows or sums with too few people or one dominant person, or a total that would give a held-back
    /// figure away.
    Withheld,
    /// The provider's data does not cover the cell. Not zero, and not unknown for a reason of disclosure.
    NotCovered,
}

impl Cell {
    /// The figure, where one is shown; nought for [`Cell::Zero`].
    #[must_use]
    pub fn value(&self) -> Option<u64> {
        match *self {
            Self::Shown { value, .. } => Some(value),
            Self::Zero => Some(0),
            Self::Suppressed { .. } | Self::Withheld | Self::NotCovered => None,
        }
    }

    /// The least that the truth can be, as far as this cell alone says; nought where it says nothing.
    #[must_use]
    pub fn low(&self) -> u64 {
        match *self {
            Self::Shown { low, .. } | Self::Suppressed { low, .. } => low,
            Self::Zero | Self::Withheld | Self::NotCovered => 0,
        }
    }

    /// The most that the truth can be, as far as this cell alone says; `None` where it says nothing.
    #[must_use]
    pub fn high(&self) -> Option<u64> {
        match *self {
            Self::Shown { high, .. } | Self::Suppressed { high, .. } => Some(high),
            Self::Zero => Some(0),
            Self::Withheld | Self::NotCovered => None,
        }
    }

    /// Whether a figure was kept back for reasons of disclosure.
    #[must_use]
    pub fn is_hidden(&self) -> bool {
        matches!(self, Self::Suppressed { .. } | Self::Withheld)
    }
}
