//! What the rule lets an answer say about contributions that are known, and whether it says that: the truth within the
//! bounds, the bounds no wider than the rule must make them, and nothing shown of fewer people than the threshold.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use wire::{Answer, CellState, CombinedCell, GroupState, SiteCounts, SiteOutcome};

/// Fewer people than these are not shown.
const THRESHOLD: u64 = 10;
/// Shown counts are multiples of this.
const BASE: u64 = 5;

/// One contributing record.
pub struct Contribution {
    /// The place of the provider.
    pub site: usize,
    /// The place of the level; nought where the question has no dimension.
    pub level: usize,
    pub person: i64,
    /// What a sum adds.
    pub units: u64,
}

/// What a measure counts or sums.
#[derive(Clone, Copy, PartialEq)]
pub enum Kind {
    People,
    Rows,
    Sum { cap: u64 },
}

/// Whether nobody is shown as nobody.
#[derive(Clone, Copy, PartialEq)]
pub enum Zeros {
    Hidden,
    Shown,
}

/// A question of at most one dimension; where it has one, it has the total over it, too.
pub struct Question<'a> {
    pub levels: &'a [&'a str],
    pub measures: &'a [(&'a str, Kind)],
    pub zeros: Zeros,
    pub sites: usize,
}

/// What a site may say about a cell.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Said {
    Shown,
    Suppressed,
    Withheld,
    Zero,
}

/// A site's cell under the rule: what is said and the widest bounds.
#[derive(Clone, Copy, Debug)]
struct Ceiling {
    said: Said,
    low: u64,
    high: Option<u64>,
}

/// Per person what they add to a cell: rows or units.
type Amounts = BTreeMap<i64, u64>;

impl Question<'_> {
    /// Checks every cell of an answer of all sites.
    pub fn check(&self, answer: &Answer, contributions: &[Contribution]) {
        assert_eq!(answer.sites.len(), self.sites);
        for site in &answer.sites {
            assert_eq!(site.outcome, SiteOutcome::Released, "{}", site.provider);
        }
        assert_eq!(answer.groups.len(), 1, "all sites together");
        let group = &answer.groups[0];
        assert_eq!(group.state, GroupState::Combined);
        let totals = usize::from(!self.levels.is_empty());
        assert_eq!(
            group.cells.len(),
            self.measures.len() * (self.inner() + totals),
            "every declared cell, and no other"
        );
        for (measure, kind) in self.measures {
            for level in 0..self.inner() {
                let of_sites: Vec<Amounts> =
                    (0..self.sites).map(|site| amounts(*kind, site, level, contributions)).collect();
                let ceilings: Vec<Ceiling> = of_sites.iter().map(|amounts| self.ceiling(*kind, amounts)).collect();
                let cell = self.cell(&group.cells, measure, self.levels.get(level).copied());
                check_bounds(cell, of_sites.iter().map(total).sum(), &ceilings);
                check_said(cell, &ceilings);
            }
            if totals > 0 {
                let (truths, ceilings): (Vec<u64>, Vec<Ceiling>) =
                    (0..self.sites).map(|site| self.total(*kind, site, contributions)).unzip();
                let cell = self.cell(&group.cells, measure, None);
                check_bounds(cell, truths.iter().sum(), &ceilings);
                let may_show = ceilings.iter().filter(|ceiling| ceiling.said == Said::Shown).count() as u32;
                assert!(cell.sites.shown <= may_show, "a total of too few people is shown: {cell:?}");
            }
        }
    }

    /// How many cells there are beside the total.
    fn inner(&self) -> usize {
        self.levels.len().max(1)
    }

    /// The cell at a level, or the total over all of them.
    fn cell<'a>(&self, cells: &'a [CombinedCell], measure: &str, level: Option<&str>) -> &'a CombinedCell {
        let levels: Vec<Option<String>> = self.levels.first().map(|_| level.map(str::to_owned)).into_iter().collect();
        let found: Vec<_> = cells.iter().filter(|cell| cell.measure == measure && cell.levels == levels).collect();
        assert_eq!(found.len(), 1, "{measure} at {level:?}");
        found[0]
    }

    /// What a site may say about an inner cell.
    fn ceiling(&self, kind: Kind, amounts: &Amounts) -> Ceiling {
        let people = amounts.len() as u64;
        let few = people < THRESHOLD;
        match kind {
            _ if people == 0 && self.zeros == Zeros::Shown => Ceiling { said: Said::Zero, low: 0, high: Some(0) },
            Kind::People if few => {
                let low = u64::from(self.zeros == Zeros::Shown);
                Ceiling { said: Said::Suppressed, low, high: Some(THRESHOLD - 1) }
            }
            Kind::Rows if few || dominated(amounts) => Ceiling { said: Said::Withheld, low: 0, high: None },
            Kind::Sum { cap } if few || dominated(amounts) => {
                // Nobody counts for more than the cap, and how many people there are is bounded, too.
                let most = if few { Some(THRESHOLD - 1) } else { shown(Kind::People, people).high };
                Ceiling { said: Said::Withheld, low: 0, high: most.map(|people| cap * people) }
            }
            Kind::People | Kind::Rows | Kind::Sum { .. } => shown(kind, total(amounts)),
        }
    }

    /// A site's truth of the total over all levels, and what it may say about it.
    fn total(&self, kind: Kind, site: usize, contributions: &[Contribution]) -> (u64, Ceiling) {
        let inner: Vec<Amounts> = (0..self.inner()).map(|level| amounts(kind, site, level, contributions)).collect();
        let under: Vec<Ceiling> = inner.iter().map(|amounts| self.ceiling(kind, amounts)).collect();
        let people: BTreeSet<i64> = inner.iter().flat_map(|amounts| amounts.keys().copied()).collect();
        // People may stand under several levels, rows and sums under one.
        let truth = if kind == Kind::People { people.len() as u64 } else { inner.iter().map(total).sum() };
        let hidden = under.iter().any(|cell| matches!(cell.said, Said::Suppressed | Said::Withheld));
        // Few people in one level only, or in several: no figure may tell how many.
        let sizes: Vec<u64> = inner.iter().map(|amounts| amounts.len() as u64).filter(|n| *n > 0).collect();
        let beside = truth.saturating_sub(sizes.iter().copied().max().unwrap_or(0));
        let again = sizes.iter().sum::<u64>().saturating_sub(truth);
        let tells_of_few = kind == Kind::People && sizes.len() > 1 && beside.min(again) < THRESHOLD;
        if hidden || people.is_empty() || tells_of_few {
            let lows = under.iter().map(|cell| cell.low);
            let low = if kind == Kind::People { lows.max().unwrap_or(0) } else { lows.sum() };
            let may_show = kind == Kind::People && people.len() as u64 >= THRESHOLD;
            let said = if may_show { Said::Shown } else { Said::Withheld };
            return (truth, Ceiling { said, low, high: under.iter().map(|cell| cell.high).sum() });
        }
        (truth, shown(kind, truth))
    }
}

