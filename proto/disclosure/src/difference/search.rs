//! Finds whether any relation of a whole with parts tells too much.
//!
//! All relations are found, not some. Whatever is still to be chosen leaves no more than a few of the people in no part;
//! so of any set of so many people and one more, some part that holds one of them is in it. At each step such people are
//! looked for whom few parts hold, and only these parts are tried. Parts that would leave the bounds too wide to tell
//! anything are not tried, nor what was left over before by figures that bound it no worse. Which people are looked at, and
//! what is left out because it can come to nothing, changes how long it takes and not what is found. The search is limited
//! in steps, never in time; beyond the limit the answer is *too many*.

use std::rc::Rc;

use roaring::RoaringBitmap;

use super::effort::Effort;
use super::probes::{Bits, Probes};
use super::quantity::Quantity;
use super::relation::{Allowed, Loose, Member, Side, Spread};
use super::seen::{Seen, State};

/// The most steps of one search.
const MAX_STEPS: usize = 4096;
/// To ask which probes a part holds takes the time of so many looks at it.
const PROBED: usize = 16;
/// Where more parts than these could be next, people are looked for whom fewer hold.
const FEW_PARTS: usize = 32;

/// What a search found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// No relation tells too much.
    Nothing,
    /// One does, of these new figures. Each would tell nothing if no more were said of it than lies between its bounds:
    /// what follows for it from the other figures, whatever fewer people than the threshold contribute.
    Relation(Vec<Loose>),
    /// There are more than can be looked at.
    TooMany,
}

/// A figure with those that may be its parts, to be searched.
pub(super) struct Searched<'a> {
    whole: &'a Member,
    // The largest first: few large parts make a relation sooner than many small ones.
    parts: Vec<&'a Member>,
    probes: Rc<Probes>,
    allowed: Allowed,
    effort: &'a Effort,
}

impl<'a> Searched<'a> {
    pub(super) fn new(whole: &'a Member, mut parts: Vec<&'a Member>, allowed: Allowed, effort: &'a Effort) -> Self {
        let allowed = allowed.of(whole);
        parts.sort_by_key(|part| std::cmp::Reverse(part.people()));
        let all: Vec<usize> = (0..parts.len()).collect();
        let probes = Rc::new(Probes::of(whole.quantity.people(), &parts, &all));
        // Where that was too much, the search does not begin.
        effort.spend(parts.len().saturating_mul(PROBED));
        Self { whole, parts, probes, allowed, effort }
    }

    /// Searches the relations in which some figure is new and some is old.
    pub(super) fn all(&self) -> Found {
        self.search(None, &(0..self.parts.len()).collect::<Vec<_>>())
    }

    /// For each new part, searches the relations with it and without any that came before. Gives its place among the new
    /// figures, and what was found.
    pub(super) fn by_new_part(&self) -> impl Iterator<Item = (usize, Found)> + '_ {
        let mut parts: Vec<usize> = (0..self.parts.len()).collect();
        let new = self.parts.iter().enumerate().filter_map(|(place, part)| Some((place, part.new?)));
        new.map(move |(place, new)| {
            parts.retain(|&other| other != place);
            (new, self.search(Some(self.parts[place]), &parts))
        })
    }

    fn search(&self, first: Option<&'a Member>, parts: &[usize]) -> Found {
        let (whole, allowed, effort) = (self.whole, self.allowed, self.effort);
        let (mut left, mut excess) = (whole.quantity.as_ref().clone(), 0);
        if let Some(first) = first {
            (left, excess) = left.without(&first.quantity);
        }
        let all = || parts.iter().map(|&place| &*self.parts[place].quantity);
        if !left.counts_people() && left.short_of(all()) > allowed.few() {
            return Found::Nothing;
        }
        let chosen: Vec<&Member> = first.into_iter().collect();
        let spread = chosen.iter().fold(Spread::of(whole), |spread, part| spread.with(part));
        let spread = Spread { excess, ..spread };
        let (print, live) = (left.fingerprint(), self.probes.within(left.people()));
        for side in [Side::Below, Side::Above] {
            let (chosen, seen) = (chosen.clone(), Seen::default());
            let mut search =
                Search { whole, parts: &self.parts, allowed, effort, side, steps: MAX_STEPS, chosen, seen };
            let from = Left { print, quantity: left.clone(), live, fresh: first.is_none() };
            match search.go(from, &self.probes, parts, spread) {
                Ok(()) => {}
                Err(End::Relation(relation)) => return Found::Relation(relation),
                Err(End::TooMany) => return Found::TooMany,
            }
        }
        Found::Nothing
    }
}

