//! The demonstration: make the region, start it, ask the first question, tell how to ask the next.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use tokio::net::TcpListener;

use crate::arguments::Arguments;
use crate::region::folder::Folder;
use crate::region::{self, Prepared, Running, Spec};
use crate::telling::{Stages, say};

/// The first question, which asks every provider of the region.
const FIRST: [&str; 10] = [
    "run",
    "--format",
    "table",
    "long-term-condition-cost",
    "--param",
    "from=2023-04",
    "--param",
    "to=2025-03",
    "--purpose",
    "See what care costs for people with and without long-term conditions",
];
/// The second, told to whoever watches.
const NEXT: &str = "run emergency-admissions-75-plus --param from=2023-10 --param to=2025-03 --purpose \"Plan beds\"";
/// How long providers may take to connect before the first question is asked all the same.
const CONNECT: Duration = Duration::from_secs(30);

/// Runs the demonstration until it is interrupted, or until the first answer where that was asked for.
///
/// # Errors
/// Where the region cannot be made or started.
pub fn run(arguments: &Arguments) -> Result<ExitCode> {
    on_runtime(demonstrate(arguments))
}

/// Runs to the end what needs the region's runtime.
pub(crate) fn on_runtime(what: impl Future<Output = Result<ExitCode>>) -> Result<ExitCode> {
    node::panics_say_where_only();
    let filter = tracing_subscriber::EnvFilter::try_from_env("TALLYWARD_LOG").unwrap_or_else(|_| "warn".into());
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("no runtime")?;
    runtime.block_on(what)
}

/// Makes the region, or finds it, and starts it.
pub(crate) async fn start(arguments: &Arguments) -> Result<(Prepared, Running)> {
    let began = Instant::now();
    let listener = listen(arguments.listen).await?;
    let address = listener.local_addr()?.to_string();
    let spec = Spec { dir: arguments.dir.clone(), people: arguments.people, seed: arguments.seed };
    let prepared = tokio::task::spawn_blocking(move || {
        let stages = Stages::default();
        let prepared = region::prepare(&spec, &address, &stages);
        stages.finish();
        prepared
    })
    .await??;
    let region = region::start(&prepared, listener, &arguments.without).await?;
    region.connected(CONNECT).await;
    say(&format!(
        "{} of {} providers and their coordinator are running at {}; ready after {:.1} s",
        region.nodes(),
        prepared.providers.len(),
        region.address(),
        began.elapsed().as_secs_f64()
    ));
    Ok((prepared, region))
}

async fn demonstrate(arguments: &Arguments) -> Result<ExitCode> {
    let (prepared, region) = start(arguments).await?;
    let code = ask_first(&prepared).await?;
    if arguments.once {
        region.stop().await;
        return Ok(code);
    }
    tell_next(&arguments.dir);
    tokio::signal::ctrl_c().await.context("no signal can be waited for")?;
    say("stopping");
    region.stop().await;
    Ok(ExitCode::SUCCESS)
}

async fn listen(address: SocketAddr) -> Result<TcpListener> {
    TcpListener::bind(address)
        .await
        .with_context(|| format!("{address} is taken or not ours; give another with --listen, such as 127.0.0.1:0"))
}

/// Asks the first question as any analyst would, by the `tallyward` command. Its exit code says that some cells are
/// suppressed; for the demonstration that is a success.
async fn ask_first(prepared: &Prepared) -> Result<ExitCode> {
    let settings = settings(&prepared.folder);
    let mut arguments: Vec<OsString> = vec!["tallyward".into(), "--settings".into(), settings.into()];
    arguments.extend(FIRST.iter().map(OsString::from));
    say(&format!("tallyward {}", FIRST.join(" ")));
    let code = tokio::task::spawn_blocking(move || cli::run(arguments)).await?;
    let held_back: ExitCode = cli::Exit::Hidden.into();
    Ok(if code == held_back { ExitCode::SUCCESS } else { code })
}

fn tell_next(dir: &Path) {
    let dir = if dir == Path::new("region") {
        String::new()
    } else {
        format!("TALLYWARD_SETTINGS={}/analyst/tallyward.toml ", dir.display())
    };
    say("");
    say("Ask the next question from another terminal:");
    say(&format!("  {dir}cargo run -- tallyward templates"));
    say(&format!("  {dir}cargo run -- tallyward {NEXT}"));
    say("Stop the region with Ctrl-C; the next start finds it as it is.");
}

/// The `tallyward` command's arguments, with the region's own analyst where no other settings are named.
pub fn as_the_regions_analyst(mut arguments: Vec<OsString>) -> Vec<OsString> {
    let named = std::env::var_os("TALLYWARD_SETTINGS").is_some()
        || arguments.iter().any(|argument| argument.to_string_lossy().starts_with("--settings"));
    let settings = settings(&Folder::new("region"));
    if !named && settings.exists() {
        arguments.insert(1, settings.into());
        arguments.insert(1, "--settings".into());
    }
    arguments
}

fn settings(folder: &Folder) -> std::path::PathBuf {
    folder.analyst().join("tallyward.toml")
}
