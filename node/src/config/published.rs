//! What is published elsewhere about the provider's people, as meant: its populations and figures of its own reports.

use std::collections::BTreeSet;
use std::path::Path;

use chrono::NaiveDate;
use template::Population;

pub use super::written::PublishedOf;
use super::{ConfigError, Reader, written};
use crate::refusals::text;

/// The most entries of a kind.
const ENTRIES_MAX: usize = 1_000;
/// The largest file of a population.
const BYTES_MAX: u64 = 1 << 20;
/// The most rows of a population.
const ROWS_MAX: usize = 5_000;
/// The column of a population's numbers.
const PEOPLE: &str = "people";

/// What anybody can read elsewhere about the provider's people. Every answer counts it as known.
#[derive(Clone, Debug, Default)]
pub struct Published {
    /// How many people there are, perhaps by levels of dimensions.
    pub populations: Vec<PublishedPopulation>,
    /// Single figures that a question asks for too.
    pub figures: Vec<PublishedFigure>,
}

/// A population of which the people that questions count are some, such as the provider's list.
#[derive(Clone, Debug)]
pub struct PublishedPopulation {
    /// How many people there are.
    pub population: Population,
    /// The day whose state it is.
    pub as_of: NaiveDate,
    /// Ids of the templates whose people are among it; all of them where none is named.
    pub templates: BTreeSet<String>,
}

/// A published number of people or rows in one cell of a question's answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishedFigure {
    /// The template's id.
    pub template: String,
    /// The question's parameters, pairs of a name and a value as text, in the order of names.
    pub parameters: Vec<(String, String)>,
    /// The measure's name.
    pub measure: String,
    /// Per dimension that the cell keeps its level or group, in the order of names.
    pub levels: Vec<(String, String)>,
    /// What was published.
    pub figure: u64,
    /// Whom the publication counted.
    pub counted: PublishedOf,
    /// The day whose state it is.
    pub as_of: NaiveDate,
}

/// The rows of a population: a level of each dimension, and how many people have these.
struct Listed {
    dimensions: Vec<String>,
    rows: Vec<(Vec<String>, u64)>,
}

impl PublishedPopulation {
    /// Whether it is about the people whom a template counts.
    pub(crate) fn is_of(&self, template: &str) -> bool {
        self.templates.is_empty() || self.templates.contains(template)
    }
}

