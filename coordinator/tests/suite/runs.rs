//! Questions that go well, or as well as their sites let them.

use futures::StreamExt as _;
use wire::{
    Acknowledged, CellState, DeskDoor as _, GroupState, Outcome, Progress, Refusal, RunState, SiteOutcome, TurnedAway,
};

use crate::region::{Region, ada, answered, ask, outcomes, taken};

#[tokio::test]
async fn every_site_answers() {
    let region = Region::new(3);
    let coordinator = region.open();
    let run = coordinator.ask(ada(), ask(), None).await.unwrap();
    let waiting = coordinator.answer(ada(), run).await.unwrap();
    assert_eq!((waiting.state, waiting.revision, waiting.groups.len()), (RunState::Waiting, 0, 0));
    assert_eq!(outcomes(&waiting), [SiteOutcome::Waiting; 3]);
    for node in &region.nodes {
        let taken = node.take(&coordinator).await;
        let release = node.release(&taken, [40, 6]);
        assert_eq!(node.submit(&coordinator, taken.id(), Outcome::Release(release)).await, Acknowledged::Taken);
    }
    let answer = answered(&coordinator, run).await;
    assert_eq!((answer.state, answer.revision), (RunState::Answered, 1));
    assert_eq!(outcomes(&answer), [SiteOutcome::Released; 3]);
    assert_eq!(answer.dimensions[0].levels, ["2024-04", "2024-05"]);
    let group = &answer.groups[0];
    assert_eq!((group.name.as_str(), group.asked, group.answered, group.state), ("all", 3, 3, GroupState::Combined));
    let april = &group.cells[0];
    assert_eq!((april.levels[0].as_deref(), april.measure.as_str()), (Some("2024-04"), "people"));
    assert_eq!((april.state, april.low, april.high, april.central), (CellState::Bounded, 114, Some(126), Some(120)));
    let may = &group.cells[1];
    assert_eq!((may.low, may.high, may.sites.suppressed), (0, Some(27), 3));
    let change = &group.figures[0];
    assert_eq!((change.name.as_str(), change.unit.as_str(), change.levels[0].as_deref()), ("change", "%", None));
    assert_eq!(change.low.as_deref(), Some("-100"));
    assert_eq!(group.figures[1].unit, "bed days / stays");
    assert!(group.figures.iter().any(|figure| figure.levels[0].as_deref() == Some("2024-04")));
    assert!(answer.notes.iter().any(|note| note.contains("0 to 9 people")), "{:?}", answer.notes);
    let runs = coordinator.runs(ada()).await.unwrap();
    assert_eq!((runs[0].run, runs[0].state, runs[0].revision), (run, RunState::Answered, 1));
}

#[tokio::test]
async fn sites_that_do_not_answer_are_named() {
    let region = Region::strict(6);
    let coordinator = region.open();
    let run = coordinator.ask(ada(), ask(), None).await.unwrap();
    let mut watching = coordinator.watch(ada(), run).await.unwrap();
    for node in &region.nodes[..3] {
        node.answer(&coordinator).await;
    }
    let refusing = &region.nodes[3];
    let order = refusing.take(&coordinator).await;
    let refusal = Outcome::Refusal(refusing.refusal(&order, Refusal::NotReleased));
    assert_eq!(refusing.submit(&coordinator, order.id(), refusal).await, Acknowledged::Taken);
    // One takes its order and is silent; one never connects.
    let silent = region.nodes[4].take(&coordinator).await;
    coordinator.close_due().await;
    assert_eq!(coordinator.answer(ada(), run).await.unwrap().state, RunState::Waiting);
    region.clock.forward(61);
    coordinator.close_due().await;
    let answer = coordinator.answer(ada(), run).await.unwrap();
    let released = [SiteOutcome::Released; 3];
    let silence = [SiteOutcome::Refused(Refusal::NotReleased), SiteOutcome::TimedOut, SiteOutcome::NotConnected];
    assert_eq!(outcomes(&answer), [released, silence].concat());
    let sites = answer.groups[0].cells[0].sites;
    assert_eq!((sites.shown, sites.refused, sites.failed), (3, 1, 2));
    let mut last = None;
    while let Some(progress) = watching.next().await {
        last = Some(progress);
    }
    assert_eq!(last, Some(Progress { asked: 6, released: 3, refused: 1, failed: 2, waiting: 0 }));
    // What comes after the deadline is too late, and changes nothing.
    let late = Outcome::Release(region.nodes[4].release(&silent, [40, 40]));
    assert_eq!(region.nodes[4].submit(&coordinator, silent.id(), late).await, Acknowledged::TooLate);
    assert_eq!(coordinator.answer(ada(), run).await.unwrap(), answer);
}

