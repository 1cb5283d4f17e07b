//! The tables of emergency departments, the ambulance service and 111.

use super::View;
use super::hospital::second;
use super::sheet::{Tables, key};
use crate::population::code::Disposition;
use crate::population::event::{AmbulanceIncident, EdAttendance, UNTRACED, UrgentCareContact};
use crate::population::provider::PRACTICES;

/// SNOMED CT concept of a Chlamydia trachomatis infection of a genital structure.
const RESTRICTED: &str = "428015005";

impl View<'_> {
    pub(super) fn ed_attendance(self, attendances: &[EdAttendance], tables: &mut Tables) -> anyhow::Result<()> {
        // After some attendances a twin that no node may count.
        let written = |(place, attendance): (usize, &EdAttendance)| {
            let twin = self.population.has_restricted_twin_of_attendance(self.provider, place);
            std::iter::once((*attendance, None)).chain(twin.then_some((*attendance, Some(RESTRICTED))))
        };
        let rows: Vec<(EdAttendance, Option<&str>)> = attendances.iter().enumerate().flat_map(written).collect();
        let site = format!("{}-1", self.provider.code);
        tables.write("ed_attendance", &rows, |rows, start, sheet| {
            sheet.some_text("primary_diagnosis_code", rows.iter().map(|(_, code)| *code));
            let rows: Vec<EdAttendance> = rows.iter().map(|(row, _)| *row).collect();
            let positions = || start..start + rows.len();
            sheet.text("attendance_id", positions().map(|position| key(b'D', position)));
            sheet.text("person_id", self.ids(rows.iter().map(|r| r.person)));
            sheet.text("provider_code", rows.iter().map(|_| &self.provider.code));
            sheet.text("site_code", rows.iter().map(|_| &site));
            sheet.text("department_type_code", rows.iter().map(|r| r.department.code()));
            sheet.text("attendance_category_code", rows.iter().map(|_| "1"));
            sheet.days("arrival_date", rows.iter().map(|r| r.day));
            sheet.times("arrival_datetime", rows.iter().zip(positions()).map(|(r, n)| (r.day, second(n, 2))));
            sheet.text("arrival_mode_code", rows.iter().map(|r| r.arrival.code()));
            sheet.text("acuity_code", rows.iter().map(|r| r.acuity.code()));
            let departures =
                rows.iter().zip(positions()).map(|(r, n)| (r.day, second(n, 2) + 1_800 + second(n, 3) / 4));
            sheet.times("departure_datetime", departures);
            sheet.flags("admitted", rows.iter().map(|r| r.admitted));
            sheet.pence("cost_gbp", rows.iter().map(|r| r.pence));
        })
    }

    pub(super) fn ambulance_incident(self, rows: &[AmbulanceIncident], tables: &mut Tables) -> anyhow::Result<()> {
        let providers = self.population.providers();
        let site = |hospital: u8| format!("{}-1", providers[PRACTICES + usize::from(hospital)].code);
        tables.write("ambulance_incident", rows, |rows, start, sheet| {
            let positions = || start..start + rows.len();
            sheet.text("incident_id", positions().map(|position| key(b'I', position)));
            sheet.some_text("person_id", self.traced_ids(rows.iter().map(|r| r.person)));
            sheet.text("provider_code", rows.iter().map(|_| &self.provider.code));
            sheet.days("call_date", rows.iter().map(|r| r.day));
            sheet.times("call_datetime", rows.iter().zip(positions()).map(|(r, n)| (r.day, second(n, 4))));
            sheet.text("response_category", rows.iter().map(|r| r.category.code()));
            sheet.text("outcome", rows.iter().map(|r| r.outcome.code()));
            sheet.numbers("response_seconds", rows.iter().map(|r| i32::from(r.response_seconds)));
            sheet.some_text("destination_site_code", rows.iter().map(|r| r.destination.map(site)));
        })
    }

    pub(super) fn urgent_care_contact(self, rows: &[UrgentCareContact], tables: &mut Tables) -> anyhow::Result<()> {
        tables.write("urgent_care_contact", rows, |rows, start, sheet| {
            let positions = || start..start + rows.len();
            sheet.text("contact_id", positions().map(|position| key(b'U', position)));
            sheet.some_text("person_id", self.traced_ids(rows.iter().map(|r| r.person)));
            sheet.text("provider_code", rows.iter().map(|_| &self.provider.code));
            sheet.days("contact_date", rows.iter().map(|r| r.day));
            sheet.times("contact_datetime", rows.iter().zip(positions()).map(|(r, n)| (r.day, second(n, 5))));
            sheet.text("channel", rows.iter().map(|r| if r.online { "online" } else { "telephone" }));
            sheet.text("disposition_code", rows.iter().map(|r| disposition_code(r.disposition)));
            sheet.text("disposition_group", rows.iter().map(|r| r.disposition.code()));
        })
    }

    fn traced_ids(self, persons: impl Iterator<Item = u32>) -> impl Iterator<Item = Option<super::sheet::Text<7>>> {
        let traced = persons.map(|person| (person != UNTRACED).then_some(person));
        traced.map(move |person| person.and_then(|person| self.ids(std::iter::once(person)).next()))
    }
}

/// A disposition of NHS Pathways within the group.
fn disposition_code(group: Disposition) -> &'static str {
    match group {
        Disposition::Ambulance => "Dx012",
        Disposition::Ed => "Dx02",
        Disposition::PrimaryCare => "Dx05",
        Disposition::SelfCare => "Dx09",
        Disposition::Other => "Dx28",
    }
}
