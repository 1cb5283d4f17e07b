//! Urgent care: emergency departments, the ambulance service, NHS 111.

use super::Table;
use super::column::{Coding, Column, Kind};

/// One row per attendance at an emergency department (Emergency Care Data Set).
pub(super) const ED_ATTENDANCE: Table = Table {
    name: "ed_attendance",
    doc: "one row per attendance at an emergency department (Emergency Care Data Set)",
    columns: &[
        Column::key("attendance_id", "EMERGENCY CARE ATTENDANCE IDENTIFIER"),
        Column::person(),
        Column::required("provider_code", Kind::Text, "ORGANISATION CODE (CODE OF PROVIDER), ODS"),
        Column::optional("site_code", Kind::Text, "ORGANISATION SITE IDENTIFIER (OF TREATMENT), ODS"),
        Column::optional(
            "department_type_code",
            Kind::Text,
            "EMERGENCY CARE DEPARTMENT TYPE: 01 major, 02 single specialty, 03 minor injury, 04 walk-in, 05 same-day",
        ),
        Column::optional(
            "attendance_category_code",
            Kind::Text,
            "EMERGENCY CARE ATTENDANCE CATEGORY: 1 first, 2 and 3 follow-up",
        ),
        Column::required("arrival_date", Kind::Date, "EMERGENCY CARE ARRIVAL DATE"),
        Column::optional("arrival_datetime", Kind::Timestamp, "arrival date and time"),
        Column::optional("arrival_mode_code", Kind::Text, "EMERGENCY CARE ARRIVAL MODE (SNOMED CT)"),
        Column::optional("acuity_code", Kind::Text, "EMERGENCY CARE ACUITY (SNOMED CT)"),
        Column::optional("chief_complaint_code", Kind::Text, "EMERGENCY CARE CHIEF COMPLAINT (SNOMED CT)")
            .coded(Coding::Snomed),
        Column::optional("primary_diagnosis_code", Kind::Text, "EMERGENCY CARE DIAGNOSIS (SNOMED CT), the first")
            .coded(Coding::Snomed),
        Column::optional("departure_datetime", Kind::Timestamp, "departure date and time"),
        Column::optional("discharge_destination_code", Kind::Text, "EMERGENCY CARE DISCHARGE DESTINATION (SNOMED CT)"),
        Column::optional("discharge_status_code", Kind::Text, "EMERGENCY CARE DISCHARGE STATUS (SNOMED CT)"),
        Column::optional("admitted", Kind::Boolean, "the attendance ended in an admission"),
        Column::optional("cost_gbp", Kind::Money, "cost of the attendance, pounds"),
    ],
};

/// One row per patient of an ambulance incident (Ambulance Data Set).
pub(super) const AMBULANCE_INCIDENT: Table = Table {
    name: "ambulance_incident",
    doc: "one row per patient of an ambulance incident (Ambulance Data Set)",
    columns: &[
        Column::key("incident_id", "AMBULANCE INCIDENT IDENTIFIER"),
        Column::traced_person(),
        Column::required("provider_code", Kind::Text, "ORGANISATION CODE (CODE OF PROVIDER), ODS"),
        Column::required("call_date", Kind::Date, "day of the call"),
        Column::optional("call_datetime", Kind::Timestamp, "CALL CONNECT date and time"),
        Column::optional(
            "response_category",
            Kind::Text,
            "C1 (life-threatening) to C5, or HCP (health-care professional call)",
        ),
        Column::optional("chief_complaint_code", Kind::Text, "chief complaint"),
        Column::required(
            "outcome",
            Kind::Text,
            "hear_and_treat, see_and_treat, conveyed_ed, conveyed_other or cancelled",
        ),
        Column::optional(
            "response_seconds",
            Kind::Int32,
            "seconds from the call's connection to the first response on scene",
        ),
        Column::optional("destination_site_code", Kind::Text, "site conveyed to, ODS"),
    ],
};

/// One row per NHS 111 contact (Integrated Urgent Care).
pub(super) const URGENT_CARE_CONTACT: Table = Table {
    name: "urgent_care_contact",
    doc: "one row per NHS 111 contact (Integrated Urgent Care)",
    columns: &[
        Column::key("contact_id", "key of the contact"),
        Column::traced_person(),
        Column::required("provider_code", Kind::Text, "ORGANISATION CODE (CODE OF PROVIDER), ODS"),
        Column::required("contact_date", Kind::Date, "day of the contact"),
        Column::optional("contact_datetime", Kind::Timestamp, "date and time of the contact"),
        Column::optional("channel", Kind::Text, "how contact was made: telephone, online"),
        Column::optional("symptom_group_code", Kind::Text, "SYMPTOM GROUP (NHS Pathways)"),
        Column::optional("disposition_code", Kind::Text, "disposition (NHS Pathways Dx code)"),
        Column::optional("disposition_group", Kind::Text, "ambulance, ed, primary_care, self_care or other"),
    ],
};
