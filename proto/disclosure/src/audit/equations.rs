//! What a received table leaves of every figure in it, shown or not, totals as well, by everything that it says at once.
//!
//! What the equations say one by one is followed up first. Of every end that is left, a table is sought that has it, for
//! then nothing says more; where seeking it leads to a contradiction at once, the end moves. What neither settles is asked
//! of a linear programme over everything that hangs together, and what that proves is worked out exactly. So each bound
//! holds whatever is left open, and the same table always gets the same bounds: every limit is one of steps or of the
//! declaration.

use super::reduce::{Component, components};
use super::revealed::{MOST, OPEN};
use super::search::{Boldness, Contradiction, Dived, End, Search, Wanted};
use super::table::Table;
use super::tighten::Bounds;
use super::weights::Weights;
use crate::bounds::Interval;
use crate::cell::Cell;
use crate::domain::Domain;
use crate::measure::Measure;

/// The most figures, cells times measures, of declarations whose tables are tightened as a whole; the tables of larger
/// ones keep what the equations say one by one.
pub const MAX_TIGHTENED_FIGURES: usize = 5_000;

/// How often equations are looked at to find tables, at most: so often for any declaration, and so often more per figure.
const MAX_LOOKS: usize = 15_000;
const MAX_LOOKS_PER_FIGURE: usize = 16;
/// The most work on programmes for one table, each programme at the square of the number of its figures.
const MAX_PROGRAMME_WORK: usize = 200_000;
/// How boldly a table is sought, one way after another: many ends at once, fewer, and the one end alone.
const BOLDNESS: [Boldness; 4] = [Boldness(4), Boldness(2), Boldness(1), Boldness(0)];

/// The equations between the figures of all tables of one declaration. Made once, they tighten the tables of many sites.
///
/// ```
/// use disclosure::*;
/// let dimension = |name: &str| Dimension {
///     name: name.into(),
///     levels: vec!["yes".into(), "no".into()],
///     per: Per::Person,
/// };
/// let (of, by) = (vec![dimension("ill"), dimension("old")], vec![vec![0], vec![1]]);
/// let (domain, measures) = (Domain::new(of, by).unwrap(), vec![Measure::people("people")]);
/// let shown = |value, low, high| Cell::Shown { value, low, high };
/// // Rows of 20 and 40, columns of 20 and 40, each within two; of the four cells one is withheld.
/// let cells = vec![
///     Cell::Withheld, shown(15, 13, 17), shown(15, 13, 17), shown(25, 23, 27),
///     shown(20, 18, 22), shown(40, 38, 42), shown(20, 18, 22), shown(40, 38, 42),
/// ];
/// let site = Reported::check(domain.clone(), measures.clone(), Policy::nhs_sde(), vec![cells]).unwrap();
/// let tightened = site.tightened(&Equations::new(&domain, &measures));
/// assert_eq!(tightened.interval(0, 0), Some(Interval { low: 1, high: Some(9) }));
/// ```
pub struct Equations {
    domain: Domain,
    measures: Vec<Measure>,
    table: Table,
    /// Per figure, the places of its equations.
    of_figure: Vec<Vec<usize>>,
    /// The places of all equations, and of those that the others do not imply.
    all: Vec<usize>,
    needed: Vec<usize>,
}

impl Equations {
    /// The equations of every table of these measures over this domain.
    #[must_use]
    pub fn new(domain: &Domain, measures: &[Measure]) -> Self {
        let small = domain.len().saturating_mul(measures.len()) <= MAX_TIGHTENED_FIGURES;
        let table = Table::of_declaration(domain, if small { measures } else { &[] });
        let mut of_figure = vec![Vec::new(); table.revealed.figures.len()];
        for (place, equation) in table.revealed.equations.iter().enumerate() {
            equation.figures().for_each(|figure| of_figure[figure].push(place));
        }
        let all: Vec<usize> = (0..table.revealed.equations.len()).collect();
        let needed = all.iter().copied().filter(|&equation| !table.revealed.implied[equation]).collect();
        Self { domain: domain.clone(), measures: measures.to_vec(), table, of_figure, all, needed }
    }

    /// Whether these are the equations of tables of these measures over this domain.
    pub(crate) fn are_of(&self, domain: &Domain, measures: &[Measure]) -> bool {
        self.domain == *domain && self.measures == measures
    }

    /// What the table leaves of each figure within what is known of it already; `None` where it contradicts itself.
    pub(crate) fn left(&self, cells: &[Vec<Cell>], known: &[Vec<Interval>]) -> Option<Vec<Vec<Interval>>> {
        let revealed = &self.table.revealed;
        let bounds = self.known(cells, known).tighten(revealed, &self.all)?;
        let parts = components(revealed, &bounds, &self.needed);
        let looks = MAX_LOOKS + MAX_LOOKS_PER_FIGURE * self.table.cells.len();
        let mut search = Search::new(revealed, &self.of_figure, bounds, looks);
        let mut work = MAX_PROGRAMME_WORK;
        for part in &parts {
            self.settle(&mut search, part, &mut work).ok()?;
        }
        let mut left = known.to_vec();
        for (figure, place) in self.table.cells.iter().enumerate() {
            let Some((measure, cell)) = *place else { continue };
            if cells[measure][cell] != Cell::NotCovered {
                let (low, high) = search.bounds().range(figure);
                let Interval { low: least, high: most } = left[measure][cell];
                let most = most.map_or(high, |most| most.min(high));
                left[measure][cell] = Interval { low: least.max(low), high: (most != OPEN).then_some(most) };
            }
        }
        Some(left)
    }

