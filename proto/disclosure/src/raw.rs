//! The unprotected counts of one query. They never leave the node: only [`protect`](crate::protect()) consumes them.

use std::fmt;
use std::sync::Arc;

use roaring::RoaringBitmap;

use crate::contributors::quantity;
use crate::difference::Quantity;
use crate::domain::{Domain, Per};
use crate::measure::{HUNDREDTHS, Measure, MeasureKind};
use crate::protect::{ProtectError, check_populations, people_of};
use crate::public::Public;

/// Unprotected counts, sealed: no getter, Clone, PartialEq, serialisation or telling Debug.
///
/// Its Debug shows the number of cells and nothing else:
/// ```
/// # use disclosure::*;
/// # let domain = Domain::new(vec![], vec![]).unwrap();
/// let raw = Tally::new(&domain, &[Measure::people("people")]).unwrap().finish().unwrap();
/// assert_eq!(format!("{raw:?}"), "RawTable { cells: 1, .. }");
/// ```
/// It cannot be read:
/// ```compile_fail
/// # use disclosure::*;
/// # let domain = Domain::new(vec![], vec![]).unwrap();
/// let raw = Tally::new(&domain, &[Measure::people("people")]).unwrap().finish().unwrap();
/// let leaked = raw.people;
/// ```
/// nor copied:
/// ```compile_fail
/// # use disclosure::*;
/// # let domain = Domain::new(vec![], vec![]).unwrap();
/// let raw = Tally::new(&domain, &[Measure::people("people")]).unwrap().finish().unwrap();
/// let leaked = raw.clone();
/// ```
/// nor compared with a guess:
/// ```compile_fail
/// # use disclosure::*;
/// # let domain = Domain::new(vec![], vec![]).unwrap();
/// # let table = || Tally::new(&domain, &[Measure::people("people")]).unwrap().finish().unwrap();
/// let guessed = table() == table();
/// ```
pub struct RawTable {
    pub(crate) domain: Domain,
    pub(crate) measures: Vec<Measure>,
    /// Per inner cell, who is in it.
    pub(crate) people: Vec<RoaringBitmap>,
    /// Per measure and inner cell, rows or hundredths; empty for a measure that counts people.
    pub(crate) amounts: Vec<Vec<Amount>>,
    /// Per measure and inner cell, what each person contributes, in the order of persons and capped as declared; empty
    /// for a measure that counts people.
    // INVARIANT: as many as there are people in the cell; `amounts` follows from it.
    pub(crate) each: Vec<Vec<Arc<Vec<u32>>>>,
}

impl RawTable {
    /// The same table once more, for protecting it anew. Crate-private: outside there is only ever one.
    pub(crate) fn copy(&self) -> Self {
        Self {
            domain: self.domain.clone(),
            measures: self.measures.clone(),
            people: self.people.clone(),
            amounts: self.amounts.clone(),
            each: self.each.clone(),
        }
    }

    /// Whether what was published elsewhere can be true of these records: no more people in a cell than its population, and
    /// each exact figure as it is. To be asked before the table is protected beside earlier answers, whose people may stand
    /// in for the table's own.
    ///
    /// # Errors
    /// [`ProtectError::Population`] or [`ProtectError::Contradiction`], and [`ProtectError::Shape`] where `public` is about
    /// another table.
    pub fn agrees_with(&self, public: &Public) -> Result<(), ProtectError> {
        if !public.is_of(&self.domain, &self.measures) {
            return Err(ProtectError::Shape);
        }
        check_populations(self, public)?;
        let differs = |((measure, cell), n): ((usize, usize), u64)| {
            let inner = if self.domain.is_total(cell) { self.domain.children(cell) } else { vec![cell] };
            let amounts = || inner.iter().map(|&child| self.amounts[measure][child].total);
            let whole = match self.measures[measure].kind() {
                MeasureKind::People => return people_of(self, &inner) != n,
                MeasureKind::Rows { .. } => Some(n),
                MeasureKind::Sum { .. } => n.checked_mul(HUNDREDTHS),
            };
            whole.is_none() || amounts().try_fold(0u64, u64::checked_add) != whole
        };
        if public.exact().any(differs) { Err(ProtectError::Contradiction) } else { Ok(()) }
    }

    /// What an inner cell of a measure is made of.
    pub(crate) fn quantity(&self, measure: usize, cell: usize) -> Option<Quantity> {
        quantity(self.measures.get(measure)?.kind(), &self.people, self.each.get(measure)?, cell)
    }

