//! The sealed contributors of releases, as differencing reads them again.

use rusqlite::{OptionalExtension as _, params};

use super::LedgerError;
use super::store::Store;

/// How many sealed rows are read at once: each may be megabytes.
const ROWS: i64 = 16;

/// A release whose figures were counted for it, not stated again.
pub(crate) struct Sealed {
    pub sequence: u64,
    /// What its contributors are sealed for.
    pub place: String,
    pub fingerprint: Vec<u8>,
    pub analyst: String,
    pub purpose: String,
    pub contributors: Vec<u8>,
}

impl Store {
    /// The next few sealed rows after a place, in their order.
    pub(super) fn sealed_after(&mut self, sequence: u64) -> Result<Vec<Sealed>, LedgerError> {
        self.ready()?;
        let rows = || {
            self.connection()
                .prepare_cached(
                    "select sequence, order_id, fingerprint, analyst, purpose, sealed \
                     from contributors join release using (sequence) where sequence > ?1 order by sequence limit ?2",
                )?
                .query_map(params![sequence, ROWS], sealed)?
                .collect::<rusqlite::Result<Vec<_>>>()
        };
        rows().map_err(|_| LedgerError::Storage)
    }

    /// The sealed row of one release.
    pub(super) fn sealed(&mut self, sequence: u64) -> Result<Option<Sealed>, LedgerError> {
        self.ready()?;
        let row = || {
            self.connection()
                .prepare_cached(
                    "select sequence, order_id, fingerprint, analyst, purpose, sealed \
                     from contributors join release using (sequence) where sequence = ?1",
                )?
                .query_row([sequence], sealed)
                .optional()
        };
        row().map_err(|_| LedgerError::Storage)
    }
}

fn sealed(row: &rusqlite::Row<'_>) -> rusqlite::Result<Sealed> {
    let order: Vec<u8> = row.get("order_id")?;
    Ok(Sealed {
        sequence: row.get("sequence")?,
        place: String::from_utf8_lossy(&order).into_owned(),
        fingerprint: row.get("fingerprint")?,
        analyst: row.get("analyst")?,
        purpose: row.get("purpose")?,
        contributors: row.get("sealed")?,
    })
}
