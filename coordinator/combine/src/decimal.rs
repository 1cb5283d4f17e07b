//! Decimals with two digits after the point: exact integers, so that bounds are rounded outward and never by accident.

use std::fmt;

/// A decimal, kept as a whole number of hundredths; shown like `-6.60`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Decimal(
    // INVARIANT: hundredths.
    i128,
);

impl Decimal {
    /// Hundred per cent, where decimals are per cent.
    pub const HUNDRED: Self = Self(10_000);
    /// Nought.
    pub const NOUGHT: Self = Self(0);

    /// A whole number.
    #[must_use]
    pub fn whole(number: u64) -> Self {
        Self(i128::from(number) * 100)
    }

    /// The greatest decimal that is at most `numerator / denominator`; `None` for a denominator of nought or below, or
    /// figures beyond 128 bits.
    #[must_use]
    pub fn at_most(numerator: i128, denominator: i128) -> Option<Self> {
        (denominator > 0).then(|| numerator.checked_mul(100).map(|n| Self(n.div_euclid(denominator))))?
    }

    /// The least decimal that is at least `numerator / denominator`; `None` as for [`Self::at_most`].
    #[must_use]
    pub fn at_least(numerator: i128, denominator: i128) -> Option<Self> {
        Self::at_most(numerator.checked_neg()?, denominator).map(|Self(hundredths)| Self(-hundredths))
    }

    /// The decimal nearest to `numerator / denominator`, half up; `None` as for [`Self::at_most`].
    #[must_use]
    pub fn nearest(numerator: i128, denominator: i128) -> Option<Self> {
        let doubled = denominator.checked_mul(2).filter(|doubled| *doubled > 0)?;
        let numerator = numerator.checked_mul(200)?.checked_add(denominator)?;
        Some(Self(numerator.div_euclid(doubled)))
    }

    /// The number of hundredths.
    #[must_use]
    pub const fn hundredths(self) -> i128 {
        self.0
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let hundredths = self.0.unsigned_abs();
        write!(f, "{sign}{}.{:02}", hundredths / 100, hundredths % 100)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(numerator: i128, denominator: i128, at_most: &str, nearest: &str, at_least: &str) {
        let text = |decimal: Option<Decimal>| decimal.unwrap().to_string();
        assert_eq!(text(Decimal::at_most(numerator, denominator)), at_most);
        assert_eq!(text(Decimal::nearest(numerator, denominator)), nearest);
        assert_eq!(text(Decimal::at_least(numerator, denominator)), at_least);
    }

    #[test]
    fn bounds_are_rounded_outward() {
        check(1, 3, "0.33", "0.33", "0.34");
        check(2, 3, "0.66", "0.67", "0.67");
        check(-1, 3, "-0.34", "-0.33", "-0.33");
        check(-200, 3, "-66.67", "-66.67", "-66.66");
        check(5, 1, "5.00", "5.00", "5.00");
        check(0, 7, "0.00", "0.00", "0.00");
        check(1, 200, "0.00", "0.01", "0.01");
    }

    #[test]
    fn what_cannot_be_divided_is_nothing() {
        assert_eq!(Decimal::at_most(1, 0), None);
        assert_eq!(Decimal::nearest(1, 0), None);
        assert_eq!(Decimal::at_least(i128::MIN, 1), None);
        assert_eq!(Decimal::at_most(i128::MAX, 1), None);
    }
}
