//! Differencing against an attacker who tries every relation of a few released figures, written apart from the search.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::sync::Arc;

use proptest::prelude::*;

use super::judge::known_bounds;
use super::past::Figure;
use super::*;
use crate::cell::Cell;
use crate::contributors::Contributors;
use crate::domain::{Per, tests::dimension};
use crate::measure::MeasureKind;
use crate::policy::{Threshold, Zeros};
use crate::rounding::Rounding;
use crate::tally::{Column, Tally};

type Rows = Vec<(u32, u32, i64)>;

/// A provider that remembers, or, to know that the attacks work, one that does not compare.
#[derive(Default)]
struct Provider {
    past: Past,
    kept: RefCell<Vec<Vec<u8>>>,
    forgetful: bool,
    /// Of the next question, a figure that is published elsewhere.
    published: Option<((usize, usize), u64)>,
}

impl Vault for Provider {
    fn contributors(&self, release: u64) -> Option<Arc<Contributors>> {
        let kept = self.kept.borrow();
        Contributors::unseal(kept.get(usize::try_from(release).ok()?)?).map(Arc::new)
    }
}

impl Provider {
    fn forgetful() -> Self {
        Self { forgetful: true, ..Self::default() }
    }

    fn ask(&mut self, domain: &Domain, measures: &[Measure], policy: &Policy, rows: &Rows) -> Vec<Vec<Cell>> {
        let mut tally = Tally::new(domain, measures).unwrap();
        let cells: Vec<u32> = rows.iter().map(|r| r.0).collect();
        let persons: Vec<u32> = rows.iter().map(|r| r.1).collect();
        let values: Vec<i64> = rows.iter().map(|r| r.2).collect();
        let sums = measures.iter().filter(|m| matches!(m.kind(), MeasureKind::Sum { .. })).count();
        tally.add(&cells, &persons, &vec![Column::Full(&values); sums]).unwrap();
        let (raw, coverage) = (tally.finish().unwrap(), Coverage::whole(domain));
        let mut public = Public::nothing(domain, measures);
        if let Some(((measure, cell), n)) = self.published.take() {
            public.exactly(measure, cell, n).unwrap();
        }
        let nothing = Past::new();
        let past = if self.forgetful { &nothing } else { &self.past };
        let protected = protect_beside(raw, domain, measures, policy, &coverage, &public, past, &*self);
        let protected = protected.unwrap();
        let release = self.kept.borrow().len() as u64;
        self.kept.borrow_mut().push(protected.contributors().seal(<[u8]>::to_vec));
        self.past.add(release, protected.contributors());
        protected.table().to_vec()
    }

    /// Sets of people, each a cell of a table with a grand total.
    fn ask_people(&mut self, cells: &[BTreeSet<u32>], per: Per, policy: &Policy) -> Vec<Cell> {
        let domain = Domain::new(vec![dimension("d", cells.len(), per)], vec![vec![]]).unwrap();
        let rows = cells.iter().zip(0..).flat_map(|(people, cell)| people.iter().map(move |&p| (cell, p, 0)));
        self.ask(&domain, &[Measure::people("people")], policy, &rows.collect()).remove(0)
    }

    fn ask_one(&mut self, people: impl IntoIterator<Item = u32>, policy: &Policy) -> Cell {
        self.ask_people(&[people.into_iter().collect()], Per::Person, policy)[0]
    }

