//! The region: eight practices and three hospitals, each with its own part of the OMOP tables and the mapping SQL as it
//! ships, a coordinator, and an analyst; over real sockets in one process.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use arrow::array::{BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use chrono::{Days, Utc};
use demo::region::authority::{Authority, COORDINATOR_NAME, Subject};
use demo::region::folder::{write, write_private};
use demo::region::guardians::Guardians;
use futures::StreamExt as _;
use parquet::arrow::ArrowWriter;
use template::{Digest, PublicKey};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::watch;
use tokio::task::JoinSet;
use wire::{Answer, Ask, Caller, ClientTls, Desk, ParameterValue, RunState, TlsFiles};

use super::records::{Omop, numbers, some_numbers};
use super::sites::{HOSPITALS, PRACTICES, hospital_of, practice};

const TEMPLATES: [(&str, &str); 4] = [
    ("diabetes-by-practice", include_str!("diabetes-by-practice.toml")),
    ("emergency-attendances", include_str!("emergency-attendances.toml")),
    ("emergency-attendances-by-age", include_str!("emergency-attendances-by-age.toml")),
    ("inpatient-stays", include_str!("inpatient-stays.toml")),
];
/// The region's list of codes for its conditions: type 2 diabetes alone.
const CODELIST: &str = "condition,definition_id,code_system,code\ndiabetes,example/type-2-diabetes/1,SNOMED,44054006\n";
const ANALYST: &str = "ada.analyst";
/// Longer than any answer takes, so that a test that hangs ends with named outcomes.
const DEADLINE_S: u32 = 60;

/// The running region.
pub struct Region {
    runtime: Runtime,
    desk: Desk,
    stop: watch::Sender<()>,
    servers: JoinSet<Result<()>>,
    _folder: TempDir,
}

/// What a provider serves: core-1 tables, the raw OMOP tables with their rows' selection, and whether nobody is shown.
struct Provider {
    code: &'static str,
    kind: &'static str,
    practice: &'static str,
    zeros: &'static str,
    population: usize,
    tables: &'static [&'static str],
    folder: PathBuf,
}

impl Region {
    /// Makes and starts the region.
    pub fn start(omop: &Omop) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0"))?;
        let address = listener.local_addr()?.to_string();
        let nodes = make(omop, folder.path(), &address)?;

        let (stop, stopped) = watch::channel(());
        let until = || {
            let mut stopped = stopped.clone();
            async move { drop(stopped.changed().await) }
        };
        let config = coordinator::Config::read(&folder.path().join("coordinator/coordinator.toml"))?;
        let coordinator = coordinator::Coordinator::open(config, coordinator::NoSteps)?;
        let configs = nodes.iter().map(|file| node::Config::read(file)).collect::<Result<Vec<_>, _>>()?;
        let steps: Arc<dyn node::Steps> = Arc::new(node::Unobserved);
        let providers = node::open_all(configs, &steps)?;
        let mut servers = JoinSet::new();
        let (coordinator_stops, nodes_stop) = (until(), until());
        servers.spawn_on(
            async move { Ok(coordinator::serve(coordinator, listener, coordinator_stops).await?) },
            runtime.handle(),
        );
        servers.spawn_on(async move { Ok(node::serve(providers, nodes_stop).await?) }, runtime.handle());

        let files = tls_files(&folder.path().join("analyst"), folder.path());
        let desk = runtime.block_on(Desk::connect(&address, COORDINATOR_NAME, &ClientTls::load(&files)?))?;
        Ok(Self { runtime, desk, stop, servers, _folder: folder })
    }

    /// The answer once every provider has an outcome.
    pub fn ask(&mut self, template: &str, parameters: &[(&str, &str)]) -> Result<Answer> {
        let parameter = |(name, value): &(&str, &str)| ParameterValue { name: (*name).to_owned(), value: (*value).to_owned() };
        let ask = Ask {
            template: template.to_owned(),
            version: None,
            parameters: parameters.iter().map(parameter).collect(),
            purpose: "To see that mapped records are counted as they are".to_owned(),
            deadline_s: Some(DEADLINE_S),
            grouping: None,
        };
        let desk = &mut self.desk;
        self.runtime.block_on(async {
            let run = desk.ask(&ask).await.with_context(|| format!("asking {template}"))?;
            let mut progress = desk.watch(run).await?;
            while let Some(told) = progress.next().await {
                told?;
            }
            let answer = desk.answer(run).await?;
            ensure!(answer.state == RunState::Answered, "{template}: the run is still open");
            Ok(answer)
        })
    }

    /// Stops the nodes and the coordinator.
    pub fn stop(mut self) -> Result<()> {
        drop(self.desk);
        drop(self.stop);
        self.runtime.block_on(async {
            while let Some(server) = self.servers.join_next().await {
                server??;
            }
            anyhow::Ok(())
        })?;
        self.runtime.shutdown_timeout(Duration::from_secs(5));
        Ok(())
    }
}

