//! `result`, and how an answer is written.

use std::io::{self, Write as _, stderr};

use wire::{Answer, Desk, RunId, RunState};

use crate::arguments::Writing;
use crate::exit::Exit;
use crate::failure::{Ends as _, Failure};
use crate::output::Output;
use crate::progress::Loudness;
use crate::render::{Format, Style, render_csv, render_json, render_parquet, render_summary, render_table};
use crate::session::{connect, failure};
use crate::settings::Places;

/// Prints the answer to a run as it stands.
pub(super) async fn result(
    places: &Places,
    run: RunId,
    writing: &Writing,
    loudness: Loudness,
) -> Result<Exit, Failure> {
    let output = open(writing)?;
    let answer = connect(places).await?.answer(run).await.map_err(failure)?;
    write(&answer, output, loudness)
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
