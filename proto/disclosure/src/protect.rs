//! The one way from unprotected counts to a table that may leave: decides what is said about every cell.
//!
//! Inner cells follow the policy cell by cell. The totals of one measure, of people or of rows that no one can dominate,
//! go through simulatable refinement where they touch the neighbourhood of a suppressed count; whatever else touches it
//! is held back. Which measure that is follows from the declaration: the first that can be refined. Where the declared
//! domain has no network form or is too large, every total over a hidden cell is held back, which reads nothing but
//! what the inner cells say in public: no suppressed cell then stands in any equation that the figures form.

use std::collections::BTreeMap;

use roaring::{MultiOps, RoaringBitmap};

use crate::bounds::{Interval, intervals, of_populations};
use crate::cell::Cell;
use crate::contributors::Contributors;
use crate::coupling::{people_bounds, rows_bounds};
use crate::coverage::{Coverage, Covered};
use crate::domain::{CellKey, Domain, Per};
use crate::held::{HeldBack, again};
use crate::informed::{GREATEST_SHOWN, Informed, Start, say_informed};
use crate::measure::{Measure, MeasureKind};
use crate::policy::{Policy, Zeros};
use crate::public::Public;
use crate::raw::{Amount, RawTable};
use crate::reason::Reason;
use crate::refine::{Inner, Refined, Total, Unions, refine};
use crate::rows::{Behind, undominated_cap};
use crate::undeclared::wider;

/// A table that may leave the node. Only [`protect()`] makes one.
///
/// ```
/// # use disclosure::*;
/// # let domain = Domain::new(vec![], vec![]).unwrap();
/// # let measures = [Measure::people("people")];
/// let mut tally = Tally::new(&domain, &measures).unwrap();
/// tally.add(&[0; 12], &(0..12).collect::<Vec<u32>>(), &[]).unwrap();
/// let raw = tally.finish().unwrap();
/// let (policy, coverage, public) =
///     (Policy::nhs_sde(), Coverage::whole(&domain), Public::nothing(&domain, &measures));
/// let protected = protect(raw, &domain, &measures, &policy, &coverage, &public).unwrap();
/// assert_eq!(protected.cells(0), [Cell::Shown { value: 10, low: 10, high: 12 }]);
/// ```
/// It cannot be forged from cells of one's own:
/// ```compile_fail
/// # use disclosure::*;
/// # let domain = Domain::new(vec![], vec![]).unwrap();
/// # let measures = [Measure::people("people")];
/// let protected = Protected {
///     policy: Policy::nhs_sde(), domain, measures: measures.to_vec(),
///     cells: vec![vec![Cell::Shown { value: 3, low: 3, high: 3 }]],
/// };
/// ```
/// nor altered:
/// ```compile_fail
/// # use disclosure::*;
/// # fn alter(mut protected: Protected) {
/// protected.cells(0)[0] = Cell::Shown { value: 3, low: 3, high: 3 };
/// # }
/// ```
pub struct Protected {
    policy: Policy,
    domain: Domain,
    measures: Vec<Measure>,
    // INVARIANT: per measure one cell for every cell of the domain, made by `protect` under `policy`.
    cells: Vec<Vec<Cell>>,
    contributors: Contributors,
}

impl Protected {
    /// The policy that was applied.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The declared shape.
    #[must_use]
    pub fn domain(&self) -> &Domain {
        &self.domain
    }

    /// The measures in declared order.
    #[must_use]
    pub fn measures(&self) -> &[Measure] {
        &self.measures
    }

    /// The cells of the measure at this place in [`Self::measures`], in the domain's order; empty beyond the last.
    #[must_use]
    pub fn cells(&self, measure: usize) -> &[Cell] {
        self.cells.get(measure).map_or(&[], Vec::as_slice)
    }

    /// The cells of all measures, in declared order: what an [`audit`](crate::audit()) attacks.
    #[must_use]
    pub fn table(&self) -> &[Vec<Cell>] {
        &self.cells
    }

    /// Why the cell says no figure, as far as the published table tells; `None` where it says one or does not exist.
    #[must_use]
    pub fn reason(&self, measure: usize, cell: usize) -> Option<Reason> {
        Reason::of(&self.domain, &self.measures, &self.policy, &self.cells, (measure, cell))
    }

