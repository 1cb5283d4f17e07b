//! What each equation by itself tells about its figures, passed on until nothing moves: bounds in whole numbers, sound
//! wherever it stops.

use std::collections::VecDeque;

use super::revealed::{Equation, MOST, OPEN, Revealed};

/// The most times that equations are looked at, as a multiple of their number: a limit in steps.
const MAX_LOOKS: usize = 60;

/// The least and the most that every figure can be.
#[derive(Clone, Debug)]
pub(super) struct Bounds {
    pub(super) low: Vec<u64>,
    /// [`OPEN`] where nothing bounds it.
    pub(super) high: Vec<u64>,
}

/// A figure and the bounds that it had before they moved.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moved {
    pub(super) figure: usize,
    low: u64,
    high: u64,
}

impl Bounds {
    /// What the figures say by themselves.
    pub(super) fn own(revealed: &Revealed) -> Self {
        let (low, high) = revealed.figures.iter().map(|figure| (figure.low, figure.high)).unzip();
        Self { low, high }
    }

    pub(super) fn is_fixed(&self, figure: usize) -> bool {
        self.low[figure] == self.high[figure]
    }

    /// The least and the most that a figure can be.
    pub(super) fn range(&self, figure: usize) -> (u64, u64) {
        (self.low[figure], self.high[figure])
    }

    /// Tightens by the equations at these places; `None` where they contradict each other.
    pub(super) fn tighten(mut self, revealed: &Revealed, used: &[usize]) -> Option<Self> {
        if (0..self.low.len()).any(|figure| self.low[figure] > self.high[figure]) {
            return None;
        }
        let mut of_figure: Vec<Vec<usize>> = vec![Vec::new(); self.low.len()];
        for (place, &equation) in used.iter().enumerate() {
            revealed.equations[equation].figures().for_each(|figure| of_figure[figure].push(place));
        }
        let mut waiting: VecDeque<usize> = (0..used.len()).collect();
        let mut queued = vec![true; used.len()];
        let mut moved = Vec::new();
        for _ in 0..used.len().saturating_mul(MAX_LOOKS) {
            let Some(place) = waiting.pop_front() else { break };
            queued[place] = false;
            self.look(&revealed.equations[used[place]], &mut moved);
            for Moved { figure, .. } in moved.drain(..) {
                if self.low[figure] > self.high[figure] {
                    return None;
                }
                for &next in of_figure[figure].iter().filter(|&&next| next != place) {
                    if !std::mem::replace(&mut queued[next], true) {
                        waiting.push_back(next);
                    }
                }
            }
        }
        Some(self)
    }

    /// Lets the figures of one equation bound each other, and lists those that moved.
    pub(super) fn look(&mut self, equation: &Equation, moved: &mut Vec<Moved>) {
        match equation {
            Equation::Sum { total, parts } => self.look_at_sum(*total, parts, moved),
            Equation::Union { total, parts } => {
                let least = parts.iter().map(|&part| self.low[part]).max().unwrap_or(0);
                let (bounded, open) = self.most(parts);
                self.meet(*total, least, if open > 0 { OPEN } else { bounded }, moved);
                for &part in parts {
                    let least = self.left_by_others(*total, part, bounded, open);
                    self.meet(part, least, self.high[*total], moved);
                }
            }
            Equation::AtLeastOneEach { rows, people } => {
                self.meet(*rows, self.low[*people], OPEN, moved);
                self.meet(*people, 0, self.high[*rows], moved);
            }
            Equation::AtMostEach { amount, people, cap } => {
                self.meet(*amount, 0, self.high[*people].saturating_mul(*cap), moved);
                self.meet(*people, self.low[*amount].div_ceil(*cap.max(&1)), OPEN, moved);
            }
        }
    }

    fn look_at_sum(&mut self, total: usize, parts: &[usize], moved: &mut Vec<Moved>) {
        let (mut least, mut bounded, mut open, mut widest) = (0u64, 0u64, 0usize, 0u64);
        for &part in parts {
            let (low, high) = self.range(part);
            least += low;
            if high == OPEN {
                open += 1;
            } else {
                bounded += high;
                widest = widest.max(high.saturating_sub(low));
            }
        }
        self.meet(total, least, if open > 0 { OPEN } else { bounded }, moved);
        let (low, high) = self.range(total);
        // Parts give way to each other where none is wider than what the total leaves to all of them.
        let leaves_all = widest <= high.saturating_sub(least) && widest <= bounded.saturating_sub(low);
        if open == 0 && leaves_all && least <= high && low <= bounded || open > 1 && high == OPEN {
            return;
        }
        for &part in parts {
            // The sums are of the bounds before this look: sound, and later looks see the rest.
            let at_least = self.left_by_others(total, part, bounded, open);
            let others = least - self.low[part];
            let at_most = if self.high[total] == OPEN { OPEN } else { self.high[total].saturating_sub(others) };
            // Where the other parts alone exceed the total, there is nothing that this part can be.
            let at_least = if self.high[total] < others { at_least.max(1) } else { at_least };
            self.meet(part, at_least, at_most, moved);
        }
    }

    /// The sum of the most of those parts that are bounded, and how many are not.
    fn most(&self, parts: &[usize]) -> (u64, usize) {
        let highs = parts.iter().map(|&part| self.high[part]);
        highs.fold((0u64, 0), |(sum, open), high| if high == OPEN { (sum, open + 1) } else { (sum + high, open) })
    }

    /// The least that the total leaves to a part when all others are at their most.
    fn left_by_others(&self, total: usize, part: usize, bounded: u64, open: usize) -> u64 {
        let high = self.high[part];
        if open > usize::from(high == OPEN) {
            return 0;
        }
        let others = if high == OPEN { bounded } else { bounded - high };
        self.low[total].saturating_sub(others)
    }

    /// Takes a figure's bounds as no wider than these.
    pub(super) fn meet(&mut self, figure: usize, low: u64, high: u64, moved: &mut Vec<Moved>) {
        let before = (self.low[figure], self.high[figure]);
        // A bound beyond all populations is none, so that sums of sums stay within their numbers.
        let high = if high > MOST { OPEN } else { high };
        let (low, high) = (before.0.max(low.min(MOST)), before.1.min(high));
        if (low, high) != before {
            (self.low[figure], self.high[figure]) = (low, high);
            moved.push(Moved { figure, low: before.0, high: before.1 });
        }
    }

    /// Takes moves back, the last one first.
    pub(super) fn undo(&mut self, moved: impl Iterator<Item = Moved>) {
        for Moved { figure, low, high } in moved {
            (self.low[figure], self.high[figure]) = (low, high);
        }
    }
}
