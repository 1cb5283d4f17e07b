//! `result`, and how an answer is written.

use std::io::{self, Write as _, stderr};

use wire::{Answer, Desk, Revisions, RunId, RunState};

use crate::arguments::Writing;
use crate::exit::Exit;
use crate::failure::{Ends as _, Failure};
use crate::output::Output;
use crate::progress::Loudness;
use crate::render::{Format, Style, render_csv, render_json, render_parquet, render_summary, render_table};
use crate::session::{connect, failure};
use crate::settings::Places;

/// Prints the answer to a run as it stands, or one revision of it.
pub(super) async fn result(
    places: &Places,
    run: RunId,
    revision: Option<u32>,
    writing: &Writing,
    loudness: Loudness,
) -> Result<Exit, Failure> {
    let output = open(writing)?;
    let mut desk = connect(places).await?;
    let answer = asked(&mut desk, run, revision).await?;
    let exit = write(&answer, output, loudness)?;
    if loudness == Loudness::Told && answer.late_until.is_some() {
        // The answer is there; a coordinator that cannot say more of it is no failure.
        if let Ok(revisions) = desk.revisions(run).await {
            told(&answer, &revisions).ends(Exit::Internal)?;
        }
    }
    Ok(exit)
}

/// The answer to a run as it stands, or one revision of it.
pub(super) async fn asked(desk: &mut Desk, run: RunId, revision: Option<u32>) -> Result<Answer, Failure> {
    let answer = match revision {
        Some(revision) => desk.answer_at(run, revision).await,
        None => desk.answer(run).await,
    };
    answer.map_err(failure)
}

/// Says on standard error which other revisions there are, and what has come late.
fn told(answer: &Answer, revisions: &Revisions) -> io::Result<()> {
    let mut err = stderr();
    let newest = revisions.revisions.last().map_or(answer.revision, |newest| newest.revision);
    if newest > 1 {
        writeln!(
            err,
            "\nrevision {} of {newest}: `tallyward revisions {}` lists them, `--revision N` shows one",
            answer.revision, answer.run
        )?;
    }
    if !revisions.held_out.is_empty() {
        let codes: Vec<&str> = revisions.held_out.iter().map(|code| code.as_str()).collect();
        writeln!(err, "\nreleased, and in no sum yet: {}. {}", codes.join(" "), revisions.waits_for)?;
    }
    Ok(())
}

/// The place that `writing` names.
pub(super) fn open(writing: &Writing) -> Result<Output, Failure> {
    Output::open(writing.format, writing.output.as_deref()).ends(Exit::Usage)
}

/// The answer to `run` if the run is closed.
pub(super) async fn closed(desk: &mut Desk, run: RunId) -> Result<Option<Answer>, wire::DeskError> {
    let answer = desk.answer(run).await?;
    Ok((answer.state == RunState::Answered).then_some(answer))
}

/// Writes `answer`: the data to `output`, and to standard error what belongs beside it.
pub(super) fn write(answer: &Answer, output: Output, loudness: Loudness) -> Result<Exit, Failure> {
    let format = output.format;
    let file = output.file().cloned();
    let style = if file.is_some() { Style::ASCII } else { Style::of_stdout() };
    output
        .write(|format, mut out| match format {
            Format::Table => render_table(answer, &mut out, style),
            Format::Csv => render_csv(answer, &mut out),
            Format::Json => render_json(answer, &mut out),
            Format::Parquet => render_parquet(answer, out).map_err(io::Error::other),
        })
        .ends(Exit::Internal)?;
    if loudness == Loudness::Told {
        // Where standard error is gone there is nobody to tell.
        let _ = beside(answer, format, file.as_deref());
    }
    Ok(Exit::of(answer))
}

fn beside(answer: &Answer, format: Format, file: Option<&std::path::Path>) -> io::Result<()> {
    let mut err = stderr();
    if format != Format::Table || file.is_some() {
        render_summary(answer, &mut err, Style::ASCII)?;
    }
    if answer.state == RunState::Waiting {
        writeln!(err, "\nthe run is still open: `tallyward result {}` prints what has come by then", answer.run)?;
    }
    if let Some(file) = file {
        writeln!(err, "\nwrote {}", file.display())?;
    }
    Ok(())
}