impl Reader<'_> {
    pub(super) fn published(&self, provider: &str, written: written::Published) -> Result<Published, ConfigError> {
        for (key, entries) in [("populations", written.populations.len()), ("figures", written.figures.len())] {
            if entries > ENTRIES_MAX {
                return Err(self.value(format!("published.{key}"), format!("holds more than {ENTRIES_MAX} entries")));
            }
        }
        let mut published = Published::default();
        for (place, written) in written.populations.into_iter().enumerate() {
            let key = format!("published.populations, entry {}", place + 1);
            let entry = self.published_population(&key, provider, written)?;
            let both = |other: &&PublishedPopulation| {
                let same_day = other.as_of == entry.as_of;
                let together = other.templates.is_empty()
                    || entry.templates.is_empty()
                    || !other.templates.is_disjoint(&entry.templates);
                same_day && together && !entry.population.agrees_with(&other.population, provider)
            };
            if let Some(other) = published.populations.iter().position(|other| both(&other)) {
                let problem =
                    format!("says another number of the same people on the same day than entry {}", other + 1);
                return Err(self.value(key, problem));
            }
            published.populations.push(entry);
        }
        for (place, written) in written.figures.into_iter().enumerate() {
            let key = format!("published.figures, entry {}", place + 1);
            let entry = self.published_figure(&key, written)?;
            let same = |other: &PublishedFigure| {
                let of = |f: &PublishedFigure| {
                    (f.template.clone(), f.parameters.clone(), f.measure.clone(), f.levels.clone())
                };
                of(other) == of(&entry)
            };
            if let Some(other) = published.figures.iter().position(same) {
                return Err(self.value(key, format!("is about the same figure as entry {}; keep one", other + 1)));
            }
            published.figures.push(entry);
        }
        Ok(published)
    }

    fn published_population(
        &self,
        key: &str,
        provider: &str,
        written: written::PublishedPopulation,
    ) -> Result<PublishedPopulation, ConfigError> {
        self.published_source(key, &written.source)?;
        let as_of = self.day(format!("{key}, as_of"), &written.as_of)?;
        let Listed { dimensions, rows } = match (written.people, written.file) {
            (Some(people), None) => Listed { dimensions: Vec::new(), rows: vec![(Vec::new(), people)] },
            (None, Some(file)) => self.population_file(key, &self.path(file))?,
            _ => return Err(self.value(key, "give either `people`, or a `file` with levels and people")),
        };
        let population = Population::of_provider(&written.source, provider, dimensions, rows)
            .map_err(|error| self.value(key, error.to_string()))?;
        let templates = self.template_ids(key, written.templates)?;
        Ok(PublishedPopulation { population, as_of, templates })
    }

    /// None of them named means all; an empty list would look like none.
    fn template_ids(&self, key: &str, templates: Option<Vec<String>>) -> Result<BTreeSet<String>, ConfigError> {
        match templates {
            Some(templates) if templates.is_empty() || templates.iter().any(String::is_empty) => {
                Err(self.value(key, "`templates` names none; leave it out where all questions are meant"))
            }
            templates => Ok(templates.unwrap_or_default().into_iter().collect()),
        }
    }

    fn published_figure(&self, key: &str, written: written::PublishedFigure) -> Result<PublishedFigure, ConfigError> {
        self.published_source(key, &written.source)?;
        for (name, text) in [("template", &written.template), ("measure", &written.measure)] {
            if text.is_empty() {
                return Err(self.value(key, format!("`{name}` is empty; write its name as in the template")));
            }
        }
        Ok(PublishedFigure {
            as_of: self.day(format!("{key}, as_of"), &written.as_of)?,
            template: written.template,
            parameters: written.parameters.into_iter().collect(),
            measure: written.measure,
            levels: written.levels.into_iter().collect(),
            figure: written.figure,
            counted: written.counted,
        })
    }

    fn published_source(&self, key: &str, source: &str) -> Result<(), ConfigError> {
        if source.trim().is_empty() || source.chars().any(char::is_control) {
            return Err(self.value(key, "`source` is empty; write where it was published, one line"));
        }
        Ok(())
    }

    /// Reads a population's rows: a header of dimensions and `people`, then a level of each and a number of people.
    fn population_file(&self, key: &str, file: &Path) -> Result<Listed, ConfigError> {
        let name = file.display();
        let wrong = |problem: String| self.value(key, problem);
        let text = text(file, BYTES_MAX)
            .map_err(|_| wrong(format!("{name} cannot be read, or is no text of {} MiB at most", BYTES_MAX >> 20)))?;
        let mut lines =
            (1usize..).zip(text.trim_start_matches('\u{feff}').lines()).filter(|(_, line)| !line.trim().is_empty());
        let header: Vec<String> = lines.next().map_or_else(Vec::new, |(_, line)| fields(line));
        let people = header.iter().position(|column| column == PEOPLE);
        let people = people.ok_or_else(|| wrong(format!("{name} has no column `{PEOPLE}` in its first line")))?;
        let mut dimensions = header.clone();
        dimensions.remove(people);
        let named = |name: &String| {
            name.starts_with(|c: char| c.is_ascii_lowercase())
                && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
        };
        let distinct: BTreeSet<&String> = dimensions.iter().collect();
        if distinct.len() != dimensions.len() || !dimensions.iter().all(named) {
            return Err(wrong(format!(
                "{name} has columns that are not named like a template's dimensions, each once; beside `{PEOPLE}` write \
                 names like `age_band`"
            )));
        }
        let mut rows = Vec::new();
        for (line, text) in lines {
            let mut levels = fields(text);
            let number = (levels.len() == header.len()).then(|| levels.remove(people).parse::<u64>().ok()).flatten();
            let number = number.filter(|_| levels.iter().all(|level| !level.is_empty() && !level.contains('"')));
            let number = number.ok_or_else(|| {
                wrong(format!(
                    "{name}, line {line}: write a level for each column and a whole number of people, without quotes"
                ))
            })?;
            rows.push((levels, number));
            if rows.len() > ROWS_MAX {
                return Err(wrong(format!("{name} has more than {ROWS_MAX} rows; publish coarser levels")));
            }
        }
        if rows.is_empty() {
            return Err(wrong(format!("{name} holds no rows")));
        }
        Ok(Listed { dimensions, rows })
    }
}

fn fields(line: &str) -> Vec<String> {
    line.split(',').map(|field| field.trim().to_owned()).collect()
}
