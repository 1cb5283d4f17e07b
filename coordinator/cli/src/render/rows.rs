//! The cells and figures of an answer as flat rows: what CSV and Parquet share. The room's own documentation lists the columns.

use std::borrow::Cow;

use wire::{Answer, AnswerGroup, CellState, CombinedCell, CombinedFigure, Counted, GroupState, SiteCounts};

/// The level of a total over a dimension. A declared level of that very name is written with a `'` before it.
pub(crate) const TOTAL: &str = "(total)";

/// The columns before the dimensions.
pub(crate) const BEFORE: [&str; 3] = ["run", "revision", "group"];
/// The columns after the dimensions up to the numbers of sites.
pub(crate) const AFTER: [&str; 7] = ["measure", "unit", "counted", "central", "low", "high", "state"];
/// The columns of the numbers of sites.
pub(crate) const SITES: [&str; 8] = [
    "sites_shown",
    "sites_zero",
    "sites_suppressed",
    "sites_withheld",
    "sites_not_covered",
    "sites_refused",
    "sites_failed",
    "sites_waiting",
];

/// The columns of why sites say no figure, in the order of the reasons.
pub(crate) const REASONS: [&str; 5] = [
    "because_already_public",
    "because_below_threshold",
    "because_few_or_dominated",
    "because_near_suppressed",
    "because_outside_coverage",
];

/// The columns of the figures that follow from the cells.
pub(crate) const FIGURE: [&str; 7] =
    ["figure", "figure_kind", "figure_central", "figure_low", "figure_high", "figure_sites", "figure_left_out"];

/// One row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row<'a> {
    pub(crate) group: &'a str,
    /// One per dimension; none on the row of a group without figures.
    pub(crate) levels: Vec<Option<Cow<'a, str>>>,
    pub(crate) measure: Option<&'a str>,
    pub(crate) unit: Option<&'a str>,
    /// What a person known to several providers counts for.
    pub(crate) counted: Option<&'static str>,
    // INVARIANT: present on bounded cells' rows only; what is not covered or not answered never carries a number.
    pub(crate) figure: Option<Figure>,
    pub(crate) state: &'static str,
    /// In the order of [`SITES`].
    pub(crate) sites: Option<[u32; 8]>,
    /// In the order of [`REASONS`].
    pub(crate) reasons: Option<[u32; 5]>,
    /// What follows from the cells, on rows that are of no cell.
    pub(crate) follows: Option<&'a CombinedFigure>,
}

/// The numbers of a bounded cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Figure {
    pub(crate) central: Option<u64>,
    pub(crate) low: u64,
    pub(crate) high: Option<u64>,
}

/// The numbers of sites in the order of [`SITES`].
pub(crate) const fn site_numbers(sites: &SiteCounts) -> [u32; 8] {
    let SiteCounts { shown, zero, suppressed, withheld, not_covered, refused, failed, waiting } = *sites;
    [shown, zero, suppressed, withheld, not_covered, refused, failed, waiting]
}

/// The figure of a cell, if it has one.
pub(crate) fn figure(cell: &CombinedCell) -> Option<Figure> {
    match cell.state {
        CellState::Bounded => Some(Figure { central: cell.central, low: cell.low, high: cell.high }),
        CellState::NotCovered | CellState::TooFewSites => None,
    }
}

/// The names of the dimensions' columns.
pub(crate) fn dimension_columns(answer: &Answer) -> Vec<Cow<'_, str>> {
    let taken = |name: &str| {
        BEFORE.iter().chain(&AFTER).chain(&SITES).chain(&REASONS).chain(&FIGURE).any(|column| *column == name)
    };
    // A dimension's name never holds a point, so the longer name is free.
    let column = |name: &'_ str| if taken(name) { Some(format!("dimension.{name}")) } else { None };
    answer
        .dimensions
        .iter()
        .map(|dimension| column(&dimension.name).map_or(Cow::Borrowed(dimension.name.as_str()), Cow::Owned))
        .collect()
}

/// The rows, group by group in the answer's order.
pub(crate) fn rows(answer: &Answer) -> impl Iterator<Item = Row<'_>> {
    answer.groups.iter().flat_map(move |group| {
        let missing = matches!(group.state, GroupState::TooFewSites { .. }).then(|| too_few(answer, group));
        let cells = group.cells.iter().map(move |cell| row(answer, group, cell));
        cells.chain(group.figures.iter().map(move |figure| follows(group, figure))).chain(missing)
    })
}

fn row<'a>(answer: &'a Answer, group: &'a AnswerGroup, cell: &'a CombinedCell) -> Row<'a> {
    let measure = answer.measures.iter().find(|measure| measure.name == cell.measure);
    Row {
        group: &group.name,
        levels: cell.levels.iter().map(|level| Some(level_text(level.as_deref()))).collect(),
        measure: Some(&cell.measure),
        unit: measure.map(|measure| measure.unit.as_str()),
        counted: measure.map(|measure| match measure.counted {
            Counted::OncePerPerson => "once-per-person",
            Counted::OncePerProvider => "once-per-provider",
            Counted::PerRecord => "per-record",
        }),
        figure: figure(cell),
        state: match cell.state {
            CellState::Bounded => "bounded",
            CellState::NotCovered => "not_covered",
            CellState::TooFewSites => "too_few_sites",
        },
        sites: Some(site_numbers(&cell.sites)),
        reasons: Some(cell.reasons.each().map(|(_, sites)| sites)),
        follows: None,
    }
}

fn follows<'a>(group: &'a AnswerGroup, figure: &'a CombinedFigure) -> Row<'a> {
    let has_value = figure.low.is_some() || figure.high.is_some() || figure.central.is_some();
    Row {
        group: &group.name,
        levels: figure.levels.iter().map(|level| Some(level_text(level.as_deref()))).collect(),
        measure: None,
        unit: Some(&figure.unit),
        counted: None,
        figure: None,
        state: if has_value { "bounded" } else { "no_value" },
        sites: None,
        reasons: None,
        follows: Some(figure),
    }
}

fn too_few<'a>(answer: &'a Answer, group: &'a AnswerGroup) -> Row<'a> {
    Row {
        group: &group.name,
        levels: vec![None; answer.dimensions.len()],
        measure: None,
        unit: None,
        counted: None,
        figure: None,
        state: "too_few_sites",
        sites: None,
        reasons: None,
        follows: None,
    }
}

/// A level as it is written.
pub(crate) fn level_text(level: Option<&str>) -> Cow<'_, str> {
    match level {
        None => Cow::Borrowed(TOTAL),
        Some(TOTAL) => Cow::Owned(format!("'{TOTAL}")),
        Some(level) => Cow::Borrowed(level),
    }
}
