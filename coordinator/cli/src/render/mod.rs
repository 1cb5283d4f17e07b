//! How answers are printed. What must never happen is held here, in one place for every format: a figure without its
//! bounds, a hidden cell that reads as nought, a missing site that is not named.

mod csv;
mod explanation;
mod figures;
mod json;
mod listing;
mod number;
mod parquet;
mod rows;
mod sites;
mod style;
mod table;
mod text;

use clap::ValueEnum;

// The public interface is:
pub use self::csv::render_csv;
pub use self::explanation::render_explanation;
pub use self::json::render_json;
pub use self::parquet::render_parquet;
pub use self::style::{Charset, Emphasis, Style};
pub use self::table::{render_summary, render_table};

pub(crate) use self::listing::{Listed, csv_list, table_list};
pub(crate) use self::text::{minute, plain, plain_lines};

/// A way to write an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people: cells, figures, sites and notes
    Table,
    /// For spreadsheets: one row per cell, stable columns
    Csv,
    /// For programs: the whole answer
    Json,
    /// For data tools: the CSV's columns, typed
    Parquet,
}
