//! A desk that knows one template and one run.

use std::sync::atomic::{AtomicU32, Ordering};

use futures::StreamExt as _;
use futures::stream::{self, BoxStream};
use template::{Digest, ProviderKind};
use wire::{
    Acknowledged, AnalystName, Answer, Ask, DeskDoor, Dispatch, Explanation, LinkDoor, OrderId, Outcome, Progress,
    ProviderCode, RunId, RunState, RunSummary, TemplateEntry, TemplateList, TurnedAway,
};

use crate::sample;

/// How the desk behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conduct {
    /// It answers at once.
    Answers,
    /// Its first stream of progress ends while the run is open, as when a coordinator stops.
    BreaksOnce,
}

/// The desk.
pub struct OneRun {
    pub conduct: Conduct,
    pub asked: AtomicU32,
    watched: AtomicU32,
}

impl OneRun {
    pub fn new(conduct: Conduct) -> Self {
        Self { conduct, asked: AtomicU32::new(0), watched: AtomicU32::new(0) }
    }

    fn open(&self) -> bool {
        self.conduct == Conduct::BreaksOnce && self.watched.load(Ordering::SeqCst) < 2
    }
}

fn entry() -> TemplateEntry {
    TemplateEntry {
        id: "stroke".to_owned(),
        version: 1,
        title: "Length of stay after stroke".to_owned(),
        digest: Digest::of(b"stroke"),
        runs_at: vec![ProviderKind::Hospital],
        toml: "id = \"stroke\"\n".to_owned(),
        approved_by: vec!["lead of RA1".to_owned()],
    }
}

fn known(run: RunId) -> Result<Answer, TurnedAway> {
    let answer = sample::every_state();
    if run == answer.run { Ok(answer) } else { Err(TurnedAway::NotFound("there is no such run".to_owned())) }
}

impl DeskDoor for OneRun {
    async fn templates(&self, _: AnalystName) -> Result<TemplateList, TurnedAway> {
        Ok(TemplateList { templates: vec![entry()] })
    }

    async fn ask(&self, _: AnalystName, ask: Ask, _: Option<Vec<u8>>) -> Result<RunId, TurnedAway> {
        match ask.template.as_str() {
            "stroke" => {
                self.asked.fetch_add(1, Ordering::SeqCst);
                Ok(sample::every_state().run)
            }
            "barred" => Err(TurnedAway::NotAllowed("you may not ask this".to_owned())),
            id => Err(TurnedAway::NotFound(format!("there is no template `{id}`"))),
        }
    }

    async fn watch(&self, _: AnalystName, run: RunId) -> Result<BoxStream<'static, Progress>, TurnedAway> {
        known(run)?;
        let first = Progress { asked: 9, released: 1, refused: 0, failed: 0, waiting: 8 };
        let last = Progress { asked: 9, released: 4, refused: 2, failed: 3, waiting: 0 };
        self.watched.fetch_add(1, Ordering::SeqCst);
        let told = if self.open() { vec![first] } else { vec![first, last] };
        Ok(stream::iter(told).boxed())
    }

    async fn answer(&self, _: AnalystName, run: RunId) -> Result<Answer, TurnedAway> {
        let answer = known(run)?;
        Ok(if self.open() { Answer { state: RunState::Waiting, ..answer } } else { answer })
    }

    async fn runs(&self, analyst: AnalystName) -> Result<Vec<RunSummary>, TurnedAway> {
        let answer = sample::every_state();
        Ok(vec![RunSummary {
            run: answer.run,
            template_id: answer.template_id,
            template_version: answer.template_version,
            parameters: answer.parameters,
            purpose: answer.purpose,
            analyst,
            asked_at: answer.asked_at,
            state: answer.state,
            revision: answer.revision,
        }])
    }

    async fn explain(&self, _: AnalystName, ask: Ask) -> Result<Explanation, TurnedAway> {
        Ok(Explanation {
            template: entry(),
            parameters: ask.parameters,
            sites: Vec::new(),
            sql: "select person_id from hospital_spell".to_owned(),
            policy: "counts below 10 people are suppressed".to_owned(),
            cells: 4,
            each_provider_sees: vec!["the purpose".to_owned()],
        })
    }
}

/// No provider calls here.
pub struct NoProviders;

impl wire::GovernanceDoor for NoProviders {}

impl LinkDoor for NoProviders {
    async fn orders(&self, _: ProviderCode) -> Result<BoxStream<'static, Dispatch>, TurnedAway> {
        Err(TurnedAway::Busy)
    }

    async fn outcome(&self, _: ProviderCode, _: OrderId, _: Outcome) -> Result<Acknowledged, TurnedAway> {
        Err(TurnedAway::Busy)
    }
}
