//! What a false node may send to a true coordinator: it is named as invalid, is in no sum, and holds nobody up.

use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::Utc;
use futures::StreamExt as _;
use futures::stream::BoxStream;
use template::PayloadType;
use wire::{Answer, Answered, Answerer as _, Ask, Desk, Dispatch, GroupState, OrderId, Outcome, Refusal, SiteOutcome};

use super::attacker::{FalseNode, REJECTED, TAKEN, TOO_LATE};
use super::orders::{altered, resigned};
use super::whole::{nothing_is_told, outcomes};
use crate::world::{Running, World, answer_to, closed};

/// A world in which RYD's node is false, but has RYD's records and keys.
struct Scene {
    world: World,
    coordinator: Running,
    nodes: Option<Running>,
    desk: Desk,
    honest: node::Node,
    door: FalseNode,
    orders: BoxStream<'static, Dispatch>,
}

impl Scene {
    async fn new() -> Self {
        let world = World::new().await;
        // Its true node is asked without a link of its own, over which a catalogue could come.
        world.without_catalogue("RYD");
        let coordinator = world.start_coordinator().await;
        let nodes = world.start_nodes(&["RYA", "RYB", "RYC"]).await;
        let host = Arc::new(node::Host::new().unwrap());
        let honest = node::Node::new(world.open_provider("RYD").await, host);
        let mut door = FalseNode::of(&world, "RYD").await;
        let orders = door.orders().await.unwrap();
        let mut desk = world.desk().await;
        world.connected(&mut desk, &["RYA", "RYB", "RYC", "RYD"]).await;
        Self { world, coordinator, nodes: Some(nodes), desk, honest, door, orders }
    }

    /// The next order to RYD, and what its true node would send.
    async fn order(&mut self) -> (OrderId, Vec<u8>) {
        let longest = Duration::from_secs(20);
        let dispatch = tokio::time::timeout(longest, self.orders.next()).await.unwrap().unwrap();
        match self.honest.answer(dispatch).await {
            Answered::Release(release) => (release.order(), release.bytes().to_vec()),
            other => panic!("{other:?}"),
        }
    }

    /// Asks, sends what the attack makes of RYD's true release, and gives the door's word and the answer.
    async fn attack(&mut self, ask: &Ask, attack: impl FnOnce(&World, OrderId, Vec<u8>) -> Outcome) -> (i32, Answer) {
        let run = self.desk.ask(ask).await.unwrap();
        let (order, release) = self.order().await;
        let outcome = attack(&self.world, order, release.clone());
        let said = self.door.submit(&order.to_string(), outcome).await.unwrap();
        // Having sent something invalid, not even the true release counts any more.
        if said == REJECTED {
            assert_eq!(self.door.submit(&order.to_string(), Outcome::Release(release)).await.unwrap(), REJECTED);
        }
        (said, closed(&mut self.desk, run).await)
    }

