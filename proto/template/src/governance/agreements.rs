//! The sharing agreements under which a region's providers answer.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::attested::{self, Attested, Document, DocumentError, part};
use crate::dsse::PayloadType;
use crate::time;

/// The most agreements.
const AGREEMENTS_MAX: usize = 1000;
/// The most parties of one agreement.
const PARTIES_MAX: usize = 1000;

/// Agreements that enough people signed; see [`crate::TrustRoot::agreements`].
pub type Agreements = Attested<AgreementsDocument>;

/// Agreements as written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AgreementsDocument {
    /// Counts from 1; a provider takes no older version than it has seen.
    pub version: u64,
    /// The agreements, each once.
    pub agreements: Vec<AgreementDocument>,
}

/// One agreement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AgreementDocument {
    /// The name that templates give in `agreement`.
    pub id: String,
    /// One line for people.
    pub title: String,
    /// The organisations that signed it.
    pub parties: Vec<String>,
    /// Its first day.
    #[serde(with = "time::serde_day")]
    pub starts: NaiveDate,
    /// Its last day.
    #[serde(with = "time::serde_day")]
    pub expires: NaiveDate,
}

/// Why a template's agreement does not carry a run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AgreementError {
    /// Not listed.
    #[error("there is no sharing agreement `{0}` in the region's list")]
    Unknown(String),
    /// Not begun.
    #[error("the sharing agreement `{id}` starts on {starts}")]
    NotBegun {
        /// The agreement.
        id: String,
        /// Its first day.
        starts: NaiveDate,
    },
    /// Ended.
    #[error("the sharing agreement `{id}` ended on {expires}")]
    Ended {
        /// The agreement.
        id: String,
        /// Its last day.
        expires: NaiveDate,
    },
}

impl Document for AgreementsDocument {
    const PAYLOAD: PayloadType = PayloadType::Agreements;

    fn check(&self) -> Result<(), DocumentError> {
        if self.version == 0 {
            return Err(part("version", "versions count from 1"));
        }
        attested::limited("agreements", &self.agreements, AGREEMENTS_MAX)?;
        attested::distinct("agreements", self.agreements.iter().map(|agreement| &agreement.id))?;
        for AgreementDocument { id, title, parties, starts, expires } in &self.agreements {
            let place = format!("agreement `{id}`");
            attested::title(&place, id)?;
            attested::title(&place, title)?;
            attested::limited(&place, parties, PARTIES_MAX)?;
            parties.iter().try_for_each(|party| attested::title(&place, party))?;
            if expires < starts {
                return Err(part(place, "its last day is before its first"));
            }
        }
        Ok(())
    }
}

impl AgreementsDocument {
    /// The agreement `id`, if it is in force on `day`.
    ///
    /// # Errors
    /// An [`AgreementError`].
    pub fn in_force(&self, id: &str, day: NaiveDate) -> Result<&AgreementDocument, AgreementError> {
        let id = id.trim();
        let found = self.agreements.iter().find(|agreement| agreement.id == id);
        let agreement = found.ok_or_else(|| AgreementError::Unknown(id.to_owned()))?;
        if day < agreement.starts {
            return Err(AgreementError::NotBegun { id: id.to_owned(), starts: agreement.starts });
        }
        if day > agreement.expires {
            return Err(AgreementError::Ended { id: id.to_owned(), expires: agreement.expires });
        }
        Ok(agreement)
    }
}
