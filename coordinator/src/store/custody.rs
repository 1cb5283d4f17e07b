//! Checkpoints of logs, what contradicted them, and the places in providers' ledgers that their releases have shown.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension as _, params};
use template::Digest;
use wire::{KnownRelease, OrderId, ProviderCode};

use crate::store::StoreError;

/// A log at one moment, as a checkpoint states it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogState {
    /// Whose log: as [`template::LogName`] writes it.
    pub log: String,
    /// Which life of the log.
    pub epoch: String,
    /// How many entries.
    pub size: u64,
    /// The hash of the last.
    pub head: Digest,
}

/// What became of a checkpoint that was offered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Witnessed {
    /// It was kept, or had been before: these are the bytes that are kept.
    Kept(Vec<u8>),
    /// It contradicts this one. Both are kept as evidence.
    Conflict(Vec<u8>),
}

/// Keeps a checkpoint, unless it contradicts what is kept: compares and keeps at once, within one transaction.
///
/// INVARIANT: of one log and epoch there are never two checkpoints of one size, and none is followed by a smaller one.
pub(super) fn witness(
    connection: &Connection,
    state: &LogState,
    offered: &[u8],
    countersigned: &[u8],
    at: DateTime<Utc>,
) -> rusqlite::Result<Witnessed> {
    let newest = connection
        .prepare_cached(
            "select epoch, size, head, envelope from checkpoint where log = ?1 order by rowid desc limit 1",
        )?
        .query_row([&state.log], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, u64>(1)?, row.get::<_, String>(2)?, row.get::<_, Vec<u8>>(3)?))
        })
        .optional()?;
    if let Some((epoch, size, head, envelope)) = newest {
        let same_life = epoch == state.epoch;
        if same_life && size == state.size && head == state.head.to_string() {
            return Ok(Witnessed::Kept(envelope));
        }
        let goes_on = same_life && state.size > size;
        let begins_anew = !same_life && leave(connection, state)?;
        if !goes_on && !begins_anew {
            connection
                .prepare_cached("insert into conflict (log, at, ours, theirs) values (?1, ?2, ?3, ?4)")?
                .execute(params![state.log, at.timestamp(), envelope, offered])?;
            return Ok(Witnessed::Conflict(envelope));
        }
    }
    connection.prepare_cached("insert into checkpoint values (?1, ?2, ?3, ?4, ?5, ?6)")?.execute(params![
        state.log,
        state.epoch,
        state.size,
        state.head.to_string(),
        at.timestamp(),
        countersigned,
    ])?;
    Ok(Witnessed::Kept(countersigned.to_vec()))
}

/// Whether the newest rebaseline of the log's provider gave leave for this epoch, and nothing of it is kept yet.
fn leave(connection: &Connection, state: &LogState) -> rusqlite::Result<bool> {
    let provider = state.log.strip_prefix("provider:").unwrap_or_default();
    let newest: Option<String> = connection
        .prepare_cached("select epoch from life where provider = ?1 order by n desc limit 1")?
        .query_row([provider], |row| row.get(0))
        .optional()?;
    let used: bool = connection
        .prepare_cached("select exists (select 1 from checkpoint where log = ?1 and epoch = ?2)")?
        .query_row([&state.log, &state.epoch], |row| row.get(0))?;
    Ok(newest.as_ref() == Some(&state.epoch) && !used)
}

/// The newest checkpoint of a log, exact bytes.
pub(super) fn newest(connection: &Connection, log: &str) -> Result<Option<(LogState, Vec<u8>)>, StoreError> {
    let found = connection
        .prepare_cached(
            "select epoch, size, head, envelope from checkpoint where log = ?1 order by rowid desc limit 1",
        )?
        .query_row([log], |row| Ok((row.get(0)?, row.get(1)?, row.get::<_, String>(2)?, row.get(3)?)))
        .optional()?;
    let Some((epoch, size, head, envelope)) = found else { return Ok(None) };
    let head = head.parse().map_err(|_| StoreError::Unreadable("checkpoint"))?;
    Ok(Some((LogState { log: log.to_owned(), epoch, size, head }, envelope)))
}

pub(super) fn add_witness(
    connection: &Connection,
    size: u64,
    provider: &ProviderCode,
    envelope: &[u8],
) -> rusqlite::Result<()> {
    connection
        .prepare_cached("insert into witness values (?1, ?2, ?3) on conflict do nothing")?
        .execute(params![size, provider.as_str(), envelope])
        .map(|_| ())
}

