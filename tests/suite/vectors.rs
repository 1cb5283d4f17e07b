//! Published examples of disclosure control, from the shared vectors: `TALLYWARD_SHARED` or the folder `shared` beside
//! the workspace. What the sources print comes out here, and what leaks in them does not leak under our rule.

mod printed;
mod vignette;

use std::collections::BTreeMap;
use std::path::PathBuf;

use combine::{Block, Heard, Question, Quorum, Site};
use disclosure::{
    Cell, Column, Coverage, Depth, Dimension, Domain, Dominance, FigureId, Grouping, Interval, Kept, Measure, Per,
    Policy, Public, Reported, Revealed, Rounding, Tally, Threshold, Zeros, audit, protect,
};
use serde_json::Value;
use template::{Grouping as Sites, ProviderKind};

/// Figures by what the sources call them.
type Named = BTreeMap<String, FigureId>;

/// The text of a file of the shared vectors, or `None` with a message where there are none.
fn text(name: &str) -> Option<String> {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared");
    let path = std::env::var_os("TALLYWARD_SHARED").map_or_else(beside, PathBuf::from).join("vectors").join(name);
    let text = std::fs::read_to_string(&path).ok();
    if text.is_none() {
        eprintln!("skipped: no {name}; set TALLYWARD_SHARED to the folder that holds `vectors`");
    }
    text
}

/// A document of the shared vectors, or `None` with a message where there are none.
fn file(name: &str) -> Option<Value> {
    Some(serde_json::from_str(&text(name)?).unwrap())
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| value.as_f64().unwrap() as u64)
}

fn numbers(value: &Value) -> Vec<u64> {
    value.as_array().unwrap().iter().map(number).collect()
}

fn texts(value: &Value) -> Vec<String> {
    value.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
}

fn exactly(n: u64) -> Interval {
    Interval { low: n, high: Some(n) }
}

const ANYTHING: Interval = Interval { low: 0, high: None };

/// What an attack leaves of each hidden figure, by name; those that keep all that they claim are not among them.
fn narrowed(revealed: &Revealed, named: &Named) -> BTreeMap<String, (u64, Option<u64>)> {
    let found = revealed.attack(Depth::Thorough).unwrap();
    let name = |figure: FigureId| named.iter().find(|(_, id)| **id == figure).unwrap().0.clone();
    found.narrowed.iter().map(|finding| (name(finding.figure), (finding.found.low, finding.found.high))).collect()
}

/// A two-way table with exact margins. `hidden` says which inner figures are.
fn two_way(
    inner: &[Vec<u64>],
    hidden: impl Fn(usize, usize) -> bool,
) -> (Revealed, BTreeMap<(usize, usize), FigureId>) {
    let mut revealed = Revealed::new();
    let mut figures = BTreeMap::new();
    for (row, cells) in inner.iter().enumerate() {
        for (column, &n) in cells.iter().enumerate() {
            let hides = hidden(row, column);
            let figure = if hides { revealed.hidden(ANYTHING) } else { revealed.figure(exactly(n)) };
            figures.insert((row, column), figure);
        }
    }
    let columns = inner[0].len();
    for (row, cells) in inner.iter().enumerate() {
        let total = revealed.figure(exactly(cells.iter().sum()));
        revealed.sum(total, &(0..columns).map(|column| figures[&(row, column)]).collect::<Vec<_>>());
    }
    for column in 0..columns {
        let total = revealed.figure(exactly(inner.iter().map(|cells| cells[column]).sum()));
        revealed.sum(total, &(0..inner.len()).map(|row| figures[&(row, column)]).collect::<Vec<_>>());
    }
    (revealed, figures)
}

fn case<'a>(cases: &'a Value, id: &str) -> &'a Value {
    cases.as_array().unwrap().iter().find(|case| case["id"] == id).unwrap()
}

