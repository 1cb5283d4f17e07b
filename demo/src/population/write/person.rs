//! The tables of persons, registrations and residences.

use std::sync::Arc;

use arrow::array::Int8Array;

use super::sheet::Tables;
use super::{NHS_NUMBER, View};
use crate::population::Population;
use crate::population::calendar::{START_DATE32, date32};
use crate::population::event::ResidencePeriod;
use crate::population::left_out::ToldBy;
use crate::population::person::Person;

impl View<'_> {
    pub(super) fn person(self, tables: &mut Tables) -> anyhow::Result<()> {
        let rows: Vec<(u32, &Person)> = self.population.known_people(self.provider).collect();
        let providers = self.population.providers();
        tables.write_wider("person", &[NHS_NUMBER], &rows, |rows, _, sheet| {
            let people = || rows.iter().map(|(_, person)| *person);
            sheet.text("person_id", self.ids(rows.iter().map(|(number, _)| *number)));
            sheet.dates("birth_month", people().map(|p| p.born().date32()));
            sheet.text("gender_code", people().map(|p| p.gender().code()));
            sheet.text("ethnic_category_code", people().map(|p| p.ethnicity.code()));
            sheet.some_dates("death_date", people().map(Person::death_date32));
            sheet.text("lsoa_code", people().map(|p| format!("T01{:04}{:02}", p.practice, p.area)));
            sheet.set("imd_decile", Arc::new(Int8Array::from_iter_values(people().map(|p| p.decile() as i8))));
            sheet.text("usual_gp_practice_code", people().map(|p| &providers[p.practice()].code));
            let told = |number: &u32| self.population.told_by(*number) == Some(ToldBy::PersonTable);
            sheet.flags("opted_out", rows.iter().map(|(number, _)| told(number)));
            sheet.text(NHS_NUMBER, rows.iter().map(|(number, _)| Population::nhs_number(*number)));
        })
    }

    pub(super) fn gp_registration(self, tables: &mut Tables) -> anyhow::Result<()> {
        let rows: Vec<(u32, &Person)> = self.population.known_people(self.provider).collect();
        tables.write("gp_registration", &rows, |rows, _, sheet| {
            sheet.text("person_id", self.ids(rows.iter().map(|(number, _)| *number)));
            sheet.text("gp_practice_code", rows.iter().map(|_| &self.provider.code));
            sheet.dates("registration_start_date", rows.iter().map(|(_, p)| p.registration_start_date32()));
            sheet.some_dates("registration_end_date", rows.iter().map(|(_, p)| p.registration_end_date32()));
            sheet.text("registration_type_code", rows.iter().map(|_| "regular"));
        })
    }

    pub(super) fn residence_period(self, rows: &[ResidencePeriod], tables: &mut Tables) -> anyhow::Result<()> {
        tables.write("residence_period", rows, |rows, _, sheet| {
            sheet.text("person_id", self.ids(rows.iter().map(|r| r.person)));
            sheet.dates("start_date", rows.iter().map(|r| START_DATE32 + i32::from(r.start)));
            sheet.some_dates("end_date", rows.iter().map(|r| r.end.map(date32)));
            sheet.text(
                "accommodation_status_code",
                rows.iter().map(|r| if r.nursing { "NURSING" } else { "RESIDENTIAL" }),
            );
            sheet.flags("is_care_home", rows.iter().map(|_| true));
            sheet.flags("is_nursing", rows.iter().map(|r| r.nursing));
            sheet.text("cqc_location_id", rows.iter().map(|r| format!("1-{}{:03}", &self.provider.code, r.home)));
        })
    }
}
