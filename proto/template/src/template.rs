//! A template: one question that governance leads can read, sign and bound.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use disclosure::{Domain, DomainError, Kept, Measure, Per, Policy, Rounding, Threshold, Zeros};

use crate::dimension::{Dimension, Levels};
use crate::document::{
    CountsDocument, DimensionDocument, GroupingDocument, LevelsDocument, MeasureDocument, ParameterDocument,
    ParameterKind, PerDocument, TemplateDocument, ValueDocument, ZerosDocument,
};
use crate::figure::Figure;
use crate::figures;
use crate::grouping;
use crate::kind::ProviderKind;
use crate::parameter::{Longest, Parameter, Range};
use crate::period::{Month, PeriodUnit};
use crate::site_grouping::{Grouping, Place};
use crate::structural::{StructuralZero, structural_zeros};

/// The longest template, in bytes.
pub const TEMPLATE_BYTES_MAX: usize = 64 * 1024;
/// The most parameters, dimensions, measures, totals or figures, each.
pub const PARTS_MAX: usize = 16;
/// The most declared levels of one dimension.
pub const LEVELS_MAX: usize = 1000;

/// A template whose parts fit together. Whether anybody approved it is another matter: see [`crate::Approved`].
#[derive(Clone, Debug)]
pub struct Template {
    /// The name, `[a-z0-9-]+`.
    pub id: String,
    /// Counts from 1.
    pub version: u32,
    /// One line for people.
    pub title: String,
    /// Why the question is asked.
    pub purpose: String,
    /// The legal basis for answering.
    pub legal_basis: String,
    /// The sharing agreement.
    pub agreement: String,
    /// The accountable organisation.
    pub owner: String,
    /// Who wrote it; never counted among its approvers.
    pub author: String,
    /// The last day on which it may run.
    pub expires: NaiveDate,
    /// The kinds of provider that are asked.
    pub runs_at: Vec<ProviderKind>,
    /// Below so many answering sites of a kind there is no combined figure of it.
    pub min_sites: BTreeMap<ProviderKind, u32>,
    /// Kinds of which the region has one provider, which must have consented.
    pub sole_providers: Vec<ProviderKind>,
    /// The groupings of sites that an answer may show; the first is shown where none is chosen.
    pub groupings: Vec<Grouping>,
    /// Whether an answer may show single sites' figures.
    pub sites: SiteFigures,
    /// Look-up tables that the SQL reads.
    pub lookups: Vec<String>,
    /// The month parameters that bound the time asked for, if time is bounded.
    pub period: Option<(String, String)>,
    /// The parameters, in declared order.
    pub parameters: Vec<Parameter>,
    /// The dimensions, in declared order.
    pub dimensions: Vec<Dimension>,
    /// The measures, in declared order.
    pub measures: Vec<TemplateMeasure>,
    /// The totals that are released beside the cells: the dimensions and groupings that each keeps, by place; groupings
    /// are counted over all dimensions, in declared order.
    pub totals: Vec<Vec<Kept>>,
    /// Cells in which nobody can be.
    pub structural_zeros: Vec<StructuralZero>,
    /// Figures that follow from the combined cells.
    pub figures: Vec<Figure>,
    /// The least strict policy under which it may be answered.
    pub policy: Policy,
    /// The SQL that returns contributions.
    pub sql: String,
}

/// Whether single sites' figures may be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SiteFigures {
    /// Only combined figures.
    Hidden,
    /// Each site's own as well.
    Shown,
}

/// A measure with its words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateMeasure {
    /// The rule's part.
    pub measure: Measure,
    /// What it means, in plain words.
    pub title: String,
    /// The column of the contributions that is summed, if it sums.
    pub column: Option<String>,
    /// The unit: `people`, `rows` or as declared.
    pub unit: String,
}

/// Why a template is not one. The author reads it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// Too long, or not TOML of the declared form.
    #[error("not a template: {0}")]
    Syntax(String),
    /// A part that does not fit the others.
    #[error("{place}: {problem}")]
    Part {
        /// Where.
        place: String,
        /// What, and what to write in its place.
        problem: String,
    },
}

pub(crate) fn part(place: impl Into<String>, problem: impl Into<String>) -> TemplateError {
    TemplateError::Part { place: place.into(), problem: problem.into() }
}

impl Template {
    /// Reads a template from its exact bytes.
    ///
    /// # Errors
    /// A [`TemplateError`] that names the place and says what to write there.
    pub fn parse(bytes: &[u8]) -> Result<Self, TemplateError> {
        if bytes.len() > TEMPLATE_BYTES_MAX {
            return Err(TemplateError::Syntax(format!("longer than {TEMPLATE_BYTES_MAX} bytes")));
        }
        let text = std::str::from_utf8(bytes).map_err(|_| TemplateError::Syntax("not UTF-8".to_owned()))?;
        let document: TemplateDocument = toml::from_str(text).map_err(|e| TemplateError::Syntax(e.to_string()))?;
        from_document(document)
    }

