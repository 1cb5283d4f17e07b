//! Differencing: what was released before decides what may be said now.
//!
//! Two figures whose contributors differ by fewer people than the threshold must not both be said, for their difference
//! is about those few. So a released answer belongs to the set of people behind it: an inner cell that differs from a
//! released one by fewer than the threshold *is* that one, with its people, its amounts and its answer, before the table
//! is protected, and everything else in the table follows from that. The people who are compared are those whose
//! contribution differs, not only who is in. What cannot be substituted so, and whatever comes so close to sums of
//! released figures that it tells of a few people (see [`relation`]), is held back. A count below the threshold stays what
//! it is: `*` for it says no more beside its neighbours than it says alone.
//!
//! INVARIANT: nothing says whether or why a cell was substituted. What every figure states is what is true of all of them:
//! it is for this question *or one that differs from it by fewer people than the threshold*.

mod past;
mod quantity;
mod relation;
mod sketch;

use crate::cell::Cell;
use crate::coverage::{Coverage, Covered};
use crate::domain::Domain;
use crate::measure::{HUNDREDTHS, Measure, MeasureKind};
use crate::policy::Policy;
use crate::protect::{ProtectError, Protected, check_one_level_per_person, protect, protect_inner};
use crate::public::Public;
use crate::raw::RawTable;
use crate::rounding::LEAST_BASE;
use past::{Figure, Lost};
pub use past::{Past, Vault};
pub(crate) use quantity::Quantity;
use relation::{Allowed, Found, Member};
use sketch::Sketch;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;
use std::sync::Arc;

use roaring::RoaringBitmap;

/// How often a table is protected anew, each time with more cells held back, before nothing of it is released.
const MAX_ROUNDS: usize = 12;
/// The most pairs of figures that are looked at for relations with one table. Beyond it nothing of the table is released.
const MAX_PAIRS: usize = 1 << 25;
/// People in the sets that are kept opened during one comparison.
const MAX_OPEN: u64 = 1 << 25;

/// Protects a table as [`protect()`] does, beside everything that was released before.
///
/// # Errors
/// A [`BesideError`]; then nothing is released.
#[expect(clippy::too_many_arguments, reason = "a table with its declaration, its rules and everything that is public")]
pub fn protect_beside(
    raw: RawTable,
    domain: &Domain,
    measures: &[Measure],
    policy: &Policy,
    coverage: &Coverage,
    public: &Public,
    past: &Past,
    vault: &dyn Vault,
) -> Result<Protected, BesideError> {
    if past.is_empty() {
        return Ok(protect(raw, domain, measures, policy, coverage, public)?);
    }
    if raw.domain != *domain || raw.measures != *measures || coverage.cells().len() != domain.inner_len() {
        return Err(ProtectError::Shape.into());
    }
    check_one_level_per_person(&raw, domain)?;
    let compared = Compared { policy, past, vault, threshold: policy.threshold().people() };
    let Substituted { raw, answers, mut held } = compared.substitute(raw, coverage)?;
    let mut answers: BTreeMap<(usize, usize), Cell> = answers;
    let mut open = Open::new(past, vault);
    for _ in 0..MAX_ROUNDS {
        let known = known(public, &answers, &mut held)?;
        let protected = match protect(raw.copy(), domain, measures, policy, coverage, &known) {
            Err(ProtectError::Contradiction) if !answers.is_empty() => {
                // Earlier answers that cannot stand side by side are not said again.
                held.extend(std::mem::take(&mut answers).into_keys());
                continue;
            }
            protected => protected?,
        };
        let Judged { close, said } = compared.judge_all(&protected, &mut open)?;
        if close.is_empty() {
            // INVARIANT: an answer is remembered once, for the people that it was first given for, so that no chain of
            // small differences leads away from them.
            return Ok(protected.remembering_all_but(&said));
        }
        held.extend(close);
    }
    Err(BesideError::TooClose)
}

/// What is public with the earlier answers and what is held back; an answer that cannot be is held back too.
fn known(
    public: &Public,
    answers: &BTreeMap<(usize, usize), Cell>,
    held: &mut BTreeSet<(usize, usize)>,
) -> Result<Public, BesideError> {
    let mut known = public.clone();
    for (&(measure, cell), &answer) in answers {
        if !held.contains(&(measure, cell)) && known.answered(measure, cell, answer).is_err() {
            held.insert((measure, cell));
        }
    }
    for &(measure, cell) in held.iter() {
        known.held(measure, cell).map_err(|_| ProtectError::Shape)?;
    }
    Ok(known)
}

