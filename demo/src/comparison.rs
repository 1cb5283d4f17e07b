//! Answers beside the truth: one question to each template of the library, what the generator knows the answer to be, and
//! how far the bounds of an answer pin it down.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use cli::Signing;
use disclosure::{Measure, MeasureKind};
use futures::StreamExt as _;
use template::{Dimension, Template};
use wire::{Answer, AnswerGroup, Ask, CellState, Desk, GroupingName, ParameterValue};

use crate::population::Population;
use crate::population::truth::{Figures, Question, Truth};
use crate::region::TEMPLATES;

/// How long providers may take, in seconds.
const DEADLINE_S: u32 = 120;

/// A template of the library with parameters within the region's records.
#[derive(Clone, Copy, Debug)]
pub struct Example {
    /// The template's id.
    pub template: &'static str,
    /// Names and values.
    pub parameters: &'static [(&'static str, &'static str)],
}

/// One for each template of the library. The first asks every provider.
pub const EXAMPLES: [Example; TEMPLATES.len()] = [
    Example { template: "long-term-condition-cost", parameters: &[("from", "2023-04"), ("to", "2025-03")] },
    Example { template: "long-term-condition-activity", parameters: &[("from", "2024-04"), ("to", "2025-03")] },
    Example { template: "long-term-condition-rate", parameters: &[("at", "2025-03")] },
    Example { template: "frequent-emergency-users", parameters: &[("from", "2024-04"), ("to", "2025-03"), ("n", "3")] },
    Example { template: "emergency-admissions-75-plus", parameters: &[("from", "2024-10"), ("to", "2025-09")] },
    Example { template: "depression-with-long-term-condition", parameters: &[("at", "2025-03")] },
    Example { template: "respiratory-emergency-admissions", parameters: &[("from", "2023-04"), ("to", "2025-03")] },
    Example { template: "stroke-length-of-stay", parameters: &[("from", "2023-04"), ("to", "2025-03")] },
];

impl Example {
    /// The template.
    ///
    /// # Errors
    /// Where the library has none of this id, or it is none.
    pub fn template(&self) -> Result<Template> {
        let (_, text) =
            TEMPLATES.iter().find(|(id, _)| *id == self.template).context("the library has no such template")?;
        Ok(Template::parse(text.as_bytes())?)
    }

    /// Asks it as the region's analyst, who signs, and waits for the answer.
    ///
    /// # Errors
    /// Where the coordinator turns it away or cannot be reached.
    pub async fn ask(
        &self,
        desk: &mut Desk,
        signing: &Signing,
        purpose: &str,
        grouping: Option<GroupingName>,
    ) -> Result<Answer> {
        let parameters = self.parameters.iter();
        let ask = Ask {
            template: self.template.to_owned(),
            version: None,
            parameters: parameters
                .map(|(name, value)| ParameterValue { name: (*name).to_owned(), value: (*value).to_owned() })
                .collect(),
            purpose: purpose.to_owned(),
            deadline_s: Some(DEADLINE_S),
            grouping,
        };
        let run = cli::ask(desk, signing, &ask).await?;
        let mut progress = desk.watch(run).await?;
        while let Some(step) = progress.next().await {
            step?;
        }
        Ok(desk.answer(run).await?)
    }

    /// What each provider of a group truly holds, in the order of the providers.
    ///
    /// # Errors
    /// Where no truth is known for the template.
    pub fn truths(&self, population: &Population, group: &AnswerGroup) -> Result<Vec<Truth>> {
        let parameters: BTreeMap<String, String> =
            self.parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let question = Question::parse(self.template, &parameters)?;
        let providers = population.providers().iter();
        Ok(providers
            .filter(|provider| group.name == "all" || provider.kind.code() == group.name)
            .filter(|provider| question.runs_at().contains(&provider.kind))
            .map(|provider| question.truth(population, provider))
            .collect())
    }
}

/// The truth of a cell at one provider; `None` for the levels of a total, and a group's label for its levels.
#[must_use]
pub fn margin(template: &Template, truth: &Truth, levels: &[Option<String>]) -> Figures {
    let kept = template.dimensions.iter().zip(levels).enumerate();
    let members = |(place, (dimension, label)): (usize, (&Dimension, &Option<String>))| {
        let label = label.as_ref()?;
        let mut groups = dimension.groupings.iter().flat_map(|grouping| &grouping.groups);
        let group = groups.find(|group| group.label == *label);
        Some((place, group.map_or_else(|| vec![label.clone()], |group| group.levels.clone())))
    };
    truth.margin_of_groups(&kept.filter_map(members).collect::<Vec<_>>())
}

/// Whether a cell is a total: over a dimension, or of a group of levels.
#[must_use]
pub fn is_total(template: &Template, levels: &[Option<String>]) -> bool {
    let mut levels = template.dimensions.iter().zip(levels);
    levels.any(|(dimension, label)| match label {
        None => true,
        Some(label) => dimension.groupings.iter().flat_map(|g| &g.groups).any(|group| group.label == *label),
    })
}

/// The truth of a cell over these providers, in hundredths.
#[must_use]
pub fn hundredths(template: &Template, truths: &[Truth], levels: &[Option<String>], measure: &Measure) -> u64 {
    let figures = truths.iter().map(|truth| margin(template, truth, levels));
    match measure.kind() {
        MeasureKind::People => figures.map(|figures| figures.people * 100).sum(),
        MeasureKind::Rows { .. } => figures.map(|figures| figures.rows * 100).sum(),
        MeasureKind::Sum { .. } => figures.map(|figures| figures.sum_hundredths).sum(),
    }
}

/// Which cells of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// The inner cells.
    Cells,
    /// The totals over one or more dimensions, or of groups of their levels.
    Totals,
}

/// How wide the bounds of one measure are, summed over cells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Width {
    /// The sum of `high - low`.
    pub width: u64,
    /// The sum of the truths, in whole units.
    pub truth: u64,
    /// How many cells have no upper bound; they are in neither sum.
    pub open: usize,
}

impl Width {
    /// The width in per cent of the truth, rounded down.
    #[must_use]
    pub fn per_cent(&self) -> u64 {
        self.width * 100 / self.truth.max(1)
    }
}

/// How wide the bounds of a group's cells are, per measure and part.
#[must_use]
pub fn widths(group: &AnswerGroup, template: &Template, truths: &[Truth]) -> BTreeMap<(String, Part), Width> {
    let mut widths: BTreeMap<(String, Part), Width> = BTreeMap::new();
    for cell in group.cells.iter().filter(|cell| cell.state == CellState::Bounded) {
        let Some(measure) = template.measures.iter().find(|m| m.measure.name() == cell.measure) else { continue };
        let part = if is_total(template, &cell.levels) { Part::Totals } else { Part::Cells };
        let width = widths.entry((cell.measure.clone(), part)).or_default();
        match cell.high {
            Some(high) => {
                width.width += high - cell.low;
                width.truth += hundredths(template, truths, &cell.levels, &measure.measure) / 100;
            }
            None => width.open += 1,
        }
    }
    widths
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_template_of_the_library_has_an_example() {
        let examples: BTreeSet<&str> = EXAMPLES.iter().map(|example| example.template).collect();
        assert_eq!(examples, TEMPLATES.iter().map(|(id, _)| *id).collect());
    }
}
