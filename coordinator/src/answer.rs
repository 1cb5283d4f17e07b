//! Answers as documents: what combining found, in words and labels.

use disclosure::{CellKey, Domain};
use template::{Figure, FigureKind, Grouping, Template, TemplateMeasure};
use wire::{
    Answer, AnswerDimension, AnswerGroup, AnswerMeasure, AnswerSite, CellState, CombinedCell, CombinedFigure,
    GroupState, RunState,
};

use crate::combine::{self, CombineError, Heard, Question, Quorum, Site};
use crate::run::Snapshot;

/// The answer while sites may still answer: outcomes, and no figures.
pub(crate) fn waiting(snapshot: &Snapshot) -> Answer {
    let waiting =
        "Sites may still answer; there are no figures before every site has an outcome or the deadline passes.";
    Answer { notes: vec![waiting.to_owned()], ..head(snapshot, RunState::Waiting) }
}

/// The first revision of a closed run's answer.
///
/// # Errors
/// A [`CombineError`] where the sites' tables are not of the run's question.
pub(crate) fn closed(snapshot: &Snapshot, closed_at: chrono::DateTime<chrono::Utc>) -> Result<Answer, CombineError> {
    let mut answer = Answer { revision: 1, closed_at: Some(closed_at), ..head(snapshot, RunState::Answered) };
    let Some(query) = &snapshot.query else {
        answer.notes.push(
            "The template is approved no longer, so nothing was combined. Ask with a version that is approved."
                .to_owned(),
        );
        return Ok(answer);
    };
    let template = query.template();
    let quorum = Quorum::new(template.min_sites.clone());
    let question = Question {
        domain: query.domain(),
        measures: query.measures(),
        figures: &template.figures,
        quorum: &quorum,
        grouping: snapshot.record.grouping,
    };
    let sites: Vec<Site<'_>> = snapshot
        .sites
        .iter()
        .map(|site| Site {
            kind: site.record.kind,
            heard: Heard::of(site.outcome, site.release.as_ref().map(|release| &release.reported)),
        })
        .collect();
    let groups = combine::combine(&question, &sites)?;
    answer.notes.extend(combine::notes(&question, &sites, &groups));
    answer.notes.extend(unasked(template, &sites));
    answer.groups = groups.into_iter().map(|group| document(&question, template, group)).collect();
    Ok(answer)
}

/// What every answer says of the question and the sites.
fn head(snapshot: &Snapshot, state: RunState) -> Answer {
    let record = &snapshot.record;
    let template = snapshot.query.as_ref().map(|query| query.template());
    let levels = snapshot.query.iter().flat_map(|query| query.domain().dimensions());
    let titles = template.iter().flat_map(|template| &template.dimensions);
    Answer {
        run: record.id,
        revision: 0,
        state,
        template_id: record.template_id.clone(),
        template_version: record.template_version,
        template: record.template,
        title: record.title.clone(),
        parameters: record.parameters.clone(),
        purpose: record.purpose.clone(),
        analyst: record.analyst.clone(),
        asked_at: record.asked_at,
        deadline: record.deadline,
        closed_at: None,
        dimensions: titles
            .zip(levels)
            .map(|(dimension, bound)| AnswerDimension {
                name: dimension.name.clone(),
                title: dimension.title.clone(),
                levels: bound.levels.clone(),
            })
            .collect(),
        measures: template
            .iter()
            .flat_map(|template| &template.measures)
            .map(|measure| AnswerMeasure {
                name: measure.measure.name().to_owned(),
                title: measure.title.clone(),
                unit: measure.unit.clone(),
            })
            .collect(),
        sites: snapshot
            .sites
            .iter()
            .map(|site| AnswerSite {
                provider: site.record.provider.clone(),
                name: site.record.name.clone(),
                kind: site.record.kind,
                outcome: site.outcome,
                as_at: site.release.as_ref().map(|release| release.header.as_at),
            })
            .collect(),
        groups: Vec::new(),
        notes: Vec::new(),
    }
}

