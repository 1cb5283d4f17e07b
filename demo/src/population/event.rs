//! What happened to people, one small struct per kind of record.
//!
//! `person` is the person's position in the population, `day` a day of the window, money is in pence.

use super::code::{
    Acuity, AdmissionMethod, AdmissionSource, AppointmentMode, AppointmentStatus, ArrivalMode, Attendance,
    DepartmentType, Diagnosis, DischargeMethod, Disposition, FirstAttendance, IncidentOutcome, Mechanism,
    PatientClassification, PlanAgencies, PlanType, Procedure, Professional, ResponseCategory, ServiceGroup,
    SocialEventType, SocialService, Team, TreatmentFunction,
};

/// The `person` of a record that could not be traced to anyone.
pub const UNTRACED: u32 = u32::MAX;

/// An appointment in general practice.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "the fields are the columns of core-1")]
pub struct GpAppointment {
    pub person: u32,
    pub day: u16,
    pub mode: AppointmentMode,
    pub professional: Professional,
    pub status: AppointmentStatus,
    pub minutes: u8,
}

/// A hospital provider spell.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "the fields are the columns of core-1")]
pub struct Spell {
    pub person: u32,
    pub pence: u32,
    pub day: u16,
    /// Nights from admission to discharge; `None` while the patient is still in on the last day.
    pub stay: Option<u16>,
    pub method: AdmissionMethod,
    pub function: TreatmentFunction,
    pub diagnosis: Diagnosis,
    pub procedure: Option<Procedure>,
    pub classification: PatientClassification,
    pub source: AdmissionSource,
    pub discharge: DischargeMethod,
    pub critical_days: u8,
}

impl Spell {
    /// Whether the primary diagnosis is a stroke, I60 to I64.
    pub fn is_stroke(&self) -> bool {
        matches!(&self.diagnosis.code()[..3], "I60" | "I61" | "I62" | "I63" | "I64")
    }
}

/// An outpatient appointment.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "the fields are the columns of core-1")]
pub struct OutpatientAppointment {
    pub person: u32,
    pub pence: u32,
    pub day: u16,
    pub function: TreatmentFunction,
    pub attendance: Attendance,
    pub first: FirstAttendance,
}

/// An attendance at an emergency department.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "the fields are the columns of core-1")]
pub struct EdAttendance {
    pub person: u32,
    pub pence: u32,
    pub day: u16,
    pub department: DepartmentType,
    pub arrival: ArrivalMode,
    pub acuity: Acuity,
    pub admitted: bool,
}

/// An ambulance incident.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "the fields are the columns of core-1")]
pub struct AmbulanceIncident {
    pub person: u32,
    pub day: u16,
    pub response_seconds: u16,
    pub category: ResponseCategory,
    pub outcome: IncidentOutcome,
    /// Hospital conveyed to, counted among the hospitals.
    pub destination: Option<u8>,
}

/// A contact with NHS 111.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "the fields are the columns of core-1")]
pub struct UrgentCareContact {
    pub person: u32,
    pub day: u16,
    pub disposition: Disposition,
    pub online: bool,
}

/// A contact in the community or with a mental-health team.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "the fields are the columns of core-1")]
pub struct CommunityContact {
    pub person: u32,
    pub day: u16,
    pub team: Team,
    pub mechanism: Mechanism,
    pub attendance: Attendance,
    pub minutes: u8,
    /// Which of the person's referrals at the provider, from zero.
    pub referral: u8,
}

/// An event of adult social care.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "the fields are the columns of core-1")]
pub struct SocialCareEvent {
    pub person: u32,
    /// First day of the event, before the window for services that began earlier.
    pub start: i16,
    pub end: Option<u16>,
    pub kind: SocialEventType,
    pub service: Option<SocialService>,
    pub joint: bool,
    /// Price of a week of the service.
    pub weekly_pence: u32,
}

/// A period of residence in a care home.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "the fields are the columns of core-1")]
pub struct ResidencePeriod {
    pub person: u32,
    /// First day, before the window for those who already lived there.
    pub start: i16,
    pub end: Option<u16>,
    pub nursing: bool,
    /// Which of the council's care homes.
    pub home: u8,
}

/// A care plan.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "the fields are the columns of core-1")]
pub struct CarePlan {
    pub person: u32,
    pub start: i16,
    pub review: Option<u16>,
    pub end: Option<u16>,
    pub kind: PlanType,
    pub agencies: PlanAgencies,
}

/// A person's risk band.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "the fields are the columns of core-1")]
pub struct RiskScore {
    pub person: u32,
    pub day: u16,
    /// Hundredths of the score, which runs from 0 to 1.
    pub score: u8,
}

impl RiskScore {
    /// The band of the score: 5 % very high, 15 % high, 30 % moderate by the cut-offs of the model.
    pub fn band(&self) -> &'static str {
        match self.score {
            0..10 => "low",
            10..25 => "moderate",
            25..50 => "high",
            _ => "very_high",
        }
    }
}

/// What a person's activity of one service group cost in one month.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "the fields are the columns of core-1")]
pub struct ActivityCost {
    pub person: u32,
    pub pence: u32,
    pub month: u8,
    pub group: ServiceGroup,
}
