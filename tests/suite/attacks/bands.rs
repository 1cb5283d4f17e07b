//! Recoded bands: under 20 and under 25 together tell of those from 20 to 24.

use disclosure::Zeros;

use super::ground::{Ground, Person, Question, alone, people};
use super::rerun::{SIZES, alike, told_apart};

/// Sixty under 20, eighty from 25 on, and so many between.
fn records(few: u64) -> Vec<Person> {
    [people(60, 12, 0), people(80, 30, 0), people(few, 22, 0)].concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn another_banding_tells_nothing_of_the_few_who_change_bands() {
    // The first banding leaves the few out; the second puts them under 25, the third at 20 and above.
    let bands = [&[(0, 20)], &[(25, 99)], &[(0, 25)], &[(20, 99)]];
    let questions = bands.map(|band| Question::all(band));
    let weak = |few| questions.iter().map(|question| alone(&records(few), question, Zeros::Hidden)).collect::<Vec<_>>();
    assert!(told_apart(&SIZES.map(weak)), "sixty and nine are not sixty");
    let answers = alike(|few| {
        let questions = &questions;
        async move { Ground::new(&records(few)).await.ask_all(questions).await }
    });
    assert!(answers.await.iter().any(Option::is_some), "something is said");
}
