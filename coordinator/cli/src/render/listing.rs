//! Lists of templates and runs.

use std::io::{self, Write};

use super::csv::{line, text};
use super::style::Style;
use super::text::plain;

/// A list: the names of its columns, and one text per column in each row.
pub(crate) struct Listed<'a> {
    pub(crate) columns: &'a [&'a str],
    pub(crate) rows: Vec<Vec<String>>,
}

/// Writes a list for people.
pub(crate) fn table_list(list: &Listed<'_>, out: &mut impl Write, style: Style) -> io::Result<()> {
    let mut table = style.table();
    table.set_header(list.columns);
    for row in &list.rows {
        table.add_row(row.iter().map(|field| plain(field)));
    }
    writeln!(out, "{table}")?;
    out.flush()
}

/// Writes a list as CSV.
pub(crate) fn csv_list(list: &Listed<'_>, out: &mut impl Write) -> io::Result<()> {
    line(out, list.columns.iter().map(|column| text(column)))?;
    for row in &list.rows {
        line(out, row.iter().map(|field| text(field)))?;
    }
    out.flush()
}
