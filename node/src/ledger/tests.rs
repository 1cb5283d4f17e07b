//! The ledger: the same order gets the same bytes, and nothing that was recorded can be changed or taken back unseen.

use std::fs;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use disclosure::{Coverage, Domain, Measure, Policy, Protected, Public, Tally, protect};
use rusqlite::Connection;
use template::{ProviderKind, SigningKey};
use wire::{Header, OptOuts, RestrictedCodes, Statement, StoredCells};

use super::*;
use crate::fixture::{key, now, unobserved};
use crate::steps::Step;

struct Book {
    dir: tempfile::TempDir,
    key: Arc<SigningKey>,
    provider: ProviderCode,
    snapshot: SnapshotId,
    /// The newest release with contributors of its own.
    newest: Arc<AtomicU64>,
}

impl Book {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let book = Self {
            dir,
            key: Arc::new(key()),
            provider: "Y00001".parse().unwrap(),
            snapshot: SnapshotId::random().unwrap(),
            newest: Arc::default(),
        };
        Ledger::create(&book.files(), &book.provider, now()).unwrap();
        book
    }

    fn files(&self) -> Files {
        Files::within(self.dir.path())
    }

    fn open(&self) -> Result<Store, LedgerOpenError> {
        self.open_with(unobserved())
    }

    fn open_with(&self, steps: Arc<dyn Steps>) -> Result<Store, LedgerOpenError> {
        Store::open(&self.files(), &self.provider, self.key.public(), steps)
    }

    fn asked(&self) -> Asked {
        let order = OrderId::random().unwrap();
        Asked {
            order,
            order_digest: Digest::of(order.to_string().as_bytes()),
            template: Digest::of(b"template"),
            analyst: "ada".parse().unwrap(),
            purpose: "test".to_owned(),
            received_at: now(),
            context: Context::default(),
        }
    }

    fn key_of(&self, question: &str) -> AnswerKey {
        AnswerKey { fingerprint: Digest::of(question.as_bytes()), snapshot: self.snapshot }
    }

    /// An entry in which so many people are counted, unless the ledger knows better.
    fn entry(&self, asked: &Asked, question: &str, people: u32) -> Entry {
        let header = Header {
            order: asked.order,
            order_digest: asked.order_digest,
            provider: self.provider.clone(),
            kind: ProviderKind::Gp,
            fingerprint: Digest::of(question.as_bytes()),
            template_id: "t".to_owned(),
            template_version: 1,
            template: asked.template,
            parameters: vec![],
            lookups: vec![],
            snapshot: self.snapshot,
            as_at: now(),
            opt_outs: OptOuts::Both,
            opt_outs_as_of: vec![],
            restricted: RestrictedCodes { version: 1, additions_sha256: None },
            sequence: 0,
            previous_head: asked.order_digest,
            made_at: now(),
        };
        let key = Arc::clone(&self.key);
        let newest = Arc::clone(&self.newest);
        Entry {
            asked: asked.clone(),
            key: self.key_of(question),
            made_at: now(),
            lookups: vec![("practice_locality".to_owned(), 3)],
            contributors: Some(vec![7; 40]),
            documents: vec![],
            after: self.newest.load(Ordering::SeqCst),
            make: Box::new(move |place, prior| {
                let header = Header { sequence: place.sequence, previous_head: place.previous_head, ..header };
                if prior.is_none() {
                    newest.store(place.sequence, Ordering::SeqCst);
                }
                let statement = match prior {
                    Some(stored) => Statement::again(header, &StoredCells::of(stored, &key.public()).ok()?),
                    None => Statement::new(header, &protected(people)),
                };
                Some(statement.sign(&key))
            }),
        }
    }
}

fn protected(people: u32) -> Protected {
    let (domain, measures) = (Domain::new(vec![], vec![]).unwrap(), [Measure::people("people")]);
    let mut tally = Tally::new(&domain, &measures).unwrap();
    tally.add(&vec![0; people as usize], &(0..people).collect::<Vec<_>>(), &[]).unwrap();
    let (coverage, public) = (Coverage::whole(&domain), Public::nothing(&domain, &measures));
    protect(tally.finish().unwrap(), &domain, &measures, &Policy::nhs_sde(), &coverage, &public).unwrap()
}

