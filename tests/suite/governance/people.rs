//! A world with its people: guardians and an analyst, each with a folder of their own.

use std::fs;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Duration, Utc};
use cli::Exit;
use demo::region::authority::Subject;
use demo::region::{folder, settings};
use template::{Digest, Envelope, PayloadType, SigningKey, TrustRoot};
use wire::{Answer, Caller, Dispatch, Order, OrderId, Outcome, Refusal, RunId, SiteOutcome, verify_refusal};

use super::command::{Said, tallyward};
use crate::hostile::attacker::FalseCoordinator;
use crate::world::{ANALYST, Running, World, until};

/// Who writes the templates of these tests.
pub const AMARA: &str = "amara.castellan";
/// Who reviews them.
pub const BRYN: &str = "bryn.okafor";
/// Who reviews them, too.
pub const CARYS: &str = "carys.lindqvist";
/// The organisation of the analyst.
pub const ORGANISATION: &str = "Riverside Integrated Care Board";
/// The id of the template that is governed.
pub const ID: &str = "admissions-by-urgency";
/// The agreement under which it runs.
pub const AGREEMENT: &str = "Sharing agreement, schedule 1";

/// A world in which everybody has a seat.
pub struct People {
    pub world: World,
}

impl People {
    /// A world whose guardians have certificates, keys and settings, and whose analyst has a certificate and settings.
    pub async fn new() -> Self {
        let people = Self { world: World::new().await };
        let bytes = fs::read(people.world.folder.trust_root()).unwrap();
        let root = TrustRoot::pinned(&bytes, people.world.trust_root).unwrap();
        for (name, key) in &people.world.keys.guardians {
            let organisation = &root.person(&name.parse().unwrap()).unwrap().organisation;
            people.seat(name, organisation, key);
        }
        let place = people.world.folder.analyst();
        people.settings(&place, "../", ANALYST, ORGANISATION);
        people
    }

    /// Such a world whose coordinator and nodes run, and in which the analyst is enrolled and the agreement in force.
    pub async fn at_work(nodes: &[&str]) -> (Self, Running, Running) {
        let people = Self::new().await;
        let coordinator = people.world.start_coordinator().await;
        let nodes = people.world.start_nodes(nodes).await;
        people.settle().await;
        (people, coordinator, nodes)
    }

    /// Gives somebody of the trust root a folder with a certificate, a key and settings.
    pub fn seat(&self, name: &str, organisation: &str, key: &[u8]) {
        let place = self.place(name);
        self.world.certify(&place, &Subject::Caller(Caller::Guardian(name.parse().unwrap())));
        folder::write_private(&place.join("signing.key"), key).unwrap();
        self.settings(&place, "../../", name, organisation);
    }

    fn settings(&self, place: &Path, root: &str, name: &str, organisation: &str) {
        let text = format!(
            r#"{head}signing_key = "signing.key"
name = "{name}"
organisation = "{organisation}"
coordinator_key = "{key}"
trust_root = "{trust_root}"
"#,
            head = settings::settings(self.world.address(), root),
            key = self.world.order_key().public(),
            trust_root = self.world.trust_root,
        );
        folder::write(&place.join("tallyward.toml"), text).unwrap();
    }

    /// A guardian's folder.
    pub fn place(&self, name: &str) -> PathBuf {
        self.world.folder.guardians().join(name)
    }

    /// The analyst's settings.
    pub fn analyst(&self) -> PathBuf {
        self.world.folder.analyst().join("tallyward.toml")
    }

    /// Runs `tallyward` as a guardian.
    pub async fn guardian(&self, name: &str, arguments: &[&str]) -> Said {
        tallyward(&self.place(name).join("tallyward.toml"), arguments).await
    }

    /// Runs `tallyward` as the analyst.
    pub async fn ask_as_analyst(&self, arguments: &[&str]) -> Said {
        tallyward(&self.analyst(), arguments).await
    }

    /// Asks the governed template over the whole of the records, as JSON.
    pub async fn asks(&self, more: &[&str]) -> Said {
        let question = ["run", ID, "--param", "from=2024-04", "--param", "to=2025-03", "--purpose", "Plan beds"];
        self.ask_as_analyst(&[&question[..], &["--format", "json"], more].concat()).await
    }

    /// Has two guardians sign a document of this kind, and one publish it. Returns the envelope's file.
    pub async fn publishes(&self, kind: &str, json: &str) -> PathBuf {
        self.publishes_by([AMARA, BRYN], kind, json).await
    }

