//! Asking in the analyst's own hand: the question as the analyst's key signs it.

use chrono::{Duration, SubsecRound as _, Utc};
use template::{Digest, Document as _, Grouping, REQUEST_MINUTES_MAX, RequestDocument, RequestId, RequestParameter};
use wire::{Ask, Desk, DeskError, RunId, TemplateEntry};

use crate::key::{self, KeyFileError};
use crate::settings::Signing;

/// Why a question is not asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AskError {
    /// A key is named, and not whose.
    #[error("the settings lack `{0}`: write it as the enrolment writes it")]
    Setting(&'static str),
    /// The analyst's name is none.
    #[error("`name` in the settings is no analyst's name: write it as the enrolment writes it")]
    Name,
    /// The key.
    #[error(transparent)]
    Key(#[from] KeyFileError),
    /// There is no such template, in the words of whoever looked for it.
    #[error("{0}")]
    Template(String),
    /// What is to be signed is no request.
    #[error("the question cannot be signed: {0}")]
    Document(#[from] template::DocumentError),
    /// The operating system gives no random numbers.
    #[error("the operating system gives no random numbers")]
    Random,
    /// The coordinator.
    #[error(transparent)]
    Desk(#[from] DeskError),
}

/// Asks a question, signed where `signing` names a key.
///
/// # Errors
/// An [`AskError`] that says what to do.
pub async fn ask(desk: &mut Desk, signing: &Signing, ask: &Ask) -> Result<RunId, AskError> {
    match signed(desk, signing, ask).await? {
        Some(envelope) => Ok(desk.ask_signed(ask, envelope).await?),
        None => Ok(desk.ask(ask).await?),
    }
}

/// The signed request for a question; none where no signing key is named.
///
/// The template is named by the digest of the text that the coordinator shows, computed here.
async fn signed(desk: &mut Desk, signing: &Signing, ask: &Ask) -> Result<Option<Vec<u8>>, AskError> {
    let Some(file) = &signing.key else { return Ok(None) };
    let name = signing.name.as_deref().ok_or(AskError::Setting("name"))?;
    let organisation = signing.organisation.clone().ok_or(AskError::Setting("organisation"))?;
    let key = key::read(file)?;
    let templates = desk.templates().await?.templates;
    let entry = chosen(&templates, &ask.template, ask.version).map_err(AskError::Template)?;
    let issued_at = Utc::now().trunc_subsecs(0);
    let document = RequestDocument {
        request_id: RequestId::random().map_err(|_| AskError::Random)?,
        template_sha256: Digest::of(entry.toml.as_bytes()),
        parameters: ask
            .parameters
            .iter()
            .map(|given| RequestParameter { name: given.name.clone(), value: given.value.clone() })
            .collect(),
        purpose: ask.purpose.clone(),
        analyst: name.parse().map_err(|_| AskError::Name)?,
        organisation,
        grouping: ask.grouping.map_or("", |name| Grouping::from(name).name()).to_owned(),
        issued_at,
        expires_at: issued_at + Duration::minutes(REQUEST_MINUTES_MAX),
    };
    document.check()?;
    Ok(Some(document.sign(&[&key]).to_bytes()))
}

/// The template of this id in this version, the latest where none is given; else what to do, in words.
pub(crate) fn chosen<'a>(
    templates: &'a [TemplateEntry],
    id: &str,
    version: Option<u32>,
) -> Result<&'a TemplateEntry, String> {
    let of_id = || templates.iter().filter(|entry| entry.id == id);
    let found = match version {
        Some(version) => of_id().find(|entry| entry.version == version),
        None => of_id().max_by_key(|entry| entry.version),
    };
    found.ok_or_else(|| {
        let versions: Vec<String> = of_id().map(|entry| entry.version.to_string()).collect();
        if versions.is_empty() {
            format!("there is no approved template `{id}`: `tallyward templates` lists them")
        } else {
            format!("template `{id}` has no such version: it has {}", versions.join(", "))
        }
    })
}