fn payload(release: &Release) -> String {
    String::from_utf8(template::Envelope::parse(release.bytes()).unwrap().unverified_payload().to_vec()).unwrap()
}

#[test]
fn the_same_order_gets_the_same_bytes_for_ever() {
    let book = Book::new();
    let asked = book.asked();
    let mut store = book.open().unwrap();
    assert!(matches!(store.known(&asked.order, &asked.order_digest), Ok(Known::No)));
    let first = store.record(book.entry(&asked, "q", 50)).unwrap();
    assert_eq!(store.record(book.entry(&asked, "q", 90)).unwrap(), first);
    drop(store);
    let mut store = book.open().unwrap();
    let Ok(Known::Same(again)) = store.known(&asked.order, &asked.order_digest) else { panic!("it is known") };
    assert_eq!(again.bytes(), first.bytes());
    let other = Digest::of(b"another order");
    assert_eq!(store.known(&asked.order, &other).map(|_| ()), Err(LedgerError::Replayed));
    let altered = Asked { order_digest: other, ..asked };
    assert_eq!(store.record(book.entry(&altered, "q", 50)).map(|_| ()), Err(LedgerError::Replayed));
    // Refusing to replay is no reason to stop.
    assert!(store.record(book.entry(&book.asked(), "q2", 50)).is_ok());
}

#[test]
fn the_same_question_gets_the_same_figures_and_a_new_snapshot_its_own() {
    let book = Book::new();
    let mut store = book.open().unwrap();
    let first = store.record(book.entry(&book.asked(), "q", 50)).unwrap();
    let again = store.record(book.entry(&book.asked(), "q", 90)).unwrap();
    let figures = |release: &Release| payload(release).split("\"measures\"").nth(1).unwrap().to_owned();
    assert_eq!(figures(&first), figures(&again));
    assert!(payload(&again).contains("\"ledger_sequence\":2"));
    let (key, newest) = (Arc::clone(&book.key), Arc::clone(&book.newest));
    let fresh = Book { snapshot: SnapshotId::random().unwrap(), key, newest, ..Book::new() };
    let newer = store.record(fresh.entry(&book.asked(), "q", 90)).unwrap();
    assert_ne!(figures(&first), figures(&newer));
    assert!(store.prior(&book.key_of("q")).unwrap().is_some());
    assert!(store.prior(&book.key_of("other")).unwrap().is_none());
    assert_eq!(store.lookup_version("practice_locality"), Ok(3));
    assert_eq!(store.lookup_version("other"), Ok(0));
}

#[test]
fn releases_and_decisions_form_chains() {
    let book = Book::new();
    let mut store = book.open().unwrap();
    let releases: Vec<String> =
        (0..3).map(|n| payload(&store.record(book.entry(&book.asked(), &n.to_string(), 50)).unwrap())).collect();
    store.refused(&OrderId::random().unwrap(), None, Reason::Altered, now()).unwrap();
    store.refused(&OrderId::random().unwrap(), Some(&book.asked()), Reason::NoConsent, now()).unwrap();
    drop(store);
    let database = Connection::open(book.files().database).unwrap();
    let heads: Vec<Vec<u8>> = collect(&database, "select head from release order by sequence");
    for (n, release) in releases.iter().enumerate().skip(1) {
        assert!(release.contains(&format!("\"ledger_previous_head\":\"{}\"", template::encode_hex(&heads[n - 1]))));
    }
    let kinds: Vec<String> = collect(&database, "select kind from audit order by n");
    assert_eq!(
        kinds.join(" "),
        "received released received released received released received refused received refused"
    );
    let reasons: Vec<String> = collect(&database, "select reason from audit where reason is not null order by n");
    assert_eq!(reasons, ["altered", "no-consent"]);
    drop(database);
    assert!(book.open().unwrap().last_known_time().is_ok());
}

