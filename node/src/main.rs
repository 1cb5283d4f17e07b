//! `tallyward-node`: serves one or more providers.

mod arguments;

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use clap::Parser as _;
use node::{Audit, Clock as _, Config, Format, Held, Part, Steps, SystemClock, Unobserved};
use tracing_subscriber::EnvFilter;

use arguments::{Arguments, Command, Rows, Show};

fn main() -> ExitCode {
    node::panics_say_where_only();
    let filter = EnvFilter::try_from_env("TALLYWARD_LOG").unwrap_or_else(|_| "warn,node=info".into());
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).init();
    let done = match Arguments::parse().command {
        Command::Audit { show } => audit(&show),
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

fn audit(show: &Show) -> anyhow::Result<()> {
    let part = |month: &Option<template::Month>| month.map_or(Part::All, Part::Month);
    match show {
        Show::Verify { config } => {
            let Held { releases, release_head, decisions, decision_head, .. } =
                Audit::read(config, &Part::Nothing)?.held().clone();
            println!(
                "{releases} releases, to {release_head}\n{decisions} decisions, to {decision_head}\nnothing wrong"
            );
        }
        Show::Export { config, format, month } => {
            let format = match format {
                Rows::Csv => Format::Csv,
                Rows::Jsonl => Format::JsonLines,
            };
            print!("{}", Audit::read(config, &part(month))?.export(format)?);
        }
        Show::Report { config, release, month } => {
            let part = release.clone().map_or_else(|| part(month), Part::Release);
            print!("{}", Audit::read(config, &part)?.report());
        }
        Show::Month { month, config } => {
            print!("{}", Audit::read(config, &Part::Month(*month))?.month(*month, SystemClock.now()));
        }
    }
    Ok(())
}