/// A table in which cells are what was released of them before.
struct Substituted {
    raw: RawTable,
    answers: BTreeMap<(usize, usize), Cell>,
    held: BTreeSet<(usize, usize)>,
}

/// What came of comparing a protected table with the past.
struct Judged {
    /// Figures that must not be said.
    close: BTreeSet<(usize, usize)>,
    /// Figures that were said before, of the same people but for fewer than the threshold.
    said: Vec<(usize, usize)>,
}

/// An inner cell's counterpart in the past.
struct Counterpart {
    release: u64,
    cell: usize,
    /// Per measure of the table, the counterpart's measure.
    measures: Vec<usize>,
    differing: u64,
}

struct Compared<'a> {
    policy: &'a Policy,
    past: &'a Past,
    vault: &'a dyn Vault,
    threshold: u64,
}

impl Compared<'_> {
    /// Puts released sets in the place of those that differ from them by fewer people than the threshold.
    fn substitute(&self, before: RawTable, coverage: &Coverage) -> Result<Substituted, BesideError> {
        let measures = before.measures.len();
        let mut raw = before.copy();
        let mut answers = BTreeMap::new();
        let mut held = BTreeSet::new();
        let mut replaced = Vec::new();
        for cell in (0..before.people.len()).filter(|&cell| coverage.cells()[cell] == Covered::Yes) {
            let near = (0..measures).map(|m| self.near_shown(&before, m, cell)).collect::<Result<Vec<_>, _>>()?;
            if near.iter().all(Vec::is_empty) {
                continue;
            }
            if let Some(counterpart) = self.counterpart(&before, cell, &near)? {
                let from = self.vault.contributors(counterpart.release).ok_or(BesideError::Lost)?;
                for (m, &measure) in counterpart.measures.iter().enumerate() {
                    if let Some(said @ Cell::Shown { .. }) = from.said(measure, counterpart.cell) {
                        answers.insert((m, cell), said);
                    }
                }
                if counterpart.differing > 0 {
                    let (people, each) = from.inner(counterpart.cell).ok_or(BesideError::Lost)?;
                    let each = counterpart.measures.iter().map(|&m| each.get(m).cloned().flatten());
                    raw.replace(cell, people.clone(), each.collect()).ok_or(BesideError::Lost)?;
                    replaced.push(cell);
                }
                continue;
            }
            // No released cell has all of these measures: each is taken from where it was released, the others from the
            // same people as far as they are here. What does not come out as it was said is held back later.
            for (m, near) in near.iter().enumerate() {
                if let Some((figure, _)) = near.first() {
                    answers.insert((m, cell), figure.said);
                }
            }
            if near.iter().filter_map(|near| near.first()).any(|(_, differing)| *differing > 0) {
                self.mix(&mut raw, cell, &near)?;
                replaced.push(cell);
            }
        }
        // A person who moved between two snapshots may be in an old set here and in a new one there.
        if check_one_level_per_person(&raw, &raw.domain).is_err() {
            for cell in replaced {
                raw.restore(cell, &before);
                held.extend((0..measures).map(|m| (m, cell)));
            }
        }
        // What the rule says of the same people anyway need not be said to be public.
        for m in 0..measures {
            let said = protect_inner(&raw, m, &raw.measures[m], self.policy, coverage)?;
            answers.retain(|&(measure, cell), answer| measure != m || said[cell] != *answer);
        }
        Ok(Substituted { raw, answers, held })
    }

    /// Puts into a cell the people whose count was released, and of every other measure what was released of it or, of
    /// what is new, what these people contribute here.
    fn mix(&self, raw: &mut RawTable, cell: usize, near: &[Vec<(&Figure, u64)>]) -> Result<(), BesideError> {
        let released =
            |m: usize| near.get(m).and_then(|near| near.first()).map(|(figure, _)| figure.quantity(self.vault));
        let counts_people = |m: &usize| raw.measures[*m].kind() == MeasureKind::People;
        let people = match (0..raw.measures.len()).find(counts_people).and_then(released).transpose()? {
            Some(quantity) => quantity.people().clone(),
            None => raw.people[cell].clone(),
        };
        let mut each = Vec::with_capacity(raw.measures.len());
        for (m, measure) in raw.measures.iter().enumerate() {
            // Whoever is in a cell has a row in it.
            let (unit, least) = match measure.kind() {
                MeasureKind::People => {
                    each.push(None);
                    continue;
                }
                MeasureKind::Rows { .. } => (HUNDREDTHS, 1),
                MeasureKind::Sum { .. } => (1, 0),
            };
            let quantity = match released(m).transpose()? {
                Some(quantity) => quantity,
                None => raw.quantity(m, cell).unwrap_or_default(),
            };
            let amounts = quantity.amounts_of(&people).map(|amount| u32::try_from((amount / unit).max(least)).ok());
            each.push(Some(Arc::new(amounts.collect::<Option<Vec<u32>>>().ok_or(ProtectError::TooLarge)?)));
        }
        raw.replace(cell, people, each).ok_or(BesideError::Lost)
    }

    /// The shown figures that fewer people than the threshold contribute differently to, one of exactly these people
    /// first, then the earliest; none for a figure of fewer people itself. The earliest, not the nearest: what is
    /// released later never changes which it is, so that the same people get the same answer for ever.
    fn near_shown(&self, raw: &RawTable, measure: usize, cell: usize) -> Result<Vec<(&Figure, u64)>, Lost> {
        let Some(quantity) = raw.quantity(measure, cell).filter(|quantity| quantity.len() >= self.threshold) else {
            return Ok(Vec::new());
        };
        let sketch = Sketch::of(quantity.people());
        let mut near = self.past.near(&quantity, &sketch, self.threshold - 1, self.vault)?;
        near.retain(|(figure, _)| matches!(figure.said, Cell::Shown { .. }));
        near.sort_by_key(|(figure, differing)| (*differing > 0, figure.release, figure.cell, figure.measure));
        Ok(near)
    }

    /// The released inner cell that can take this one's place in every measure.
    fn counterpart(
        &self,
        raw: &RawTable,
        cell: usize,
        near: &[Vec<(&Figure, u64)>],
    ) -> Result<Option<Counterpart>, BesideError> {
        let places: BTreeSet<(u64, usize)> = near.iter().flatten().map(|(f, _)| (f.release, f.cell)).collect();
        let mut best: Option<Counterpart> = None;
        for (release, there) in places {
            let from = self.vault.contributors(release).ok_or(BesideError::Lost)?;
            if there >= from.cells() {
                continue;
            }
            let mut found = Counterpart { release, cell: there, measures: Vec::new(), differing: 0 };
            for (m, measure) in raw.measures.iter().enumerate() {
                let quantity = raw.quantity(m, cell).unwrap_or_default();
                let same_kind = from.kinds().iter().enumerate().filter(|(_, kind)| **kind == measure.kind());
                let differing = |(place, _): (usize, &MeasureKind)| {
                    Some((from.quantity(place, there)?.differing(&quantity), place))
                };
                let Some((differing, place)) = same_kind.filter_map(differing).min() else { break };
                if differing < self.threshold {
                    found.measures.push(place);
                    found.differing = found.differing.max(differing);
                }
            }
            let whole = found.measures.len() == raw.measures.len();
            // Places come in the order of releases: the earliest, unless a later one is of exactly these people.
            if whole && best.as_ref().is_none_or(|best| found.differing == 0 && best.differing > 0) {
                best = Some(found);
            }
        }
        Ok(best)
    }

    /// Compares every figure of a protected table with the past.
    fn judge_all(&self, protected: &Protected, open: &mut Open<'_>) -> Result<Judged, BesideError> {
        let mut close = BTreeSet::new();
        let mut again = Vec::new();
        for (m, measure) in protected.measures().iter().enumerate() {
            let mut new = Vec::new();
            for cell in 0..protected.domain().len() {
                let said = protected.cells(m)[cell];
                let Some((low, high)) = known_bounds(said) else { continue };
                let quantity = protected.contributors().quantity(m, cell).filter(|quantity| quantity.len() > 0);
                let Some(quantity) = quantity else { continue };
                let figure =
                    New { cell, sketch: Sketch::of(quantity.people()), quantity: Rc::new(quantity), low, high };
                match self.beside(&figure)? {
                    Beside::Fresh => new.push(figure),
                    Beside::Said => again.push((m, cell)),
                    Beside::Close => drop(close.insert((m, cell))),
                }
            }
            let kind = measure.kind();
            let allowed = self.allowed(measure);
            for place in self.relations(kind, allowed, &new, open)? {
                close.insert((m, place));
            }
        }
        Ok(Judged { close, said: again })
    }

    /// Whether a figure was said before, may not be said, or is new.
    fn beside(&self, new: &New) -> Result<Beside, Lost> {
        let few = new.quantity.len() < self.threshold;
        let at_most = if few { 0 } else { self.threshold - 1 };
        let near = self.past.near(&new.quantity, &new.sketch, at_most, self.vault)?;
        let mut beside = Beside::Fresh;
        for (figure, differing) in near {
            let Some((low, high)) = known_bounds(figure.said) else { continue };
            let says_no_more = new.low <= low && high <= new.high;
            let both_shown = !few && matches!(figure.said, Cell::Shown { .. });
            match (differing, says_no_more) {
                (0, true) => return Ok(Beside::Said),
                (0, false) => beside = Beside::Close,
                (_, true) if both_shown && beside == Beside::Fresh => beside = Beside::Said,
                (_, false) if both_shown => beside = Beside::Close,
                _ => {}
            }
        }
        Ok(beside)
    }

    fn allowed(&self, measure: &Measure) -> Allowed {
        let few = (self.threshold - 1).saturating_mul(HUNDREDTHS);
        let most = measure.at_most_per_person().map_or(u64::MAX, |cap| few.saturating_mul(cap));
        let block = measure.sum_base().unwrap_or(LEAST_BASE).saturating_mul(HUNDREDTHS);
        Allowed { threshold: self.threshold, least: HUNDREDTHS, most, block }
    }

    /// The new figures, one of each relation that tells too much, that are not to be said.
    fn relations(
        &self,
        kind: MeasureKind,
        allowed: Allowed,
        new: &[New],
        open: &mut Open<'_>,
    ) -> Result<BTreeSet<usize>, BesideError> {
        let few = self.threshold - 1;
        let mut close = BTreeSet::new();
        if new.is_empty() {
            return Ok(close);
        }
        let figures: Vec<usize> = (0..self.past.len()).filter(|&f| alike(self.past.figures()[f].kind, kind)).collect();
        let mut pairs = 0usize;
        let member = |place: usize| Member {
            quantity: Rc::clone(&new[place].quantity),
            low: new[place].low.saturating_mul(HUNDREDTHS),
            high: new[place].high.saturating_mul(HUNDREDTHS),
            new: Some(place),
        };
        for (place, whole) in new.iter().enumerate() {
            count_pairs(&mut pairs, figures.len())?;
            let mut parts = open.parts(&figures, &whole.quantity, &whole.sketch, few)?;
            if parts.is_empty() {
                continue;
            }
            parts.extend((0..new.len()).filter(|&p| p != place && new[p].may_be_in(whole, few)).map(member));
            self.judge(relation::search(&member(place), &parts, allowed), &[place], new, &mut close);
        }
        for release in self.past.releases() {
            // Only where a new figure lies within everybody of a release can it lie within one of its figures.
            let within: Vec<usize> = (0..new.len()).filter(|&p| new[p].lies_within(&release.people, few)).collect();
            if within.is_empty() {
                continue;
            }
            for figure in release.figures.clone().filter(|&figure| alike(self.past.figures()[figure].kind, kind)) {
                let whole = &self.past.figures()[figure];
                let may_be_in = |&p: &usize| new[p].sketch.may_be_within(&whole.sketch, few);
                let inside: Vec<usize> = within.iter().copied().filter(may_be_in).collect();
                let Some((low, high)) = known_bounds(whole.said).filter(|_| !inside.is_empty()) else { continue };
                let quantity = open.quantity(figure)?;
                let inside: Vec<usize> =
                    inside.into_iter().filter(|&p| new[p].quantity.lies_within(&quantity, few)).collect();
                if inside.is_empty() {
                    continue;
                }
                count_pairs(&mut pairs, figures.len())?;
                let mut parts = open.parts(&figures, &quantity, &whole.sketch, few)?;
                parts.extend(inside.iter().copied().map(member));
                let (low, high) = (low.saturating_mul(HUNDREDTHS), high.saturating_mul(HUNDREDTHS));
                let whole = Member { quantity, low, high, new: None };
                self.judge(relation::search(&whole, &parts, allowed), &inside, new, &mut close);
            }
        }
        Ok(close.into_iter().map(|place| new[place].cell).collect())
    }

    /// Of a relation that tells too much the figure of most people is not said, a total before any inner cell; where
    /// there were too many to look at, none that might take part is.
    fn judge(&self, found: Found, concerned: &[usize], new: &[New], close: &mut BTreeSet<usize>) {
        match found {
            Found::Nothing => {}
            Found::Relation(figures) => {
                if !figures.iter().any(|place| close.contains(place)) {
                    close.extend(figures.into_iter().max_by_key(|&place| (new[place].quantity.len(), new[place].cell)));
                }
            }
            Found::TooMany => close.extend(concerned),
        }
    }
}

