//! Answers as documents: what combining found, in words and labels.

use disclosure::{CellKey, Domain, MeasureKind, Per};
use template::{
    Denominator, Figure, FigureKind, Grouping, LevelGrouping, Lookup, Percent, Population, ProviderKind, Query,
    SiteFigures, Template, TemplateMeasure,
};
use wire::{
    AnswerDimension, AnswerGroup, AnswerGrouping, AnswerLevelGroup, AnswerMeasure, CombinedCell, CombinedFigure,
    Counted, GroupState, PeoplePer,
};

use crate::known::Known;
use crate::quorum::Quorum;
use crate::site::Site;
use crate::{CombineError, Group, Question, TooFewSites};

/// The most figures of single sites that an answer shows.
const SITE_CELLS_MAX: usize = 100_000;

/// The part of an answer that follows from the question and what was heard of every asked site. Whoever holds the signed
/// releases can make it again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conclusions {
    /// The dimensions, in declared order.
    pub dimensions: Vec<AnswerDimension>,
    /// The measures, in declared order.
    pub measures: Vec<AnswerMeasure>,
    /// The combined figures, per group of sites.
    pub groups: Vec<AnswerGroup>,
    /// What a reader must know.
    pub notes: Vec<String>,
}

/// Combines what was heard of every asked site, as an answer shows it. `lookups` are those that were sent along with the
/// orders.
///
/// # Errors
/// A [`CombineError`] where the sites' tables are not of this query, or a look-up that a rate divides by is missing.
pub fn conclude(
    query: &Query,
    grouping: Grouping,
    lookups: &[&Lookup],
    sites: &[Site<'_>],
) -> Result<Conclusions, CombineError> {
    let template = query.template();
    let populations = populations(template, lookups)?;
    let quorum = Quorum::new(template.min_sites.clone());
    let question = Question {
        domain: query.domain(),
        measures: query.measures(),
        figures: &template.figures,
        populations: &populations,
        quorum: &quorum,
        declared: &template.groupings,
        grouping,
    };
    let known = Known::new(query, lookups, sites)?;
    let sites = &known.sites(sites);
    let groups = crate::combine(&question, sites)?;
    let mut notes = crate::notes(&question, sites, &groups);
    notes.extend(known.notes());
    notes.extend(nobody(template));
    notes.extend(unasked(template, sites));
    let mut groups: Vec<AnswerGroup> = groups.into_iter().map(|group| document(&question, template, group)).collect();
    if template.sites == SiteFigures::Shown {
        match single_sites(&question, sites) {
            Some(single) => groups.extend(single),
            None => notes.push(format!(
                "Single sites' figures are left out: together they are more than {SITE_CELLS_MAX}. Ask for fewer cells."
            )),
        }
    }
    Ok(Conclusions { dimensions: dimensions(query), measures: measures(query), groups, notes })
}

/// Each released table as a group of its own; `None` where they are too many to be shown.
fn single_sites(question: &Question<'_>, sites: &[Site<'_>]) -> Option<Vec<AnswerGroup>> {
    let released = || sites.iter().filter(|site| site.heard.answers());
    let cells_of_one = question.measures.len() * question.domain.len();
    if released().count() * cells_of_one > SITE_CELLS_MAX {
        return None;
    }
    let group = |site: &Site<'_>| {
        let of_measure = |measure| {
            let cell = |cell| crate::cell::combined(std::slice::from_ref(site), measure, cell, false);
            (0..question.domain.len()).map(cell).collect()
        };
        let table: Vec<Vec<crate::CombinedCell>> = (0..question.measures.len()).map(of_measure).collect();
        AnswerGroup {
            name: site.provider.to_string(),
            asked: 1,
            answered: 1,
            state: GroupState::SingleSite,
            cells: cells(question, &table),
            figures: Vec::new(),
        }
    };
    Some(released().map(group).collect())
}

/// The published populations that the template's rates divide by.
fn populations(template: &Template, lookups: &[&Lookup]) -> Result<Vec<Population>, CombineError> {
    let named = template.figures.iter().filter_map(|figure| match &figure.kind {
        FigureKind::Rate { denominator: Denominator::Population(name), .. } => Some(name),
        _ => None,
    });
    named
        .map(|name| {
            let lookup = lookups.iter().find(|lookup| lookup.name() == name).ok_or(CombineError::Population)?;
            Population::new(lookup).map_err(|_| CombineError::Population)
        })
        .collect()
}

/// The query's dimensions, as an answer names them.
#[must_use]
pub fn dimensions(query: &Query) -> Vec<AnswerDimension> {
    let declared = query.template().dimensions.iter();
    declared
        .zip(query.domain().dimensions())
        .map(|(dimension, bound)| AnswerDimension {
            name: dimension.name.clone(),
            title: dimension.title.clone(),
            levels: bound.levels.clone(),
            people: Some(match bound.per {
                Per::Person => PeoplePer::OneLevel,
                Per::Record => PeoplePer::SeveralLevels,
            }),
            groupings: dimension.groupings.iter().map(grouping).collect(),
        })
        .collect()
}

fn grouping(grouping: &LevelGrouping) -> AnswerGrouping {
    let groups = grouping.groups.iter();
    AnswerGrouping {
        name: grouping.name.clone(),
        title: grouping.title.clone(),
        groups: groups
            .map(|group| AnswerLevelGroup { label: group.label.clone(), levels: group.levels.clone() })
            .collect(),
    }
}

