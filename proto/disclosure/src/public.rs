//! What is already public about a table's cells before it is protected: earlier answers, published totals, list sizes.
//!
//! A node's ledger and configuration fill it in; [`protect()`](crate::protect()) starts from it. Everything in it counts
//! as known to everybody, so only such facts belong here; what the ledger knows beyond that belongs into
//! [`Public::held`], which says no more than *this cell is not said*.

use std::collections::{BTreeMap, BTreeSet};

use crate::cell::Cell;
use crate::domain::{CellKey, Domain};
use crate::measure::{Measure, MeasureKind};
use crate::refine::Facts;

/// What is already public about the cells of one table. Measures and cells are named by their places in the
/// declaration.
///
/// ```
/// # use disclosure::*;
/// # let domain = Domain::new(vec![], vec![]).unwrap();
/// # let measures = [Measure::people("people")];
/// let mut public = Public::nothing(&domain, &measures);
/// public.answered(0, 0, Cell::Shown { value: 20, low: 18, high: 22 }).unwrap();
/// # let mut tally = Tally::new(&domain, &measures).unwrap();
/// # tally.add(&[0; 19], &(0..19).collect::<Vec<u32>>(), &[]).unwrap();
/// # let (raw, policy, coverage) = (tally.finish().unwrap(), Policy::nhs_sde(), Coverage::whole(&domain));
/// let protected = protect(raw, &domain, &measures, &policy, &coverage, &public).unwrap();
/// assert_eq!(protected.cells(0), [Cell::Shown { value: 20, low: 18, high: 22 }]);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Public {
    cells: usize,
    inner: usize,
    kinds: Vec<MeasureKind>,
    // INVARIANT: every key names a measure and a cell of the table; every interval is in order.
    answered: BTreeMap<(usize, usize), Cell>,
    bounds: BTreeMap<(usize, usize), (u64, u64)>,
    held: BTreeSet<(usize, usize)>,
    kept: BTreeSet<(usize, usize)>,
    populations: BTreeMap<usize, u64>,
    /// Figures that were published elsewhere as they are: they are among `bounds`, and must be true of the table.
    exact: BTreeMap<(usize, usize), u64>,
    /// Populations of totals that the table does not declare.
    undeclared: BTreeMap<CellKey, u64>,
}

impl Public {
    /// Nothing is public about a table of these measures over this domain.
    #[must_use]
    pub fn nothing(domain: &Domain, measures: &[Measure]) -> Self {
        Self {
            cells: domain.len(),
            inner: domain.inner_len(),
            kinds: measures.iter().map(Measure::kind).collect(),
            answered: BTreeMap::new(),
            bounds: BTreeMap::new(),
            held: BTreeSet::new(),
            kept: BTreeSet::new(),
            populations: BTreeMap::new(),
            exact: BTreeMap::new(),
            undeclared: BTreeMap::new(),
        }
    }

    /// The cell was answered before as `cell`, for exactly these people or for a set that differs from it by fewer than
    /// the threshold. It is said again as exactly that, as far as today's policy can say it (a stricter one says less),
    /// and its bounds count as known. An answer of [`Cell::NotCovered`] says nothing and changes nothing.
    ///
    /// # Errors
    /// A [`PublicError`] for a cell outside the table, a second and different answer, a total or anything but people
    /// suppressed, or bounds that are out of order or contradict what is already known of the cell.
    pub fn answered(&mut self, measure: usize, cell: usize, answer: Cell) -> Result<(), PublicError> {
        self.check_place(measure, cell)?;
        let star = matches!(answer, Cell::Suppressed { .. });
        if star && (cell >= self.inner || self.kinds[measure] != MeasureKind::People) {
            return Err(PublicError::Suppressed { measure, cell });
        }
        if self.answered.get(&(measure, cell)).is_some_and(|before| *before != answer) {
            return Err(PublicError::Contradiction { measure, cell });
        }
        if answer == Cell::NotCovered {
            return Ok(());
        }
        if let Some(high) = answer.high() {
            self.bounded(measure, cell, answer.low(), high)?;
        }
        self.answered.insert((measure, cell), answer);
        Ok(())
    }

    /// Everybody knows that the cell lies between `low` and `high`: in people, rows or whole units. Several bounds of
    /// one cell are taken together.
    ///
    /// # Errors
    /// A [`PublicError`] for a cell outside the table, or bounds out of order or apart from what is known of the cell.
    pub fn bounded(&mut self, measure: usize, cell: usize, low: u64, high: u64) -> Result<(), PublicError> {
        self.check_place(measure, cell)?;
        let (before_low, before_high) = self.bounds.get(&(measure, cell)).copied().unwrap_or((0, u64::MAX));
        let (low, high) = (low.max(before_low), high.min(before_high));
        if low > high {
            return Err(PublicError::Contradiction { measure, cell });
        }
        self.bounds.insert((measure, cell), (low, high));
        Ok(())
    }

