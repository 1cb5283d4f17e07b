//! How answers are printed. What must never happen is held here, in one place for every format: a figure without its
//! bounds, a hidden cell that reads as nought, a missing site that is not named.
//!
//! # Columns of CSV and Parquet
//!
//! Group by group one row per combined cell, in the answer's order, and then one per figure that follows from them,
//! with these columns:
//!
//! | column | what it holds |
//! |--------|---------------|
//! | `run`, `revision` | the answer that the row is of |
//! | `group` | `all`, a kind of provider, or a provider's code |
//! | one per dimension | its level, or `(total)`; named as the dimension, with `dimension.` before it where that is the name of another column here |
//! | `measure`, `unit` | what is counted or summed, and in what; a figure has a unit and no measure |
//! | `counted` | `once-per-person`; `once-per-provider`: a person known to several providers is in the figure several times; `per-record`: what is counted or summed belongs to one provider |
//! | `central` | a figure to plot; empty where there is none |
//! | `low`, `high` | the truth over the answering sites lies from `low` to `high`; an empty `high` is open |
//! | `state` | `bounded`; `not_covered`: no answering site holds data for it; `too_few_sites`: the one row of a group that has no figures; `no_value`: a figure that cannot be told |
//! | `sites_shown`, `sites_zero`, `sites_suppressed`, `sites_withheld`, `sites_not_covered`, `sites_refused`, `sites_failed`, `sites_waiting` | how many sites of the group say what |
//! | `because_already_public`, `because_below_threshold`, `because_few_or_dominated`, `because_near_suppressed`, `because_outside_coverage` | how many sites that released do not say the figure for which reason, as far as their releases tell anybody |
//! | `figure`, `figure_kind` | a figure's name, and `change`, `mean`, `median`, `quantile`, `rate`, `share` or `standardised-rate` |
//! | `figure_central`, `figure_low`, `figure_high` | a figure to plot and its bounds, decimals; empty where nothing bounds it |
//! | `figure_sites`, `figure_left_out` | how many sites take part in the figure, and how many released but are left out |
//!
//! Only a `bounded` row has numbers; that of a cell in `central`, `low` and `high`, that of a figure in the columns of
//! figures. A declared level `(total)` is written `'(total)`. CSV writes a `'` before text that
//! a spreadsheet would take for a formula. In Parquet what is empty is null, numbers are unsigned 64-bit integers,
//! numbers of sites unsigned 32-bit integers, and figures decimals of 38 digits, two of them after the point.

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