/// A table of people under one policy, attacked; nothing of it may be narrowed. Its cells.
fn ours_withstands(domain: &Domain, counts: &[u64], policy: Policy) -> Vec<Cell> {
    let measures = [Measure::people("people")];
    let mut tally = Tally::new(domain, &measures).unwrap();
    let cells: Vec<u32> = (0u32..).zip(counts).flat_map(|(cell, &n)| std::iter::repeat_n(cell, n as usize)).collect();
    let persons: Vec<u32> = (0..u32::try_from(cells.len()).unwrap()).collect();
    tally.add(&cells, &persons, &[]).unwrap();
    let (coverage, public) = (Coverage::whole(domain), Public::nothing(domain, &measures));
    let protected = protect(tally.finish().unwrap(), domain, &measures, &policy, &coverage, &public).unwrap();
    let report = audit(domain, &measures, &policy, &public, protected.table(), Depth::Thorough).unwrap();
    assert!(report.attacked > 0 && report.narrowed.is_empty(), "{counts:?}: {report:?}");
    protected.cells(0).to_vec()
}

fn dimension(name: &str, levels: usize) -> Dimension {
    Dimension {
        name: name.into(),
        levels: (0..levels).map(|level| format!("{name} {level}")).collect(),
        per: Per::Person,
    }
}

fn crossed(rows: usize, columns: usize) -> Domain {
    Domain::new(vec![dimension("row", rows), dimension("column", columns)], vec![vec![], vec![1], vec![0]]).unwrap()
}

#[test]
fn attackers_programme_finds_the_published_bounds() {
    let Some(cases) = file("lp_audit.json") else { return };
    let bounds = |value: &Value| (number(&value[0]), Some(number(&value[1])));

    // Geurts 1992: two rows hidden, their margins published.
    let geurts = case(&cases, "geurts1992");
    let mut revealed = Revealed::new();
    let cells: Vec<FigureId> = (0..4).map(|_| revealed.hidden(ANYTHING)).collect();
    let margin = |revealed: &mut Revealed, value: &Value| revealed.figure(exactly(number(value)));
    for (row, parts) in [(0, [0, 1]), (1, [2, 3])] {
        let total = margin(&mut revealed, &geurts["published"][row][2]);
        revealed.sum(total, &parts.map(|part| cells[part]));
    }
    for (column, parts) in [(0, [0, 2]), (1, [1, 3])] {
        let shown = margin(&mut revealed, &geurts["published"][2][column]);
        let total = margin(&mut revealed, &geurts["published"][3][column]);
        revealed.sum(total, &[cells[parts[0]], cells[parts[1]], shown]);
    }
    let names = ["1,1", "1,2", "2,1", "2,2"];
    let named: Named = names.iter().map(|name| (*name).to_owned()).zip(cells).collect();
    let found = narrowed(&revealed, &named);
    for name in names {
        assert_eq!(found[name], bounds(&geurts["computed"][name]), "{name}");
    }
    assert_eq!(found["1,1"], bounds(&geurts["expected"]["1,1"]));

    // sdcTable: enough suppressions in each row and column, and one cell is exact all the same.
    let problem = case(&cases, "sdctable_problemdata");
    let inner: Vec<Vec<u64>> = problem["inner"].as_array().unwrap().iter().map(numbers).collect();
    let (rows, columns) = (texts(&problem["rows"]), texts(&problem["cols"]));
    let primary = texts(&problem["primary"]);
    for (expected, extra) in [("before", None), ("after_extra_x_d", Some("x|d")), ("after_extra_x_b", Some("x|b"))] {
        let name = |row: usize, column: usize| format!("{}|{}", rows[row], columns[column]);
        let hidden = |row, column| primary.contains(&name(row, column)) || extra == Some(name(row, column).as_str());
        let (revealed, figures) = two_way(&inner, hidden);
        let named: Named = figures.into_iter().map(|((row, column), id)| (name(row, column), id)).collect();
        let found = narrowed(&revealed, &named);
        for (cell, range) in problem[expected].as_object().unwrap() {
            assert_eq!(found[cell], bounds(range), "{expected}: {cell}");
        }
    }
    let exact = &problem["before"]["w|b"];
    assert_eq!((number(&exact[0]), number(&exact[1])), (47, 47), "the example is of a cell given away whole");

    // OpenSAFELY: one small count beside its total.
    let row = case(&cases, "opensafely_1d");
    let values = numbers(&row["values"]);
    let one_hidden = |hidden: &[u64], range: Interval| {
        let mut revealed = Revealed::new();
        let said = |revealed: &mut Revealed, place: usize, n: u64| {
            if hidden.contains(&(place as u64)) { revealed.hidden(range) } else { revealed.figure(exactly(n)) }
        };
        let parts: Vec<FigureId> = values.iter().enumerate().map(|(n, &v)| said(&mut revealed, n, v)).collect();
        let total = revealed.figure(exactly(values.iter().sum()));
        revealed.sum(total, &parts);
        let named: Named = parts.iter().enumerate().map(|(n, id)| (n.to_string(), *id)).collect();
        narrowed(&revealed, &named)
    };
    assert_eq!(one_hidden(&numbers(&row["suppressed"]), ANYTHING)["0"], bounds(&row["computed"]["21-30"]));
    ours_withstands(&Domain::new(vec![dimension("age", 4)], vec![vec![]]).unwrap(), &values, Policy::opensafely());

    // tau-ARGUS: what an outsider is left with; the insider of one cell computes the other.
    let singleton = case(&cases, "tau_argus_singleton");
    let inner: Vec<Vec<u64>> = singleton["inner"].as_array().unwrap().iter().map(numbers).collect();
    let (mut revealed, figures) = two_way(&inner, |_, column| column == 1 || column == 3);
    let named: Named = figures.iter().map(|((row, column), id)| (format!("({row}, {column})"), *id)).collect();
    let found = narrowed(&revealed, &named);
    for (cell, range) in singleton["computed_outsider"].as_object().unwrap() {
        assert_eq!(found[cell], bounds(range), "{cell}");
    }
    revealed.learn(figures[&(0, 1)], exactly(inner[0][1]));
    assert_eq!(narrowed(&revealed, &named)["(0, 3)"], (inner[0][3], Some(inner[0][3])));

    // Two small counts whose sum is published.
    let small = case(&cases, "two_small_sum_unsafe");
    let (values, hidden) = (numbers(&small["values"]), numbers(&small["suppressed"]));
    let mut revealed = Revealed::new();
    let mut prior = Revealed::new();
    for (revealed, range) in [(&mut revealed, ANYTHING), (&mut prior, Interval { low: 1, high: Some(7) })] {
        let parts: Vec<FigureId> = (0u64..)
            .zip(&values)
            .map(|(n, &v)| if hidden.contains(&n) { revealed.hidden(range) } else { revealed.figure(exactly(v)) })
            .collect();
        let total = revealed.figure(exactly(number(&small["total"])));
        revealed.sum(total, &parts);
    }
    let first = |revealed: &Revealed| revealed.attack(Depth::Thorough).unwrap().narrowed[0].found;
    assert_eq!((first(&revealed).low, first(&revealed).high), bounds(&small["computed"]["0"]));
    assert_eq!((first(&prior).low, first(&prior).high), bounds(&small["with_prior_1_7"]));
    ours_withstands(&Domain::new(vec![dimension("d", 3)], vec![vec![]]).unwrap(), &values, Policy::hes_2018());
}

