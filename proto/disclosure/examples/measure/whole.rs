//! A second attack, in whole numbers: supposes one value of a hidden figure after another, narrows every other figure by
//! every equation until nothing moves, and then tries the figures around it one by one. A value is excluded where
//! nothing fits it. It shares no code with the crate's rules, its audit or the first attack, and works out itself which
//! cells make up a total.

use std::collections::VecDeque;

/// More than any figure measured here.
const MOST: i64 = 10_000_000;
/// How many figures around a hidden one are tried.
const AROUND: usize = 12;
/// How many suppositions are made about one value before it is left undecided.
const TRIES: usize = 300;
/// How many equations are looked at for one supposition; a value that would take more is not excluded.
const LOOKS: usize = 20_000;

/// What an attack found.
#[derive(Clone, Copy, Debug, Default)]
pub struct Found {
    /// Hidden figures that lose a value.
    pub narrowed: usize,
    /// Values of hidden figures that were neither excluded nor completed around the figure.
    pub undecided: usize,
}

/// Numbers within ranges, and sums of multiples of them within others.
#[derive(Default)]
pub struct Whole {
    ranges: Vec<(i64, i64)>,
    sums: Vec<Sum>,
    /// Per number the sums that it is in.
    of: Vec<Vec<usize>>,
    /// Ranges before they were narrowed, in order, to be put back.
    before: Vec<(usize, (i64, i64))>,
}

struct Sum {
    terms: Vec<(usize, i64)>,
    range: (i64, i64),
}

impl Whole {
    /// A number from `low` to `high`, where anything bounds it from above.
    pub fn number(&mut self, low: u64, high: Option<u64>) -> usize {
        let whole = |n: u64| i64::try_from(n).unwrap_or(MOST).min(MOST);
        self.ranges.push((whole(low), high.map_or(MOST, whole)));
        self.of.push(Vec::new());
        self.ranges.len() - 1
    }

    /// The sum of multiples of numbers lies within a range.
    fn sum(&mut self, terms: Vec<(usize, i64)>, range: (i64, i64)) {
        for &(number, _) in &terms {
            self.of[number].push(self.sums.len());
        }
        self.sums.push(Sum { terms, range });
    }

    /// One number is the sum of others.
    pub fn total(&mut self, total: usize, parts: &[usize]) {
        let parts = parts.iter().map(|&part| (part, 1));
        self.sum(parts.chain([(total, -1)]).collect(), (0, 0));
    }

    /// One number is of people who may be in several of the others: no fewer than any, no more than all.
    pub fn union(&mut self, union: usize, parts: &[usize]) {
        for &part in parts {
            self.at_least(union, 1, part);
        }
        let parts = parts.iter().map(|&part| (part, 1));
        self.sum(parts.chain([(union, -1)]).collect(), (0, MOST));
    }

    /// One number, so many times, is at least another.
    pub fn at_least(&mut self, more: usize, times: i64, less: usize) {
        self.sum(vec![(more, times), (less, -1)], (0, MOST * times));
    }

    /// Attacks these numbers, of which each claims every value of its range.
    pub fn attack(&mut self, hidden: &[(usize, (u64, u64))]) -> Found {
        let mut found = Found::default();
        // What follows without supposing anything: a contradiction here leaves nothing of any of them.
        let mut queue: VecDeque<usize> = (0..self.sums.len()).collect();
        if !self.narrow(&mut queue, usize::MAX) {
            return Found { narrowed: hidden.len(), undecided: 0 };
        }
        self.before.clear();
        for &(number, (least, most)) in hidden {
            let mut lost = false;
            for value in least..=most {
                match self.fits(number, value as i64) {
                    Some(fits) => lost |= !fits,
                    None => found.undecided += 1,
                }
            }
            found.narrowed += usize::from(lost);
        }
        found
    }

    /// Whether something fits a value, as far as the figures around it tell; `None` where too much would have to be tried.
    fn fits(&mut self, number: usize, value: i64) -> Option<bool> {
        let mark = self.before.len();
        let mut tries = TRIES;
        let fits = if self.suppose(number, value) { self.search(number, &mut tries) } else { Some(false) };
        self.put_back(mark);
        fits
    }

    /// Tries the narrowest open figures that share an equation with a number.
    fn search(&mut self, number: usize, tries: &mut usize) -> Option<bool> {
        let mut around: Vec<usize> =
            self.of[number].iter().flat_map(|&sum| self.sums[sum].terms.iter().map(|term| term.0)).collect();
        around.sort_unstable();
        around.dedup();
        around.sort_by_key(|&other| self.ranges[other].1 - self.ranges[other].0);
        let open = |&other: &usize| self.ranges[other].0 < self.ranges[other].1;
        let around: Vec<usize> = around.into_iter().filter(open).take(AROUND).collect();
        self.settle(&around, tries)
    }

    /// Whether all of these can have some value at once.
    fn settle(&mut self, numbers: &[usize], tries: &mut usize) -> Option<bool> {
        let Some((&number, rest)) = numbers.split_first() else { return Some(true) };
        let (low, high) = self.ranges[number];
        let middle = low.midpoint(high);
        // From the middle outwards: there is most room for the others.
        let outwards = (0..=high - low).map(|n| if n % 2 == 0 { middle - n / 2 } else { middle + n / 2 + 1 });
        for value in outwards.filter(|value| (low..=high).contains(value)) {
            *tries = tries.checked_sub(1)?;
            let mark = self.before.len();
            let settled = if self.suppose(number, value) { self.settle(rest, tries) } else { Some(false) };
            self.put_back(mark);
            if settled != Some(false) {
                return settled;
            }
        }
        Some(false)
    }

