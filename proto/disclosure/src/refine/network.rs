//! Additive tables as circulations: every cell is an arc, every total a node where flow is conserved.
//!
//! A cell's least and greatest value over all whole-number tables that fit the public bounds is then a maximum flow in
//! the residual graph, found from any one table that fits. All of it is exact in whole numbers.

/// The arcs and nodes of a table. Node 0 is the outside world.
pub(crate) struct Network {
    /// Per arc its tail and head.
    arcs: Vec<(u32, u32)>,
    /// Per node where its list of arc ends starts in `ends`; one more entry closes the last.
    starts: Vec<u32>,
    /// Arc ends by node.
    ends: Vec<End>,
    /// Per arc, whether it is a covered cell that stands under no total and so moves by itself.
    free: Vec<bool>,
}

/// One arc as seen from a node: who is at the other side, and whether the arc leaves the node.
#[derive(Clone, Copy)]
struct End {
    arc: u32,
    other: u32,
    leaves: bool,
}

/// The public bounds of every cell.
#[derive(Clone)]
pub(crate) struct Bounds {
    pub(crate) low: Vec<i32>,
    pub(crate) high: Vec<i32>,
}

/// Which way a cell's value is to be moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Towards {
    Least,
    Greatest,
}

/// Memory of a search, kept between searches.
pub(crate) struct Search {
    level: Vec<u32>,
    cursor: Vec<u32>,
    queue: Vec<u32>,
    path: Vec<(u32, End)>,
    /// The cell that `routes` are for.
    cell: usize,
    /// Ways by which earlier pushes of that cell went, towards its least and its greatest value.
    routes: [Routes; 2],
    towards: Towards,
}

/// Ways that flow took in one table, to be tried in the next: most tables differ little.
#[derive(Default)]
struct Routes(Vec<Vec<End>>);

/// The most ways kept.
const MAX_ROUTES: usize = 64;

impl Routes {
    /// Sends up to `limit` along the ways kept, as far as each has room; returns what was sent.
    fn retrace(&self, bounds: &Bounds, table: &mut [i32], limit: i32) -> i32 {
        let mut sent = 0;
        for route in &self.0 {
            let room = route.iter().map(|&end| residual(bounds, table, end)).min().unwrap_or(0);
            let through = room.min(limit - sent);
            send(table, route.iter().copied(), through);
            sent += through;
            if sent == limit {
                break;
            }
        }
        sent
    }
}

impl Search {
    /// The ways kept for `cell`; those of another cell are forgotten.
    fn routes(&mut self, cell: usize, towards: Towards) -> &Routes {
        if self.cell != cell {
            self.cell = cell;
            self.routes.iter_mut().for_each(|routes| routes.0.clear());
        }
        self.towards = towards;
        &self.routes[towards as usize]
    }

    fn keep_route(&mut self) {
        let routes = &mut self.routes[self.towards as usize].0;
        if routes.len() < MAX_ROUTES {
            routes.push(self.path.iter().map(|&(_, end)| end).collect());
        }
    }
}

/// A cell and the value that it is to be moved towards.
#[derive(Clone, Copy)]
pub(crate) struct Push {
    pub(crate) cell: usize,
    pub(crate) towards: Towards,
    pub(crate) target: i32,
}

const UNSEEN: u32 = u32::MAX;

impl Network {
    /// A network of these arcs over nodes `0..nodes`, of which those of `covered` cells may move.
    pub(crate) fn new(nodes: usize, arcs: Vec<(u32, u32)>, covered: &[bool]) -> Self {
        let free = arcs.iter().zip(covered).map(|(&(tail, head), &covered)| covered && tail == head).collect();
        let mut starts = vec![0u32; nodes + 1];
        for &(tail, head) in &arcs {
            starts[tail as usize + 1] += 1;
            starts[head as usize + 1] += 1;
        }
        for node in 0..nodes {
            starts[node + 1] += starts[node];
        }
        let mut next = starts.clone();
        let mut ends = vec![End { arc: 0, other: 0, leaves: false }; arcs.len() * 2];
        for (arc, &(tail, head)) in (0u32..).zip(&arcs) {
            for (node, other, leaves) in [(tail, head, true), (head, tail, false)] {
                ends[next[node as usize] as usize] = End { arc, other, leaves };
                next[node as usize] += 1;
            }
        }
        Self { arcs, starts, ends, free }
    }

    /// Whether two cells stand under one total, next to each other in one equation.
    pub(crate) fn share_a_total(&self, one: usize, other: usize) -> bool {
        let ((tail, head), (other_tail, other_head)) = (self.arcs[one], self.arcs[other]);
        tail != 0 && tail == other_tail || head != 0 && head == other_head
    }

    /// Memory for searches in this network.
    pub(crate) fn search(&self) -> Search {
        let nodes = self.starts.len() - 1;
        Search {
            level: vec![UNSEEN; nodes],
            cursor: vec![0; nodes],
            queue: Vec::with_capacity(nodes),
            path: Vec::new(),
            cell: usize::MAX,
            routes: [Routes::default(), Routes::default()],
            towards: Towards::Least,
        }
    }

