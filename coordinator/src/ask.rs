//! A question: checked, bound, turned into one signed order per provider, and kept before anybody is asked.

use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};
use template::{Digest, Grouping, ProviderKind, Query, Template};
use tokio::sync::{OwnedSemaphorePermit, TryAcquireError};
use wire::{AnalystName, Ask, OrderId, PURPOSE_BYTES_MAX, ParameterValue, RunId, TurnedAway};

use crate::answer;
use crate::catalogue::Listed;
use crate::clock::whole_second;
use crate::coordinator::Coordinator;
use crate::roster::Provider;
use crate::run::{AskedSite, OpenRun, order};
use crate::steps::Step;
use crate::store::{OrderRecord, RunRecord, SignedDocument};

/// A question that may be asked.
pub(crate) struct Question<'a> {
    pub listed: &'a Arc<Listed>,
    pub query: Query,
    pub grouping: Grouping,
    pub purpose: String,
    pub deadline_s: u32,
    pub providers: Vec<&'a Provider>,
}

impl Coordinator {
    /// Checks a question: the analyst, the template, the parameters, the purpose, the deadline, the sites.
    pub(crate) fn question(&self, analyst: &AnalystName, ask: &Ask) -> Result<Question<'_>, TurnedAway> {
        self.enrolled(analyst)?;
        let listed = self.0.catalogue.find(&ask.template, ask.version).ok_or_else(|| no_template(ask))?;
        let template = listed.approved.template();
        if self.0.clock.now().date_naive() > template.expires {
            return Err(TurnedAway::BadRequest(format!(
                "the approval of `{}` version {} ended on {}; ask its owner, {}, for a new version",
                template.id, template.version, template.expires, template.owner
            )));
        }
        let given: Vec<(String, String)> = ask.parameters.iter().map(|p| (p.name.clone(), p.value.clone())).collect();
        let query = Query::bind(Arc::clone(&listed.approved), &given)
            .map_err(|error| TurnedAway::BadRequest(error.to_string()))?;
        let grouping = grouping(template, ask)?;
        let providers = self.0.config.roster.of_kinds(&template.runs_at);
        enough(template, grouping, &providers)?;
        let purpose = purpose(&ask.purpose)?;
        Ok(Question { listed, query, grouping, purpose, deadline_s: self.deadline_s(ask)?, providers })
    }

    /// Asks a question: its orders are kept before anybody is asked.
    pub(crate) async fn put(&self, analyst: AnalystName, ask: Ask) -> Result<RunId, TurnedAway> {
        let question = self.question(&analyst, &ask)?;
        let places = self.places(&analyst)?;
        let now = self.0.clock.now();
        let id = RunId::random().map_err(|_| TurnedAway::Failed)?;
        let run = run_record(id, analyst, &question, now);
        let mut orders = Vec::with_capacity(question.providers.len());
        for provider in &question.providers {
            orders.push(self.order_record(&run, provider)?);
        }
        let documents = documents(question.listed);
        let (query, listed) = (Arc::new(question.query), Arc::clone(question.listed));
        let sites: Option<Vec<AskedSite>> = orders.iter().map(|order| AskedSite::new(&run, order.clone())).collect();
        let mut open = OpenRun::new(run.clone(), Some(query), Some(listed), sites.ok_or(TurnedAway::Failed)?);
        open.places = places;
        // From here on it must run to its end, whether the analyst still waits or not.
        let coordinator = self.clone();
        let kept = tokio::spawn(async move {
            coordinator.0.store.add_run(run, orders, documents).await?;
            coordinator.0.steps.at(Step::AskStored);
            coordinator.state().add(open);
            coordinator.0.steps.at(Step::OrdersStored);
            coordinator.0.deadlines.notify_one();
            Ok::<(), crate::store::StoreError>(())
        });
        match kept.await {
            Ok(Ok(())) => Ok(id),
            Ok(Err(error)) => {
                tracing::error!("a question could not be kept: {error}");
                Err(TurnedAway::Failed)
            }
            Err(_) => Err(TurnedAway::Failed),
        }
    }

    /// Whether the analyst may ask at all.
    pub(crate) fn enrolled(&self, analyst: &AnalystName) -> Result<(), TurnedAway> {
        if self.0.config.analysts.contains_key(analyst) {
            return Ok(());
        }
        Err(TurnedAway::NotAllowed(format!(
            "`{analyst}` is not among this coordinator's analysts; ask its operator to be enrolled"
        )))
    }

    fn deadline_s(&self, ask: &Ask) -> Result<u32, TurnedAway> {
        let limits = self.0.config.limits;
        let deadline_s = ask.deadline_s.unwrap_or(limits.deadline_s);
        if (1..=limits.longest_deadline_s).contains(&deadline_s) {
            return Ok(deadline_s);
        }
        let most = limits.longest_deadline_s;
        Err(TurnedAway::BadRequest(format!("a deadline is from 1 to {most} seconds")))
    }

    /// A place among the open runs, and one among the analyst's own.
    fn places(&self, analyst: &AnalystName) -> Result<Vec<OwnedSemaphorePermit>, TurnedAway> {
        let own = self.0.open_runs_of.get(analyst).ok_or(TurnedAway::Failed)?;
        let own = Arc::clone(own).try_acquire_owned().map_err(|_: TryAcquireError| {
            let most = self.0.config.limits.open_runs_per_analyst;
            TurnedAway::BadRequest(format!("{most} of your runs are open, and no more may be; wait for one to close"))
        })?;
        let all = Arc::clone(&self.0.open_runs).try_acquire_owned().map_err(|_| TurnedAway::Busy)?;
        Ok(vec![own, all])
    }

    fn order_record(&self, run: &RunRecord, provider: &Provider) -> Result<OrderRecord, TurnedAway> {
        let id = OrderId::random().map_err(|_| TurnedAway::Failed)?;
        let signed = order(run, &provider.code, id).sign(&self.0.config.signing_key);
        Ok(OrderRecord {
            id,
            run: run.id,
            provider: provider.code.clone(),
            name: provider.name.clone(),
            kind: provider.kind,
            key: provider.key,
            envelope: signed.bytes().to_vec(),
        })
    }
}