    /// Whether some three figures or fewer, of two releases or more, tell of fewer people than the threshold: tried one
    /// by one, with the sets that the answers were given for.
    fn tells(&self, k: i64) -> Option<String> {
        let figures = self.past.figures();
        let sets: Vec<BTreeSet<u32>> =
            figures.iter().map(|f| f.quantity(self).unwrap().people().iter().collect()).collect();
        let bounds = |f: usize| {
            let known = figures[f].known;
            (i64::try_from(known.low).unwrap(), known.high.map_or(1 << 40, |high| i64::try_from(high).unwrap()))
        };
        let n = figures.len();
        for whole in 0..n {
            let inside: Vec<usize> = (0..n).filter(|&p| p != whole && sets[p].is_subset(&sets[whole])).collect();
            let mut choices: Vec<Vec<usize>> = inside.iter().map(|&p| vec![p]).collect();
            for (place, &a) in inside.iter().enumerate() {
                for &b in &inside[place + 1..] {
                    if sets[a].is_disjoint(&sets[b]) {
                        choices.push(vec![a, b]);
                    }
                }
            }
            for parts in choices {
                let releases: BTreeSet<u64> = parts.iter().chain([&whole]).map(|&f| figures[f].release).collect();
                let covered: usize = parts.iter().map(|&p| sets[p].len()).sum();
                let rest = i64::try_from(sets[whole].len() - covered).unwrap();
                if releases.len() < 2 || !(1..k).contains(&rest) {
                    continue;
                }
                let low = bounds(whole).0 - parts.iter().map(|&p| bounds(p).1).sum::<i64>();
                let high = bounds(whole).1 - parts.iter().map(|&p| bounds(p).0).sum::<i64>();
                if low > 1 || high < 5.min(k - 1) {
                    return Some(format!("{rest} people are known to be {low} to {high}: {whole} less {parts:?}"));
                }
            }
        }
        None
    }

    /// Whether some two figures, beside two others that hold everybody as often but fewer people than the threshold, tell of
    /// those: tried one by one, of people below 128.
    fn two_tell(&self, k: i64) -> Option<String> {
        let figures = self.past.figures();
        let bits = |f: &Figure| f.quantity(self).unwrap().people().iter().fold(0u128, |bits, p| bits | 1 << p);
        let sets: Vec<u128> = figures.iter().map(bits).collect();
        let size = |set: u128| i64::from(set.count_ones());
        let known = |f: usize| {
            let known = figures[f].known;
            (i64::try_from(known.low).unwrap(), known.high.map_or(1 << 40, |high| i64::try_from(high).unwrap()))
        };
        let pairs: Vec<(usize, usize)> = (0..sets.len())
            .flat_map(|a| (0..a).map(move |b| (b, a)))
            .filter(|&(a, b)| size(sets[a]) >= k && size(sets[b]) >= k)
            .collect();
        for &(a, b) in &pairs {
            for &(c, d) in &pairs {
                let (either, both) = (sets[a] | sets[b], sets[a] & sets[b]);
                let (or, twice) = (sets[c] | sets[d], sets[c] & sets[d]);
                // Nobody is more often in the other two, and nobody two times less.
                let rest = (either & !or) | (both & !twice);
                let differ = |x: usize, y: usize| size(sets[x] ^ sets[y]) >= 2 * k;
                if or & !either != 0
                    || twice & !both != 0
                    || either & !or & both != 0
                    || !(1..k).contains(&size(rest))
                    || !(differ(a, c) && differ(a, d) && differ(b, c) && differ(b, d))
                {
                    continue;
                }
                let low = known(a).0 + known(b).0 - known(c).1 - known(d).1;
                let high = known(a).1 + known(b).1 - known(c).0 - known(d).0;
                if low > 1 || high < 5.min(k - 1) {
                    return Some(format!("{} people are {low} to {high}: {:?} less {:?}", size(rest), (a, b), (c, d)));
                }
            }
        }
        None
    }
}

fn policy(k: u64) -> Policy {
    Policy::new(Threshold::new(k).unwrap(), Rounding::BASE_5, Zeros::Hidden).unwrap()
}

