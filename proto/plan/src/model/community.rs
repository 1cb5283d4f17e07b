//! Care near home: general-practice appointments, community contacts, social care.

use super::Table;
use super::column::{Column, Kind, Role};

/// One row per appointment in general practice.
pub(super) const GP_APPOINTMENT: Table = Table {
    name: "gp_appointment",
    doc: "one row per appointment in general practice",
    columns: &[
        Column::key("appointment_id", "key of the appointment"),
        Column::person(),
        Column::required("gp_practice_code", Kind::Text, "GENERAL MEDICAL PRACTICE CODE (ODS)"),
        Column::required("appointment_date", Kind::Date, "day of the appointment"),
        Column::optional("mode", Kind::Text, "face_to_face, telephone, online or home_visit"),
        Column::optional("hcp_type", Kind::Text, "health-care professional seen: gp, nurse, other"),
        Column::optional("status", Kind::Text, "attended, dna (did not attend) or cancelled"),
        Column::optional("duration_minutes", Kind::Int32, "minutes from start to end of the consultation"),
    ],
};

/// One row per care contact in the community (Community Services Data Set, CYP201).
pub(super) const COMMUNITY_CONTACT: Table = Table {
    name: "community_contact",
    doc: "one row per CARE CONTACT in the community (Community Services Data Set, CYP201)",
    columns: &[
        Column::key("contact_id", "CARE CONTACT IDENTIFIER"),
        Column::person(),
        Column::required("provider_code", Kind::Text, "ORGANISATION CODE (CODE OF PROVIDER), ODS"),
        Column::required("contact_date", Kind::Date, "CARE CONTACT DATE"),
        Column::optional("team_type_code", Kind::Text, "SERVICE OR TEAM TYPE REFERRED TO (COMMUNITY CARE)"),
        Column::optional(
            "consultation_mechanism_code",
            Kind::Text,
            "CONSULTATION MECHANISM: 01 face to face, 02 telephone, …",
        ),
        Column::optional("attendance_status_code", Kind::Text, "ATTENDANCE STATUS: 5 and 6 seen, 3 did not attend, …"),
        Column::optional("duration_minutes", Kind::Int32, "CLINICAL CONTACT DURATION OF CARE CONTACT, minutes"),
        Column::optional("referral_id", Kind::Text, "SERVICE REQUEST IDENTIFIER of the referral")
            .with_role(Role::RecordKey),
    ],
};

/// One row per event of adult social care (Client Level Data).
///
/// Only services may be open-ended; requests, assessments and reviews appear once they are completed.
pub(super) const SOCIAL_CARE_EVENT: Table = Table {
    name: "social_care_event",
    doc: "one row per event of adult social care (Client Level Data); only services may be open-ended",
    columns: &[
        Column::key("event_id", "EVENT REFERENCE"),
        Column::person(),
        Column::required("la_code", Kind::Text, "LA CODE of the council"),
        Column::optional("client_type", Kind::Text, "CLIENT TYPE: service user, carer, carer known by association"),
        Column::required("event_type", Kind::Text, "request, assessment, service or review"),
        Column::required("event_start_date", Kind::Date, "EVENT START DATE"),
        Column::optional("event_end_date", Kind::Date, "EVENT END DATE; null for a service that goes on"),
        Column::optional("event_outcome", Kind::Text, "EVENT OUTCOME"),
        Column::optional("route_of_access", Kind::Text, "ROUTE OF ACCESS of a request"),
        Column::optional("assessment_type", Kind::Text, "ASSESSMENT TYPE"),
        Column::optional("eligible_needs_identified", Kind::Text, "ELIGIBLE NEEDS IDENTIFIED"),
        Column::optional("method_of_assessment", Kind::Text, "METHOD OF ASSESSMENT"),
        Column::optional(
            "joint_with_health",
            Kind::Boolean,
            "assessed jointly with health; local, not in Client Level Data",
        ),
        Column::optional("service_type", Kind::Text, "SERVICE TYPE, as Long Term Support: Nursing Care"),
        Column::optional("service_component", Kind::Text, "SERVICE COMPONENT"),
        Column::optional("delivery_mechanism", Kind::Text, "DELIVERY MECHANISM"),
        Column::optional("provider_cqc_location_id", Kind::Text, "PROVIDER CQC LOCATION ID")
            .with_role(Role::Identifying),
        Column::optional("primary_support_reason", Kind::Text, "PRIMARY SUPPORT REASON"),
        Column::optional("accommodation_status", Kind::Text, "ACCOMMODATION STATUS"),
        Column::optional("has_unpaid_carer", Kind::Text, "HAS UNPAID CARER"),
        Column::optional("client_funding_status", Kind::Text, "CLIENT FUNDING STATUS"),
        Column::optional("unit_cost", Kind::Money, "UNIT COST, pounds per unit"),
        Column::optional("cost_frequency", Kind::Text, "COST FREQUENCY (UNIT TYPE): what one unit is"),
        Column::optional("planned_units_per_week", Kind::Units, "PLANNED UNITS PER WEEK"),
        Column::optional("review_reason", Kind::Text, "REVIEW REASON"),
    ],
};