    /// Gives a number one value; whether nothing contradicts it.
    fn suppose(&mut self, number: usize, value: i64) -> bool {
        let (low, high) = self.ranges[number];
        if value < low || value > high {
            return false;
        }
        self.before.push((number, (low, high)));
        self.ranges[number] = (value, value);
        let mut queue: VecDeque<usize> = self.of[number].iter().copied().collect();
        self.narrow(&mut queue, LOOKS)
    }

    fn put_back(&mut self, mark: usize) {
        for (number, range) in self.before.drain(mark..).rev() {
            self.ranges[number] = range;
        }
    }

    /// Narrows ranges by these sums, and by all that they touch, until nothing moves; whether nothing is contradicted.
    fn narrow(&mut self, queue: &mut VecDeque<usize>, looks: usize) -> bool {
        let mut queued = vec![false; self.sums.len()];
        queue.iter().for_each(|&sum| queued[sum] = true);
        for _ in 0..looks {
            let Some(place) = queue.pop_front() else { return true };
            queued[place] = false;
            let Sum { terms, range: (least, most) } = &self.sums[place];
            let ends = |ranges: &[(i64, i64)], (number, times): (usize, i64)| {
                let (low, high) = ranges[number];
                if times > 0 { (times * low, times * high) } else { (times * high, times * low) }
            };
            let both = terms.iter().map(|&term| ends(&self.ranges, term));
            let (lows, highs) = both.fold((0, 0), |(a, b), (low, high)| (a + low, b + high));
            if lows > *most || highs < *least {
                return false;
            }
            for &(number, times) in terms {
                let (low, high) = ends(&self.ranges, (number, times));
                let (from, to) = (least - (highs - high), most - (lows - low));
                // The whole multiples between.
                let (from, to) = if times > 0 {
                    (-(-from).div_euclid(times), to.div_euclid(times))
                } else {
                    (-to.div_euclid(-times), (-from).div_euclid(-times))
                };
                let old = self.ranges[number];
                let new = (old.0.max(from), old.1.min(to));
                if new.0 > new.1 {
                    return false;
                }
                if new != old {
                    self.before.push((number, old));
                    self.ranges[number] = new;
                    for &next in &self.of[number] {
                        if !std::mem::replace(&mut queued[next], true) {
                            queue.push_back(next);
                        }
                    }
                }
            }
        }
        true
    }
}

/// Which inner cell is in which cell of a total.
pub struct Layout {
    /// The inner cells and then each total: what it keeps of the dimensions, and per inner cell its own cell.
    groups: Vec<(Vec<usize>, Vec<usize>)>,
    cells: usize,
}

impl Layout {
    /// Of a table with so many levels of each dimension, and totals that keep some of these in rising order.
    pub fn new(sizes: &[usize], totals: &[Vec<usize>]) -> Self {
        let inner: usize = sizes.iter().product();
        let level = |cell: usize, place: usize| cell / sizes[place + 1..].iter().product::<usize>() % sizes[place];
        let (mut groups, mut cells) = (Vec::new(), 0);
        for kept in std::iter::once((0..sizes.len()).collect()).chain(totals.iter().cloned()) {
            let of = |cell| kept.iter().fold(0, |n, &place: &usize| n * sizes[place] + level(cell, place));
            groups.push((kept.clone(), (0..inner).map(|cell| cells + of(cell)).collect::<Vec<usize>>()));
            cells += kept.iter().map(|&place| sizes[place]).product::<usize>();
        }
        Self { groups, cells }
    }

    /// How many inner cells there are.
    pub fn inner_len(&self) -> usize {
        self.groups[0].1.len()
    }

    /// The figure of every cell, from those of the inner ones.
    pub fn add_up(&self, inner: &[u64]) -> Vec<u64> {
        let mut figures = vec![0; self.cells];
        for (_, of) in &self.groups {
            of.iter().zip(inner).for_each(|(&cell, figure)| figures[cell] += figure);
        }
        figures
    }

    /// Each cell of a total with the cells of each finer group that make it up, and whether these differ in one of
    /// `shared`, the dimensions in which somebody may have several levels.
    pub fn sums(&self, shared: &[usize]) -> Vec<(usize, Vec<usize>, bool)> {
        let mut sums = Vec::new();
        for (coarse, above) in &self.groups {
            for (fine, below) in &self.groups {
                if coarse.len() >= fine.len() || !coarse.iter().all(|place| fine.contains(place)) {
                    continue;
                }
                let several = fine.iter().any(|place| shared.contains(place) && !coarse.contains(place));
                let mut pairs: Vec<(usize, usize)> = above.iter().copied().zip(below.iter().copied()).collect();
                pairs.sort_unstable();
                pairs.dedup();
                let of_one = pairs.chunk_by(|one, other| one.0 == other.0);
                sums.extend(of_one.map(|all| (all[0].0, all.iter().map(|pair| pair.1).collect(), several)));
            }
        }
        sums
    }
}
