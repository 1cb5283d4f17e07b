//! A small world for tests: four hospitals, their coordinator and an analyst, over real sockets and real files.
//!
//! Everything lies in one temporary folder, as in a region: certificates of an authority of its own, a trust root, a
//! signed template, a configuration for each program. Coordinator and nodes start, stop and start again one by one, in
//! this process or, by their configuration files, as processes of their own. The records hold marks that may appear
//! nowhere else.

mod files;
mod log;
mod records;
mod running;

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard};

use chrono::Utc;
use demo::region::authority::{Authority, COORDINATOR_NAME, Subject};
use demo::region::folder::{self, Folder};
use demo::region::guardians::{Guardians, NewKeys};
use demo::region::settings;
use template::{Digest, Envelope, PublicKey, SigningKey};
use tokio::net::TcpListener;
use wire::{Ask, Caller, ParameterValue, ProviderCode, TlsFiles};

pub use files::{edit, find_marks};
pub use log::{logged, watch_log};
pub use records::{DIAGNOSIS_MARK, GROUPS, HOSPITALS, Hospital, PERSON_MARK, person, spells, table, write_table};
pub use running::{Running, answer_to, closed, until};

/// The analyst of the world.
pub const ANALYST: &str = "ada.analyst";
/// The id of the world's template.
pub const TEMPLATE_ID: &str = "admissions-by-group";
/// The world's template: people and admissions by group of admission. It needs three hospitals.
pub const TEMPLATE: &str = include_str!("template.toml");

/// A world in a folder.
pub struct World {
    root: tempfile::TempDir,
    /// Where everything is.
    pub folder: Folder,
    /// Who issues its certificates.
    pub authority: Authority,
    /// Who approves its templates.
    pub guardians: Guardians,
    /// Their keys, as they keep them.
    pub keys: NewKeys,
    /// The trust root that everybody pinned.
    pub trust_root: Digest,
    address: String,
    // Bound from the beginning, so that nobody else takes the port before the coordinator starts.
    listener: Mutex<Option<TcpListener>>,
}

