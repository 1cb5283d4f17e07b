//! How answers are printed. What must never happen is held here, in one place for every format: a figure without its
//! bounds, a hidden cell that reads as nought, a missing site that is not named.
//!
//! # Columns of CSV and Parquet
//!
//! One row per combined cell, in the answer's order, with these columns:
//!
//! | column | what it holds |
//! |--------|---------------|
//! | `run`, `revision` | the answer that the row is of |
//! | `group` | `all`, or a kind of provider |
//! | one per dimension | its level, or `(total)`; named as the dimension, with `dimension.` before it where that is the name of another column here |
//! | `measure`, `unit` | what is counted or summed, and in what |
//! | `central` | a figure to plot; empty where there is none |
//! | `low`, `high` | the truth over the answering sites lies from `low` to `high`; an empty `high` is open |
//! | `state` | `bounded`; `not_covered`: no answering site holds data for it; `too_few_sites`: the one row of a group that has no figures |
//! | `sites_shown`, `sites_zero`, `sites_suppressed`, `sites_withheld`, `sites_not_covered`, `sites_refused`, `sites_failed`, `sites_waiting` | how many sites of the group say what |
//!
//! Only a `bounded` row has numbers. A declared level `(total)` is written `'(total)`. CSV writes a `'` before text that
//! a spreadsheet would take for a formula. In Parquet what is empty is null, numbers are unsigned 64-bit integers, and
//! numbers of sites unsigned 32-bit integers.

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
