//! What the published inner figures of all measures together say about the people in each inner cell.
//!
//! Rows and sums shown beside a count of people can narrow it: with at most two rows per person, 45 rows need at least
//! 22 people. Refinement must start from what an attacker knows, so from this.

use crate::cell::Cell;
use crate::measure::{HUNDREDTHS, Measure, MeasureKind};
use crate::policy::Policy;

/// Per inner cell the range of people that fits everything said about that cell; `people` is the place of the measure
/// that counts them. Uncovered cells are nought to nought.
pub(crate) fn people_bounds(
    measures: &[Measure],
    cells: &[Vec<Cell>],
    people: usize,
    policy: &Policy,
) -> Vec<(u64, u64)> {
    let bounds = |(place, cell): (usize, &Cell)| {
        let (mut low, mut high) = (cell.low(), cell.high().unwrap_or(0));
        if matches!(cell, Cell::Shown { .. }) {
            let fits =
                |n: u64| measures.iter().zip(cells).all(|(measure, cells)| fits(n, measure, cells[place], policy));
            while low < high && !fits(low) {
                low += 1;
            }
            while low < high && !fits(high) {
                high -= 1;
            }
        }
        (low, high)
    };
    cells[people].iter().enumerate().map(bounds).collect()
}

/// Whether `n` people, at least the threshold, can lead to `cell` being said of `measure`.
fn fits(n: u64, measure: &Measure, cell: Cell, policy: &Policy) -> bool {
    let cap = measure.at_most_per_person();
    let most = cap.map_or(u64::MAX, |cap| n.saturating_mul(cap));
    let dominated = |total, top| policy.dominance().dominated(total, top);
    match (measure.kind(), cell) {
        (MeasureKind::Rows { .. }, Cell::Shown { low, high, .. }) => {
            (low.max(n)..=high.min(most)).any(|rows| !dominated(rows, evenly(rows, n)))
        }
        // Enough people stand behind the rows, so one of them dominates: at the most, all others have one row.
        (MeasureKind::Rows { .. }, Cell::Withheld) => cap.is_none_or(|cap| dominated(cap + n - 1, [cap, 1])),
        (MeasureKind::Sum { .. }, Cell::Shown { low, high, .. }) => {
            let sum = high.min(most).saturating_mul(HUNDREDTHS);
            low <= most && !dominated(sum, evenly(sum, n))
        }
        _ => true,
    }
}

/// The top two of the least dominated way to share `total` among `n`.
fn evenly(total: u64, n: u64) -> [u64; 2] {
    let rest = total % n;
    [total / n + u64::from(rest > 0), total / n + u64::from(rest > 1)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(measure: Measure, beside: Cell, people: (u64, u64), expected: (u64, u64)) {
        let measures = [Measure::people("people"), measure];
        let shown = Cell::Shown { value: people.0, low: people.0, high: people.1 };
        let cells = [vec![shown], vec![beside]];
        assert_eq!(people_bounds(&measures, &cells, 0, &Policy::nhs_sde()), [expected]);
    }

    #[test]
    fn rows_and_sums_narrow_people() {
        let shown = |low, high| Cell::Shown { value: low, low, high };
        let rows = |cap| Measure::rows("rows", cap).unwrap();
        check(rows(Some(2)), shown(43, 47), (18, 22), (22, 22));
        check(rows(None), shown(43, 47), (18, 22), (18, 22));
        check(rows(None), shown(18, 20), (18, 22), (18, 20));
        check(rows(None), Cell::Withheld, (18, 22), (18, 22));
        check(rows(Some(9)), Cell::Withheld, (10, 17), (10, 12));
        check(Measure::sum("days", 3).unwrap(), shown(60, 66), (18, 22), (20, 22));
        check(Measure::sum("days", 3).unwrap(), Cell::Withheld, (18, 22), (18, 22));
    }
}
