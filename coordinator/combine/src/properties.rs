//! Random records at several sites, protected and reported: the truth lies within every bound.

use std::collections::{BTreeMap, BTreeSet};

use disclosure::{
    Column, Coverage, Covered, Dimension, Domain, Measure, Per, Policy, Public, Reported, Rounding, Tally, Threshold,
    Zeros, protect,
};
use proptest::prelude::*;
use template::{Figure, FigureKind, Grouping, ProviderKind};

use super::*;

const SEXES: usize = 2;
const BANDS: usize = 4;
const EDGES: [u64; BANDS + 1] = [0, 2, 5, 9, 20];
const CAP: u64 = 6;

/// One record: sex follows from the person; the amount is in hundredths.
#[derive(Clone, Copy, Debug)]
struct Record {
    person: u32,
    band: usize,
    amount: i64,
}

impl Record {
    fn sex(&self) -> usize {
        self.person as usize % SEXES
    }
}

/// What one site holds: the bands it covers, its records in those, and its policy.
#[derive(Clone, Debug)]
struct Holding {
    covered: Vec<bool>,
    records: Vec<Record>,
    policy: Policy,
}

fn domain() -> Domain {
    let dimension = |name: &str, levels: usize, per| Dimension {
        name: name.into(),
        levels: (0..levels).map(|level| format!("{name} {level}")).collect(),
        per,
    };
    let dimensions = vec![dimension("sex", SEXES, Per::Person), dimension("band", BANDS, Per::Record)];
    Domain::new(dimensions, vec![vec![], vec![1], vec![0]]).unwrap()
}

fn measures() -> Vec<Measure> {
    vec![Measure::rows("rows", None).unwrap(), Measure::people("people"), Measure::sum("days", CAP).unwrap()]
}

fn figures() -> Vec<Figure> {
    let figure = |kind| Figure { name: "figure".into(), title: String::new(), kind };
    let change = |measure: &str, earlier, later| FigureKind::Change {
        measure: measure.into(),
        over: "band".into(),
        earlier,
        later,
    };
    let share = |measure: &str, dimension: &str, level: &str| FigureKind::Share {
        measure: measure.into(),
        dimension: dimension.into(),
        level: level.into(),
    };
    let mean = |count: &str| FigureKind::Mean { sum: "days".into(), count: count.into() };
    let median = |measure: &str| FigureKind::Median {
        measure: measure.into(),
        over: "band".into(),
        edges: EDGES.to_vec(),
        unit: "days".into(),
    };
    [
        change("rows", 2, 2),
        change("people", 1, 2),
        share("rows", "sex", "sex 1"),
        share("people", "sex", "sex 0"),
        share("people", "band", "band 1"),
        mean("rows"),
        mean("people"),
        median("rows"),
    ]
    .map(figure)
    .into()
}

fn reported(holding: &Holding) -> Reported {
    let (domain, measures) = (domain(), measures());
    let mut tally = Tally::new(&domain, &measures).unwrap();
    let cell = |record: &Record| u32::try_from(record.sex() * BANDS + record.band).unwrap();
    let cells: Vec<u32> = holding.records.iter().map(cell).collect();
    let persons: Vec<u32> = holding.records.iter().map(|record| record.person).collect();
    let amounts: Vec<i64> = holding.records.iter().map(|record| record.amount).collect();
    tally.add(&cells, &persons, &[Column::Full(&amounts)]).unwrap();
    let covered = |key: &disclosure::CellKey| match key.0[1].map(|band| holding.covered[band]) {
        Some(true) => Covered::Yes,
        _ => Covered::No,
    };
    let coverage = Coverage::of(&domain, covered);
    let public = Public::nothing(&domain, &measures);
    let protected = protect(tally.finish().unwrap(), &domain, &measures, &holding.policy, &coverage, &public).unwrap();
    let cells = (0..measures.len()).map(|measure| protected.cells(measure).to_vec()).collect();
    Reported::check(domain, measures, holding.policy, cells).unwrap()
}

/// The truth of one measure in hundredths, over one site's records at these levels.
fn truth(holding: &Holding, measure: usize, at: &dyn Fn(&Record) -> bool) -> i128 {
    let records = || holding.records.iter().filter(|record| at(record));
    match measure {
        0 => records().count() as i128 * 100,
        1 => records().map(|record| record.person).collect::<BTreeSet<_>>().len() as i128 * 100,
        _ => {
            let mut sums: BTreeMap<(u32, usize), i128> = BTreeMap::new();
            for record in records() {
                *sums.entry((record.person, record.band)).or_default() += i128::from(record.amount);
            }
            sums.values().map(|sum| (*sum).min(i128::from(CAP) * 100)).sum()
        }
    }
}

