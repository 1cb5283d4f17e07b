//! An answer is made again from what its providers signed; whatever was altered is found.

use cli::{Anchors, verify_evidence, verify_proof};
use coordinator::Coordinator;
use futures::StreamExt as _;
use template::{Document as _, EnrolmentDocument, Envelope, PayloadType};
use wire::{
    Answer, DeskDoor as _, EvidenceKind, EvidencePart, GovernanceDoor as _, Outcome, Refusal, RunId, TurnedAway,
    read_evidence, write_evidence,
};

use crate::region::{Region, ada, answered, ask, key};
use crate::restart::close_all;

async fn asked(region: &Region) -> (Coordinator, RunId, Vec<EvidencePart>) {
    let coordinator = region.open();
    let run = coordinator.ask(ada(), ask(), None).await.unwrap();
    for (place, node) in region.nodes[..4].iter().enumerate() {
        let taken = node.take(&coordinator).await;
        let outcome = if place == 3 {
            Outcome::Refusal(node.refusal(&taken, Refusal::NotReleased))
        } else {
            Outcome::Release(node.release(&taken, [40, 44]))
        };
        node.submit(&coordinator, taken.id(), outcome).await;
    }
    region.clock.forward(61);
    coordinator.close_due().await;
    answered(&coordinator, run).await;
    assert!(matches!(coordinator.evidence(ada(), run, None).await.err(), Some(TurnedAway::NotAllowed(_))));
    let document = EnrolmentDocument { version: 1, analysts: vec![], auditors: vec![ada()] };
    let envelope = document.sign(&[&region.guardians[0], &region.guardians[1]]);
    coordinator.publish("amara".parse().unwrap(), envelope.to_bytes()).await.unwrap();
    let parts: Vec<EvidencePart> = coordinator.evidence(ada(), run, None).await.unwrap().collect().await;
    (coordinator, run, parts)
}

#[tokio::test]
async fn an_auditor_makes_the_answer_again_and_an_analyst_holds_the_same_commitment() {
    let region = Region::governed(5);
    let (coordinator, run, parts) = asked(&region).await;
    let own = region.config().signing_key.public();
    let anchors = Anchors { root: Some(region.root().digest()), coordinator: Some(own), roster: None };
    let parts = read_evidence(&write_evidence(&parts)).unwrap();
    let verified = verify_evidence(&parts, &anchors).unwrap();
    assert_eq!(verified.differences, Vec::<String>::new());
    let answer = coordinator.answer(ada(), run).await.unwrap();
    assert_eq!(verified.answer, answer);
    assert_eq!(verified.unsigned, [region.nodes[4].code.clone()]);

    let proof = coordinator.proof(ada(), run, None).await.unwrap();
    let (proven, differences) = verify_proof(&answer, &proof, &own).unwrap();
    assert_eq!(differences, Vec::<String>::new());
    assert_eq!(proven, verified.proof);
    let mut other = answer.clone();
    other.groups[0].cells[0].low += 1;
    assert!(!verify_proof(&other, &proof, &own).unwrap().1.is_empty());
    let mut fewer = answer;
    fewer.sites.pop();
    assert!(!verify_proof(&fewer, &proof, &own).unwrap().1.is_empty());
    assert!(verify_proof(&other, &proof, &key().public()).is_err());
}

