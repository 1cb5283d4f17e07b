//! Releases: the only road from figures to the wire.
//!
//! A [`Statement`] is made of a protected table; signed it is [`Unrecorded`], which cannot be sent; what the ledger has
//! committed is read back as a [`Release`], which can.

use chrono::{DateTime, Utc};
use disclosure::Protected;
use serde::{Deserialize, Serialize};
use template::{Digest, Envelope, EnvelopeError, PayloadType, ProviderKind, PublicKey, SigningKey};

use crate::id::{OrderId, SnapshotId};
use crate::identity::ProviderCode;
use crate::left_out::{DatedOptOuts, OptOuts, RestrictedCodes};
use crate::order::{ParameterDocument, parameter_documents, parameter_pairs};
use crate::table::{self, MeasureDocument, PolicyDocument};
use crate::time::serde_text;

/// What a release says besides its figures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The order that is answered.
    pub order: OrderId,
    /// The digest of the order's signed bytes.
    pub order_digest: Digest,
    /// Who answers.
    pub provider: ProviderCode,
    /// Its kind.
    pub kind: ProviderKind,
    /// What the question is: see [`template::Query::fingerprint`].
    pub fingerprint: Digest,
    /// The template's id.
    pub template_id: String,
    /// The template's version.
    pub template_version: u32,
    /// The digest of the template's exact bytes.
    pub template: Digest,
    /// The parameters, defaults filled in.
    pub parameters: Vec<(String, String)>,
    /// The digests of the look-ups that were read.
    pub lookups: Vec<Digest>,
    /// The frozen state of the provider's tables.
    pub snapshot: SnapshotId,
    /// When it was frozen, whole seconds.
    pub as_at: DateTime<Utc>,
    /// Which opt-outs were applied.
    pub opt_outs: OptOuts,
    /// How old they were, kind by kind.
    pub opt_outs_as_of: Vec<DatedOptOuts>,
    /// Which legally restricted records were left out.
    pub restricted: RestrictedCodes,
    /// The place in the provider's ledger, counted from 1.
    pub sequence: u64,
    /// The head of the ledger's chain before this release.
    pub previous_head: Digest,
    /// When it was made, whole seconds.
    pub made_at: DateTime<Utc>,
}

/// A protected table with its header, not yet signed.
pub struct Statement {
    document: ReleaseDocument,
}

/// A signed release that no ledger has committed: it cannot be sent.
///
/// ```compile_fail
/// # use wire::*;
/// # fn send_before_record(unrecorded: Unrecorded) -> Answered {
/// Answered::Release(unrecorded)
/// # }
/// ```
/// ```
/// # use wire::*;
/// # fn send_after_record(release: Release) -> Answered {
/// Answered::Release(release)
/// # }
/// ```
pub struct Unrecorded {
    order: OrderId,
    bytes: Vec<u8>,
}

/// A release that the ledger has committed. Only [`Release::recorded`] makes one.
///
/// ```compile_fail
/// # use wire::*;
/// # fn forge(order: OrderId) -> Release {
/// Release { order, bytes: b"{\"cells\":[3]}".to_vec() }
/// # }
/// ```
/// ```
/// # use wire::*;
/// # fn read_back<L: Ledger>(ledger: &L, order: OrderId, own: &template::PublicKey) -> Option<Release> {
/// Release::recorded(ledger, &order, own).ok()?
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    order: OrderId,
    bytes: Vec<u8>,
}

/// The figures of an earlier release of one's own, to be stated again for another order of the same question.
pub struct StoredCells {
    policy: PolicyDocument,
    measures: Vec<MeasureDocument>,
}

/// Where releases are committed before they are sent.
pub trait Ledger {
    /// What can go wrong with reading it.
    type Error;

    /// The exact bytes committed under this order, if there are any.
    ///
    /// # Errors
    /// Where the ledger cannot be read.
    fn recorded(&self, order: &OrderId) -> Result<Option<Vec<u8>>, Self::Error>;
}

/// Why a release cannot be read back.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordedError<E> {
    /// The ledger cannot be read.
    #[error("the ledger cannot be read")]
    Ledger(#[source] E),
    /// What it holds is not this node's release of this order.
    #[error("the ledger holds something else than this node's release of this order")]
    NotOurs,
}

/// A release as signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReleaseDocument {
    order_id: OrderId,
    order_sha256: Digest,
    provider: ProviderCode,
    kind: ProviderKind,
    query_sha256: Digest,
    template_id: String,
    template_version: u32,
    template_sha256: Digest,
    parameters: Vec<ParameterDocument>,
    lookups_sha256: Vec<Digest>,
    snapshot_id: SnapshotId,
    #[serde(with = "serde_text")]
    as_at: DateTime<Utc>,
    opt_outs: OptOuts,
    opt_outs_as_of: Vec<DatedOptOuts>,
    restricted: RestrictedCodes,
    ledger_sequence: u64,
    ledger_previous_head: Digest,
    #[serde(with = "serde_text")]
    made_at: DateTime<Utc>,
    software: String,
    pub(crate) policy: PolicyDocument,
    pub(crate) stands_for: String,
    pub(crate) measures: Vec<MeasureDocument>,
}

