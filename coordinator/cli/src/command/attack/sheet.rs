//! A table as CSV: columns of dimensions, one of values, totals marked by a word.

use std::collections::{BTreeMap, BTreeSet};

use disclosure::{FigureId, Interval};

use super::hierarchy::Hierarchy;
use super::{Attacked, Rule, Table};
use crate::arguments::{HiddenMeans, ZerosSaid};

/// The most cells, those that follow from the columns and are not in the file among them.
const MAX_CELLS: usize = 100_000;
/// The largest figure.
const MAX_FIGURE: u64 = 1 << 40;

/// A cell's levels, column by column; none for a total over the column.
type Key = Vec<Option<String>>;

/// What a sheet says, or why it cannot be read. `public` is another sheet of the same columns, of exact figures; `levels`
/// says which levels of a column lie under others.
pub(super) fn table(
    text: &str,
    public: Option<&str>,
    levels: Option<&str>,
    rule: Rule,
    value: Option<&str>,
    totals: &[String],
) -> Result<Table, String> {
    if rule.threshold < 2 || rule.base == 0 {
        return Err("a threshold is at least 2, and a base at least 1 (1 means exact figures)".to_owned());
    }
    let sheet = Sheet::parse(text, value, totals)?;
    let hierarchy = Hierarchy::parse(levels, &sheet.columns).map_err(|words| format!("levels: {words}"))?;
    let mut table = Table::default();
    let mut figures: BTreeMap<Key, FigureId> = BTreeMap::new();
    for (key, (line, text)) in &sheet.cells {
        let (said, attacked) = rule.said(text).map_err(|words| format!("line {line}: {words}"))?;
        figures.insert(key.clone(), table.figure(sheet.label(key), said, attacked));
    }
    if let Some(public) = public {
        let exact = Rule { base: 1, ..rule };
        let known = Sheet::parse(public, value, totals).map_err(|words| format!("public totals: {words}"))?;
        if known.columns != sheet.columns {
            return Err("public totals: the columns are not those of the table".to_owned());
        }
        for (key, (line, text)) in &known.cells {
            let (said, _) = exact.said(text).map_err(|words| format!("public totals, line {line}: {words}"))?;
            match figures.get(key) {
                Some(&figure) => table.revealed.learn(figure, said),
                None => {
                    figures.insert(key.clone(), table.figure(sheet.label(key), said, Attacked::No));
                }
            }
        }
    }
    add_up(&mut table, &sheet, &hierarchy, figures)?;
    Ok(table)
}

/// Every total over the next finer cells that the sheet has some of, by how deep the levels lie in each column. A cell that
/// is not in it is not known.
fn add_up(
    table: &mut Table,
    sheet: &Sheet,
    hierarchy: &Hierarchy,
    mut figures: BTreeMap<Key, FigureId>,
) -> Result<(), String> {
    let depths = |key: &Key| -> Vec<usize> {
        key.iter().enumerate().map(|(column, level)| hierarchy.depth(column, level.as_ref())).collect()
    };
    let patterns: BTreeSet<Vec<usize>> = figures.keys().map(depths).collect();
    let finer = |one: &[usize], other: &[usize]| one != other && one.iter().zip(other).all(|(one, other)| one <= other);
    let coarser: Vec<Key> = figures.keys().cloned().collect();
    for key in coarser {
        let own = depths(&key);
        for pattern in patterns.iter().filter(|pattern| finer(&own, pattern)) {
            if patterns.iter().any(|between| finer(&own, between) && finer(between, pattern)) {
                continue;
            }
            let mut keys = vec![key.clone()];
            for column in (0..own.len()).filter(|&column| pattern[column] > own[column]) {
                let levels = hierarchy.under(column, key[column].as_ref(), pattern[column], &sheet.levels[column]);
                let with = |key: &Key, level: &String| {
                    let mut key = key.clone();
                    key[column] = Some(level.clone());
                    key
                };
                keys = keys.iter().flat_map(|key| levels.iter().map(|level| with(key, level))).collect();
                if keys.len() > MAX_CELLS {
                    return Err(format!("the columns have more than {MAX_CELLS} combinations: give a smaller table"));
                }
            }
            // A level that goes no deeper is no total of itself.
            if keys == [key.clone()] {
                continue;
            }
            let mut parts = Vec::new();
            for key in keys {
                let part = match figures.get(&key) {
                    Some(&part) => part,
                    None if figures.len() >= MAX_CELLS => {
                        return Err(format!("the table has more than {MAX_CELLS} cells: give a smaller one"));
                    }
                    None => {
                        let part = table.figure(sheet.label(&key), Interval { low: 0, high: None }, Attacked::No);
                        figures.insert(key, part);
                        part
                    }
                };
                parts.push(part);
            }
            let total = figures[&key];
            table.add_up(total, parts, false);
        }
    }
    Ok(())
}