    /// [`Self::publishes`], by these guardians.
    pub async fn publishes_by(&self, [first, second]: [&str; 2], kind: &str, json: &str) -> PathBuf {
        let written = self.world.root().join(format!("{kind}.json"));
        let signed = self.world.root().join(format!("{kind}.dsse.json"));
        fs::write(&written, json).unwrap();
        self.signs(first, kind, &written, &signed).await;
        self.signs(second, kind, &signed, &signed).await;
        let signed_text = signed.display().to_string();
        self.guardian(second, &["documents", "publish", &signed_text])
            .await
            .ends(Exit::Complete)
            .tells(&["published:"]);
        signed
    }

    /// Has one guardian sign a document, or add a signature to an envelope.
    pub async fn signs(&self, name: &str, kind: &str, from: &Path, to: &Path) {
        let bytes = fs::read(from).unwrap();
        let digest = match Envelope::parse(&bytes) {
            Ok(envelope) => envelope.payload_digest(),
            Err(_) => Digest::of(&bytes),
        };
        let (from, to, digest) = (from.display().to_string(), to.display().to_string(), digest.to_string());
        let arguments = ["documents", "sign", kind, &from, "--output", &to, "--yes", "--digest", &digest];
        self.guardian(name, &arguments).await.ends(Exit::Complete);
    }

    /// Enrols the analyst, who audits, too, with this key.
    pub async fn enrols(&self, version: u64, key: &str) -> PathBuf {
        self.publishes("enrolment", &enrolment(version, key)).await
    }

    /// Publishes the agreement, which ends so many days from now.
    pub async fn agrees(&self, version: u64, days: i64) -> PathBuf {
        self.publishes("agreements", &agreements(version, days)).await
    }

    /// The analyst makes a key and is enrolled with it, under an agreement that lasts.
    pub async fn settle(&self) {
        let file = self.world.folder.analyst().join("signing.key");
        let made = self.ask_as_analyst(&["keys", "new", &file.display().to_string()]).await.ends(Exit::Complete);
        self.enrols(1, made.out.trim()).await;
        self.agrees(1, 100).await;
    }

    /// The analyst's enrolment and the agreement are signed anew by these guardians, in their second versions.
    pub async fn settle_anew(&self, by: [&str; 2]) {
        let file = self.world.folder.analyst().join("signing.key");
        let shown = self.ask_as_analyst(&["keys", "show", &file.display().to_string()]).await.ends(Exit::Complete);
        self.publishes_by(by, "enrolment", &enrolment(2, shown.out.trim())).await;
        self.publishes_by(by, "agreements", &agreements(2, 100)).await;
    }

    /// Has a template proposed by its author and approved by the two others. Returns its digest.
    pub async fn approves(&self, toml: &str) -> String {
        let digest = self.proposes(toml).await;
        for name in [BRYN, CARYS] {
            let view = ["review", &digest, "--approve", "--because", "as agreed", "--yes", "--digest", &digest];
            self.guardian(name, &view).await.ends(Exit::Complete);
            self.guardian(name, &["sign", &digest, "--yes", "--digest", &digest]).await.ends(Exit::Complete);
        }
        digest
    }

    /// Has a template proposed by its author. Returns its digest.
    pub async fn proposes(&self, toml: &str) -> String {
        let (file, digest) = self.draft(toml);
        let arguments = ["propose", &file, "--why", "beds are short", "--yes", "--digest", &digest];
        self.guardian(AMARA, &arguments).await.ends(Exit::Complete).tells(&["proposed:"]);
        digest
    }

    /// Writes a draft: its file and its digest.
    pub fn draft(&self, toml: &str) -> (String, String) {
        let digest = Digest::of(toml.as_bytes()).to_string();
        let file = self.world.root().join(format!("draft-{}.toml", &digest[..8]));
        fs::write(&file, toml).unwrap();
        (file.display().to_string(), digest)
    }

    /// Waits until the audit of each of these providers, read while its node runs, holds all these words in one row.
    pub async fn noted(&self, codes: &[&str], words: &[&str]) {
        for code in codes {
            let config = self.world.node_config(code);
            until(&format!("the audit of {code} says {words:?}"), async || {
                let audit = node::Audit::read(&config, &node::Part::All).ok()?;
                let rows = audit.export(node::Format::JsonLines).ok()?;
                rows.lines().any(|row| words.iter().all(|word| row.contains(word))).then_some(())
            })
            .await;
        }
    }

