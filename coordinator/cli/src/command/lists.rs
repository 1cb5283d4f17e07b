//! `templates`, `templates show` and `runs`.

use wire::{ProviderCode, RevisionSummary, RunId, RunState, RunSummary, TemplateEntry};

use super::write_list;
use crate::arguments::Listing;
use crate::exit::Exit;
use crate::failure::{Ends as _, Failure};
use crate::output::on_stdout;
use crate::progress::Loudness;
use crate::render::{Listed, minute, plain};
use crate::request::chosen;
use crate::session::{connect, failure};
use crate::settings::Places;

/// Lists the approved templates.
pub(super) async fn templates(places: &Places, listing: &Listing) -> Result<Exit, Failure> {
    let list = connect(places).await?.templates().await.map_err(failure)?;
    let row = |entry: &TemplateEntry| {
        let kinds: Vec<&str> = entry.runs_at.iter().map(|kind| kind.name()).collect();
        vec![entry.id.clone(), entry.version.to_string(), entry.title.clone(), kinds.join(" ")]
    };
    let rows = list.templates.iter().map(row).collect();
    write_list(listing, &Listed { columns: &["id", "version", "title", "runs_at"], rows }, &list)
}

/// Prints the exact text of a template on standard output, and who approved it on standard error.
pub(super) async fn show(places: &Places, id: &str, version: Option<u32>, loudness: Loudness) -> Result<Exit, Failure> {
    let list = connect(places).await?.templates().await.map_err(failure)?;
    let entry = chosen(&list.templates, id, version).map_err(|words| Failure::told(Exit::Usage, words))?;
    on_stdout(|out| out.write_all(entry.toml.as_bytes())).ends(Exit::Internal)?;
    if loudness == Loudness::Told {
        eprintln!("{}, version {}, digest {}", plain(&entry.id), entry.version, entry.digest);
        eprintln!("approved by {}", plain(&entry.approved_by.join(", ")));
    }
    Ok(Exit::Complete)
}

/// Lists the runs.
pub(super) async fn runs(places: &Places, listing: &Listing) -> Result<Exit, Failure> {
    let runs = connect(places).await?.runs().await.map_err(failure)?;
    let row = |run: &RunSummary| {
        let state = match run.state {
            RunState::Answered => "answered",
            RunState::Waiting => "waiting",
        };
        let parameters: Vec<String> = run.parameters.iter().map(|p| format!("{}={}", p.name, p.value)).collect();
        vec![
            run.run.to_string(),
            minute(run.asked_at),
            run.template_id.clone(),
            run.template_version.to_string(),
            parameters.join(" "),
            state.to_owned(),
            run.revision.to_string(),
            run.analyst.to_string(),
            run.purpose.clone(),
        ]
    };
    let columns = &["run", "asked_at", "template", "version", "parameters", "state", "revision", "analyst", "purpose"];
    write_list(listing, &Listed { columns, rows: runs.iter().map(row).collect() }, &runs)
}

/// Lists the revisions of an answer.
pub(super) async fn revisions(places: &Places, run: RunId, listing: &Listing) -> Result<Exit, Failure> {
    let revisions = connect(places).await?.revisions(run).await.map_err(failure)?;
    let codes = |codes: &[ProviderCode]| codes.iter().map(ProviderCode::as_str).collect::<Vec<_>>().join(" ");
    let row = |revision: &RevisionSummary| {
        vec![
            revision.revision.to_string(),
            minute(revision.made_at),
            revision.added.len().to_string(),
            codes(&revision.added),
        ]
    };
    let list = Listed {
        columns: &["revision", "made_at", "sites_added", "added"],
        rows: revisions.revisions.iter().map(row).collect(),
    };
    let exit = write_list(listing, &list, &revisions)?;
    if !revisions.held_out.is_empty() {
        eprintln!("released, and in no sum yet: {}", codes(&revisions.held_out));
    }
    if let Some(until) = revisions.late_until {
        eprintln!("late answers are taken until {}", minute(until));
    }
    eprintln!("{}", revisions.waits_for);
    Ok(exit)
}

#[cfg(test)]
mod tests {
    use template::{Digest, ProviderKind};

    use super::*;

    #[test]
    fn the_latest_version_is_shown_where_none_is_named() {
        let entry = |id: &str, version| TemplateEntry {
            id: id.to_owned(),
            version,
            title: String::new(),
            digest: Digest::of(b""),
            runs_at: vec![ProviderKind::Gp],
            toml: String::new(),
            approved_by: Vec::new(),
        };
        let templates = [entry("a", 2), entry("a", 10), entry("b", 1)];
        let check = |id, version, expected: Result<u32, &str>| match (chosen(&templates, id, version), expected) {
            (Ok(entry), Ok(version)) => assert_eq!(entry.version, version),
            (Err(words), Err(part)) => assert!(words.contains(part), "{words}"),
            (found, _) => panic!("{found:?}"),
        };
        check("a", None, Ok(10));
        check("a", Some(2), Ok(2));
        check("a", Some(3), Err("it has 2, 10"));
        check("c", None, Err("tallyward templates"));
    }
}