impl World {
    /// Makes a world; nothing runs yet.
    pub async fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        let folder = Folder::new(root.path());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let authority = Authority::new(Utc::now().date_naive()).unwrap();
        folder::write(&folder.authority().join("certificate.pem"), authority.certificate()).unwrap();
        let (guardians, keys) = Guardians::new().unwrap();
        let trust_root = guardians.trust_root("2099-01-01T00:00:00Z").unwrap();
        folder::write(&folder.trust_root(), trust_root.to_bytes()).unwrap();
        let world = Self {
            root,
            folder,
            authority,
            guardians,
            keys,
            trust_root: trust_root.payload_digest(),
            address,
            listener: Mutex::new(Some(listener)),
        };
        world.certify(&world.folder.analyst(), &Subject::Caller(Caller::Analyst(ANALYST.parse().unwrap())));
        world.certify(&world.folder.coordinator(), &Subject::Coordinator);
        let order_key = SigningKey::generate().unwrap();
        folder::write_private(&world.folder.coordinator().join("signing.key"), order_key).unwrap();
        folder::write_private(&world.folder.coordinator().join("catalogue.key"), &world.keys.catalogue).unwrap();
        let mut roster = String::new();
        for hospital in &HOSPITALS {
            roster += &world.enrol(hospital);
        }
        world.write_coordinator(&roster);
        world.approve(TEMPLATE);
        world
    }

    /// The folder of everything.
    pub fn root(&self) -> &Path {
        self.root.path()
    }

    /// `host:port` of the coordinator.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The listener, if the world still holds it. Dropping it leaves the port to a coordinator in another process.
    pub fn take_listener(&self) -> Option<TcpListener> {
        held(&self.listener).take()
    }

    /// The coordinator's configuration file.
    pub fn coordinator_config(&self) -> PathBuf {
        self.folder.coordinator().join("coordinator.toml")
    }

    /// The coordinator's roster.
    pub fn coordinator_roster(&self) -> PathBuf {
        self.folder.coordinator().join("roster.toml")
    }

    /// A node's configuration file.
    pub fn node_config(&self, code: &str) -> PathBuf {
        self.folder.provider(code).join("node.toml")
    }

    /// Where a node keeps its snapshots and its ledger.
    pub fn node_data(&self, code: &str) -> PathBuf {
        self.folder.provider(code).join("data")
    }

    /// Where a node's records lie before they are frozen.
    pub fn node_table(&self, code: &str, table: &str) -> PathBuf {
        self.folder.provider(code).join("tables").join(format!("{table}.parquet"))
    }

    /// The file of an approved template.
    pub fn template_file(&self, id: &str) -> PathBuf {
        self.folder.coordinator().join("templates").join(format!("{id}.template.dsse.json"))
    }

    /// Lets a node do without a catalogue, so that nothing but its own check of what comes with an order stands in the way.
    pub fn without_catalogue(&self, code: &str) {
        edit(&self.node_config(code), "[limits]", "[governance]\ncatalogue = \"not-used\"\n\n[limits]");
    }

    /// Signs a template by as many guardians as it takes and puts it where the coordinator reads it. Returns the envelope.
    pub fn approve(&self, toml: &str) -> Envelope {
        let envelope = self.guardians.sign_template(toml);
        let id = toml.parse::<toml::Table>().unwrap()["id"].as_str().unwrap().to_owned();
        folder::write(&self.template_file(&id), envelope.to_bytes()).unwrap();
        envelope
    }

    /// The key that signs orders.
    pub fn order_key(&self) -> SigningKey {
        read_key(&self.folder.coordinator().join("signing.key"))
    }

    /// The key that signs a provider's releases.
    pub fn provider_key(&self, code: &str) -> SigningKey {
        read_key(&self.folder.provider(code).join("signing.key"))
    }

    /// A place with certificate and key, and the world's authority.
    pub fn tls(&self, place: &Path) -> TlsFiles {
        TlsFiles {
            certificate: place.join("certificate.pem"),
            key: place.join("key.pem"),
            authority: self.folder.authority().join("certificate.pem"),
        }
    }

    /// Issues a certificate into a folder.
    pub fn certify(&self, place: &Path, subject: &Subject) {
        let issued = self.authority.issue(subject).unwrap();
        folder::write(&place.join("certificate.pem"), issued.certificate).unwrap();
        folder::write_private(&place.join("key.pem"), issued.key).unwrap();
    }

    /// The world's question, over the whole of its records.
    pub fn ask(&self) -> Ask {
        let month = |name: &str, value: &str| ParameterValue { name: name.to_owned(), value: value.to_owned() };
        Ask {
            template: TEMPLATE_ID.to_owned(),
            version: None,
            parameters: vec![month("from", "2024-04"), month("to", "2025-03")],
            purpose: "Plan beds".to_owned(),
            deadline_s: Some(30),
            grouping: None,
        }
    }

    /// Writes a hospital's records, keys and configuration, and makes its ledger. Returns its entry in the roster.
    fn enrol(&self, hospital: &Hospital) -> String {
        let place = self.folder.provider(hospital.code);
        let code: ProviderCode = hospital.code.parse().unwrap();
        self.certify(&place, &Subject::Caller(Caller::Provider(code)));
        write_table(&self.node_table(hospital.code, "person"), &person(hospital));
        write_table(&self.node_table(hospital.code, "hospital_spell"), &spells(hospital));
        let config = place.join("node.toml");
        folder::write(&config, self.node_toml(hospital.code)).unwrap();
        let key: PublicKey = node::init(&config).unwrap().public_key;
        format!(
            "[[provider]]\ncode = \"{code}\"\nname = \"Hospital {code}\"\nkind = \"hospital\"\nkey = \"{key}\"\n",
            code = hospital.code
        )
    }

    fn node_toml(&self, code: &str) -> String {
        format!(
            r#"provider = "{code}"
kind = "hospital"
name = "Hospital {code}"
folder = "data"
signing_key = "signing.key"
population = 5000

[coordinator]
address = "https://{address}"
server_name = "{COORDINATOR_NAME}"
key = "{key}"

[tls]
certificate = "certificate.pem"
key = "key.pem"
authority = "../../authority/certificate.pem"

[trust_root]
file = "../../trust-root.json"
sha256 = "{root}"

[policy]
profile = "nhs-sde"
zeros = "shown"

[limits]
quantum_ms = 1

[sources.person]
parquet = "tables/person.parquet"

[sources.hospital_spell]
parquet = "tables/hospital_spell.parquet"
from = "2023-04-01"
to = "2025-03-31"
"#,
            address = self.address,
            key = self.order_key().public(),
            root = self.trust_root,
        )
    }

    fn write_coordinator(&self, roster: &str) {
        let place = self.folder.coordinator();
        folder::write(&place.join("roster.toml"), roster).unwrap();
        for folder in ["templates", "lookups"] {
            std::fs::create_dir_all(place.join(folder)).unwrap();
        }
        let head = settings::coordinator(&self.address, self.trust_root);
        let organisation = "Riverside Integrated Care Board";
        // Tests ask the same question again and again while hospitals come and go, and look at who answers what.
        let text = format!(
            "compares = \"one-run\"\n{head}\n[limits]\nlate_s = 0\n\n[[analyst]]\nname = \"{ANALYST}\"\norganisation = \
             \"{organisation}\"\n"
        );
        folder::write(&self.coordinator_config(), text).unwrap();
    }
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap()
}

fn read_key(path: &Path) -> SigningKey {
    SigningKey::from_pkcs8(&std::fs::read(path).unwrap()).unwrap()
}
