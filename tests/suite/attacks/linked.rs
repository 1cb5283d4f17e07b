//! Tables that share cells, released one after the other: each is safe alone, all of them together are not.
//!
//! The example is sdcTable's: regions under counties in one table, and under big and small ones in another.

use std::collections::BTreeSet;

use disclosure::Zeros;

use super::ground::{Answer, Ground, Question, alone, people};
use super::puzzle::Puzzle;

/// County one, region K, region N, and regions L and M together.
const COUNTS: [u64; 4] = [102, 4, 17, 26];
/// Region K.
const HIDDEN: usize = 1;

/// What the attacker finds of region K: every answer is a sum over the numbers that the question asked for.
fn attack(questions: &[Question], answers: &[Answer]) -> BTreeSet<u64> {
    let mut puzzle = Puzzle::default();
    let numbers = COUNTS.map(|_| puzzle.number((0, 400)));
    puzzle.ranges[HIDDEN] = (0, 9);
    for (question, answer) in questions.iter().zip(answers) {
        let Some(cells) = answer else { continue };
        let asked = |place: &usize| question.ranges.iter().any(|&(from, to)| (from..to).contains(&(*place as u32)));
        let asked: Vec<usize> = numbers.into_iter().filter(asked).collect();
        puzzle.sum(&asked, cells[0].range(2000));
    }
    puzzle.values(HIDDEN)
}

/// Small regions, county one, region N, region K, regions L and M, county two, everything.
fn questions() -> Vec<Question> {
    let ranges: [&[(u32, u32)]; 7] = [&[(0, 3)], &[(0, 1)], &[(2, 3)], &[(1, 2)], &[(3, 4)], &[(1, 4)], &[(0, 4)]];
    ranges.into_iter().map(Question::all).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn linked_questions_do_not_give_a_hidden_region_away() {
    let records = [0, 1, 2, 3].map(|n| people(COUNTS[n as usize], n, 0)).concat();
    let questions = questions();
    let weak: Vec<Answer> = questions.iter().map(|question| alone(&records, question, Zeros::Hidden)).collect();
    assert_eq!(attack(&questions, &weak), (4..=9).collect(), "each safe alone");

    let mut backwards = questions.clone();
    backwards.reverse();
    for questions in [questions, backwards] {
        let ground = Ground::new(&records).await;
        let answers = ground.ask_all(&questions).await;
        assert!(answers.iter().flatten().any(|cells| cells[0].word == "shown"), "something is said");
        assert_eq!(attack(&questions, &answers), (0..=9).collect(), "{answers:?}");
    }
}
