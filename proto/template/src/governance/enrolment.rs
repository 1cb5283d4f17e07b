//! The analysts of a region and their keys.

use serde::{Deserialize, Serialize};

use crate::attested::{self, Attested, Document, DocumentError, part};
use crate::dsse::PayloadType;
use crate::keys::PublicKey;
use crate::name::AnalystName;

/// The most analysts, or auditors.
const ANALYSTS_MAX: usize = 5000;
/// The most keys of one analyst.
const KEYS_MAX: usize = 8;

/// An enrolment that enough people signed; see [`crate::TrustRoot::enrolment`].
pub type Enrolment = Attested<EnrolmentDocument>;

/// An enrolment as written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnrolmentDocument {
    /// Counts from 1; a provider takes no older version than it has seen.
    pub version: u64,
    /// Who may ask, each once.
    pub analysts: Vec<AnalystDocument>,
    /// Who may see every release; some of them may be analysts, too.
    pub auditors: Vec<AnalystName>,
}

/// One analyst.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnalystDocument {
    /// The name, which stands in the analyst's certificate, too.
    pub name: AnalystName,
    /// The organisation that the analyst works for.
    pub organisation: String,
    /// The analyst's keys, none of them another's. Without any, the coordinator's word is all there is.
    pub keys: Vec<PublicKey>,
}

impl Document for EnrolmentDocument {
    const PAYLOAD: PayloadType = PayloadType::Enrolment;

    fn check(&self) -> Result<(), DocumentError> {
        if self.version == 0 {
            return Err(part("version", "versions count from 1"));
        }
        attested::limited("analysts", &self.analysts, ANALYSTS_MAX)?;
        attested::limited("auditors", &self.auditors, ANALYSTS_MAX)?;
        attested::distinct("analysts", self.analysts.iter().map(|analyst| &analyst.name))?;
        attested::distinct("auditors", &self.auditors)?;
        for analyst in &self.analysts {
            let place = format!("analyst `{}`", analyst.name);
            attested::title(&place, &analyst.organisation)?;
            attested::limited(&place, &analyst.keys, KEYS_MAX)?;
        }
        // INVARIANT: a key belongs to one analyst.
        attested::distinct("keys", self.analysts.iter().flat_map(|analyst| &analyst.keys))
    }
}

impl EnrolmentDocument {
    /// The analyst of that name.
    #[must_use]
    pub fn analyst(&self, name: &AnalystName) -> Option<&AnalystDocument> {
        self.analysts.iter().find(|analyst| analyst.name == *name)
    }

    /// Who holds `key`.
    #[must_use]
    pub fn holder(&self, key: &PublicKey) -> Option<&AnalystDocument> {
        self.analysts.iter().find(|analyst| analyst.keys.contains(key))
    }

    /// Whether this analyst audits.
    #[must_use]
    pub fn audits(&self, name: &AnalystName) -> bool {
        self.auditors.contains(name)
    }
}
