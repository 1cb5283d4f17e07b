//! The tables, version by version.

use std::time::Duration;

use rusqlite::Connection;

/// One entry per version of the schema: what brings the version before it up to date. Entries are only ever added.
const MIGRATIONS: &[&str] = &[FIRST, SECOND, THIRD, FOURTH, FIFTH, SIXTH, SEVENTH];

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

/// Where providers belong, and sites put together by place: `grouping` is `kind` then, and `place` says by which.
const SEVENTH: &str = "
    alter table run add column place text;
    alter table ordered add column board text;
    alter table ordered add column locality text;
    alter table ordered add column network text;
";

/// Late answers, and which sites were summed in answers to which question: what later ones are compared with. It is never
/// forgotten.
const FIFTH: &str = "
    alter table run add column late_until integer not null default 0;
    create table summed (
        question text not null,
        sites text not null,
        primary key (question, sites)
    ) strict;
";

/// Which orders were handed to their providers: who had one and fell silent was not merely away.
const SECOND: &str = "
    create table handed (
        ordered text primary key references ordered (id)
    ) strict;
";

/// Governance as it happened, the hash-chained log of everything that was decided, the checkpoints that were signed and
/// countersigned, and the places in providers' ledgers that their releases have shown. Nothing here is ever changed.
const THIRD: &str = "
    alter table run add column agreement text not null default '';
    alter table run add column request text;
    create table request (
        id text primary key,
        run text not null unique references run (id),
        digest text not null,
        envelope blob not null
    ) strict;
    create table governance (
        n integer primary key,
        kind text not null,
        who text not null,
        why text not null,
        at integer not null,
        envelope blob not null
    ) strict;
    create table epoch (
        one integer primary key check (one = 1),
        epoch text not null
    ) strict;
    create table audit (
        n integer primary key,
        at integer not null,
        kind text not null,
        subject text not null,
        who text not null,
        digest text not null,
        detail text not null,
        previous_head text not null,
        head text not null
    ) strict;
    create table checkpoint (
        log text not null,
        epoch text not null,
        size integer not null,
        head text not null,
        at integer not null,
        envelope blob not null,
        primary key (log, epoch, size)
    ) strict;
    create table witness (
        size integer not null,
        provider text not null,
        envelope blob not null,
        primary key (size, provider)
    ) strict;
    create table conflict (
        n integer primary key,
        log text not null,
        at integer not null,
        ours blob not null,
        theirs blob not null
    ) strict;
    create table life (
        provider text not null,
        n integer not null,
        epoch text not null,
        primary key (provider, n)
    ) strict;
    create table known (
        provider text not null,
        life integer not null,
        sequence integer not null,
        previous_head text not null,
        release text not null,
        primary key (provider, life, sequence)
    ) strict;
    create trigger governance_stays before update on governance begin select raise(abort, 'append only'); end;
    create trigger governance_remains before delete on governance begin select raise(abort, 'append only'); end;
    create trigger audit_stays before update on audit begin select raise(abort, 'append only'); end;
    create trigger audit_remains before delete on audit begin select raise(abort, 'append only'); end;
    create trigger checkpoint_stays before update on checkpoint begin select raise(abort, 'append only'); end;
    create trigger checkpoint_remains before delete on checkpoint begin select raise(abort, 'append only'); end;
    create trigger conflict_stays before update on conflict begin select raise(abort, 'append only'); end;
    create trigger conflict_remains before delete on conflict begin select raise(abort, 'append only'); end;
    create trigger known_stays before update on known begin select raise(abort, 'append only'); end;
    create trigger known_remains before delete on known begin select raise(abort, 'append only'); end;
";

/// The order under which each place in a provider's ledger was shown, so that the release that shows it is found.
const FOURTH: &str = "
    drop trigger known_stays;
    alter table known add column ordered text references ordered (id);
    update known set ordered = (select subject from audit where kind = 'received' and digest = known.release);
    create trigger known_stays before update on known begin select raise(abort, 'append only'); end;
";

/// Under which documents each run was asked, in order: what is in force changes, and an answer is verified by what was.
const SIXTH: &str = "
    create table attached (
        run text not null references run (id),
        place integer not null,
        digest text not null references document (digest),
        primary key (run, place)
    ) strict;
    insert into attached select id, 0, template from run where template in (select digest from document);
    create trigger attached_stays before update on attached begin select raise(abort, 'append only'); end;
    create trigger attached_remains before delete on attached begin select raise(abort, 'append only'); end;
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
