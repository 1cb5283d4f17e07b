//! The coordinator's configuration as meant: keys loaded, digests compared, the roster read.

mod written;

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use template::{RootError, SigningKey, TrustRoot};
use wire::{AnalystName, ServerTls, TlsFiles};

use crate::roster::{Roster, RosterError};

use self::written::Written;

/// A coordinator, as its operator configured it.
pub struct Config {
    /// Where this was read from.
    pub file: PathBuf,
    /// Where it listens for providers and analysts.
    pub listen: SocketAddr,
    /// Its side of TLS.
    pub tls: ServerTls,
    /// What orders are signed with; providers pin the public half.
    pub signing_key: Arc<SigningKey>,
    /// Who may approve templates, as the operator pinned it.
    pub trust_root: TrustRoot,
    /// Its exact bytes, for whoever verifies an answer.
    pub trust_root_envelope: Arc<Vec<u8>>,
    /// The folder of `*.template.dsse.json`.
    pub templates: PathBuf,
    /// The folder of `*.lookup.dsse.json`.
    pub lookups: PathBuf,
    /// What catalogues are signed with, if this coordinator issues them.
    pub catalogue: Option<CatalogueKey>,
    /// The region's providers.
    pub roster: Roster,
    /// Where they are listed.
    pub roster_file: PathBuf,
    /// The file of the store.
    pub store: PathBuf,
    /// Who may ask, and for which organisation.
    pub analysts: BTreeMap<AnalystName, String>,
    /// Bounds on runs.
    pub limits: Limits,
    /// With which earlier answers a new one is compared.
    pub compares: Compares,
}

/// With which earlier answers to its question a new answer is compared, so that the two do not differ by too few sites.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Compares {
    /// With every answer to the question, whoever asked it. Where sites come and go, an answer holds some of them out.
    #[default]
    EveryAnswer,
    /// With the other revisions of the same run alone: whoever asks again while a site is away can subtract the two.
    OneRun,
}

/// What catalogues are signed with. The key can freeze and withhold, and approve nothing.
#[derive(Clone)]
pub struct CatalogueKey {
    /// The key, which the trust root lists for the role `catalogue`.
    pub key: Arc<SigningKey>,
    /// How long a catalogue lasts, hours.
    pub hours: i64,
}

/// Bounds on runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How long providers may take where the analyst does not say, seconds.
    pub deadline_s: u32,
    /// The longest that an analyst may give them, seconds.
    pub longest_deadline_s: u32,
    /// Runs that are open at the same time.
    pub open_runs: usize,
    /// Runs of one analyst that are open at the same time.
    pub open_runs_per_analyst: usize,
    /// How long after a run's deadline late answers are taken, seconds; nought where none are.
    pub late_s: u32,
    /// The most revisions of one answer, the first one counted.
    pub revisions: u32,
}

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file, or something that it names.
    #[error(transparent)]
    File(#[from] wire::ConfigError),
    /// A roster that cannot be used.
    #[error(transparent)]
    Roster(#[from] RosterError),
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config").field("file", &self.file).field("listen", &self.listen).finish_non_exhaustive()
    }
}

impl Config {
    /// Reads a configuration file and the keys, certificates, trust root and roster that it names. Relative paths start
    /// from the file's own folder.
    ///
    /// # Errors
    /// A [`ConfigError`] that names the file and the key.
    pub fn read(file: &Path) -> Result<Self, ConfigError> {
        let reader = Reader { file, base: file.parent().unwrap_or(Path::new("")) };
        reader.config(written(file)?)
    }

    /// Where the signing key of this configuration is kept, before there is one.
    ///
    /// # Errors
    /// A [`ConfigError`] that names the file and the key.
    pub fn place_of_signing_key(file: &Path) -> Result<PathBuf, ConfigError> {
        let base = file.parent().unwrap_or(Path::new(""));
        Ok(base.join(written(file)?.signing_key))
    }
}

fn written(file: &Path) -> Result<Written, ConfigError> {
    Ok(wire::read_config(file, "coordinator/sample.toml")?)
}

struct Reader<'a> {
    file: &'a Path,
    base: &'a Path,
}

