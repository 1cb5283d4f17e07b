//! The declared shape of an answer: dimensions, their levels and the totals released beside the inner cells.
//!
//! The list of cells follows from the declaration alone, never from data, so the shape of an answer says nothing.

use std::collections::BTreeSet;
use std::ops::Range;

use crate::grouping::{Grouping, Kept};

/// The most cells, totals included, that one domain may have.
pub const MAX_CELLS: usize = 20_000;
/// The most dimensions that one domain may have.
pub const MAX_DIMENSIONS: usize = 8;
/// The most groupings that one domain may have.
pub const MAX_GROUPINGS: usize = 16;
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

/// The place of a cell: per dimension a level's index, or `None` for the total over that dimension. Indexes beyond the
/// dimension's levels are those of its groups, grouping after grouping: see [`Domain::label`].
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CellKey(pub Vec<Option<usize>>);

/// The dimensions of a table and the totals that are released beside its inner cells.
///
/// Cells are numbered: the inner cells row-major (the last dimension runs fastest), then each total's cells in the
/// declared order of totals, row-major over the dimensions that the total keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Domain {
    dimensions: Vec<Dimension>,
    groupings: Vec<Grouping>,
    totals: Vec<Vec<usize>>,
    /// Per total and dimension, the axis that is kept.
    shapes: Vec<Shape>,
    structural_zeros: BTreeSet<usize>,
    inner_len: usize,
    // INVARIANT: offsets[i] is the first cell of totals[i]; one more entry holds the number of all cells.
    offsets: Vec<usize>,
}

/// Per dimension: `None` where it is summed over, `Some(0)` where its levels are kept, `Some(n)` where the groups of its
/// n-th grouping are.
pub(crate) type Shape = Vec<Option<usize>>;

impl Domain {
    /// A domain of these dimensions; each total lists, in ascending order, the dimensions that it keeps.
    ///
    /// # Errors
    /// A [`DomainError`] for empty or repeated names, levels or totals, a total that keeps an unknown dimension,
    /// keeps all of them or lists them out of order, or a domain beyond the limits.
    pub fn new(dimensions: Vec<Dimension>, totals: Vec<Vec<usize>>) -> Result<Self, DomainError> {
        let levels = |total: Vec<usize>| total.into_iter().map(Kept::Levels).collect();
        Self::with_groupings(dimensions, Vec::new(), totals.into_iter().map(levels).collect())
    }

    /// A domain in which totals may keep groups of a dimension's levels. Each total lists what it keeps, in ascending
    /// order of the dimensions and at most one thing of each.
    ///
    /// # Errors
    /// As for [`Self::new`], and [`DomainError::Grouping`] for a grouping of an unknown dimension, of which a level is
    /// in no group or several, with an empty group, a label twice or a label that is a level's but not its group's.
    pub fn with_groupings(
        dimensions: Vec<Dimension>,
        groupings: Vec<Grouping>,
        totals: Vec<Vec<Kept>>,
    ) -> Result<Self, DomainError> {
        if dimensions.len() > MAX_DIMENSIONS {
            return Err(DomainError::TooManyDimensions);
        }
        if groupings.len() > MAX_GROUPINGS {
            return Err(DomainError::TooManyGroupings);
        }
        let mut names = BTreeSet::new();
        dimensions.iter().try_for_each(check_dimension)?;
        for name in dimensions.iter().map(|d| &d.name).chain(groupings.iter().map(|g| &g.name)) {
            if !names.insert(name.clone()) {
                return Err(DomainError::RepeatedDimension { name: name.clone() });
            }
        }
        let groupings = groupings.into_iter().map(|g| g.checked(&dimensions)).collect::<Result<Vec<_>, _>>()?;
        let mut domain = Self {
            inner_len: product(dimensions.iter().map(|d| d.levels.len()))?,
            dimensions,
            groupings,
            totals: Vec::new(),
            shapes: Vec::new(),
            structural_zeros: BTreeSet::new(),
            offsets: Vec::new(),
        };
        domain.offsets.push(domain.inner_len);
        for total in totals {
            domain.add_total(&total)?;
        }
        Ok(domain)
    }

    /// This domain with inner cells in which, by declaration, nobody can be (prostate cancer of women): they are always
    /// said to be zero, and a table with a person in one is refused.
    ///
    /// # Errors
    /// [`DomainError::StructuralZero`] for a key that is not that of an inner cell.
    pub fn with_structural_zeros(mut self, cells: impl IntoIterator<Item = CellKey>) -> Result<Self, DomainError> {
        for key in cells {
            let cell = self.index_of(&key).filter(|&cell| cell < self.inner_len);
            self.structural_zeros.insert(cell.ok_or(DomainError::StructuralZero)?);
        }
        Ok(self)
    }

