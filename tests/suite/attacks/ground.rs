//! A provider's node with known records, and the same questions answered in weaker ways.

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, Date32Array, Int32Array, StringArray};
use chrono::{DateTime, Duration, Utc};
use disclosure::{Cell, Column, Coverage, Dimension, Domain, Measure, Per, Policy, Public, Tally, Zeros, protect};
use node::{Host, Node};
use template::{Digest, Envelope};
use wire::{Answered, Answerer as _, Dispatch, Order, OrderId, RunId};

use crate::world::{GROUPS, World, table, write_table};

/// The provider that is attacked.
const CODE: &str = "RYA";

/// Somebody with one stay: a number that questions select by, and a group of admission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Person {
    pub number: u32,
    pub group: usize,
    pub opted_out: bool,
}

/// So many people with one number.
pub fn people(count: u64, number: u32, group: usize) -> Vec<Person> {
    vec![Person { number, group, opted_out: false }; usize::try_from(count).unwrap()]
}

/// A question: people whose numbers lie in some half-open ranges, all together or by their group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    pub ranges: Vec<(u32, u32)>,
    pub by_group: bool,
    /// Told apart from other questions by nothing else.
    pub alias: u32,
}

impl Question {
    pub fn all(ranges: &[(u32, u32)]) -> Self {
        Self { ranges: ranges.to_vec(), by_group: false, alias: 0 }
    }

    pub fn by_group(ranges: &[(u32, u32)]) -> Self {
        Self { by_group: true, ..Self::all(ranges) }
    }

    pub fn holds(&self, person: &Person) -> bool {
        !person.opted_out && self.selects(person.number)
    }

    /// Whether it is about people with this number.
    pub fn selects(&self, number: u32) -> bool {
        self.ranges.iter().any(|&(from, to)| (from..to).contains(&number))
    }

    fn sql(&self) -> String {
        let range = |(from, to): &(u32, u32)| format!("(length_of_stay_days >= {from} and length_of_stay_days < {to})");
        self.ranges.iter().map(range).collect::<Vec<_>>().join(" or ")
    }

    fn toml(&self, zeros: Zeros) -> String {
        let mut digest = format!("{:?}", self.ranges).replace(|c: char| !c.is_ascii_digit(), "-");
        digest.retain(|c| c != ' ');
        let (columns, totals, dimension) = if self.by_group {
            let levels: Vec<String> = GROUPS.iter().map(|(group, _)| format!("\"{group}\"")).collect();
            let dimension = format!(
                "[[dimension]]\nname = \"admission_group\"\nlevels = [{}]\nper = \"person\"\n",
                levels.join(", ")
            );
            ("person_id, admission_group", "[[]]", dimension)
        } else {
            ("person_id", "[]", String::new())
        };
        let id = format!("stays{digest}-{}-{}", u8::from(self.by_group), self.alias);
        let sql = format!("select {columns}\nfrom hospital_spell\nwhere {}", self.sql());
        template(&id, &format!("totals = {totals}"), &sql, &dimension, zeros)
    }
}

/// A template that counts people of hospitals, with `declared` beside its name.
pub fn template(id: &str, declared: &str, sql: &str, dimensions: &str, zeros: Zeros) -> String {
    let zeros = if zeros == Zeros::Shown { "shown" } else { "hidden" };
    format!(
        r#"id = "{id}"
version = 1
title = "Stays"
purpose = "Plan beds"
legal_basis = "UK GDPR articles 6(1)(e) and 9(2)(h)"
agreement = "Sharing agreement, schedule 1"
owner = "Integrated care board"
author = "Dee Author"
expires = "2098-12-31"
runs_at = ["hospital"]
model = "core-1"
min_sites = {{ hospital = 3 }}
{declared}
sql = """
{sql}
"""

{dimensions}
[[measure]]
name = "people"
counts = "people"

[disclosure]
threshold = 10
rounding = 5
zeros = "{zeros}"
"#
    )
}

