//! Figures as written, once it is known what they name.

use disclosure::MeasureKind;

use crate::dimension::{Dimension, Levels};
use crate::document::{FigureDocument, FigureKindDocument};
use crate::figure::{Denominator, Figure, FigureKind, Percent, Standard};
use crate::template::{TemplateError, TemplateMeasure, identifier, part};

/// The most that a rate is for, and the greatest weight of a level: products of these with counts fit 128 bits.
const PER_MAX: u64 = 1_000_000;

/// What a figure may name.
struct Named<'a> {
    document: &'a FigureDocument,
    place: String,
    dimensions: &'a [Dimension],
    measures: &'a [TemplateMeasure],
    lookups: &'a [String],
}

/// Reads one figure.
///
/// # Errors
/// A [`TemplateError`] that names the figure and says what to write there.
pub(crate) fn figure(
    document: &FigureDocument,
    dimensions: &[Dimension],
    measures: &[TemplateMeasure],
    lookups: &[String],
) -> Result<Figure, TemplateError> {
    let place = format!("figure `{}`", document.name);
    identifier(&place, &document.name)?;
    let named = Named { document, place, dimensions, measures, lookups };
    let kind = match document.kind {
        FigureKindDocument::Change => named.change(),
        FigureKindDocument::Mean => named.mean(),
        FigureKindDocument::Median => named.quantile(Some(50)),
        FigureKindDocument::Quantile => named.quantile(document.percent),
        FigureKindDocument::Rate => named.rate(),
        FigureKindDocument::Share => named.share(),
    }?;
    named.nothing_else()?;
    Ok(Figure { name: document.name.clone(), title: document.title.clone(), kind })
}

impl<'a> Named<'a> {
    fn change(&self) -> Result<FigureKind, TemplateError> {
        let over = self.dimension(&self.document.over, "over")?;
        if !matches!(over.levels, Levels::Periods { .. }) {
            return Err(self.wrong("a change is over a dimension of months, quarters or years"));
        }
        Ok(FigureKind::Change {
            measure: self.measure(&self.document.measure, "measure")?.0,
            over: over.name.clone(),
            earlier: self.number_of_levels(&self.document.earlier, "earlier", "first")?,
            later: self.number_of_levels(&self.document.later, "later", "last")?,
        })
    }

    fn mean(&self) -> Result<FigureKind, TemplateError> {
        let (sum, sum_kind) = self.measure(&self.document.sum, "sum")?;
        let (count, count_kind) = self.measure(&self.document.count, "count")?;
        let sums = |kind| matches!(kind, MeasureKind::Sum { .. });
        if !sums(sum_kind) || sums(count_kind) {
            return Err(self.wrong("a mean divides a measure that sums by one that counts"));
        }
        Ok(FigureKind::Mean { sum, count })
    }

    fn quantile(&self, percent: Option<u8>) -> Result<FigureKind, TemplateError> {
        let over = self.dimension(&self.document.over, "over")?;
        let edges = self.document.edges.clone().unwrap_or_default();
        let bands = match &over.levels {
            Levels::List(labels) => labels.len(),
            Levels::Periods { .. } => 0,
        };
        if over.other.is_some() || edges.len() != bands + 1 || !edges.is_sorted_by(|a, b| a < b) {
            return Err(self.wrong("give one more ascending edge than `over` has levels, and no `other` level"));
        }
        let percent = percent.and_then(Percent::new);
        let (measure, kind) = self.measure(&self.document.measure, "measure")?;
        if matches!(kind, MeasureKind::Sum { .. }) {
            return Err(self.wrong("a quantile or median is of a measure that counts people or rows"));
        }
        Ok(FigureKind::Quantile {
            measure,
            over: over.name.clone(),
            edges,
            unit: self.given(&self.document.unit, "unit")?,
            percent: percent.ok_or_else(|| self.wrong("give `percent` from 1 to 99"))?,
        })
    }

    fn rate(&self) -> Result<FigureKind, TemplateError> {
        let document = self.document;
        let measure = self.measure(&document.measure, "measure")?.0;
        let denominator = match (&document.denominator, &document.population) {
            (Some(_), None) => {
                let (name, kind) = self.measure(&document.denominator, "denominator")?;
                if name == measure || matches!(kind, MeasureKind::Sum { .. }) {
                    return Err(self.wrong("a rate's `denominator` is another measure, one that counts people or rows"));
                }
                Denominator::Measure(name)
            }
            (None, Some(lookup)) if self.lookups.contains(lookup) => Denominator::Population(lookup.clone()),
            (None, Some(lookup)) => {
                return Err(self.wrong(format!("name the look-up `{lookup}` in `lookups` as well")));
            }
            _ => return Err(self.wrong("give either `denominator = \"measure\"` or `population = \"look-up\"`")),
        };
        let per = document.per.filter(|per| (1..=PER_MAX).contains(per));
        let per = per.ok_or_else(|| self.wrong(format!("give `per` from 1 to {PER_MAX}, such as 1000")))?;
        let standard = match (&document.over, &document.weights) {
            (None, None) => None,
            (Some(_), Some(weights)) => Some(self.standard(weights)?),
            _ => return Err(self.wrong("a standardised rate needs both `over` and `weights`")),
        };
        Ok(FigureKind::Rate { measure, denominator, per, standard })
    }

