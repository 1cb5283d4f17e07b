//! Sums of released figures that come so close to another that they tell of a few people.
//!
//! A relation is a figure, the *whole*, and others, its *parts*, that together make it up but for a few: the *rest* of the
//! whole that is in no part, and the *excess* of the parts that is not in the whole or in several of them. Partitions
//! with a person missing, recoded bands, nested cohorts and totals less what was published are all of this form. The
//! bounds of the figures bound the difference, `whole − parts = rest − excess`, and with it rest and excess. Where one of
//! them is of fewer people than the threshold, the relation tells too much if its bounds exclude that it is of one person,
//! or are finer than a block of the grid. That they may exclude the greatest numbers below the threshold is the price of
//! answering at all: questions about one population, each in its own bands, are full of sums that are nearly equal.
//!
//! All relations are found, not some. At each step the people who are in no part yet are sorted into classes by the parts
//! that could still take them. A class of more people than a rest may hold has to be in some part, so only those parts are
//! tried for it; a smaller one may also stay in the rest. Parts that would leave the bounds too wide to tell anything are
//! not tried. The search is limited in steps, never in time; beyond the limit the answer is *too many*.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::rc::Rc;

use roaring::{MultiOps, RoaringBitmap};

use super::quantity::Quantity;
use crate::measure::HUNDREDTHS;

/// The most steps of one search.
pub(crate) const MAX_STEPS: usize = 2048;
/// The most parts that one search considers.
pub(crate) const MAX_PARTS: usize = 4096;

/// A released figure, or one that is to be.
#[derive(Clone)]
pub(crate) struct Member {
    pub(crate) quantity: Rc<Quantity>,
    /// What everybody knows of it, in hundredths.
    pub(crate) low: u64,
    pub(crate) high: u64,
    /// Its place among the new figures, for those that are new; only relations with a new figure count.
    pub(crate) new: Option<usize>,
}

impl Member {
    /// How much lower the truth might be, as far as everybody knows.
    fn down(&self) -> u64 {
        self.quantity.hundredths().saturating_sub(self.low)
    }

    /// How much higher.
    fn up(&self) -> u64 {
        self.high.saturating_sub(self.quantity.hundredths())
    }
}

/// What must stay possible of a few people's contribution.
#[derive(Clone, Copy)]
pub(crate) struct Allowed {
    /// The threshold.
    pub(crate) threshold: u64,
    /// The least that one person contributes, in hundredths.
    pub(crate) least: u64,
    /// The most that people below the threshold contribute, in hundredths.
    pub(crate) most: u64,
    /// What no figure is ever known finer than, in hundredths: a block of the grid.
    pub(crate) block: u64,
}

impl Allowed {
    /// The most people of a rest or an excess that is about few.
    fn few(&self) -> u64 {
        self.threshold - 1
    }

    /// The same number of people, in hundredths.
    fn few_people(&self) -> u64 {
        self.few().saturating_mul(HUNDREDTHS)
    }

    /// An upper bound below this is finer than a block.
    fn narrow(&self) -> u64 {
        self.block.min(self.most)
    }

    /// Whether a difference that may be so much less and so much more than it is in truth can tell anything of a rest or
    /// an excess of few people.
    fn may_tell(&self, below: u64, above: u64) -> bool {
        let room = |most: u64| most.saturating_sub(self.least).max(self.narrow());
        below < room(self.most) || above < room(self.few_people())
    }
}

/// A new figure of a relation, and the bounds, in hundredths, within which it is left open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Loose {
    pub(crate) new: usize,
    pub(crate) low: u64,
    pub(crate) high: u64,
}

/// What a search found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// No relation tells too much.
    Nothing,
    /// One does, of these new figures. Each would tell nothing if no more were said of it than lies between its bounds:
    /// what follows for it from the other figures, whatever fewer people than the threshold contribute.
    Relation(Vec<Loose>),
    /// There are too many to look at.
    TooMany,
}

