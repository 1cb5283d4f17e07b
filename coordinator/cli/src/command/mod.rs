//! What each verb does.

mod answer;
mod attack;
mod documents;
mod hand;
mod keys;
mod lists;
mod proposal;
mod question;
mod register;
mod sheet;
mod verify;

use std::io::{IsTerminal as _, stdout};

use serde::Serialize;

use crate::arguments::{Arguments, ListFormat, Listing, TemplatesVerb, Verb};
use crate::exit::Exit;
use crate::failure::{Ends as _, Failure};
use crate::output::on_stdout;
use crate::progress::Loudness;
use crate::render::{Listed, Style, csv_list, render_json, table_list};
use crate::settings::Places;

/// Does what `arguments` say.
///
/// # Errors
/// A [`Failure`].
pub(crate) fn perform(arguments: Arguments) -> Result<Exit, Failure> {
    let places = Places::of_process(arguments.settings);
    let loudness = if arguments.quiet { Loudness::Quiet } else { Loudness::Told };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().ends(Exit::Internal)?;
    runtime.block_on(async {
        match arguments.verb {
            Verb::Templates { verb: Some(TemplatesVerb::Show { id, version }), .. } => {
                lists::show(&places, &id, version, loudness).await
            }
            Verb::Templates { verb: None, listing } => lists::templates(&places, &listing).await,
            Verb::Run(run) => question::run(&places, run, loudness).await,
            Verb::Runs { listing } => lists::runs(&places, &listing).await,
            Verb::Attack(arguments) => attack::attack(&arguments),
            Verb::Keys(verb) => keys::perform(&verb),
            Verb::Sheet { file } => sheet::print(&places, &file),
            Verb::Propose { file, why, hand } => proposal::propose(&places, &file, &why, &hand).await,
            Verb::Proposals { listing } => proposal::list(&places, &listing).await,
            Verb::Review(arguments) => proposal::review(&places, arguments).await,
            Verb::Sign { proposal, hand } => proposal::sign(&places, &proposal, &hand).await,
            Verb::Withdraw { proposal, reason, hand } => proposal::withdraw(&places, &proposal, &reason, &hand).await,
            Verb::Documents(verb) => documents::perform(&places, verb).await,
            Verb::Result { run, revision, writing } => answer::result(&places, run, revision, &writing, loudness).await,
            Verb::Revisions { run, listing } => lists::revisions(&places, run, &listing).await,
            Verb::Verify(arguments) => verify::verify(&places, arguments).await,
            Verb::Register { format } => register::register(&places, format).await,
        }
    })
}

/// Writes a list to standard output; `document` is its JSON.
fn write_list(listing: &Listing, list: &Listed<'_>, document: &impl Serialize) -> Result<Exit, Failure> {
    let default = if stdout().is_terminal() { ListFormat::Table } else { ListFormat::Csv };
    on_stdout(|mut out| match listing.format.unwrap_or(default) {
        ListFormat::Table => table_list(list, &mut out, Style::of_stdout()),
        ListFormat::Csv => csv_list(list, &mut out),
        ListFormat::Json => render_json(document, &mut out),
    })
    .ends(Exit::Internal)?;
    Ok(Exit::Complete)
}
