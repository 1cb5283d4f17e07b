//! The store by itself.

use chrono::{DateTime, Utc};
use coordinator::Store;
use coordinator::store::{
    AnswerRecord, Kept, OrderRecord, OutcomeKind, OutcomeRecord, RunRecord, SignedDocument, StoreError,
};
use template::{Digest, Grouping, ProviderKind};
use wire::{OrderId, ParameterValue, ProviderCode, RunId};

use crate::region::{ada, key};

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_777_000_000 + seconds, 0).unwrap()
}

fn run() -> RunRecord {
    RunRecord {
        id: RunId::random().unwrap(),
        analyst: ada(),
        template: Digest::of(b"template"),
        template_id: "emergency-stays".into(),
        template_version: 1,
        title: "Stays".into(),
        parameters: vec![ParameterValue { name: "from".into(), value: "2024-04".into() }],
        purpose: "plan".into(),
        agreement: "DSA-1".into(),
        request: None,
        grouping: Grouping::Kind,
        asked_at: at(0),
        deadline: at(60),
        late_until: at(3600),
        closed_at: None,
    }
}

fn orders(run: &RunRecord, number: usize) -> Vec<OrderRecord> {
    let order = |n: usize| OrderRecord {
        id: OrderId::random().unwrap(),
        run: run.id,
        provider: format!("Y{n:05}").parse().unwrap(),
        name: format!("Surgery {n}"),
        kind: ProviderKind::Gp,
        places: wire::Places { locality: Some("North".into()), ..wire::Places::default() },
        key: key().public(),
        envelope: vec![0, 255, 10],
    };
    (0..number).map(order).collect()
}

fn outcome(order: &OrderRecord, envelope: &[u8]) -> OutcomeRecord {
    OutcomeRecord { order: order.id, kind: OutcomeKind::Release, envelope: envelope.to_vec(), received_at: at(5) }
}

fn provider() -> ProviderCode {
    "Y00000".parse().unwrap()
}

fn document() -> SignedDocument {
    SignedDocument { digest: Digest::of(b"template"), envelope: b"signed".to_vec() }
}

#[tokio::test]
async fn what_is_kept_is_there_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.sqlite");
    let (run, other) = (run(), run());
    let orders = orders(&run, 3);
    let store = Store::open(&path).unwrap();
    store.add_run(run.clone(), orders.clone(), vec![document()], None).await.unwrap();
    store.add_run(other.clone(), vec![], vec![document()], None).await.unwrap();
    assert_eq!(store.add_outcome(outcome(&orders[1], b"bytes"), provider(), None).await.unwrap(), Kept::New);
    let answer = AnswerRecord { revision: 1, document: b"{}".to_vec(), sums: Vec::new() };
    store.add_answer(other.id, answer.clone(), at(70)).await.unwrap();
    drop(store);

    let store = Store::open(&path).unwrap();
    let open = store.open_runs().unwrap();
    assert_eq!(open.len(), 1, "a closed run is not open");
    assert_eq!(open[0].run, run);
    let kept: Vec<_> = open[0].orders.iter().map(|(order, outcome)| (order.clone(), outcome.clone())).collect();
    let expected = [None, Some(outcome(&orders[1], b"bytes")), None];
    assert_eq!(kept, orders.iter().cloned().zip(expected).collect::<Vec<_>>());
    assert_eq!(store.document(&Digest::of(b"template")).unwrap(), Some(b"signed".to_vec()));
    let closed = RunRecord { closed_at: Some(at(70)), ..other.clone() };
    assert_eq!(store.run(other.id).await.unwrap(), Some((closed, Some(answer))));
    let revisions: Vec<u32> =
        store.runs_of(ada(), 10).await.unwrap().into_iter().map(|(_, revision)| revision).collect();
    assert_eq!(revisions, [1, 0]);
    assert_eq!(store.runs_of(ada(), 1).await.unwrap().len(), 1);
    assert_eq!(store.order(OrderId::random().unwrap()).await.unwrap(), None);
}

