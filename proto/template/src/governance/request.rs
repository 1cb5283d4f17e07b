//! An analyst's question, signed by the analyst's own hand.

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};

use super::enrolment::EnrolmentDocument;
use crate::attested::{self, Attested, Document, DocumentError, part};
use crate::digest::Digest;
use crate::dsse::{Envelope, EnvelopeError, PayloadType};
use crate::id::RequestId;
use crate::keys::PublicKey;
use crate::name::AnalystName;
use crate::template::PARTS_MAX;
use crate::text;
use crate::time;

/// A request may be taken up so long after it was signed, in minutes.
pub const REQUEST_MINUTES_MAX: i64 = 15;
/// How far two clocks may differ, in seconds.
const SKEW_S: i64 = 60;
/// The longest value of a parameter, in bytes.
const VALUE_BYTES_MAX: usize = 500;
/// The longest purpose, in characters.
const PURPOSE_CHARS_MAX: usize = 500;

/// A request that the analyst whom it names signed. Only [`Request::verify`] makes one.
pub type Request = Attested<RequestDocument>;

/// A request as written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequestDocument {
    /// Its identity, made by the analyst's program before it is sent.
    pub request_id: RequestId,
    /// The digest of the template's exact bytes.
    pub template_sha256: Digest,
    /// Parameters by name, each once.
    pub parameters: Vec<RequestParameter>,
    /// Why it is asked, in the analyst's words.
    pub purpose: String,
    /// Who asks.
    pub analyst: AnalystName,
    /// For which organisation, as the enrolment writes it.
    pub organisation: String,
    /// How sites are put together in the answer; empty where the template's first grouping is meant.
    pub grouping: String,
    /// When it was signed.
    #[serde(with = "time::serde_text")]
    pub issued_at: DateTime<Utc>,
    /// After this it is not taken up.
    #[serde(with = "time::serde_text")]
    pub expires_at: DateTime<Utc>,
}

/// A parameter's value, as text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequestParameter {
    /// The parameter.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// Why a request is not an enrolled analyst's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// The envelope is not one, or no enrolled analyst signed.
    #[error(transparent)]
    Envelope(#[from] EnvelopeError),
    /// Signed, but not a request.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// Signed by another analyst, or for another organisation than is enrolled.
    #[error("`{analyst}` of {organisation} did not sign it")]
    AnotherHand {
        /// Whom it names.
        analyst: AnalystName,
        /// For which organisation.
        organisation: String,
    },
    /// Taken up too early or too late.
    #[error("the request was signed at {issued_at} and ended at {expires_at}; sign it anew")]
    OutOfTime {
        /// When it was signed.
        issued_at: DateTime<Utc>,
        /// When it ended.
        expires_at: DateTime<Utc>,
    },
}

impl Document for RequestDocument {
    const PAYLOAD: PayloadType = PayloadType::Request;

    fn check(&self) -> Result<(), DocumentError> {
        attested::limited("parameters", &self.parameters, PARTS_MAX)?;
        attested::distinct("parameters", self.parameters.iter().map(|parameter| &parameter.name))?;
        for RequestParameter { name, value } in &self.parameters {
            if name.len() > VALUE_BYTES_MAX || value.len() > VALUE_BYTES_MAX {
                return Err(part("parameters", format!("a name or a value is at most {VALUE_BYTES_MAX} bytes")));
            }
        }
        if let Some(problem) = text::problem(&self.purpose, PURPOSE_CHARS_MAX) {
            return Err(part("purpose", problem));
        }
        attested::title("organisation", &self.organisation)?;
        if !self.grouping.is_empty() {
            attested::title("grouping", &self.grouping)?;
        }
        let lasts = self.expires_at - self.issued_at;
        if lasts <= Duration::zero() || lasts > Duration::minutes(REQUEST_MINUTES_MAX) {
            return Err(part("expires_at", format!("at most {REQUEST_MINUTES_MAX} minutes after `issued_at`")));
        }
        Ok(())
    }
}

impl RequestDocument {
    /// Whether it may be taken up at `at`, its clock and ours differing by at most a minute. A provider gives the moment
    /// at which the coordinator took it up: an order may be answered much later.
    ///
    /// # Errors
    /// [`RequestError::OutOfTime`].
    pub fn in_time(&self, at: DateTime<Utc>) -> Result<(), RequestError> {
        let (issued_at, expires_at, skew) = (self.issued_at, self.expires_at, Duration::seconds(SKEW_S));
        let fits = issued_at - skew <= at && at <= expires_at + skew;
        fits.then_some(()).ok_or(RequestError::OutOfTime { issued_at, expires_at })
    }
}

impl Request {
    /// The request in this envelope, if the analyst whom it names is enrolled and signed it. See
    /// [`RequestDocument::in_time`], too.
    ///
    /// # Errors
    /// A [`RequestError`].
    pub fn verify(envelope: &Envelope, enrolment: &EnrolmentDocument) -> Result<Self, RequestError> {
        let keys: Vec<PublicKey> = enrolment.analysts.iter().flat_map(|analyst| analyst.keys.iter().copied()).collect();
        let verified = envelope.verify(PayloadType::Request, &keys)?;
        let request = Self::read(verified.payload, Vec::new())?;
        let RequestDocument { analyst, organisation, .. } = request.document();
        let enrolled = enrolment.analyst(analyst).is_some_and(|enrolled| {
            enrolled.organisation == *organisation && enrolled.keys.iter().any(|key| verified.signers.contains(key))
        });
        if !enrolled {
            return Err(RequestError::AnotherHand { analyst: analyst.clone(), organisation: organisation.clone() });
        }
        Ok(request)
    }
}