    /// Moves one cell's value in `table`, as far as the bounds of all cells allow; `fixed` cells keep their values.
    /// The table stays within the bounds and additive. Returns the value reached.
    pub(crate) fn push(
        &self,
        search: &mut Search,
        bounds: &mut Bounds,
        table: &mut [i32],
        fixed: &[(usize, i32)],
        Push { cell, towards, target }: Push,
    ) -> i32 {
        let (tail, head) = self.arcs[cell];
        let (from, to, wanted) = match towards {
            Towards::Least => (tail, head, table[cell] - target.max(bounds.low[cell])),
            Towards::Greatest => (head, tail, target.min(bounds.high[cell]) - table[cell]),
        };
        if wanted <= 0 || (from == to && !self.free[cell]) || fixed.iter().any(|&(f, _)| f == cell) {
            return table[cell];
        }
        if self.free[cell] {
            table[cell] += if towards == Towards::Least { -wanted } else { wanted };
            return table[cell];
        }
        let pins = fixed.iter().map(|&(f, _)| f).chain([cell]);
        let pinned: Vec<_> = pins.map(|c| (c, bounds.low[c], bounds.high[c])).collect();
        for &(c, ..) in &pinned {
            (bounds.low[c], bounds.high[c]) = (table[c], table[c]);
        }
        let mut left = wanted - search.routes(cell, towards).retrace(bounds, table, wanted);
        while left > 0 && self.levels(search, bounds, table, from, to) {
            left -= self.blocking_flow(search, bounds, table, from, to, left);
        }
        for (c, low, high) in pinned {
            (bounds.low[c], bounds.high[c]) = (low, high);
        }
        match towards {
            Towards::Least => table[cell] -= wanted - left,
            Towards::Greatest => table[cell] += wanted - left,
        }
        table[cell]
    }

    /// Moves an additive table into the bounds, cell by cell: each is moved as far as the others can follow without
    /// getting worse, which finds a table that fits wherever there is one. Whether there is.
    pub(crate) fn settle(&self, bounds: &Bounds, table: &mut [i32]) -> bool {
        let mut search = self.search();
        let mut fits = true;
        for cell in 0..table.len() {
            let (low, high) = (bounds.low[cell], bounds.high[cell]);
            if self.arcs[cell].0 == self.arcs[cell].1 && !self.free[cell] {
                continue;
            }
            let push = match table[cell] {
                value if value > high => Push { cell, towards: Towards::Least, target: high },
                value if value < low => Push { cell, towards: Towards::Greatest, target: low },
                _ => continue,
            };
            // Cells that do not fit yet may move towards their bounds, not away from them.
            let mut widened = bounds.clone();
            for (c, &value) in table.iter().enumerate() {
                widened.low[c] = widened.low[c].min(value);
                widened.high[c] = widened.high[c].max(value);
            }
            let reached = self.push(&mut search, &mut widened, table, &[], push);
            fits &= low <= reached && reached <= high;
        }
        fits
    }

    /// Breadth first: the distance of every node from `from` in the residual graph, up to that of `to`; whether `to`
    /// can be reached.
    fn levels(&self, search: &mut Search, bounds: &Bounds, table: &[i32], from: u32, to: u32) -> bool {
        search.level.fill(UNSEEN);
        search.queue.clear();
        search.queue.push(from);
        search.level[from as usize] = 0;
        let mut next = 0;
        while let Some(&node) = search.queue.get(next) {
            next += 1;
            let level = search.level[node as usize];
            if level >= search.level[to as usize] {
                break;
            }
            for end in self.ends_of(node) {
                if search.level[end.other as usize] == UNSEEN && residual(bounds, table, *end) > 0 {
                    search.level[end.other as usize] = level + 1;
                    search.queue.push(end.other);
                }
            }
        }
        search.level[to as usize] != UNSEEN
    }

    /// Depth first along rising levels: sends up to `limit` from `from` to `to`, trying each end of an arc once.
    fn blocking_flow(
        &self,
        search: &mut Search,
        bounds: &Bounds,
        table: &mut [i32],
        from: u32,
        to: u32,
        limit: i32,
    ) -> i32 {
        for node in 0..search.level.len() {
            search.cursor[node] = self.starts[node];
        }
        search.path.clear();
        let (mut node, mut sent) = (from, 0);
        while sent < limit {
            if node == to {
                let room = search.path.iter().map(|&(_, end)| residual(bounds, table, end)).min();
                let through = room.unwrap_or(0).min(limit - sent);
                send(table, search.path.iter().map(|&(_, end)| end), through);
                search.keep_route();
                sent += through;
                let full = |&(_, end): &(u32, End)| residual(bounds, table, end) == 0;
                let back = search.path.iter().position(full).unwrap_or(0);
                node = search.path[back].0;
                search.path.truncate(back);
            } else if let Some(end) = self.advance(search, bounds, table, node) {
                search.path.push((node, end));
                node = end.other;
            } else {
                search.level[node as usize] = UNSEEN;
                let Some((before, _)) = search.path.pop() else { break };
                node = before;
            }
        }
        sent
    }

    /// The next end of an arc by which flow can go one level further.
    fn advance(&self, search: &mut Search, bounds: &Bounds, table: &[i32], node: u32) -> Option<End> {
        let next_level = search.level[node as usize] + 1;
        let ends = &self.ends[search.cursor[node as usize] as usize..self.starts[node as usize + 1] as usize];
        let usable = |end: &End| search.level[end.other as usize] == next_level && residual(bounds, table, *end) > 0;
        let place = ends.iter().position(usable);
        search.cursor[node as usize] += u32::try_from(place.unwrap_or(ends.len())).unwrap_or(u32::MAX);
        place.map(|place| ends[place])
    }

    fn ends_of(&self, node: u32) -> &[End] {
        &self.ends[self.starts[node as usize] as usize..self.starts[node as usize + 1] as usize]
    }
}

/// How much more can go through this end of an arc, away from its node.
fn residual(bounds: &Bounds, table: &[i32], end: End) -> i32 {
    let arc = end.arc as usize;
    if end.leaves { bounds.high[arc] - table[arc] } else { table[arc] - bounds.low[arc] }
}

/// Sends `amount` along a way.
fn send(table: &mut [i32], way: impl Iterator<Item = End>, amount: i32) {
    for end in way {
        table[end.arc as usize] += if end.leaves { amount } else { -amount };
    }
}
