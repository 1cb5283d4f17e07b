//! `tallyward-coordinator`: the coordinator of one region.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Parser, Subcommand};
use coordinator::log::{AuditLog, LogFormat};
use coordinator::{Catalogue, Clock as _, Config, Coordinator, NoSteps, SystemClock, interrupted, serve};

/// Ask a region's providers, and combine what they release.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Say what of a configuration, its roster and its templates can be used
    Check { config: PathBuf },
    /// Make a signing key where there is none, and print the public half for providers to pin
    Init { config: PathBuf },
    /// Serve providers and analysts until interrupted; SIGHUP reads roster, templates and look-ups again
    Serve { config: PathBuf },
    /// The log of everything that was decided
    #[command(subcommand)]
    Audit(AuditVerb),
}

#[derive(Subcommand)]
enum AuditVerb {
    /// Check that the log hangs together and is the one whose checkpoints were signed
    Verify { config: PathBuf },
    /// Write the log to standard output
    Export {
        config: PathBuf,
        /// How
        #[arg(long, default_value = "jsonl")]
        format: ExportFormat,
    },
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum ExportFormat {
    /// For spreadsheets
    Csv,
    /// For programs, one entry a line
    Jsonl,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "info".into());
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    match Arguments::parse().verb {
        Verb::Check { config } => check(&Config::read(&config)?),
        Verb::Init { config } => {
            println!("{}", wire::signing_key_or_new(&Config::place_of_signing_key(&config)?)?.public());
            Ok(())
        }
        Verb::Serve { config } => {
            let config = Config::read(&config)?;
            let listen = config.listen;
            let coordinator = Coordinator::open(config, NoSteps)?;
            let listener =
                tokio::net::TcpListener::bind(listen).await.with_context(|| format!("cannot listen on {listen}"))?;
            tracing::info!(%listen, "serving");
            tokio::spawn(reload_when_told(coordinator.clone()));
            Ok(serve(coordinator, listener, interrupted()).await?)
        }
        Verb::Audit(verb) => audit(verb),
    }
}

/// Reads roster, templates and look-ups again whenever the service manager says so.
async fn reload_when_told(coordinator: Coordinator) {
    #[cfg(unix)]
    if let Ok(mut told) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup()) {
        while told.recv().await.is_some() {
            match coordinator.reload().await {
                Ok(()) => tracing::info!(providers = coordinator.roster().len(), "read again"),
                Err(error) => tracing::error!("could not be read again; what was there stays: {error}"),
            }
        }
    }
    #[cfg(not(unix))]
    drop(coordinator);
}

fn audit(verb: AuditVerb) -> anyhow::Result<()> {
    match verb {
        AuditVerb::Verify { config } => {
            let config = Config::read(&config)?;
            let state = AuditLog::open(&config.store)?.verify(&config.signing_key.public(), &config.roster)?;
            println!(
                "{} entries hang together, up to {}; {} signed checkpoints agree, {} countersignatures of providers on them",
                state.end.size, state.end.head, state.checkpoints, state.countersignatures
            );
            Ok(())
        }
        AuditVerb::Export { config, format } => {
            let config = Config::read(&config)?;
            let format = match format {
                ExportFormat::Csv => LogFormat::Csv,
                ExportFormat::Jsonl => LogFormat::Jsonl,
            };
            Ok(AuditLog::open(&config.store)?.export(format, &mut std::io::stdout().lock())?)
        }
    }
}

fn check(config: &Config) -> anyhow::Result<()> {
    let now = SystemClock.now();
    let (catalogue, left_out) = Catalogue::load(&config.templates, &config.lookups, &config.trust_root, now)?;
    println!(
        "{} providers, {} templates, {} analysts",
        config.roster.len(),
        catalogue.all().count(),
        config.analysts.len()
    );
    left_out.iter().for_each(|left_out| println!("left out: {left_out}"));
    anyhow::ensure!(left_out.is_empty(), "{} files are left out of the catalogue", left_out.len());
    Ok(())
}