/// A table of ranges of a line of people, as ages are: each question cuts its range into bands.
fn questions() -> impl Strategy<Value = Vec<Vec<BTreeSet<u32>>>> {
    let question = (0u32..40, 10u32..90, prop::collection::vec(1u32..60, 0..3));
    let bands = |(start, length, cuts): (u32, u32, Vec<u32>)| {
        let end = (start + length).min(100);
        let mut cuts: BTreeSet<u32> = cuts.into_iter().map(|cut| start + cut).filter(|&cut| cut < end).collect();
        cuts.extend([start, end]);
        let cuts: Vec<u32> = cuts.into_iter().collect();
        cuts.windows(2).map(|band| (band[0]..band[1]).collect()).collect::<Vec<BTreeSet<u32>>>()
    };
    prop::collection::vec(question.prop_map(bands), 2..6)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]
    #[test]
    fn no_few_figures_ever_tell_of_a_few_people(questions in questions(), k in 4u64..11) {
        let mut provider = Provider::default();
        for bands in &questions {
            provider.ask_people(bands, Per::Person, &policy(k));
            let told = provider.tells(i64::try_from(k).unwrap());
            prop_assert!(told.is_none(), "{told:?}");
            let told = provider.two_tell(i64::try_from(k).unwrap());
            prop_assert!(told.is_none(), "{told:?}");
        }
    }

    #[test]
    fn every_answer_is_for_the_question_or_one_that_differs_by_a_few(questions in questions(), k in 4u64..11) {
        let mut provider = Provider::default();
        for bands in &questions {
            let said = provider.ask_people(bands, Per::Person, &policy(k));
            for (asked, said) in bands.iter().zip(said) {
                let asked = Quantity::of_people(asked.iter().copied().collect());
                let meant = |figure: &Figure| {
                    figure.said == said && figure.quantity(&provider).unwrap().differing(&asked) < k
                };
                let holds = known_bounds(said).is_some_and(|(low, high)| low <= asked.len() && asked.len() <= high);
                let meant = holds || provider.past.figures().iter().any(meant);
                prop_assert!(said == Cell::Withheld || meant, "{said:?}");
                // What is below the threshold is never shown, and what is suppressed is below it.
                let (suppressed, shown) = (matches!(said, Cell::Suppressed { .. }), matches!(said, Cell::Shown { .. }));
                prop_assert!(!suppressed || asked.len() < k);
                prop_assert!(!shown || asked.len() >= k);
            }
        }
    }

    #[test]
    fn the_same_question_gets_the_same_answer(questions in questions(), k in 4u64..11) {
        let mut provider = Provider::default();
        let first: Vec<Vec<Cell>> =
            questions.iter().map(|bands| provider.ask_people(bands, Per::Person, &policy(k))).collect();
        let known = provider.past.len();
        for (bands, first) in questions.iter().zip(&first) {
            let again = provider.ask_people(bands, Per::Person, &policy(k));
            // Never another figure of the same cell; what was said may be left more open, or held back, beside what was said
            // since. A total may be said more or less open, as its cells leave room; what it says tells nothing either.
            for (again, first) in again.iter().zip(first).take(bands.len()) {
                let wider = |(a, b): ((u64, u64), (u64, u64))| a.0 <= b.0 && b.1 <= a.1;
                let wider = known_bounds(*again).zip(known_bounds(*first)).is_some_and(wider);
                let says_no_more = again == first || *again == Cell::Withheld || wider;
                prop_assert!(says_no_more || *first == Cell::Withheld, "{first:?} {again:?}");
            }
        }
        prop_assert!(provider.past.len() >= known);
        let told = provider.tells(i64::try_from(k).unwrap());
        prop_assert!(told.is_none(), "{told:?}");
    }
}

#[test]
fn the_attacker_succeeds_where_nothing_is_compared() {
    use proptest::strategy::ValueTree as _;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let (mut told, mut two) = (0, 0);
    for _ in 0..1000 {
        let questions = questions().new_tree(&mut runner).unwrap().current();
        let mut provider = Provider::forgetful();
        for bands in &questions {
            provider.ask_people(bands, Per::Person, &policy(10));
        }
        told += usize::from(provider.tells(10).is_some());
        two += usize::from(provider.two_tell(10).is_some());
    }
    assert!(told > 100 && two > 5, "the attacks found something in {told} and {two} of 1000 histories");
}

