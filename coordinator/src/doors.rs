//! The two doors of the wire, opened onto the coordinator.

use futures::StreamExt as _;
use futures::stream::{self, BoxStream};
use template::Digest;
use tokio_stream::wrappers::WatchStream;
use wire::{
    Acknowledged, AnalystName, Answer, Ask, CatalogueNews, Countersigned, DeskDoor, Dispatch, EvidencePart,
    Explanation, KnownCatalogue, LinkDoor, OrderId, Outcome, Progress, ProviderCode, Register, Revisions, RunId,
    RunState, RunSummary, TemplateList, TurnedAway,
};

use crate::answer;
use crate::coordinator::Coordinator;
use crate::explain;
use crate::run::{Intake, progress};
use crate::store::{RunRecord, StoreError};

/// The most runs that a list shows.
const RUNS_MAX: u32 = 500;

impl LinkDoor for Coordinator {
    async fn orders(&self, provider: ProviderCode) -> Result<BoxStream<'static, Dispatch>, TurnedAway> {
        self.mail(provider)
    }

    async fn outcome(
        &self,
        provider: ProviderCode,
        order: OrderId,
        outcome: Outcome,
    ) -> Result<Acknowledged, TurnedAway> {
        // It must run to its end even if the connection is lost meanwhile: what is kept must also be noted.
        let coordinator = self.clone();
        let taken = tokio::spawn(async move { coordinator.take(provider, order, outcome).await });
        taken.await.map_err(|_| TurnedAway::Failed)?
    }

    async fn catalogue(&self, _: ProviderCode, known: KnownCatalogue) -> Result<CatalogueNews, TurnedAway> {
        self.catalogue_news(known)
    }

    async fn fetch(&self, provider: ProviderCode, digest: Digest) -> Result<Vec<u8>, TurnedAway> {
        self.listed_document(&provider, &digest)
    }

    async fn countersign(&self, provider: ProviderCode, checkpoint: Vec<u8>) -> Result<Countersigned, TurnedAway> {
        let coordinator = self.clone();
        let signed = tokio::spawn(async move { coordinator.countersigned(provider, checkpoint).await });
        signed.await.map_err(|_| TurnedAway::Failed)?
    }

    async fn witnessed(&self, provider: ProviderCode, checkpoint: Vec<u8>) -> Result<(), TurnedAway> {
        self.take_witness(provider, checkpoint).await
    }
}

impl DeskDoor for Coordinator {
    async fn templates(&self, analyst: AnalystName) -> Result<TemplateList, TurnedAway> {
        self.enrolled(&analyst)?;
        Ok(TemplateList { templates: self.governed().catalogue.all().map(|listed| explain::entry(listed)).collect() })
    }

    async fn ask(&self, analyst: AnalystName, ask: Ask, request: Option<Vec<u8>>) -> Result<RunId, TurnedAway> {
        self.put(analyst, ask, request).await
    }

    async fn watch(&self, analyst: AnalystName, run: RunId) -> Result<BoxStream<'static, Progress>, TurnedAway> {
        self.enrolled(&analyst)?;
        let open = self
            .state()
            .open(run)
            .filter(|open| open.record.analyst == analyst)
            .map(|open| WatchStream::new(open.progress.subscribe()));
        if let Some(moving) = open {
            let mut stopping = self.0.stopping.subscribe();
            let stopped = async move {
                // An error means that the coordinator itself has gone.
                let _gone = stopping.wait_for(|stopping| *stopping).await;
            };
            return Ok(moving.take_until(Box::pin(stopped)).boxed());
        }
        let closed = self.kept_answer(&analyst, run).await?;
        let last = progress(closed.sites.iter().map(|site| site.outcome));
        Ok(stream::once(async move { last }).boxed())
    }

    async fn answer(&self, analyst: AnalystName, run: RunId) -> Result<Answer, TurnedAway> {
        self.enrolled(&analyst)?;
        let open = self
            .state()
            .open(run)
            .filter(|open| open.record.analyst == analyst)
            .map(|open| answer::waiting(&open.snapshot(Intake::Open)));
        match open {
            Some(waiting) => Ok(waiting),
            None => self.kept_answer(&analyst, run).await,
        }
    }

    async fn answer_at(&self, analyst: AnalystName, run: RunId, revision: u32) -> Result<Answer, TurnedAway> {
        self.enrolled(&analyst)?;
        self.answer_of(&analyst, run, revision).await
    }

    async fn revisions(&self, analyst: AnalystName, run: RunId) -> Result<Revisions, TurnedAway> {
        self.enrolled(&analyst)?;
        self.revisions_of(&analyst, run).await
    }

    async fn runs(&self, analyst: AnalystName) -> Result<Vec<RunSummary>, TurnedAway> {
        self.enrolled(&analyst)?;
        let runs = self.0.store.runs_of(analyst, RUNS_MAX).await.map_err(|error| failed(&error))?;
        Ok(runs.into_iter().map(|(run, revision)| summary(run, revision)).collect())
    }

    async fn explain(&self, analyst: AnalystName, ask: Ask) -> Result<Explanation, TurnedAway> {
        self.explanation(&analyst, &ask)
    }

    async fn register(&self, analyst: AnalystName) -> Result<Register, TurnedAway> {
        self.enrolled(&analyst)?;
        self.public_register().await
    }

    async fn proof(&self, analyst: AnalystName, run: RunId, revision: Option<u32>) -> Result<Vec<u8>, TurnedAway> {
        self.enrolled(&analyst)?;
        self.proven(&analyst, run, revision).await
    }

    async fn evidence(
        &self,
        auditor: AnalystName,
        run: RunId,
        revision: Option<u32>,
    ) -> Result<BoxStream<'static, EvidencePart>, TurnedAway> {
        self.enrolled(&auditor)?;
        self.evidence_of(&auditor, run, revision).await
    }
}

impl Coordinator {
    /// A closed run's answer. Somebody else's run reads as none.
    async fn kept_answer(&self, analyst: &AnalystName, run: RunId) -> Result<Answer, TurnedAway> {
        let none = || TurnedAway::NotFound(format!("you have no run {run}; `tallyward runs` lists yours"));
        let (record, answer) = self.0.store.run(run).await.map_err(|error| failed(&error))?.ok_or_else(none)?;
        if record.analyst != *analyst {
            return Err(none());
        }
        let answer = answer.ok_or(TurnedAway::Busy)?;
        serde_json::from_slice(&answer.document).map_err(|_| failed(&StoreError::Unreadable("answer")))
    }
}

fn failed(error: &StoreError) -> TurnedAway {
    tracing::error!("{error}");
    TurnedAway::Failed
}

fn summary(run: RunRecord, revision: u32) -> RunSummary {
    RunSummary {
        run: run.id,
        template_id: run.template_id,
        template_version: run.template_version,
        parameters: run.parameters,
        purpose: run.purpose,
        analyst: run.analyst,
        asked_at: run.asked_at,
        state: if run.closed_at.is_some() { RunState::Answered } else { RunState::Waiting },
        revision,
    }
}
