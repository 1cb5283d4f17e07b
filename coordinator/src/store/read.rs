//! What is read back. Everything is checked on the way: the store is a file on a disk.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension as _, Row, params};
use template::{Digest, Grouping, ProviderKind};
use wire::{AnalystName, OrderId, Places, RunId};

use crate::store::StoreError;
use crate::store::record::{AnswerRecord, OpenRecord, OrderRecord, OutcomeKind, OutcomeRecord, RunRecord};

const RUN: &str = "run.id, analyst, template, template_id, template_version, title, parameters, purpose, grouping, \
                   asked_at, deadline, closed_at, agreement, request, late_until, place";
const ORDER: &str = "ordered.id, run, provider, name, ordered.kind, key, ordered.envelope, \
                     outcome.kind, outcome.envelope, received_at, board, locality, network";

pub(super) const fn grouping_word(grouping: Grouping) -> &'static str {
    match grouping {
        Grouping::All => "all",
        Grouping::Kind | Grouping::Place(_) => "kind",
    }
}

pub(super) const fn place_word(grouping: Grouping) -> Option<&'static str> {
    match grouping {
        Grouping::All | Grouping::Kind => None,
        Grouping::Place(place) => Some(place.name()),
    }
}

pub(super) const fn outcome_word(kind: OutcomeKind) -> &'static str {
    match kind {
        OutcomeKind::Invalid => "invalid",
        OutcomeKind::Refusal => "refusal",
        OutcomeKind::Release => "release",
    }
}

pub(super) fn outcome_kind(word: &str) -> Option<OutcomeKind> {
    [OutcomeKind::Invalid, OutcomeKind::Refusal, OutcomeKind::Release]
        .into_iter()
        .find(|kind| outcome_word(*kind) == word)
}

pub(super) fn open_runs(connection: &Connection) -> Result<Vec<OpenRecord>, StoreError> {
    let runs: Vec<Result<RunRecord, StoreError>> = connection
        .prepare_cached(&format!("select {RUN} from run where closed_at is null order by asked_at, id"))?
        .query_map([], |row| Ok(run_record(row)))?
        .collect::<rusqlite::Result<_>>()?;
    let mut open = Vec::with_capacity(runs.len());
    for run in runs {
        let run = run?;
        let orders = orders_of(connection, &run.id)?;
        open.push(OpenRecord { run, orders });
    }
    Ok(open)
}

pub(super) fn was_handed(connection: &Connection, order: &OrderId) -> Result<bool, StoreError> {
    let handed = connection
        .prepare_cached("select exists (select 1 from handed where ordered = ?1)")?
        .query_row([order.to_string()], |row| row.get(0))?;
    Ok(handed)
}

pub(super) fn document(connection: &Connection, digest: &Digest) -> Result<Option<Vec<u8>>, StoreError> {
    let envelope = connection
        .prepare_cached("select envelope from document where digest = ?1")?
        .query_row([digest.to_string()], |row| row.get(0))
        .optional()?;
    Ok(envelope)
}

/// The documents under which a run was asked, in order.
pub(super) fn attached(connection: &Connection, run: &RunId) -> Result<Vec<Vec<u8>>, StoreError> {
    let mut rows = connection.prepare_cached(
        "select envelope from attached join document on document.digest = attached.digest where run = ?1 order by place",
    )?;
    let envelopes = rows.query_map([run.to_string()], |row| row.get(0))?;
    Ok(envelopes.collect::<rusqlite::Result<_>>()?)
}

/// The run that a request led to, with the request's digest and envelope.
pub(super) fn request(connection: &Connection, id: &str) -> Result<Option<(RunId, Digest)>, StoreError> {
    let found = connection
        .prepare_cached("select run, digest from request where id = ?1")?
        .query_row([id], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))
        .optional()?;
    let parsed = |(run, digest): (String, String)| run.parse().ok().zip(digest.parse().ok());
    found.map(|found| parsed(found).ok_or(StoreError::Unreadable("request"))).transpose()
}