    /// Puts other people with other contributions into an inner cell: per measure what each contributes, nothing for a
    /// measure that counts people. `None`, and no change, where the columns do not fit.
    pub(crate) fn replace(
        &mut self,
        cell: usize,
        people: RoaringBitmap,
        each: Vec<Option<Arc<Vec<u32>>>>,
    ) -> Option<()> {
        let mut columns = Vec::with_capacity(each.len());
        for (measure, each) in self.measures.iter().zip(each) {
            match (measure.kind(), each) {
                (MeasureKind::People, _) => columns.push(None),
                (_, Some(each)) if each.len() as u64 == people.len() => {
                    columns.push(Some((Amount::of(each.iter().map(|&amount| u64::from(amount)))?, each)));
                }
                _ => return None,
            }
        }
        if columns.len() != self.measures.len() {
            return None;
        }
        *self.people.get_mut(cell)? = people;
        for (m, column) in columns.into_iter().enumerate() {
            if let Some((amount, each)) = column {
                *self.amounts.get_mut(m)?.get_mut(cell)? = amount;
                *self.each.get_mut(m)?.get_mut(cell)? = each;
            }
        }
        Some(())
    }

    /// Leaves each person under one level of every dimension of which the domain says that a person has one: the first in
    /// declared order. `None` where a figure is too large.
    ///
    /// INVARIANT: a table adds up as its domain says, whatever the contributions are. Were a table refused in which
    /// somebody stands under two levels, the refusal would tell that there is such a person.
    pub(crate) fn settle(&mut self) -> Option<()> {
        let mut after = self.domain.inner_len();
        let dimensions: Vec<(Per, usize)> =
            self.domain.dimensions().iter().map(|dimension| (dimension.per, dimension.levels.len())).collect();
        for (per, levels) in dimensions {
            after /= levels;
            if per == Per::Record {
                continue;
            }
            let mut earlier = RoaringBitmap::new();
            for level in 0..levels {
                let cells: Vec<usize> = (0..self.people.len()).filter(|cell| cell / after % levels == level).collect();
                let mut of_level = RoaringBitmap::new();
                for &cell in &cells {
                    self.remove(cell, &earlier)?;
                    of_level |= &self.people[cell];
                }
                earlier |= of_level;
            }
        }
        Some(())
    }

    /// Takes these people, and all that they contribute, out of an inner cell.
    fn remove(&mut self, cell: usize, people: &RoaringBitmap) -> Option<()> {
        let present = self.people.get(cell)?;
        if present.is_disjoint(people) {
            return Some(());
        }
        let stays: Vec<bool> = present.iter().map(|person| !people.contains(person)).collect();
        let left = |each: &Arc<Vec<u32>>| {
            Arc::new(each.iter().zip(&stays).filter(|(_, stays)| **stays).map(|(&amount, _)| amount).collect())
        };
        let each = self.each.iter().map(|cells| cells.get(cell).map(left)).collect();
        let present = present - people;
        self.replace(cell, present, each)
    }

    /// Puts a cell back as it was in `before`, a table of the same shape.
    pub(crate) fn restore(&mut self, cell: usize, before: &Self) {
        self.people[cell].clone_from(&before.people[cell]);
        for (m, amounts) in self.amounts.iter_mut().enumerate().filter(|(_, amounts)| !amounts.is_empty()) {
            amounts[cell] = before.amounts[m][cell];
            self.each[m][cell] = Arc::clone(&before.each[m][cell]);
        }
    }
}

/// A measure's exact figures in one inner cell.
#[derive(Clone, Copy, Default)]
pub(crate) struct Amount {
    /// Rows, or hundredths of the unit, capped per person.
    pub(crate) total: u64,
    /// The two largest amounts of single people.
    pub(crate) top: [u64; 2],
    /// People whose amount is more than nought.
    pub(crate) contributors: u64,
}

impl Amount {
    /// What these amounts of single people come to, or `None` on overflow.
    pub(crate) fn of(mut each: impl Iterator<Item = u64>) -> Option<Self> {
        each.try_fold(Self::default(), Self::with)
    }

    /// Adds one more person's amount, or `None` on overflow.
    fn with(self, amount: u64) -> Option<Self> {
        let [first, second] = self.top;
        let top = if amount > first { [amount, first] } else { [first, second.max(amount)] };
        Some(Self {
            total: self.total.checked_add(amount)?,
            top,
            contributors: self.contributors + u64::from(amount > 0),
        })
    }
}

impl fmt::Debug for RawTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawTable").field("cells", &self.people.len()).finish_non_exhaustive()
    }
}
