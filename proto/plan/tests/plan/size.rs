//! Size caps, and that nothing on the way to them exhausts the stack: tests run on threads of 2 MiB.

use crate::cases::check;

fn refused(what: &str, sql: &str) {
    let error = check(sql, "month period").expect_err(what);
    assert_eq!(error.rule(), "too-large", "{what}: {error}");
}

fn accepted(what: &str, sql: &str) {
    if let Err(error) = check(sql, "month period") {
        panic!("{what}: {error}");
    }
}

fn spells(condition: &str) -> String {
    format!("select person_id, admission_date as month from hospital_spell where {condition}")
}

#[test]
fn chains_of_operators() {
    let sum = |terms: usize| spells(&format!("length_of_stay_days < 1{}", "+1".repeat(terms)));
    accepted("100 terms", &sum(100));
    refused("3,000 terms", &sum(3_000));
    refused("260 terms and their operators", &sum(260));
    let or = |terms: usize| spells(&vec!["critical_care_days = 1"; terms].join(" or "));
    accepted("60 alternatives", &or(60));
    refused("200 alternatives", &or(200));
    refused("5,000 alternatives", &or(5_000));
    refused("nots", &spells(&format!("{} true", "not ".repeat(2_000))));
    refused("minus signs", &spells(&format!("length_of_stay_days = {}1", "- ".repeat(200))));
    refused("casts", &spells(&format!("length_of_stay_days = 1{}", "::int".repeat(1_500))));
    refused("tests for null", &spells(&format!("length_of_stay_days{}", " is null".repeat(600))));
}

#[test]
fn nesting() {
    let nested = |depth: usize| spells(&format!("{}true{}", "(".repeat(depth), ")".repeat(depth)));
    accepted("10 parentheses", &nested(10));
    refused("200 parentheses", &nested(200));
    let mut sql = spells("true");
    for n in 0..200 {
        sql = format!("select person_id, month from ({sql}) q{n}");
    }
    refused("200 subqueries in FROM", &sql);
    let mut condition = "true".to_owned();
    for _ in 0..200 {
        condition = format!("person_id in (select person_id from person where {condition})");
    }
    refused("200 subqueries in WHERE", &spells(&condition));
}

#[test]
fn lists() {
    let list = |values: usize| spells(&format!("length_of_stay_days in ({})", vec!["7"; values].join(",")));
    accepted("2,000 values", &list(2_000));
    refused("2,001 values", &list(2_001));
    refused("100,000 values", &list(100_000));
}

#[test]
fn plans() {
    let union = |parts: usize| vec![spells("true"); parts].join(" union all ");
    accepted("10 parts", &union(10));
    refused("60 parts", &union(60));
    let joins = |count: usize| {
        let joined: String = (0..count).map(|n| format!(" join person p{n} on p{n}.person_id = s.person_id")).collect();
        format!("select s.person_id, s.admission_date as month from hospital_spell s{joined}")
    };
    accepted("8 joins", &joins(8));
    refused("9 joins", &joins(9));
    let mut sql = format!("with c0 as ({})", spells("true"));
    for n in 1..30 {
        sql += &format!(", c{n} as (select * from c{m} union all select * from c{m})", m = n - 1);
    }
    refused("a plan exponentially larger than its text", &format!("{sql} select * from c29"));
}
