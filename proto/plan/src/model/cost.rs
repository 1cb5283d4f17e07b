//! What care cost, and what a provider's tables cover.

use super::Table;
use super::column::{Column, Kind};

/// One row per person, month and group of services.
pub(super) const ACTIVITY_COST: Table = Table {
    name: "activity_cost",
    doc: "one row per person, month and group of services",
    columns: &[
        Column::person(),
        Column::required("activity_month", Kind::Date, "first day of the month of the activity"),
        Column::required(
            "service_group",
            Kind::Text,
            "acute, ed, community, mental_health, primary_care, prescribing or social_care",
        ),
        Column::required("cost_gbp", Kind::Money, "cost of the person's activity in the month, pounds"),
    ],
};

/// One row per table that the provider serves: metadata, never read by a question.
pub(super) const TABLE_COVERAGE: Table = Table {
    name: "table_coverage",
    doc: "one row per table that the provider serves; metadata without persons, which no question reads",
    columns: &[
        Column::required("table_name", Kind::Text, "name of the core-model table"),
        Column::optional("available_from", Kind::Date, "first day on which records are complete"),
        Column::optional("available_to", Kind::Date, "last day on which records are complete"),
        Column::optional("last_refresh", Kind::Timestamp, "when the provider last refreshed the table"),
        Column::optional("source_system", Kind::Text, "system the records come from, as EMIS Web"),
        Column::optional("mapping_version", Kind::Text, "version of the provider's mapping to the core model"),
        Column::optional("notes", Kind::Text, "what a reader ought to know about the records"),
    ],
};
