//! Settings: where the coordinator is and with which certificate to call it.
//!
//! ```toml
//! coordinator = "https://coordinator.region.example:7443"
//! server_name = "coordinator.region.example"
//! certificate = "ada.pem"       # paths are relative to this file
//! key         = "ada.key"
//! authority   = "authority.pem"
//!
//! # of whoever signs
//! signing_key  = "ada.signing.key"
//! name         = "ada.lovelace"
//! organisation = "Riverside Integrated Care Board"
//! lookups      = "lookups"          # a folder of the region's signed look-ups, for the review sheet
//! list_sizes   = "list-sizes.csv"   # published list sizes, `provider,people`, for the review sheet
//!
//! # of whoever verifies answers
//! coordinator_key = "1111…"         # as the coordinator's operator announced it
//! trust_root      = "2222…"         # as the governance office announced it
//! ```

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::{fs, io};

use serde::Deserialize;
use template::{Digest, PublicKey};
use wire::TlsFiles;

/// The file's name in the working folder.
const IN_WORKING_FOLDER: &str = "tallyward.toml";
/// The file's path in the person's configuration folder.
const IN_CONFIGURATION: &str = "tallyward/settings.toml";

/// Where the coordinator is and who calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The coordinator's address, `https://host:port`.
    pub coordinator: String,
    /// The name in the coordinator's certificate.
    pub server_name: String,
    /// The certificate and key of whoever calls, and the authority that vouches for the coordinator. PEM files.
    pub tls: TlsFiles,
    /// What whoever signs needs, as far as it is given.
    pub signing: Signing,
    /// The key that the coordinator signs with, as its operator announced it.
    pub coordinator_key: Option<PublicKey>,
    /// The digest of the region's first trust root, as the governance office announced it.
    pub trust_root: Option<Digest>,
}

/// What whoever signs needs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Signing {
    /// The signing key's file.
    pub key: Option<PathBuf>,
    /// The name in the trust root, or in the enrolment.
    pub name: Option<String>,
    /// The organisation, as written there.
    pub organisation: Option<String>,
    /// A folder of signed look-ups.
    pub lookups: Option<PathBuf>,
    /// A file of published list sizes.
    pub list_sizes: Option<PathBuf>,
}

/// Why there are no settings.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The coordinator's address cannot be one.
    #[error("in the settings {path}, `coordinator` is `{given}`: write an address like `https://host:port`")]
    Address {
        /// The settings file.
        path: PathBuf,
        /// What stands there.
        given: String,
    },
    /// Not the settings' form.
    #[error("the settings {path} cannot be understood: correct this and try again:\n{problem}")]
    Form {
        /// The settings file.
        path: PathBuf,
        /// Where and what.
        problem: Box<toml::de::Error>,
    },
    /// No file anywhere.
    #[error(
        "there are no settings: write them to one of {}, or name a file with --settings FILE or TALLYWARD_SETTINGS \
         (it holds coordinator, server_name, certificate, key and authority)",
        list(.looked)
    )]
    Nowhere {
        /// Where was looked.
        looked: Vec<PathBuf>,
    },
    /// The file cannot be read.
    #[error("cannot read the settings {path}: check the path and your permission to read it")]
    Read {
        /// The settings file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    coordinator: String,
    server_name: String,
    certificate: PathBuf,
    key: PathBuf,
    authority: PathBuf,
    signing_key: Option<PathBuf>,
    name: Option<String>,
    organisation: Option<String>,
    lookups: Option<PathBuf>,
    list_sizes: Option<PathBuf>,
    coordinator_key: Option<PublicKey>,
    trust_root: Option<Digest>,
}

/// Where settings may stand.
#[derive(Clone, Debug, Default)]
pub(crate) struct Places {
    /// The file that was named, which is then the only one.
    pub(crate) named: Option<PathBuf>,
    /// The person's configuration folder.
    pub(crate) configuration: Option<PathBuf>,
}

impl Places {
    /// The places of this process: `named`, else the working folder, else the configuration folder.
    pub(crate) fn of_process(named: Option<PathBuf>) -> Self {
        Self { named, configuration: configuration(|name| std::env::var_os(name)) }
    }

    fn candidates(&self) -> Vec<PathBuf> {
        match &self.named {
            Some(named) => vec![named.clone()],
            None => std::iter::once(PathBuf::from(IN_WORKING_FOLDER))
                .chain(self.configuration.iter().map(|folder| folder.join(IN_CONFIGURATION)))
                .collect(),
        }
    }
}

