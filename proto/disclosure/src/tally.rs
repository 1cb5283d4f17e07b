//! The builder that an engine feeds with contributions, batch by batch.
//!
//! Each cell keeps its contributors in the order of arrival, one entry per run of rows of one person. A snapshot sorted
//! by person number makes every insert an append; other orders are sorted and merged when a cell grows and at the end.

use std::sync::Arc;

use roaring::RoaringBitmap;

use crate::domain::Domain;
use crate::measure::{HUNDREDTHS, Measure, MeasureError, MeasureKind, check_measures};
use crate::raw::{Amount, RawTable};

/// The cell index that means *outside the declared levels*: such a row is left out.
pub const NO_CELL: u32 = u32::MAX;
/// A cell whose rows come unsorted is merged whenever it holds this many entries more than after the last time.
const COMPACT_AT: usize = 1 << 16;

/// The values of one sum measure in a batch, in hundredths of its unit.
#[derive(Clone, Copy, Debug)]
pub enum Column<'a> {
    /// Every row has a value.
    Full(&'a [i64]),
    /// Some rows have none; they count as rows and people and add nothing to the sum.
    Gaps(&'a [Option<i64>]),
}

impl Column<'_> {
    fn len(&self) -> usize {
        match self {
            Self::Full(values) => values.len(),
            Self::Gaps(values) => values.len(),
        }
    }

    fn negative(&self) -> bool {
        match self {
            Self::Full(values) => values.iter().any(|&v| v < 0),
            Self::Gaps(values) => values.iter().any(|v| v.is_some_and(|v| v < 0)),
        }
    }

    /// The row's hundredths. Negative values have been refused before.
    fn hundredths(&self, row: usize) -> u64 {
        let value = match self {
            Self::Full(values) => values.get(row).copied(),
            Self::Gaps(values) => values.get(row).copied().flatten(),
        };
        value.and_then(|v| u64::try_from(v).ok()).unwrap_or(0)
    }
}

/// Counts contributions per inner cell. Feed it with [`Self::add`], then [`Self::finish`].
pub struct Tally {
    domain: Domain,
    measures: Vec<Measure>,
    sums: usize,
    keeps: Keeps,
    cells: Vec<CellTally>,
}

/// What must be remembered per person and cell besides the person.
#[derive(Clone, Copy)]
struct Keeps {
    rows: bool,
    sums: bool,
}

#[derive(Default)]
struct CellTally {
    persons: Vec<u32>,
    // INVARIANT: where rows are kept, as many entries as `persons`; likewise each of `sums`.
    rows: Vec<u32>,
    sums: Vec<Vec<u64>>,
    disordered: bool,
    compacted: usize,
}

impl Tally {
    /// An empty tally of these measures over the inner cells of a domain.
    ///
    /// # Errors
    /// [`TallyError::Measures`] for a list of measures that is empty, too long or repeats a name.
    pub fn new(domain: &Domain, measures: &[Measure]) -> Result<Self, TallyError> {
        check_measures(measures)?;
        let sums = measures.iter().filter(|m| matches!(m.kind(), MeasureKind::Sum { .. })).count();
        let rows = measures.iter().any(|m| matches!(m.kind(), MeasureKind::Rows { .. }));
        let cell = || CellTally { sums: vec![Vec::new(); sums], ..CellTally::default() };
        Ok(Self {
            domain: domain.clone(),
            measures: measures.to_vec(),
            sums,
            keeps: Keeps { rows, sums: sums > 0 },
            cells: (0..domain.inner_len()).map(|_| cell()).collect(),
        })
    }