fn within(bounds: &Bounds, numerator: i128, denominator: i128, what: &str) {
    for (bound, holds) in [
        (bounds.low, bounds.low.is_none_or(|low| low.hundredths() * denominator <= numerator * 100)),
        (bounds.high, bounds.high.is_none_or(|high| high.hundredths() * denominator >= numerator * 100)),
    ] {
        assert!(holds, "{what}: {numerator} / {denominator} is beyond {bound:?}");
    }
    if let (Some(low), Some(central), Some(high)) = (bounds.low, bounds.central, bounds.high) {
        assert!(low <= central && central <= high);
    }
}

/// Twice the median of these values, so that it stays whole.
fn doubled_median(mut values: Vec<i128>) -> Option<i128> {
    values.sort_unstable();
    let (lower, upper) = (values.len().checked_sub(1)? / 2, values.len() / 2);
    Some(values[lower] + values[upper])
}

/// A duration within the record's band.
fn duration(record: &Record) -> i128 {
    let (from, to) = (EDGES[record.band], EDGES[record.band + 1]);
    i128::from(from + record.amount.unsigned_abs() % (to - from))
}

fn check_figure(kind: &FigureKind, figure: &CombinedFigure, holdings: &[Holding]) {
    let here = |record: &Record| {
        let matches = |level: Option<usize>, at: usize| level.is_none_or(|level| level == at);
        matches(figure.levels[0], record.sex()) && matches(figure.levels[1], record.band)
    };
    let compared: Vec<usize> = match kind {
        FigureKind::Change { earlier, later, .. } => (0..*earlier).chain(BANDS - later..BANDS).collect(),
        FigureKind::Median { .. } => (0..BANDS).collect(),
        FigureKind::Share { dimension, .. } if dimension == "band" => (0..BANDS).collect(),
        FigureKind::Share { .. } | FigureKind::Mean { .. } => Vec::new(),
    };
    let whole: Vec<&Holding> =
        holdings.iter().filter(|holding| compared.iter().all(|&band| holding.covered[band])).collect();
    let total = |measure: usize, at: &dyn Fn(&Record) -> bool| -> i128 {
        whole.iter().map(|holding| truth(holding, measure, &|record| here(record) && at(record))).sum()
    };
    let measure = |name: &str| measures().iter().position(|measure| measure.name() == name).unwrap();
    let what = format!("{kind:?} at {:?}", figure.levels);
    match kind {
        FigureKind::Change { measure: name, earlier, later, .. } => {
            let before = total(measure(name), &|record| record.band < *earlier);
            let after = total(measure(name), &|record| record.band >= BANDS - later);
            if before > 0 {
                within(&figure.bounds, (after - before) * 100, before, &what);
            }
        }
        FigureKind::Share { measure: name, dimension, level } => {
            let place: usize = level.split_once(' ').unwrap().1.parse().unwrap();
            let of_level =
                |record: &Record| if dimension == "sex" { record.sex() == place } else { record.band == place };
            let (part, all) = (total(measure(name), &of_level), total(measure(name), &|_| true));
            if all > 0 {
                within(&figure.bounds, part * 100, all, &what);
            }
        }
        FigureKind::Mean { count, .. } => {
            let (sum, count) = (total(2, &|_| true), total(measure(count), &|_| true));
            if count > 0 {
                within(&figure.bounds, sum, count, &what);
            }
        }
        FigureKind::Median { .. } => {
            let values = whole.iter().flat_map(|holding| &holding.records).filter(|r| here(r)).map(duration).collect();
            if let Some(doubled) = doubled_median(values) {
                within(&figure.bounds, doubled, 2, &what);
            }
        }
    }
}