impl Rule {
    /// What a value says: a number on the grid, `*`, a range, or nothing.
    fn said(self, text: &str) -> Result<(Interval, Attacked), String> {
        let number = |text: &str| {
            let digits = text.replace([',', ' '], "");
            digits.parse::<u64>().ok().filter(|&n| n <= MAX_FIGURE)
        };
        let text = text.trim();
        if text.is_empty() {
            return Ok((Interval { low: 0, high: None }, Attacked::No));
        }
        if text == "*" {
            let low = u64::from(self.zeros == ZerosSaid::Shown);
            return Ok(match self.hidden {
                HiddenMeans::Few => (Interval { low, high: Some(self.threshold - 1) }, Attacked::Yes),
                HiddenMeans::Anything => (Interval { low: 0, high: None }, Attacked::Yes),
            });
        }
        if let Some((low, high)) = text.split_once(['-', '–']) {
            let (low, high) = (number(low), number(high));
            return match (low, high) {
                (Some(low), Some(high)) if low <= high => Ok((Interval { low, high: Some(high) }, Attacked::No)),
                _ => Err(format!("`{text}` is no range: write it as 18-22")),
            };
        }
        let value = number(text)
            .ok_or_else(|| format!("`{text}` is no figure: write a whole number, *, a range as 18-22, or nothing"))?;
        if !value.is_multiple_of(self.base) {
            return Err(format!("{value} is no multiple of {}: say how figures are rounded with --base", self.base));
        }
        if value == 0 || self.base == 1 {
            return Ok((Interval { low: value, high: Some(value) }, Attacked::No));
        }
        let low = value - (self.base / 2).min(value);
        let high = value + self.base - self.base / 2 - 1;
        // Where small figures are hidden, a shown one is not small.
        let low = if self.hidden == HiddenMeans::Few { low.max(self.threshold).min(high) } else { low };
        Ok((Interval { low, high: Some(high) }, Attacked::No))
    }
}

/// A sheet's cells.
struct Sheet {
    columns: Vec<String>,
    /// Per column its levels, totals aside.
    levels: Vec<BTreeSet<String>>,
    /// Per key the line and the value.
    cells: BTreeMap<Key, (usize, String)>,
}

impl Sheet {
    fn parse(text: &str, value: Option<&str>, totals: &[String]) -> Result<Self, String> {
        let mut lines = rows(text)?.into_iter();
        let (_, head) = lines.next().ok_or("the file is empty: give a table with a header line")?;
        let place = match value {
            Some(name) => head
                .iter()
                .position(|column| column == name)
                .ok_or_else(|| format!("there is no column `{name}`: the columns are {}", head.join(", ")))?,
            None => head.len() - 1,
        };
        let columns: Vec<String> =
            head.iter().enumerate().filter(|&(column, _)| column != place).map(|(_, name)| name.clone()).collect();
        if columns.is_empty() {
            return Err(
                "line 1: there must be a column beside the values: is this file separated by commas?".to_owned()
            );
        }
        let is_total = |level: &str| {
            let level = level.trim();
            totals.iter().any(|total| total == level)
                || totals.is_empty() && ["total", "all"].iter().any(|word| level.eq_ignore_ascii_case(word))
        };
        let mut sheet = Self { levels: vec![BTreeSet::new(); columns.len()], columns, cells: BTreeMap::new() };
        for (line_number, mut row) in lines {
            if row.len() != head.len() {
                return Err(format!("line {line_number}: {} fields, where the header has {}", row.len(), head.len()));
            }
            let value = row.remove(place);
            let key: Key = row.iter().map(|level| (!is_total(level)).then(|| level.trim().to_owned())).collect();
            for (levels, level) in sheet.levels.iter_mut().zip(&key) {
                levels.extend(level.clone());
            }
            if let Some((before, _)) = sheet.cells.insert(key, (line_number, value)) {
                return Err(format!("line {line_number}: the cell of line {before} again"));
            }
            if sheet.cells.len() > MAX_CELLS {
                return Err(format!("the table has more than {MAX_CELLS} cells: give a smaller one"));
            }
        }
        if sheet.cells.is_empty() {
            return Err("there is nothing below the header line".to_owned());
        }
        Ok(sheet)
    }

    fn label(&self, key: &Key) -> Vec<String> {
        let level =
            |(column, level): (&String, &Option<String>)| format!("{column} {}", level.as_deref().unwrap_or("total"));
        self.columns.iter().zip(key).map(level).collect()
    }
}

/// The lines of a file that hold anything, counted from 1, as fields.
pub(super) fn rows(text: &str) -> Result<Vec<(usize, Vec<String>)>, String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(number, line)| {
            let fields = fields(line).ok_or_else(|| format!("line {}: a quote is not closed", number + 1))?;
            Ok((number + 1, fields))
        })
        .collect()
}

/// The fields of a line; quotes may hold commas and doubled quotes. `None` where a quote is not closed.
fn fields(line: &str) -> Option<Vec<String>> {
    let mut fields = vec![String::new()];
    let mut quoted = false;
    let mut letters = line.chars().peekable();
    while let Some(letter) = letters.next() {
        match (letter, quoted) {
            ('"', true) if letters.peek() == Some(&'"') => {
                letters.next();
                fields.last_mut()?.push('"');
            }
            ('"', _) => quoted = !quoted,
            (',', false) => fields.push(String::new()),
            (letter, _) => fields.last_mut()?.push(letter),
        }
    }
    (!quoted).then(|| fields.into_iter().map(|field| field.trim().to_owned()).collect())
}
