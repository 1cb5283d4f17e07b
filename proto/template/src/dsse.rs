//! DSSE v1 envelopes: exact bytes, signed together with their type.
//!
//! The signature is over `PAE(type, body) = "DSSEv1" SP LEN(type) SP type SP LEN(body) SP body`
//! (secure-systems-lab/dsse, protocol.md). Nothing is parsed before it is verified, and nothing is re-serialised.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::keys::{PublicKey, SigningKey};

/// The longest envelope that is looked at, in bytes.
pub const ENVELOPE_BYTES_MAX: usize = 8 * 1024 * 1024;
/// The most signatures that are looked at.
pub const SIGNATURES_MAX: usize = 16;

/// What a signed body is. The type is signed with it, so that a release cannot be passed off as a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PayloadType {
    /// A look-up table, JSON.
    Lookup,
    /// An order from the coordinator to one provider, JSON.
    Order,
    /// A provider's refusal, JSON.
    Refusal,
    /// A provider's release, JSON.
    Release,
    /// A template, TOML.
    Template,
}

impl PayloadType {
    /// The media type that stands in the envelope.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Lookup => "application/vnd.tallyward.lookup.v1+json",
            Self::Order => "application/vnd.tallyward.order.v1+json",
            Self::Refusal => "application/vnd.tallyward.refusal.v1+json",
            Self::Release => "application/vnd.tallyward.release.v1+json",
            Self::Template => "application/vnd.tallyward.template.v1+toml",
        }
    }
}

/// A body with its signatures, not yet believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    payload_type: String,
    payload: Vec<u8>,
    signatures: Vec<Signature>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Signature {
    keyid: String,
    bytes: Vec<u8>,
}

/// A body whose signatures were verified, and by whom.
#[derive(Clone, Debug)]
pub struct Verified<'a> {
    /// The exact bytes that were signed.
    pub payload: &'a [u8],
    /// The distinct keys, of those that were offered as trusted, which signed.
    pub signers: BTreeSet<PublicKey>,
}

/// Why an envelope was not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EnvelopeError {
    /// Too long, or not a DSSE envelope.
    #[error("not a DSSE envelope of at most {ENVELOPE_BYTES_MAX} bytes and {SIGNATURES_MAX} signatures")]
    Malformed,
    /// The body is of another type than was asked for.
    #[error("the signed body is of another type than was asked for")]
    PayloadType,
    /// No trusted key signed.
    #[error("no trusted key signed these bytes")]
    Signature,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct EnvelopeDocument {
    payload_type: String,
    payload: String,
    signatures: Vec<SignatureDocument>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SignatureDocument {
    keyid: String,
    sig: String,
}

impl Envelope {
    /// Signs `payload` with every key in `keys`.
    #[must_use]
    pub fn sign(payload_type: PayloadType, payload: Vec<u8>, keys: &[&SigningKey]) -> Self {
        let message = pre_authentication_encoding(payload_type.media_type(), &payload);
        let signatures = keys
            .iter()
            .map(|key| Signature { keyid: key.public().id().to_string(), bytes: key.sign(&message) })
            .collect();
        Self { payload_type: payload_type.media_type().to_owned(), payload, signatures }
    }

    /// Reads an envelope. Nothing in it is believed yet.
    ///
    /// # Errors
    /// [`EnvelopeError::Malformed`].
    pub fn parse(bytes: &[u8]) -> Result<Self, EnvelopeError> {
        if bytes.len() > ENVELOPE_BYTES_MAX {
            return Err(EnvelopeError::Malformed);
        }
        let document: EnvelopeDocument = serde_json::from_slice(bytes).map_err(|_| EnvelopeError::Malformed)?;
        if document.signatures.len() > SIGNATURES_MAX {
            return Err(EnvelopeError::Malformed);
        }
        let decode = |text: &str| STANDARD.decode(text).map_err(|_| EnvelopeError::Malformed);
        let payload = decode(&document.payload)?;
        let signatures = document
            .signatures
            .into_iter()
            .map(|signature| Ok(Signature { bytes: decode(&signature.sig)?, keyid: signature.keyid }))
            .collect::<Result<_, _>>()?;
        Ok(Self { payload_type: document.payload_type, payload, signatures })
    }

    /// The envelope as JSON, the form in which it travels and is kept.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let document = EnvelopeDocument {
            payload_type: self.payload_type.clone(),
            payload: STANDARD.encode(&self.payload),
            signatures: self
                .signatures
                .iter()
                .map(|signature| SignatureDocument {
                    keyid: signature.keyid.clone(),
                    sig: STANDARD.encode(&signature.bytes),
                })
                .collect(),
        };
        // A struct of strings always serialises.
        serde_json::to_vec(&document).unwrap_or_default()
    }

    /// The body, if at least one of `trusted` signed it as `payload_type`.
    ///
    /// INVARIANT: keys are counted, not signatures: the same key twice is one signer, and a key id is never believed.
    ///
    /// # Errors
    /// [`EnvelopeError::PayloadType`], [`EnvelopeError::Signature`].
    pub fn verify<'a>(
        &'a self,
        payload_type: PayloadType,
        trusted: &[PublicKey],
    ) -> Result<Verified<'a>, EnvelopeError> {
        if self.payload_type != payload_type.media_type() {
            return Err(EnvelopeError::PayloadType);
        }
        let message = pre_authentication_encoding(&self.payload_type, &self.payload);
        let signers: BTreeSet<PublicKey> = trusted
            .iter()
            .filter(|key| self.signatures.iter().any(|signature| key.verifies(&message, &signature.bytes)))
            .copied()
            .collect();
        if signers.is_empty() {
            return Err(EnvelopeError::Signature);
        }
        Ok(Verified { payload: &self.payload, signers })
    }

    /// Adds the signatures of another envelope over the same body; false where the bodies differ.
    #[must_use]
    pub fn absorb(&mut self, other: &Self) -> bool {
        let same = self.payload_type == other.payload_type && self.payload == other.payload;
        if same {
            for signature in &other.signatures {
                if !self.signatures.contains(signature) {
                    self.signatures.push(signature.clone());
                }
            }
        }
        same
    }

    /// The body before anything is verified: for display of what one is about to verify, never for a decision.
    #[must_use]
    pub fn unverified_payload(&self) -> &[u8] {
        &self.payload
    }
}

