//! Sums of released figures that come so close to another that they tell of a few people.
//!
//! A relation is a figure, the *whole*, and others, its *parts*, that together make it up but for a few: the *rest* of the
//! whole that is in no part, and the *excess* of the parts that is not in the whole or in several of them. Partitions
//! with a person missing, recoded bands, nested cohorts and totals less what was published are all of this form. The
//! bounds of the figures bound the difference, `whole − parts = rest − excess`, and with it rest and excess. Where one of
//! them is of fewer people than the threshold, the relation tells too much if its bounds exclude that it is of one person,
//! or are finer than a block of the grid. That they may exclude the greatest numbers below the threshold is the price of
//! answering at all: questions about one population, each in its own bands, are full of sums that are nearly equal.

use std::rc::Rc;

use super::quantity::Quantity;
use crate::bounds::Interval;
use crate::measure::HUNDREDTHS;

/// A released figure, or one that is to be.
#[derive(Clone)]
pub(crate) struct Member {
    pub(super) quantity: Rc<Quantity>,
    /// What everybody knows of it, in hundredths.
    pub(super) low: u64,
    pub(super) high: u64,
    /// Its place among the new figures, for those that are new; only relations with a new figure count.
    pub(super) new: Option<usize>,
    people: u64,
    hundredths: u64,
    counts_people: bool,
}

impl Member {
    /// A figure that is known to lie between these, in people, rows or whole units.
    pub(super) fn of(quantity: Rc<Quantity>, known: Interval, new: Option<usize>) -> Self {
        let (low, high) = hundredths(known);
        let (people, hundredths, counts_people) = (quantity.len(), quantity.hundredths(), quantity.counts_people());
        Self { quantity, low, high, new, people, hundredths, counts_people }
    }

    /// Whether everybody contributes a person, or one row.
    pub(super) fn counts_people(&self) -> bool {
        self.counts_people
    }

    /// How many people contribute.
    pub(super) fn people(&self) -> u64 {
        self.people
    }

    /// Whether the other is of the same people and their contributions.
    pub(super) fn is_twin(&self, other: &Self) -> bool {
        (self.people, self.hundredths) == (other.people, other.hundredths)
            && self.quantity.differing(&other.quantity) == 0
    }

    /// Takes what is known of a twin, in people, rows or whole units, as known of this.
    pub(super) fn learn(&mut self, twin: Interval) {
        let (low, high) = hundredths(twin);
        (self.low, self.high) = (self.low.max(low), self.high.min(high));
    }

    /// How much lower the truth might be, as far as everybody knows.
    fn down(&self) -> u64 {
        self.hundredths.saturating_sub(self.low)
    }

    /// How much higher.
    fn up(&self) -> u64 {
        self.high.saturating_sub(self.hundredths)
    }
}

/// An interval in hundredths.
fn hundredths(Interval { low, high }: Interval) -> (u64, u64) {
    (low.saturating_mul(HUNDREDTHS), high.map_or(u64::MAX, |high| high.saturating_mul(HUNDREDTHS)))
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

/// How far figures determine their difference: `excess` people are in too many parts, and the difference may be `below`
/// less and `above` more than it is in truth, in hundredths.
#[derive(Clone, Copy)]
pub(super) struct Spread {
    pub(super) excess: u64,
    pub(super) below: u64,
    pub(super) above: u64,
}

impl Spread {
    /// Of nothing.
    pub(super) const NONE: Self = Self { excess: 0, below: 0, above: 0 };

    /// Of a whole without parts.
    pub(super) fn of(whole: &Member) -> Self {
        Self::NONE.beside(whole)
    }

    /// With one whole more.
    pub(super) fn beside(self, whole: &Member) -> Self {
        let (below, above) = (self.below.saturating_add(whole.down()), self.above.saturating_add(whole.up()));
        Self { below, above, ..self }
    }

    /// With other figures besides.
    #[inline]
    pub(super) fn and(self, other: Self) -> Self {
        Self {
            excess: self.excess.saturating_add(other.excess),
            below: self.below.saturating_add(other.below),
            above: self.above.saturating_add(other.above),
        }
    }

    /// With one part more.
    #[inline]
    pub(super) fn with(self, part: &Member) -> Self {
        let (below, above) = (self.below.saturating_add(part.up()), self.above.saturating_add(part.down()));
        Self { below, above, ..self }
    }

    /// How far the difference may lie from the truth, people in excess aside.
    #[inline]
    fn on(self, side: Side) -> u64 {
        match side {
            Side::Below => self.below,
            Side::Above => self.above,
        }
    }
}

/// Which bound of a difference tells something: the lower tells that some are left over, or how few are in excess; the
/// upper how few are left over, or that some are in excess.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Below,
    Above,
}

impl Allowed {
    /// What must stay possible in relations of a whole: of a total one person may have more than the cap, which holds for
    /// each cell.
    pub(super) fn of(self, whole: &Member) -> Self {
        Self { most: whole.quantity.greatest().saturating_mul(self.few()).max(self.most), ..self }
    }