#[test]
fn linked_tables_leak_together_and_not_under_one_rule() {
    let Some(linked) = file("linked_tables_sdctable.json") else { return };
    let names: Vec<String> = linked["data"].as_object().unwrap().keys().cloned().collect();
    let count = |name: &str| number(&linked["data"][name]);
    let most = number(&linked["primary_maxN"]);
    let primary: Vec<&String> = names.iter().filter(|name| count(name) <= most).collect();
    assert_eq!(primary.len() as u64, number(&linked["expected_primary"]));
    // The two tables with exact totals; `also` is hidden beside the primaries.
    let leak = |tables: &[&str], also: &[String]| {
        let mut revealed = Revealed::new();
        let named: Named = names
            .iter()
            .map(|name| {
                let hides = primary.contains(&name) || also.contains(name);
                (name.clone(), if hides { revealed.hidden(ANYTHING) } else { revealed.figure(exactly(count(name))) })
            })
            .collect();
        for table in tables {
            for (_, parts) in linked[*table].as_object().unwrap().iter().filter(|(key, _)| *key != "total") {
                let parts = texts(parts);
                let total = revealed.figure(exactly(parts.iter().map(|part| count(part)).sum()));
                revealed.sum(total, &parts.iter().map(|part| named[part]).collect::<Vec<_>>());
            }
        }
        narrowed(&revealed, &named)
    };
    let exact = |found: &BTreeMap<String, (u64, Option<u64>)>| found.values().any(|(low, high)| Some(*low) == *high);
    for table in ["table1", "table2"] {
        assert!(!exact(&leak(&[table], &[])), "{table} alone is safe");
    }
    let together = leak(&["table1", "table2"], &[]);
    assert_eq!(together["K"], (count("K"), Some(count("K"))), "{}", linked["leak"]);
    let secondary = texts(&linked["expected_secondary_in_both"]);
    let protected = leak(&["table1", "table2"], &secondary);
    assert_eq!(protected["K"], (0, Some(count("K") + count("N"))));
    assert!(!exact(&protected));

    // Ours: both tables are groupings of the same people, protected as one.
    let places = |table: &str, group: &str| {
        let members = texts(&linked[table][group]);
        (group.to_owned(), members.iter().map(|m| names.iter().position(|name| name == m).unwrap()).collect::<Vec<_>>())
    };
    let people = Dimension { name: "unit".into(), levels: names.clone(), per: Per::Person };
    let groupings = vec![
        Grouping::new("county", 0, [places("table1", "county-1"), places("table1", "county-2")]),
        Grouping::new("size", 0, [places("table2", "big"), places("table2", "small")]),
    ];
    let totals = vec![vec![], vec![Kept::Groups(0)], vec![Kept::Groups(1)]];
    let domain = Domain::with_groupings(vec![people], groupings, totals).unwrap();
    let policy = Policy::new(Threshold::new(most + 1).unwrap(), Rounding::BASE_5, Zeros::Shown).unwrap();
    ours_withstands(&domain, &names.iter().map(|name| count(name)).collect::<Vec<_>>(), policy);
}

