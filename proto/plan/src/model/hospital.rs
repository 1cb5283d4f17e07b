//! Hospital care: spells with their diagnoses and procedures, and outpatient appointments.

use super::Table;
use super::column::{Coding, Column, Kind};

/// One row per hospital provider spell (Admitted Patient Care commissioning data set).
pub(super) const HOSPITAL_SPELL: Table = Table {
    name: "hospital_spell",
    doc: "one row per HOSPITAL PROVIDER SPELL (Admitted Patient Care commissioning data set)",
    columns: &[
        Column::key("spell_id", "HOSPITAL PROVIDER SPELL IDENTIFIER"),
        Column::person(),
        Column::required("provider_code", Kind::Text, "ORGANISATION CODE (CODE OF PROVIDER), ODS"),
        Column::optional("site_code", Kind::Text, "ORGANISATION SITE IDENTIFIER (OF TREATMENT), ODS"),
        Column::required("admission_date", Kind::Date, "START DATE (HOSPITAL PROVIDER SPELL)"),
        Column::optional("admission_datetime", Kind::Timestamp, "start date and time of the spell"),
        Column::optional("discharge_date", Kind::Date, "DISCHARGE DATE; null while the patient is still in"),
        Column::required(
            "admission_method_code",
            Kind::Text,
            "METHOD OF ADMISSION: elective 11, 12, 13; emergency 21, 22, 23, 24, 25, 28, 2A, 2B, 2C, 2D; maternity 31, 32; \
             other 81, 82, 83",
        ),
        Column::optional("source_of_admission_code", Kind::Text, "SOURCE OF ADMISSION CODE"),
        Column::optional(
            "patient_classification_code",
            Kind::Text,
            "PATIENT CLASSIFICATION CODE: 1 ordinary, 2 day case, 3 regular day, 4 regular night, 5 mother and baby",
        ),
        Column::optional("discharge_method_code", Kind::Text, "DISCHARGE METHOD CODE; 4 died"),
        Column::optional("discharge_destination_code", Kind::Text, "DESTINATION OF DISCHARGE"),
        Column::optional("primary_diagnosis_code", Kind::Text, "PRIMARY DIAGNOSIS (ICD), ICD-10 without the dot")
            .coded(Coding::Icd10),
        Column::optional(
            "treatment_function_code",
            Kind::Text,
            "ACTIVITY TREATMENT FUNCTION CODE, as 300 general medicine",
        ),
        Column::optional("hrg_code", Kind::Text, "HEALTHCARE RESOURCE GROUP CODE"),
        Column::optional("critical_care_days", Kind::Int32, "days in critical care within the spell"),
        Column::optional("length_of_stay_days", Kind::Int32, "days from admission to discharge; null while still in"),
        Column::optional("cost_gbp", Kind::Money, "cost of the spell, pounds"),
        Column::required(
            "admission_group",
            Kind::Text,
            "derived from the method of admission: elective, emergency, maternity or other",
        ),
    ],
};

/// One row per diagnosis of a spell.
pub(super) const SPELL_DIAGNOSIS: Table = Table {
    name: "spell_diagnosis",
    doc: "one row per diagnosis of a spell",
    columns: &[
        Column::key("spell_id", "the spell the diagnosis belongs to"),
        Column::person(),
        Column::required("position", Kind::Int16, "1 for the primary diagnosis, then the secondary ones in order"),
        Column::required("icd10_code", Kind::Text, "ICD-10 code without the dot").coded(Coding::Icd10),
    ],
};

/// One row per procedure of a spell.
pub(super) const SPELL_PROCEDURE: Table = Table {
    name: "spell_procedure",
    doc: "one row per procedure of a spell",
    columns: &[
        Column::key("spell_id", "the spell the procedure belongs to"),
        Column::person(),
        Column::required("position", Kind::Int16, "1 for the primary procedure, then the others in order"),
        Column::required("opcs4_code", Kind::Text, "OPCS-4 code without the dot").coded(Coding::Opcs4),
    ],
};

/// One row per outpatient appointment.
pub(super) const OUTPATIENT_APPOINTMENT: Table = Table {
    name: "outpatient_appointment",
    doc: "one row per outpatient appointment (Outpatient commissioning data set)",
    columns: &[
        Column::key("appointment_id", "ATTENDANCE IDENTIFIER"),
        Column::person(),
        Column::required("provider_code", Kind::Text, "ORGANISATION CODE (CODE OF PROVIDER), ODS"),
        Column::required("appointment_date", Kind::Date, "APPOINTMENT DATE"),
        Column::optional("treatment_function_code", Kind::Text, "ACTIVITY TREATMENT FUNCTION CODE"),
        Column::optional(
            "attendance_status_code",
            Kind::Text,
            "ATTENDED OR DID NOT ATTEND CODE: 5 and 6 seen, 2 cancelled by patient, 3 did not attend, 4 cancelled by provider, \
             7 arrived late and not seen",
        ),
        Column::optional(
            "first_attendance_code",
            Kind::Text,
            "FIRST ATTENDANCE CODE: 1 first, 2 follow-up, 3 and 4 by telephone",
        ),
        Column::optional("cost_gbp", Kind::Money, "cost of the appointment, pounds"),
    ],
};
