//! The attack beside public facts: whoever knows totals, earlier answers and list sizes, and runs the rule on every table
//! that fits, excludes no value of a suppressed count that the facts alone leave open, and learns of no small rest of a
//! known population how many it is. Exhaustive over small tables; shares no code with the crate.

use std::collections::{BTreeMap, BTreeSet};

use disclosure::{
    Cell, CellKey, Coverage, Domain, Measure, Pairs, Per, Policy, Public, Rounding, Tally, Threshold, Zeros, protect,
};

use proptest::prelude::*;

use crate::tables::domain;

/// A public fact about a table of people.
#[derive(Clone, Copy, Debug)]
enum Fact {
    /// A cell was answered so.
    Answered(usize, Cell),
    /// A cell lies between these.
    Between(usize, u64, u64),
    /// A cell's people are some of so many.
    Population(usize, u64),
    /// All people, of whom the table declares no total, are some of so many.
    Everybody(u64),
    /// A cell is said to lie between these, and nothing is to say more.
    Kept(usize, u64, u64),
    /// Nothing is said of a total, and nothing is to say more of it than its cells do.
    Held(usize),
}

impl Fact {
    /// Whether it says that something stays open.
    fn opens(&self) -> bool {
        matches!(self, Self::Kept(..) | Self::Held(_))
    }
}

/// What is public, what was released, and every table that leads to both.
type Seen = (Vec<Fact>, Vec<Cell>, Vec<Vec<u64>>);

#[derive(Debug, Default)]
struct Findings {
    stars: usize,
    narrowed: usize,
    /// Small rests of known populations, and those of which the release tells more than that they are small.
    rests: usize,
    rests_told: usize,
    /// Cells that are to stay open, and those that are not.
    kept: usize,
    kept_told: usize,
    shown: usize,
    beside: usize,
}

/// What the machinery says of these people, each with one row.
fn release(domain: &Domain, policy: &Policy, table: &[u64], facts: &[Fact]) -> Vec<Cell> {
    let measures = [Measure::people("people")];
    let mut public = Public::nothing(domain, &measures);
    for fact in facts {
        match *fact {
            Fact::Answered(cell, answer) => public.answered(0, cell, answer).unwrap(),
            Fact::Between(cell, low, high) => public.bounded(0, cell, low, high).unwrap(),
            Fact::Population(cell, n) => public.population(cell, n).unwrap(),
            Fact::Everybody(n) => {
                public.population_beyond(CellKey(vec![None; domain.dimensions().len()]), n).unwrap();
            }
            Fact::Kept(cell, low, high) => public.kept(0, cell, wide(low, high)).unwrap(),
            Fact::Held(cell) => public.held(0, cell).unwrap(),
        }
    }
    let cells: Vec<u32> =
        (0u32..).zip(table).flat_map(|(cell, &n)| std::iter::repeat_n(cell, usize::try_from(n).unwrap())).collect();
    let persons: Vec<u32> = (0..u32::try_from(cells.len()).unwrap()).collect();
    let mut tally = Tally::new(domain, &measures).unwrap();
    tally.add(&cells, &persons, &[]).unwrap();
    let coverage = Coverage::whole(domain);
    protect(tally.finish().unwrap(), domain, &measures, policy, &coverage, &public).unwrap().cells(0).to_vec()
}

/// A figure that says these bounds.
fn wide(low: u64, high: u64) -> Cell {
    let value = (low + (high - low) / 2 + 2) / 5 * 5;
    Cell::Shown { value, low: low.min(value), high: high.max(value) }
}

fn value(domain: &Domain, table: &[u64], cell: usize) -> u64 {
    if domain.is_total(cell) { domain.children(cell).iter().map(|&c| table[c]).sum() } else { table[cell] }
}

