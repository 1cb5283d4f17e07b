//! Four small hospitals in a folder, each enrolled as a node of its own, and a coordinator: what processes are started
//! on, killed over and started on again.
//!
//! The records are made by rule, so that the truth of every question is a sum that can be done by hand.

use std::collections::BTreeMap;
use std::fs::File;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

use arrow::array::{ArrayRef, BooleanArray, Date32Array, RecordBatch, StringArray, new_null_array};
use chrono::{Datelike as _, NaiveDate, Utc};
use demo::population::TABLES_FOLDER;
use demo::region::authority::{Authority, COORDINATOR_NAME, Subject};
use demo::region::enrolment::{Enrolled, Region};
use demo::region::folder::{self, Folder};
use demo::region::guardians::Guardians;
use demo::region::settings;
use parquet::arrow::ArrowWriter;
use template::{PublicKey, SigningKey};
use wire::{Ask, Caller, ClientTls, ParameterValue, ProviderCode, TlsFiles};

/// The providers' codes.
pub const CODES: [&str; 4] = ["RAA", "RBB", "RCC", "RDD"];
/// Months of records, from April 2023.
pub const MONTHS: u32 = 30;
/// People of each sex at each provider.
const PEOPLE: u32 = 60;
const ANALYST: &str = "ada";
const TEMPLATE_ID: &str = "attendances-by-sex";
const TEMPLATE: &str = include_str!("attendances-by-sex.toml");

/// A folder that holds a region of four hospitals.
pub struct Ground {
    dir: tempfile::TempDir,
    folder: Folder,
    /// `host:port` of the coordinator, whether it runs or not.
    pub address: SocketAddr,
}

impl Ground {
    /// Makes the records, keys, certificates and configurations, the ledgers and the first snapshots.
    pub fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::new(dir.path());
        let address = unused_address();
        let today = Utc::now().date_naive();
        let authority = Authority::new(today).unwrap();
        folder::write(&folder.authority().join("certificate.pem"), authority.certificate()).unwrap();
        let (guardians, governing) = Guardians::new().unwrap();
        let trust_root = guardians.trust_root(&format!("{}-12-31T00:00:00Z", today.year() + 1)).unwrap();
        folder::write(&folder.trust_root(), trust_root.to_bytes()).unwrap();

        let callers = [
            (folder.coordinator(), Subject::Coordinator),
            (folder.analyst(), Subject::Caller(Caller::Analyst(ANALYST.parse().unwrap()))),
        ];
        for (place, subject) in callers {
            let issued = authority.issue(&subject).unwrap();
            folder::write(&place.join("certificate.pem"), issued.certificate).unwrap();
            folder::write_private(&place.join("key.pem"), issued.key).unwrap();
        }
        let signing_key = SigningKey::generate().unwrap();
        folder::write_private(&folder.coordinator().join("signing.key"), &signing_key).unwrap();
        folder::write_private(&folder.coordinator().join("catalogue.key"), &governing.catalogue).unwrap();
        let region = Region {
            folder: &folder,
            authority: &authority,
            coordinator: &address.to_string(),
            coordinator_key: SigningKey::from_pkcs8(&signing_key).unwrap().public(),
            trust_root: trust_root.payload_digest(),
            records: ("2023-04-01".to_owned(), "2025-09-30".to_owned()),
        };
        let keys = CODES.map(|code| enrol(&region, code));
        coordinator(&region, &guardians, &keys);
        Self { dir, folder, address }
    }

    /// The whole folder.
    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// A provider's configuration.
    pub fn node_file(&self, code: &str) -> PathBuf {
        self.folder.provider(code).join("node.toml")
    }

    /// A provider's ledger and what lies beside it.
    pub fn node_data(&self, code: &str) -> PathBuf {
        self.folder.provider(code).join("data")
    }

    /// The coordinator's configuration.
    pub fn coordinator_file(&self) -> PathBuf {
        self.folder.coordinator().join("coordinator.toml")
    }

    /// The coordinator's store.
    pub fn store(&self) -> PathBuf {
        self.folder.coordinator().join("store.sqlite")
    }

    /// A connection to the analysts' door, if the coordinator is there.
    pub async fn desk(&self) -> Option<wire::Desk> {
        let place = self.folder.analyst();
        let files = TlsFiles {
            certificate: place.join("certificate.pem"),
            key: place.join("key.pem"),
            authority: self.folder.authority().join("certificate.pem"),
        };
        let tls = ClientTls::load(&files).unwrap();
        wire::Desk::connect(&self.address.to_string(), COORDINATOR_NAME, &tls).await.ok()
    }
}

/// The question about one month, counted from April 2023.
pub fn ask(month: u32, deadline_s: u32) -> Ask {
    let (year, month) = year_month(month);
    let value = |name: &str| ParameterValue { name: name.to_owned(), value: format!("{year}-{month:02}") };
    Ask {
        template: TEMPLATE_ID.to_owned(),
        version: None,
        parameters: vec![value("from"), value("to")],
        purpose: "See that nothing is lost".to_owned(),
        deadline_s: Some(deadline_s),
        grouping: None,
    }
}

/// How many people of a sex attended a provider in a month: the hand-made truth. The last provider has small counts and
/// none at all among women.
pub fn people(code: &str, month: u32, sex: &str) -> u32 {
    let place = CODES.iter().position(|known| *known == code).map_or(0, |place| u32::try_from(place).unwrap());
    match (place, sex) {
        (3, "2") => month % 12,
        (_, "1" | "2") => 15 + (7 * place + 5 * month + 11 * u32::from(sex == "2")) % 40,
        _ => 0,
    }
}

