//! A small region in a temporary folder.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use chrono::{DateTime, Duration, Utc};
use coordinator::{Clock, Config, Coordinator, NoSteps, Steps};
use disclosure::{Column, Coverage, Public, Tally, protect};
use futures::StreamExt as _;
use futures::stream::BoxStream;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, SanType};
use tempfile::TempDir;
use template::{
    Digest, Document as _, Envelope, PayloadType, PersonDocument, ProviderKind, PublicKey, Query, RootDocument,
    SigningKey, TrustRoot,
};
use wire::{
    AnalystName, Answer, Ask, Caller, DeskDoor as _, Dispatch, Header, LinkDoor as _, OptOuts, Order, OrderId, Outcome,
    ParameterValue, ProviderCode, Refusal, RestrictedCodes, RunId, SiteOutcome, SnapshotId, Statement, TlsFiles,
    VerifiedOrder,
};

/// Stays in hospital, by month.
pub const TEMPLATE: &str = include_str!("emergency-stays.toml");

/// A clock that stands until it is moved.
#[derive(Clone)]
pub struct Hands(Arc<Mutex<DateTime<Utc>>>);

impl Hands {
    pub fn forward(&self, seconds: i64) {
        *self.0.lock().unwrap() += Duration::seconds(seconds);
    }
}

impl Clock for Hands {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap()
    }
}

/// A folder with all that a coordinator reads, and the providers of its region.
pub struct Region {
    pub folder: TempDir,
    pub nodes: Vec<Node>,
    pub clock: Hands,
    pub guardians: Vec<SigningKey>,
    /// Carys, who writes templates and whose own signature does not count for them.
    pub author: SigningKey,
    issuer: Issuer<'static, KeyPair>,
}

pub fn key() -> SigningKey {
    SigningKey::from_pkcs8(&SigningKey::generate().unwrap()).unwrap()
}

pub fn ada() -> AnalystName {
    "ada".parse().unwrap()
}

impl Region {
    /// A region with that many hospitals, where the template above is approved.
    pub fn new(hospitals: usize) -> Self {
        let nodes = (0..hospitals).map(|n| Node::new(&format!("RZ{n:02}"), ProviderKind::Hospital)).collect();
        let now = "2026-05-01T09:00:00Z".parse().unwrap();
        let mut authority = CertificateParams::new(Vec::new()).unwrap();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority_key = KeyPair::generate().unwrap();
        let certificate = authority.self_signed(&authority_key).unwrap().pem();
        let region = Self {
            issuer: Issuer::new(authority, authority_key),
            folder: tempfile::tempdir().unwrap(),
            nodes,
            clock: Hands(Arc::new(Mutex::new(now))),
            guardians: vec![key(), key()],
            author: key(),
        };
        std::fs::write(region.path("authority.pem"), certificate).unwrap();
        region.write_keys();
        for folder in ["templates", "lookups"] {
            std::fs::create_dir(region.path(folder)).unwrap();
        }
        region.approve("emergency-stays", TEMPLATE);
        region.write_roster();
        std::fs::write(region.path("coordinator.toml"), region.configuration()).unwrap();
        region
    }

    /// A region whose coordinator takes nothing after a run's deadline.
    pub fn strict(hospitals: usize) -> Self {
        let region = Self::new(hospitals);
        let text = region.configuration().replace("limits = {", "limits = { late_s = 0,");
        std::fs::write(region.path("coordinator.toml"), text).unwrap();
        region
    }

    /// A region whose coordinator issues catalogues.
    pub fn governed(hospitals: usize) -> Self {
        let region = Self::new(hospitals);
        let with = region.configuration() + "[catalogue]\nkey = \"catalogue.pk8\"\n";
        std::fs::write(region.path("coordinator.toml"), with).unwrap();
        region
    }

    /// The time by the region's clock.
    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The configuration as written.
    pub fn configuration(&self) -> String {
        let digest = self.root().digest();
        format!(
            r#"
listen = "127.0.0.1:0"
roster = "roster.toml"
templates = "templates"
lookups = "lookups"
store = "coordinator.sqlite"
signing_key = "coordinator.pk8"
tls = {{ certificate = "certificate.pem", key = "key.pem", authority = "authority.pem" }}
trust_root = {{ file = "root.json", sha256 = "{digest}" }}
limits = {{ deadline_s = 60, open_runs = 4, open_runs_per_analyst = 3 }}
[[analyst]]
name = "ada"
organisation = "Riverside Integrated Care Board"
[[analyst]]
name = "bea"
organisation = "Council of Eastholme"
"#
        )
    }

    pub fn config(&self) -> Config {
        Config::read(&self.path("coordinator.toml")).unwrap()
    }

    pub fn open(&self) -> Coordinator {
        self.open_with(NoSteps)
    }