/// A checkpoint of the coordinator's own log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnCheckpoint {
    /// How many entries the log had.
    pub size: u64,
    /// The envelope, exact bytes.
    pub envelope: Vec<u8>,
    /// The same as providers countersigned it.
    pub countersigned: Vec<Vec<u8>>,
}

/// Every checkpoint of the coordinator's own log with the providers that countersigned it.
pub(crate) fn own_checkpoints(connection: &Connection) -> Result<Vec<OwnCheckpoint>, StoreError> {
    let rows: Vec<(u64, Vec<u8>)> = connection
        .prepare("select size, envelope from checkpoint where log = 'coordinator' order by size")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    let mut select = connection.prepare("select envelope from witness where size = ?1 order by provider")?;
    rows.into_iter()
        .map(|(size, envelope)| {
            let countersigned = select.query_map([size], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
            Ok(OwnCheckpoint { size, envelope, countersigned })
        })
        .collect()
}

/// The log's own life, made when it is asked for the first time.
pub(super) fn epoch(connection: &Connection, fresh: &str) -> rusqlite::Result<String> {
    connection.prepare_cached("insert into epoch values (1, ?1) on conflict do nothing")?.execute([fresh])?;
    connection.prepare_cached("select epoch from epoch")?.query_row([], |row| row.get(0))
}

fn life(connection: &Connection, provider: &ProviderCode) -> rusqlite::Result<u64> {
    connection
        .prepare_cached("select coalesce(max(n), 0) from life where provider = ?1")?
        .query_row([provider.as_str()], |row| row.get(0))
}

/// Begins a new life of a provider's ledger: what was known of the one before says nothing of it.
pub(super) fn begin_life(connection: &Connection, provider: &ProviderCode, epoch: &str) -> rusqlite::Result<()> {
    let next = life(connection, provider)? + 1;
    connection
        .prepare_cached("insert into life values (?1, ?2, ?3)")?
        .execute(params![provider.as_str(), next, epoch])
        .map(|_| ())
}

/// Keeps a place that a release has shown; the one that was known there before where it was another.
pub(super) fn add_known(
    connection: &Connection,
    provider: &ProviderCode,
    order: &OrderId,
    shown: &KnownRelease,
) -> rusqlite::Result<Option<Digest>> {
    let life = life(connection, provider)?;
    let kept: Option<String> = connection
        .prepare_cached("select release from known where provider = ?1 and life = ?2 and sequence = ?3")?
        .query_row(params![provider.as_str(), life, shown.sequence], |row| row.get(0))
        .optional()?;
    match kept {
        Some(kept) if kept == shown.release.to_string() => Ok(None),
        Some(kept) => {
            let unreadable = |_| rusqlite::Error::InvalidColumnName("release".to_owned());
            kept.parse().map(Some).map_err(unreadable)
        }
        None => {
            connection.prepare_cached("insert into known values (?1, ?2, ?3, ?4, ?5, ?6)")?.execute(params![
                provider.as_str(),
                life,
                shown.sequence,
                shown.previous_head.to_string(),
                shown.release.to_string(),
                order.to_string(),
            ])?;
            Ok(None)
        }
    }
}

/// The release that has shown a place of a provider's ledger, exact bytes.
pub(super) fn release(
    connection: &Connection,
    provider: &ProviderCode,
    release: &Digest,
) -> Result<Option<Vec<u8>>, StoreError> {
    let envelope = connection
        .prepare_cached(
            "select envelope from outcome where ordered = \
             (select ordered from known where provider = ?1 and release = ?2 order by life desc, sequence desc limit 1)",
        )?
        .query_row(params![provider.as_str(), release.to_string()], |row| row.get(0))
        .optional()?;
    Ok(envelope)
}

/// The newest place of each provider's ledger in its present life.
pub(super) fn known(connection: &Connection) -> Result<Vec<(ProviderCode, KnownRelease)>, StoreError> {
    let rows: Vec<(String, u64, String, String)> = connection
        .prepare(
            "select provider, max(sequence), previous_head, release from known \
             where life = (select coalesce(max(n), 0) from life where life.provider = known.provider) group by provider",
        )?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?
        .collect::<rusqlite::Result<_>>()?;
    rows.into_iter()
        .map(|(provider, sequence, previous_head, release)| {
            let parsed = || {
                let known = KnownRelease {
                    sequence,
                    previous_head: previous_head.parse().ok()?,
                    release: release.parse().ok()?,
                };
                Some((provider.parse().ok()?, known))
            };
            parsed().ok_or(StoreError::Unreadable("known release"))
        })
        .collect()
}
