//! The provider's own guardian: whose signed word a template may need here, besides the region's approval.
//!
//! The guardian's key need not be on this machine. A signed word is a file that is dropped into a folder; it is verified
//! when it is first seen, kept in the ledger, and the newest word on a template holds.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};
use template::{
    Acceptance, AcceptanceDocument, AcceptanceVerdict, Digest, Document as _, Envelope, PersonName, Template,
};
use wire::ProviderCode;

use crate::config::{Config, ConfigError, Governance, Guardian};
use crate::ledger::{Event, Kept, Kind};
use crate::policy::Reason;

/// The longest signed word, in bytes.
const BYTES_MAX: u64 = 128 * 1024;
/// The most files that are looked at.
const FILES_MAX: usize = 4_000;

/// What the guardian has said so far.
#[derive(Default)]
pub(crate) struct Words(Mutex<Said>);

#[derive(Default)]
struct Said {
    /// Files that were looked at, so that each is read once.
    seen: BTreeSet<(PathBuf, u64, Option<std::time::SystemTime>)>,
    /// The newest word on each template.
    words: BTreeMap<Digest, (DateTime<Utc>, AcceptanceVerdict)>,
}

impl Words {
    /// What the ledger kept.
    pub(crate) fn kept(guardian: Option<&Guardian>, provider: &ProviderCode, envelopes: &[Vec<u8>]) -> Self {
        let words = Self::default();
        if let Some(guardian) = guardian {
            for envelope in envelopes {
                words.take(guardian, provider, envelope);
            }
        }
        words
    }

    /// Reads what was dropped since, and says what the ledger is to keep of it.
    pub(crate) fn look(&self, governance: &Governance, provider: &ProviderCode) -> Vec<(Kept, Event)> {
        let Some(guardian) = &governance.guardian else { return Vec::new() };
        let Ok(entries) = fs::read_dir(&governance.acceptances) else { return Vec::new() };
        let mut taken = Vec::new();
        for entry in entries.flatten().take(FILES_MAX) {
            let path = entry.path();
            let Some(bytes) = self.unseen(&path) else { continue };
            match self.take(guardian, provider, &bytes) {
                Some(acceptance) => taken.push(noted(&acceptance, bytes)),
                None => tracing::warn!(
                    %provider,
                    file = %path.display(),
                    "this is no word of the configured guardian for this provider, or a newer one is known; it is ignored"
                ),
            }
        }
        taken
    }

    /// Whether the template may run here: the guardian's word, or a standing rule where there is none.
    pub(crate) fn allow(&self, governance: &Governance, digest: Digest, template: &Template) -> Result<(), Reason> {
        match self.lock().words.get(&digest) {
            Some((_, AcceptanceVerdict::Refuse)) => Err(Reason::TemplateRefused),
            Some((_, AcceptanceVerdict::Accept)) => Ok(()),
            None if governance.accepts_unasked(template) => Ok(()),
            None => Err(Reason::NotAccepted),
        }
    }

    /// Takes a signed word, if it is one and the newest on its template.
    fn take(&self, guardian: &Guardian, provider: &ProviderCode, bytes: &[u8]) -> Option<Acceptance> {
        let envelope = Envelope::parse(bytes).ok()?;
        let acceptance = Acceptance::verify(&envelope, provider, &guardian.name, &guardian.keys).ok()?;
        let AcceptanceDocument { template_sha256, verdict, at, .. } = acceptance.document();
        let mut said = self.lock();
        // Of two words of one moment the refusal holds.
        let newer = said.words.get(template_sha256).is_none_or(|(before, last)| {
            at > before || (at == before && *last == AcceptanceVerdict::Accept && *verdict == AcceptanceVerdict::Refuse)
        });
        if newer {
            said.words.insert(*template_sha256, (*at, *verdict));
        }
        newer.then_some(acceptance)
    }

    /// The bytes of a file that was not looked at before as it is now.
    fn unseen(&self, path: &Path) -> Option<Vec<u8>> {
        let metadata = fs::metadata(path).ok().filter(|metadata| metadata.is_file() && metadata.len() <= BYTES_MAX)?;
        let seen = (path.to_owned(), metadata.len(), metadata.modified().ok());
        let mut said = self.lock();
        if said.seen.len() >= FILES_MAX || !said.seen.insert(seen) {
            return None;
        }
        drop(said);
        let mut bytes = Vec::new();
        fs::File::open(path).ok()?.take(BYTES_MAX).read_to_end(&mut bytes).ok()?;
        Some(bytes)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Said> {
        // It is whole after every statement.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn noted(acceptance: &Acceptance, envelope: Vec<u8>) -> (Kept, Event) {
    let verdict = match acceptance.document().verdict {
        AcceptanceVerdict::Accept => "accept",
        AcceptanceVerdict::Refuse => "refuse",
    };
    let template = acceptance.document().template_sha256;
    let event = Event::Acceptance { template, sha256: Digest::of(&envelope), verdict: verdict.to_owned() };
    (Kept { kind: Kind::Acceptance, payload: acceptance.digest(), envelope }, event)
}

/// Why no word could be signed.
#[derive(Debug, thiserror::Error)]
pub enum WordError {
    /// The configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The provider has no guardian.
    #[error("{file} names no guardian; write [governance.guardian] with the guardian's name and keys")]
    NoGuardian {
        /// The configuration.
        file: PathBuf,
    },
    /// The key.
    #[error(transparent)]
    Key(#[from] wire::KeyFileError),
    /// Another key than the configuration names.
    #[error("{path} is none of the keys of {guardian} in the configuration")]
    AnotherKey {
        /// The key's file.
        path: PathBuf,
        /// The guardian.
        guardian: PersonName,
    },
    /// The reason.
    #[error("the reason cannot be used: {0}")]
    Reason(template::DocumentError),
    /// The file.
    #[error("{path} cannot be written ({kind})")]
    Write {
        /// Where.
        path: PathBuf,
        /// What is wrong.
        kind: std::io::ErrorKind,
    },
}

/// Signs the guardian's word on a template and drops it where the node looks for it. Returns the file.
///
/// # Errors
/// A [`WordError`].
pub fn give_word(
    file: &Path,
    template: Digest,
    verdict: AcceptanceVerdict,
    reason: &str,
    key: &Path,
    now: DateTime<Utc>,
) -> Result<PathBuf, WordError> {
    let config = Config::read(file)?;
    let guardian = config.governance.guardian.ok_or_else(|| WordError::NoGuardian { file: file.to_owned() })?;
    let signing = wire::signing_key(key)?;
    if !guardian.keys.contains(&signing.public()) {
        return Err(WordError::AnotherKey { path: key.to_owned(), guardian: guardian.name });
    }
    let document = AcceptanceDocument {
        provider: config.provider,
        template_sha256: template,
        verdict,
        guardian: guardian.name,
        reason: reason.to_owned(),
        at: DateTime::from_timestamp(now.timestamp(), 0).unwrap_or(now),
    };
    document.check().map_err(WordError::Reason)?;
    let path = config.governance.acceptances.join(format!("{template}-{}.dsse.json", now.timestamp()));
    let written = fs::create_dir_all(&config.governance.acceptances)
        .and_then(|()| crate::snapshot::replace_file(&path, &document.sign(&[&signing]).to_bytes()));
    written.map_err(|error| WordError::Write { path: path.clone(), kind: error.kind() })?;
    Ok(path)
}
