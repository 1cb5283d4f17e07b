//! The analyst's own hand under a question.

use chrono::{Duration, SubsecRound as _, Utc};
use template::{Digest, Document as _, REQUEST_MINUTES_MAX, RequestDocument, RequestId, RequestParameter};
use wire::{Ask, Desk, GroupingName};

use super::{keys, lists};
use crate::exit::Exit;
use crate::failure::{Ends as _, Failure};
use crate::session::failure;
use crate::settings::{Places, Settings};

/// The signed request for a question; none where the settings name no signing key.
///
/// The template is named by the digest of the text that the coordinator shows, computed here.
pub(super) async fn signed(places: &Places, desk: &mut Desk, ask: &Ask) -> Result<Option<Vec<u8>>, Failure> {
    let settings = Settings::find(places).ends(Exit::Usage)?;
    let Some(file) = &settings.signing.key else { return Ok(None) };
    let missing = |key: &str| {
        Failure::told(Exit::Usage, format!("the settings lack `{key}`: write it as the enrolment writes it"))
    };
    let name = settings.signing.name.as_deref().ok_or_else(|| missing("name"))?;
    let organisation = settings.signing.organisation.clone().ok_or_else(|| missing("organisation"))?;
    let templates = desk.templates().await.map_err(failure)?.templates;
    let entry =
        lists::chosen(&templates, &ask.template, ask.version).map_err(|words| Failure::told(Exit::Usage, words))?;
    let issued_at = Utc::now().trunc_subsecs(0);
    let document = RequestDocument {
        request_id: RequestId::random().ends(Exit::Internal)?,
        template_sha256: Digest::of(entry.toml.as_bytes()),
        parameters: ask
            .parameters
            .iter()
            .map(|given| RequestParameter { name: given.name.clone(), value: given.value.clone() })
            .collect(),
        purpose: ask.purpose.clone(),
        analyst: name.parse().ends(Exit::Usage)?,
        organisation,
        grouping: match ask.grouping {
            None => String::new(),
            Some(GroupingName::All) => "all".to_owned(),
            Some(GroupingName::Kind) => "kind".to_owned(),
        },
        issued_at,
        expires_at: issued_at + Duration::minutes(REQUEST_MINUTES_MAX),
    };
    document.check().ends(Exit::Usage)?;
    Ok(Some(document.sign(&[&keys::read(file)?]).to_bytes()))
}