    /// Adds a batch of rows: per row the inner cell (or [`NO_CELL`]), the person's number, and for each sum measure,
    /// in declared order, a column of values.
    ///
    /// # Errors
    /// A [`TallyError`] for columns of unequal length, an unknown cell, a negative value or too large a figure. A tally
    /// that has returned an error must be dropped: part of the batch may have been added.
    pub fn add(&mut self, cells: &[u32], persons: &[u32], values: &[Column<'_>]) -> Result<(), TallyError> {
        if values.len() != self.sums || persons.len() != cells.len() || values.iter().any(|v| v.len() != cells.len()) {
            return Err(TallyError::Columns);
        }
        if values.iter().any(Column::negative) {
            return Err(TallyError::Negative);
        }
        for (row, (&cell, &person)) in cells.iter().zip(persons).enumerate() {
            if cell == NO_CELL {
                continue;
            }
            let tally = self.cells.get_mut(cell as usize).ok_or(TallyError::NoSuchCell)?;
            tally.add_row(person, self.keeps).ok_or(TallyError::TooLarge)?;
            for (column, sums) in values.iter().zip(&mut tally.sums) {
                if let Some(sum) = sums.last_mut() {
                    *sum = sum.checked_add(column.hundredths(row)).ok_or(TallyError::TooLarge)?;
                }
            }
        }
        Ok(())
    }

    /// Both tallies together, as if one had seen all rows. They must be of one domain and one list of measures.
    ///
    /// # Errors
    /// [`TallyError::Shape`] where they are not.
    pub fn merge(mut self, other: Self) -> Result<Self, TallyError> {
        if self.domain != other.domain || self.measures != other.measures {
            return Err(TallyError::Shape);
        }
        for (cell, from) in self.cells.iter_mut().zip(other.cells) {
            cell.append(from);
        }
        Ok(self)
    }

    /// The finished table. Of a dimension that has one level per person, whoever was added under several counts under the
    /// first of them alone.
    ///
    /// # Errors
    /// [`TallyError::TooLarge`] where a figure exceeds 64 bits.
    pub fn finish(self) -> Result<RawTable, TallyError> {
        let mut people = Vec::with_capacity(self.cells.len());
        let mut amounts: Vec<Vec<Amount>> = vec![Vec::new(); self.measures.len()];
        let mut each: Vec<Vec<Arc<Vec<u32>>>> = vec![Vec::new(); self.measures.len()];
        for mut cell in self.cells {
            cell.compact().ok_or(TallyError::TooLarge)?;
            let mut sums = cell.sums.iter();
            for (place, measure) in self.measures.iter().enumerate() {
                let capped = match measure.kind() {
                    MeasureKind::People => continue,
                    MeasureKind::Rows { at_most_per_person } => {
                        capped(cell.rows.iter().map(|&n| u64::from(n)), at_most_per_person)
                    }
                    MeasureKind::Sum { at_most_per_person } => {
                        let column = sums.next().map_or(&[] as &[u64], Vec::as_slice);
                        capped(column.iter().copied(), Some(at_most_per_person * HUNDREDTHS))
                    }
                };
                let capped = capped.ok_or(TallyError::TooLarge)?;
                let amount = Amount::of(capped.iter().map(|&amount| u64::from(amount)));
                amounts[place].push(amount.ok_or(TallyError::TooLarge)?);
                each[place].push(Arc::new(capped));
            }
            // Compacted entries ascend strictly, so building from sorted numbers cannot fail.
            let set = RoaringBitmap::from_sorted_iter(cell.persons.iter().copied()).map_err(|_| TallyError::Shape)?;
            people.push(set);
        }
        let mut raw = RawTable { domain: self.domain, measures: self.measures, people, amounts, each };
        raw.settle().ok_or(TallyError::TooLarge)?;
        Ok(raw)
    }
}

/// What each person counts for; `None` on overflow. Every cap, in hundredths, fits 32 bits.
fn capped(amounts: impl Iterator<Item = u64>, cap: Option<u64>) -> Option<Vec<u32>> {
    amounts.map(|amount| u32::try_from(cap.map_or(amount, |cap| amount.min(cap))).ok()).collect()
}

impl CellTally {
    /// Makes the last entry that of `person` and counts a row in it; `None` on overflow.
    fn add_row(&mut self, person: u32, keeps: Keeps) -> Option<()> {
        let last = self.persons.last().copied();
        if last == Some(person) {
            if let Some(rows) = self.rows.last_mut() {
                *rows = rows.checked_add(1)?;
            }
            return Some(());
        }
        if last.is_some_and(|last| last > person) {
            self.disordered = true;
            if self.persons.len() >= self.compacted.saturating_mul(2).max(COMPACT_AT) {
                self.compact()?;
                self.disordered = true;
            }
        }
        self.persons.push(person);
        if keeps.rows {
            self.rows.push(1);
        }
        if keeps.sums {
            for sums in &mut self.sums {
                sums.push(0);
            }
        }
        Some(())
    }

