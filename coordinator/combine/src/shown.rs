//! Figures as tests write them: bounds as text, in the order in which a reader sees them.

use disclosure::Interval;

use crate::decimal::Decimal;
use crate::rates::Bounds;

/// From `low` to `high`; without a high, at least `low`.
pub(crate) fn interval(low: u64, high: impl Into<Option<u64>>) -> Interval {
    Interval { low, high: high.into() }
}

/// Whether bounds read so.
pub(crate) fn check(bounds: Bounds, low: Option<&str>, central: Option<&str>, high: Option<&str>) {
    let text = |decimal: Option<Decimal>| decimal.map(|decimal| decimal.to_string());
    let (low, central, high) = (low.map(str::to_owned), central.map(str::to_owned), high.map(str::to_owned));
    assert_eq!((text(bounds.low), text(bounds.central), text(bounds.high)), (low, central, high));
}
