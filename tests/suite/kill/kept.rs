//! What ledger and store hold, read from outside with plain SQL.

use std::collections::BTreeMap;
use std::path::Path;

use rusqlite::{Connection, OpenFlags};
use template::Digest;

/// A release in a node's ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub sequence: i64,
    pub order: String,
    /// Of the exact bytes.
    pub release: Digest,
    pub previous_head: Vec<u8>,
    pub head: Vec<u8>,
}

/// A node's ledger, read from a copy while no node has it open; a transaction that was cut off is undone in the copy.
#[derive(Debug)]
pub struct Ledger {
    pub rows: Vec<Row>,
    /// How many rows the audit has of each kind.
    pub audit: BTreeMap<String, i64>,
    /// The anchor's five words.
    pub anchor: Vec<String>,
}

impl Ledger {
    pub fn read(data: &Path) -> Self {
        let copy = tempfile::tempdir().unwrap();
        for name in ["ledger.sqlite", "ledger.sqlite-journal"] {
            if data.join(name).exists() {
                std::fs::copy(data.join(name), copy.path().join(name)).unwrap();
            }
        }
        let connection = Connection::open(copy.path().join("ledger.sqlite")).unwrap();
        let sound: String = connection.query_row("pragma integrity_check", [], |row| row.get(0)).unwrap();
        assert_eq!(sound, "ok");
        let rows = connection
            .prepare("select sequence, order_id, bytes, previous_head, head from release order by sequence")
            .unwrap()
            .query_map([], |row| {
                Ok(Row {
                    sequence: row.get(0)?,
                    order: String::from_utf8(row.get(1)?).unwrap(),
                    release: Digest::of(&row.get::<_, Vec<u8>>(2)?),
                    previous_head: row.get(3)?,
                    head: row.get(4)?,
                })
            })
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap();
        let audit = connection
            .prepare("select kind, count(*) from audit group by kind")
            .unwrap()
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap();
        let anchor = std::fs::read_to_string(data.join("ledger.anchor")).unwrap();
        Self { rows, audit, anchor: anchor.split_whitespace().skip(1).map(str::to_owned).collect() }
    }

    /// The release of an order, which the ledger holds at most once.
    pub fn of(&self, order: &str) -> Option<&Row> {
        let mut rows = self.rows.iter().filter(|row| row.order == order);
        let row = rows.next();
        assert_eq!(rows.next(), None, "an order stands in the ledger twice");
        row
    }

    /// Every row follows the one before without a gap, the anchor names the last, and each release has its decision.
    pub fn verify(&self) {
        for (place, row) in self.rows.iter().enumerate() {
            assert_eq!(row.sequence, i64::try_from(place + 1).unwrap());
        }
        for pair in self.rows.windows(2) {
            assert_eq!(pair[0].head, pair[1].previous_head);
        }
        let newest = self.rows.last().map(|row| (row.sequence.to_string(), template::encode_hex(&row.head)));
        if let Some((sequence, head)) = newest {
            assert_eq!((&self.anchor[1], &self.anchor[2]), (&sequence, &head), "the anchor knows the newest release");
        }
        let released = self.audit.get("released").copied().unwrap_or(0);
        assert_eq!(released, i64::try_from(self.rows.len()).unwrap(), "one decision for each release");
    }
}

/// An order in the coordinator's store, with what was said to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    pub id: String,
    pub provider: String,
    /// Of the signed order's exact bytes.
    pub envelope: Digest,
    pub deadline: i64,
    /// Its kind, and the digest of the exact bytes.
    pub outcome: Option<(String, Digest)>,
}

/// A run's orders, in their order. The coordinator may be running.
pub fn orders(store: &Path, run: wire::RunId) -> Vec<Order> {
    let connection = open(store);
    connection
        .prepare(
            "select ordered.id, provider, ordered.envelope, deadline, outcome.kind, outcome.envelope from ordered \
             join run on run.id = run left join outcome on ordered = ordered.id where run = ?1 order by ordered.place",
        )
        .unwrap()
        .query_map([run.to_string()], |row| {
            let kind: Option<String> = row.get(4)?;
            let said: Option<Vec<u8>> = row.get(5)?;
            Ok(Order {
                id: row.get(0)?,
                provider: row.get(1)?,
                envelope: Digest::of(&row.get::<_, Vec<u8>>(2)?),
                deadline: row.get(3)?,
                outcome: kind.zip(said.as_deref().map(Digest::of)),
            })
        })
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap()
}

/// The documents of a run's answer, revision by revision.
pub fn answers(store: &Path, run: wire::RunId) -> Vec<Vec<u8>> {
    open(store)
        .prepare("select document from answer where run = ?1 order by revision")
        .unwrap()
        .query_map([run.to_string()], |row| row.get(0))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap()
}

/// Every run in the store.
pub fn runs(store: &Path) -> Vec<wire::RunId> {
    let connection = open(store);
    let sound: String = connection.query_row("pragma integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(sound, "ok");
    connection
        .prepare("select id from run order by rowid")
        .unwrap()
        .query_map([], |row| row.get::<_, String>(0))
        .unwrap()
        .map(|id| id.unwrap().parse().unwrap())
        .collect()
}

fn open(store: &Path) -> Connection {
    Connection::open_with_flags(store, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap()
}
