//! Late answers: they make revisions, and no difference of revisions tells of too few sites.

use coordinator::Coordinator;
use futures::StreamExt as _;
use wire::{Acknowledged, Answer, DeskDoor as _, Outcome, Refusal, RunId, SiteOutcome, TurnedAway};

use crate::region::{Node, Region, Taken, ada, answered, ask, outcomes};

/// A run that these nodes answer in time with so many people in April; the others take their orders and are silent.
async fn asked(region: &Region, coordinator: &Coordinator, in_time: usize) -> (RunId, Vec<Taken>) {
    let run = coordinator.ask(ada(), ask(), None).await.unwrap();
    let mut taken = Vec::new();
    for node in &region.nodes {
        taken.push(node.take(coordinator).await);
    }
    for (n, (node, order)) in region.nodes.iter().zip(&taken).enumerate().take(in_time) {
        send(coordinator, node, order, people(n)).await;
    }
    region.clock.forward(61);
    coordinator.close_due().await;
    (run, taken)
}

/// How many people a site has in April and in May: each another number.
fn people(site: usize) -> [u32; 2] {
    let site = u32::try_from(site).unwrap();
    [40 + 10 * site, 60]
}

async fn send(coordinator: &Coordinator, node: &Node, taken: &Taken, people: [u32; 2]) -> Acknowledged {
    let acknowledged = node.submit(coordinator, taken.id(), Outcome::Release(node.release(taken, people))).await;
    coordinator.close_due().await;
    acknowledged
}

async fn newest(coordinator: &Coordinator, run: RunId) -> Answer {
    coordinator.answer(ada(), run).await.unwrap()
}

fn revisions_of(answer: &Answer) -> Vec<Option<u32>> {
    answer.sites.iter().map(|site| site.since_revision).collect()
}

/// The attacker subtracts the people of April in two answers: the least that the sites that only one of them sums hold.
fn attack(later: &Answer, earlier: &Answer) -> u64 {
    let low = |answer: &Answer| answer.groups[0].cells.iter().find(|cell| cell.measure == "people").unwrap().low;
    low(later) - low(earlier)
}

#[tokio::test]
async fn late_sites_make_a_revision_once_they_are_enough() {
    let region = Region::new(7);
    let coordinator = region.open();
    let (run, taken) = asked(&region, &coordinator, 3).await;
    let first = newest(&coordinator, run).await;
    assert_eq!((first.revision, revisions_of(&first)[2..4].to_vec()), (1, vec![Some(1), None]));
    // Two are too few: the answer stays as it is, and the analyst is told what it waits for.
    for n in [3, 4] {
        assert_eq!(send(&coordinator, &region.nodes[n], &taken[n], people(n)).await, Acknowledged::Taken);
    }
    assert_eq!(newest(&coordinator, run).await, first);
    let told = coordinator.revisions(ada(), run).await.unwrap();
    let waiting: Vec<&str> = told.held_out.iter().map(|code| code.as_str()).collect();
    assert_eq!((told.revisions.len(), waiting), (1, vec!["RZ03", "RZ04"]));
    assert!(told.waits_for.contains("3 of kind `hospital`") && told.waits_for.contains("2 wait"), "{}", told.waits_for);
    // The third brings all three in.
    send(&coordinator, &region.nodes[5], &taken[5], people(5)).await;
    let second = newest(&coordinator, run).await;
    assert_eq!(second.revision, 2);
    assert_eq!(revisions_of(&second), [Some(1), Some(1), Some(1), Some(2), Some(2), Some(2), None]);
    assert_eq!(
        outcomes(&second)[3..],
        [SiteOutcome::Released, SiteOutcome::Released, SiteOutcome::Released, SiteOutcome::TimedOut]
    );
    assert_eq!(second.groups[0].cells[0].sites.shown, 6);
    assert_eq!(second.made_at, Some(second.closed_at.unwrap()), "the clock stood");
    // Every revision stays what it was.
    assert_eq!(coordinator.answer_at(ada(), run, 1).await.unwrap(), first);
    assert_eq!(coordinator.answer_at(ada(), run, 2).await.unwrap(), second);
    assert!(matches!(coordinator.answer_at(ada(), run, 3).await, Err(TurnedAway::NotFound(_))));
    let bea = "bea".parse().unwrap();
    assert!(matches!(coordinator.revisions(bea, run).await, Err(TurnedAway::NotFound(_))));
    let told = coordinator.revisions(ada(), run).await.unwrap();
    assert_eq!(told.revisions[1].added.iter().map(|code| code.as_str()).collect::<Vec<_>>(), ["RZ03", "RZ04", "RZ05"]);
    // What was said once stays said.
    assert_eq!(send(&coordinator, &region.nodes[5], &taken[5], [90, 90]).await, Acknowledged::Rejected);
}

