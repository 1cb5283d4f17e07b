//! What a provider does not answer, in a small file that is read again at every order: it stops at once, without a
//! restart and without the coordinator.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use template::Template;

use crate::config::Answering;
use crate::policy::Reason;

/// The longest file of refusals, in bytes.
const BYTES_MAX: u64 = 256 * 1024;

/// Where a provider's refusals stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusalsFile {
    /// The file.
    pub path: PathBuf,
    /// Whether its absence means that nothing is refused.
    pub presence: Presence,
}

/// Whether a file must be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// Without it nothing is refused.
    Optional,
    /// The operator named it: without it everything is refused.
    Required,
}

/// What is refused now.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Refusals {
    answering: Answering,
    templates: BTreeSet<String>,
    purposes: BTreeSet<String>,
    organisations: BTreeSet<String>,
}

/// Why the refusals are not known. Then everything is refused.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RefusalsError {
    /// The file cannot be read.
    #[error("{path} cannot be read ({kind}); put it right, or remove what is not needed from it")]
    Read { path: PathBuf, kind: io::ErrorKind },
    /// Not TOML of the declared form.
    #[error("{path} is not a list of refusals: {problem}")]
    Syntax { path: PathBuf, problem: String },
}

impl RefusalsFile {
    /// What is refused at this moment.
    pub(crate) fn read(&self) -> Result<Refusals, RefusalsError> {
        let text = match text(&self.path, BYTES_MAX) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound && self.presence == Presence::Optional => {
                return Ok(Refusals::default());
            }
            Err(error) => return Err(RefusalsError::Read { path: self.path.clone(), kind: error.kind() }),
        };
        toml::from_str(&text).map_err(|error| RefusalsError::Syntax {
            path: self.path.clone(),
            problem: error.to_string().trim_end().replace('\n', "; "),
        })
    }
}

/// The text of a file of so many bytes at most.
pub(crate) fn text(path: &Path, bytes_max: u64) -> io::Result<String> {
    let mut text = String::new();
    let read = File::open(path)?.take(bytes_max + 1).read_to_string(&mut text)?;
    if read as u64 > bytes_max { Err(io::ErrorKind::FileTooLarge.into()) } else { Ok(text) }
}

impl Refusals {
    /// Whether a question may be answered as far as this file goes.
    pub(crate) fn allow(&self, template: &Template, purpose: &str, organisation: Option<&str>) -> Result<(), Reason> {
        self.answers()?;
        if self.templates.contains(&template.id) {
            return Err(Reason::TemplateRefused);
        }
        if self.purposes.contains(purpose) {
            return Err(Reason::PurposeRefused);
        }
        match organisation {
            // Where organisations are refused and nobody states this one, it may be one of them.
            None if !self.organisations.is_empty() => Err(Reason::OrganisationRefused),
            Some(organisation) if self.organisations.contains(organisation) => Err(Reason::OrganisationRefused),
            _ => Ok(()),
        }
    }

    /// Whether anything is answered at all.
    pub(crate) fn answers(&self) -> Result<(), Reason> {
        match self.answering {
            Answering::Off => Err(Reason::AnsweringOff),
            Answering::On => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Result<(), ()>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("refusals.toml");
        std::fs::write(&path, text).unwrap();
        let file = RefusalsFile { path, presence: Presence::Optional };
        assert_eq!(file.read().map(|_| ()).map_err(|_| ()), expected, "{text}");
    }

    #[test]
    fn what_is_no_list_of_refusals_is_an_error() {
        check("", Ok(()));
        check("answering = \"off\"\ntemplates = [\"a\"]\npurposes = []\norganisations = [\"X\"]", Ok(()));
        for text in ["answering = off", "answer = \"off\"", "templates = \"a\"", "\0", &"#".repeat(300_000)] {
            check(text, Err(()));
        }
    }

    #[test]
    fn absence_refuses_nothing_unless_the_file_was_named() {
        let path = PathBuf::from("/nowhere/refusals.toml");
        let optional = RefusalsFile { path: path.clone(), presence: Presence::Optional };
        assert_eq!(optional.read().ok(), Some(Refusals::default()));
        let required = RefusalsFile { path, presence: Presence::Required };
        assert!(required.read().is_err());
    }
}
