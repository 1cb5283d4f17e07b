//! Typed parameters: what an analyst may choose, and the ranges the template sets.

use std::fmt;

use crate::period::Month;

/// A parameter that a template declares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// The name, `[a-z][a-z0-9_]*`.
    pub name: String,
    /// What it means, in plain words.
    pub title: String,
    /// Which values it takes.
    pub range: Range,
    /// The value where the analyst gives none.
    pub default: Option<Value>,
}

/// Which values a parameter takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Range {
    /// One of these texts.
    Choice(Vec<String>),
    /// A whole number within these bounds.
    Integer {
        /// The least.
        min: i64,
        /// The greatest.
        max: i64,
    },
    /// A month within these bounds.
    Month {
        /// The earliest.
        earliest: Option<Month>,
        /// The latest.
        latest: Option<Month>,
        /// At most this many months from the named parameter, both months counted, and not before it.
        longest: Option<Longest>,
    },
}

/// At most `months` months after another parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Longest {
    /// How many months the two span at most, both counted.
    pub months: i32,
    /// The earlier parameter.
    pub after: String,
}

/// A parameter's value.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Value {
    /// One of the declared choices.
    Choice(String),
    /// A whole number.
    Integer(i64),
    /// A month.
    Month(Month),
}

/// Why a value is not taken. The text of a value stands only in what its own sender reads.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParameterError {
    /// A parameter that the template does not declare.
    #[error("the template has no parameter `{name}`; it has {known}")]
    Unknown {
        /// As given.
        name: String,
        /// The declared names.
        known: String,
    },
    /// Given twice.
    #[error("parameter `{name}` is given twice; give it once")]
    Twice {
        /// The parameter.
        name: String,
    },
    /// Not given, and there is no default.
    #[error("parameter `{name}` is missing; give {expects}")]
    Missing {
        /// The parameter.
        name: String,
        /// What it takes.
        expects: String,
    },
    /// Not a value of the declared type and range.
    #[error("parameter `{name}` does not take this value; give {expects}")]
    OutOfRange {
        /// The parameter.
        name: String,
        /// What it takes.
        expects: String,
    },
}

impl Parameter {
    /// The value that `text` means, by itself; [`Longest`] is checked once all are known.
    ///
    /// # Errors
    /// [`ParameterError::OutOfRange`].
    pub fn parse(&self, text: &str) -> Result<Value, ParameterError> {
        let value = match &self.range {
            Range::Choice(choices) => choices.iter().find(|choice| *choice == text).cloned().map(Value::Choice),
            Range::Integer { min, max } => {
                // One spelling per number, so that the same question reads the same.
                text.parse()
                    .ok()
                    .filter(|n: &i64| n.to_string() == text && (min..=max).contains(&n))
                    .map(Value::Integer)
            }
            Range::Month { earliest, latest, .. } => text
                .parse()
                .ok()
                .filter(|month| {
                    earliest.is_none_or(|least| *month >= least) && latest.is_none_or(|most| *month <= most)
                })
                .map(Value::Month),
        };
        value.ok_or_else(|| self.out_of_range())
    }

    pub(crate) fn out_of_range(&self) -> ParameterError {
        ParameterError::OutOfRange { name: self.name.clone(), expects: self.expects() }
    }

    /// What it takes, in words.
    #[must_use]
    pub fn expects(&self) -> String {
        match &self.range {
            Range::Choice(choices) => format!("one of {}", choices.join(", ")),
            Range::Integer { min, max } => format!("a whole number from {min} to {max}"),
            Range::Month { earliest, latest, longest } => {
                let mut words = "a month like 2024-04".to_owned();
                if let Some(month) = earliest {
                    words += &format!(", not before {month}");
                }
                if let Some(month) = latest {
                    words += &format!(", not after {month}");
                }
                if let Some(Longest { months, after }) = longest {
                    words += &format!(", not before `{after}` and at most {months} months counted from it");
                }
                words
            }
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Choice(text) => f.write_str(text),
            Self::Integer(number) => write!(f, "{number}"),
            Self::Month(month) => write!(f, "{month}"),
        }
    }
}