/// Whether a sum of these contributions, in whole units, is held back; so many further people share `rest`.
fn is_withheld(contributions: &[u64], rest: (u64, u64), dominance: Dominance) -> bool {
    let domain = Domain::new(Vec::new(), Vec::new()).unwrap();
    let measures = [Measure::sum("pounds", 1_000_000).unwrap()];
    let (people, sum) = rest;
    let each = (0..people).map(|n| (sum * 100 / people) as i64 + i64::from(n < sum * 100 % people));
    let amounts: Vec<i64> = contributions.iter().map(|units| *units as i64 * 100).chain(each).collect();
    let persons: Vec<u32> = (0..u32::try_from(amounts.len()).unwrap()).collect();
    let mut tally = Tally::new(&domain, &measures).unwrap();
    tally.add(&vec![0; persons.len()], &persons, &[Column::Full(&amounts)]).unwrap();
    let policy = Policy::new(Threshold::new(2).unwrap(), Rounding::BASE_5, Zeros::Shown).unwrap();
    let (coverage, public) = (Coverage::whole(&domain), Public::nothing(&domain, &measures));
    let policy = policy.with_dominance(dominance);
    let protected = protect(tally.finish().unwrap(), &domain, &measures, &policy, &coverage, &public).unwrap();
    protected.cells(0)[0] == Cell::Withheld
}

#[test]
fn sums_are_held_back_as_the_handbook_says() {
    let Some(rules) = file("magnitude_rules.json") else { return };
    let case = |id: &str| case(&rules["cases"], id).clone();
    // The rule here is p = 10 with a largest share below 43.75 %, and no policy can be made weaker: whatever the sources'
    // rules hold back is held back. It is stricter than each alone; the second example fails by its share only.
    let standard = Dominance::STANDARD;
    assert!(Dominance::new(10, 10_000).is_err() && Dominance::new(1, 4375).is_err());
    let others = |case: &Value| (20, number(&case["other_sum"]));
    let (one, two) = (case("1,90"), case("ex2"));
    assert!(one["p10_unsafe"].as_bool().unwrap());
    assert!(is_withheld(&numbers(&one["x"]), others(&one), standard));
    let largest = numbers(&two["x"])[0] * 10_000 / number(&two["X"]);
    assert!(!two["p_rule_unsafe"].as_bool().unwrap() && largest >= standard.largest_share_hundredths());
    assert!(is_withheld(&numbers(&two["x"]), others(&two), standard));
    let four = case("ex4");
    assert!(four["unsafe"].as_bool().unwrap() && is_withheld(&numbers(&four["x"]), (1, 0), standard));

    // One holds 99 % and fifty the rest: in hundredths, so that the fifty are whole.
    let mining = case("mining");
    let x: Vec<u64> =
        mining["x"].as_array().unwrap().iter().map(|x| (x.as_f64().unwrap() * 100.0).round() as u64).collect();
    assert!(mining["p10"].as_bool().unwrap() && is_withheld(&x, (1, 0), standard));
    // For one contributor k per cent of the total is p = 100 (100 - k) / k per cent of the contributor.
    for pair in case("convert")["k_to_p"].as_array().unwrap() {
        let (k, p) = (pair[0].as_f64().unwrap(), pair[1].as_f64().unwrap());
        assert!((100.0 * (100.0 - k) / k - p).abs() < 0.01, "{pair}");
    }
    // The standard here: p = 10, and a largest share below 43.75 %.
    assert_eq!((Dominance::STANDARD.p_percent(), Dominance::STANDARD.largest_share_hundredths()), (10, 4375));
    assert!(case("uk_srs")["note"].as_str().unwrap().contains("43.75"));
    assert!(
        is_withheld(&[4375], (20, 5625), Dominance::STANDARD) && !is_withheld(&[4370], (20, 5630), Dominance::STANDARD)
    );
}