    /// Opens a coordinator once the one before it has let go of the store.
    pub fn open_with(&self, steps: impl Steps + Clone) -> Coordinator {
        let started = std::time::Instant::now();
        loop {
            match Coordinator::open_at(self.config(), steps.clone(), self.clock.clone()) {
                Ok(coordinator) => return coordinator,
                Err(error) => {
                    assert!(started.elapsed().as_secs() < 10, "{error}");
                    std::thread::yield_now();
                }
            }
        }
    }

    pub fn root(&self) -> TrustRoot {
        let bytes = std::fs::read(self.path("root.json")).unwrap();
        TrustRoot::pinned(&bytes, Envelope::parse(&bytes).unwrap().payload_digest()).unwrap()
    }

    /// A trust root of both guardians, signed by them, in which `catalogue` signs catalogues.
    pub fn signed_root(&self, catalogue: &SigningKey) -> Vec<u8> {
        let person = |name: &str, key: &SigningKey| PersonDocument {
            name: name.parse().unwrap(),
            organisation: format!("Of {name}"),
            position: "Caldicott guardian".to_owned(),
            keys: vec![key.public()],
        };
        let [amara, bryn] = [&self.guardians[0], &self.guardians[1]];
        let people = vec![person("amara", amara), person("bryn", bryn), person("carys", &self.author)];
        let expires = "2030-01-01T00:00:00Z".parse().unwrap();
        let root = RootDocument::of_equals(1, expires, people, person("catalogue", catalogue));
        root.sign(&[amara, bryn]).to_bytes()
    }

    /// The envelope of a template that both guardians signed.
    pub fn signed(&self, toml: &str) -> Vec<u8> {
        let keys: Vec<&SigningKey> = self.guardians.iter().collect();
        Envelope::sign(PayloadType::Template, toml.as_bytes().to_vec(), &keys).to_bytes()
    }

    pub fn approve(&self, name: &str, toml: &str) {
        std::fs::write(self.path("templates").join(format!("{name}.template.dsse.json")), self.signed(toml)).unwrap();
    }

    pub fn approve_lookup(&self, name: &str, json: &str) {
        let keys: Vec<&SigningKey> = self.guardians.iter().collect();
        let envelope = Envelope::sign(PayloadType::Lookup, json.as_bytes().to_vec(), &keys);
        std::fs::write(self.path("lookups").join(format!("{name}.lookup.dsse.json")), envelope.to_bytes()).unwrap();
    }

    pub fn write_roster(&self) {
        let entry = |node: &Node| {
            let (code, kind, key) = (&node.code, node.kind, node.key.public());
            format!("[[provider]]\ncode = \"{code}\"\nname = \"Hospital {code}\"\nkind = \"{kind}\"\nkey = \"{key}\"\n")
        };
        std::fs::write(self.path("roster.toml"), self.nodes.iter().map(entry).collect::<String>()).unwrap();
    }

    /// The files of a caller's certificate, issued by the region's authority.
    pub fn enrol(&self, caller: &Caller) -> TlsFiles {
        let name = caller.uri().replace(':', "-");
        let files = TlsFiles {
            certificate: self.path(&format!("{name}.pem")),
            key: self.path(&format!("{name}.key.pem")),
            authority: self.path("authority.pem"),
        };
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.subject_alt_names = vec![SanType::URI(caller.uri().try_into().unwrap())];
        std::fs::write(&files.certificate, params.signed_by(&key, &self.issuer).unwrap().pem()).unwrap();
        std::fs::write(&files.key, key.serialize_pem()).unwrap();
        files
    }

    fn write_keys(&self) {
        let write = |name: &str, bytes: &[u8]| {
            std::fs::write(self.path(name), bytes).unwrap();
            private(&self.path(name));
        };
        write("coordinator.pk8", &SigningKey::generate().unwrap());
        let catalogue = SigningKey::generate().unwrap();
        write("catalogue.pk8", &catalogue);
        write("root.json", &self.signed_root(&SigningKey::from_pkcs8(&catalogue).unwrap()));
        let server_key = KeyPair::generate().unwrap();
        let server = CertificateParams::new(vec!["coordinator.example".to_owned()]).unwrap();
        write("certificate.pem", server.signed_by(&server_key, &self.issuer).unwrap().pem().as_bytes());
        write("key.pem", server_key.serialize_pem().as_bytes());
    }
}

fn private(path: &Path) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
    }
    #[cfg(not(unix))]
    let _ = path;
}

/// A question about the template above, over two months.
pub fn ask() -> Ask {
    let value = |name: &str, value: &str| ParameterValue { name: name.into(), value: value.into() };
    Ask {
        template: "emergency-stays".into(),
        version: None,
        parameters: vec![value("from", "2024-04"), value("to", "2024-05")],
        purpose: "plan the winter".into(),
        deadline_s: None,
        grouping: None,
    }
}

/// A provider whose records are invented.
pub struct Node {
    pub code: ProviderCode,
    pub kind: ProviderKind,
    pub key: Arc<SigningKey>,
    /// How many releases its ledger holds.
    pub ledger: Arc<AtomicU64>,
}