#[tokio::test]
async fn whatever_is_altered_is_found() {
    let region = Region::governed(5);
    let (_coordinator, _, parts) = asked(&region).await;
    let own = region.config().signing_key.public();
    let anchors = Anchors { root: Some(region.root().digest()), coordinator: Some(own), roster: None };
    let place =
        |kind: EvidenceKind, n: usize| parts.iter().enumerate().filter(|(_, part)| part.kind == kind).nth(n).unwrap().0;
    let check = |change: &dyn Fn(&mut Vec<EvidencePart>)| {
        let mut altered = parts.clone();
        change(&mut altered);
        let verified = verify_evidence(&altered, &anchors);
        assert!(verified.is_err() || !verified.unwrap().differences.is_empty());
    };
    let answer = |change: fn(&mut Answer)| {
        let mut read: Answer = serde_json::from_slice(&parts[place(EvidenceKind::Answer, 0)].bytes).unwrap();
        change(&mut read);
        serde_json::to_vec(&read).unwrap()
    };
    let releases = (place(EvidenceKind::Release, 0), place(EvidenceKind::Release, 1));
    check(&|parts| parts[place(EvidenceKind::Answer, 0)].bytes = answer(|answer| answer.groups[0].cells[0].low += 5));
    check(&|parts| parts[place(EvidenceKind::Answer, 0)].bytes = answer(|answer| answer.purpose.push('.')));
    check(&|parts| parts[place(EvidenceKind::Answer, 0)].bytes = answer(|answer| drop(answer.sites.pop())));
    check(&|parts| drop(parts.remove(releases.0)));
    check(&|parts| parts.swap(releases.0, releases.1));
    check(&|parts| parts[releases.0].bytes = parts[releases.1].bytes.clone());
    check(&|parts| parts[releases.0].bytes[40] ^= 1);
    check(&|parts| parts[releases.0].kind = EvidenceKind::Invalid);
    check(&|parts| parts[place(EvidenceKind::Refusal, 0)].kind = EvidenceKind::Release);
    check(&|parts| drop(parts.remove(place(EvidenceKind::Refusal, 0))));
    check(&|parts| drop(parts.remove(place(EvidenceKind::Order, 0))));
    check(&|parts| parts[place(EvidenceKind::Template, 0)].bytes = region.signed("id = \"other\""));
    let stranger = key();
    check(&|parts| {
        let roster = String::from_utf8(parts[place(EvidenceKind::Roster, 0)].bytes.clone()).unwrap();
        let own = region.nodes[0].key.public().to_string();
        parts[place(EvidenceKind::Roster, 0)].bytes = roster.replace(&own, &stranger.public().to_string()).into_bytes();
    });
    check(&|parts| {
        let forged = Envelope::sign(PayloadType::Proof, b"{}".to_vec(), &[&stranger]);
        parts[place(EvidenceKind::Proof, 0)].bytes = forged.to_bytes();
    });
    for kind in
        [EvidenceKind::Run, EvidenceKind::Roster, EvidenceKind::Root, EvidenceKind::Template, EvidenceKind::Proof]
    {
        check(&|parts| drop(parts.remove(place(kind, 0))));
    }
    let elsewhere = Anchors { root: Some(template::Digest::of(b"another region")), ..anchors };
    assert!(verify_evidence(&parts, &elsewhere).is_err());
    assert!(verify_evidence(&parts, &Anchors { coordinator: Some(stranger.public()), ..anchors }).is_err());
    assert!(verify_evidence(&parts, &Anchors { roster: Some(template::Digest::of(b"x")), ..anchors }).is_err());
    assert!(read_evidence(b"{}").is_err() && read_evidence(b"").is_err());
}

#[tokio::test]
async fn a_release_stands_for_no_other_provider_and_no_later_order() {
    let region = Region::governed(5);
    let earlier = {
        let coordinator = region.open();
        coordinator.ask(ada(), ask(), None).await.unwrap();
        let taken = region.nodes[0].take(&coordinator).await;
        let release = region.nodes[0].release(&taken, [40, 44]);
        region.clock.forward(61);
        coordinator.close_due().await;
        close_all(coordinator);
        release
    };
    let (_coordinator, _, parts) = asked(&region).await;
    let anchors = Anchors { root: Some(region.root().digest()), ..Anchors::default() };
    assert_eq!(verify_evidence(&parts, &anchors).unwrap().differences, Vec::<String>::new());
    let releases: Vec<usize> = (0..parts.len()).filter(|place| parts[*place].kind == EvidenceKind::Release).collect();
    let others = parts[releases[1]].bytes.clone();
    for (what, bytes) in [("another provider's", others), ("of an earlier order", earlier)] {
        let mut altered = parts.clone();
        altered[releases[0]].bytes = bytes;
        let error = verify_evidence(&altered, &anchors).unwrap_err().to_string();
        assert!(
            error.starts_with(&format!("{}: its release does not verify", region.nodes[0].code)),
            "{what}: {error}"
        );
    }
}
