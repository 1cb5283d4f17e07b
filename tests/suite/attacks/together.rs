//! Everything that a table says at once: what an attacker with all of a site's totals finds is what an answer's bounds are
//! made of, for a reader is owed what an attacker has.

use disclosure::Zeros;
use futures::StreamExt as _;
use serde_json::{Value, json};
use template::{Envelope, PayloadType};
use wire::{Answer, Answered, Answerer as _, Outcome};

use super::ground::template;
use super::puzzle::Puzzle;
use crate::hostile::attacker::{FalseNode, TAKEN};
use crate::world::{World, closed};

/// People by two things of which each has one level, with all totals.
const DECLARED: &str = r#"show_sites = true
totals = [[], ["admission_group"], ["stay"]]"#;
const SQL: &str = r#"select person_id, admission_group,
  case when length_of_stay_days < 3 then 'short' when length_of_stay_days < 8 then 'long' else 'longer' end as stay
from hospital_spell"#;
const DIMENSIONS: &str = r#"[[dimension]]
name = "admission_group"
levels = ["emergency", "elective", "maternity"]
per = "person"

[[dimension]]
name = "stay"
levels = ["short", "long", "longer"]
per = "person"
"#;

/// What RYD says of its cells, row by row, of everything, of its rows and of its columns. The middle is withheld, and so are
/// two rows and two columns: 31 people of 247.
const SAID: [Option<u64>; 16] = [
    None,
    Some(75),
    Some(20), // of which 52, 74 and 19
    FEW,
    None,
    None, // 3, 31 and 27
    FEW,
    FEW,
    None, // 3, 4 and 34
    Some(245),
    Some(145),
    None,
    None,
    None,
    None,
    Some(80),
];
/// Fewer than ten.
const FEW: Option<u64> = Some(0);
const MIDDLE: usize = 4;
/// More than any cell here can have.
const MOST: u64 = 250;

fn range(said: Option<u64>) -> (u64, u64) {
    match said {
        None => (0, MOST),
        FEW => (0, 9),
        Some(value) => (value - 2, value + 2),
    }
}

/// The attacker's table: cells, and what is said of sums of them.
fn attacker() -> Puzzle {
    let mut puzzle = Puzzle::default();
    let cells: Vec<usize> = SAID[..9].iter().map(|said| puzzle.number(range(*said))).collect();
    let of = |places: [usize; 3]| places.map(|place| cells[place]);
    let lines = [[0, 1, 2], [3, 4, 5], [6, 7, 8], [0, 3, 6], [1, 4, 7], [2, 5, 8]];
    puzzle.sum(&cells, range(SAID[9]));
    for (line, said) in lines.into_iter().zip(&SAID[10..]).filter(|(_, said)| said.is_some()) {
        puzzle.sum(&of(line), range(*said));
    }
    puzzle
}

/// A weakened attacker, who reads one total after another.
fn one_by_one(puzzle: &Puzzle, number: usize) -> (u64, u64) {
    let mut ranges = puzzle.ranges.clone();
    loop {
        let before = ranges.clone();
        for (numbers, (least, most)) in &puzzle.sums {
            for n in numbers {
                let others = || numbers.iter().filter(|other| *other != n).map(|other| ranges[*other]);
                let (lows, highs) = (others().map(|r| r.0).sum::<u64>(), others().map(|r| r.1).sum::<u64>());
                ranges[*n] =
                    (ranges[*n].0.max(least.saturating_sub(highs)), ranges[*n].1.min(most.saturating_sub(lows)));
            }
        }
        if ranges == before {
            return ranges[number];
        }
    }
}

/// The release with these figures in the place of its own, signed by its own provider.
fn with_figures(world: &World, release: &[u8]) -> Vec<u8> {
    let mut document: Value = serde_json::from_slice(Envelope::parse(release).unwrap().unverified_payload()).unwrap();
    let cell = |said: &Option<u64>| match *said {
        None => json!("withheld"),
        FEW => json!({"suppressed": {"low": 0, "high": 9}}),
        Some(value) => json!({"shown": {"value": value, "low": value - 2, "high": value + 2}}),
    };
    let measure = document["measures"][0].as_object_mut().unwrap();
    measure.insert("cells".to_owned(), SAID.iter().map(cell).collect());
    measure.remove("reasons");
    let payload = serde_json::to_vec(&document).unwrap();
    Envelope::sign(PayloadType::Release, payload, &[&world.provider_key("RYD")]).to_bytes()
}

/// The bounds of the middle cell in a group of an answer.
fn middle(answer: &Answer, group: &str) -> (u64, Option<u64>) {
    let group = answer.groups.iter().find(|of| of.name == group).unwrap();
    let levels = ["elective", "long"].map(|level| Some(level.to_owned()));
    let cell = group.cells.iter().find(|cell| cell.levels == levels).unwrap();
    (cell.low, cell.high)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_as_narrow_as_an_attacker_finds_each_site() {
    let world = World::new().await;
    world.without_catalogue("RYD");
    world.approve(&template("stays-by-group", DECLARED, SQL, DIMENSIONS, Zeros::Hidden));
    let coordinator = world.start_coordinator().await;
    let nodes = world.start_nodes(&["RYA", "RYB", "RYC"]).await;
    let host = std::sync::Arc::new(node::Host::new().unwrap());
    let honest = node::Node::new(world.open_provider("RYD").await, host);
    let mut door = FalseNode::of(&world, "RYD").await;
    let mut orders = door.orders().await.unwrap();
    let mut desk = world.desk().await;
    world.connected(&mut desk, &["RYA", "RYB", "RYC", "RYD"]).await;
    let ask = wire::Ask { template: "stays-by-group".to_owned(), parameters: vec![], ..world.ask() };
    let run = desk.ask(&ask).await.unwrap();
    let Answered::Release(release) = honest.answer(orders.next().await.unwrap()).await else {
        panic!("RYD's own node answers")
    };
    let figures = Outcome::Release(with_figures(&world, release.bytes()));
    assert_eq!(door.submit(&release.order().to_string(), figures).await.unwrap(), TAKEN);
    let answer = closed(&mut desk, run).await;

    let puzzle = attacker();
    let found = puzzle.values(MIDDLE);
    let (least, most) = (*found.first().unwrap(), *found.last().unwrap());
    let (low, high) = one_by_one(&puzzle, MIDDLE);
    assert!(low < least && most < high, "all totals say more than one after another: {found:?} in {low} to {high}");
    assert_eq!(middle(&answer, "RYD"), (least, Some(most)));
    // The other hospitals say of nobody there that they are fewer than ten.
    let others = ["RYA", "RYB", "RYC"].map(|code| middle(&answer, code));
    assert_eq!(others, [(0, Some(9)); 3]);
    assert_eq!(middle(&answer, "all"), (least, Some(most + 27)));
    nodes.stop().await;
    coordinator.stop().await;
}
