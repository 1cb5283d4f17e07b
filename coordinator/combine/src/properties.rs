//! Random records at several sites, protected and reported: the truth lies within every bound.

use std::collections::{BTreeMap, BTreeSet};

use disclosure::{
    Column, Coverage, Covered, Dimension, Domain, Measure, Per, Policy, Public, Reported, Rounding, Tally, Threshold,
    Zeros, protect,
};
use proptest::prelude::*;
use template::{Denominator, Figure, FigureKind, Grouping, Lookup, Percent, Population, ProviderKind, Standard};
use wire::ProviderCode;

use super::tests::NOWHERE;
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
    let quantile = |measure: &str, percent| FigureKind::Quantile {
        measure: measure.into(),
        over: "band".into(),
        edges: EDGES.to_vec(),
        unit: "days".into(),
        percent: Percent::new(percent).unwrap(),
    };
    let rate = |measure: &str, denominator, standard: Option<(&str, &[u64])>| FigureKind::Rate {
        measure: measure.into(),
        denominator,
        per: 1_000,
        standard: standard.map(|(over, weights)| Standard { over: over.into(), weights: weights.to_vec() }),
    };
    let published = || Denominator::Population("list_size".into());
    let people = || Denominator::Measure("people".into());
    [
        change("rows", 2, 2),
        change("people", 1, 2),
        share("rows", "sex", "sex 1"),
        share("people", "sex", "sex 0"),
        share("people", "band", "band 1"),
        mean("rows"),
        mean("people"),
        quantile("rows", 50),
        quantile("rows", 90),
        quantile("rows", 3),
        rate("people", published(), None),
        rate("days", published(), None),
        rate("rows", people(), None),
        rate("people", published(), Some(("sex", &[3, 1]))),
        rate("rows", people(), Some(("band", &[1, 0, 2, 5]))),
    ]
    .map(figure)
    .into()
}

/// Where the last of these sites is missing: nothing is published of its people.
const SITES: [&str; 4] = ["H00001", "H00002", "H00003", "H00004"];

/// What is published of the people of a site of one sex.
fn listed(site: usize, sex: usize) -> Option<i128> {
    (site < 3).then(|| 70 + 300 * site as i128 + 900 * sex as i128)
}

