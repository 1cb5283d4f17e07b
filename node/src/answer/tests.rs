//! The whole way of an order through one provider, without a network.

use std::fs;
use std::sync::Mutex;

use disclosure::Cell;
use template::{Digest, Envelope, PayloadType, ProviderKind, Query};
use wire::{Refusal, ReportedRelease, verify_refusal};

use super::*;
use crate::clock::Clock;
use crate::fixture::{Site, key, told, unobserved};
use crate::snapshot::Snapshot;
use crate::steps::Steps;

mod declared;
mod differencing;
mod published;

struct At(Mutex<DateTime<Utc>>);

impl Clock for At {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap()
    }
}

pub(crate) fn node(site: &Site) -> Node {
    node_with(site, unobserved())
}

fn node_with(site: &Site, steps: Arc<dyn Steps>) -> Node {
    let config = if site.path("data").exists() { site.read() } else { site.enrolled() };
    Node::new(Provider::open(config, steps).unwrap(), Arc::new(Host::new().unwrap()))
}

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(future)
}

/// What became of an order, in one word or as its release.
fn outcome(site: &Site, node: &Node, order: &Order, answered: Answered) -> Result<Release, Refusal> {
    match answered {
        Answered::Release(release) => Ok(release),
        Answered::Refusal(refusal) => {
            let key = node.config().signing_key.public();
            let text = String::from_utf8(refusal.bytes().to_vec()).unwrap();
            assert!(!text.contains(site.dir.path().to_str().unwrap()), "{text}");
            Err(verify_refusal(refusal.bytes(), &key, &order.id, &node.config().provider).unwrap())
        }
        Answered::Unreadable => panic!("the order was readable"),
    }
}

pub(crate) fn ask(site: &Site, node: &Node, template: &[u8], order: &Order) -> Result<Release, Refusal> {
    let (_, dispatch) = site.dispatch(order, template);
    outcome(site, node, order, run(node.answer(dispatch)))
}

fn reported(site: &Site, node: &Node, template: &[u8], order: &Order, release: &Release) -> ReportedRelease {
    let root = site.root();
    let approved = root.approve(&Envelope::parse(template).unwrap(), Utc::now()).unwrap();
    let query = Query::bind(Arc::new(approved), &order.parameters).unwrap();
    let digest = order.sign(&site.coordinator).digest();
    let own = node.config().signing_key.public();
    ReportedRelease::verify(release.bytes(), &own, order, &digest, ProviderKind::Hospital, &query).unwrap()
}

#[test]
fn a_question_is_answered_with_protected_figures() {
    let site = Site::new();
    let node = node(&site);
    let (digest, template) = site.template(("1", "1"));
    let order = site.order(digest);
    let release = ask(&site, &node, &template, &order).unwrap();
    let reported = reported(&site, &node, &template, &order, &release);
    // Thirty-eight people did not opt out; half of them under each method, in both months.
    let shown = |cell: &Cell| matches!(cell, Cell::Shown { value: 20, low: 18, high: 22 });
    assert!(reported.reported.cells(0)[..4].iter().all(shown), "{:?}", reported.reported.cells(0));
    assert_eq!((reported.header.sequence, reported.header.kind), (1, ProviderKind::Hospital));
    assert!(!String::from_utf8_lossy(release.bytes()).contains("p00"));
}

#[test]
fn the_same_order_gets_the_same_bytes_and_the_same_question_the_same_figures() {
    let site = Site::new();
    let (digest, template) = site.template(("1", "1"));
    let order = site.order(digest);
    let first = {
        let node = node(&site);
        let first = ask(&site, &node, &template, &order).unwrap();
        assert_eq!(ask(&site, &node, &template, &order).unwrap(), first);
        first
    };
    // After a restart, under a stricter policy and past its time: still the same bytes.
    let site =
        Site { config: site.config.replace("[limits]", "[policy]\nthreshold = 30\nrounding = 100\n[limits]"), ..site };
    let node = node(&site);
    assert_eq!(ask(&site, &node, &template, &order).unwrap(), first);
    let other = site.order(digest);
    let again = ask(&site, &node, &template, &other).unwrap();
    assert_ne!(again, first);
    let cells = |order: &Order, release: &Release| {
        let found = reported(&site, &node, &template, order, release).reported;
        (found.cells(0).to_vec(), found.cells(1).to_vec())
    };
    assert_eq!(cells(&order, &first), cells(&other, &again));
}

