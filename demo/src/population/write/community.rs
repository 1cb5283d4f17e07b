//! The tables of general practice, community and mental-health contacts.

use super::View;
use super::sheet::{Tables, key};
use crate::population::event::{CommunityContact, GpAppointment};

impl View<'_> {
    pub(super) fn gp_appointment(self, rows: &[GpAppointment], tables: &mut Tables) -> anyhow::Result<()> {
        tables.write("gp_appointment", rows, |rows, start, sheet| {
            sheet.text("appointment_id", (start..start + rows.len()).map(|position| key(b'G', position)));
            sheet.text("person_id", self.ids(rows.iter().map(|r| r.person)));
            sheet.text("gp_practice_code", rows.iter().map(|_| &self.provider.code));
            sheet.days("appointment_date", rows.iter().map(|r| r.day));
            sheet.text("mode", rows.iter().map(|r| r.mode.code()));
            sheet.text("hcp_type", rows.iter().map(|r| r.professional.code()));
            sheet.text("status", rows.iter().map(|r| r.status.code()));
            sheet.numbers("duration_minutes", rows.iter().map(|r| i32::from(r.minutes)));
        })
    }

    pub(super) fn community_contact(self, rows: &[CommunityContact], tables: &mut Tables) -> anyhow::Result<()> {
        tables.write("community_contact", rows, |rows, start, sheet| {
            sheet.text("contact_id", (start..start + rows.len()).map(|position| key(b'C', position)));
            sheet.text("person_id", self.ids(rows.iter().map(|r| r.person)));
            sheet.text("provider_code", rows.iter().map(|_| &self.provider.code));
            sheet.days("contact_date", rows.iter().map(|r| r.day));
            sheet.text("team_type_code", rows.iter().map(|r| r.team.code()));
            sheet.text("consultation_mechanism_code", rows.iter().map(|r| r.mechanism.code()));
            sheet.text("attendance_status_code", rows.iter().map(|r| r.attendance.code()));
            sheet.numbers("duration_minutes", rows.iter().map(|r| i32::from(r.minutes)));
            // A referral is one of a person: the person's id with the number of the referral.
            let referrals = self.ids(rows.iter().map(|r| r.person)).zip(rows);
            sheet.text("referral_id", referrals.map(|(id, r)| format!("{}-{}", id.as_ref(), r.referral)));
        })
    }
}
