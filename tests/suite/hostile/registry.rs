//! What a region signs, in the hands of whoever wants to deceive a node with it.

use std::sync::{Arc, Mutex};

use chrono::{DateTime, Duration, Utc};
use template::{
    AgreementDocument, AgreementsDocument, AnalystDocument, CatalogueDocument, Digest, Document as _,
    EnrolmentDocument, Envelope, ListedDocument, ListedTemplate, PersonDocument, PinnedBytes, PublicKey, Role,
    RoleDocument, RootDocument, SigningKey, TemplateStatus,
};
use wire::{Dispatch, Order, Refusal};

use super::attacker::{FalseCoordinator, Served};
use super::orders;
use crate::world::{ANALYST, TEMPLATE, TEMPLATE_ID, World, edit, until};

/// A world whose nodes demand a catalogue, and a coordinator that serves whatever the test puts there.
pub struct Registry {
    pub world: World,
    pub coordinator: FalseCoordinator,
    pub served: Arc<Mutex<Served>>,
    /// The template's envelope.
    pub template: Vec<u8>,
}

/// A whole second, some time from now.
pub fn from_now(time: Duration) -> DateTime<Utc> {
    DateTime::from_timestamp((Utc::now() + time).timestamp(), 0).unwrap()
}

/// The organisation of the world's analyst.
pub const ORGANISATION: &str = "Riverside Integrated Care Board";

impl Registry {
    /// A good catalogue of version 5 is in force, and nothing runs yet. `governance` stands in the node's configuration.
    pub async fn new(governance: &str) -> Self {
        let world = World::new().await;
        let text = format!("[governance]\n{governance}\n\n[limits]");
        edit(&world.node_config("RYA"), "[limits]", &text);
        let template = world.guardians.sign_template(TEMPLATE).to_bytes();
        let served = Arc::new(Mutex::new(Served::template_of(&world)));
        let coordinator = FalseCoordinator::serving(&world, Arc::clone(&served));
        Self { world, coordinator, served, template }
    }

    /// A good catalogue of version 5.
    pub fn catalogue(&self) -> CatalogueDocument {
        catalogue_of(&self.template)
    }

    /// The catalogue's key.
    pub fn catalogue_key(&self) -> SigningKey {
        SigningKey::from_pkcs8(&self.world.keys.catalogue).unwrap()
    }

    /// The guardians' keys.
    pub fn guardians(&self) -> Vec<SigningKey> {
        let keys = self.world.keys.guardians.iter();
        keys.map(|(_, document)| SigningKey::from_pkcs8(document).unwrap()).collect()
    }

    /// Serves a catalogue, signed by its key.
    pub fn serve(&self, catalogue: &CatalogueDocument) {
        self.serve_bytes(catalogue.sign(&[&self.catalogue_key()]).to_bytes());
    }

    pub fn serve_bytes(&self, catalogue: Vec<u8>) {
        self.served.lock().unwrap().catalogue = Some(catalogue);
    }

    /// Serves a document, and says how the catalogue pins it.
    pub fn document(&self, bytes: &[u8]) -> PinnedBytes {
        let pinned = PinnedBytes::of(bytes);
        self.served.lock().unwrap().documents.insert(pinned.sha256, bytes.to_vec());
        pinned
    }

    /// An enrolment of the world's analyst with `keys`, signed by so many guardians, as the catalogue lists it.
    pub fn enrolment(&self, keys: Vec<PublicKey>, signers: usize) -> ListedDocument {
        self.enrolment_by(1, keys, &self.guardians()[..signers])
    }

    /// [`Self::enrolment`] in this version, signed by these.
    pub fn enrolment_by(&self, version: u64, keys: Vec<PublicKey>, signers: &[SigningKey]) -> ListedDocument {
        let analyst = AnalystDocument { name: ANALYST.parse().unwrap(), organisation: ORGANISATION.to_owned(), keys };
        let document = EnrolmentDocument { version, analysts: vec![analyst], auditors: vec![] };
        self.listed_document(version, &document.sign(&signers.iter().collect::<Vec<_>>()))
    }

    /// The agreement of the world's template, ending so many days from now.
    pub fn agreement(&self, days: i64) -> ListedDocument {
        self.agreement_by(1, days, &self.guardians()[..2])
    }

