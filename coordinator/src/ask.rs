//! A question: checked, bound, turned into one signed order per provider, and kept before anybody is asked.

use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};
use template::{Digest, Grouping, ProviderKind, Query, Template};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, TryAcquireError};
use wire::{AnalystName, Ask, OrderId, PURPOSE_BYTES_MAX, ParameterValue, RunId, TurnedAway};

use crate::catalogue::{Listed, Standing};
use crate::clock::whole_second;
use crate::coordinator::Coordinator;
use crate::governance::Governed;
use crate::registry::{AGREEMENTS, ENROLMENT};
use crate::request::SignedRequest;
use crate::roster::Provider;
use crate::run::{AskedSite, OpenRun, order};
use crate::steps::Step;
use crate::store::{OrderRecord, RunRecord, SignedDocument};

/// A question that may be asked.
pub(crate) struct Question {
    pub listed: Arc<Listed>,
    pub query: Query,
    pub grouping: Grouping,
    pub purpose: String,
    pub deadline_s: u32,
    pub late_s: u32,
    pub providers: Vec<Provider>,
    /// The organisation of whoever asks, as the region's enrolment or the operator's list writes it.
    pub organisation: String,
    /// The catalogue and the enrolment by which it may be asked, as far as the region has them.
    pub in_force: Vec<Arc<Vec<u8>>>,
    /// The last moment of the sharing agreement, if the region lists its agreements.
    pub agreement_ends: Option<DateTime<Utc>>,
}

impl Coordinator {
    /// Checks a question: the analyst, the template, the parameters, the purpose, the deadline, the sites.
    pub(crate) fn question(&self, analyst: &AnalystName, ask: &Ask) -> Result<Question, TurnedAway> {
        let organisation = self.organisation(analyst).ok_or_else(|| not_enrolled(analyst))?;
        let governed = self.governed();
        let now = self.0.clock.now();
        let listed = governed.catalogue.find(&ask.template, ask.version).ok_or_else(|| no_template(ask))?;
        present(listed)?;
        if governed.registry.root().has_expired(now) {
            return Err(TurnedAway::NotAllowed(
                "the region's trust root has expired; nothing may be asked before its successor is published"
                    .to_owned(),
            ));
        }
        let template = listed.approved.template();
        supported(&governed, template)?;
        let agreement_ends = agreement_ends(&governed, template, now)?;
        if now.date_naive() > template.expires {
            return Err(TurnedAway::BadRequest(format!(
                "the approval of `{}` version {} ended on {}; ask its owner, {}, for a new version",
                template.id, template.version, template.expires, template.owner
            )));
        }
        let given: Vec<(String, String)> = ask.parameters.iter().map(|p| (p.name.clone(), p.value.clone())).collect();
        let query = Query::bind(Arc::clone(&listed.approved), &given)
            .map_err(|error| TurnedAway::BadRequest(error.to_string()))?;
        let grouping = grouping(template, ask)?;
        let roster = self.roster();
        let providers = roster.of_kinds(&template.runs_at);
        enough(template, grouping, &providers)?;
        let purpose = purpose(&ask.purpose)?;
        Ok(Question {
            listed: Arc::clone(listed),
            query,
            grouping,
            purpose,
            deadline_s: self.deadline_s(ask)?,
            late_s: self.0.config.limits.late_s,
            providers: providers.into_iter().cloned().collect(),
            organisation,
            in_force: in_force(&governed),
            agreement_ends,
        })
    }