#[test]
fn many_copies_of_one_order_make_one_release() {
    let site = Site::new();
    let node = Arc::new(node(&site));
    let (digest, template) = site.template(("1", "1"));
    let order = site.order(digest);
    let (_, dispatch) = site.dispatch(&order, &template);
    let answers = run(async {
        let copies = (0..12).map(|_| {
            let (node, dispatch) = (Arc::clone(&node), dispatch.clone());
            tokio::spawn(async move { node.answer(dispatch).await })
        });
        futures::future::join_all(copies.collect::<Vec<_>>()).await
    });
    let releases: Vec<Release> =
        answers.into_iter().map(|answer| outcome(&site, &node, &order, answer.unwrap()).unwrap()).collect();
    assert!(releases.windows(2).all(|pair| pair[0] == pair[1]));
    let next = site.order(digest);
    let release = ask(&site, &node, &template, &next).unwrap();
    assert_eq!(reported(&site, &node, &template, &next, &release).header.sequence, 2);
}

/// Asks with something wrong in order, template or configuration.
fn check(config: (&str, &str), template: (&str, &str), edit: impl Fn(&mut Order), expected: Result<(), Refusal>) {
    let mut site = Site::new();
    assert!(site.config.contains(config.0));
    site.config = site.config.replace(config.0, config.1);
    let node = node(&site);
    let (digest, template) = site.template(template);
    let mut order = site.order(digest);
    edit(&mut order);
    assert_eq!(ask(&site, &node, &template, &order).map(|_| ()), expected);
}

const SAME: (&str, &str) = ("1", "1");

#[test]
fn every_refusal_is_one_word() {
    let months = |from: &'static str, to: &'static str| {
        move |order: &mut Order| {
            order.parameters = [("from", from), ("to", to)].map(|(n, v)| (n.to_owned(), v.to_owned())).to_vec()
        }
    };
    check(SAME, SAME, |_| {}, Ok(()));
    check(SAME, SAME, |order| order.provider = "Y00002".parse().unwrap(), Err(Refusal::Altered));
    check(SAME, SAME, |order| order.expires_at = order.issued_at - chrono::Duration::seconds(1), Err(Refusal::Expired));
    check(SAME, SAME, |order| order.issued_at += chrono::Duration::minutes(5), Err(Refusal::ClockSkew));
    check(SAME, SAME, |order| order.template = Digest::of(b"another"), Err(Refusal::NotApproved));
    check(SAME, SAME, months("2024-05", "2024-04"), Err(Refusal::BadParameters));
    check(SAME, SAME, |order| order.parameters.clear(), Err(Refusal::BadParameters));
    check(SAME, SAME, months("2020-01", "2020-03"), Err(Refusal::NotCovered));
    check(SAME, ("runs_at = [\"hospital\"]", "runs_at = [\"hospital\", \"gp\"]"), |_| {}, Err(Refusal::NotApproved));
    check(("kind = \"hospital\"", "kind = \"gp\""), SAME, |_| {}, Err(Refusal::NotApproved));
    check(("population = 400", "population = 400\nanswering = \"off\""), SAME, |_| {}, Err(Refusal::NotReleased));
    check(("population = 400", "population = 400\nmin_population = 401"), SAME, |_| {}, Err(Refusal::NotReleased));
    check(("[limits]", "[refuse]\ntemplates = [\"stays\"]\n[limits]"), SAME, |_| {}, Err(Refusal::NotReleased));
    check(("[limits]", "[refuse]\npurposes = [\"test\"]\n[limits]"), SAME, |_| {}, Err(Refusal::NotReleased));
    let sole = ("min_sites = { hospital = 3 }", "min_sites = { hospital = 1 }\nsole_providers = [\"hospital\"]");
    check(SAME, sole, |_| {}, Err(Refusal::NotReleased));
    check(("[limits]", "[consent]\nsole_provider = [\"stays\"]\n[limits]"), sole, |_| {}, Ok(()));
    check(SAME, ("from hospital_spell", "from ed_attendance"), |_| {}, Err(Refusal::NotApproved));
    let fan_out = ("from hospital_spell\n", "from hospital_spell cross join person\n");
    check(SAME, fan_out, |_| {}, Err(Refusal::NotApproved));
    check(SAME, ("per = \"record\"\n\n[[measure]]", "per = \"person\"\n\n[[measure]]"), |_| {}, Ok(()));
}

