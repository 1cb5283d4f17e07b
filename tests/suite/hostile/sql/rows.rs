//! How many rows somebody has, and what is in them, changes neither whose they are nor what a node says.

use std::sync::Arc;

use node::{Host, Node};
use serde_json::{Value, json};
use template::Envelope;
use wire::{Answered, Answerer as _, Dispatch, Order, Refusal};

use super::records::{Person, Stay, tables, write};
use super::{Declared, furnish, parameters};
use crate::hostile::orders;
use crate::world::{World, edit};

/// RYA's node over records.
pub struct Site {
    world: World,
    node: Node,
}

impl Site {
    pub async fn of(people: &[Person]) -> Self {
        let world = World::new().await;
        world.without_catalogue("RYA");
        // Each question is looked at by itself: what it says beside earlier ones is no matter of its SQL.
        edit(&world.node_config("RYA"), "quantum_ms = 1", "quantum_ms = 1\ncompares = \"same-question\"");
        furnish(&world);
        write(&world, &tables(people));
        let node = Node::new(world.open_provider("RYA").await, Arc::new(Host::new().unwrap()));
        Self { world, node }
    }

    /// What the node says to a template over so many months: the cells of each measure, or a word.
    pub async fn ask(&self, toml: &str, months: u32) -> Result<Vec<Vec<Value>>, Refusal> {
        self.ask_with(toml, parameters(months)).await
    }

    async fn ask_with(&self, toml: &str, parameters: Vec<(String, String)>) -> Result<Vec<Vec<Value>>, Refusal> {
        let order = Order { parameters, ..orders::order_of(toml.as_bytes()) };
        let template = self.world.guardians.sign_template(toml).to_bytes();
        let signed = order.sign(&self.world.order_key()).bytes().to_vec();
        match self.node.answer(Dispatch { order: signed, template, ..Dispatch::default() }).await {
            Answered::Release(release) => {
                let payload = Envelope::parse(release.bytes()).unwrap().unverified_payload().to_vec();
                let document: Value = serde_json::from_slice(&payload).unwrap();
                let measures = document["measures"].as_array().unwrap();
                Ok(measures.iter().map(|measure| measure["cells"].as_array().unwrap().clone()).collect())
            }
            Answered::Refusal(refusal) => {
                let (key, code) = (self.world.provider_key("RYA").public(), "RYA".parse().unwrap());
                Err(wire::verify_refusal(refusal.bytes(), &key, &order.id, &code).unwrap())
            }
            Answered::Unreadable => panic!("the order is readable"),
        }
    }
}

fn stay(method: usize, diagnosis: usize) -> Stay {
    Stay { day: 3, method, diagnosis: Some(diagnosis), length: Some(2) }
}

