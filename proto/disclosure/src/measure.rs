//! What is measured in each cell: people, rows, or a sum capped per person.

use crate::dominance::Dominance;
use crate::rounding::{Block, LEAST_BASE};

/// The greatest cap per person, in rows or whole units, so that no sum over all people can overflow.
pub const MAX_AT_MOST_PER_PERSON: u64 = 10_000_000;
/// Sums are added in hundredths of the declared unit.
pub const HUNDREDTHS: u64 = 100;
/// The most measures of one table.
pub const MAX_MEASURES: usize = 16;

/// What a measure counts or sums.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MeasureKind {
    /// Distinct people.
    People,
    /// Contributed rows.
    Rows {
        /// The most rows of one person that count in one inner cell, if there is a cap.
        at_most_per_person: Option<u64>,
    },
    /// The sum of a column.
    Sum {
        /// The most that one person counts for in one inner cell, in whole units.
        at_most_per_person: u64,
    },
}

/// A named measure of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Measure {
    name: String,
    // INVARIANT: every cap lies between 1 and MAX_AT_MOST_PER_PERSON.
    kind: MeasureKind,
}

impl Measure {
    /// Counts distinct people.
    #[must_use]
    pub fn people(name: impl Into<String>) -> Self {
        Self { name: name.into(), kind: MeasureKind::People }
    }

    /// Counts rows, of one person in one inner cell at most `at_most_per_person`.
    ///
    /// # Errors
    /// [`MeasureError::Cap`] for a cap of nought or beyond [`MAX_AT_MOST_PER_PERSON`].
    pub fn rows(name: impl Into<String>, at_most_per_person: Option<u64>) -> Result<Self, MeasureError> {
        Self::new(name.into(), MeasureKind::Rows { at_most_per_person })
    }

    /// Sums a column, of one person in one inner cell at most `at_most_per_person` whole units.
    ///
    /// # Errors
    /// [`MeasureError::Cap`] for a cap of nought or beyond [`MAX_AT_MOST_PER_PERSON`].
    pub fn sum(name: impl Into<String>, at_most_per_person: u64) -> Result<Self, MeasureError> {
        Self::new(name.into(), MeasureKind::Sum { at_most_per_person })
    }

    fn new(name: String, kind: MeasureKind) -> Result<Self, MeasureError> {
        let measure = Self { name, kind };
        match measure.at_most_per_person() {
            Some(cap) if !(1..=MAX_AT_MOST_PER_PERSON).contains(&cap) => Err(MeasureError::Cap { name: measure.name }),
            _ => Ok(measure),
        }
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it counts or sums.
    #[must_use]
    pub fn kind(&self) -> MeasureKind {
        self.kind
    }

    /// The cap per person and inner cell, in people, rows or whole units.
    #[must_use]
    pub fn at_most_per_person(&self) -> Option<u64> {
        match self.kind {
            MeasureKind::People => Some(1),
            MeasureKind::Rows { at_most_per_person } => at_most_per_person,
            MeasureKind::Sum { at_most_per_person } => Some(at_most_per_person),
        }
    }

    /// The base to which a sum is rounded, in whole units: 5, or the standard p% of the cap if that is more.
    /// It follows from the declaration alone, never from data or from the provider's policy.
    #[must_use]
    pub fn sum_base(&self) -> Option<u64> {
        match self.kind {
            MeasureKind::Sum { at_most_per_person } => {
                let share = (at_most_per_person * Dominance::STANDARD.p_percent()).div_ceil(100);
                Some(share.max(LEAST_BASE))
            }
            MeasureKind::People | MeasureKind::Rows { .. } => None,
        }
    }

    /// The block in which an exact sum of `hundredths` is shown: half-up to [`Self::sum_base`]; the bounds are whole
    /// units that enclose the exact sum, fractions included, so that bounds of sums may be added.
    pub(crate) fn sum_block(&self, hundredths: u64) -> Option<Block> {
        let base = self.sum_base()?;
        let half = base * HUNDREDTHS / 2;
        Some(sum_bounds(base, hundredths.checked_add(half)? / (base * HUNDREDTHS) * base))
    }

    /// The exact sums, in hundredths, that are shown as `value`: from the first up to, and not including, the second.
    pub(crate) fn sum_hundredths(&self, value: u64) -> (u64, u64) {
        let half = self.sum_base().unwrap_or(0).saturating_mul(HUNDREDTHS) / 2;
        let exact = value.saturating_mul(HUNDREDTHS);
        (exact.saturating_sub(half), exact.saturating_add(half))
    }

    /// The block of the sum shown as `value`, where `value` is a figure of the grid.
    pub(crate) fn sum_block_shown(&self, value: u64) -> Option<Block> {
        let base = self.sum_base()?;
        value.is_multiple_of(base).then(|| sum_bounds(base, value))
    }
}

fn sum_bounds(base: u64, value: u64) -> Block {
    let half = base.div_ceil(2);
    Block { value, low: value.saturating_sub(half), high: value.saturating_add(half) }
}

/// Why a measure, or a list of them, cannot be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MeasureError {
    /// A cap outside its limits.
    #[error("measure `{name}` needs a cap per person between 1 and {MAX_AT_MOST_PER_PERSON}")]
    Cap {
        /// The measure.
        name: String,
    },
    /// Two measures of one name, or two that count people.
    #[error("measure `{name}` is declared twice")]
    Repeated {
        /// The measure.
        name: String,
    },
    /// No measure, or more than [`MAX_MEASURES`].
    #[error("a table must have between 1 and {MAX_MEASURES} measures")]
    Number,
}

/// Checks what no single measure can know: their number, distinct names, and at most one that counts people.
pub(crate) fn check_measures(measures: &[Measure]) -> Result<(), MeasureError> {
    if measures.is_empty() || measures.len() > MAX_MEASURES {
        return Err(MeasureError::Number);
    }
    for (i, measure) in measures.iter().enumerate() {
        let people = |m: &Measure| m.kind == MeasureKind::People;
        if measures[..i].iter().any(|m| m.name == measure.name || people(m) && people(measure)) {
            return Err(MeasureError::Repeated { name: measure.name.clone() });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_base_of_a_sum_follows_from_its_cap() {
        for (cap, base) in [(1, 5), (50, 5), (51, 6), (90, 9), (365, 37), (10_000, 1000)] {
            assert_eq!(Measure::sum("bed_days", cap).unwrap().sum_base(), Some(base), "cap {cap}");
        }
        assert_eq!(Measure::people("people").sum_base(), None);
    }

    #[test]
    fn a_sum_is_rounded_half_up_with_bounds_around_fractions() {
        let days = Measure::sum("days", 30).unwrap();
        for (hundredths, value, low, high) in [(0, 0, 0, 3), (249, 0, 0, 3), (250, 5, 2, 8), (12_345, 125, 122, 128)] {
            assert_eq!(days.sum_block(hundredths), Some(Block { value, low, high }), "{hundredths}");
        }
    }

    #[test]
    fn caps_and_lists_have_limits() {
        assert!(Measure::sum("s", 0).is_err());
        assert!(Measure::rows("r", Some(MAX_AT_MOST_PER_PERSON + 1)).is_err());
        assert!(Measure::rows("r", None).is_ok());
        assert_eq!(check_measures(&[]), Err(MeasureError::Number));
        let twice = [Measure::people("a"), Measure::people("b")];
        assert_eq!(check_measures(&twice), Err(MeasureError::Repeated { name: "b".into() }));
    }
}
