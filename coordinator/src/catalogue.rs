//! The approved templates and look-ups, as their signed envelopes lie in two folders.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use plan::LookupSchema;
use template::{ApprovalError, Approved, Digest, ENVELOPE_BYTES_MAX, Envelope, EnvelopeError, Lookup, TrustRoot};

/// The ending of a template's envelope.
const TEMPLATE: &str = ".template.dsse.json";
/// The ending of a look-up's envelope.
const LOOKUP: &str = ".lookup.dsse.json";

/// An approved template with all that is sent along with its orders.
#[derive(Clone, Debug)]
pub struct Listed {
    /// The template.
    pub approved: Arc<Approved>,
    /// Its envelope.
    pub envelope: Arc<Vec<u8>>,
    /// The envelopes of the look-ups that it reads.
    pub lookups: Vec<Arc<Vec<u8>>>,
    /// What they hold, in the same order.
    pub tables: Vec<Arc<Lookup>>,
    /// The exact text that was signed.
    pub toml: String,
}

/// Every template that may be asked, in every approved version.
#[derive(Clone, Debug, Default)]
pub struct Catalogue(BTreeMap<(String, u32), Arc<Listed>>);

/// A file that is left out of the catalogue, for the operator.
#[derive(Debug, thiserror::Error)]
#[error("{file}: {why}")]
pub struct LeftOut {
    /// Which.
    pub file: PathBuf,
    /// Why.
    pub why: WhyLeftOut,
}

