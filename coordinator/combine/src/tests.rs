//! Tables of small cases.

use std::collections::BTreeMap;

use disclosure::{Cell, Dimension, Domain, Interval, Measure, Per, Policy, Reported, Zeros};
use template::{Figure, FigureKind, Grouping, ProviderKind};
use wire::{CellState, ProviderCode, ReasonCounts, Refusal, SiteCounts, SiteOutcome};

use super::*;

/// Months, of which the total is released as well.
fn domain() -> Domain {
    let levels = vec!["2024-04".into(), "2024-05".into()];
    Domain::new(vec![Dimension { name: "month".into(), levels, per: Per::Record }], vec![vec![]]).unwrap()
}

fn measures() -> Vec<Measure> {
    vec![Measure::people("people")]
}

fn reported(zeros: Zeros, cells: [Cell; 3]) -> Reported {
    Reported::check(domain(), measures(), Policy::nhs_sde().with_zeros(zeros), vec![cells.to_vec()]).unwrap()
}

fn shown(value: u64) -> Cell {
    let block = Policy::nhs_sde().block(value);
    Cell::Shown { value: block.value, low: block.low, high: block.high }
}

fn star(zeros: Zeros) -> Cell {
    let (low, high) = Policy::nhs_sde().with_zeros(zeros).suppressed();
    Cell::Suppressed { low, high }
}

/// No place.
pub(crate) static NOWHERE: wire::Places = wire::Places { board: None, locality: None, network: None };

