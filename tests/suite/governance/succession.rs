//! A trust root is succeeded: through the guardians' door, signed by the old people and the new; nodes follow it, and what
//! is signed only with a key that is gone stops.

use chrono::{Duration, Utc};
use cli::Exit;
use node::{Audit, Part};
use template::{PersonDocument, RootDocument, SigningKey, TrustRoot};
use wire::{Refusal, SiteOutcome};

use super::people::{AMARA, BRYN, CARYS, ID, ORGANISATION, People, first_version, outcomes};
use crate::hostile::attacker::FalseCoordinator;
use crate::world::{TEMPLATE, TEMPLATE_ID};

const CODES: [&str; 4] = ["RYA", "RYB", "RYC", "RYD"];
/// Who takes Amara's place.
const DANA: &str = "dana.ferreira";

/// The root that follows: Dana in Amara's place, Bryn and Carys as before.
fn next_root(people: &People, version: u64, dana: &SigningKey) -> String {
    let first = std::fs::read(people.world.folder.trust_root()).unwrap();
    let first = TrustRoot::pinned(&first, people.world.trust_root).unwrap();
    let kept = |name: &str| {
        let person = first.person(&name.parse().unwrap()).unwrap();
        PersonDocument {
            name: person.name.clone(),
            organisation: person.organisation.clone(),
            position: person.position.clone(),
            keys: person.keys.clone(),
        }
    };
    let dana = PersonDocument {
        name: DANA.parse().unwrap(),
        organisation: "Northmead University Hospital".to_owned(),
        position: "Caldicott guardian".to_owned(),
        keys: vec![dana.public()],
    };
    let expires = chrono::DateTime::from_timestamp((Utc::now() + Duration::days(300)).timestamp(), 0).unwrap();
    let root = RootDocument::of_equals(version, expires, vec![kept(BRYN), kept(CARYS), dana], kept("catalogue"));
    serde_json::to_string(&root).unwrap()
}

/// How many sites released figures for a question.
async fn released(people: &People, id: &str) -> usize {
    let question = ["run", id, "--param", "from=2024-04", "--param", "to=2025-03", "--purpose", "Plan beds"];
    let said = people.ask_as_analyst(&[&question[..], &["--format", "json", "--deadline", "30"]].concat()).await;
    outcomes(&said).iter().filter(|(_, said)| *said == SiteOutcome::Released).count()
}

