//! Requests that analysts sign with their own keys: whether one is of this question, and what it led to before.

use template::{Digest, Envelope, Grouping, Query, Request};
use wire::{AnalystName, Ask, RunId, TurnedAway};

use crate::ask::Question;
use crate::coordinator::Coordinator;
use crate::store::RequestRecord;

/// A request whose analyst was verified.
pub(crate) struct SignedRequest {
    pub request: Request,
    pub digest: Digest,
    pub envelope: Vec<u8>,
}

impl SignedRequest {
    pub(crate) fn into_record(self) -> RequestRecord {
        RequestRecord {
            id: self.request.document().request_id.to_string(),
            digest: self.digest,
            envelope: self.envelope,
        }
    }
}

impl Coordinator {
    /// The request in an envelope, if this analyst is enrolled and signed it.
    pub(crate) fn signed_request(&self, analyst: &AnalystName, envelope: Vec<u8>) -> Result<SignedRequest, TurnedAway> {
        let not_allowed = |error: &dyn std::fmt::Display| TurnedAway::NotAllowed(format!("your request: {error}"));
        let governed = self.governed();
        let none = || TurnedAway::NotAllowed("no analyst's key is enrolled in this region; ask unsigned".to_owned());
        let enrolment = governed.registry.enrolment().ok_or_else(none)?.document.document();
        let read = Envelope::parse(&envelope).map_err(|error| not_allowed(&error))?;
        let request = Request::verify(&read, enrolment).map_err(|error| not_allowed(&error))?;
        if request.document().analyst != *analyst {
            return Err(not_allowed(&"another analyst signed it than your certificate names"));
        }
        Ok(SignedRequest { digest: request.digest(), request, envelope })
    }

    /// The run that this very request led to before.
    pub(crate) async fn led_to(&self, request: &SignedRequest) -> Result<Option<RunId>, TurnedAway> {
        let id = request.request.document().request_id.to_string();
        let known = self.0.store.request(id).await.map_err(|error| {
            tracing::error!("{error}");
            TurnedAway::Failed
        })?;
        match known {
            Some((run, digest)) if digest == request.digest => Ok(Some(run)),
            Some(_) => Err(TurnedAway::BadRequest(
                "a request of this identity was made before with another content; sign a new one".to_owned(),
            )),
            None => Ok(None),
        }
    }

    /// Whether the question is the one that the analyst's hand signed; and whether it had to.
    pub(crate) fn hand(
        &self,
        analyst: &AnalystName,
        question: &Question,
        ask: &Ask,
        request: Option<&SignedRequest>,
    ) -> Result<(), TurnedAway> {
        let Some(request) = request else { return self.may_ask_unsigned(analyst) };
        let document = request.request.document();
        document.in_time(self.0.clock.now()).map_err(|error| TurnedAway::BadRequest(error.to_string()))?;
        let parameters: Vec<(String, String)> =
            document.parameters.iter().map(|given| (given.name.clone(), given.value.clone())).collect();
        let signed = Query::bind(std::sync::Arc::clone(&question.listed.approved), &parameters);
        let signed = signed.map_err(|error| TurnedAway::BadRequest(format!("your request: {error}")))?;
        let values = |query: &Query| -> Vec<(String, String)> {
            query.parameters().map(|(parameter, value)| (parameter.name.clone(), value.to_string())).collect()
        };
        let grouping = ask.grouping.map_or("", |name| Grouping::from(name).name());
        for (agrees, what) in [
            (document.template_sha256 == question.listed.approved.digest(), "template"),
            (values(&signed) == values(&question.query), "parameters"),
            (document.purpose == question.purpose, "purpose"),
            (document.grouping == grouping, "grouping"),
        ] {
            if !agrees {
                return Err(TurnedAway::BadRequest(format!(
                    "your signed request has another {what} than your question"
                )));
            }
        }
        Ok(())
    }

    /// An analyst whose key is enrolled signs: else a stolen certificate would be enough to ask.
    fn may_ask_unsigned(&self, analyst: &AnalystName) -> Result<(), TurnedAway> {
        let governed = self.governed();
        let enrolment = governed.registry.enrolment().map(|known| known.document.document());
        let enrolled = enrolment.and_then(|enrolment| enrolment.analyst(analyst));
        if enrolled.is_some_and(|enrolled| !enrolled.keys.is_empty()) {
            return Err(TurnedAway::NotAllowed(
                "your key is enrolled, so your questions are signed with it: put `signing_key` in your settings"
                    .to_owned(),
            ));
        }
        Ok(())
    }
}
