//! Two cohorts, those in both, and everybody: whoever is in either of the two and whoever is in both add up to the two, so
//! what is left of everybody is those who are in neither.

use std::collections::BTreeSet;

use disclosure::Zeros;

use super::ground::{Answer, Ground, Question, alone, people};
use super::puzzle::Puzzle;

/// In one cohort only, in both, in the other only, and in neither.
const COUNTS: [u64; 4] = [56, 247, 66, 3];
/// The two cohorts, those in both, and everybody.
const ASKED: [(u32, u32); 4] = [(0, 2), (1, 3), (1, 2), (0, 4)];

/// How many may be in neither, given what was answered to each question.
fn attack(answers: &[(&Question, Answer)]) -> BTreeSet<u64> {
    let mut puzzle = Puzzle::default();
    let numbers = COUNTS.map(|_| puzzle.number((0, 400)));
    for (question, answer) in answers {
        let over = numbers.iter().zip(0..).filter(|(_, number)| question.selects(*number));
        let over: Vec<usize> = over.map(|(place, _)| *place).collect();
        if let Some(said) = answer {
            puzzle.sum(&over, said[0].range(1600));
        }
    }
    puzzle.values(numbers[3])
}

/// Whether it may be one person, and is known no finer than a block.
fn is_safe(found: &BTreeSet<u64>) -> bool {
    found.contains(&1) && found.len() >= 5
}

#[tokio::test(flavor = "multi_thread")]
async fn either_and_both_do_not_tell_of_the_few_in_neither() {
    let records: Vec<_> = COUNTS.iter().zip(0..).flat_map(|(&count, number)| people(count, number, 0)).collect();
    let questions = ASKED.map(|range| Question::all(&[range]));
    let weak: Vec<(&Question, Answer)> =
        questions.iter().map(|question| (question, alone(&records, question, Zeros::Hidden))).collect();
    let found = attack(&weak);
    assert!(!is_safe(&found), "three at most are known to be in neither: {found:?}");

    for last in 0..questions.len() {
        let ground = Ground::new(&records).await;
        let mut answers = Vec::new();
        for question in questions.iter().cycle().skip(last + 1).take(questions.len()) {
            answers.push((question, ground.ask(question).await));
        }
        assert!(answers[..3].iter().all(|(_, answer)| answer.is_some()), "three of them tell nothing");
        let found = attack(&answers);
        assert!(is_safe(&found), "{answers:?} leaves {found:?}");
    }
}
