//! `register`: the public list of questions that may be asked and of those that were, without figures.

use std::io::{self, Write};

use wire::{Register, RegisteredRun, RegisteredTemplate, RunState};

use crate::arguments::RegisterFormat;
use crate::exit::Exit;
use crate::failure::{Ends as _, Failure};
use crate::output::on_stdout;
use crate::render::{minute, plain, render_json};
use crate::session::{connect, failure};
use crate::settings::Places;

/// Prints the register.
pub(super) async fn register(places: &Places, format: RegisterFormat) -> Result<Exit, Failure> {
    let register = connect(places).await?.register().await.map_err(failure)?;
    on_stdout(|mut out| match format {
        RegisterFormat::Json => render_json(&register, &mut out),
        RegisterFormat::Markdown => markdown(&register, &mut out),
    })
    .ends(Exit::Internal)?;
    Ok(Exit::Complete)
}

/// The register as Markdown, to be put on a web page.
fn markdown(register: &Register, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "# Register of questions\n")?;
    writeln!(out, "As of {}; catalogue version {}.\n", minute(register.made_at), register.catalogue_version)?;
    writeln!(out, "## What may be asked\n")?;
    writeln!(out, "| question | version | state | purpose | asked of | agreement | approved by | last day | digest |")?;
    writeln!(out, "|---|---|---|---|---|---|---|---|---|")?;
    for template in &register.templates {
        row(out, &template_cells(template))?;
    }
    writeln!(out, "\n## What was asked\n")?;
    writeln!(out, "| asked | question | version | parameters | purpose | for | agreement | sites | state |")?;
    writeln!(out, "|---|---|---|---|---|---|---|---|---|")?;
    for run in &register.runs {
        row(out, &run_cells(run))?;
    }
    Ok(())
}

fn template_cells(template: &RegisteredTemplate) -> Vec<String> {
    let kinds: Vec<&str> = template.runs_at.iter().map(|kind| kind.name()).collect();
    vec![
        template.title.clone(),
        template.version.to_string(),
        template.state.word().to_owned(),
        template.purpose.clone(),
        kinds.join(", "),
        template.agreement.clone(),
        template.approved_by.join(", "),
        template.expires.clone(),
        template.template_sha256.to_string(),
    ]
}

fn run_cells(run: &RegisteredRun) -> Vec<String> {
    let parameters: Vec<String> = run.parameters.iter().map(|p| format!("{}={}", p.name, p.value)).collect();
    vec![
        minute(run.asked_at),
        run.template_id.clone(),
        run.template_version.to_string(),
        parameters.join(" "),
        run.purpose.clone(),
        run.organisation.clone(),
        run.agreement.clone(),
        format!("{} of {}", run.sites_released, run.sites_asked),
        match run.state {
            RunState::Answered => "answered".to_owned(),
            RunState::Waiting => "waiting".to_owned(),
        },
    ]
}

/// One row; what people wrote can neither end a cell nor become markup.
fn row(out: &mut impl Write, cells: &[String]) -> io::Result<()> {
    let cells: Vec<String> = cells.iter().map(|cell| escaped(&plain(cell))).collect();
    writeln!(out, "| {} |", cells.join(" | "))
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => escaped.push(' '),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '|' | '\\' | '`' | '*' | '_' | '[' | ']' | '!' | '#' => {
                escaped.push('\\');
                escaped.push(c);
            }
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_wrote_is_no_markup() {
        for (text, expected) in [
            ("a|b", "a\\|b"),
            ("<script>", "&lt;script&gt;"),
            ("[x](javascript:y)", "\\[x\\](javascript:y)"),
            ("`a` *b* _c_", "\\`a\\` \\*b\\* \\_c\\_"),
            ("two\nlines", "two lines"),
        ] {
            assert_eq!(escaped(text), expected);
        }
    }
}
