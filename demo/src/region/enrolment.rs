//! What one provider needs to take part: certificate, key, configuration.

use std::path::Path;

use anyhow::{Context as _, Result};
use template::PublicKey;
use wire::{Caller, ProviderCode};

use super::authority::{Authority, Subject};
use super::folder::{self, Folder};

/// Tables without dates of their own, which therefore cover every period.
const UNDATED: [&str; 6] =
    ["person", "gp_registration", "residence_period", "long_term_condition", "care_plan", "risk_stratification"];

/// What is common to the providers of a region.
pub struct Region<'a> {
    /// Where it is kept.
    pub folder: &'a Folder,
    /// Who issues certificates.
    pub authority: &'a Authority,
    /// `host:port` of the coordinator.
    pub coordinator: &'a str,
    /// The key that signs orders.
    pub coordinator_key: PublicKey,
    /// The digest of the trust root's exact bytes.
    pub trust_root: template::Digest,
    /// The first and the last day of the records, as in `2023-04-01`.
    pub records: (String, String),
}

/// One provider.
pub struct Enrolled<'a> {
    /// Its code.
    pub code: &'a str,
    /// Its kind, as in templates.
    pub kind: &'a str,
    /// Its name.
    pub name: &'a str,
    /// The published number of people on its list or in its care.
    pub population: u64,
    /// Templates for which it has consented to stand alone.
    pub consents: Vec<&'a str>,
}

impl Region<'_> {
    /// Does what a provider's operator does once: has a certificate issued, writes the configuration over the tables that
    /// stand in the provider's folder, makes signing key and ledger, and takes a first snapshot. Returns the public half
    /// of the signing key, for the coordinator's roster.
    ///
    /// # Errors
    /// Where keys cannot be made, files cannot be written, or the tables cannot be frozen.
    pub fn enrol(&self, provider: &Enrolled<'_>) -> Result<PublicKey> {
        let folder = self.folder.provider(provider.code);
        self.certify(provider.code)?;
        let file = folder.join("node.toml");
        folder::write(&file, self.configuration(provider, &folder)?)?;
        let key = node::init(&file)?.public_key;
        node::take(&node::Config::read(&file)?, chrono::Utc::now())?;
        Ok(key)
    }

    /// Issues a provider's certificate, or a new one in its place.
    ///
    /// # Errors
    /// Where keys cannot be made or files cannot be written.
    pub fn certify(&self, code: &str) -> Result<()> {
        let folder = self.folder.provider(code);
        let code: ProviderCode = code.parse()?;
        let issued = self.authority.issue(&Subject::Caller(Caller::Provider(code)))?;
        folder::write(&folder.join("certificate.pem"), issued.certificate)?;
        folder::write_private(&folder.join("key.pem"), issued.key)
    }

    fn configuration(&self, provider: &Enrolled<'_>, folder: &Path) -> Result<String> {
        let Self { coordinator, coordinator_key, trust_root, records: (from, to), .. } = self;
        let Enrolled { code, kind, name, population, consents } = provider;
        let consents: Vec<String> = consents.iter().map(|id| format!("\"{id}\"")).collect();
        let lists = opt_out_lists(folder);
        let mut text = format!(
            r#"# {name}: one provider of the demonstration region.
provider = "{code}"
kind = "{kind}"
name = "{name}"
folder = "data"
signing_key = "signing.key"
population = {population}
min_population = {min_population}
opt_outs = "both"
{lists}
[refresh]
every_days = 366

[coordinator]
address = "https://{coordinator}"
server_name = "{server_name}"
key = "{coordinator_key}"

[tls]
certificate = "certificate.pem"
key = "key.pem"
authority = "../../authority/certificate.pem"

[trust_root]
file = "../../trust-root.json"
sha256 = "{trust_root}"

[policy]
profile = "nhs-sde"
zeros = "hidden"

[consent]
sole_provider = [{consents}]
"#,
            // A region made small for a test has small providers, which take part all the same.
            min_population = population.min(&100),
            server_name = super::authority::COORDINATOR_NAME,
            consents = consents.join(", "),
            lists = if lists.is_empty() { String::new() } else { format!("\n{lists}") },
        );
        for table in tables(folder)? {
            text += &format!("\n[sources.{table}]\nparquet = \"tables/{table}.parquet\"\n");
            if table == "person" && !lists.is_empty() {
                text += &format!("nhs_number = \"{}\"\n", crate::population::NHS_NUMBER);
            }
            if !UNDATED.contains(&table.as_str()) {
                text += &format!("from = \"{from}\"\nto = \"{to}\"\n");
            }
        }
        Ok(text)
    }
}

/// The settings of a provider's lists of opt-outs, where it has some.
fn opt_out_lists(folder: &Path) -> String {
    let today = chrono::Utc::now().date_naive();
    let mut settings = Vec::new();
    for (kind, holds) in [("national", "nhs-number"), ("type1", "person-id")] {
        let file = format!("{}/{kind}.csv", crate::population::OPT_OUTS_FOLDER);
        if folder.join(&file).exists() {
            settings.push(format!(
                "[opt_out_lists.{kind}]\nfile = \"{file}\"\nholds = \"{holds}\"\nas_of = \"{today}\"\n\
                 when_empty = \"nobody\"\n"
            ));
        }
    }
    settings.join("\n")
}

/// The names of the tables that were written for a provider.
fn tables(folder: &Path) -> Result<Vec<String>> {
    let folder = folder.join(crate::population::TABLES_FOLDER);
    let entries = std::fs::read_dir(&folder).with_context(|| format!("cannot list {}", folder.display()))?;
    let mut names = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "parquet")
            && let Some(stem) = path.file_stem()
        {
            names.push(stem.to_string_lossy().into_owned());
        }
    }
    names.sort();
    Ok(names)
}
