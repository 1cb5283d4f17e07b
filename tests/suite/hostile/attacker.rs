//! What an attacker has: TLS of any kind, the providers' door without our own wire, and a coordinator's place.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use demo::region::authority::COORDINATOR_NAME;
use futures::StreamExt as _;
use futures::stream::{self, BoxStream};
use hyper_util::rt::TokioIo;
use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use template::{Digest, Document as _, Envelope, PayloadType, SigningKey};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Mutex, mpsc};
use tokio_rustls::TlsConnector;
use tonic::Status;
use tonic::client::Grpc;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::transport::{Channel, Endpoint, Uri};
use tonic_prost::ProstCodec;
use wire::{
    Acknowledged, AnalystName, Answer, Ask, CatalogueNews, CheckpointVerdict, Countersigned, DeskDoor, Dispatch,
    Explanation, KnownCatalogue, LinkDoor, OrderId, Outcome, Progress, ProviderCode, RunId, RunSummary, ServerTls,
    TemplateList, TlsFiles, TurnedAway,
};

use super::registry::catalogue_of;
use crate::world::{TEMPLATE, World, until};

/// Both versions of TLS that rustls speaks.
pub const TLS_12: &[&SupportedProtocolVersion] = &[&rustls::version::TLS12];
pub const TLS_13: &[&SupportedProtocolVersion] = &[&rustls::version::TLS13];

/// A client's side of TLS that trusts the authority in `authority`, shows the certificate in `identity`, and offers `alpn`.
pub fn client(
    authority: &Path,
    identity: Option<&TlsFiles>,
    versions: &[&'static SupportedProtocolVersion],
    alpn: &[u8],
) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(authority).unwrap()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(versions)
        .unwrap()
        .with_root_certificates(roots);
    let mut config = match identity {
        None => config.with_no_client_auth(),
        Some(files) => {
            let chain = CertificateDer::pem_file_iter(&files.certificate).unwrap().collect::<Result<_, _>>().unwrap();
            config.with_client_auth_cert(chain, PrivateKeyDer::from_pem_file(&files.key).unwrap()).unwrap()
        }
    };
    config.alpn_protocols = vec![alpn.to_vec()];
    Arc::new(config)
}

