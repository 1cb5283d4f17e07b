//! Which sites were summed in the answers to a question.

use std::collections::BTreeSet;

use combine::Member;
use rusqlite::{Connection, OptionalExtension as _, params};
use template::{Digest, ProviderKind};
use wire::RunId;

use crate::store::StoreError;
use crate::store::record::RunRecord;

/// The most sums of one question with which a new answer is compared. Beyond it there are no new sums.
const SUMS_MAX: usize = 512;

/// What makes questions the same: the exact template and the parameters, whoever asks and however sites are grouped.
fn question(template: &str, parameters: &str) -> String {
    Digest::of_fields(&[b"tallyward-question-v1", template.as_bytes(), parameters.as_bytes()]).to_string()
}

/// Keeps the sums of an answer to this run.
pub(super) fn add(connection: &Connection, run: &RunId, sums: &[BTreeSet<Member>]) -> rusqlite::Result<()> {
    let asked = connection
        .prepare_cached("select template, parameters from run where id = ?1")?
        .query_row([run.to_string()], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))
        .optional()?;
    let Some((template, parameters)) = asked else { return Ok(()) };
    let question = question(&template, &parameters);
    let mut insert = connection.prepare_cached("insert into summed values (?1, ?2) on conflict do nothing")?;
    for sum in sums.iter().filter(|sum| !sum.is_empty()) {
        insert.execute(params![question, written(sum)])?;
    }
    Ok(())
}

/// Every sum of the question that this run asks.
pub(super) fn all(connection: &Connection, run: &RunRecord) -> Result<Vec<BTreeSet<Member>>, StoreError> {
    let parameters = serde_json::to_string(&run.parameters).unwrap_or_default();
    let sums: Vec<String> = connection
        .prepare_cached("select sites from summed where question = ?1 order by sites limit ?2")?
        .query_map(params![question(&run.template.to_string(), &parameters), SUMS_MAX + 1], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    if sums.len() > SUMS_MAX {
        return Err(StoreError::Unreadable("question with more answers than a new one can be compared with, and one"));
    }
    sums.iter().map(|text| read(text).ok_or(StoreError::Unreadable("sum of sites"))).collect()
}

/// Pairs of kind and code, sorted.
fn written(sum: &BTreeSet<Member>) -> String {
    let pairs: Vec<(&str, &str)> = sum.iter().map(|member| (member.kind.name(), member.provider.as_str())).collect();
    serde_json::to_string(&pairs).unwrap_or_default()
}

fn read(text: &str) -> Option<BTreeSet<Member>> {
    let pairs: Vec<(String, String)> = serde_json::from_str(text).ok()?;
    let member = |(kind, provider): (String, String)| {
        let kind = ProviderKind::ALL.into_iter().find(|known| known.name() == kind)?;
        Some(Member { kind, provider: provider.parse().ok()? })
    };
    pairs.into_iter().map(member).collect()
}
