//! `run`: ask, wait, print.

use std::time::Duration;

use futures::StreamExt as _;
use tokio::time::{sleep, timeout};
use wire::{Answer, Ask, Desk, DeskError, RunId};

use super::answer;
use crate::arguments::{RunArguments, Writing};
use crate::exit::Exit;
use crate::failure::{Ends as _, Failure};
use crate::output::{Output, on_stdout};
use crate::progress::{Loudness, SiteProgress};
use crate::render::{Format, Style, render_explanation, render_json};
use crate::request::{self, AskError};
use crate::session::{connect, failure};
use crate::settings::{Places, Settings};

/// How long the progress waits for news before it lets time pass.
const PASS: Duration = Duration::from_secs(1);
/// How long to wait before calling a lost coordinator again.
const CALL_AGAIN: Duration = Duration::from_secs(2);
/// How often to call again in a row before giving up: a coordinator that restarts is back by then.
const CALLS_MAX: u32 = 30;

/// Asks a question, waits for the answer and prints it; or explains what would be asked.
pub(super) async fn run(places: &Places, arguments: RunArguments, loudness: Loudness) -> Result<Exit, Failure> {
    if arguments.explain {
        return explain(places, arguments).await;
    }
    if arguments.no_wait {
        let run = send(places, &mut connect(places).await?, &ask(&arguments)?).await?;
        on_stdout(|out| writeln!(out, "{run}")).ends(Exit::Internal)?;
        return Ok(Exit::Complete);
    }
    let output = answer::open(&arguments.writing)?;
    let mut desk = connect(places).await?;
    let run = send(places, &mut desk, &ask(&arguments)?).await?;
    if loudness == Loudness::Told {
        eprintln!("asked: run {run}");
    }
    let mut progress = SiteProgress::on_stderr(loudness);
    let waited = tokio::select! {
        waited = wait(&mut desk, run, &mut progress) => waited,
        interrupted = tokio::signal::ctrl_c() => {
            interrupted.ends(Exit::Internal)?;
            progress.finish();
            return Err(goes_on(Exit::Interrupted, "interrupted", run));
        }
    };
    progress.finish();
    answer::write(&waited?, output, loudness)
}

/// Asks, in the analyst's own hand where the settings name a signing key.
async fn send(places: &Places, desk: &mut Desk, ask: &Ask) -> Result<RunId, Failure> {
    let settings = Settings::find(places).ends(Exit::Usage)?;
    request::ask(desk, &settings.signing, ask).await.map_err(|error| match error {
        AskError::Desk(error) => failure(error),
        AskError::Random => Failure::new(Exit::Internal, error),
        error => Failure::new(Exit::Usage, error),
    })
}

fn ask(arguments: &RunArguments) -> Result<Ask, Failure> {
    for (index, parameter) in arguments.parameters.iter().enumerate() {
        if arguments.parameters[..index].iter().any(|earlier| earlier.name == parameter.name) {
            let words = format!("parameter `{}` is given twice: give it once", parameter.name);
            return Err(Failure::told(Exit::Usage, words));
        }
    }
    Ok(Ask {
        template: arguments.id.clone(),
        version: arguments.version,
        parameters: arguments.parameters.clone(),
        purpose: arguments.purpose.clone(),
        deadline_s: arguments.deadline,
        grouping: arguments.group_by.map(Into::into),
    })
}

async fn explain(places: &Places, arguments: RunArguments) -> Result<Exit, Failure> {
    let ask = ask(&arguments)?;
    let Writing { format, output } = arguments.writing;
    let format = match format {
        None | Some(Format::Table) => Format::Table,
        Some(Format::Json) => Format::Json,
        Some(Format::Csv | Format::Parquet) => {
            return Err(Failure::told(Exit::Usage, "--explain prints text or, with --format json, JSON"));
        }
    };
    let style = if output.is_some() { Style::ASCII } else { Style::of_stdout() };
    let output = Output::open(Some(format), output.as_deref()).ends(Exit::Usage)?;
    let explanation = connect(places).await?.explain(&ask).await.map_err(failure)?;
    output
        .write(|format, mut out| match format {
            Format::Json => render_json(&explanation, &mut out),
            Format::Csv | Format::Parquet | Format::Table => render_explanation(&explanation, &mut out, style),
        })
        .ends(Exit::Internal)?;
    Ok(Exit::Complete)
}

/// Waits until the run is closed and gives its answer. A coordinator that goes away is called again: it keeps the run.
async fn wait(desk: &mut Desk, run: RunId, progress: &mut SiteProgress) -> Result<Answer, Failure> {
    let mut calls = 0;
    loop {
        let heard = match follow(desk, run, progress).await {
            Ok(Some(answer)) => return Ok(answer),
            // The stream ended while the run is open: the coordinator is stopping.
            Ok(None) => false,
            Err(Lost::After(heard)) => heard,
            Err(Lost::Not(error)) => return Err(failure(error)),
        };
        calls = if heard { 1 } else { calls + 1 };
        if calls > CALLS_MAX {
            return Err(goes_on(Exit::Unreachable, "the coordinator has gone away", run));
        }
        sleep(CALL_AGAIN).await;
    }
}

/// How following a run ended without an answer.
enum Lost {
    /// The coordinator went away or could not just now, after news or before any.
    After(bool),
    /// The coordinator said no.
    Not(DeskError),
}

impl Lost {
    fn of(error: DeskError, heard: bool) -> Self {
        match error {
            DeskError::Failed(_) | DeskError::Unreachable(_) => Self::After(heard),
            error => Self::Not(error),
        }
    }
}

/// Tells progress until the run is closed; none where the stream ended before.
async fn follow(desk: &mut Desk, run: RunId, progress: &mut SiteProgress) -> Result<Option<Answer>, Lost> {
    let mut heard = false;
    let mut news = desk.watch(run).await.map_err(|error| Lost::of(error, heard))?;
    loop {
        match timeout(PASS, news.next()).await {
            Err(_) => progress.pass(),
            Ok(Some(told)) => {
                progress.update(&told.map_err(|error| Lost::of(error, heard))?);
                heard = true;
            }
            Ok(None) => return answer::closed(desk, run).await.map_err(|error| Lost::of(error, heard)),
        }
    }
}

fn goes_on(exit: Exit, why: &str, run: RunId) -> Failure {
    Failure::told(exit, format!("{why}; the run goes on: `tallyward result {run}` prints its answer"))
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::arguments::{Arguments, Verb};

    fn asked(line: &str) -> Result<Ask, Failure> {
        let arguments = Arguments::try_parse_from(line.split(' ')).unwrap();
        let Verb::Run(run) = arguments.verb else { panic!("not a run") };
        ask(&run)
    }

    #[test]
    fn the_question_is_what_was_typed() {
        let ask = asked(
            "tallyward run stroke --version 2 --param from=2010-04 --purpose planning --deadline 60 --group-by kind",
        )
        .unwrap();
        assert_eq!(
            serde_json::to_string(&ask).unwrap(),
            r#"{"template":"stroke","version":2,"parameters":[{"name":"from","value":"2010-04"}],"purpose":"planning","deadline_s":60,"grouping":"kind"}"#
        );
    }

    #[test]
    fn a_parameter_given_twice_is_wrong_usage() {
        let failure = asked("tallyward run stroke --param a=1 --param a=2 --purpose planning").unwrap_err();
        assert_eq!(failure.report(), Exit::Usage);
    }
}
