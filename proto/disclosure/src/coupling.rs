//! What the published inner figures of all measures together say about the people, or the rows, in each inner cell.
//!
//! Rows and sums shown beside a count of people can narrow it, and the other way round: with at most two rows per
//! person, 45 rows need at least 22 people. Refinement must start from what an attacker knows, so from this.

use crate::cell::Cell;
use crate::measure::{HUNDREDTHS, Measure, MeasureKind};
use crate::policy::Policy;
use crate::rows::withheld_rows;

/// Per inner cell the range of people that fits everything said about that cell; `people` is the place of the measure
/// that counts them. Of cells in `silent`, a withheld figure says nothing. Uncovered cells are nought to nought.
pub(crate) fn people_bounds(
    measures: &[Measure],
    cells: &[Vec<Cell>],
    people: usize,
    policy: &Policy,
    silent: impl Fn(usize) -> bool,
) -> Vec<(u64, u64)> {
    let bounds = |(place, cell): (usize, &Cell)| {
        let range = (cell.low(), cell.high().unwrap_or(0));
        let says = |cell: Cell| cell != Cell::Withheld || !silent(place);
        if matches!(cell, Cell::Shown { .. }) { narrowed(range, measures, cells, place, policy, says) } else { range }
    };
    cells[people].iter().enumerate().map(bounds).collect()
}

/// Per inner cell the range of rows that fits everything said about that cell; `rows` is the place of the measure that
/// counts them, which must be one of [`refinable`](crate::rows::refinable). Each number in a range is possible, and
/// with it each number of people from its share of the cap up to itself that is possible at all. Uncovered cells are
/// nought to nought.
pub(crate) fn rows_bounds(measures: &[Measure], cells: &[Vec<Cell>], rows: usize, policy: &Policy) -> Vec<(u64, u64)> {
    let people = measures.iter().position(|m| m.kind() == MeasureKind::People);
    let cap = measures[rows].at_most_per_person().unwrap_or(u64::MAX);
    let bounds = |(place, cell): (usize, &Cell)| match *cell {
        Cell::Shown { low, high, .. } => {
            // Everybody has a row, so there are no more people than rows.
            let unmeasured = (policy.threshold().people(), high);
            let said = people.map_or(unmeasured, |p| (cells[p][place].low(), cells[p][place].high().unwrap_or(high)));
            let (least, most) = narrowed(said, measures, cells, place, policy, |_| true);
            (low.max(least), high.min(most.saturating_mul(cap)))
        }
        Cell::Withheld => withheld_rows(&measures[rows], policy).unwrap_or((0, u64::MAX)),
        _ => (0, 0),
    };
    cells[rows].iter().enumerate().map(bounds).collect()
}

/// Of a range of people in the inner cell at `place`, at least the threshold, what fits all of its figures.
fn narrowed(
    (mut low, mut high): (u64, u64),
    measures: &[Measure],
    cells: &[Vec<Cell>],
    place: usize,
    policy: &Policy,
    says: impl Fn(Cell) -> bool,
) -> (u64, u64) {
    let fits = |n: u64| {
        let mut all = measures.iter().zip(cells).map(|(measure, cells)| (measure, cells[place]));
        all.all(|(measure, cell)| !says(cell) || fits(n, measure, cell, policy))
    };
    while low < high && !fits(low) {
        low += 1;
    }
    while low < high && !fits(high) {
        high -= 1;
    }
    (low, high)
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
        (MeasureKind::Sum { .. }, Cell::Shown { value, .. }) => {
            // The block in hundredths; its bounds in whole units enclose a little more.
            let (least, past) = measure.sum_hundredths(value);
            let sum = past.saturating_sub(1).min(most.saturating_mul(HUNDREDTHS));
            least <= sum && !dominated(sum, evenly(sum, n))
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
        assert_eq!(people_bounds(&measures, &cells, 0, &Policy::nhs_sde(), |_| false), [expected]);
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
        check(Measure::sum("days", 3).unwrap(), Cell::Shown { value: 60, low: 57, high: 63 }, (18, 22), (20, 22));
        check(Measure::sum("days", 3).unwrap(), Cell::Withheld, (18, 22), (18, 22));
    }

    #[test]
    fn people_and_sums_narrow_rows() {
        let shown = |low, high| Cell::Shown { value: (low + high) / 2, low, high };
        let check = |beside: &[(Measure, Cell)], rows: Cell, expected: (u64, u64)| {
            let mut measures = vec![Measure::rows("rows", Some(2)).unwrap()];
            let mut cells = vec![vec![rows]];
            for (measure, cell) in beside {
                measures.push(measure.clone());
                cells.push(vec![*cell]);
            }
            assert_eq!(rows_bounds(&measures, &cells, 0, &Policy::nhs_sde()), [expected]);
        };
        let people = |cell| (Measure::people("people"), cell);
        let days = |cell| (Measure::sum("days", 3).unwrap(), cell);
        check(&[], shown(43, 47), (43, 47));
        check(&[people(shown(18, 22))], shown(43, 47), (43, 44));
        check(&[people(shown(18, 22))], shown(18, 22), (18, 22));
        check(&[people(shown(18, 22)), days(shown(57, 63))], shown(18, 22), (20, 22));
        check(&[days(shown(57, 63))], shown(18, 22), (20, 22));
        check(&[people(Cell::Suppressed { low: 1, high: 9 })], Cell::Withheld, (1, 18));
        check(&[people(Cell::Zero)], Cell::Zero, (0, 0));
    }
}
