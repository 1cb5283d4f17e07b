//! Requests that an analyst's own key signed: what is taken, once, and what is not.

use chrono::Duration;
use coordinator::Coordinator;
use template::{
    AnalystDocument, Digest, Document as _, EnrolmentDocument, RequestDocument, RequestId, RequestParameter, SigningKey,
};
use wire::{Ask, DeskDoor as _, GovernanceDoor as _, TurnedAway};

use crate::region::{Region, TEMPLATE, ada, ask, key};

async fn enrolled(region: &Region, coordinator: &Coordinator, ada_key: &SigningKey) {
    let document = EnrolmentDocument {
        version: 1,
        analysts: vec![AnalystDocument {
            name: ada(),
            organisation: "Riverside Integrated Care Board".to_owned(),
            keys: vec![ada_key.public()],
        }],
        auditors: vec![],
    };
    let envelope = document.sign(&[&region.guardians[0], &region.guardians[1]]);
    coordinator.publish("amara".parse().unwrap(), envelope.to_bytes()).await.unwrap();
}

fn request(region: &Region) -> RequestDocument {
    let value = |name: &str, value: &str| RequestParameter { name: name.into(), value: value.into() };
    RequestDocument {
        request_id: RequestId::random().unwrap(),
        template_sha256: Digest::of(TEMPLATE.as_bytes()),
        parameters: vec![value("from", "2024-04"), value("to", "2024-05")],
        purpose: "plan the winter".to_owned(),
        analyst: ada(),
        organisation: "Riverside Integrated Care Board".to_owned(),
        grouping: String::new(),
        issued_at: region.now(),
        expires_at: region.now() + Duration::minutes(10),
    }
}

#[tokio::test]
async fn a_request_leads_to_one_run_however_often_it_comes() {
    let region = Region::governed(3);
    let coordinator = region.open();
    let ada_key = key();
    enrolled(&region, &coordinator, &ada_key).await;
    let bytes = request(&region).sign(&[&ada_key]).to_bytes();
    let asks = (0..100).map(|_| coordinator.ask(ada(), ask(), Some(bytes.clone())));
    let runs = futures::future::join_all(asks).await;
    let first = *runs[0].as_ref().unwrap();
    assert!(runs.iter().all(|run| *run.as_ref().unwrap() == first), "one run, whoever asks first");
    assert_eq!(coordinator.runs(ada()).await.unwrap().len(), 1);
    // What goes to a provider: the order names the request, and the request comes along.
    let mut stream = region.nodes[0].connect(&coordinator).await;
    let dispatch = futures::StreamExt::next(&mut stream).await.unwrap();
    let order = wire::Order::verify(&dispatch.order, &region.config().signing_key.public()).unwrap();
    assert_eq!(dispatch.request.as_ref(), Some(&bytes));
    let payload = template::Envelope::parse(&bytes).unwrap().payload_digest();
    assert_eq!(order.order().request, Some(payload));
    // After its time, whoever made it finds the run again.
    region.clock.forward(3600);
    assert_eq!(coordinator.ask(ada(), ask(), Some(bytes)).await.unwrap(), first);
}

#[tokio::test]
async fn a_request_that_is_not_of_the_question_is_refused() {
    let region = Region::governed(3);
    let coordinator = region.open();
    let ada_key = key();
    let told = |turned_away: Result<wire::RunId, TurnedAway>| turned_away.unwrap_err().to_string();
    let bytes = |document: &RequestDocument, key: &SigningKey| Some(document.sign(&[key]).to_bytes());
    let early = told(coordinator.ask(ada(), ask(), bytes(&request(&region), &ada_key)).await);
    assert!(early.contains("no analyst's key is enrolled"), "{early}");
    enrolled(&region, &coordinator, &ada_key).await;

    let known = request(&region);
    coordinator.ask(ada(), ask(), bytes(&known, &ada_key)).await.unwrap();
    let other = |change: fn(&mut RequestDocument)| {
        let mut document = request(&region);
        change(&mut document);
        document
    };
    let now = region.now();
    let at = |issued: i64| {
        let issued_at = now + Duration::minutes(issued);
        RequestDocument { issued_at, expires_at: issued_at + Duration::minutes(10), ..request(&region) }
    };
    let asked = |change: fn(&mut Ask)| {
        let mut asked = ask();
        change(&mut asked);
        asked
    };
    let same = || asked(|_| {});
    // (what is signed, what is asked, the words)
    let table = [
        (RequestDocument { purpose: "another".to_owned(), ..known }, same(), "made before with another content"),
        (other(|request| request.parameters[1].value = "2024-06".to_owned()), same(), "another parameters"),
        (other(|request| request.purpose = "another".to_owned()), same(), "another purpose"),
        (other(|request| request.grouping = "kind".to_owned()), same(), "another grouping"),
        (other(|request| request.template_sha256 = Digest::of(b"x")), same(), "another template"),
        (other(|request| request.organisation = "Council".to_owned()), same(), "did not sign it"),
        (other(|request| request.analyst = "bea".parse().unwrap()), same(), "did not sign it"),
        (request(&region), asked(|ask| ask.purpose = "plan more".to_owned()), "another purpose"),
        (request(&region), asked(|ask| ask.parameters[0].value = "2024-03".to_owned()), "another parameters"),
        (at(2), same(), "sign it anew"),
        (at(-20), same(), "sign it anew"),
    ];
    for (document, asked, expected) in table {
        let told = told(coordinator.ask(ada(), asked, bytes(&document, &ada_key)).await);
        assert!(told.contains(expected), "{told}");
    }
    let stranger = told(coordinator.ask(ada(), ask(), bytes(&request(&region), &key())).await);
    assert!(stranger.contains("no trusted key signed"), "{stranger}");
    let bea = told(coordinator.ask("bea".parse().unwrap(), ask(), bytes(&request(&region), &ada_key)).await);
    assert!(bea.contains("another analyst"), "{bea}");
    // A stolen certificate is not enough.
    let unsigned = told(coordinator.ask(ada(), ask(), None).await);
    assert!(unsigned.contains("your key is enrolled"), "{unsigned}");
}