fn count_pairs(pairs: &mut usize, more: usize) -> Result<(), BesideError> {
    *pairs = pairs.saturating_add(more);
    if *pairs > MAX_PAIRS { Err(BesideError::TooClose) } else { Ok(()) }
}

/// Whether two measures can be of the same thing: sums of different caps are of different columns.
fn alike(a: MeasureKind, b: MeasureKind) -> bool {
    match (a, b) {
        (MeasureKind::Sum { .. }, MeasureKind::Sum { .. }) => a == b,
        _ => std::mem::discriminant(&a) == std::mem::discriminant(&b),
    }
}

/// What a figure that says something says.
fn known_bounds(said: Cell) -> Option<(u64, u64)> {
    match said {
        Cell::Shown { low, high, .. } | Cell::Suppressed { low, high } => Some((low, high)),
        Cell::Zero | Cell::Withheld | Cell::NotCovered => None,
    }
}

/// A figure that is to be said.
struct New {
    cell: usize,
    quantity: Rc<Quantity>,
    sketch: Sketch,
    low: u64,
    high: u64,
}

impl New {
    fn lies_within(&self, everybody: &RoaringBitmap, few: u64) -> bool {
        self.quantity.people().difference_len(everybody) <= few
    }

    fn may_be_in(&self, whole: &Self, few: u64) -> bool {
        self.sketch.may_be_within(&whole.sketch, few)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Beside {
    /// It differs from some released figure by too few people, and says something else.
    Close,
    /// Nothing like it was said.
    Fresh,
    /// It says what was said before of the same people, but for fewer than the threshold.
    Said,
}

/// Sets of the past, opened as they are needed.
struct Open<'a> {
    past: &'a Past,
    vault: &'a dyn Vault,
    sets: HashMap<usize, Rc<Quantity>>,
    people: u64,
}

impl<'a> Open<'a> {
    fn new(past: &'a Past, vault: &'a dyn Vault) -> Self {
        Self { past, vault, sets: HashMap::new(), people: 0 }
    }

