//! The tables of spells, their diagnoses and procedures, and outpatient appointments.

use std::sync::Arc;

use arrow::array::{Int16Array, Int32Array};

use super::View;
use super::sheet::{Tables, key};
use crate::population::calendar::date32;
use crate::population::code::{AdmissionSource, DischargeMethod, TreatmentFunction};
use crate::population::draw::mix;
use crate::population::event::{OutpatientAppointment, Spell};
use crate::population::left_out::RestrictedCode;

/// Letter of the keys of spells.
const SPELL: u8 = b'S';

/// A spell as it is written; a restricted twin of one in memory has the code that restricts it.
pub(super) struct WrittenSpell {
    spell: Spell,
    restricted: Option<RestrictedCode>,
}

/// A diagnosis or procedure of a spell.
struct Coded {
    spell: usize,
    person: u32,
    position: i16,
    code: &'static str,
}

impl View<'_> {
    /// The spells of the memory, and after some of them a twin that no node may count.
    pub(super) fn with_twins(self, spells: &[Spell]) -> Vec<WrittenSpell> {
        let written = |(place, spell): (usize, &Spell)| {
            let twin = self.population.restricted_twin_of_spell(self.provider, place);
            let twin = twin.map(|code| WrittenSpell { spell: *spell, restricted: Some(code) });
            std::iter::once(WrittenSpell { spell: *spell, restricted: None }).chain(twin)
        };
        spells.iter().enumerate().flat_map(written).collect()
    }

    pub(super) fn hospital_spell(self, spells: &[WrittenSpell], tables: &mut Tables) -> anyhow::Result<()> {
        let rows: Vec<Spell> = spells.iter().map(|written| written.spell).collect();
        let site = format!("{}-1", self.provider.code);
        tables.write("hospital_spell", &rows, |rows, start, sheet| {
            let positions = || start..start + rows.len();
            let discharged = |r: &Spell| r.stay.is_some();
            sheet.text("spell_id", positions().map(|position| key(SPELL, position)));
            sheet.text("person_id", self.ids(rows.iter().map(|r| r.person)));
            sheet.text("provider_code", rows.iter().map(|_| &self.provider.code));
            sheet.text("site_code", rows.iter().map(|_| &site));
            sheet.days("admission_date", rows.iter().map(|r| r.day));
            sheet.times("admission_datetime", rows.iter().zip(positions()).map(|(r, n)| (r.day, second(n, 1))));
            sheet.some_dates("discharge_date", rows.iter().map(|r| r.stay.map(|stay| date32(r.day + stay))));
            sheet.text("admission_method_code", rows.iter().map(|r| r.method.code()));
            sheet.text("source_of_admission_code", rows.iter().map(|r| r.source.code()));
            sheet.text("patient_classification_code", rows.iter().map(|r| r.classification.code()));
            sheet.some_text("discharge_method_code", rows.iter().map(|r| discharged(r).then(|| r.discharge.code())));
            sheet.some_text("discharge_destination_code", rows.iter().map(destination));
            sheet.text("primary_diagnosis_code", rows.iter().map(|r| r.diagnosis.code()));
            sheet.text("treatment_function_code", rows.iter().map(|r| r.function.code()));
            sheet.text("hrg_code", rows.iter().map(|r| resource_group(r.function)));
            sheet.numbers("critical_care_days", rows.iter().map(|r| i32::from(r.critical_days)));
            let stays: Int32Array = rows.iter().map(|r| r.stay.map(i32::from)).collect();
            sheet.set("length_of_stay_days", Arc::new(stays));
            sheet.pence("cost_gbp", rows.iter().map(|r| r.pence));
            sheet.text("admission_group", rows.iter().map(|r| r.method.group().code()));
        })
    }

    /// The primary diagnosis, and those of the person's conditions that the coders found worth noting.
    pub(super) fn spell_diagnosis(self, spells: &[WrittenSpell], tables: &mut Tables) -> anyhow::Result<()> {
        let mut rows = Vec::with_capacity(spells.len() * 2);
        for (spell, WrittenSpell { spell: row, restricted }) in spells.iter().enumerate() {
            rows.push(Coded { spell, person: row.person, position: 1, code: row.diagnosis.code() });
            let mut position = 1;
            for (condition, _) in self.population.known_conditions(self.provider, row.person) {
                if mix(&[spell as u64, condition as u64]) % 10 < 7 {
                    position += 1;
                    rows.push(Coded { spell, person: row.person, position, code: condition.icd10_code() });
                }
            }
            if let Some(RestrictedCode::Diagnosis(code)) = *restricted {
                rows.push(Coded { spell, person: row.person, position: position + 1, code });
            }
        }
        self.coded("spell_diagnosis", "icd10_code", &rows, tables)
    }

    pub(super) fn spell_procedure(self, spells: &[WrittenSpell], tables: &mut Tables) -> anyhow::Result<()> {
        let procedures = spells.iter().enumerate().flat_map(|(spell, WrittenSpell { spell: row, restricted })| {
            let coded = |position, code| Coded { spell, person: row.person, position, code };
            let restricted = restricted.and_then(|code| match code {
                RestrictedCode::Procedure(code) => Some(coded(2, code)),
                RestrictedCode::Diagnosis(_) => None,
            });
            row.procedure.map(|procedure| coded(1, procedure.code())).into_iter().chain(restricted)
        });
        self.coded("spell_procedure", "opcs4_code", &procedures.collect::<Vec<_>>(), tables)
    }

    fn coded(self, table: &str, code: &str, rows: &[Coded], tables: &mut Tables) -> anyhow::Result<()> {
        tables.write(table, rows, |rows, _, sheet| {
            sheet.text("spell_id", rows.iter().map(|r| key(SPELL, r.spell)));
            sheet.text("person_id", self.ids(rows.iter().map(|r| r.person)));
            sheet.set("position", Arc::new(Int16Array::from_iter_values(rows.iter().map(|r| r.position))));
            sheet.text(code, rows.iter().map(|r| r.code));
        })
    }

    pub(super) fn outpatient_appointment(
        self,
        rows: &[OutpatientAppointment],
        tables: &mut Tables,
    ) -> anyhow::Result<()> {
        tables.write("outpatient_appointment", rows, |rows, start, sheet| {
            sheet.text("appointment_id", (start..start + rows.len()).map(|position| key(b'O', position)));
            sheet.text("person_id", self.ids(rows.iter().map(|r| r.person)));
            sheet.text("provider_code", rows.iter().map(|_| &self.provider.code));
            sheet.days("appointment_date", rows.iter().map(|r| r.day));
            sheet.text("treatment_function_code", rows.iter().map(|r| r.function.code()));
            sheet.text("attendance_status_code", rows.iter().map(|r| r.attendance.code()));
            sheet.text("first_attendance_code", rows.iter().map(|r| r.first.code()));
            sheet.pence("cost_gbp", rows.iter().map(|r| r.pence));
        })
    }
}

/// A second of the day that says nothing, the same at every writing.
pub(super) fn second(position: usize, purpose: u64) -> u32 {
    (mix(&[position as u64, purpose]) % 86_400) as u32
}

/// DESTINATION OF DISCHARGE: usual residence, care home, not applicable (died).
fn destination(spell: &Spell) -> Option<&'static str> {
    spell.stay.map(|_| match (spell.discharge, spell.source) {
        (DischargeMethod::Died, _) => "79",
        (_, AdmissionSource::CareHome) => "85",
        _ => "19",
    })
}

/// A healthcare resource group of the speciality; one of each will do for a region that is not paid by them.
fn resource_group(function: TreatmentFunction) -> &'static str {
    match function {
        TreatmentFunction::Stroke => "AA35C",
        TreatmentFunction::Respiratory => "DZ11N",
        TreatmentFunction::Cardiology => "EB10D",
        TreatmentFunction::TraumaOrthopaedics => "HN22C",
        TreatmentFunction::Ophthalmology => "BZ34B",
        TreatmentFunction::Obstetrics => "NZ30C",
        TreatmentFunction::Gastroenterology | TreatmentFunction::GeneralSurgery => "FE32Z",
        _ => "WH50B",
    }
}
