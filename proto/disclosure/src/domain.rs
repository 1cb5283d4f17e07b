//! The declared shape of an answer: dimensions, their levels and the totals released beside the inner cells.
//!
//! The list of cells follows from the declaration alone, never from data, so the shape of an answer says nothing.

use std::collections::BTreeSet;
use std::ops::Range;

/// The most cells, totals included, that one domain may have.
pub const MAX_CELLS: usize = 20_000;
/// The most dimensions that one domain may have.
pub const MAX_DIMENSIONS: usize = 8;
/// The longest name of a dimension or level, in bytes.
pub const MAX_NAME_BYTES: usize = 200;

/// What has exactly one level of a dimension.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Per {
    /// Every person has exactly one level within a query (sex), so counts of people add up over it.
    Person,
    /// Every record has one level and a person may appear under several (month), so counts of people do not add up.
    Record,
}

/// One axis of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dimension {
    /// The name, unique within the domain.
    pub name: String,
    /// The declared levels in the order of the answer, unique within the dimension.
    pub levels: Vec<String>,
    /// Whether people or only records have one level.
    pub per: Per,
}

/// The place of a cell: per dimension a level's index, or `None` for the total over that dimension.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CellKey(pub Vec<Option<usize>>);

/// The dimensions of a table and the totals that are released beside its inner cells.
///
/// Cells are numbered: the inner cells row-major (the last dimension runs fastest), then each total's cells in the
/// declared order of totals, row-major over the dimensions that the total keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Domain {
    dimensions: Vec<Dimension>,
    totals: Vec<Vec<usize>>,
    inner_len: usize,
    // INVARIANT: offsets[i] is the first cell of totals[i]; one more entry holds the number of all cells.
    offsets: Vec<usize>,
}

impl Domain {
    /// A domain of these dimensions; each total lists, in ascending order, the dimensions that it keeps.
    ///
    /// # Errors
    /// A [`DomainError`] for empty or repeated names, levels or totals, a total that keeps an unknown dimension,
    /// keeps all of them or lists them out of order, or a domain beyond the limits.
    pub fn new(dimensions: Vec<Dimension>, totals: Vec<Vec<usize>>) -> Result<Self, DomainError> {
        if dimensions.len() > MAX_DIMENSIONS {
            return Err(DomainError::TooManyDimensions);
        }
        let mut names = BTreeSet::new();
        for dimension in &dimensions {
            check_dimension(dimension)?;
            if !names.insert(dimension.name.as_str()) {
                return Err(DomainError::RepeatedDimension { name: dimension.name.clone() });
            }
        }
        let mut seen = BTreeSet::new();
        for total in &totals {
            let ascending = total.windows(2).all(|pair| pair[0] < pair[1]);
            if !ascending || total.iter().any(|&kept| kept >= dimensions.len()) || total.len() == dimensions.len() {
                return Err(DomainError::Total);
            }
            if !seen.insert(total) {
                return Err(DomainError::RepeatedTotal);
            }
        }
        let inner_len = product(dimensions.iter().map(|d| d.levels.len()))?;
        let mut offsets = vec![inner_len];
        let mut next = inner_len;
        for total in &totals {
            let cells = product(total.iter().filter_map(|&kept| dimensions.get(kept)).map(|d| d.levels.len()))?;
            next = next.checked_add(cells).filter(|&n| n <= MAX_CELLS).ok_or(DomainError::TooManyCells)?;
            offsets.push(next);
        }
        Ok(Self { dimensions, totals, inner_len, offsets })
    }

    /// The dimensions in declared order.
    #[must_use]
    pub fn dimensions(&self) -> &[Dimension] {
        &self.dimensions
    }

    /// The totals in declared order: the dimensions that each keeps.
    #[must_use]
    pub fn totals(&self) -> &[Vec<usize>] {
        &self.totals
    }

    /// The number of inner cells.
    #[must_use]
    pub fn inner_len(&self) -> usize {
        self.inner_len
    }

    /// The number of all cells, totals included. Never nought.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "a domain has at least one cell")]
    pub fn len(&self) -> usize {
        self.offsets.last().copied().unwrap_or(self.inner_len)
    }

