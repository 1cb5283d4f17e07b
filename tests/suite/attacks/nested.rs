//! A hierarchy of totals in one table: places within areas within counties, by group of admission. Every level of it is
//! another equation about the same small counts; the attacker solves all of them together, in whole numbers.

use std::collections::BTreeSet;

use disclosure::{
    Column, Coverage, Dimension, Domain, Grouping, Kept, Measure, Per, Policy, Public, Tally, Zeros, protect,
};

use super::ground::{Ground, Person, Said, national, people, template};
use super::puzzle::Puzzle;
use crate::world::GROUPS;

/// People per place and group of admission.
const COUNTS: [[u64; 2]; 6] = [[12, 31], [6, 24], [43, 8], [17, 5], [22, 60], [3, 39]];
/// Ragged: one area is one place, and one county is one area.
const AREAS: [&[usize]; 3] = [&[0, 1], &[2, 3, 4], &[5]];
const COUNTIES: [&[usize]; 2] = [&[0, 1, 2, 3, 4], &[5]];
const PLACES: [&[usize]; 6] = [&[0], &[1], &[2], &[3], &[4], &[5]];
const EVERYWHERE: [&[usize]; 1] = [&[0, 1, 2, 3, 4, 5]];

/// The totals of the template in its order: sets of places, and whether each is kept by group of admission.
const TOTALS: [(&[&[usize]], bool); 8] = [
    (&EVERYWHERE, false),
    (&COUNTIES, false),
    (&AREAS, false),
    (&PLACES, false),
    (&EVERYWHERE, true),
    (&COUNTIES, true),
    (&AREAS, true),
    (&PLACES, true),
];

/// People by place and group, with totals by place, area and county, each with and without the group.
const DECLARED: &str = r#"totals = [[], ["county"], ["area"], ["place"], ["admission_group"], ["county", "admission_group"], ["area", "admission_group"]]"#;
const SQL: &str = r#"select person_id, admission_group,
  case when length_of_stay_days = 0 then 'p0' when length_of_stay_days = 1 then 'p1' when length_of_stay_days = 2 then 'p2'
    when length_of_stay_days = 3 then 'p3' when length_of_stay_days = 4 then 'p4' else 'p5' end as place
from hospital_spell"#;
const DIMENSIONS: &str = r#"[[dimension]]
name = "place"
levels = ["p0", "p1", "p2", "p3", "p4", "p5"]
per = "person"

[[dimension.grouping]]
name = "area"
title = "Area"
groups = [{ label = "a", levels = ["p0", "p1"] }, { label = "b", levels = ["p2", "p3", "p4"] }, { label = "c", levels = ["p5"] }]

[[dimension.grouping]]
name = "county"
title = "County"
groups = [{ label = "north", levels = ["p0", "p1", "p2", "p3", "p4"] }, { label = "south", levels = ["p5"] }]

[[dimension]]
name = "admission_group"
levels = ["emergency", "elective"]
per = "person"
"#;

/// What is said of one sum: which cells it is over, as places and groups, and its range.
struct Claim {
    cells: Vec<(usize, usize)>,
    said: Said,
}

/// Which cells each figure of the answer is over, in its order: the cells themselves, and then the totals.
fn layout() -> Vec<Vec<(usize, usize)>> {
    let over = |places: &[usize], groups: &[usize]| -> Vec<(usize, usize)> {
        places.iter().flat_map(|place| groups.iter().map(|group| (*place, *group))).collect()
    };
    let (inner, totals) = (&TOTALS[7..], &TOTALS[..7]);
    let mut figures = Vec::new();
    for (sets, by_group) in inner.iter().chain(totals) {
        for places in *sets {
            if *by_group {
                figures.extend([0, 1].map(|group| over(places, &[group])));
            } else {
                figures.push(over(places, &[0, 1]));
            }
        }
    }
    figures
}

fn truth(cells: &[(usize, usize)]) -> u64 {
    cells.iter().map(|&(place, group)| COUNTS[place][group]).sum()
}

/// The values that each small count has in some table that fits everything that was said.
fn attack(claims: &[Claim]) -> Vec<BTreeSet<u64>> {
    let mut puzzle = Puzzle::default();
    let numbers = COUNTS.map(|groups| groups.map(|n| puzzle.number((0, if n < 10 { 9 } else { 400 }))));
    for claim in claims {
        let over: Vec<usize> = claim.cells.iter().map(|&(place, group)| numbers[place][group]).collect();
        puzzle.sum(&over, claim.said.range(4000));
    }
    let all = numbers.into_iter().flatten().zip(COUNTS.into_iter().flatten());
    all.filter(|(_, n)| *n < 10).map(|(number, _)| puzzle.values(number)).collect()
}