/// The person's configuration folder, from the environment.
fn configuration(variable: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    let folder = |name: &str| variable(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let home = || folder("HOME").or_else(|| folder("USERPROFILE"));
    folder("XDG_CONFIG_HOME").or_else(|| home().map(|home| home.join(".config")))
}

impl Settings {
    /// The settings of the first of `places` that exists.
    ///
    /// # Errors
    /// A [`SettingsError`], which says what to do.
    pub(crate) fn find(places: &Places) -> Result<Self, SettingsError> {
        let looked = places.candidates();
        for path in &looked {
            match fs::read_to_string(path) {
                Ok(text) => return Self::parse(path, &text),
                Err(source) if places.named.is_none() && source.kind() == io::ErrorKind::NotFound => {}
                Err(source) => return Err(SettingsError::Read { path: path.clone(), source }),
            }
        }
        Err(SettingsError::Nowhere { looked })
    }

    /// The settings in `path`.
    ///
    /// # Errors
    /// A [`SettingsError`], which says what to do.
    pub fn read(path: &Path) -> Result<Self, SettingsError> {
        Self::find(&Places { named: Some(path.to_owned()), configuration: None })
    }

    fn parse(path: &Path, text: &str) -> Result<Self, SettingsError> {
        let document: Document = toml::from_str(text)
            .map_err(|problem| SettingsError::Form { path: path.to_owned(), problem: Box::new(problem) })?;
        if !is_address(&document.coordinator) {
            return Err(SettingsError::Address { path: path.to_owned(), given: document.coordinator });
        }
        let folder = path.parent().unwrap_or_else(|| Path::new(""));
        Ok(Self {
            coordinator: document.coordinator,
            server_name: document.server_name,
            tls: TlsFiles {
                certificate: folder.join(document.certificate),
                key: folder.join(document.key),
                authority: folder.join(document.authority),
            },
            signing: Signing {
                key: document.signing_key.map(|path| folder.join(path)),
                name: document.name,
                organisation: document.organisation,
                lookups: document.lookups.map(|path| folder.join(path)),
                list_sizes: document.list_sizes.map(|path| folder.join(path)),
            },
            coordinator_key: document.coordinator_key,
            trust_root: document.trust_root,
        })
    }
}

/// Whether `text` is `https://host:port`.
fn is_address(text: &str) -> bool {
    let Some((host, port)) = text.strip_prefix("https://").and_then(|rest| rest.rsplit_once(':')) else {
        return false;
    };
    !host.is_empty() && !host.contains(['/', '@', ' ']) && port.parse::<u16>().is_ok_and(|port| port > 0)
}

fn list(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(" or ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "coordinator = \"https://region.example:7443\"\nserver_name = \"region.example\"\n\
                        certificate = \"ada.pem\"\nkey = \"/keys/ada.key\"\nauthority = \"../authority.pem\"\n";

    #[test]
    fn paths_are_relative_to_the_file() {
        let settings = Settings::parse(Path::new("/home/ada/tallyward.toml"), GOOD).unwrap();
        assert_eq!(settings.coordinator, "https://region.example:7443");
        assert_eq!(settings.server_name, "region.example");
        assert_eq!(settings.tls.certificate, Path::new("/home/ada/ada.pem"));
        assert_eq!(settings.tls.key, Path::new("/keys/ada.key"));
        assert_eq!(settings.tls.authority, Path::new("/home/ada/../authority.pem"));
    }

    #[test]
    fn wrong_settings_say_where_and_what() {
        let cases = [
            (GOOD.replace("https", "http"), "https://host:port"),
            (GOOD.replace(":7443", ""), "https://host:port"),
            (GOOD.replace(":7443", ":7443/door"), "https://host:port"),
            (GOOD.replace("server_name", "servername"), "servername"),
            (GOOD.replace("key", "#key"), "missing field `key`"),
            ("coordinator = ".to_owned(), "line 1"),
        ];
        for (text, expected) in cases {
            let error = Settings::parse(Path::new("s.toml"), &text).unwrap_err().to_string();
            assert!(error.contains(expected) && error.contains("s.toml"), "{error}");
        }
    }

    #[test]
    fn the_first_place_that_exists_counts() {
        let folder = tempfile::tempdir().unwrap();
        let configuration = folder.path().join("tallyward");
        fs::create_dir(&configuration).unwrap();
        fs::write(configuration.join("settings.toml"), GOOD).unwrap();
        let named = folder.path().join("named.toml");
        let mut places = Places { named: None, configuration: Some(folder.path().to_owned()) };
        assert_eq!(Settings::find(&places).unwrap().tls.certificate, configuration.join("ada.pem"));

        places.named = Some(named.clone());
        assert!(matches!(Settings::find(&places), Err(SettingsError::Read { path, .. }) if path == named));
        fs::write(&named, GOOD).unwrap();
        assert_eq!(Settings::find(&places).unwrap().tls.certificate, folder.path().join("ada.pem"));

        let empty = Places { named: None, configuration: Some(folder.path().join("none")) };
        let error = Settings::find(&empty).unwrap_err().to_string();
        assert!(error.contains("tallyward.toml") && error.contains("--settings"), "{error}");
    }

    #[test]
    fn the_configuration_folder_is_the_persons() {
        let check = |variables: &[(&str, &str)], expected: Option<&str>| {
            let found =
                configuration(|name| variables.iter().find(|(n, _)| *n == name).map(|(_, v)| OsString::from(v)));
            assert_eq!(found.as_deref(), expected.map(Path::new));
        };
        check(&[("HOME", "/home/ada")], Some("/home/ada/.config"));
        check(&[("HOME", "/home/ada"), ("XDG_CONFIG_HOME", "/c")], Some("/c"));
        check(&[("HOME", "/home/ada"), ("XDG_CONFIG_HOME", "relative")], Some("/home/ada/.config"));
        check(&[], None);
    }
}
