//! The region's governance leads: invented people whose keys sign the templates and look-ups of the demonstration.

use anyhow::{Context as _, Result};
use serde::Serialize;
use template::{Envelope, LookupDocument, PayloadType, PublicKey, SigningKey};

/// People who approve: (name, organisation).
const GUARDIANS: [(&str, &str); 3] = [
    ("Amara Castellan", "Northmead University Hospital"),
    ("Bryn Okafor", "Riverside Integrated Care Board"),
    ("Carys Lindqvist", "Council of Eastholme"),
];
/// How many of them it takes, and of how many organisations.
const THRESHOLD: usize = 2;

/// A guardian's name and key, the latter a PKCS#8 document.
pub type NamedKey = (&'static str, Vec<u8>);

/// Governance leads with their keys.
pub struct Guardians {
    keys: Vec<SigningKey>,
}

#[derive(Serialize)]
struct RootDocument {
    version: u64,
    expires: String,
    threshold: usize,
    organisations: usize,
    people: Vec<PersonDocument>,
}

#[derive(Serialize)]
struct PersonDocument {
    name: String,
    organisation: String,
    keys: Vec<PublicKey>,
}

impl Guardians {
    /// New guardians, and their keys, to be kept.
    ///
    /// # Errors
    /// Where keys cannot be made.
    pub fn new() -> Result<(Self, Vec<NamedKey>)> {
        let documents = GUARDIANS
            .iter()
            .map(|(name, _)| Ok((*name, SigningKey::generate()?)))
            .collect::<Result<Vec<_>, template::KeyError>>()
            .context("no key could be made for a guardian")?;
        let keys = documents
            .iter()
            .map(|(_, document)| SigningKey::from_pkcs8(document))
            .collect::<Result<Vec<_>, _>>()
            .context("a key that was just made cannot be read")?;
        Ok((Self { keys }, documents))
    }

    /// The trust root that every provider of the region pins.
    #[must_use]
    pub fn trust_root(&self, expires: &str) -> Vec<u8> {
        let people = GUARDIANS.iter().zip(&self.keys).map(|((name, organisation), key)| PersonDocument {
            name: (*name).to_owned(),
            organisation: (*organisation).to_owned(),
            keys: vec![key.public()],
        });
        let document = RootDocument {
            version: 1,
            expires: expires.to_owned(),
            threshold: THRESHOLD,
            organisations: THRESHOLD,
            people: people.collect(),
        };
        json(&document)
    }

    /// A template's exact bytes, signed by as many guardians as it takes.
    #[must_use]
    pub fn sign_template(&self, toml: &str) -> Envelope {
        Envelope::sign(PayloadType::Template, toml.as_bytes().to_vec(), &self.signers())
    }

    /// A look-up, signed by as many guardians as it takes.
    #[must_use]
    pub fn sign_lookup(&self, lookup: &LookupDocument) -> Envelope {
        Envelope::sign(PayloadType::Lookup, json(lookup), &self.signers())
    }

    fn signers(&self) -> Vec<&SigningKey> {
        self.keys.iter().take(THRESHOLD).collect()
    }
}

fn json(document: &impl Serialize) -> Vec<u8> {
    // Structs of integers and strings always serialise.
    serde_json::to_vec_pretty(document).unwrap_or_default()
}
