//! `tallyward-node`: serves one or more providers.

mod arguments;

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use clap::Parser as _;
use node::{Clock as _, Config, Steps, SystemClock, Unobserved};
use tracing_subscriber::EnvFilter;

use arguments::{Arguments, Command};

fn main() -> ExitCode {
    node::panics_say_where_only();
    let filter = EnvFilter::try_from_env("TALLYWARD_LOG").unwrap_or_else(|_| "warn,node=info".into());
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).init();
    let done = match Arguments::parse().command {
        Command::Check { configs } => configs.iter().try_for_each(|file| check(file)),
        Command::Init { config } => init(&config),
        Command::Serve { configs } => serve(&configs),
        Command::Snapshot { config } => snapshot(&config),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("tallyward-node: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn check(file: &Path) -> anyhow::Result<()> {
    let config = Config::read(file)?;
    println!("{}: {} ({}), nothing wrong", file.display(), config.provider, config.kind);
    Ok(())
}

fn init(file: &Path) -> anyhow::Result<()> {
    let enrolment = node::init(file)?;
    println!("public key {}\nkey id     {}", enrolment.public_key, enrolment.key_id);
    Ok(())
}

fn snapshot(file: &Path) -> anyhow::Result<()> {
    println!("snapshot {}", node::take(&Config::read(file)?, SystemClock.now())?);
    Ok(())
}

fn serve(files: &[PathBuf]) -> anyhow::Result<()> {
    let configs = files.iter().map(|file| Config::read(file)).collect::<Result<Vec<_>, _>>()?;
    let steps: Arc<dyn Steps> = Arc::new(Unobserved);
    let providers = node::open_all(configs, &steps)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("no threads")?;
    runtime.block_on(async { node::serve(providers, node::interrupted()?).await }).context("the links cannot be served")
}
