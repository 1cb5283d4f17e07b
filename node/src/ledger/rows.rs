//! Rows of the ledger, and how each follows from the row before.

use rusqlite::{Transaction, params};
use wire::OrderId;

use super::chain::{Chain, Link};

pub(super) fn id_bytes(order: &OrderId) -> Vec<u8> {
    order.to_string().into_bytes()
}

/// A release as the ledger holds it.
pub(crate) struct ReleaseRow {
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

    pub(super) fn link(&self, last: &Link) -> Link {
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