    /// The digest of the newest catalogue's envelope, as the coordinator's store has it.
    pub fn newest_catalogue(&self) -> String {
        let store = self.world.folder.coordinator().join("store.sqlite");
        let store = rusqlite::Connection::open_with_flags(store, rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
        let newest = "select envelope from governance where kind = 'catalogue' order by n desc limit 1";
        let envelope: Vec<u8> = store.query_row(newest, [], |row| row.get(0)).unwrap();
        Digest::of(&envelope).to_string()
    }

    /// A template as these guardians sign it, whatever anybody else says of it.
    pub fn signed(&self, toml: &str, names: &[&str]) -> Vec<u8> {
        let keys: Vec<SigningKey> = names.iter().map(|name| self.key(name)).collect();
        let signers: Vec<&SigningKey> = keys.iter().collect();
        Envelope::sign(PayloadType::Template, toml.as_bytes().to_vec(), &signers).to_bytes()
    }

    /// What a node says to a good order with this template from whoever has the coordinator's key; nothing where it
    /// releases figures.
    pub async fn ordered(
        &self,
        coordinator: &mut FalseCoordinator,
        code: &str,
        template: &[u8],
        at: DateTime<Utc>,
    ) -> Option<Refusal> {
        let issued_at = DateTime::from_timestamp(at.timestamp(), 0).unwrap();
        let months = [("from", "2024-04"), ("to", "2025-03")];
        let order = Order {
            id: OrderId::random().unwrap(),
            run: RunId::random().unwrap(),
            provider: code.parse().unwrap(),
            template: Envelope::parse(template).unwrap().payload_digest(),
            parameters: months.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec(),
            purpose: "Plan beds".to_owned(),
            analyst: ANALYST.parse().unwrap(),
            request: None,
            issued_at,
            expires_at: issued_at + Duration::minutes(1),
        };
        let bytes = order.sign(&self.world.order_key()).bytes().to_vec();
        coordinator.send(Dispatch { order: bytes, template: template.to_vec(), ..Dispatch::default() }).await;
        match coordinator.outcome().await {
            (named, Outcome::Refusal(envelope)) => {
                assert_eq!(named, order.id);
                let own = self.world.provider_key(code).public();
                Some(verify_refusal(&envelope, &own, &named, &code.parse().unwrap()).unwrap())
            }
            (_, Outcome::Release(_)) => None,
        }
    }

    /// A guardian's key.
    pub fn key(&self, name: &str) -> SigningKey {
        let keys = &self.world.keys.guardians;
        let (_, document) = keys.iter().find(|(known, _)| *known == name).unwrap();
        SigningKey::from_pkcs8(document).unwrap()
    }
}

/// An enrolment of the analyst, who audits, too.
fn enrolment(version: u64, key: &str) -> String {
    format!(
        r#"{{"version":{version},"analysts":[{{"name":"{ANALYST}","organisation":"{ORGANISATION}","keys":["{key}"]}}],
            "auditors":["{ANALYST}"]}}"#
    )
}

/// The agreement, which ends so many days from now.
fn agreements(version: u64, days: i64) -> String {
    let today = Utc::now().date_naive();
    let (starts, expires) = (today - Duration::days(100), today + Duration::days(days));
    format!(
        r#"{{"version":{version},"agreements":[{{"id":"{AGREEMENT}","title":"Planning","parties":["Everybody"],
            "starts":"{starts}","expires":"{expires}"}}]}}"#
    )
}

/// The governed template in its first version, by one of the guardians.
pub fn first_version() -> String {
    let template = crate::world::TEMPLATE;
    let edits = [("admissions-by-group", ID), ("Admissions by group", "Admissions by urgency"), ("Dee Author", AMARA)];
    edits.iter().fold(template.to_owned(), |text, (from, to)| {
        assert_eq!(text.matches(from).count(), 1, "{from}");
        text.replace(from, to)
    })
}

/// What came of each asked site, by the JSON that the command printed.
pub fn outcomes(said: &Said) -> Vec<(String, SiteOutcome)> {
    let answer: Answer = serde_json::from_str(&said.out).unwrap();
    answer.sites.iter().map(|site| (site.provider.to_string(), site.outcome)).collect()
}
