//! How long it takes to verify, read and check 200 templates, as a node does when it starts, beside reading alone and
//! beside one engine session for each template.
//!
//! `cargo bench --profile dev -p plan -p demo --bench load`
#![expect(clippy::unwrap_used, reason = "a measurement stops at the first surprise")]

use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use plan::{Checker, LookupSchema};
use template::{
    Approved, Document as _, Envelope, PayloadType, PersonDocument, RootDocument, SigningKey, Template, TrustRoot,
};

/// How many templates.
const TEMPLATES: usize = 200;
/// How often each way is measured.
const TIMES: usize = 5;

fn main() {
    let texts = texts();
    let (root, envelopes) = signed(&texts);
    let now: DateTime<Utc> = "2026-11-01T12:00:00Z".parse().unwrap();
    let lookup = |name: &str, columns: &[&str]| LookupSchema {
        name: name.to_owned(),
        columns: columns.iter().map(|&column| column.to_owned()).collect(),
    };
    let lookups = [
        lookup("practice_locality", &["gp_practice_code", "locality"]),
        lookup("practice_list_size", &["row", "provider", "age_band", "people"]),
    ];

    let processors = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);

    let approved = || -> Vec<Approved> {
        envelopes.iter().map(|bytes| root.approve(&Envelope::parse(bytes).unwrap(), now).unwrap()).collect()
    };
    let reading = timed(|| texts.iter().for_each(|text| drop(Template::parse(text.as_bytes()).unwrap())));
    let approving = timed(|| drop(approved()));
    let apart = timed(|| {
        for approved in approved() {
            plan::check_template(approved.template(), &lookups).unwrap();
        }
    });
    let one_thread = timed(|| load(&approved(), &lookups, NonZeroUsize::MIN));
    let loading = timed(|| load(&approved(), &lookups, processors));
    println!("{TEMPLATES} templates, the fastest of {TIMES}:");
    for (what, took) in [
        ("read alone", reading),
        ("signatures verified, read", approving),
        ("verified, read and checked, each in an engine session of its own", apart),
        ("verified, read and checked, one session, one thread", one_thread),
        ("verified, read and checked as a node does, one session, every processor", loading),
    ] {
        println!("{what:75} {:>8.3} s", took.as_secs_f64());
    }
}

/// The plan check of all templates, as a node's start makes it.
fn load(approved: &[Approved], lookups: &[LookupSchema], threads: NonZeroUsize) {
    let templates: Vec<_> = approved.iter().map(|approved| (approved.template(), lookups.to_vec())).collect();
    let checked = Checker::new().check_all(&templates, threads);
    assert!(checked.len() == TEMPLATES && checked.iter().all(Result::is_ok));
}

/// The library over and over, each time under another name.
fn texts() -> Vec<String> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../templates");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let library: Vec<String> = files.iter().map(|file| std::fs::read_to_string(file).unwrap()).collect();
    let renamed = |(place, text): (usize, &String)| text.replacen("\nid = \"", &format!("\nid = \"n{place}-"), 1);
    library.iter().cycle().take(TEMPLATES).enumerate().map(renamed).collect()
}

/// A root of ten people, and the templates signed by three of them.
fn signed(texts: &[String]) -> (TrustRoot, Vec<Vec<u8>>) {
    let key = || SigningKey::from_pkcs8(&SigningKey::generate().unwrap()).unwrap();
    let keys: Vec<SigningKey> = (0..10).map(|_| key()).collect();
    let person = |name: String, key: &SigningKey| PersonDocument {
        organisation: format!("Organisation of {name}"),
        name: name.parse().unwrap(),
        position: "Caldicott guardian".to_owned(),
        keys: vec![key.public()],
    };
    let people = keys.iter().enumerate().map(|(place, key)| person(format!("person{place}"), key)).collect();
    let expires = "2030-01-01T00:00:00Z".parse().unwrap();
    let document = RootDocument::of_equals(1, expires, people, person("catalogue".to_owned(), &key()));
    let signers: Vec<&SigningKey> = keys.iter().skip(7).collect();
    let envelope = document.sign(&signers);
    let root = TrustRoot::pinned(&envelope.to_bytes(), envelope.payload_digest()).unwrap();
    let sign = |text: &String| Envelope::sign(PayloadType::Template, text.as_bytes().to_vec(), &signers).to_bytes();
    (root, texts.iter().map(sign).collect())
}

/// The fastest of several, so that what else the machine does counts least.
fn timed(work: impl Fn()) -> Duration {
    let once = |_| {
        let started = Instant::now();
        work();
        started.elapsed()
    };
    (0..TIMES).map(once).min().unwrap()
}
