//! What the rows and columns of one node of a plan are.

/// What a column is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// The number of the row's person. Never null.
    Person,
    /// The number of the row's person, or null where a LEFT JOIN found no record.
    PersonOrNone,
    /// The key of a record of the row's person.
    RecordKey,
    /// A value that may identify the row's person.
    Identifying,
    /// The unique key of a look-up's row, while no join has repeated it.
    LookupKey,
    /// Anything that may be compared, computed with and released.
    Attribute,
}

/// Whose the rows are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rows {
    /// Each row is of one person.
    Personal,
    /// Rows of look-ups: nobody's.
    Public,
}

/// The rows and columns of one node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Relation {
    /// Whose the rows are.
    pub rows: Rows,
    /// What each column is, by its place in the node's schema.
    pub classes: Vec<Class>,
    /// Whether every row is of the person of the outer query's row.
    pub is_tied_to_outer: bool,
}

impl Class {
    /// Whether it may be compared with a literal, computed with and released.
    pub(crate) const fn is_plain(self) -> bool {
        matches!(self, Self::Attribute | Self::LookupKey)
    }
}

impl Relation {
    /// Rows that are tied to nothing outside.
    pub(crate) const fn new(rows: Rows, classes: Vec<Class>) -> Self {
        Self { rows, classes, is_tied_to_outer: false }
    }

    /// The same rows with other columns.
    pub(crate) fn with_classes(self, classes: Vec<Class>) -> Self {
        Self { classes, ..self }
    }

    /// The same relation, whose rows are all of the outer row's person.
    pub(crate) fn tied(self) -> Self {
        Self { is_tied_to_outer: true, ..self }
    }

    /// Whether a column holds the row's person.
    pub(crate) fn holds_person(&self) -> bool {
        self.classes.contains(&Class::Person)
    }
}
