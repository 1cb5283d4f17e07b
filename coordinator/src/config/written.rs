//! The configuration as written.

use std::net::SocketAddr;
use std::path::PathBuf;

use serde::Deserialize;
use template::Digest;
use wire::{AnalystName, TlsFiles};

use super::Compares;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Written {
    pub listen: SocketAddr,
    pub signing_key: PathBuf,
    pub roster: PathBuf,
    pub templates: PathBuf,
    pub lookups: PathBuf,
    pub store: PathBuf,
    pub tls: TlsFiles,
    pub trust_root: TrustRoot,
    pub catalogue: Option<Catalogue>,
    #[serde(default)]
    pub compares: Compares,
    #[serde(default)]
    pub limits: Limits,
    #[serde(default)]
    pub analyst: Vec<Analyst>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TrustRoot {
    pub file: PathBuf,
    pub sha256: Digest,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Catalogue {
    pub key: PathBuf,
    #[serde(default = "catalogue_hours")]
    pub hours: i64,
}

const fn catalogue_hours() -> i64 {
    template::CATALOGUE_HOURS
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Analyst {
    pub name: AnalystName,
    pub organisation: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Limits {
    pub deadline_s: u32,
    pub longest_deadline_s: u32,
    pub open_runs: usize,
    pub open_runs_per_analyst: usize,
    pub late_s: u32,
    pub revisions: u32,
}

impl Default for Limits {
    fn default() -> Self {
        // Two minutes suit nodes that answer by themselves; a week suits providers where a person holds each run. A node
        // that was away is back within a day.
        Self {
            deadline_s: 120,
            longest_deadline_s: 7 * 24 * 60 * 60,
            open_runs: 100,
            open_runs_per_analyst: 10,
            late_s: 24 * 60 * 60,
            revisions: 5,
        }
    }
}
