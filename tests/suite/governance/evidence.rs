//! What an auditor needs: everything that was in force when a run was asked, whatever is now; and a pinned list of sites.

use std::fs;

use cli::Exit;
use template::{Envelope, Lookup, LookupDocument, PayloadType};
use wire::{EvidenceKind, read_evidence};

use super::people::{AMARA, BRYN, CARYS, ID, ORGANISATION, People, first_version};
use crate::world::ANALYST;

/// The template of these tests by locality in place of urgency, so that it reads a look-up.
fn by_locality() -> String {
    let edits = [
        ("period =", "lookups = [\"practice_locality\"]\nperiod ="),
        (
            "select person_id, admission_group\nfrom hospital_spell\n",
            "select hospital_spell.person_id, coalesce(practice_locality.locality, 'elsewhere') as locality\n\
             from hospital_spell\njoin person on person.person_id = hospital_spell.person_id\n\
             left join practice_locality on practice_locality.gp_practice_code = person.usual_gp_practice_code\n",
        ),
        ("name = \"admission_group\"", "name = \"locality\""),
        ("[\"emergency\", \"elective\", \"maternity\", \"other\"]", "[\"mdg-01\"]"),
        ("per = \"record\"", "per = \"person\"\nother = \"elsewhere\""),
    ];
    edits
        .iter()
        .fold(first_version(), |text, (from, to)| {
            assert_eq!(text.matches(from).count(), 1, "{from}");
            text.replace(from, to)
        })
        .replace("where admission_date", "where hospital_spell.admission_date")
        .replace("and admission_date", "and hospital_spell.admission_date")
}

/// A version of the look-up, as JSON.
fn lookup(version: u64) -> String {
    let document = LookupDocument {
        name: "practice_locality".to_owned(),
        version,
        columns: vec!["gp_practice_code".to_owned(), "locality".to_owned()],
        rows: vec![vec![format!("Y0000{version}"), "mdg-01".to_owned()]],
    };
    serde_json::to_string(&document).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_verified_by_what_was_in_force_when_it_was_asked() {
    let (people, coordinator, nodes) = People::at_work(&["RYA", "RYB", "RYC", "RYD"]).await;
    people.publishes("lookup", &lookup(1)).await;
    let place = people.world.folder.coordinator().join("lookups");
    fs::copy(people.world.root().join("lookup.dsse.json"), place.join("practice_locality.lookup.dsse.json")).unwrap();
    for name in [AMARA, BRYN, CARYS] {
        // A review sheet needs the look-up's columns.
        let file = people.place(name).join("tallyward.toml");
        let text = fs::read_to_string(&file).unwrap();
        fs::write(&file, format!("{text}lookups = \"{}\"\n", place.display())).unwrap();
    }
    people.approves(&by_locality()).await;
    let asked = people.asks(&[]).await;
    let answer: wire::Answer = serde_json::from_str(&asked.out).unwrap();
    assert_eq!(answer.groups[0].answered, 4, "{}", asked.err);
    let run = answer.run.to_string();

    // Then everything changes: the look-up, the template, the analyst's key.
    people.publishes("lookup", &lookup(2)).await;
    people.approves(&by_locality().replace("version = 1", "version = 2")).await;
    let other = people.world.folder.analyst().join("next.key").display().to_string();
    let next = people.ask_as_analyst(&["keys", "new", &other]).await.ends(Exit::Complete);
    people.enrols(2, next.out.trim()).await;

    let bundle = people.world.root().join("evidence.bin").display().to_string();
    let verified = people.ask_as_analyst(&["verify", &run, "--save", &bundle]).await.ends(Exit::Complete);
    assert!(verified.out.contains("verified: the answer follows from what the sites signed"), "{}", verified.out);
    assert!(verified.out.contains("with their keys, NOT pinned"), "{}", verified.out);
    let parts = read_evidence(&fs::read(&bundle).unwrap()).unwrap();
    let of = |kind: EvidenceKind| {
        let own = parts.iter().filter(|part| part.kind == kind);
        own.map(|part| Envelope::parse(&part.bytes).unwrap().unverified_payload().to_vec()).collect::<Vec<_>>()
    };
    let lookups = of(EvidenceKind::Lookup);
    assert_eq!(lookups.iter().map(|bytes| Lookup::parse(bytes).unwrap().version()).collect::<Vec<_>>(), [1]);
    let enrolment = String::from_utf8(of(EvidenceKind::Enrolment).remove(0)).unwrap();
    assert!(enrolment.contains("\"version\":1") && enrolment.contains(ANALYST), "{enrolment}");
    assert!(enrolment.contains(ORGANISATION));
    assert!(String::from_utf8(of(EvidenceKind::Template).remove(0)).unwrap().contains(&format!("\"{ID}\"")));

    // The list of sites may be pinned: then nobody's word is needed for whose keys they are.
    let line = verified.out.lines().find(|line| line.starts_with("asked sites")).unwrap();
    let roster = line.split_whitespace().nth(2).unwrap();
    let another = "7".repeat(64);
    for bundled in [vec!["verify", run.as_str()], vec!["verify", "--bundle", &bundle]] {
        let pinned = [&bundled[..], &["--roster", roster]].concat();
        let said = people.ask_as_analyst(&pinned).await.ends(Exit::Complete);
        assert!(said.out.contains("with their keys, as you pinned it"), "{}", said.out);
        let other = [&bundled[..], &["--roster", &another]].concat();
        people.ask_as_analyst(&other).await.ends(Exit::Unverified).tells(&["is not the one that was pinned"]);
    }

    // Today's look-up in place of that of the run is found out, though the same people signed it.
    let mut swapped = parts.clone();
    let newer = fs::read(people.world.root().join("lookup.dsse.json")).unwrap();
    assert_eq!(Envelope::parse(&newer).unwrap().unverified_type(), Some(PayloadType::Lookup));
    swapped.iter_mut().find(|part| part.kind == EvidenceKind::Lookup).unwrap().bytes = newer;
    fs::write(&bundle, wire::write_evidence(&swapped)).unwrap();
    let said = people.ask_as_analyst(&["verify", "--bundle", &bundle]).await.ends(Exit::Unverified);
    said.tells(&["RYA: counted by other look-ups than those of the run"]);
    nodes.stop().await;
    coordinator.stop().await;
}
