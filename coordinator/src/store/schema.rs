//! The tables, version by version.

use std::time::Duration;

use rusqlite::Connection;

/// One entry per version of the schema: what brings the version before it up to date. Entries are only ever added.
const MIGRATIONS: &[&str] = &[FIRST, SECOND];

const FIRST: &str = "
    create table run (
        id text primary key,
        analyst text not null,
        template text not null,
        template_id text not null,
        template_version integer not null,
        title text not null,
        parameters text not null,
        purpose text not null,
        grouping text not null check (grouping in ('all', 'kind')),
        asked_at integer not null,
        deadline integer not null,
        closed_at integer
    ) strict;
    create index run_by_analyst on run (analyst, asked_at);
    create index run_open on run (deadline) where closed_at is null;
    create table ordered (
        id text primary key,
        run text not null references run (id),
        place integer not null,
        provider text not null,
        name text not null,
        kind text not null,
        key text not null,
        envelope blob not null,
        unique (run, provider),
        unique (run, place)
    ) strict;
    create table outcome (
        ordered text primary key references ordered (id),
        kind text not null check (kind in ('invalid', 'refusal', 'release')),
        envelope blob not null,
        received_at integer not null
    ) strict;
    create table answer (
        run text not null references run (id),
        revision integer not null check (revision > 0),
        document blob not null,
        made_at integer not null,
        primary key (run, revision)
    ) strict;
    create table document (
        digest text primary key,
        envelope blob not null
    ) strict;
";

/// Which orders were handed to their providers: who had one and fell silent was not merely away.
const SECOND: &str = "
    create table handed (
        ordered text primary key references ordered (id)
    ) strict;
";

/// Why a store cannot be brought up to date.
#[derive(Debug)]
pub(super) enum MigrateError {
    /// It was written by a newer version.
    Newer { found: u32 },
    /// SQLite refuses.
    Sql(rusqlite::Error),
}

impl From<rusqlite::Error> for MigrateError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sql(error)
    }
}

/// Every commit is flushed to the disk before it counts.
pub(super) fn configure(connection: &Connection, pages: u32) -> rusqlite::Result<()> {
    wait_when_busy(connection)?;
    // It answers with the limit that holds now.
    connection.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()))?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "synchronous", "full")?;
    connection.pragma_update(None, "foreign_keys", true)
}

pub(super) fn wait_when_busy(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(Duration::from_secs(5))
}

/// Brings the tables up to date, version by version, each all or nothing.
pub(super) fn migrate(connection: &mut Connection) -> Result<(), MigrateError> {
    let found: u32 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let versions = (1u32..).zip(MIGRATIONS);
    if versions.clone().all(|(version, _)| version < found) {
        return Err(MigrateError::Newer { found });
    }
    for (version, migration) in versions.filter(|(version, _)| *version > found) {
        let transaction = connection.transaction()?;
        transaction.execute_batch(migration)?;
        transaction.pragma_update(None, "user_version", version)?;
        transaction.commit()?;
    }
    Ok(())
}