    /// Every cell's key, in the order of the cells.
    pub fn keys(&self) -> impl Iterator<Item = CellKey> + '_ {
        (0..self.len()).filter_map(|index| self.key(index))
    }

    /// The key of a cell, or `None` beyond the last.
    #[must_use]
    pub fn key(&self, index: usize) -> Option<CellKey> {
        let (kept, mut rest) = self.place(index)?;
        let mut key = vec![None; self.dimensions.len()];
        for &dimension in kept.iter().rev() {
            let levels = self.dimensions.get(dimension)?.levels.len();
            *key.get_mut(dimension)? = Some(rest % levels);
            rest /= levels;
        }
        Some(CellKey(key))
    }

    /// The number of the cell at `key`, or `None` where the domain has no such cell.
    #[must_use]
    pub fn index_of(&self, key: &CellKey) -> Option<usize> {
        if key.0.len() != self.dimensions.len() {
            return None;
        }
        let kept: Vec<usize> = (0..key.0.len()).filter(|&d| key.0[d].is_some()).collect();
        let start = if kept.len() == self.dimensions.len() {
            0
        } else {
            *self.offsets.get(self.totals.iter().position(|total| *total == kept)?)?
        };
        let mut index = 0;
        for &dimension in &kept {
            let levels = self.dimensions.get(dimension)?.levels.len();
            let level = key.0[dimension].filter(|&level| level < levels)?;
            index = index * levels + level;
        }
        Some(start + index)
    }

    /// The number of the inner cell at these level indexes, one per dimension: the fast road for an engine.
    #[must_use]
    pub fn inner_index(&self, levels: &[usize]) -> Option<usize> {
        if levels.len() != self.dimensions.len() {
            return None;
        }
        self.dimensions.iter().zip(levels).try_fold(0, |index, (dimension, &level)| {
            (level < dimension.levels.len()).then(|| index * dimension.levels.len() + level)
        })
    }

    /// Whether the cell is a total.
    #[must_use]
    pub fn is_total(&self, index: usize) -> bool {
        index >= self.inner_len && index < self.len()
    }

    /// The cells of the total at this place in [`Self::totals`].
    #[must_use]
    pub fn cells_of_total(&self, total: usize) -> Range<usize> {
        match (self.offsets.get(total), self.offsets.get(total + 1)) {
            (Some(&start), Some(&end)) => start..end,
            _ => 0..0,
        }
    }

    /// The inner cells that a total covers, ascending; empty for an inner cell.
    #[must_use]
    pub fn children(&self, index: usize) -> Vec<usize> {
        if !self.is_total(index) {
            return Vec::new();
        }
        self.key(index)
            .map_or_else(Vec::new, |key| self.cells_under(&key, &(0..self.dimensions.len()).collect::<Vec<_>>()))
    }

    /// The cells that keep the dimensions `kept` and lie under `key`, as positions row-major over `kept`.
    pub(crate) fn cells_under(&self, key: &CellKey, kept: &[usize]) -> Vec<usize> {
        let mut cells = vec![0];
        for &dimension in kept {
            let levels = self.dimensions[dimension].levels.len();
            let chosen = match key.0[dimension] {
                Some(level) => level..level + 1,
                None => 0..levels,
            };
            cells = cells.iter().flat_map(|&cell| chosen.clone().map(move |level| cell * levels + level)).collect();
        }
        cells
    }

    /// Per inner cell, the first cell of its neighbourhood: cells are neighbours where totals link them, directly or
    /// through other cells.
    pub(crate) fn neighbourhoods(&self) -> Vec<usize> {
        let mut group: Vec<usize> = (0..self.inner_len).collect();
        fn root(group: &mut [usize], mut cell: usize) -> usize {
            while group[cell] != cell {
                group[cell] = group[group[cell]];
                cell = group[cell];
            }
            cell
        }
        for total in self.inner_len..self.len() {
            for pair in self.children(total).windows(2) {
                let (one, other) = (root(&mut group, pair[0]), root(&mut group, pair[1]));
                group[one.max(other)] = one.min(other);
            }
        }
        (0..self.inner_len).map(|cell| root(&mut group, cell)).collect()
    }

    /// The dimensions that the cell's group keeps, and its position within the group.
    fn place(&self, index: usize) -> Option<(Vec<usize>, usize)> {
        if index < self.inner_len {
            return Some(((0..self.dimensions.len()).collect(), index));
        }
        let total = (0..self.totals.len()).find(|&total| self.cells_of_total(total).contains(&index))?;
        Some((self.totals[total].clone(), index - self.offsets[total]))
    }
}

fn check_dimension(dimension: &Dimension) -> Result<(), DomainError> {
    let name = &dimension.name;
    if name.is_empty() || name.len() > MAX_NAME_BYTES {
        return Err(DomainError::Name);
    }
    if dimension.levels.is_empty() {
        return Err(DomainError::NoLevels { name: name.clone() });
    }
    let mut levels = BTreeSet::new();
    for level in &dimension.levels {
        if level.is_empty() || level.len() > MAX_NAME_BYTES {
            return Err(DomainError::Name);
        }
        if !levels.insert(level) {
            return Err(DomainError::RepeatedLevel { name: name.clone(), level: level.clone() });
        }
    }
    Ok(())
}