    fn standard(&self, weights: &[u64]) -> Result<Standard, TemplateError> {
        let over = self.dimension(&self.document.over, "over")?;
        let levels = match &over.levels {
            Levels::List(labels) => labels.len() + usize::from(over.other.is_some()),
            Levels::Periods { .. } => 0,
        };
        let fits = weights.len() == levels && weights.iter().all(|weight| *weight <= PER_MAX);
        if !fits || weights.iter().all(|weight| *weight == 0) {
            return Err(self.wrong(format!(
                "give one weight up to {PER_MAX} for each level of `over`, `other` included; one at least above nought"
            )));
        }
        Ok(Standard { over: over.name.clone(), weights: weights.to_vec() })
    }

    fn share(&self) -> Result<FigureKind, TemplateError> {
        let wanted = self.document.level.clone().unwrap_or_default();
        let (Some((name, level)), 1) = (wanted.iter().next(), wanted.len()) else {
            return Err(self.wrong("give `where = { dimension = \"level\" }`"));
        };
        let over = self.dimension(&Some(name.clone()), "where")?;
        if !matches!(&over.levels, Levels::List(labels) if labels.contains(level)) {
            return Err(self.wrong(format!("`{name}` has no level `{level}`")));
        }
        Ok(FigureKind::Share {
            measure: self.measure(&self.document.measure, "measure")?.0,
            dimension: name.clone(),
            level: level.clone(),
        })
    }

    /// What the figure's kind has no use for is refused: who signs a template must not read what does not hold.
    fn nothing_else(&self) -> Result<(), TemplateError> {
        let document = self.document;
        let given = [
            ("measure", document.measure.is_some()),
            ("where", document.level.is_some()),
            ("over", document.over.is_some()),
            ("earlier", document.earlier.is_some()),
            ("later", document.later.is_some()),
            ("sum", document.sum.is_some()),
            ("count", document.count.is_some()),
            ("edges", document.edges.is_some()),
            ("unit", document.unit.is_some()),
            ("percent", document.percent.is_some()),
            ("per", document.per.is_some()),
            ("denominator", document.denominator.is_some()),
            ("population", document.population.is_some()),
            ("weights", document.weights.is_some()),
        ];
        let of_kind: &[&str] = match document.kind {
            FigureKindDocument::Change => &["measure", "over", "earlier", "later"],
            FigureKindDocument::Mean => &["sum", "count"],
            FigureKindDocument::Median => &["measure", "over", "edges", "unit"],
            FigureKindDocument::Quantile => &["measure", "over", "edges", "unit", "percent"],
            FigureKindDocument::Rate => &["measure", "denominator", "population", "per", "over", "weights"],
            FigureKindDocument::Share => &["measure", "where"],
        };
        let extra = given.iter().find(|(name, given)| *given && !of_kind.contains(name));
        extra
            .map_or(Ok(()), |(name, _)| Err(self.wrong(format!("a figure of this kind has no `{name}`; leave it out"))))
    }

    fn wrong(&self, problem: impl Into<String>) -> TemplateError {
        part(&*self.place, problem)
    }

    fn given(&self, text: &Option<String>, what: &str) -> Result<String, TemplateError> {
        text.clone().ok_or_else(|| self.wrong(format!("give `{what}`")))
    }

    fn measure(&self, name: &Option<String>, what: &str) -> Result<(String, MeasureKind), TemplateError> {
        let name = self.given(name, what)?;
        let known = self.measures.iter().find(|m| m.measure.name() == name).map(|m| m.measure.kind());
        known.map(|kind| (name.clone(), kind)).ok_or_else(|| self.wrong(format!("there is no measure `{name}`")))
    }

    fn dimension(&self, name: &Option<String>, what: &str) -> Result<&'a Dimension, TemplateError> {
        let name = self.given(name, what)?;
        let known = self.dimensions.iter().find(|d| d.name == name);
        known.ok_or_else(|| self.wrong(format!("there is no dimension `{name}`")))
    }

    /// `first 6` or `last 6`.
    fn number_of_levels(&self, text: &Option<String>, what: &str, end: &str) -> Result<usize, TemplateError> {
        let text = self.given(text, what)?;
        let count = text.strip_prefix(end).and_then(|rest| rest.trim().parse::<usize>().ok()).filter(|n| *n > 0);
        count.ok_or_else(|| self.wrong(format!("write `{what}` like \"{end} 6\"")))
    }
}
