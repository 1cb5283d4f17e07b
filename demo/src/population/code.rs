//! Code lists of the national data sets, as one-byte enums.

/// Declares an enum whose every variant stands for one code of a national list.
macro_rules! codes {
    ($(#[$meta:meta])* $name:ident { $($variant:ident = $code:literal),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum $name {
            $(#[doc = concat!("`", $code, "`")] $variant),*
        }

        impl $name {
            /// Every code of the list, in the order of the variants.
            pub const ALL: &[Self] = &[$(Self::$variant),*];
            const CODES: &[&str] = &[$($code),*];

            /// The code as it stands in the record.
            pub fn code(self) -> &'static str {
                Self::CODES[self as usize]
            }
        }
    };
}

codes! {
    /// PERSON STATED GENDER CODE: male, female, indeterminate.
    Gender { Male = "1", Female = "2", Indeterminate = "9" }
}
codes! {
    /// ETHNIC CATEGORY, 2001 classification, `Z` not stated.
    Ethnicity {
        British = "A", Irish = "B", OtherWhite = "C", WhiteCaribbean = "D", WhiteAfrican = "E", WhiteAsian = "F",
        OtherMixed = "G", Indian = "H", Pakistani = "J", Bangladeshi = "K", OtherAsian = "L", Caribbean = "M",
        African = "N", OtherBlack = "P", Chinese = "R", Other = "S", NotStated = "Z",
    }
}
codes! {
    /// ADMISSION METHOD CODE (HOSPITAL PROVIDER SPELL), the ones that occur here.
    AdmissionMethod {
        WaitingList = "11", Booked = "12", Planned = "13", EmergencyDepartment = "21", GeneralPractitioner = "22",
        BedBureau = "23", ConsultantClinic = "24", MentalHealthTeam = "25", OtherEmergency = "28",
        OtherProviderDepartment = "2A", TransferInEmergency = "2B", AntePartum = "31", PostPartum = "32", Transfer = "81",
    }
}
codes! {
    /// The derived `admission_group` of core-1.
    AdmissionGroup { Elective = "elective", Emergency = "emergency", Maternity = "maternity", Other = "other" }
}
codes! {
    /// ACTIVITY TREATMENT FUNCTION CODE, the ones that occur here.
    TreatmentFunction {
        GeneralSurgery = "100", Urology = "101", TraumaOrthopaedics = "110", EarNoseThroat = "120", Ophthalmology = "130",
        GeneralInternalMedicine = "300", Gastroenterology = "301", Endocrinology = "302", Haematology = "303",
        Diabetes = "307", Cardiology = "320", AcuteInternalMedicine = "326", Stroke = "328", Dermatology = "330",
        Respiratory = "340", Nephrology = "361", Oncology = "370", Neurology = "400", Rheumatology = "410",
        Paediatrics = "420", ElderlyMedicine = "430", Obstetrics = "501", Gynaecology = "502",
    }
}
codes! {
    /// PATIENT CLASSIFICATION CODE.
    PatientClassification { Ordinary = "1", DayCase = "2" }
}
codes! {
    /// SOURCE OF ADMISSION CODE: usual residence, other NHS provider, care home.
    AdmissionSource { UsualResidence = "19", OtherProvider = "51", CareHome = "85" }
}
codes! {
    /// DISCHARGE METHOD CODE: on clinical advice, self-discharge, died.
    DischargeMethod { ClinicalAdvice = "1", SelfDischarge = "2", Died = "4" }
}
codes! {
    /// ICD-10 codes of primary diagnoses, without the dot.
    Diagnosis {
        Gastroenteritis = "A099", Sepsis = "A419", BreastCancer = "C509", LungCancer = "C349", IronDeficiency = "D509",
        Diabetes1Hypoglycaemia = "E100", Diabetes2Hypoglycaemia = "E116", Hypoglycaemia = "E162", Depression = "F329",
        Schizophrenia = "F209", Epilepsy = "G409", Cataract = "H269", Hypertension = "I10X", Angina = "I209",
        MyocardialInfarction = "I219", PulmonaryEmbolism = "I269", AtrialFibrillation = "I48X", HeartFailure = "I500",
        Subarachnoid = "I609", Intracerebral = "I619", CerebralInfarction = "I639", Stroke = "I64X",
        UpperRespiratory = "J069", Pneumonia = "J189", Bronchitis = "J209", Bronchiolitis = "J219",
        LowerRespiratory = "J22X", CopdInfection = "J440", CopdExacerbation = "J441", Asthma = "J459",
        Appendicitis = "K358", Hernia = "K409", Gallstones = "K802", Bleeding = "K922", Cellulitis = "L031",
        Knee = "M171", BackPain = "M545", KidneyFailure = "N179", UrinaryInfection = "N390", Menorrhagia = "N920",
        Delivery = "O80X", LabourComplication = "O681", ChestPain = "R074", AbdominalPain = "R104", Fever = "R509",
        Syncope = "R55X", Collapse = "R296", HeadInjury = "S099", WristFracture = "S525", HipFracture = "S720",
        Chemotherapy = "Z511",
    }
}
codes! {
    /// OPCS-4 codes of procedures, without the dot.
    Procedure {
        Cataract = "C751", Colonoscopy = "H229", Gastroscopy = "G459", Hernia = "T202", Knee = "W401", Hip = "W371",
        Cystoscopy = "M459", Hysteroscopy = "Q188", Chemotherapy = "X723", Angiography = "K633", Delivery = "R249",
        Cholecystectomy = "J183", Ventilation = "E851", Ct = "U212",
    }
}
codes! {
    /// A&E DEPARTMENT TYPE: major, urgent treatment centre, walk-in.
    DepartmentType { Major = "01", UrgentTreatment = "03", WalkIn = "04" }
}
codes! {
    /// Emergency care arrival mode (SNOMED CT): ambulance, own transport, public transport.
    ArrivalMode { Ambulance = "1048031000000100", Own = "1048071000000103", Public = "1048061000000105" }
}
codes! {
    /// Emergency care acuity (SNOMED CT), immediate to non-urgent.
    Acuity {
        Immediate = "1064891000000107", VeryUrgent = "1064911000000105", Urgent = "1064901000000103",
        Standard = "1077241000000103", NonUrgent = "1077251000000100",
    }
}
codes! {
    /// ATTENDED OR DID NOT ATTEND CODE of outpatient and community appointments.
    Attendance { CancelledByPatient = "2", DidNotAttend = "3", CancelledByProvider = "4", Seen = "5", SeenLate = "6" }
}
codes! {
    /// FIRST ATTENDANCE CODE: face to face or by telephone, first or follow-up.
    FirstAttendance { First = "1", FollowUp = "2", FirstTelephone = "3", FollowUpTelephone = "4" }
}
codes! {
    /// Response category of the Ambulance Data Set.
    ResponseCategory { One = "C1", Two = "C2", Three = "C3", Four = "C4", Five = "C5", Professional = "HCP" }
}
codes! {
    /// Outcome of an ambulance incident.
    IncidentOutcome {
        HearAndTreat = "hear_and_treat", SeeAndTreat = "see_and_treat", ConveyedEd = "conveyed_ed",
        ConveyedOther = "conveyed_other", Cancelled = "cancelled",
    }
}
codes! {
    /// Disposition group of a 111 contact.
    Disposition {
        Ambulance = "ambulance", Ed = "ed", PrimaryCare = "primary_care", SelfCare = "self_care", Other = "other",
    }
}
codes! {
    /// Mode of a GP appointment.
    AppointmentMode { FaceToFace = "face_to_face", Telephone = "telephone", Online = "online", HomeVisit = "home_visit" }
}
codes! {
    /// Who gave a GP appointment.
    Professional { Gp = "gp", Nurse = "nurse", Pharmacist = "pharmacist", Other = "other" }
}
codes! {
    /// Status of a GP appointment.
    AppointmentStatus { Attended = "attended", DidNotAttend = "dna", Cancelled = "cancelled" }
}
codes! {
    /// SERVICE OR TEAM TYPE REFERRED TO, community and mental health.
    Team {
        DistrictNursing = "12", Physiotherapy = "24", Podatry = "25", DiabetesNursing = "20", Respiratory = "47",
        HeartFailure = "15", CaseManagement = "53", CommunityMentalHealth = "A06", CrisisResolution = "A02",
        MemoryServices = "A17", TalkingTherapies = "A18",
    }
}
codes! {
    /// CONSULTATION MECHANISM: face to face, telephone, video.
    Mechanism { FaceToFace = "01", Telephone = "02", Video = "11" }
}
codes! {
    /// Event type of Client Level Data.
    SocialEventType { Request = "request", Assessment = "assessment", Service = "service", Review = "review" }
}
codes! {
    /// Service type of Client Level Data.
    SocialService {
        HomeSupport = "Long Term Support: Community", Nursing = "Long Term Support: Nursing Care",
        Residential = "Long Term Support: Residential Care", Reablement = "Short Term Support: ST-Max",
    }
}
codes! {
    /// Type of a care plan.
    PlanType { Diabetes = "diabetes", Personalised = "pcsp", EndOfLife = "end_of_life", Multidisciplinary = "mdt", Carer = "carer" }
}
codes! {
    /// Agencies that share a care plan.
    PlanAgencies { Health = "health", SocialCare = "social_care", Joint = "joint" }
}
codes! {
    /// Service group of a cost.
    ServiceGroup {
        Acute = "acute", Ed = "ed", Community = "community", MentalHealth = "mental_health",
        PrimaryCare = "primary_care", Prescribing = "prescribing", SocialCare = "social_care",
    }
}

impl AdmissionMethod {
    /// The group the code belongs to by the NHS Data Dictionary.
    pub fn group(self) -> AdmissionGroup {
        match self {
            Self::WaitingList | Self::Booked | Self::Planned => AdmissionGroup::Elective,
            Self::AntePartum | Self::PostPartum => AdmissionGroup::Maternity,
            Self::Transfer => AdmissionGroup::Other,
            _ => AdmissionGroup::Emergency,
        }
    }
}

impl TreatmentFunction {
    /// Whether the function is general medicine or a medical speciality that takes emergencies of adults.
    pub fn is_medical(self) -> bool {
        match self {
            Self::Dermatology => false,
            Self::Neurology | Self::Rheumatology | Self::ElderlyMedicine => true,
            other => other.code().starts_with('3'),
        }
    }
}
