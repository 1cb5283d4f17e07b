//! Finds two figures that come too close to two others.
//!
//! `a + b − c − d` tells of a few people where a and b together are nearly the same people as c and d together, each as
//! often, though none of the four is nearly another: bands that are cut elsewhere, a month in which people moved from one
//! level to another, two differences of nearly the same people, either of two cohorts beside both of them. All such
//! relations of a new figure are found, by what any of them must be like: of some of its people, which are looked at, all
//! but a few are in one or the other of two figures on the other side; whom one of these has beyond it is in the figure that
//! stands beside it, or, if there is nobody, whom that lacks of it is in the other; and the fourth is of a size, a sketch,
//! and of people of those looked at, that follow from the three. People in both figures of a side count twice.

use std::cmp::{Ordering, Reverse};
use std::ops::Range;

use roaring::RoaringBitmap;

use super::effort::Effort;
use super::judge::New;
use super::marks::{Holders, Marks, Row};
use super::quantity::Quantity;
use super::relation::{Allowed, Member, Spread};
use super::sketch::{Sketch, spread};
use super::twins::Once;
use crate::measure::HUNDREDTHS;

/// How many people of a new figure are looked at, unless the threshold is great.
const SAMPLE: usize = 32;
/// Beside so many people no more figures are compared at once.
const ASKED: usize = 384;
/// How many figures that are compared only by a few numbers take the time of one look.
const COMPARED: usize = 8;
/// To ask which people of a set a figure holds takes the time of so many looks at it.
const HELD: usize = 64;
/// How many people of a figure tell whether another holds what it has beyond a third.
const WITNESSES: usize = 32;

/// The figures, among which relations of two with two others are looked for.
pub(super) struct Twos<'a> {
    // INVARIANT: by size.
    figures: Vec<Figure<'a>>,
    allowed: Allowed,
    effort: &'a Effort,
}

struct Figure<'a> {
    member: &'a Member,
    sketch: &'a Sketch,
    size: u64,
    /// How far it determines a difference by itself, on the one side and on the other.
    whole: Spread,
    part: Spread,
}

impl<'a> Figure<'a> {
    fn of(member: &'a Member, sketch: &'a Sketch) -> Self {
        let (whole, part) = (Spread::NONE.beside(member), Spread::NONE.with(member));
        Self { member, sketch, size: member.people(), whole, part }
    }
}

/// Figures on the other side from a new one, and people who tell what must stand beside them or it.
struct Asked {
    first: usize,
    /// Some people of the new figure, and then some by whom the others differ from it.
    people: Vec<u32>,
    of_first: usize,
    seconds: Vec<Second>,
}

/// A figure on the other side from a new one.
struct Second {
    figure: usize,
    how: How,
    /// How many people these are, at least.
    people: u64,
}

/// A figure that holds some of the people of a new one who are looked at.
struct Holder {
    size: u64,
    figure: usize,
    held: u64,
}

/// How a figure differs from a new one by more than a few people.
#[derive(Clone, Copy, PartialEq, Eq)]
enum How {
    /// It has them, and so has the figure beside the new one.
    Beyond,
    /// It has nobody beyond the new one, and lacks them; the figure beside it has them.
    Lacking,
}

