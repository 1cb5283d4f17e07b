//! The core model `core-1`: the one set of tables that every provider serves.
//!
//! Every provider maps its own systems to these tables once, and a template that runs at one provider runs at all of
//! them. Names are the snake_case of NHS Data Dictionary items; codes stay the national strings; keys are local to the
//! provider and never leave it. Conventions that hold for every table:
//!
//! | kind | Arrow type | meaning |
//! |---|---|---|
//! | [`Kind::Text`] | `Utf8` | codes and ids, upper case where the national code is |
//! | [`Kind::Date`] | `Date32` | a calendar day, local |
//! | [`Kind::Timestamp`] | `Timestamp(Microsecond, None)` | local clock time, without a zone |
//! | [`Kind::Money`] | `Decimal128(12, 2)` | pounds sterling |
//! | [`Kind::Units`] | `Decimal128(8, 2)` | planned units of a service |
//!
//! A table has two schemas. [`Table::source_schema`] is what a provider serves: its own person ids, as text.
//! [`Table::snapshot_schema`] is what a question reads: the node's dense person number instead.

mod clinical;
mod column;
mod community;
mod cost;
mod hospital;
mod person;
mod urgent;

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};

pub use column::{Coding, Column, Kind, Role};

/// The name of this model, as a template's `model` states it.
pub const NAME: &str = "core-1";

/// The column by which a record belongs to one person.
pub const PERSON_ID: &str = "person_id";

/// The record keys under which several tables speak of one record: a spell with its diagnoses and procedures, a contact
/// with the events recorded at it.
pub const SHARED_KEYS: [&str; 2] = ["contact_id", "spell_id"];

/// A table of the core model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Table {
    /// The table's name, as template SQL writes it.
    pub name: &'static str,
    /// What one row stands for.
    pub doc: &'static str,
    /// The columns, in the order of both schemas.
    pub columns: &'static [Column],
}

/// Every table of the core model.
const TABLES: &[Table] = &[
    person::PERSON,
    person::GP_REGISTRATION,
    person::RESIDENCE_PERIOD,
    clinical::CLINICAL_EVENT,
    clinical::LONG_TERM_CONDITION,
    community::GP_APPOINTMENT,
    clinical::MEDICATION_ISSUE,
    hospital::HOSPITAL_SPELL,
    hospital::SPELL_DIAGNOSIS,
    hospital::SPELL_PROCEDURE,
    hospital::OUTPATIENT_APPOINTMENT,
    urgent::ED_ATTENDANCE,
    urgent::AMBULANCE_INCIDENT,
    urgent::URGENT_CARE_CONTACT,
    community::COMMUNITY_CONTACT,
    community::SOCIAL_CARE_EVENT,
    clinical::CARE_PLAN,
    clinical::RISK_STRATIFICATION,
    cost::ACTIVITY_COST,
    cost::TABLE_COVERAGE,
];

/// Every table of the core model, the tables of persons first and the metadata last.
#[must_use]
pub const fn tables() -> &'static [Table] {
    TABLES
}

/// The table with this name.
#[must_use]
pub fn table(name: &str) -> Option<&'static Table> {
    TABLES.iter().find(|table| table.name == name)
}

impl Table {
    /// The column with this name.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<&'static Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// Whether each row belongs to a person; only `table_coverage`, which is metadata, does not.
    #[must_use]
    pub fn is_personal(&self) -> bool {
        self.columns.iter().any(|column| column.role == Role::Person)
    }

    /// The schema that a provider serves: `person_id` is the provider's own id, as text.
    #[must_use]
    pub fn source_schema(&self) -> SchemaRef {
        self.schema(Column::source_field)
    }

    /// The schema of the node's snapshot, which template SQL reads: `person_id` is a dense node-local `UInt32`.
    ///
    /// It is never null there. A record that could not be traced to a person (an ambulance incident, a 111 contact) has
    /// nobody to be counted, so the snapshot leaves it out and the node's data-quality figures count it.
    #[must_use]
    pub fn snapshot_schema(&self) -> SchemaRef {
        self.schema(|column| match column.role {
            Role::Person => Field::new(column.name, DataType::UInt32, false),
            Role::RecordKey | Role::Identifying | Role::Attribute => column.source_field(),
        })
    }