    /// Asks a question: its orders are kept before anybody is asked.
    ///
    /// The same signed request may come again and again, and leads to the same run.
    pub(crate) async fn put(
        &self,
        analyst: AnalystName,
        ask: Ask,
        request: Option<Vec<u8>>,
    ) -> Result<RunId, TurnedAway> {
        let request = match request {
            Some(envelope) => Some(self.signed_request(&analyst, envelope)?),
            None => None,
        };
        let _turn = match &request {
            Some(_) => Some(self.0.asking.lock().await),
            None => None,
        };
        if let Some(request) = &request
            && let Some(run) = self.led_to(request).await?
        {
            return Ok(run);
        }
        let question = self.question(&analyst, &ask)?;
        self.hand(&analyst, &question, &ask, request.as_ref())?;
        let places = self.places(&analyst)?;
        let now = self.0.clock.now();
        let id = RunId::random().map_err(|_| TurnedAway::Failed)?;
        let run = run_record(id, analyst, &question, request.as_ref(), now);
        let mut orders = Vec::with_capacity(question.providers.len());
        for provider in &question.providers {
            orders.push(self.order_record(&run, provider)?);
        }
        let documents = documents(&question);
        let (query, listed) = (Arc::new(question.query), Arc::clone(&question.listed));
        let sites: Option<Vec<AskedSite>> = orders.iter().map(|order| AskedSite::new(&run, order.clone())).collect();
        let mut open = OpenRun::new(run.clone(), Some(query), Some(listed), sites.ok_or(TurnedAway::Failed)?);
        open.places = places;
        open.request = request.as_ref().map(|request| Arc::new(request.envelope.clone()));
        let request = request.map(SignedRequest::into_record);
        let repeated = request.as_ref().map(|request| (request.id.clone(), request.digest));
        // From here on it must run to its end, whether the analyst still waits or not.
        let coordinator = self.clone();
        let kept = tokio::spawn(async move {
            coordinator.0.store.add_run(run, orders, documents, request).await?;
            coordinator.0.steps.at(Step::AskStored);
            coordinator.state().add(open);
            coordinator.0.steps.at(Step::OrdersStored);
            coordinator.0.deadlines.notify_one();
            Ok::<(), crate::store::StoreError>(())
        });
        match kept.await {
            Ok(Ok(())) => Ok(id),
            Ok(Err(error)) => {
                // The same request, at the same moment over another connection: the first of them made the run.
                if let Some((id, digest)) = repeated
                    && let Ok(Some((run, kept))) = self.0.store.request(id).await
                    && kept == digest
                {
                    return Ok(run);
                }
                tracing::error!("a question could not be kept: {error}");
                Err(TurnedAway::Failed)
            }
            Err(_) => Err(TurnedAway::Failed),
        }
    }

    /// For which organisation the analyst asks, if the analyst may ask.
    pub(crate) fn organisation(&self, analyst: &AnalystName) -> Option<String> {
        let governed = self.governed();
        let enrolment = governed.registry.enrolment().map(|known| known.document.document());
        let enrolled = enrolment.and_then(|enrolment| enrolment.analyst(analyst));
        enrolled.map(|enrolled| enrolled.organisation.clone()).or_else(|| self.0.config.analysts.get(analyst).cloned())
    }

    /// Whether the region has enrolled this name to see every release.
    pub(crate) fn audits(&self, name: &AnalystName) -> bool {
        let governed = self.governed();
        governed.registry.enrolment().is_some_and(|known| known.document.document().audits(name))
    }

    /// Whether the caller may use the analysts' door at all.
    pub(crate) fn enrolled(&self, analyst: &AnalystName) -> Result<(), TurnedAway> {
        let known = self.organisation(analyst).is_some() || self.audits(analyst);
        known.then_some(()).ok_or_else(|| not_enrolled(analyst))
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
        let own = {
            let mut places = self.0.open_runs_of.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            let most = self.0.config.limits.open_runs_per_analyst;
            Arc::clone(places.entry(analyst.clone()).or_insert_with(|| Arc::new(Semaphore::new(most))))
        };
        let own = own.try_acquire_owned().map_err(|_: TryAcquireError| {
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
            places: provider.places(),
            key: provider.key,
            envelope: signed.bytes().to_vec(),
        })
    }
}

fn not_enrolled(analyst: &AnalystName) -> TurnedAway {
    TurnedAway::NotAllowed(format!(
        "`{analyst}` is not among this coordinator's analysts; ask its operator to be enrolled"
    ))
}

fn no_template(ask: &Ask) -> TurnedAway {
    let version = ask.version.map_or_else(String::new, |version| format!(" in version {version}"));
    TurnedAway::NotFound(format!(
        "there is no approved template `{}`{version}; `tallyward templates` lists them",
        ask.template
    ))
}

