//! The ledger's tables. Every one only grows: changing or deleting a row aborts.

use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::{audit, documents};

/// The version of the tables.
pub(super) const VERSION: i64 = 2;

/// How long a starting process waits for one that is ending.
const OTHER_PROCESS: Duration = Duration::from_millis(500);

const TABLES: &str = "
create table ledger (
    id integer primary key check (id = 1),
    version integer not null,
    provider text not null,
    epoch blob not null,
    created_at integer not null
) strict;
create table release (
    sequence integer primary key,
    order_id blob not null unique,
    order_sha256 blob not null,
    fingerprint blob not null,
    snapshot text not null,
    template_sha256 blob not null,
    analyst text not null,
    purpose text not null,
    made_at integer not null,
    bytes blob not null,
    contributors_sha256 blob,
    previous_head blob not null,
    head blob not null
) strict;
create index release_by_key on release (fingerprint, snapshot, sequence);
create table contributors (
    sequence integer primary key references release (sequence),
    sealed blob not null
) strict;
create table lookup_version (
    name text not null,
    version integer not null,
    primary key (name, version)
) strict;
";

const GROWING: [&str; 6] = ["audit", "contributors", "document", "ledger", "lookup_version", "release"];

/// Makes the tables.
pub(super) fn create(connection: &Connection) -> rusqlite::Result<()> {
    for tables in [TABLES, audit::TABLE, documents::TABLE] {
        connection.execute_batch(tables)?;
    }
    for table in GROWING {
        connection.execute_batch(&format!(
            "create trigger {table}_keeps before update on {table} begin select raise(abort, 'the ledger only grows'); end;
             create trigger {table}_grows before delete on {table} begin select raise(abort, 'the ledger only grows'); end;"
        ))?;
    }
    Ok(())
}

/// Opens a database that exists, alone and with every commit on the disk before it is reported.
pub(super) fn open(path: &std::path::Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_CREATE;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.set_db_config(rusqlite::config::DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.busy_timeout(OTHER_PROCESS)?;
    connection.pragma_update(None, "locking_mode", "exclusive")?;
    // The lock is taken at the first write and then kept: take it now, so that a second process learns of it at once.
    connection.execute_batch("begin exclusive; commit")?;
    // TRUNCATE is as safe as DELETE and saves two operations on the folder at each commit.
    connection.pragma_update_and_check(None, "journal_mode", "truncate", |_| Ok(()))?;
    connection.pragma_update(None, "synchronous", "extra")?;
    connection.pragma_update(None, "trusted_schema", "off")?;
    connection.pragma_update(None, "cell_size_check", "on")?;
    connection.pragma_update(None, "foreign_keys", "on")?;
    connection.pragma_update(None, "cache_size", -512)?;
    connection.set_prepared_statement_cache_capacity(16);
    Ok(connection)
}