    /// This domain with one total more, after the others; `None` where it has it already or cannot have it.
    pub(crate) fn with_total(&self, total: &[Kept]) -> Option<Self> {
        let mut domain = self.clone();
        domain.add_total(total).ok().map(|()| domain)
    }

    fn add_total(&mut self, total: &[Kept]) -> Result<(), DomainError> {
        let mut shape: Shape = vec![None; self.dimensions.len()];
        let mut kept = Vec::new();
        for &keeps in total {
            let (dimension, axis) = match keeps {
                Kept::Levels(dimension) => (dimension, 0),
                Kept::Groups(place) => {
                    let dimension = self.groupings.get(place).ok_or(DomainError::Total)?.dimension;
                    let before = self.groupings[..place].iter().filter(|g| g.dimension == dimension).count();
                    (dimension, before + 1)
                }
            };
            if kept.last().is_some_and(|&last| last >= dimension) {
                return Err(DomainError::Total);
            }
            *shape.get_mut(dimension).ok_or(DomainError::Total)? = Some(axis);
            kept.push(dimension);
        }
        if shape.iter().all(|axis| *axis == Some(0)) {
            return Err(DomainError::Total);
        }
        if self.shapes.contains(&shape) {
            return Err(DomainError::RepeatedTotal);
        }
        let cells = product(kept.iter().map(|&dimension| self.size(dimension, shape[dimension])))?;
        let next = self.len().checked_add(cells).filter(|&n| n <= MAX_CELLS).ok_or(DomainError::TooManyCells)?;
        self.offsets.push(next);
        self.totals.push(kept);
        self.shapes.push(shape);
        Ok(())
    }

    /// The dimensions in declared order.
    #[must_use]
    pub fn dimensions(&self) -> &[Dimension] {
        &self.dimensions
    }

    /// The groupings in declared order.
    #[must_use]
    pub fn groupings(&self) -> &[Grouping] {
        &self.groupings
    }

    /// The totals in declared order: the dimensions of which each keeps levels or groups.
    #[must_use]
    pub fn totals(&self) -> &[Vec<usize>] {
        &self.totals
    }

    /// What the total at this place in [`Self::totals`] keeps, in ascending order of the dimensions.
    #[must_use]
    pub fn kept(&self, total: usize) -> Vec<Kept> {
        let of = |dimension: usize| match self.axis(Some(total), dimension)? {
            0 => Some(Kept::Levels(dimension)),
            n => {
                let mut of_dimension = self.groupings.iter().enumerate().filter(|(_, g)| g.dimension == dimension);
                of_dimension.nth(n - 1).map(|(place, _)| Kept::Groups(place))
            }
        };
        if total < self.totals.len() { (0..self.dimensions.len()).filter_map(of).collect() } else { Vec::new() }
    }

    /// The dimension of what a total keeps, and its places as [`CellKey`] numbers them: those of the levels or groups.
    #[must_use]
    pub fn places(&self, kept: Kept) -> (usize, Range<usize>) {
        let (dimension, axis) = match kept {
            Kept::Levels(dimension) => (dimension, 0),
            Kept::Groups(place) => {
                let Some(grouping) = self.groupings.get(place) else { return (0, 0..0) };
                let before = self.groupings[..place].iter().filter(|g| g.dimension == grouping.dimension).count();
                (grouping.dimension, before + 1)
            }
        };
        if dimension >= self.dimensions.len() {
            return (dimension, 0..0);
        }
        let start = self.start(dimension, Some(axis));
        (dimension, start..start + self.size(dimension, Some(axis)))
    }

    /// The levels of a dimension in a level or group, as [`CellKey`] numbers them; none beyond the last.
    #[must_use]
    pub fn levels_at(&self, dimension: usize, place: usize) -> Vec<usize> {
        let known = dimension < self.dimensions.len() && self.axis_of(dimension, place).is_some();
        if known { self.levels_of(dimension, place).collect() } else { Vec::new() }
    }

    /// The label of a level or group of a dimension, as [`CellKey`] numbers them; `None` for a total.
    #[must_use]
    pub fn label(&self, dimension: usize, level: Option<usize>) -> Option<&str> {
        let level = level?;
        let levels = &self.dimensions.get(dimension)?.levels;
        let mut groups = self.groupings_of(dimension).flat_map(|grouping| &grouping.labels);
        let label = levels.get(level).or_else(|| groups.nth(level.checked_sub(levels.len())?));
        label.map(String::as_str)
    }

