//! Questions that cannot be asked, and what they are told; and what explaining says.

use wire::{Ask, DeskDoor as _, GroupingName, ParameterValue, TurnedAway};

use crate::region::{Region, TEMPLATE, ada, ask};

async fn check(region: &Region, change: impl FnOnce(&mut Ask), words: &str) {
    let coordinator = region.open();
    let mut ask = ask();
    change(&mut ask);
    let turned_away = coordinator.ask(ada(), ask.clone(), None).await.unwrap_err();
    assert!(turned_away.to_string().contains(words), "{turned_away}");
    assert_eq!(coordinator.explain(ada(), ask).await.unwrap_err(), turned_away, "explaining says the same");
    assert!(coordinator.runs(ada()).await.unwrap().is_empty(), "nothing is kept");
}

fn value(name: &str, value: &str) -> ParameterValue {
    ParameterValue { name: name.into(), value: value.into() }
}

#[tokio::test]
async fn bad_questions_are_told_what_to_do() {
    let region = Region::new(3);
    check(&region, |ask| ask.template = "emergency".into(), "`tallyward templates` lists them").await;
    check(&region, |ask| ask.version = Some(9), "`emergency-stays` in version 9").await;
    check(&region, |ask| ask.parameters.push(value("age", "75")), "no parameter `age`; it has from, to").await;
    check(&region, |ask| ask.parameters[0] = value("from", "April"), "`from` does not take this value").await;
    check(&region, |ask| drop(ask.parameters.pop()), "`to` is missing").await;
    check(&region, |ask| ask.parameters[1] = value("to", "2024-01"), "`to` does not take this value").await;
    check(&region, |ask| ask.purpose = " \n".into(), "why you ask").await;
    check(&region, |ask| ask.purpose = "x".repeat(501), "at most 500 bytes").await;
    check(&region, |ask| ask.deadline_s = Some(0), "from 1 to 604800 seconds").await;
    check(&region, |ask| ask.deadline_s = Some(700_000), "from 1 to 604800 seconds").await;
}

#[tokio::test]
async fn a_grouping_must_be_one_that_the_template_allows() {
    let region = Region::new(3);
    region.approve("emergency-stays", &TEMPLATE.replace(r#"["all", "kind"]"#, r#"["all"]"#));
    check(&region, |ask| ask.grouping = Some(GroupingName::Kind), "does not allow sites to be put together").await;
}

#[tokio::test]
async fn nobody_is_asked_in_vain() {
    check(&Region::new(2), |_| {}, "below 3 sites of kind `hospital`, and the region has 2").await;
    check(&Region::new(0), |_| {}, "no provider of the kinds that are asked: hospital").await;
}

#[tokio::test]
async fn a_template_past_its_last_day_is_not_asked() {
    let region = Region::new(3);
    let coordinator = region.open();
    region.clock.forward(700 * 24 * 60 * 60);
    let turned_away = coordinator.ask(ada(), ask(), None).await.unwrap_err();
    assert!(turned_away.to_string().contains("ended on 2027-12-31"), "{turned_away}");
}

#[tokio::test]
async fn who_is_not_enrolled_gets_nothing() {
    let region = Region::new(3);
    let coordinator = region.open();
    let eve = || "eve".parse().unwrap();
    let not_allowed = |turned_away: TurnedAway| assert!(matches!(turned_away, TurnedAway::NotAllowed(_)));
    not_allowed(coordinator.templates(eve()).await.unwrap_err());
    not_allowed(coordinator.ask(eve(), ask(), None).await.unwrap_err());
    not_allowed(coordinator.runs(eve()).await.unwrap_err());
    not_allowed(coordinator.explain(eve(), ask()).await.unwrap_err());
    let run = coordinator.ask(ada(), ask(), None).await.unwrap();
    not_allowed(coordinator.answer(eve(), run).await.unwrap_err());
    not_allowed(coordinator.watch(eve(), run).await.err().unwrap());
}

#[tokio::test]
async fn open_runs_are_limited_and_closing_gives_places_back() {
    let region = Region::new(3);
    let coordinator = region.open();
    for _ in 0..3 {
        coordinator.ask(ada(), ask(), None).await.unwrap();
    }
    let own = coordinator.ask(ada(), ask(), None).await.unwrap_err();
    assert!(own.to_string().contains("3 of your runs are open"), "{own}");
    coordinator.ask("bea".parse().unwrap(), ask(), None).await.unwrap();
    assert_eq!(coordinator.ask("bea".parse().unwrap(), ask(), None).await, Err(TurnedAway::Busy));
    region.clock.forward(61);
    coordinator.close_due().await;
    coordinator.ask(ada(), ask(), None).await.unwrap();
}

#[tokio::test]
async fn explaining_says_what_is_asked_of_whom() {
    let region = Region::new(3);
    let coordinator = region.open();
    let _connected = region.nodes[1].connect(&coordinator).await;
    let explanation = coordinator.explain(ada(), ask()).await.unwrap();
    let connected: Vec<bool> = explanation.sites.iter().map(|site| site.connected).collect();
    assert_eq!(connected, [false, true, false]);
    assert_eq!(explanation.cells, 3);
    assert!(explanation.sql.contains("hospital_spell"));
    assert!(explanation.policy.contains("fewer than 10 people"), "{}", explanation.policy);
    assert_eq!(explanation.template.approved_by, ["amara", "bryn"]);
    assert_eq!(explanation.template.toml, TEMPLATE);
    for part in ["ada", "plan the winter", "from = 2024-04, to = 2024-05", "emergency-stays version 1"] {
        assert!(explanation.each_provider_sees.iter().any(|line| line.contains(part)), "{part}");
    }
    assert!(coordinator.runs(ada()).await.unwrap().is_empty());
}