/// The truth lies within the bounds, and the bounds within what the sites' ceilings add up to.
fn check_bounds(cell: &CombinedCell, truth: u64, ceilings: &[Ceiling]) {
    assert_eq!(cell.state, CellState::Bounded, "{cell:?}");
    assert!(cell.low <= truth && cell.high.is_none_or(|high| truth <= high), "the truth is {truth}: {cell:?}");
    assert!(
        cell.central.is_none_or(|central| cell.low <= central && cell.high.is_none_or(|high| central <= high)),
        "{cell:?}"
    );
    let low: u64 = ceilings.iter().map(|ceiling| ceiling.low).sum();
    assert!(cell.low >= low, "wider than the rule makes it, {low} to ..: {cell:?}");
    if let Some(most) = ceilings.iter().map(|ceiling| ceiling.high).sum::<Option<u64>>() {
        assert!(cell.high.is_some_and(|high| high <= most), "wider than the rule makes it, .. to {most}: {cell:?}");
    }
}

/// Exactly those sites show a figure that may, and the others are named for what they are.
fn check_said(cell: &CombinedCell, ceilings: &[Ceiling]) {
    let say = |said: Said| ceilings.iter().filter(|ceiling| ceiling.said == said).count() as u32;
    let counts = SiteCounts {
        shown: say(Said::Shown),
        zero: say(Said::Zero),
        suppressed: say(Said::Suppressed),
        withheld: say(Said::Withheld),
        ..SiteCounts::default()
    };
    assert_eq!(cell.sites, counts, "{cell:?}");
}

/// Per person at a site and level: one, the rows, or the units up to the cap.
fn amounts(kind: Kind, site: usize, level: usize, contributions: &[Contribution]) -> Amounts {
    let mut amounts = Amounts::new();
    for row in contributions.iter().filter(|row| (row.site, row.level) == (site, level)) {
        let amount = amounts.entry(row.person).or_default();
        *amount = match kind {
            Kind::People => 1,
            Kind::Rows => *amount + 1,
            Kind::Sum { cap } => cap.min(*amount + row.units),
        };
    }
    amounts
}

fn total(amounts: &Amounts) -> u64 {
    amounts.values().sum()
}

/// A figure on the grid with the values that share it.
fn shown(kind: Kind, exact: u64) -> Ceiling {
    let (low, high) = match kind {
        Kind::People | Kind::Rows => {
            let value = (exact + BASE / 2) / BASE * BASE;
            (THRESHOLD.max(value.saturating_sub(BASE / 2)), value + BASE / 2)
        }
        Kind::Sum { cap } => {
            let base = cap.div_ceil(10).max(BASE);
            let (value, half) = ((2 * exact + base) / (2 * base) * base, base.div_ceil(2));
            (value.saturating_sub(half), value + half)
        }
    };
    Ceiling { said: Said::Shown, low, high: Some(high) }
}

/// One person holds 43.75 % or more, or the second could tell the first's amount to within a tenth.
fn dominated(amounts: &Amounts) -> bool {
    let mut sizes: Vec<u64> = amounts.values().copied().collect();
    sizes.sort_unstable_by_key(|size| Reverse(*size));
    let all: u64 = sizes.iter().sum();
    let (first, others) = (sizes.first().copied().unwrap_or(0), sizes.iter().skip(2).sum::<u64>());
    first * 10_000 >= all * 4_375 || others * 10 < first
}
