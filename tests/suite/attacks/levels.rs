//! A total of people who may come under two levels, less what is published of one level: those who come under the other
//! only. And both levels less the total: those who come under both.

use std::collections::BTreeSet;

use disclosure::Zeros;

use super::ground::{Ground, Person, Said, national, people, template};
use super::puzzle::Puzzle;

/// How many people come for one thing only, for both, and for the other only.
type Comers = [u64; 3];

/// People by what they come for; those who come for both are under both levels.
const LEVELS: &str = "select person_id, 'one' as cause from hospital_spell where length_of_stay_days < 2
union all
select person_id, 'other' as cause from hospital_spell where length_of_stay_days > 0";
const DIMENSION: &str = r#"[[dimension]]
name = "cause"
levels = ["one", "other"]
per = "record"
"#;

fn by_level(totals: &str) -> String {
    template("stays-by-cause", totals, LEVELS, DIMENSION, Zeros::Hidden)
}

/// What fits both levels and the total: how many people come for each thing only, and for both.
fn attack(said: &[Said]) -> [BTreeSet<u64>; 3] {
    let mut puzzle = Puzzle::default();
    let numbers = [0; 3].map(|_| puzzle.number((0, 400)));
    for (over, said) in [&numbers[..2], &numbers[1..], &numbers].into_iter().zip(said) {
        puzzle.sum(over, said.range(800));
    }
    numbers.map(|number| puzzle.values(number))
}

/// Each figure in its block, by itself.
fn each_rounded([one, both, other]: Comers) -> Vec<Said> {
    [one + both, both + other, one + both + other].map(|n| national(n, Zeros::Hidden)).into()
}

fn records(comers: Comers) -> Vec<Person> {
    comers.iter().zip(0..).flat_map(|(&count, number)| people(count, number, 0)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_total_over_levels_does_not_tell_how_few_come_under_one_of_them_only() {
    // The few are those who come for the other thing only, and those who come for both.
    for (comers, few) in [([11, 50, 7], 2), ([56, 6, 51], 1)] {
        let small = 0..=9;
        let weak = attack(&each_rounded(comers));
        assert!(!small.clone().all(|n| weak[few].contains(&n)), "the attack must win: {weak:?}");

        let ground = Ground::new(&records(comers)).await;
        let said = ground.ask_template(&by_level("totals = [[]]"), "ada").await.unwrap();
        assert_eq!(said[2].word, "shown");
        let found = attack(&said);
        assert!(small.clone().all(|n| found[few].contains(&n)), "{said:?} leaves {found:?}");
    }
    // Where nobody is few the total is as narrow as any.
    let ground = Ground::new(&records([40, 30, 50])).await;
    let said = ground.ask_template(&by_level("totals = [[]]"), "ada").await.unwrap();
    assert_eq!(said[2], national(120, Zeros::Hidden));
}

/// Asked for by itself, as another question, the total is compared with what was said of the levels.
#[tokio::test(flavor = "multi_thread")]
async fn nor_does_the_total_that_another_question_asks_for() {
    let comers = [11, 50, 7];
    let levels = by_level("totals = []");
    let whole = template("all-stays", "totals = []", "select person_id from hospital_spell", "", Zeros::Hidden);
    let weak = attack(&each_rounded(comers));
    assert!(!(0..=9).all(|n| weak[2].contains(&n)), "the attack must win: {weak:?}");
    for asked in [[&levels, &whole], [&whole, &levels]] {
        let ground = Ground::new(&records(comers)).await;
        let mut said = Vec::new();
        for toml in asked {
            said.push(ground.ask_template(toml, "ada").await.unwrap());
        }
        // Fewer than ten people apart, the total and the level are said alike: the same for any few of them, or none.
        assert_eq!(said[0][0], said[1][0], "{said:?}");
    }
}