    /// Whether nobody can be in the cell, by declaration.
    #[must_use]
    pub fn is_structural_zero(&self, cell: usize) -> bool {
        self.structural_zeros.contains(&cell)
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
        let mut key = vec![None; self.dimensions.len()];
        let (total, mut rest) = match self.total_of(index) {
            None if index < self.inner_len => (None, index),
            None => return None,
            Some(total) => (Some(total), index - self.offsets[total]),
        };
        for dimension in (0..self.dimensions.len()).rev() {
            let axis = total.map_or(Some(0), |total| self.shapes[total][dimension]);
            if axis.is_some() {
                let size = self.size(dimension, axis);
                key[dimension] = Some(self.start(dimension, axis) + rest % size);
                rest /= size;
            }
        }
        Some(CellKey(key))
    }

    /// The number of the cell at `key`, or `None` where the domain has no such cell.
    #[must_use]
    pub fn index_of(&self, key: &CellKey) -> Option<usize> {
        if key.0.len() != self.dimensions.len() {
            return None;
        }
        let axis = |(dimension, level): (usize, &Option<usize>)| match *level {
            None => Some(None),
            Some(level) => self.axis_of(dimension, level).map(Some),
        };
        let shape: Shape = key.0.iter().enumerate().map(axis).collect::<Option<_>>()?;
        let start = if shape.iter().all(|axis| *axis == Some(0)) {
            0
        } else {
            *self.offsets.get(self.shapes.iter().position(|of_total| *of_total == shape)?)?
        };
        let mut index = 0;
        for (dimension, level) in key.0.iter().enumerate() {
            if let Some(level) = level {
                index =
                    index * self.size(dimension, shape[dimension]) + level - self.start(dimension, shape[dimension]);
            }
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

    /// Whether the cell is a total over which people may come under several levels: a union, not a sum, of the people of
    /// its inner cells.
    #[must_use]
    pub fn is_union(&self, cell: usize) -> bool {
        self.total_of(cell).is_some_and(|total| !self.adds_up(None, total))
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
        self.key(index).map_or_else(Vec::new, |key| self.cells_under(&key, None))
    }

    /// The inner cells with a key's levels or groups, ascending, whether or not a total is declared there; none beyond the
    /// declaration.
    #[must_use]
    pub fn inner_cells_at(&self, key: &CellKey) -> Vec<usize> {
        let known = |(dimension, place): (usize, &Option<usize>)| {
            place.is_none_or(|place| self.axis_of(dimension, place).is_some())
        };
        let of_this = key.0.len() == self.dimensions.len() && key.0.iter().enumerate().all(known);
        if of_this { self.cells_under(key, None) } else { Vec::new() }
    }

    /// What a total keeps, per dimension; of inner cells (`None`) all levels.
    pub(crate) fn axis(&self, total: Option<usize>, dimension: usize) -> Option<usize> {
        total.map_or(Some(0), |total| self.shapes[total][dimension])
    }

    /// Whether each cell of `fine` (`None`: the inner cells) lies in one cell of `coarse`.
    pub(crate) fn refines(&self, fine: Option<usize>, coarse: usize) -> bool {
        (0..self.dimensions.len()).all(|d| match (self.axis(fine, d), self.shapes[coarse][d]) {
            (_, None) => true,
            (None, Some(_)) => false,
            (Some(fine), Some(coarse)) => {
                let mut above = vec![None; self.size(d, Some(fine))];
                fine == coarse
                    || (0..self.dimensions[d].levels.len()).all(|level| {
                        let (part, whole) = (self.group(d, fine, level), self.group(d, coarse, level));
                        *above[part].get_or_insert(whole) == whole
                    })
            }
        })
    }

    /// Whether counts of people add up from the cells of `fine` to those of `coarse`, which it must refine.
    pub(crate) fn adds_up(&self, fine: Option<usize>, coarse: usize) -> bool {
        let mut summed = (0..self.dimensions.len()).filter(|&d| self.axis(fine, d) != self.shapes[coarse][d]);
        summed.all(|d| self.dimensions[d].per == Per::Person || self.dimensions[d].levels.len() == 1)
    }

    /// The cell of `coarse` in which a finer cell lies.
    pub(crate) fn above(&self, cell: usize, coarse: usize) -> Option<usize> {
        let CellKey(mut key) = self.key(cell)?;
        for (dimension, place) in key.iter_mut().enumerate() {
            let axis = self.shapes[coarse][dimension];
            *place = match (axis, *place) {
                (None, _) => None,
                (Some(axis), Some(fine)) => {
                    let level = self.levels_of(dimension, fine).next()?;
                    Some(self.start(dimension, Some(axis)) + self.group(dimension, axis, level))
                }
                (Some(_), None) => return None,
            };
        }
        self.index_of(&CellKey(key))
    }

    /// The cells of a total (`None`: the inner cells) that lie under `key`, ascending.
    pub(crate) fn cells_under(&self, key: &CellKey, fine: Option<usize>) -> Vec<usize> {
        let mut cells = vec![0];
        for dimension in 0..self.dimensions.len() {
            let Some(axis) = self.axis(fine, dimension) else { continue };
            let size = self.size(dimension, Some(axis));
            let mut chosen = BTreeSet::new();
            match key.0[dimension] {
                Some(place) => chosen.extend(self.levels_of(dimension, place).map(|l| self.group(dimension, axis, l))),
                None => chosen.extend(0..size),
            }
            cells = cells.iter().flat_map(|&cell| chosen.iter().map(move |&place| cell * size + place)).collect();
        }
        let start = fine.map_or(0, |total| self.offsets[total]);
        cells.iter().map(|cell| cell + start).collect()
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

    fn groupings_of(&self, dimension: usize) -> impl Iterator<Item = &Grouping> {
        self.groupings.iter().filter(move |grouping| grouping.dimension == dimension)
    }

    /// How many places an axis has; one where it is summed over.
    fn size(&self, dimension: usize, axis: Option<usize>) -> usize {
        match axis {
            None => 1,
            Some(0) => self.dimensions[dimension].levels.len(),
            Some(n) => self.groupings_of(dimension).nth(n - 1).map_or(1, |grouping| grouping.labels.len()),
        }
    }

    /// The index of an axis's first place among the dimension's levels and groups.
    fn start(&self, dimension: usize, axis: Option<usize>) -> usize {
        (0..axis.unwrap_or(0)).map(|before| self.size(dimension, Some(before))).sum()
    }

    /// The axis of a level's or group's index.
    fn axis_of(&self, dimension: usize, place: usize) -> Option<usize> {
        let axes = self.groupings_of(dimension).count() + 1;
        (0..axes).find(|&axis| place < self.start(dimension, Some(axis)) + self.size(dimension, Some(axis)))
    }

    /// The place of a level on an axis.
    fn group(&self, dimension: usize, axis: usize, level: usize) -> usize {
        match axis {
            0 => level,
            n => self.groupings_of(dimension).nth(n - 1).map_or(0, |grouping| grouping.of[level]),
        }
    }

    /// The levels in a level or group.
    fn levels_of(&self, dimension: usize, place: usize) -> impl Iterator<Item = usize> + '_ {
        let axis = self.axis_of(dimension, place).unwrap_or(0);
        let place = place - self.start(dimension, Some(axis));
        let levels = if axis == 0 { place..place + 1 } else { 0..self.dimensions[dimension].levels.len() };
        levels.filter(move |&level| self.group(dimension, axis, level) == place)
    }

    /// The total that a cell is of.
    fn total_of(&self, index: usize) -> Option<usize> {
        (0..self.totals.len()).find(|&total| self.cells_of_total(total).contains(&index))
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
    /// More than [`MAX_GROUPINGS`] groupings.
    #[error("a table may have at most {MAX_GROUPINGS} groupings of levels")]
    TooManyGroupings,
    /// A grouping that does not deal the levels of one dimension into groups.
    #[error(
        "grouping `{name}` must put every level of one dimension into exactly one group, each with a label of its own"
    )]
    Grouping {
        /// The grouping.
        name: String,
    },
    /// A structural zero that is not an inner cell.
    #[error("a structural zero must name one level of every dimension")]
    StructuralZero,
    /// More than [`MAX_CELLS`] cells.
    #[error("a table may have at most {MAX_CELLS} cells, totals included")]
    TooManyCells,
    /// A name that is empty or too long.
    #[error("names of dimensions and levels must have 1 to {MAX_NAME_BYTES} bytes")]
    Name,
    /// Two dimensions or groupings of one name.
    #[error("dimension or grouping `{name}` is declared twice")]
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
    #[error(
        "a total must list some of the dimensions or groupings, not all levels of all, each once and in declared order"
    )]
    Total,
    /// Two totals that keep the same.
    #[error("a total is declared twice")]
    RepeatedTotal,
}

#[cfg(test)]
#[path = "domain_tests.rs"]
pub(crate) mod tests;
