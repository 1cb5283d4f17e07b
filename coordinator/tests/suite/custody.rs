//! The witness: what is countersigned, what is a conflict, and that the coordinator's own log hangs together.

use coordinator::Coordinator;
use coordinator::store::{AuditEntry, verify_chain};
use template::{Checkpoint, CheckpointDocument, Digest, Document as _, Envelope, Epoch, LogName, RebaselineDocument};
use wire::{CheckpointVerdict, DeskDoor as _, GovernanceDoor as _, KnownRelease, LinkDoor as _, Outcome, SiteOutcome};

use crate::region::{Node, Region, ada, answered, ask, outcomes};
use crate::restart::close_all;

fn checkpoint(region: &Region, node: &Node, epoch: Epoch, size: u64, head: &str) -> Vec<u8> {
    let log = LogName::Provider(node.code.clone());
    let document = CheckpointDocument { log, epoch, size, head: Digest::of(head.as_bytes()), at: region.now() };
    document.sign(&[&node.key]).to_bytes()
}

async fn countersigned(coordinator: &Coordinator, node: &Node, checkpoint: Vec<u8>) -> CheckpointVerdict {
    coordinator.countersign(node.code.clone(), checkpoint).await.unwrap().verdict
}

#[tokio::test]
async fn a_log_that_goes_back_or_forks_is_a_conflict_until_a_rebaseline() {
    let region = Region::governed(3);
    let coordinator = region.open();
    let node = &region.nodes[0];
    let (life, next) = (Epoch::random().unwrap(), Epoch::random().unwrap());
    let own = region.config().signing_key.public();
    let offer = async |epoch: Epoch, size: u64, head: &str| {
        countersigned(&coordinator, node, checkpoint(&region, node, epoch, size, head)).await
    };
    let signed = |verdict: CheckpointVerdict| {
        let CheckpointVerdict::Countersigned(bytes) = verdict else { panic!("a conflict") };
        Checkpoint::witnessed(&Envelope::parse(&bytes).unwrap(), &node.key.public(), &own).unwrap();
    };
    let conflict = |verdict: CheckpointVerdict| {
        let CheckpointVerdict::Conflict(bytes) = verdict else { panic!("no conflict") };
        Checkpoint::witnessed(&Envelope::parse(&bytes).unwrap(), &node.key.public(), &own).unwrap();
    };
    signed(offer(life, 5, "five").await);
    signed(offer(life, 5, "five").await);
    signed(offer(life, 9, "nine").await);
    conflict(offer(life, 9, "another nine").await);
    conflict(offer(life, 5, "five").await);
    conflict(offer(next, 1, "one").await);
    // Nobody else speaks for the log.
    let theirs = checkpoint(&region, &region.nodes[1], life, 10, "ten");
    assert!(coordinator.countersign(node.code.clone(), theirs).await.is_err());
    assert!(coordinator.countersign(node.code.clone(), b"{}".to_vec()).await.is_err());

    let rebaseline = RebaselineDocument {
        provider: node.code.clone(),
        epoch: next,
        after_size: 9,
        after_head: Digest::of(b"nine"),
        reason: "the disk failed".to_owned(),
        at: region.now(),
    };
    let [amara, bryn] = [&region.guardians[0], &region.guardians[1]];
    let publish = async |envelope: Envelope| coordinator.publish("amara".parse().unwrap(), envelope.to_bytes()).await;
    assert!(publish(rebaseline.sign(&[amara])).await.is_err(), "one person is not enough");
    conflict(offer(next, 10, "ten").await);
    publish(rebaseline.sign(&[amara, bryn])).await.unwrap();
    signed(offer(next, 10, "ten").await);
    conflict(offer(life, 11, "eleven").await);
}

#[tokio::test]
async fn a_reused_place_in_a_ledger_is_no_release() {
    let region = Region::governed(3);
    let coordinator = region.open();
    let run = coordinator.ask(ada(), ask(), None).await.unwrap();
    for node in &region.nodes {
        node.answer(&coordinator).await;
    }
    assert_eq!(outcomes(&answered(&coordinator, run).await), [SiteOutcome::Released; 3]);
    // The second node comes back from yesterday's backup: its ledger counts from the start again.
    region.nodes[1].ledger.store(0, std::sync::atomic::Ordering::SeqCst);
    close_all(coordinator);
    let coordinator = region.open();
    let run = coordinator.ask(ada(), ask(), None).await.unwrap();
    for node in &region.nodes {
        let mut stream = node.connect(&coordinator).await;
        let dispatch = futures::StreamExt::next(&mut stream).await.unwrap();
        // The order brings along the newest release that the coordinator has of the node, as the node signed it.
        let known = KnownRelease::verify(dispatch.known.as_ref().unwrap(), &node.key.public(), &node.code).unwrap();
        assert_eq!(known.sequence, 1);
        let taken = crate::region::taken(&coordinator, dispatch);
        node.submit(&coordinator, taken.id(), Outcome::Release(node.release(&taken, [40, 40]))).await;
    }
    let expected = [SiteOutcome::Released, SiteOutcome::InvalidRelease, SiteOutcome::Released];
    assert_eq!(outcomes(&answered(&coordinator, run).await), expected);
}

#[tokio::test]
async fn the_coordinators_log_hangs_together_and_is_witnessed() {
    let region = Region::governed(3);
    let coordinator = region.open();
    let run = coordinator.ask(ada(), ask(), None).await.unwrap();
    for node in &region.nodes {
        node.answer(&coordinator).await;
    }
    answered(&coordinator, run).await;
    let node = &region.nodes[0];
    let mine = checkpoint(&region, node, Epoch::random().unwrap(), 1, "one");
    let theirs = coordinator.countersign(node.code.clone(), mine).await.unwrap().coordinator.unwrap();
    let mut envelope = Envelope::parse(&theirs).unwrap();
    let own = region.config().signing_key.public();
    let state = Checkpoint::verify(&envelope, &own).unwrap();
    assert!(coordinator.witnessed(node.code.clone(), theirs).await.is_err(), "it is not countersigned");
    envelope.add_signature(&node.key).unwrap();
    coordinator.witnessed(node.code.clone(), envelope.to_bytes()).await.unwrap();
    close_all(coordinator);

    let store = coordinator::Store::open(&region.path("coordinator.sqlite")).unwrap();
    let mut entries: Vec<AuditEntry> = Vec::new();
    store
        .audit(|entry| {
            entries.push(entry);
            Ok(())
        })
        .unwrap();
    let end = verify_chain(&entries).unwrap();
    assert!(end.size >= 8, "asked, three orders, three releases, an answer");
    let at = entries.iter().find(|entry| entry.n == state.document().size).unwrap();
    assert_eq!(at.head, state.document().head);
    assert_eq!(store.own_checkpoints().unwrap()[0].countersigned.len(), 1);
}