/// The envelope of the request that led to a run.
pub(super) fn request_of(connection: &Connection, run: &RunId) -> Result<Option<Vec<u8>>, StoreError> {
    let envelope = connection
        .prepare_cached("select envelope from request where run = ?1")?
        .query_row([run.to_string()], |row| row.get(0))
        .optional()?;
    Ok(envelope)
}

/// The orders of a run with what was said to them, in the order of the answer.
pub(super) fn orders_of(
    connection: &Connection,
    run: &RunId,
) -> Result<Vec<(OrderRecord, Option<OutcomeRecord>)>, StoreError> {
    let orders: Vec<Result<_, StoreError>> = connection
        .prepare_cached(&format!(
            "select {ORDER} from ordered left join outcome on ordered = id where run = ?1 order by place"
        ))?
        .query_map([run.to_string()], |row| Ok(order_record(row)))?
        .collect::<rusqlite::Result<_>>()?;
    orders.into_iter().collect()
}

/// Every run, the newest first, at most `limit`, with how many sites were asked and how many released.
pub(super) fn runs(connection: &Connection, limit: u32) -> Result<Vec<(RunRecord, u32, u32)>, StoreError> {
    let sql = format!(
        "select {RUN}, (select count(*) from ordered where ordered.run = run.id), \
         (select count(*) from ordered join outcome on ordered = ordered.id \
          where ordered.run = run.id and outcome.kind = 'release') \
         from run order by asked_at desc, rowid desc limit ?1"
    );
    let runs: Vec<(Result<RunRecord, StoreError>, u32, u32)> = connection
        .prepare(&sql)?
        .query_map([limit], |row| Ok((run_record(row), row.get(16)?, row.get(17)?)))?
        .collect::<rusqlite::Result<_>>()?;
    runs.into_iter().map(|(run, asked, released)| Ok((run?, asked, released))).collect()
}

pub(super) fn order(
    connection: &Connection,
    order: &OrderId,
) -> Result<Option<(OrderRecord, Option<OutcomeRecord>)>, StoreError> {
    connection
        .prepare_cached(&format!("select {ORDER} from ordered left join outcome on ordered = id where id = ?1"))?
        .query_row([order.to_string()], |row| Ok(order_record(row)))
        .optional()?
        .transpose()
}

pub(super) fn run(
    connection: &Connection,
    run: &RunId,
) -> Result<Option<(RunRecord, Option<AnswerRecord>)>, StoreError> {
    let record = connection
        .prepare_cached(&format!("select {RUN} from run where id = ?1"))?
        .query_row([run.to_string()], |row| Ok(run_record(row)))
        .optional()?
        .transpose()?;
    let Some(record) = record else { return Ok(None) };
    let answer = connection
        .prepare_cached("select revision, document from answer where run = ?1 order by revision desc limit 1")?
        .query_row([run.to_string()], answer_record)
        .optional()?;
    Ok(Some((record, answer)))
}

pub(super) fn revisions(connection: &Connection, run: &RunId) -> Result<Vec<AnswerRecord>, StoreError> {
    let answers = connection
        .prepare_cached("select revision, document from answer where run = ?1 order by revision")?
        .query_map([run.to_string()], answer_record)?
        .collect::<rusqlite::Result<_>>()?;
    Ok(answers)
}

pub(super) fn late_runs(
    connection: &Connection,
    now: DateTime<Utc>,
) -> Result<Vec<(OpenRecord, AnswerRecord)>, StoreError> {
    let sql = format!("select {RUN} from run where closed_at is not null and late_until >= ?1 order by asked_at, id");
    let runs: Vec<Result<RunRecord, StoreError>> = connection
        .prepare_cached(&sql)?
        .query_map([now.timestamp()], |row| Ok(run_record(row)))?
        .collect::<rusqlite::Result<_>>()?;
    let mut late = Vec::new();
    for run in runs {
        let run = run?;
        let orders = orders_of(connection, &run.id)?;
        let Some(newest) = revisions(connection, &run.id)?.pop() else { continue };
        late.push((OpenRecord { run, orders }, newest));
    }
    Ok(late)
}

