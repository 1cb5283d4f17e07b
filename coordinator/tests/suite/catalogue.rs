//! Which templates may be asked, and why others are left out.

use coordinator::{Catalogue, Clock as _};
use template::{Envelope, PayloadType};

use crate::region::{Region, TEMPLATE, key};

fn load(region: &Region) -> (Vec<(String, u32)>, Vec<String>) {
    let root = region.root();
    let (catalogue, left_out) =
        Catalogue::load(&region.path("templates"), &region.path("lookups"), &root, region.clock.now()).unwrap();
    let listed = catalogue.all().map(|listed| listed.approved.template()).map(|t| (t.id.clone(), t.version));
    (listed.collect(), left_out.iter().map(ToString::to_string).collect())
}

fn check(prepare: impl FnOnce(&Region), words: &[&str]) {
    let region = Region::new(3);
    prepare(&region);
    let (listed, left_out) = load(&region);
    assert_eq!(listed, [("emergency-stays".to_owned(), 1)], "the good template stays");
    assert_eq!(left_out.len(), 1, "{left_out:?}");
    for word in words {
        assert!(left_out[0].contains(word), "`{word}` is not in: {}", left_out[0]);
    }
}

fn another(version: u32) -> String {
    TEMPLATE.replace("version = 1", &format!("version = {version}"))
}

#[test]
fn the_latest_version_is_the_default() {
    let region = Region::new(3);
    region.approve("emergency-stays-2", &another(2));
    region.approve("emergency-stays-10", &another(10));
    let (catalogue, left_out) =
        Catalogue::load(&region.path("templates"), &region.path("lookups"), &region.root(), region.clock.now())
            .unwrap();
    assert!(left_out.is_empty(), "{left_out:?}");
    let version = |asked| catalogue.find("emergency-stays", asked).map(|listed| listed.approved.template().version);
    assert_eq!((version(None), version(Some(2)), version(Some(3))), (Some(10), Some(2), None));
    assert!(catalogue.find("emergency", None).is_none());
}

#[test]
fn what_is_not_approved_is_left_out_and_named() {
    check(
        |region| {
            let one = Envelope::sign(PayloadType::Template, another(2).into_bytes(), &[&key()]);
            std::fs::write(region.path("templates").join("foreign.template.dsse.json"), one.to_bytes()).unwrap();
        },
        &["foreign.template.dsse.json", "not approved", "no trusted key"],
    );
    check(
        |region| std::fs::write(region.path("templates").join("plain.template.dsse.json"), TEMPLATE).unwrap(),
        &["plain.template.dsse.json", "not a DSSE envelope"],
    );
    check(
        |region| region.approve("old", &another(2).replace("2027-12-31", "2026-04-30")),
        &["old.template", "2026-04-30"],
    );
    check(|region| region.approve("twin", TEMPLATE), &["`emergency-stays` version 1"]);
    check(
        |region| {
            region.approve("lookup", &another(2).replace("period =", "lookups = [\"practice_locality\"]\nperiod ="))
        },
        &["`practice_locality`", ".lookup.dsse.json"],
    );
}

#[test]
fn sql_that_may_do_more_is_left_out() {
    let counting = another(2)
        .replace("select person_id, admission_date as month", "select count(*) as person_id, admission_date as month");
    check(|region| region.approve("counting", &counting), &["counting.template", "its SQL is not admitted"]);
    let reading = another(2).replace("from hospital_spell", "from 'secrets.csv'");
    check(|region| region.approve("reading", &reading), &["its SQL is not admitted"]);
}

#[test]
fn of_a_look_up_the_newest_version_is_sent() {
    let region = Region::new(3);
    let lookup = |version: u32, locality: &str| {
        format!(
            r#"{{"name":"practice_locality","version":{version},"columns":["gp_practice_code","locality"],
            "rows":[["Y00001","{locality}"]]}}"#
        )
    };
    for (version, locality) in [(1, "Harbour"), (3, "Hill"), (2, "Heath")] {
        region.approve_lookup(&format!("practice_locality.{version}"), &lookup(version, locality));
    }
    region.approve("reads", &another(2).replace("period =", "lookups = [\"practice_locality\"]\nperiod ="));
    let (catalogue, left_out) =
        Catalogue::load(&region.path("templates"), &region.path("lookups"), &region.root(), region.clock.now())
            .unwrap();
    assert!(left_out.is_empty(), "{left_out:?}");
    let sent = &catalogue.find("emergency-stays", Some(2)).unwrap().lookups;
    assert_eq!(sent.len(), 1);
    let payload = Envelope::parse(&sent[0]).unwrap().unverified_payload().to_vec();
    assert!(String::from_utf8(payload).unwrap().contains("Hill"));
    region.approve_lookup("practice_locality.3b", &lookup(3, "Hollow"));
    assert!(load(&region).1[0].contains("`practice_locality` version 3"));
}
