//! The review sheet, computed here: no server's text is believed.

use std::fs;
use std::path::Path;

use plan::{ListSize, LookupSchema, Sheet, Surroundings};
use template::{Digest, Envelope, Lookup, PayloadType, TEMPLATE_BYTES_MAX, Template};
use wire::{Governance, ProposalState, ProposalSummary};

use crate::exit::Exit;
use crate::failure::{Ends as _, Failure};
use crate::output::on_stdout;
use crate::session::failure;
use crate::settings::{Places, Settings};

/// The most files of look-ups that are read.
const LOOKUPS_MAX: usize = 200;

/// Prints the sheet of a draft.
pub(super) fn print(places: &Places, file: &Path) -> Result<Exit, Failure> {
    let toml = read(file)?;
    let settings = Settings::find(places).ok();
    let sheet = Sheet::write(&toml, &near(settings.as_ref())?).ends(Exit::Refused)?;
    on_stdout(|out| out.write_all(sheet.text().as_bytes())).ends(Exit::Internal)?;
    Ok(Exit::Complete)
}

/// A template's exact bytes.
pub(super) fn read(file: &Path) -> Result<Vec<u8>, Failure> {
    let told = |why: String| Failure::told(Exit::Usage, format!("the template {}: {why}", file.display()));
    let bytes = fs::read(file).map_err(|error| told(format!("cannot be read ({})", error.kind())))?;
    if bytes.len() > TEMPLATE_BYTES_MAX {
        return Err(told(format!("longer than {TEMPLATE_BYTES_MAX} bytes")));
    }
    Ok(bytes)
}

/// The sheet of a template beside those that the region's people have approved, each by its own digest.
pub(super) async fn of(
    settings: &Settings,
    door: &mut Governance,
    listed: &[ProposalSummary],
    toml: &[u8],
) -> Result<Sheet, Failure> {
    let template = Template::parse(toml).ends(Exit::Refused)?;
    let mut surroundings = near(Some(settings))?;
    let running = |entry: &&ProposalSummary| matches!(entry.state, ProposalState::Approved | ProposalState::Superseded);
    let mut previous: Option<(u32, Vec<u8>)> = None;
    for entry in listed.iter().filter(running).filter(|entry| entry.template_sha256 != Digest::of(toml)) {
        // The door's client sees that these bytes have the digest that was asked for.
        let approved = door.proposal(&entry.template_sha256).await.map_err(failure)?.toml.into_bytes();
        // What a template is called stands in its own bytes.
        if let Ok(earlier) = Template::parse(&approved)
            && earlier.id == template.id
            && earlier.version < template.version
            && previous.as_ref().is_none_or(|(version, _)| *version < earlier.version)
        {
            previous = Some((earlier.version, approved.clone()));
        }
        if entry.state == ProposalState::Approved {
            surroundings.approved.push(approved);
        }
    }
    surroundings.approved.sort();
    surroundings.previous = previous.map(|(_, bytes)| bytes);
    Sheet::write(toml, &surroundings).ends(Exit::Refused)
}

/// What stands near: look-ups and published list sizes, as far as the settings name them.
fn near(settings: Option<&Settings>) -> Result<Surroundings, Failure> {
    let signing = settings.map(|settings| settings.signing.clone()).unwrap_or_default();
    let lookups = signing.lookups.as_deref().map(lookups).transpose()?.unwrap_or_default();
    let list_sizes = signing.list_sizes.as_deref().map(list_sizes).transpose()?.unwrap_or_default();
    Ok(Surroundings { lookups, list_sizes, ..Surroundings::default() })
}

/// The schemas of the look-ups in a folder. Their signatures are the nodes' to verify: a sheet needs no more than names.
fn lookups(folder: &Path) -> Result<Vec<LookupSchema>, Failure> {
    let told = |why: String| Failure::told(Exit::Usage, format!("the look-ups in {}: {why}", folder.display()));
    let entries = fs::read_dir(folder).map_err(|error| told(format!("cannot be listed ({})", error.kind())))?;
    let mut files: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    let mut schemas: Vec<LookupSchema> = Vec::new();
    for file in files.iter().take(LOOKUPS_MAX) {
        let bytes = fs::read(file).map_err(|error| told(format!("{}: {}", file.display(), error.kind())))?;
        let envelope = Envelope::parse(&bytes).ok().filter(|e| e.unverified_type() == Some(PayloadType::Lookup));
        let Some(lookup) = envelope.and_then(|envelope| Lookup::parse(envelope.unverified_payload()).ok()) else {
            return Err(told(format!("{} holds none", file.display())));
        };
        schemas.retain(|schema| schema.name != lookup.name());
        schemas.push((&lookup).into());
    }
    Ok(schemas)
}

/// Lines of `provider,people` under a line of headings.
fn list_sizes(file: &Path) -> Result<Vec<ListSize>, Failure> {
    let told = |why: &str| Failure::told(Exit::Usage, format!("the list sizes {}: {why}", file.display()));
    let text = fs::read_to_string(file).map_err(|error| told(&format!("cannot be read ({})", error.kind())))?;
    let size = |line: &str| {
        let (provider, people) = line.split_once(',')?;
        Some(ListSize { provider: provider.trim().to_owned(), people: people.trim().parse().ok()? })
    };
    let lines = text.lines().skip(1).filter(|line| !line.trim().is_empty());
    lines
        .map(|line| size(line).ok_or_else(|| told("write lines like `Y00001,8000` under one line of headings")))
        .collect()
}