/// What is said of one cell: its word and its bounds.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Said {
    pub word: String,
    pub low: u64,
    pub high: Option<u64>,
}

impl Said {
    pub fn of(cell: &Cell) -> Self {
        let word = match cell {
            Cell::Shown { .. } => "shown",
            Cell::Suppressed { .. } => "suppressed",
            Cell::Zero => "zero",
            Cell::Withheld => "withheld",
            Cell::NotCovered => "not-covered",
        };
        Self { word: word.to_owned(), low: cell.low(), high: cell.high() }
    }

    /// The range, nothing more than `most` where nothing bounds it.
    pub fn range(&self, most: u64) -> (u64, u64) {
        (self.low, self.high.unwrap_or(most))
    }
}

/// What is answered to a question, cell by cell; `None` where it is refused.
pub type Answer = Option<Vec<Said>>;

/// The node of a provider with these records.
pub struct Ground {
    world: World,
    node: Node,
    zeros: Zeros,
}

impl Ground {
    /// The provider, zeros hidden.
    pub async fn new(people: &[Person]) -> Self {
        Self::with_zeros(people, Zeros::Hidden).await
    }

    pub async fn with_zeros(people: &[Person], zeros: Zeros) -> Self {
        let world = World::new().await;
        // No coordinator is there that could have a catalogue.
        world.without_catalogue(CODE);
        write_records(&world, people);
        let node = Node::new(world.open_provider(CODE).await, Arc::new(Host::new().unwrap()));
        Self { world, node, zeros }
    }

    /// Other records, frozen in a new snapshot.
    pub async fn refresh(&mut self, people: &[Person]) {
        write_records(&self.world, people);
        let config = node::Config::read(&self.world.node_config(CODE)).unwrap();
        tokio::task::spawn_blocking(move || node::take(&config, Utc::now()).unwrap()).await.unwrap();
    }

    /// Asks, as the coordinator would for some analyst.
    pub async fn ask(&self, question: &Question) -> Answer {
        self.ask_as(question, "ada").await
    }

    pub async fn ask_as(&self, question: &Question, analyst: &str) -> Answer {
        self.ask_template(&question.toml(self.zeros), analyst).await
    }

    /// Asks what a whole template says, approved as any.
    pub async fn ask_template(&self, toml: &str, analyst: &str) -> Answer {
        let template = self.world.approve(toml);
        let issued_at = DateTime::from_timestamp(Utc::now().timestamp(), 0).unwrap();
        let order = Order {
            id: OrderId::random().unwrap(),
            run: RunId::random().unwrap(),
            provider: CODE.parse().unwrap(),
            template: Digest::of(toml.as_bytes()),
            parameters: Vec::new(),
            purpose: "Plan beds".to_owned(),
            analyst: analyst.parse().unwrap(),
            request: None,
            issued_at,
            expires_at: issued_at + Duration::minutes(5),
        };
        let signed = order.sign(&self.world.order_key());
        let dispatch =
            Dispatch { order: signed.bytes().to_vec(), template: template.to_bytes(), ..Dispatch::default() };
        match self.node.answer(dispatch).await {
            Answered::Release(release) => Some(cells_of(release.bytes())),
            _ => None,
        }
    }

    /// Asks everything, one after the other.
    pub async fn ask_all(&self, questions: &[Question]) -> Vec<Answer> {
        let mut answers = Vec::new();
        for question in questions {
            answers.push(self.ask(question).await);
        }
        answers
    }
}

