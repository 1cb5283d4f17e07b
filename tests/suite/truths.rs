//! The templates of the demonstration region against the truth, which the generator's memory gives apart from any node.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use demo::population::truth::{Figures, Question, Truth};
use demo::population::{self, Population};
use demo::region::{self, Silence, Spec};
use disclosure::MeasureKind;
use futures::StreamExt as _;
use template::Template;
use tokio::net::TcpListener;
use wire::{Answer, Ask, CellState, ClientTls, CombinedCell, Desk, GroupState, ParameterValue, SiteOutcome};

/// The size of the demonstration.
const PEOPLE: u32 = 500_000;
const SEED: u64 = 2013;

/// A template with its parameters, and how wide the bounds of a measure may be over the whole answer: the sum of the
/// widths of the inner cells, in per cent of the sum of their truths. The ceilings are what the rule costs in a region
/// of this size, a little rounded up: they fail where bounds get wider than they must be.
struct Case {
    template: &'static str,
    parameters: &'static [(&'static str, &'static str)],
    /// Per measure: of the inner cells, and of the totals.
    ceilings: &'static [(&'static str, u64, u64)],
}

const CASES: [Case; 7] = [
    Case {
        template: "long-term-condition-cost",
        parameters: &[("from", "2023-04"), ("to", "2025-03")],
        ceilings: &[("people", 1, 1), ("pounds", 1, 1)],
    },
    Case {
        template: "long-term-condition-activity",
        parameters: &[("from", "2024-04"), ("to", "2025-03")],
        ceilings: &[("people", 1, 1), ("units", 1, 1)],
    },
    Case {
        template: "frequent-emergency-users",
        parameters: &[("from", "2024-04"), ("to", "2025-03"), ("n", "3")],
        ceilings: &[("people", 10, 3)],
    },
    Case {
        template: "emergency-admissions-75-plus",
        parameters: &[("from", "2024-10"), ("to", "2025-09")],
        ceilings: &[("admissions", 160, 32), ("people", 90, 95)],
    },
    Case {
        template: "depression-with-long-term-condition",
        parameters: &[("at", "2025-03")],
        ceilings: &[("people", 11, 9)],
    },
    Case {
        template: "respiratory-emergency-admissions",
        parameters: &[("from", "2023-04"), ("to", "2025-03")],
        ceilings: &[("admissions", 11, 1), ("people", 10, 45)],
    },
    Case {
        template: "stroke-length-of-stay",
        parameters: &[("from", "2023-04"), ("to", "2025-03")],
        ceilings: &[("stays", 58, 19), ("people", 38, 92), ("bed_days", 95, 95)],
    },
];

#[tokio::test(flavor = "multi_thread")]
async fn every_combined_cell_holds_the_truth() {
    let folder = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let spec = Spec { dir: folder.path().join("region"), people: PEOPLE, seed: SEED };
    let prepared =
        tokio::task::spawn_blocking(move || region::prepare(&spec, &address, &Silence).unwrap()).await.unwrap();
    let running = region::start(&prepared, listener, &[]).await.unwrap();
    assert!(running.connected(Duration::from_secs(60)).await);
    let settings = cli::Settings::read(&prepared.folder.analyst().join("tallyward.toml")).unwrap();
    let tls = ClientTls::load(&settings.tls).unwrap();
    let mut desk = Desk::connect(&settings.coordinator, &settings.server_name, &tls).await.unwrap();
    let population = population::generate(&population::Spec { seed: SEED, people: PEOPLE });

    let mut wide = Vec::new();
    for case in &CASES {
        let answer = ask(&mut desk, case).await;
        assert!(answer.sites.iter().all(|site| site.outcome == SiteOutcome::Released), "{}", case.template);
        wide.extend(check(case, &population, &answer));
    }
    assert!(wide.is_empty(), "bounds wider than they must be: {wide:#?}");

    // The first question asks all 108, each of which signed a release of its own.
    let first = ask(&mut desk, &CASES[0]).await;
    let distinct: BTreeSet<_> = first.sites.iter().map(|site| &site.provider).collect();
    assert_eq!(distinct.len(), population::provider::PROVIDERS);
    running.stop().await;
}

async fn ask(desk: &mut Desk, case: &Case) -> Answer {
    let parameters = case.parameters.iter();
    let ask = Ask {
        template: case.template.to_owned(),
        version: None,
        parameters: parameters
            .map(|(name, value)| ParameterValue { name: (*name).to_owned(), value: (*value).to_owned() })
            .collect(),
        purpose: "Compare with the truth".to_owned(),
        deadline_s: Some(120),
        grouping: None,
    };
    let run = desk.ask(&ask).await.unwrap();
    let mut progress = desk.watch(run).await.unwrap();
    while let Some(step) = progress.next().await {
        step.unwrap();
    }
    desk.answer(run).await.unwrap()
}