fn product(mut sizes: impl Iterator<Item = usize>) -> Result<usize, DomainError> {
    sizes
        .try_fold(1usize, |cells, size| cells.checked_mul(size).filter(|&n| n <= MAX_CELLS))
        .ok_or(DomainError::TooManyCells)
}

/// Why a domain cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DomainError {
    /// More than [`MAX_DIMENSIONS`] dimensions.
    #[error("a table may have at most {MAX_DIMENSIONS} dimensions")]
    TooManyDimensions,
    /// More than [`MAX_CELLS`] cells.
    #[error("a table may have at most {MAX_CELLS} cells, totals included")]
    TooManyCells,
    /// A name that is empty or too long.
    #[error("names of dimensions and levels must have 1 to {MAX_NAME_BYTES} bytes")]
    Name,
    /// Two dimensions of one name.
    #[error("dimension `{name}` is declared twice")]
    RepeatedDimension {
        /// The name.
        name: String,
    },
    /// A dimension without levels.
    #[error("dimension `{name}` has no levels")]
    NoLevels {
        /// The dimension.
        name: String,
    },
    /// Two levels of one name.
    #[error("dimension `{name}` declares level `{level}` twice")]
    RepeatedLevel {
        /// The dimension.
        name: String,
        /// The level.
        level: String,
    },
    /// A total that is not a proper, ordered selection of the dimensions.
    #[error("a total must list some of the dimensions, not all, each once and in declared order")]
    Total,
    /// Two totals that keep the same dimensions.
    #[error("a total is declared twice")]
    RepeatedTotal,
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn dimension(name: &str, levels: usize, per: Per) -> Dimension {
        Dimension { name: name.into(), levels: (0..levels).map(|l| format!("{name}{l}")).collect(), per }
    }

    fn domain(sizes: &[usize], totals: &[&[usize]]) -> Result<Domain, DomainError> {
        let dimensions = sizes.iter().enumerate().map(|(i, &n)| dimension(&format!("d{i}_"), n, Per::Person)).collect();
        Domain::new(dimensions, totals.iter().map(|t| t.to_vec()).collect())
    }

    #[test]
    fn cells_are_listed_in_declared_order() {
        let d = domain(&[2, 3], &[&[0], &[], &[1]]).unwrap();
        assert_eq!((d.inner_len(), d.len()), (6, 12));
        assert_eq!(d.key(4), Some(CellKey(vec![Some(1), Some(1)])));
        assert_eq!(d.key(7), Some(CellKey(vec![Some(1), None])));
        assert_eq!(d.key(8), Some(CellKey(vec![None, None])));
        assert_eq!(d.key(11), Some(CellKey(vec![None, Some(2)])));
        assert_eq!(d.key(12), None);
        assert_eq!(d.children(7), [3, 4, 5]);
        assert_eq!(d.children(8), [0, 1, 2, 3, 4, 5]);
        assert_eq!(d.children(11), [2, 5]);
        assert_eq!(d.children(3), [] as [usize; 0]);
        for (index, key) in d.keys().enumerate() {
            assert_eq!(d.index_of(&key), Some(index));
        }
        assert_eq!(d.index_of(&CellKey(vec![Some(2), None])), None);
        assert_eq!(d.inner_index(&[1, 2]), Some(5));
        assert_eq!(d.inner_index(&[2, 0]), None);
    }

    #[test]
    fn a_domain_without_dimensions_is_one_cell() {
        let d = domain(&[], &[]).unwrap();
        assert_eq!((d.inner_len(), d.len()), (1, 1));
        assert_eq!(d.index_of(&CellKey(vec![])), Some(0));
    }

    #[test]
    fn bad_declarations_are_refused() {
        let check = |sizes: &[usize], totals: &[&[usize]], expected: DomainError| {
            assert_eq!(domain(sizes, totals).unwrap_err(), expected);
        };
        check(&[2], &[&[0]], DomainError::Total);
        check(&[2, 2], &[&[2]], DomainError::Total);
        check(&[2, 2, 2], &[&[1, 0]], DomainError::Total);
        check(&[2, 2], &[&[0], &[0]], DomainError::RepeatedTotal);
        check(&[1000, 1000], &[], DomainError::TooManyCells);
        check(&[20_000], &[&[]], DomainError::TooManyCells);
        check(&[0], &[], DomainError::NoLevels { name: "d0_".into() });
        check(&[1; 9], &[], DomainError::TooManyDimensions);
        let twice = vec![dimension("a", 1, Per::Person), dimension("a", 1, Per::Person)];
        assert_eq!(Domain::new(twice, vec![]), Err(DomainError::RepeatedDimension { name: "a".into() }));
    }
}
