//! What sources print of their own rules: roundings, a small table with its safe patterns of suppression, and sums in which
//! somebody dominates.

use super::*;

/// What a policy says of so many people, if it says a figure.
fn said(policy: Policy, n: u64) -> Option<u64> {
    let domain = Domain::new(Vec::new(), Vec::new()).unwrap();
    let measures = [Measure::people("people")];
    let mut tally = Tally::new(&domain, &measures).unwrap();
    let persons: Vec<u32> = (0..u32::try_from(n).unwrap()).collect();
    tally.add(&vec![0; persons.len()], &persons, &[]).unwrap();
    let (coverage, public) = (Coverage::whole(&domain), Public::nothing(&domain, &measures));
    let protected = protect(tally.finish().unwrap(), &domain, &measures, &policy, &coverage, &public).unwrap();
    protected.cells(0)[0].value()
}

#[test]
fn roundings_come_out_as_their_sources_print_them() {
    let Some(printed) = file("count_rules_published_examples.json") else { return };
    let list = |name: &str| printed[name].as_array().unwrap().clone();
    for pair in list("opensafely_ehrql_tests") {
        // Redacted counts are nought there, and suppressed here.
        assert_eq!(said(Policy::opensafely(), number(&pair[0])).unwrap_or(0), number(&pair[1]), "{pair}");
    }
    for class in list("opensafely_midpoint6_table") {
        let (ends, shown) = (class[0].as_str().unwrap(), number(&class[1]));
        let (low, high) = ends.split_once('-').unwrap_or((ends, ends));
        for n in low.parse::<u64>().unwrap()..=high.parse().unwrap() {
            // The lowest class is shown as suppressed here.
            assert_eq!(said(Policy::midpoint_6(), n).unwrap_or(3), if n == 0 { 0 } else { shown }, "{n}");
        }
    }
    for pair in list("nhs_central_suppression_docstring").iter().filter(|pair| number(&pair[0]) > 7) {
        let shown: u64 = pair[1].as_str().unwrap().parse().unwrap();
        assert_eq!(said(Policy::hes_2018(), number(&pair[0])), Some(shown), "{pair}");
    }
    // Numerators and denominators by band of age; the last row is their sum, which ours does not publish so.
    let table = &printed["opensafely_docs_table"];
    let rows = |name: &str| table[name].as_array().unwrap()[..4].to_vec();
    for (before, after) in rows("before").iter().zip(rows("after")) {
        for column in [1, 2] {
            assert_eq!(said(Policy::opensafely(), number(&before[column])), after[column].as_u64(), "{before}");
        }
    }
}

/// The regions of sdcTable's small table by gender: the source's number of each inner cell, row by row.
const INNER: [[u64; 2]; 4] = [[5, 6], [8, 9], [11, 12], [14, 15]];

#[test]
fn a_printed_pattern_of_suppression_leaves_nothing_exact_and_its_primary_cells_alone_do() {
    let Some(printed) = file("sdctable_microdata1.json") else { return };
    let freq = |cell: &u64| number(&printed["cells"][cell.to_string()]["freq"]);
    let inner: Vec<Vec<u64>> = INNER.iter().map(|row| row.iter().map(freq).collect()).collect();
    let primary = numbers(&printed["primary"]);
    let attacked = |pattern: &[u64]| {
        let (revealed, figures) = two_way(&inner, |row, column| pattern.contains(&INNER[row][column]));
        let named: Named =
            figures.into_iter().map(|((row, column), id)| (INNER[row][column].to_string(), id)).collect();
        narrowed(&revealed, &named)
    };
    let two = freq(&primary[0]);
    assert_eq!(attacked(&primary)[&primary[0].to_string()], (two, Some(two)), "hidden by itself it is given away");
    let patterns = printed["expected_pattern"].as_object().unwrap();
    assert!(patterns.len() >= 5);
    for (method, pattern) in patterns {
        let found = attacked(&numbers(pattern));
        assert_eq!(found.len(), 4, "{method}");
        assert!(found.values().all(|(low, high)| Some(*low) != *high), "{method}: {found:?}");
    }
    let counts: Vec<u64> = inner.into_iter().flatten().collect();
    ours_withstands(
        &crossed(4, 2),
        &counts,
        Policy::new(Threshold::new(3).unwrap(), Rounding::BASE_5, Zeros::Shown).unwrap(),
    );
}

#[test]
fn sums_that_a_printed_rule_calls_unsafe_are_held_back() {
    let Some(printed) = file("sdctable_microdata1.json") else { return };
    let Some(records) = text("sdctable_microdata1.csv") else { return };
    let rows = records.lines().skip(1).map(|line| line.split(',').map(|f| f.trim_matches('"')).collect::<Vec<_>>());
    let mut amounts: BTreeMap<(String, String), Vec<u64>> = BTreeMap::new();
    for row in rows {
        amounts.entry((row[0].to_owned(), row[1].to_owned())).or_default().push(row[2].parse().unwrap());
    }
    assert_eq!(amounts.values().map(Vec::len).sum::<usize>(), 100);
    let unsafe_cells = numbers(&printed["primary_rules"]["p_70_val"]);
    for (number, cell) in printed["cells"].as_object().unwrap() {
        let (region, gender) = (cell["region"].as_str().unwrap(), cell["gender"].as_str().unwrap());
        let Some(amounts) = amounts.get(&(region.to_owned(), gender.to_owned())) else { continue };
        // Our own share of the largest is there as well, and holds back nothing that p of 70 does not.
        let held = is_withheld(amounts, (1, 0), Dominance::new(70, 4375).unwrap());
        assert_eq!(held, unsafe_cells.contains(&number.parse().unwrap()), "cell {number}");
    }
}
