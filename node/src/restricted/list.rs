//! The list of restricted codes: the software's own, and what a provider adds.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use template::Digest;
use wire::RestrictedCodes;

use super::codes;

/// The largest file of additions.
const BYTES_MAX: u64 = 16 << 20;
/// The longest code.
const CODE_BYTES_MAX: usize = 18;
/// How many lines an error names.
const LINES_NAMED: usize = 20;

/// A system of clinical codes, as core-1's `code_system` names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum CodeSystem {
    /// Clinical Terms Version 3.
    Ctv3,
    /// ICD-10.
    Icd10,
    /// OPCS-4.
    Opcs4,
    /// Read codes, version 2.
    Read2,
    /// SNOMED CT.
    Snomed,
}

impl CodeSystem {
    /// The system of this name, in any case.
    pub(crate) fn named(name: &str) -> Option<Self> {
        let systems = [
            ("CTV3", Self::Ctv3),
            ("ICD10", Self::Icd10),
            ("OPCS4", Self::Opcs4),
            ("READ2", Self::Read2),
            ("SNOMED", Self::Snomed),
        ];
        systems.into_iter().find(|(known, _)| known.eq_ignore_ascii_case(name.trim())).map(|(_, system)| system)
    }

    /// The code in its one spelling, if it can be one of this system.
    pub(super) fn normal(self, code: &str) -> Option<String> {
        let trimmed = code.trim();
        let normal = match self {
            // Daggers, asterisks and words may follow the code.
            Self::Icd10 | Self::Opcs4 => {
                let letters = trimmed.chars().filter(|c| *c != '.').take_while(char::is_ascii_alphanumeric);
                letters.take(CODE_BYTES_MAX).collect::<String>().to_ascii_uppercase()
            }
            // Five bytes and often two of a term: case counts, and dots fill up.
            Self::Read2 | Self::Ctv3 => trimmed.get(..5).unwrap_or(trimmed).trim_end_matches('.').to_owned(),
            Self::Snomed => trimmed.to_owned(),
        };
        let least = match self {
            Self::Icd10 | Self::Opcs4 => 3,
            Self::Read2 => 2,
            Self::Ctv3 | Self::Snomed => 1,
        };
        let fits = match self {
            Self::Snomed => normal.bytes().all(|b| b.is_ascii_digit()) && normal.len() >= 6,
            _ => normal.bytes().all(|b| b.is_ascii_alphanumeric()),
        };
        (normal.len() >= least && normal.len() <= CODE_BYTES_MAX && fits).then_some(normal)
    }

    /// Whether a code's first letters are the codes above it.
    const fn is_nested(self) -> bool {
        matches!(self, Self::Icd10 | Self::Opcs4 | Self::Read2)
    }
}

/// The restricted codes. INVARIANT: it holds the software's own list whole; additions are only ever inserted.
pub(crate) struct CodeList {
    codes: HashSet<(CodeSystem, String)>,
    additions: Option<Digest>,
}

/// Why a provider's additions to the restricted codes cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AdditionsError {
    /// The file cannot be read.
    #[error("{file} cannot be read")]
    Read {
        /// Which.
        file: PathBuf,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// It is too large, or not text.
    #[error("{file} is larger than {} MiB or not text in UTF-8", BYTES_MAX >> 20)]
    NotText {
        /// Which.
        file: PathBuf,
    },
    /// Some lines are no codes.
    #[error(
        "{file}: lines {} are not of the form `system,code`; systems are CTV3, ICD10, OPCS4, READ2 and SNOMED",
        .lines.iter().map(usize::to_string).collect::<Vec<_>>().join(", ")
    )]
    Lines {
        /// Which.
        file: PathBuf,
        /// The first of them, counted from 1.
        lines: Vec<usize>,
    },
    /// It adds nothing.
    #[error("{file} adds no code; leave `additions` out where there is nothing to add")]
    Empty {
        /// Which.
        file: PathBuf,
    },
}

impl CodeList {
    /// The software's own list.
    pub(crate) fn built_in() -> Self {
        let codes = codes::built_in().filter_map(|(system, code)| Some((system, system.normal(code)?)));
        Self { codes: codes.collect(), additions: None }
    }

    /// The software's own list with a provider's additions: lines of `system,code`, a header and comments after `#` let
    /// pass. In ICD-10, OPCS-4 and Read a code adds everything below it.
    pub(crate) fn with_additions(file: &Path) -> Result<Self, AdditionsError> {
        let read = |source| AdditionsError::Read { file: file.to_owned(), source };
        let mut bytes = Vec::new();
        File::open(file).map_err(read)?.take(BYTES_MAX + 1).read_to_end(&mut bytes).map_err(read)?;
        let digest = Digest::of(&bytes);
        let text = String::from_utf8(bytes).ok().filter(|text| text.len() as u64 <= BYTES_MAX);
        let text = text.ok_or_else(|| AdditionsError::NotText { file: file.to_owned() })?;
        let mut list = Self::built_in();
        let (mut wrong, mut added) = (Vec::new(), 0u64);
        let lines = (1..).zip(text.trim_start_matches('\u{feff}').lines());
        for (number, line) in lines.map(|(number, line)| (number, line.split('#').next().unwrap_or("").trim())) {
            if line.is_empty() || (added == 0 && wrong.is_empty() && is_header(line)) {
                continue;
            }
            let code = line.split_once(',').and_then(|(system, code)| {
                let system = CodeSystem::named(system.trim().trim_matches('"'))?;
                Some((system, system.normal(code.trim().trim_matches('"'))?))
            });
            match code {
                Some(code) => {
                    list.codes.insert(code);
                    added += 1;
                }
                None => wrong.push(number),
            }
        }
        if !wrong.is_empty() {
            wrong.truncate(LINES_NAMED);
            return Err(AdditionsError::Lines { file: file.to_owned(), lines: wrong });
        }
        if added == 0 {
            return Err(AdditionsError::Empty { file: file.to_owned() });
        }
        list.additions = Some(digest);
        Ok(list)
    }

    /// Which list this is, for snapshots and releases.
    pub(crate) fn name(&self) -> RestrictedCodes {
        RestrictedCodes { version: codes::VERSION, additions_sha256: self.additions }
    }

    /// Whether the provider has added to the list.
    pub(crate) const fn has_additions(&self) -> bool {
        self.additions.is_some()
    }

    /// Whether a code is restricted. A row that names a system that the core model does not know is looked up in all of
    /// them: what cannot be read is rather left out than let through.
    pub(crate) fn holds(&self, system: Option<CodeSystem>, code: &str) -> bool {
        const ALL: [CodeSystem; 5] =
            [CodeSystem::Ctv3, CodeSystem::Icd10, CodeSystem::Opcs4, CodeSystem::Read2, CodeSystem::Snomed];
        match system {
            Some(system) => self.holds_in(system, code),
            None => ALL.into_iter().any(|system| self.holds_in(system, code)),
        }
    }

    fn holds_in(&self, system: CodeSystem, code: &str) -> bool {
        let Some(code) = system.normal(code) else { return false };
        let shortest = if system.is_nested() { 2 } else { code.len() };
        (shortest..=code.len())
            .any(|length| code.get(..length).is_some_and(|head| self.codes.contains(&(system, head.to_owned()))))
    }
}

fn is_header(line: &str) -> bool {
    line.replace(['"', ' '], "").eq_ignore_ascii_case("system,code")
}

impl std::fmt::Debug for CodeList {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CodeList").field("codes", &self.codes.len()).field("additions", &self.additions).finish()
    }
}
