//! Values and tables are bound by name and type, and nothing else gets in.

use std::sync::Arc;

use datafusion::catalog::TableProvider;
use datafusion::common::ScalarValue;
use datafusion::datasource::empty::EmptyTable;
use plan::{LookupSchema, Output, OutputKind, Parameter, ParameterKind, ParameterProblem, PlanError};

use crate::cases::check;

const SQL: &str = "select person_id, admission_date as month from hospital_spell
    where admission_date >= $from and admission_date < $from_end and treatment_function_code = $choice
    and length_of_stay_days > $n";

type Values = Vec<(String, ScalarValue)>;

fn date(day: i32) -> ScalarValue {
    ScalarValue::Date32(Some(day))
}

fn values() -> Values {
    vec![
        ("from".to_owned(), date(19_783)),
        ("from_end".to_owned(), date(19_814)),
        ("n".to_owned(), ScalarValue::Int64(Some(3))),
        ("choice".to_owned(), ScalarValue::Utf8(Some("300' or '1'='1".to_owned()))),
    ]
}

#[test]
fn a_value_stays_a_value() {
    let checked = check(SQL, "month period").unwrap();
    let plan = checked.bind(&values()).unwrap().display_indent().to_string();
    assert!(plan.contains(r#"Utf8("300' or '1'='1")"#), "{plan}");
    assert!(plan.contains("Date32(\"2024-03-01\")") && !plan.contains('$'), "{plan}");
}

#[test]
fn every_parameter_is_given_once_in_its_type() {
    let checked = check(SQL, "month period").unwrap();
    let refused = |name: &str, problem: ParameterProblem, change: &dyn Fn(&mut Values)| {
        let mut values = values();
        change(&mut values);
        let expected = PlanError::Parameter { name: name.to_owned(), problem };
        assert_eq!(checked.bind(&values).unwrap_err(), expected, "{name} {problem}");
    };
    refused("from", ParameterProblem::Missing, &|values| drop(values.remove(0)));
    refused("extra", ParameterProblem::Undeclared, &|values| values.push(("extra".to_owned(), date(1))));
    refused("n", ParameterProblem::Twice, &|values| values.push(("n".to_owned(), ScalarValue::Int64(Some(4)))));
    for wrong in
        [ScalarValue::Int64(None), ScalarValue::Null, ScalarValue::Float64(Some(f64::NAN)), ScalarValue::Int32(Some(3))]
    {
        refused("n", ParameterProblem::WrongType, &|values| values[2].1 = wrong.clone());
    }
    refused("from", ParameterProblem::WrongType, &|values| {
        values[0].1 = ScalarValue::Utf8(Some("2024-03-01".to_owned()))
    });
}

#[test]
fn tables_must_be_those_that_were_checked() {
    let checked = check(SQL, "month period").unwrap();
    let core = plan::model::table("hospital_spell").unwrap();
    let table = |schema| Some(Arc::new(EmptyTable::new(schema)) as Arc<dyn TableProvider>);
    assert!(checked.bind_to(&values(), |_| table(core.snapshot_schema())).is_ok());
    let missing = PlanError::Source { name: "hospital_spell".to_owned() };
    assert_eq!(checked.bind_to(&values(), |_| None).unwrap_err(), missing);
    assert_eq!(checked.bind_to(&values(), |_| table(core.source_schema())).unwrap_err(), missing);
}

#[test]
fn subqueries_read_the_given_tables_too() {
    let sql = "select person_id, admission_date as month from hospital_spell
        where person_id in (select person_id from long_term_condition)";
    let checked = check(sql, "month period").unwrap();
    let only_spells = |name: &str| {
        let table = plan::model::table(name).filter(|table| table.name == "hospital_spell")?;
        Some(Arc::new(EmptyTable::new(table.snapshot_schema())) as Arc<dyn TableProvider>)
    };
    let missing = PlanError::Source { name: "long_term_condition".to_owned() };
    assert_eq!(checked.bind_to(&values(), only_spells).unwrap_err(), missing);
}

#[test]
fn what_is_read_is_known() {
    let sql = "select s.person_id, l.locality as level from hospital_spell s join person p on p.person_id = s.person_id
        join practice_locality l on l.gp_practice_code = p.usual_gp_practice_code
        where exists (select 1 from care_plan c where c.person_id = s.person_id and c.plan_type = 'pcsp')";
    let checked = check(sql, "level level").unwrap();
    let read = |reads: &[plan::Read]| {
        reads.iter().map(|read| format!("{}({})", read.name, read.columns.join(" "))).collect::<Vec<_>>().join(", ")
    };
    assert_eq!(
        read(checked.tables()),
        "care_plan(person_id plan_type), hospital_spell(person_id), person(person_id usual_gp_practice_code)"
    );
    assert_eq!(read(checked.lookups()), "practice_locality(gp_practice_code locality)");
}

#[test]
fn the_normal_form_ignores_spelling() {
    let normal = |sql: &str| check(sql, "month period").unwrap().normalised();
    let plain = normal("select person_id, admission_date as month from hospital_spell where admission_date >= $from");
    assert_eq!(
        plain,
        normal(
            "SELECT person_id,\n  admission_date AS month -- when\nFROM hospital_spell WHERE (admission_date >= $from);"
        )
    );
    assert_ne!(
        plain,
        normal("select person_id, admission_date as month from hospital_spell where admission_date > $from")
    );
}

#[test]
fn declarations_are_there_once() {
    let sql = "select person_id, birth_month as month from person";
    let month = || Output::new("month", OutputKind::Period);
    let refused = |parameters: &[Parameter], outputs: &[Output], lookups: &[LookupSchema]| {
        plan::check(sql, parameters, outputs, lookups).unwrap_err().rule()
    };
    let twice = [Parameter::new("n", ParameterKind::Integer), Parameter::new("n", ParameterKind::Date)];
    assert_eq!(refused(&twice, &[month()], &[]), "parameter");
    assert_eq!(refused(&[], &[month(), month()], &[]), "output");
    assert_eq!(refused(&[], &[Output::new("person_id", OutputKind::Level)], &[]), "output");
    let lookup = |name: &str, columns: &[&str]| LookupSchema {
        name: name.to_owned(),
        columns: columns.iter().map(|&column| column.to_owned()).collect(),
    };
    assert_eq!(refused(&[], &[month()], &[lookup("person", &["code"])]), "table");
    assert_eq!(refused(&[], &[month()], &[lookup("codes", &[])]), "table");
    assert_eq!(refused(&[], &[month()], &[lookup("codes", &["code", "code"])]), "table");
    assert_eq!(refused(&[], &[month()], &[lookup("codes", &["person_id"])]), "table");
    assert_eq!(refused(&[], &[month()], &[lookup("codes", &["code"]), lookup("codes", &["code"])]), "table");
}
