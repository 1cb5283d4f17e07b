//! States of a search that have been looked at, so that what can find no more is not looked at again.

use std::collections::HashMap;

use super::relation::Spread;

/// The words of memory for parts that are remembered; what would be more is looked at again.
const MAX_WORDS: usize = 1 << 20;

/// The states of a search that have been looked at.
///
/// From the same rest of a whole, figures that leave their difference wider can find no relation that narrower ones with
/// the same parts to choose from did not.
#[derive(Default)]
pub(super) struct Seen {
    /// By what is left of the whole, and how many people are in too many parts.
    states: HashMap<(u128, u64), Vec<State>>,
    words: usize,
}

/// How the same people were left.
pub(super) struct State {
    spread: Spread,
    /// Whether a new, and whether an old figure is among the chosen.
    new: bool,
    old: bool,
    /// The parts that may still be chosen, a bit for each.
    parts: Box<[u64]>,
}

impl State {
    pub(super) fn of(spread: Spread, new: bool, old: bool, parts: &[usize]) -> Self {
        let mut bits = vec![0u64; parts.last().map_or(0, |last| last / 64 + 1)];
        parts.iter().for_each(|place| bits[place / 64] |= 1 << (place % 64));
        Self { spread, new, old, parts: bits.into_boxed_slice() }
    }

    /// Whether whatever can be found from `other` could have been found from here.
    fn covers(&self, other: &Self) -> bool {
        let mine = self.parts.iter().copied().chain(std::iter::repeat(0));
        self.spread.below <= other.spread.below
            && self.spread.above <= other.spread.above
            && self.new >= other.new
            && self.old >= other.old
            && other.parts.iter().zip(mine).all(|(theirs, mine)| theirs & !mine == 0)
    }
}

impl Seen {
    /// Whether the state is new: nothing that was looked at before covers it. It counts as looked at from now on.
    pub(super) fn is_new(&mut self, left: u128, state: State) -> bool {
        let states = self.states.entry((left, state.spread.excess)).or_default();
        if states.iter().any(|seen| seen.covers(&state)) {
            return false;
        }
        if self.words < MAX_WORDS {
            self.words += state.parts.len();
            states.push(state);
        }
        true
    }
}
