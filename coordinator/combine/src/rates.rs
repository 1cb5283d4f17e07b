//! Shares, changes, means and medians of bounded figures: interval arithmetic in whole numbers.
//!
//! Each bound is the least or the greatest value that the figure can take while every part stays within its interval,
//! rounded outward. The central figure is the same figure of the parts' midpoints, kept within the bounds.

use disclosure::Interval;

use crate::decimal::Decimal;

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

    fn new(low: Option<Decimal>, high: Option<Decimal>, central: Option<Decimal>) -> Self {
        let central = central.map(|c| high.map_or(c, |high| c.min(high))).map(|c| low.map_or(c, |low| c.max(low)));
        Self { low, high, central }
    }
}

/// Twice the midpoint, so that it stays whole; `None` where there is no upper bound.
fn doubled_middle(interval: Interval) -> Option<i128> {
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
    Bounds::new(low, high, central)
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
    Bounds::new(low, high, central)
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
    Bounds::new(low, high, central)
}

/// The median from counts per band, where `edges` has one entry more than `bands`. `all` bounds the sum of the bands,
/// where that is known. The bounds are edges of bands; the central figure is interpolated within its band.
pub(crate) fn median(bands: &[Interval], all: Option<Interval>, edges: &[u64]) -> Bounds {
    if bands.iter().all(|band| band.high == Some(0)) || all.is_some_and(|all| all.high == Some(0)) {
        return Bounds::NONE;
    }
    let part = |bands: &[Interval]| Part {
        low: bands.iter().map(|band| i128::from(band.low)).sum(),
        high: bands.iter().map(|band| band.high.map(i128::from)).sum(),
    };
    let whole =
        all.map_or(Part { low: 0, high: None }, |all| Part { low: all.low.into(), high: all.high.map(i128::from) });
    // The lower middle value lies in band i or below if up to i there can be as many as above it; the upper middle
    // value lies above band i if above it there can be as many as up to i.
    let lowest = (0..bands.len()).find(|&i| can_reach(part(&bands[..=i]), part(&bands[i + 1..]), whole));
    let highest = (0..bands.len()).rev().find(|&i| can_reach(part(&bands[i..]), part(&bands[..i]), whole));
    let low = lowest.and_then(|band| edges.get(band)).map(|&edge| Decimal::whole(edge));
    let high = highest.and_then(|band| edges.get(band + 1)).map(|&edge| Decimal::whole(edge));
    Bounds::new(low, high, interpolated(bands, edges))
}

/// An interval wide enough for sums over bands.
#[derive(Clone, Copy)]
struct Part {
    low: i128,
    high: Option<i128>,
}

/// Whether `part`, not nobody, can be at least `other`, while the two add up to something within `whole`.
fn can_reach(part: Part, other: Part, whole: Part) -> bool {
    let Some(high) = part.high else {
        // Only the whole bounds the part.
        return whole.high.is_none_or(|whole| whole - other.low >= other.low && whole > other.low);
    };
    let other = other.low.max(whole.low - high);
    let part = whole.high.map_or(high, |whole| high.min(whole - other));
    part > 0 && part >= other
}

