//! The unprotected counts of one query. They never leave the node: only [`protect`](crate::protect()) consumes them.

use std::fmt;

use roaring::RoaringBitmap;

use crate::domain::Domain;
use crate::measure::Measure;

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
    /// Adds one more person's amount, or `None` on overflow.
    pub(crate) fn with(self, amount: u64) -> Option<Self> {
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