#[test]
fn rounding_is_conventional() {
    let Some(rounding) = file("rounding.json") else { return };
    let table: Vec<Vec<u64>> = rounding["table"].as_array().unwrap().iter().map(numbers).collect();
    let mut whole: Vec<Vec<u64>> = table.iter().map(|row| [row.as_slice(), &[row.iter().sum()]].concat()).collect();
    whole.push((0..3).map(|column| whole.iter().map(|row| row[column]).sum()).collect());
    let base = Rounding::BASE_5;
    for (row, published) in whole.iter().zip(rounding["conventional5"].as_array().unwrap()) {
        let rounded: Vec<u64> = row.iter().map(|&n| base.uncut(n).value).collect();
        assert_eq!(rounded, numbers(published), "{row:?}");
        for &n in row {
            let block = base.uncut(n);
            assert!((block.low..=block.high).contains(&n) && block.high - block.low < 5, "{n}: {block:?}");
        }
    }
}

#[test]
fn differences_of_published_tables_give_people_away_and_of_ours_do_not() {
    let Some(tables) = file("differencing.json") else { return };
    // An area within an area: the difference is a figure of its own, once both are exact; rounded to 5 it is not.
    let geographic = &tables["geographic"];
    let rounded = |n: u64| {
        let block = Rounding::BASE_5.uncut(n);
        Interval { low: block.low, high: Some(block.high) }
    };
    let area = |name: &str| -> Vec<u64> { geographic[name].as_array().unwrap().iter().flat_map(numbers).collect() };
    for ((inner, outer), difference) in area("A1").into_iter().zip(area("A2")).zip(area("diff")) {
        let between = |said: fn(u64) -> Interval| {
            let mut revealed = Revealed::new();
            let parts = [revealed.figure(said(inner)), revealed.hidden(ANYTHING)];
            let total = revealed.figure(said(outer));
            revealed.sum(total, &parts);
            revealed.attack(Depth::Thorough).unwrap().narrowed[0].found
        };
        assert_eq!(between(exactly), exactly(difference));
        let left = between(rounded);
        assert!(
            left.low < left.high.unwrap() && left.low <= difference && difference <= left.high.unwrap(),
            "{left:?}"
        );
    }
    // Bands recoded: under 25 less under 20 are those from 20 to 24.
    let recode = &tables["recode"];
    for sex in ["male", "female"] {
        let first = |table: &str| number(&recode[table][sex][0]);
        let derived = number(&recode["derived_20_24"][sex]);
        assert_eq!(first("t2") - first("t1"), derived);
        let policy = Policy::nhs_sde().with_zeros(Zeros::Hidden);
        // What ours says of both hides the difference: below the threshold nothing, above it no more than a block.
        let said = |n: u64| if n < policy.threshold().people() { None } else { Some(policy.block(n)) };
        match (said(first("t1")), said(first("t2"))) {
            (Some(a), Some(b)) => assert!(b.high - a.low > derived && b.low <= a.high, "{sex}"),
            (a, _) => assert!(a.is_none(), "{sex}"),
        }
    }
    // A subpopulation subtracted from the whole.
    let sub = &tables["subpopulation"];
    for what in ["hd", "pop"] {
        let of = |whose: &str| numbers(&sub[whose][what]);
        let derived: Vec<u64> = of("total").iter().zip(of("male")).map(|(total, male)| total - male).collect();
        assert_eq!(derived, of("derived_female"));
        // As one declared table of two sexes by four bands nothing of it is narrowed.
        let counts: Vec<u64> = of("male").into_iter().chain(of("derived_female")).collect();
        ours_withstands(&crossed(2, 4), &counts, Policy::nhs_sde().with_zeros(Zeros::Hidden));
    }
    // Employment, area and sex linked: those who work and live there are all men but one.
    let linking = &tables["linking"];
    let both = number(&linking["area"]["both"]) - number(&linking["males"]["both"]);
    assert_eq!(both, number(&linking["derived_females"]["both"]));
    let employed_and_elsewhere = number(&linking["emp"]["employed"]) - number(&linking["area"]["both"]);
    let women = employed_and_elsewhere - number(&linking["males"]["live_only"]);
    assert_eq!(women, number(&linking["derived_females"]["live_only"]));
    // Group attributes: a cell of a whole group is not told from a small one, where zeros are hidden.
    let groups = &tables["group_attribute"]["table"];
    let counts: Vec<u64> =
        ["Married", "Divorced", "Single"].iter().flat_map(|group| numbers(&groups[*group])).collect();
    ours_withstands(&crossed(3, 2), &counts, Policy::nhs_sde().with_zeros(Zeros::Hidden));
}

