//! The whole way over real sockets: analysts and providers on one listener, told apart by certificate.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use coordinator::{Coordinator, NoSteps, serve};
use futures::StreamExt as _;
use template::{PublicKey, TrustRoot};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use wire::{
    Answered, Answerer, Caller, ClientTls, Desk, DeskError, Dispatch, Ledger, LinkEvents, LinkSettings, OrderId,
    Release, SiteOutcome, link,
};

use crate::region::{Node, Region, ada, ask, checked, outcomes};

/// A node that always has the same people, and a ledger in memory.
struct Invented {
    node: Node,
    coordinator: PublicKey,
    root: TrustRoot,
    ledger: Memory,
}

#[derive(Default)]
struct Memory(Mutex<HashMap<OrderId, Vec<u8>>>);

impl Ledger for Memory {
    type Error = Infallible;

    fn recorded(&self, order: &OrderId) -> Result<Option<Vec<u8>>, Infallible> {
        Ok(self.0.lock().unwrap().get(order).cloned())
    }
}

impl Answerer for Invented {
    async fn answer(&self, dispatch: Dispatch) -> Answered {
        let taken = checked(&self.coordinator, &self.root, &dispatch);
        let release = self.node.release(&taken, [40, 40]);
        self.ledger.0.lock().unwrap().entry(taken.id()).or_insert(release);
        Answered::Release(Release::recorded(&self.ledger, &taken.id(), &self.node.key.public()).unwrap().unwrap())
    }
}

struct Quiet;

impl LinkEvents for Quiet {}

fn start(region: &Region, address: &str, coordinator: PublicKey, node: usize) -> tokio::task::JoinHandle<()> {
    let Node { code, kind, key, ledger } = &region.nodes[node];
    let invented = Invented {
        node: Node { code: code.clone(), kind: *kind, key: Arc::clone(key), ledger: Arc::clone(ledger) },
        coordinator,
        root: region.root(),
        ledger: Memory::default(),
    };
    let settings = LinkSettings {
        coordinator: format!("https://{address}"),
        server_name: "coordinator.example".into(),
        tls: ClientTls::load(&region.enrol(&Caller::Provider(code.clone()))).unwrap(),
        in_flight: 2,
    };
    tokio::spawn(link(settings, Arc::new(invented), Arc::new(Quiet), std::future::pending()))
}

async fn desk(region: &Region, address: &str, caller: &Caller) -> Result<Desk, DeskError> {
    Desk::connect(address, "coordinator.example", &ClientTls::load(&region.enrol(caller)).unwrap()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_over_sockets_and_a_stop_with_streams_open() {
    let region = Region::new(3);
    let coordinator = Coordinator::open(region.config(), NoSteps).unwrap();
    let public = region.config().signing_key.public();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (stop, stopped) = oneshot::channel::<()>();
    let served = tokio::spawn(serve(coordinator, listener, async move { drop(stopped.await) }));
    let nodes: Vec<_> = (0..3).map(|node| start(&region, &address, public, node)).collect();

    let mut ada = desk(&region, &address, &Caller::Analyst(ada())).await.unwrap();
    assert_eq!(ada.templates().await.unwrap().templates.len(), 1);
    let run = ada.ask(&ask()).await.unwrap();
    let progress: Vec<_> = ada.watch(run).await.unwrap().map(Result::unwrap).collect().await;
    assert_eq!(progress.last().map(|progress| (progress.released, progress.waiting)), Some((3, 0)));
    let answer = ada.answer(run).await.unwrap();
    assert_eq!(outcomes(&answer), [SiteOutcome::Released; 3]);
    assert_eq!(answer.groups[0].cells[0].low, 114);
    assert!(matches!(ada.ask(&wire::Ask { purpose: String::new(), ..ask() }).await, Err(DeskError::BadRequest(_))));

    // A provider's certificate does not open the analysts' door.
    let provider = Caller::Provider(region.nodes[0].code.clone());
    let refused = desk(&region, &address, &provider).await.unwrap().runs().await;
    assert!(matches!(refused, Err(DeskError::Unauthenticated(_))), "{refused:?}");

    // The providers' streams are open still; the server ends them and stops.
    drop(stop);
    served.await.unwrap().unwrap();
    for node in nodes {
        node.abort();
    }
}
