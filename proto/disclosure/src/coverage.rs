//! Which cells a provider's data covers. It comes from the provider's configuration, never from its data.

use crate::domain::{CellKey, Domain};

/// Whether a provider's data covers a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Covered {
    /// The cell's period and tables are covered: no record means nobody.
    Yes,
    /// They are not: no record means nothing.
    No,
}

/// How much of a cell's inner cells a provider covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// All of them.
    Whole,
    /// Some: the figure is that of the covered part.
    Part,
    /// None: the cell is [`Cell::NotCovered`](crate::Cell::NotCovered).
    None,
}

/// Which inner cells of a domain a provider covers.
///
/// A total over partly covered cells is the total of the covered part. Which part that is can be read from the inner
/// cells, which are always present: [`Reported::extent`](crate::Reported::extent) says it per cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coverage(Vec<Covered>);

impl Coverage {
    /// Everything is covered.
    #[must_use]
    pub fn whole(domain: &Domain) -> Self {
        Self(vec![Covered::Yes; domain.inner_len()])
    }

    /// Asks `covered` about every inner cell.
    pub fn of(domain: &Domain, covered: impl FnMut(&CellKey) -> Covered) -> Self {
        Self(domain.keys().take(domain.inner_len()).collect::<Vec<_>>().iter().map(covered).collect())
    }

    pub(crate) fn cells(&self) -> &[Covered] {
        &self.0
    }

    /// How much of the cell is covered.
    pub(crate) fn extent(&self, domain: &Domain, index: usize) -> Extent {
        let inner = if domain.is_total(index) { domain.children(index) } else { vec![index] };
        let covered = inner.iter().filter(|&&cell| self.0.get(cell) == Some(&Covered::Yes)).count();
        match covered {
            0 => Extent::None,
            n if n == inner.len() => Extent::Whole,
            _ => Extent::Part,
        }
    }
}