    /// The most people of a rest or an excess that is about few.
    pub(super) fn few(&self) -> u64 {
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

    /// How far a difference may lie on this side of the truth, in hundredths, before it can tell nothing of few people any
    /// more. Below it counts what is in excess, above it what is left over: each hides the other.
    pub(super) fn room(&self, side: Side) -> u64 {
        let most = match side {
            Side::Below => self.most,
            Side::Above => self.few_people(),
        };
        most.saturating_sub(self.least).max(self.narrow())
    }

    /// Whether a difference can still tell anything by what it excludes on this side.
    pub(super) fn may_tell(&self, side: Side, spread: Spread) -> bool {
        spread.on(side) < self.room(side)
    }

    /// Whether it can on either.
    pub(super) fn may_tell_at_all(&self, spread: Spread) -> bool {
        [Side::Below, Side::Above].into_iter().any(|side| self.may_tell(side, spread))
    }

    /// The most people that may be in excess where anything is to be told on this side.
    pub(super) fn excess_limit(&self, side: Side, spread: Spread) -> u64 {
        match side {
            Side::Below => self.people_within(self.room(side), spread.below),
            Side::Above => self.few(),
        }
    }

    /// The most people that may be left over where anything is to be told on this side.
    pub(super) fn rest_limit(&self, side: Side, spread: Spread) -> u64 {
        match side {
            Side::Below => self.few(),
            Side::Above => self.people_within(self.room(side), spread.above),
        }
    }

    /// How many people fewer than the threshold there is room for.
    fn people_within(&self, room: u64, taken: u64) -> u64 {
        (room.saturating_sub(taken).saturating_sub(1) / HUNDREDTHS).min(self.few())
    }

    /// Whether rest or excess, of fewer people than the threshold, cannot be everything that so few may be.
    pub(super) fn tells(&self, rest: &Quantity, spread: Spread) -> bool {
        let &Self { threshold, least, .. } = self;
        let Spread { excess, below, above } = spread;
        let (rest, people) = (rest.hundredths(), rest.len());
        let over = excess.saturating_mul(HUNDREDTHS);
        // difference = rest - over lies in truth - below ..= truth + above.
        let rest_low = rest.saturating_sub(over.saturating_add(below));
        let rest_high = rest.saturating_sub(over).saturating_add(above);
        let over_low = over.saturating_sub(rest.saturating_add(above));
        let over_high = over.saturating_sub(rest).saturating_add(below);
        let narrow = self.narrow();
        let rest_tells = people > 0 && people < threshold && (rest_low > least || excess == 0 && rest_high < narrow);
        let excess_tells = excess > 0 && excess < threshold && (over_low > least || people == 0 && over_high < narrow);
        rest_tells || excess_tells
    }

    /// The new figures of a relation, with what follows for each from the others and from nothing else.
    pub(super) fn loose(&self, whole: &Member, parts: &[&Member], excess: u64) -> Vec<Loose> {
        let most = self.most;
        // Rest and excess may be of so much each, as far as anybody is to know; without excess there is none to know of.
        // Whoever is in excess of amounts may be so by more than one.
        let all_count = whole.counts_people() && parts.iter().all(|part| part.counts_people());
        let over = match excess {
            0 => 0,
            _ if all_count => self.few_people(),
            _ => most,
        };
        let sum = |end: fn(&Member) -> u64, but: Option<usize>| {
            let others = parts.iter().filter(|part| but.is_none() || part.new != but);
            others.fold(0u64, |sum, part| sum.saturating_add(end(part)))
        };
        let of_whole = whole.new.map(|new| Loose {
            new,
            low: sum(|part| part.low, None).saturating_sub(over),
            high: sum(|part| part.high, None).saturating_add(most),
        });
        let of_part = |new: usize| Loose {
            new,
            low: whole.low.saturating_sub(sum(|part| part.high, Some(new))).saturating_sub(most),
            high: whole.high.saturating_add(over).saturating_sub(sum(|part| part.low, Some(new))),
        };
        of_whole.into_iter().chain(parts.iter().filter_map(|part| part.new).map(of_part)).collect()
    }
}

/// A new figure of a relation, and the bounds, in hundredths, within which it is left open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Loose {
    pub(crate) new: usize,
    pub(crate) low: u64,
    pub(crate) high: u64,
}

#[cfg(test)]
mod tests {
    use roaring::RoaringBitmap;

    use super::*;

    #[test]
    fn what_is_left_open_holds_the_truth_where_a_few_have_several_rows_in_excess() {
        let allowed = Allowed { threshold: 6, least: HUNDREDTHS, most: 10 * HUNDREDTHS, block: 5 * HUNDREDTHS };
        let member = |people: std::ops::Range<u32>, rows: u32, (low, high): (u64, u64), new: Option<usize>| {
            let people: RoaringBitmap = people.collect();
            let amounts = vec![rows; usize::try_from(people.len()).unwrap()];
            let quantity = Quantity::of_amounts(&people, &amounts, HUNDREDTHS);
            Member::of(Rc::new(quantity), Interval { low, high: Some(high) }, new)
        };
        // Six people with two rows each were released; the new figure has five more of them.
        for (rows, (least, most)) in [(2, (2, 22)), (1, (2, 17))] {
            let whole = member(0..6, rows, (12, 12), None);
            let part = member(0..11, rows, (0, 99), Some(0));
            let loose = allowed.of(&whole).loose(&whole, &[&part], 5);
            assert_eq!(loose, [Loose { new: 0, low: least * HUNDREDTHS, high: most * HUNDREDTHS }]);
        }
    }
}
