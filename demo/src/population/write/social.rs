//! The table of social care events.

use super::View;
use super::sheet::{Tables, key};
use crate::population::calendar::{START_DATE32, date32};
use crate::population::code::{SocialEventType, SocialService};
use crate::population::event::SocialCareEvent;

impl View<'_> {
    pub(super) fn social_care_event(self, rows: &[SocialCareEvent], tables: &mut Tables) -> anyhow::Result<()> {
        tables.write("social_care_event", rows, |rows, start, sheet| {
            sheet.text("event_id", (start..start + rows.len()).map(|position| key(b'V', position)));
            sheet.text("person_id", self.ids(rows.iter().map(|r| r.person)));
            sheet.text("la_code", rows.iter().map(|_| &self.provider.code));
            sheet.text("client_type", rows.iter().map(|_| "Service User"));
            sheet.text("event_type", rows.iter().map(|r| r.kind.code()));
            sheet.dates("event_start_date", rows.iter().map(|r| START_DATE32 + i32::from(r.start)));
            sheet.some_dates("event_end_date", rows.iter().map(|r| r.end.map(date32)));
            let of = |kind: SocialEventType, value: &'static str| {
                rows.iter().map(move |r: &SocialCareEvent| (r.kind == kind).then_some(value))
            };
            sheet.some_text("route_of_access", of(SocialEventType::Request, "Community / other route"));
            sheet.some_text("assessment_type", of(SocialEventType::Assessment, "Long term assessment (initial)"));
            sheet.some_text("method_of_assessment", of(SocialEventType::Assessment, "Face to face"));
            sheet.some_text("review_reason", of(SocialEventType::Review, "Planned"));
            sheet.flags("joint_with_health", rows.iter().map(|r| r.joint));
            sheet.some_text("service_type", rows.iter().map(|r| r.service.map(SocialService::code)));
            sheet.some_text("service_component", rows.iter().map(|r| r.service.map(component)));
            sheet.some_text("accommodation_status", rows.iter().map(|r| r.service.map(accommodation)));
            sheet.pence("unit_cost", rows.iter().map(|r| r.weekly_pence));
            sheet.some_text("cost_frequency", rows.iter().map(|r| r.service.map(|_| "Per week")));
        })
    }
}

fn component(service: SocialService) -> &'static str {
    match service {
        SocialService::HomeSupport => "Home Support",
        SocialService::Nursing => "Nursing Care Home",
        SocialService::Reablement => "Reablement",
        SocialService::Residential => "Residential Care Home",
    }
}

fn accommodation(service: SocialService) -> &'static str {
    match service {
        SocialService::HomeSupport | SocialService::Reablement => "Owner occupier or tenant",
        SocialService::Nursing => "Registered nursing home",
        SocialService::Residential => "Registered care home",
    }
}