impl Reader<'_> {
    fn config(&self, written: Written) -> Result<Config, ConfigError> {
        let limits = self.limits(&written.limits)?;
        let analysts = self.analysts(written.analyst)?;
        let signing_key = wire::signing_key(&self.base.join(written.signing_key))
            .map_err(|source| wire::ConfigError::SigningKey { file: self.file.to_owned(), source })?;
        let (trust_root, trust_root_envelope) = self.trust_root(&written.trust_root)?;
        Ok(Config {
            file: self.file.to_owned(),
            listen: written.listen,
            tls: self.tls(&written.tls)?,
            signing_key: Arc::new(signing_key),
            trust_root,
            trust_root_envelope: Arc::new(trust_root_envelope),
            templates: self.folder("templates", &written.templates)?,
            lookups: self.folder("lookups", &written.lookups)?,
            catalogue: written.catalogue.map(|catalogue| self.catalogue(&catalogue)).transpose()?,
            roster: Roster::read(&self.base.join(&written.roster))?,
            roster_file: self.base.join(written.roster),
            store: self.base.join(written.store),
            analysts,
            limits,
            compares: written.compares,
        })
    }

    fn catalogue(&self, written: &written::Catalogue) -> Result<CatalogueKey, ConfigError> {
        let most = 24 * template::CATALOGUE_DAYS_MAX;
        if !(1..=most).contains(&written.hours) {
            return Err(self.value("catalogue.hours", format!("write a number from 1 to {most}")));
        }
        let key = wire::signing_key(&self.base.join(&written.key))
            .map_err(|source| wire::ConfigError::SigningKey { file: self.file.to_owned(), source })?;
        Ok(CatalogueKey { key: Arc::new(key), hours: written.hours })
    }

    fn tls(&self, files: &TlsFiles) -> Result<ServerTls, ConfigError> {
        let files = TlsFiles {
            certificate: self.base.join(&files.certificate),
            key: self.base.join(&files.key),
            authority: self.base.join(&files.authority),
        };
        let problem = |source| wire::ConfigError::Tls { file: self.file.to_owned(), source: Box::new(source) };
        Ok(ServerTls::load(&files).map_err(problem)?)
    }

    fn trust_root(&self, pinned: &written::TrustRoot) -> Result<(TrustRoot, Vec<u8>), ConfigError> {
        let path = self.base.join(&pinned.file);
        let bytes = std::fs::read(&path).map_err(|error| {
            self.value("trust_root.file", format!("{}: cannot be read ({})", path.display(), error.kind()))
        })?;
        let root = TrustRoot::pinned(&bytes, pinned.sha256).map_err(|error| {
            let key = match error {
                RootError::NotPinned { .. } => "trust_root.sha256",
                _ => "trust_root.file",
            };
            self.value(key, format!("{}: {error}", path.display()))
        })?;
        Ok((root, bytes))
    }

    fn folder(&self, key: &str, folder: &Path) -> Result<PathBuf, ConfigError> {
        let path = self.base.join(folder);
        if path.is_dir() {
            Ok(path)
        } else {
            Err(self.value(key, format!("{} is not a folder; make it, even if it stays empty", path.display())))
        }
    }

    fn analysts(&self, written: Vec<written::Analyst>) -> Result<BTreeMap<AnalystName, String>, ConfigError> {
        let mut analysts = BTreeMap::new();
        for written::Analyst { name, organisation } in written {
            let one_line = !organisation.trim().is_empty() && !organisation.chars().any(char::is_control);
            if !one_line {
                return Err(self.value("analyst.organisation", format!("write the organisation of `{name}`, one line")));
            }
            if analysts.insert(name.clone(), organisation).is_some() {
                return Err(self.value("analyst.name", format!("`{name}` stands twice; list each analyst once")));
            }
        }
        Ok(analysts)
    }

    fn limits(&self, written: &written::Limits) -> Result<Limits, ConfigError> {
        const WEEKS_4_S: u32 = 4 * 7 * 24 * 60 * 60;
        const REVISIONS_MAX: u32 = 20;
        let within = |key: &str, value: usize, most: usize| {
            let problem = || self.value(&format!("limits.{key}"), format!("write a number from 1 to {most}"));
            (1..=most).contains(&value).then_some(value).ok_or_else(problem)
        };
        within("longest_deadline_s", written.longest_deadline_s as usize, WEEKS_4_S as usize)?;
        within("deadline_s", written.deadline_s as usize, written.longest_deadline_s as usize)?;
        let open_runs = within("open_runs", written.open_runs, 10_000)?;
        Ok(Limits {
            deadline_s: written.deadline_s,
            longest_deadline_s: written.longest_deadline_s,
            open_runs,
            open_runs_per_analyst: within("open_runs_per_analyst", written.open_runs_per_analyst, open_runs)?,
            late_s: match written.late_s {
                0 => 0,
                late_s => within("late_s", late_s as usize, WEEKS_4_S as usize).map(|_| late_s)?,
            },
            revisions: within("revisions", written.revisions as usize, REVISIONS_MAX as usize)
                .map(|_| written.revisions)?,
        })
    }

    fn value(&self, key: &str, problem: String) -> ConfigError {
        wire::ConfigError::Value { file: self.file.to_owned(), key: key.to_owned(), problem }.into()
    }
}
