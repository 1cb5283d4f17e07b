//! Shares, changes, means and rates of bounded figures: interval arithmetic in whole numbers.
//!
//! Each bound is the least or the greatest value that the figure can take while every part stays within its interval,
//! rounded outward. The central figure is the same figure of the parts' midpoints, kept within the bounds. No digit is
//! finer than half a person, row or unit of the denominator can be told from the next: see [`Step`].

use disclosure::Interval;

use crate::decimal::{Decimal, Step};
use crate::region::sum;

/// Bounds of a figure. All `None` where the figure has no value, such as a share of nobody.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bounds {
    /// At least this; `None` where nothing bounds it.
    pub low: Option<Decimal>,
    /// At most this; `None` where nothing bounds it.
    pub high: Option<Decimal>,
    /// A figure to plot.
    pub central: Option<Decimal>,
}

impl Bounds {
    /// No value.
    pub const NONE: Self = Self { low: None, high: None, central: None };

    pub(crate) fn new(low: Option<Decimal>, high: Option<Decimal>, central: Option<Decimal>) -> Self {
        let central = central.map(|c| high.map_or(c, |high| c.min(high))).map(|c| low.map_or(c, |low| c.max(low)));
        Self { low, high, central }
    }

    /// With digits no finer than the denominator bears, rounded outward.
    fn coarsened(self, scale: u64, denominator: Interval) -> Self {
        let doubled = doubled_middle(denominator).unwrap_or_else(|| i128::from(denominator.low) * 2);
        let step = Step::of(scale.into(), doubled);
        Self::new(
            self.low.map(|low| low.down_to(step)),
            self.high.map(|high| high.up_to(step)),
            self.central.map(|central| central.nearest_to(step)),
        )
    }
}

/// Twice the midpoint, so that it stays whole; `None` where there is no upper bound.
pub(crate) fn doubled_middle(interval: Interval) -> Option<i128> {
    interval.high.map(|high| i128::from(interval.low) + i128::from(high))
}

fn percent(numerator: i128) -> i128 {
    // INVARIANT: numerators are sums of two u64, so a hundred of them fit.
    numerator * 100
}

/// The share of a level in all levels, in per cent.
///
/// `rest` is everything but the level, where the two add up to `all`; `None` where a person may stand in both.
pub(crate) fn share(level: Interval, rest: Option<Interval>, all: Interval) -> Bounds {
    let nobody = all.high == Some(0) || level.high == Some(0) && rest.is_some_and(|rest| rest.high == Some(0));
    if nobody {
        return Bounds::NONE;
    }
    // The greatest whole beside the least part, and the least whole beside the greatest part.
    let rest_high = rest.and_then(|rest| rest.high).map(|high| i128::from(level.low) + i128::from(high));
    let whole_high = match (all.high.map(i128::from), rest_high) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    };
    let low = match whole_high {
        None => Some(Decimal::NOUGHT),
        // The rest is nobody and the level perhaps somebody: then it is everything.
        Some(0) => Some(Decimal::HUNDRED),
        Some(whole) => Decimal::at_most(percent(level.low.into()), whole).map(|low| low.min(Decimal::HUNDRED)),
    };
    let high = match level.high {
        None => Some(Decimal::HUNDRED),
        Some(0) => Some(Decimal::NOUGHT),
        Some(part) => {
            let part = i128::from(part);
            let whole = part + rest.map_or(0, |rest| i128::from(rest.low));
            Decimal::at_least(percent(part), whole.max(all.low.into()))
        }
    };
    let central = doubled_middle(level).zip(doubled_middle(all)).and_then(|(n, all)| Decimal::nearest(percent(n), all));
    Bounds::new(low, high, central).coarsened(100, all)
}

