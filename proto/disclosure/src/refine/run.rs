//! The refinement itself, over any table that has a network form.

use std::collections::{BTreeMap, BTreeSet};

use super::network::{Bounds, Network, Push, Search, Towards};

/// Stands for *no upper bound*; no table with a larger sum is refined.
pub(crate) const UNBOUNDED: i32 = 1 << 30;

/// Where cuts may fall, apart from what scenarios allow.
pub(crate) trait Cuts {
    /// The greatest cut at or below `value`, or nought if there is none.
    fn at_or_below(&self, value: i32) -> i32;
    /// The least cut above `value`.
    fn above(&self, value: i32) -> i32;
}

/// One assignment that must stay possible: cells with their values, and a table that shows it.
struct Scenario {
    fixed: Vec<(usize, i32)>,
    table: Vec<i32>,
    /// Which protected range it belongs to.
    mark: usize,
}

/// A refinement in progress.
pub(crate) struct Run<'a> {
    network: &'a Network,
    search: Search,
    // INVARIANT: public; holds the true table.
    bounds: Bounds,
    scenarios: Vec<Scenario>,
    truth: &'a [i32],
}

impl<'a> Run<'a> {
    /// Starts from public bounds that hold the true table.
    pub(crate) fn new(network: &'a Network, bounds: Bounds, truth: &'a [i32]) -> Self {
        Self { network, search: network.search(), bounds, scenarios: Vec::new(), truth }
    }

    /// The public bounds so far.
    pub(crate) fn bounds(&self) -> &Bounds {
        &self.bounds
    }

    /// What the scenarios fix.
    pub(crate) fn scenarios(&self) -> Vec<Vec<(usize, i32)>> {
        self.scenarios.iter().map(|scenario| scenario.fixed.clone()).collect()
    }

    /// Publishes the block of `cell` between the neighbouring allowed cuts that holds its true value.
    pub(crate) fn publish(&mut self, cell: usize, cuts: &impl Cuts) {
        let value = self.truth[cell];
        let (below, above) = (cuts.at_or_below(value), cuts.above(value));
        let (has_below, has_above) = (below > self.bounds.low[cell], above <= self.bounds.high[cell]);
        if !has_below && !has_above {
            return;
        }
        // A cut needs every scenario on both of its sides.
        let (least, greatest) = (if has_below { below } else { above } - 1, if has_above { above } else { below });
        let finest = self.all_reach(cell, least, greatest);
        let (from, to) = if finest { (i32::MIN, i32::MAX) } else { self.allowed(cell) };
        let (mut low, mut high) = (0, UNBOUNDED);
        let mut cut = below;
        while cut > self.bounds.low[cell] {
            if from < cut && cut <= to {
                low = cut;
                break;
            }
            cut = cuts.at_or_below(cut - 1);
        }
        let mut cut = above;
        while cut <= self.bounds.high[cell] && cut <= to {
            if from < cut {
                high = cut - 1;
                break;
            }
            cut = cuts.above(cut);
        }
        self.bounds.low[cell] = self.bounds.low[cell].max(low);
        self.bounds.high[cell] = self.bounds.high[cell].min(high);
        self.move_scenarios_into(cell);
    }

    /// Protects, under a mark, those values of `zone` that `cell` can still take, and returns them, or `None` where it can
    /// take none.
    pub(crate) fn protect_within(
        &mut self,
        mark: usize,
        cell: usize,
        zone: (i32, i32),
        partners: &[(usize, i32, i32)],
    ) -> Option<(i32, i32)> {
        let least = self.extreme(&[], cell, Towards::Least).max(zone.0);
        let greatest = self.extreme(&[], cell, Towards::Greatest).min(zone.1);
        if least > greatest {
            return None;
        }
        let ends = if least == greatest { vec![least] } else { vec![least, greatest] };
        for value in ends {
            self.add_scenario(mark, &[(cell, value)]);
            for &(partner, low, high) in partners {
                self.add_scenario(mark, &[(cell, value), (partner, low)]);
                self.add_scenario(mark, &[(cell, value), (partner, high)]);
            }
        }
        Some((least, greatest))
    }

    /// Tells apart what lies on either side of the `cuts` in `cell`, as far as no other protected range is split: each must
    /// be possible as a whole on a side, or not at all. `own` is the mark of the range that the cuts enclose. Ranges that
    /// are not possible any more need no protection and are dropped.
    pub(crate) fn separate(&mut self, cell: usize, cuts: &[i32], own: usize) {
        let value = self.truth[cell];
        let (mut low, mut high) = (self.bounds.low[cell], self.bounds.high[cell]);
        for &cut in cuts {
            let inside = self.bounds.low[cell] < cut && cut <= self.bounds.high[cell];
            let sides = [(Towards::Least, cut - 1), (Towards::Greatest, cut)];
            if inside && sides.into_iter().all(|(towards, end)| self.splits_nothing(cell, towards, end, own)) {
                if cut <= value {
                    low = low.max(cut);
                } else {
                    high = high.min(cut - 1);
                }
            }
        }
        (self.bounds.low[cell], self.bounds.high[cell]) = (low, high);
        let Self { network, search, bounds, scenarios, .. } = self;
        let mut gone = BTreeSet::new();
        for Scenario { fixed, table, mark } in scenarios.iter_mut() {
            let (towards, target) = match table[cell] {
                value if value < low => (Towards::Greatest, low),
                value if value > high => (Towards::Least, high),
                _ => continue,
            };
            if network.push(search, bounds, table, fixed, Push { cell, towards, target }) != target {
                gone.insert(*mark);
            }
        }
        self.scenarios.retain(|scenario| !gone.contains(&scenario.mark));
    }