struct Search<'a> {
    whole: &'a Member,
    // The largest first.
    parts: &'a [&'a Member],
    allowed: Allowed,
    effort: &'a Effort,
    side: Side,
    /// That may still be taken.
    steps: usize,
    chosen: Vec<&'a Member>,
    seen: Seen,
}

/// Why a search ends before everything was looked at.
enum End {
    Relation(Vec<Loose>),
    TooMany,
}

/// What is in no chosen part.
struct Left {
    quantity: Quantity,
    /// Tells it from whatever else is left.
    print: u128,
    /// The probes in it.
    live: Bits,
    /// Whether the probes were chosen for just this.
    fresh: bool,
}

impl<'a> Search<'a> {
    /// `parts` are those that may still be chosen, as far as the probes tell.
    fn go(&mut self, mut left: Left, probes: &Rc<Probes>, parts: &[usize], spread: Spread) -> Result<(), End> {
        self.steps = self.steps.checked_sub(1).ok_or(End::TooMany)?;
        self.spend(parts.len().saturating_add(1))?;
        let few = self.allowed.few();
        if !self.each_matters() {
            return Ok(());
        }
        if left.quantity.len() <= few && self.counts() && self.allowed.tells(&left.quantity, spread) {
            return Err(End::Relation(self.allowed.loose(self.whole, &self.chosen, spread.excess)));
        }
        let may_rest = self.may_rest(spread);
        let may_fit =
            |&place: &usize| self.room(place, spread).is_some_and(|room| probes.held(place).beyond(&left.live) <= room);
        let mut parts: Vec<usize> = parts.iter().copied().filter(may_fit).collect();
        let mut covered = held(probes, &parts);
        let uncovered = left.live.beyond(&covered);
        if uncovered > may_rest || !self.may_count(&parts) {
            return Ok(());
        }
        if !self.seen.is_new(left.print, State::of(spread, self.has(true), self.has(false), &parts)) {
            return Ok(());
        }
        // So many people cannot all be left over.
        let mut many = may_rest - uncovered + 1;
        let (mut probes, mut next) = (Rc::clone(probes), probes.holders(left.live, &parts, many));
        if !left.fresh && (next.len() > FEW_PARTS || left.live.and(covered).len() < many) {
            parts.retain(|&place| self.fits(place, &left.quantity, spread));
            self.spend(parts.len().saturating_mul(PROBED))?;
            probes = Rc::new(Probes::of(left.quantity.people(), self.parts, &parts));
            left.live = probes.within(left.quantity.people());
            covered = held(&probes, &parts);
            let uncovered = left.live.beyond(&covered);
            if uncovered > may_rest || !self.may_count(&parts) {
                return Ok(());
            }
            many = may_rest - uncovered + 1;
            next = probes.holders(left.live, &parts, many);
        }
        // Of a great threshold the probes are fewer people than may be left over, and tell nothing.
        if left.live.and(covered).len() < many && left.live.len() < left.quantity.len() {
            next.clone_from(&parts);
        }
        for place in next {
            parts.retain(|&other| other != place);
            // Then every relation with this part has been tried.
            if self.fits(place, &left.quantity, spread) {
                self.take(place, &left, &probes, &parts, spread)?;
            }
        }
        Ok(())
    }