/// Asks two tables of sets, one after the other, of a provider that compares and of one that does not; the attack must
/// succeed against the second alone.
fn check(questions: &[Vec<BTreeSet<u32>>], per: Per) -> Vec<Vec<Cell>> {
    let ask = |mut provider: Provider| {
        let said = questions.iter().map(|cells| provider.ask_people(cells, per, &policy(10))).collect::<Vec<_>>();
        (provider.tells(10), said)
    };
    let (told, _) = ask(Provider::forgetful());
    assert!(told.is_some(), "the attack does not work");
    let (told, said) = ask(Provider::default());
    assert_eq!(told, None);
    said
}

fn set(people: std::ops::Range<u32>) -> BTreeSet<u32> {
    people.collect()
}

#[test]
fn all_and_all_but_three_are_one_answer() {
    let said = check(&[vec![set(0..101)], vec![set(0..98)]], Per::Person);
    assert_eq!(said[0], said[1]);
    // The answer stays with the first, however often the set is shaved.
    let mut provider = Provider::default();
    let first = provider.ask_one(0..200, &policy(10));
    for gone in 1..10 {
        assert_eq!(provider.ask_one(gone..200, &policy(10)), first);
    }
    // Ten people are enough to be told apart.
    assert_ne!(provider.ask_one(10..200, &policy(10)), first);
}

#[test]
fn a_partition_with_a_few_missing_is_not_told() {
    // The whole first, then its parts; and the parts first, then the whole.
    let parts = vec![set(0..18), set(18..41)];
    check(&[vec![set(0..42)], parts.clone()], Per::Person);
    check(&[parts, vec![set(0..42)]], Per::Person);
    // Parts of two questions.
    check(&[vec![set(0..18)], vec![set(18..41)], vec![set(0..42)]], Per::Person);
}

#[test]
fn what_has_enough_people_between_is_still_said() {
    let mut provider = Provider::default();
    for people in [0..100, 0..80, 20..100, 40..60, 0..50, 50..100] {
        assert!(matches!(provider.ask_one(people, &policy(10)), Cell::Shown { .. }));
    }
}

#[test]
fn an_alias_gets_neither_another_answer_nor_a_finer_one() {
    let coarse = Policy::new(Threshold::new(10).unwrap(), Rounding::half_up(20).unwrap(), Zeros::Hidden).unwrap();
    let mut provider = Provider::default();
    let first = provider.ask_one(0..57, &coarse);
    assert_eq!(first, Cell::Shown { value: 60, low: 50, high: 69 });
    assert_eq!(provider.ask_one(0..57, &policy(10)), first, "the same people on a finer grid");
    assert_eq!(provider.ask_one(0..60, &policy(10)), first, "nearly the same people on a finer grid");
    // A stricter rule than the one of the first answer says less, never something else.
    let mut provider = Provider::default();
    provider.ask_one(0..57, &policy(10));
    assert_eq!(provider.ask_one(0..57, &coarse), Cell::Withheld);
    // People whom the rule hides today and did not yesterday.
    let mut provider = Provider::default();
    assert!(matches!(provider.ask_one(0..8, &policy(8)), Cell::Shown { .. }));
    assert_eq!(provider.ask_one(0..8, &policy(10)), Cell::Withheld);
}

#[test]
fn a_few_beside_a_shown_count_stay_suppressed() {
    let star = Cell::Suppressed { low: 0, high: 9 };
    let mut provider = Provider::default();
    assert!(matches!(provider.ask_one(0..12, &policy(10)), Cell::Shown { .. }));
    assert_eq!(provider.ask_one(0..5, &policy(10)), star);
    // The other way round too, where ten to twelve less up to nine can be anything.
    let mut provider = Provider::default();
    assert_eq!(provider.ask_one(0..5, &policy(10)), star);
    assert!(matches!(provider.ask_one(0..12, &policy(10)), Cell::Shown { .. }));
    // Thirteen to seventeen less up to nine are at least four: eight who are not one. Up to nine and up to nine more, of
    // whom there are enough to be shown, leaves those eight anything.
    let mut provider = Provider::default();
    assert_eq!(provider.ask_one(0..9, &policy(10)), star);
    assert_eq!(provider.ask_one(0..17, &policy(10)), Cell::Shown { value: 15, low: 10, high: 18 });
}

