//! What a node's ledger says once its node has stopped.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use crate::world::{World, until};

/// The releases in a ledger, in order: their exact bytes.
pub fn releases(world: &World, code: &str) -> Vec<Vec<u8>> {
    let ledger = open(&world.node_data(code).join("ledger.sqlite"));
    let mut rows = ledger.prepare("select bytes from release order by sequence").unwrap();
    rows.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
}

/// The reasons of the refusals in a ledger's audit, in order.
pub fn reasons(world: &World, code: &str) -> Vec<String> {
    let ledger = open(&world.node_data(code).join("ledger.sqlite"));
    let mut rows = ledger.prepare("select reason from audit where kind = 'refused' order by n").unwrap();
    rows.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
}

fn open(path: &Path) -> Connection {
    Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap()
}

/// Opens a provider's ledger again and asserts that its chain and its anchor hold.
pub async fn is_whole(world: &World, code: &str) {
    let quarantined = reopened(world, code).await;
    assert_eq!(quarantined, 0);
}

/// [`is_whole`] for a ledger that was not before.
pub async fn is_whole_again(world: &World, code: &str) {
    let path = world.node_data(code).join("ledger.sqlite");
    let before = crate::world::logged(&["QUARANTINED", &path.display().to_string()]).len();
    assert!(before > 0);
    assert_eq!(reopened(world, code).await, before);
}

/// How often the provider's ledger was found not to hold, ever, after it was opened once more.
async fn reopened(world: &World, code: &str) -> usize {
    let path = world.node_data(code).join("ledger.sqlite");
    until("the ledger's old connection is gone", async || {
        let ledger = Connection::open(&path).ok()?;
        ledger.busy_timeout(std::time::Duration::ZERO).ok()?;
        ledger.execute_batch("begin exclusive; rollback").ok()
    })
    .await;
    let check: String = open(&path).query_row("pragma integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(check, "ok");
    crate::world::watch_log();
    drop(world.open_provider(code).await);
    crate::world::logged(&["QUARANTINED", &path.display().to_string()]).len()
}
