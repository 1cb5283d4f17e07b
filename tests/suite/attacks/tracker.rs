//! The padding tracker: a few people are asked for together with many others, and the others alone.

use disclosure::Zeros;

use super::ground::{Ground, Person, Question, alone, people};
use super::rerun::{SIZES, alike, told_apart};

/// Two paddings and the few.
fn records(few: u64) -> Vec<Person> {
    [people(42, 0, 0), people(few, 1, 0), people(33, 2, 0)].concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn padding_does_not_carry_a_few_people_over_the_threshold() {
    // The paddings, each of them with the few, and the few by themselves.
    let asked: [&[(u32, u32)]; 5] = [&[(0, 1)], &[(2, 3)], &[(0, 2)], &[(1, 3)], &[(1, 2)]];
    let questions = asked.map(Question::all);
    let weak = |few| questions.iter().map(|question| alone(&records(few), question, Zeros::Hidden)).collect::<Vec<_>>();
    assert!(told_apart(&SIZES.map(weak)), "forty-two and nine are not forty-two");
    let answers = alike(|few| {
        let questions = &questions;
        async move { Ground::new(&records(few)).await.ask_all(questions).await }
    });
    let answers = answers.await;
    assert!(answers[..2].iter().all(Option::is_some), "the paddings are answered");
}
