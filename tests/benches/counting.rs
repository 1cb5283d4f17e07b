//! `cargo bench -p tests --bench counting`: a node's whole path over ten million spells, beside DataFusion's and DuckDB's own
//! `count(distinct)` of the same cells over the same snapshot, in the same run.
//!
//! `-- --spells N --people N --times N` changes the size. DuckDB takes part where `python3 -c "import duckdb"` works.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a benchmark stops at the first surprise")]

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow::array::{ArrayRef, Date32Array, RecordBatch, StringArray, new_null_array};
use chrono::{SubsecRound as _, Utc};
use datafusion::prelude::{ParquetReadOptions, SessionConfig, SessionContext};
use demo::region::authority::Authority;
use demo::region::enrolment::{Enrolled, Region};
use demo::region::folder::{self, Folder};
use demo::region::guardians::Guardians;
use node::{Config, Host, Node, Provider, Steps, Unobserved};
use parquet::arrow::ArrowWriter;
use template::{Digest, Envelope, SigningKey};
use wire::{Answered, Answerer as _, Dispatch, Order, OrderId, RunId};

const CODE: &str = "H00001";
/// 36 months of these are 1,008 cells.
const SPECIALTIES: usize = 28;
const BATCH: u64 = 500_000;
const FIRST_DAY: i32 = 19_448; // 2023-04-01
const DAYS: u64 = 1_096;

struct Size {
    spells: u64,
    people: u64,
    times: usize,
}

fn main() {
    let size = size();
    let root = tempfile::tempdir().unwrap();
    let bench = Bench::new(root.path(), &size);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    println!("{} spells of {} people, {} cells, 2 threads", size.spells, size.people, 36 * SPECIALTIES);

    forget_peak();
    let node = runtime.block_on(bench.node_times(size.times));
    let node_peak = peak_mib();
    report("node, order to signed release", &node);
    println!("{:44} {node_peak:>7} MiB", "  peak memory of the process, counting");

    let snapshot = snapshot_table(root.path());
    forget_peak();
    let datafusion = runtime.block_on(datafusion_times(&snapshot, size.times));
    let datafusion_peak = peak_mib();
    report("DataFusion, count(distinct person_id)", &datafusion);
    println!("{:44} {datafusion_peak:>7} MiB", "  peak memory of the process, counting");
    duckdb(&snapshot, size.times);
    println!("node / DataFusion, medians: {:.2}", median(&node).as_secs_f64() / median(&datafusion).as_secs_f64());
}

fn size() -> Size {
    let mut size = Size { spells: 10_000_000, people: 500_000, times: 5 };
    let arguments: Vec<String> = std::env::args().collect();
    for pair in arguments.windows(2) {
        let number = || pair[1].parse::<u64>().unwrap();
        match pair[0].as_str() {
            "--spells" => size.spells = number(),
            "--people" => size.people = number(),
            "--times" => size.times = usize::try_from(number()).unwrap(),
            _ => {}
        }
    }
    size
}

/// One provider with its keys, the signed template, and the coordinator's key.
struct Bench {
    config: PathBuf,
    orders: SigningKey,
    template: Envelope,
    digest: Digest,
}

impl Bench {
    fn new(root: &Path, size: &Size) -> Self {
        let folder = Folder::new(root);
        let authority = Authority::new(Utc::now().date_naive()).unwrap();
        folder::write(&folder.authority().join("certificate.pem"), authority.certificate()).unwrap();
        let (guardians, _) = Guardians::new().unwrap();
        let trust_root = guardians.trust_root("2099-01-01T00:00:00Z").unwrap();
        folder::write(&folder.trust_root(), trust_root.to_bytes()).unwrap();
        let tables = folder.provider(CODE).join("tables");
        std::fs::create_dir_all(&tables).unwrap();
        write_tables(&tables, size);
        let orders = SigningKey::from_pkcs8(&SigningKey::generate().unwrap()).unwrap();
        let region = Region {
            folder: &folder,
            authority: &authority,
            coordinator: "127.0.0.1:1",
            coordinator_key: orders.public(),
            trust_root: trust_root.payload_digest(),
            records: ("2023-04-01".to_owned(), "2026-03-31".to_owned()),
        };
        let enrolled = Enrolled {
            code: CODE,
            kind: "hospital",
            name: "A hospital",
            population: size.people,
            consents: vec!["counting"],
        };
        let began = Instant::now();
        region.enrol(&enrolled).unwrap();
        println!("{:44} {:>7.2} s", "snapshot taken", began.elapsed().as_secs_f64());
        let config = folder.provider(CODE).join("node.toml");
        let text = std::fs::read_to_string(&config).unwrap();
        // Answers leave at once: the quantum would round every time up.
        std::fs::write(
            &config,
            text + "\n[governance]\ncatalogue = \"not-used\"\n\n[limits]\nquantum_ms = 1\nmemory_mb = 4096\n",
        )
        .unwrap();
        let toml = template();
        let template = guardians.sign_template(&toml);
        Self { config, orders, template, digest: Digest::of(toml.as_bytes()) }
    }

