//! What a template declares beside its levels: groups of them, and cells in which nobody can be.

use serde_json::{Value, json};
use wire::ReportedReleaseError;

use super::*;
use crate::audit::{Audit, Format, Part};

/// The stays by sex besides, with totals by groups of sexes, and nobody of `sex` admitted by method 1. The fixture's
/// people of sex 1 are admitted by method 1 and those of sex 2 by method 2.
fn declared(site: &Site, sex: &str) -> (Digest, Vec<u8>) {
    let (_, template) = site.template(SAME);
    let text = String::from_utf8(Envelope::parse(&template).unwrap().unverified_payload().to_vec()).unwrap();
    let sexes = format!(
        r#"
[[dimension]]
name = "sex"
levels = ["1", "2"]
other = "not told"
per = "person"

[[dimension.grouping]]
name = "told"
title = "Whether the sex is told"
groups = [{{ label = "told", levels = ["1", "2"] }}, {{ label = "untold", levels = ["not told"] }}]

[[structural_zero]]
why = "the method is the other sex's"
where = {{ method = ["1"], sex = ["{sex}"] }}

[[measure]]
name = "people""#
    );
    let edits = [
        ("totals = [[\"month\"]]", "totals = [[\"month\"], [\"month\", \"told\"]]"),
        ("select person_id,", "select hospital_spell.person_id, person.gender_code as sex,"),
        ("from hospital_spell\n", "from hospital_spell join person on person.person_id = hospital_spell.person_id\n"),
        ("\n[[measure]]\nname = \"people\"", sexes.as_str()),
    ];
    site.signed(edits.iter().fold(text, |text, (from, to)| {
        assert!(text.contains(from), "{from}");
        text.replacen(from, to, 1)
    }))
}

#[test]
fn groups_of_levels_are_totals_and_a_structural_zero_is_said_to_be_zero() {
    let site = Site::new();
    let node = node(&site);
    let (digest, template) = declared(&site, "2");
    let order = site.order(digest);
    let release = ask(&site, &node, &template, &order).unwrap();
    let reported = reported(&site, &node, &template, &order, &release).reported;
    let (domain, cells) = (reported.domain(), reported.cells(0));
    let zeros: Vec<usize> = (0..domain.inner_len()).filter(|&cell| domain.is_structural_zero(cell)).collect();
    // In both months, though zeros are hidden elsewhere.
    assert_eq!(zeros, [1, 7]);
    assert!(zeros.iter().all(|&cell| cells[cell] == Cell::Zero), "{cells:?}");
    assert_eq!(cells[2], Cell::Suppressed { low: 0, high: 9 }, "nobody is untold, which is not said");
    let told = domain.keys().position(|key| domain.label(2, key.0[2]) == Some("told")).unwrap();
    assert!(domain.is_total(told) && domain.children(told).len() == 4);
    drop(node);
    // The operator reads the same in words: the groups by name, and why figures are not there.
    let report = Audit::read(&site.path("node.toml"), &Part::Release("1".to_owned())).unwrap().report();
    for words in ["2024-04, all, told: ", "2024-04, 1, 2: nobody", "withheld: ", "* suppressed"] {
        assert!(report.contains(words), "lacks {words}:\n{report}");
    }
}

#[test]
fn a_structural_zero_that_holds_a_person_is_refused_and_the_operator_told_why() {
    let site = Site::new();
    let node = node(&site);
    let (digest, template) = declared(&site, "1");
    let order = site.order(digest);
    // Outside it reads like everything that the provider's rules decide.
    assert_eq!(ask(&site, &node, &template, &order).map(|_| ()), Err(Refusal::NotReleased));
    drop(node);
    let audit = Audit::read(&site.path("node.toml"), &Part::All).unwrap();
    assert!(audit.export(Format::Csv).unwrap().contains("structural-zero"));
    let month = template::Month::of(Utc::now().date_naive()).unwrap();
    assert!(audit.month(month, Utc::now()).contains("check the mapping of the data to the model"));
}

#[test]
fn a_release_that_says_other_reasons_than_follow_is_not_accepted() {
    let site = Site::new();
    let node = node(&site);
    let (digest, template) = declared(&site, "2");
    let order = site.order(digest);
    let release = ask(&site, &node, &template, &order).unwrap();
    let written: Value =
        serde_json::from_slice(Envelope::parse(release.bytes()).unwrap().unverified_payload()).unwrap();
    let said = |written: &Value| {
        let reasons = written["measures"][0]["reasons"].as_array().unwrap().clone();
        reasons.iter().map(|entry| entry["reason"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(said(&written), ["below-threshold", "near-suppressed"], "{written}");
    let approved = site.root().approve(&Envelope::parse(&template).unwrap(), Utc::now()).unwrap();
    let query = Query::bind(Arc::new(approved), &order.parameters).unwrap();
    let key = &node.config().signing_key;
    // The provider's own key, so that nothing but the reasons is wrong.
    let check = |edit: &dyn Fn(&mut Value), accepted: bool| {
        let mut written = written.clone();
        edit(&mut written);
        let bytes = Envelope::sign(PayloadType::Release, written.to_string().into_bytes(), &[key]).to_bytes();
        let order_digest = order.sign(&site.coordinator).digest();
        let verified =
            ReportedRelease::verify(&bytes, &key.public(), &order, &order_digest, ProviderKind::Hospital, &query);
        match verified {
            Ok(_) => assert!(accepted, "{written}"),
            Err(ReportedReleaseError::Mismatch("reasons")) => assert!(!accepted, "{written}"),
            Err(error) => panic!("{error}"),
        }
    };
    let first = |written: &mut Value| written["measures"][0]["reasons"][0].take();
    check(&|_| {}, true);
    check(&|written| written["measures"][0]["reasons"][0]["reason"] = json!("already-public"), false);
    check(&|written| written["measures"][0]["reasons"][0]["cells"] = json!([0]), false);
    check(&|written| written["measures"][0]["reasons"] = json!([first(written)]), false);
    check(&|written| written["measures"][1]["reasons"] = json!([]), false);
    // As releases were before reasons were stated: the same follow.
    let none = |written: &mut Value| {
        for measure in written["measures"].as_array_mut().unwrap() {
            measure["reasons"] = json!([]);
        }
    };
    check(&none, true);
}