    fn spend(&self, figures: usize) -> Result<(), End> {
        if self.effort.spend(figures) { Ok(()) } else { Err(End::TooMany) }
    }

    /// Goes on with one part chosen more.
    fn take(
        &mut self,
        place: usize,
        left: &Left,
        probes: &Rc<Probes>,
        parts: &[usize],
        spread: Spread,
    ) -> Result<(), End> {
        let part = self.parts[place];
        let (quantity, beyond) = left.quantity.without(&part.quantity);
        let spread = Spread { excess: spread.excess + beyond, ..spread.with(part) };
        let live = probes.within(quantity.people());
        self.chosen.push(part);
        let print = left.quantity.fingerprint_without(left.print, &part.quantity, &quantity);
        self.go(Left { quantity, print, live, fresh: false }, probes, parts, spread)?;
        self.chosen.pop();
        Ok(())
    }

    /// How many people of a part may lie beyond what is left; `None` where it would leave too much open anyway.
    fn room(&self, place: usize, spread: Spread) -> Option<u64> {
        let part = self.parts[place];
        let wider = spread.with(part);
        if !self.allowed.may_tell(self.side, wider) {
            return None;
        }
        // How much lies beyond is known only where people are counted.
        let limit = if part.counts_people() { self.allowed.excess_limit(self.side, wider) } else { 0 };
        limit.checked_sub(spread.excess)
    }

    /// Whether a part can be chosen beside others that leave this of the whole.
    fn fits(&self, place: usize, left: &Quantity, spread: Spread) -> bool {
        self.room(place, spread).is_some_and(|room| self.parts[place].quantity.lies_within(left, room))
    }

    /// How many people may be left over.
    fn may_rest(&self, spread: Spread) -> u64 {
        if self.whole.counts_people() && self.parts.iter().all(|part| part.counts_people()) {
            self.allowed.rest_limit(self.side, spread)
        } else {
            self.allowed.few()
        }
    }

    /// Whether the whole or a chosen part is new, or old.
    fn has(&self, new: bool) -> bool {
        std::iter::once(&self.whole).chain(&self.chosen).any(|figure| figure.new.is_some() == new)
    }

    /// Whether a relation between old and new figures can still come of it.
    fn may_count(&self, parts: &[usize]) -> bool {
        let may_have = |new: bool| self.has(new) || parts.iter().any(|&place| self.parts[place].new.is_some() == new);
        !parts.is_empty() && may_have(true) && may_have(false)
    }

    /// Whether every chosen part has somebody of the whole whom no other has: without it the others tell as much. Where
    /// amounts are added parts share people, none of them in excess, and all of them matter.
    fn each_matters(&self) -> bool {
        if !self.whole.counts_people() {
            return true;
        }
        let mut once = RoaringBitmap::new();
        let mut again = RoaringBitmap::new();
        for people in self.chosen.iter().filter(|part| part.counts_people()).map(|part| part.quantity.people()) {
            again |= &once & people;
            once |= people;
        }
        let own = &(once - again) & self.whole.quantity.people();
        self.chosen.iter().all(|part| !part.counts_people() || !part.quantity.people().is_disjoint(&own))
    }

    /// Whether the relation is between old and new figures.
    fn counts(&self) -> bool {
        !self.chosen.is_empty() && self.has(true) && self.has(false)
    }
}