#[test]
fn an_altered_order_and_an_altered_template_are_refused() {
    let site = Site::new();
    let node = node(&site);
    let (digest, template) = site.template(SAME);
    let order = site.order(digest);
    let forged = order.sign(&key());
    let dispatch = Dispatch { order: forged.bytes().to_vec(), template: template.clone(), ..Dispatch::default() };
    let refused = outcome(&site, &node, &order, run(node.answer(dispatch)));
    assert_eq!(refused.map(|_| ()), Err(Refusal::Altered));
    let junk = Dispatch { order: b"junk".to_vec(), template: template.clone(), ..Dispatch::default() };
    assert!(matches!(run(node.answer(junk)), Answered::Unreadable));
    // Approved by one of two, or by somebody else.
    let payload = Envelope::parse(&template).unwrap().unverified_payload().to_vec();
    for keys in [vec![&site.guardians[0]], vec![&site.coordinator]] {
        let unapproved = Envelope::sign(PayloadType::Template, payload.clone(), &keys).to_bytes();
        assert_eq!(ask(&site, &node, &unapproved, &site.order(digest)).map(|_| ()), Err(Refusal::NotApproved));
    }
    // None of it was spent.
    let release = ask(&site, &node, &template, &order).unwrap();
    assert_eq!(reported(&site, &node, &template, &order, &release).header.sequence, 1);
    let mut replayed = order.clone();
    replayed.purpose = "another".to_owned();
    assert_eq!(ask(&site, &node, &template, &replayed).map(|_| ()), Err(Refusal::Replayed));
}

#[test]
fn changed_data_is_refused_and_never_a_smaller_count() {
    let site = Site::new();
    let node = node(&site);
    let (digest, template) = site.template(SAME);
    let snapshot = Snapshot::load(&node.config().folder, &node.config().provider).unwrap();
    let file = fs::OpenOptions::new().write(true).open(&snapshot.tables()["hospital_spell"].path).unwrap();
    file.set_len(10).unwrap();
    assert_eq!(ask(&site, &node, &template, &site.order(digest)).map(|_| ()), Err(Refusal::DataIntegrity));
    // A new snapshot heals it, without a restart.
    crate::snapshot::take(node.config(), Utc::now()).unwrap();
    assert!(ask(&site, &node, &template, &site.order(digest)).is_ok());
}

#[test]
fn a_clock_that_went_back_is_noticed() {
    let site = Site::new();
    let clock = Arc::new(At(Mutex::new(Utc::now())));
    let provider = Provider::open_at(site.enrolled(), unobserved(), Arc::clone(&clock) as Arc<dyn Clock>).unwrap();
    let node = Node::new(provider, Arc::new(Host::new().unwrap()));
    let (digest, template) = site.template(SAME);
    assert!(ask(&site, &node, &template, &site.order(digest)).is_ok());
    *clock.0.lock().unwrap() -= chrono::Duration::minutes(6);
    let mut order = site.order(digest);
    order.issued_at -= chrono::Duration::minutes(6);
    assert_eq!(ask(&site, &node, &template, &order).map(|_| ()), Err(Refusal::ClockSkew));
}