    /// The kinds' least number of answering sites.
    #[must_use]
    pub fn min_sites(&self, kind: ProviderKind) -> u32 {
        self.min_sites.get(&kind).copied().unwrap_or(u32::MAX)
    }

    /// The cells of an answer whose dimensions, in declared order, have these levels.
    ///
    /// # Errors
    /// A [`DomainError`] where there are too many, or levels that no declaration of this template gives.
    pub(crate) fn domain(&self, levels: Vec<Vec<String>>) -> Result<Domain, DomainError> {
        let declared = || self.dimensions.iter().enumerate();
        let groupings = declared()
            .zip(&levels)
            .flat_map(|((place, d), levels)| d.groupings.iter().map(move |grouping| grouping.bound(place, levels)))
            .collect();
        let named = self.structural_zeros.iter();
        let nobody: Vec<_> = named.flat_map(|zero| zero.cells(&self.dimensions, &levels)).collect();
        let dimensions = declared()
            .zip(levels)
            .map(|((_, d), levels)| disclosure::Dimension { name: d.name.clone(), levels, per: d.per })
            .collect();
        Domain::with_groupings(dimensions, groupings, self.totals.clone())?.with_structural_zeros(nobody)
    }
}

fn from_document(document: TemplateDocument) -> Result<Template, TemplateError> {
    check_head(&document)?;
    let parameters = parameters(&document.parameter)?;
    let is_month = |name: &str| parameters.iter().any(|p| p.name == name && matches!(p.range, Range::Month { .. }));
    let period = document.period.map(|[from, to]| (from, to));
    if let Some((from, to)) = &period
        && !(is_month(from) && is_month(to))
    {
        return Err(part("period", "name two parameters of type `month`"));
    }
    let dimensions = limited("dimension", &document.dimension)?
        .iter()
        .map(|dimension| self::dimension(dimension, &is_month))
        .collect::<Result<Vec<_>, _>>()?;
    let measures = limited("measure", &document.measure)?.iter().map(measure).collect::<Result<Vec<_>, _>>()?;
    if measures.is_empty() {
        return Err(part("measure", "a template has at least one measure"));
    }
    let groupings = dimensions.iter().flat_map(|d| d.groupings.iter().map(|grouping| &grouping.name));
    let names = dimensions.iter().map(|d| &d.name).chain(measures.iter().filter_map(|m| m.column.as_ref()));
    distinct("dimension, grouping and summed column", names.chain(groupings))?;
    distinct("measure", measures.iter().map(|m| m.measure.name()))?;
    let totals = grouping::totals(&document.totals, &dimensions)?;
    let structural_zeros = structural_zeros(&document.structural_zero, &dimensions)?;
    let figures = limited("figure", &document.figure)?
        .iter()
        .map(|figure| figures::figure(figure, &dimensions, &measures, &document.lookups))
        .collect::<Result<Vec<_>, _>>()?;
    let policy = policy(document.disclosure.threshold, document.disclosure.rounding, document.disclosure.zeros)?;
    let expires = NaiveDate::parse_from_str(&document.expires, "%Y-%m-%d")
        .map_err(|_| part("expires", "write a date like \"2027-12-31\""))?;
    Ok(Template {
        id: document.id,
        version: document.version,
        title: document.title,
        purpose: document.purpose,
        legal_basis: document.legal_basis,
        agreement: document.agreement,
        owner: document.owner,
        author: document.author,
        expires,
        runs_at: document.runs_at,
        min_sites: document.min_sites,
        sole_providers: document.sole_providers,
        groupings: document
            .group_sites_by
            .iter()
            .map(|grouping| match grouping {
                GroupingDocument::All => Grouping::All,
                GroupingDocument::Kind => Grouping::Kind,
                GroupingDocument::Board => Grouping::Place(Place::Board),
                GroupingDocument::Locality => Grouping::Place(Place::Locality),
                GroupingDocument::Network => Grouping::Place(Place::Network),
            })
            .collect(),
        sites: if document.show_sites { SiteFigures::Shown } else { SiteFigures::Hidden },
        lookups: document.lookups,
        period,
        parameters,
        dimensions,
        measures,
        totals,
        structural_zeros,
        figures,
        policy,
        sql: document.sql,
    })
}

