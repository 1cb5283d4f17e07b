//! Every attack's SQL, in a template that people of two organisations signed, and the honest SQL that looks like it.

use template::{Envelope, Template};
use wire::{Dispatch, Order, Refusal};

use super::files::{self, Case, LOOKUPS};
use super::{Declared, furnish, lookups, parameters, plan_folder};
use crate::hostile::attacker::FalseCoordinator;
use crate::hostile::whole::nothing_is_told;
use crate::hostile::{ledger, orders};
use crate::world::{TEMPLATE, TEMPLATE_ID, World};

/// A template's text for each case, with the case.
fn templates(kind: &str, cases: Vec<Case>) -> Vec<(Case, String)> {
    let template = |(n, case): (usize, Case)| {
        let toml = Declared::of(case.header.last().unwrap()).template(&format!("{kind}-{n}"), &case.sql);
        (case, toml)
    };
    cases.into_iter().enumerate().map(template).collect()
}

/// What the plan check says of a template's text: nothing, or the rule that refuses it.
fn refused_by(toml: &str) -> Option<&'static str> {
    // Longer than any template may be.
    let Ok(template) = Template::parse(toml.as_bytes()) else { return Some("too-large") };
    let schema = |(name, columns): (&str, &[&str])| plan::LookupSchema {
        name: name.to_owned(),
        columns: columns.iter().map(|&column| column.to_owned()).collect(),
    };
    plan::check_template(&template, &LOOKUPS.map(schema)).err().map(|error| error.rule())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_leaks_is_refused_by_a_node_and_its_honest_twin_is_answered() {
    let world = World::new().await;
    world.without_catalogue("RYA");
    furnish(&world);
    let lookups = lookups(&world);
    let mut coordinator = FalseCoordinator::start(&world);
    let node = world.start_nodes(&["RYA"]).await;
    let (leaks, honest) =
        (templates("leak", files::leaks(plan_folder())), templates("honest", files::honest(plan_folder())));
    let mut wrong = Vec::new();
    for (case, toml) in leaks.iter().chain(&honest) {
        let rule = (case.header.len() == 2).then(|| case.header[0].as_str());
        let order = Order { parameters: parameters(1), ..orders::order_of(toml.as_bytes()) };
        let template = world.guardians.sign_template(toml).to_bytes();
        let beside = Dispatch { template, lookups: lookups.clone(), ..Dispatch::default() };
        let said = orders::asked(&world, &mut coordinator, &order, beside).await;
        // The same word from the node's door and from the check that whoever proposes it has run.
        if said.clone().err() != rule.map(|_| Refusal::NotApproved) || refused_by(toml) != rule {
            wrong.push(format!("{}: {:?}, {:?}", case.name, said.err(), refused_by(toml)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // The process is alive, and answers what may be asked.
    let template = world.guardians.sign_template(TEMPLATE).to_bytes();
    let order = orders::order_of(TEMPLATE.as_bytes());
    let beside = Dispatch { template, ..Dispatch::default() };
    assert!(orders::asked(&world, &mut coordinator, &order, beside).await.is_ok());
    node.stop().await;
    ledger::is_whole(&world, "RYA").await;
    assert_eq!(ledger::releases(&world, "RYA").len(), honest.len() + 1);
    let reasons = ledger::reasons(&world, "RYA");
    assert_eq!(reasons.len(), leaks.len());
    let by_the_check = reasons.iter().filter(|reason| *reason == "plan-refused").count();
    let too_long = leaks.iter().filter(|(_, toml)| Template::parse(toml.as_bytes()).is_err()).count();
    assert_eq!(by_the_check, leaks.len() - too_long);
    nothing_is_told(&world);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_coordinator_lists_no_template_that_leaks() {
    let world = World::new().await;
    let lookups_folder = world.folder.coordinator().join("lookups");
    for envelope in lookups(&world) {
        let payload = Envelope::parse(&envelope).unwrap().unverified_payload().to_vec();
        let name = template::Lookup::parse(&payload).unwrap().name().to_owned();
        std::fs::write(lookups_folder.join(format!("{name}.lookup.dsse.json")), envelope).unwrap();
    }
    let honest = templates("honest", files::honest(plan_folder()));
    let mut expected: Vec<String> = (0..honest.len()).map(|n| format!("honest-{n}")).collect();
    for (_, toml) in templates("leak", files::leaks(plan_folder())).iter().chain(&honest) {
        world.approve(toml);
    }
    let coordinator = world.start_coordinator().await;
    let listed = world.desk().await.templates().await.unwrap().templates;
    let mut listed: Vec<String> = listed.into_iter().map(|template| template.id).collect();
    expected.push(TEMPLATE_ID.to_owned());
    listed.sort();
    expected.sort();
    assert_eq!(listed, expected);
    coordinator.stop().await;
}