    /// [`Self::agreement`] in this version, signed by these.
    pub fn agreement_by(&self, version: u64, days: i64, signers: &[SigningKey]) -> ListedDocument {
        let id = TEMPLATE.parse::<toml::Table>().unwrap()["agreement"].as_str().unwrap().to_owned();
        let today = Utc::now().date_naive();
        let agreement = AgreementDocument {
            title: "Sharing".to_owned(),
            parties: vec![ORGANISATION.to_owned()],
            starts: today - Duration::days(100),
            expires: today + Duration::days(days),
            id,
        };
        let document = AgreementsDocument { version, agreements: vec![agreement] };
        self.listed_document(version, &document.sign(&signers.iter().collect::<Vec<_>>()))
    }

    fn listed_document(&self, version: u64, envelope: &Envelope) -> ListedDocument {
        let sha256 = Digest::of(envelope.unverified_payload());
        ListedDocument { version, sha256, envelope: self.document(&envelope.to_bytes()) }
    }

    /// A trust root of this version with these people, each with a name of theirs, and this catalogue key, unsigned.
    pub fn root(&self, version: u64, people: &[(&str, &str, &SigningKey)], catalogue: &SigningKey) -> RootDocument {
        let person = |name: &str, organisation: &str, key: &SigningKey| PersonDocument {
            name: name.parse().unwrap(),
            organisation: organisation.to_owned(),
            position: "Guardian".to_owned(),
            keys: vec![key.public()],
        };
        let people: Vec<PersonDocument> =
            people.iter().map(|(name, organisation, key)| person(name, organisation, key)).collect();
        let mut root = RootDocument::of_equals(
            version,
            from_now(Duration::days(300)),
            people,
            person("catalogue", ORGANISATION, catalogue),
        );
        root.roles.retain(|role: &RoleDocument| role.role != Role::Rebaseline || !role.people.is_empty());
        root
    }

    /// A good order to RYA, made now.
    pub fn order(&self) -> Order {
        self.order_at(Utc::now())
    }

    pub fn order_at(&self, now: DateTime<Utc>) -> Order {
        orders::order_at(now)
    }

    /// What the node says to an order: the release's exact bytes, or a word.
    pub async fn ask(&mut self, order: &Order) -> Result<Vec<u8>, Refusal> {
        self.ask_with(order, Dispatch::default()).await
    }

    /// [`Self::ask`] with more beside the order and the template.
    pub async fn ask_with(&mut self, order: &Order, more: Dispatch) -> Result<Vec<u8>, Refusal> {
        let beside = Dispatch { template: self.template.clone(), ..more };
        orders::asked(&self.world, &mut self.coordinator, order, beside).await
    }

    /// Asks until the node refuses with this word: what the audit has noted rules from the next moment on.
    pub async fn refused_at_last(&mut self, word: Refusal) {
        until(&format!("the node refuses: {word:?}"), async || {
            let order = self.order();
            (self.ask(&order).await == Err(word)).then_some(())
        })
        .await;
    }

    /// Waits until the provider's audit, read while its node runs, holds all these words in one row.
    pub async fn noted(&self, words: &[&str]) {
        noted(&self.world, words, 1).await;
    }
}

/// Waits until RYA's audit, read while its node runs, has so many rows that hold all these words.
pub async fn noted(world: &World, words: &[&str], times: usize) {
    until(&format!("the audit says {words:?} {times} times"), async || (rows_of(world, words)? >= times).then_some(()))
        .await;
}

/// How many rows of RYA's audit hold all these words; `None` where it cannot be read now.
pub fn rows_of(world: &World, words: &[&str]) -> Option<usize> {
    let audit = node::Audit::read(&world.node_config("RYA"), &node::Part::All).ok()?;
    let rows = audit.export(node::Format::JsonLines).ok()?;
    Some(rows.lines().filter(|row| words.iter().all(|word| row.contains(word))).count())
}

/// A good catalogue of version 5, issued a minute ago, which lists the world's template.
pub fn catalogue_of(template: &[u8]) -> CatalogueDocument {
    CatalogueDocument {
        version: 5,
        issued_at: from_now(Duration::minutes(-1)),
        expires: from_now(Duration::hours(24)),
        root_version: 1,
        templates: vec![listed(TEMPLATE_ID, 1, template, TemplateStatus::Approved)],
        lookups: vec![],
        withdrawals: vec![],
        enrolment: None,
        agreements: None,
    }
}

/// A template as a catalogue lists it.
pub fn listed(id: &str, version: u32, envelope: &[u8], status: TemplateStatus) -> ListedTemplate {
    let payload = Envelope::parse(envelope).unwrap().unverified_payload().to_vec();
    ListedTemplate {
        id: id.to_owned(),
        version,
        sha256: Digest::of(&payload),
        envelope: PinnedBytes::of(envelope),
        status,
    }
}