    /// The same table; the ledger does not remember these figures as this release's.
    pub(crate) fn remembering_all_but(mut self, figures: &[(usize, usize)]) -> Self {
        self.contributors.forget(figures);
        self
    }

    /// Who stands behind the inner cells, for the ledger.
    #[must_use]
    pub fn contributors(&self) -> &Contributors {
        &self.contributors
    }
}

/// Protects a table under a policy. Every declared cell is in the result, in the domain's order.
///
/// * People: nobody is [`Cell::Zero`] where zeros are shown and [`Cell::Suppressed`] where they are hidden; fewer than
///   the threshold is suppressed; the rest is shown in its block, cut at the threshold.
/// * Rows and sums: shown where at least the threshold of people stand behind them (for sums: people with more than
///   nought) and nobody dominates; withheld otherwise; zero where nobody is and zeros are shown.
/// * Totals: of people distinct over the covered inner cells, of rows and sums their sum. One measure's totals are shown
///   beside suppressed counts, with bounds no finer than leaves each of them its whole range; `value` is then the
///   grid's figure for the middle of the bounds. It is the first declared measure that counts people, or counts rows
///   of so few per person that withheld rows mean fewer people than the threshold and nothing else (and no other
///   measure counts rows); of such rows a withheld cell keeps its whole range too. Withheld are totals for which no
///   bounds at or above the threshold can be shown, totals of rows that few people, or mostly one, might stand
///   behind, and those of all other measures that touch a suppressed count's neighbourhood.
/// * Totals of people who may come under several of their levels: such a total less one level, and the sum of the levels
///   less it, are people too (in the other levels only; those who come again). Fewer of them than the threshold keep every
///   number that the other figures leave: the total is then said between wider bounds, or withheld.
///
/// What is `public` already comes first. An earlier answer is said again, as far as today's policy can say it. Where all
/// that is public of cells linked by totals is about counts of people, refinement starts from it: a count of people is
/// then suppressed, shown (more widely, if need be) or withheld so that each suppressed one keeps every value that the
/// public facts leave it; rows and sums beside are withheld as long as a public fact says more than the counts
/// themselves do. Elsewhere nothing new is said of what a public fact covers, nor of the totals linked with it. A person
/// in a structural zero refuses the table.
///
/// # Errors
/// A [`ProtectError`] where the table is not of this domain and these measures, or contradicts what the template or the
/// provider's configuration declares. The operator is told; nothing is released.
pub fn protect(
    mut raw: RawTable,
    domain: &Domain,
    measures: &[Measure],
    policy: &Policy,
    coverage: &Coverage,
    public: &Public,
) -> Result<Protected, ProtectError> {
    let of_this = raw.domain == *domain && raw.measures == *measures && public.is_of(domain, measures);
    if !of_this || coverage.cells().len() != domain.inner_len() {
        return Err(ProtectError::Shape);
    }
    let mut cells = match wider(domain, measures, policy, public) {
        Some((wide, public)) => {
            raw.domain = wide;
            let said = say(&raw, policy, coverage, &public)?;
            raw.domain = domain.clone();
            said
        }
        None => say(&raw, policy, coverage, public)?,
    };
    // What is said of a total that is not declared is nobody's business.
    cells.iter_mut().for_each(|cells| cells.truncate(domain.len()));
    let contributors = Contributors::new(raw, cells.clone(), known(domain, measures, policy, &cells, public));
    Ok(Protected { policy: *policy, domain: domain.clone(), measures: measures.to_vec(), cells, contributors })
}

/// What everybody knows of each figure of a table that says this. Where earlier answers about nearly the same people
/// cannot all be true together, what each says itself.
fn known(
    domain: &Domain,
    measures: &[Measure],
    policy: &Policy,
    cells: &[Vec<Cell>],
    public: &Public,
) -> Vec<Vec<Interval>> {
    let mut beforehand = of_populations(domain, measures, public.populations());
    beforehand.extend(public.exact().map(|(place, n)| (place, Interval { low: n, high: Some(n) })));
    intervals(domain, measures, policy, cells, &beforehand)
        .unwrap_or_else(|| cells.iter().map(|cells| cells.iter().map(Interval::said).collect()).collect())
}

