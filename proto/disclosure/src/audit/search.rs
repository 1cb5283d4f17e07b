//! Tables in whole numbers with a figure at one end of its range, found by giving one figure after another a value and
//! following up each equation by itself.
//!
//! A table that is found shows of many figures at once that their ends stay possible: nothing can say more of those. An
//! assumption that contradicts the equations at once proves that the figure lies beyond it. Neither rounds anything. Where
//! neither comes about, nothing is said, and a programme may still be asked.

use std::collections::VecDeque;

use super::revealed::{Equation, MOST, OPEN, Revealed};
use super::tighten::{Bounds, Moved};

/// How far above its least value an unbounded figure is sought: beyond any population, and small enough that sums of
/// such values are no more than [`MOST`].
const FAR: u64 = 1 << 30;
/// Middles and needs are kept in such parts of one.
const PARTS: i64 = 16;
/// The most sums over one figure that are weighed.
const MAX_SUMS: usize = 8;

/// An end of a figure's range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Low,
    High,
}

impl End {
    pub(super) const BOTH: [Self; 2] = [Self::Low, Self::High];
}

/// Which of a figure's ends no table has shown yet, by [`End`].
pub(super) type Wanted = [bool; 2];

/// How much of what other figures leave may be used up to give a figure a wanted end, in eighths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Boldness(pub(super) u8);

/// What came of seeking a table with a figure at one end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dived {
    /// There is one: see [`Search::shows`].
    Table,
    /// There is none: the figure's bound has moved as far as the equations one by one say.
    Moved,
    /// Nothing is known.
    Lost,
}

/// The equations cannot all hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Contradiction;

/// What following up an assumption comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Taken {
    Holds,
    Contradicts,
    /// The steps did not suffice.
    Unknown,
}

/// A search, and what it has proved.
pub(super) struct Search<'a> {
    revealed: &'a Revealed,
    /// Per figure, the places of its equations.
    of_figure: &'a [Vec<usize>],
    // INVARIANT: proved wherever no assumption is held, which is when `moved` is empty.
    bounds: Bounds,
    /// What assumptions have moved.
    moved: Vec<Moved>,
    waiting: VecDeque<usize>,
    queued: Vec<bool>,
    /// Per figure its value in the last table found.
    table: Vec<u64>,
    /// Per figure the sum of its values in the tables found of this part, and how many they are.
    sums: Vec<u64>,
    tables: u64,
    /// Per figure its mean in these tables.
    means: Vec<i64>,
    /// The figure for which there was no value when a table was last sought in vain.
    stuck: Option<usize>,
    /// How many more times an equation is looked at.
    looks: usize,
}

impl<'a> Search<'a> {
    /// A search within bounds that are known, of at most so many looks at equations.
    pub(super) fn new(revealed: &'a Revealed, of_figure: &'a [Vec<usize>], bounds: Bounds, looks: usize) -> Self {
        let figures = bounds.low.len();
        Self {
            revealed,
            of_figure,
            bounds,
            moved: Vec::new(),
            waiting: VecDeque::new(),
            queued: vec![false; revealed.equations.len()],
            table: vec![0; figures],
            sums: vec![0; figures],
            tables: 0,
            means: vec![0; figures],
            stuck: None,
            looks,
        }
    }

    /// What is proved.
    pub(super) fn bounds(&self) -> &Bounds {
        &self.bounds
    }

    /// Whether the steps are used up.
    pub(super) fn is_over(&self) -> bool {
        self.looks == 0
    }

    /// The figure that was in the way when a table was last sought in vain.
    pub(super) fn stuck(&self) -> Option<usize> {
        self.stuck
    }

    /// Forgets the tables found, which say nothing of a part that shares no figure with those before.
    pub(super) fn begin(&mut self) {
        self.sums.fill(0);
        self.tables = 0;
        self.stuck = None;
    }

    /// The last table found, if there is one of this part.
    pub(super) fn table(&self) -> Option<&[u64]> {
        (self.tables > 0).then_some(self.table.as_slice())
    }

    /// Whether the last table found has the figure at this end.
    pub(super) fn shows(&self, figure: usize, end: End) -> bool {
        match (end, self.bounds.high[figure]) {
            (End::Low, _) => self.table[figure] == self.bounds.low[figure],
            (End::High, OPEN) => self.table[figure] >= FAR,
            (End::High, high) => self.table[figure] == high,
        }
    }