/// The change from an earlier to a later figure, in per cent of the earlier.
pub(crate) fn change(earlier: Interval, later: Interval) -> Bounds {
    if earlier.high == Some(0) {
        return Bounds::NONE;
    }
    let of = |later: u64, earlier: u64| (percent(i128::from(later) - i128::from(earlier)), i128::from(earlier));
    let low = match earlier.high {
        // However large the earlier figure, the later is not below nothing.
        None => Decimal::at_most(percent(-1), 1),
        Some(earlier) => {
            let (change, earlier) = of(later.low, earlier);
            Decimal::at_most(change, earlier)
        }
    };
    let high = later.high.filter(|_| earlier.low > 0).and_then(|later| {
        let (change, earlier) = of(later, earlier.low);
        Decimal::at_least(change, earlier)
    });
    let central = doubled_middle(earlier)
        .zip(doubled_middle(later))
        .and_then(|(earlier, later)| Decimal::nearest(percent(later - earlier), earlier));
    Bounds::new(low, high, central).coarsened(100, earlier)
}

/// A sum divided by a count. `cap` is the most that one counted person or row can stand for, where that is known.
pub(crate) fn mean(sum: Interval, count: Interval, cap: Option<u64>) -> Bounds {
    if count.high == Some(0) {
        return Bounds::NONE;
    }
    let low = match count.high {
        None => Some(Decimal::NOUGHT),
        Some(count) => Decimal::at_most(sum.low.into(), count.into()),
    };
    let divided = sum.high.filter(|_| count.low > 0).and_then(|sum| Decimal::at_least(sum.into(), count.low.into()));
    let high = match (divided, cap.map(Decimal::whole)) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    };
    let central = doubled_middle(sum).zip(doubled_middle(count)).and_then(|(sum, count)| Decimal::nearest(sum, count));
    Bounds::new(low, high, central).coarsened(1, count)
}

/// A numerator per so many of a denominator.
pub(crate) fn rate(numerator: Interval, denominator: Interval, per: u64) -> Bounds {
    standardised(&[Stratum { numerator, denominator, weight: 1 }], per)
}

/// One level of a standardised rate.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stratum {
    pub numerator: Interval,
    pub denominator: Interval,
    pub weight: u64,
}

/// A stratum's rate times its weight is kept in so many parts of one.
const PARTS: i128 = 1_000_000;

/// The weighted mean of the strata's rates, per so many: direct standardisation. A stratum without weight does not
/// matter; one with weight and nobody in its denominator leaves the figure without a value.
pub(crate) fn standardised(strata: &[Stratum], per: u64) -> Bounds {
    let strata = || strata.iter().filter(|stratum| stratum.weight > 0);
    if strata().any(|stratum| stratum.denominator.high == Some(0)) || strata().next().is_none() {
        return Bounds::NONE;
    }
    let weights: i128 = strata().map(|stratum| i128::from(stratum.weight)).sum();
    let of = |stratum: &Stratum, numerator: i128| {
        numerator.checked_mul(i128::from(stratum.weight).checked_mul(i128::from(per))?.checked_mul(PARTS)?)
    };
    let low = total(strata().map(|s| match s.denominator.high {
        None => Some(0),
        Some(high) => Some(of(s, s.numerator.low.into())?.div_euclid(high.into())),
    }))
    .and_then(|sum| Decimal::at_most(sum, weights.checked_mul(PARTS)?));
    let high = total(strata().map(|s| {
        let denominator = i128::from(s.denominator.low);
        let numerator = of(s, s.numerator.high?.into())?;
        // Rounded up, so that the sum of the strata is not below theirs.
        (denominator > 0).then(|| -(-numerator).div_euclid(denominator))
    }))
    .and_then(|sum| Decimal::at_least(sum, weights.checked_mul(PARTS)?));
    let central = total(strata().map(|s| {
        let denominator = doubled_middle(s.denominator).filter(|denominator| *denominator > 0)?;
        Some(of(s, doubled_middle(s.numerator)?)?.div_euclid(denominator))
    }))
    .and_then(|sum| Decimal::nearest(sum, weights.checked_mul(PARTS)?));
    let denominators = sum(strata().map(|stratum| stratum.denominator)).unwrap_or(Interval { low: 0, high: None });
    Bounds::new(low, high, central).coarsened(per, denominators)
}