fn gp(heard: Heard<'_>) -> Site<'_> {
    site(ProviderKind::Gp, heard)
}

/// A site of which it does not matter who it is.
fn site(kind: ProviderKind, heard: Heard<'_>) -> Site<'_> {
    static CODE: std::sync::LazyLock<ProviderCode> = std::sync::LazyLock::new(|| "Y00001".parse().unwrap());
    Site { provider: &CODE, kind, heard, block: Block::default(), places: &NOWHERE }
}

fn combined(sites: &[Site<'_>], grouping: Grouping, min_gp: u32, figures: &[Figure]) -> (Vec<Group>, Vec<String>) {
    let quorum = Quorum::new(BTreeMap::from([(ProviderKind::Gp, min_gp), (ProviderKind::Ambulance, 1)]));
    let (domain, measures) = (domain(), measures());
    let question = Question {
        domain: &domain,
        measures: &measures,
        figures,
        populations: &[],
        quorum: &quorum,
        declared: &[grouping],
        grouping,
    };
    let groups = combine(&question, sites).unwrap();
    let notes = notes(&question, sites, &groups);
    (groups, notes)
}

fn cells(sites: &[Site<'_>]) -> Vec<CombinedCell> {
    combined(sites, Grouping::All, 1, &[]).0[0].table.clone().unwrap().cells[0].clone()
}

#[test]
fn five_things_stay_five_things() {
    let open = reported(Zeros::Shown, [shown(25), star(Zeros::Shown), Cell::Withheld]);
    let zero = reported(Zeros::Shown, [Cell::Zero, Cell::NotCovered, Cell::Zero]);
    let hidden = reported(Zeros::Hidden, [star(Zeros::Hidden), shown(15), Cell::Withheld]);
    let sites = [
        gp(Heard::Released(&open)),
        gp(Heard::Released(&zero)),
        gp(Heard::Released(&hidden)),
        gp(Heard::Refused),
        gp(Heard::Failed),
        gp(Heard::Failed),
        gp(Heard::NotCovered),
        gp(Heard::Waiting),
    ];
    let cells = cells(&sites);
    let why =
        |below_threshold, near_suppressed| ReasonCounts { below_threshold, near_suppressed, ..ReasonCounts::default() };
    let silent = SiteCounts { refused: 1, failed: 2, not_covered: 1, waiting: 1, ..SiteCounts::default() };
    let april = SiteCounts { shown: 1, zero: 1, suppressed: 1, ..silent };
    assert_eq!(
        cells[0],
        CombinedCell {
            bounds: Some(Interval { low: 23, high: Some(36) }),
            sites: april,
            reasons: why(1, 0),
            state: CellState::Bounded
        }
    );
    assert_eq!(cells[0].central(), Some(30));
    let may = SiteCounts { shown: 1, suppressed: 1, not_covered: 2, ..silent };
    assert_eq!(
        cells[1],
        CombinedCell {
            bounds: Some(Interval { low: 14, high: Some(26) }),
            sites: may,
            reasons: ReasonCounts { outside_coverage: 1, ..why(1, 0) },
            state: CellState::Bounded
        }
    );
    // People in two months may be the same: at least the greater, at most the sum, at each site.
    let total = SiteCounts { withheld: 2, zero: 1, ..silent };
    assert_eq!(
        cells[2],
        CombinedCell {
            bounds: Some(Interval { low: 36, high: Some(62) }),
            sites: total,
            reasons: why(0, 2),
            state: CellState::Bounded
        }
    );
}

#[test]
fn what_nobody_covers_is_not_nought() {
    let part = reported(Zeros::Shown, [shown(25), Cell::NotCovered, shown(25)]);
    let cells = cells(&[gp(Heard::Released(&part)), gp(Heard::NotCovered)]);
    assert_eq!(cells[1].bounds, None);
    assert_eq!(cells[1].central(), None);
    assert_eq!(cells[1].sites, SiteCounts { not_covered: 2, ..SiteCounts::default() });
}

#[test]
fn a_cell_that_too_few_sites_cover_is_held_back_with_its_totals() {
    let both = reported(Zeros::Shown, [shown(25), shown(30), shown(55)]);
    let april = reported(Zeros::Shown, [shown(25), Cell::NotCovered, shown(25)]);
    let may = reported(Zeros::Shown, [Cell::NotCovered, Cell::Zero, Cell::Zero]);
    let check = |sites: &[&Reported], expected: [CellState; 3]| {
        let sites: Vec<Site<'_>> = sites.iter().map(|table| gp(Heard::Released(table))).collect();
        let (groups, notes) = combined(&sites, Grouping::All, 2, &[]);
        let cells = &groups[0].table.as_ref().unwrap().cells[0];
        assert_eq!([0, 1, 2].map(|cell| cells[cell].state), expected);
        for cell in cells.iter().filter(|cell| cell.state == CellState::TooFewSites) {
            // Nor is it told what the few say: that they show it, show nobody or suppress it.
            let SiteCounts { shown, zero, suppressed, withheld, not_covered, .. } = cell.sites;
            assert_eq!((cell.bounds, shown, zero, suppressed), (None, 0, 0, 0));
            assert_eq!((withheld + not_covered) as usize, sites.len());
        }
        let held = expected.contains(&CellState::TooFewSites);
        assert_eq!(notes.iter().any(|note| note.contains("held back")), held, "{notes:?}");
    };
    use CellState::{Bounded, NotCovered, TooFewSites};
    check(&[&both, &both], [Bounded; 3]);
    check(&[&both, &both, &april], [Bounded; 3]);
    check(&[&both, &april, &april], [Bounded, TooFewSites, TooFewSites]);
    check(&[&april, &april], [Bounded, NotCovered, Bounded]);
    check(&[&april, &may], [TooFewSites; 3]);
}

#[test]
fn removing_a_site_is_visible() {
    let star = reported(Zeros::Hidden, [star(Zeros::Hidden), star(Zeros::Hidden), Cell::Withheld]);
    let all: Vec<CombinedCell> = cells(&[gp(Heard::Released(&star)), gp(Heard::Released(&star))]);
    let fewer = cells(&[gp(Heard::Released(&star)), gp(Heard::Failed)]);
    assert!(all.iter().zip(&fewer).all(|(all, fewer)| all != fewer));
    assert_eq!(fewer[0].sites.failed, 1);
    assert_eq!(all[0].bounds, Some(Interval { low: 0, high: Some(18) }));
}

#[test]
fn below_the_least_number_of_sites_there_is_nothing() {
    let table = reported(Zeros::Shown, [shown(25), shown(25), shown(25)]);
    let empty = reported(Zeros::Shown, [Cell::NotCovered; 3]);
    let ambulance = site(ProviderKind::Ambulance, Heard::Released(&table));
    let sites = [
        gp(Heard::Released(&table)),
        gp(Heard::Released(&table)),
        gp(Heard::Released(&empty)),
        gp(Heard::Refused),
        ambulance,
    ];
    let (all, notes) = combined(&sites, Grouping::All, 3, &[]);
    assert_eq!(all[0].table, Err(TooFewSites { needed: 3 }));
    assert_eq!((all[0].asked, all[0].answered), (5, 3));
    assert!(notes.iter().any(|note| note.starts_with("2 of 4 sites of kind `gp` answered")), "{notes:?}");
    let (kinds, _) = combined(&sites, Grouping::Kind, 3, &[]);
    assert_eq!(
        kinds.iter().map(|group| group.kind).collect::<Vec<_>>(),
        [Some(ProviderKind::Gp), Some(ProviderKind::Ambulance)]
    );
    assert!(kinds[0].table.is_err() && kinds[1].table.is_ok());
    assert!(combined(&sites, Grouping::All, 2, &[]).0[0].table.is_ok());
}

#[test]
fn a_change_leaves_out_sites_that_cover_one_period_only() {
    let figures = [Figure {
        name: "change".into(),
        title: String::new(),
        kind: FigureKind::Change { measure: "people".into(), over: "month".into(), earlier: 1, later: 1 },
    }];
    let both = reported(Zeros::Shown, [shown(100), shown(50), shown(120)]);
    let later = reported(Zeros::Shown, [Cell::NotCovered, shown(1000), shown(1000)]);
    let sites = [gp(Heard::Released(&both)), gp(Heard::Released(&later))];
    let (groups, notes) = combined(&sites, Grouping::All, 1, &figures);
    let figure = groups[0].table.clone().unwrap().figures[0].clone();
    assert_eq!((figure.sites, figure.left_out), (1, 1));
    assert_eq!(figure.bounds.low.unwrap().to_string(), "-53");
    assert_eq!(figure.bounds.high.unwrap().to_string(), "-46");
    assert_eq!(figure.bounds.central.unwrap().to_string(), "-50");
    assert!(notes.iter().any(|note| note.contains("a part of what it compares: at most 1")), "{notes:?}");
    // One site is too few where the template needs two.
    let (groups, _) = combined(&sites, Grouping::All, 2, &figures);
    assert_eq!(groups[0].table.clone().unwrap().figures[0].bounds, Bounds::NONE);
}

#[test]
fn notes_say_what_is_missing_and_what_stars_mean() {
    let table = reported(Zeros::Hidden, [shown(25), star(Zeros::Hidden), Cell::Withheld]);
    let ambulance = |heard| site(ProviderKind::Ambulance, heard);
    let sites = [
        ambulance(Heard::Released(&table)),
        ambulance(Heard::Released(&table)),
        gp(Heard::Released(&table)),
        gp(Heard::Refused),
        gp(Heard::Failed),
    ];
    let (_, notes) = combined(&sites, Grouping::All, 1, &[]);
    for part in ["0 to 9 people", "counted at each", "1 of 5 sites refused", "1 of 5 sites did not answer", "withheld"]
    {
        assert!(notes.iter().any(|note| note.contains(part)), "{part}: {notes:?}");
    }
    let plain = reported(Zeros::Shown, [shown(25), shown(25), shown(25)]);
    // Practices share nobody.
    let practices = [gp(Heard::Released(&plain)), gp(Heard::Released(&plain))];
    let (_, notes) = combined(&practices, Grouping::All, 1, &[]);
    assert_eq!(notes.len(), 2, "what bounds are, and what figures stand for: {notes:?}");
}

#[test]
fn every_outcome_means_one_thing() {
    let table = reported(Zeros::Shown, [shown(25), shown(25), shown(25)]);
    let word = |outcome| match Heard::of(outcome, Some(&table)) {
        Heard::Released(_) => "released",
        Heard::NotCovered => "not covered",
        Heard::Refused => "refused",
        Heard::Failed => "failed",
        Heard::Waiting => "waiting",
        Heard::HeldOut => "held out",
    };
    for refusal in Refusal::ALL {
        let expected = if refusal == Refusal::NotCovered { "not covered" } else { "refused" };
        assert_eq!(word(SiteOutcome::Refused(refusal)), expected);
    }
    assert_eq!(word(SiteOutcome::Released), "released");
    assert_eq!(word(SiteOutcome::InvalidRelease), "failed");
    assert_eq!(word(SiteOutcome::TimedOut), "failed");
    assert_eq!(word(SiteOutcome::NotConnected), "failed");
    assert_eq!(word(SiteOutcome::Waiting), "waiting");
    assert_eq!(word(SiteOutcome::HeldOut), "held out");
    assert!(matches!(Heard::of(SiteOutcome::Released, None), Heard::Failed));
}

#[test]
fn a_table_of_another_question_is_refused() {
    let table =
        Reported::check(Domain::new(vec![], vec![]).unwrap(), measures(), Policy::nhs_sde(), vec![vec![shown(25)]])
            .unwrap();
    let (domain, measures, quorum) = (domain(), measures(), Quorum::new(BTreeMap::new()));
    let question = Question {
        domain: &domain,
        measures: &measures,
        figures: &[],
        populations: &[],
        quorum: &quorum,
        declared: &[Grouping::All],
        grouping: Grouping::All,
    };
    assert_eq!(combine(&question, &[gp(Heard::Released(&table))]), Err(CombineError::Shape));
}

#[test]
fn published_populations_bound_what_a_site_does_not_say() {
    let zeros = Zeros::Hidden;
    let table = reported(zeros, [star(zeros), Cell::Withheld, Cell::Withheld]);
    let cells = |published: &[(usize, u64)]| {
        let sites = [gp(Heard::Released(&table)), gp(Heard::Failed)];
        let published = [published.to_vec(), published.to_vec()];
        let known = known::Known::beside(&domain(), &measures(), &sites, &published);
        let notes: Vec<String> = known.notes().collect();
        let bounds: Vec<Option<u64>> =
            cells(&known.sites(&sites)).iter().map(|cell| cell.bounds.unwrap().high).collect();
        (bounds, notes)
    };
    assert_eq!(cells(&[]), (vec![Some(9), None, None], vec![]));
    assert_eq!(cells(&[(0, 7), (1, 120)]).0, [Some(7), Some(120), Some(127)]);
    // The total is a union of people: no node has compared it with anything.
    assert_eq!(cells(&[(1, 120), (2, 3)]).0, [Some(9), Some(120), Some(129)]);
}

#[test]
fn a_site_that_contradicts_its_population_is_told_and_taken_as_it_says() {
    let table = reported(Zeros::Hidden, [shown(50), shown(20), Cell::Withheld]);
    let sites = [gp(Heard::Released(&table))];
    let known = known::Known::beside(&domain(), &measures(), &sites, &[vec![(0, 47)]]);
    assert_eq!(known.notes().count(), 1);
    assert_eq!(known.sites(&sites)[0].heard.reported(), Some(&table));
}
