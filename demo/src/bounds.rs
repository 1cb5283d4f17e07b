//! `cargo run -- bounds`: asks the region each template of the library and prints how far the bounds pin the truth down.

use std::io::Write as _;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use cli::Signing;
use template::Grouping;
use wire::{AnswerGroup, ClientTls, Desk, GroupState, GroupingName};

use crate::arguments::Arguments;
use crate::comparison::{EXAMPLES, Example, Part, Width, widths};
use crate::demonstration;
use crate::population::{self, Population};
use crate::telling::say;

const PURPOSE: &str = "See how far the bounds pin the truth down";
const HEADING: [&str; 9] =
    ["template", "providers", "measure", "cells", "truth", "width/truth", "totals", "truth", "width/truth"];

/// Starts the region, asks it, prints one line per template, kind of provider and measure, and stops it.
///
/// # Errors
/// Where the region cannot be made, started or asked.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode> {
    demonstration::on_runtime(compare(arguments))
}

async fn compare(arguments: &Arguments) -> Result<ExitCode> {
    let (prepared, region) = demonstration::start(arguments).await?;
    let settings = cli::Settings::read(&prepared.folder.analyst().join("tallyward.toml"))?;
    let tls = ClientTls::load(&settings.tls)?;
    let mut desk = Desk::connect(&settings.coordinator, &settings.server_name, &tls).await?;
    let (seed, people) = (arguments.seed, arguments.people);
    let population = tokio::task::spawn_blocking(move || population::generate(&population::Spec { seed, people }));
    let population = population.await?;
    let mut rows = vec![HEADING.map(str::to_owned)];
    for example in &EXAMPLES {
        say(&format!("asking {}", example.template));
        rows.extend(ask(&mut desk, &settings.signing, example, &population).await?);
    }
    print(&rows)?;
    region.stop().await;
    Ok(ExitCode::SUCCESS)
}

/// One row per group and measure.
async fn ask(
    desk: &mut Desk,
    signing: &Signing,
    example: &Example,
    population: &Population,
) -> Result<Vec<[String; 9]>> {
    let template = example.template()?;
    // Per kind of provider, where the template allows it; elsewhere it runs at one kind.
    let grouping = template.groupings.contains(&Grouping::Kind).then_some(GroupingName::Kind);
    let answer = example.ask(desk, signing, PURPOSE, grouping).await?;
    let mut rows = Vec::new();
    for group in answer.groups.iter().filter(|group| group.state == GroupState::Combined) {
        let widths = widths(group, &template, &example.truths(population, group)?);
        let of = |measure: &str, part| widths.get(&(measure.to_owned(), part)).copied().unwrap_or_default();
        for measure in &answer.measures {
            let [cells, totals] = [Part::Cells, Part::Totals].map(|part| of(&measure.name, part));
            let place = [example.template.to_owned(), providers(group, &template), measure.name.clone()];
            let [a, b, c] = place;
            let ([d, e, f], [g, h, i]) = (words(cells), words(totals));
            rows.push([a, b, c, d, e, f, g, h, i]);
        }
    }
    Ok(rows)
}

fn providers(group: &AnswerGroup, template: &template::Template) -> String {
    let kinds: Vec<&str> = template.runs_at.iter().map(|kind| kind.name()).collect();
    let name = if group.name == "all" { kinds.join("+") } else { group.name.clone() };
    format!("{} {name}", group.answered)
}

/// The width, the truth, and the one in per cent of the other.
fn words(width: Width) -> [String; 3] {
    if width == Width::default() {
        return ["-", "-", "-"].map(str::to_owned);
    }
    let open = if width.open > 0 { format!(", {} open", width.open) } else { String::new() };
    let tenths = width.width.saturating_mul(1000) / width.truth.max(1);
    [width.width.to_string(), width.truth.to_string(), format!("{}.{} %{open}", tenths / 10, tenths % 10)]
}

fn print(rows: &[[String; 9]]) -> Result<()> {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; 9] = std::array::from_fn(width);
    let mut out = std::io::stdout().lock();
    for row in rows {
        let line: Vec<String> = row
            .iter()
            .zip(widths)
            .enumerate()
            .map(
                |(column, (text, width))| if column < 3 { format!("{text:width$}") } else { format!("{text:>width$}") },
            )
            .collect();
        writeln!(out, "{}", line.join("  ").trim_end()).context("standard output is closed")?;
    }
    Ok(())
}