/// Half the midpoints' sum falls into a band; the median is as far along the band as the half is along its count.
fn interpolated(bands: &[Interval], edges: &[u64]) -> Option<Decimal> {
    let middles: Vec<i128> = bands.iter().map(|&band| doubled_middle(band)).collect::<Option<_>>()?;
    let total: i128 = middles.iter().sum();
    let mut before = 0;
    for (band, &count) in middles.iter().enumerate() {
        if count > 0 && 2 * (before + count) >= total {
            let (from, to) = (i128::from(*edges.get(band)?), i128::from(*edges.get(band + 1)?));
            let along = (total - 2 * before).checked_mul(to - from)?;
            let per = 2 * count;
            return Decimal::nearest(from.checked_mul(per)?.checked_add(along)?, per);
        }
        before += count;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interval(low: u64, high: impl Into<Option<u64>>) -> Interval {
        Interval { low, high: high.into() }
    }

    fn check(bounds: Bounds, low: Option<&str>, central: Option<&str>, high: Option<&str>) {
        let text = |decimal: Option<Decimal>| decimal.map(|decimal| decimal.to_string());
        let (low, central, high) = (low.map(str::to_owned), central.map(str::to_owned), high.map(str::to_owned));
        assert_eq!((text(bounds.low), text(bounds.central), text(bounds.high)), (low, central, high));
    }

    #[test]
    fn shares() {
        let exact = |n| interval(n, n);
        check(share(exact(30), Some(exact(70)), exact(100)), Some("30.00"), Some("30.00"), Some("30.00"));
        let (n, rest) = (interval(10, 20), interval(80, 90));
        check(share(n, Some(rest), interval(90, 110)), Some("10.00"), Some("15.00"), Some("20.00"));
        // A known total narrows the rest.
        check(share(n, Some(rest), interval(98, 98)), Some("10.20"), Some("15.31"), Some("20.00"));
        check(share(interval(0, 9), Some(exact(0)), interval(0, 9)), Some("100.00"), Some("100.00"), Some("100.00"));
        check(share(exact(0), Some(interval(0, 9)), interval(0, 9)), Some("0.00"), Some("0.00"), Some("0.00"));
        check(share(exact(0), Some(exact(0)), exact(0)), None, None, None);
        check(share(interval(5, None), Some(interval(5, 10)), interval(10, None)), Some("33.33"), None, Some("100.00"));
        check(share(exact(30), None, interval(40, 60)), Some("50.00"), Some("60.00"), Some("75.00"));
    }

    #[test]
    fn changes() {
        let exact = |n| interval(n, n);
        check(change(exact(56), exact(12)), Some("-78.58"), Some("-78.57"), Some("-78.57"));
        check(change(interval(90, 110), interval(90, 110)), Some("-18.19"), Some("0.00"), Some("22.23"));
        // Where the earlier figure may be nought nothing bounds the change from above.
        check(change(interval(0, 9), exact(20)), Some("122.22"), Some("344.44"), None);
        check(change(exact(0), exact(20)), None, None, None);
        check(change(interval(5, None), exact(20)), Some("-100.00"), None, Some("300.00"));
        check(change(exact(20), interval(5, None)), Some("-75.00"), None, None);
    }

    #[test]
    fn means() {
        let exact = |n| interval(n, n);
        check(mean(exact(100), exact(8), None), Some("12.50"), Some("12.50"), Some("12.50"));
        check(mean(interval(90, 110), interval(0, 10), None), Some("9.00"), Some("20.00"), None);
        check(mean(interval(90, 110), interval(0, 10), Some(15)), Some("9.00"), Some("15.00"), Some("15.00"));
        check(mean(exact(5), exact(0), None), None, None, None);
        check(mean(exact(5), interval(2, None), None), Some("0.00"), None, Some("2.50"));
    }

    #[test]
    fn medians() {
        let edges = [0, 2, 8, 30];
        let exact = |n| interval(n, n);
        check(median(&[exact(10), exact(10), exact(10)], None, &edges), Some("2.00"), Some("5.00"), Some("8.00"));
        // Half below, half above: the two middle values lie in different bands.
        check(median(&[exact(10), exact(0), exact(10)], None, &edges), Some("0.00"), Some("2.00"), Some("30.00"));
        let wide = [interval(8, 12), interval(8, 12), interval(8, 12)];
        check(median(&wide, None, &edges), Some("2.00"), Some("5.00"), Some("8.00"));
        let wider = [interval(0, 9), interval(0, 9), exact(10)];
        // The first band cannot hold it: 9 are fewer than the last band's 10.
        check(median(&wider, None, &edges), Some("2.00"), Some("9.10"), Some("30.00"));
        // All 28 of them leave no more than 10 for the last band.
        check(median(&wider, Some(exact(28)), &edges), Some("2.00"), Some("8.00"), Some("8.00"));
        check(median(&[exact(0), interval(0, 9), exact(0)], None, &edges), Some("2.00"), Some("5.00"), Some("8.00"));
        check(median(&[exact(0); 3], None, &edges), None, None, None);
        check(median(&[interval(0, None), exact(3), exact(3)], None, &edges), Some("0.00"), None, Some("30.00"));
    }
}