/// Kinds that the template asks and the region does not have.
fn unasked(template: &Template, sites: &[Site<'_>]) -> Vec<String> {
    let absent = |kind: &&template::ProviderKind| !sites.iter().any(|site| site.kind == **kind);
    template
        .runs_at
        .iter()
        .filter(absent)
        .map(|kind| format!("The region has no provider of kind `{kind}`, which the template asks as well."))
        .collect()
}

fn document(question: &Question<'_>, template: &Template, group: combine::Group) -> AnswerGroup {
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    let (state, cells, figures) = match group.table {
        Err(combine::TooFewSites { needed }) => (GroupState::TooFewSites { needed }, Vec::new(), Vec::new()),
        Ok(table) => (GroupState::Combined, cells(question, &table.cells), figures(question, template, &table.figures)),
    };
    AnswerGroup {
        name: group.kind.map_or("all", template::ProviderKind::name).to_owned(),
        asked: count(group.asked),
        answered: count(group.answered),
        state,
        cells,
        figures,
    }
}

fn cells(question: &Question<'_>, cells: &[Vec<combine::CombinedCell>]) -> Vec<CombinedCell> {
    let of_measure = |(measure, cells): (&disclosure::Measure, &Vec<combine::CombinedCell>)| -> Vec<CombinedCell> {
        question
            .domain
            .keys()
            .zip(cells)
            .map(|(key, cell)| CombinedCell {
                levels: labels(question.domain, &key),
                measure: measure.name().to_owned(),
                state: if cell.bounds.is_some() { CellState::Bounded } else { CellState::NotCovered },
                low: cell.bounds.map_or(0, |bounds| bounds.low),
                high: cell.bounds.and_then(|bounds| bounds.high),
                central: cell.central(),
                sites: cell.sites,
            })
            .collect()
    };
    question.measures.iter().zip(cells).flat_map(of_measure).collect()
}

fn figures(question: &Question<'_>, template: &Template, figures: &[combine::CombinedFigure]) -> Vec<CombinedFigure> {
    let of = |figure: &combine::CombinedFigure| {
        let declared = question.figures.get(figure.figure)?;
        let text = |decimal: Option<combine::Decimal>| decimal.map(|decimal| decimal.to_string());
        Some(CombinedFigure {
            name: declared.name.clone(),
            title: declared.title.clone(),
            kind: kind(declared).to_owned(),
            levels: labels(question.domain, &CellKey(figure.levels.clone())),
            low: text(figure.bounds.low),
            high: text(figure.bounds.high),
            central: text(figure.bounds.central),
            unit: unit(declared, &template.measures),
        })
    };
    figures.iter().filter_map(of).collect()
}

fn labels(domain: &Domain, key: &CellKey) -> Vec<Option<String>> {
    let label = |(dimension, level): (&disclosure::Dimension, &Option<usize>)| {
        level.and_then(|level| dimension.levels.get(level)).cloned()
    };
    domain.dimensions().iter().zip(&key.0).map(label).collect()
}

const fn kind(figure: &Figure) -> &'static str {
    match figure.kind {
        FigureKind::Change { .. } => "change",
        FigureKind::Mean { .. } => "mean",
        FigureKind::Median { .. } => "median",
        FigureKind::Share { .. } => "share",
    }
}

fn unit(figure: &Figure, measures: &[TemplateMeasure]) -> String {
    let of = |name: &str| measures.iter().find(|m| m.measure.name() == name).map_or("", |m| m.unit.as_str());
    match &figure.kind {
        FigureKind::Change { .. } | FigureKind::Share { .. } => "%".to_owned(),
        FigureKind::Mean { sum, count } => format!("{} / {}", of(sum), of(count)),
        FigureKind::Median { unit, .. } => unit.clone(),
    }
}

/// Groupings by the names that analysts use.
pub(crate) const fn grouping(name: wire::GroupingName) -> Grouping {
    match name {
        wire::GroupingName::All => Grouping::All,
        wire::GroupingName::Kind => Grouping::Kind,
    }
}
