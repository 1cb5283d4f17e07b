//! The templates that may be asked, with what is sent along; and the folders from which a region begins.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::available_parallelism;

use chrono::{DateTime, Utc};
use plan::{Checker, LookupSchema};
use template::{ApprovalError, Approved, Digest, ENVELOPE_BYTES_MAX, Envelope, EnvelopeError, Lookup, TrustRoot};

use crate::clock::whole_second;
use crate::registry::{Proposal, Published, Registry, RegistryError};
use crate::store::{EventKind, GovernanceEvent};

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
    /// Whether a later version took its place.
    pub standing: Standing,
}

/// Whether a version of a template is its present one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is.
    Present,
    /// A later one took its place: it may be read, and is asked no more.
    Superseded,
}

/// Every template that may be asked, in every approved version.
#[derive(Clone, Debug, Default)]
pub struct Catalogue(BTreeMap<(String, u32), Arc<Listed>>);

/// A file or a template that is left out of the catalogue, for the operator.
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
    /// The registry does not take it.
    #[error("is not taken: {0}")]
    Registry(String),
}

impl From<EnvelopeError> for WhyLeftOut {
    fn from(error: EnvelopeError) -> Self {
        Self::Approval(ApprovalError::Envelope(error))
    }
}

impl From<RegistryError> for WhyLeftOut {
    fn from(error: RegistryError) -> Self {
        match error {
            RegistryError::Approval(error) => Self::Approval(error),
            RegistryError::Twice { id, version } => Self::Twice { name: id, version: version.into() },
            error => Self::Registry(error.to_string()),
        }
    }
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
        let mut registry = Registry::new(root.clone());
        let imported = import(&mut registry, templates, lookups, now)?;
        let (catalogue, left_out) = Self::of(&registry, None, &imported.files, now);
        Ok((catalogue, imported.left_out.into_iter().chain(left_out).collect()))
    }

    /// What of a registry may be asked at `now`. What was listed before and has not changed is not checked again.
    pub(crate) fn of(
        registry: &Registry,
        before: Option<&Self>,
        files: &BTreeMap<Digest, PathBuf>,
        now: DateTime<Utc>,
    ) -> (Self, Vec<LeftOut>) {
        let mut found: Vec<(&Digest, &Proposal, Result<Found<'_>, WhyLeftOut>)> = registry
            .proposals()
            .filter(|(_, proposal)| proposal.approved_at.is_some() && !proposal.withdrawn && !proposal.lapsed)
            .map(|(digest, proposal)| {
                let before = before.and_then(|before| before.find_exact(digest));
                (digest, proposal.as_ref(), found(registry, proposal, before, now))
            })
            .collect();
        check(&mut found);
        let (mut catalogue, mut left_out) = (Self::default(), Vec::new());
        for (digest, proposal, found) in found {
            match found {
                Ok(found) => {
                    let listed = found.listed(proposal);
                    let template = listed.approved.template();
                    catalogue.0.insert((template.id.clone(), template.version), listed);
                }
                Err(why) => {
                    let name = format!("{} version {}", proposal.template.id, proposal.template.version);
                    let file = files.get(digest).cloned().unwrap_or_else(|| PathBuf::from(name));
                    left_out.push(LeftOut { file, why });
                }
            }
        }
        (catalogue, left_out)
    }

    /// The template of this id, in this version or the present one.
    #[must_use]
    pub fn find(&self, id: &str, version: Option<u32>) -> Option<&Arc<Listed>> {
        match version {
            Some(version) => self.0.get(&(id.to_owned(), version)),
            None => {
                let versions = self.0.range((id.to_owned(), 0)..=(id.to_owned(), u32::MAX)).rev();
                versions.map(|(_, listed)| listed).find(|listed| listed.standing == Standing::Present)
            }
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
}

/// What was found in the folders.
pub(crate) struct Imported {
    /// What was new.
    pub events: Vec<GovernanceEvent>,
    pub left_out: Vec<LeftOut>,
    /// In which file each template stands.
    pub files: BTreeMap<Digest, PathBuf>,
}

/// Takes every approved look-up and template of the folders into the registry.
///
/// # Errors
/// Where a folder cannot be listed.
pub(crate) fn import(
    registry: &mut Registry,
    templates: &Path,
    lookups: &Path,
    now: DateTime<Utc>,
) -> std::io::Result<Imported> {
    let mut imported = Imported { events: Vec::new(), left_out: Vec::new(), files: BTreeMap::new() };
    let checker = Checker::new();
    for (kind, folder, ending) in [(EventKind::Lookup, lookups, LOOKUP), (EventKind::Imported, templates, TEMPLATE)] {
        for file in files(folder, ending)? {
            match read(&file).and_then(|envelope| in_folder(registry, &checker, kind, envelope, now)) {
                Ok(found) if imported.files.contains_key(&found.digest) => {
                    imported.left_out.push(LeftOut { file, why: twice(registry, &found.digest) });
                }
                Ok(found) => {
                    imported.files.insert(found.digest, file);
                    imported.events.extend(found.event);
                }
                Err(why) => imported.left_out.push(LeftOut { file, why }),
            }
        }
    }
    Ok(imported)
}

/// Two files with the very same document: which of them to keep is the operator's to say.
fn twice(registry: &Registry, digest: &Digest) -> WhyLeftOut {
    let template =
        registry.proposal(digest).map(|known| (known.template.id.clone(), u64::from(known.template.version)));
    let (name, version) = template.unwrap_or_else(|| {
        let of = |known: &&Published<Lookup>| {
            Envelope::parse(&known.envelope).is_ok_and(|envelope| envelope.payload_digest() == *digest)
        };
        let known = registry.lookups().find(of).map(|known| &known.document);
        known.map_or_else(|| (digest.to_string(), 0), |known| (known.name().to_owned(), known.version()))
    });
    WhyLeftOut::Twice { name, version }
}

struct InFolder {
    digest: Digest,
    event: Option<GovernanceEvent>,
}

fn in_folder(
    registry: &mut Registry,
    checker: &Checker,
    kind: EventKind,
    bytes: Vec<u8>,
    now: DateTime<Utc>,
) -> Result<InFolder, WhyLeftOut> {
    let envelope = Envelope::parse(&bytes)?;
    let digest = envelope.payload_digest();
    let known = match kind {
        EventKind::Lookup => known_lookup(registry, &envelope, now)?,
        _ => registry.proposal(&digest).is_some_and(|known| {
            let mut with = known.envelope.clone();
            known.approved_at.is_some() && with.absorb(&envelope) && with == known.envelope
        }),
    };
    if known {
        return Ok(InFolder { digest, event: None });
    }
    // What is taken in once stays listed: whatever could never be asked is not taken in.
    if kind == EventKind::Imported {
        let approved = registry.root().approve(&envelope, now)?;
        let lookups = named_lookups(registry, &approved.template().lookups)?;
        checker.check_template(approved.template(), &schemas(&lookups))?;
    }
    let why = "found in the coordinator's folder".to_owned();
    let event = GovernanceEvent { kind, who: String::new(), why, at: whole_second(now), envelope: bytes };
    registry.apply(&event)?;
    Ok(InFolder { digest, event: Some(event) })
}

/// Whether the registry has this look-up, or a newer version of it.
fn known_lookup(registry: &Registry, envelope: &Envelope, now: DateTime<Utc>) -> Result<bool, WhyLeftOut> {
    let lookup = registry.root().approve_lookup(envelope, now)?;
    let known = registry.lookups().find(|known| known.document.name() == lookup.name());
    let Some(known) = known else { return Ok(false) };
    let same = *known.document == lookup;
    match known.document.version().cmp(&lookup.version()) {
        std::cmp::Ordering::Greater => Ok(true),
        std::cmp::Ordering::Equal if same => Ok(true),
        std::cmp::Ordering::Equal => {
            Err(WhyLeftOut::Twice { name: lookup.name().to_owned(), version: lookup.version() })
        }
        std::cmp::Ordering::Less => Ok(false),
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

/// An approved template with the look-ups that it reads, on its way into the catalogue.
struct Found<'a> {
    approved: Arc<Approved>,
    lookups: Vec<&'a Published<Lookup>>,
    /// As it was listed before with the same look-ups; then its SQL was checked in this process.
    before: Option<&'a Listed>,
}

fn found<'a>(
    registry: &'a Registry,
    proposal: &Proposal,
    before: Option<&'a Arc<Listed>>,
    now: DateTime<Utc>,
) -> Result<Found<'a>, WhyLeftOut> {
    let approved = registry.root().approve(&proposal.envelope, now)?;
    let lookups = named_lookups(registry, &approved.template().lookups)?;
    let same = |before: &&Listed| before.lookups.iter().eq(lookups.iter().map(|known| &known.envelope));
    let before = before.map(AsRef::as_ref).filter(same);
    Ok(Found { approved: Arc::new(approved), lookups, before })
}

/// Checks the SQL of all that was not checked before, on all processors.
fn check(found: &mut [(&Digest, &Proposal, Result<Found<'_>, WhyLeftOut>)]) {
    let unchecked = |found: &Result<Found<'_>, WhyLeftOut>| found.as_ref().is_ok_and(|found| found.before.is_none());
    let mut fresh: Vec<_> = found.iter_mut().map(|(_, _, found)| found).filter(|found| unchecked(found)).collect();
    let templates: Vec<(Arc<Approved>, Vec<LookupSchema>)> = fresh
        .iter()
        .filter_map(|found| found.as_ref().ok())
        .map(|found| (Arc::clone(&found.approved), schemas(&found.lookups)))
        .collect();
    let texts: Vec<_> = templates.iter().map(|(approved, schemas)| (approved.template(), schemas.clone())).collect();
    let processors = available_parallelism().unwrap_or(NonZeroUsize::MIN);
    let checked = if texts.is_empty() { Vec::new() } else { Checker::new().check_all(&texts, processors) };
    for (found, checked) in fresh.iter_mut().zip(checked) {
        if let Err(error) = checked {
            **found = Err(error.into());
        }
    }
}

impl Found<'_> {
    fn listed(self, proposal: &Proposal) -> Arc<Listed> {
        let Self { approved, lookups, before } = self;
        let envelope = proposal.envelope_bytes();
        let standing = if proposal.superseded { Standing::Superseded } else { Standing::Present };
        if let Some(before) = before {
            return Arc::new(Listed { approved, envelope, standing, ..before.clone() });
        }
        let tables = lookups.iter().map(|known| Arc::clone(&known.document)).collect();
        let lookups = lookups.iter().map(|known| Arc::clone(&known.envelope)).collect();
        Arc::new(Listed { approved, envelope, lookups, tables, toml: proposal.toml.clone(), standing })
    }
}

/// The published look-ups of these names.
pub(crate) fn named_lookups<'a>(
    registry: &'a Registry,
    names: &[String],
) -> Result<Vec<&'a Published<Lookup>>, WhyLeftOut> {
    let of = |name: &String| registry.lookups().find(|known| known.document.name() == name);
    names.iter().map(|name| of(name).ok_or_else(|| WhyLeftOut::Lookup(name.clone()))).collect()
}

/// What the plan check knows of look-ups.
pub(crate) fn schemas(lookups: &[&Published<Lookup>]) -> Vec<LookupSchema> {
    lookups.iter().map(|known| LookupSchema::from(known.document.as_ref())).collect()
}