/// The sum, unless a part is missing or the sum is beyond 128 bits.
fn total(mut parts: impl Iterator<Item = Option<i128>>) -> Option<i128> {
    parts.try_fold(0i128, |sum, part| sum.checked_add(part?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shown::{check, interval};

    #[test]
    fn shares() {
        let exact = |n| interval(n, n);
        check(share(exact(30), Some(exact(70)), exact(100)), Some("30"), Some("30"), Some("30"));
        let (n, rest) = (interval(10, 20), interval(80, 90));
        check(share(n, Some(rest), interval(90, 110)), Some("10"), Some("15"), Some("20"));
        // A known total narrows the rest.
        check(share(n, Some(rest), interval(98, 98)), Some("10"), Some("15"), Some("20"));
        check(share(interval(0, 9), Some(exact(0)), interval(0, 9)), Some("100"), Some("100"), Some("100"));
        check(share(exact(0), Some(interval(0, 9)), interval(0, 9)), Some("0"), Some("0"), Some("0"));
        check(share(exact(0), Some(exact(0)), exact(0)), None, None, None);
        check(share(interval(5, None), Some(interval(5, 10)), interval(10, None)), Some("30"), None, Some("100"));
        check(share(exact(30), None, interval(40, 60)), Some("50"), Some("60"), Some("75"));
    }

    #[test]
    fn changes() {
        let exact = |n| interval(n, n);
        check(change(exact(56), exact(12)), Some("-79"), Some("-79"), Some("-78"));
        check(change(interval(90, 110), interval(90, 110)), Some("-19"), Some("0"), Some("23"));
        // Where the earlier figure may be nought nothing bounds the change from above.
        check(change(interval(0, 9), exact(20)), Some("120"), Some("340"), None);
        check(change(exact(0), exact(20)), None, None, None);
        check(change(interval(5, None), exact(20)), Some("-100"), None, Some("300"));
        check(change(exact(20), interval(5, None)), Some("-80"), None, None);
    }

    #[test]
    fn means() {
        let exact = |n| interval(n, n);
        check(mean(exact(100), exact(8), None), Some("12.5"), Some("12.5"), Some("12.5"));
        check(mean(interval(90, 110), interval(0, 10), None), Some("9.0"), Some("20.0"), None);
        check(mean(interval(90, 110), interval(0, 10), Some(15)), Some("9.0"), Some("15.0"), Some("15.0"));
        check(mean(exact(5), exact(0), None), None, None, None);
        check(mean(exact(5), interval(2, None), None), Some("0"), None, Some("3"));
    }

    #[test]
    fn rates() {
        let exact = |n| interval(n, n);
        check(rate(exact(50), exact(60_000), 1_000), Some("0.83"), Some("0.83"), Some("0.84"));
        check(rate(interval(40, 60), exact(60_000), 1_000), Some("0.66"), Some("0.83"), Some("1.00"));
        // Among 400 one more or less makes 2.5 in a thousand out.
        check(rate(exact(50), exact(400), 1_000), Some("120"), Some("130"), Some("130"));
        check(rate(interval(10, 20), interval(0, 9), 1_000), Some("1110"), Some("3330"), None);
        check(rate(exact(5), exact(0), 1_000), None, None, None);
    }

    #[test]
    fn standardised_rates_weigh_each_level() {
        let exact = |n| interval(n, n);
        let stratum = |numerator, denominator, weight| Stratum { numerator, denominator: exact(denominator), weight };
        // 10 and 100 in a thousand, of which the young weigh three times as much.
        let strata = [stratum(exact(900), 90_000, 3), stratum(exact(1_000), 10_000, 1)];
        check(standardised(&strata, 1_000), Some("32.50"), Some("32.50"), Some("32.50"));
        let strata = [stratum(interval(810, 990), 90_000, 3), stratum(exact(1_000), 10_000, 1)];
        check(standardised(&strata, 1_000), Some("31.75"), Some("32.50"), Some("33.25"));
        let nobody = [stratum(exact(900), 90_000, 3), stratum(exact(0), 0, 1)];
        check(standardised(&nobody, 1_000), None, None, None);
        let weightless = [stratum(exact(900), 90_000, 3), stratum(exact(0), 0, 0)];
        check(standardised(&weightless, 1_000), Some("10.00"), Some("10.00"), Some("10.00"));
    }
}
