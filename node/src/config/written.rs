//! The configuration file as written: what TOML allows, before it is known to make sense.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;
use template::{Digest, ProviderKind, PublicKey};
use wire::{OptOuts, ProviderCode, TlsFiles};

use crate::differencing::{Cohorts, Compares};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Written {
    pub provider: ProviderCode,
    pub kind: ProviderKind,
    pub name: String,
    pub folder: PathBuf,
    pub signing_key: PathBuf,
    pub population: u64,
    #[serde(default = "min_population")]
    pub min_population: u64,
    #[serde(default)]
    pub answering: Answering,
    #[serde(default = "both")]
    pub opt_outs: OptOuts,
    #[serde(default)]
    pub opt_out_lists: OptOutLists,
    #[serde(default)]
    pub restricted: Restricted,
    #[serde(default)]
    pub refresh: Refresh,
    pub coordinator: Coordinator,
    pub tls: TlsFiles,
    pub trust_root: TrustRoot,
    #[serde(default)]
    pub policy: Policy,
    #[serde(default)]
    pub published: Published,
    #[serde(default)]
    pub consent: Consent,
    #[serde(default)]
    pub refuse: Refuse,
    #[serde(default)]
    pub governance: super::governance::Written,
    #[serde(default)]
    pub limits: Limits,
    pub sources: BTreeMap<String, Source>,
    #[serde(default)]
    pub raw: BTreeMap<String, Raw>,
}

/// Whether a provider answers at all: its kill switch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answering {
    /// Orders are refused; what was released before is still sent again.
    Off,
    /// Orders are answered.
    #[default]
    On,
}

/// Below this a provider takes no part, unless its operator says otherwise.
fn min_population() -> u64 {
    100
}

fn both() -> OptOuts {
    OptOuts::Both
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct OptOutLists {
    pub oldest_days: u32,
    pub national: Option<OptOutList>,
    pub type1: Option<OptOutList>,
}

impl Default for OptOutLists {
    fn default() -> Self {
        Self { oldest_days: 31, national: None, type1: None }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OptOutList {
    pub file: PathBuf,
    pub holds: ListedBy,
    pub column: Option<String>,
    pub as_of: Option<String>,
    #[serde(default)]
    pub when_empty: WhenEmpty,
}

/// How a list of opt-outs names people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ListedBy {
    /// By NHS number.
    NhsNumber,
    /// By the provider's own id, as in its person table.
    PersonId,
}

/// What an empty list of opt-outs means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WhenEmpty {
    /// Nobody opted out.
    Nobody,
    /// A mistake: no snapshot is taken.
    #[default]
    Stop,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Restricted {
    pub additions: Option<PathBuf>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Refresh {
    pub every_days: u32,
    pub from: String,
    pub to: String,
}

impl Default for Refresh {
    fn default() -> Self {
        Self { every_days: 30, from: "01:00".to_owned(), to: "05:00".to_owned() }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Coordinator {
    pub address: String,
    pub server_name: String,
    pub key: PublicKey,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TrustRoot {
    pub file: PathBuf,
    pub sha256: Digest,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Policy {
    pub profile: Option<String>,
    pub threshold: Option<u64>,
    pub rounding: Option<u64>,
    pub zeros: Option<Zeros>,
    pub pairs: Option<Pairs>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Zeros {
    Hidden,
    Shown,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Pairs {
    Protected,
    Single,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Published {
    pub populations: Vec<PublishedPopulation>,
    pub figures: Vec<PublishedFigure>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PublishedPopulation {
    pub source: String,
    pub as_of: String,
    pub people: Option<u64>,
    pub file: Option<PathBuf>,
    pub templates: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PublishedFigure {
    pub source: String,
    pub as_of: String,
    pub template: String,
    #[serde(default)]
    pub parameters: BTreeMap<String, String>,
    pub measure: String,
    #[serde(default)]
    pub levels: BTreeMap<String, String>,
    pub figure: u64,
    #[serde(default)]
    pub counted: PublishedOf,
}

/// Whom a published figure counted, beside those whom the question counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PublishedOf {
    /// These and perhaps others, such as people who opted out. How many others is protected like a small count.
    #[default]
    More,
    /// Exactly these.
    TheSame,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Consent {
    #[serde(default)]
    pub sole_provider: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Refuse {
    #[serde(default)]
    pub templates: Vec<String>,
    #[serde(default)]
    pub purposes: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Limits {
    pub memory_mb: usize,
    pub query_seconds: u64,
    pub concurrent: usize,
    pub waiting: usize,
    pub quantum_ms: u64,
    pub cohorts_per_base: usize,
    pub cohorts_per_analyst: usize,
    pub cohorts_per_purpose: usize,
    pub compares: Compares,
}

impl Default for Limits {
    fn default() -> Self {
        let Cohorts { per_base, per_analyst, per_purpose } = Cohorts::default();
        Self {
            memory_mb: 1024,
            query_seconds: 120,
            concurrent: 2,
            waiting: 32,
            quantum_ms: 100,
            cohorts_per_base: per_base,
            cohorts_per_analyst: per_analyst,
            cohorts_per_purpose: per_purpose,
            compares: Compares::default(),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Source {
    pub parquet: Option<PathBuf>,
    pub csv: Option<PathBuf>,
    pub sql: Option<PathBuf>,
    pub nhs_number: Option<String>,
    pub from: Option<String>,
    pub to: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Raw {
    pub parquet: Option<PathBuf>,
    pub csv: Option<PathBuf>,
    pub columns: Option<BTreeMap<String, ColumnKind>>,
}

/// The type of a column of a raw CSV table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ColumnKind {
    /// `true` or `false`.
    Boolean,
    /// `2026-04-01`.
    Date,
    /// A number with two decimal places, 18 digits at most.
    Decimal,
    /// A number with a fraction.
    Float,
    /// A whole number.
    Integer,
    /// Text, leading zeros kept.
    Text,
    /// `2026-04-01T09:30:00`, local clock time.
    Timestamp,
}