    /// Seeks a table, with the pivot at its end if there is a pivot, and with as many others at ends that are wanted of
    /// them as boldness allows.
    pub(super) fn dive(
        &mut self,
        pivot: Option<(usize, End)>,
        others: &[(usize, Wanted)],
        boldness: Boldness,
    ) -> Result<Dived, Contradiction> {
        // Going through the figures is work, too, even where it soon ends.
        self.looks = self.looks.saturating_sub(others.len() / 8);
        if let Some((figure, end)) = pivot {
            let taken = self.assume(figure, end, 0);
            if taken != Taken::Holds {
                self.undo_to(0);
                self.stuck = None;
                return match taken {
                    Taken::Contradicts => self.beyond(figure, end).map(|()| Dived::Moved),
                    Taken::Holds | Taken::Unknown => Ok(Dived::Lost),
                };
            }
        }
        let all = pivot.map(|(figure, _)| (figure, [false; 2])).into_iter().chain(others.iter().copied());
        self.stuck = None;
        for (figure, wanted) in all {
            if !self.bounds.is_fixed(figure) && !self.give(figure, wanted, boldness) {
                self.stuck = Some(figure);
                break;
            }
        }
        let found = self.stuck.is_none();
        if found {
            self.table.clone_from(&self.bounds.low);
            self.tables += 1;
            for (figure, _) in others {
                let sum = self.sums[*figure].saturating_add(self.table[*figure]);
                self.sums[*figure] = sum;
                self.means[*figure] = signed(
                    sum / self.tables * PARTS.unsigned_abs() + sum % self.tables * PARTS.unsigned_abs() / self.tables,
                );
            }
        }
        self.undo_to(0);
        Ok(if found { Dived::Table } else { Dived::Lost })
    }

    /// Takes bounds of a figure that are proved elsewhere, and what follows from them.
    pub(super) fn learn(&mut self, figure: usize, low: u64, high: u64) -> Result<(), Contradiction> {
        let taken = self.take(figure, low, high);
        self.moved.clear();
        if taken == Taken::Contradicts { Err(Contradiction) } else { Ok(()) }
    }

    /// Moves the bound of a figure, whose end contradicts the equations, for as long as they are contradicted at once: in
    /// steps that grow twofold until one is too long, and then shrink.
    fn beyond(&mut self, figure: usize, end: End) -> Result<(), Contradiction> {
        // An amount may lie anywhere beyond what it cannot be, a count at the next whole number at the nearest.
        let next = u64::from(self.revealed.figures[figure].whole);
        let (mut by, mut growing) = (0u64, true);
        loop {
            let taken = self.exclude(figure, end, by, next);
            self.moved.clear();
            match taken {
                Taken::Contradicts => return Err(Contradiction),
                Taken::Unknown => return Ok(()),
                Taken::Holds => {}
            }
            by = if growing { by * 2 + 1 } else { by };
            loop {
                let taken = self.assume(figure, end, by);
                self.undo_to(0);
                // An amount that cannot be at the whole number itself is at that end for all that can be said.
                if taken == Taken::Contradicts && by + next > 0 {
                    break;
                }
                growing = false;
                if by == 0 {
                    return Ok(());
                }
                by /= 2;
            }
        }
    }

    /// Assumes the figure to be within so much of its end.
    fn assume(&mut self, figure: usize, end: End, by: u64) -> Taken {
        let (low, high) = self.bounds.range(figure);
        match end {
            End::Low => self.take(figure, low, low.saturating_add(by)),
            End::High if high == OPEN => self.take(figure, (low + FAR).saturating_sub(by), OPEN),
            End::High => self.take(figure, high.saturating_sub(by), high),
        }
    }

    /// Takes the figure not to be within so much of its end, but so much further on at least.
    fn exclude(&mut self, figure: usize, end: End, by: u64, next: u64) -> Taken {
        let (low, high) = self.bounds.range(figure);
        let by = by.saturating_add(next);
        match end {
            End::Low => self.take(figure, low.saturating_add(by), high),
            End::High => match if high == OPEN { low + FAR } else { high }.checked_sub(by) {
                Some(high) => self.take(figure, low, high),
                None => Taken::Contradicts,
            },
        }
    }

    /// Gives the figure a value, the best one if it can be.
    fn give(&mut self, figure: usize, wanted: Wanted, boldness: Boldness) -> bool {
        let (low, high) = self.bounds.range(figure);
        let best = self.best(figure, wanted, boldness);
        for value in [best, best + 1, best.saturating_sub(1), low, high] {
            if value < low || value > high || value == OPEN {
                continue;
            }
            let before = self.moved.len();
            if self.take(figure, value, value) == Taken::Holds {
                return true;
            }
            self.undo_to(before);
        }
        false
    }

