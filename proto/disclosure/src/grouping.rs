//! Levels of a dimension put together into coarser groups, so that totals may keep the groups instead of the levels.

use std::collections::BTreeSet;

use crate::domain::{Dimension, DomainError, MAX_NAME_BYTES};

/// The levels of one dimension dealt into groups. Every level is in exactly one group; a group of a single level is
/// fine, so a ragged hierarchy is one whose finer groupings repeat the groups that go no deeper.
///
/// ```
/// # use disclosure::*;
/// let ages = Dimension { name: "age".into(), levels: ["0-4", "5-17", "18-64", "65+"].map(String::from).into(), per: Per::Person };
/// let groups = Grouping::new("age_group", 0, [("child", vec![0, 1]), ("adult", vec![2, 3])]);
/// let domain = Domain::with_groupings(vec![ages], vec![groups], vec![vec![Kept::Groups(0)], vec![]]).unwrap();
/// let keys: Vec<_> = domain.keys().map(|key| domain.label(0, key.0[0]).map(String::from)).collect();
/// assert_eq!(keys[4..], [Some("child".into()), Some("adult".into()), None]);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grouping {
    pub(crate) name: String,
    pub(crate) dimension: usize,
    pub(crate) labels: Vec<String>,
    /// As declared, until the domain has checked it.
    members: Vec<Vec<usize>>,
    // INVARIANT: once in a domain, one group for every level.
    pub(crate) of: Vec<usize>,
}

impl Grouping {
    /// A grouping of the dimension at that place: groups with their labels and the places of their levels. It is checked
    /// when it becomes part of a [`Domain`](crate::Domain).
    #[must_use]
    pub fn new<L: Into<String>>(
        name: impl Into<String>,
        dimension: usize,
        groups: impl IntoIterator<Item = (L, Vec<usize>)>,
    ) -> Self {
        let (labels, members) = groups.into_iter().map(|(label, levels)| (label.into(), levels)).unzip();
        Self { name: name.into(), dimension, labels, members, of: Vec::new() }
    }

    /// The name, unique among dimensions and groupings.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The place of the dimension whose levels are grouped.
    #[must_use]
    pub fn dimension(&self) -> usize {
        self.dimension
    }

    /// The labels of the groups, in declared order.
    #[must_use]
    pub fn labels(&self) -> &[String] {
        &self.labels
    }

    /// Finds each level its group.
    pub(crate) fn checked(mut self, dimensions: &[Dimension]) -> Result<Self, DomainError> {
        let refused = || DomainError::Grouping { name: self.name.clone() };
        let dimension = dimensions.get(self.dimension).ok_or_else(refused)?;
        let named = |name: &str| !name.is_empty() && name.len() <= MAX_NAME_BYTES;
        if !named(&self.name) || !self.labels.iter().all(|label| named(label)) {
            return Err(DomainError::Name);
        }
        // A label that is also a level's must be that level alone, or two rows of an answer would read the same.
        let mut labels = BTreeSet::new();
        for (label, members) in self.labels.iter().zip(&self.members) {
            let level = dimension.levels.iter().position(|level| level == label);
            if !labels.insert(label) || level.is_some_and(|level| *members != [level]) {
                return Err(refused());
            }
        }
        let mut of = vec![None; dimension.levels.len()];
        for (group, members) in self.members.iter().enumerate() {
            for &level in members {
                let place = of.get_mut(level).filter(|place| place.is_none()).ok_or_else(refused)?;
                *place = Some(group);
            }
            if members.is_empty() {
                return Err(refused());
            }
        }
        self.of = of.into_iter().collect::<Option<_>>().ok_or_else(refused)?;
        Ok(self)
    }
}

/// What a total keeps of one dimension; it sums over the dimensions of which it keeps nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kept {
    /// The levels of the dimension at this place.
    Levels(usize),
    /// The groups of the grouping at this place.
    Groups(usize),
}