fn no_template(ask: &Ask) -> TurnedAway {
    let version = ask.version.map_or_else(String::new, |version| format!(" in version {version}"));
    TurnedAway::NotFound(format!(
        "there is no approved template `{}`{version}; `tallyward templates` lists them",
        ask.template
    ))
}

fn grouping(template: &Template, ask: &Ask) -> Result<Grouping, TurnedAway> {
    let first = template.groupings.first().copied().unwrap_or(Grouping::All);
    let wanted = ask.grouping.map_or(first, answer::grouping);
    if template.groupings.contains(&wanted) {
        return Ok(wanted);
    }
    Err(TurnedAway::BadRequest("the template does not allow sites to be put together in this way".to_owned()))
}

/// One line that says why; providers read it.
fn purpose(purpose: &str) -> Result<String, TurnedAway> {
    let purpose = purpose.trim();
    let fits = !purpose.is_empty() && purpose.len() <= PURPOSE_BYTES_MAX && !purpose.chars().any(char::is_control);
    fits.then(|| purpose.to_owned()).ok_or_else(|| {
        let most = PURPOSE_BYTES_MAX;
        TurnedAway::BadRequest(format!(
            "say in one line of at most {most} bytes why you ask; every provider records it"
        ))
    })
}

/// Whether the region has enough sites for any figure at all: nobody is asked in vain, for asking may cost a provider
/// some of what it is willing to answer.
fn enough(template: &Template, grouping: Grouping, providers: &[&Provider]) -> Result<(), TurnedAway> {
    let number = |kind: ProviderKind| providers.iter().filter(|provider| provider.kind == kind).count();
    let asked = || template.runs_at.iter().copied().filter(|kind| number(*kind) > 0);
    let short = |kind: &ProviderKind| u32::try_from(number(*kind)).is_ok_and(|n| n < template.min_sites(*kind));
    let hopeless = match grouping {
        Grouping::All => asked().find(short),
        Grouping::Kind => asked().next().filter(|_| asked().all(|kind| short(&kind))),
    };
    if asked().next().is_none() {
        let kinds = template.runs_at.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        return Err(TurnedAway::BadRequest(format!("the region has no provider of the kinds that are asked: {kinds}")));
    }
    hopeless.map_or(Ok(()), |kind| {
        Err(TurnedAway::BadRequest(format!(
            "the template shows no combined figures below {} sites of kind `{kind}`, and the region has {}",
            template.min_sites(kind),
            number(kind)
        )))
    })
}

fn run_record(id: RunId, analyst: AnalystName, question: &Question<'_>, now: DateTime<Utc>) -> RunRecord {
    let template = question.query.template();
    let asked_at = whole_second(now);
    // Whole seconds, and never less time than was given.
    let started = if asked_at == now { asked_at } else { asked_at + Duration::seconds(1) };
    RunRecord {
        id,
        analyst,
        template: question.query.template_digest(),
        template_id: template.id.clone(),
        template_version: template.version,
        title: template.title.clone(),
        parameters: parameters(&question.query),
        purpose: question.purpose.clone(),
        grouping: question.grouping,
        asked_at,
        deadline: started + Duration::seconds(question.deadline_s.into()),
        closed_at: None,
    }
}

/// The parameters, defaults filled in.
pub(crate) fn parameters(query: &Query) -> Vec<ParameterValue> {
    query
        .parameters()
        .map(|(parameter, value)| ParameterValue { name: parameter.name.clone(), value: value.to_string() })
        .collect()
}

/// What is sent along with the orders, to be kept for whoever verifies the answer later.
fn documents(listed: &Listed) -> Vec<SignedDocument> {
    let template = SignedDocument { digest: listed.approved.digest(), envelope: listed.envelope.to_vec() };
    let lookup = |envelope: &Arc<Vec<u8>>| SignedDocument { digest: Digest::of(envelope), envelope: envelope.to_vec() };
    std::iter::once(template).chain(listed.lookups.iter().map(lookup)).collect()
}