#[test]
fn rows_and_sums_compare_the_people_whose_contribution_differs() {
    let domain = Domain::new(vec![], vec![]).unwrap();
    let measures =
        [Measure::people("people"), Measure::rows("stays", None).unwrap(), Measure::sum("days", 90).unwrap()];
    let rows = |longer: std::ops::Range<u32>| -> Rows {
        (0..50).map(|p| (0, p, if longer.contains(&p) { 8_000 } else { 300 })).collect()
    };
    let mut provider = Provider::default();
    let ask = |provider: &mut Provider, longer| provider.ask(&domain, &measures, &policy(10), &rows(longer));
    let first = ask(&mut provider, 0..0);
    assert!(first.iter().all(|cells| matches!(cells[0], Cell::Shown { .. })), "{first:?}");
    // The same people, one of whom stayed 77 days longer: the same answer, not the difference.
    assert_eq!(ask(&mut provider, 0..1), first);
    assert_eq!(ask(&mut provider, 0..9), first);
    // Ten whose stay differs: people and stays as before, another sum.
    let third = ask(&mut provider, 0..10);
    assert_eq!(third[..2], first[..2]);
    assert_ne!(third[2], first[2]);
    let mut forgetful = Provider::forgetful();
    assert_ne!(ask(&mut forgetful, 0..0), ask(&mut forgetful, 0..1), "the attack does not work");
}

#[test]
fn people_are_as_they_were_released_beside_a_measure_that_is_new() {
    let domain = Domain::new(vec![], vec![]).unwrap();
    let people = Measure::people("people");
    let rows = |cap| [people.clone(), Measure::rows("stays", Some(cap)).unwrap()];
    let days = [people.clone(), Measure::sum("days", 90).unwrap()];
    let of = |people: std::ops::Range<u32>| -> Rows { people.map(|p| (0, p, 4_000)).collect() };
    let mut provider = Provider::default();
    let first = provider.ask(&domain, &rows(2), &policy(10), &of(0..55));
    // Three people more, and their days: the count is as it was; the days are of people who differ by fewer than ten.
    let second = provider.ask(&domain, &days, &policy(10), &of(0..58));
    assert_eq!(second[0], first[0]);
    assert!(matches!(second[1][0], Cell::Shown { low, high, .. } if low <= 2200 && 2200 <= high), "{second:?}");
    // Asked in yet another way both are as they were.
    let third = provider.ask(&domain, &days, &policy(10), &of(1..58));
    assert_eq!(third, second);
}

#[test]
fn a_person_who_moved_between_snapshots_is_not_in_two_places() {
    // Both sets differ from the old ones by one who moved; together the old sets are still one level per person.
    let mut provider = Provider::default();
    let first = provider.ask_people(&[set(0..30), set(30..60)], Per::Person, &policy(10));
    assert_eq!(provider.ask_people(&[set(0..29), set(29..60)], Per::Person, &policy(10)), first);
    // Here the second cell is new: the old set of the first would hold people who are in the second now. What was said of
    // the first is said again, but for fewer than ten.
    let mut provider = Provider::default();
    provider.ask_people(&[set(0..30)], Per::Person, &policy(10));
    let said = provider.ask_people(&[set(0..27), set(27..60)], Per::Person, &policy(10));
    assert_eq!(said[0], Cell::Shown { value: 30, low: 28 - 9, high: 32 + 9 });
    assert_eq!(said[1], Cell::Shown { value: 35, low: 33, high: 37 });
}

