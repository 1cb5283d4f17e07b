//! What was released before decides what is said now: over templates, analysts, purposes, snapshots, restarts and
//! questions at once. Every attack must succeed where the past is forgotten.

use super::*;
use crate::ledger::{Files, Ledger};

/// A site of many people: each person's id, and whether there is a stay in April and in May, of so many days.
struct Stay(u32, &'static str, i32);

fn ids(people: impl IntoIterator<Item = u32>) -> Vec<(String, bool)> {
    people.into_iter().map(|n| (format!("p{n:03}"), false)).collect()
}

fn fill(site: &Site, people: u32, stays: impl IntoIterator<Item = Stay>) {
    site.people(&ids(0..people));
    let spell = |Stay(n, day, days)| (format!("p{n:03}"), day.to_owned(), "1".to_owned(), days);
    site.spells(&stays.into_iter().map(spell).collect::<Vec<_>>());
}

const APRIL: &str = "2024-04-10";
const MAY: &str = "2024-05-20";

/// A template that counts people alone, of one cell a month, with `where_` added to its condition.
fn people_where(site: &Site, id: &str, where_: &str) -> (Digest, Vec<u8>) {
    let text = format!(
        r#"
id = "{id}"
version = 1
title = "People"
purpose = "test"
legal_basis = "test"
agreement = "test"
owner = "test"
author = "test"
expires = "2029-12-31"
runs_at = ["hospital"]
model = "core-1"
min_sites = {{ hospital = 3 }}
group_sites_by = ["all"]
period = ["from", "to"]
totals = []
sql = """
select hospital_spell.person_id, hospital_spell.admission_date as month
from hospital_spell
where hospital_spell.admission_date >= $from and hospital_spell.admission_date < $to_end {where_}
"""

[[parameter]]
name = "from"
type = "month"
title = "First month"
earliest = "2008-04"

[[parameter]]
name = "to"
type = "month"
title = "Last month"
longest = "12 months after from"

[[dimension]]
name = "month"
title = "Month"
levels = "months from..to"
per = "record"

[[measure]]
name = "people"
title = "People"
counts = "people"

[disclosure]
threshold = 10
rounding = 5
zeros = "hidden"
"#
    );
    site.signed(text)
}

fn months(order: Order, from: &str, to: &str) -> Order {
    let parameters = [("from", from), ("to", to)].map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    Order { parameters, ..order }
}

/// The cells of April alone.
fn april(site: &Site, node: &Node, (digest, template): &(Digest, Vec<u8>)) -> Vec<Cell> {
    let order = months(site.order(*digest), "2024-04", "2024-04");
    cells(site, node, template, &order)
}

fn cells(site: &Site, node: &Node, template: &[u8], order: &Order) -> Vec<Cell> {
    let release = ask(site, node, template, order).unwrap();
    reported(site, node, template, order, &release).reported.cells(0).to_vec()
}

/// Forgets everything, as a node without a ledger would: to know that an attack works.
fn forget(site: &Site, node: Node) -> Node {
    drop(node);
    for file in ["data/ledger.sqlite", "data/ledger.anchor"] {
        fs::remove_file(site.path(file)).unwrap();
    }
    let config = site.read();
    Ledger::create(&Files::within(&config.folder), &config.provider, Utc::now()).unwrap();
    super::node(site)
}

/// All people, and all but three: by another template, another analyst and for another purpose.
#[test]
fn all_and_all_but_three_are_one_answer_whoever_asks_by_whichever_template() {
    let site = Site::new();
    fill(&site, 150, (0..113).map(|n| Stay(n, APRIL, i32::from(n < 3))));
    let all = people_where(&site, "all", "");
    let but_three = people_where(&site, "but-three", "and hospital_spell.length_of_stay_days = 0");
    let node = node(&site);
    let first = april(&site, &node, &all);
    assert!(matches!(first[0], Cell::Shown { value: 115, .. }), "{first:?}");
    let order = Order {
        analyst: "bea".parse().unwrap(),
        purpose: "another".to_owned(),
        ..months(site.order(but_three.0), "2024-04", "2024-04")
    };
    assert_eq!(cells(&site, &node, &but_three.1, &order), first);
    // After a restart too; and the attack works where nothing is remembered.
    drop(node);
    let node = super::node(&site);
    let order = Order { analyst: "cleo".parse().unwrap(), ..months(site.order(but_three.0), "2024-04", "2024-04") };
    assert_eq!(cells(&site, &node, &but_three.1, &order), first);
    let node = forget(&site, node);
    let without = april(&site, &node, &but_three);
    assert_ne!(without, first);
}

/// Bands of stay that differ at one day: 0 to 9 days, then 0 to 10, with four people at ten days.
#[test]
fn a_recoded_band_is_the_band_that_was_released() {
    let site = Site::new();
    fill(&site, 150, (0..104).map(|n| Stay(n, APRIL, if n < 100 { 5 } else { 10 })));
    let node = node(&site);
    let short = people_where(&site, "nine", "and hospital_spell.length_of_stay_days < 10");
    let longer = people_where(&site, "ten", "and hospital_spell.length_of_stay_days < 11");
    let first = april(&site, &node, &short);
    assert_eq!(april(&site, &node, &longer), first);
    // The tracker: the ten-day people alone, and everybody but them.
    let only = people_where(&site, "only", "and hospital_spell.length_of_stay_days = 10");
    assert!(matches!(april(&site, &node, &only)[0], Cell::Suppressed { low: 0, high: 9 }));
    let but = people_where(&site, "but", "and hospital_spell.length_of_stay_days <> 10");
    assert_eq!(april(&site, &node, &but), first);
}

/// Two parts that leave one of a whole, on one side of the whole or the other.
#[test]
fn what_is_left_of_a_whole_by_its_parts_is_not_told() {
    let days = |n: u32| match n {
        0..18 => 1,
        18..41 => 2,
        _ => 3,
    };
    let site = Site::new();
    fill(&site, 150, (0..42).map(|n| Stay(n, APRIL, days(n))));
    let of = |id: &str, days: u32| people_where(&site, id, &format!("and hospital_spell.length_of_stay_days = {days}"));
    let (whole, one, two) = (people_where(&site, "whole", ""), of("one", 1), of("two", 2));
    let shown = |cells: &[Cell]| matches!(cells[0], Cell::Shown { .. });
    for order in [[&whole, &one, &two], [&one, &two, &whole], [&one, &whole, &two]] {
        let node = forget(&site, node(&site));
        let said: Vec<Vec<Cell>> = order.iter().map(|template| april(&site, &node, template)).collect();
        assert!(shown(&said[0]) && shown(&said[1]), "{said:?}");
        // The one person who is in neither part may, as far as anybody can tell, be nobody or up to nine.
        let bounds = |template: &(Digest, Vec<u8>)| {
            let place = order.iter().position(|asked| *asked == template).unwrap();
            (i128::from(said[place][0].low()), i128::from(said[place][0].high().unwrap()))
        };
        let [whole, one, two] = [bounds(&whole), bounds(&one), bounds(&two)];
        assert!(whole.0 - one.1 - two.1 <= 1 && 9 <= whole.1 - one.0 - two.0, "{said:?}");
        drop(node);
        // Asked again it is the same.
        let node = super::node(&site);
        assert_eq!(april(&site, &node, order[2]), said[2]);
    }
}

#[test]
fn a_new_snapshot_with_a_few_more_people_says_what_was_said() {
    let site = Site::new();
    fill(&site, 150, (0..52).map(|n| Stay(n, APRIL, 1)));
    let node = node(&site);
    let all = people_where(&site, "all", "");
    let first = april(&site, &node, &all);
    // One person more, of an id that sorts before all others.
    let refresh = |more: u32| {
        site.people(&[ids(0..150), (0..more).map(|n| (format!("a{n:03}"), false)).collect()].concat());
        let spell = |id: String| (id, APRIL.to_owned(), "1".to_owned(), 1);
        let old = (0..52).map(|n| spell(format!("p{n:03}")));
        site.spells(&old.chain((0..more).map(|n| spell(format!("a{n:03}")))).collect::<Vec<_>>());
        crate::snapshot::take(node.config(), Utc::now()).unwrap();
    };
    refresh(1);
    assert_eq!(april(&site, &node, &all), first);
    refresh(9);
    assert_eq!(april(&site, &node, &all), first);
    // Ten more people may be told apart.
    refresh(10);
    assert!(matches!(april(&site, &node, &all)[0], Cell::Shown { value: 60, .. }));
}

#[test]
fn another_period_of_the_same_template_says_the_same_of_the_same_month() {
    let site = Site::new();
    fill(&site, 150, (0..52).map(|n| Stay(n, APRIL, 1)).chain((20..90).map(|n| Stay(n, MAY, 1))));
    let (digest, template) = people_where(&site, "all", "");
    let node = node(&site);
    let narrow = cells(&site, &node, &template, &months(site.order(digest), "2024-04", "2024-04"));
    let wide = cells(&site, &node, &template, &months(site.order(digest), "2024-03", "2024-05"));
    assert_eq!(wide[1], narrow[0]);
    assert!(matches!(wide[2], Cell::Shown { value: 70, .. }));
}

#[test]
fn the_same_question_a_hundred_times_is_one_answer() {
    let site = Site::new();
    let node = node(&site);
    let all = people_where(&site, "all", "");
    let first = april(&site, &node, &all);
    assert!((0..100).all(|_| april(&site, &node, &all) == first));
}

#[test]
fn questions_at_once_are_answered_one_beside_the_other() {
    let site = Site::new();
    fill(&site, 150, (0..113).map(|n| Stay(n, APRIL, i32::from(n < 3))));
    let config = site.config.replace("[limits]", "[limits]\nconcurrent = 8");
    let site = Site { config, ..site };
    let node = Arc::new(node(&site));
    let templates: Vec<(Digest, Vec<u8>)> = (0..8)
        .map(|n| {
            let but = if n % 2 == 0 { "" } else { "and hospital_spell.length_of_stay_days = 0" };
            people_where(&site, &format!("t{n}"), but)
        })
        .collect();
    let orders: Vec<Order> =
        templates.iter().map(|(digest, _)| months(site.order(*digest), "2024-04", "2024-04")).collect();
    let answers = run(async {
        let asked = orders.iter().zip(&templates).map(|(order, (_, template))| {
            let (node, (_, dispatch)) = (Arc::clone(&node), site.dispatch(order, template));
            tokio::spawn(async move { node.answer(dispatch).await })
        });
        futures::future::join_all(asked.collect::<Vec<_>>()).await
    });
    let mut said = Vec::new();
    for ((answer, order), (_, template)) in answers.into_iter().zip(&orders).zip(&templates) {
        let release = outcome(&site, &node, order, answer.unwrap()).unwrap();
        said.push(reported(&site, &node, template, order, &release).reported.cells(0).to_vec());
    }
    assert!(said.windows(2).all(|pair| pair[0] == pair[1]), "{said:?}");
}

#[test]
fn limits_on_different_questions_read_like_any_rule_and_spare_old_questions() {
    let check = |limit: &str, reason_of: &str| {
        let site = Site::new();
        let config = site.config.replace("[limits]", &format!("[limits]\n{limit} = 1"));
        let site = Site { config, ..site };
        let node = node(&site);
        let (first, second) = (people_where(&site, "first", ""), people_where(&site, "second", ""));
        april(&site, &node, &first);
        let order = months(site.order(second.0), "2024-04", "2024-04");
        assert_eq!(ask(&site, &node, &second.1, &order).map(|_| ()), Err(Refusal::NotReleased), "{limit}");
        // What was answered is free, for the same and for everybody.
        let again = Order { analyst: "bea".parse().unwrap(), ..months(site.order(first.0), "2024-04", "2024-04") };
        assert!(ask(&site, &node, &first.1, &again).is_ok());
        let other = Order {
            analyst: "bea".parse().unwrap(),
            purpose: "another".to_owned(),
            ..months(site.order(second.0), "2024-04", "2024-04")
        };
        let free = ask(&site, &node, &second.1, &other).is_ok();
        assert_eq!(free, reason_of != "base", "{limit}");
        drop(node);
        let database = rusqlite::Connection::open(site.path("data/ledger.sqlite")).unwrap();
        let reason: String = database
            .query_row("select reason from audit where reason is not null order by n limit 1", [], |row| row.get(0))
            .unwrap();
        assert_eq!(reason, "cohorts-spent");
    };
    check("cohorts_per_base", "base");
    check("cohorts_per_analyst", "analyst");
    check("cohorts_per_purpose", "purpose");
}

#[test]
fn a_past_that_cannot_be_read_quarantines_and_is_never_a_smaller_past() {
    let check = |change: fn(&Site)| {
        let site = Site::new();
        let all = people_where(&site, "all", "");
        drop((april(&site, &node(&site), &all), ()));
        change(&site);
        let node = node(&site);
        let new = people_where(&site, "new", "and hospital_spell.length_of_stay_days = 3");
        let order = months(site.order(new.0), "2024-04", "2024-04");
        assert_eq!(ask(&site, &node, &new.1, &order).map(|_| ()), Err(Refusal::Quarantined));
        // Nothing more, old answers included, until the operator has mended it.
        let old = months(site.order(all.0), "2024-04", "2024-04");
        assert_eq!(ask(&site, &node, &all.1, &old).map(|_| ()), Err(Refusal::Quarantined));
    };
    // Another key; and another list of numbers, made as if there had never been one.
    check(|site| fs::write(site.path("data/contributors.key"), [7; 32]).unwrap());
    check(|site| {
        fs::remove_dir_all(site.path("data/snapshot")).unwrap();
        fs::remove_file(site.path("data/numbers.sealed")).unwrap();
    });
}
