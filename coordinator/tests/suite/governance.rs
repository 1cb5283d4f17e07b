//! How what may be asked changes: every document enters as bytes through the guardians' door.

use coordinator::Coordinator;
use template::{
    AgreementDocument, AgreementsDocument, CatalogueDocument, Digest, Document as _, Envelope, PayloadType,
    ReviewDocument, SigningKey, TemplateStatus, Verdict, WithdrawalDocument,
};
use wire::{
    CatalogueNews, DeskDoor as _, GovernanceDoor as _, KnownCatalogue, LinkDoor as _, ProposalState, TurnedAway,
};

use crate::region::{Region, TEMPLATE, ada, ask};
use crate::restart::close_all;

fn second() -> String {
    TEMPLATE.replace("version = 1\n", "version = 2\n").replace("by month\"", "by month, again\"")
}

fn proposed(region: &Region, toml: &str) -> Vec<u8> {
    Envelope::sign(PayloadType::Template, toml.as_bytes().to_vec(), &[&region.author]).to_bytes()
}

fn review(region: &Region, who: &str, key: &SigningKey, toml: &str, verdict: Verdict) -> Vec<u8> {
    let document = ReviewDocument {
        template_sha256: Digest::of(toml.as_bytes()),
        reviewer: who.parse().unwrap(),
        organisation: format!("Of {who}"),
        verdict,
        comment: format!("what {who} thinks"),
        review_sheet_sha256: Digest::of(b"sheet"),
        at: region.now(),
    };
    document.sign(&[key]).to_bytes()
}

fn withdrawal(region: &Region, key: &SigningKey, toml: &str, version: u32) -> Vec<u8> {
    let document = WithdrawalDocument {
        template_sha256: Digest::of(toml.as_bytes()),
        id: "emergency-stays".to_owned(),
        version,
        person: "amara".parse().unwrap(),
        reason: "wrong codes".to_owned(),
        at: region.now(),
    };
    document.sign(&[key]).to_bytes()
}

fn signature(key: &SigningKey, toml: &str) -> Vec<u8> {
    Envelope::sign(PayloadType::Template, toml.as_bytes().to_vec(), &[key]).to_bytes()
}

/// The catalogue as a provider fetches and verifies it.
async fn catalogue(region: &Region, coordinator: &Coordinator) -> (CatalogueDocument, KnownCatalogue) {
    let provider = region.nodes[0].code.clone();
    let none = KnownCatalogue { catalogue: None, root_version: 1 };
    let news = coordinator.catalogue(provider.clone(), none).await.unwrap();
    let (roots, catalogue) = match news {
        CatalogueNews::Changed { roots, catalogue } => Some((roots, catalogue)),
        CatalogueNews::Unchanged => None,
    }
    .unwrap();
    assert!(roots.is_empty());
    let envelope = Envelope::parse(&catalogue).unwrap();
    let verified = region.root().catalogue(&envelope, region.now()).unwrap();
    let document = verified.document().clone();
    let known = KnownCatalogue { catalogue: Some((document.version, Digest::of(&catalogue))), root_version: 1 };
    assert_eq!(coordinator.catalogue(provider.clone(), known).await.unwrap(), CatalogueNews::Unchanged);
    for listed in &document.templates {
        let bytes = coordinator.fetch(provider.clone(), listed.envelope.sha256).await.unwrap();
        assert_eq!(listed.envelope.open(&bytes).unwrap().payload_digest(), listed.sha256);
    }
    (document, known)
}

fn words(turned_away: &TurnedAway) -> String {
    turned_away.to_string()
}