#[tokio::test]
async fn the_first_outcome_stays() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("store.sqlite")).unwrap();
    let run = run();
    let orders = orders(&run, 1);
    store.add_run(run, orders.clone(), vec![], None).await.unwrap();
    for (envelope, expected) in [
        (b"first".as_slice(), Kept::New),
        (b"first", Kept::Same(OutcomeKind::Release)),
        (b"second", Kept::Different),
        (b"first", Kept::Same(OutcomeKind::Release)),
    ] {
        assert_eq!(store.add_outcome(outcome(&orders[0], envelope), provider(), None).await.unwrap(), expected);
    }
    assert_eq!(store.order(orders[0].id).await.unwrap().unwrap().1, Some(outcome(&orders[0], b"first")));
}

#[tokio::test]
async fn a_write_that_fails_is_undone_alone() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("store.sqlite")).unwrap();
    let run = run();
    let orders = orders(&run, 20);
    store.add_run(run.clone(), orders.clone(), vec![], None).await.unwrap();
    // The same run again, with other orders: the second insert of the run fails, among writes that do not.
    let stranger = OrderRecord { id: OrderId::random().unwrap(), ..orders[0].clone() };
    let again = store.add_run(run.clone(), vec![stranger.clone()], vec![], None);
    let writes = orders.iter().map(|order| store.add_outcome(outcome(order, b"bytes"), provider(), None));
    let (again, written) = tokio::join!(again, futures::future::join_all(writes));
    assert!(matches!(again, Err(StoreError::Sql(_))));
    assert!(written.into_iter().all(|kept| kept.unwrap() == Kept::New));
    assert_eq!(store.order(stranger.id).await.unwrap(), None);
    // An outcome of an order that is not there is refused as well.
    assert!(store.add_outcome(outcome(&stranger, b"bytes"), provider(), None).await.is_err());
}

#[tokio::test]
async fn a_full_store_refuses_and_stays_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.sqlite");
    let run = run();
    let orders = orders(&run, 2);
    let store = Store::open(&path).unwrap();
    store.add_run(run.clone(), orders.clone(), vec![], None).await.unwrap();
    drop(store);
    // As a full disk: the file may not grow any more.
    let store = Store::open_limited(&path, 40).unwrap();
    assert!(matches!(
        store.add_outcome(outcome(&orders[0], &[7; 1 << 20]), provider(), None).await,
        Err(StoreError::Sql(_))
    ));
    assert_eq!(store.add_outcome(outcome(&orders[1], b"small"), provider(), None).await.unwrap(), Kept::New);
    drop(store);
    let open = Store::open(&path).unwrap().open_runs().unwrap();
    let kept: Vec<bool> = open[0].orders.iter().map(|(_, outcome)| outcome.is_some()).collect();
    assert_eq!(kept, [false, true]);
}

#[test]
fn a_store_of_a_newer_version_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.sqlite");
    drop(Store::open(&path).unwrap());
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection.pragma_update(None, "user_version", 99).unwrap();
    drop(connection);
    let error = Store::open(&path).err().unwrap().to_string();
    assert!(error.contains("newer version (schema 99)"), "{error}");
    std::fs::write(&path, b"this is not a database, whatever else it may be").unwrap();
    assert!(matches!(Store::open(&path), Err(StoreError::Open { .. })));
}

#[tokio::test]
async fn many_writes_together_share_a_commit() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("store.sqlite")).unwrap();
    let run = run();
    let orders = orders(&run, 108);
    store.add_run(run, orders.clone(), vec![], None).await.unwrap();
    let before = store.commits();
    let writes = orders.iter().map(|order| store.add_outcome(outcome(order, b"bytes"), provider(), None));
    let written = futures::future::join_all(writes).await;
    assert!(written.into_iter().all(|kept| kept.unwrap() == Kept::New));
    assert!(store.commits() - before < 54, "{} commits for 108 outcomes", store.commits() - before);
}