fn collect<T: rusqlite::types::FromSql>(database: &Connection, sql: &str) -> Vec<T> {
    let mut statement = database.prepare(sql).unwrap();
    statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

#[test]
fn rows_cannot_be_changed_or_deleted() {
    let book = Book::new();
    book.open().unwrap().record(book.entry(&book.asked(), "q", 50)).unwrap();
    let database = Connection::open(book.files().database).unwrap();
    for table in ["audit", "contributors", "ledger", "lookup_version", "release"] {
        let column: String =
            database.query_row("select name from pragma_table_info(?1) limit 1", [table], |row| row.get(0)).unwrap();
        for sql in [format!("delete from {table}"), format!("update {table} set {column} = {column}")] {
            let error = database.execute(&sql, []).unwrap_err().to_string();
            assert!(error.contains("only grows"), "{sql}: {error}");
        }
    }
}

/// Does something to a ledger of three releases behind its back; the next start must quarantine it.
fn check_tamper(change: impl Fn(&Book, &Connection)) {
    let book = Book::new();
    let asked = book.asked();
    let mut store = book.open().unwrap();
    store.record(book.entry(&asked, "0", 50)).unwrap();
    for n in 1..3 {
        store.record(book.entry(&book.asked(), &n.to_string(), 50)).unwrap();
    }
    store.refused(&asked.order, Some(&asked), Reason::Busy, now()).unwrap();
    drop(store);
    let database = Connection::open(book.files().database).unwrap();
    for table in ["audit", "contributors", "release"] {
        database.execute_batch(&format!("drop trigger {table}_keeps; drop trigger {table}_grows")).unwrap();
    }
    change(&book, &database);
    drop(database);
    let mut store = book.open().unwrap();
    assert_eq!(store.known(&asked.order, &asked.order_digest).map(|_| ()), Err(LedgerError::Quarantined));
    assert_eq!(store.record(book.entry(&book.asked(), "q", 50)).map(|_| ()), Err(LedgerError::Quarantined));
    assert_eq!(store.refused(&asked.order, None, Reason::Busy, now()), Err(LedgerError::Quarantined));
}

#[test]
fn a_changed_row_a_missing_row_and_a_missing_anchor_quarantine_the_ledger() {
    let sql = |sql: &'static str| move |_: &Book, database: &Connection| database.execute_batch(sql).unwrap();
    check_tamper(sql("update release set bytes = x'00' where sequence = 2"));
    check_tamper(sql("update release set purpose = 'another' where sequence = 1"));
    check_tamper(sql("pragma foreign_keys = off; delete from release where sequence = 3"));
    check_tamper(sql("pragma foreign_keys = off; delete from release where sequence = 1"));
    check_tamper(sql("update contributors set sealed = x'00' where sequence = 2"));
    check_tamper(sql("delete from contributors where sequence = 2"));
    check_tamper(sql("update audit set reason = 'expired' where kind = 'refused'"));
    check_tamper(sql("delete from audit where n = (select max(n) from audit)"));
    check_tamper(sql(
        "update audit set n = 100 where n = 1; update audit set n = 1 where n = 2; update audit set n = 2 where n = 100",
    ));
    check_tamper(|book, _| fs::remove_file(book.files().anchor).unwrap());
    check_tamper(|book, _| fs::write(book.files().anchor, "nonsense").unwrap());
    check_tamper(|book, _| {
        // The anchor of another ledger.
        fs::copy(Book::new().files().anchor, book.files().anchor).unwrap();
    });
}

#[test]
fn yesterdays_copy_is_found_out() {
    let book = Book::new();
    let asked = book.asked();
    let mut store = book.open().unwrap();
    store.record(book.entry(&asked, "1", 50)).unwrap();
    drop(store);
    let copy = book.dir.path().join("yesterday");
    fs::copy(book.files().database, &copy).unwrap();
    let mut store = book.open().unwrap();
    store.record(book.entry(&book.asked(), "2", 50)).unwrap();
    drop(store);
    fs::copy(&copy, book.files().database).unwrap();
    let mut store = book.open().unwrap();
    assert_eq!(store.known(&asked.order, &asked.order_digest).map(|_| ()), Err(LedgerError::Quarantined));
}

/// Copies the anchor at a step, as a crash there would leave it.
struct AnchorAt(Step, std::path::PathBuf, Mutex<Option<Vec<u8>>>);

impl Steps for AnchorAt {
    fn at(&self, step: Step) {
        if step == self.0 {
            *self.2.lock().unwrap() = Some(fs::read(&self.1).unwrap());
        }
    }
}

#[test]
fn a_crash_between_commit_and_anchor_loses_nothing() {
    let book = Book::new();
    let seen = Arc::new(AnchorAt(Step::AfterCommit, book.files().anchor, Mutex::default()));
    let asked = book.asked();
    let mut store = book.open_with(Arc::clone(&seen) as Arc<dyn Steps>).unwrap();
    let release = store.record(book.entry(&asked, "q", 50)).unwrap();
    drop(store);
    let behind = seen.2.lock().unwrap().clone().unwrap();
    assert_ne!(behind, fs::read(book.files().anchor).unwrap());
    fs::write(book.files().anchor, &behind).unwrap();
    let mut store = book.open().unwrap();
    let Ok(Known::Same(again)) = store.known(&asked.order, &asked.order_digest) else { panic!("it is known") };
    assert_eq!(again, release);
    drop(store);
    // Two transactions behind is more than a crash can do.
    let mut store = book.open().unwrap();
    store.record(book.entry(&book.asked(), "q2", 50)).unwrap();
    drop(store);
    fs::write(book.files().anchor, &behind).unwrap();
    assert_eq!(
        book.open().unwrap().known(&asked.order, &asked.order_digest).map(|_| ()),
        Err(LedgerError::Quarantined)
    );
}

#[test]
fn a_full_disk_releases_nothing_and_leaves_the_ledger_whole() {
    let book = Book::new();
    let asked = book.asked();
    let mut store = book.open().unwrap();
    let first = store.record(book.entry(&asked, "q", 50)).unwrap();
    store.fill();
    let lost = book.asked();
    assert_eq!(store.record(big(book.entry(&lost, "q2", 50))).map(|_| ()), Err(LedgerError::Storage));
    // Nothing more is tried on this connection, though there would be room for a small row.
    assert_eq!(store.known(&asked.order, &asked.order_digest).map(|_| ()), Err(LedgerError::Storage));
    assert_eq!(store.record(book.entry(&lost, "q2", 50)).map(|_| ()), Err(LedgerError::Storage));
    drop(store);
    book.newest.store(1, Ordering::SeqCst);
    let mut store = book.open().unwrap();
    assert!(matches!(store.known(&lost.order, &lost.order_digest), Ok(Known::No)));
    let Ok(Known::Same(again)) = store.known(&asked.order, &asked.order_digest) else { panic!("it is known") };
    assert_eq!(again, first);
    assert!(store.record(book.entry(&lost, "q2", 50)).is_ok());
}

fn big(entry: Entry) -> Entry {
    Entry { contributors: Some(vec![1; 1 << 20]), ..entry }
}

#[test]
fn one_ledger_has_one_process_and_one_owner() {
    let book = Book::new();
    let held = book.open().unwrap();
    let error = book.open().map(|_| ()).unwrap_err();
    assert!(matches!(error, LedgerOpenError::Database { .. }), "{error}");
    assert!(error.to_string().contains("no other process"));
    drop(held);
    let other: ProviderCode = "Y00002".parse().unwrap();
    let foreign = Store::open(&book.files(), &other, book.key.public(), unobserved());
    assert!(matches!(foreign.map(|_| ()), Err(LedgerOpenError::Foreign { .. })));
    assert!(matches!(Ledger::create(&book.files(), &book.provider, now()), Err(LedgerOpenError::Present { .. })));
    fs::remove_file(book.files().database).unwrap();
    assert!(matches!(book.open().map(|_| ()), Err(LedgerOpenError::Absent { .. })));
}

#[test]
fn contributors_are_sealed_for_their_order_alone() {
    let book = Book::new();
    let cipher = Cipher::open(&book.files().contributors_key).unwrap().unwrap();
    let sealed = cipher.seal(b"people", b"order 1").unwrap();
    assert!(!sealed.windows(6).any(|bytes| bytes == b"people"));
    assert_eq!(cipher.unseal(&sealed, b"order 1").as_deref(), Some(&b"people"[..]));
    assert_eq!(cipher.unseal(&sealed, b"order 2"), None);
    assert_ne!(cipher.seal(b"people", b"order 1").unwrap(), sealed);
    assert!(is_private(&book.files().contributors_key));
}

#[cfg(unix)]
fn is_private(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    fs::metadata(path).unwrap().permissions().mode() & 0o077 == 0
}

#[cfg(not(unix))]
fn is_private(_path: &Path) -> bool {
    true
}