    async fn end(self) {
        self.nodes.unwrap().stop().await;
        self.coordinator.stop().await;
        nothing_is_told(&self.world);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invalid_outcome_is_named_and_is_in_no_sum() {
    type Attack = fn(&World, OrderId, Vec<u8>) -> Outcome;
    let mut scene = Scene::new().await;
    let ask = scene.world.ask();
    let (said, answer) = scene.attack(&ask, |_, _, release| Outcome::Release(release)).await;
    assert_eq!((said, answer.sites[3].outcome), (TAKEN, SiteOutcome::Released));
    let with_all = answer.groups[0].cells[0].clone();

    let refusal = |signer: &str, world: &World, order: OrderId| {
        let code = "RYD".parse().unwrap();
        let signed = Refusal::NotReleased.sign(order, &code, &world.provider_key(signer), Utc::now());
        Outcome::Refusal(signed.bytes().to_vec())
    };
    let (said, answer) = scene.attack(&ask, |world, order, _| refusal("RYD", world, order)).await;
    assert_eq!((said, answer.sites[3].outcome), (TAKEN, SiteOutcome::Refused(Refusal::NotReleased)));

    let attacks: [(&str, Attack); 16] = [
        ("one byte altered", |_, _, release| Outcome::Release(altered(&release, "hospital", "hospitam"))),
        ("signed by another provider", |world, _, release| {
            Outcome::Release(resigned(&release, PayloadType::Release, &world.provider_key("RYC"), "{", "{"))
        }),
        ("signed by the coordinator", |world, _, release| {
            Outcome::Release(resigned(&release, PayloadType::Release, &world.order_key(), "{", "{"))
        }),
        ("passed off as a refusal", |_, _, release| Outcome::Refusal(release)),
        ("a refusal passed off as a release", |world, order, _| {
            let code = "RYD".parse().unwrap();
            let signed = Refusal::Busy.sign(order, &code, &world.provider_key("RYD"), Utc::now());
            Outcome::Release(signed.bytes().to_vec())
        }),
        ("a refusal signed by another provider", |world, order, _| {
            let code = "RYD".parse().unwrap();
            let signed = Refusal::Failed.sign(order, &code, &world.provider_key("RYC"), Utc::now());
            Outcome::Refusal(signed.bytes().to_vec())
        }),
        ("a refusal of another order", |world, _, _| {
            let code = "RYD".parse().unwrap();
            let other = OrderId::random().unwrap();
            let signed = Refusal::Failed.sign(other, &code, &world.provider_key("RYD"), Utc::now());
            Outcome::Refusal(signed.bytes().to_vec())
        }),
        ("a refusal in another's name", |world, order, _| {
            let code = "RYC".parse().unwrap();
            let signed = Refusal::Failed.sign(order, &code, &world.provider_key("RYD"), Utc::now());
            Outcome::Refusal(signed.bytes().to_vec())
        }),
        ("in another's name", |world, _, release| lie(world, &release, "\"provider\":\"RYD\"", "\"provider\":\"RYC\"")),
        ("of another kind", |world, _, release| lie(world, &release, "\"kind\":\"hospital\"", "\"kind\":\"gp\"")),
        ("a laxer threshold", |world, _, release| lie(world, &release, "\"threshold\":10", "\"threshold\":5")),
        ("other parameters", |world, _, release| lie(world, &release, "2025-03", "2025-02")),
        ("a cell below the threshold", |world, _, release| {
            lie(world, &release, "\"zero\"", "{\"shown\":{\"value\":5,\"low\":3,\"high\":7}}")
        }),
        ("a field that nobody knows", |world, _, release| lie(world, &release, "{", "{\"note\":\"SECRET\",")),
        ("garbage", |_, _, _| Outcome::Release(vec![0xff; 4096])),
        ("nothing", |_, _, _| Outcome::Release(Vec::new())),
    ];
    for (what, attack) in attacks {
        let (said, answer) = scene.attack(&ask, attack).await;
        assert_eq!(said, REJECTED, "{what}");
        let expected = [
            ("RYA", SiteOutcome::Released),
            ("RYB", SiteOutcome::Released),
            ("RYC", SiteOutcome::Released),
            ("RYD", SiteOutcome::InvalidRelease),
        ];
        assert_eq!(outcomes(&answer), expected, "{what}");
        let group = &answer.groups[0];
        assert_eq!((group.state, group.answered), (GroupState::Combined, 3), "{what}");
        assert_eq!((group.cells[0].sites.shown, group.cells[0].sites.failed), (3, 1), "{what}");
        assert!(group.cells[0].high < with_all.high, "{what}");
        assert!(!serde_json::to_string(&answer).unwrap().contains("SECRET"), "{what}");
    }
    scene.end().await;
}

/// The release with a lie in it, signed by its own provider.
fn lie(world: &World, release: &[u8], from: &str, to: &str) -> Outcome {
    Outcome::Release(resigned(release, PayloadType::Release, &world.provider_key("RYD"), from, to))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_release_answers_no_new_order_and_nobody_answers_for_another() {
    let mut scene = Scene::new().await;
    let ask = scene.world.ask();
    let mut old = Vec::new();
    let (_, first) = scene
        .attack(&ask, |_, _, release| {
            old.clone_from(&release);
            Outcome::Release(release)
        })
        .await;
    assert_eq!(first.sites[3].outcome, SiteOutcome::Released);
    let (said, answer) = scene.attack(&ask, |_, _, _| Outcome::Release(old.clone())).await;
    assert_eq!((said, answer.sites[3].outcome), (REJECTED, SiteOutcome::InvalidRelease));

    // RYD sends for RYA's order, while RYA's node is away; RYA's own answer is what counts.
    scene.nodes.take().unwrap().stop().await;
    let run = scene.desk.ask(&ask).await.unwrap();
    let (order, release) = scene.order().await;
    let mut others = FalseNode::of(&scene.world, "RYA").await;
    let theirs = others.orders().await.unwrap().next().await.unwrap();
    let theirs = wire::Order::verify(&theirs.order, &scene.world.order_key().public()).unwrap().order().id;
    for outcome in [Outcome::Release(release.clone()), Outcome::Refusal(vec![])] {
        assert_eq!(scene.door.submit(&theirs.to_string(), outcome).await.unwrap(), REJECTED);
    }
    let unknown = OrderId::random().unwrap();
    assert_eq!(scene.door.submit(&unknown.to_string(), Outcome::Release(release.clone())).await.unwrap(), REJECTED);
    assert!(scene.door.submit("not an order", Outcome::Release(release.clone())).await.is_err());
    assert_eq!(scene.door.submit(&order.to_string(), Outcome::Release(release.clone())).await.unwrap(), TAKEN);
    // The same bytes again are acknowledged as before.
    assert_eq!(scene.door.submit(&order.to_string(), Outcome::Release(release.clone())).await.unwrap(), TAKEN);
    drop(others);
    scene.nodes = Some(scene.world.start_nodes(&["RYA", "RYB", "RYC"]).await);
    let answer = closed(&mut scene.desk, run).await;
    assert!(answer.sites.iter().all(|site| site.outcome == SiteOutcome::Released), "{:?}", outcomes(&answer));
    assert_eq!(answer.groups[0].cells, first.groups[0].cells);
    // After the end too.
    assert_eq!(scene.door.submit(&order.to_string(), Outcome::Release(release)).await.unwrap(), TAKEN);
    assert_eq!(scene.door.submit(&order.to_string(), Outcome::Release(old)).await.unwrap(), REJECTED);

    // What comes after the deadline changes nothing.
    let short = Ask { deadline_s: Some(1), ..ask };
    let run = scene.desk.ask(&short).await.unwrap();
    let (order, release) = scene.order().await;
    let answer = closed(&mut scene.desk, run).await;
    assert_eq!(answer.sites[3].outcome, SiteOutcome::TimedOut);
    assert_eq!(scene.door.submit(&order.to_string(), Outcome::Release(release)).await.unwrap(), TOO_LATE);
    assert_eq!(scene.desk.answer(run).await.unwrap(), answer);
    scene.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_sends_garbage_without_end_holds_nobody_up() {
    let mut scene = Scene::new().await;
    let mut floods = Vec::new();
    for _ in 0..4 {
        let mut door = FalseNode::of(&scene.world, "RYD").await;
        floods.push(tokio::spawn(async move {
            for n in 0u64.. {
                let order = OrderId::random().unwrap().to_string();
                let bytes = vec![n as u8; 64 * 1024];
                drop(door.submit(&order, Outcome::Release(bytes)).await);
            }
        }));
    }
    let began = Instant::now();
    let ask = Ask { deadline_s: Some(3), ..scene.world.ask() };
    let answer = answer_to(&mut scene.desk, &ask).await;
    // The deadline, a second for rounding it up to whole seconds, and a second for everything else.
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    let expected = [
        ("RYA", SiteOutcome::Released),
        ("RYB", SiteOutcome::Released),
        ("RYC", SiteOutcome::Released),
        ("RYD", SiteOutcome::TimedOut),
    ];
    assert_eq!(outcomes(&answer), expected);
    assert_eq!(answer.groups[0].state, GroupState::Combined);
    floods.iter().for_each(tokio::task::JoinHandle::abort);
    scene.end().await;
}