fn check_head(document: &TemplateDocument) -> Result<(), TemplateError> {
    let slug = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if document.id.is_empty() || document.id.len() > 80 || !document.id.chars().all(slug) {
        return Err(part("id", "use 1 to 80 of a-z, 0-9 and `-`"));
    }
    if document.version == 0 {
        return Err(part("version", "versions count from 1"));
    }
    if document.model != "core-1" {
        return Err(part("model", "this software knows the model `core-1`"));
    }
    for (place, text) in [
        ("title", &document.title),
        ("purpose", &document.purpose),
        ("legal_basis", &document.legal_basis),
        ("agreement", &document.agreement),
        ("owner", &document.owner),
        ("author", &document.author),
        ("sql", &document.sql),
    ] {
        if text.trim().is_empty() {
            return Err(part(place, "write something here; governance leads read it"));
        }
        if text.chars().any(|c| c.is_control() && c != '\n' && c != '\t') {
            return Err(part(place, "contains control characters"));
        }
    }
    if document.runs_at.is_empty() || document.group_sites_by.is_empty() {
        return Err(part("runs_at and group_sites_by", "name at least one"));
    }
    distinct("runs_at", document.runs_at.iter())?;
    // Two providers may hold the same people under questions that neither can compare, so only practices, which share
    // nobody, go finer than the locality.
    if document.group_sites_by.contains(&GroupingDocument::Network) && document.runs_at != [ProviderKind::Gp] {
        return Err(part("group_sites_by", "`network` is for templates that run at `gp` alone; write `locality`"));
    }
    for kind in &document.runs_at {
        match document.min_sites.get(kind) {
            None | Some(0) => return Err(part("min_sites", format!("give the least number of sites for `{kind}`"))),
            Some(1 | 2) if !document.sole_providers.contains(kind) => {
                return Err(part(
                    "min_sites",
                    format!("at least 3 for `{kind}`, or list it in `sole_providers` (those providers must consent)"),
                ));
            }
            Some(_) => {}
        }
    }
    for lookup in &document.lookups {
        identifier("lookups", lookup)?;
    }
    Ok(())
}

fn parameters(documents: &[ParameterDocument]) -> Result<Vec<Parameter>, TemplateError> {
    let mut parameters: Vec<Parameter> = Vec::new();
    for document in limited("parameter", documents)? {
        let place = format!("parameter `{}`", document.name);
        identifier(&place, &document.name)?;
        let month = |text: &Option<String>| {
            text.as_deref().map(str::parse::<Month>).transpose().map_err(|e| part(&*place, e.to_string()))
        };
        let range = match document.kind {
            ParameterKind::Choice => {
                let choices = document.choices.clone().unwrap_or_default();
                if choices.is_empty() || choices.len() > LEVELS_MAX {
                    return Err(part(place, format!("give 1 to {LEVELS_MAX} `choices`")));
                }
                distinct(&place, choices.iter())?;
                Range::Choice(choices)
            }
            ParameterKind::Integer => match (document.min, document.max) {
                (Some(min), Some(max)) if min <= max => Range::Integer { min, max },
                _ => return Err(part(place, "give `min` and `max`")),
            },
            ParameterKind::Month => Range::Month {
                earliest: month(&document.earliest)?,
                latest: month(&document.latest)?,
                longest: document.longest.as_deref().map(|text| longest(&place, text, &parameters)).transpose()?,
            },
        };
        let mut parameter =
            Parameter { name: document.name.clone(), title: document.title.clone(), range, default: None };
        if let Some(default) = &document.default {
            let text = match default {
                ValueDocument::Integer(number) => number.to_string(),
                ValueDocument::Text(text) => text.clone(),
            };
            parameter.default = Some(parameter.parse(&text).map_err(|e| part(place, e.to_string()))?);
        }
        parameters.push(parameter);
    }
    distinct("parameter", parameters.iter().map(|p| &p.name))?;
    Ok(parameters)
}

/// `36 months after from`, naming a month parameter declared before.
fn longest(place: &str, text: &str, earlier: &[Parameter]) -> Result<Longest, TemplateError> {
    let problem = || part(place, "write `longest` like \"36 months after from\", naming a month declared before");
    let (months, after) = text.split_once(" months after ").ok_or_else(problem)?;
    let months = months.parse().ok().filter(|months| (1..=1200).contains(months)).ok_or_else(problem)?;
    let known = earlier.iter().any(|p| p.name == after && matches!(p.range, Range::Month { .. }));
    known.then(|| Longest { months, after: after.to_owned() }).ok_or_else(problem)
}

