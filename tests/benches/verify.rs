//! `cargo bench --profile dev -p tests -p demo --bench verify`: making the answer of a run of 100 providers again from its
//! evidence, offline, as `tallyward verify --bundle` does, beside checking its signatures alone.
//!
//! The question is the library's largest: emergency admissions at 75 and over, by 36 months and 10 localities.
#![expect(clippy::unwrap_used, reason = "a benchmark stops at the first surprise")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use cli::{Anchors, verify_evidence};
use disclosure::{Coverage, Protected, Public, Tally, protect};
use template::{
    Digest, Document as _, Envelope, LookupDocument, PayloadType, PersonDocument, ProviderKind, Query, RootDocument,
    SigningKey, TrustRoot,
};
use wire::{
    Answer, AskedProvider, AskedRoster, EvidenceKind, EvidencePart, EvidenceRun, GroupingName, Header, OptOuts, Order,
    OrderId, ParameterValue, Proof, ProofSite, RestrictedCodes, RunId, RunState, STANDS_FOR, SiteOutcome, SnapshotId,
    Statement, answer_digest, read_evidence, write_evidence,
};

const PROVIDERS: usize = 100;
/// Tables that differ from each other; each is the table of several providers.
const TABLES: u32 = 10;
const TIMES: usize = 5;
const TEMPLATE: &str = include_str!("../../templates/emergency-admissions-75-plus.toml");

fn main() {
    let run = Run::new();
    let parts = run.evidence();
    let file = write_evidence(&parts);
    let anchors = Anchors { root: Some(run.root.digest()), coordinator: Some(run.coordinator.public()), roster: None };
    let figures = run.query.domain().len() * run.query.measures().len();
    let bytes: usize = parts.iter().map(|part| part.bytes.len()).sum();
    println!("{PROVIDERS} releases of {figures} figures each, {} KiB of evidence", bytes >> 10);

    line("the signatures of orders and releases alone", fastest(|| run.signatures(&parts)));
    line("the file read", fastest(|| drop(read_evidence(&file).unwrap())));
    let verify = || {
        let verified = verify_evidence(&parts, &anchors).unwrap();
        assert!(verified.differences.is_empty() && verified.unsigned.is_empty());
    };
    line("the answer made again and compared", fastest(verify));
    let whole = || {
        let parts = read_evidence(&file).unwrap();
        assert!(verify_evidence(&parts, &anchors).unwrap().differences.is_empty());
    };
    line("all of it, as `tallyward verify --bundle` does", fastest(whole));
}

/// A run that every provider answered.
struct Run {
    id: RunId,
    root: TrustRoot,
    root_envelope: Vec<u8>,
    template: Vec<u8>,
    lookup: Vec<u8>,
    lookup_digest: Digest,
    query: Query,
    coordinator: SigningKey,
    providers: Vec<(AskedProvider, SigningKey)>,
    asked_at: DateTime<Utc>,
}

impl Run {
    fn new() -> Self {
        let guardians = [key(), key()];
        let signers = [&guardians[0], &guardians[1]];
        let person = |name: &str, key: &SigningKey| PersonDocument {
            name: name.parse().unwrap(),
            organisation: format!("Of {name}"),
            position: "Caldicott guardian".to_owned(),
            keys: vec![key.public()],
        };
        let people = vec![person("amara", signers[0]), person("bryn", signers[1]), person("carys", &key())];
        let expires = "2030-01-01T00:00:00Z".parse().unwrap();
        let root = RootDocument::of_equals(1, expires, people, person("catalogue", &key())).sign(&signers);
        let root_envelope = root.to_bytes();
        let root = TrustRoot::pinned(&root_envelope, root.payload_digest()).unwrap();
        let asked_at = "2026-05-01T09:00:00Z".parse().unwrap();
        let template = Envelope::sign(PayloadType::Template, TEMPLATE.as_bytes().to_vec(), &signers);
        let approved = root.approve(&template, asked_at).unwrap();
        let given = [("from", "2022-04"), ("to", "2025-03")].map(|(name, value)| (name.to_owned(), value.to_owned()));
        let query = Query::bind(Arc::new(approved), &given).unwrap();
        let lookup = LookupDocument {
            name: "practice_locality".to_owned(),
            version: 1,
            columns: vec!["gp_practice_code".to_owned(), "locality".to_owned()],
            rows: (0..PROVIDERS).map(|n| vec![format!("Y{n:05}"), format!("mdg-{:02}", 1 + n % 10)]).collect(),
        };
        let payload = serde_json::to_vec(&lookup).unwrap();
        let provider = |n| {
            let key = key();
            let code = format!("R{n:03}").parse().unwrap();
            let name = format!("Hospital {n}");
            (
                AskedProvider {
                    code,
                    name,
                    kind: ProviderKind::Hospital,
                    places: wire::Places::default(),
                    key: key.public(),
                },
                key,
            )
        };
        Self {
            id: RunId::random().unwrap(),
            root,
            root_envelope,
            template: template.to_bytes(),
            lookup_digest: Digest::of(&payload),
            lookup: Envelope::sign(PayloadType::Lookup, payload, &signers).to_bytes(),
            query,
            coordinator: key(),
            providers: (0..PROVIDERS).map(provider).collect(),
            asked_at,
        }
    }