#[test]
fn what_cannot_be_opened_lets_nothing_out() {
    let mut provider = Provider::default();
    provider.ask_one(0..50, &policy(10));
    provider.kept.borrow_mut()[0] = vec![1, 2, 3];
    let domain = Domain::new(vec![], vec![]).unwrap();
    let measures = [Measure::people("people")];
    let mut tally = Tally::new(&domain, &measures).unwrap();
    tally.add(&[0; 49], &(0..49).collect::<Vec<u32>>(), &[]).unwrap();
    let (raw, public) = (tally.finish().unwrap(), Public::nothing(&domain, &measures));
    let coverage = Coverage::whole(&domain);
    let refused = protect_beside(raw, &domain, &measures, &policy(10), &coverage, &public, &provider.past, &provider);
    assert_eq!(refused.map(|_| ()), Err(BesideError::Lost));
}

#[test]
fn a_total_of_the_same_people_is_said_again_however_it_is_cut() {
    // Beside four people the total of sixty is wider than a block; cut in two halves it could be narrower.
    let mut provider = Provider::default();
    let first = provider.ask_people(&[set(0..4), set(4..60)], Per::Person, &policy(10));
    let again = provider.ask_people(&[set(0..31), set(31..60)], Per::Person, &policy(10));
    assert!(matches!(first[2], Cell::Shown { low, high, .. } if high - low > 4), "{first:?}");
    assert_eq!(again[2], first[2]);
    let forgetful = Provider::forgetful().ask_people(&[set(0..31), set(31..60)], Per::Person, &policy(10));
    assert_ne!(forgetful[2], first[2], "the test shows nothing");
}

#[test]
fn the_fortieth_question_about_the_same_people_is_still_answered() {
    let mixed = |a: u32, b: u32| a.wrapping_mul(0x9E37_79B1).wrapping_add(b).wrapping_mul(0x85EB_CA6B) >> 16;
    let mut provider = Provider::default();
    let (mut shown, mut withheld) = (0, 0);
    for question in 0..40u32 {
        // Those who have a condition, one of ten, by age and by one of four attributes; the first everybody has.
        let (condition, cut) = (question % 10, question / 10);
        let mut cells = vec![BTreeSet::new(); 24];
        for person in (0..1500u32).filter(|&person| condition == 0 || mixed(condition, person) % 20 < 2 + condition) {
            let (age, attribute) = (mixed(100, person) % 90, mixed(200 + cut, person) % 4);
            let band = if cut % 2 == 0 { age / 15 } else { (age + 5) / 16 };
            cells[(band * 4 + attribute) as usize].insert(person);
        }
        for said in provider.ask_people(&cells, Per::Person, &policy(10)) {
            match said {
                Cell::Withheld => withheld += 1,
                _ => shown += 1,
            }
        }
    }
    assert!(withheld * 20 < shown, "{withheld} withheld, {shown} not");
}

#[test]
fn parts_that_share_people_with_several_rows_each_tell_too() {
    let domain = Domain::new(vec![], vec![]).unwrap();
    let rows = [Measure::rows("stays", None).unwrap()];
    let of = |people: std::ops::Range<u32>, again: std::ops::Range<u32>| -> Rows {
        people.chain(again).map(|person| (0, person, 0)).collect()
    };
    // Twenty-seven people have two rows. All less those of everybody but five, and less the second of the twenty-seven.
    let (all, most, second) = (of(0..42, 10..37), of(0..37, 0..0), of(10..37, 0..0));
    let mut provider = Provider::default();
    provider.ask(&domain, &rows, &policy(10), &all);
    provider.ask(&domain, &rows, &policy(10), &most);
    let said = provider.ask(&domain, &rows, &policy(10), &second)[0][0];
    let narrow = |said: Cell| matches!(said, Cell::Shown { low: 23, high: 27, .. });
    assert!(!narrow(said), "{said:?}");
    assert!(narrow(Provider::forgetful().ask(&domain, &rows, &policy(10), &second)[0][0]), "the test shows nothing");
}

