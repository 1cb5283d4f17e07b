//! Decimals with two digits after the point: exact integers, so that bounds are rounded outward and never by accident.

use std::fmt;

/// A decimal, kept as a whole number of hundredths; shown like `-6.60`, or with the fewer digits of its [`Step`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Decimal {
    hundredths: i128,
    // INVARIANT: from 0 to 2, and the hundredths are a multiple of what the last digit stands for.
    digits: u8,
}

/// What the last digit of a figure may stand for: never less than half of one in the denominator makes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// 0.01
    Hundredth,
    /// 0.1
    Tenth,
    /// 1
    One,
    /// 10
    Ten,
}

impl Step {
    const ALL: [Self; 4] = [Self::Hundredth, Self::Tenth, Self::One, Self::Ten];

    /// The finest step of a figure that is `scale` times a numerator over a denominator, of which this is twice the
    /// size: the step is at least `0.5 scale / denominator`.
    #[must_use]
    pub fn of(scale: i128, doubled_denominator: i128) -> Self {
        let wide = |step: &Self| step.hundredths().checked_mul(doubled_denominator).is_none_or(|n| n >= scale * 100);
        Self::ALL.into_iter().find(wide).unwrap_or(Self::Ten)
    }

    const fn hundredths(self) -> i128 {
        match self {
            Self::Hundredth => 1,
            Self::Tenth => 10,
            Self::One => 100,
            Self::Ten => 1000,
        }
    }

    const fn digits(self) -> u8 {
        match self {
            Self::Hundredth => 2,
            Self::Tenth => 1,
            Self::One | Self::Ten => 0,
        }
    }
}

impl Decimal {
    /// Hundred per cent, where decimals are per cent.
    pub const HUNDRED: Self = Self::of_hundredths(10_000);
    /// Nought.
    pub const NOUGHT: Self = Self::of_hundredths(0);

    const fn of_hundredths(hundredths: i128) -> Self {
        Self { hundredths, digits: 2 }
    }

    /// A whole number, shown as one.
    #[must_use]
    pub fn whole(number: u64) -> Self {
        Self { hundredths: i128::from(number) * 100, digits: 0 }
    }

    /// The greatest multiple of the step that is at most this.
    #[must_use]
    pub fn down_to(self, step: Step) -> Self {
        let size = step.hundredths();
        Self { hundredths: self.hundredths.div_euclid(size) * size, digits: step.digits() }
    }

    /// The least multiple of the step that is at least this.
    #[must_use]
    pub fn up_to(self, step: Step) -> Self {
        let Self { hundredths, digits } = Self::of_hundredths(-self.hundredths).down_to(step);
        Self { hundredths: -hundredths, digits }
    }

    /// The multiple of the step that is nearest to this, half up.
    #[must_use]
    pub fn nearest_to(self, step: Step) -> Self {
        Self::of_hundredths(self.hundredths.saturating_add(step.hundredths() / 2)).down_to(step)
    }

    /// The greatest decimal that is at most `numerator / denominator`; `None` for a denominator of nought or below, or
    /// figures beyond 128 bits.
    #[must_use]
    pub fn at_most(numerator: i128, denominator: i128) -> Option<Self> {
        (denominator > 0).then(|| numerator.checked_mul(100).map(|n| Self::of_hundredths(n.div_euclid(denominator))))?
    }

    /// The least decimal that is at least `numerator / denominator`; `None` as for [`Self::at_most`].
    #[must_use]
    pub fn at_least(numerator: i128, denominator: i128) -> Option<Self> {
        Self::at_most(numerator.checked_neg()?, denominator).map(|least| Self::of_hundredths(-least.hundredths))
    }

    /// The decimal nearest to `numerator / denominator`, half up; `None` as for [`Self::at_most`].
    #[must_use]
    pub fn nearest(numerator: i128, denominator: i128) -> Option<Self> {
        let doubled = denominator.checked_mul(2).filter(|doubled| *doubled > 0)?;
        let numerator = numerator.checked_mul(200)?.checked_add(denominator)?;
        Some(Self::of_hundredths(numerator.div_euclid(doubled)))
    }

    /// The number of hundredths.
    #[must_use]
    pub const fn hundredths(self) -> i128 {
        self.hundredths
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.hundredths < 0 { "-" } else { "" };
        let hundredths = self.hundredths.unsigned_abs();
        let (whole, rest) = (hundredths / 100, hundredths % 100);
        match self.digits {
            0 => write!(f, "{sign}{whole}"),
            1 => write!(f, "{sign}{whole}.{}", rest / 10),
            _ => write!(f, "{sign}{whole}.{rest:02}"),
        }
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

    #[test]
    fn digits_are_no_finer_than_half_of_one() {
        for (scale, denominator, step) in [
            (100, 5_000, Step::Hundredth),
            (100, 4_999, Step::Tenth),
            (100, 500, Step::Tenth),
            (100, 50, Step::One),
            (100, 49, Step::Ten),
            (100, 0, Step::Ten),
            (1_000, 50_000, Step::Hundredth),
            (1_000, 40_000, Step::Tenth),
            (1, 8, Step::Tenth),
        ] {
            assert_eq!(Step::of(scale, 2 * denominator), step, "{scale} {denominator}");
        }
    }

    #[test]
    fn steps_round_outward() {
        let check = |numerator, step, down: &str, near: &str, up: &str| {
            let decimal = Decimal::nearest(numerator, 100).unwrap();
            let texts = [decimal.down_to(step), decimal.nearest_to(step), decimal.up_to(step)].map(|d| d.to_string());
            assert_eq!(texts, [down, near, up]);
        };
        check(1234, Step::Hundredth, "12.34", "12.34", "12.34");
        check(1234, Step::Tenth, "12.3", "12.3", "12.4");
        check(1250, Step::One, "12", "13", "13");
        check(-1250, Step::One, "-13", "-12", "-12");
        check(1250, Step::Ten, "10", "10", "20");
        check(-40, Step::One, "-1", "0", "0");
        check(2000, Step::Ten, "20", "20", "20");
    }
}
