//! The providers: each with its own part of the OMOP tables, split by rule, the small files that OMOP has no place for, and
//! a configuration over the mapping SQL as it ships.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use arrow::array::{BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use demo::region::authority::COORDINATOR_NAME;
use demo::region::folder::write;
use parquet::arrow::ArrowWriter;
use template::{Digest, PublicKey};

use super::records::{Omop, numbers, some_numbers};
use super::sites::{HOSPITALS, PRACTICES, hospital_of, practice};

/// The region's list of codes for its conditions: type 2 diabetes alone.
const CODELIST: &str = "condition,definition_id,code_system,code\ndiabetes,example/type-2-diabetes/1,SNOMED,44054006\n";

/// A provider of the example.
pub struct Provider {
    pub code: &'static str,
    pub kind: &'static str,
    practice: &'static str,
    zeros: &'static str,
    population: usize,
    tables: &'static [&'static str],
    pub folder: PathBuf,
}

/// The providers with their raw tables written, split by rule.
pub fn providers(omop: &Omop, root: &Path) -> Result<Vec<Provider>> {
    let mut providers = Vec::new();
    for (place, code) in PRACTICES.into_iter().enumerate() {
        let folder = root.join("providers").join(code);
        let on_list = |batch: &RecordBatch| {
            Ok(numbers(batch, "person_id")?.into_iter().map(|person| practice(person) == place).collect())
        };
        let population = write_part(omop, &folder, "person", on_list)?;
        write_part(omop, &folder, "observation_period", on_list)?;
        write_part(omop, &folder, "condition_occurrence", on_list)?;
        let tables = &["person", "gp_registration", "long_term_condition"];
        providers.push(Provider { code, kind: "gp", practice: code, zeros: "shown", population, tables, folder });
    }
    for (place, code) in HOSPITALS.into_iter().enumerate() {
        let folder = root.join("providers").join(code);
        let here = |batch: &RecordBatch| {
            let (people, visits) = (numbers(batch, "person_id")?, some_numbers(batch, "visit_occurrence_id")?);
            let rows = people.into_iter().zip(visits);
            Ok(rows.map(|(person, visit)| Some(hospital_of(person, visit?) == place)).collect())
        };
        let everybody = |batch: &RecordBatch| Ok(BooleanArray::from(vec![true; batch.num_rows()]));
        // A hospital's index of patients knows more people than it sees.
        let population = write_part(omop, &folder, "person", everybody)?;
        write_part(omop, &folder, "visit_occurrence", here)?;
        write_part(omop, &folder, "condition_occurrence", here)?;
        let tables = &["person", "ed_attendance", "hospital_spell", "outpatient_appointment"];
        providers.push(Provider { code, kind: "hospital", practice: "", zeros: "hidden", population, tables, folder });
    }
    for provider in &providers {
        let raw = provider.folder.join("raw");
        fs::copy(omop.file("concept"), raw.join("concept.parquet"))?;
        // The extract's own deaths and places are invented, so there are none.
        write(&raw.join("death.csv"), "person_id,death_date\n")?;
        write(&raw.join("care_site.csv"), "care_site_id,care_site_source_value\n")?;
        write(&raw.join("opt_out.csv"), "person_id\n")?;
        write(&raw.join("admission_method.csv"), "visit_source_value,admission_method_code\n")?;
        write(&raw.join("codelist.csv"), CODELIST)?;
        let site = format!("provider_code,gp_practice_code\n{},{}\n", provider.code, provider.practice);
        write(&raw.join("site.csv"), site)?;
    }
    Ok(providers)
}

/// Writes the rows of a raw table that belong to a provider. Returns how many.
fn write_part(
    omop: &Omop,
    folder: &Path,
    table: &str,
    belongs: impl Fn(&RecordBatch) -> Result<BooleanArray>,
) -> Result<usize> {
    let raw = folder.join("raw");
    fs::create_dir_all(&raw)?;
    let batches = omop.batches(table)?;
    let schema = batches.first().context("an empty OMOP table")?.schema();
    let mut writer = ArrowWriter::try_new(File::create(raw.join(format!("{table}.parquet")))?, schema, None)?;
    let mut rows = 0;
    for batch in &batches {
        let part = filter_record_batch(batch, &belongs(batch)?)?;
        rows += part.num_rows();
        writer.write(&part)?;
    }
    writer.close()?;
    Ok(rows)
}

impl Provider {
    /// The configuration, as an operator would write it over the SQL that ships.
    pub fn configuration(&self, address: &str, orders: &PublicKey, trust_root: &Digest) -> Result<String> {
        let Self { code, kind, zeros, population, .. } = self;
        let mut text = format!(
            r#"provider = "{code}"
kind = "{kind}"
name = "Example {code}"
folder = "data"
signing_key = "signing.key"
population = {population}
opt_outs = "both"

[coordinator]
address = "https://{address}"
server_name = "{COORDINATOR_NAME}"
key = "{orders}"

[tls]
certificate = "certificate.pem"
key = "key.pem"
authority = "../../authority/certificate.pem"

[trust_root]
file = "../../trust-root.json"
sha256 = "{trust_root}"

[policy]
profile = "nhs-sde"
zeros = "{zeros}"
"#
        );
        for table in self.tables {
            let sql = mapping(table);
            text += &format!("\n[sources.{table}]\nsql = '{}'\n", sql.display());
            if !["person", "gp_registration", "long_term_condition"].contains(table) {
                text += "from = \"1909-01-01\"\nto = \"2019-01-31\"\n";
            }
        }
        let mut raw: Vec<PathBuf> =
            fs::read_dir(self.folder.join("raw"))?.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
        raw.sort();
        for file in raw {
            let stem = file.file_stem().context("a raw table's name")?.to_string_lossy().into_owned();
            let columns = match stem.as_str() {
                "admission_method" => "visit_source_value = \"text\", admission_method_code = \"text\"",
                "care_site" => "care_site_id = \"integer\", care_site_source_value = \"text\"",
                "codelist" => "condition = \"text\", definition_id = \"text\", code_system = \"text\", code = \"text\"",
                "death" => "person_id = \"integer\", death_date = \"date\"",
                "opt_out" => "person_id = \"integer\"",
                "site" => "provider_code = \"text\", gp_practice_code = \"text\"",
                _ => {
                    text += &format!("\n[raw.{stem}]\nparquet = \"raw/{stem}.parquet\"\n");
                    continue;
                }
            };
            text += &format!("\n[raw.{stem}]\ncsv = \"raw/{stem}.csv\"\ncolumns = {{ {columns} }}\n");
        }
        Ok(text)
    }
}

/// The SQL that ships with the node for a core-1 table.
pub fn mapping(table: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../node/mappings/omop").join(format!("{table}.sql"))
}
