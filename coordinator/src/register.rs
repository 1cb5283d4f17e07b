//! The public register: what may be asked, who approved it, and what was asked, without any figure.

use wire::{Register, RegisteredRun, RegisteredTemplate, RunState, TurnedAway};

use crate::clock::whole_second;
use crate::coordinator::Coordinator;
use crate::registry::Proposal;
use crate::store::RunRecord;

/// The most runs of the register.
const RUNS_MAX: u32 = 10_000;

impl Coordinator {
    /// The public register as it stands.
    pub(crate) async fn public_register(&self) -> Result<Register, TurnedAway> {
        let now = whole_second(self.0.clock.now());
        let governed = self.governed();
        let runs = self.0.store.runs(RUNS_MAX).await.map_err(|error| {
            tracing::error!("{error}");
            TurnedAway::Failed
        })?;
        let approved = governed.registry.proposals().filter(|(_, proposal)| proposal.approved_at.is_some());
        let mut templates: Vec<RegisteredTemplate> = approved
            .map(|(digest, proposal)| {
                let Proposal { template, approved_by, .. } = proposal.as_ref();
                RegisteredTemplate {
                    id: template.id.clone(),
                    version: template.version,
                    title: template.title.clone(),
                    purpose: template.purpose.clone(),
                    template_sha256: *digest,
                    state: proposal.state(now),
                    author: template.author.clone(),
                    approved_by: approved_by.clone(),
                    runs_at: template.runs_at.clone(),
                    agreement: template.agreement.clone(),
                    expires: template.expires.to_string(),
                }
            })
            .collect();
        templates.sort_by(|a, b| (&a.id, a.version).cmp(&(&b.id, b.version)));
        let catalogue = governed.registry.catalogue().map(|known| known.document.document().version);
        Ok(Register {
            made_at: now,
            catalogue_version: catalogue.unwrap_or(0),
            templates,
            runs: runs.into_iter().map(|(run, asked, released)| self.registered(run, asked, released)).collect(),
        })
    }

    fn registered(&self, run: RunRecord, sites_asked: u32, sites_released: u32) -> RegisteredRun {
        RegisteredRun {
            run: run.id,
            organisation: self.organisation(&run.analyst).unwrap_or_else(|| "no longer enrolled".to_owned()),
            template_id: run.template_id,
            template_version: run.template_version,
            template_sha256: run.template,
            parameters: run.parameters,
            purpose: run.purpose,
            agreement: run.agreement,
            asked_at: run.asked_at,
            closed_at: run.closed_at,
            state: if run.closed_at.is_some() { RunState::Answered } else { RunState::Waiting },
            sites_asked,
            sites_released,
        }
    }
}
