//! Shares, changes, means and medians, each with its bounds.

use std::io::{self, Write};

use comfy_table::CellAlignment;
use wire::{Answer, AnswerGroup, CombinedFigure};

use super::number::{bounds, grouped_decimal};
use super::style::Style;
use super::text::plain;

/// Writes the figures of a group, if it has any.
pub(super) fn write(answer: &Answer, group: &AnswerGroup, out: &mut impl Write, style: Style) -> io::Result<()> {
    if group.figures.is_empty() {
        return Ok(());
    }
    let mut table = style.table();
    table.set_header(["figure", "of", "central", "bounds", "unit"]);
    for figure in &group.figures {
        table.add_row([
            plain(&figure.title),
            plain(&levels(answer, figure)),
            central(figure),
            bounds(figure.low.as_deref().map(grouped_decimal), figure.high.as_deref().map(grouped_decimal)),
            plain(&figure.unit),
        ]);
    }
    for column in [2, 3] {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    writeln!(out, "{table}")
}

fn central(figure: &CombinedFigure) -> String {
    figure.central.as_deref().map_or_else(|| "-".to_owned(), grouped_decimal)
}

fn levels(answer: &Answer, figure: &CombinedFigure) -> String {
    let named = answer.dimensions.iter().zip(&figure.levels);
    let kept: Vec<String> =
        named.filter_map(|(dimension, level)| Some(format!("{} {}", dimension.name, level.as_deref()?))).collect();
    if kept.is_empty() { "all".to_owned() } else { kept.join(", ") }
}
