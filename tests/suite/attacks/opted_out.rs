//! Opted-out people by difference: with them, minus without them.

use disclosure::Zeros;

use super::ground::{Ground, Person, Question, alone, people};
use super::rerun::{SIZES, alike, told_apart};

/// Fifty-seven people, and so many more who opted out.
fn records(few: u64, opted_out: bool) -> Vec<Person> {
    let mut out = people(few, 5, 0);
    out.iter_mut().for_each(|person| person.opted_out = opted_out);
    [people(57, 5, 0), out].concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_depends_on_people_who_opted_out() {
    let question = Question::by_group(&[(0, 9)]);
    // A weakened answerer that applies opt-outs where the question asks for it.
    let weak = |few| {
        let with = alone(&records(few, false), &question, Zeros::Hidden);
        vec![with, alone(&records(few, true), &question, Zeros::Hidden)]
    };
    assert!(told_apart(&SIZES.map(weak)), "the difference is the people who opted out");
    let questions = [question, Question::all(&[(0, 9)]), Question::all(&[(5, 6)])];
    let answers = alike(|few| {
        let questions = &questions;
        async move { Ground::new(&records(few, true)).await.ask_all(questions).await }
    });
    let without = Ground::new(&people(57, 5, 0)).await.ask_all(&questions).await;
    assert_eq!(answers.await, without);
}
