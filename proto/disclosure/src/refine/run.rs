//! The refinement itself, over any table that has a network form.

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

    /// Protects the range that `cell` can still take: from now on every cut leaves it whole. Returns the range.
    pub(crate) fn protect(&mut self, cell: usize, partners: &[(usize, i32, i32)]) -> (i32, i32) {
        let least = self.extreme(&[], cell, Towards::Least);
        let greatest = self.extreme(&[], cell, Towards::Greatest);
        if least == greatest {
            return (least, greatest);
        }
        for value in [least, greatest] {
            self.add_scenario(&[(cell, value)]);
            for &(partner, low, high) in partners {
                self.add_scenario(&[(cell, value), (partner, low)]);
                self.add_scenario(&[(cell, value), (partner, high)]);
            }
        }
        (least, greatest)
    }

    /// The least or greatest value of `cell` over all tables within the bounds where `fixed` holds in the true table.
    pub(crate) fn extreme(&mut self, fixed: &[(usize, i32)], cell: usize, towards: Towards) -> i32 {
        let mut table = self.truth.to_vec();
        let far = if towards == Towards::Least { 0 } else { UNBOUNDED };
        self.push(&mut table, fixed, Push { cell, towards, target: far })
    }

    fn add_scenario(&mut self, fixed: &[(usize, i32)]) {
        let mut table = self.truth.to_vec();
        for (place, &(cell, value)) in fixed.iter().enumerate() {
            let towards = if value < table[cell] { Towards::Least } else { Towards::Greatest };
            if self.push(&mut table, &fixed[..place], Push { cell, towards, target: value }) != value {
                return; // an assignment that is impossible already needs no protection
            }
        }
        self.scenarios.push(Scenario { fixed: fixed.to_vec(), table });
    }

    fn push(&mut self, table: &mut [i32], fixed: &[(usize, i32)], push: Push) -> i32 {
        self.network.push(&mut self.search, &mut self.bounds, table, fixed, push)
    }

    /// Whether every scenario can have `cell` at or below `least` and at or above `greatest`.
    fn all_reach(&mut self, cell: usize, least: i32, greatest: i32) -> bool {
        let Self { network, search, bounds, scenarios, .. } = self;
        scenarios.iter_mut().all(|Scenario { fixed, table }| {
            let mut reach =
                |towards, target| network.push(search, bounds, table, fixed, Push { cell, towards, target });
            reach(Towards::Least, least) <= least && reach(Towards::Greatest, greatest) >= greatest
        })
    }

    /// The cuts `c` that every scenario can be on both sides of: `alpha < c <= beta`.
    fn allowed(&mut self, cell: usize) -> (i32, i32) {
        let (mut alpha, mut beta) = (-1, UNBOUNDED);
        let Self { network, search, bounds, scenarios, .. } = self;
        for Scenario { fixed, table } in scenarios {
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
        for Scenario { fixed, table } in scenarios {
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