/// The weakened way: the cells with the county as one table, and areas as another, each protected by the same rule, and
/// each safe by itself.
fn each_level_alone() -> Vec<Claim> {
    let sides = [(PLACES.as_slice(), COUNTIES.as_slice()), (AREAS.as_slice(), EVERYWHERE.as_slice())];
    sides.into_iter().flat_map(|(fine, coarse)| by_itself(fine, coarse)).collect()
}

/// Sets of places by group, with totals by group, by set, and over the coarser sets.
fn by_itself(fine: &[&[usize]], coarse: &[&[usize]]) -> Vec<Claim> {
    let named = |name: &str, n: usize| Dimension {
        name: name.to_owned(),
        levels: (0..n).map(|level| level.to_string()).collect(),
        per: Per::Person,
    };
    let within = |set: &[usize]| -> Vec<usize> {
        (0..fine.len()).filter(|&level| fine[level].iter().all(|place| set.contains(place))).collect()
    };
    let groups = coarse.iter().enumerate().map(|(n, set)| (format!("coarse {n}"), within(set)));
    let grouping = Grouping::new("coarse", 0, groups);
    let totals = vec![vec![], vec![Kept::Levels(1)], vec![Kept::Groups(0)], vec![Kept::Levels(0)]];
    let dimensions = vec![named("fine", fine.len()), named("group", 2)];
    let domain = Domain::with_groupings(dimensions, vec![grouping], totals).unwrap();
    let cells_of = |cell: usize| -> Vec<(usize, usize)> {
        let inner = if domain.is_total(cell) { domain.children(cell) } else { vec![cell] };
        let places = |inner: usize| fine[inner / 2].iter().map(move |place| (*place, inner % 2));
        inner.into_iter().flat_map(places).collect()
    };
    let measures = [Measure::people("people")];
    let mut tally = Tally::new(&domain, &measures).unwrap();
    let mut next = 0;
    for cell in 0..domain.inner_len() {
        for _ in 0..truth(&cells_of(cell)) {
            tally.add(&[u32::try_from(cell).unwrap()], &[next], &[] as &[Column<'_>]).unwrap();
            next += 1;
        }
    }
    let policy = Policy::nhs_sde().with_zeros(Zeros::Hidden);
    let (coverage, public) = (Coverage::whole(&domain), Public::nothing(&domain, &measures));
    let protected = protect(tally.finish().unwrap(), &domain, &measures, &policy, &coverage, &public).unwrap();
    let cells = protected.cells(0).iter().enumerate();
    cells.map(|(cell, said)| Claim { cells: cells_of(cell), said: Said::of(said) }).collect()
}

/// How many of the small counts lose a value.
fn narrowed(found: &[BTreeSet<u64>]) -> usize {
    found.iter().filter(|values| values.len() < 10).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_levels_of_a_hierarchy_do_not_give_a_small_count_away_together() {
    let weak = layout().into_iter().map(|cells| Claim { said: national(truth(&cells), Zeros::Hidden), cells });
    let found = attack(&weak.collect::<Vec<_>>());
    assert!(narrowed(&found) > 0, "every level rounded by itself: {found:?}");

    let apart = each_level_alone();
    let found = attack(&apart);
    assert!(narrowed(&found) > 0, "levels protected as tables of their own: {found:?}");
    for own in [by_itself(&PLACES, &COUNTIES), by_itself(&AREAS, &EVERYWHERE)] {
        assert_eq!(narrowed(&attack(&own)), 0, "each of them is safe alone");
    }

    let records: Vec<Person> = (0u32..)
        .zip(COUNTS)
        .flat_map(|(place, counts)| (0..2).flat_map(move |group| people(counts[group], place, group)))
        .collect();
    assert_eq!([GROUPS[0].0, GROUPS[1].0], ["emergency", "elective"]);
    let ground = Ground::new(&records).await;
    let answer = ground
        .ask_template(&template("stays-by-place", DECLARED, SQL, DIMENSIONS, Zeros::Hidden), "ada")
        .await
        .unwrap();
    let layout = layout();
    assert_eq!(answer.len(), layout.len());
    let claims: Vec<Claim> = layout.into_iter().zip(answer).map(|(cells, said)| Claim { cells, said }).collect();
    for Claim { cells, said } in &claims {
        let truth = truth(cells);
        assert!(said.low <= truth && said.high.is_none_or(|high| truth <= high), "{cells:?}: {said:?}");
    }
    let shown = claims[2 * PLACES.len()..].iter().filter(|claim| claim.said.word == "shown").count();
    assert!(shown > 6, "of the totals something is said: {shown}");
    let found = attack(&claims);
    let whole: BTreeSet<u64> = (0..=9).collect();
    assert_eq!(found.len(), 4);
    assert!(found.iter().all(|values| *values == whole), "{found:?}");
}