/// Releases every table with its facts by `publish`, and plays the attacker.
fn attack(
    domain: &Domain,
    policy: &Policy,
    tables: impl Iterator<Item = Vec<u64>>,
    facts: impl Fn(&[u64]) -> Vec<Fact>,
    publish: impl Fn(&[u64], &[Fact]) -> Vec<Cell>,
) -> Findings {
    let mut by_facts: BTreeMap<String, Vec<Vec<u64>>> = BTreeMap::new();
    let mut seen: BTreeMap<(String, String), Seen> = BTreeMap::new();
    for table in tables {
        let facts = facts(&table);
        let said = publish(&table, &facts);
        let known = format!("{facts:?}");
        by_facts.entry(known.clone()).or_default().push(table.clone());
        seen.entry((known, format!("{said:?}"))).or_insert_with(|| (facts, said, Vec::new())).2.push(table);
    }
    let small = |n: u64| n < policy.threshold().people() && n >= u64::from(policy.zeros() == Zeros::Shown);
    let mut found = Findings::default();
    // Where an inner cell reaches beyond the tables, their end would tell more than the release does.
    let tables = || by_facts.values().flatten();
    let ends: Vec<u64> = (0..domain.inner_len()).map(|c| tables().map(|t| t[c]).max().unwrap_or(0)).collect();
    let within = |(cell, end): (&Cell, &u64)| cell.high().is_some_and(|high| high <= *end);
    let whole = |facts: &[Fact], said: &[Cell]| {
        let opens = facts.is_empty() || facts.iter().any(Fact::opens);
        !opens || said.iter().zip(&ends).all(within)
    };
    for ((known, _), (facts, said, tables)) in seen.iter().filter(|(_, (facts, said, _))| whole(facts, said)) {
        let values = |cell: usize, tables: &[Vec<u64>]| -> BTreeSet<u64> {
            tables.iter().map(|table| value(domain, table, cell)).collect()
        };
        for cell in (0..domain.inner_len()).filter(|&cell| matches!(said[cell], Cell::Suppressed { .. })) {
            found.stars += 1;
            let open: BTreeSet<u64> = values(cell, &by_facts[known]).into_iter().filter(|&n| small(n)).collect();
            let narrowed = !open.is_subset(&values(cell, tables));
            if narrowed && found.narrowed == 0 {
                eprintln!(
                    "cell {cell} of {said:?} beside {facts:?}: {:?} of {open:?}, from {tables:?}",
                    values(cell, tables)
                );
            }
            found.narrowed += usize::from(narrowed);
        }
        for fact in facts {
            let open = |cell: usize, same: &[Vec<u64>]| values(cell, same) == values(cell, tables);
            match *fact {
                Fact::Kept(cell, ..) => {
                    found.kept += 1;
                    found.kept_told += usize::from(!open(cell, &by_facts[known]));
                }
                Fact::Held(cell) => {
                    assert!(matches!(said[cell], Cell::Withheld | Cell::Zero));
                    let inner = &said[..domain.inner_len()];
                    let alike =
                        seen.values().filter(|other| other.1.starts_with(inner)).flat_map(|other| other.2.clone());
                    let alike: Vec<Vec<u64>> = alike.collect();
                    found.kept += 1;
                    found.kept_told += usize::from(!open(cell, &alike));
                }
                _ => {}
            }
            let of = |tables: &[Vec<u64>]| -> Option<BTreeSet<u64>> {
                match *fact {
                    Fact::Population(cell, n) => Some(values(cell, tables).into_iter().map(|v| n - v).collect()),
                    Fact::Everybody(n) => Some(tables.iter().map(|table| n - table.iter().sum::<u64>()).collect()),
                    _ => None,
                }
            };
            let few = policy.threshold().people();
            let Some(rests) = of(tables) else { continue };
            let open: BTreeSet<u64> =
                of(&by_facts[known]).unwrap_or_default().into_iter().filter(|&r| r < few).collect();
            if rests.iter().any(|&rest| rest < few) {
                found.rests += 1;
                found.rests_told += usize::from(!open.is_subset(&rests));
            }
        }
        let is_shown = |cell: usize| matches!(said[cell], Cell::Shown { .. });
        found.shown += (0..said.len()).filter(|&cell| is_shown(cell)).count();
        let star_below =
            |&cell: &usize| domain.children(cell).iter().any(|&c| matches!(said[c], Cell::Suppressed { .. }));
        found.beside += (domain.inner_len()..said.len()).filter(star_below).filter(|&cell| is_shown(cell)).count();
        for (cell, said) in said.iter().enumerate() {
            if let Cell::Shown { low, high, .. } = *said {
                assert!(
                    tables
                        .iter()
                        .all(|t| (low..=high).contains(&value(domain, t, cell)) && low >= policy.threshold().people())
                );
            }
        }
    }
    found
}

