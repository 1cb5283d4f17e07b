//! An answer of this region: combined cells with their bounds. Hidden is what some site hides.

use std::collections::BTreeMap;

use disclosure::{FigureId, Interval};
use wire::{Answer, CellState, CombinedCell};

use super::{Attacked, Table};

/// What an answer says, or why it cannot be read.
pub(super) fn table(text: &str) -> Result<Table, String> {
    let answer: Answer = serde_json::from_str(text).map_err(|error| {
        format!(
            "this JSON is no answer (line {}): give what `tallyward result RUN --format json` writes, or a CSV file",
            error.line()
        )
    })?;
    let mut table = Table::default();
    for (place, group) in answer.groups.iter().enumerate() {
        for measure in &answer.measures {
            let mut figures: BTreeMap<&[Option<String>], FigureId> = BTreeMap::new();
            for cell in group.cells.iter().filter(|cell| cell.measure == measure.name) {
                let label = label(&answer, place, cell);
                let hidden = cell.sites.suppressed + cell.sites.withheld > 0 && cell.state == CellState::Bounded;
                let said = match cell.state {
                    CellState::Bounded => Interval { low: cell.low, high: cell.high },
                    CellState::NotCovered => Interval { low: 0, high: Some(0) },
                    // Nothing is said of it.
                    CellState::TooFewSites => Interval { low: 0, high: None },
                };
                let attacked = if hidden { Attacked::Yes } else { Attacked::No };
                if figures.insert(&cell.levels, table.figure(label, said, attacked)).is_some() {
                    return Err("the answer says a cell twice".to_owned());
                }
            }
            add_up(&mut table, &answer, &figures, measure.unit == "people");
        }
    }
    Ok(table)
}

/// Every total over the cells that differ from it in one dimension. Of people it is a union: they may come under several
/// levels, and the answer does not say of which dimensions they do.
fn add_up(table: &mut Table, answer: &Answer, figures: &BTreeMap<&[Option<String>], FigureId>, distinct: bool) {
    for (&levels, &total) in figures {
        for (place, dimension) in answer.dimensions.iter().enumerate().filter(|&(place, _)| levels[place].is_none()) {
            let part = |level: &String| {
                let mut levels = levels.to_vec();
                levels[place] = Some(level.clone());
                figures.get(levels.as_slice()).copied()
            };
            if let Some(parts) = dimension.levels.iter().map(part).collect::<Option<Vec<_>>>() {
                table.add_up(total, parts, distinct);
            }
        }
    }
}

fn label(answer: &Answer, group: usize, cell: &CombinedCell) -> Vec<String> {
    let mut label = vec![cell.measure.clone()];
    if answer.groups.len() > 1 {
        label.push(format!("group {}", group + 1));
    }
    let levels = answer.dimensions.iter().zip(&cell.levels);
    label.extend(levels.map(|(d, level)| format!("{} {}", d.name, level.as_deref().unwrap_or("total"))));
    label
}