    fn quantity(&mut self, figure: usize) -> Result<Rc<Quantity>, Lost> {
        if let Some(quantity) = self.sets.get(&figure) {
            return Ok(Rc::clone(quantity));
        }
        let quantity = Rc::new(self.past.figures().get(figure).ok_or(Lost)?.quantity(self.vault)?);
        if self.people.saturating_add(quantity.len()) > MAX_OPEN {
            (self.people, self.sets) = (0, HashMap::new());
        }
        self.people += quantity.len();
        self.sets.insert(figure, Rc::clone(&quantity));
        Ok(quantity)
    }

    /// The released figures that lie within a whole but for a few people, each set with each answer once, the whole
    /// itself excepted.
    fn parts(&mut self, figures: &[usize], whole: &Quantity, sketch: &Sketch, few: u64) -> Result<Vec<Member>, Lost> {
        let past = self.past;
        let may_be_part = |&figure: &usize| past.figures()[figure].may_be_within(whole.people(), sketch, few);
        let near: Vec<usize> = figures.iter().copied().filter(may_be_part).collect();
        let mut parts: Vec<Member> = Vec::new();
        let mut seen: HashMap<(u64, u64), Vec<usize>> = HashMap::new();
        for figure in near {
            let released = &past.figures()[figure];
            let Some((low, high)) = known_bounds(released.said) else { continue };
            let quantity = self.quantity(figure)?;
            if !quantity.lies_within(whole, few) || quantity.differing(whole) == 0 {
                continue;
            }
            let (low, high) = (low.saturating_mul(HUNDREDTHS), high.saturating_mul(HUNDREDTHS));
            let same = seen.entry((released.people, released.hundredths)).or_default();
            let twin = |&place: &usize| {
                let part: &Member = &parts[place];
                (part.low, part.high) == (low, high) && part.quantity.differing(&quantity) == 0
            };
            if same.iter().any(twin) {
                continue;
            }
            same.push(parts.len());
            parts.push(Member { quantity, low, high, new: None });
        }
        // Few large parts make a relation sooner than many small ones.
        parts.sort_by_key(|part| std::cmp::Reverse(part.quantity.len()));
        Ok(parts)
    }
}

impl From<Lost> for BesideError {
    fn from(_: Lost) -> Self {
        Self::Lost
    }
}

/// Why nothing is released beside the past. For the operator; outwardly it reads like any rule of the provider's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BesideError {
    /// The table cannot be protected at all.
    #[error(transparent)]
    Protect(#[from] ProtectError),
    /// The contributors of an earlier release cannot be had.
    #[error("the contributors of an earlier release cannot be opened; restore the ledger with its key")]
    Lost,
    /// Too much of it is close to what was released.
    #[error("too much of the table is close to what was released before")]
    TooClose,
}

#[cfg(test)]
mod tests;
