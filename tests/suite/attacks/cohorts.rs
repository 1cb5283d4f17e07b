//! Nested cohorts: two groups that differ by a few people. The attacker knows everybody but those few, and runs the
//! public rule for every number that they may be.

use disclosure::Zeros;

use super::ground::{Ground, Question, alone, people};
use super::rerun::{SIZES, alike, told_apart};

/// Fifty-seven people, and so many more in the wider cohort.
fn records(few: u64) -> Vec<super::ground::Person> {
    [people(57, 0, 0), people(few, 1, 0)].concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wider_cohort_tells_nothing_of_the_few_that_it_adds() {
    let questions = [Question::all(&[(0, 1)]), Question::all(&[(0, 2)])];
    let weak = |few| questions.iter().map(|question| alone(&records(few), question, Zeros::Hidden)).collect::<Vec<_>>();
    assert!(told_apart(&SIZES.map(weak)), "two bins of five show that somebody is there");

    let answers = alike(|few| {
        let questions = &questions;
        async move { Ground::new(&records(few)).await.ask_all(questions).await }
    });
    assert!(answers.await.iter().any(Option::is_some), "something is said");
    // The wider cohort first: what it says of everybody is its own, and the narrower one then says no more.
    for few in SIZES {
        let backwards = Ground::new(&records(few)).await.ask_all(&[questions[1].clone(), questions[0].clone()]).await;
        assert!(backwards[0].is_some());
        assert_eq!(backwards[0], backwards[1], "with {few}");
    }
}