/// What is said of every cell of the table, measure by measure.
fn say(raw: &RawTable, policy: &Policy, coverage: &Coverage, public: &Public) -> Result<Vec<Vec<Cell>>, ProtectError> {
    let (domain, measures) = (&raw.domain, raw.measures.as_slice());
    let uncovered = |&cell: &usize| coverage.cells()[cell] == Covered::No;
    if (0..domain.inner_len()).filter(uncovered).any(|cell| !raw.people[cell].is_empty()) {
        return Err(ProtectError::Uncovered);
    }
    if (0..domain.inner_len()).any(|cell| domain.is_structural_zero(cell) && !raw.people[cell].is_empty()) {
        return Err(ProtectError::StructuralZero);
    }
    check_one_level_per_person(raw, domain)?;
    check_populations(raw, public)?;
    let inner = |(m, measure)| protect_inner(raw, m, measure, policy, coverage);
    let mut cells: Vec<Vec<Cell>> = measures.iter().enumerate().map(inner).collect::<Result<_, _>>()?;
    let start = Start::of(raw, policy, public);
    let mut held = HeldBack::of(domain, public, start.known());
    let covered = |cell: usize| coverage.cells()[cell] == Covered::Yes;
    (0..domain.inner_len()).for_each(|cell| held.informed[cell] &= covered(cell));
    say_again(&mut cells, raw, policy, public, &held);
    let blocks = say_informed(&mut cells, raw, policy, public, &start, &held)?;
    let free = free(&cells, &held);
    let refined = refined(raw, &free, policy, &start, &blocks);
    let unions = unions(raw, &free, policy, &start, (&held, &blocks), refined.as_ref());
    for (m, cells) in cells.iter_mut().enumerate() {
        for total in domain.inner_len()..domain.len() {
            let inner = &cells[..domain.inner_len()];
            let said = match (empty_total(domain, inner, total), public.answer(m, total)) {
                (Some(empty), _) => empty,
                (None, Some(answer)) => again(answer, domain, total, &measures[m], policy),
                (None, None) if held.cells[total] => Cell::Withheld,
                (None, None) if refined.is_none() && domain.children(total).iter().any(|&c| blocks.open[c]) => {
                    Cell::Withheld
                }
                (None, None) => {
                    let of_people = measures[m].kind() == MeasureKind::People;
                    let union = unions.get(&total).copied().filter(|_| of_people);
                    protect_total(raw, m, policy, inner, (refined.as_ref(), union), total)?
                }
            };
            cells.push(said);
        }
    }
    if !public.is_nothing() && intervals(domain, measures, policy, &cells, &[]).is_none() {
        return Err(ProtectError::Contradiction);
    }
    Ok(cells)
}

/// Where a dimension declares one level per person, counts of people are published as adding up; a person under two of
/// its levels would make the published figures contradict each other.
pub(crate) fn check_one_level_per_person(raw: &RawTable, domain: &Domain) -> Result<(), ProtectError> {
    let mut after = domain.inner_len();
    for dimension in domain.dimensions() {
        let levels = dimension.levels.len();
        after /= levels;
        if dimension.per == Per::Record || levels == 1 {
            continue;
        }
        let mut all = RoaringBitmap::new();
        let mut people = 0;
        for level in 0..levels {
            let of_level = raw.people.iter().enumerate().filter(|(cell, _)| cell / after % levels == level);
            let of_level: RoaringBitmap = of_level.map(|(_, people)| people).union();
            people += of_level.len();
            all |= of_level;
        }
        if all.len() != people {
            return Err(ProtectError::SeveralLevels { dimension: dimension.name.clone() });
        }
    }
    Ok(())
}

/// No cell has more people than it is published to be of. Whoever combines tables relies on it, whatever is said of
/// the cell: see [`Reported::of_populations`](crate::Reported::of_populations).
pub(crate) fn check_populations(raw: &RawTable, public: &Public) -> Result<(), ProtectError> {
    let domain = &raw.domain;
    let crowded = |(cell, n): (usize, u64)| match domain.children(cell) {
        inner if inner.is_empty() => raw.people[cell].len() > n,
        inner => people_of(raw, &inner) > n,
    };
    let crowded_beyond = |(total, n): (&CellKey, u64)| people_of(raw, &domain.inner_cells_at(total)) > n;
    let contradicted = public.populations().any(crowded) || public.undeclared().any(crowded_beyond);
    if contradicted { Err(ProtectError::Population) } else { Ok(()) }
}