fn lists(length: usize, most: u64) -> impl Iterator<Item = Vec<u64>> {
    let count = (most + 1).pow(u32::try_from(length).unwrap());
    (0..count).map(move |mut n| {
        (0..length)
            .map(|_| {
                let digit = n % (most + 1);
                n /= most + 1;
                digit
            })
            .collect()
    })
}

fn policy(k: u64, zeros: Zeros) -> Policy {
    Policy::new(Threshold::new(k).unwrap(), Rounding::BASE_5, zeros).unwrap()
}

/// All tables whose facts reach no further than the tables do.
fn check(domain: &Domain, policy: &Policy, most: u64, facts: impl Fn(&[u64]) -> Vec<Fact>) -> Findings {
    let ends = |table: &Vec<u64>| {
        facts(table)
            .iter()
            .all(|fact| !matches!(*fact, Fact::Between(cell, _, high) if domain.is_total(cell) && high > most))
    };
    let tables = lists(domain.inner_len(), most).filter(ends);
    let facts = &facts;
    let found = attack(domain, policy, tables, facts, |table, facts| release(domain, policy, table, facts));
    let told = (found.narrowed, found.rests_told, found.kept_told);
    assert_eq!(told, (0, 0, 0), "{found:?} {policy:?} {:?}", domain.totals());
    found
}

const ZEROS: [Zeros; 2] = [Zeros::Shown, Zeros::Hidden];

fn row(cells: usize) -> Domain {
    domain(&[(cells, Per::Person)], &[&[]])
}

fn two_by_two() -> Domain {
    domain(&[(2, Per::Person), (2, Per::Person)], &[&[], &[1], &[0]])
}

/// The block of five that holds a total, or the exact total: what somebody else might have published.
fn about(n: u64, exact: bool) -> (u64, u64) {
    if exact { (n, n) } else { ((n + 2) / 5 * 5 - 2.min((n + 2) / 5 * 5), (n + 2) / 5 * 5 + 2) }
}

#[test]
fn beside_a_public_total_nothing_small_is_told() {
    for zeros in ZEROS {
        for exact in [true, false] {
            for (domain, k, most) in [(row(2), 8, 42), (row(3), 4, 27), (two_by_two(), 4, 17)] {
                let all = domain.inner_len();
                let found = check(&domain, &policy(k, zeros), most, |table| {
                    let (low, high) = about(table.iter().sum(), exact);
                    vec![Fact::Between(all, low, high)]
                });
                assert!(found.stars > 0 && found.shown > 0, "{found:?}");
            }
        }
    }
}

#[test]
fn beside_public_margins_of_rows_and_columns_nothing_small_is_told() {
    for zeros in ZEROS {
        let domain = two_by_two();
        let found = check(&domain, &policy(4, zeros), 12, |table| {
            let margins = (4..9).map(|cell| {
                let (low, high) = about(value(&two_by_two(), table, cell), false);
                Fact::Between(cell, low, high)
            });
            margins.collect()
        });
        assert!(found.shown > 0, "{found:?}");
    }
}