impl<'a> Twos<'a> {
    /// Only counts of people are looked at, of more people than what a relation may leave over.
    pub(super) fn new(old: &'a [Once<'a>], new: &'a [New], allowed: Allowed, effort: &'a Effort) -> Self {
        let old = old.iter().map(|once| Figure::of(&once.member, once.sketch));
        let new = new.iter().map(|new| Figure::of(&new.figure, &new.sketch));
        let few = allowed.few();
        let large = |figure: &Figure<'_>| figure.member.counts_people() && figure.size > few;
        let mut figures: Vec<Figure<'_>> = old.chain(new).filter(large).collect();
        figures.sort_by_key(|figure| figure.size);
        Self { figures, allowed, effort }
    }

    /// The new figures of each relation that tells too much; `None` where there is more than can be looked at.
    pub(super) fn relations(&self) -> Option<Vec<Vec<usize>>> {
        self.effort.spend(self.figures.len().saturating_mul(2 * HELD)).then_some(())?;
        let firsts = (0..self.figures.len()).filter(|&figure| self.figures[figure].member.new.is_some());
        let size = SAMPLE.max(usize::try_from(self.few()).unwrap_or(usize::MAX).saturating_mul(2).saturating_add(1));
        let samples: Vec<Vec<u32>> = firsts.clone().map(|first| spread(self.people(first), size).collect()).collect();
        let held = self.holders(samples.iter().map(Vec::as_slice));
        let (mut found, mut asked) = (Vec::new(), Vec::new());
        for (first, sample) in firsts.zip(samples) {
            self.across(first, sample, &held, &mut asked);
        }
        let held = self.holders(asked.iter().map(|asked| asked.people.as_slice()));
        for asked in asked {
            self.beside(&asked, &held, &mut found)?;
        }
        Some(found)
    }

    /// Figures that hold at least half of the new one's people but for a few: of a relation there is one on the other side.
    fn across(&self, first: usize, sample: Vec<u32>, held: &Holders, asked: &mut Vec<Asked>) {
        let (held, size) = (Marks::of(&sample, held, self.figures.len()), sample.len());
        let half = (size as u64).saturating_sub(self.few()).div_ceil(2);
        let mut next = Asked { first, of_first: size, people: sample, seconds: Vec::new() };
        for (second, row) in held.rows() {
            if second == first || row.len_before(size) < half || !self.may_tell(&[first], &[second]) {
                continue;
            }
            // Whoever has many more people has many beyond the first.
            let mut beyond = self.size(second).saturating_sub(self.size(first));
            if beyond <= self.few() {
                beyond = self.people(second).difference_len(self.people(first));
            }
            let lacking = (self.size(first) + beyond).saturating_sub(self.size(second));
            let second = if beyond > self.few() {
                Second { figure: second, how: How::Beyond, people: beyond }
            } else if lacking > self.few() {
                Second { figure: second, how: How::Lacking, people: lacking }
            } else {
                // They are nearly the same people, and say the same.
                continue;
            };
            asked.extend(self.ask(&mut next, second));
        }
        asked.push(next);
    }

    /// Notes some of the people by whom a figure differs from the first. Gives what was noted before where that is enough
    /// at once.
    fn ask(&self, asked: &mut Asked, second: Second) -> Option<Asked> {
        let (own, other) = (self.people(asked.first), self.people(second.figure));
        let (one, without) = if second.how == How::Beyond { (other, own) } else { (own, other) };
        let least = usize::try_from(self.few()).unwrap_or(usize::MAX).saturating_add(1);
        // Those of the new figure who are looked at are not beyond it.
        let from = if second.how == How::Beyond { asked.of_first } else { 0 };
        let held = asked.people[from..].iter().filter(|&&person| one.contains(person) && !without.contains(person));
        let known = held.take(least).count();
        let mut full = None;
        if known < least {
            let mut next: Vec<u32> = spread(one, WITNESSES).filter(|&person| !without.contains(person)).collect();
            if next.len() < least {
                next = spread(&(one - without), WITNESSES.max(least)).collect();
            }
            if asked.people.len() > asked.of_first + ASKED {
                let people = asked.people[..asked.of_first].to_vec();
                full = Some(std::mem::replace(asked, Asked { people, seconds: Vec::new(), ..*asked }));
            }
            next.retain(|person| !asked.people.contains(person));
            asked.people.append(&mut next);
        }
        asked.seconds.push(second);
        full
    }

    /// Figures that hold the people by whom one differs from the first, and stand beside that one or the first.
    fn beside(&self, asked: &Asked, held: &Holders, found: &mut Vec<Vec<usize>>) -> Option<()> {
        let first = asked.first;
        let held = Marks::of(&asked.people, held, self.figures.len());
        let holder = |(figure, row): (usize, Row<'_>)| Holder {
            size: self.size(figure),
            figure,
            held: row.len_before(asked.of_first),
        };
        let mut holders: Vec<Holder> = held.rows().map(holder).filter(|holder| holder.held > 0).collect();
        holders.sort_unstable_by_key(|holder| (holder.size, holder.figure));
        let mut thirds: Vec<(u64, usize, Row<'_>)> =
            held.rows().map(|(third, row)| (self.size(third).saturating_add(self.few()), third, row)).collect();
        thirds.sort_unstable_by_key(|&(most, third, _)| (Reverse(most), third));
        for second in &asked.seconds {
            let (whose, not) = if second.how == How::Beyond { (second.figure, first) } else { (first, second.figure) };
            let missing = held.only(whose, not);
            let thirds = &thirds[..thirds.partition_point(|&(most, ..)| most >= second.people)];
            self.compare(thirds.len())?;
            for &(_, third, row) in thirds {
                let fits = row.lacks_at_most(&missing, self.few()) && third != second.figure && third != first;
                // What has the missing people stands beside whichever figure has them not.
                if fits && self.may_tell(&[not, third], &[whose]) {
                    self.fourth([not, third], whose, (&held, &holders, asked.of_first), found)?;
                }
            }
        }
        Some(())
    }

    /// Figures that are nearly `a` and `b` together without `c`, by how many of the first people each of `holders` holds.
    fn fourth(
        &self,
        [a, b]: [usize; 2],
        c: usize,
        (held, holders, of_first): (&Marks, &[Holder], usize),
        found: &mut Vec<Vec<usize>>,
    ) -> Option<()> {
        // Of the few who are left over each may be in both figures of a side.
        let (few, differing) = (self.few().saturating_mul(2), self.few().saturating_mul(3));
        let together = self.size(a).saturating_add(self.size(b));
        let (least, most) = (together.saturating_sub(few), together.saturating_add(few));
        let sizes = least.saturating_sub(self.size(c))..=most.saturating_sub(self.size(c));
        let rows = [a, b, c].map(|figure| held.row(figure));
        let must_hold = Row::len_left([rows[0], rows[1]], rows[2], of_first).saturating_sub(self.few());
        let mut look = |d: usize| {
            let new = [a, b, c, d].map(|figure| self.figures[figure].member.new);
            let sketch = |figure: usize| self.figures[figure].sketch;
            if ![a, b, c].contains(&d)
                && new.iter().any(Option::is_none)
                && self.may_tell(&[a, b], &[c, d])
                && Row::are_near_together([rows[0], rows[1]], [rows[2], held.row(d)], self.few())
                && Sketch::may_be_near_together([sketch(a), sketch(b)], [sketch(c), sketch(d)], differing)
                && ![(a, d), (b, c), (b, d)].into_iter().any(|(one, other)| self.are_nearly_the_same(one, other))
                && self.tells([a, b], [c, d])
            {
                found.push(new.into_iter().flatten().collect());
            }
        };
        if must_hold == 0 {
            let near = self.of_sizes(*sizes.start(), *sizes.end());
            self.compare(near.len())?;
            near.for_each(look);
            return Some(());
        }
        let from = holders.partition_point(|holder| holder.size < *sizes.start());
        let near = holders[from..].iter().take_while(|holder| holder.size <= *sizes.end());
        let mut looked = 0;
        near.inspect(|_| looked += 1).filter(|near| near.held >= must_hold).for_each(|near| look(near.figure));
        self.compare(looked)
    }

    /// Whether neither has more than a few people beyond the other: these say the same, and the other two differ by as
    /// much as all four.
    fn are_nearly_the_same(&self, one: usize, other: usize) -> bool {
        let beyond = |one: usize, other: usize| self.people(one).difference_len(self.people(other));
        self.size(one).abs_diff(self.size(other)) <= self.few()
            && beyond(one, other) <= self.few()
            && beyond(other, one) <= self.few()
    }

    /// Whether the few people by whom two figures differ from two others cannot be whatever so few may be: those whom the
    /// one side has more often than the other, or those whom the other has.
    fn tells(&self, one: [usize; 2], other: [usize; 2]) -> bool {
        let ([a, b], [c, d]) = (one.map(|figure| self.people(figure)), other.map(|figure| self.people(figure)));
        let (either, or, both, twice) = (a | b, c | d, a & b, c & d);
        let most = self.few().saturating_mul(2);
        if either.symmetric_difference_len(&or) > most || both.symmetric_difference_len(&twice) > most {
            return false;
        }
        let times =
            |[a, b]: [&RoaringBitmap; 2], person: u32| [a, b].iter().filter(|p| p.contains(person)).count() as u64;
        let (mut more, mut less) = (Vec::new(), Vec::new());
        for person in &((either ^ or) | (both ^ twice)) {
            let (here, there) = (times([a, b], person), times([c, d], person));
            match here.cmp(&there) {
                Ordering::Greater => more.push((person, (here - there) * HUNDREDTHS)),
                Ordering::Less => less.push((person, (there - here) * HUNDREDTHS)),
                Ordering::Equal => {}
            }
        }
        let (more, less) = (Quantity::of_sums(more), Quantity::of_sums(less));
        let tells = |wholes: &[usize], parts: &[usize], rest: &Quantity, beyond: &Quantity| {
            let excess = beyond.hundredths() / HUNDREDTHS;
            let spread = Spread { excess, ..self.spread(wholes, parts) };
            rest.len() <= self.few() && excess <= self.few() && self.allowed.tells(rest, spread)
        };
        tells(&one, &other, &more, &less) || tells(&other, &one, &less, &more)
    }

    /// Whether a difference of these can tell anything, whatever else is added.
    fn may_tell(&self, wholes: &[usize], parts: &[usize]) -> bool {
        self.allowed.may_tell_at_all(self.spread(wholes, parts))
    }

    fn spread(&self, wholes: &[usize], parts: &[usize]) -> Spread {
        let spread = wholes.iter().fold(Spread::NONE, |spread, &whole| spread.and(self.figures[whole].whole));
        parts.iter().fold(spread, |spread, &part| spread.and(self.figures[part].part))
    }

    /// The most people whom a relation that tells of few leaves over.
    fn few(&self) -> u64 {
        self.allowed.few()
    }

    fn compare(&self, figures: usize) -> Option<()> {
        self.effort.spend(figures.div_ceil(COMPARED)).then_some(())
    }

    #[inline]
    fn size(&self, figure: usize) -> u64 {
        self.figures[figure].size
    }

    fn people(&self, figure: usize) -> &'a RoaringBitmap {
        self.figures[figure].member.quantity.people()
    }

    fn of_sizes(&self, least: u64, most: u64) -> Range<usize> {
        let below = |most: u64| self.figures.partition_point(|figure| figure.size < most);
        below(least)..below(most.saturating_add(1))
    }

    /// The figures that hold each of these people.
    fn holders<'p>(&self, people: impl Iterator<Item = &'p [u32]>) -> Holders {
        let all: RoaringBitmap = people.flatten().copied().collect();
        let mut holders: Vec<(u32, Vec<usize>)> = all.iter().map(|person| (person, Vec::new())).collect();
        for figure in 0..self.figures.len() {
            let mut next = 0;
            for person in &all & self.people(figure) {
                next += holders[next..].partition_point(|(before, _)| *before < person);
                holders[next].1.push(figure);
            }
        }
        Holders(holders)
    }
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use proptest::prelude::*;
    use roaring::MultiOps as _;

    use super::*;
    use crate::bounds::Interval;

    const UNIVERSE: usize = 140;

    /// A set of people, how far its bounds lie from its size, and whether it is new.
    type Drawn = (RoaringBitmap, (u64, u64), bool);

    /// Four sets made of four that have nobody in common, and of a fifth that is in all of them, so that two of them are
    /// nearly the other two, and others.
    fn figures() -> impl Strategy<Value = Vec<Drawn>> {
        let places = prop::collection::vec(0usize..6, UNIVERSE);
        let sizes = (prop::collection::vec(0usize..80, 4), prop_oneof![Just(0), 0usize..80]);
        let sizes = sizes.prop_map(|(four, in_all)| [four.as_slice(), &[in_all]].concat());
        let noise = prop::collection::vec((0usize..4, 0..UNIVERSE as u32), 0..12);
        let others = prop::collection::vec(prop::collection::btree_set(0..UNIVERSE as u32, 1..60), 0..4);
        let said = prop::collection::vec(((0u64..2, 0u64..2), any::<bool>()), 8);
        (places, sizes, noise, others, said).prop_map(|(places, sizes, noise, others, said)| {
            let mut atoms = vec![RoaringBitmap::new(); 5];
            for (person, place) in (0..).zip(places).filter(|(_, place)| *place < 5) {
                if (atoms[place].len() as usize) < sizes[place] {
                    atoms[place].insert(person);
                }
            }
            let mut sets: Vec<RoaringBitmap> =
                [(0, 1), (2, 3), (0, 2), (1, 3)].map(|(a, b)| [&atoms[a], &atoms[b], &atoms[4]].union()).into();
            for (set, person) in noise {
                if !sets[set].remove(person) {
                    sets[set].insert(person);
                }
            }
            sets.extend(others.into_iter().map(|people| people.into_iter().collect()));
            sets.into_iter().zip(said).map(|(people, (bounds, new))| (people, bounds, new)).collect()
        })
    }

    fn member((people, (down, up), new): &Drawn, place: usize) -> Member {
        let truth = people.len();
        let known = Interval { low: truth.saturating_sub(*down), high: Some(truth + up) };
        Member::of(Rc::new(Quantity::of_people(people.clone())), known, new.then_some(place))
    }

    /// Whether some two figures tell too much beside some two others, each of which differs from them by more than a few:
    /// all are tried, one by one.
    fn some_tell(figures: &[Drawn], members: &[Member], allowed: Allowed) -> bool {
        let (n, few) = (figures.len(), allowed.few());
        let set = |figure: usize| &figures[figure].0;
        let differ = |a: usize, c: usize| set(a).symmetric_difference_len(set(c)) > 2 * few;
        let pairs: Vec<(usize, usize)> = (0..n).flat_map(|a| (a + 1..n).map(move |b| (a, b))).collect();
        pairs.iter().any(|&(a, b)| {
            pairs.iter().filter(|&&(c, d)| ![c, d].contains(&a) && ![c, d].contains(&b)).any(|&(c, d)| {
                let of = [a, b, c, d];
                let counts = of.iter().any(|&f| figures[f].2) && of.iter().any(|&f| !figures[f].2);
                let large = of.iter().all(|&f| set(f).len() > few);
                let differing = differ(a, c) && differ(a, d) && differ(b, c) && differ(b, d);
                let net = |person: u32| {
                    let count = |f: usize| i32::from(set(f).contains(person));
                    count(a) + count(b) - count(c) - count(d)
                };
                let nets = || (0..UNIVERSE as u32).map(|person| (person, net(person)));
                let rest: Vec<(u32, u64)> =
                    nets().filter(|(_, net)| *net > 0).map(|(p, net)| (p, net as u64 * HUNDREDTHS)).collect();
                let excess: u64 =
                    nets().filter(|(_, net)| *net < 0).map(|(_, net)| u64::from(net.unsigned_abs())).sum();
                let spread = Spread::NONE.beside(&members[a]).beside(&members[b]).with(&members[c]).with(&members[d]);
                counts
                    && large
                    && differing
                    && rest.len() as u64 <= few
                    && excess <= few
                    && allowed.tells(&Quantity::of_sums(rest), Spread { excess, ..spread })
            })
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(3000))]
        #[test]
        fn a_relation_of_two_with_two_is_found_where_there_is_one(figures in figures(), few in 2u64..10) {
            let allowed = Allowed {
                threshold: few + 1, least: HUNDREDTHS, most: few * HUNDREDTHS, block: 5 * HUNDREDTHS,
            };
            let members: Vec<Member> = figures.iter().zip(0..).map(|(figure, place)| member(figure, place)).collect();
            let sketches: Vec<Sketch> = figures.iter().map(|(people, ..)| Sketch::of(people)).collect();
            let mut known: Vec<Figure<'_>> =
                members.iter().zip(&sketches).map(|(member, sketch)| Figure::of(member, sketch)).collect();
            known.retain(|figure| figure.size > few);
            known.sort_by_key(|figure| figure.size);
            let effort = Effort::new();
            prop_assert!(effort.begin());
            let twos = Twos { figures: known, allowed, effort: &effort };
            let found = !twos.relations().unwrap().is_empty();
            prop_assert!(found || !some_tell(&figures, &members, allowed), "a relation was missed");
        }
    }

    #[test]
    fn whoever_is_left_over_twice_is_one_person_from_either_side() {
        // Nine people are left over, two of them in both of the two, which makes eleven.
        let of = |ranges: &[std::ops::Range<u32>]| -> RoaringBitmap { ranges.iter().cloned().flatten().collect() };
        let (a, b) = (of(&[0..8, 21..28, 41..44]), of(&[8..21, 28..41, 41..43, 44..50]));
        let drawn: Vec<Drawn> =
            [a, b, (0..21).collect(), (21..41).collect()].map(|people| (people, (0, 0), false)).into();
        let allowed = Allowed { threshold: 10, least: HUNDREDTHS, most: 9 * HUNDREDTHS, block: 5 * HUNDREDTHS };
        for new in 0..4 {
            let drawn: Vec<Drawn> =
                drawn.iter().enumerate().map(|(n, (people, known, _))| (people.clone(), *known, n == new)).collect();
            let members: Vec<Member> = drawn.iter().zip(0..).map(|(figure, place)| member(figure, place)).collect();
            assert!(some_tell(&drawn, &members, allowed));
            let sketches: Vec<Sketch> = drawn.iter().map(|(people, ..)| Sketch::of(people)).collect();
            let mut figures: Vec<Figure<'_>> =
                members.iter().zip(&sketches).map(|(member, sketch)| Figure::of(member, sketch)).collect();
            figures.sort_by_key(|figure| figure.size);
            let effort = Effort::new();
            assert!(effort.begin());
            let twos = Twos { figures, allowed, effort: &effort };
            assert!(!twos.relations().unwrap().is_empty(), "{new}");
        }
    }

    #[test]
    fn there_are_relations_to_be_found() {
        use proptest::strategy::ValueTree as _;
        let mut runner = proptest::test_runner::TestRunner::deterministic();
        let allowed = Allowed { threshold: 10, least: HUNDREDTHS, most: 9 * HUNDREDTHS, block: 5 * HUNDREDTHS };
        let told = (0..500).filter(|_| {
            let figures = figures().new_tree(&mut runner).unwrap().current();
            let members: Vec<Member> = figures.iter().zip(0..).map(|(figure, place)| member(figure, place)).collect();
            some_tell(&figures, &members, allowed)
        });
        let told = told.count();
        assert!(told > 50, "{told} of 500 tell");
    }
}