    /// Whether each protected range but `own` is possible as a whole where `cell` is moved to `end` or beyond, or not at
    /// all.
    fn splits_nothing(&mut self, cell: usize, towards: Towards, end: i32, own: usize) -> bool {
        let beyond = |value: i32| if towards == Towards::Least { value <= end } else { value >= end };
        let Self { network, search, bounds, scenarios, truth } = self;
        let mut side = truth.to_vec();
        if !beyond(network.push(search, bounds, &mut side, &[], Push { cell, towards, target: end })) {
            return false; // nothing is there, which the public knows
        }
        let (mut whole, mut part) = (BTreeSet::new(), BTreeMap::<usize, (usize, i32, i32)>::new());
        for Scenario { fixed, table, mark } in scenarios.iter_mut().filter(|scenario| scenario.mark != own) {
            if beyond(network.push(search, bounds, table, fixed, Push { cell, towards, target: end })) {
                whole.insert(*mark);
            } else if let Some(&(of, value)) = fixed.first() {
                let range = part.entry(*mark).or_insert((of, value, value));
                (range.1, range.2) = (range.1.min(value), range.2.max(value));
            }
        }
        if part.keys().any(|mark| whole.contains(mark)) {
            return false;
        }
        // Neither end of these is possible there; is anything between them?
        let (low, high) = (bounds.low[cell], bounds.high[cell]);
        match towards {
            Towards::Least => bounds.high[cell] = end,
            Towards::Greatest => bounds.low[cell] = end,
        }
        let nothing = part.into_values().all(|(of, least, most)| {
            let mut reach = |towards, target| {
                network.push(search, bounds, &mut side.clone(), &[], Push { cell: of, towards, target })
            };
            reach(Towards::Least, 0) > most || reach(Towards::Greatest, UNBOUNDED) < least
        });
        (bounds.low[cell], bounds.high[cell]) = (low, high);
        nothing
    }

    /// The least or greatest value of `cell` over all tables within the bounds where `fixed` holds in the true table.
    pub(crate) fn extreme(&mut self, fixed: &[(usize, i32)], cell: usize, towards: Towards) -> i32 {
        let mut table = self.truth.to_vec();
        let far = if towards == Towards::Least { 0 } else { UNBOUNDED };
        self.push(&mut table, fixed, Push { cell, towards, target: far })
    }

    fn add_scenario(&mut self, mark: usize, fixed: &[(usize, i32)]) {
        let mut table = self.truth.to_vec();
        for (place, &(cell, value)) in fixed.iter().enumerate() {
            let towards = if value < table[cell] { Towards::Least } else { Towards::Greatest };
            if self.push(&mut table, &fixed[..place], Push { cell, towards, target: value }) != value {
                return; // an assignment that is impossible already needs no protection
            }
        }
        self.scenarios.push(Scenario { fixed: fixed.to_vec(), table, mark });
    }

    fn push(&mut self, table: &mut [i32], fixed: &[(usize, i32)], push: Push) -> i32 {
        self.network.push(&mut self.search, &mut self.bounds, table, fixed, push)
    }

    /// Whether every scenario can have `cell` at or below `least` and at or above `greatest`.
    fn all_reach(&mut self, cell: usize, least: i32, greatest: i32) -> bool {
        let Self { network, search, bounds, scenarios, .. } = self;
        scenarios.iter_mut().all(|Scenario { fixed, table, .. }| {
            let mut reach =
                |towards, target| network.push(search, bounds, table, fixed, Push { cell, towards, target });
            reach(Towards::Least, least) <= least && reach(Towards::Greatest, greatest) >= greatest
        })
    }

    /// The cuts `c` that every scenario can be on both sides of: `alpha < c <= beta`.
    fn allowed(&mut self, cell: usize) -> (i32, i32) {
        let (mut alpha, mut beta) = (-1, UNBOUNDED);
        let Self { network, search, bounds, scenarios, .. } = self;
        for Scenario { fixed, table, .. } in scenarios {
            // A scenario that can be as low as an earlier one has to be does not raise alpha further.
            let mut reach =
                |towards, target| network.push(search, bounds, table, fixed, Push { cell, towards, target });
            alpha = alpha.max(reach(Towards::Least, alpha));
            beta = beta.min(reach(Towards::Greatest, beta));
            if alpha >= beta {
                break;
            }
        }
        (alpha, beta)
    }

    /// Keeps every scenario's table within the bounds after those of `cell` have moved.
    fn move_scenarios_into(&mut self, cell: usize) {
        let Self { network, search, bounds, scenarios, .. } = self;
        let (low, high) = (bounds.low[cell], bounds.high[cell]);
        for Scenario { fixed, table, .. } in scenarios {
            let (towards, target) = match table[cell] {
                value if value < low => (Towards::Greatest, low),
                value if value > high => (Towards::Least, high),
                _ => continue,
            };
            let reached = network.push(search, bounds, table, fixed, Push { cell, towards, target });
            debug_assert_eq!(reached, target, "a published block meets every scenario");
        }
    }
}