    /// The value that leaves the sums of which the figure is part the most room: a wanted end where there is room enough,
    /// otherwise what makes the middles of their figures add up.
    fn best(&mut self, figure: usize, wanted: Wanted, boldness: Boldness) -> u64 {
        let (low, high) = self.bounds.range(figure);
        let (middle, own) = (self.middle(figure), self.room(figure));
        let mut sums = [(0, 0); MAX_SUMS];
        let mut known = 0;
        for (of, needs) in sums.iter_mut().zip(self.needs(figure)) {
            *of = needs;
            known += 1;
        }
        self.looks = self.looks.saturating_sub(known);
        let sums = &sums[..known];
        let value = |end| match end {
            End::Low => low,
            End::High if high == OPEN => low + FAR,
            End::High => high,
        };
        let fits = |end: End| {
            let shift = signed(value(end)) * PARTS - middle;
            let eighths = i64::from(boldness.0);
            sums.iter()
                .all(|(need, room)| (need - shift).abs().saturating_mul(8) <= (room - own).saturating_mul(eighths))
        };
        let up = sums.iter().map(|sum| i128::from(sum.0)).sum::<i128>() >= 0;
        let order = if up { [End::High, End::Low] } else { End::BOTH };
        if let Some(end) = order.into_iter().find(|&end| wanted[end as usize] && fits(end)) {
            return value(end);
        }
        // Each sum's need, shared among its figures by their room.
        let shares = sums.iter().filter(|(_, room)| *room > 0);
        let shares = shares.map(|&(need, room)| i128::from(need) * i128::from(own) / i128::from(room));
        let shift = shares.sum::<i128>() / i128::try_from(known.max(1)).unwrap_or(1);
        let value = (i128::from(middle) + shift + i128::from(PARTS / 2)).div_euclid(i128::from(PARTS));
        u64::try_from(value).unwrap_or(0).clamp(low, high.min(MOST))
    }

    /// Per sum with the figure in it, how much higher the figure would be if the middles of the others were to be met, and
    /// how much room all its figures have.
    fn needs(&self, figure: usize) -> impl Iterator<Item = (i64, i64)> + '_ {
        self.of_figure[figure].iter().filter_map(move |&equation| {
            let Equation::Sum { total, parts } = &self.revealed.equations[equation] else { return None };
            let (mut need, mut room) = (self.middle(*total), self.room(*total));
            for &part in parts {
                need -= self.middle(part);
                room += self.room(part);
            }
            Some((if *total == figure { -need } else { need }, room))
        })
    }

    /// Where the figure would be best, as far as is known: its mean in the tables found, or the middle of its range.
    fn middle(&self, figure: usize) -> i64 {
        let (low, high) = self.bounds.range(figure);
        let (least, most) = (signed(low) * PARTS, signed(high.min(MOST)) * PARTS);
        if low == high || high == OPEN && self.tables == 0 {
            return least;
        }
        if self.tables == 0 { (least + most) / 2 } else { self.means[figure].clamp(least, most) }
    }

    fn room(&self, figure: usize) -> i64 {
        let (low, high) = self.bounds.range(figure);
        PARTS * signed(if high == OPEN { FAR } else { high - low })
    }

    /// Takes bounds of a figure and follows up what they say.
    fn take(&mut self, figure: usize, low: u64, high: u64) -> Taken {
        let mut seen = self.moved.len();
        self.bounds.meet(figure, low, high, &mut self.moved);
        let mut from = None;
        // Bounds may follow each other in small steps for ever; where they can be followed up, that is soon done.
        let mut left = self.queued.len().min(self.looks);
        let taken = loop {
            if self.wake(&mut seen, from).is_none() {
                break Taken::Contradicts;
            }
            let Some(equation) = self.waiting.pop_front() else { break Taken::Holds };
            self.queued[equation] = false;
            if left == 0 {
                break Taken::Unknown;
            }
            left -= 1;
            self.looks -= 1;
            self.bounds.look(&self.revealed.equations[equation], &mut self.moved);
            from = Some(equation);
        };
        for equation in self.waiting.drain(..) {
            self.queued[equation] = false;
        }
        taken
    }

    /// Queues the equations of figures that moved, but the one that moved them; `None` where a figure has nothing left.
    fn wake(&mut self, seen: &mut usize, from: Option<usize>) -> Option<()> {
        while let Some(&Moved { figure, .. }) = self.moved.get(*seen) {
            *seen += 1;
            if self.bounds.low[figure] > self.bounds.high[figure] {
                return None;
            }
            for &equation in &self.of_figure[figure] {
                if Some(equation) != from && !std::mem::replace(&mut self.queued[equation], true) {
                    self.waiting.push_back(equation);
                }
            }
        }
        Some(())
    }

    fn undo_to(&mut self, before: usize) {
        self.bounds.undo(self.moved.drain(before..).rev());
    }
}

/// No bound is beyond [`MOST`], and no value much beyond.
fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}