#[test]
fn amounts_below_one_leave_people_to_share() {
    let domain = Domain::new(vec![], vec![]).unwrap();
    let days = [Measure::sum("days", 5).unwrap()];
    let of = |people: &[(std::ops::Range<u32>, i64)]| -> Rows {
        people.iter().flat_map(|(people, days)| people.clone().map(move |person| (0, person, *days))).collect()
    };
    // A day each; half a day of twenty-four and the day of ten; the other half of the twenty-four leaves nine days.
    let (all, some, half) = (of(&[(0..43, 100)]), of(&[(0..24, 50), (24..34, 100)]), of(&[(0..24, 50)]));
    let mut provider = Provider::default();
    provider.ask(&domain, &days, &policy(10), &all);
    provider.ask(&domain, &days, &policy(10), &some);
    assert_eq!(provider.ask(&domain, &days, &policy(10), &half)[0][0], Cell::Withheld);
    let alone = Provider::forgetful().ask(&domain, &days, &policy(10), &half)[0][0];
    assert!(matches!(alone, Cell::Shown { .. }), "the test shows nothing");
}

/// Two cells of each question, and the least that these of the last come to.
fn least_of_two(mut provider: Provider, questions: &[Vec<BTreeSet<u32>>]) -> u64 {
    let said = questions.iter().map(|cells| provider.ask_people(cells, Per::Person, &policy(10))).last().unwrap();
    said[..2].iter().filter_map(|&said| known_bounds(said)).map(|(low, _)| low).sum()
}

#[test]
fn a_total_is_known_as_well_as_its_cells() {
    // Twice 23 to 27, and then twice 28 to 32 of the same people and two more. The total as it is rounded alone, 53 to 57,
    // would tell nothing of the two.
    let halves = vec![(0..14).chain(27..40).chain([54]).collect(), (14..27).chain(40..54).chain([55]).collect()];
    let questions = [vec![set(0..27)], vec![set(27..54)], halves];
    assert_eq!(least_of_two(Provider::forgetful(), &questions), 27 + 27 + 2, "the attack does not work");
    assert!(least_of_two(Provider::default(), &questions) <= 27 + 27 + 1);
}

#[test]
fn a_total_that_is_held_back_is_known_by_its_cells() {
    // 27 and 22 people, and then two cells of 28 each over them and seven more. That nothing is said of their total is no
    // remedy.
    let halves = vec![
        (0..14).chain(28..38).chain(50..54).collect::<BTreeSet<u32>>(),
        (14..27).chain(38..50).chain(54..57).collect(),
    ];
    let whole: BTreeSet<u32> = halves.iter().flatten().copied().collect();
    assert_eq!((halves[0].len(), halves[1].len(), whole.len()), (28, 28, 56));
    let questions = [vec![set(0..27)], vec![set(28..50)], halves];
    let least = least_of_two(Provider::forgetful(), &questions);
    assert!(least > 27 + 22 + 1, "the attack does not work: {least}");
    let least = least_of_two(Provider::default(), &questions);
    assert!(least <= 27 + 22 + 1, "{least}");
}

#[test]
fn a_month_in_which_people_moved_tells_of_none_who_left() {
    // Eleven people moved from the first cell to the second, and seven of that left. What everybody is does not tell: there
    // is a third cell, of which many left and into which more came.
    let months = [vec![set(0..28), set(28..56), set(60..90)], vec![set(0..17), set(17..49), set(75..120)]];
    let left = |mut provider: Provider| {
        let [before, after] = months.each_ref().map(|cells| provider.ask_people(cells, Per::Person, &policy(10)));
        let ends = |said: &[Cell], end: fn((u64, u64)) -> u64| -> Option<u64> {
            said[..2].iter().map(|&said| known_bounds(said).map(end)).sum()
        };
        ends(&before, |(low, _)| low)
            .zip(ends(&after, |(_, high)| high))
            .map(|(least, most)| least.saturating_sub(most))
    };
    assert_eq!(left(Provider::forgetful()), Some(7), "the attack does not work");
    assert!(left(Provider::default()).is_none_or(|left| left <= 1));
}