fn person(stays: Vec<Stay>) -> Person {
    Person { stays, ..Person::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_rows_of_one_person_are_one_person() {
    let mut people: Vec<Person> = (0..12).map(|_| person(vec![stay(0, 0)])).collect();
    people.push(person(vec![stay(1, 0); 20]));
    let site = Site::of(&people).await;
    let level = Declared { lookups: false, ..Declared::of("level level") };
    let shown = |low: u64, high: u64, value: u64| json!({"shown": {"value": value, "low": low, "high": high}});
    let few = json!({"suppressed": {"low": 1, "high": 9}});
    let plain = "select person_id, admission_method_code as level from hospital_spell";
    // Joined with itself within the person it is four hundred rows, and the twelve people are twelve.
    let multiplied = "select a.person_id, a.admission_method_code as level from hospital_spell a \
        join hospital_spell b on a.person_id = b.person_id";
    for (id, sql) in [("plain", plain), ("multiplied", multiplied)] {
        let cells = site.ask(&level.template(id, sql), 1).await.unwrap();
        let zero = || json!("zero");
        assert_eq!(cells[0], [shown(10, 12, 10), few.clone(), zero(), zero(), zero()], "{id}: people");
        assert_eq!(cells[1], [shown(10, 12, 10), json!("withheld"), zero(), zero(), zero()], "{id}: rows");
    }
}

/// Whether a record is there must not show in whether a question is answered.
#[tokio::test(flavor = "multi_thread")]
async fn no_word_of_a_node_depends_on_a_record() {
    let many: Vec<Person> = (0..40).map(|n| person(vec![stay(n % 2, 0)])).collect();
    let with = [many.clone(), vec![person(vec![stay(0, 3)])]].concat();
    let (with, without) = (Site::of(&with).await, Site::of(&many).await);
    let amount = |value: &str| {
        format!(
            "select person_id, case when primary_diagnosis_code = 'Z99' then {value} else 1 end as units from hospital_spell"
        )
    };
    let day = |value: &str| {
        format!(
            "select person_id, case when primary_diagnosis_code = 'Z99' then {value} else admission_date end as month from hospital_spell"
        )
    };
    for (id, outputs, sql) in [
        ("negative", "units sum", amount("0 - 1")),
        ("minus", "units sum", amount("-1")),
        ("huge", "units sum", amount("9223372036854775807")),
        ("hundredths", "units sum", amount("92233720368547759")),
        ("least", "units sum", amount("-9223372036854775807 - 1")),
        ("wrapped", "units sum", amount("length_of_stay_days * 9000000000000000000")),
        ("money", "units sum", amount("9999999999999999999999999999999999.99")),
        ("millennia", "month period", day("admission_date + interval '300000 years'")),
        ("months", "month period", day("admission_date + interval '2147483647 months'")),
        ("past", "month period", day("admission_date - interval '300000 years'")),
        ("days", "month period", day("admission_date - interval '2147483647 days'")),
    ] {
        let toml = Declared { lookups: false, ..Declared::of(outputs) }.template(id, &sql);
        let words = [with.ask(&toml, 1).await.map(drop), without.ask(&toml, 1).await.map(drop)];
        assert_eq!(words[0], words[1], "{id}");
    }
    // A second level of somebody who has one by declaration.
    let levels = "select person_id, 'yes' as level from hospital_spell union all \
        select person_id, 'J44' from hospital_spell where primary_diagnosis_code = 'Z99'";
    let toml = Declared { lookups: false, ..Declared::of("level level") }.template("levels", levels);
    let toml = toml.replace("per = \"record\"", "per = \"person\"");
    for site in [&with, &without] {
        let cells = site.ask(&toml, 1).await.unwrap();
        assert_eq!(cells[0][3], json!({"shown": {"value": 40, "low": 38, "high": 42}}));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parameter_takes_its_own_values_and_nothing_else() {
    let site = Site::of(&(0..12).map(|_| person(vec![stay(0, 0)])).collect::<Vec<_>>()).await;
    let sql = "select person_id, case when treatment_function_code = $choice then 'yes' else '21' end as level \
        from hospital_spell where length_of_stay_days >= $n";
    let toml = Declared { lookups: false, ..Declared::of("level level") }.template("parameters", sql);
    let good = parameters(1);
    let with = |name: &str, value: &str| {
        let given =
            good.iter().map(|(known, old)| (known.clone(), if known == name { value.to_owned() } else { old.clone() }));
        given.collect::<Vec<_>>()
    };
    for (name, values) in [
        (
            "n",
            &[
                "0",
                "10",
                "-1",
                "1e400",
                "NaN",
                "9223372036854775808",
                "2.0",
                "0x2",
                " 2",
                "+2",
                "02",
                "2\0",
                "\u{ff12}",
                "",
            ][..],
        ),
        ("choice", &["S2", "s1", "' or '1'='1", "300'--", "300\0", "S\u{0406}", "$n", ""]),
        ("from", &["2024-13", "2024-4", "24-04", "2024-04-01", "99999-01", "now", "$to", ""]),
    ] {
        for value in values {
            let said = site.ask_with(&toml, with(name, value)).await;
            assert_eq!(said, Err(Refusal::BadParameters), "{name} = {value:?}");
        }
    }
    for (what, parameters) in [
        ("one missing", good[..3].to_vec()),
        ("one twice", [good.clone(), good[3..].to_vec()].concat()),
        ("one that is not declared", [good.clone(), vec![("threshold".to_owned(), "1".to_owned())]].concat()),
    ] {
        assert_eq!(site.ask_with(&toml, parameters).await, Err(Refusal::BadParameters), "{what}");
    }
    let said = site.ask_with(&toml, with("choice", "S1")).await.unwrap();
    assert_eq!(said[0][0], json!({"shown": {"value": 10, "low": 10, "high": 12}}));
}