#[tokio::test]
async fn a_template_is_proposed_reviewed_signed_listed_and_withdrawn() {
    let region = Region::governed(3);
    let coordinator = region.open();
    let (amara, bryn, carys) = ("amara".parse().unwrap(), "bryn".parse().unwrap(), "carys".parse().unwrap());
    let second = second();
    let digest = Digest::of(second.as_bytes());
    let (first, known) = catalogue(&region, &coordinator).await;
    assert_eq!(first.templates.len(), 1);

    let summary = coordinator.propose(carys, proposed(&region, &second), "new codes".to_owned()).await.unwrap();
    assert_eq!((summary.state, summary.version), (ProposalState::Proposed, 2));
    // Nobody sees another's view, or who signed, before giving one.
    let early = coordinator.sign(Clone::clone(&amara), signature(&region.guardians[0], &second)).await.unwrap_err();
    assert!(words(&early).contains("give your own view first"), "{early}");
    let view = review(&region, "amara", &region.guardians[0], &second, Verdict::Approve);
    coordinator.review(Clone::clone(&amara), view).await.unwrap();
    coordinator.sign(Clone::clone(&amara), signature(&region.guardians[0], &second)).await.unwrap();
    let seen = coordinator.proposal(Clone::clone(&bryn), digest).await.unwrap();
    assert_eq!((seen.reviews.len(), seen.hidden_reviews, seen.signed_by.len()), (0, 1, 0));
    assert!(seen.events.iter().all(|event| event.what != "signed"));
    assert_eq!(seen.previous.as_ref().unwrap().version, 1);
    assert_eq!(seen.summary.state, ProposalState::UnderReview);
    let view = review(&region, "bryn", &region.guardians[1], &second, Verdict::Approve);
    coordinator.review(Clone::clone(&bryn), view).await.unwrap();
    let seen = coordinator.proposal(Clone::clone(&bryn), digest).await.unwrap();
    assert_eq!((seen.reviews.len(), seen.hidden_reviews, seen.signed_by.as_slice()), (2, 0, &["amara".to_owned()][..]));
    // One person is not enough; two of two organisations are.
    assert!(
        coordinator.proposal(Clone::clone(&amara), digest).await.unwrap().summary.state == ProposalState::UnderReview
    );
    let receipt = coordinator.sign(bryn, signature(&region.guardians[1], &second)).await.unwrap();
    assert_eq!((receipt.state, receipt.catalogue_version), (ProposalState::Approved, Some(first.version + 1)));

    let (next, _) = catalogue(&region, &coordinator).await;
    let status = |catalogue: &CatalogueDocument, version: u32| {
        catalogue.templates.iter().find(|listed| listed.version == version).unwrap().status
    };
    assert_eq!((status(&next, 1), status(&next, 2)), (TemplateStatus::Superseded, TemplateStatus::Approved));
    assert!(matches!(
        coordinator.catalogue(region.nodes[0].code.clone(), known).await.unwrap(),
        CatalogueNews::Changed { .. }
    ));
    let run = coordinator.ask(ada(), ask(), None).await.unwrap();
    assert_eq!(coordinator.answer(ada(), run).await.unwrap().template_version, 2);

    coordinator.withdraw(amara, withdrawal(&region, &region.guardians[0], &second, 2)).await.unwrap();
    assert!(coordinator.ask(ada(), ask(), None).await.is_err());
    let (last, _) = catalogue(&region, &coordinator).await;
    assert_eq!((status(&last, 2), last.withdrawals.len()), (TemplateStatus::Withdrawn, 1));
    // All of it is there after a restart, and nothing new is issued for it.
    close_all(coordinator);
    let (again, _) = catalogue(&region, &region.open()).await;
    assert_eq!(again, last);
}

#[tokio::test]
async fn what_may_not_happen_does_not() {
    let region = Region::governed(3);
    let coordinator = region.open();
    let second = second();
    let person = |name: &str| name.parse().unwrap();
    coordinator.propose(person("carys"), proposed(&region, &second), "why".to_owned()).await.unwrap();
    let before = catalogue(&region, &coordinator).await.0;
    let [amara, bryn] = [&region.guardians[0], &region.guardians[1]];
    let check = |result: Result<(), TurnedAway>, expected: &str| {
        let told = words(&result.unwrap_err());
        assert!(told.contains(expected), "{told}");
    };
    let propose =
        async |who: &str, bytes: Vec<u8>| coordinator.propose(person(who), bytes, "why".to_owned()).await.map(|_| ());
    check(propose("carys", proposed(&region, &second)).await, "proposed before");
    check(propose("amara", proposed(&region, &second.replace("again", "x"))).await, "no trusted key signed");
    let others = Envelope::sign(PayloadType::Template, second.replace("again", "y").into_bytes(), &[amara]).to_bytes();
    check(propose("amara", others).await, "authors propose their own");
    check(propose("carys", proposed(&region, TEMPLATE)).await, "proposed before");
    check(
        propose("carys", proposed(&region, &TEMPLATE.replace("again", "z").replace("by month\"", "z\""))).await,
        "version",
    );
    let dangerous = second.replace("again", "w").replace("select person_id,", "select person_id, random() as x,");
    check(propose("carys", proposed(&region, &dangerous)).await, "");
    check(propose("eve", proposed(&region, &second)).await, "not a person of the trust root");

    let approve = |who: &str, key: &SigningKey| review(&region, who, key, &second, Verdict::Approve);
    check(coordinator.review(person("bryn"), approve("amara", amara)).await, "bring your own");
    check(coordinator.review(person("amara"), approve("amara", bryn)).await, "did not sign it");
    check(coordinator.review(person("carys"), approve("carys", &region.author)).await, "author");
    let sign = async |who: &str, bytes: Vec<u8>| coordinator.sign(person(who), bytes).await.map(|_| ());
    check(sign("bryn", signature(amara, &second)).await, "bring your own");
    check(sign("carys", signature(&region.author, &second)).await, "author");
    check(sign("amara", signature(amara, "other")).await, "nobody proposed");
    check(coordinator.withdraw(person("bryn"), withdrawal(&region, amara, &second, 2)).await, "bring your own");
    check(coordinator.withdraw(person("amara"), withdrawal(&region, amara, &second, 3)).await, "withdrawal names");
    check(coordinator.publish(person("amara"), signature(amara, &second)).await, "not published by people");
    for bytes in [&b""[..], b"{}", &[0xff; 100]] {
        check(coordinator.publish(person("amara"), bytes.to_vec()).await, "not a DSSE envelope");
    }
    assert_eq!(catalogue(&region, &coordinator).await.0, before);
}

