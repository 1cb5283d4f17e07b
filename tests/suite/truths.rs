//! The templates of the demonstration region against the truth, which the generator's memory gives apart from any node.

#[path = "truths/figures.rs"]
mod figures;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use demo::comparison::{self, EXAMPLES, Example, Part, Width, margin};
use demo::population::provider::Kind;
use demo::population::truth::Truth;
use demo::population::{self, Population};
use demo::region::{self, Silence, Spec};
use disclosure::{Measure, MeasureKind};
use template::{Denominator, FigureKind, Template};
use tokio::net::TcpListener;
use wire::{Answer, AnswerGroup, CellState, ClientTls, CombinedCell, Desk, GroupState, SiteOutcome};

/// The size of the demonstration.
const PEOPLE: u32 = 500_000;
const SEED: u64 = 2013;

/// How wide the bounds of a measure may be over the whole answer: the sum of the widths of the cells, in per cent of the
/// sum of their truths; of the inner cells, and of the totals. The ceilings are what the rule costs in a region of this
/// size, a little rounded up: they fail where bounds get wider than they must be.
type Ceilings = &'static [(&'static str, u64, u64)];

const CEILINGS: [(&str, Ceilings); EXAMPLES.len()] = [
    ("long-term-condition-cost", &[("people", 1, 1), ("pounds", 1, 1)]),
    ("long-term-condition-activity", &[("people", 1, 1), ("units", 1, 1)]),
    // Beside published populations whole cells are held back, and bounded by the populations alone.
    ("long-term-condition-rate", &[("people", 37, 20)]),
    ("frequent-emergency-users", &[("people", 10, 3)]),
    ("emergency-admissions-75-plus", &[("admissions", 160, 32), ("people", 90, 95)]),
    ("depression-with-long-term-condition", &[("people", 15, 60)]),
    ("respiratory-emergency-admissions", &[("admissions", 11, 1), ("people", 10, 45)]),
    ("stroke-length-of-stay", &[("stays", 58, 19), ("people", 38, 92), ("bed_days", 95, 95)]),
];

/// What the nodes have released before a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Past {
    Nothing,
    /// Other figures of the same people: a figure may be the earlier one of people who differ by fewer than the threshold.
    Compared,
}

impl Past {
    /// How far the truth of exactly this question may lie outside the bounds, where so many sites show a figure: what
    /// every answer says of itself.
    fn slack(self, measure: &Measure, shown: u64) -> u64 {
        let few = 9 * measure.at_most_per_person().unwrap_or(u64::MAX / 1000);
        if self == Self::Nothing { 0 } else { shown * few }
    }
}

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

    left_out(&population, &prepared.folder.providers());
    let mut wide = Vec::new();
    for (example, (id, ceilings)) in EXAMPLES.iter().zip(CEILINGS) {
        assert_eq!(example.template, id);
        let answer = example.ask(&mut desk, &settings.signing, "Compare with the truth", None).await.unwrap();
        let unanswered: Vec<_> = answer.sites.iter().filter(|site| site.outcome != SiteOutcome::Released).collect();
        assert!(unanswered.is_empty(), "{id}: {unanswered:#?}");
        let past = if *example.template == *EXAMPLES[0].template { Past::Nothing } else { Past::Compared };
        wide.extend(check(example, ceilings, &population, &answer, past));
    }
    assert!(wide.is_empty(), "bounds wider than they must be: {wide:#?}");

    // The first question asks all 108, each of which signed a release of its own.
    let first = EXAMPLES[0].ask(&mut desk, &settings.signing, "Compare with the truth", None).await.unwrap();
    let distinct: BTreeSet<_> = first.sites.iter().map(|site| &site.provider).collect();
    assert_eq!(distinct.len(), population::provider::PROVIDERS);
    running.stop().await;
}

/// Every node has left out exactly the people who opted out, told by table or list, and restricted records besides: the
/// truths know nothing of those, so that none can have been counted.
fn left_out(population: &Population, providers: &std::path::Path) {
    for provider in population.providers() {
        let snapshots = providers.join(&provider.code).join("data/snapshot");
        let current = std::fs::read_to_string(snapshots.join("current")).unwrap();
        let bytes = std::fs::read(snapshots.join(current.trim_end()).join("manifest.json")).unwrap();
        let manifest: node::Manifest = serde_json::from_slice(&bytes).unwrap();
        let table = |name: &str| manifest.tables.iter().find(|entry| entry.table == name).unwrap();
        let opted_out = population.known_people(provider).filter(|(_, person)| person.opted_out()).count() as u64;
        assert_eq!(table("person").left_out.opted_out, opted_out, "{}", provider.code);
        assert_eq!(manifest.without_nhs_number, 0, "{}", provider.code);
        let restricted = match provider.kind {
            Kind::Hospital => &["hospital_spell", "spell_diagnosis", "spell_procedure", "ed_attendance"][..],
            _ => &[],
        };
        for name in restricted {
            assert!(table(name).left_out.restricted > 0, "{name} of {}", provider.code);
        }
    }
}

