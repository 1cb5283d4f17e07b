//! What ends by itself: a template after its last day, and whatever runs under an agreement after the agreement's.

use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};
use cli::Exit;
use wire::{Refusal, SiteOutcome};

use super::people::{AMARA, BRYN, CARYS, ID, People, first_version, outcomes};
use crate::hostile::attacker::FalseCoordinator;

const CODES: [&str; 3] = ["RYA", "RYB", "RYC"];

/// A clock that stands still.
#[derive(Clone, Copy)]
struct At(DateTime<Utc>);

impl node::Clock for At {
    fn now(&self) -> DateTime<Utc> {
        self.0
    }
}

impl coordinator::Clock for At {
    fn now(&self) -> DateTime<Utc> {
        self.0
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_template_is_asked_until_its_last_day_and_listed_for_ever() {
    let (people, coordinator, nodes) = People::at_work(&CODES).await;
    let today = Utc::now().date_naive();
    let (past, _) = people.draft(&first_version().replace("2098-12-31", &(today - Duration::days(1)).to_string()));
    let late = people.guardian(AMARA, &["propose", &past, "--why", "late", "--yes", "--digest", "00000000"]).await;
    late.ends(Exit::Usage);
    let toml = first_version().replace("2098-12-31", &today.to_string());
    people.approves(&toml).await;
    let asked = people.asks(&["--deadline", "5"]).await;
    assert_eq!(outcomes(&asked).iter().filter(|(_, said)| *said == SiteOutcome::Released).count(), 3, "{}", asked.err);
    nodes.stop().await;
    coordinator.stop().await;

    let clock = At(Utc::now() + Duration::days(2));
    let coordinator = people.world.start_coordinator_at(coordinator::NoSteps, clock).await;
    let provider = people.world.open_provider_with("RYA", Arc::new(node::Unobserved), Arc::new(clock)).await.unwrap();
    let node = people.world.serve_providers(vec![provider]);
    people.asks(&[]).await.ends(Exit::Usage).tells(&["no approved template"]);
    let listed = people.guardian(BRYN, &["proposals", "--format", "csv"]).await;
    assert!(listed.out.contains(&format!("{ID},1,expired,{AMARA}")), "{}", listed.out);
    let register = people.ask_as_analyst(&["register", "--format", "markdown"]).await.out;
    assert!(register.contains("| Admissions by urgency | 1 | expired |"), "{register}");
    people.noted(&["RYA"], &["\"catalogue\":{\"version\":"]).await;
    node.stop().await;
    coordinator.stop().await;
    let mut coordinator = FalseCoordinator::instead_of(&people.world).await;
    let provider = people.world.open_provider_with("RYA", Arc::new(node::Unobserved), Arc::new(clock)).await.unwrap();
    let node = people.world.serve_providers(vec![provider]);
    let template = people.signed(&toml, &[BRYN, CARYS]);
    let said = people.ordered(&mut coordinator, "RYA", &template, clock.0).await;
    assert_eq!(said, Some(Refusal::NotApproved), "signed by enough people, and past its last day");
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agreement_that_has_ended_stops_coordinator_and_nodes_until_it_is_renewed() {
    let (people, coordinator, nodes) = People::at_work(&CODES).await;
    let toml = first_version();
    people.approves(&toml).await;
    people.agrees(2, -1).await;
    people.asks(&[]).await.ends(Exit::Refused).tells(&["Sharing agreement, schedule 1", "ended on"]);
    nodes.stop().await;
    let nodes = people.world.start_nodes(&CODES).await;
    people.noted(&CODES, &["\"catalogue\":{\"version\":", &people.newest_catalogue()]).await;
    // Renewed, it is asked at once: the order itself makes a node look for news.
    people.agrees(3, 30).await;
    let asked = people.asks(&["--deadline", "5"]).await;
    assert_eq!(outcomes(&asked).iter().filter(|(_, said)| *said == SiteOutcome::Released).count(), 3, "{}", asked.err);
    people.agrees(4, -1).await;
    nodes.stop().await;
    let nodes = people.world.start_nodes(&CODES).await;
    people.noted(&CODES, &["\"catalogue\":{\"version\":", &people.newest_catalogue()]).await;
    nodes.stop().await;
    coordinator.stop().await;

    let mut deceiver = FalseCoordinator::instead_of(&people.world).await;
    let template = people.signed(&toml, &[BRYN, CARYS]);
    for code in CODES {
        let node = people.world.start_nodes(&[code]).await;
        let said = people.ordered(&mut deceiver, code, &template, Utc::now()).await;
        assert_eq!(said, Some(Refusal::AgreementEnded), "{code}");
        node.stop().await;
    }
}
