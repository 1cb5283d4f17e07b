//! Reasons tell nothing that the published cells do not: over every small table, tables that are published alike give the
//! same reasons, whatever lies behind them and whatever was public beside.

use std::collections::{BTreeMap, BTreeSet};

use disclosure::{
    Cell, Column, Coverage, Domain, Measure, Per, Policy, Protected, Public, Reason, Reported, Rounding, Tally,
    Threshold, Zeros, protect,
};

use crate::tables::domain;

/// A cell's people; how many pounds the first has, and each other.
type Held = (u64, i64, i64);

/// One release: the table that was published, with the reasons, what lies behind it, and what was public.
struct Published {
    cells: String,
    reasons: Vec<Option<Reason>>,
    /// What a careless rule would say: the reasons, with small sums told from dominated ones.
    careless: Vec<Option<&'static str>>,
}

/// The reasons that tables gave which were published alike.
#[derive(Default)]
struct Seen {
    reasons: BTreeSet<Vec<Option<Reason>>>,
    careless: BTreeSet<Vec<Option<&'static str>>>,
}

fn protected(
    domain: &Domain,
    measures: &[Measure],
    policy: &Policy,
    held: &[Held],
    population: Option<u64>,
) -> Option<Protected> {
    let mut tally = Tally::new(domain, measures).unwrap();
    let (mut cells, mut persons, mut pounds) = (Vec::new(), Vec::new(), Vec::new());
    for (cell, &(people, first, other)) in (0u32..).zip(held) {
        for person in 0..people {
            cells.push(cell);
            persons.push(cell * 100 + u32::try_from(person).unwrap());
            pounds.push(if person == 0 { first * 100 } else { other * 100 });
        }
    }
    tally.add(&cells, &persons, &[Column::Full(&pounds)]).unwrap();
    let mut public = Public::nothing(domain, measures);
    if let Some(n) = population {
        public.population(0, n).unwrap();
    }
    // A table with more people than its population is refused, and gives no reasons.
    protect(tally.finish().unwrap(), domain, measures, policy, &Coverage::whole(domain), &public).ok()
}

fn published(
    domain: &Domain,
    measures: &[Measure],
    policy: &Policy,
    held: &[Held],
    population: Option<u64>,
) -> Option<Published> {
    let protected = protected(domain, measures, policy, held, population)?;
    let places = || (0..measures.len()).flat_map(|measure| (0..domain.len()).map(move |cell| (measure, cell)));
    let reasons: Vec<_> = places().map(|(measure, cell)| protected.reason(measure, cell)).collect();
    // Whoever has the cells alone works out the same.
    let reported = Reported::check(domain.clone(), measures.to_vec(), *policy, protected.table().to_vec()).unwrap();
    let theirs: Vec<_> = places().map(|(measure, cell)| reported.reason(measure, cell)).collect();
    assert_eq!(reasons, theirs, "{held:?}");
    for (measure, cell) in places() {
        let hidden = !matches!(protected.cells(measure)[cell], Cell::Shown { .. } | Cell::Zero);
        assert_eq!(hidden, protected.reason(measure, cell).is_some(), "{held:?}: {measure} {cell}");
        let star = matches!(protected.cells(measure)[cell], Cell::Suppressed { .. });
        assert_eq!(star, protected.reason(measure, cell) == Some(Reason::BelowThreshold), "{held:?}");
    }
    let telling = |(measure, cell): (usize, usize)| match protected.reason(measure, cell)? {
        Reason::FewOrDominated if held[cell].0 < policy.threshold().people() => Some("few"),
        reason => Some(reason.code()),
    };
    Some(Published { cells: format!("{:?}", protected.table()), reasons, careless: places().map(telling).collect() })
}

#[test]
fn tables_that_are_published_alike_give_the_same_reasons() {
    let domain = domain(&[(2, Per::Person)], &[&[]]);
    // Where sums alone are published, few people and a dominant one leave the same mark.
    let both = [Measure::people("people"), Measure::sum("pounds", 1000).unwrap()];
    for (measures, careless_tells) in [(&both[..], false), (&both[1..], true)] {
        for zeros in [Zeros::Hidden, Zeros::Shown] {
            let policy = Policy::new(Threshold::new(4).unwrap(), Rounding::BASE_5, zeros).unwrap();
            let one_cell: Vec<Held> = (0..=12u64).flat_map(|n| [(n, 5, 5), (n, 900, 1), (n, 0, 0)]).collect();
            let mut seen: BTreeMap<String, Seen> = BTreeMap::new();
            for one in &one_cell {
                for other in &one_cell {
                    let counts_people = measures.len() == 2;
                    for population in [None, Some(12), Some(40)].into_iter().filter(|n| n.is_none() || counts_people) {
                        let Some(release) = published(&domain, measures, &policy, &[*one, *other], population) else {
                            continue;
                        };
                        let seen = seen.entry(release.cells).or_default();
                        seen.reasons.insert(release.reasons);
                        seen.careless.insert(release.careless);
                    }
                }
            }
            assert!(seen.len() > 5, "{} different releases", seen.len());
            assert!(seen.values().all(|seen| seen.reasons.len() == 1), "a reason tells tables apart");
            // The attack wins against reasons that read the counts.
            let told = seen.values().any(|seen| seen.careless.len() > 1);
            assert_eq!(told, careless_tells, "{zeros:?}");
        }
    }
}