    fn append(&mut self, mut other: Self) {
        let joins = |left: &Self, right: &Self| match (left.persons.last(), right.persons.first()) {
            (Some(last), Some(first)) => last < first,
            _ => true,
        };
        if !joins(self, &other) {
            if joins(&other, self) {
                std::mem::swap(self, &mut other);
            } else {
                self.disordered = true;
            }
        }
        self.disordered |= other.disordered;
        self.persons.append(&mut other.persons);
        self.rows.append(&mut other.rows);
        for (sums, mut from) in self.sums.iter_mut().zip(other.sums) {
            sums.append(&mut from);
        }
    }

    /// Sorts the entries by person and merges those of one person; `None` on overflow.
    fn compact(&mut self) -> Option<()> {
        if self.disordered {
            let mut order: Vec<usize> = (0..self.persons.len()).collect();
            order.sort_unstable_by_key(|&entry| self.persons[entry]);
            self.rows = merged(&self.persons, &order, &self.rows, u32::checked_add)?;
            for sums in &mut self.sums {
                *sums = merged(&self.persons, &order, sums, u64::checked_add)?;
            }
            let mut persons: Vec<u32> = order.iter().map(|&entry| self.persons[entry]).collect();
            persons.dedup();
            self.persons = persons;
            self.disordered = false;
        }
        self.compacted = self.persons.len();
        Some(())
    }
}

/// The entries of `column` in `order`, those of one person added up; empty where the column is not kept.
fn merged<T: Copy>(persons: &[u32], order: &[usize], column: &[T], add: fn(T, T) -> Option<T>) -> Option<Vec<T>> {
    let mut out: Vec<T> = Vec::new();
    let mut last = None;
    for &entry in order {
        let Some(&value) = column.get(entry) else {
            continue;
        };
        match out.last_mut() {
            Some(sum) if last == Some(persons[entry]) => *sum = add(*sum, value)?,
            _ => out.push(value),
        }
        last = Some(persons[entry]);
    }
    Some(out)
}

/// Why contributions cannot be counted. No variant carries a value from a row.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TallyError {
    /// The list of measures cannot be.
    #[error("the measures cannot be counted together")]
    Measures(#[from] MeasureError),
    /// Columns of unequal length, or not one per sum measure.
    #[error("the columns of a batch do not fit the measures")]
    Columns,
    /// A cell index beyond the domain.
    #[error("a row names a cell that the domain does not have")]
    NoSuchCell,
    /// A negative value in a sum: a problem of the provider's data.
    #[error("a value to be summed is negative")]
    Negative,
    /// A figure beyond what can be counted.
    #[error("a figure is too large to be counted")]
    TooLarge,
    /// Two tallies of different questions.
    #[error("the tallies are not of one domain and one list of measures")]
    Shape,
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::domain::{Per, tests::dimension};

    const CAP: u64 = 3;

    fn measures() -> Vec<Measure> {
        vec![
            Measure::people("people"),
            Measure::rows("rows", Some(2)).unwrap(),
            Measure::sum("days", CAP).unwrap(),
            Measure::rows("all_rows", None).unwrap(),
        ]
    }

    fn domain() -> Domain {
        Domain::new(vec![dimension("d", 3, Per::Record)], vec![]).unwrap()
    }

    type Row = (u32, u32, Option<i64>);

    fn tally(rows: &[Row], batch: usize) -> Tally {
        let mut tally = Tally::new(&domain(), &measures()).unwrap();
        for rows in rows.chunks(batch) {
            let cells: Vec<u32> = rows.iter().map(|r| if r.0 == 3 { NO_CELL } else { r.0 }).collect();
            let persons: Vec<u32> = rows.iter().map(|r| r.1).collect();
            let values: Vec<Option<i64>> = rows.iter().map(|r| r.2).collect();
            tally.add(&cells, &persons, &[Column::Gaps(&values)]).unwrap();
        }
        tally
    }

    /// The same figures by way of a map, sharing nothing with the tally.
    fn expected(rows: &[Row], cell: u32, cap: Option<u64>, amount: impl Fn(&Row) -> u64) -> (u64, [u64; 2], u64) {
        let mut by_person: BTreeMap<u32, u64> = BTreeMap::new();
        for row in rows.iter().filter(|r| r.0 == cell) {
            *by_person.entry(row.1).or_default() += amount(row);
        }
        let mut amounts: Vec<u64> = by_person.values().map(|&v| cap.map_or(v, |c| v.min(c))).collect();
        amounts.sort_unstable_by(|a, b| b.cmp(a));
        let top = [amounts.first().copied().unwrap_or(0), amounts.get(1).copied().unwrap_or(0)];
        (amounts.iter().sum(), top, amounts.iter().filter(|&&a| a > 0).count() as u64)
    }

    fn check(rows: &[Row], raw: &RawTable) {
        for cell in 0..3 {
            let people: std::collections::BTreeSet<u32> = rows.iter().filter(|r| r.0 == cell).map(|r| r.1).collect();
            assert!(raw.people[cell as usize].iter().eq(people));
            let figures = |m: usize| {
                let a = raw.amounts[m][cell as usize];
                (a.total, a.top, a.contributors)
            };
            assert_eq!(figures(1), expected(rows, cell, Some(2), |_| 1));
            assert_eq!(figures(2), expected(rows, cell, Some(CAP * 100), |r| r.2.map_or(0, i64::unsigned_abs)));
            assert_eq!(figures(3), expected(rows, cell, None, |_| 1));
        }
    }

    fn rows() -> impl Strategy<Value = Vec<Row>> {
        prop::collection::vec((0u32..4, 0u32..12, prop::option::of(0i64..250)), 0..60)
    }

    proptest! {
        #[test]
        fn any_order_and_any_batches_count_the_same(rows in rows(), batch in 1usize..20) {
            check(&rows, &tally(&rows, batch).finish().unwrap());
            let mut sorted = rows.clone();
            sorted.sort_by_key(|r| r.1);
            check(&rows, &tally(&sorted, batch).finish().unwrap());
        }

        #[test]
        fn merged_tallies_count_as_one(left in rows(), right in rows(), sorted: bool) {
            let (mut a, mut b) = (left.clone(), right.clone());
            if sorted {
                a.sort_by_key(|r| r.1);
                b.sort_by_key(|r| r.1);
            }
            let all: Vec<Row> = left.into_iter().chain(right).collect();
            check(&all, &tally(&a, 7).merge(tally(&b, 7)).unwrap().finish().unwrap());
        }
    }

    #[test]
    fn a_large_disordered_cell_is_merged_on_the_way() {
        let mut tally =
            Tally::new(&domain(), &[Measure::people("people"), Measure::rows("rows", None).unwrap()]).unwrap();
        let persons: Vec<u32> = (0..1000u32).rev().collect();
        for _ in 0..300 {
            tally.add(&[0; 1000], &persons, &[]).unwrap();
        }
        assert!(tally.cells[0].persons.len() <= 2 * COMPACT_AT);
        let raw = tally.finish().unwrap();
        assert_eq!((raw.people[0].len(), raw.amounts[1][0].total, raw.amounts[1][0].top), (1000, 300_000, [300, 300]));
    }

    #[test]
    fn bad_batches_are_refused_without_values() {
        let new = || Tally::new(&domain(), &measures()).unwrap();
        assert_eq!(new().add(&[0], &[1], &[Column::Full(&[-1])]), Err(TallyError::Negative));
        assert_eq!(new().add(&[0], &[1], &[]), Err(TallyError::Columns));
        assert_eq!(new().add(&[0], &[1, 2], &[Column::Full(&[1])]), Err(TallyError::Columns));
        assert_eq!(new().add(&[3], &[1], &[Column::Full(&[1])]), Err(TallyError::NoSuchCell));
        let mut huge = new();
        huge.add(&[0], &[1], &[Column::Full(&[i64::MAX])]).unwrap();
        huge.add(&[0], &[1], &[Column::Full(&[i64::MAX])]).unwrap();
        assert_eq!(huge.add(&[0], &[1], &[Column::Full(&[i64::MAX])]), Err(TallyError::TooLarge));
        let other = Tally::new(&domain(), &[Measure::people("people")]).unwrap();
        assert!(matches!(new().merge(other), Err(TallyError::Shape)));
        assert!(matches!(Tally::new(&domain(), &[]), Err(TallyError::Measures(_))));
    }
}
