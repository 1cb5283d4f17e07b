//! What a coordinator received: another type than what a node released, with no way back.

use disclosure::{Reported, ReportedError};
use template::{Digest, EnvelopeError, ProviderKind, PublicKey, Query};

use crate::order::Order;
use crate::reason;
use crate::release::{Header, ReleaseDocument, stands_for};

/// A release that its provider signed for this order, and whose cells obey the policy that it claims.
#[derive(Debug)]
pub struct ReportedRelease {
    /// What it says besides its figures.
    pub header: Header,
    /// The figures.
    pub reported: Reported,
    /// The digest of the envelope's exact bytes.
    pub digest: Digest,
}

/// Why a release is not accepted.
#[derive(Debug, thiserror::Error)]
pub enum ReportedReleaseError {
    /// The envelope, or its signature.
    #[error(transparent)]
    Envelope(#[from] EnvelopeError),
    /// It answers another order, or is of another provider, template or question.
    #[error("the release answers something else: {0}")]
    Mismatch(&'static str),
    /// Its policy is not one, or laxer than the template's.
    #[error("the release claims a policy that the template does not allow")]
    Policy,
    /// Its cells cannot be.
    #[error(transparent)]
    Cells(#[from] ReportedError),
}

impl ReportedRelease {
    /// Verifies a release, then reads it, then checks it against the order and the query.
    ///
    /// # Errors
    /// A [`ReportedReleaseError`].
    pub fn verify(
        envelope: &[u8],
        provider_key: &PublicKey,
        order: &Order,
        order_digest: &Digest,
        kind: ProviderKind,
        query: &Query,
    ) -> Result<Self, ReportedReleaseError> {
        let document = ReleaseDocument::verify(envelope, provider_key)?;
        let header = document.header();
        let parameters: Vec<(String, String)> =
            query.parameters().map(|(parameter, value)| (parameter.name.clone(), value.to_string())).collect();
        for (agrees, what) in [
            (header.order == order.id && header.order_digest == *order_digest, "order"),
            (header.provider == order.provider && header.kind == kind, "provider"),
            (header.template == order.template && header.template == query.template_digest(), "template"),
            (header.parameters == parameters, "parameters"),
            (header.fingerprint == query.fingerprint(&header.lookups), "query"),
            (document.measures.len() == query.measures().len(), "measures"),
            (document.stands_for == stands_for(&document.policy), "meaning"),
        ] {
            if !agrees {
                return Err(ReportedReleaseError::Mismatch(what));
            }
        }
        let named = document.measures.iter().zip(query.measures()).all(|(given, asked)| given.name == asked.name());
        if !named {
            return Err(ReportedReleaseError::Mismatch("measures"));
        }
        let policy = document.policy.policy().map_err(|_| ReportedReleaseError::Policy)?;
        if policy.stricter(&query.policy()) != policy {
            return Err(ReportedReleaseError::Policy);
        }
        let (cells, reasons): (Vec<_>, Vec<_>) = document
            .measures
            .into_iter()
            .map(|measure| (measure.cells.into_iter().map(disclosure::Cell::from).collect(), measure.reasons))
            .unzip();
        let reported = Reported::check(query.domain().clone(), query.measures().to_vec(), policy, cells)?;
        // What is withheld does not say for itself why, so nothing but the reasons that follow is believed.
        let follow = |(measure, said): (usize, &Vec<_>)| *said == reason::of_reported(&reported, measure);
        let unstated = reasons.iter().all(Vec::is_empty);
        if !unstated && !reasons.iter().enumerate().all(follow) {
            return Err(ReportedReleaseError::Mismatch("reasons"));
        }
        Ok(Self { header, reported, digest: Digest::of(envelope) })
    }
}