/// What the signed release says of its first measure, read as anybody can.
fn cells_of(envelope: &[u8]) -> Vec<Said> {
    let envelope = Envelope::parse(envelope).unwrap();
    let document: serde_json::Value = serde_json::from_slice(envelope.unverified_payload()).unwrap();
    let cell = |cell: &serde_json::Value| match cell {
        serde_json::Value::String(word) => Said { word: word.clone(), low: 0, high: (word == "zero").then_some(0) },
        cell => {
            let (word, bounds) = cell.as_object().unwrap().iter().next().unwrap();
            Said { word: word.clone(), low: bounds["low"].as_u64().unwrap(), high: bounds["high"].as_u64() }
        }
    };
    document["measures"][0]["cells"].as_array().unwrap().iter().map(cell).collect()
}

fn write_records(world: &World, people: &[Person]) {
    let text = |values: Vec<String>| Arc::new(StringArray::from(values)) as ArrayRef;
    // Whoever is listed first keeps the name, whatever comes after.
    let ids: Vec<String> = (0..people.len()).map(|n| format!("P{n}")).collect();
    let born = Date32Array::from_iter_values(ids.iter().map(|_| -10_000));
    let opted_out: BooleanArray = people.iter().map(|person| Some(person.opted_out)).collect();
    let person = table(
        "person",
        [("person_id", text(ids.clone())), ("birth_month", Arc::new(born)), ("opted_out", Arc::new(opted_out))],
    );
    write_table(&world.node_table(CODE, "person"), &person);
    let groups = |of: fn(&(&str, &str)) -> String| text(people.iter().map(|p| of(&GROUPS[p.group])).collect());
    let spells = table(
        "hospital_spell",
        [
            ("spell_id", text((0..ids.len()).map(|n| format!("S{n}")).collect())),
            ("person_id", text(ids.clone())),
            ("provider_code", text(ids.iter().map(|_| CODE.to_owned()).collect())),
            ("admission_date", Arc::new(Date32Array::from_iter_values(ids.iter().map(|_| 19_900)))),
            ("admission_method_code", groups(|group| group.1.to_owned())),
            ("admission_group", groups(|group| group.0.to_owned())),
            (
                "length_of_stay_days",
                Arc::new(Int32Array::from_iter_values(people.iter().map(|p| i32::try_from(p.number).unwrap()))),
            ),
        ],
    );
    write_table(&world.node_table(CODE, "hospital_spell"), &spells);
}

/// The weakened way: every question is protected by itself, by the same rule, and nothing is remembered.
pub fn alone(people: &[Person], question: &Question, zeros: Zeros) -> Answer {
    let levels = GROUPS.iter().map(|(group, _)| (*group).to_owned()).collect();
    let group = Dimension { name: "group".to_owned(), levels, per: Per::Person };
    let domain = if question.by_group {
        Domain::new(vec![group], vec![vec![]]).unwrap()
    } else {
        Domain::new(vec![], vec![]).unwrap()
    };
    let measures = [Measure::people("people")];
    let mut tally = Tally::new(&domain, &measures).unwrap();
    for (number, person) in (0u32..).zip(people).filter(|(_, person)| question.holds(person)) {
        let cell = if question.by_group { u32::try_from(person.group).unwrap() } else { 0 };
        tally.add(&[cell], &[number], &[] as &[Column<'_>]).unwrap();
    }
    let policy = Policy::nhs_sde().with_zeros(zeros);
    let (coverage, public) = (Coverage::whole(&domain), Public::nothing(&domain, &measures));
    let protected = protect(tally.finish().unwrap(), &domain, &measures, &policy, &coverage, &public).unwrap();
    Some(protected.cells(0).iter().map(Said::of).collect())
}

/// The national rule: fewer than ten are hidden, everything else, totals included, is rounded to five.
pub fn national(count: u64, zeros: Zeros) -> Said {
    let said = |word: &str, low, high| Said { word: word.to_owned(), low, high: Some(high) };
    match count {
        0 if zeros == Zeros::Shown => said("zero", 0, 0),
        0..10 => said("suppressed", u64::from(zeros == Zeros::Shown), 9),
        n => {
            let value = (n + 2) / 5 * 5;
            said("shown", (value - 2).max(10), value + 2)
        }
    }
}
