//! Whatever statement the plan check accepts, a node answers with counts of contributions that it makes itself.
//!
//! Statements come from a grammar, records at random. The same SQL is run by a plain engine over the provider's own
//! tables; its rows are counted here by hand, and the rule of disclosure is applied once more in a few lines. The release
//! must say exactly that: the declared cells, each by the rule, and none about fewer than ten people.

use std::cell::Cell;
use std::collections::BTreeMap;

use arrow::util::display::array_value_to_string;
use datafusion::prelude::SessionContext;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use template::Template;
use wire::Refusal;

use super::grammar::{Shape, Statement, statement};
use super::records::{Person, Stay, Tables, tables};
use super::rows::Site;
use super::{Declared, LEVELS};

/// How many sets of records there are, and how many statements to each.
const SITES: u32 = 4;
const STATEMENTS: usize = 55;
const MONTHS: [&str; 3] = ["2024-04", "2024-05", "2024-06"];
const THRESHOLD: u64 = 10;
/// The most units that one person counts for, as the template declares.
const UNITS_MAX: i64 = 30;

fn people() -> impl Strategy<Value = Vec<Person>> {
    let stay =
        (0..95, prop_oneof![5 => Just(0usize), 3 => Just(1), 1 => Just(2)], any::<Option<u8>>(), any::<Option<u8>>());
    let stay = stay.prop_map(|(day, method, diagnosis, length)| Stay {
        day,
        method,
        diagnosis: diagnosis.map(|n| usize::from(n % 4)),
        length: length.map(|n| i32::from(n % 21)),
    });
    let person = (0..2usize, prop::collection::vec(stay, 0..4), prop::collection::vec(0..2usize, 0..2));
    let person = person.prop_map(|(gender, stays, conditions)| Person { gender, stays, conditions });
    prop::collection::vec(person, 20..110)
}

/// A row that the SQL returns.
struct Contribution {
    person: String,
    level: &'static str,
    month: Option<&'static str>,
    units: Option<i64>,
}

/// What a plain engine returns for the SQL over the provider's own tables: rows in declared cells.
async fn contributions(tables: &Tables, sql: &str, shape: Shape) -> Vec<Contribution> {
    let session = SessionContext::new();
    for (name, batch) in tables {
        session.register_batch(*name, batch.clone()).unwrap();
    }
    let sql = sql.replace("$from", "date '2024-04-01'").replace("$n", "2");
    let mut rows = Vec::new();
    for batch in session.sql(&sql).await.unwrap().collect().await.unwrap() {
        let text = |column: &str, row: usize| {
            let array = batch.column_by_name(column).unwrap();
            (!array.is_null(row)).then(|| array_value_to_string(array, row).unwrap())
        };
        for row in 0..batch.num_rows() {
            let level = text("level", row);
            let month = shape.month.then(|| text("month", row).unwrap_or_default());
            let declared = month.as_ref().map(|day| MONTHS.into_iter().find(|month| day.starts_with(month)));
            if declared == Some(None) {
                continue;
            }
            rows.push(Contribution {
                person: text("person_id", row).unwrap(),
                level: LEVELS.into_iter().find(|known| level.as_deref() == Some(*known)).unwrap_or("other"),
                month: declared.flatten(),
                units: shape.units.then(|| text("units", row).map(|n| n.parse().unwrap())).flatten(),
            });
        }
    }
    rows
}

/// Of each person in a cell: how many rows, and how many units.
type People<'a> = BTreeMap<&'a str, (u64, i64)>;

fn people_of<'a>(rows: impl Iterator<Item = &'a Contribution>) -> People<'a> {
    let mut people = People::new();
    for row in rows {
        let (rows, units) = people.entry(&row.person).or_default();
        *rows += 1;
        *units = (*units + row.units.unwrap_or(0).max(0)).min(UNITS_MAX);
    }
    people
}

/// The rule for the people of a cell.
fn count(people: u64, zeros: &str) -> Value {
    match people {
        0 if zeros == "shown" => json!("zero"),
        0..THRESHOLD => json!({"suppressed": {"low": u64::from(zeros == "shown"), "high": THRESHOLD - 1}}),
        n => shown(n),
    }
}

/// A count rounded half-up to five, with what it may have been.
fn shown(n: u64) -> Value {
    let value = (n + 2) / 5 * 5;
    json!({"shown": {"value": value, "low": (value - 2).max(THRESHOLD), "high": value + 2}})
}

/// The rule for rows and units: ten people with some, of whom nobody dominates.
fn amount(of_each: &[u64], people: u64, zeros: &str, say: fn(u64) -> Value) -> Value {
    if people == 0 && zeros == "shown" {
        return json!("zero");
    }
    let mut some: Vec<u64> = of_each.iter().copied().filter(|n| *n > 0).collect();
    some.sort_unstable_by(|a, b| b.cmp(a));
    let total: u64 = some.iter().sum();
    let enough = some.len() as u64 >= THRESHOLD;
    let dominated = || {
        let others = total - some[0] - some[1];
        others * 100 < 10 * some[0] || some[0] * 10_000 >= 4_375 * total
    };
    if enough && !dominated() { say(total) } else { json!("withheld") }
}

