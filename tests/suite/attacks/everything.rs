//! Everything released so far: tables with their totals and single figures, one after the other, and after each of them the
//! intervals of all together, in whole numbers.

use std::collections::BTreeSet;

use disclosure::Zeros;

use super::ground::{Answer, Ground, Person, Question, alone, people};
use super::puzzle::Puzzle;
use crate::world::GROUPS;

/// Per group of admission, how many people bear each number. A zero may be nine, as far as anybody is told.
const COUNTS: [[u64; 4]; 4] = [[102, 4, 17, 26], [31, 24, 12, 40], [0, 0, 0, 0], [0, 0, 0, 0]];
/// The small count that is looked for: its group and its number.
const HIDDEN: (usize, usize) = (0, 1);

fn records() -> Vec<Person> {
    let of = |group: usize| (0u32..).zip(COUNTS[group]).flat_map(move |(number, n)| people(n, number, group));
    (0..GROUPS.len()).flat_map(of).collect()
}

/// By group and all together: small regions, each number, the county, everything.
fn questions() -> Vec<Question> {
    let ranges: [&[(u32, u32)]; 7] = [&[(0, 3)], &[(0, 1)], &[(2, 3)], &[(1, 2)], &[(3, 4)], &[(1, 4)], &[(0, 4)]];
    ranges.into_iter().flat_map(|range| [Question::by_group(range), Question::all(range)]).collect()
}

/// Every value that the small count has in some table that fits all of these answers.
fn attack(questions: &[Question], answers: &[Answer]) -> BTreeSet<u64> {
    let mut puzzle = Puzzle::default();
    let numbers = COUNTS.map(|group| group.map(|n| puzzle.number((0, if n < 10 { 9 } else { 400 }))));
    for (question, answer) in questions.iter().zip(answers) {
        let Some(cells) = answer else { continue };
        let asked = |place: usize| question.ranges.iter().any(|&(from, to)| (from..to).contains(&(place as u32)));
        let of = |group: usize| (0..4).filter(|&place| asked(place)).map(move |place| numbers[group][place]);
        let all: Vec<usize> = (0..GROUPS.len()).flat_map(of).collect();
        let groups = if question.by_group { GROUPS.len() } else { 0 };
        for (group, cell) in cells.iter().take(groups).enumerate() {
            puzzle.sum(&of(group).collect::<Vec<_>>(), cell.range(4000));
        }
        puzzle.sum(&all, cells[groups].range(4000));
    }
    puzzle.values(numbers[HIDDEN.0][HIDDEN.1])
}

#[tokio::test(flavor = "multi_thread")]
async fn all_releases_together_leave_a_hidden_count_whole() {
    let (records, questions) = (records(), questions());
    let weak: Vec<Answer> = questions.iter().map(|question| alone(&records, question, Zeros::Hidden)).collect();
    let found = attack(&questions, &weak);
    assert!(found.len() < 10 && found.contains(&COUNTS[HIDDEN.0][HIDDEN.1]), "each safe alone: {found:?}");

    let mut backwards = questions.clone();
    backwards.reverse();
    for questions in [questions, backwards] {
        let ground = Ground::new(&records).await;
        let mut answers: Vec<Answer> = Vec::new();
        for question in &questions {
            answers.push(ground.ask(question).await);
            let so_far = attack(&questions[..answers.len()], &answers);
            assert_eq!(so_far, (0..=9).collect(), "after {} of {answers:?}", answers.len());
        }
        let shown = answers.iter().flatten().flatten().filter(|cell| cell.word == "shown").count();
        assert!(shown > 8, "something is said: {shown} figures");
    }
}