#[test]
fn with_pairs_protected_too() {
    let pairs = policy(4, Zeros::Shown).with_pairs(Pairs::Protected);
    let found = check(&row(3), &pairs, 27, |table| {
        let n = table.iter().sum::<u64>();
        vec![Fact::Between(3, n / 14 * 14, n / 14 * 14 + 13)]
    });
    assert!(found.stars > 0 && found.shown > 0, "{found:?}");
}

/// A table whose cells and totals were answered one by one before, by the rule that knows nothing of the rest, and which
/// has a cell and a total more.
#[test]
fn beside_earlier_answers_nothing_small_is_told() {
    for zeros in ZEROS {
        let policy = policy(4, zeros);
        let (before, domain) = (row(2), domain(&[(3, Per::Person)], &[&[]]));
        let found = check(&domain, &policy, 12, |table| {
            let answers = release(&before, &policy, &table[..2], &[]);
            vec![Fact::Answered(0, answers[0]), Fact::Answered(1, answers[1])]
        });
        assert!(found.stars > 0 && found.beside > 0, "{found:?}");
        // The same cells in another order, and the total of the first answer is the total of the second.
        let found = check(&row(2), &policy, 22, |table| {
            let total = release(&before, &policy, table, &[])[2];
            vec![Fact::Answered(2, total)]
        });
        assert!(found.stars > 0 && found.shown > 0, "{found:?}");
    }
}

#[test]
fn the_rest_of_a_known_population_is_protected_like_a_small_count() {
    for zeros in ZEROS {
        for n in [12, 21, 30] {
            let policy = policy(6, zeros);
            let tables = || lists(2, n).filter(|table| table.iter().sum::<u64>() <= n);
            let known = |_: &[u64]| vec![Fact::Population(2, n)];
            let found = attack(&row(2), &policy, tables(), known, |t, facts| release(&row(2), &policy, t, facts));
            assert_eq!((found.narrowed, found.rests_told), (0, 0), "{found:?} {n}");
            assert!(found.rests > 0);
            let single = domain(&[(1, Per::Person)], &[]);
            let known = |_: &[u64]| vec![Fact::Population(0, n)];
            let found = attack(&single, &policy, lists(1, n), known, |t, facts| release(&single, &policy, t, facts));
            assert_eq!((found.narrowed, found.rests_told), (0, 0), "{found:?} {n}");
            // Known to everybody but not to the rule, the population gives its rest away.
            let naive = attack(
                &row(2),
                &policy,
                tables(),
                |_| vec![Fact::Population(2, n)],
                |t, _| release(&row(2), &policy, t, &[]),
            );
            assert!(naive.rests_told > 0, "{naive:?}");
        }
    }
}

/// Lists of people by some of a table's dimensions say something of every cell and total: everybody's of all of them, and
/// those by a dimension of what lies under each of its levels.
#[test]
fn the_rests_of_several_lists_at_once_are_protected() {
    for zeros in ZEROS {
        let policy = policy(4, zeros);
        let listed = |domain: &Domain, lists: &[u64], most: u64| {
            let known = |_: &[u64]| -> Vec<Fact> {
                lists.iter().enumerate().map(|(cell, &n)| Fact::Population(cell, n)).collect()
            };
            let fits = |table: &Vec<u64>| (0..domain.len()).all(|cell| value(domain, table, cell) <= lists[cell]);
            let tables = super::known::lists(domain.inner_len(), most).filter(fits);
            let found = attack(domain, &policy, tables, known, |t, facts| release(domain, &policy, t, facts));
            assert_eq!((found.narrowed, found.rests_told), (0, 0), "{found:?} {lists:?}");
            assert!(found.stars > 0 && found.rests > 0 && found.shown > 0, "{found:?} {lists:?}");
        };
        listed(&row(2), &[24, 24, 24], 24);
        listed(&row(2), &[14, 18, 32], 18);
        listed(&row(2), &[14, 0, 14], 14);
        // By rows alone: of a column everybody may be in it.
        listed(&two_by_two(), &[12, 12, 9, 9, 21, 21, 21, 12, 9], 12);
    }
    // What the list of everybody told of the total goes on being known when the columns are cut.
    let columns = domain(&[(2, Per::Person), (2, Per::Person)], &[&[1], &[]]);
    let tables = || lists(4, 24).filter(|table| table.iter().sum::<u64>() <= 24);
    let known = |_: &[u64]| vec![Fact::Population(6, 24)];
    let policy = policy(4, Zeros::Shown);
    let found = attack(&columns, &policy, tables(), known, |t, facts| release(&columns, &policy, t, facts));
    assert_eq!((found.narrowed, found.rests_told), (0, 0), "{found:?}");
    assert!(found.stars > 0 && found.rests > 0 && found.beside > 0, "{found:?}");
    // Far from the list, a table is answered as if there were none.
    let nhs = Policy::nhs_sde();
    let everybody = [0, 1, 2].map(|cell| Fact::Population(cell, 400));
    assert_eq!(release(&row(2), &nhs, &[40, 20], &everybody), release(&row(2), &nhs, &[40, 20], &[]));
}