/// Has a root signed by these people and brought by Bryn.
async fn published(people: &People, json: &str, signers: &[&str]) -> super::command::Said {
    let (written, signed) = (people.world.root().join("root.json"), people.world.root().join("root.dsse.json"));
    std::fs::write(&written, json).unwrap();
    let mut from = &written;
    for name in signers {
        people.signs(name, "root", from, &signed).await;
        from = &signed;
    }
    people.guardian(BRYN, &["documents", "publish", &signed.display().to_string()]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_root_is_succeeded_and_what_its_people_signed_goes_on() {
    let (people, coordinator, nodes) = People::at_work(&CODES).await;
    // Signed by Bryn and Carys, and so not with Amara's key; the world's own template is signed by Amara and Bryn.
    let toml = first_version();
    people.approves(&toml).await;
    assert_eq!((released(&people, ID).await, released(&people, TEMPLATE_ID).await), (4, 4));

    let document = SigningKey::generate().unwrap();
    let dana = SigningKey::from_pkcs8(&document).unwrap();
    people.seat(DANA, "Northmead University Hospital", &document);
    people.guardian(DANA, &["proposals"]).await.ends(Exit::Refused).tells(&["not a person of the trust root"]);
    let second = next_root(&people, 2, &dana);
    published(&people, &second, &[BRYN]).await.ends(Exit::Usage);
    published(&people, &second, &[DANA, BRYN]).await.ends(Exit::Usage).tells(&["the rule of the trust root in use"]);
    published(&people, &next_root(&people, 3, &dana), &[BRYN, CARYS, DANA]).await.ends(Exit::Usage).tells(&["version"]);
    assert_eq!(released(&people, TEMPLATE_ID).await, 4, "nothing has changed");
    published(&people, &second, &[BRYN, CARYS, DANA]).await.ends(Exit::Complete);

    // The coordinator asks no more what only Amara and Bryn signed; the register says where it stands.
    let question = ["run", TEMPLATE_ID, "--param", "from=2024-04", "--param", "to=2025-03", "--purpose", "Plan beds"];
    people.ask_as_analyst(&question).await.ends(Exit::Usage).tells(&["no approved template"]);
    let register = people.ask_as_analyst(&["register"]).await.out;
    assert!(register.contains("| Admissions by group | 1 | under-review |"), "{register}");
    people.guardian(AMARA, &["proposals"]).await.ends(Exit::Refused).tells(&["not a person of the trust root"]);
    // The enrolment and the agreement were signed by Amara, too. Nodes follow the root all the same, and until both are
    // signed anew nobody asks anything, here or there.
    nodes.stop().await;
    let nodes = people.world.start_nodes(&CODES).await;
    people.noted(&CODES, &["\"root\":{\"version\":2"]).await;
    people.asks(&[]).await.ends(Exit::Refused).tells(&["is not signed anew yet"]);
    people.settle_anew([BRYN, CARYS]).await;
    assert_eq!(released(&people, ID).await, 4);

    // Under the new root Carys and Dana approve a second version; every provider's report names its cells.
    let later = first_version().replace("version = 1", "version = 2").replace(AMARA, BRYN);
    let (file, digest) = people.draft(&later);
    let sure = ["--yes", "--digest", &digest];
    let propose = [&["propose", &file, "--why", "a new author"][..], &sure].concat();
    people.guardian(BRYN, &propose).await.ends(Exit::Complete);
    for name in [CARYS, DANA] {
        let review = [&["review", &digest, "--approve", "--because", "as before"][..], &sure].concat();
        people.guardian(name, &review).await.ends(Exit::Complete);
        people.guardian(name, &[&["sign", &digest][..], &sure].concat()).await.ends(Exit::Complete);
    }
    let asked = people.asks(&[]).await;
    assert!(outcomes(&asked).iter().all(|(_, said)| *said == SiteOutcome::Released), "{}", asked.err);
    let answer: wire::Answer = serde_json::from_str(&asked.out).unwrap();
    assert_eq!(answer.template_version, 2);
    // Verified from the first root that was pinned, by way of the second.
    people.ask_as_analyst(&["verify", &answer.run.to_string()]).await.ends(Exit::Complete);
    nodes.stop().await;
    let reports = Audit::read(&people.world.node_config("RYA"), &Part::Month(this_month())).unwrap().report();
    for (id, version) in [(TEMPLATE_ID, 1), (ID, 1), (ID, 2)] {
        let words = format!("({id}, version {version})");
        let (_, report) = reports.split_once(&words).unwrap_or_else(|| panic!("{words} in {reports}"));
        let report = report.split("exact bytes").nth(1).unwrap();
        assert!(report.contains("maternity") && report.contains(" admission_group"), "{words}: {report}");
    }
    assert!(!reports.contains("cell 1:"), "{reports}");
    coordinator.stop().await;

    // A coordinator that goes on asking what lapsed.
    let lapsed = people.signed(TEMPLATE, &[AMARA, BRYN]);
    let mut deceiver = FalseCoordinator::instead_of(&people.world).await;
    for code in CODES {
        let node = people.world.start_nodes(&[code]).await;
        let said = people.ordered(&mut deceiver, code, &lapsed, Utc::now()).await;
        assert_eq!(said, Some(Refusal::NotApproved), "{code}");
        node.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_lapsed_with_a_root_is_asked_again_once_enough_people_sign_it_anew() {
    let (people, coordinator, nodes) = People::at_work(&CODES).await;
    let document = SigningKey::generate().unwrap();
    let dana = SigningKey::from_pkcs8(&document).unwrap();
    people.seat(DANA, "Northmead University Hospital", &document);
    published(&people, &next_root(&people, 2, &dana), &[BRYN, CARYS, DANA]).await.ends(Exit::Complete);
    people.settle_anew([BRYN, DANA]).await;
    let digest = template::Digest::of(TEMPLATE.as_bytes()).to_string();
    let sure = ["--yes", "--digest", &digest];
    let review = [&["review", &digest, "--approve", "--because", "read anew"][..], &sure].concat();
    people.guardian(DANA, &review).await.ends(Exit::Complete);
    let signed = people.guardian(DANA, &[&["sign", &digest][..], &sure].concat()).await.ends(Exit::Complete);
    signed.tells(&["signed; approved"]);
    // Nodes that still knew the old root follow as soon as the order needs it.
    assert_eq!(released(&people, TEMPLATE_ID).await, 4, "{ORGANISATION}");
    nodes.stop().await;
    coordinator.stop().await;
    // And it is so after a restart of everything.
    let coordinator = people.world.start_coordinator().await;
    let nodes = people.world.start_nodes(&CODES).await;
    assert_eq!(released(&people, TEMPLATE_ID).await, 4);
    nodes.stop().await;
    coordinator.stop().await;
}

fn this_month() -> template::Month {
    template::Month::of(Utc::now().date_naive()).unwrap()
}