    /// Everybody knows that the cell is exactly `n`, in people, rows or whole units: it was published elsewhere. Unlike a
    /// bound that an earlier answer gave, perhaps for slightly different people, it must be true of the table:
    /// [`RawTable::agrees_with`](crate::RawTable::agrees_with) says whether it is.
    ///
    /// # Errors
    /// As of [`Self::bounded`].
    pub fn exactly(&mut self, measure: usize, cell: usize, n: u64) -> Result<(), PublicError> {
        self.bounded(measure, cell, n, n)?;
        self.exact.insert((measure, cell), n);
        Ok(())
    }

    /// Others know that the cell's people are some of a population of `n` (a practice's list size, published every
    /// month). Those who are not in the cell are then counted as well, and fewer of them than the threshold, or than a
    /// block, are protected like a suppressed count: no figure tells how many they are. A partly covered cell is
    /// measured against the whole population.
    ///
    /// # Errors
    /// A [`PublicError`] for a cell outside the table, a table that counts no people, a second and different population,
    /// or one below what is known of the cell.
    pub fn population(&mut self, cell: usize, n: u64) -> Result<(), PublicError> {
        let people = self.kinds.iter().position(|kind| *kind == MeasureKind::People);
        let people = people.ok_or(PublicError::NoPeople)?;
        self.check_place(people, cell)?;
        let known_low = self.bounds.get(&(people, cell)).map_or(0, |bounds| bounds.0);
        if n < known_low || self.populations.get(&cell).is_some_and(|&before| before != n) {
            return Err(PublicError::Contradiction { measure: people, cell });
        }
        self.populations.insert(cell, n);
        Ok(())
    }

    /// Others know that all people in the cells with these levels are some of a population of `n`, though the table declares
    /// no such total. Where the counts add up to it, those who are in none of the cells are protected as by
    /// [`Self::population`]. Of two populations the smaller counts.
    ///
    /// # Errors
    /// [`PublicError::NoPeople`] for a table that counts no people.
    pub fn population_beyond(&mut self, total: CellKey, n: u64) -> Result<(), PublicError> {
        if !self.kinds.contains(&MeasureKind::People) {
            return Err(PublicError::NoPeople);
        }
        self.undeclared.entry(total).and_modify(|known| *known = n.min(*known)).or_insert(n);
        Ok(())
    }

    /// The cell is said as `answer`, like [`Self::answered`], and nothing else may tell that it lies in a narrower
    /// interval than `answer` gives and was public before: totals are said only as far as they leave it whole.
    ///
    /// # Errors
    /// As of [`Self::answered`].
    pub fn kept(&mut self, measure: usize, cell: usize, answer: Cell) -> Result<(), PublicError> {
        self.answered(measure, cell, answer)?;
        self.kept.insert((measure, cell));
        Ok(())
    }

    /// Nothing may be said of the cell: it is withheld, and with it, as far as it could be found by them, the totals of its
    /// neighbourhood. A total of people that are refined keeps the interval that its cells give it anyway.
    ///
    /// # Errors
    /// [`PublicError::Place`] for a cell outside the table.
    pub fn held(&mut self, measure: usize, cell: usize) -> Result<(), PublicError> {
        self.check_place(measure, cell)?;
        self.held.insert((measure, cell));
        Ok(())
    }

