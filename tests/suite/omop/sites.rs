//! The example's split of one set of records into providers, by rule: every person is on one practice's list, and has a
//! home hospital; every seventh visit is to the next hospital.

use super::records::Visit;

/// The practices, by place.
pub const PRACTICES: [&str; 8] = ["P00001", "P00002", "P00003", "P00004", "P00005", "P00006", "P00007", "P00008"];
/// The hospitals, by place.
pub const HOSPITALS: [&str; 3] = ["H1", "H2", "H3"];

/// The place of a person's practice.
pub fn practice(person: i64) -> usize {
    usize::try_from(person % 8).unwrap_or(0)
}

/// The place of the hospital of a visit.
pub fn hospital(visit: &Visit) -> usize {
    hospital_of(visit.person, visit.id)
}

/// The place of the hospital of a visit, by ids.
pub fn hospital_of(person: i64, visit: i64) -> usize {
    let home = match person * 7 % 10 {
        0..5 => 0,
        5..8 => 1,
        _ => 2,
    };
    (home + usize::from(visit % 7 == 0)) % HOSPITALS.len()
}