/// Searches the relations of `whole` with any of `parts` in which some figure is new and some is old.
pub(crate) fn search(whole: &Member, parts: &[Member], allowed: Allowed) -> Found {
    let few = allowed.few();
    let parts: Vec<&Member> = parts.iter().filter(|part| allowed.may_tell(part.up(), part.down())).collect();
    if !whole.quantity.counts_people() && whole.quantity.short_of(parts.iter().map(|part| &*part.quantity)) > few {
        return Found::Nothing;
    }
    if parts.len() > MAX_PARTS {
        return Found::TooMany;
    }
    let all: Vec<usize> = (0..parts.len()).collect();
    let mut search = Search { whole, parts, allowed, steps: 0, chosen: Vec::new() };
    let start = Open { excess: 0, below: whole.down(), above: whole.up() };
    search.go(&whole.quantity, &all, &RoaringBitmap::new(), start)
}

/// How many people of a part may lie beyond the whole. How much beyond is known only where people are counted.
fn excess_limit(part: &Quantity, few: u64) -> u64 {
    if part.counts_people() { few } else { 0 }
}

struct Search<'a> {
    whole: &'a Member,
    parts: Vec<&'a Member>,
    allowed: Allowed,
    steps: usize,
    chosen: Vec<usize>,
}

/// How far the figures chosen so far determine their difference: `excess` people are in too many, and the difference may
/// be `below` less and `above` more than it is in truth, in hundredths.
#[derive(Clone, Copy)]
struct Open {
    excess: u64,
    below: u64,
    above: u64,
}

impl Open {
    fn with(self, part: &Member) -> Self {
        let (below, above) = (self.below.saturating_add(part.up()), self.above.saturating_add(part.down()));
        Self { below, above, ..self }
    }
}

