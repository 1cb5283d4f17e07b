//! `tallyward-node`: serves one or more providers.

mod arguments;

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use clap::Parser as _;
use node::{
    Audit, Clock as _, Config, Format, Held, Part, PublishedFigure, PublishedPopulation, Steps, SystemClock, Unobserved,
};
use tracing_subscriber::EnvFilter;

use arguments::{Arguments, Command, Rows, Show, Word};
use template::{AcceptanceVerdict, Month};

fn main() -> ExitCode {
    node::panics_say_where_only();
    let filter = EnvFilter::try_from_env("TALLYWARD_LOG").unwrap_or_else(|_| "warn,node=info".into());
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).init();
    let done = match Arguments::parse().command {
        Command::Accept(word) => say(&word, AcceptanceVerdict::Accept),
        Command::Audit { show } => audit(&show),
        Command::Check { configs } => configs.iter().try_for_each(|file| check(file)),
        Command::Decline(word) => say(&word, AcceptanceVerdict::Refuse),
        Command::Init { config } => init(&config),
        Command::Rebaseline { config, signed } => rebaseline(&config, &signed),
        Command::Serve { configs } => serve(&configs),
        Command::Snapshot { config } => snapshot(&config),
        Command::TryPolicy { config, policy, month } => try_policy(&config, &policy, month),
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
    for PublishedPopulation { population, as_of, .. } in &config.published.populations {
        let by = population.dimensions().join(", ");
        let by = if by.is_empty() { String::new() } else { format!(", by {by}") };
        println!("  counts as known: {}, as of {as_of}{by}", population.name());
    }
    for PublishedFigure { template, measure, as_of, .. } in &config.published.figures {
        println!("  counts as known: one figure of `{measure}` in `{template}`, as of {as_of}");
    }
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

fn say(word: &Word, verdict: AcceptanceVerdict) -> anyhow::Result<()> {
    let Word { config, template, key, reason } = word;
    let file = node::give_word(config, *template, verdict, reason, key, SystemClock.now())?;
    println!("{}", file.display());
    Ok(())
}

fn rebaseline(config: &Path, signed: &Path) -> anyhow::Result<()> {
    let after = node::rebaseline(config, signed, SystemClock.now())?;
    println!("the ledger goes on after release {after}; everything up to there counts as spent");
    Ok(())
}

fn try_policy(config: &Path, policy: &Path, month: Option<Month>) -> anyhow::Result<()> {
    let now = SystemClock.now().date_naive();
    let month = month.or_else(|| Month::of(now).map(|month| month.plus(-1))).context("the clock is out of range")?;
    print!("{}", node::try_policy(config, policy, &Part::Month(month))?);
    Ok(())
}
