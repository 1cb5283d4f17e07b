//! The table of sdcTable's vignette: a thousand records by three things, one of them a hierarchy, with every margin.

use super::*;

/// The levels of the first thing; the second, third and fourth are together `B`.
const UNITS: [&str; 6] = ["A", "Ba", "Bb", "Bc", "C", "D"];
const SEXES: [&str; 2] = ["m", "w"];
const BANDS: [&str; 6] = ["a", "b", "c", "d", "e", "f"];
/// What is made up of what, per thing.
const PARTS: [&[(&str, &[&str])]; 3] =
    [&[("Tot", &["A", "B", "C", "D"]), ("B", &["Ba", "Bb", "Bc"])], &[("Tot", &SEXES)], &[("Tot", &BANDS)]];

/// The first fields of each line after the head, without quotes.
fn lines(csv: &str, fields: usize) -> impl Iterator<Item = Vec<&str>> {
    csv.lines().skip(1).map(move |line| line.split(',').take(fields).map(|field| field.trim_matches('"')).collect())
}

/// The printed figures by `unit|sex|band`.
fn figures(csv: &str) -> BTreeMap<String, u64> {
    lines(csv, 4).map(|line| (line[..3].join("|"), line[3].parse().unwrap())).collect()
}

/// What an attacker leaves of the hidden figures where all others are exact.
fn attacked(figures: &BTreeMap<String, u64>, hidden: &[String]) -> BTreeMap<String, (u64, Option<u64>)> {
    let mut revealed = Revealed::new();
    let named: Named = figures
        .iter()
        .map(|(name, &n)| {
            let figure = if hidden.contains(name) { revealed.hidden(ANYTHING) } else { revealed.figure(exactly(n)) };
            (name.clone(), figure)
        })
        .collect();
    for name in figures.keys() {
        let levels: Vec<&str> = name.split('|').collect();
        for (place, parts) in PARTS.iter().enumerate() {
            let Some((_, parts)) = parts.iter().find(|(total, _)| *total == levels[place]) else { continue };
            let part = |part: &&str| {
                let mut levels = levels.clone();
                levels[place] = part;
                named[&levels.join("|")]
            };
            revealed.sum(named[name], &parts.iter().map(part).collect::<Vec<_>>());
        }
    }
    narrowed(&revealed, &named)
}

/// The inner figures in the order of a table of ours.
fn inner() -> impl Iterator<Item = String> {
    let of_unit = |unit| SEXES.into_iter().flat_map(move |sex| BANDS.map(|band| format!("{unit}|{sex}|{band}")));
    UNITS.into_iter().flat_map(of_unit)
}

#[test]
fn the_vignette_s_records_add_up_to_its_table() {
    let (Some(records), Some(table)) =
        (text("sdctable_vignette_microdata.csv"), text("sdctable_vignette_complete.csv"))
    else {
        return;
    };
    let printed = figures(&table);
    let mut counted: BTreeMap<String, u64> = inner().map(|name| (name, 0)).collect();
    for line in lines(&records, 3) {
        *counted.get_mut(&line.join("|")).unwrap() += 1;
    }
    assert_eq!(counted.values().sum::<u64>(), 1000);
    assert!(counted.iter().all(|(name, n)| printed[name] == *n));
    assert_eq!((printed.len(), printed["Tot|Tot|Tot"]), (168, 1000));
}

#[test]
fn the_vignette_s_small_counts_are_given_away_alone_and_not_under_its_patterns_nor_ours() {
    let (Some(patterns), Some(table)) =
        (file("sdctable_vignette_patterns.json"), text("sdctable_vignette_complete.csv"))
    else {
        return;
    };
    let printed = figures(&table);
    let small: Vec<String> =
        printed.iter().filter(|(_, n)| (1..=10).contains(*n)).map(|(name, _)| name.clone()).collect();
    assert_eq!((&small, small.len()), (&texts(&patterns["primary"]), 15));
    let given_away = |hidden: &[String]| {
        let found = attacked(&printed, hidden);
        found.into_iter().filter(|(name, (low, high))| small.contains(name) && Some(*low) == *high).count()
    };
    assert!(given_away(&small) > 0, "hidden by themselves, small counts follow from what is beside them");
    for (cost, secondary) in [("freq", 23), ("count", 21)] {
        let cells = texts(&patterns["results"][cost]["cells"]);
        assert_eq!(cells.len(), secondary, "{cost}");
        assert_eq!(given_away(&[small.as_slice(), &cells].concat()), 0, "{cost}");
        // The least there can be: without one of them something is given away.
        assert!(given_away(&[small.as_slice(), &cells[1..]].concat()) > 0, "{cost}");
    }

    // Ours, with every margin: beyond the small counts no inner one is lost, where the patterns lose twenty and more.
    let levels = |name: &str, levels: &[&str]| Dimension {
        name: name.to_owned(),
        levels: levels.iter().map(|level| (*level).to_owned()).collect(),
        per: Per::Person,
    };
    let dimensions = vec![levels("unit", &UNITS), levels("sex", &SEXES), levels("band", &BANDS)];
    let groups = [("A", vec![0]), ("B", vec![1, 2, 3]), ("C", vec![4]), ("D", vec![5])];
    let groups = groups.map(|(name, levels)| (format!("all of {name}"), levels));
    let mut totals: Vec<Vec<Kept>> = Vec::new();
    for unit in [None, Some(Kept::Groups(0)), Some(Kept::Levels(0))] {
        for sex in [None, Some(Kept::Levels(1))] {
            for band in [None, Some(Kept::Levels(2))] {
                totals.push([unit, sex, band].into_iter().flatten().collect());
            }
        }
    }
    // The last keeps everything, and is the cells themselves.
    totals.pop();
    let domain = Domain::with_groupings(dimensions, vec![Grouping::new("group", 0, groups)], totals).unwrap();
    let policy = Policy::new(Threshold::new(11).unwrap(), Rounding::BASE_5, Zeros::Shown).unwrap();
    let cells = ours_withstands(&domain, &inner().map(|name| printed[&name]).collect::<Vec<_>>(), policy);
    for (name, cell) in inner().zip(&cells) {
        assert_eq!(matches!(cell, Cell::Suppressed { .. }), small.contains(&name), "{name}");
        assert!(matches!(cell, Cell::Suppressed { .. } | Cell::Shown { .. }), "{name}: {cell:?}");
    }
    // Of the margins no others are lost than those of small counts alone.
    let is_small: Vec<bool> = inner().map(|name| small.contains(&name)).collect();
    for (total, cell) in cells.iter().enumerate().skip(is_small.len()) {
        let of_small = domain.children(total).into_iter().all(|cell| is_small[cell]);
        assert_eq!(matches!(cell, Cell::Shown { .. }), !of_small, "{:?}", domain.key(total));
    }
}