    /// How long each answer takes, from the order's bytes to the release's. Each is another question.
    async fn node_times(&self, times: usize) -> Vec<Duration> {
        let steps: Arc<dyn Steps> = Arc::new(Unobserved);
        let provider = Provider::open(Config::read(&self.config).unwrap(), steps).unwrap();
        let node = Node::new(provider, Arc::new(Host::new().unwrap()));
        let mut all = Vec::new();
        for time in 0..=times {
            let dispatch = self.dispatch(time);
            let began = Instant::now();
            let Answered::Release(_) = node.answer(dispatch).await else { panic!("the node did not release") };
            all.push(began.elapsed());
        }
        all.split_off(1)
    }

    fn dispatch(&self, question: usize) -> Dispatch {
        let now = Utc::now().trunc_subsecs(0);
        let order = Order {
            id: OrderId::random().unwrap(),
            run: RunId::random().unwrap(),
            provider: CODE.parse().unwrap(),
            template: self.digest,
            parameters: [("from", "2023-04"), ("to", "2026-03")]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into_iter()
                .chain([("days".to_owned(), (9_000 + question).to_string())])
                .collect(),
            purpose: "Measure".to_owned(),
            analyst: "ada.analyst".parse().unwrap(),
            request: None,
            issued_at: now,
            expires_at: now + chrono::TimeDelta::minutes(10),
        };
        let order = order.sign(&self.orders).bytes().to_vec();
        Dispatch { order, template: self.template.to_bytes(), ..Dispatch::default() }
    }
}

fn template() -> String {
    let levels: Vec<String> = (0..SPECIALTIES).map(|n| format!("\"{}\"", specialty(n))).collect();
    format!(
        r#"
id = "counting"
version = 1
title = "People by month and specialty"
purpose = "Measure how long counting takes"
legal_basis = "None: invented records"
agreement = "None"
owner = "Nobody"
author = "Nobody"
expires = "2098-12-31"
runs_at = ["hospital"]
model = "core-1"
min_sites = {{ hospital = 1 }}
sole_providers = ["hospital"]
period = ["from", "to"]
sql = """
select person_id, admission_date as month, treatment_function_code as specialty
from hospital_spell
where admission_date >= $from and admission_date < $to_end and length_of_stay_days < $days
"""

[[parameter]]
name = "from"
type = "month"

[[parameter]]
name = "to"
type = "month"

[[parameter]]
name = "days"
type = "integer"
min = 1
max = 100000

[[dimension]]
name = "month"
levels = "months from..to"
per = "record"

[[dimension]]
name = "specialty"
levels = [{}]
per = "record"

[[measure]]
name = "people"
counts = "people"

[disclosure]
threshold = 10
rounding = 5
"#,
        levels.join(", ")
    )
}

fn specialty(n: usize) -> String {
    (100 + n * 7).to_string()
}

