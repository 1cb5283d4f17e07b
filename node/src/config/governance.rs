//! The provider's own say: its guardian, what needs that guardian's word, and whose word for an analyst is enough.

use std::collections::BTreeSet;
use std::path::PathBuf;

use disclosure::MeasureKind;
use serde::Deserialize;
use template::{PersonName, PublicKey, Template};

use super::{ConfigError, Reader};
use crate::refusals::{Presence, RefusalsFile};

/// The most keys of a guardian.
const KEYS_MAX: usize = 8;

/// The provider's own say on what is asked.
#[derive(Clone, Debug)]
pub struct Governance {
    /// What is refused, re-read at every order.
    pub refusals: RefusalsFile,
    /// The provider's own guardian, where it has one.
    pub guardian: Option<Guardian>,
    /// The folder into which the guardian's signed words are dropped.
    pub acceptances: PathBuf,
    /// The kinds of measures that need no word of the guardian.
    pub auto_accept: BTreeSet<AcceptedKind>,
    /// Whose word for an analyst is enough.
    pub analyst_signature: AnalystSignature,
    /// Whether a template must stand in the region's catalogue. It must, where the configuration does not say otherwise.
    pub catalogue: CatalogueUse,
}

/// The person who answers for what the provider lets be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guardian {
    /// The name in the guardian's signed words.
    pub name: PersonName,
    /// The guardian's keys; they need not be on this machine.
    pub keys: Vec<PublicKey>,
}

/// A kind of measure that a template may have without the guardian's word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AcceptedKind {
    /// Distinct people.
    People,
    /// Rows.
    Rows,
    /// Sums.
    Sums,
}

/// Whose word for an analyst is enough.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AnalystSignature {
    /// The coordinator's.
    CoordinatorVouches,
    /// Every analyst's own signature.
    Required,
    /// The analyst's own signature, where the region has enrolled a key of that analyst; else the coordinator's.
    #[default]
    WhereEnrolled,
}

/// Whether a template must stand in the region's catalogue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CatalogueUse {
    /// The provider does without: the signatures under a template suffice, and what the region ends is answered on.
    NotUsed,
    /// Only what a catalogue in force lists as approved is answered.
    #[default]
    Required,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Written {
    refusals: Option<PathBuf>,
    guardian: Option<WrittenGuardian>,
    acceptances: Option<PathBuf>,
    auto_accept: Option<BTreeSet<AcceptedKind>>,
    analyst_signature: AnalystSignature,
    catalogue: CatalogueUse,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenGuardian {
    name: PersonName,
    keys: Vec<PublicKey>,
}

impl Reader<'_> {
    pub(super) fn governance(&self, written: Written) -> Result<Governance, ConfigError> {
        let guardian = written.guardian.map(|guardian| self.guardian(guardian)).transpose()?;
        let everything = || BTreeSet::from([AcceptedKind::People, AcceptedKind::Rows, AcceptedKind::Sums]);
        let auto_accept = match (written.auto_accept, &guardian) {
            (Some(kinds), None) if kinds != everything() => {
                return Err(self.value(
                    "governance.auto_accept",
                    "leaves templates to a guardian; name one: guardian = { name = \"..\", keys = [\"..\"] }",
                ));
            }
            (Some(kinds), _) => kinds,
            // A guardian who is named is asked about everything.
            (None, Some(_)) => BTreeSet::new(),
            (None, None) => everything(),
        };
        let presence = if written.refusals.is_some() { Presence::Required } else { Presence::Optional };
        Ok(Governance {
            refusals: RefusalsFile {
                path: self.path(written.refusals.unwrap_or_else(|| "refusals.toml".into())),
                presence,
            },
            guardian,
            acceptances: self.path(written.acceptances.unwrap_or_else(|| "acceptances".into())),
            auto_accept,
            analyst_signature: written.analyst_signature,
            catalogue: written.catalogue,
        })
    }

    fn guardian(&self, written: WrittenGuardian) -> Result<Guardian, ConfigError> {
        let WrittenGuardian { name, keys } = written;
        if keys.is_empty() || keys.len() > KEYS_MAX {
            let problem = format!("give 1 to {KEYS_MAX} public keys, as `tallyward keys show` prints them");
            return Err(self.value("governance.guardian.keys", problem));
        }
        Ok(Guardian { name, keys })
    }
}

impl Governance {
    /// Whether a template needs no word of the guardian.
    pub(crate) fn accepts_unasked(&self, template: &Template) -> bool {
        let kind = |kind: MeasureKind| match kind {
            MeasureKind::People => AcceptedKind::People,
            MeasureKind::Rows { .. } => AcceptedKind::Rows,
            MeasureKind::Sum { .. } => AcceptedKind::Sums,
        };
        template.measures.iter().all(|measure| self.auto_accept.contains(&kind(measure.measure.kind())))
    }
}
