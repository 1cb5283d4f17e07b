//! What the coordinator and the analyst of a region need: keys, roster, catalogue, configurations.

use anyhow::Result;
use template::{LookupDocument, PublicKey, SigningKey};
use wire::{AnalystName, Caller};

use super::authority::{Authority, Subject};
use super::enrolment::Region;
use super::folder::{self, Folder};
use super::guardians::Guardians;
use super::{ANALYST, ORGANISATION, TEMPLATES, settings};
use crate::population::Population;

/// Makes the coordinator's and the analyst's keys and certificates. Returns the key that signs orders.
///
/// # Errors
/// Where keys cannot be made or files cannot be written.
pub(super) fn keys(folder: &Folder, authority: &Authority) -> Result<PublicKey> {
    let analyst: AnalystName = ANALYST.parse()?;
    for (place, subject) in
        [(folder.coordinator(), Subject::Coordinator), (folder.analyst(), Subject::Caller(Caller::Analyst(analyst)))]
    {
        let issued = authority.issue(&subject)?;
        folder::write(&place.join("certificate.pem"), issued.certificate)?;
        folder::write_private(&place.join("key.pem"), issued.key)?;
    }
    let key = SigningKey::generate()?;
    folder::write_private(&folder.coordinator().join("signing.key"), &key)?;
    Ok(SigningKey::from_pkcs8(&key)?.public())
}

/// Writes the roster, the signed templates and look-ups, and both configurations.
///
/// # Errors
/// Where files cannot be written.
pub(super) fn write(
    region: &Region<'_>,
    guardians: &Guardians,
    population: &Population,
    provider_keys: &[PublicKey],
) -> Result<()> {
    let folder = region.folder.coordinator();
    folder::write(&folder.join("roster.toml"), roster(population, provider_keys))?;
    for (id, text) in TEMPLATES {
        let envelope = guardians.sign_template(text).to_bytes();
        folder::write(&folder.join("templates").join(format!("{id}.template.dsse.json")), envelope)?;
    }
    for lookup in [practice_locality(population), practice_list_size(population)] {
        let envelope = guardians.sign_lookup(&lookup).to_bytes();
        folder::write(&folder.join("lookups").join(format!("{}.lookup.dsse.json", lookup.name)), envelope)?;
    }
    folder::write(&folder.join("coordinator.toml"), coordinator(region))?;
    folder::write(&region.folder.analyst().join("tallyward.toml"), analyst(region))
}

fn roster(population: &Population, keys: &[PublicKey]) -> String {
    let mut text = "# Who may be asked, and the key that each provider signs with.\n".to_owned();
    for (provider, key) in population.providers().iter().zip(keys) {
        text += &format!(
            "\n[[provider]]\ncode = \"{}\"\nname = \"{}\"\nkind = \"{}\"\nkey = \"{key}\"\n",
            provider.code,
            provider.name,
            provider.kind.code()
        );
        if let Some(locality) = provider.locality {
            text += &format!("locality = \"{}\"\n", locality.code());
        }
    }
    text
}

/// Which multidisciplinary group each practice belongs to.
fn practice_locality(population: &Population) -> LookupDocument {
    LookupDocument {
        name: "practice_locality".to_owned(),
        version: 1,
        columns: vec!["gp_practice_code".to_owned(), "locality".to_owned()],
        rows: population
            .practice_localities()
            .map(|(practice, locality)| vec![practice.to_owned(), locality.to_owned()])
            .collect(),
    }
}

/// How many people each practice had on its list on 1 April 2025, by age. They are published every month.
fn practice_list_size(population: &Population) -> LookupDocument {
    let row = |(practice, age_band, people): (&str, &str, u32)| {
        vec![format!("{practice} {age_band}"), practice.to_owned(), age_band.to_owned(), people.to_string()]
    };
    LookupDocument {
        name: "practice_list_size".to_owned(),
        version: 1,
        columns: ["row", "provider", "age_band", "people"].map(str::to_owned).to_vec(),
        rows: population.list_sizes().into_iter().map(row).collect(),
    }
}

fn coordinator(region: &Region<'_>) -> String {
    let head = settings::coordinator(region.coordinator, region.trust_root);
    format!(
        r#"# The coordinator of the demonstration region.
{head}
[[analyst]]
name = "{ANALYST}"
organisation = "{ORGANISATION}"
"#
    )
}

/// The analyst signs each question, and pins by which keys answers are verified.
fn analyst(region: &Region<'_>) -> String {
    format!(
        r#"{signing}
# of whoever verifies answers
coordinator_key = "{key}"
trust_root = "{trust_root}"
"#,
        signing = settings::signing(region.coordinator, "../", ANALYST, ORGANISATION),
        key = region.coordinator_key,
        trust_root = region.trust_root,
    )
}