/// An order that a provider took from its stream.
pub struct Taken {
    pub order: VerifiedOrder,
    pub query: Query,
}

impl Taken {
    pub fn id(&self) -> OrderId {
        self.order.order().id
    }
}

impl Node {
    pub fn new(code: &str, kind: ProviderKind) -> Self {
        Self { code: code.parse().unwrap(), kind, key: Arc::new(key()), ledger: Arc::default() }
    }

    pub async fn connect(&self, coordinator: &Coordinator) -> BoxStream<'static, Dispatch> {
        coordinator.orders(self.code.clone()).await.unwrap()
    }

    /// Connects, takes one order and checks it as a node would.
    pub async fn take(&self, coordinator: &Coordinator) -> Taken {
        taken(coordinator, self.connect(coordinator).await.next().await.unwrap())
    }

    /// Connects, takes one order and answers it with a release of forty people in each month.
    pub async fn answer(&self, coordinator: &Coordinator) {
        let taken = self.take(coordinator).await;
        let release = Outcome::Release(self.release(&taken, [40, 40]));
        self.submit(coordinator, taken.id(), release).await;
    }

    /// A signed release of so many people in April and in May, each with one stay of two days.
    pub fn release(&self, taken: &Taken, people: [u32; 2]) -> Vec<u8> {
        let query = &taken.query;
        let mut tally = Tally::new(query.domain(), query.measures()).unwrap();
        for (month, people) in (0u32..).zip(people) {
            let persons: Vec<u32> = (0..people).map(|person| 1000 * month + person).collect();
            let days = vec![200; persons.len()];
            tally.add(&vec![month; persons.len()], &persons, &[Column::Full(&days)]).unwrap();
        }
        let coverage = Coverage::whole(query.domain());
        let public = Public::nothing(query.domain(), query.measures());
        let protected =
            protect(tally.finish().unwrap(), query.domain(), query.measures(), &query.policy(), &coverage, &public)
                .unwrap();
        Statement::new(self.header(taken), &protected).sign(&self.key).bytes().to_vec()
    }

    pub fn refusal(&self, taken: &Taken, refusal: Refusal) -> Vec<u8> {
        let now = "2026-05-01T09:00:00Z".parse().unwrap();
        refusal.sign(taken.id(), &self.code, &self.key, now).bytes().to_vec()
    }

    fn header(&self, taken: &Taken) -> Header {
        let (order, query) = (taken.order.order(), &taken.query);
        Header {
            order: order.id,
            order_digest: taken.order.digest(),
            provider: self.code.clone(),
            kind: self.kind,
            fingerprint: query.fingerprint(&[]),
            template_id: query.template().id.clone(),
            template_version: query.template().version,
            template: query.template_digest(),
            parameters: query.parameters().map(|(p, value)| (p.name.clone(), value.to_string())).collect(),
            lookups: vec![],
            snapshot: SnapshotId::random().unwrap(),
            as_at: "2026-04-30T23:00:00Z".parse().unwrap(),
            opt_outs: OptOuts::National,
            opt_outs_as_of: vec![],
            restricted: RestrictedCodes { version: 1, additions_sha256: None },
            sequence: self.ledger.fetch_add(1, Ordering::SeqCst) + 1,
            previous_head: Digest::of(b"genesis"),
            made_at: "2026-05-01T09:00:00Z".parse().unwrap(),
        }
    }

    pub async fn submit(&self, coordinator: &Coordinator, order: OrderId, outcome: Outcome) -> wire::Acknowledged {
        coordinator.outcome(self.code.clone(), order, outcome).await.unwrap()
    }
}

pub fn taken(coordinator: &Coordinator, dispatch: Dispatch) -> Taken {
    let config = coordinator.config();
    checked(&config.signing_key.public(), &config.trust_root, &dispatch)
}

/// An order as a node checks it against what it pinned.
pub fn checked(public: &PublicKey, root: &TrustRoot, dispatch: &Dispatch) -> Taken {
    let order = Order::verify(&dispatch.order, public).unwrap();
    let envelope = Envelope::parse(&dispatch.template).unwrap();
    let approved = root.approve(&envelope, order.order().issued_at).unwrap();
    assert_eq!(approved.digest(), order.order().template);
    let query = Query::bind(Arc::new(approved), &order.order().parameters).unwrap();
    Taken { order, query }
}

/// The answer once the run is closed.
pub async fn answered(coordinator: &Coordinator, run: RunId) -> Answer {
    let mut watching = coordinator.watch(ada(), run).await.unwrap();
    while watching.next().await.is_some() {}
    coordinator.answer(ada(), run).await.unwrap()
}

/// Every site's outcome, in the order of the answer.
pub fn outcomes(answer: &Answer) -> Vec<SiteOutcome> {
    answer.sites.iter().map(|site| site.outcome).collect()
}