/// Writes everything that the region needs. Returns the nodes' configurations.
fn make(omop: &Omop, root: &Path, address: &str) -> Result<Vec<PathBuf>> {
    let authority = Authority::new(Utc::now().date_naive())?;
    write(&root.join("authority.pem"), authority.certificate())?;
    let (guardians, _) = Guardians::new()?;
    let expires = Utc::now().date_naive().checked_add_days(Days::new(30)).context("the calendar's end")?;
    let trust_root = guardians.trust_root(&format!("{expires}T00:00:00Z"));
    write(&root.join("trust-root.json"), &trust_root)?;
    let trust_root = Digest::of(&trust_root);

    let coordinator = root.join("coordinator");
    certify(&authority, &coordinator, &Subject::Coordinator)?;
    certify(&authority, &root.join("analyst"), &Subject::Caller(Caller::Analyst(ANALYST.parse()?)))?;
    let orders = coordinator::signing_key_or_new(&coordinator.join("signing.key"))?.public();

    let (mut nodes, mut roster) = (Vec::new(), String::new());
    for provider in providers(omop, root)? {
        certify(&authority, &provider.folder, &Subject::Caller(Caller::Provider(provider.code.parse()?)))?;
        let file = provider.folder.join("node.toml");
        write(&file, provider.configuration(address, &orders, &trust_root)?)?;
        let key = node::init(&file)?.public_key;
        let Provider { code, kind, .. } = provider;
        roster += &format!("[[provider]]\ncode = \"{code}\"\nname = \"Example {code}\"\nkind = \"{kind}\"\nkey = \"{key}\"\n\n");
        nodes.push(file);
    }
    write(&coordinator.join("roster.toml"), roster)?;
    for (id, text) in TEMPLATES {
        let file = coordinator.join("templates").join(format!("{id}.template.dsse.json"));
        write(&file, guardians.sign_template(text).to_bytes())?;
    }
    fs::create_dir_all(coordinator.join("lookups"))?;
    write(&coordinator.join("coordinator.toml"), coordinator_configuration(&trust_root))?;
    Ok(nodes)
}

/// The providers with their raw tables written, split by rule.
fn providers(omop: &Omop, root: &Path) -> Result<Vec<Provider>> {
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
    fn configuration(&self, address: &str, orders: &PublicKey, trust_root: &Digest) -> Result<String> {
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
authority = "../../authority.pem"

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

fn coordinator_configuration(trust_root: &Digest) -> String {
    format!(
        r#"listen = "127.0.0.1:0"
signing_key = "signing.key"
roster = "roster.toml"
templates = "templates"
lookups = "lookups"
store = "store.sqlite"

[tls]
certificate = "certificate.pem"
key = "key.pem"
authority = "../authority.pem"

[trust_root]
file = "../trust-root.json"
sha256 = "{trust_root}"

[[analyst]]
name = "{ANALYST}"
organisation = "Example region"
"#
    )
}

fn certify(authority: &Authority, folder: &Path, subject: &Subject) -> Result<()> {
    let issued = authority.issue(subject)?;
    write(&folder.join("certificate.pem"), issued.certificate)?;
    write_private(&folder.join("key.pem"), issued.key)
}

fn tls_files(folder: &Path, root: &Path) -> TlsFiles {
    TlsFiles {
        certificate: folder.join("certificate.pem"),
        key: folder.join("key.pem"),
        authority: root.join("authority.pem"),
    }
}
