//! From a batch of contributions to the tally: cells, persons, amounts.

use arrow::array::{Array, AsArray as _, Date32Array, PrimitiveArray, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Date32Type, Decimal128Type, Int64Type, Schema, UInt32Type};
use disclosure::{Column, HUNDREDTHS, NO_CELL, Tally};
use plan::model::PERSON_ID;

use super::levels::{LevelMap, NO_LEVEL};
use super::{EngineError, Question, contribution};

/// How the columns of contributions are read.
pub(super) struct Batches {
    person: usize,
    dimensions: Vec<Axis>,
    sums: Vec<Amounts>,
    covered: Vec<bool>,
}

struct Axis {
    column: usize,
    levels: u32,
    map: LevelMap,
}

struct Amounts {
    column: usize,
    kind: AmountKind,
    /// The most that one person counts for, in hundredths.
    most: i64,
}

#[derive(Clone, Copy)]
enum AmountKind {
    /// Whole units.
    Whole,
    /// Hundredths of the unit.
    Hundredths,
}

enum Values {
    Full(Vec<i64>),
    Gaps(Vec<Option<i64>>),
}

impl Batches {
    /// How to read contributions of this schema; `None` where it is not the declared one.
    pub(super) fn new(question: &Question<'_>, schema: &Schema) -> Option<Self> {
        let column = |name: &str, fits: fn(&DataType) -> bool| {
            schema.index_of(name).ok().filter(|&index| fits(schema.field(index).data_type()))
        };
        let query = question.query;
        let template = query.template();
        let axes = template.dimensions.iter().zip(query.levels()).zip(query.domain().dimensions());
        let dimensions = axes.map(|((dimension, bound), declared)| {
            let map = LevelMap::of(bound)?;
            let column = match map {
                LevelMap::List(_) => column(&dimension.name, |found| *found == DataType::Utf8)?,
                LevelMap::Periods(_) => column(&dimension.name, |found| *found == DataType::Date32)?,
            };
            Some(Axis { column, levels: u32::try_from(declared.levels.len()).ok()?, map })
        });
        let sums = template.measures.iter().filter_map(|measure| Some((measure, measure.column.as_deref()?)));
        let sums = sums.map(|(measure, name)| {
            let column = column(name, |found| matches!(found, DataType::Int64 | DataType::Decimal128(_, 2)))?;
            let kind = match schema.field(column).data_type() {
                DataType::Int64 => AmountKind::Whole,
                _ => AmountKind::Hundredths,
            };
            let most = measure.measure.at_most_per_person()?.checked_mul(HUNDREDTHS)?;
            Some(Amounts { column, kind, most: i64::try_from(most).ok()? })
        });
        Some(Self {
            person: column(PERSON_ID, |found| *found == DataType::UInt32)?,
            dimensions: dimensions.collect::<Option<_>>()?,
            sums: sums.collect::<Option<_>>()?,
            covered: question.covered.to_vec(),
        })
    }

    /// Adds a batch to the tally.
    pub(super) fn add(&self, batch: &RecordBatch, tally: &mut Tally) -> Result<(), EngineError> {
        let persons = batch.column(self.person).as_primitive::<UInt32Type>();
        if persons.null_count() > 0 {
            return Err(EngineError::Other);
        }
        let cells = self.cells(batch);
        let values: Vec<Values> = self.sums.iter().map(|sum| sum.values(batch)).collect();
        let columns: Vec<Column<'_>> = values
            .iter()
            .map(|values| match values {
                Values::Full(values) => Column::Full(values),
                Values::Gaps(values) => Column::Gaps(values),
            })
            .collect();
        tally.add(&cells, persons.values(), &columns).map_err(contribution)
    }

    /// Per row the inner cell, row-major over the dimensions; outside the levels or what is covered, none.
    fn cells(&self, batch: &RecordBatch) -> Vec<u32> {
        let mut cells = vec![0; batch.num_rows()];
        for axis in &self.dimensions {
            let column = batch.column(axis.column);
            match &axis.map {
                LevelMap::List(labels) => {
                    let column: &StringArray = column.as_string();
                    let level = |row: usize| match column.is_null(row) {
                        true => labels.missing(),
                        false => labels.level(column.value(row).as_bytes()),
                    };
                    axis.place(&mut cells, level);
                }
                LevelMap::Periods(periods) => {
                    let column: &Date32Array = column.as_primitive::<Date32Type>();
                    let days = column.values();
                    if column.null_count() == 0 {
                        axis.place(&mut cells, |row| days.get(row).map_or(NO_LEVEL, |&day| periods.level(day)));
                    } else {
                        let level = |row| if column.is_null(row) { NO_LEVEL } else { periods.level(column.value(row)) };
                        axis.place(&mut cells, level);
                    }
                }
            }
        }
        for cell in &mut cells {
            if !self.covered.get(*cell as usize).copied().unwrap_or(false) {
                *cell = NO_CELL;
            }
        }
        cells
    }
}

impl Axis {
    /// Moves each row's cell on by its level in this dimension.
    fn place(&self, cells: &mut [u32], level: impl Fn(usize) -> u32) {
        for (row, cell) in cells.iter_mut().enumerate() {
            if *cell == NO_CELL {
                continue;
            }
            *cell = match level(row) {
                NO_LEVEL => NO_CELL,
                // The domain's cells number at most twenty thousand.
                level => *cell * self.levels + level,
            };
        }
    }
}

impl Amounts {
    /// The column's amounts in hundredths.
    ///
    /// INVARIANT: every amount that SQL can compute becomes one that can be added up, between nought and what one person
    /// counts for at most. Were a row refused for its amount, the refusal would tell that there is such a row.
    fn values(&self, batch: &RecordBatch) -> Values {
        let column = batch.column(self.column);
        match self.kind {
            AmountKind::Whole => {
                let scale = i64::try_from(HUNDREDTHS).unwrap_or(i64::MAX);
                values(column.as_primitive::<Int64Type>(), |units| units.saturating_mul(scale).clamp(0, self.most))
            }
            AmountKind::Hundredths => values(column.as_primitive::<Decimal128Type>(), |hundredths| {
                i64::try_from(hundredths.clamp(0, i128::from(self.most))).unwrap_or(self.most)
            }),
        }
    }
}

fn values<T: arrow::datatypes::ArrowPrimitiveType>(
    column: &PrimitiveArray<T>,
    hundredths: impl Fn(T::Native) -> i64,
) -> Values {
    if column.null_count() == 0 {
        return Values::Full(column.values().iter().map(|&value| hundredths(value)).collect());
    }
    Values::Gaps(column.iter().map(|value| value.map(&hundredths)).collect())
}