#[test]
fn either_of_two_cohorts_beside_both_tells_nothing_of_neither() {
    let asked = [set(0..303), set(56..369), set(56..303), set(0..372)];
    let neither = |mut provider: Provider| {
        let said = asked.each_ref().map(|people| known_bounds(provider.ask_one(people.iter().copied(), &policy(10))));
        let [(one, _), (other, _), (_, both), (_, all)] = said.map(|said| said.unwrap_or((0, 400)));
        (all + both).saturating_sub(one + other)
    };
    assert_eq!(neither(Provider::forgetful()), 3, "the attack does not work");
    assert!(neither(Provider::default()) >= 5);
}

#[test]
fn what_is_published_elsewhere_counts_beside_other_questions_too() {
    let told = |mut provider: Provider| {
        provider.published = Some(((0, 2), 57));
        provider.ask_people(&[set(0..4), set(4..57)], Per::Person, &policy(10));
        // Of the fifty-seven all but three, in two cells of 22 at most and 32 at most.
        let said = provider.ask_people(&[set(0..22), set(22..54)], Per::Person, &policy(10));
        let most = said[..2].iter().map(|&said| known_bounds(said).map(|(_, high)| high)).sum::<Option<u64>>();
        57 - most.unwrap_or(57).min(57)
    };
    assert_eq!(told(Provider::forgetful()), 3, "the attack does not work");
    assert!(told(Provider::default()) <= 1);
}

#[test]
fn rows_that_are_as_many_as_people_are_remembered_as_rows() {
    let domain = |cells: usize| Domain::new(vec![dimension("d", cells, Per::Person)], vec![]).unwrap();
    let of = |cells: &[std::ops::Range<u32>]| -> Rows {
        (0u32..).zip(cells).flat_map(|(cell, people)| people.clone().map(move |person| (cell, person, 0))).collect()
    };
    let (people, rows) = ([Measure::people("people")], [Measure::rows("rows", None).unwrap()]);
    // Everybody has one row. Of the rows of all, and of two parts without one person, it follows that nobody else has many.
    let known = |mut provider: Provider| {
        let all: Rows = (0..42).map(|person| (0, person, 0)).collect();
        provider.ask(&domain(1), &people, &policy(10), &all);
        provider.ask(&domain(1), &rows, &policy(10), &all);
        let parts = provider.ask(&domain(2), &rows, &policy(10), &of(&[0..18, 18..41]));
        let least: u64 = parts[0].iter().filter_map(|&said| known_bounds(said)).map(|(low, _)| low).sum();
        42 - least
    };
    assert!(known(Provider::forgetful()) < 5, "the attack does not work");
    assert!(known(Provider::default()) >= 5);
}

#[test]
fn people_are_known_by_their_sums_too() {
    let domain = Domain::new(vec![], vec![]).unwrap();
    let (people, days) = (Measure::people("people"), Measure::sum("days", 9).unwrap());
    let of = |people: std::ops::Range<u32>| -> Rows { people.map(|person| (0, person, 900)).collect() };
    // At most nine people, and then seventeen with nine days each, which is the most that a person can have.
    let beyond = |mut provider: Provider| {
        provider.ask(&domain, std::slice::from_ref(&people), &policy(10), &of(0..9));
        let said = provider.ask(&domain, &[people.clone(), days.clone()], &policy(10), &of(0..17));
        let least = |cell: Cell| known_bounds(cell).map_or(0, |(low, _)| low);
        least(said[0][0]).max(least(said[1][0]).div_ceil(9)).saturating_sub(9)
    };
    assert_eq!(beyond(Provider::forgetful()), 8, "the attack does not work");
    assert!(beyond(Provider::default()) <= 1);
}

#[test]
fn a_total_that_nothing_bounds_is_not_a_figure() {
    let said = crate::protect::refined_total(38, u64::from(u32::MAX), &policy(10));
    assert_eq!(said, Cell::Withheld);
    assert!(matches!(crate::protect::refined_total(38, 380, &policy(10)), Cell::Shown { low: 38, high: 380, .. }));
}
