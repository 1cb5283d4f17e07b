//! What the people who govern a region need: each guardian's certificate, key and settings; the analyst's own key; and
//! the enrolment and the agreements, signed, and published at every start as any region's governance office would.

use anyhow::{Context as _, Result};
use chrono::{Days, NaiveDate};
use template::{
    AgreementDocument, AgreementsDocument, AnalystDocument, EnrolmentDocument, PublicKey, SigningKey, Template,
};
use wire::{Caller, ClientTls, Governance};

use super::authority::{Authority, Subject};
use super::folder::{self, Folder};
use super::guardians::{GUARDIANS, Guardians, NamedKey};
use super::{ANALYST, ORGANISATION, TEMPLATES, settings};
use crate::population::Population;

/// How long the demonstration's agreements last, in days.
const AGREEMENT_DAYS: u64 = 730;
/// The signed enrolment's file.
const ENROLMENT: &str = "enrolment.dsse.json";
/// The signed agreements' file.
const AGREEMENTS: &str = "agreements.dsse.json";

/// Makes the folder of each guardian, with the keys that were made for them.
///
/// # Errors
/// Where certificates cannot be made or files cannot be written.
pub(super) fn seat(folder: &Folder, authority: &Authority, address: &str, keys: &[NamedKey]) -> Result<()> {
    for ((name, organisation, _), (_, key)) in GUARDIANS.iter().zip(keys) {
        let place = folder.guardians().join(name);
        let issued = authority.issue(&Subject::Caller(Caller::Guardian(name.parse()?)))?;
        folder::write(&place.join("certificate.pem"), issued.certificate)?;
        folder::write_private(&place.join("key.pem"), issued.key)?;
        folder::write_private(&place.join("signing.key"), key)?;
        folder::write(&place.join("tallyward.toml"), settings::signing(address, "../../", name, organisation))?;
    }
    Ok(())
}

/// Makes the analyst's own key, and the documents by which the region knows it and what may be shared.
///
/// # Errors
/// Where keys cannot be made or files cannot be written.
pub(super) fn enrol(folder: &Folder, guardians: &Guardians, population: &Population, today: NaiveDate) -> Result<()> {
    let key = SigningKey::generate()?;
    let public = SigningKey::from_pkcs8(&key)?.public();
    folder::write_private(&folder.analyst().join("signing.key"), key)?;
    let documents = folder.governance();
    let enrolment = guardians.sign(&enrolment(public)?);
    folder::write(&documents.join(ENROLMENT), enrolment.to_bytes())?;
    let agreements = guardians.sign(&agreements(population, today)?);
    folder::write(&documents.join(AGREEMENTS), agreements.to_bytes())?;
    folder::write(&documents.join("list-sizes.csv"), list_sizes(population))
}

/// Publishes the enrolment and the agreements through the guardians' door of the coordinator at `address`, in the name of
/// the first guardian. What is published already stays as it is.
///
/// # Errors
/// Where the coordinator cannot be reached or does not take them.
pub(super) async fn publish(folder: &Folder, address: &str) -> Result<()> {
    let [(guardian, ..), ..] = GUARDIANS;
    let settings = cli::Settings::read(&folder.guardians().join(guardian).join("tallyward.toml"))?;
    let tls = ClientTls::load(&settings.tls)?;
    let mut door = Governance::connect(address, &settings.server_name, &tls).await?;
    for name in [ENROLMENT, AGREEMENTS] {
        let file = folder.governance().join(name);
        let document = std::fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
        door.publish(document).await.with_context(|| format!("{} is not published", file.display()))?;
    }
    Ok(())
}

fn enrolment(key: PublicKey) -> Result<EnrolmentDocument> {
    let name: template::AnalystName = ANALYST.parse()?;
    let analyst = AnalystDocument { name: name.clone(), organisation: ORGANISATION.to_owned(), keys: vec![key] };
    Ok(EnrolmentDocument { version: 1, analysts: vec![analyst], auditors: vec![name] })
}

/// The agreements that the library's templates name, between all providers.
fn agreements(population: &Population, today: NaiveDate) -> Result<AgreementsDocument> {
    let parties: Vec<String> = population.providers().iter().map(|provider| provider.name.clone()).collect();
    let mut agreements: Vec<AgreementDocument> = Vec::new();
    for (_, text) in TEMPLATES {
        let id = Template::parse(text.as_bytes())?.agreement;
        if agreements.iter().all(|agreement| agreement.id != id) {
            agreements.push(AgreementDocument {
                title: id.clone(),
                id,
                parties: parties.clone(),
                starts: today.pred_opt().unwrap_or(today),
                expires: today.checked_add_days(Days::new(AGREEMENT_DAYS)).unwrap_or(NaiveDate::MAX),
            });
        }
    }
    Ok(AgreementsDocument { version: 1, agreements })
}

/// Published list sizes, for review sheets.
fn list_sizes(population: &Population) -> String {
    let sizes = population.providers().iter().filter_map(|p| Some(format!("{},{}\n", p.code, p.list_size?)));
    std::iter::once("provider,people\n".to_owned()).chain(sizes).collect()
}