    /// Whether nothing at all is public.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        let undeclared = self.undeclared.is_empty();
        let populations = self.populations.is_empty();
        self.answered.is_empty() && self.bounds.is_empty() && self.held.is_empty() && populations && undeclared
    }

    /// Whether this is about a table of that shape.
    pub(crate) fn is_of(&self, domain: &Domain, measures: &[Measure]) -> bool {
        self.cells == domain.len()
            && self.inner == domain.inner_len()
            && self.kinds.iter().copied().eq(measures.iter().map(Measure::kind))
    }

    /// Whether the cell's whole interval has to stay possible.
    pub(crate) fn is_kept(&self, measure: usize, cell: usize) -> bool {
        self.kept.contains(&(measure, cell)) && !self.is_held(measure, cell)
    }

    /// The answer to be said again, unless the cell is held.
    pub(crate) fn answer(&self, measure: usize, cell: usize) -> Option<Cell> {
        if self.is_held(measure, cell) { None } else { self.answered.get(&(measure, cell)).copied() }
    }

    /// What everybody knows of the cell.
    pub(crate) fn range(&self, measure: usize, cell: usize) -> Option<(u64, u64)> {
        let counts_people = self.kinds.get(measure) == Some(&MeasureKind::People);
        let population = self.populations.get(&cell).copied().filter(|_| counts_people);
        match (self.bounds.get(&(measure, cell)).copied(), population) {
            (Some((low, high)), Some(n)) => Some((low, high.min(n))),
            (bounds, None) => bounds,
            (None, Some(n)) => Some((0, n)),
        }
    }

    /// The published populations, pairs of a cell and how many people it is of.
    pub(crate) fn populations(&self) -> impl Iterator<Item = (usize, u64)> + '_ {
        self.populations.iter().map(|(&cell, &n)| (cell, n))
    }

    /// The figures published elsewhere as they are, by measure and cell.
    pub(crate) fn exact(&self) -> impl Iterator<Item = ((usize, usize), u64)> + '_ {
        self.exact.iter().map(|(&place, &n)| (place, n))
    }

    /// Populations of totals that the table need not declare.
    pub(crate) fn undeclared(&self) -> impl Iterator<Item = (&CellKey, u64)> + '_ {
        self.undeclared.iter().map(|(total, &n)| (total, n))
    }

    /// The same about a table with more totals, after those of this one.
    pub(crate) fn over(&self, domain: &Domain) -> Self {
        Self { cells: domain.len(), ..self.clone() }
    }

    pub(crate) fn is_held(&self, measure: usize, cell: usize) -> bool {
        self.held.contains(&(measure, cell))
    }

    /// What is public of the people in the cells, for the measure that counts them.
    pub(crate) fn facts(&self, people: usize) -> Facts {
        let ranges = self.bounds.iter().filter(|((measure, _), _)| *measure == people);
        let answered = self.answered.keys().filter(|(measure, _)| *measure == people);
        let of_people = |places: &BTreeSet<(usize, usize)>| {
            places.iter().filter(|(measure, _)| *measure == people).map(|(_, cell)| *cell).collect()
        };
        Facts {
            kept: of_people(&self.kept),
            held: of_people(&self.held),
            ranges: ranges.map(|((_, cell), range)| (*cell, *range)).collect(),
            populations: self.populations.clone(),
            answered: answered.map(|(_, cell)| *cell).collect(),
        }
    }

    /// Every measure and cell of which something is public, or that is held.
    pub(crate) fn places(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        let people = self.kinds.iter().position(|kind| *kind == MeasureKind::People).unwrap_or(0);
        let populations = self.populations.keys().map(move |&cell| (people, cell));
        self.answered.keys().chain(self.bounds.keys()).chain(&self.held).copied().chain(populations)
    }

    fn check_place(&self, measure: usize, cell: usize) -> Result<(), PublicError> {
        let known = measure < self.kinds.len() && cell < self.cells;
        if known { Ok(()) } else { Err(PublicError::Place { measure, cell }) }
    }
}

/// Why something cannot be public about a table. For the operator; no variant carries a count.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PublicError {
    /// The table has no such measure or cell.
    #[error("the table has no cell {cell} of measure {measure}; name both by their places in the declaration")]
    Place {
        /// The measure's place.
        measure: usize,
        /// The cell's number in the domain.
        cell: usize,
    },
    /// Only counts of people in inner cells are ever suppressed.
    #[error(
        "cell {cell} of measure {measure} cannot have been answered as suppressed: it is a total, or not of people"
    )]
    Suppressed {
        /// The measure's place.
        measure: usize,
        /// The cell's number in the domain.
        cell: usize,
    },
    /// A population of a table that counts no people.
    #[error("a population is known, but the table has no measure that counts people")]
    NoPeople,
    /// Two public facts about one cell that cannot both be true.
    #[error(
        "what is public about cell {cell} of measure {measure} contradicts itself; check list sizes and published totals"
    )]
    Contradiction {
        /// The measure's place.
        measure: usize,
        /// The cell's number in the domain.
        cell: usize,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Per, tests::dimension};

    #[test]
    fn contradictions_and_strange_places_are_told() {
        let domain = Domain::new(vec![dimension("d", 2, Per::Person)], vec![vec![]]).unwrap();
        let mut public = Public::nothing(&domain, &[Measure::people("people"), Measure::rows("rows", None).unwrap()]);
        let shown = Cell::Shown { value: 20, low: 18, high: 22 };
        let star = Cell::Suppressed { low: 1, high: 9 };
        assert!(public.is_nothing());
        assert_eq!(public.answered(0, 3, shown), Err(PublicError::Place { measure: 0, cell: 3 }));
        assert_eq!(public.bounded(2, 0, 1, 2), Err(PublicError::Place { measure: 2, cell: 0 }));
        assert_eq!(public.answered(0, 2, star), Err(PublicError::Suppressed { measure: 0, cell: 2 }));
        assert_eq!(public.answered(1, 0, star), Err(PublicError::Suppressed { measure: 1, cell: 0 }));
        assert_eq!(public.answered(0, 0, shown), Ok(()));
        assert_eq!(public.answered(0, 0, shown), Ok(()));
        assert_eq!(public.answered(0, 0, star), Err(PublicError::Contradiction { measure: 0, cell: 0 }));
        assert_eq!(public.bounded(0, 0, 23, 30), Err(PublicError::Contradiction { measure: 0, cell: 0 }));
        assert_eq!(public.bounded(0, 1, 5, 4), Err(PublicError::Contradiction { measure: 0, cell: 1 }));
        assert_eq!(public.bounded(0, 0, 0, 20), Ok(()));
        assert_eq!(public.facts(0).ranges[&0], (18, 20));
        assert_eq!(public.answer(0, 0), Some(shown));
        public.held(0, 0).unwrap();
        assert_eq!(public.answer(0, 0), None);
        assert!(!public.is_nothing());
    }
}