/// The probes that any of these parts holds.
fn held(probes: &Probes, parts: &[usize]) -> Bits {
    let mut held = Bits::default();
    parts.iter().for_each(|&place| held.add(probes.held(place)));
    held
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::bounds::Interval;
    use crate::measure::HUNDREDTHS;

    /// A figure: per person an amount, how far its bounds lie from the truth, and whether it is new.
    type Figure = (BTreeMap<u32, u32>, (u64, u64), bool);

    fn figure(people: u32, most: u32) -> impl Strategy<Value = Figure> {
        let contributions = prop::collection::btree_map(0..people, 1..=most, 1..=people as usize);
        (contributions, (0u64..3, 0u64..3), any::<bool>())
    }

    fn member((of, (down, up), new): &Figure, place: usize) -> Member {
        let people: RoaringBitmap = of.keys().copied().collect();
        let amounts: Vec<u32> = of.values().copied().collect();
        let quantity = Quantity::of_amounts(&people, &amounts, HUNDREDTHS);
        let truth = quantity.hundredths() / HUNDREDTHS;
        let known = Interval { low: truth.saturating_sub(*down), high: Some(truth + up) };
        Member::of(Rc::new(quantity), known, new.then_some(place))
    }

    /// Whether some of the parts, each with somebody of its own, and the whole are a relation that tells too much: all
    /// choices are tried, one by one.
    fn some_tell(whole: &Member, parts: &[Member], allowed: Allowed) -> bool {
        (1u32..1 << parts.len()).any(|choice| {
            let chosen: Vec<&Member> = (0..parts.len()).filter(|n| choice >> n & 1 == 1).map(|n| &parts[n]).collect();
            let figures = || std::iter::once(&whole).chain(&chosen);
            let counts = figures().any(|f| f.new.is_some()) && figures().any(|f| f.new.is_none());
            let own = |n: usize| {
                let others = chosen.iter().enumerate().filter(|(other, _)| *other != n);
                let others = others.fold(RoaringBitmap::new(), |all, (_, part)| all | part.quantity.people());
                !((chosen[n].quantity.people() & whole.quantity.people()) - others).is_empty()
            };
            let mut left = (*whole.quantity).clone();
            let mut spread = Spread::of(whole);
            for part in &chosen {
                let (next, beyond) = left.without(&part.quantity);
                spread = Spread { excess: spread.excess + beyond, ..spread.with(part) };
                left = next;
            }
            // Where amounts are added, who is in excess depends on the order.
            let most = if figures().all(|f| f.counts_people()) { allowed.few() } else { 0 };
            let few = left.len() <= allowed.few() && spread.excess <= most;
            let each_matters = !whole.counts_people() || (0..chosen.len()).all(own);
            counts && few && each_matters && allowed.tells(&left, spread)
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(5000))]
        #[test]
        fn a_relation_is_found_where_there_is_one(
            (whole, mut parts) in (4u32..15, 1u32..4).prop_flat_map(|(people, most)| {
                (figure(people, most), prop::collection::vec(figure(people, most), 1..9))
            }),
            pieces in any::<bool>(), few in 2u64..5,
        ) {
            // Parts at random are hardly ever parts of the whole: half of the time they are cut to be.
            if pieces {
                for (place, (of, _, _)) in parts.iter_mut().enumerate() {
                    of.retain(|person, amount| {
                        let there = whole.0.get(person).copied().unwrap_or(0);
                        *amount = (*amount).min(there);
                        *amount > 0 && (person % 3 == place as u32 % 3 || person % 2 == place as u32 % 2)
                    });
                }
                parts.retain(|(of, _, _)| !of.is_empty());
            }
            let most = 3 * few * HUNDREDTHS;
            let allowed = Allowed { threshold: few + 1, least: HUNDREDTHS, most, block: 5 * HUNDREDTHS };
            let whole = member(&whole, parts.len());
            let parts: Vec<Member> = parts.iter().zip(0..).map(|(figure, place)| member(figure, place)).collect();
            let effort = Effort::new();
            prop_assert!(effort.begin());
            let searched = Searched::new(&whole, parts.iter().collect(), allowed, &effort);
            let found = if whole.new.is_some() {
                searched.all() != Found::Nothing
            } else {
                searched.by_new_part().any(|(_, found)| found != Found::Nothing)
            };
            prop_assert!(found || !some_tell(&whole, &parts, allowed), "a relation was missed");
        }
    }
}