#[tokio::test]
async fn after_the_deadline_is_too_late_even_before_the_run_is_closed() {
    let region = Region::strict(3);
    let coordinator = region.open();
    let run = coordinator.ask(ada(), ask(), None).await.unwrap();
    let taken = region.nodes[0].take(&coordinator).await;
    region.clock.forward(61);
    let late = Outcome::Release(region.nodes[0].release(&taken, [40, 40]));
    assert_eq!(region.nodes[0].submit(&coordinator, taken.id(), late).await, Acknowledged::TooLate);
    coordinator.close_due().await;
    let answer = coordinator.answer(ada(), run).await.unwrap();
    assert_eq!(outcomes(&answer)[0], SiteOutcome::TimedOut);
    // An order whose time has passed is not handed out any more.
    let mut stream = region.nodes[1].connect(&coordinator).await;
    assert!(futures::poll!(stream.next()).is_pending());
}

#[tokio::test]
async fn below_the_least_number_of_sites_there_is_no_figure() {
    let region = Region::new(3);
    let coordinator = region.open();
    let run = coordinator.ask(ada(), ask(), None).await.unwrap();
    for (node, refuse) in region.nodes.iter().zip([false, false, true]) {
        let taken = node.take(&coordinator).await;
        let outcome = if refuse {
            Outcome::Refusal(node.refusal(&taken, Refusal::NotCovered))
        } else {
            Outcome::Release(node.release(&taken, [40, 40]))
        };
        node.submit(&coordinator, taken.id(), outcome).await;
    }
    let answer = answered(&coordinator, run).await;
    assert_eq!(answer.groups[0].state, GroupState::TooFewSites { needed: 3 });
    assert!(answer.groups[0].cells.is_empty() && answer.groups[0].figures.is_empty());
    assert!(answer.notes.iter().any(|note| note.contains("2 of 3 sites of kind `hospital`")), "{:?}", answer.notes);
}

#[tokio::test]
async fn a_provider_that_connects_later_gets_its_open_orders() {
    let region = Region::new(3);
    let coordinator = region.open();
    let mut early = region.nodes[0].connect(&coordinator).await;
    assert!(futures::poll!(early.next()).is_pending());
    coordinator.ask(ada(), ask(), None).await.unwrap();
    coordinator.ask(ada(), ask(), None).await.unwrap();
    let first = taken(&coordinator, early.next().await.unwrap());
    let second = taken(&coordinator, early.next().await.unwrap());
    assert_ne!(first.id(), second.id());
    assert!(futures::poll!(early.next()).is_pending(), "each order comes once over one connection");
    // Another connection takes its place, and brings what is not answered once more.
    let mut again = region.nodes[0].connect(&coordinator).await;
    assert!(early.next().await.is_none(), "the earlier connection ends");
    assert_eq!(taken(&coordinator, again.next().await.unwrap()).id(), first.id());
    region.nodes[0]
        .submit(&coordinator, second.id(), Outcome::Refusal(region.nodes[0].refusal(&second, Refusal::Busy)))
        .await;
    assert!(futures::poll!(again.next()).is_pending(), "what is answered does not come again");
}

#[tokio::test]
async fn runs_belong_to_who_asked() {
    let region = Region::new(3);
    let coordinator = region.open();
    let run = coordinator.ask(ada(), ask(), None).await.unwrap();
    let bea = || "bea".parse().unwrap();
    assert!(matches!(coordinator.answer(bea(), run).await, Err(TurnedAway::NotFound(_))));
    assert!(coordinator.watch(bea(), run).await.is_err());
    assert!(coordinator.runs(bea()).await.unwrap().is_empty());
    assert_eq!(coordinator.runs(ada()).await.unwrap().len(), 1);
}