#[tokio::test]
async fn a_question_runs_under_an_agreement_and_stops_with_it() {
    let region = Region::governed(3);
    let coordinator = region.open();
    let agreements = |version: u64, expires: &str| AgreementsDocument {
        version,
        agreements: vec![AgreementDocument {
            id: "Regional sharing agreement 7".to_owned(),
            title: "Data for planning".to_owned(),
            parties: vec!["Of amara".to_owned()],
            starts: "2026-01-01".parse().unwrap(),
            expires: expires.parse().unwrap(),
        }],
    };
    let [amara, bryn] = [&region.guardians[0], &region.guardians[1]];
    let publish = async |document: AgreementsDocument, keys: &[&SigningKey]| {
        coordinator.publish("amara".parse().unwrap(), document.sign(keys).to_bytes()).await
    };
    assert!(publish(agreements(1, "2026-05-01"), &[amara]).await.is_err(), "one person is not enough");
    publish(agreements(1, "2026-05-01"), &[amara, bryn]).await.unwrap();
    assert!(publish(agreements(1, "2030-05-01"), &[amara, bryn]).await.is_err(), "the version is there already");
    // The run ends with the agreement's last day, though its deadline is later.
    let run = coordinator.ask(ada(), wire::Ask { deadline_s: Some(600_000), ..ask() }, None).await.unwrap();
    let waiting = coordinator.answer(ada(), run).await.unwrap();
    assert_eq!(waiting.deadline, "2026-05-01T23:59:59Z".parse::<chrono::DateTime<chrono::Utc>>().unwrap());
    region.clock.forward(24 * 60 * 60);
    let told = words(&coordinator.ask(ada(), ask(), None).await.unwrap_err());
    assert!(told.contains("ended on 2026-05-01"), "{told}");
    coordinator.close_due().await;
    let register = coordinator.register(ada()).await.unwrap();
    assert_eq!(register.runs[0].agreement, "Regional sharing agreement 7");
    assert_eq!((register.runs[0].sites_asked, register.runs[0].sites_released), (3, 0));
}

#[tokio::test]
async fn a_catalogue_is_signed_anew_at_half_of_its_life_and_not_before() {
    let region = Region::governed(3);
    let coordinator = region.open();
    let (first, known) = catalogue(&region, &coordinator).await;
    let provider = region.nodes[0].code.clone();
    // The default life is a day: a second before its half nothing happens, whatever else is looked at.
    region.clock.forward(12 * 60 * 60 - 1);
    coordinator.renew_catalogue().await;
    assert_eq!(coordinator.catalogue(provider.clone(), known).await.unwrap(), CatalogueNews::Unchanged);
    region.clock.forward(1);
    coordinator.renew_catalogue().await;
    let (second, known) = catalogue(&region, &coordinator).await;
    assert_eq!((second.version, second.expires - second.issued_at), (first.version + 1, chrono::Duration::hours(24)));
    assert_eq!(second.issued_at - first.issued_at, chrono::Duration::hours(12));
    let anew =
        CatalogueDocument { version: first.version, issued_at: first.issued_at, expires: first.expires, ..second };
    assert_eq!(anew, first, "nothing but its life is new");
    coordinator.renew_catalogue().await;
    assert_eq!(coordinator.catalogue(provider, known).await.unwrap(), CatalogueNews::Unchanged);
    // Nobody was there for a week: what a start finds is old, and signed anew at once.
    close_all(coordinator);
    region.clock.forward(7 * 24 * 60 * 60);
    let (third, _) = catalogue(&region, &region.open()).await;
    assert_eq!((third.version, third.issued_at), (first.version + 2, region.now()));
}
