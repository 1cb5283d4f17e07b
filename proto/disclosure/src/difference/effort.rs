//! How much may be looked at for one comparison, counted in steps and never in time.

use std::cell::Cell;

/// How often a figure may be looked at while sums are searched for one round: about a quarter of a minute's work.
const ROUND: usize = 1 << 26;
/// And for all rounds of a comparison.
const ALL: usize = 4 * ROUND;

/// What may still be looked at.
pub(super) struct Effort {
    all: Cell<usize>,
    round: Cell<usize>,
}

impl Effort {
    pub(super) fn new() -> Self {
        Self { all: Cell::new(ALL), round: Cell::new(0) }
    }

    /// Begins a round; `false` where nothing more may be looked at.
    pub(super) fn begin(&self) -> bool {
        self.all.set(self.all.get() + self.round.take());
        self.round.set(ROUND.min(self.all.get()));
        self.all.set(self.all.get() - self.round.get());
        self.round.get() > 0
    }

    /// Looks at so many figures; whether as many might be looked at in this round.
    pub(super) fn spend(&self, figures: usize) -> bool {
        let left = self.round.get().checked_sub(figures);
        self.round.set(left.unwrap_or(0));
        left.is_some()
    }

    /// Whether no more may be looked at in this round.
    pub(super) fn is_spent(&self) -> bool {
        self.round.get() == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_share_what_there_is() {
        let effort = Effort::new();
        for _ in 0..3 {
            assert!(effort.begin() && effort.spend(ROUND - 1) && !effort.is_spent() && !effort.spend(2));
            assert!(effort.is_spent() && !effort.spend(1));
        }
        assert!(effort.begin() && effort.spend(5));
        assert!(effort.begin() && !effort.spend(ROUND - 4) && !effort.begin());
    }
}