fn check_cells(table: &Table, holdings: &[Holding]) {
    let domain = domain();
    for (measure, cells) in table.cells.iter().enumerate() {
        for (index, cell) in cells.iter().enumerate() {
            let key = domain.key(index).unwrap().0;
            let at = |record: &Record| {
                key[0].is_none_or(|sex| sex == record.sex()) && key[1].is_none_or(|band| band == record.band)
            };
            let covers =
                |holding: &&Holding| key[1].map_or(holding.covered.contains(&true), |band| holding.covered[band]);
            let covering: Vec<&Holding> = holdings.iter().filter(covers).collect();
            assert_eq!(cell.bounds.is_none(), covering.is_empty());
            assert_eq!(cell.sites.not_covered as usize, holdings.len() - covering.len());
            let truth: i128 = covering.iter().map(|holding| truth(holding, measure, &at)).sum();
            let Some(bounds) = cell.bounds else { continue };
            assert!(i128::from(bounds.low) * 100 <= truth, "{measure} {index} {bounds:?} {truth}");
            assert!(
                bounds.high.is_none_or(|high| truth <= i128::from(high) * 100),
                "{measure} {index} {bounds:?} {truth}"
            );
            if cell.sites.suppressed > 0 {
                assert!(bounds.high.unwrap() > bounds.low, "a suppressed cell has a range");
            }
        }
    }
}

/// No total is wider than its parts make it.
fn check_totals(table: &Table) {
    let domain = domain();
    for (measure, cells) in table.cells.iter().enumerate() {
        for total in domain.inner_len()..domain.len() {
            let parts: Vec<_> = domain.children(total).iter().filter_map(|&part| cells[part].bounds).collect();
            let Some(bounds) = cells[total].bounds else { continue };
            let adds_up = measure != 1 || domain.key(total).unwrap().0[1].is_some();
            let lows = parts.iter().map(|part| part.low);
            assert!(bounds.low >= if adds_up { lows.sum() } else { lows.max().unwrap_or(0) });
            let highs: Option<u64> = parts.iter().map(|part| part.high).sum();
            assert!(highs.is_none_or(|highs| bounds.high.is_some_and(|high| high <= highs)));
        }
    }
}

fn holdings() -> impl Strategy<Value = Vec<Holding>> {
    let record = (0u32..60, 0..BANDS, 0i64..900).prop_map(|(person, band, amount)| Record { person, band, amount });
    let covered = prop::collection::vec(prop::bool::weighted(0.85), BANDS);
    let zeros = prop_oneof![Just(Zeros::Hidden), Just(Zeros::Shown)];
    let policy = (3u64..9, zeros).prop_map(|(threshold, zeros)| {
        Policy::new(Threshold::new(threshold).unwrap(), Rounding::BASE_5, zeros).unwrap()
    });
    let holding = (covered, prop::collection::vec(record, 0..150), policy, any::<bool>()).prop_map(
        |(covered, mut records, policy, busy)| {
            // Half the sites have most of their records in one band, so that some cells are shown and some are small.
            for record in records.iter_mut().filter(|record| busy && record.person % 4 != 0) {
                record.band = 2;
            }
            records.retain(|record| covered[record.band]);
            Holding { covered, records, policy }
        },
    );
    prop::collection::vec(holding, 1..5)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn the_truth_lies_within_the_bounds(holdings in holdings()) {
        let tables: Vec<Reported> = holdings.iter().map(reported).collect();
        let site = |table| Site { kind: ProviderKind::Hospital, heard: Heard::Released(table) };
        let sites: Vec<Site<'_>> = tables.iter().map(site).collect();
        let (domain, measures, figures) = (domain(), measures(), figures());
        let quorum = Quorum::new(BTreeMap::from([(ProviderKind::Hospital, 1)]));
        let grouping = Grouping::All;
        let question = Question { domain: &domain, measures: &measures, figures: &figures, quorum: &quorum, grouping };
        let group = combine(&question, &sites).unwrap().remove(0);
        let Ok(table) = group.table else {
            prop_assert!(holdings.iter().all(|holding| !holding.covered.contains(&true)));
            return Ok(());
        };
        check_cells(&table, &holdings);
        check_totals(&table);
        for figure in &table.figures {
            check_figure(&figures[figure.figure].kind, figure, &holdings);
        }
        // Without one site the answer is another, whatever that site said.
        let mut fewer = sites.clone();
        fewer[0].heard = Heard::Failed;
        if let Ok(without) = combine(&question, &fewer).unwrap().remove(0).table {
            for (with, without) in table.cells.concat().iter().zip(without.cells.concat()) {
                prop_assert_eq!(without.sites.failed, with.sites.failed + 1);
            }
        }
    }
}
