//! What is recorded about health: events, the derived condition register, medication, plans and risk bands.

use super::Table;
use super::column::{Coding, Column, Kind, Role};

/// One row per coded clinical event.
pub(super) const CLINICAL_EVENT: Table = Table {
    name: "clinical_event",
    doc: "one row per coded event: condition, observation, procedure, referral or care-plan entry",
    columns: &[
        Column::key("event_id", "key of the event"),
        Column::person(),
        Column::required("event_date", Kind::Date, "day of the event"),
        Column::required("event_type", Kind::Text, "condition, observation, procedure, referral, care_plan or other"),
        Column::required("code_system", Kind::Text, "SNOMED, ICD10, OPCS4, CTV3 or READ2"),
        Column::required("code", Kind::Text, "code in that system; SNOMED CT ids as text, ICD-10 without the dot")
            .coded(Coding::ByRow),
        Column::optional("numeric_value", Kind::Float64, "value of an observation, in the unit given by `unit`"),
        Column::optional("unit", Kind::Text, "unit of `numeric_value` (UCUM)"),
        Column::optional("end_date", Kind::Date, "day on which a condition or plan ended"),
        Column::optional("setting", Kind::Text, "where it was recorded: gp, community, hospital, mental_health"),
        Column::optional("contact_id", Kind::Text, "key of the contact in which it was recorded")
            .with_role(Role::RecordKey),
    ],
};

/// One row per person and long-term condition.
pub(super) const LONG_TERM_CONDITION: Table = Table {
    name: "long_term_condition",
    doc: "derived register, one row per person and condition, so that templates need no codelists when they run",
    columns: &[
        Column::person(),
        Column::required(
            "condition",
            Kind::Text,
            "diabetes, copd, hf, af, chd, stroke_tia, ckd, dementia, smi, depression, asthma, cancer, \
             learning_disability, frailty",
        ),
        Column::required("onset_date", Kind::Date, "day of the first qualifying code"),
        Column::optional("resolved_date", Kind::Date, "day on which the condition was recorded as resolved"),
        Column::required(
            "definition_id",
            Kind::Text,
            "codelist and version that define the condition: org/name/version",
        ),
    ],
};

/// One row per issue of a medicine.
pub(super) const MEDICATION_ISSUE: Table = Table {
    name: "medication_issue",
    doc: "one row per issue of a medicine",
    columns: &[
        Column::person(),
        Column::required("issue_date", Kind::Date, "day of the issue"),
        Column::required("dmd_code", Kind::Text, "dictionary of medicines and devices code (SNOMED CT id)")
            .coded(Coding::Snomed),
        Column::optional("quantity", Kind::Float64, "quantity issued, in the product's unit of measure"),
    ],
};

/// One row per care plan.
pub(super) const CARE_PLAN: Table = Table {
    name: "care_plan",
    doc: "one row per care plan",
    columns: &[
        Column::person(),
        Column::required("plan_type", Kind::Text, "diabetes, pcsp (personalised), end_of_life, mdt or carer"),
        Column::required("start_date", Kind::Date, "first day of the plan"),
        Column::optional("review_date", Kind::Date, "day of the latest review"),
        Column::optional("end_date", Kind::Date, "last day of the plan; null while it lasts"),
        Column::optional("agencies", Kind::Text, "who made the plan: health, social_care or joint"),
    ],
};

/// One row per person, model and calculation.
pub(super) const RISK_STRATIFICATION: Table = Table {
    name: "risk_stratification",
    doc: "one row per person, risk model and calculation",
    columns: &[
        Column::person(),
        Column::required(
            "model",
            Kind::Text,
            "B2H_segment (Bridges to Health), EFI2 (electronic frailty index), HFRS (hospital frailty) or local",
        ),
        Column::required("model_version", Kind::Text, "version of the model"),
        Column::required("calculated_date", Kind::Date, "day of the calculation"),
        Column::optional("score", Kind::Float64, "score of the model, without unit"),
        Column::required("band", Kind::Text, "band or segment of the model; HFRS bands are <5, 5-15, >15"),
    ],
};
