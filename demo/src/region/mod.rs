//! A region in a folder: its people's records at each provider, keys, certificates, configurations; and running it.
//!
//! Every provider has a folder of its own with its tables, configuration, certificate, signing key, snapshot and ledger,
//! exactly as a node on a machine of its own would.

pub mod authority;
mod coordination;
pub mod enrolment;
pub mod folder;
mod governance;
pub mod guardians;
mod library;
mod running;
pub mod settings;

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context as _, Result, bail};
use chrono::{Days, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use template::Template;

use crate::population::provider::Kind;
use crate::population::{self, Population, Provider};
use authority::{Authority, CERTIFICATE_DAYS};
use enrolment::{Enrolled, Region};
use folder::Folder;
use guardians::Guardians;

pub use library::TEMPLATES;
pub use running::{Running, start};

/// The first and the last day of the synthetic records.
pub const RECORDS: (&str, &str) = ("2023-04-01", "2025-09-30");
/// The analyst of the region.
pub const ANALYST: &str = "ada.analyst";
/// The organisation of the analyst.
const ORGANISATION: &str = "Riverside Integrated Care Board";
/// A region is usable so long before its certificates run out, in days.
const CERTIFICATE_MARGIN_DAYS: u64 = 30;

/// What a region is made of.
#[derive(Clone, Debug)]
pub struct Spec {
    /// Where it is kept.
    pub dir: PathBuf,
    /// How many people it has.
    pub people: u32,
    /// The seed of everything random in its records.
    pub seed: u64,
}

/// A region that is ready to be started.
pub struct Prepared {
    /// Where it is kept.
    pub folder: Folder,
    /// The codes of its providers, in the order of their kinds.
    pub providers: Vec<String>,
}

/// What is told while a region is made.
pub trait Telling: Sync {
    /// A new stage begins, of so many steps.
    fn stage(&self, name: &'static str, steps: usize);
    /// A step of it is done.
    fn step(&self);
}

/// Tells nobody.
pub struct Silence;

impl Telling for Silence {
    fn stage(&self, _name: &'static str, _steps: usize) {}
    fn step(&self) {}
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Description {
    form: u32,
    people: u32,
    seed: u64,
    made_on: String,
    coordinator: String,
    providers: Vec<String>,
}

/// The form of the folder that this program writes and reads.
const FORM: u32 = 4;

/// Makes the region, or takes the one that stands in its folder, for a coordinator at `address` (`host:port`).
///
/// # Errors
/// Where the folder holds another region or something else, or the disk does not take it.
pub fn prepare(spec: &Spec, address: &str, telling: &impl Telling) -> Result<Prepared> {
    let folder = Folder::new(&spec.dir);
    let today = Utc::now().date_naive();
    match std::fs::read(folder.description()) {
        Ok(bytes) => {
            let description: Description = serde_json::from_slice(&bytes).with_context(|| {
                format!("{} is not a region of this version; give another --dir", spec.dir.display())
            })?;
            resume(spec, folder, description, address, today)
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => make(spec, folder, address, today, telling),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", folder.description().display())),
    }
}

fn resume(
    spec: &Spec,
    folder: Folder,
    mut description: Description,
    address: &str,
    today: NaiveDate,
) -> Result<Prepared> {
    let dir = spec.dir.display();
    if description.form != FORM {
        bail!("{dir} holds a region of another version of this program; give another --dir, or delete it");
    }
    if (description.people, description.seed) != (spec.people, spec.seed) {
        bail!(
            "{dir} holds a region of {} people from seed {}; give --people {} --seed {}, or another --dir",
            description.people,
            description.seed,
            description.people,
            description.seed
        );
    }
    let made_on: NaiveDate = description.made_on.parse().with_context(|| format!("{dir}: `made_on` is not a date"))?;
    let usable = made_on.checked_add_days(Days::new(CERTIFICATE_DAYS - CERTIFICATE_MARGIN_DAYS));
    if usable.is_none_or(|last| today > last) {
        bail!("the certificates of the region in {dir} run out soon; delete the folder and it is made anew");
    }
    if description.coordinator != address {
        move_coordinator(&folder, &description, address)?;
        description.coordinator = address.to_owned();
        describe(&folder, &description)?;
    }
    Ok(Prepared { folder, providers: description.providers })
}

/// Writes the coordinator's new address into every configuration that names the old one.
fn move_coordinator(folder: &Folder, description: &Description, address: &str) -> Result<()> {
    let providers = description.providers.iter().map(|code| folder.provider(code).join("node.toml"));
    let others = [folder.coordinator().join("coordinator.toml"), folder.analyst().join("tallyward.toml")];
    let guardians = guardians::GUARDIANS.map(|(name, ..)| folder.guardians().join(name).join("tallyward.toml"));
    for file in providers.chain(others).chain(guardians) {
        let text = std::fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
        folder::write(&file, text.replace(&description.coordinator, address))?;
    }
    Ok(())
}

fn make(spec: &Spec, folder: Folder, address: &str, today: NaiveDate, telling: &impl Telling) -> Result<Prepared> {
    let occupied = std::fs::read_dir(&spec.dir).is_ok_and(|mut entries| entries.next().is_some());
    if occupied && !folder.unfinished().exists() {
        bail!("{} is not empty and holds no region; give another --dir", spec.dir.display());
    }
    if occupied {
        // Only what a broken-off making left behind is ever removed.
        std::fs::remove_dir_all(&spec.dir)
            .with_context(|| format!("cannot remove the half-made region in {}", spec.dir.display()))?;
    }
    folder::write(&folder.unfinished(), "")?;
    let authority = Authority::new(today)?;
    folder::write(&folder.authority().join("certificate.pem"), authority.certificate())?;
    folder::write_private(&folder.authority().join("key.pem"), authority.key())?;

    telling.stage("People and their records", 1);
    let population = population::generate(&population::Spec { seed: spec.seed, people: spec.people });
    telling.step();
    telling.stage("Tables of each provider", population.providers().len());
    population.write_all(&folder.providers(), |_| telling.step())?;

    let (guardians, keys) = Guardians::new()?;
    governance::seat(&folder, &authority, address, &keys.guardians)?;
    governance::enrol(&folder, &guardians, &population, today)?;
    folder::write_private(&folder.coordinator().join("catalogue.key"), keys.catalogue)?;
    let expires = today.checked_add_days(Days::new(365)).context("the clock is beyond the calendar")?;
    let trust_root = guardians.trust_root(&format!("{expires}T00:00:00Z"))?;
    folder::write(&folder.trust_root(), trust_root.to_bytes())?;

    let coordinator_key = coordination::keys(&folder, &authority)?;
    let region = Region {
        folder: &folder,
        authority: &authority,
        coordinator: address,
        coordinator_key,
        trust_root: trust_root.payload_digest(),
        records: (RECORDS.0.to_owned(), RECORDS.1.to_owned()),
    };
    telling.stage("Keys, certificates, snapshots and ledgers", population.providers().len());
    let roster = enrol_all(&region, &population, telling)?;
    coordination::write(&region, &guardians, &population, &roster)?;

    let providers: Vec<String> = population.providers().iter().map(|provider| provider.code.clone()).collect();
    let description = Description {
        form: FORM,
        people: spec.people,
        seed: spec.seed,
        made_on: today.to_string(),
        coordinator: address.to_owned(),
        providers: providers.clone(),
    };
    describe(&folder, &description)?;
    std::fs::remove_file(folder.unfinished()).context("the region cannot be marked as finished")?;
    Ok(Prepared { folder, providers })
}

fn describe(folder: &Folder, description: &Description) -> Result<()> {
    let json = serde_json::to_vec_pretty(description)?;
    folder::write(&folder.description(), json)
}

/// Enrols every provider, on every core, the largest first. Returns the public keys in the providers' order.
fn enrol_all(region: &Region<'_>, population: &Population, telling: &impl Telling) -> Result<Vec<template::PublicKey>> {
    let providers = population.providers();
    let mut order: Vec<usize> = (0..providers.len()).collect();
    order.sort_by_key(|place| std::cmp::Reverse(published(population, &providers[*place])));
    let next = AtomicUsize::new(0);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let consents = consents()?;
    let work = || {
        let mut done = Vec::new();
        while let Some(&place) = order.get(next.fetch_add(1, Ordering::Relaxed)) {
            let provider = &providers[place];
            let kind = provider.kind.code();
            let enrolled = Enrolled {
                code: &provider.code,
                kind,
                name: &provider.name,
                population: published(population, provider),
                consents: consents.iter().filter(|(sole, _)| sole == kind).map(|(_, id)| *id).collect(),
            };
            done.push((place, region.enrol(&enrolled)?));
            telling.step();
        }
        anyhow::Ok(done)
    };
    let mut keys = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        workers
            .into_iter()
            .map(|worker| worker.join().map_err(|_| anyhow::anyhow!("a worker stopped"))?)
            .collect::<Result<Vec<_>>>()
    })?
    .concat();
    keys.sort_by_key(|(place, _)| *place);
    Ok(keys.into_iter().map(|(_, key)| key).collect())
}

/// The published number of people on a provider's list or in its care.
fn published(population: &Population, provider: &Provider) -> u64 {
    match provider.kind {
        Kind::Gp => provider.list_size.map_or(0, u64::from),
        _ => population.known_people(provider).count() as u64,
    }
}

/// Which kinds stand alone in which templates: (kind, template).
fn consents() -> Result<Vec<(String, &'static str)>> {
    let mut consents = Vec::new();
    for (id, text) in TEMPLATES {
        let template = Template::parse(text.as_bytes()).with_context(|| format!("the template {id}"))?;
        consents.extend(template.sole_providers.iter().map(|kind| (kind.name().to_owned(), id)));
    }
    Ok(consents)
}