/// A connection to the world's port.
pub async fn channel(world: &World, tls: Arc<ClientConfig>) -> Result<Channel, tonic::transport::Error> {
    let address = world.address().to_owned();
    let connector = tower::service_fn(move |_: Uri| {
        let (address, tls) = (address.clone(), Arc::clone(&tls));
        async move {
            let tcp = TcpStream::connect(address).await?;
            let name = ServerName::try_from(COORDINATOR_NAME).map_err(std::io::Error::other)?;
            TlsConnector::from(tls).connect(name, tcp).await.map(TokioIo::new)
        }
    });
    Endpoint::from_shared(format!("http://{}", world.address())).unwrap().connect_with_connector(connector).await
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct OrdersRequest {
    #[prost(string, tag = "1")]
    pub software: String,
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct DispatchMessage {
    #[prost(bytes = "vec", tag = "1")]
    pub order: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    pub template: Vec<u8>,
    #[prost(bytes = "vec", repeated, tag = "3")]
    pub lookups: Vec<Vec<u8>>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct OutcomeMessage {
    #[prost(string, tag = "1")]
    pub order_id: String,
    #[prost(bytes = "vec", optional, tag = "2")]
    pub release: Option<Vec<u8>>,
    #[prost(bytes = "vec", optional, tag = "3")]
    pub refusal: Option<Vec<u8>>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct ReceiptMessage {
    #[prost(int32, tag = "1")]
    pub acknowledged: i32,
}

/// What the door says to an outcome.
pub const TAKEN: i32 = 1;
pub const TOO_LATE: i32 = 2;
pub const REJECTED: i32 = 3;

/// Something at the providers' door that is no node of ours.
pub struct FalseNode(Grpc<Channel>);

impl FalseNode {
    /// Connects with a provider's own certificate, as its node would.
    pub async fn of(world: &World, code: &str) -> Self {
        let files = world.tls(&world.folder.provider(code));
        let tls = client(&files.authority, Some(&files), TLS_13, b"h2");
        Self::over(until("the port answers", async || channel(world, Arc::clone(&tls)).await.ok()).await)
    }

    pub fn over(channel: Channel) -> Self {
        Self(Grpc::new(channel))
    }

    /// The stream of orders.
    pub async fn orders(&mut self) -> Result<BoxStream<'static, Dispatch>, Status> {
        self.0.ready().await.map_err(|_| Status::unavailable("not ready"))?;
        let request = tonic::Request::new(OrdersRequest { software: "false".to_owned() });
        let codec = ProstCodec::<OrdersRequest, DispatchMessage>::default();
        let path = PathAndQuery::from_static("/tallyward.v1.Link/Orders");
        let orders = self.0.server_streaming(request, path, codec).await?.into_inner();
        let dispatches = orders.filter_map(|message| async move {
            let DispatchMessage { order, template, lookups } = message.ok()?;
            Some(Dispatch { order, template, lookups, ..Dispatch::default() })
        });
        Ok(dispatches.boxed())
    }

    /// Submits an outcome, of any bytes, for an order of any name.
    pub async fn submit(&mut self, order: &str, outcome: Outcome) -> Result<i32, Status> {
        self.0.ready().await.map_err(|_| Status::unavailable("not ready"))?;
        let (release, refusal) = match outcome {
            Outcome::Release(bytes) => (Some(bytes), None),
            Outcome::Refusal(bytes) => (None, Some(bytes)),
        };
        let request = tonic::Request::new(OutcomeMessage { order_id: order.to_owned(), release, refusal });
        let codec = ProstCodec::<OutcomeMessage, ReceiptMessage>::default();
        let path = PathAndQuery::from_static("/tallyward.v1.Link/Submit");
        Ok(self.0.unary(request, path, codec).await?.into_inner().acknowledged)
    }
}

/// A coordinator whose every word the test decides. It has whatever keys the test gives it.
pub struct FalseCoordinator {
    dispatches: mpsc::Sender<Dispatch>,
    outcomes: mpsc::Receiver<(OrderId, Outcome)>,
    task: tokio::task::JoinHandle<std::io::Result<()>>,
}

/// What a false coordinator says of catalogue and checkpoints; the test may change it at any time.
#[derive(Default)]
pub struct Served {
    pub roots: Vec<Vec<u8>>,
    pub catalogue: Option<Vec<u8>>,
    pub documents: BTreeMap<Digest, Vec<u8>>,
    /// Whether documents are asked for in vain: the connection stands, and nothing comes.
    pub stalls: bool,
    /// Asked for the catalogue, and for documents.
    pub asked: (usize, usize),
    /// Who signs checkpoints, where anybody does.
    pub witness: Option<SigningKey>,
    /// What is said in place of a countersignature.
    pub conflict: Option<Vec<u8>>,
    /// The coordinator's own checkpoint.
    pub own: Option<Vec<u8>>,
    pub countersigned: Vec<Vec<u8>>,
    pub witnessed: Vec<Vec<u8>>,
    /// How long news of the catalogue take.
    pub delay: std::time::Duration,
}

impl Served {
    /// A good catalogue of version 5, which lists the world's template, with its envelope.
    pub fn template_of(world: &World) -> Self {
        let template = world.guardians.sign_template(TEMPLATE).to_bytes();
        let key = SigningKey::from_pkcs8(&world.keys.catalogue).unwrap();
        let catalogue = catalogue_of(&template).sign(&[&key]).to_bytes();
        let documents = BTreeMap::from([(Digest::of(&template), template)]);
        Self { catalogue: Some(catalogue), documents, ..Self::default() }
    }
}

struct Doors {
    served: Arc<std::sync::Mutex<Served>>,
    dispatches: Arc<Mutex<mpsc::Receiver<Dispatch>>>,
    outcomes: mpsc::Sender<(OrderId, Outcome)>,
}

impl FalseCoordinator {
    /// Takes the world's port, with the certificate of its coordinator, and serves a good catalogue of its template.
    pub fn start(world: &World) -> Self {
        Self::serving(world, Arc::new(std::sync::Mutex::new(Served::template_of(world))))
    }

    /// Takes the port of the world's own coordinator, which has stopped, and has no catalogue.
    pub async fn instead_of(world: &World) -> Self {
        let listener =
            until("the coordinator's port is free", async || TcpListener::bind(world.address()).await.ok()).await;
        Self::on(listener, world, Arc::default())
    }

    /// [`Self::start`] with a catalogue and checkpoints to speak of.
    pub fn serving(world: &World, served: Arc<std::sync::Mutex<Served>>) -> Self {
        Self::on(world.take_listener().expect("the world's coordinator does not run"), world, served)
    }

    fn on(listener: TcpListener, world: &World, served: Arc<std::sync::Mutex<Served>>) -> Self {
        let tls = ServerTls::load(&world.tls(&world.folder.coordinator())).unwrap();
        let (dispatches, waiting) = mpsc::channel(64);
        let (heard, outcomes) = mpsc::channel(64);
        let doors = Arc::new(Doors { served, dispatches: Arc::new(Mutex::new(waiting)), outcomes: heard });
        let task = tokio::spawn(wire::serve(
            listener,
            tls,
            wire::Doors { link: Arc::clone(&doors), desk: Arc::clone(&doors), governance: doors },
            std::future::pending(),
        ));
        Self { dispatches, outcomes, task }
    }

    pub async fn send(&self, dispatch: Dispatch) {
        self.dispatches.send(dispatch).await.unwrap();
    }

    /// The next outcome that a node submits.
    pub async fn outcome(&mut self) -> (OrderId, Outcome) {
        let longest = std::time::Duration::from_secs(30);
        tokio::time::timeout(longest, self.outcomes.recv()).await.expect("a node answers").unwrap()
    }
}

impl Drop for FalseCoordinator {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl LinkDoor for Doors {
    async fn orders(&self, _provider: ProviderCode) -> Result<BoxStream<'static, Dispatch>, TurnedAway> {
        let waiting = Arc::clone(&self.dispatches);
        Ok(stream::unfold(waiting, |waiting| async move {
            let dispatch = waiting.lock().await.recv().await?;
            Some((dispatch, waiting))
        })
        .boxed())
    }

    async fn catalogue(&self, _: ProviderCode, known: KnownCatalogue) -> Result<CatalogueNews, TurnedAway> {
        let delay = self.served.lock().unwrap().delay;
        tokio::time::sleep(delay).await;
        let mut served = self.served.lock().unwrap();
        served.asked.0 += 1;
        let catalogue = served.catalogue.clone().ok_or_else(|| TurnedAway::NotFound("nothing".to_owned()))?;
        let same = known.catalogue.is_some_and(|(_, digest)| digest == Digest::of(&catalogue));
        if same && served.roots.is_empty() {
            return Ok(CatalogueNews::Unchanged);
        }
        Ok(CatalogueNews::Changed { roots: served.roots.clone(), catalogue })
    }

    async fn fetch(&self, _: ProviderCode, digest: Digest) -> Result<Vec<u8>, TurnedAway> {
        let stalls = {
            let mut served = self.served.lock().unwrap();
            served.asked.1 += 1;
            served.stalls
        };
        if stalls {
            std::future::pending::<()>().await;
        }
        let served = self.served.lock().unwrap();
        served.documents.get(&digest).cloned().ok_or_else(|| TurnedAway::NotFound("nothing".to_owned()))
    }

    async fn countersign(&self, _: ProviderCode, checkpoint: Vec<u8>) -> Result<Countersigned, TurnedAway> {
        let mut served = self.served.lock().unwrap();
        served.countersigned.push(checkpoint.clone());
        let verdict = match (&served.conflict, &served.witness) {
            (Some(conflict), _) => CheckpointVerdict::Conflict(conflict.clone()),
            (None, Some(witness)) => {
                let mut envelope = Envelope::parse(&checkpoint).unwrap();
                let payload = envelope.unverified_payload().to_vec();
                assert!(envelope.absorb(&Envelope::sign(PayloadType::Checkpoint, payload, &[witness])));
                CheckpointVerdict::Countersigned(envelope.to_bytes())
            }
            (None, None) => return Err(TurnedAway::Failed),
        };
        Ok(Countersigned { verdict, coordinator: served.own.clone() })
    }

    async fn witnessed(&self, _: ProviderCode, checkpoint: Vec<u8>) -> Result<(), TurnedAway> {
        self.served.lock().unwrap().witnessed.push(checkpoint);
        Ok(())
    }

    async fn outcome(
        &self,
        _provider: ProviderCode,
        order: OrderId,
        outcome: Outcome,
    ) -> Result<Acknowledged, TurnedAway> {
        self.outcomes.send((order, outcome)).await.map_err(|_| TurnedAway::Failed)?;
        Ok(Acknowledged::Taken)
    }
}

impl wire::GovernanceDoor for Doors {}

impl DeskDoor for Doors {
    async fn templates(&self, _: AnalystName) -> Result<TemplateList, TurnedAway> {
        Err(TurnedAway::Failed)
    }
    async fn ask(&self, _: AnalystName, _: Ask, _: Option<Vec<u8>>) -> Result<RunId, TurnedAway> {
        Err(TurnedAway::Failed)
    }
    async fn watch(&self, _: AnalystName, _: RunId) -> Result<BoxStream<'static, Progress>, TurnedAway> {
        Err(TurnedAway::Failed)
    }
    async fn answer(&self, _: AnalystName, _: RunId) -> Result<Answer, TurnedAway> {
        Err(TurnedAway::Failed)
    }
    async fn runs(&self, _: AnalystName) -> Result<Vec<RunSummary>, TurnedAway> {
        Err(TurnedAway::Failed)
    }
    async fn explain(&self, _: AnalystName, _: Ask) -> Result<Explanation, TurnedAway> {
        Err(TurnedAway::Failed)
    }
}