#[tokio::test]
async fn no_difference_of_revisions_tells_of_a_single_site() {
    let region = Region::new(7);
    let coordinator = region.open();
    let (run, taken) = asked(&region, &coordinator, 3).await;
    for (n, taken) in taken.iter().enumerate().take(7).skip(3) {
        send(&coordinator, &region.nodes[n], taken, people(n)).await;
    }
    let told = coordinator.revisions(ada(), run).await.unwrap();
    let mut all = Vec::new();
    for revision in &told.revisions {
        all.push(coordinator.answer_at(ada(), run, revision.revision).await.unwrap());
    }
    let single: Vec<u64> = (3..7).map(|n| u64::from(people(n)[0]) - 2).collect();
    for (n, later) in all.iter().enumerate() {
        for earlier in &all[..n] {
            let found = attack(later, earlier);
            assert!(!single.contains(&found), "a single site's figure: {found}");
            let added = later.sites.iter().zip(&earlier.sites);
            let added =
                added.filter(|(now, then)| now.since_revision.is_some() && then.since_revision.is_none()).count();
            assert!(added >= 3, "{added}");
        }
    }
    assert_eq!(all.len(), 2, "the fourth late site waits");

    // A weakened rule, by which every late site makes a revision: a template that shows single sites. The same attack
    // finds each site's figure.
    let toml = crate::region::TEMPLATE
        .replace("min_sites = { hospital = 3 }", "min_sites = { hospital = 3 }\nshow_sites = true");
    region.approve("emergency-stays", &toml);
    drop(coordinator);
    let region = region;
    let coordinator = region.open();
    let (run, taken) = asked(&region, &coordinator, 3).await;
    let mut before = newest(&coordinator, run).await;
    for (n, taken) in taken.iter().enumerate().take(7).skip(3) {
        send(&coordinator, &region.nodes[n], taken, people(n)).await;
        let after = newest(&coordinator, run).await;
        assert_eq!(attack(&after, &before), u64::from(people(n)[0]) - 2, "the attack works");
        before = after;
    }
}

#[tokio::test]
async fn asking_again_does_not_make_the_difference_either() {
    let region = Region::new(7);
    let coordinator = region.open();
    // Six answer; asked again, the seventh answers as well: it would stand alone in the difference.
    let (first, _) = asked(&region, &coordinator, 6).await;
    let (second, _) = asked(&region, &coordinator, 7).await;
    let (first, second) = (newest(&coordinator, first).await, newest(&coordinator, second).await);
    assert_eq!(outcomes(&second)[6], SiteOutcome::HeldOut);
    assert_eq!(attack(&second, &first), 0);
    assert!(second.notes.iter().any(|note| note.contains("held out")), "{:?}", second.notes);
    // Asked again, five answer: of them two more are held out, so that the difference is over three.
    let (third, _) = asked(&region, &coordinator, 5).await;
    let third = newest(&coordinator, third).await;
    let summed = revisions_of(&third).into_iter().flatten().count();
    assert_eq!((summed, third.groups[0].cells[0].sites.shown), (3, 3));
}

#[tokio::test]
async fn late_answers_outlast_a_restart() {
    let region = Region::new(6);
    let coordinator = region.open();
    let (run, taken) = asked(&region, &coordinator, 3).await;
    for n in [3, 4] {
        send(&coordinator, &region.nodes[n], &taken[n], people(n)).await;
    }
    let first = newest(&coordinator, run).await;
    drop(coordinator);
    let coordinator = region.open();
    assert_eq!(newest(&coordinator, run).await, first);
    // The silent site is handed its order again.
    let again = region.nodes[5].take(&coordinator).await;
    assert_eq!(again.order.digest(), taken[5].order.digest());
    send(&coordinator, &region.nodes[5], &again, people(5)).await;
    let second = newest(&coordinator, run).await;
    assert_eq!((second.revision, revisions_of(&second)[5]), (2, Some(2)));
    drop(coordinator);
    let coordinator = region.open();
    assert_eq!(newest(&coordinator, run).await, second);
    assert_eq!(coordinator.answer_at(ada(), run, 1).await.unwrap(), first);
    assert_eq!(coordinator.revisions(ada(), run).await.unwrap().late_until, None, "nobody is waited for");
}

#[tokio::test]
async fn what_comes_after_the_time_for_late_answers_is_too_late() {
    let region = Region::new(6);
    let coordinator = region.open();
    let (run, taken) = asked(&region, &coordinator, 3).await;
    let first = newest(&coordinator, run).await;
    let refusal = Outcome::Refusal(region.nodes[3].refusal(&taken[3], Refusal::Busy));
    assert_eq!(region.nodes[3].submit(&coordinator, taken[3].id(), refusal).await, Acknowledged::Taken);
    region.clock.forward(24 * 60 * 60);
    assert_eq!(send(&coordinator, &region.nodes[4], &taken[4], people(4)).await, Acknowledged::TooLate);
    assert_eq!(newest(&coordinator, run).await, first);
    let mut stream = region.nodes[5].connect(&coordinator).await;
    assert!(futures::poll!(stream.next()).is_pending(), "nobody is asked any more");
    assert_eq!(coordinator.revisions(ada(), run).await.unwrap().late_until, None);
}

#[tokio::test]
async fn a_run_with_too_few_sites_gets_its_figures_late() {
    let region = Region::new(4);
    let coordinator = region.open();
    let (run, taken) = asked(&region, &coordinator, 2).await;
    assert!(newest(&coordinator, run).await.groups[0].cells.is_empty());
    send(&coordinator, &region.nodes[2], &taken[2], people(2)).await;
    let second = newest(&coordinator, run).await;
    assert_eq!((second.revision, second.groups[0].cells[0].sites.shown), (2, 3));
    assert_eq!(revisions_of(&second), [Some(2), Some(2), Some(2), None]);
    // Nothing else is asked of the analyst: watching a closed run gives its last numbers and ends.
    assert_eq!(answered(&coordinator, run).await, second);
}
