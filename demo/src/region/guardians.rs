//! The region's governance leads: invented people whose keys sign the templates and look-ups of the demonstration.

use anyhow::{Context as _, Result};
use chrono::{DateTime, Utc};
use template::{Document, Envelope, LookupDocument, PayloadType, PersonDocument, RootDocument, SigningKey};

/// People who approve: (name, organisation, position).
pub(super) const GUARDIANS: [(&str, &str, &str); 3] = [
    ("amara.castellan", "Northmead University Hospital", "Caldicott guardian"),
    ("bryn.okafor", "Riverside Integrated Care Board", "Head of information governance"),
    ("carys.lindqvist", "Council of Eastholme", "Caldicott guardian for social care"),
];
/// The holder of the catalogue's key, which is on the coordinator's machine.
const CATALOGUE: (&str, &str, &str) = ("catalogue", "Riverside Integrated Care Board", "The catalogue's own key");
/// How many of them it takes, and of how many organisations.
const THRESHOLD: usize = 2;

/// A guardian's name and key, the latter a PKCS#8 document.
pub type NamedKey = (&'static str, Vec<u8>);

/// Governance leads with their keys.
pub struct Guardians {
    keys: Vec<SigningKey>,
    catalogue: SigningKey,
}

/// The keys of new guardians, each a PKCS#8 document, to be kept.
pub struct NewKeys {
    /// The guardians'.
    pub guardians: Vec<NamedKey>,
    /// The catalogue's.
    pub catalogue: Vec<u8>,
}

impl Guardians {
    /// New guardians, and their keys, to be kept.
    ///
    /// # Errors
    /// Where keys cannot be made.
    pub fn new() -> Result<(Self, NewKeys)> {
        let made = "no key could be made for a guardian";
        let read = "a key that was just made cannot be read";
        let guardians = GUARDIANS
            .iter()
            .map(|(name, ..)| Ok((*name, SigningKey::generate()?)))
            .collect::<Result<Vec<NamedKey>, template::KeyError>>()
            .context(made)?;
        let keys = guardians
            .iter()
            .map(|(_, document)| SigningKey::from_pkcs8(document))
            .collect::<Result<Vec<_>, _>>()
            .context(read)?;
        let document = SigningKey::generate().context(made)?;
        let catalogue = SigningKey::from_pkcs8(&document).context(read)?;
        Ok((Self { keys, catalogue }, NewKeys { guardians, catalogue: document }))
    }

    /// The trust root that every provider of the region pins: of version 1, signed by as many guardians as it takes.
    ///
    /// # Errors
    /// Where `expires` is not like `2027-12-31T00:00:00Z`.
    pub fn trust_root(&self, expires: &str) -> Result<Envelope> {
        let expires: DateTime<Utc> = expires.parse().with_context(|| format!("`{expires}` is not a time"))?;
        let person = |(name, organisation, position): (&str, &str, &str), key: &SigningKey| {
            anyhow::Ok(PersonDocument {
                name: name.parse()?,
                organisation: organisation.to_owned(),
                position: position.to_owned(),
                keys: vec![key.public()],
            })
        };
        let people = GUARDIANS
            .iter()
            .zip(&self.keys)
            .map(|(guardian, key)| person(*guardian, key))
            .collect::<Result<Vec<_>>>()?;
        let catalogue = person(CATALOGUE, &self.catalogue)?;
        Ok(RootDocument::of_equals(1, expires, people, catalogue).sign(&self.signers()))
    }

    /// A template's exact bytes, signed by as many guardians as it takes.
    #[must_use]
    pub fn sign_template(&self, toml: &str) -> Envelope {
        Envelope::sign(PayloadType::Template, toml.as_bytes().to_vec(), &self.signers())
    }

    /// A document, signed by as many guardians as it takes.
    #[must_use]
    pub fn sign<T: Document>(&self, document: &T) -> Envelope {
        document.sign(&self.signers())
    }

    /// A look-up, signed by as many guardians as it takes.
    #[must_use]
    pub fn sign_lookup(&self, lookup: &LookupDocument) -> Envelope {
        // Structs of integers and strings always serialise.
        let json = serde_json::to_vec_pretty(lookup).unwrap_or_default();
        Envelope::sign(PayloadType::Lookup, json, &self.signers())
    }

    fn signers(&self) -> Vec<&SigningKey> {
        self.keys.iter().take(THRESHOLD).collect()
    }
}
