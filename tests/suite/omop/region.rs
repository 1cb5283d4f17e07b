//! The region: eight practices and three hospitals, each with its own part of the OMOP tables and the mapping SQL as it
//! ships, a coordinator, and an analyst; over real sockets in one process.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use chrono::{Days, Utc};
use demo::region::authority::{Authority, COORDINATOR_NAME, Subject};
use demo::region::folder::{write, write_private};
use demo::region::guardians::Guardians;
use demo::region::settings;
use futures::StreamExt as _;
use tempfile::TempDir;
use template::Digest;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::watch;
use tokio::task::JoinSet;
use wire::{Answer, Ask, Caller, ClientTls, Desk, ParameterValue, RunState, TlsFiles};

use super::provider::{Provider, providers};
use super::records::Omop;

const TEMPLATES: [(&str, &str); 4] = [
    ("diabetes-by-practice", include_str!("diabetes-by-practice.toml")),
    ("emergency-attendances", include_str!("emergency-attendances.toml")),
    ("emergency-attendances-by-age", include_str!("emergency-attendances-by-age.toml")),
    ("inpatient-stays", include_str!("inpatient-stays.toml")),
];
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
        let mut configs = Vec::new();
        for file in &nodes {
            configs.push(node::Config::read(file)?);
        }
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
        let parameter =
            |(name, value): &(&str, &str)| ParameterValue { name: (*name).to_owned(), value: (*value).to_owned() };
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
    write(&root.join("authority/certificate.pem"), authority.certificate())?;
    let (guardians, keys) = Guardians::new()?;
    let expires = Utc::now().date_naive().checked_add_days(Days::new(30)).context("the calendar's end")?;
    let trust_root = guardians.trust_root(&format!("{expires}T00:00:00Z"))?;
    write(&root.join("trust-root.json"), trust_root.to_bytes())?;
    let trust_root = trust_root.payload_digest();

    let coordinator = root.join("coordinator");
    certify(&authority, &coordinator, &Subject::Coordinator)?;
    certify(&authority, &root.join("analyst"), &Subject::Caller(Caller::Analyst(ANALYST.parse()?)))?;
    write_private(&coordinator.join("catalogue.key"), keys.catalogue)?;
    let orders = wire::signing_key_or_new(&coordinator.join("signing.key"))?.public();

    let (mut nodes, mut roster) = (Vec::new(), String::new());
    for provider in providers(omop, root)? {
        certify(&authority, &provider.folder, &Subject::Caller(Caller::Provider(provider.code.parse()?)))?;
        let file = provider.folder.join("node.toml");
        write(&file, provider.configuration(address, &orders, &trust_root)?)?;
        let key = node::init(&file)?.public_key;
        let Provider { code, kind, .. } = provider;
        roster += &format!(
            "[[provider]]\ncode = \"{code}\"\nname = \"Example {code}\"\nkind = \"{kind}\"\nkey = \"{key}\"\n\n"
        );
        nodes.push(file);
    }
    write(&coordinator.join("roster.toml"), roster)?;
    for (id, text) in TEMPLATES {
        let file = coordinator.join("templates").join(format!("{id}.template.dsse.json"));
        write(&file, guardians.sign_template(text).to_bytes())?;
    }
    fs::create_dir_all(coordinator.join("lookups"))?;
    write(&coordinator.join("coordinator.toml"), coordinator_configuration(trust_root))?;
    Ok(nodes)
}

fn coordinator_configuration(trust_root: Digest) -> String {
    let head = settings::coordinator("127.0.0.1:0", trust_root);
    format!(
        r#"{head}
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
        authority: root.join("authority/certificate.pem"),
    }
}
