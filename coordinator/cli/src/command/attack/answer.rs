//! An answer of this region: combined cells with their bounds. Hidden is what some site hides.

use std::collections::BTreeMap;

use disclosure::{FigureId, Interval};
use wire::{Answer, AnswerDimension, CellState, CombinedCell, Counted, PeoplePer};

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
            add_up(&mut table, &answer, &figures, measure.counted);
        }
    }
    Ok(table)
}

/// Every total over the cells that differ from it in one dimension: over its levels, over each grouping's groups, and each
/// group over its levels. People who may come under several levels make a union.
fn add_up(table: &mut Table, answer: &Answer, figures: &BTreeMap<&[Option<String>], FigureId>, counted: Counted) {
    for (&levels, &total) in figures {
        for (place, dimension) in answer.dimensions.iter().enumerate() {
            let distinct = counted != Counted::PerRecord && dimension.people != Some(PeoplePer::OneLevel);
            for members in members(dimension, levels[place].as_deref()) {
                let part = |level: &&String| {
                    let mut levels = levels.to_vec();
                    levels[place] = Some((*level).clone());
                    figures.get(levels.as_slice()).copied()
                };
                if let Some(parts) = members.iter().map(part).collect::<Option<Vec<_>>>() {
                    table.add_up(total, parts, distinct);
                }
            }
        }
    }
}

/// The ways in which a total over a dimension, or a group of its levels, is made up of others.
fn members<'a>(dimension: &'a AnswerDimension, level: Option<&str>) -> Vec<Vec<&'a String>> {
    let groups = dimension.groupings.iter().map(|grouping| &grouping.groups);
    match level {
        None => {
            let of_groups = groups.map(|groups| groups.iter().map(|group| &group.label).collect());
            of_groups.chain([dimension.levels.iter().collect()]).collect()
        }
        Some(label) => {
            let group = groups.flatten().find(|group| group.label == label);
            // A group of one level may carry its name.
            group
                .filter(|group| group.levels != [label])
                .map(|group| group.levels.iter().collect())
                .into_iter()
                .collect()
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
