//! The review sheet: what a template would do, in plain words, for the people who sign it.
//!
//! It follows from the template's exact bytes and from what is given beside them (look-ups' schemas, published list sizes,
//! templates approved before) and from nothing else, so that two reviewers with the same inputs read the same sheet and a
//! signed review can name it by digest. No provider's data goes into it.

mod cells;
mod changes;
mod lines;
mod question;
mod related;

use template::{Digest, Template, TemplateError};

use crate::check::Checker;
use crate::checked::Checked;
use crate::contract::LookupSchema;
use crate::error::PlanError;

/// What is known beside the template.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    /// The region's look-ups.
    pub lookups: Vec<LookupSchema>,
    /// Published list sizes.
    pub list_sizes: Vec<ListSize>,
    /// Templates that may be asked already, other versions of this one among them: their exact bytes.
    pub approved: Vec<Vec<u8>>,
    /// The exact bytes of the version before this one, if there is one.
    pub previous: Option<Vec<u8>>,
}

/// A published number of people on one provider's list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListSize {
    /// Whose list: a published code.
    pub provider: String,
    /// How many people.
    pub people: u64,
}

/// A review sheet.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Sheet {
    /// The digest of the template's exact bytes.
    pub template_sha256: Digest,
    /// Its name with its version.
    pub name: String,
    /// The parts, in the order in which they are read.
    pub sections: Vec<Section>,
}

/// A part of a sheet.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Section {
    /// What it is about.
    pub title: &'static str,
    /// What it says.
    pub lines: Vec<Line>,
}

/// One statement.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Line {
    /// How much it matters.
    pub weight: Weight,
    /// The words.
    pub words: String,
}

/// How much a statement matters to whoever decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Weight {
    /// So it is.
    Plain,
    /// Worth a look.
    Note,
    /// It should not be signed without an answer to this.
    Warning,
}

/// Why there is no sheet: nothing without one is to be signed.
#[derive(Debug, thiserror::Error)]
pub enum SheetError {
    /// Not a template.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// Its SQL is not admitted.
    #[error("its SQL is not admitted: {0}")]
    Plan(#[from] PlanError),
}

/// What a sheet is written from.
pub(crate) struct Subject<'a> {
    pub(crate) template: &'a Template,
    pub(crate) checked: &'a Checked,
}

impl Sheet {
    /// The sheet of the template with these exact bytes.
    ///
    /// # Errors
    /// A [`SheetError`] where they are no template, or its SQL is refused: then nobody should sign.
    pub fn write(toml: &[u8], surroundings: &Surroundings) -> Result<Self, SheetError> {
        let template = Template::parse(toml)?;
        let checker = Checker::new();
        let checked = checker.check_template(&template, &surroundings.lookups)?;
        let subject = Subject { template: &template, checked: &checked };
        let mut sections = question::sections(&subject);
        sections.push(cells::section(&template));
        sections.push(cells::groups(&template, &surroundings.list_sizes));
        sections.push(cells::rule(&template));
        sections.push(related::section(&checker, &subject, toml, surroundings));
        sections.extend(
            surroundings
                .previous
                .as_deref()
                .map(|previous| changes::section(&checker, &subject, previous, surroundings)),
        );
        if let Some(previous) = surroundings.previous.as_deref() {
            sections.push(lines::section(previous, toml));
        }
        let name = format!("{} version {}", template.id, template.version);
        Ok(Self { template_sha256: Digest::of(toml), name, sections })
    }

    /// The sheet as text, the same for the same sheet to the byte.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = format!("Review sheet of {}\ntemplate sha256 {}\n", self.name, self.template_sha256);
        for section in &self.sections {
            text += &format!("\n{}\n", section.title);
            for line in &section.lines {
                let mark = match line.weight {
                    Weight::Plain => "   ",
                    Weight::Note => " - ",
                    Weight::Warning => " ! ",
                };
                for (place, words) in line.words.lines().enumerate() {
                    text += if place == 0 { mark } else { "   " };
                    text += words.trim_end();
                    text.push('\n');
                }
            }
        }
        text
    }

    /// The digest of its text, which a signed review names.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of(self.text().as_bytes())
    }

    /// What should not be signed without an answer.
    pub fn warnings(&self) -> impl Iterator<Item = &str> {
        let lines = self.sections.iter().flat_map(|section| &section.lines);
        lines.filter(|line| line.weight == Weight::Warning).map(|line| line.words.as_str())
    }
}

pub(crate) fn plain(words: impl Into<String>) -> Line {
    Line { weight: Weight::Plain, words: words.into() }
}

pub(crate) fn note(words: impl Into<String>) -> Line {
    Line { weight: Weight::Note, words: words.into() }
}

pub(crate) fn warning(words: impl Into<String>) -> Line {
    Line { weight: Weight::Warning, words: words.into() }
}
