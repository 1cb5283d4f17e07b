//! Consecutive snapshots: the same question before and after a few people were added.

use disclosure::Zeros;

use super::ground::{Ground, Person, Question, alone, people};
use super::rerun::{SIZES, alike, told_apart};

fn records(few: u64) -> Vec<Person> {
    [people(57, 0, 0), people(few, 0, 0)].concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_snapshot_tells_nothing_of_the_few_who_came_since() {
    let question = Question::all(&[(0, 9)]);
    let weak = |few| vec![alone(&records(0), &question, Zeros::Hidden), alone(&records(few), &question, Zeros::Hidden)];
    assert!(told_apart(&SIZES.map(weak)), "two snapshots show that somebody came");
    let answers = alike(|few| {
        let question = &question;
        async move {
            let mut ground = Ground::new(&records(0)).await;
            let before = ground.ask(question).await;
            ground.refresh(&records(few)).await;
            vec![before, ground.ask(question).await]
        }
    });
    let answers = answers.await;
    assert!(answers[0].is_some());
}
