//! Why contribution SQL is refused: the rule broken and the construct that broke it, never a value from a row.

use thiserror::Error;

/// Why contribution SQL is refused, or cannot be bound.
///
/// Every text in it comes from the SQL, the core model or the declaration. The check plans over empty tables, so no
/// engine message can hold a value from a row; errors met while binding values carry no message at all.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PlanError {
    /// A size cap is exceeded.
    #[error("the SQL has more than {at_most} {what}")]
    TooLarge {
        /// What there is too much of.
        what: &'static str,
        /// The cap.
        at_most: usize,
    },
    /// The text is not SQL, or holds characters that a reader cannot see for what they are.
    #[error("not SQL: {message}")]
    Syntax {
        /// The parser's words.
        message: String,
    },
    /// Not exactly one SELECT.
    #[error("{construct} is not allowed: contribution SQL is one SELECT")]
    Statement {
        /// What was found.
        construct: String,
    },
    /// A clause outside the list.
    #[error("{construct} is not allowed in contribution SQL")]
    Clause {
        /// The clause.
        construct: String,
    },
    /// A table that is neither in the core model nor a declared look-up.
    #[error("`{name}` is not a table of the core model nor a declared look-up")]
    Table {
        /// The name as written.
        name: String,
    },
    /// A column that no table in reach has, or that several have.
    #[error("no single column `{name}` is in reach")]
    Column {
        /// The name as written.
        name: String,
    },
    /// A function outside the list.
    #[error("function `{name}` is not allowed")]
    Function {
        /// The function.
        name: String,
    },
    /// An operator or expression outside the list, or one that could fail on some value.
    #[error("{construct} is not allowed in an expression")]
    Expression {
        /// The construct.
        construct: String,
    },
    /// A cast that some value could make fail, written or implied by comparing different types.
    #[error("a cast from {from} to {to} could fail on some value")]
    Cast {
        /// The type cast from.
        from: String,
        /// The type cast to.
        to: String,
    },
    /// A join that is not on the person, or not on a look-up's key.
    #[error("{construct}: join records on `person_id`, and look-ups on their key")]
    Join {
        /// The join.
        construct: String,
    },
    /// A subquery whose rows may belong to another person.
    #[error("{construct}: a subquery must be tied to the same person by `person_id`")]
    Subquery {
        /// The subquery.
        construct: String,
    },
    /// Rows of different people would be put together.
    #[error("{construct} must keep `person_id`: rows of different people are never put together")]
    Grouping {
        /// GROUP BY, DISTINCT or UNION.
        construct: String,
    },
    /// An aggregate outside the list, or in a form outside the list.
    #[error("aggregate {construct} is not allowed")]
    Aggregate {
        /// The aggregate.
        construct: String,
    },
    /// A person, a record key or an identifying column is used in another way than to join, group or count.
    #[error(
        "`{column}` may identify a person: it may be joined on and counted, never compared, computed with or released"
    )]
    Identifying {
        /// The column.
        column: String,
    },
    /// `person_id` in the output is not the bare column of the records.
    #[error("`person_id` must be selected bare from the records that the row is made of")]
    Person,
    /// The output is not `person_id` and the declared columns.
    #[error("output column `{column}` {problem}")]
    Output {
        /// The column.
        column: String,
        /// What is wrong with it.
        problem: OutputProblem,
    },
    /// A parameter or its value.
    #[error("parameter `{name}` {problem}")]
    Parameter {
        /// The parameter.
        name: String,
        /// What is wrong with it.
        problem: ParameterProblem,
    },
    /// The planner refuses it for a reason of its own.
    #[error("cannot be planned: {message}")]
    Unplannable {
        /// The planner's words, over empty tables and before any value is bound.
        message: String,
    },
    /// A table given for execution is missing or has another schema than the core model's.
    #[error("table `{name}` is not given with the schema that was checked")]
    Source {
        /// The table.
        name: String,
    },
}

/// What is wrong with an output column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum OutputProblem {
    /// Declared, not selected.
    #[error("is missing")]
    Missing,
    /// Selected, not declared.
    #[error("is not declared")]
    Undeclared,
    /// Declared twice, or named `person_id`.
    #[error("is declared twice")]
    Twice,
    /// A list dimension that is not text.
    #[error("must be text: it is a dimension with listed levels")]
    NotText,
    /// A period dimension that is not a date.
    #[error("must be a date: it is a dimension of periods")]
    NotDate,
    /// A summed column that is not a whole number or a decimal with at most two places.
    #[error("must be a whole number or a decimal with at most two places: it is summed")]
    NotNumber,
}

/// What is wrong with a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ParameterProblem {
    /// Used in the SQL or given, not declared.
    #[error("is not declared")]
    Undeclared,
    /// Declared or given twice.
    #[error("is there twice")]
    Twice,
    /// Declared, not given.
    #[error("is missing")]
    Missing,
    /// The value has another type, or none.
    #[error("has another type")]
    WrongType,
}

impl PlanError {
    /// The name of the rule, in kebab case.
    #[must_use]
    pub const fn rule(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "too-large",
            Self::Syntax { .. } => "syntax",
            Self::Statement { .. } => "statement",
            Self::Clause { .. } => "clause",
            Self::Table { .. } => "table",
            Self::Column { .. } => "column",
            Self::Function { .. } => "function",
            Self::Expression { .. } => "expression",
            Self::Cast { .. } => "cast",
            Self::Join { .. } => "join",
            Self::Subquery { .. } => "subquery",
            Self::Grouping { .. } => "grouping",
            Self::Aggregate { .. } => "aggregate",
            Self::Identifying { .. } => "identifying",
            Self::Person => "person",
            Self::Output { .. } => "output",
            Self::Parameter { .. } => "parameter",
            Self::Unplannable { .. } => "unplannable",
            Self::Source { .. } => "source",
        }
    }

    pub(crate) fn clause(construct: impl Into<String>) -> Self {
        Self::Clause { construct: construct.into() }
    }

    pub(crate) fn expression(construct: impl Into<String>) -> Self {
        Self::Expression { construct: construct.into() }
    }
}
