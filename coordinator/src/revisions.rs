//! The revisions of an answer, and what the next one waits for.

use std::collections::BTreeSet;

use template::{SiteFigures, Template};
use wire::{AnalystName, Answer, ProviderCode, RevisionSummary, Revisions, RunId, TurnedAway};

use crate::coordinator::Coordinator;
use crate::store::{OutcomeKind, RunRecord, StoreError};

impl Coordinator {
    /// One revision of a closed run's answer. Somebody else's run reads as none.
    pub(crate) async fn answer_of(
        &self,
        analyst: &AnalystName,
        run: RunId,
        revision: u32,
    ) -> Result<Answer, TurnedAway> {
        let (_, answers) = self.all_revisions(analyst, run).await?;
        let revisions = answers.len();
        answers.into_iter().find(|answer| answer.revision == revision).ok_or_else(|| {
            TurnedAway::NotFound(format!(
                "the answer to run {run} has {revisions} revisions, and no revision {revision}"
            ))
        })
    }

    /// The revisions of a closed run's answer, and what may still come.
    pub(crate) async fn revisions_of(&self, analyst: &AnalystName, run: RunId) -> Result<Revisions, TurnedAway> {
        let (record, answers) = self.all_revisions(analyst, run).await?;
        let Some(newest) = answers.last() else {
            return Err(TurnedAway::BadRequest(
                "the run is still open; its first revision comes when it closes".into(),
            ));
        };
        let summed: BTreeSet<&ProviderCode> =
            newest.sites.iter().filter(|site| site.since_revision.is_some()).map(|site| &site.provider).collect();
        let orders = self.0.store.orders_of(run).await.map_err(|error| failed(&error))?;
        let released = orders
            .iter()
            .filter(|(_, outcome)| outcome.as_ref().is_some_and(|outcome| outcome.kind == OutcomeKind::Release));
        let held_out: Vec<ProviderCode> =
            released.map(|(order, _)| &order.provider).filter(|code| !summed.contains(code)).cloned().collect();
        let goes_on = self.state().late().any(|late| late.record.id == run)
            && newest.revision < self.0.config.limits.revisions
            && record.late_until >= self.0.clock.now();
        let query = self.query(&record).map_err(|error| failed(&error))?;
        let waits_for = match query.as_deref().filter(|_| goes_on) {
            Some(query) => waits_for(query.template(), held_out.len()),
            None => {
                "No further revision can come: every site has an outcome, the time for late answers has passed, or the \
                     answer has as many revisions as it may have."
                    .to_owned()
            }
        };
        Ok(Revisions {
            run,
            revisions: answers.iter().map(summary).collect(),
            held_out,
            late_until: goes_on.then_some(record.late_until),
            waits_for,
        })
    }

    async fn all_revisions(&self, analyst: &AnalystName, run: RunId) -> Result<(RunRecord, Vec<Answer>), TurnedAway> {
        let none = || TurnedAway::NotFound(format!("you have no run {run}; `tallyward runs` lists yours"));
        let (record, _) = self.0.store.run(run).await.map_err(|error| failed(&error))?.ok_or_else(none)?;
        if record.analyst != *analyst {
            return Err(none());
        }
        let kept = self.0.store.revisions(run).await.map_err(|error| failed(&error))?;
        let read = |document: &Vec<u8>| serde_json::from_slice(document).map_err(|_| StoreError::Unreadable("answer"));
        let answers: Result<Vec<Answer>, StoreError> = kept.iter().map(|kept| read(&kept.document)).collect();
        Ok((record, answers.map_err(|error| failed(&error))?))
    }
}

fn summary(answer: &Answer) -> RevisionSummary {
    let added = answer.sites.iter().filter(|site| site.since_revision == Some(answer.revision));
    RevisionSummary {
        revision: answer.revision,
        made_at: answer.made_at.or(answer.closed_at).unwrap_or(answer.deadline),
        added: added.map(|site| site.provider.clone()).collect(),
    }
}

/// What has to come before there is another revision.
fn waits_for(template: &Template, waiting: usize) -> String {
    if template.sites == SiteFigures::Shown {
        return "A late answer makes a revision at once: the template shows single sites.".to_owned();
    }
    let least: Vec<String> =
        template.runs_at.iter().map(|kind| format!("{} of kind `{kind}`", template.min_sites(*kind))).collect();
    format!(
        "A revision comes once enough late sites can be added together in every cell that they cover ({}), so that the \
         difference between two revisions never tells of fewer; {waiting} wait.",
        least.join(", ")
    )
}

fn failed(error: &StoreError) -> TurnedAway {
    tracing::error!("{error}");
    TurnedAway::Failed
}