/// The sums of an answer are written with it and read by question.
fn answer_record(row: &Row<'_>) -> rusqlite::Result<AnswerRecord> {
    Ok(AnswerRecord { revision: row.get(0)?, document: row.get(1)?, sums: Vec::new() })
}

pub(super) fn runs_of(
    connection: &Connection,
    analyst: &AnalystName,
    limit: u32,
) -> Result<Vec<(RunRecord, u32)>, StoreError> {
    let revisions: BTreeMap<String, u32> = connection
        .prepare_cached("select run, max(revision) from answer join run on run = id where analyst = ?1 group by run")?
        .query_map([analyst.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    let sql = format!("select {RUN} from run where analyst = ?1 order by asked_at desc, rowid desc limit ?2");
    let runs: Vec<Result<RunRecord, StoreError>> = connection
        .prepare_cached(&sql)?
        .query_map(params![analyst.as_str(), limit], |row| Ok(run_record(row)))?
        .collect::<rusqlite::Result<_>>()?;
    runs.into_iter()
        .map(|run| run.map(|run| (revisions.get(&run.id.to_string()).copied().unwrap_or(0), run)))
        .map(|pair| pair.map(|(revision, run)| (run, revision)))
        .collect()
}

fn run_record(row: &Row<'_>) -> Result<RunRecord, StoreError> {
    let text = |column: usize| row.get::<_, String>(column);
    let unreadable = StoreError::Unreadable("run");
    let parsed = || {
        Some(RunRecord {
            id: text(0).ok()?.parse().ok()?,
            analyst: text(1).ok()?.parse().ok()?,
            template: text(2).ok()?.parse().ok()?,
            template_id: text(3).ok()?,
            template_version: row.get(4).ok()?,
            title: text(5).ok()?,
            parameters: serde_json::from_str(&text(6).ok()?).ok()?,
            purpose: text(7).ok()?,
            grouping: {
                let (word, place) = (text(8).ok()?, row.get::<_, Option<String>>(15).ok()?);
                let is =
                    |grouping: &Grouping| grouping_word(*grouping) == word && place_word(*grouping) == place.as_deref();
                Grouping::ALL.into_iter().find(is)?
            },
            asked_at: time(row.get(9).ok()?)?,
            deadline: time(row.get(10).ok()?)?,
            late_until: time(row.get(14).ok()?)?.max(time(row.get(10).ok()?)?),
            closed_at: match row.get::<_, Option<i64>>(11).ok()? {
                Some(seconds) => Some(time(seconds)?),
                None => None,
            },
            agreement: text(12).ok()?,
            request: match row.get::<_, Option<String>>(13).ok()? {
                Some(digest) => Some(digest.parse().ok()?),
                None => None,
            },
        })
    };
    parsed().ok_or(unreadable)
}

fn order_record(row: &Row<'_>) -> Result<(OrderRecord, Option<OutcomeRecord>), StoreError> {
    let text = |column: usize| row.get::<_, String>(column).ok();
    let order = || {
        let kind = text(4)?;
        Some(OrderRecord {
            id: text(0)?.parse().ok()?,
            run: text(1)?.parse().ok()?,
            provider: text(2)?.parse().ok()?,
            name: text(3)?,
            kind: ProviderKind::ALL.into_iter().find(|known| known.name() == kind)?,
            places: Places { board: row.get(10).ok()?, locality: row.get(11).ok()?, network: row.get(12).ok()? },
            key: text(5)?.parse().ok()?,
            envelope: row.get(6).ok()?,
        })
    };
    let order = order().ok_or(StoreError::Unreadable("order"))?;
    let Some(word) = row.get::<_, Option<String>>(7)? else { return Ok((order, None)) };
    let outcome = || {
        Some(OutcomeRecord {
            order: order.id,
            kind: outcome_kind(&word)?,
            envelope: row.get(8).ok()?,
            received_at: time(row.get(9).ok()?)?,
        })
    };
    let outcome = outcome().ok_or(StoreError::Unreadable("outcome"))?;
    Ok((order, Some(outcome)))
}

fn time(seconds: i64) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(seconds, 0)
}