    fn schema(&self, field: impl Fn(&Column) -> Field) -> SchemaRef {
        Arc::new(Schema::new(self.columns.iter().map(field).collect::<Vec<_>>()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_model_has_twenty_tables_with_distinct_names() {
        let names: BTreeSet<_> = tables().iter().map(|table| table.name).collect();
        assert_eq!(names.len(), tables().len());
        assert_eq!(names.len(), 20);
    }

    #[test]
    fn every_table_of_records_has_exactly_one_person_column() {
        for table in tables() {
            let persons = table.columns.iter().filter(|column| column.role == Role::Person).count();
            assert_eq!(persons, usize::from(table.name != "table_coverage"), "{}", table.name);
            assert_eq!(table.is_personal(), table.column(PERSON_ID).is_some(), "{}", table.name);
        }
    }

    #[test]
    fn names_are_snake_case_unique_and_documented() {
        for table in tables() {
            let mut seen = BTreeSet::new();
            assert!(!table.doc.is_empty(), "{}", table.name);
            for column in table.columns {
                assert!(seen.insert(column.name), "{}.{} twice", table.name, column.name);
                assert!(!column.doc.is_empty(), "{}.{}", table.name, column.name);
                assert!(
                    column.name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_'),
                    "{}.{}",
                    table.name,
                    column.name
                );
            }
        }
    }

    #[test]
    fn the_snapshot_differs_from_the_source_in_the_person_alone() {
        for table in tables() {
            let (source, snapshot) = (table.source_schema(), table.snapshot_schema());
            for (column, (a, b)) in table.columns.iter().zip(source.fields().iter().zip(snapshot.fields())) {
                if column.role == Role::Person {
                    assert_eq!(a.data_type(), &DataType::Utf8);
                    assert_eq!((b.data_type(), b.is_nullable()), (&DataType::UInt32, false));
                } else {
                    assert_eq!(a, b, "{}", table.name);
                }
            }
        }
    }

    #[test]
    fn codes_are_marked_and_rows_that_name_their_own_system_have_it() {
        for table in tables() {
            for column in table.columns {
                let is_clinical =
                    ["icd10_code", "opcs4_code", "dmd_code", "primary_diagnosis_code"].contains(&column.name);
                assert!(!is_clinical || column.coding.is_some(), "{}.{}", table.name, column.name);
                assert!(column.coding.is_none() || column.kind == Kind::Text, "{}.{}", table.name, column.name);
                let by_row = column.coding == Some(Coding::ByRow);
                assert!(!by_row || table.column("code_system").is_some(), "{}.{}", table.name, column.name);
            }
        }
        for key in SHARED_KEYS {
            let holders: Vec<_> = tables().iter().filter_map(|table| table.column(key)).collect();
            assert!(holders.len() > 1 && holders.iter().all(|column| column.role == Role::RecordKey), "{key}");
        }
    }

    #[test]
    fn keys_and_small_places_are_never_plain_attributes() {
        let check = |table: &str, column: &str, role: Role| {
            assert_eq!(super::table(table).unwrap().column(column).unwrap().role, role, "{table}.{column}");
        };
        check("hospital_spell", "spell_id", Role::RecordKey);
        check("spell_diagnosis", "spell_id", Role::RecordKey);
        check("ed_attendance", "attendance_id", Role::RecordKey);
        check("clinical_event", "contact_id", Role::RecordKey);
        check("community_contact", "referral_id", Role::RecordKey);
        check("person", "lsoa_code", Role::Identifying);
        check("residence_period", "cqc_location_id", Role::Identifying);
        check("social_care_event", "provider_cqc_location_id", Role::Identifying);
        for table in tables() {
            for column in table.columns {
                assert!(
                    !column.name.ends_with("_id") || column.role != Role::Attribute || column.name == "definition_id",
                    "{}.{}",
                    table.name,
                    column.name
                );
            }
        }
    }
}