/// Whoever knows how many people there are adds up the cells of a table that declares no total of all.
#[test]
fn a_total_that_is_not_declared_leaves_no_rest_either() {
    let columns = domain(&[(2, Per::Person), (2, Per::Person)], &[&[1]]);
    for zeros in ZEROS {
        let policy = policy(4, zeros);
        for (domain, n, most) in [(domain(&[(2, Per::Person)], &[]), 40, 40), (columns.clone(), 20, 20)] {
            let tables = || lists(domain.inner_len(), most).filter(|table| table.iter().sum::<u64>() <= n);
            // Everybody's list bounds each cell and each total besides.
            let known = |_: &[u64]| -> Vec<Fact> {
                (0..domain.len()).map(|cell| Fact::Population(cell, n)).chain([Fact::Everybody(n)]).collect()
            };
            let found = attack(&domain, &policy, tables(), known, |t, facts| release(&domain, &policy, t, facts));
            assert_eq!((found.narrowed, found.rests_told), (0, 0), "{found:?}");
            assert!(found.rests > 0 && found.shown > 0, "{found:?}");
            // Laid beside the declared cells alone, the list gives the rest away.
            let declared = |t: &[u64], facts: &[Fact]| release(&domain, &policy, t, &facts[..domain.len()]);
            let found = attack(&domain, &policy, tables(), known, declared);
            assert!(found.rests_told > 0, "{found:?}");
        }
    }
    // The cells stay those that are declared, and far from the list they are answered as if there were none.
    let (domain, nhs) = (domain(&[(2, Per::Person)], &[]), Policy::nhs_sde());
    let facts = [Fact::Population(0, 400), Fact::Population(1, 400), Fact::Everybody(400)];
    assert_eq!(release(&domain, &nhs, &[40, 20], &facts), release(&domain, &nhs, &[40, 20], &[]));
}

/// Weakened: the rule is not told what everybody knows, or rounds all cells as if nothing were known.
#[test]
fn the_attack_wins_where_the_rule_does_not_know_what_everybody_knows() {
    let domain = two_by_two();
    let policy = policy(4, Zeros::Shown);
    let facts = |table: &[u64]| {
        let n = table.iter().sum();
        vec![Fact::Between(4, n, n)]
    };
    let found = attack(&domain, &policy, lists(4, 9), facts, |table, _| release(&domain, &policy, table, &[]));
    assert!(found.narrowed > 0, "{found:?}");
}

/// What is said of a cell that is left open: a stretch of fifteen from the threshold on.
fn stretch(cell: usize, n: u64, k: u64, facts: fn(usize, u64, u64) -> Fact) -> Vec<Fact> {
    let low = n.checked_sub(k).map(|above| k + above / 15 * 15);
    low.map(|low| facts(cell, low, low + 14)).into_iter().collect()
}

