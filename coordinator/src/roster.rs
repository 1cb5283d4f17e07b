//! The region's providers: who is asked, and whose signature counts.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use combine::ELSEWHERE;
use serde::Deserialize;
use template::{Place, ProviderKind, PublicKey};
use wire::{Places, ProviderCode};

/// The longest roster, in bytes.
const ROSTER_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// A provider on the roster.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provider {
    /// Its organisation code, which is also the name in its certificate: `urn:tallyward:provider:CODE`.
    pub code: ProviderCode,
    /// Its name, for people.
    pub name: String,
    /// Its kind.
    pub kind: ProviderKind,
    /// The integrated care board that it belongs to, if it belongs to one.
    pub board: Option<String>,
    /// The locality that it belongs to, if it belongs to one.
    pub locality: Option<String>,
    /// The primary care network that it belongs to, if it belongs to one.
    pub network: Option<String>,
    /// What its releases and refusals are signed with, Ed25519.
    pub key: PublicKey,
}

/// Every provider of the region, by code.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Roster(BTreeMap<ProviderCode, Provider>);

/// Why a roster cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RosterError {
    /// The file cannot be read.
    #[error("{file}: cannot be read; write the roster there, one [[provider]] for each")]
    Read {
        /// Which.
        file: PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// Too long, or not TOML of the declared form.
    #[error("{file}: {problem}")]
    Syntax {
        /// Which.
        file: PathBuf,
        /// What and where.
        problem: String,
    },
    /// An entry that does not make sense beside the others.
    #[error("{file}: provider `{code}`: {problem}")]
    Provider {
        /// Which file.
        file: PathBuf,
        /// Which provider.
        code: ProviderCode,
        /// What is wrong.
        problem: &'static str,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default)]
    provider: Vec<Provider>,
}

impl Provider {
    /// Where it belongs.
    #[must_use]
    pub fn places(&self) -> Places {
        Places { board: self.board.clone(), locality: self.locality.clone(), network: self.network.clone() }
    }
}

impl Roster {
    /// Reads a roster.
    ///
    /// # Errors
    /// A [`RosterError`] that names the file and the provider.
    pub fn read(file: &Path) -> Result<Self, RosterError> {
        let read = |source| RosterError::Read { file: file.to_owned(), source };
        let syntax = |problem| RosterError::Syntax { file: file.to_owned(), problem };
        if std::fs::metadata(file).map_err(read)?.len() > ROSTER_BYTES_MAX {
            return Err(syntax(format!("longer than {ROSTER_BYTES_MAX} bytes")));
        }
        let text = std::fs::read_to_string(file).map_err(read)?;
        let written: Written =
            toml::from_str(&text).map_err(|error| syntax(error.to_string().trim_end().to_owned()))?;
        Self::new(written.provider).map_err(|(code, problem)| RosterError::Provider {
            file: file.to_owned(),
            code,
            problem,
        })
    }

    fn new(providers: Vec<Provider>) -> Result<Self, (ProviderCode, &'static str)> {
        let mut keys = BTreeSet::new();
        let mut roster = BTreeMap::new();
        for provider in providers {
            let one_line =
                |text: &str| !text.trim().is_empty() && text.len() <= 200 && !text.chars().any(char::is_control);
            let is_place = |text: &str| one_line(text) && text != ELSEWHERE;
            let problem = if !one_line(&provider.name) {
                Some("write its name, one line of at most 200 bytes")
            } else if !Place::ALL.iter().all(|place| provider.places().of(*place).is_none_or(is_place)) {
                Some(
                    "write its board, locality and network, each one line of at most 200 bytes, or leave them out; no place \
                      is called `elsewhere`",
                )
            } else if !keys.insert(provider.key) {
                Some("has another provider's key; each provider signs with its own")
            } else {
                None
            };
            if let Some(problem) = problem {
                return Err((provider.code, problem));
            }
            if let Some(twice) = roster.insert(provider.code.clone(), provider) {
                return Err((twice.code, "stands twice; list each provider once"));
            }
        }
        Ok(Self(roster))
    }

    /// The provider of this code.
    #[must_use]
    pub fn provider(&self, code: &ProviderCode) -> Option<&Provider> {
        self.0.get(code)
    }

    /// Every provider of these kinds, kind by kind in the order of answers, then by code.
    #[must_use]
    pub fn of_kinds(&self, kinds: &[ProviderKind]) -> Vec<&Provider> {
        let of_kind = |kind: ProviderKind| self.0.values().filter(move |provider| provider.kind == kind);
        ProviderKind::ALL.into_iter().filter(|kind| kinds.contains(kind)).flat_map(of_kind).collect()
    }

    /// Every provider, by code.
    pub fn all(&self) -> impl Iterator<Item = &Provider> {
        self.0.values()
    }

    /// How many providers there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(code: &str, kind: &str, key: char) -> String {
        let key = key.to_string().repeat(64);
        format!("[[provider]]\ncode = \"{code}\"\nname = \"{code} Surgery\"\nkind = \"{kind}\"\nkey = \"{key}\"\n")
    }

    fn read(text: &str) -> Result<Roster, String> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("roster.toml");
        std::fs::write(&file, text).unwrap();
        Roster::read(&file).map_err(|error| error.to_string().replace(&file.display().to_string(), "FILE"))
    }

    #[test]
    fn providers_come_kind_by_kind() {
        let text = [entry("RYX", "hospital", '1'), entry("Y00002", "gp", '2'), entry("Y00001", "gp", '3')].concat();
        let roster = read(&text).unwrap();
        let codes = |kinds: &[ProviderKind]| -> Vec<String> {
            roster.of_kinds(kinds).iter().map(|provider| provider.code.to_string()).collect()
        };
        assert_eq!(codes(&[ProviderKind::Hospital, ProviderKind::Gp]), ["Y00001", "Y00002", "RYX"]);
        assert_eq!(codes(&[ProviderKind::Ambulance]), Vec::<String>::new());
    }

    #[test]
    fn a_doubtful_roster_is_refused() {
        let good = entry("Y00001", "gp", '1');
        for (text, expected) in [
            (format!("{good}{}", entry("Y00001", "gp", '2')), "FILE: provider `Y00001`: stands twice"),
            (format!("{good}{}", entry("Y00002", "gp", '1')), "FILE: provider `Y00002`: has another provider's key"),
            (good.replace("Y00001", "y1"), "a provider's code is 2 to 12 of A-Z and 0-9"),
            (good.replace("\"gp\"", "\"dentist\""), "unknown variant `dentist`"),
            (good.replace(&"1".repeat(64), "1"), "a public key is 64 lower-case hexadecimal digits"),
            (good.replace("name =", "title ="), "unknown field `title`"),
            (good.replace("Y00001 Surgery", " "), "write its name"),
            (format!("{good}locality = \"\"\n"), "write its board, locality and network"),
            (format!("{good}network = \"elsewhere\"\n"), "no place is called `elsewhere`"),
        ] {
            let error = read(&text).unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
    }
}