    /// What is known of every figure. A bound beyond all populations is none.
    fn known(&self, cells: &[Vec<Cell>], known: &[Vec<Interval>]) -> Bounds {
        let mut bounds = Bounds::own(&self.table.revealed);
        for (figure, place) in self.table.cells.iter().enumerate() {
            let Some((measure, cell)) = *place else { continue };
            let Interval { low, high } = match cells[measure][cell] {
                Cell::NotCovered => Interval { low: 0, high: Some(0) },
                _ => known[measure][cell],
            };
            bounds.low[figure] = low.min(MOST);
            bounds.high[figure] = high.filter(|&high| high <= MOST).unwrap_or(OPEN);
        }
        bounds
    }

    /// Settles the ends of a part's figures, the widest first, as far as the steps allow.
    fn settle(&self, search: &mut Search<'_>, part: &Component, work: &mut usize) -> Result<(), Contradiction> {
        let mut ends = Ends::new(search.bounds(), part);
        search.begin();
        for _ in BOLDNESS {
            if search.dive(None, &ends.any, Boldness(0))? == Dived::Table {
                break;
            }
            ends.ask_first(search.stuck());
        }
        ends.take(search);
        let mut unsettled = Vec::new();
        for place in 0..ends.order.len() {
            let figure = ends.order[place];
            for end in End::BOTH {
                while ends.wanted[figure][end as usize] && !search.is_over() {
                    let before = search.bounds().range(figure);
                    match ends.seek(search, figure, end)? {
                        Dived::Table => ends.take(search),
                        Dived::Moved if search.bounds().range(figure) != before => {}
                        // An amount may lie beside a whole number at which it cannot be.
                        Dived::Moved | Dived::Lost => break,
                    }
                }
                if ends.wanted[figure][end as usize] {
                    unsettled.push((figure, end));
                }
            }
        }
        self.ask(search, part, &unsettled, work)
    }

    /// Asks the programme for what the search left open.
    fn ask(
        &self,
        search: &mut Search<'_>,
        part: &Component,
        unsettled: &[(usize, End)],
        work: &mut usize,
    ) -> Result<(), Contradiction> {
        if unsettled.is_empty() {
            return Ok(());
        }
        let weights = Weights::new(&self.table.revealed, part);
        for &(figure, end) in unsettled {
            let Some(left) = work.checked_sub(part.figures.len() * part.figures.len()) else { return Ok(()) };
            let (low, high) = search.bounds().range(figure);
            if low == high {
                continue;
            }
            *work = left;
            let bounds = search.bounds();
            let origin: Vec<u64> = match search.table() {
                // What was proved since may have left the table behind.
                Some(table) => (0..table.len()).map(|f| table[f].clamp(bounds.low[f], bounds.high[f])).collect(),
                None => bounds.low.clone(),
            };
            match (weights.bound(bounds, &origin, figure, end), end) {
                (Some(bound), End::Low) if bound > low => search.learn(figure, bound, high)?,
                (Some(bound), End::High) if bound < high => search.learn(figure, low, bound)?,
                _ => {}
            }
        }
        Ok(())
    }
}

/// The ends of a part's figures.
struct Ends {
    /// The figures, those of which most is open first.
    order: Vec<usize>,
    /// Per figure of all, the ends that no table has shown.
    wanted: Vec<Wanted>,
    /// The figures in the order in which values are given where no end is wanted: those first that were in the way.
    any: Vec<(usize, Wanted)>,
}

impl Ends {
    fn new(bounds: &Bounds, part: &Component) -> Self {
        let mut order = part.figures.clone();
        order.sort_by_key(|&figure| std::cmp::Reverse(bounds.high[figure] - bounds.low[figure]));
        let mut wanted = vec![[false; 2]; bounds.low.len()];
        part.figures.iter().for_each(|&figure| wanted[figure] = [true; 2]);
        Self { order, wanted, any: part.figures.iter().map(|&figure| (figure, [false; 2])).collect() }
    }

    /// Seeks a table with the figure at its end, and with others at theirs, less and less boldly.
    fn seek(&mut self, search: &mut Search<'_>, figure: usize, end: End) -> Result<Dived, Contradiction> {
        let mut dived = Dived::Lost;
        for boldness in BOLDNESS {
            dived = match boldness {
                Boldness(0) => search.dive(Some((figure, end)), &self.any, boldness)?,
                _ => search.dive(Some((figure, end)), &self.wanting(), boldness)?,
            };
            if dived != Dived::Lost {
                break;
            }
            self.ask_first(search.stuck());
        }
        Ok(dived)
    }

    /// The figures of which an end is wanted, and then the others, which take up what is left.
    fn wanting(&self) -> Vec<(usize, Wanted)> {
        let (some, none): (Vec<_>, Vec<_>) =
            self.any.iter().map(|&(figure, _)| (figure, self.wanted[figure])).partition(|of| of.1 != [false; 2]);
        [some, none].concat()
    }

    /// Lets the figure that was in the way have its value first from now on.
    fn ask_first(&mut self, stuck: Option<usize>) {
        if let Some(place) = stuck.and_then(|stuck| self.any.iter().position(|of| of.0 == stuck)) {
            self.any[..=place].rotate_right(1);
        }
    }

    /// Strikes out the ends that the last table found has.
    fn take(&mut self, search: &Search<'_>) {
        if search.table().is_none() {
            return;
        }
        for &figure in &self.order {
            for end in End::BOTH {
                self.wanted[figure][end as usize] &= !search.shows(figure, end);
            }
        }
    }
}
