//! What is kept, as values.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use combine::Member;
use template::{Digest, Grouping, ProviderKind, PublicKey};
use wire::{AnalystName, OrderId, ParameterValue, Places, ProviderCode, RunId};

/// A question to the region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunRecord {
    /// Its identity.
    pub id: RunId,
    /// Who asked.
    pub analyst: AnalystName,
    /// The exact template.
    pub template: Digest,
    /// Its id.
    pub template_id: String,
    /// Its version.
    pub template_version: u32,
    /// Its title.
    pub title: String,
    /// The parameters, defaults filled in.
    pub parameters: Vec<ParameterValue>,
    /// Why it was asked.
    pub purpose: String,
    /// The sharing agreement under which it runs, as the template names it.
    pub agreement: String,
    /// The digest of the request's exact bytes, if the analyst signed it.
    pub request: Option<Digest>,
    /// How sites are put together.
    pub grouping: Grouping,
    /// When it was asked, whole seconds.
    pub asked_at: DateTime<Utc>,
    /// When the run closes, whole seconds.
    pub deadline: DateTime<Utc>,
    /// Until when late answers are taken, whole seconds; the deadline where none are.
    pub late_until: DateTime<Utc>,
    /// When it closed, whole seconds.
    pub closed_at: Option<DateTime<Utc>>,
}

/// The part of a question that goes to one provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderRecord {
    /// Its identity.
    pub id: OrderId,
    /// The question.
    pub run: RunId,
    /// Who is asked.
    pub provider: ProviderCode,
    /// Its name when it was asked.
    pub name: String,
    /// Its kind when it was asked.
    pub kind: ProviderKind,
    /// Where it belonged when it was asked.
    pub places: Places,
    /// Its key when it was asked: what it says is verified against this one.
    pub key: PublicKey,
    /// The signed order, exact bytes.
    pub envelope: Vec<u8>,
}

/// What a provider said to an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutcomeRecord {
    /// The order.
    pub order: OrderId,
    /// What it is.
    pub kind: OutcomeKind,
    /// The exact bytes.
    pub envelope: Vec<u8>,
    /// When it came.
    pub received_at: DateTime<Utc>,
}

/// A request as its analyst signed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestRecord {
    /// Its identity, which is taken once, for ever.
    pub id: String,
    /// The digest of its exact bytes.
    pub digest: Digest,
    /// The envelope.
    pub envelope: Vec<u8>,
}

/// What something that a provider said is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutcomeKind {
    /// Not a valid release or refusal of the order.
    Invalid,
    /// A verified refusal.
    Refusal,
    /// A verified release.
    Release,
}

/// Whether an outcome was kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kept {
    /// It is the order's outcome now.
    New,
    /// The very same bytes are kept already, as this.
    Same(OutcomeKind),
    /// Other bytes are kept already, and stay.
    Different,
    /// It is kept, as invalid: its place in the provider's ledger has shown another release before.
    Forked,
}

/// One revision of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnswerRecord {
    /// Counts from 1.
    pub revision: u32,
    /// The document, JSON.
    pub document: Vec<u8>,
    /// The sites of each of its sums: later answers to the same question may not differ from them by too few.
    pub sums: Vec<BTreeSet<Member>>,
}

/// A document under which a question is asked: its template, a look-up, the catalogue, the enrolment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedDocument {
    /// The digest by which it is found: of a template's exact bytes, or of another document's envelope.
    pub digest: Digest,
    /// The envelope.
    pub envelope: Vec<u8>,
}

/// A run that is not closed, with its orders and what was said to them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenRecord {
    /// The run.
    pub run: RunRecord,
    /// Its orders, in the order of the answer.
    pub orders: Vec<(OrderRecord, Option<OutcomeRecord>)>,
}
