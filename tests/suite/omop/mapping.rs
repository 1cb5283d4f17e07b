//! The mapping SQL over a small hand-made OMOP of the kind that a provider in the United Kingdom holds: national codes in
//! source concepts, an admission through the emergency department, errors of the record. It needs no other data.

use anyhow::{Context as _, Result};
use arrow::array::{Array, RecordBatch};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::prelude::SessionContext;

use super::provider::mapping;

/// The raw tables.
const RAW: &[&str] = &[
    "create table site as select * from (values ('RX1', '')) as t(provider_code, gp_practice_code)",
    "create table opt_out as select * from (values (2)) as t(person_id)",
    "create table admission_method as select * from (values ('ELECTIVE', '12')) as
       t(visit_source_value, admission_method_code)",
    "create table codelist as select * from (values
       ('diabetes', 'example/diabetes/1', 'SNOMED', '44054006'), ('diabetes', 'example/diabetes/1', 'ICD10', 'E11.9'),
       ('copd', 'example/copd/1', 'SNOMED', '13645005')) as t(condition, definition_id, code_system, code)",
    "create table death as select * from (values (1, date '2024-03-05')) as t(person_id, death_date)",
    "create table care_site as select * from (values (7, 'Y00007')) as t(care_site_id, care_site_source_value)",
    "create table concept as select * from (values
       (0, 'None', 'No matching concept'), (201826, 'SNOMED', '44054006'), (45581355, 'ICD10', 'E11.9'),
       (45552385, 'ICD10', 'J44.0'), (44500001, 'OPCS4', 'W37.1'), (21000001, 'dm+d', '322236009'),
       (1125315, 'RxNorm', '161'), (3004249, 'LOINC', '8480-6')) as t(concept_id, vocabulary_id, concept_code)",
    "create table person as select * from (values
       (1, 8507, 1950, 2, 'A', 'irish', 7), (2, 8532, 1960, null, 'white', 'Z', null),
       (3, 0, 2199, 1, 'A', 'A', null)) as t(person_id, gender_concept_id, year_of_birth, month_of_birth,
       race_source_value, ethnicity_source_value, care_site_id)",
    "create table observation_period as select * from (values (1, date '2001-04-01', date '2024-03-05')) as
       t(person_id, observation_period_start_date, observation_period_end_date)",
    "create table visit_occurrence as
       select *, cast(visit_start_datetime as date) as visit_start_date, cast(visit_end_datetime as date) as visit_end_date
       from (values
       (10, 1, 262, timestamp '2024-01-02T09:30:00', timestamp '2024-01-05T00:00:00', null, 7),
       (11, 1, 9203, timestamp '2024-01-01T00:00:00', timestamp '2031-01-01T10:00:00', null, null),
       (12, 2, 9201, timestamp '2024-02-01T08:00:00', timestamp '2024-01-31T00:00:00', 'ELECTIVE', null),
       (13, 2, 9201, timestamp '2024-02-03T00:00:00', timestamp '2024-02-03T00:00:00', '11', null),
       (14, 2, 9203, timestamp '2024-02-05T08:00:00', timestamp '2024-02-05T11:15:00', null, null),
       (15, 2, 581476, timestamp '2024-02-06T00:00:00', timestamp '2024-02-06T00:00:00', null, null),
       (16, 2, 9202, timestamp '2024-02-07T00:00:00', timestamp '2024-02-07T00:00:00', null, null)) as
       t(visit_occurrence_id, person_id, visit_concept_id, visit_start_datetime, visit_end_datetime,
       visit_source_value, care_site_id)",
    "create table condition_occurrence as select * from (values
       (100, 1, 0, 45552385, 'J44.0', date '2024-01-03', null, 10, 32908),
       (101, 1, 201826, 45581355, 'E11.9', date '2024-01-02', null, 10, 32902),
       (102, 2, 0, 0, '13645005', date '2020-06-01', null, null, 0),
       (103, 2, 0, 0, 'local', date '2020-06-01', null, null, 0),
       (104, 1, 201826, 201826, '44054006', date '2019-05-05', date '2019-06-05', null, 0)) as
       t(condition_occurrence_id, person_id, condition_concept_id, condition_source_concept_id, condition_source_value,
       condition_start_date, condition_end_date, visit_occurrence_id, condition_status_concept_id)",
    "create table procedure_occurrence as select * from (values (200, 1, 0, 44500001, 'W37.1', date '2024-01-03', 10)) as
       t(procedure_occurrence_id, person_id, procedure_concept_id, procedure_source_concept_id, procedure_source_value,
       procedure_date, visit_occurrence_id)",
    "create table observation as select * from (values (300, 2, 0, 0, '365980008', date '2023-01-01', '1', null, null)) as
       t(observation_id, person_id, observation_concept_id, observation_source_concept_id, observation_source_value,
       observation_date, value_as_number, unit_source_value, visit_occurrence_id)",
    "create table measurement as select * from (values
       (400, 2, 3004249, 3004249, '8480-6', date '2023-01-01', 140, 'mmHg', null),
       (401, 2, 3004249, 0, '271649006', date '2023-01-02', 135, 'mmHg', 14)) as
       t(measurement_id, person_id, measurement_concept_id, measurement_source_concept_id, measurement_source_value,
       measurement_date, value_as_number, unit_source_value, visit_occurrence_id)",
    "create table drug_exposure as select * from (values
       (1, 1125315, 21000001, date '2024-01-06', 28), (1, 1125315, 0, date '2024-01-07', 28)) as
       t(person_id, drug_concept_id, drug_source_concept_id, drug_exposure_start_date, quantity)",
];

