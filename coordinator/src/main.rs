//! `tallyward-coordinator`: the coordinator of one region.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Parser, Subcommand};
use coordinator::{
    Catalogue, Clock as _, Config, Coordinator, NoSteps, SystemClock, interrupted, serve, signing_key_or_new,
};

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
    /// Serve providers and analysts until interrupted
    Serve { config: PathBuf },
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "info".into());
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    match Arguments::parse().verb {
        Verb::Check { config } => check(&Config::read(&config)?),
        Verb::Init { config } => {
            println!("{}", signing_key_or_new(&Config::place_of_signing_key(&config)?)?.public());
            Ok(())
        }
        Verb::Serve { config } => {
            let config = Config::read(&config)?;
            let listen = config.listen;
            let coordinator = Coordinator::open(config, NoSteps)?;
            let listener =
                tokio::net::TcpListener::bind(listen).await.with_context(|| format!("cannot listen on {listen}"))?;
            tracing::info!(%listen, "serving");
            Ok(serve(coordinator, listener, interrupted()).await?)
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