#[test]
fn sums_over_sites_have_the_published_bounds() {
    static NOWHERE: wire::Places = wire::Places { board: None, locality: None, network: None };
    let Some(sums) = file("site_sum_bounds.json") else { return };
    let policy = Policy::hes_2018();
    let domain = Domain::new(Vec::new(), Vec::new()).unwrap();
    let measures = [Measure::people("people")];
    let said = |published: &Value| match published.as_u64() {
        _ if *published == "*" => Cell::Suppressed { low: policy.suppressed().0, high: policy.suppressed().1 },
        Some(0) => Cell::Zero,
        Some(n) => {
            let block = policy.block(n);
            Cell::Shown { value: block.value, low: block.low, high: block.high }
        }
        None => unreachable!("a site that is down published nothing"),
    };
    let reported = |published: &Value| {
        Reported::check(domain.clone(), measures.to_vec(), policy, vec![vec![said(published)]]).unwrap()
    };
    let code = "H00001".parse().unwrap();
    let quorum = Quorum::new(BTreeMap::from([(ProviderKind::Hospital, 1)]));
    let question = Question {
        domain: &domain,
        measures: &measures,
        figures: &[],
        populations: &[],
        quorum: &quorum,
        declared: &[Sites::All],
        grouping: Sites::All,
    };
    for example in sums["examples"].as_array().unwrap() {
        let published = example["published"].as_array().unwrap();
        let tables: Vec<Option<Reported>> =
            published.iter().map(|said| (!said.is_null()).then(|| reported(said))).collect();
        let sites: Vec<Site<'_>> = tables
            .iter()
            .map(|table| Site {
                places: &NOWHERE,
                provider: &code,
                kind: ProviderKind::Hospital,
                heard: table.as_ref().map_or(Heard::Failed, Heard::Released),
                block: Block::default(),
            })
            .collect();
        let group = combine::combine(&question, &sites).unwrap().remove(0);
        let cell = group.table.unwrap().cells[0][0];
        let bounds = cell.bounds.unwrap();
        assert_eq!(bounds.low, number(&example["lower"]), "{}", example["id"]);
        match example["upper"].as_u64() {
            Some(upper) => assert_eq!(bounds.high, Some(upper), "{}", example["id"]),
            // Who is down is in no bound, and named: the bounds are of the sites that answered.
            None => assert_eq!((cell.sites.failed, group.answered), (1, published.len() - 1), "{}", example["id"]),
        }
    }
    // A rate lies between the least numerator over the greatest denominator and the other way round.
    let percent = &sums["percent"];
    let range = |name: &str| reported(&percent[name]).interval(0, 0).unwrap();
    let (num, den) = (range("num"), range("den"));
    let rate = |part: u64, whole: u64| part as f64 / whole as f64;
    assert!((rate(num.low, den.high.unwrap()) - percent["rate_lower"].as_f64().unwrap()).abs() < 1e-12);
    assert!((rate(num.high.unwrap(), den.low) - percent["rate_upper"].as_f64().unwrap()).abs() < 1e-12);
}
