//! What a total of people who may come under several of its parts tells: it is a union, and does not add up.
//!
//! Less one of its parts it is the number of people who are in the other parts only; the sum of the parts less it tells
//! how often people come again. Both are cells of the table, though nobody declared them, and either may be of a few people.
//! Whether one is, is told apart first: where it is, the total is said no finer than leaves every such number below the
//! threshold possible, and elsewhere both are of the threshold at least, whatever else the total says.
//!
//! Telling them apart takes nothing from the parts. Whatever they are within their ranges, they may overlap as little or as
//! much as sets can, so each outcome is open to all of them; where it might not be, nothing is told apart.

/// What lies between these, both included.
pub(super) type Range = (u64, u64);

/// One part of a total: what is public of it, and how many people are in it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part {
    pub(super) low: u64,
    pub(super) high: u64,
    pub(super) people: u64,
}

/// The parts of a total, listed by the people who cannot overlap.
#[derive(Clone, Debug)]
pub(super) struct Parts(pub(super) Vec<Vec<Part>>);

/// What is told apart of a total before it is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// Nobody can be in two parts: it is their sum.
    Sum,
    /// At least the threshold are in the other parts only, whichever one is left out, and come again at least as often.
    Settled,
    /// Fewer than the threshold are outside the largest part.
    FewBeside,
    /// Fewer times than the threshold somebody comes under another part too.
    FewAgain,
    /// Nothing: some parts within their ranges would leave no room for all of these.
    Nothing,
}

impl Parts {
    /// Whether somebody could be in two of them. Reads what is public alone.
    pub(super) fn may_overlap(&self) -> bool {
        self.0.iter().any(|separate| separate.iter().filter(|part| part.high > 0).count() > 1)
    }

    /// Whether the total `value` tells of few people, beside the largest part or again.
    pub(super) fn tell_of_few(&self, value: u64, threshold: u64) -> bool {
        self.may_overlap() && !matches!(self.told_by_truth(value, threshold), Told::Settled)
    }

    /// What is told apart of the total `value`.
    pub(super) fn told(&self, value: u64, threshold: u64) -> Told {
        let room = self.sum(|part| part.low) - self.largest(|part| part.low);
        if !self.may_overlap() {
            Told::Sum
        } else if room < threshold.saturating_mul(2) {
            Told::Nothing
        } else {
            self.told_by_truth(value, threshold)
        }
    }

    fn told_by_truth(&self, value: u64, threshold: u64) -> Told {
        if value.saturating_sub(self.largest(|part| part.people)) < threshold {
            Told::FewBeside
        } else if self.sum(|part| part.people).saturating_sub(value) < threshold {
            Told::FewAgain
        } else {
            Told::Settled
        }
    }

    /// What everybody knows of the total by its parts and what was told apart.
    pub(super) fn range(&self, told: Told, threshold: u64) -> Range {
        let (least, most) = (self.largest(|part| part.low), self.sum(|part| part.high));
        match told {
            Told::Sum | Told::Nothing => (least, most),
            Told::Settled => (least.saturating_add(threshold), most.saturating_sub(threshold)),
            Told::FewBeside => (least, most.min(self.largest(|part| part.high).saturating_add(threshold - 1))),
            Told::FewAgain => (least.max((self.sum(|part| part.low) + 1).saturating_sub(threshold)), most),
        }
    }

    /// The cuts `c` with `above < c <= to` leave all parts within their ranges possible on both sides.
    pub(super) fn free(&self, told: Told, threshold: u64) -> (u64, u64) {
        match told {
            Told::Settled => (
                self.largest(|part| part.high).saturating_add(threshold),
                self.sum(|part| part.low).saturating_sub(threshold),
            ),
            Told::Sum | Told::Nothing | Told::FewBeside | Told::FewAgain => (u64::MAX, 0),
        }
    }

    fn sum(&self, of: impl Fn(&Part) -> u64) -> u64 {
        self.0.iter().flatten().map(of).fold(0, u64::saturating_add)
    }

    /// The least that a union can be: the largest part of each list.
    fn largest(&self, of: impl Fn(&Part) -> u64) -> u64 {
        let largest = self.0.iter().map(|separate| separate.iter().map(&of).max().unwrap_or(0));
        largest.fold(0, u64::saturating_add)
    }
}
