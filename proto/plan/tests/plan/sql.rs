//! Attacks fail for the right reason; honest SQL passes.

use crate::cases::{check, root};
use crate::{files, isolation};

#[test]
fn every_attack_is_refused_for_its_rule() {
    let mut wrong = Vec::new();
    for case in files::leaks(root()) {
        let [rule, outputs] = case.header.as_slice() else { panic!("{}: header", case.name) };
        match check(&case.sql, outputs) {
            Ok(_) => wrong.push(format!("{}: PASSED", case.name)),
            Err(error) if error.rule() != rule => {
                wrong.push(format!("{}: {} instead of {rule} ({error})", case.name, error.rule()));
            }
            Err(_) => {}
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn honest_sql_passes_and_keeps_people_apart() {
    let mut wrong = Vec::new();
    for case in files::honest(root()) {
        let [outputs] = case.header.as_slice() else { panic!("{}: header", case.name) };
        match check(&case.sql, outputs) {
            Ok(checked) => wrong.extend(isolation::broken(&checked).map(|found| format!("{}: {found}", case.name))),
            Err(error) => wrong.push(format!("{}: {} ({error})", case.name, error.rule())),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn error_texts_quote_the_template_and_nothing_else() {
    let sql = "select person_id, admission_date as month from hospital_spell where primary_diagnosis_code = 12";
    let text = check(sql, "month period").unwrap_err().to_string();
    assert_eq!(text, "a cast from Utf8 to Int64 could fail on some value");
}
