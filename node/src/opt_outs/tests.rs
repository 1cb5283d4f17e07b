//! Lists that name people, and lists that stop a snapshot; nobody's number is told.

use std::collections::BTreeSet;
use std::fs;

use proptest::prelude::*;
use wire::{OptOutKind, OptOutSource};

use crate::fixture::{Site, now, told};
use crate::snapshot::{Manifest, Snapshot, take};

/// A number in no list, and the text that no error may hold.
const SECRET: &str = "9434765918";
const DAY: &str = "# as of 2026-03-01\n";

/// The NHS number of the n-th person of a fixture: nine digits and whatever check digit fits, or none.
fn number(n: usize) -> Option<String> {
    let nine = 400_000_000 + n;
    (0..10).map(|d| format!("{nine}{d}")).find(|text| super::NhsNumber::parse(text).is_some())
}

/// Forty people with their numbers, nobody flagged in the person table, and a national list by NHS number.
fn site(settings: &str) -> Site {
    let mut site = Site::new();
    site.people(&(0..40).map(|n| (format!("p{n:02}"), false)).collect::<Vec<_>>());
    let text = fs::read_to_string(site.path("person.csv")).unwrap();
    let with_numbers = text.lines().enumerate().map(|(line, text)| match line {
        0 => format!("{text},nhs"),
        line => format!("{text},{}", number(line - 1).unwrap_or_default()),
    });
    let text = with_numbers.map(|line| line + "\n").collect::<String>();
    site.write("person.csv", &text);
    site.config = site.config.replace("csv = \"person.csv\"", "csv = \"person.csv\"\nnhs_number = \"nhs\"");
    site.config += settings;
    site
}

const NATIONAL: &str = "\n[opt_out_lists.national]\nfile = \"national.csv\"\nholds = \"nhs-number\"\n";
const TYPE1: &str = "\n[opt_out_lists.type1]\nfile = \"type1.csv\"\nholds = \"person-id\"\n";

fn people(site: &Site) -> u64 {
    let config = site.enrolled();
    take(&config, now()).unwrap();
    Snapshot::load(&config.folder, &config.provider).unwrap().tables()["person"].rows
}

#[test]
fn people_on_either_list_are_left_out() {
    let check = |national: &str, type1: &str, expected: u64| {
        let site = site(&format!("{NATIONAL}{TYPE1}"));
        site.write("national.csv", &format!("{DAY}{national}"));
        site.write("type1.csv", &format!("{DAY}{type1}"));
        assert_eq!(people(&site), expected, "{national:?} {type1:?}");
    };
    let of = |n: usize| number(n).unwrap();
    // Some nine digits fit no check digit; the fixture's first forty hold enough people with a number.
    let numbered: Vec<usize> = (0..40).filter(|n| number(*n).is_some()).collect();
    let [a, b, c] = [numbered[0], numbered[1], numbered[2]];
    let (first, second) = (of(a), of(b));
    check(&format!("{first}\n"), "p39\n", 38);
    check(&format!("NHS Number\n{first}\n{second}\n\n"), "person_id\np39\np39\n", 37);
    check(&format!("\"{first}\"\r\n{second}\r\n"), "\"p39\"\r\n", 37);
    let spaced = format!("{} {}-{}", &first[..3], &first[3..6], &first[6..]);
    check(&format!("{spaced}\n"), &format!("p{a:02}\n"), 39);
    // Somebody whom this provider does not know, and one person on both lists.
    check(&format!("9434765919\n{}\n", of(c)), &format!("p{c:02}\nnobody-here\n"), 39);
}

#[test]
fn a_list_may_have_other_columns_and_say_its_day_in_the_configuration() {
    let site = site(&format!("{NATIONAL}column = \"nhs\"\nas_of = \"2026-02-20\"\n"));
    let numbered: Vec<usize> = (0..40).filter(|n| number(*n).is_some()).collect();
    site.write("national.csv", &format!("surname,NHS,since\nx,{},2020-01-01\n", number(numbered[0]).unwrap()));
    let config = site.enrolled();
    take(&config, now()).unwrap();
    let snapshot = Snapshot::load(&config.folder, &config.provider).unwrap();
    assert_eq!(snapshot.tables()["person"].rows, 39);
    let dated: Vec<_> = snapshot.opt_outs_as_of().iter().map(|d| (d.kind, d.source, d.as_of.to_string())).collect();
    let expected = [
        (OptOutKind::National, OptOutSource::List, "2026-02-20".to_owned()),
        (OptOutKind::Type1, OptOutSource::PersonTable, "2026-03-02".to_owned()),
    ];
    assert_eq!(dated, expected);
    // The number itself is nowhere in the snapshot.
    let folder = config.folder.join("snapshot").join(snapshot.id().to_string());
    for file in fs::read_dir(&folder).unwrap() {
        let bytes = fs::read(file.unwrap().path()).unwrap();
        for n in &numbered {
            let number = number(*n).unwrap().into_bytes();
            assert!(!bytes.windows(number.len()).any(|window| window == number));
        }
    }
    let manifest: Manifest = serde_json::from_slice(&fs::read(folder.join("manifest.json")).unwrap()).unwrap();
    assert_eq!(manifest.without_nhs_number, 40 - numbered.len() as u64);
    assert!(manifest.opt_out_lists[0].list_sha256.is_some());
}