impl Statement {
    /// States a protected table.
    #[must_use]
    pub fn new(header: Header, protected: &Protected) -> Self {
        let (policy, measures) = (PolicyDocument::of(protected.policy()), table::measures(protected));
        Self { document: ReleaseDocument::new(header, policy, measures) }
    }

    /// States the figures of an earlier release again.
    #[must_use]
    pub fn again(header: Header, stored: &StoredCells) -> Self {
        Self { document: ReleaseDocument::new(header, stored.policy, stored.measures.clone()) }
    }

    /// Signs the statement.
    #[must_use]
    pub fn sign(self, key: &SigningKey) -> Unrecorded {
        // A struct of integers and strings always serialises.
        let payload = serde_json::to_vec(&self.document).unwrap_or_default();
        let envelope = Envelope::sign(PayloadType::Release, payload, &[key]);
        Unrecorded { order: self.document.order_id, bytes: envelope.to_bytes() }
    }
}

impl Unrecorded {
    /// The order.
    #[must_use]
    pub const fn order(&self) -> OrderId {
        self.order
    }

    /// The envelope, for the ledger.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl Release {
    /// What the ledger has committed under `order`, if anything.
    ///
    /// INVARIANT: the one maker of a release. It reads back what was committed, and checks that this node signed it.
    ///
    /// # Errors
    /// A [`RecordedError`].
    pub fn recorded<L: Ledger>(
        ledger: &L,
        order: &OrderId,
        own: &PublicKey,
    ) -> Result<Option<Self>, RecordedError<L::Error>> {
        let Some(bytes) = ledger.recorded(order).map_err(RecordedError::Ledger)? else { return Ok(None) };
        let document = ReleaseDocument::verify(&bytes, own).map_err(|_| RecordedError::NotOurs)?;
        if document.order_id != *order {
            return Err(RecordedError::NotOurs);
        }
        Ok(Some(Self { order: *order, bytes }))
    }

    /// The order.
    #[must_use]
    pub const fn order(&self) -> OrderId {
        self.order
    }

    /// The envelope: exact signed bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl StoredCells {
    /// The figures of an earlier release of one's own.
    ///
    /// # Errors
    /// An [`EnvelopeError`] where it is not one.
    pub fn of(envelope: &[u8], own: &PublicKey) -> Result<Self, EnvelopeError> {
        let document = ReleaseDocument::verify(envelope, own)?;
        Ok(Self { policy: document.policy, measures: document.measures })
    }
}

/// What every figure of a release stands for, whether or not an earlier answer stands in its place: a provider never
/// says which.
pub(crate) fn stands_for(policy: &PolicyDocument) -> String {
    format!("this question, or one that differs from it by fewer than {} people", policy.threshold)
}

impl ReleaseDocument {
    fn new(header: Header, policy: PolicyDocument, measures: Vec<MeasureDocument>) -> Self {
        Self {
            order_id: header.order,
            order_sha256: header.order_digest,
            provider: header.provider,
            kind: header.kind,
            query_sha256: header.fingerprint,
            template_id: header.template_id,
            template_version: header.template_version,
            template_sha256: header.template,
            parameters: parameter_documents(&header.parameters),
            lookups_sha256: header.lookups,
            snapshot_id: header.snapshot,
            as_at: header.as_at,
            opt_outs: header.opt_outs,
            opt_outs_as_of: header.opt_outs_as_of,
            restricted: header.restricted,
            ledger_sequence: header.sequence,
            ledger_previous_head: header.previous_head,
            made_at: header.made_at,
            software: concat!("tallyward-node ", env!("CARGO_PKG_VERSION")).to_owned(),
            stands_for: stands_for(&policy),
            policy,
            measures,
        }
    }

    pub(crate) fn verify(envelope: &[u8], key: &PublicKey) -> Result<Self, EnvelopeError> {
        let envelope = Envelope::parse(envelope)?;
        let verified = envelope.verify(PayloadType::Release, &[*key])?;
        serde_json::from_slice(verified.payload).map_err(|_| EnvelopeError::Malformed)
    }

    pub(crate) fn header(&self) -> Header {
        Header {
            order: self.order_id,
            order_digest: self.order_sha256,
            provider: self.provider.clone(),
            kind: self.kind,
            fingerprint: self.query_sha256,
            template_id: self.template_id.clone(),
            template_version: self.template_version,
            template: self.template_sha256,
            parameters: parameter_pairs(self.parameters.clone()),
            lookups: self.lookups_sha256.clone(),
            snapshot: self.snapshot_id,
            as_at: self.as_at,
            opt_outs: self.opt_outs,
            opt_outs_as_of: self.opt_outs_as_of.clone(),
            restricted: self.restricted.clone(),
            sequence: self.ledger_sequence,
            previous_head: self.ledger_previous_head,
            made_at: self.made_at,
        }
    }
}