/// Why a file is left out.
#[derive(Debug, thiserror::Error)]
pub enum WhyLeftOut {
    /// It cannot be read, or is longer than any envelope.
    #[error("cannot be read as an envelope of at most {ENVELOPE_BYTES_MAX} bytes")]
    Read,
    /// Not signed, not approved, or not what its name says.
    #[error("is not approved: {0}")]
    Approval(#[from] ApprovalError),
    /// Two files of the same template and version, or of the same look-up and version.
    #[error("another file holds `{name}` version {version}; keep one of them")]
    Twice {
        /// The name.
        name: String,
        /// The version.
        version: u64,
    },
    /// A template that reads a look-up that is not there.
    #[error("reads the look-up `{0}`, of which there is no approved `{0}{LOOKUP}`")]
    Lookup(String),
    /// A template whose SQL may do more than return contributions.
    #[error("its SQL is not admitted: {0}")]
    Plan(#[from] plan::PlanError),
}

impl From<EnvelopeError> for WhyLeftOut {
    fn from(error: EnvelopeError) -> Self {
        Self::Approval(ApprovalError::Envelope(error))
    }
}

/// A look-up with its envelope.
struct SignedLookup {
    lookup: Arc<Lookup>,
    envelope: Arc<Vec<u8>>,
}

impl Catalogue {
    /// Reads both folders. What is not approved at `now`, or whose SQL is not admitted, is left out and named.
    ///
    /// # Errors
    /// Where a folder cannot be listed.
    pub fn load(
        templates: &Path,
        lookups: &Path,
        root: &TrustRoot,
        now: DateTime<Utc>,
    ) -> std::io::Result<(Self, Vec<LeftOut>)> {
        let mut left_out = Vec::new();
        let mut newest: BTreeMap<String, SignedLookup> = BTreeMap::new();
        for file in files(lookups, LOOKUP)? {
            if let Err(why) = lookup(&file, root, now).and_then(|signed| add_lookup(&mut newest, signed)) {
                left_out.push(LeftOut { file, why });
            }
        }
        let mut catalogue = Self::default();
        for file in files(templates, TEMPLATE)? {
            let listed = read(&file).and_then(|envelope| listed(envelope, root, &newest, now));
            if let Err(why) = listed.and_then(|listed| catalogue.add(listed)) {
                left_out.push(LeftOut { file, why });
            }
        }
        Ok((catalogue, left_out))
    }

    /// The template of this id, in this version or the latest.
    #[must_use]
    pub fn find(&self, id: &str, version: Option<u32>) -> Option<&Arc<Listed>> {
        match version {
            Some(version) => self.0.get(&(id.to_owned(), version)),
            None => self.0.range((id.to_owned(), 0)..=(id.to_owned(), u32::MAX)).next_back().map(|(_, listed)| listed),
        }
    }

    /// The template of this digest.
    #[must_use]
    pub fn find_exact(&self, digest: &Digest) -> Option<&Arc<Listed>> {
        self.all().find(|listed| listed.approved.digest() == *digest)
    }

    /// Every template, by id, then version.
    pub fn all(&self) -> impl Iterator<Item = &Arc<Listed>> {
        self.0.values()
    }

    fn add(&mut self, listed: Listed) -> Result<(), WhyLeftOut> {
        let template = listed.approved.template();
        let key = (template.id.clone(), template.version);
        if self.0.contains_key(&key) {
            return Err(WhyLeftOut::Twice { name: key.0, version: key.1.into() });
        }
        self.0.insert(key, Arc::new(listed));
        Ok(())
    }
}

/// The files of a folder whose names end so, in the order of their names.
fn files(folder: &Path, ending: &str) -> std::io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.file_name().is_some_and(|name| name.to_string_lossy().ends_with(ending)) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn read(file: &Path) -> Result<Vec<u8>, WhyLeftOut> {
    let length = std::fs::metadata(file).map_err(|_| WhyLeftOut::Read)?.len();
    if length > ENVELOPE_BYTES_MAX as u64 {
        return Err(WhyLeftOut::Read);
    }
    std::fs::read(file).map_err(|_| WhyLeftOut::Read)
}

fn lookup(file: &Path, root: &TrustRoot, now: DateTime<Utc>) -> Result<SignedLookup, WhyLeftOut> {
    let bytes = read(file)?;
    let lookup = root.approve_lookup(&Envelope::parse(&bytes)?, now)?;
    Ok(SignedLookup { lookup: Arc::new(lookup), envelope: Arc::new(bytes) })
}

/// Of each look-up the newest version counts.
fn add_lookup(newest: &mut BTreeMap<String, SignedLookup>, signed: SignedLookup) -> Result<(), WhyLeftOut> {
    let (name, version) = (signed.lookup.name().to_owned(), signed.lookup.version());
    match newest.get(&name) {
        Some(known) if known.lookup.version() == version => Err(WhyLeftOut::Twice { name, version }),
        Some(known) if known.lookup.version() > version => Ok(()),
        _ => {
            newest.insert(name, signed);
            Ok(())
        }
    }
}

fn listed(
    envelope: Vec<u8>,
    root: &TrustRoot,
    lookups: &BTreeMap<String, SignedLookup>,
    now: DateTime<Utc>,
) -> Result<Listed, WhyLeftOut> {
    let parsed = Envelope::parse(&envelope)?;
    let approved = root.approve(&parsed, now)?;
    // The envelope was verified a moment ago, and a template is UTF-8.
    let toml = String::from_utf8_lossy(parsed.unverified_payload()).into_owned();
    let read: Vec<&SignedLookup> = approved
        .template()
        .lookups
        .iter()
        .map(|name| lookups.get(name).ok_or_else(|| WhyLeftOut::Lookup(name.clone())))
        .collect::<Result<_, _>>()?;
    let schemas: Vec<LookupSchema> = read.iter().map(|signed| LookupSchema::from(signed.lookup.as_ref())).collect();
    plan::check_template(approved.template(), &schemas)?;
    let tables = read.iter().map(|signed| Arc::clone(&signed.lookup)).collect();
    let lookups = read.iter().map(|signed| Arc::clone(&signed.envelope)).collect();
    Ok(Listed { approved: Arc::new(approved), envelope: Arc::new(envelope), lookups, tables, toml })
}
