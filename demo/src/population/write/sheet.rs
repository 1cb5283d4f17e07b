//! One table on its way to its file: columns by name, in the order and types of core-1.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, Int32Array, StringArray, TimestampMicrosecondArray,
    new_null_array,
};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::record_batch::RecordBatch;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::Compression;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;
use plan::model::{self, Role};

use crate::population::calendar::date32;

/// Rows that are turned into columns at a time.
const BLOCK_ROWS: usize = 32_768;
/// Microseconds of a day.
const DAY_US: i64 = 86_400_000_000;

/// The tables of one provider's folder.
pub(super) struct Tables {
    folder: PathBuf,
    rows: u64,
}

impl Tables {
    pub fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), rows: 0 }
    }

    /// Rows written so far.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Writes the rows as the table `name`. `fill` sets the columns of a block of rows; the second argument is the
    /// position of its first row in the table. Nullable columns that it leaves out are null.
    pub fn write<T>(&mut self, name: &str, rows: &[T], fill: impl Fn(&[T], usize, &mut Sheet)) -> anyhow::Result<()> {
        self.write_wider(name, &[], rows, fill)
    }

    /// [`Self::write`] with more columns of text than core-1 has.
    pub fn write_wider<T>(
        &mut self,
        name: &str,
        more: &[&str],
        rows: &[T],
        fill: impl Fn(&[T], usize, &mut Sheet),
    ) -> anyhow::Result<()> {
        let table = model::table(name).context("not a table of core-1")?;
        let more = more.iter().map(|name| Arc::new(Field::new(*name, DataType::Utf8, true)));
        let fields: Vec<_> = table.source_schema().fields().iter().cloned().chain(more).collect();
        let schema: SchemaRef = Arc::new(Schema::new(fields));
        let file = File::create(self.folder.join(format!("{name}.parquet")))?;
        // Snappy and no statistics: nodes read whole files once.
        let mut properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_statistics_enabled(EnabledStatistics::None);
        for column in table.columns.iter().filter(|column| column.role == Role::RecordKey) {
            // Every key is new, so a dictionary of them would only be built to be thrown away.
            properties = properties.set_column_dictionary_enabled(ColumnPath::from(column.name), false);
        }
        let options = ArrowWriterOptions::new().with_properties(properties.build()).with_skip_arrow_metadata(true);
        let mut writer = ArrowWriter::try_new_with_options(file, Arc::clone(&schema), options)?;
        for (block, start) in rows.chunks(BLOCK_ROWS).zip((0..).step_by(BLOCK_ROWS)) {
            let mut sheet = Sheet { schema: Arc::clone(&schema), columns: vec![None; schema.fields().len()] };
            fill(block, start, &mut sheet);
            writer.write(&sheet.finish(block.len())?)?;
        }
        writer.close()?;
        self.rows += rows.len() as u64;
        Ok(())
    }
}

/// A block of rows, column by column.
pub(super) struct Sheet {
    schema: SchemaRef,
    columns: Vec<Option<ArrayRef>>,
}

impl Sheet {
    /// Sets a column of text that is always there.
    pub fn text<S: AsRef<str>>(&mut self, name: &str, values: impl Iterator<Item = S>) {
        self.set(name, Arc::new(StringArray::from_iter_values(values)));
    }

    /// Sets a column of text that is missing in some rows.
    pub fn some_text<S: AsRef<str>>(&mut self, name: &str, values: impl Iterator<Item = Option<S>>) {
        self.set(name, Arc::new(values.collect::<StringArray>()));
    }

    /// Sets a column of dates by days of the window.
    pub fn days(&mut self, name: &str, days: impl Iterator<Item = u16>) {
        self.set(name, Arc::new(Date32Array::from_iter_values(days.map(date32))));
    }

    /// Sets a column of dates by days since 1970-01-01, missing in some rows.
    pub fn some_dates(&mut self, name: &str, dates: impl Iterator<Item = Option<i32>>) {
        self.set(name, Arc::new(dates.collect::<Date32Array>()));
    }

    /// Sets a column of dates by days since 1970-01-01.
    pub fn dates(&mut self, name: &str, dates: impl Iterator<Item = i32>) {
        self.set(name, Arc::new(Date32Array::from_iter_values(dates)));
    }

    /// Sets a column of times by day of the window and second of the day.
    pub fn times(&mut self, name: &str, times: impl Iterator<Item = (u16, u32)>) {
        let times = times.map(|(day, second)| i64::from(date32(day)) * DAY_US + i64::from(second) * 1_000_000);
        self.set(name, Arc::new(TimestampMicrosecondArray::from_iter_values(times)));
    }

    /// Sets a column of money by pence.
    pub fn pence(&mut self, name: &str, pence: impl Iterator<Item = u32>) {
        let values = Decimal128Array::from_iter_values(pence.map(i128::from));
        // core-1's money is Decimal128(12, 2); a u32 of pence has at most ten digits, so this cannot fail.
        if let Ok(values) = values.with_precision_and_scale(12, 2) {
            self.set(name, Arc::new(values));
        }
    }

    /// Sets a column of whole numbers.
    pub fn numbers(&mut self, name: &str, values: impl Iterator<Item = i32>) {
        self.set(name, Arc::new(Int32Array::from_iter_values(values)));
    }

    /// Sets a column of yes and no.
    pub fn flags(&mut self, name: &str, values: impl Iterator<Item = bool>) {
        self.set(name, Arc::new(BooleanArray::from_iter(values.map(Some))));
    }

    /// Sets a column of any type.
    pub fn set(&mut self, name: &str, values: ArrayRef) {
        // A name that core-1 does not know leaves the column out, which `finish` or the tests find.
        debug_assert!(self.schema.index_of(name).is_ok(), "core-1 has no column `{name}` here");
        if let Ok(index) = self.schema.index_of(name) {
            self.columns[index] = Some(values);
        }
    }

    fn finish(self, rows: usize) -> anyhow::Result<RecordBatch> {
        let fields = self.schema.fields().iter();
        let columns = self.columns.into_iter().zip(fields).map(|(column, field)| match column {
            Some(values) => values,
            None => new_null_array(field.data_type(), rows),
        });
        let columns = columns.collect();
        Ok(RecordBatch::try_new(self.schema, columns)?)
    }
}

/// Short ASCII text without an allocation of its own.
#[derive(Clone, Copy)]
pub(super) struct Text<const N: usize>(pub [u8; N]);

impl<const N: usize> AsRef<str> for Text<N> {
    fn as_ref(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

/// The key of a row: a letter for the table and the row's position in it.
pub(super) fn key(letter: u8, position: usize) -> Text<9> {
    let mut text = [b'0'; 9];
    text[0] = letter;
    let mut left = position;
    for digit in text[1..].iter_mut().rev() {
        *digit = b'0' + (left % 10) as u8;
        left /= 10;
    }
    Text(text)
}
