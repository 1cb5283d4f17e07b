//! Subsets of sites: an answer over all hospitals, minus one over all but one.

use wire::{Answer, SiteOutcome};

use crate::world::{HOSPITALS, World, answer_to, edit};

/// The least and, where there is one, the greatest that a figure can be.
type Bounds = (u64, Option<u64>);

/// The bounds of a measure's cells, in the order of the answer.
fn bounds(answer: &Answer) -> Vec<Bounds> {
    let cells = answer.groups[0].cells.iter().filter(|cell| cell.measure == "people");
    cells.map(|cell| (cell.low, cell.high)).collect()
}

/// What the attacker finds of the site that one answer has and the other has not, cell by cell.
fn attack(all: &[(u64, Option<u64>)], fewer: &[(u64, Option<u64>)]) -> Vec<(u64, Option<u64>)> {
    let difference = |(all, fewer): (&Bounds, &Bounds)| {
        // Bounds are sums of the sites' own, end by end.
        (all.0.saturating_sub(fewer.0), all.1.zip(fewer.1).map(|(all, fewer)| all.saturating_sub(fewer)))
    };
    all.iter().zip(fewer).map(difference).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn asking_again_when_a_hospital_is_back_does_not_tell_of_it() {
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

    // A coordinator that compares an answer with nothing: the attack finds the hospital's own figures, as it released them.
    let found = difference("one-run").await;
    for (group, people) in HOSPITALS[1].people.iter().enumerate().take(2) {
        let (low, high) = found[group];
        assert!(low <= *people && high.is_some_and(|high| *people <= high), "{found:?}");
        assert!(low > 0, "the attack works: {found:?}");
    }
    // One that compares it with every answer to the question: the two are the same, and the hospital is held out.
    let found = difference("every-answer").await;
    assert!(found.iter().all(|(low, _)| *low == 0), "{found:?}");
}

/// What the attacker finds of RYB, which is away when the question is first asked.
async fn difference(compares: &str) -> Vec<Bounds> {
    let world = World::new().await;
    edit(&world.coordinator_config(), "\"one-run\"", &format!("\"{compares}\""));
    let codes = HOSPITALS.map(|hospital| hospital.code);
    let without: Vec<&str> = codes.into_iter().filter(|code| *code != "RYB").collect();
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
    let of = |answer: &Answer| answer.sites.iter().find(|site| site.provider.as_str() == "RYB").unwrap().outcome;
    let expected = if compares == "one-run" { SiteOutcome::Released } else { SiteOutcome::HeldOut };
    assert_eq!((of(&fewer), of(&all)), (SiteOutcome::NotConnected, expected));
    if compares == "every-answer" {
        assert_eq!(bounds(&all), bounds(&fewer), "the same sums");
    }
    for running in [others, last, coordinator] {
        running.stop().await;
    }
    attack(&bounds(&all), &bounds(&fewer))
}