/// How many attendances those people had: every second of them came twice.
pub fn attendances(code: &str, month: u32, sex: &str) -> u32 {
    let people = people(code, month, sex);
    people + people / 2
}

/// A provider's code as the wire has it.
pub fn code(code: &str) -> ProviderCode {
    code.parse().unwrap()
}

fn enrol(region: &Region<'_>, code: &str) -> PublicKey {
    let tables = region.folder.provider(code).join(TABLES_FOLDER);
    std::fs::create_dir_all(&tables).unwrap();
    let (person, attendance) = records(code);
    write(&tables, "person", person);
    write(&tables, "ed_attendance", attendance);
    let provider = Enrolled { code, kind: "hospital", name: code, population: 5_000, consents: Vec::new() };
    region.enrol(&provider).unwrap()
}

type Columns = BTreeMap<&'static str, ArrayRef>;

fn text(values: Vec<String>) -> ArrayRef {
    Arc::new(StringArray::from(values))
}

fn records(code: &str) -> (Columns, Columns) {
    // Each month has people of its own, so that no month's answer stands for another's.
    let id = |month: u32, sex: &str, n: u32| format!("{code}-{month}-{sex}-{n}");
    let everybody = || {
        (0..MONTHS)
            .flat_map(|month| ["1", "2"].into_iter().flat_map(move |sex| (0..PEOPLE).map(move |n| (month, sex, n))))
    };
    let number = everybody().count();
    let person = Columns::from([
        ("person_id", text(everybody().map(|(month, sex, n)| id(month, sex, n)).collect())),
        ("birth_month", Arc::new(Date32Array::from(vec![days(1960, 1, 1); number])) as ArrayRef),
        ("gender_code", text(everybody().map(|(_, sex, _)| sex.to_owned()).collect())),
        ("opted_out", Arc::new(BooleanArray::from(vec![false; number]))),
    ]);
    let (mut people_ids, mut dates) = (Vec::new(), Vec::new());
    for month in 0..MONTHS {
        let (year, number) = year_month(month);
        for sex in ["1", "2"] {
            let who = people(code, month, sex);
            for (n, day) in (0..who).map(|n| (n, 1 + n % 28)).chain((0..who / 2).map(|n| (n, 28))) {
                people_ids.push(id(month, sex, n));
                dates.push(days(year, number, day));
            }
        }
    }
    let attendance = Columns::from([
        ("attendance_id", text((0..dates.len()).map(|n| format!("{code}-{n}")).collect())),
        ("provider_code", text(vec![code.to_owned(); dates.len()])),
        ("person_id", text(people_ids)),
        ("arrival_date", Arc::new(Date32Array::from(dates)) as ArrayRef),
    ]);
    (person, attendance)
}

/// Writes a table of core-1; columns that are not given are null.
fn write(folder: &Path, table: &str, mut columns: Columns) {
    let schema = plan::model::table(table).unwrap().source_schema();
    let rows = columns.values().next().unwrap().len();
    let arrays = schema
        .fields()
        .iter()
        .map(|field| columns.remove(field.name().as_str()).unwrap_or_else(|| new_null_array(field.data_type(), rows)));
    let batch = RecordBatch::try_new(Arc::clone(&schema), arrays.collect()).unwrap();
    let file = File::create(folder.join(format!("{table}.parquet"))).unwrap();
    let mut writer = ArrowWriter::try_new(file, schema, None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}

fn coordinator(region: &Region<'_>, guardians: &Guardians, keys: &[PublicKey]) {
    let folder = region.folder.coordinator();
    let mut roster = String::new();
    for (code, key) in CODES.iter().zip(keys) {
        roster +=
            &format!("[[provider]]\ncode = \"{code}\"\nname = \"{code}\"\nkind = \"hospital\"\nkey = \"{key}\"\n");
    }
    folder::write(&folder.join("roster.toml"), roster).unwrap();
    let template = folder.join("templates").join(format!("{TEMPLATE_ID}.template.dsse.json"));
    folder::write(&template, guardians.sign_template(TEMPLATE).to_bytes()).unwrap();
    std::fs::create_dir_all(folder.join("lookups")).unwrap();
    let head = settings::coordinator(region.coordinator, region.trust_root);
    let text = format!(
        r#"# One question is asked again and again while nodes die, and who answers is looked at.
compares = "one-run"
{head}
[limits]
late_s = 0
open_runs = 200
open_runs_per_analyst = 200

[[analyst]]
name = "{ANALYST}"
organisation = "The region"
"#
    );
    folder::write(&folder.join("coordinator.toml"), text).unwrap();
}

/// An address that nobody listens on. A coordinator that is killed must find it free again, so it lies below the ports
/// that the system gives out by itself: there, a node that dials could even meet its own connection.
fn unused_address() -> SocketAddr {
    /// Ports for each process: more than it has tests.
    const EACH: u32 = 20;
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let start = u16::try_from(std::process::id() * EACH % 10_000).unwrap();
    loop {
        let port = 20_000 + (start + NEXT.fetch_add(1, Ordering::Relaxed)) % 10_000;
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        if TcpListener::bind(address).is_ok() {
            return address;
        }
    }
}

fn year_month(month: u32) -> (i32, u32) {
    let months = 3 + month;
    (2023 + i32::try_from(months / 12).unwrap(), months % 12 + 1)
}

/// Days since 1 January 1970.
fn days(year: i32, month: u32, day: u32) -> i32 {
    let date = NaiveDate::from_ymd_opt(year, month, day).unwrap();
    i32::try_from(date.signed_duration_since(NaiveDate::default()).num_days()).unwrap()
}
