//! `attack`: what a published table gives away of what it hides. It asks nobody and needs no settings.

mod answer;
mod hierarchy;
mod release;
mod report;
mod sheet;

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use disclosure::{Depth, FigureId, Interval, Revealed};

use crate::arguments::{AttackArguments, AttackFormat, HiddenMeans, ZerosSaid};
use crate::exit::Exit;
use crate::failure::{Ends as _, Failure};
use crate::output::on_stdout;
use crate::render::render_json;
use report::Report;

/// The most bytes of a file.
const MAX_BYTES: u64 = 16 << 20;

/// How a table's figures are to be read.
#[derive(Clone, Copy, Debug)]
struct Rule {
    threshold: u64,
    base: u64,
    zeros: ZerosSaid,
    hidden: HiddenMeans,
}

/// What a table says, with a label for every figure and equation.
#[derive(Debug, Default)]
struct Table {
    revealed: Revealed,
    /// Per figure, in the order of their making.
    labels: Vec<Vec<String>>,
    /// Per equation, in the order of their making: the total's figure and its parts'.
    equations: Vec<Equation>,
}

/// An equation in figures.
#[derive(Debug)]
struct Equation {
    total: FigureId,
    parts: Vec<FigureId>,
    distinct: bool,
}

/// Attacks the table in a file and says what it found.
pub(super) fn attack(arguments: &AttackArguments) -> Result<Exit, Failure> {
    let text = read(&arguments.file)?;
    let rule =
        Rule { threshold: arguments.threshold, base: arguments.base, zeros: arguments.zeros, hidden: arguments.hidden };
    let told = |words| Failure::told(Exit::Usage, words);
    let of_sheets = arguments.public.is_some() || arguments.levels.is_some() || arguments.value.is_some();
    if text.trim_start().starts_with('{') && (of_sheets || !arguments.total.is_empty()) {
        return Err(told("--public, --levels, --value and --total are about CSV files; this file is JSON".to_owned()));
    }
    let report = if release::is_release(&text) {
        let template = arguments.template.as_deref().map(read).transpose()?;
        release::attack(&text, template.as_deref()).map_err(told)?
    } else {
        let table = if text.trim_start().starts_with('{') {
            answer::table(&text)
        } else {
            let public = arguments.public.as_deref().map(read).transpose()?;
            let levels = arguments.levels.as_deref().map(read).transpose()?;
            let (value, totals) = (arguments.value.as_deref(), &arguments.total);
            sheet::table(&text, public.as_deref(), levels.as_deref(), rule, value, totals)
        };
        let table = table.map_err(told)?;
        Report::new(&table, &table.revealed.attack(Depth::Thorough).ends(Exit::Usage)?)
    };
    on_stdout(|mut out| match arguments.format {
        AttackFormat::Text => report.write(&mut out),
        AttackFormat::Json => render_json(&report, &mut out),
    })
    .ends(Exit::Internal)?;
    Ok(if report.gives_away() { Exit::Narrowed } else { Exit::Complete })
}

fn read(path: &Path) -> Result<String, Failure> {
    let told = |words: &str| Failure::told(Exit::Usage, format!("{}: {words}", path.display()));
    let file = File::open(path).map_err(|error| told(&error.to_string()))?;
    let mut text = String::new();
    let read = file.take(MAX_BYTES + 1).read_to_string(&mut text);
    read.map_err(|_| told("it is not text in UTF-8: give a CSV file, or an answer as `--format json` writes it"))?;
    if text.len() as u64 > MAX_BYTES {
        return Err(told("it is larger than 16 MiB: give one table"));
    }
    Ok(text)
}

impl Table {
    /// A figure with what is said of it; hidden ones are attacked.
    fn figure(&mut self, label: Vec<String>, said: Interval, attacked: Attacked) -> FigureId {
        self.labels.push(label);
        match attacked {
            Attacked::Yes => self.revealed.hidden(said),
            Attacked::No => self.revealed.figure(said),
        }
    }

    /// A total over its parts.
    fn add_up(&mut self, total: FigureId, parts: Vec<FigureId>, distinct: bool) {
        if distinct {
            self.revealed.union(total, &parts);
        } else {
            self.revealed.sum(total, &parts);
        }
        self.equations.push(Equation { total, parts, distinct });
    }
}

/// Whether a figure is hidden, and so attacked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Attacked {
    Yes,
    No,
}