impl Search<'_> {
    /// `left` is in no chosen part, of it `rest` never will be; `parts` are those that may still be chosen.
    fn go(&mut self, left: &Quantity, parts: &[usize], rest: &RoaringBitmap, open: Open) -> Found {
        self.steps += 1;
        if self.steps > MAX_STEPS {
            return Found::TooMany;
        }
        let few = self.allowed.few();
        if left.len() <= few && self.counts() && self.tells(left, open) {
            return Found::Relation(self.loose(open.excess));
        }
        let mut parts: Vec<usize> = parts.iter().copied().filter(|&place| self.fits(place, left, rest, open)).collect();
        if !self.may_count(&parts) {
            return Found::Nothing;
        }
        let covered: RoaringBitmap = parts.iter().map(|&place| self.parts[place].quantity.people()).union();
        let rest = (left.people() - covered) | rest;
        if rest.len() > few {
            return Found::Nothing;
        }
        let Some(class) = self.narrowest(left, &parts, &rest) else { return Found::Nothing };
        for place in class.parts {
            let part = self.parts[place];
            let (left, beyond) = left.without(&part.quantity);
            self.chosen.push(place);
            parts.retain(|&other| other != place);
            let open = open.with(part);
            let found = self.go(&left, &parts, &rest, Open { excess: open.excess + beyond, ..open });
            self.chosen.pop();
            if found != Found::Nothing {
                return found;
            }
            // Every relation with this part has been tried.
        }
        let rest = rest | &class.people;
        if rest.len() <= few { self.go(left, &parts, &rest, open) } else { Found::Nothing }
    }

    /// Whether a part can still be chosen.
    fn fits(&self, place: usize, left: &Quantity, rest: &RoaringBitmap, open: Open) -> bool {
        let part = self.parts[place];
        let at_most = excess_limit(&part.quantity, self.allowed.few()).saturating_sub(open.excess);
        let wider = open.with(part);
        self.allowed.may_tell(wider.below, wider.above)
            && part.quantity.people().is_disjoint(rest)
            && part.quantity.lies_within(left, at_most)
    }

    /// The class of people that the fewest parts can take: of those that some part has to take, if there are any.
    fn narrowest(&self, left: &Quantity, parts: &[usize], rest: &RoaringBitmap) -> Option<Class> {
        let few = self.allowed.few();
        let mut signs: HashMap<u32, u128> = HashMap::new();
        for &place in parts {
            let sign = sign(place);
            for person in left.people() & self.parts[place].quantity.people() {
                *signs.entry(person).or_default() ^= sign;
            }
        }
        let mut classes: HashMap<u128, (u64, u32)> = HashMap::new();
        for (&person, &sign) in &signs {
            let (size, first) = classes.entry(sign).or_insert((0, person));
            (*size, *first) = (*size + 1, person.min(*first));
        }
        let may_rest = few - rest.len();
        let taken =
            |first: u32| parts.iter().filter(move |&&place| self.parts[place].quantity.people().contains(first));
        let narrow =
            |&(sign, (size, first)): &(u128, (u64, u32))| (size <= may_rest, taken(first).count(), first, sign);
        let (sign, (_, first)) = classes.into_iter().min_by_key(narrow)?;
        let mut parts: Vec<usize> = taken(first).copied().collect();
        parts.sort_by_key(|&place| (Reverse(self.parts[place].quantity.len()), place));
        let people = signs.into_iter().filter(|(_, other)| *other == sign).map(|(person, _)| person).collect();
        Some(Class { people, parts })
    }

    /// Whether a relation between old and new figures can still come of it.
    fn may_count(&self, parts: &[usize]) -> bool {
        let some = |new: bool| {
            self.whole.new.is_some() == new
                || self.chosen.iter().chain(parts).any(|&place| self.parts[place].new.is_some() == new)
        };
        !parts.is_empty() && some(true) && some(false)
    }

    /// Whether the relation is between old and new figures.
    fn counts(&self) -> bool {
        let new = self.chosen.iter().filter(|&&place| self.parts[place].new.is_some()).count();
        let any_new = new > 0 || self.whole.new.is_some();
        let any_old = new < self.chosen.len() || self.whole.new.is_none();
        !self.chosen.is_empty() && any_new && any_old
    }

    /// Whether rest or excess, of fewer people than the threshold, cannot be everything that so few may be.
    fn tells(&self, rest: &Quantity, open: Open) -> bool {
        let Allowed { threshold, least, .. } = self.allowed;
        let Open { excess, below, above } = open;
        let (rest, people) = (rest.hundredths(), rest.len());
        let over = excess.saturating_mul(HUNDREDTHS);
        // difference = rest - over lies in truth - below ..= truth + above.
        let rest_low = rest.saturating_sub(over.saturating_add(below));
        let rest_high = rest.saturating_sub(over).saturating_add(above);
        let over_low = over.saturating_sub(rest.saturating_add(above));
        let over_high = over.saturating_sub(rest).saturating_add(below);
        let narrow = self.allowed.narrow();
        let rest_tells = people > 0 && people < threshold && (rest_low > least || excess == 0 && rest_high < narrow);
        let excess_tells = excess > 0 && excess < threshold && (over_low > least || people == 0 && over_high < narrow);
        rest_tells || excess_tells
    }

    /// The new figures, with what follows for each from the others and from nothing else.
    fn loose(&self, excess: u64) -> Vec<Loose> {
        let most = self.allowed.most;
        // Rest and excess may be of so much each, as far as anybody is to know; without excess there is none to know of.
        let over = if excess > 0 { self.allowed.few_people() } else { 0 };
        let parts: Vec<&Member> = self.chosen.iter().map(|&place| self.parts[place]).collect();
        let sum = |end: fn(&Member) -> u64, but: Option<usize>| {
            let others = parts.iter().filter(|part| but.is_none() || part.new != but);
            others.fold(0u64, |sum, part| sum.saturating_add(end(part)))
        };
        let whole = self.whole.new.map(|new| Loose {
            new,
            low: sum(|part| part.low, None).saturating_sub(over),
            high: sum(|part| part.high, None).saturating_add(most),
        });
        let of_part = |new: usize| Loose {
            new,
            low: self.whole.low.saturating_sub(sum(|part| part.high, Some(new))).saturating_sub(most),
            high: self.whole.high.saturating_add(over).saturating_sub(sum(|part| part.low, Some(new))),
        };
        whole.into_iter().chain(parts.iter().filter_map(|part| part.new).map(of_part)).collect()
    }
}

/// People of whom the same parts can take all.
struct Class {
    people: RoaringBitmap,
    parts: Vec<usize>,
}

/// A number of its own for each part (SplitMix64, twice), so that sums of them tell sets of parts apart.
fn sign(place: usize) -> u128 {
    let mixed = |seed: u64| {
        let mut z = (place as u64).wrapping_add(seed).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        u128::from(z ^ (z >> 31))
    };
    mixed(1) << 64 | mixed(1 << 32)
}