/// Nodes answer what the catalogue lists as approved; asking a superseded version would be in vain.
fn present(listed: &Listed) -> Result<(), TurnedAway> {
    let template = listed.approved.template();
    match listed.standing {
        Standing::Present => Ok(()),
        Standing::Superseded => Err(TurnedAway::BadRequest(format!(
            "version {} of `{}` was superseded; name no version, and the present one is asked",
            template.version, template.id
        ))),
    }
}

fn grouping(template: &Template, ask: &Ask) -> Result<Grouping, TurnedAway> {
    let first = template.groupings.first().copied().unwrap_or(Grouping::All);
    let wanted = ask.grouping.map_or(first, Grouping::from);
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
        Grouping::Kind | Grouping::Place(_) => asked().next().filter(|_| asked().all(|kind| short(&kind))),
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

/// Whether everything that rules the question is signed by people of the trust root of now: nodes answer nothing else.
fn supported(governed: &Governed, template: &Template) -> Result<(), TurnedAway> {
    let rules = |name: &&String| [ENROLMENT, AGREEMENTS].contains(&name.as_str()) || template.lookups.contains(name);
    governed.unsupported.iter().find(rules).map_or(Ok(()), |name| {
        Err(TurnedAway::NotAllowed(format!(
            "the region's trust root has changed, and {name} is not signed anew yet; ask the governance office"
        )))
    })
}

/// The envelopes of the catalogue and the enrolment of now.
fn in_force(governed: &Governed) -> Vec<Arc<Vec<u8>>> {
    let catalogue = governed.registry.catalogue().map(|known| Arc::clone(&known.envelope));
    let enrolment = governed.registry.enrolment().map(|known| Arc::clone(&known.envelope));
    catalogue.into_iter().chain(enrolment).collect()
}

/// The last moment of the agreement under which a template runs.
fn agreement_ends(
    governed: &Governed,
    template: &Template,
    now: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>, TurnedAway> {
    let Some(agreements) = governed.registry.agreements() else { return Ok(None) };
    let agreement = agreements.document.document().in_force(&template.agreement, now.date_naive());
    let agreement = agreement.map_err(|error| TurnedAway::NotAllowed(error.to_string()))?;
    let after = agreement.expires.succ_opt().and_then(|day| day.and_hms_opt(0, 0, 0));
    Ok(after.map(|midnight| midnight.and_utc() - Duration::seconds(1)))
}

fn run_record(
    id: RunId,
    analyst: AnalystName,
    question: &Question,
    request: Option<&SignedRequest>,
    now: DateTime<Utc>,
) -> RunRecord {
    let template = question.query.template();
    let asked_at = whole_second(now);
    // Whole seconds, and never less time than was given.
    let started = if asked_at == now { asked_at } else { asked_at + Duration::seconds(1) };
    let deadline = started + Duration::seconds(question.deadline_s.into());
    // A run stops when its agreement ends.
    let in_agreement = |moment: DateTime<Utc>| question.agreement_ends.map_or(moment, |ends| moment.min(ends));
    RunRecord {
        id,
        analyst,
        template: question.query.template_digest(),
        template_id: template.id.clone(),
        template_version: template.version,
        title: template.title.clone(),
        parameters: parameters(&question.query),
        purpose: question.purpose.clone(),
        agreement: template.agreement.clone(),
        request: request.map(|request| request.digest),
        grouping: question.grouping,
        asked_at,
        deadline: in_agreement(deadline),
        late_until: in_agreement(deadline + Duration::seconds(question.late_s.into())),
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

/// Under which documents it is asked, to be kept for whoever verifies the answer later.
fn documents(question: &Question) -> Vec<SignedDocument> {
    let Question { listed, in_force, .. } = question;
    let template = SignedDocument { digest: listed.approved.digest(), envelope: listed.envelope.to_vec() };
    let other = |envelope: &Arc<Vec<u8>>| SignedDocument { digest: Digest::of(envelope), envelope: envelope.to_vec() };
    std::iter::once(template).chain(listed.lookups.iter().chain(in_force).map(other)).collect()
}
