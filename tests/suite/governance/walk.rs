//! The whole life of a template, by command: keys, enrolment, proposal, independent reviews, signatures, questions, a second
//! version, the end; and one provider whose own guardian has not said yes.

use std::fs;

use chrono::Utc;
use cli::Exit;
use node::give_word;
use template::{AcceptanceVerdict, Digest, SigningKey};
use wire::{Refusal, SiteOutcome};

use super::people::{AMARA, BRYN, CARYS, ID, ORGANISATION, People, first_version, outcomes};
use crate::hostile::attacker::FalseCoordinator;
use crate::world::{ANALYST, edit};

const CODES: [&str; 4] = ["RYA", "RYB", "RYC", "RYD"];
const RELEASED: SiteOutcome = SiteOutcome::Released;

fn all_but_ryd(last: SiteOutcome) -> Vec<(String, SiteOutcome)> {
    CODES.iter().zip([RELEASED, RELEASED, RELEASED, last]).map(|(code, said)| ((*code).to_owned(), said)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_template_lives_and_ends() {
    let people = People::new().await;
    let guardian = own_guardian(&people);
    let coordinator = people.world.start_coordinator().await;
    let nodes = people.world.start_nodes(&CODES).await;
    enrolled(&people).await;
    assert!(people.asks(&[]).await.ends(Exit::Usage).err.contains("no approved template"));

    let first = first_version();
    let digest = proposed(&people, &first).await;
    reviewed(&people, &digest).await;
    signed(&people, &digest).await;

    // Three providers take the region's word; the fourth has a guardian of its own, who has not said anything yet.
    let asked = people.asks(&[]).await.ends(Exit::Incomplete);
    assert_eq!(outcomes(&asked), all_but_ryd(SiteOutcome::Refused(Refusal::NotReleased)));
    let config = people.world.node_config("RYD");
    let word = AcceptanceVerdict::Accept;
    give_word(&config, digest.parse().unwrap(), word, "read and discussed", &guardian, Utc::now()).unwrap();
    let asked = people.asks(&[]).await;
    assert_eq!(outcomes(&asked), all_but_ryd(RELEASED), "{}", asked.err);
    unsigned(&people).await;

    let second = second_version(&people, &first, &digest).await;
    withdrawn(&people, &second).await;
    registered(&people).await;
    audited(&people);

    // Nodes know it without the coordinator: whoever has its key and the template gets nothing.
    nodes.stop().await;
    let nodes = people.world.start_nodes(&CODES).await;
    let listed = people.guardian(CARYS, &["proposals", "--format", "json"]).await.json();
    assert_eq!(listed.as_array().unwrap().len(), 3, "{listed}");
    people.noted(&CODES, &["\"catalogue\":{\"version\":", &people.newest_catalogue()]).await;
    nodes.stop().await;
    coordinator.stop().await;
    refused_everywhere(&people).await;
}

/// RYD names a guardian of its own and accepts nothing without that guardian's word. Returns the guardian's key file.
fn own_guardian(people: &People) -> std::path::PathBuf {
    let place = people.world.folder.provider("RYD").join("gwen.key");
    let key = SigningKey::generate().unwrap();
    let public = SigningKey::from_pkcs8(&key).unwrap().public();
    demo::region::folder::write_private(&place, key).unwrap();
    let settings = format!("[governance.guardian]\nname = \"gwen.guardian\"\nkeys = [\"{public}\"]\n\n[limits]");
    edit(&people.world.node_config("RYD"), "[limits]", &settings);
    place
}

/// The analyst makes a key; two guardians sign the enrolment, and one alone does not do.
async fn enrolled(people: &People) {
    let file = people.world.folder.analyst().join("signing.key").display().to_string();
    let made = people.ask_as_analyst(&["keys", "new", &file]).await.ends(Exit::Complete);
    let shown = people.ask_as_analyst(&["keys", "show", &file]).await.ends(Exit::Complete);
    assert_eq!((shown.out.trim().len(), &shown.out), (64, &made.out));
    people.ask_as_analyst(&["keys", "new", &file]).await.ends(Exit::Usage).tells(&["never overwritten"]);
    assert_eq!(people.ask_as_analyst(&["keys", "show", &file]).await.out, made.out);

    let both = people.enrols(1, made.out.trim()).await;
    people.agrees(1, 100).await;
    // The same again changes nothing; one signature of two does not do; nothing is signed unread.
    let both = both.display().to_string();
    people.guardian(AMARA, &["documents", "publish", &both]).await.ends(Exit::Complete);
    let (written, alone) = (people.world.root().join("enrolment.json"), people.world.root().join("alone.json"));
    fs::write(&written, fs::read_to_string(&written).unwrap().replace("\"version\":1", "\"version\":2")).unwrap();
    people.signs(AMARA, "enrolment", &written, &alone).await;
    let alone = alone.display().to_string();
    let one = people.guardian(AMARA, &["documents", "publish", &alone]).await;
    one.ends(Exit::Usage).tells(&["1 people signed, 2 are needed"]);
    let sign = ["documents", "sign", "enrolment", &alone, "--output", &alone];
    people.guardian(BRYN, &sign).await.ends(Exit::Usage).tells(&["\"version\":2", "nothing was signed"]);
    let swapped = [&sign[..], &["--yes", "--digest", "0123456789abcdef"]].concat();
    people.guardian(BRYN, &swapped).await.ends(Exit::Usage).tells(&["nothing was signed"]);
}

/// The author proposes: digest and review sheet are shown before the key is used.
async fn proposed(people: &People, toml: &str) -> String {
    let (file, digest) = people.draft(toml);
    let arguments = ["propose", &file, "--why", "beds are short"];
    let sheet = [
        "Review sheet of admissions-by-urgency",
        "What is read of the provider's records",
        "hospital_spell",
        "Which cells may appear",
        "How large groups are, by published list sizes",
        "The disclosure rule, beside the default",
        "Related templates, and what two answers may tell by subtraction",
        "review sheet sha256: ",
        &digest,
    ];
    let unread =
        people.guardian(AMARA, &arguments).await.ends(Exit::Usage).tells(&sheet).tells(&["nothing was signed"]);
    assert!(!unread.err.contains("otherwise than in the version before"), "there is none");
    people.guardian(BRYN, &arguments).await.ends(Exit::Usage).tells(&["the template's author is `amara.castellan`"]);
    assert_eq!(people.guardian(BRYN, &["proposals", "--format", "json"]).await.json().as_array().unwrap().len(), 1);
    people.proposes(toml).await;
    let listed = people.guardian(BRYN, &["proposals", "--format", "csv"]).await.ends(Exit::Complete);
    assert!(listed.out.contains(&format!("{ID},1,proposed,{AMARA}")), "{}", listed.out);
    let dangerous = toml.replace("from hospital_spell", "from hospital_spell cross join generate_series(1, 20)");
    let (file, _) = people.draft(&dangerous);
    people.guardian(AMARA, &["propose", &file, "--why", "more"]).await.ends(Exit::Refused);
    digest
}

/// Two reviewers: neither sees the other's view, or that there is a signature, before giving one.
async fn reviewed(people: &People, digest: &str) {
    let sign = ["sign", digest, "--yes", "--digest", digest];
    people.guardian(BRYN, &sign).await.ends(Exit::Usage).tells(&["give your own view first"]);
    let view = |word: &'static str, because: &'static str| {
        ["review", digest, word, "--because", because, "--yes", "--digest", digest]
    };
    let given = people.guardian(BRYN, &view("--approve", "stricter than before")).await.ends(Exit::Complete);
    given.tells(&["Review sheet of", digest, "given.", "stricter than before"]);
    // Carys looks, and is told that there is a view, and not which.
    let looked =
        people.guardian(CARYS, &sign).await.ends(Exit::Usage).tells(&["1 views are shown to you after your own"]);
    assert!(!looked.err.contains("stricter than before") && !looked.err.contains(BRYN), "{}", looked.err);
    let objected = people.guardian(CARYS, &view("--object", "which beds?")).await.ends(Exit::Complete);
    objected.tells(&["which beds?", "stricter than before", BRYN]);
    people.guardian(CARYS, &sign).await.ends(Exit::Usage).tells(&["with the verdict `approve`"]);
    people.guardian(CARYS, &view("--approve", "now I see")).await.ends(Exit::Complete);
    // Whoever wrote it neither reviews nor signs it.
    people.guardian(AMARA, &view("--approve", "it is mine")).await.ends(Exit::Refused).tells(&["author"]);
    people.guardian(AMARA, &sign).await.ends(Exit::Refused).tells(&["author"]);
}

/// One signature is not enough, nor is it twice; two people's are, and the next catalogue lists the template.
async fn signed(people: &People, digest: &str) {
    let sign = ["sign", digest, "--yes", "--digest", digest];
    people.guardian(BRYN, &sign).await.ends(Exit::Complete).tells(&["1 people signed, 2 are needed"]);
    people.guardian(BRYN, &sign).await.ends(Exit::Complete).tells(&["1 people signed, 2 are needed"]);
    people.asks(&[]).await.ends(Exit::Usage).tells(&["no approved template"]);
    people.guardian(CARYS, &sign).await.ends(Exit::Complete).tells(&["signed; approved, in the catalogue of version"]);
    let shown = people.ask_as_analyst(&["templates", "show", ID]).await.ends(Exit::Complete);
    assert_eq!(Digest::of(shown.out.as_bytes()).to_string(), digest);
}

/// An analyst whose key is enrolled does not ask without it, nor with another.
async fn unsigned(people: &People) {
    let settings = people.analyst();
    let text = fs::read_to_string(&settings).unwrap();
    fs::write(&settings, text.replace("signing_key", "#signing_key")).unwrap();
    people.asks(&[]).await.ends(Exit::Refused).tells(&["your key is enrolled"]);
    let other = people.world.folder.analyst().join("other.key").display().to_string();
    people.ask_as_analyst(&["keys", "new", &other]).await.ends(Exit::Complete);
    fs::write(&settings, text.replace("signing.key", "other.key")).unwrap();
    people.asks(&[]).await.ends(Exit::Refused).tells(&["your request"]);
    fs::write(&settings, text).unwrap();
}

/// A second version: the differences are shown, and the first is superseded.
async fn second_version(people: &People, first: &str, digest: &str) -> String {
    let toml = first.replace("version = 1", "version = 2").replace("threshold = 10", "threshold = 15");
    let (file, _) = people.draft(&toml);
    let unread = people.guardian(AMARA, &["propose", &file, "--why", "stricter"]).await.ends(Exit::Usage);
    unread.tells(&["What is otherwise than in the version before", "threshold", "15", "The lines that are otherwise"]);
    let second = people.approves(&toml).await;
    let asked = people.asks(&[]).await.ends(Exit::Incomplete);
    let refused = SiteOutcome::Refused(Refusal::NotReleased);
    assert_eq!(outcomes(&asked), all_but_ryd(refused), "RYD's guardian accepted these bytes, and not other ones");
    let answer: wire::Answer = serde_json::from_str(&asked.out).unwrap();
    assert_eq!(answer.template_version, 2);
    people.asks(&["--version", "1"]).await.ends(Exit::Usage).tells(&["was superseded"]);
    let listed = people.guardian(BRYN, &["proposals", "--format", "csv"]).await;
    for row in [format!("{ID},1,superseded,{AMARA}"), format!("{ID},2,approved,{AMARA}"), digest.to_owned()] {
        assert!(listed.out.contains(&row), "{row}: {}", listed.out);
    }
    second
}

/// One person ends it; nothing of that id may be asked any more, and it stays listed.
async fn withdrawn(people: &People, second: &str) {
    let end = ["withdraw", second, "--reason", "it asks too much"];
    people.guardian(CARYS, &end).await.ends(Exit::Usage).tells(&["nothing was signed"]);
    let yes = [&end[..], &["--yes", "--digest", second]].concat();
    people.guardian(CARYS, &yes).await.ends(Exit::Complete).tells(&["withdrawn: admissions-by-urgency version 2"]);
    people.guardian(BRYN, &yes).await.ends(Exit::Usage).tells(&["the template is withdrawn"]);
    for version in [&[][..], &["--version", "2"], &["--version", "1"]] {
        people.asks(version).await.ends(Exit::Usage);
    }
    let sign = ["sign", second, "--yes", "--digest", second];
    people.guardian(BRYN, &sign).await.ends(Exit::Usage).tells(&["takes no more views or signatures"]);
    let listed = people.guardian(BRYN, &["proposals", "--format", "csv"]).await;
    assert!(listed.out.contains(&format!("{ID},2,withdrawn,{AMARA}")), "{}", listed.out);
}

/// The public register: every version with where it stands, every run, and no figure.
async fn registered(people: &People) {
    let register = people.ask_as_analyst(&["register", "--format", "json"]).await.ends(Exit::Complete).json();
    let of = |list: &str, keys: &[&str]| -> Vec<String> {
        let entries = register[list].as_array().unwrap().iter();
        let own = entries.filter(|entry| entry["id"] == ID || entry["template_id"] == ID);
        own.map(|entry| keys.iter().map(|key| entry[*key].to_string().replace('"', "")).collect::<Vec<_>>().join(" "))
            .collect()
    };
    assert_eq!(
        of("templates", &["version", "state", "author"]),
        [format!("1 superseded {AMARA}"), format!("2 withdrawn {AMARA}")]
    );
    let mut runs = of("runs", &["template_version", "sites_asked", "sites_released", "purpose", "agreement"]);
    runs.sort();
    let run = |version: u32, released: u32| format!("{version} 4 {released} Plan beds {}", super::people::AGREEMENT);
    assert_eq!(runs, [run(1, 3), run(1, 4), run(2, 3)]);
    for entry in register["runs"].as_array().unwrap() {
        let mut keys: Vec<&str> = entry.as_object().unwrap().keys().map(String::as_str).collect();
        keys.sort_unstable();
        assert_eq!(
            keys,
            [
                "agreement",
                "asked_at",
                "closed_at",
                "organisation",
                "parameters",
                "purpose",
                "run",
                "sites_asked",
                "sites_released",
                "state",
                "template_id",
                "template_sha256",
                "template_version",
            ]
        );
        assert_eq!(entry["organisation"], ORGANISATION, "whoever asked is told by organisation, not by name");
    }
    let markdown = people.ask_as_analyst(&["register", "--format", "markdown"]).await.ends(Exit::Complete).out;
    for words in
        ["# Register of questions", "| Admissions by urgency | 1 | superseded |", "| 2 | withdrawn |", "Plan beds"]
    {
        assert!(markdown.contains(words), "{words}: {markdown}");
    }
    assert!(!markdown.contains(ANALYST), "{markdown}");
}

/// The coordinator's own log holds together, and holds every step.
fn audited(people: &People) {
    let config = coordinator::Config::read(&people.world.coordinator_config()).unwrap();
    let log = coordinator::log::AuditLog::open(&config.store).unwrap();
    log.verify(&config.signing_key.public(), &config.roster).unwrap();
    let mut rows = Vec::new();
    log.export(coordinator::log::LogFormat::Csv, &mut rows).unwrap();
    let rows = String::from_utf8(rows).unwrap();
    for (subject, who, times) in
        [("proposed", AMARA, 2), ("reviewed", CARYS, 3), ("signed", BRYN, 3), ("withdrawn", CARYS, 1)]
    {
        let found = rows.lines().filter(|row| row.contains(&format!("\"{subject}\",\"{who}\"")));
        assert_eq!(found.count(), times, "{subject} by {who}: {rows}");
    }
}

/// A coordinator that goes on asking, with the right key and all signatures.
async fn refused_everywhere(people: &People) {
    let toml = first_version().replace("version = 1", "version = 2").replace("threshold = 10", "threshold = 15");
    let template = people.signed(&toml, &[BRYN, CARYS]);
    let mut coordinator = FalseCoordinator::instead_of(&people.world).await;
    for code in CODES {
        let node = people.world.start_nodes(&[code]).await;
        let said = people.ordered(&mut coordinator, code, &template, Utc::now()).await;
        assert_eq!(said, Some(Refusal::NotApproved), "{code}");
        node.stop().await;
    }
}