#[test]
fn a_figure_that_is_left_open_stays_open() {
    for zeros in ZEROS {
        for (domain, k, most) in [(row(2), 5, 19), (row(3), 4, 12), (two_by_two(), 4, 7)] {
            let policy = policy(k, zeros);
            let facts = |table: &[u64]| stretch(0, table[0], k, Fact::Kept);
            // A stretch that the tables do not fill would be narrowed by where they end.
            let others = || lists(domain.inner_len() - 1, most);
            let tables = || (0..k + 15).flat_map(|n| others().map(move |others| [vec![n], others].concat()));
            let found = attack(&domain, &policy, tables(), facts, |t, facts| release(&domain, &policy, t, facts));
            assert_eq!((found.narrowed, found.kept_told), (0, 0), "{found:?}");
            assert!(found.kept > 0 && found.stars > 0 && found.shown > 0, "{found:?}");
            // Said again, and not kept open, it is told by the totals.
            let answered = |t: &[u64], facts: &[Fact]| {
                let again = |fact: &Fact| match *fact {
                    Fact::Kept(cell, low, high) => Fact::Answered(cell, wide(low, high)),
                    other => other,
                };
                release(&domain, &policy, t, &facts.iter().map(again).collect::<Vec<_>>())
            };
            let naive = attack(&domain, &policy, tables(), facts, answered);
            assert!(naive.kept_told > 0, "{naive:?}");
        }
    }
}

#[test]
fn a_total_of_which_nothing_is_said_is_told_by_no_other() {
    for zeros in ZEROS {
        let domain = two_by_two();
        // A total of rows, and the total of everything.
        for held in [4, 6] {
            let found = check(&domain, &policy(4, zeros), 12, |_| vec![Fact::Held(held)]);
            assert!(found.kept > 0 && found.shown > 0, "{found:?}");
        }
    }
}

/// Facts about cells, totals among them, that are true of a table: populations with so many more, and exact figures.
fn true_facts(domain: &Domain, table: &[u64], chosen: &[(usize, u64, bool)]) -> Vec<Fact> {
    let mut cells = std::collections::BTreeSet::new();
    let chosen = chosen.iter().filter(|(cell, _, _)| cells.insert(cell % domain.len()));
    let fact = |&(cell, more, exact): &(usize, u64, bool)| {
        let cell = cell % domain.len();
        let n = value(domain, table, cell);
        if exact { Fact::Between(cell, n, n) } else { Fact::Population(cell, n + more) }
    };
    chosen.map(fact).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Whatever else is known, nothing that was hidden is shown for it, nothing that is shown is finer than its block or
    /// below the threshold, and the truth lies in it.
    #[test]
    fn what_is_public_never_shows_a_hidden_count(
        table in prop::collection::vec(prop_oneof![0u64..10, 8u64..60], 6),
        chosen in prop::collection::vec((0usize..12, 0u64..14, any::<bool>()), 1..4),
        hidden: bool,
    ) {
        let domain = domain(&[(3, Per::Person), (2, Per::Person)], &[&[], &[1], &[0]]);
        let policy = Policy::nhs_sde().with_zeros(if hidden { Zeros::Hidden } else { Zeros::Shown });
        let alone = release(&domain, &policy, &table, &[]);
        let facts = true_facts(&domain, &table, &chosen);
        let said = release(&domain, &policy, &table, &facts);
        for (cell, (before, after)) in alone.iter().zip(&said).enumerate() {
            let truth = value(&domain, &table, cell);
            if !domain.is_total(cell) {
                prop_assert!(!before.is_hidden() || after.is_hidden(), "{:?} {:?} {:?}", before, after, facts);
            }
            if let Cell::Shown { low, high, .. } = *after {
                let block = policy.block(truth);
                prop_assert!(low >= 10 && (low..=high).contains(&truth), "{:?} of {} beside {:?}", after, truth, facts);
                prop_assert!(low <= block.low && block.high <= high || high - low >= 4, "{:?} {:?}", after, facts);
            }
        }
    }
}
