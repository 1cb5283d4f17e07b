//! The audit: one row for each decision and each event, each following from the row before. It holds no figure.
//!
//! A decision on a release also holds the head of the chain of releases, so that whoever knows the newest head of the
//! audit knows every release and every decision before it.

use rusqlite::{Transaction, params};
use serde::{Deserialize, Serialize};
use wire::OrderId;

use super::Asked;
use super::chain::{Chain, Link};
use super::event::Event;
use super::rows::id_bytes;

/// The audit's table.
pub(super) const TABLE: &str = "
create table audit (
    n integer primary key,
    at integer not null,
    kind text not null check (kind in ('received', 'refused', 'released', 'noted')),
    reason text,
    order_id blob,
    order_sha256 blob,
    template_sha256 blob,
    analyst text,
    purpose text,
    context text,
    release_sequence integer references release (sequence),
    release_head blob,
    previous_head blob not null,
    head blob not null
) strict;
";

/// The longest context that is kept, in bytes: whoever signs orders cannot fill the disk with one.
const CONTEXT_BYTES_MAX: usize = 16 * 1024;

/// What a decision was about, as the audit keeps it: JSON, none of it from data.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Context {
    /// The question to the region that the order is part of.
    pub run: String,
    /// Parameters as they stand in the order.
    pub parameters: Vec<Given>,
    /// The analyst's organisation, where the request or the enrolment names it.
    pub organisation: Option<String>,
    /// The digest of the analyst's signed request, where there is one.
    pub request_sha256: Option<String>,
    /// The approved template, where there is one.
    pub approval: Option<Approval>,
    /// The version of the catalogue under which it was decided, where there is one.
    pub catalogue: Option<u64>,
}

/// A parameter as given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Given {
    pub name: String,
    pub value: String,
}

/// Which approved version a decision was made under, and who approved it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Approval {
    pub id: String,
    pub version: u32,
    pub title: String,
    pub agreement: String,
    pub approved_by: Vec<String>,
}

/// A decision or an event. It holds who asked what and what became of it, and no figure.
#[derive(Clone)]
pub(crate) struct AuditRow {
    pub n: i64,
    pub at: i64,
    pub kind: String,
    pub reason: Option<String>,
    pub order_id: Option<Vec<u8>>,
    pub order_sha256: Option<Vec<u8>>,
    pub template_sha256: Option<Vec<u8>>,
    pub analyst: Option<String>,
    pub purpose: Option<String>,
    pub context: Option<String>,
    pub release_sequence: Option<i64>,
    pub release_head: Option<Vec<u8>>,
    pub previous_head: Vec<u8>,
    pub head: Vec<u8>,
}

impl AuditRow {
    /// A decision on an order.
    pub(super) fn of(order: &OrderId, asked: Option<&Asked>, at: i64) -> Self {
        Self {
            order_id: Some(id_bytes(order)),
            order_sha256: asked.map(|asked| asked.order_digest.bytes().to_vec()),
            template_sha256: asked.map(|asked| asked.template.bytes().to_vec()),
            analyst: asked.map(|asked| asked.analyst.to_string()),
            purpose: asked.map(|asked| asked.purpose.clone()),
            context: asked.and_then(|asked| written(&asked.context)),
            ..Self::blank(at)
        }
    }

    /// An event that is no order: a word, and what it was about.
    pub(super) fn noted(event: &str, detail: &str, at: i64) -> Self {
        let context = Some(detail.to_owned()).filter(|text| text.len() <= CONTEXT_BYTES_MAX);
        Self { kind: "noted".to_owned(), reason: Some(event.to_owned()), context, ..Self::blank(at) }
    }

    fn blank(at: i64) -> Self {
        Self {
            n: 0,
            at,
            kind: String::new(),
            reason: None,
            order_id: None,
            order_sha256: None,
            template_sha256: None,
            analyst: None,
            purpose: None,
            context: None,
            release_sequence: None,
            release_head: None,
            previous_head: Vec::new(),
            head: Vec::new(),
        }
    }

    /// The row that says when the order came.
    pub(super) fn received(&self, at: i64) -> Self {
        Self { kind: "received".to_owned(), at: at.min(self.at), context: None, ..self.clone() }
    }

    /// What the decision was about.
    pub(crate) fn context(&self) -> Context {
        self.context.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
    }

    /// The event that it is, if it is one.
    pub(crate) fn event(&self) -> Option<Event> {
        (self.kind == "noted").then(|| self.context.as_deref().and_then(Event::read)).flatten()
    }

    pub(crate) fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            n: row.get("n")?,
            at: row.get("at")?,
            kind: row.get("kind")?,
            reason: row.get("reason")?,
            order_id: row.get("order_id")?,
            order_sha256: row.get("order_sha256")?,
            template_sha256: row.get("template_sha256")?,
            analyst: row.get("analyst")?,
            purpose: row.get("purpose")?,
            context: row.get("context")?,
            release_sequence: row.get("release_sequence")?,
            release_head: row.get("release_head")?,
            previous_head: row.get("previous_head")?,
            head: row.get("head")?,
        })
    }

    pub(super) fn link(&self, last: &Link) -> Link {
        let text = |text: &Option<String>| text.clone().unwrap_or_default().into_bytes();
        let bytes = |bytes: &Option<Vec<u8>>| bytes.clone().unwrap_or_default();
        Chain::Audit.next(
            last,
            &[
                &self.at.to_be_bytes(),
                self.kind.as_bytes(),
                &text(&self.reason),
                &bytes(&self.order_id),
                &bytes(&self.order_sha256),
                &bytes(&self.template_sha256),
                &text(&self.analyst),
                &text(&self.purpose),
                &text(&self.context),
                &self.release_sequence.unwrap_or(0).to_be_bytes(),
                &bytes(&self.release_head),
                &self.previous_head,
            ],
        )
    }

    /// Inserts the row after `last` and gives the new newest link.
    pub(super) fn insert(&self, transaction: &Transaction<'_>, last: &Link) -> rusqlite::Result<Link> {
        let row = Self { previous_head: last.head.bytes().to_vec(), ..self.clone() };
        let link = row.link(last);
        transaction.execute(
            "insert into audit (n, at, kind, reason, order_id, order_sha256, template_sha256, analyst, purpose, \
             context, release_sequence, release_head, previous_head, head) \
             values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
            params![
                link.n,
                row.at,
                row.kind,
                row.reason,
                row.order_id,
                row.order_sha256,
                row.template_sha256,
                row.analyst,
                row.purpose,
                row.context,
                row.release_sequence,
                row.release_head,
                row.previous_head,
                link.head.bytes().as_slice()
            ],
        )?;
        Ok(link)
    }
}

/// The context as it is kept; nothing of one that is too long.
fn written(context: &Context) -> Option<String> {
    serde_json::to_string(context).ok().filter(|text| text.len() <= CONTEXT_BYTES_MAX)
}