    /// Everything that the answer follows from. The answer itself is what `verify` makes of a first, empty one.
    fn evidence(&self) -> Vec<EvidencePart> {
        let tables: Vec<Protected> = (0..TABLES).map(|n| self.protected(n)).collect();
        let mut sent = Vec::new();
        let mut sites = Vec::new();
        for (n, (provider, key)) in self.providers.iter().enumerate() {
            let order = self.order(provider);
            let signed = order.sign(&self.coordinator);
            let header = self.header(&order, signed.digest(), provider);
            let release = Statement::new(header, &tables[n % tables.len()]).sign(key).bytes().to_vec();
            sites.push(ProofSite {
                provider: provider.code.clone(),
                order_id: order.id,
                order_sha256: Digest::of(signed.bytes()),
                outcome: SiteOutcome::Released,
                document_sha256: Some(Digest::of(&release)),
            });
            sent.push(part(EvidenceKind::Order, signed.bytes()));
            sent.push(part(EvidenceKind::Release, &release));
        }
        let with = |answer: &Answer| {
            let mut parts = self.documents();
            parts.extend(sent.iter().cloned());
            parts.push(part(EvidenceKind::Answer, &serde_json::to_vec(answer).unwrap()));
            parts.push(part(EvidenceKind::Proof, &self.proof(answer, &sites).sign(&self.coordinator)));
            parts
        };
        let made = verify_evidence(&with(&self.empty()), &Anchors::default()).unwrap().answer;
        with(&made)
    }

    fn documents(&self) -> Vec<EvidencePart> {
        let run = EvidenceRun {
            run: self.id,
            analyst: "ada".parse().unwrap(),
            template_sha256: self.query.template_digest(),
            parameters: self.parameters(),
            purpose: "Plan beds".to_owned(),
            agreement: self.query.template().agreement.clone(),
            grouping: GroupingName::All,
            asked_at: self.asked_at,
            deadline: self.asked_at,
            coordinator_key: self.coordinator.public(),
        };
        vec![
            part(EvidenceKind::Run, &serde_json::to_vec(&run).unwrap()),
            part(EvidenceKind::Roster, &self.roster().to_bytes()),
            part(EvidenceKind::Root, &self.root_envelope),
            part(EvidenceKind::Template, &self.template),
            part(EvidenceKind::Lookup, &self.lookup),
        ]
    }

    fn roster(&self) -> AskedRoster {
        AskedRoster { providers: self.providers.iter().map(|(provider, _)| provider.clone()).collect() }
    }

    fn parameters(&self) -> Vec<ParameterValue> {
        let value = |(name, value): (String, String)| ParameterValue { name, value };
        self.given().into_iter().map(value).collect()
    }

    fn given(&self) -> Vec<(String, String)> {
        self.query.parameters().map(|(parameter, value)| (parameter.name.clone(), value.to_string())).collect()
    }

    fn order(&self, provider: &AskedProvider) -> Order {
        Order {
            id: OrderId::random().unwrap(),
            run: self.id,
            provider: provider.code.clone(),
            template: self.query.template_digest(),
            parameters: self.given(),
            purpose: "Plan beds".to_owned(),
            analyst: "ada".parse().unwrap(),
            request: None,
            issued_at: self.asked_at,
            expires_at: self.asked_at,
        }
    }