/// A step of SplitMix64: the same spells on every machine.
fn mix(n: u64) -> u64 {
    let mut z = n.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

fn write_tables(folder: &Path, size: &Size) {
    let id = |person: u64| format!("P{person:08}");
    write(folder, "person", size.people, |rows| {
        vec![
            ("person_id", Arc::new(StringArray::from_iter_values(rows.clone().map(id))) as ArrayRef),
            ("birth_month", Arc::new(Date32Array::from_iter_values(rows.clone().map(|_| -7_305)))),
            (
                "gender_code",
                Arc::new(StringArray::from_iter_values(rows.clone().map(|n| ["1", "2"][(n % 2) as usize]))),
            ),
            ("opted_out", Arc::new(arrow::array::BooleanArray::from_iter(rows.map(|_| Some(false))))),
        ]
    });
    // Each person's spells stand together, as an extract ordered by patient has them.
    let person = |n: u64| n * size.people / size.spells;
    write(folder, "hospital_spell", size.spells, |rows| {
        let texts =
            |of: &dyn Fn(u64) -> String| Arc::new(StringArray::from_iter_values(rows.clone().map(of))) as ArrayRef;
        let day = |n: u64| FIRST_DAY + i32::try_from(mix(n) % DAYS).unwrap();
        vec![
            ("spell_id", texts(&|n| format!("S{n:09}"))),
            ("person_id", texts(&|n| id(person(n)))),
            ("provider_code", texts(&|_| CODE.to_owned())),
            ("admission_date", Arc::new(Date32Array::from_iter_values(rows.clone().map(day)))),
            ("admission_method_code", texts(&|_| "21".to_owned())),
            ("treatment_function_code", texts(&|n| specialty((mix(n ^ 0xabcd) % SPECIALTIES as u64) as usize))),
            ("admission_group", texts(&|_| "emergency".to_owned())),
            ("length_of_stay_days", {
                let days = rows.clone().map(|n| (mix(n ^ 0x1234) % 60) as i32);
                Arc::new(arrow::array::Int32Array::from_iter_values(days))
            }),
        ]
    });
}

type Columns = Vec<(&'static str, ArrayRef)>;

/// Writes a core-1 table of so many rows, batch by batch; columns that are not given are empty.
fn write(folder: &Path, name: &str, rows: u64, columns: impl Fn(std::ops::Range<u64>) -> Columns) {
    let schema = plan::model::table(name).unwrap().source_schema();
    let file = File::create(folder.join(format!("{name}.parquet"))).unwrap();
    let mut writer = ArrowWriter::try_new(file, Arc::clone(&schema), None).unwrap();
    let mut from = 0;
    while from < rows {
        let to = (from + BATCH).min(rows);
        let given = columns(from..to);
        let length = usize::try_from(to - from).unwrap();
        let filled = schema.fields().iter().map(|field| {
            let found = given.iter().find(|(column, _)| column == field.name());
            found.map_or_else(|| new_null_array(field.data_type(), length), |(_, array)| Arc::clone(array))
        });
        writer.write(&RecordBatch::try_new(Arc::clone(&schema), filled.collect()).unwrap()).unwrap();
        from = to;
    }
    writer.close().unwrap();
}

/// The frozen spells.
fn snapshot_table(root: &Path) -> PathBuf {
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let frozen = path.components().any(|part| part.as_os_str().to_string_lossy().starts_with("snapshot"));
            if path.is_dir() {
                folders.push(path);
            } else if frozen && path.file_name().is_some_and(|name| name == "hospital_spell.parquet") {
                return path;
            }
        }
    }
    panic!("the snapshot has no spells")
}

const COUNT: &str = "select date_trunc('month', admission_date) as month, treatment_function_code as specialty, \
                     count(distinct person_id) as people from spells \
                     where admission_date >= date '2023-04-01' and admission_date < date '2026-04-01' \
                     and length_of_stay_days < 9000 group by 1, 2";

async fn datafusion_times(table: &Path, times: usize) -> Vec<Duration> {
    let context = SessionContext::new_with_config(SessionConfig::new().with_target_partitions(2));
    context.register_parquet("spells", table.to_str().unwrap(), ParquetReadOptions::default()).await.unwrap();
    let mut all = Vec::new();
    for _ in 0..=times {
        let began = Instant::now();
        let batches = context.sql(COUNT).await.unwrap().collect().await.unwrap();
        all.push(began.elapsed());
        let cells: usize = batches.iter().map(RecordBatch::num_rows).sum();
        assert_eq!(cells, 36 * SPECIALTIES);
    }
    all.split_off(1)
}

/// DuckDB, where it is there.
fn duckdb(table: &Path, times: usize) {
    let script = format!(
        r#"
import duckdb, time, statistics, resource
c = duckdb.connect(); c.execute("set threads=2"); c.execute("set enable_progress_bar=false")
c.execute("create view spells as select * from read_parquet('{}')")
t = []
for _ in range({} + 1):
    b = time.perf_counter(); c.execute("""{COUNT}""").fetchall(); t.append(time.perf_counter() - b)
t = sorted(t[1:])
print(f"{{'DuckDB ' + duckdb.__version__ + ', count(distinct person_id)':44}} {{t[len(t)//2]:>7.2f}} s   ({{t[0]:.2f}} to {{t[-1]:.2f}})")
print(f"{{'  peak memory of the process, counting':44}} {{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024:>7}} MiB")
"#,
        table.display(),
        times
    );
    let done = Command::new("python3").args(["-c", &script]).stderr(std::process::Stdio::null()).status();
    if !done.is_ok_and(|status| status.success()) {
        println!("DuckDB is not here: `python3 -m pip install duckdb` and run again to set it beside");
    }
}

fn report(what: &str, times: &[Duration]) {
    let (least, most) = (times.iter().min().unwrap(), times.iter().max().unwrap());
    println!(
        "{what:44} {:>7.2} s   ({:.2} to {:.2})",
        median(times).as_secs_f64(),
        least.as_secs_f64(),
        most.as_secs_f64()
    );
}

fn median(times: &[Duration]) -> Duration {
    let mut sorted = times.to_vec();
    sorted.sort();
    sorted[sorted.len() / 2]
}

/// Forgets the process's peak memory so far, where the system allows it.
fn forget_peak() {
    let _kept = std::fs::write("/proc/self/clear_refs", "5");
}

fn peak_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok()).unwrap_or(0) / 1024
}
