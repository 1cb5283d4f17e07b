//! Who is known to the provider: persons, their registrations with general practices, where they live.

use super::Table;
use super::column::{Column, Kind, Role};

/// One row per person known to the provider.
pub(super) const PERSON: Table = Table {
    name: "person",
    doc: "one row per person known to the provider",
    columns: &[
        Column::person(),
        Column::required("birth_month", Kind::Date, "PERSON BIRTH DATE, rounded down to the first day of the month"),
        Column::optional(
            "gender_code",
            Kind::Text,
            "PERSON STATED GENDER CODE: 1 male, 2 female, 9 indeterminate, X not known",
        ),
        Column::optional("ethnic_category_code", Kind::Text, "ETHNIC CATEGORY: A to S, Z not stated, 99 not known"),
        Column::optional("death_date", Kind::Date, "PERSON DEATH DATE; null while alive or unknown"),
        Column::optional("lsoa_code", Kind::Text, "lower layer super output area of residence: about 1,500 residents")
            .with_role(Role::Identifying),
        Column::optional(
            "imd_decile",
            Kind::Int8,
            "index of multiple deprivation of the area: 1 most deprived to 10 least deprived",
        ),
        Column::optional(
            "usual_gp_practice_code",
            Kind::Text,
            "ODS code of the general practice the person is registered with; look-ups lead from it to the locality",
        ),
        Column::required(
            "opted_out",
            Kind::Boolean,
            "national data opt-out or local objection, as applied by policy before any question: nobody's to ask about",
        )
        .with_role(Role::Identifying),
    ],
};

/// One row per period of registration with a general practice.
pub(super) const GP_REGISTRATION: Table = Table {
    name: "gp_registration",
    doc: "one row per period of a person's registration with a general practice",
    columns: &[
        Column::person(),
        Column::required("gp_practice_code", Kind::Text, "GENERAL MEDICAL PRACTICE CODE (ODS)"),
        Column::required("registration_start_date", Kind::Date, "first day of the registration"),
        Column::optional("registration_end_date", Kind::Date, "last day of the registration; null while it lasts"),
        Column::optional("registration_type_code", Kind::Text, "GP registration type: regular, temporary, private"),
    ],
};

/// One row per period of residence.
pub(super) const RESIDENCE_PERIOD: Table = Table {
    name: "residence_period",
    doc: "one row per period in which a person lived in one kind of accommodation",
    columns: &[
        Column::person(),
        Column::required("start_date", Kind::Date, "first day of the residence"),
        Column::optional("end_date", Kind::Date, "last day of the residence; null while it lasts"),
        Column::optional("accommodation_status_code", Kind::Text, "ACCOMMODATION STATUS CODE"),
        Column::required("is_care_home", Kind::Boolean, "a care home registered with the Care Quality Commission"),
        Column::optional("is_nursing", Kind::Boolean, "a care home with nursing"),
        Column::optional("cqc_location_id", Kind::Text, "Care Quality Commission location id of the care home")
            .with_role(Role::Identifying),
    ],
};
