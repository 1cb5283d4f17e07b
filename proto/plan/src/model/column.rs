//! A column of the core model: what it holds and what a question may do with it.

use arrow::datatypes::{DataType, Field, TimeUnit};

use super::PERSON_ID;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Text: a code, an id or a name from a closed list (`Utf8`).
    Text,
    /// A calendar day (`Date32`).
    Date,
    /// Local clock time (`Timestamp(Microsecond, None)`).
    Timestamp,
    /// A small whole number (`Int8`).
    Int8,
    /// A whole number (`Int16`).
    Int16,
    /// A whole number (`Int32`).
    Int32,
    /// A measured value (`Float64`), whose unit another column states.
    Float64,
    /// Pounds sterling (`Decimal128(12, 2)`).
    Money,
    /// Units of a service (`Decimal128(8, 2)`).
    Units,
    /// Yes or no (`Boolean`).
    Boolean,
}

/// What a question may do with a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The person whom the record belongs to: joined on, grouped by, counted; never compared with a literal.
    Person,
    /// The key of one record of one person: joined on beside the person; never compared with a literal, never released.
    RecordKey,
    /// A value that may single a person out (a small area, a care home): never compared with a literal, never released;
    /// it may be looked up in a signed look-up.
    Identifying,
    /// Everything else: filtered, compared, released as a declared level.
    Attribute,
}

/// The system that a column's clinical codes are written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    /// Each row names its own, in the column `code_system`.
    ByRow,
    /// ICD-10, without the dot.
    Icd10,
    /// OPCS-4, without the dot.
    Opcs4,
    /// SNOMED CT, the dictionary of medicines and devices included.
    Snomed,
}

/// A column of a core-model table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// The column's name, as template SQL writes it.
    pub name: &'static str,
    /// What the column holds.
    pub kind: Kind,
    /// Whether a provider may leave the value out.
    pub nullable: bool,
    /// What a question may do with the column.
    pub role: Role,
    /// The system of its codes, where it holds diagnoses, procedures, findings or medicines: a node leaves out the records
    /// whose codes the law restricts.
    pub coding: Option<Coding>,
    /// What it means: the NHS Data Dictionary item, its codes and its unit.
    pub doc: &'static str,
}

impl Kind {
    /// The Arrow type that holds it.
    #[must_use]
    pub const fn data_type(self) -> DataType {
        match self {
            Self::Text => DataType::Utf8,
            Self::Date => DataType::Date32,
            Self::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, None),
            Self::Int8 => DataType::Int8,
            Self::Int16 => DataType::Int16,
            Self::Int32 => DataType::Int32,
            Self::Float64 => DataType::Float64,
            Self::Money => DataType::Decimal128(12, 2),
            Self::Units => DataType::Decimal128(8, 2),
            Self::Boolean => DataType::Boolean,
        }
    }
}

impl Column {
    /// The column as the provider serves it.
    pub(super) fn source_field(&self) -> Field {
        Field::new(self.name, self.kind.data_type(), self.nullable)
    }

    /// The person of a record that always has one.
    pub(super) const fn person() -> Self {
        Self::required(PERSON_ID, Kind::Text, "the provider's own id of the person; local, never leaves")
            .with_role(Role::Person)
    }

    /// The person of a record that may be untraced.
    pub(super) const fn traced_person() -> Self {
        Self::optional(PERSON_ID, Kind::Text, "the provider's own id of the person; null when the record is untraced")
            .with_role(Role::Person)
    }

    /// The key of a record.
    pub(super) const fn key(name: &'static str, doc: &'static str) -> Self {
        Self::required(name, Kind::Text, doc).with_role(Role::RecordKey)
    }

    /// A column that is always filled.
    pub(super) const fn required(name: &'static str, kind: Kind, doc: &'static str) -> Self {
        Self { name, kind, nullable: false, role: Role::Attribute, coding: None, doc }
    }

    /// A column that may be null.
    pub(super) const fn optional(name: &'static str, kind: Kind, doc: &'static str) -> Self {
        Self { name, kind, nullable: true, role: Role::Attribute, coding: None, doc }
    }

    /// The same column with another role.
    pub(super) const fn with_role(self, role: Role) -> Self {
        Self { role, ..self }
    }

    /// The same column, holding codes of a system.
    pub(super) const fn coded(self, coding: Coding) -> Self {
        Self { coding: Some(coding), ..self }
    }
}
