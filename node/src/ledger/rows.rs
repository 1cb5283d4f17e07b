//! Rows of the ledger and of the audit, and how each follows from the row before.

use rusqlite::{Transaction, params};
use wire::OrderId;

use super::Asked;
use super::chain::{Chain, Link};

pub(super) fn id_bytes(order: &OrderId) -> Vec<u8> {
    order.to_string().into_bytes()
}

pub(super) struct ReleaseRow {
    pub sequence: i64,
    pub order_id: Vec<u8>,
    pub order_sha256: Vec<u8>,
    pub fingerprint: Vec<u8>,
    pub snapshot: String,
    pub template_sha256: Vec<u8>,
    pub analyst: String,
    pub purpose: String,
    pub made_at: i64,
    pub bytes: Vec<u8>,
    pub contributors_sha256: Option<Vec<u8>>,
    pub previous_head: Vec<u8>,
    pub head: Vec<u8>,
}

impl ReleaseRow {
    pub fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            sequence: row.get("sequence")?,
            order_id: row.get("order_id")?,
            order_sha256: row.get("order_sha256")?,
            fingerprint: row.get("fingerprint")?,
            snapshot: row.get("snapshot")?,
            template_sha256: row.get("template_sha256")?,
            analyst: row.get("analyst")?,
            purpose: row.get("purpose")?,
            made_at: row.get("made_at")?,
            bytes: row.get("bytes")?,
            contributors_sha256: row.get("contributors_sha256")?,
            previous_head: row.get("previous_head")?,
            head: row.get("head")?,
        })
    }

    pub fn link(&self, last: &Link) -> Link {
        let contributors = self.contributors_sha256.as_deref().unwrap_or_default();
        Chain::Release.next(
            last,
            &[
                &self.order_id,
                &self.order_sha256,
                &self.fingerprint,
                self.snapshot.as_bytes(),
                &self.template_sha256,
                self.analyst.as_bytes(),
                self.purpose.as_bytes(),
                &self.made_at.to_be_bytes(),
                &self.bytes,
                contributors,
                &self.previous_head,
            ],
        )
    }

    pub fn insert(&self, transaction: &Transaction<'_>) -> rusqlite::Result<usize> {
        transaction.execute(
            "insert into release (sequence, order_id, order_sha256, fingerprint, snapshot, template_sha256, analyst, \
             purpose, made_at, bytes, contributors_sha256, previous_head, head) \
             values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
            params![
                self.sequence,
                self.order_id,
                self.order_sha256,
                self.fingerprint,
                self.snapshot,
                self.template_sha256,
                self.analyst,
                self.purpose,
                self.made_at,
                self.bytes,
                self.contributors_sha256,
                self.previous_head,
                self.head
            ],
        )
    }
}

/// A decision. It holds who asked what and what became of it, and no figure.
#[derive(Clone)]
pub(super) struct AuditRow {
    pub n: i64,
    pub at: i64,
    pub kind: String,
    pub reason: Option<String>,
    pub order_id: Vec<u8>,
    pub order_sha256: Option<Vec<u8>>,
    pub template_sha256: Option<Vec<u8>>,
    pub analyst: Option<String>,
    pub purpose: Option<String>,
    pub release_sequence: Option<i64>,
    pub previous_head: Vec<u8>,
    pub head: Vec<u8>,
}

impl AuditRow {
    pub fn of(order: &OrderId, asked: Option<&Asked>, at: i64) -> Self {
        Self {
            n: 0,
            at,
            kind: String::new(),
            reason: None,
            order_id: id_bytes(order),
            order_sha256: asked.map(|asked| asked.order_digest.bytes().to_vec()),
            template_sha256: asked.map(|asked| asked.template.bytes().to_vec()),
            analyst: asked.map(|asked| asked.analyst.to_string()),
            purpose: asked.map(|asked| asked.purpose.clone()),
            release_sequence: None,
            previous_head: Vec::new(),
            head: Vec::new(),
        }
    }

    pub fn received(&self, at: i64) -> Self {
        Self { kind: "received".to_owned(), at: at.min(self.at), ..self.clone() }
    }

    pub fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<Self> {
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
            release_sequence: row.get("release_sequence")?,
            previous_head: row.get("previous_head")?,
            head: row.get("head")?,
        })
    }

    pub fn link(&self, last: &Link) -> Link {
        let text = |text: &Option<String>| text.clone().unwrap_or_default().into_bytes();
        Chain::Audit.next(
            last,
            &[
                &self.at.to_be_bytes(),
                self.kind.as_bytes(),
                &text(&self.reason),
                &self.order_id,
                self.order_sha256.as_deref().unwrap_or_default(),
                self.template_sha256.as_deref().unwrap_or_default(),
                &text(&self.analyst),
                &text(&self.purpose),
                &self.release_sequence.unwrap_or(0).to_be_bytes(),
                &self.previous_head,
            ],
        )
    }

    /// Inserts the row after `last` and gives the new newest link.
    pub fn insert(&self, transaction: &Transaction<'_>, last: &Link) -> rusqlite::Result<Link> {
        let row = Self { previous_head: last.head.bytes().to_vec(), ..self.clone() };
        let link = row.link(last);
        transaction.execute(
            "insert into audit (n, at, kind, reason, order_id, order_sha256, template_sha256, analyst, purpose, \
             release_sequence, previous_head, head) values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
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
                row.release_sequence,
                row.previous_head,
                link.head.bytes().as_slice()
            ],
        )?;
        Ok(link)
    }
}