fn pre_authentication_encoding(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let mut message = format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), payload.len()).into_bytes();
    message.extend_from_slice(payload);
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> SigningKey {
        SigningKey::from_pkcs8(&SigningKey::generate().unwrap()).unwrap()
    }

    #[test]
    fn pre_authentication_encoding_is_the_published_example() {
        // github.com/secure-systems-lab/dsse, protocol.md.
        assert_eq!(
            pre_authentication_encoding("http://example.com/HelloWorld", b"hello world"),
            b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
        );
    }

    #[test]
    fn one_key_counts_once() {
        let (ours, foreign) = (key(), key());
        let envelope = Envelope::sign(PayloadType::Template, b"x".to_vec(), &[&ours, &ours, &foreign]);
        let envelope = Envelope::parse(&envelope.to_bytes()).unwrap();
        let verified = envelope.verify(PayloadType::Template, &[ours.public(), ours.public()]).unwrap();
        assert_eq!(verified.signers.len(), 1);
        assert_eq!(verified.payload, b"x");
    }

    #[test]
    fn altered_bytes_type_or_key_are_refused() {
        let ours = key();
        let envelope = Envelope::sign(PayloadType::Release, b"body".to_vec(), &[&ours]);
        let trusted = [ours.public()];
        assert_eq!(envelope.verify(PayloadType::Template, &trusted).unwrap_err(), EnvelopeError::PayloadType);
        assert_eq!(envelope.verify(PayloadType::Release, &[key().public()]).unwrap_err(), EnvelopeError::Signature);
        let mut altered = envelope.clone();
        altered.payload.push(b' ');
        assert_eq!(altered.verify(PayloadType::Release, &trusted).unwrap_err(), EnvelopeError::Signature);
        let mut retyped = envelope;
        retyped.payload_type = PayloadType::Template.media_type().to_owned();
        assert_eq!(retyped.verify(PayloadType::Template, &trusted).unwrap_err(), EnvelopeError::Signature);
    }

    #[test]
    fn hostile_documents_are_malformed() {
        let good = String::from_utf8(Envelope::sign(PayloadType::Order, b"{}".to_vec(), &[&key()]).to_bytes()).unwrap();
        let duplicate = good.replacen("{\"payloadType\"", "{\"payload\":\"\",\"payloadType\"", 1);
        let unknown = good.replacen("{\"payloadType\"", "{\"extra\":1,\"payloadType\"", 1);
        for text in
            ["", "{}", "[]", &duplicate, &unknown, &good[..good.len() - 1], &good.replace("\"keyid\"", "\"kid\"")]
        {
            assert_eq!(Envelope::parse(text.as_bytes()).unwrap_err(), EnvelopeError::Malformed, "{text}");
        }
    }
}