/// What the operator reads where a list stops the snapshot; there is none then.
fn check(settings: &str, list: Option<&str>, words: &[&str]) {
    let site = site(&format!("{NATIONAL}{settings}"));
    match list {
        Some(list) => site.write("national.csv", list),
        None => drop(fs::remove_file(site.path("national.csv"))),
    }
    let config = site.enrolled();
    let error = take(&config, now()).expect_err(settings);
    let text = format!("{} {error:?}", told(&error));
    assert!(words.iter().all(|word| text.contains(word)), "{list:?}: {text}");
    assert!(!text.contains(SECRET) && !text.contains(&SECRET[..9]), "{text}");
    assert!(Snapshot::load(&config.folder, &config.provider).is_err());
    assert_eq!(fs::read_dir(config.folder.join("snapshot")).unwrap().count(), 0);
}

#[test]
fn whatever_is_wrong_with_a_list_stops_the_snapshot() {
    let many: String = (0..30).map(|_| format!("{SECRET}\n")).collect();
    for (settings, list, words) in [
        ("", None, &["national.csv", "cannot be read"][..]),
        ("", Some(""), &["does not say how old"]),
        ("", Some("9434765919\n"), &["does not say how old", "# as of"]),
        ("", Some("# as of yesterday\n9434765919\n"), &["does not say how old"]),
        ("", Some(DAY), &["names nobody", "when_empty"]),
        ("", Some("# as of 2026-03-01\nnhs_number\n\n"), &["names nobody"]),
        ("", Some("# as of 2026-01-01\n9434765919\n"), &["60 days old", "may be 31", "fetch"]),
        ("", Some("# as of 2026-03-03\n9434765919\n"), &["still to come"]),
        ("as_of = \"2026-02-01\"", Some("# as of 2026-03-01\n9434765919\n"), &["another day"]),
        ("", Some("# as of 2026-03-01\n9434765919\n9434765918\n"), &["in line 3", "check digit"]),
        ("", Some("# as of 2026-03-01\nsurname\n9434765919\n"), &["in line 2"]),
        ("", Some("# as of 2026-03-01\n9434765919,9434765918\n"), &["in line 2"]),
        ("", Some("# as of 2026-03-01\n\n943476591\n94347659188\n"), &["lines 3, 4"]),
        ("column = \"nhs\"", Some("# as of 2026-03-01\n9434765919\n"), &["no column `nhs`"]),
        ("column = \"nhs\"", Some("# as of 2026-03-01\nid,nhs\n9434765918\n"), &["line 3"]),
        ("", Some(&format!("{DAY}{many}")), &["lines 2, 3,", "and 10 more"]),
    ] {
        check(settings, list, words);
    }
    let site = site(NATIONAL);
    fs::write(site.path("national.csv"), [b"# as of 2026-03-01\n".as_slice(), &[0xff, 0xfe]].concat()).unwrap();
    assert!(told(&take(&site.enrolled(), now()).unwrap_err()).contains("not text"));
}

#[test]
fn an_empty_list_is_let_pass_where_the_operator_says_so_and_an_older_one_within_its_limit() {
    let check = |settings: &str, list: &str| {
        let site = site(&NATIONAL.replace("holds", &format!("{settings}\nholds")));
        site.write("national.csv", list);
        assert_eq!(people(&site), 40);
    };
    check("when_empty = \"nobody\"", DAY);
    let old = site(&format!("\n[opt_out_lists]\noldest_days = 60\n{NATIONAL}"));
    old.write("national.csv", "# as of 2026-01-01\n9434765919\n");
    assert_eq!(people(&old), 40);
}

#[test]
fn a_snapshot_under_other_rules_is_not_answered_from() {
    let mut site = site(NATIONAL);
    site.write("national.csv", &format!("{DAY}9434765919\n"));
    let config = site.enrolled();
    take(&config, now()).unwrap();
    let snapshot = Snapshot::load(&config.folder, &config.provider).unwrap();
    assert!(snapshot.follows(&config));
    site.config = site.config.replace(NATIONAL, "");
    assert!(!snapshot.follows(&site.read()));
    site.config = site.config.replace("population = 400", "population = 400\nopt_outs = \"type1\"");
    assert!(!snapshot.follows(&site.read()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]
    #[test]
    fn nobody_on_a_list_or_flagged_is_ever_in_a_snapshot(
        national in prop::collection::btree_set(0usize..40, 0..15),
        type1 in prop::collection::btree_set(0usize..40, 0..15),
        flagged in prop::collection::btree_set(0usize..40, 0..10),
    ) {
        let site = site(&format!(
            "{}{}", NATIONAL.replace("holds", "when_empty = \"nobody\"\nholds"),
            TYPE1.replace("holds", "when_empty = \"nobody\"\nholds")
        ));
        let text = fs::read_to_string(site.path("person.csv")).unwrap();
        let place = text.lines().next().unwrap().split(',').position(|name| name == "opted_out").unwrap();
        let lines = text.lines().enumerate().map(|(line, text)| {
            let mut fields: Vec<&str> = text.split(',').collect();
            if line > 0 && flagged.contains(&(line - 1)) {
                fields[place] = "true";
            }
            fields.join(",") + "\n"
        });
        site.write("person.csv", &lines.collect::<String>());
        let listed = national.iter().filter_map(|n| number(*n)).map(|n| n + "\n").collect::<String>();
        site.write("national.csv", &format!("{DAY}{listed}"));
        let ids = type1.iter().map(|n| format!("p{n:02}\n")).collect::<String>();
        site.write("type1.csv", &format!("{DAY}{ids}"));
        let numbered: BTreeSet<usize> = national.iter().copied().filter(|n| number(*n).is_some()).collect();
        let out: BTreeSet<usize> = numbered.iter().chain(&type1).chain(&flagged).copied().collect();
        prop_assert_eq!(people(&site), 40 - out.len() as u64);
    }
}