/// Compares every cell and figure of the answer; returns what is wider than its ceiling.
fn check(example: &Example, ceilings: Ceilings, population: &Population, answer: &Answer, past: Past) -> Vec<String> {
    let id = example.template;
    let template = example.template().unwrap();
    let mut wide = Vec::new();
    for group in &answer.groups {
        assert_eq!(group.state, GroupState::Combined, "{id}: {}", group.name);
        let truths = example.truths(population, group).unwrap();
        assert_eq!(truths.len(), group.asked as usize);
        check_cells(id, &template, group, &truths, past);
        figures::check(&template, answer, group, &truths, population);
    }
    let mut widths: BTreeMap<(String, Part), Width> = BTreeMap::new();
    for group in &answer.groups {
        let of_group = comparison::widths(group, &template, &example.truths(population, group).unwrap());
        for (key, Width { width, truth, open }) in of_group {
            let sum = widths.entry(key).or_default();
            (sum.width, sum.truth, sum.open) = (sum.width + width, sum.truth + truth, sum.open + open);
        }
    }
    for (measure, inner, totals) in ceilings {
        for (part, what, ceiling) in [(Part::Cells, "cells", inner), (Part::Totals, "totals", totals)] {
            let Some(width) = widths.get(&((*measure).to_owned(), part)) else { continue };
            let per_cent = width.per_cent();
            println!("{id:36} {measure:12} {what:8} width {:>10} of {:>10}: {per_cent:>4} %", width.width, width.truth);
            if per_cent > *ceiling {
                wide.push(format!("{id} {measure}, {what}: {per_cent} %, at most {ceiling} %"));
            }
        }
    }
    wide
}

fn check_cells(id: &str, template: &Template, group: &AnswerGroup, truths: &[Truth], past: Past) {
    for cell in &group.cells {
        let place = format!("{id} {} {:?} {}", group.name, cell.levels, cell.measure);
        let measure = &template.measures.iter().find(|m| m.measure.name() == cell.measure).unwrap().measure;
        let hundredths = comparison::hundredths(template, truths, &cell.levels, measure);
        if cell.state == CellState::NotCovered {
            assert_eq!(hundredths, 0, "{place}: there is somebody where nobody covers");
            continue;
        }
        let slack = past.slack(measure, u64::from(cell.sites.shown));
        let (low, high) = ((hundredths / 100).saturating_add(slack), hundredths.div_ceil(100).saturating_sub(slack));
        assert!(cell.low <= low, "{place}: at least {}, in truth {low}", cell.low);
        assert!(cell.high.is_none_or(|most| high <= most), "{place}: at most {:?}, in truth {high}", cell.high);
        if let (Some(central), Some(most)) = (cell.central, cell.high) {
            assert!((cell.low..=most).contains(&central), "{place}: the central figure lies outside its bounds");
        }
        let sites = cell.sites;
        let said = sites.shown + sites.zero + sites.suppressed + sites.withheld + sites.not_covered;
        assert_eq!(said, group.asked, "{place}: every site says exactly one thing");
        shown_only_above_threshold(template, truths, &cell.levels, sites.shown, &place);
        let is_total = comparison::is_total(template, &cell.levels);
        // Beside published populations some counts are held back; the populations then bound them.
        let Some(high) = cell.high else {
            // A count too small to be shown, which beside earlier answers would tell of others, is held back.
            assert!(past == Past::Compared && sites.withheld > 0, "{place}: nothing bounds it");
            continue;
        };
        if !is_total && !divides_by_population(template) && past == Past::Nothing {
            let most = rule_width(template, truths, cell);
            assert!(high - cell.low <= most, "{place}: {} wide, where the rule needs {most}", high - cell.low);
        }
    }
}

fn divides_by_population(template: &Template) -> bool {
    template
        .figures
        .iter()
        .any(|figure| matches!(&figure.kind, FigureKind::Rate { denominator: Denominator::Population(_), .. }))
}

/// How wide the rule makes the bounds of an inner cell at most: at each site four where ten people stand behind a count
/// (a block of five), the base where they stand behind a sum, and the whole range of what up to nine people can come to
/// where they do not; a site that holds a sum back because one person dominates it, what its people can come to.
fn rule_width(template: &Template, truths: &[Truth], cell: &CombinedCell) -> u64 {
    const BELOW: u64 = 9;
    let measure = template.measures.iter().find(|m| m.measure.name() == cell.measure).unwrap();
    let people: Vec<u64> = truths.iter().map(|truth| margin(template, truth, &cell.levels).people).collect();
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

/// A site shows a figure only where at least ten people stand behind it.
fn shown_only_above_threshold(
    template: &Template,
    truths: &[Truth],
    levels: &[Option<String>],
    shown: u32,
    place: &str,
) {
    let enough = truths.iter().filter(|truth| margin(template, truth, levels).people >= 10).count();
    assert!(shown as usize <= enough, "{place}: {shown} sites show a figure, {enough} have ten people");
}