/// What is said about the inner cells of one measure.
pub(crate) fn protect_inner(
    raw: &RawTable,
    place: usize,
    measure: &Measure,
    policy: &Policy,
    coverage: &Coverage,
) -> Result<Vec<Cell>, ProtectError> {
    let said = |(cell, people): (usize, &RoaringBitmap)| match (coverage.cells()[cell], measure.kind()) {
        (Covered::No, _) => Ok(Cell::NotCovered),
        (Covered::Yes, _) if raw.domain.is_structural_zero(cell) => Ok(Cell::Zero),
        (Covered::Yes, MeasureKind::People) => Ok(count(people.len(), policy)),
        (Covered::Yes, _) => amount(people.len(), raw.amounts[place][cell], measure, policy),
    };
    raw.people.iter().enumerate().map(said).collect()
}

/// Says the inner cells again that were answered before, and holds back those of which nothing new is said.
fn say_again(cells: &mut [Vec<Cell>], raw: &RawTable, policy: &Policy, public: &Public, held: &HeldBack) {
    let people = raw.measures.iter().position(|m| m.kind() == MeasureKind::People);
    for cell in (0..raw.domain.inner_len()).filter(|&cell| held.cells[cell]) {
        for (m, measure) in raw.measures.iter().enumerate() {
            let said = &mut cells[m][cell];
            *said = match public.answer(m, cell) {
                _ if *said == Cell::NotCovered || raw.domain.is_structural_zero(cell) => *said,
                Some(answer) => again(answer, &raw.domain, cell, measure, policy),
                None => Cell::Withheld,
            };
        }
        // Where nobody is, there are no rows and no sum: a measure that says otherwise would contradict the people.
        if people.is_some_and(|people| cells[people][cell] == Cell::Zero) {
            cells.iter_mut().for_each(|cells| cells[cell] = Cell::Zero);
        } else {
            cells.iter_mut().filter(|cells| cells[cell] == Cell::Zero).for_each(|cells| cells[cell] = Cell::Withheld);
        }
    }
}

/// The inner cells as refinement sees them: neighbourhoods whose totals are held back take no part.
fn free(cells: &[Vec<Cell>], held: &HeldBack) -> Vec<Vec<Cell>> {
    let seen = |(&cell, &held): (&Cell, &bool)| if held { Cell::NotCovered } else { cell };
    cells.iter().map(|cells| cells.iter().zip(&held.neighbourhood).map(seen).collect()).collect()
}

/// What is said of a total over nothing that is covered, or over zeros alone.
fn empty_total(domain: &Domain, inner: &[Cell], total: usize) -> Option<Cell> {
    let children = domain.children(total);
    let mut covered = children.iter().map(|&child| inner[child]).filter(|&cell| cell != Cell::NotCovered).peekable();
    if covered.peek().is_none() {
        return Some(Cell::NotCovered);
    }
    covered.all(|cell| cell == Cell::Zero).then_some(Cell::Zero)
}

/// Where the measure that can be refined has hidden cells, or public facts, the refinement of its totals; otherwise, or
/// where the declared domain does not allow it, `None`.
fn refined(
    raw: &RawTable,
    cells: &[Vec<Cell>],
    policy: &Policy,
    start: &Start,
    informed: &Informed,
) -> Option<Refined> {
    let measure = start.measure?;
    if !cells[measure].iter().any(Cell::is_hidden) && !informed.open.iter().any(|&open| open) {
        return None;
    }
    let kind = raw.measures[measure].kind();
    let (counts, bounds): (Vec<u64>, _) = match kind {
        MeasureKind::People => {
            (informed.blocks.counts.clone(), public_ranges(raw, cells, measure, policy, start, informed))
        }
        MeasureKind::Rows { .. } | MeasureKind::Sum { .. } => {
            let rows = raw.amounts[measure].iter().map(|amount| amount.total);
            (rows.collect(), rows_bounds(&raw.measures, cells, measure, policy))
        }
    };
    let mut facts = start.facts.clone();
    for (&total, &(low, high)) in &informed.blocks.totals {
        let range = facts.ranges.entry(total).or_insert((0, high));
        *range = (range.0.max(low), range.1.min(high));
    }
    let inner = Inner {
        measure,
        kind,
        said: &cells[measure],
        bounds: &bounds,
        counts: &counts,
        chains: &start.chains,
        facts: &facts,
        informed: &informed.open,
    };
    refine(&raw.domain, policy, &inner)
}

