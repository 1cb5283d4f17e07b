//! Subsets of sites: an answer over all hospitals, minus one over all but one.

use wire::Answer;

use crate::world::{HOSPITALS, World, answer_to};

/// The least and, where there is one, the greatest that a figure can be.
type Bounds = (u64, Option<u64>);

/// The bounds of a measure's cells, in the order of the answer.
fn bounds(answer: &Answer) -> Vec<(u64, Option<u64>)> {
    let cells = answer.groups[0].cells.iter().filter(|cell| cell.measure == "people");
    cells.map(|cell| (cell.low, cell.high)).collect()
}

/// What the attacker finds of the site that one answer has and the other has not, cell by cell.
fn attack(all: &[(u64, Option<u64>)], fewer: &[(u64, Option<u64>)]) -> Vec<(u64, Option<u64>)> {
    let difference = |(all, fewer): (&Bounds, &Bounds)| {
        let low = fewer.1.map_or(0, |most| all.0.saturating_sub(most));
        (low, all.1.map(|most| most.saturating_sub(fewer.0)))
    };
    all.iter().zip(fewer).map(difference).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn leaving_a_hospital_out_gives_nothing_hidden_of_it_away() {
    // A weakened coordinator that adds the exact counts of whoever answers.
    let exact = |codes: &[&str]| -> Vec<(u64, Option<u64>)> {
        let sum =
            |group: usize| HOSPITALS.iter().filter(|h| codes.contains(&h.code)).map(|h| h.people[group]).sum::<u64>();
        (0..4).map(|group| (sum(group), Some(sum(group)))).collect()
    };
    let codes = HOSPITALS.map(|hospital| hospital.code);
    // RYB has three people under maternity.
    let without: Vec<&str> = codes.into_iter().filter(|code| *code != "RYB").collect();
    assert_eq!(attack(&exact(&codes), &exact(&without))[2], (3, Some(3)));

    let world = World::new().await;
    let coordinator = world.start_coordinator().await;
    let others = world.start_nodes(&without).await;
    let mut desk = world.desk().await;
    world.connected(&mut desk, &without).await;
    let mut ask = world.ask();
    ask.deadline_s = Some(2);
    let fewer = answer_to(&mut desk, &ask).await;
    let last = world.start_nodes(&["RYB"]).await;
    world.connected(&mut desk, &codes).await;
    let all = answer_to(&mut desk, &ask).await;
    let found = attack(&bounds(&all), &bounds(&fewer));
    // Of the hidden cell the whole of 1 to 9 stays, and of shown cells no less than their bins.
    assert!(found[2].0 <= 1 && found[2].1.is_none_or(|most| most >= 9), "{found:?}");
    for (group, (low, high)) in found.iter().enumerate().take(2) {
        let truth = HOSPITALS[1].people[group];
        assert!(*low <= truth && high.is_none_or(|high| truth <= high && high - low >= 2), "{found:?}");
    }
    for running in [others, last, coordinator] {
        running.stop().await;
    }
}