/// A sum rounded half-up to five, with the units around it.
fn summed(n: u64) -> Value {
    let value = (n + 2) / 5 * 5;
    json!({"shown": {"value": value, "low": value.saturating_sub(3), "high": value + 3}})
}

/// What each measure must say of the declared cells, in their order.
fn expected(rows: &[Contribution], shape: Shape, zeros: &str) -> Vec<Vec<Value>> {
    let months = if shape.month { MONTHS.map(Some).to_vec() } else { vec![None] };
    let levels = LEVELS.into_iter().chain(["other"]);
    let mut measures = vec![Vec::new(); if shape.units { 3 } else { 2 }];
    for (level, month) in levels.flat_map(|level| months.iter().map(move |month| (level, *month))) {
        let people = people_of(rows.iter().filter(|row| row.level == level && row.month == month));
        let n = people.len() as u64;
        let of_rows: Vec<u64> = people.values().map(|(rows, _)| *rows).collect();
        let of_units: Vec<u64> = people.values().map(|(_, units)| u64::try_from(*units).unwrap()).collect();
        measures[0].push(count(n, zeros));
        measures[1].push(amount(&of_rows, n, zeros, shown));
        if shape.units {
            measures[2].push(amount(&of_units, n, zeros, summed));
        }
    }
    measures
}

/// What the total of everything may say: where it is a figure, it is about ten people or more and holds the truth.
fn total_holds(said: &Value, truth: u64, people: u64) -> bool {
    match said.get("shown").or_else(|| said.get("suppressed")) {
        Some(bounds) => {
            let holds = bounds["low"].as_u64().unwrap() <= truth && truth <= bounds["high"].as_u64().unwrap();
            holds && (people >= THRESHOLD || said.get("shown").is_none())
        }
        None => said != "zero" || people == 0,
    }
}

/// What came of all statements.
#[derive(Default)]
struct Seen {
    asked: Cell<u32>,
    accepted: Cell<u32>,
    hostile: Cell<u32>,
    shown: Cell<usize>,
    suppressed: Cell<usize>,
}

fn more<T: Copy + std::ops::Add<Output = T>>(cell: &Cell<T>, by: T) {
    cell.set(cell.get() + by);
}

async fn check(people: &[Person], statements: &[Statement], seen: &Seen) {
    let site = Site::of(people).await;
    let tables = tables(people);
    for (n, Statement { sql, is_hostile, shape }) in statements.iter().enumerate() {
        let zeros = if n % 3 == 0 { "hidden" } else { "shown" };
        let outputs = shape.outputs();
        let declared = Declared { outputs: &outputs, lookups: false, total: n % 2 == 0, zeros };
        let toml = declared.template(&format!("statement-{n}"), sql);
        let accepted = plan::check_template(&Template::parse(toml.as_bytes()).unwrap(), &[]).is_ok();
        let said = site.ask(&toml, 3).await;
        more(&seen.asked, 1);
        more(&seen.hostile, u32::from(*is_hostile));
        if !accepted {
            assert_eq!(said, Err(Refusal::NotApproved), "{sql}");
            continue;
        }
        assert!(!is_hostile, "hostile, and accepted: {sql}");
        more(&seen.accepted, 1);
        let mut said = said.unwrap_or_else(|word| panic!("{word:?}: {sql}"));
        let rows = contributions(&tables, sql, *shape).await;
        if declared.total {
            let everybody = people_of(rows.iter());
            let people = everybody.len() as u64;
            let totals: Vec<Value> = said.iter_mut().map(|cells| cells.pop().unwrap()).collect();
            assert!(total_holds(&totals[0], people, people), "{sql}: {totals:?} of {people}");
            assert!(total_holds(&totals[1], rows.len() as u64, people), "{sql}: {totals:?} of {} rows", rows.len());
        }
        let expected = expected(&rows, *shape, zeros);
        assert_eq!(said, expected, "{sql}");
        let cells = || said.iter().flatten();
        more(&seen.shown, cells().filter(|cell| cell.get("shown").is_some()).count());
        more(&seen.suppressed, cells().filter(|cell| cell.get("suppressed").is_some()).count());
    }
}

#[test]
fn whatever_is_accepted_yields_only_counts_that_the_node_makes_itself() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let seen = Seen::default();
    let config = Config { cases: SITES, max_shrink_iters: 40, failure_persistence: None, ..Config::default() };
    let cases = (people(), prop::collection::vec(statement(), STATEMENTS));
    let ran = TestRunner::new(config).run(&cases, |(people, statements)| {
        runtime.block_on(check(&people, &statements, &seen));
        Ok(())
    });
    if let Err(error) = ran {
        panic!("{error}");
    }
    // It would prove nothing if little were accepted, or hostile, or if what is accepted said nothing.
    let (asked, accepted, hostile) = (seen.asked.get(), seen.accepted.get(), seen.hostile.get());
    assert!(accepted * 100 >= asked * 30, "{accepted} of {asked} accepted");
    assert!(hostile * 100 >= asked * 10, "{hostile} of {asked} hostile");
    // Of what makes sense, nearly everything is accepted.
    assert!(accepted * 100 >= (asked - hostile) * 80, "{accepted} accepted, {asked} asked, {hostile} hostile");
    assert!(seen.shown.get() > 150 && seen.suppressed.get() > 150, "{:?} {:?}", seen.shown, seen.suppressed);
}