/// Per inner cell, the range of people that fits all that is said of it; `people` is the place of the measure.
fn public_ranges(
    raw: &RawTable,
    cells: &[Vec<Cell>],
    people: usize,
    policy: &Policy,
    start: &Start,
    informed: &Informed,
) -> Vec<(u64, u64)> {
    // Beside facts, a figure may be withheld for their sake and says nothing about the people.
    let silent = |cell: usize| informed.bear[cell] || start.facts.answered.contains(&cell);
    let mut bounds = people_bounds(&raw.measures, cells, people, policy, silent);
    for (&cell, &(low, high)) in &informed.blocks.of {
        let shown = matches!(cells[people][cell], Cell::Shown { .. });
        let (least, most) = if shown { bounds[cell] } else { (low, high) };
        bounds[cell] = (low.max(least), high.min(most));
    }
    bounds
}

/// What is published of the totals of people who may come under several levels.
fn unions(
    raw: &RawTable,
    cells: &[Vec<Cell>],
    policy: &Policy,
    start: &Start,
    (held, informed): (&HeldBack, &Informed),
    refined: Option<&Refined>,
) -> BTreeMap<usize, Total> {
    let domain = &raw.domain;
    let people = raw.measures.iter().position(|m| m.kind() == MeasureKind::People);
    let any = (domain.inner_len()..domain.len()).any(|total| domain.is_union(total));
    let Some(people) = people.filter(|_| any) else { return BTreeMap::new() };
    let hidden = cells[people].iter().map(Cell::is_hidden);
    let linked: Vec<bool> =
        hidden.enumerate().map(|(cell, hidden)| hidden || refined.is_some_and(|r| r.linked[cell])).collect();
    // What a union says would have to be weighed against what is public of the totals that add up.
    let public = |total: usize| {
        held.cells[total]
            || start.facts.held.contains(&total)
            || domain.children(total).iter().any(|&child| informed.open[child])
    };
    let closed: Vec<bool> = (0..domain.len()).map(|cell| domain.is_union(cell) && public(cell)).collect();
    let counts: Vec<u64> = raw.people.iter().map(RoaringBitmap::len).collect();
    let unions = Unions {
        domain,
        policy,
        said: &cells[people],
        ranges: &public_ranges(raw, cells, people, policy, start, informed),
        counts: &counts,
        linked: &linked,
        refined: refined.is_some_and(|refined| refined.measure == people),
        closed: &closed,
    };
    unions.publish(|inner| people_of(raw, inner))
}

/// What is said about one total of one measure whose inner cells say `inner`.
fn protect_total(
    raw: &RawTable,
    place: usize,
    policy: &Policy,
    inner: &[Cell],
    (refined, union): (Option<&Refined>, Option<Total>),
    total: usize,
) -> Result<Cell, ProtectError> {
    let children = raw.domain.children(total);
    let measure = &raw.measures[place];
    match union.or_else(|| refined.filter(|refined| refined.measure == place).map(|refined| refined.totals[total])) {
        Some(Total::Between(low, high)) => {
            let stands = undominated_cap(measure, policy)
                .is_none_or(|cap| Behind::of(&raw.domain, total, inner).suffices(low, cap, policy));
            return Ok(if stands { refined_total(low, high, policy) } else { Cell::Withheld });
        }
        Some(Total::Held) => return Ok(Cell::Withheld),
        Some(Total::Plain) | None => {}
    }
    // INVARIANT: nothing beside the refined totals links a suppressed count's neighbourhood to other figures.
    let linked = |&child: &usize| refined.is_some_and(|refined| refined.linked[child]);
    if children.iter().any(|&child| inner[child].is_hidden()) || children.iter().any(linked) {
        return Ok(Cell::Withheld);
    }
    shown_total(raw, place, measure, policy, &children)
}