/// Compares every cell of the answer; returns what is wider than its ceiling.
fn check(case: &Case, population: &Population, answer: &Answer) -> Vec<String> {
    let parameters: BTreeMap<String, String> =
        case.parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let question = Question::parse(case.template, &parameters).unwrap();
    let (_, text) = region::TEMPLATES.iter().find(|(id, _)| *id == case.template).unwrap();
    let template = Template::parse(text.as_bytes()).unwrap();
    let mut widths: BTreeMap<(&str, bool), (u64, u64)> = BTreeMap::new();
    for group in &answer.groups {
        assert_eq!(group.state, GroupState::Combined, "{}: {}", case.template, group.name);
        let providers = population.providers().iter().filter(|p| group.name == "all" || p.kind.code() == group.name);
        let truths: Vec<Truth> = providers
            .filter(|provider| question.runs_at().contains(&provider.kind))
            .map(|provider| question.truth(population, provider))
            .collect();
        assert_eq!(truths.len(), group.asked as usize);
        for cell in &group.cells {
            let place = format!("{} {} {:?} {}", case.template, group.name, cell.levels, cell.measure);
            let truth = truth(&truths, &cell.levels, &cell.measure);
            if cell.state == CellState::NotCovered {
                assert_eq!(truth.0, 0, "{place}: there is somebody where nobody covers");
                continue;
            }
            let (low, high) = truth;
            assert!(cell.low <= low, "{place}: at least {}, in truth {low}", cell.low);
            assert!(cell.high.is_none_or(|most| high <= most), "{place}: at most {:?}, in truth {high}", cell.high);
            if let (Some(central), Some(most)) = (cell.central, cell.high) {
                assert!((cell.low..=most).contains(&central), "{place}: the central figure lies outside its bounds");
            }
            let sites = cell.sites;
            let said = sites.shown + sites.zero + sites.suppressed + sites.withheld + sites.not_covered;
            assert_eq!(said, group.asked, "{place}: every site says exactly one thing");
            shown_only_above_threshold(&truths, &cell.levels, sites.shown, &place);
            let is_total = cell.levels.iter().any(Option::is_none);
            let high = cell.high.unwrap_or_else(|| panic!("{place}: nothing bounds it"));
            if !is_total {
                let most = rule_width(&template, &truths, cell);
                assert!(high - cell.low <= most, "{place}: {} wide, where the rule needs {most}", high - cell.low);
            }
            let width = widths.entry((cell.measure.as_str(), is_total)).or_default();
            width.0 += high - cell.low;
            width.1 += low;
        }
    }
    let mut wide = Vec::new();
    for (measure, inner, totals) in case.ceilings {
        for (is_total, ceiling) in [(false, inner), (true, totals)] {
            let Some((width, truth)) = widths.get(&(*measure, is_total)) else { continue };
            let (per_cent, what) = (width * 100 / truth.max(&1), if is_total { "totals" } else { "cells" });
            println!("{:36} {measure:12} {what:8} width {width:>10} of {truth:>10}: {per_cent:>4} %", case.template);
            if per_cent > *ceiling {
                wide.push(format!("{} {measure}, {what}: {per_cent} %, at most {ceiling} %", case.template));
            }
        }
    }
    wide
}

/// How wide the rule makes the bounds of an inner cell at most: at each site four where ten people stand behind a count
/// (a block of five), the base where they stand behind a sum, and the whole range of what up to nine people can come to
/// where they do not; a site that holds a sum back because one person dominates it, what its people can come to.
fn rule_width(template: &Template, truths: &[Truth], cell: &CombinedCell) -> u64 {
    const BELOW: u64 = 9;
    let measure = template.measures.iter().find(|m| m.measure.name() == cell.measure).unwrap();
    let people: Vec<u64> = truths.iter().map(|truth| margin(truth, &cell.levels).people).collect();
    let (shown, each) = match measure.measure.kind() {
        MeasureKind::People => (4, 1),
        MeasureKind::Rows { at_most_per_person } => (4, at_most_per_person.unwrap()),
        MeasureKind::Sum { at_most_per_person } => (measure.measure.sum_base().unwrap(), at_most_per_person),
    };
    let covered = truths.len() - cell.sites.not_covered as usize;
    let enough = people.iter().filter(|people| **people > BELOW).count();
    // Fewer show than could: the rest are dominated, and hold back whatever their people can come to.
    let dominated = enough.saturating_sub(cell.sites.shown as usize);
    let most = people.iter().max().copied().unwrap_or(0) + 2;
    (enough as u64) * shown + (covered.saturating_sub(enough) as u64) * BELOW * each + dominated as u64 * most * each
}

/// The truth of a cell over these providers, as whole units that enclose it.
fn truth(truths: &[Truth], levels: &[Option<String>], measure: &str) -> (u64, u64) {
    let figures = truths.iter().map(|truth| margin(truth, levels));
    match measure {
        "people" => whole(figures.map(|f| f.people).sum()),
        "admissions" | "stays" => whole(figures.map(|f| f.rows).sum()),
        _ => {
            let hundredths: u64 = figures.map(|f| f.sum_hundredths).sum();
            (hundredths / 100, hundredths.div_ceil(100))
        }
    }
}

const fn whole(count: u64) -> (u64, u64) {
    (count, count)
}

fn margin(truth: &Truth, levels: &[Option<String>]) -> Figures {
    let kept: Vec<usize> = (0..levels.len()).filter(|place| levels[*place].is_some()).collect();
    let levels: Vec<&str> = levels.iter().flatten().map(String::as_str).collect();
    truth.margin(&kept, &levels)
}

/// A site shows a figure only where at least ten people stand behind it.
fn shown_only_above_threshold(truths: &[Truth], levels: &[Option<String>], shown: u32, place: &str) {
    let enough = truths.iter().filter(|truth| margin(truth, levels).people >= 10).count();
    assert!(shown as usize <= enough, "{place}: {shown} sites show a figure, {enough} have ten people");
}
