//! What a template declares about its SQL: parameters, output columns, look-ups.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef};

/// A parameter that the SQL may use as `$name`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// The name, without the dollar sign.
    pub name: String,
    /// The type of its values.
    pub kind: ParameterKind,
}

/// The type of a parameter's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParameterKind {
    /// A calendar day (`Date32`).
    Date,
    /// A whole number (`Int64`).
    Integer,
    /// One of the declared choices (`Utf8`).
    Text,
}

/// A column that the SQL returns beside `person_id`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// The column's name.
    pub name: String,
    /// What it is for.
    pub kind: OutputKind,
}

/// What an output column is for, and so its type in the checked plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutputKind {
    /// A dimension with listed levels: `Utf8`.
    Level,
    /// A dimension of periods: any day in the period, `Date32`.
    Period,
    /// A summed measure: `Int64` for whole numbers, `Decimal128(38, 2)` for decimals.
    Sum,
}

/// The schema of a signed look-up: text columns, of which the first is its unique key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LookupSchema {
    /// The table's name in SQL.
    pub name: String,
    /// The columns, the key first.
    pub columns: Vec<String>,
}

impl Parameter {
    /// A parameter.
    #[must_use]
    pub fn new(name: impl Into<String>, kind: ParameterKind) -> Self {
        Self { name: name.into(), kind }
    }

    pub(crate) fn field(&self) -> FieldRef {
        Arc::new(Field::new(&self.name, self.kind.data_type(), false))
    }
}

impl ParameterKind {
    /// The Arrow type of the values.
    #[must_use]
    pub const fn data_type(self) -> DataType {
        match self {
            Self::Date => DataType::Date32,
            Self::Integer => DataType::Int64,
            Self::Text => DataType::Utf8,
        }
    }
}

impl Output {
    /// An output column.
    #[must_use]
    pub fn new(name: impl Into<String>, kind: OutputKind) -> Self {
        Self { name: name.into(), kind }
    }
}

impl LookupSchema {
    /// The Arrow schema of the table.
    #[must_use]
    pub fn schema(&self) -> SchemaRef {
        Arc::new(Schema::new(
            self.columns.iter().map(|name| Field::new(name, DataType::Utf8, false)).collect::<Vec<_>>(),
        ))
    }
}
