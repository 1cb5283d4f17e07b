//! `tallyward-node`: serves one or more providers.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use clap::{Parser, Subcommand};
use node::{Clock as _, Config, Steps, SystemClock, Unobserved};

/// Answers approved questions about a provider's own records with protected figures. Dials out; opens no port.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Read configurations and say what is wrong with them, or that nothing is. Opens no table and connects nowhere.
    Check { configs: Vec<PathBuf> },
    /// Make a new provider's signing key and ledger, and print the public key for the coordinator's roster.
    Init { config: PathBuf },
    /// Freeze the configured tables as they are now; questions are answered from the newest snapshot.
    Snapshot { config: PathBuf },
    /// Serve providers until interrupted, each over its own connection. Takes a first snapshot where there is none.
    Serve {
        #[arg(required = true)]
        configs: Vec<PathBuf>,
    },
}

fn main() -> ExitCode {
    let filter =
        tracing_subscriber::EnvFilter::try_from_env("TALLYWARD_LOG").unwrap_or_else(|_| "warn,node=info".into());
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    match run(Arguments::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("tallyward-node: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Check { configs } => configs.iter().try_for_each(|file| {
            let config = Config::read(file)?;
            println!("{}: {} ({}), nothing wrong", file.display(), config.provider, config.kind);
            Ok(())
        }),
        Command::Init { config } => {
            let enrolment = node::init(&config)?;
            println!("public key {}\nkey id     {}", enrolment.public_key, enrolment.key_id);
            Ok(())
        }
        Command::Snapshot { config } => {
            println!("snapshot {}", node::take(&Config::read(&config)?, SystemClock.now())?);
            Ok(())
        }
        Command::Serve { configs } => {
            let configs = configs.iter().map(|file| Config::read(file)).collect::<Result<Vec<_>, _>>()?;
            let steps: Arc<dyn Steps> = Arc::new(Unobserved);
            let providers = node::open_all(configs, &steps)?;
            let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("no threads")?;
            let stop = async { drop(tokio::signal::ctrl_c().await) };
            runtime.block_on(node::serve(providers, stop)).context("no threads")
        }
    }
}