/// Per core-1 table some of its columns, and the rows that they must hold, in any order.
const MAPPED: &[(&str, &str, &[&str])] = &[
    (
        "person",
        "person_id birth_month gender_code ethnic_category_code death_date usual_gp_practice_code opted_out",
        // A birth to come is an error; nobody asks about the person.
        &["1|1950-02-01|1|A|2024-03-05|Y00007|false", "2|1960-01-01|2|Z|||true"],
    ),
    (
        "hospital_spell",
        "spell_id provider_code site_code admission_date admission_datetime discharge_date admission_method_code \
         admission_group primary_diagnosis_code length_of_stay_days",
        &[
            "10|RX1|Y00007|2024-01-02|2024-01-02T09:30:00|2024-01-05|21|emergency|E119|3",
            "12|RX1||2024-02-01|2024-02-01T08:00:00||12|elective||",
            // A local number is not taken for a national code.
            "13|RX1||2024-02-03||2024-02-03|99|other||0",
        ],
    ),
    (
        "ed_attendance",
        "attendance_id person_id provider_code arrival_date arrival_datetime departure_datetime admitted",
        &[
            "10|1|RX1|2024-01-02|2024-01-02T09:30:00||true",
            "11|1|RX1|2024-01-01|||",
            "14|2|RX1|2024-02-05|2024-02-05T08:00:00|2024-02-05T11:15:00|",
        ],
    ),
    ("spell_diagnosis", "spell_id person_id position icd10_code", &["10|1|1|E119", "10|1|2|J440"]),
    ("spell_procedure", "spell_id person_id position opcs4_code", &["10|1|1|W371"]),
    (
        "outpatient_appointment",
        "appointment_id person_id provider_code appointment_date attendance_status_code",
        &["16|2|RX1|2024-02-07|5"],
    ),
    (
        "gp_appointment",
        "appointment_id person_id appointment_date mode status",
        &["15|2|2024-02-06|home_visit|attended", "16|2|2024-02-07||attended"],
    ),
    ("gp_registration", "person_id registration_start_date registration_end_date", &["1|2001-04-01|2024-03-05"]),
    (
        "long_term_condition",
        "person_id condition onset_date resolved_date definition_id",
        &["1|diabetes|2019-05-05||example/diabetes/1", "2|copd|2020-06-01||example/copd/1"],
    ),
    (
        "clinical_event",
        "event_id person_id event_date event_type code_system code numeric_value unit end_date contact_id",
        &[
            "c100|1|2024-01-03|condition|ICD10|J440||||10",
            "c101|1|2024-01-02|condition|ICD10|E119||||10",
            "c102|2|2020-06-01|condition|SNOMED|13645005||||",
            "c104|1|2019-05-05|condition|SNOMED|44054006|||2019-06-05|",
            "m401|2|2023-01-02|observation|SNOMED|271649006|135.0|mmHg||14",
            "o300|2|2023-01-01|observation|SNOMED|365980008|1.0|||",
            "p200|1|2024-01-03|procedure|OPCS4|W371||||10",
        ],
    ),
    ("medication_issue", "person_id issue_date dmd_code quantity", &["1|2024-01-06|322236009|28.0"]),
];

#[tokio::test]
async fn national_records_keep_their_codes() -> Result<()> {
    let context = SessionContext::new();
    for sql in RAW {
        context.sql(sql).await?.collect().await?;
    }
    for (table, columns, expected) in MAPPED {
        let sql = std::fs::read_to_string(mapping(table))?;
        let batches = context.sql(&sql).await.with_context(|| (*table).to_owned())?.collect().await?;
        let mut rows = Vec::new();
        for batch in &batches {
            rows.extend(texts(batch, columns).with_context(|| (*table).to_owned())?);
        }
        rows.sort();
        assert_eq!(rows, *expected, "{table}");
    }
    Ok(())
}

/// Every file maps one table of core-1 and names all of its columns, and every file is tested here.
#[tokio::test]
async fn each_file_makes_one_table_of_the_core_model() -> Result<()> {
    let context = SessionContext::new();
    for sql in RAW {
        context.sql(sql).await?.collect().await?;
    }
    let folder = mapping("person").parent().context("the folder of mappings")?.to_owned();
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_none_or(|extension| extension != "sql") {
            continue;
        }
        let name = path.file_stem().context("a name")?.to_string_lossy().into_owned();
        let table = plan::model::table(&name).with_context(|| format!("{name} is no table of core-1"))?;
        let frame = context.sql(&std::fs::read_to_string(&path)?).await?;
        let columns: Vec<&str> = frame.schema().fields().iter().map(|field| field.name().as_str()).collect();
        let wanted: Vec<&str> = table.columns.iter().map(|column| column.name).collect();
        assert_eq!(columns, wanted, "{name}");
        found.push(name);
    }
    found.sort();
    let mut tested: Vec<&str> = MAPPED.iter().map(|(table, ..)| *table).collect();
    tested.sort_unstable();
    assert_eq!(found, tested);
    Ok(())
}

/// Rows of some columns as text, what is missing as nothing.
fn texts(batch: &RecordBatch, columns: &str) -> Result<Vec<String>> {
    let options = FormatOptions::default();
    let arrays = columns
        .split_whitespace()
        .map(|name| Ok(batch.column_by_name(name).with_context(|| name.to_owned())?.as_ref()))
        .collect::<Result<Vec<&dyn Array>>>()?;
    let formatters =
        arrays.iter().map(|array| ArrayFormatter::try_new(*array, &options)).collect::<Result<Vec<_>, _>>()?;
    let row = |row: usize| formatters.iter().map(|column| column.value(row).to_string()).collect::<Vec<_>>().join("|");
    Ok((0..batch.num_rows()).map(row).collect())
}