fn dimension(document: &DimensionDocument, is_month: &impl Fn(&str) -> bool) -> Result<Dimension, TemplateError> {
    let place = format!("dimension `{}`", document.name);
    identifier(&place, &document.name)?;
    let levels = match &document.levels {
        LevelsDocument::List(labels) => {
            if labels.is_empty() || labels.len() > LEVELS_MAX {
                return Err(part(place, format!("declare 1 to {LEVELS_MAX} levels")));
            }
            distinct(&place, labels.iter().chain(&document.other))?;
            if labels.iter().chain(&document.other).any(|label| label.trim().is_empty()) {
                return Err(part(place, "a level has a name"));
            }
            Levels::List(labels.clone())
        }
        LevelsDocument::Periods(text) => {
            let problem = || part(&*place, "write `levels` as a list, or like \"months from..to\" naming two months");
            let (unit, range) = text.split_once(' ').ok_or_else(problem)?;
            let (from, to) = range.split_once("..").ok_or_else(problem)?;
            let unit = match unit {
                "months" => PeriodUnit::Month,
                "quarters" => PeriodUnit::Quarter,
                "years" => PeriodUnit::Year,
                _ => return Err(problem()),
            };
            if !(is_month(from) && is_month(to)) || document.other.is_some() {
                return Err(problem());
            }
            Levels::Periods { unit, from: from.to_owned(), to: to.to_owned() }
        }
    };
    let known = |label: &String| match &levels {
        Levels::List(labels) => labels.contains(label),
        Levels::Periods { .. } => false,
    };
    if !document.level_tables.keys().all(known) {
        return Err(part(place, "`level_tables` names a level that is not declared"));
    }
    Ok(Dimension {
        name: document.name.clone(),
        title: document.title.clone(),
        per: match document.per {
            PerDocument::Person => Per::Person,
            PerDocument::Record => Per::Record,
        },
        other: document.other.clone(),
        level_tables: document.level_tables.clone().into_iter().collect(),
        groupings: grouping::groupings(&document.name, &levels, document.other.as_ref(), &document.grouping)?,
        levels,
    })
}

fn measure(document: &MeasureDocument) -> Result<TemplateMeasure, TemplateError> {
    let place = format!("measure `{}`", document.name);
    identifier(&place, &document.name)?;
    let (measure, column, unit) = match (document.counts, &document.sums) {
        (Some(CountsDocument::People), None) => {
            if document.at_most_per_person.is_some() {
                return Err(part(place, "a person counts once; leave out `at_most_per_person`"));
            }
            (Ok(Measure::people(document.name.clone())), None, "people")
        }
        (Some(CountsDocument::Rows), None) => {
            (Measure::rows(document.name.clone(), document.at_most_per_person), None, "rows")
        }
        (None, Some(column)) => {
            identifier(&place, column)?;
            let (Some(cap), Some(unit)) = (document.at_most_per_person, &document.unit) else {
                return Err(part(place, "a sum needs `at_most_per_person` and `unit`"));
            };
            (Measure::sum(document.name.clone(), cap), Some(column.clone()), unit.as_str())
        }
        _ => return Err(part(place, "give either `counts = \"people\"`, `counts = \"rows\"` or `sums = \"column\"`")),
    };
    let measure = measure.map_err(|error| part(&*place, error.to_string()))?;
    let unit = document.unit.clone().unwrap_or_else(|| unit.to_owned());
    Ok(TemplateMeasure { measure, title: document.title.clone(), column, unit })
}

fn policy(threshold: u64, rounding: u64, zeros: ZerosDocument) -> Result<Policy, TemplateError> {
    let wrong = |e: &dyn std::fmt::Display| part("disclosure", e.to_string());
    let threshold = Threshold::new(threshold).map_err(|e| wrong(&e))?;
    let rounding = Rounding::half_up(rounding).map_err(|e| wrong(&e))?;
    let zeros = match zeros {
        ZerosDocument::Hidden => Zeros::Hidden,
        ZerosDocument::Shown => Zeros::Shown,
    };
    Policy::new(threshold, rounding, zeros).map_err(|e| wrong(&e))
}

pub(crate) fn limited<'a, T>(place: &str, parts: &'a [T]) -> Result<&'a [T], TemplateError> {
    (parts.len() <= PARTS_MAX).then_some(parts).ok_or_else(|| part(place, format!("at most {PARTS_MAX}")))
}

fn distinct<T: Ord + std::fmt::Debug>(place: &str, names: impl Iterator<Item = T>) -> Result<(), TemplateError> {
    let mut seen = BTreeSet::new();
    for name in names {
        if seen.contains(&name) {
            return Err(part(place, format!("{name:?} stands twice")));
        }
        seen.insert(name);
    }
    Ok(())
}

pub(crate) fn identifier(place: &str, name: &str) -> Result<(), TemplateError> {
    let starts = name.starts_with(|c: char| c.is_ascii_lowercase());
    let rest = name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    (starts && rest && name.len() <= 60 && name != "person_id")
        .then_some(())
        .ok_or_else(|| part(place, "a name is a letter a-z, then letters, digits and `_`, and not `person_id`"))
}

#[cfg(test)]
#[path = "template_tests.rs"]
mod tests;
