//! Answers as documents: what was asked, what came of every site, and what combining found.

use combine::{CombineError, Site};
use template::Lookup;
use wire::{Answer, AnswerSite, RunState};

use crate::publish;
use crate::run::{Published, Snapshot};

/// The answer while sites may still answer: outcomes, and no figures.
pub(crate) fn waiting(snapshot: &Snapshot) -> Answer {
    let waiting =
        "Sites may still answer; there are no figures before every site has an outcome or the deadline passes.";
    Answer { notes: vec![waiting.to_owned()], ..head(snapshot, RunState::Waiting) }
}

/// A revision of a closed run's answer, over the sites that are summed.
///
/// # Errors
/// A [`CombineError`] where the sites' tables are not of the run's question.
pub(crate) fn revision(
    snapshot: &Snapshot,
    published: Published,
    made_at: chrono::DateTime<chrono::Utc>,
) -> Result<Answer, CombineError> {
    let mut answer = Answer {
        revision: published.revision,
        closed_at: Some(published.closed_at),
        made_at: Some(made_at),
        ..head(snapshot, RunState::Answered)
    };
    let Some(query) = &snapshot.query else {
        answer.notes.push(
            "The template is approved no longer, so nothing was combined. Ask with a version that is approved."
                .to_owned(),
        );
        return Ok(answer);
    };
    let sites: Vec<Site<'_>> =
        snapshot.sites.iter().map(|site| publish::heard(site, site.block.unwrap_or_default())).collect();
    let lookups: Vec<&Lookup> = snapshot.lookups.iter().map(AsRef::as_ref).collect();
    let conclusions = combine::conclude(query, snapshot.record.grouping, &lookups, &sites)?;
    answer.groups = conclusions.groups;
    answer.notes.extend(conclusions.notes);
    Ok(answer)
}

/// What every answer says of the question and the sites.
fn head(snapshot: &Snapshot, state: RunState) -> Answer {
    let record = &snapshot.record;
    let query = snapshot.query.as_deref();
    Answer {
        run: record.id,
        revision: 0,
        state,
        template_id: record.template_id.clone(),
        template_version: record.template_version,
        template: record.template,
        title: record.title.clone(),
        parameters: record.parameters.clone(),
        purpose: record.purpose.clone(),
        analyst: record.analyst.clone(),
        asked_at: record.asked_at,
        deadline: record.deadline,
        closed_at: None,
        made_at: None,
        late_until: (record.late_until > record.deadline).then_some(record.late_until),
        stands_for: wire::STANDS_FOR.to_owned(),
        dimensions: query.map(combine::dimensions).unwrap_or_default(),
        measures: query.map(combine::measures).unwrap_or_default(),
        sites: snapshot
            .sites
            .iter()
            .map(|site| AnswerSite {
                provider: site.record.provider.clone(),
                name: site.record.name.clone(),
                kind: site.record.kind,
                places: site.record.places.clone(),
                outcome: site.outcome,
                as_at: site.release.as_ref().map(|release| release.header.as_at),
                since_revision: site.since,
                block: site.block.map(|block| block.0),
            })
            .collect(),
        groups: Vec::new(),
        notes: Vec::new(),
    }
}
