//! Quantiles from counts per band.

use disclosure::Interval;
use template::Percent;

use crate::decimal::{Decimal, Step};
use crate::rates::{Bounds, doubled_middle};

/// The quantile from counts per band, where `edges` has one entry more than `bands`. `all` bounds the sum of the bands,
/// where that is known. The bounds are edges of bands; the central figure is interpolated within its band.
pub(crate) fn quantile(percent: Percent, bands: &[Interval], all: Option<Interval>, edges: &[u64]) -> Bounds {
    if bands.iter().all(|band| band.high == Some(0)) || all.is_some_and(|all| all.high == Some(0)) {
        return Bounds::NONE;
    }
    let part = |bands: &[Interval]| Part {
        low: bands.iter().map(|band| i128::from(band.low)).sum(),
        high: bands.iter().map(|band| band.high.map(i128::from)).sum(),
    };
    let whole =
        all.map_or(Part { low: 0, high: None }, |all| Part { low: all.low.into(), high: all.high.map(i128::from) });
    // Where a share q lies below the quantile and 1 - q above: its lower value lies in band i or below if up to i there
    // can be q / (1 - q) times as many as above i; its upper value in band i or above if from i on there can be
    // (1 - q) / q times as many as below i.
    let (below, above) = (i128::from(percent.percent()), 100 - i128::from(percent.percent()));
    let lowest =
        (0..bands.len()).find(|&i| can_reach(part(&bands[..=i]), part(&bands[i + 1..]), whole, (below, above)));
    let highest =
        (0..bands.len()).rev().find(|&i| can_reach(part(&bands[i..]), part(&bands[..i]), whole, (above, below)));
    let low = lowest.and_then(|band| edges.get(band)).map(|&edge| Decimal::whole(edge));
    let high = highest.and_then(|band| edges.get(band + 1)).map(|&edge| Decimal::whole(edge));
    Bounds::new(low, high, interpolated(percent, bands, edges))
}

/// An interval wide enough for sums over bands.
#[derive(Clone, Copy)]
struct Part {
    low: i128,
    high: Option<i128>,
}

/// Whether `part`, not nobody, can be at least `times.0 / times.1` times `other`, while the two add up to something
/// within `whole`.
fn can_reach(part: Part, other: Part, whole: Part, times: (i128, i128)) -> bool {
    let fits = |part: i128, other: i128| part > 0 && part * times.1 >= other * times.0;
    let Some(high) = part.high else {
        // Only the whole bounds the part.
        return whole.high.is_none_or(|whole| fits(whole - other.low, other.low));
    };
    let other = other.low.max(whole.low - high);
    fits(whole.high.map_or(high, |whole| high.min(whole - other)), other)
}

/// The share of the midpoints' sum falls into a band; the quantile is as far along the band as the share is along its
/// count.
fn interpolated(percent: Percent, bands: &[Interval], edges: &[u64]) -> Option<Decimal> {
    let percent = i128::from(percent.percent());
    let middles: Vec<i128> = bands.iter().map(|&band| doubled_middle(band)).collect::<Option<_>>()?;
    let total: i128 = middles.iter().sum();
    let mut before = 0;
    for (band, &count) in middles.iter().enumerate() {
        if count > 0 && 100 * (before + count) >= percent * total {
            let (from, to) = (i128::from(*edges.get(band)?), i128::from(*edges.get(band + 1)?));
            let along = (percent * total - 100 * before).checked_mul(to - from)?;
            let per = 100 * count;
            let step = Step::of(to - from, total).min(Step::One);
            return Some(Decimal::nearest(from.checked_mul(per)?.checked_add(along)?, per)?.nearest_to(step));
        }
        before += count;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shown::{check, interval};

    #[test]
    fn medians() {
        let median = |bands: &[Interval], all, edges: &[u64]| quantile(Percent::HALF, bands, all, edges);
        let edges = [0, 2, 8, 30];
        let exact = |n| interval(n, n);
        check(median(&[exact(10), exact(10), exact(10)], None, &edges), Some("2"), Some("5.0"), Some("8"));
        // Half below, half above: the two middle values lie in different bands.
        check(median(&[exact(10), exact(0), exact(10)], None, &edges), Some("0"), Some("2.0"), Some("30"));
        let wide = [interval(8, 12), interval(8, 12), interval(8, 12)];
        check(median(&wide, None, &edges), Some("2"), Some("5.0"), Some("8"));
        let wider = [interval(0, 9), interval(0, 9), exact(10)];
        // The first band cannot hold it: 9 are fewer than the last band's 10.
        check(median(&wider, None, &edges), Some("2"), Some("9"), Some("30"));
        // All 28 of them leave no more than 10 for the last band.
        check(median(&wider, Some(exact(28)), &edges), Some("2"), Some("8"), Some("8"));
        check(median(&[exact(0), interval(0, 9), exact(0)], None, &edges), Some("2"), Some("5"), Some("8"));
        check(median(&[exact(0); 3], None, &edges), None, None, None);
        check(median(&[interval(0, None), exact(3), exact(3)], None, &edges), Some("0"), None, Some("30"));
    }

    #[test]
    fn quantiles() {
        let edges = [0, 2, 8, 30];
        let exact = |n| interval(n, n);
        let quantile = |percent: u8, bands: &[Interval]| quantile(Percent::new(percent).unwrap(), bands, None, &edges);
        let tens = [exact(10), exact(10), exact(10)];
        check(quantile(90, &tens), Some("8"), Some("23"), Some("30"));
        check(quantile(10, &tens), Some("0"), Some("0.6"), Some("2"));
        // Nine of ten lie in the first two bands: the quantile lies on the edge.
        check(quantile(90, &[exact(40), exact(50), exact(10)]), Some("2"), Some("8.0"), Some("30"));
        check(quantile(90, &[exact(40), exact(51), exact(9)]), Some("2"), Some("7.9"), Some("8"));
        check(quantile(90, &[exact(40), exact(50), interval(0, 9)]), Some("2"), Some("7.4"), Some("8"));
    }
}