/// Cells in which nobody can be, and why.
fn nobody(template: &Template) -> impl Iterator<Item = String> + '_ {
    template.structural_zeros.iter().map(|zero| {
        let levels: Vec<String> =
            zero.levels.iter().map(|(name, levels)| format!("{name} {}", levels.join(", "))).collect();
        format!("By declaration nobody is in {}: {}", levels.join(" with "), zero.why)
    })
}

/// The query's measures, as an answer names them.
#[must_use]
pub fn measures(query: &Query) -> Vec<AnswerMeasure> {
    let declared = query.template().measures.iter();
    declared
        .map(|measure| AnswerMeasure {
            name: measure.measure.name().to_owned(),
            title: measure.title.clone(),
            unit: measure.unit.clone(),
            counted: counted(&query.template().runs_at, measure.measure.kind()),
        })
        .collect()
}

/// What a person known to several providers counts for. Only practices share nobody: a person is registered with one.
fn counted(runs_at: &[ProviderKind], kind: MeasureKind) -> Counted {
    match kind {
        MeasureKind::People if *runs_at == [ProviderKind::Gp] => Counted::OncePerPerson,
        MeasureKind::People => Counted::OncePerProvider,
        MeasureKind::Rows { .. } | MeasureKind::Sum { .. } => Counted::PerRecord,
    }
}

/// Kinds that the template asks and the region does not have.
fn unasked(template: &Template, sites: &[Site<'_>]) -> Vec<String> {
    let absent = |kind: &&ProviderKind| !sites.iter().any(|site| site.kind == **kind);
    template
        .runs_at
        .iter()
        .filter(absent)
        .map(|kind| format!("The region has no provider of kind `{kind}`, which the template asks as well."))
        .collect()
}

fn document(question: &Question<'_>, template: &Template, group: Group) -> AnswerGroup {
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    let (state, cells, figures) = match group.table {
        Err(TooFewSites { needed }) => (GroupState::TooFewSites { needed }, Vec::new(), Vec::new()),
        Ok(table) => (GroupState::Combined, cells(question, &table.cells), figures(question, template, &table.figures)),
    };
    AnswerGroup {
        name: name(group.kind, group.place.as_deref()),
        asked: count(group.asked),
        answered: count(group.answered),
        state,
        cells,
        figures,
    }
}

/// The name of a group of sites.
fn name(kind: Option<ProviderKind>, place: Option<&str>) -> String {
    let kind = kind.map_or("all", ProviderKind::name);
    place.map_or_else(|| kind.to_owned(), |place| format!("{kind} {place}"))
}

fn cells(question: &Question<'_>, cells: &[Vec<crate::CombinedCell>]) -> Vec<CombinedCell> {
    let of_measure = |(measure, cells): (&disclosure::Measure, &Vec<crate::CombinedCell>)| -> Vec<CombinedCell> {
        question
            .domain
            .keys()
            .zip(cells)
            .map(|(key, cell)| CombinedCell {
                levels: labels(question.domain, &key),
                measure: measure.name().to_owned(),
                state: cell.state,
                low: cell.bounds.map_or(0, |bounds| bounds.low),
                high: cell.bounds.and_then(|bounds| bounds.high),
                central: cell.central(),
                sites: cell.sites,
                reasons: cell.reasons,
            })
            .collect()
    };
    question.measures.iter().zip(cells).flat_map(of_measure).collect()
}

fn figures(question: &Question<'_>, template: &Template, figures: &[crate::CombinedFigure]) -> Vec<CombinedFigure> {
    let of = |figure: &crate::CombinedFigure| {
        let declared = question.figures.get(figure.figure)?;
        let text = |decimal: Option<crate::Decimal>| decimal.map(|decimal| decimal.to_string());
        Some(CombinedFigure {
            name: declared.name.clone(),
            title: declared.title.clone(),
            kind: kind(declared).to_owned(),
            levels: labels(question.domain, &CellKey(figure.levels.clone())),
            low: text(figure.bounds.low),
            high: text(figure.bounds.high),
            central: text(figure.bounds.central),
            unit: unit(declared, &template.measures),
            sites: u32::try_from(figure.sites).unwrap_or(u32::MAX),
            left_out: u32::try_from(figure.left_out).unwrap_or(u32::MAX),
        })
    };
    figures.iter().filter_map(of).collect()
}

fn labels(domain: &Domain, key: &CellKey) -> Vec<Option<String>> {
    let label = |(dimension, &level)| domain.label(dimension, level).map(str::to_owned);
    key.0.iter().enumerate().map(label).collect()
}

fn kind(figure: &Figure) -> &'static str {
    match &figure.kind {
        FigureKind::Change { .. } => "change",
        FigureKind::Mean { .. } => "mean",
        FigureKind::Quantile { percent: Percent::HALF, .. } => "median",
        FigureKind::Quantile { .. } => "quantile",
        FigureKind::Rate { standard: None, .. } => "rate",
        FigureKind::Rate { standard: Some(_), .. } => "standardised-rate",
        FigureKind::Share { .. } => "share",
    }
}

fn unit(figure: &Figure, measures: &[TemplateMeasure]) -> String {
    let of = |name: &str| measures.iter().find(|m| m.measure.name() == name).map_or("", |m| m.unit.as_str());
    match &figure.kind {
        FigureKind::Change { .. } | FigureKind::Share { .. } => "%".to_owned(),
        FigureKind::Mean { sum, count } => format!("{} / {}", of(sum), of(count)),
        FigureKind::Quantile { unit, .. } => unit.clone(),
        FigureKind::Rate { measure, denominator, per, .. } => {
            let divisor = match denominator {
                Denominator::Measure(name) => of(name),
                Denominator::Population(_) => "people",
            };
            format!("{} per {per} {divisor}", of(measure))
        }
    }
}