/// A refined total as a figure of the grid with its bounds. Where the total could lie below the threshold it is
/// withheld, which says no more than its bounds do; so it is where nothing bounds it, for then it has no middle.
pub(crate) fn refined_total(low: u64, high: u64, policy: &Policy) -> Cell {
    if low < policy.threshold().people() || high > GREATEST_SHOWN {
        return Cell::Withheld;
    }
    // Whatever follows from other figures, nothing is shown finer than the blocks of the grid.
    let narrow = high - low + 1 < policy.rounding().base();
    let (low, high) = if narrow { (policy.block(low).low, policy.block(high).high) } else { (low, high) };
    let value = policy.block(low + (high - low) / 2).value;
    Cell::Shown { value, low: low.min(value), high: high.max(value) }
}

/// The distinct people in these inner cells.
pub(crate) fn people_of(raw: &RawTable, inner: &[usize]) -> u64 {
    let people: RoaringBitmap = inner.iter().map(|&cell| &raw.people[cell]).union();
    people.len()
}

/// What is said about a count of people in an inner cell.
fn count(people: u64, policy: &Policy) -> Cell {
    let (low, high) = policy.suppressed();
    match people {
        0 if policy.zeros() == Zeros::Shown => Cell::Zero,
        n if n <= high => Cell::Suppressed { low, high },
        n => shown(policy.block(n)),
    }
}

/// What is said about rows or a sum in an inner cell.
fn amount(people: u64, amount: Amount, measure: &Measure, policy: &Policy) -> Result<Cell, ProtectError> {
    if people == 0 && policy.zeros() == Zeros::Shown {
        return Ok(Cell::Zero);
    }
    let enough = amount.contributors >= policy.threshold().people();
    if !enough || policy.dominance().dominated(amount.total, amount.top) {
        return Ok(Cell::Withheld);
    }
    shown_amount(amount.total, measure, policy)
}

/// A total none of whose inner cells is hidden. Each inner cell that is not zero has the threshold of people and nobody
/// dominates it, and both carry over to the total: the top two people of the total leave at least p% of the first in
/// every cell, and hold less than the largest share of every cell.
fn shown_total(
    raw: &RawTable,
    place: usize,
    measure: &Measure,
    policy: &Policy,
    children: &[usize],
) -> Result<Cell, ProtectError> {
    if measure.kind() == MeasureKind::People {
        return Ok(count(people_of(raw, children), policy));
    }
    let amounts = children.iter().map(|&child| raw.amounts[place][child].total);
    let total = amounts.into_iter().try_fold(0u64, u64::checked_add).ok_or(ProtectError::TooLarge)?;
    shown_amount(total, measure, policy)
}

fn shown_amount(total: u64, measure: &Measure, policy: &Policy) -> Result<Cell, ProtectError> {
    match measure.kind() {
        MeasureKind::Sum { .. } => measure.sum_block(total).map(shown).ok_or(ProtectError::TooLarge),
        MeasureKind::People | MeasureKind::Rows { .. } => Ok(shown(policy.block(total))),
    }
}

fn shown(block: crate::rounding::Block) -> Cell {
    Cell::Shown { value: block.value, low: block.low, high: block.high }
}

/// Why a table cannot be protected. For the operator; no variant carries a count.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProtectError {
    /// The table is not of this domain and these measures.
    #[error("the table is not of this domain, these measures and this coverage")]
    Shape,
    /// The configured coverage says there can be no data where there is some.
    #[error("records lie in a cell outside the configured coverage")]
    Uncovered,
    /// Records of a kind that the template declares impossible.
    #[error("records lie in a cell declared to be a structural zero; check the mapping of the data to the model")]
    StructuralZero,
    /// The template declares one level per person, and the data has several.
    #[error("dimension `{dimension}` is declared to have one level per person, but a person appears under several")]
    SeveralLevels {
        /// The dimension.
        dimension: String,
    },
    /// More people in a cell than its published population.
    #[error("more people are counted in a cell than its published population; check the list sizes and their date")]
    Population,
    /// Earlier answers and public figures that cannot all be true, or not beside this table.
    #[error("what is public about the table contradicts itself or the table; check list sizes and published totals")]
    Contradiction,
    /// A figure beyond what can be counted.
    #[error("a figure is too large to be counted")]
    TooLarge,
}