    fn header(&self, order: &Order, order_digest: Digest, provider: &AskedProvider) -> Header {
        let template = self.query.template();
        Header {
            order: order.id,
            order_digest,
            provider: provider.code.clone(),
            kind: provider.kind,
            fingerprint: self.query.fingerprint(&[self.lookup_digest]),
            template_id: template.id.clone(),
            template_version: template.version,
            template: self.query.template_digest(),
            parameters: self.given(),
            lookups: vec![self.lookup_digest],
            snapshot: SnapshotId::random().unwrap(),
            as_at: self.asked_at,
            opt_outs: OptOuts::National,
            opt_outs_as_of: vec![],
            restricted: RestrictedCodes { version: 1, additions_sha256: None },
            sequence: 1,
            previous_head: Digest::of(b"genesis"),
            made_at: self.asked_at,
        }
    }

    /// A table in which cells of nobody, of a few and of many people stand side by side.
    fn protected(&self, n: u32) -> Protected {
        let (domain, measures) = (self.query.domain(), self.query.measures());
        let mut tally = Tally::new(domain, measures).unwrap();
        for cell in 0..u32::try_from(domain.inner_len()).unwrap() {
            let people = (cell * 7 + n * 13) % 60;
            let persons: Vec<u32> = (0..people).map(|person| cell * 100 + person).collect();
            tally.add(&vec![cell; persons.len()], &persons, &[]).unwrap();
        }
        let (coverage, public) = (Coverage::whole(domain), Public::nothing(domain, measures));
        protect(tally.finish().unwrap(), domain, measures, &self.query.policy(), &coverage, &public).unwrap()
    }

    fn empty(&self) -> Answer {
        Answer {
            run: self.id,
            revision: 1,
            state: RunState::Answered,
            template_id: String::new(),
            template_version: 1,
            template: self.query.template_digest(),
            title: String::new(),
            parameters: vec![],
            purpose: String::new(),
            analyst: "ada".parse().unwrap(),
            asked_at: self.asked_at,
            deadline: self.asked_at,
            closed_at: Some(self.asked_at),
            made_at: Some(self.asked_at),
            late_until: None,
            stands_for: STANDS_FOR.to_owned(),
            dimensions: vec![],
            measures: vec![],
            sites: vec![],
            groups: vec![],
            notes: vec![],
        }
    }

    fn proof(&self, answer: &Answer, sites: &[ProofSite]) -> Proof {
        Proof {
            run: self.id,
            revision: 1,
            template_sha256: self.query.template_digest(),
            answer_sha256: answer_digest(answer),
            roster_sha256: Digest::of(&self.roster().to_bytes()),
            request_sha256: None,
            sites: sites.to_vec(),
            documents_sha256: Proof::documents(sites),
            closed_at: self.asked_at,
        }
    }

    fn signatures(&self, parts: &[EvidencePart]) {
        let mut keys = self.providers.iter().map(|(provider, _)| provider.key);
        for part in parts {
            let (kind, key) = match part.kind {
                EvidenceKind::Order => (PayloadType::Order, self.coordinator.public()),
                EvidenceKind::Release => (PayloadType::Release, keys.next().unwrap()),
                _ => continue,
            };
            Envelope::parse(&part.bytes).unwrap().verify(kind, &[key]).unwrap();
        }
        assert!(keys.next().is_none());
    }
}

fn key() -> SigningKey {
    SigningKey::from_pkcs8(&SigningKey::generate().unwrap()).unwrap()
}

fn part(kind: EvidenceKind, bytes: &[u8]) -> EvidencePart {
    EvidencePart { kind, bytes: bytes.to_vec() }
}

/// The fastest of several, so that what else the machine does counts least.
fn fastest(work: impl Fn()) -> Duration {
    let once = |_| {
        let began = Instant::now();
        work();
        began.elapsed()
    };
    (0..TIMES).map(once).min().unwrap()
}

fn line(what: &str, took: Duration) {
    println!("{what:60} {:>8.3} s", took.as_secs_f64());
}
