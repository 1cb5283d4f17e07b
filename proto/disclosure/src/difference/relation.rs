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
//! All relations are found, not some: the first person of the whole that is in no part yet is put in every part that can
//! take it, or in the rest, until rest or excess are of too many people to matter. That is limited in steps, never in
//! time; beyond the limit the answer is *too many*, and the new figure is not released.

use std::rc::Rc;

use super::quantity::Quantity;

/// The most steps of one search.
pub(crate) const MAX_STEPS: usize = 4096;
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

/// What a search found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// No relation tells too much.
    Nothing,
    /// One does, of these new figures.
    Relation(Vec<usize>),
    /// There are too many to look at.
    TooMany,
}

/// Searches the relations of `whole` with any of `parts` in which some figure is new and some is old.
pub(crate) fn search(whole: &Member, parts: &[Member], allowed: Allowed) -> Found {
    let few = allowed.threshold - 1;
    let useful = |part: &&Member| {
        (part.up() < allowed.most || part.down() < allowed.most)
            && part.quantity.lies_within(&whole.quantity, excess_limit(&part.quantity, few))
    };
    let parts: Vec<&Member> = parts.iter().filter(useful).collect();
    let covered = parts.iter().fold(roaring::RoaringBitmap::new(), |all, part| all | part.quantity.people());
    if whole.quantity.people().difference_len(&covered) > few {
        return Found::Nothing;
    }
    let counts_people = whole.quantity.counts_people();
    if !counts_people && whole.quantity.short_of(parts.iter().map(|part| &*part.quantity)) > few {
        return Found::Nothing;
    }
    if parts.len() > MAX_PARTS {
        return Found::TooMany;
    }
    let mut search = Search { whole, parts, allowed, steps: 0, chosen: Vec::new(), rest: Vec::new() };
    search.go(&whole.quantity, 0, whole.down(), whole.up())
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
    /// People who stay in the rest.
    rest: Vec<u32>,
}

impl Search<'_> {
    /// `left` is in no chosen part; `excess` people are in too many; the difference of the figures may be `below` less and
    /// `above` more than it is in truth.
    fn go(&mut self, left: &Quantity, excess: u64, below: u64, above: u64) -> Found {
        self.steps += 1;
        if self.steps > MAX_STEPS {
            return Found::TooMany;
        }
        let few = self.allowed.threshold - 1;
        if left.len() <= few && self.counts() && self.tells(left, excess, below, above) {
            return Found::Relation(self.new_figures());
        }
        let Some(person) = left.people().iter().find(|person| !self.rest.contains(person)) else {
            return Found::Nothing;
        };
        for place in 0..self.parts.len() {
            let part = self.parts[place];
            if !part.quantity.people().contains(person) {
                continue;
            }
            let (below, above) = (below.saturating_add(part.up()), above.saturating_add(part.down()));
            if below >= self.allowed.most && above >= self.allowed.most {
                continue;
            }
            let takes_of_rest = self.rest.iter().any(|&person| part.quantity.people().contains(person));
            let at_most = excess_limit(&part.quantity, few).saturating_sub(excess);
            if takes_of_rest || !part.quantity.lies_within(left, at_most) {
                continue;
            }
            let (left, beyond) = left.without(&part.quantity);
            self.chosen.push(place);
            let found = self.go(&left, excess + beyond, below, above);
            self.chosen.pop();
            if found != Found::Nothing {
                return found;
            }
        }
        if (self.rest.len() as u64) < few {
            self.rest.push(person);
            let found = self.go(left, excess, below, above);
            self.rest.pop();
            return found;
        }
        Found::Nothing
    }

    /// Whether the relation is between old and new figures.
    fn counts(&self) -> bool {
        let new = self.chosen.iter().filter(|&&place| self.parts[place].new.is_some()).count();
        let any_new = new > 0 || self.whole.new.is_some();
        let any_old = new < self.chosen.len() || self.whole.new.is_none();
        !self.chosen.is_empty() && any_new && any_old
    }

    /// Whether rest or excess, of fewer people than the threshold, cannot be everything that so few may be.
    fn tells(&self, rest: &Quantity, excess: u64, below: u64, above: u64) -> bool {
        let Allowed { threshold, least, most, block } = self.allowed;
        let narrow = block.min(most);
        let (rest, people) = (rest.hundredths(), rest.len());
        let over = excess.saturating_mul(crate::measure::HUNDREDTHS);
        // difference = rest - over lies in truth - below ..= truth + above.
        let rest_low = rest.saturating_sub(over.saturating_add(below));
        let rest_high = rest.saturating_sub(over).saturating_add(above);
        let over_low = over.saturating_sub(rest.saturating_add(above));
        let over_high = over.saturating_sub(rest).saturating_add(below);
        let rest_tells = people > 0 && people < threshold && (rest_low > least || excess == 0 && rest_high < narrow);
        let excess_tells = excess > 0 && excess < threshold && (over_low > least || people == 0 && over_high < narrow);
        rest_tells || excess_tells
    }

    fn new_figures(&self) -> Vec<usize> {
        self.whole.new.into_iter().chain(self.chosen.iter().filter_map(|&place| self.parts[place].new)).collect()
    }
}