struct Seen(Mutex<Vec<Step>>);

impl Steps for Seen {
    fn at(&self, step: Step) {
        self.0.lock().unwrap().push(step);
    }
}

#[test]
fn steps_are_passed_in_their_order() {
    let site = Site::new();
    let seen = Arc::new(Seen(Mutex::default()));
    let node = node_with(&site, Arc::clone(&seen) as Arc<dyn Steps>);
    let (digest, template) = site.template(SAME);
    ask(&site, &node, &template, &site.order(digest)).unwrap();
    assert_eq!(*seen.0.lock().unwrap(), Step::ALL);
}

struct Dies;

impl Steps for Dies {
    fn at(&self, step: Step) {
        assert_ne!(step, Step::Counted, "a panic of a test");
    }
}

#[test]
fn a_panic_while_counting_is_a_refusal_and_no_more() {
    let site = Site::new();
    let (digest, template) = site.template(SAME);
    {
        let node = node_with(&site, Arc::new(Dies));
        assert_eq!(ask(&site, &node, &template, &site.order(digest)).map(|_| ()), Err(Refusal::Failed));
        assert_eq!(ask(&site, &node, &template, &site.order(digest)).map(|_| ()), Err(Refusal::Failed));
    }
    assert!(ask(&site, &node(&site), &template, &site.order(digest)).is_ok());
}

/// Spoils the copy of the table that the node attacks: month one has 18 to 22 people under one method, a total of this
/// many over both, and the rest hidden.
struct Spoils(Cell);

impl Steps for Spoils {
    fn attack(&self, table: &mut [Vec<Cell>]) {
        let total = table[0].len() - 2;
        table[0][0] = Cell::Suppressed { low: 0, high: 9 };
        table[0][1] = Cell::Shown { value: 20, low: 18, high: 22 };
        table[0][total] = self.0;
        table[1].fill(Cell::Withheld);
    }
}

#[test]
fn a_table_that_gives_a_hidden_figure_away_is_refused_before_it_is_recorded() {
    let shown = |value| Cell::Shown { value, low: value - 2, high: value + 2 };
    let site = Site::new();
    let (digest, template) = site.template(SAME);
    // 28 people leave at least 6 for the hidden cell; nobody, and 60 people, cannot be.
    for total in [shown(30), Cell::Zero, shown(60)] {
        let node = node_with(&site, Arc::new(Spoils(total)));
        assert_eq!(ask(&site, &node, &template, &site.order(digest)).map(|_| ()), Err(Refusal::Failed), "{total:?}");
    }
    let node = node_with(&site, Arc::new(Spoils(shown(20))));
    let order = site.order(digest);
    let release = ask(&site, &node, &template, &order).unwrap();
    // Nothing of the refused orders was recorded as released, and what was spoilt is not what is released.
    let reported = reported(&site, &node, &template, &order, &release);
    assert_eq!(reported.header.sequence, 1);
    assert_eq!(reported.reported.cells(0)[0], shown(20));
}

#[test]
fn answers_leave_at_quanta() {
    let ms = Duration::from_millis;
    for (elapsed, quantum, leaves) in [(0, 100, 100), (1, 100, 100), (100, 100, 100), (101, 100, 200), (950, 300, 1200)]
    {
        assert_eq!(next_quantum(ms(elapsed), ms(quantum)), ms(leaves), "{elapsed}");
    }
}

#[test]
fn a_provider_without_a_ledger_is_not_served() {
    let site = Site::new();
    let config = site.enrolled();
    drop(Provider::open(config, unobserved()).unwrap());
    fs::remove_file(site.path("data/ledger.sqlite")).unwrap();
    let error = told(&Provider::open(site.read(), unobserved()).map(|_| ()).unwrap_err());
    assert!(error.contains("init") && error.contains("restore"), "{error}");
}