fn populations() -> Vec<Population> {
    let rows: Vec<String> = (0..SITES.len())
        .flat_map(|site| (0..SEXES).filter_map(move |sex| Some((site, sex, listed(site, sex)?))))
        .map(|(site, sex, people)| format!(r#"["{site} {sex}", "{}", "sex {sex}", "{people}"]"#, SITES[site]))
        .collect();
    let columns = r#"["row", "provider", "sex", "people"]"#;
    let text = format!(r#"{{"name": "list_size", "version": 1, "columns": {columns}, "rows": [{}]}}"#, rows.join(", "));
    vec![Population::new(&Lookup::parse(text.as_bytes()).unwrap()).unwrap()]
}

fn reported(holding: &Holding) -> Reported {
    reported_beside(holding, &[])
}

/// What a site reports beside published populations, pairs of a cell and how many people it is of.
fn reported_beside(holding: &Holding, published: &[(usize, u64)]) -> Reported {
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
    let mut public = Public::nothing(&domain, &measures);
    published.iter().for_each(|(cell, n)| public.population(*cell, *n).unwrap());
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

/// The least and the greatest value that may be called the quantile of these: so many per cent are at most the first,
/// and the rest at least the last.
fn true_quantile(mut values: Vec<i128>, percent: usize) -> Option<(i128, i128)> {
    values.sort_unstable();
    let below = values.len() * percent;
    let lower = below.div_ceil(100).checked_sub(1)?;
    Some((*values.get(lower)?, *values.get((below / 100).min(values.len() - 1))?))
}

/// A duration within the record's band.
fn duration(record: &Record) -> i128 {
    let (from, to) = (EDGES[record.band], EDGES[record.band + 1]);
    i128::from(from + record.amount.unsigned_abs() % (to - from))
}

fn check_figure(kind: &FigureKind, figure: &CombinedFigure, holdings: &[Holding]) {
    let divides_by_published = matches!(kind, FigureKind::Rate { denominator: Denominator::Population(_), .. });
    let here = |record: &Record| {
        let matches = |level: Option<usize>, at: usize| level.is_none_or(|level| level == at);
        matches(figure.levels[0], record.sex()) && matches(figure.levels[1], record.band)
    };
    let compared: Vec<usize> = match kind {
        FigureKind::Change { earlier, later, .. } => (0..*earlier).chain(BANDS - later..BANDS).collect(),
        FigureKind::Quantile { .. } => (0..BANDS).collect(),
        FigureKind::Rate { standard: Some(standard), .. } if standard.over == "band" => (0..BANDS).collect(),
        FigureKind::Share { dimension, .. } if dimension == "band" => (0..BANDS).collect(),
        FigureKind::Share { .. } | FigureKind::Mean { .. } | FigureKind::Rate { .. } => Vec::new(),
    };
    // Who covers nothing of the place takes no part; it would only matter to a published denominator.
    let reaches = |holding: &Holding| figure.levels[1].map_or(holding.covered.contains(&true), |b| holding.covered[b]);
    let whole: Vec<(usize, &Holding)> = holdings
        .iter()
        .enumerate()
        .filter(|(_, holding)| compared.iter().all(|&band| holding.covered[band]) && reaches(holding))
        .filter(|(site, _)| !divides_by_published || listed(*site, 0).is_some())
        .collect();
    let total = |measure: usize, at: &dyn Fn(&Record) -> bool| -> i128 {
        whole.iter().map(|(_, holding)| truth(holding, measure, &|record| here(record) && at(record))).sum()
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
        FigureKind::Quantile { percent, .. } => {
            let records = whole.iter().flat_map(|(_, holding)| &holding.records);
            let values = records.filter(|record| here(record)).map(duration).collect();
            if let Some((lower, upper)) = true_quantile(values, percent.percent().into()) {
                within(&figure.bounds, lower, 1, &what);
                within(&figure.bounds, upper, 1, &what);
            }
        }
        FigureKind::Rate { measure: name, denominator, standard, .. } => {
            let of = |at: &dyn Fn(&Record) -> bool, sex: Option<usize>| -> (i128, i128) {
                let published = |site: usize| -> i128 {
                    (0..SEXES).filter(|s| sex.is_none_or(|sex| sex == *s)).filter_map(|sex| listed(site, sex)).sum()
                };
                let denominator = match denominator {
                    Denominator::Measure(name) => total(measure(name), at),
                    // As truths are kept: in hundredths.
                    Denominator::Population(_) => whole.iter().map(|(site, _)| published(*site) * 100).sum(),
                };
                (total(measure(name), at), denominator)
            };
            let strata: Vec<(u64, (i128, i128))> = match standard {
                None => vec![(1, of(&|_| true, figure.levels[0]))],
                Some(standard) if standard.over == "sex" => {
                    let sexes = standard.weights.iter().enumerate();
                    sexes.map(|(sex, weight)| (*weight, of(&|record| record.sex() == sex, Some(sex)))).collect()
                }
                Some(standard) => {
                    let bands = standard.weights.iter().enumerate();
                    bands.map(|(band, weight)| (*weight, of(&|record| record.band == band, None))).collect()
                }
            };
            let strata: Vec<_> = strata.into_iter().filter(|(weight, _)| *weight > 0).collect();
            if strata.iter().all(|(_, (_, denominator))| *denominator > 0) && !whole.is_empty() {
                // One fraction over the product of all denominators.
                let product: i128 = strata.iter().map(|(_, (_, denominator))| denominator / 100).product();
                let weights: i128 = strata.iter().map(|(weight, _)| i128::from(*weight)).sum();
                let sum: i128 = strata
                    .iter()
                    .map(|(weight, (numerator, denominator))| {
                        i128::from(*weight) * 1_000 * numerator * (product / (denominator / 100))
                    })
                    .sum();
                within(&figure.bounds, sum, weights * product * 100, &what);
            }
        }
    }
}

/// Populations of every cell that is not a union: the people who are in it, and so many more.
fn published(holding: &Holding, others: u64) -> Vec<(usize, u64)> {
    let domain = domain();
    let of = |cell: usize| {
        let key = domain.key(cell).unwrap().0;
        let at = |record: &Record| {
            key[0].is_none_or(|sex| sex == record.sex()) && key[1].is_none_or(|band| band == record.band)
        };
        // What a total is of is what its cells are of.
        let more = others * if domain.is_total(cell) { SEXES as u64 } else { 1 };
        (cell, u64::try_from(truth(holding, 1, &at) / 100).unwrap() + more)
    };
    (0..domain.len()).filter(|cell| !domain.is_union(*cell)).map(of).collect()
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
        }
    }
}

/// Without further knowledge a suppressed cell keeps its range. (Beside a published population of one person it has one
/// value, which everybody knew.)
fn check_ranges(table: &Table) {
    for cell in table.cells.iter().flatten().filter(|cell| cell.sites.suppressed > 0) {
        assert!(cell.bounds.is_some_and(|bounds| bounds.high > Some(bounds.low)), "a suppressed cell has a range");
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
        let codes = SITES.map(|code| code.parse::<ProviderCode>().unwrap());
        let site = |(table, provider)| Site { provider, kind: ProviderKind::Hospital, heard: Heard::Released(table), block: Block::default(), places: &NOWHERE };
        let sites: Vec<Site<'_>> = tables.iter().zip(&codes).map(site).collect();
        let (domain, measures, figures, populations) = (domain(), measures(), figures(), populations());
        let quorum = Quorum::new(BTreeMap::from([(ProviderKind::Hospital, 1)]));
        let grouping = Grouping::All;
        let question = Question { domain: &domain, measures: &measures, figures: &figures, populations: &populations, quorum: &quorum, declared: &[grouping], grouping };
        let group = combine(&question, &sites).unwrap().remove(0);
        let Ok(table) = group.table else {
            prop_assert!(holdings.iter().all(|holding| !holding.covered.contains(&true)));
            return Ok(());
        };
        check_cells(&table, &holdings);
        check_ranges(&table);
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

    #[test]
    fn the_truth_lies_within_the_bounds_that_published_populations_leave(holdings in holdings(), others in 0u64..30) {
        let codes = SITES.map(|code| code.parse::<ProviderCode>().unwrap());
        let published: Vec<_> = holdings.iter().map(|holding| published(holding, others)).collect();
        let tables: Vec<Reported> =
            holdings.iter().zip(&published).map(|(holding, published)| reported_beside(holding, published)).collect();
        let site = |(table, provider)| Site { provider, kind: ProviderKind::Hospital, heard: Heard::Released(table), block: Block::default(), places: &NOWHERE };
        let sites: Vec<Site<'_>> = tables.iter().zip(&codes).map(site).collect();
        let (domain, measures) = (domain(), measures());
        let known = known::Known::beside(&domain, &measures, &sites, &published);
        prop_assert_eq!(known.notes().count(), 0);
        let quorum = Quorum::new(BTreeMap::from([(ProviderKind::Hospital, 1)]));
        let grouping = Grouping::All;
        let question = Question { domain: &domain, measures: &measures, figures: &[], populations: &[], quorum: &quorum, declared: &[grouping], grouping };
        let combined = |sites: &[Site<'_>]| combine(&question, sites).unwrap().remove(0).table;
        let (Ok(with), Ok(without)) = (combined(&known.sites(&sites)), combined(&sites)) else { return Ok(()) };
        check_cells(&with, &holdings);
        check_totals(&with);
        // Nobody's count is left open, and nothing is wider than it was.
        for (with, without) in with.cells.concat().iter().zip(without.cells.concat()) {
            prop_assert_eq!(with.sites, without.sites);
            let (Some(with), Some(without)) = (with.bounds, without.bounds) else { continue };
            prop_assert!(with.low >= without.low && without.high.is_none_or(|high| with.high.is_some_and(|h| h <= high)));
        }
        prop_assert!(with.cells[1].iter().filter_map(|cell| cell.bounds).all(|bounds| bounds.high.is_some()));
    }
}
