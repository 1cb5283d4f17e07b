//! DSSE v1 envelopes: exact bytes, signed together with their type.
//!
//! The signature is over `PAE(type, body) = "DSSEv1" SP LEN(type) SP type SP LEN(body) SP body`
//! (secure-systems-lab/dsse, protocol.md). Nothing is parsed before it is verified, and nothing is re-serialised.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::keys::{PublicKey, SigningKey};

/// The longest envelope that is looked at, in bytes.
pub const ENVELOPE_BYTES_MAX: usize = 8 * 1024 * 1024;
/// The most signatures that are looked at.
pub const SIGNATURES_MAX: usize = 16;

/// What a signed body is. The type is signed with it, so that a release cannot be passed off as a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PayloadType {
    /// A provider's word on one template, by its own guardian, JSON.
    Acceptance,
    /// The sharing agreements of a region, JSON.
    Agreements,
    /// The region's list of what may be asked, JSON.
    Catalogue,
    /// The state of a log, JSON.
    Checkpoint,
    /// The analysts of a region and their keys, JSON.
    Enrolment,
    /// A look-up table, JSON.
    Lookup,
    /// An order from the coordinator to one provider, JSON.
    Order,
    /// What a coordinator commits to for a closed run, JSON.
    Proof,
    /// Leave for a provider's log to begin anew, JSON.
    Rebaseline,
    /// A provider's refusal, JSON.
    Refusal,
    /// A provider's release, JSON.
    Release,
    /// An analyst's question, JSON.
    Request,
    /// A person's view of a template, JSON.
    Review,
    /// A trust root, JSON.
    Root,
    /// A template, TOML.
    Template,
    /// The end of a template, JSON.
    Withdrawal,
}

impl PayloadType {
    /// The media type that stands in the envelope.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Acceptance => "application/vnd.tallyward.acceptance.v1+json",
            Self::Agreements => "application/vnd.tallyward.agreements.v1+json",
            Self::Catalogue => "application/vnd.tallyward.catalogue.v1+json",
            Self::Checkpoint => "application/vnd.tallyward.checkpoint.v1+json",
            Self::Enrolment => "application/vnd.tallyward.enrolment.v1+json",
            Self::Lookup => "application/vnd.tallyward.lookup.v1+json",
            Self::Order => "application/vnd.tallyward.order.v1+json",
            Self::Proof => "application/vnd.tallyward.proof.v1+json",
            Self::Rebaseline => "application/vnd.tallyward.rebaseline.v1+json",
            Self::Refusal => "application/vnd.tallyward.refusal.v1+json",
            Self::Release => "application/vnd.tallyward.release.v1+json",
            Self::Request => "application/vnd.tallyward.request.v1+json",
            Self::Review => "application/vnd.tallyward.review.v1+json",
            Self::Root => "application/vnd.tallyward.root.v1+json",
            Self::Template => "application/vnd.tallyward.template.v1+toml",
            Self::Withdrawal => "application/vnd.tallyward.withdrawal.v1+json",
        }
    }

    /// The type that `media_type` names, if it is one of ours.
    #[must_use]
    pub fn from_media_type(media_type: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|payload_type| payload_type.media_type() == media_type)
    }

    /// The longest body of this type, in bytes. Those of The Update Framework's reference client (1 MiB) where it has a
    /// like; small documents that people write are at most 64 KiB.
    #[must_use]
    pub const fn payload_bytes_max(self) -> usize {
        match self {
            Self::Acceptance
            | Self::Checkpoint
            | Self::Rebaseline
            | Self::Request
            | Self::Review
            | Self::Template
            | Self::Withdrawal => 64 * 1024,
            Self::Agreements | Self::Catalogue | Self::Enrolment | Self::Proof | Self::Root => 1024 * 1024,
            Self::Lookup | Self::Order | Self::Refusal | Self::Release => ENVELOPE_BYTES_MAX,
        }
    }

    /// The longest envelope of this type, in bytes: its body in base64 with as many signatures as are looked at.
    #[must_use]
    pub const fn envelope_bytes_max(self) -> usize {
        let bytes = self.payload_bytes_max().div_ceil(3) * 4 + 512 * (SIGNATURES_MAX + 1);
        if bytes < ENVELOPE_BYTES_MAX { bytes } else { ENVELOPE_BYTES_MAX }
    }

    /// What it is, in words that follow "not".
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::Acceptance => "an acceptance",
            Self::Agreements => "a list of agreements",
            Self::Catalogue => "a catalogue",
            Self::Checkpoint => "a checkpoint",
            Self::Enrolment => "an enrolment",
            Self::Lookup => "a look-up",
            Self::Order => "an order",
            Self::Proof => "a proof",
            Self::Rebaseline => "a rebaseline",
            Self::Refusal => "a refusal",
            Self::Release => "a release",
            Self::Request => "a request",
            Self::Review => "a review",
            Self::Root => "a trust root",
            Self::Template => "a template",
            Self::Withdrawal => "a withdrawal",
        }
    }

    /// All types.
    pub const ALL: [Self; 16] = [
        Self::Acceptance,
        Self::Agreements,
        Self::Catalogue,
        Self::Checkpoint,
        Self::Enrolment,
        Self::Lookup,
        Self::Order,
        Self::Proof,
        Self::Rebaseline,
        Self::Refusal,
        Self::Release,
        Self::Request,
        Self::Review,
        Self::Root,
        Self::Template,
        Self::Withdrawal,
    ];
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
    /// The body is longer than any of its type.
    #[error("the signed body is longer than any of its type")]
    TooLong,
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
    /// [`EnvelopeError::PayloadType`], [`EnvelopeError::TooLong`], [`EnvelopeError::Signature`].
    pub fn verify<'a>(
        &'a self,
        payload_type: PayloadType,
        trusted: &[PublicKey],
    ) -> Result<Verified<'a>, EnvelopeError> {
        if self.payload_type != payload_type.media_type() {
            return Err(EnvelopeError::PayloadType);
        }
        if self.payload.len() > payload_type.payload_bytes_max() {
            return Err(EnvelopeError::TooLong);
        }
        let signers = self.signers(trusted);
        if signers.is_empty() {
            return Err(EnvelopeError::Signature);
        }
        Ok(Verified { payload: &self.payload, signers })
    }

    /// Those of `trusted` whose signature stands here.
    ///
    /// A key id is a hint which key to try first, so that many trusted keys cost no more than few; whether a key signed is
    /// decided by its signature alone.
    fn signers(&self, trusted: &[PublicKey]) -> BTreeSet<PublicKey> {
        let message = pre_authentication_encoding(&self.payload_type, &self.payload);
        let ids: Vec<String> = trusted.iter().map(|key| key.id().to_string()).collect();
        let mut signers = BTreeSet::new();
        for signature in &self.signatures {
            let hinted = ids.iter().position(|id| *id == signature.keyid).and_then(|place| trusted.get(place));
            let verifies = |key: &&PublicKey| key.verifies(&message, &signature.bytes);
            signers.extend(hinted.filter(verifies).or_else(|| trusted.iter().find(verifies)));
        }
        signers
    }

    /// Adds a signature over the same bytes.
    ///
    /// # Errors
    /// [`EnvelopeError::Malformed`] where it carries as many signatures as are looked at.
    pub fn add_signature(&mut self, key: &SigningKey) -> Result<(), EnvelopeError> {
        let message = pre_authentication_encoding(&self.payload_type, &self.payload);
        let signature = Signature { keyid: key.public().id().to_string(), bytes: key.sign(&message) };
        if self.signatures.contains(&signature) {
            return Ok(());
        }
        if self.signatures.len() >= SIGNATURES_MAX {
            return Err(EnvelopeError::Malformed);
        }
        self.signatures.push(signature);
        Ok(())
    }

    /// An envelope around bytes that were signed elsewhere, as a browser signs them: `signature` is over the
    /// pre-authentication encoding, with the key whose public half is `key`.
    ///
    /// # Errors
    /// [`EnvelopeError::Signature`] where that key did not sign these bytes as this type.
    pub fn around(
        payload_type: PayloadType,
        payload: Vec<u8>,
        key: &PublicKey,
        signature: Vec<u8>,
    ) -> Result<Self, EnvelopeError> {
        let signatures = vec![Signature { keyid: key.id().to_string(), bytes: signature }];
        let envelope = Self { payload_type: payload_type.media_type().to_owned(), payload, signatures };
        envelope.verify(payload_type, &[*key])?;
        Ok(envelope)
    }

    /// The type that it says it is of, before anything is verified.
    #[must_use]
    pub fn unverified_type(&self) -> Option<PayloadType> {
        PayloadType::from_media_type(&self.payload_type)
    }

    /// How many signatures it carries, by whomever.
    #[must_use]
    pub fn signature_count(&self) -> usize {
        self.signatures.len()
    }

    /// The digest of its body: the name by which the body is pinned once it is verified.
    #[must_use]
    pub fn payload_digest(&self) -> Digest {
        Digest::of(&self.payload)
    }

    /// Adds the signatures of another envelope over the same body, up to as many as are looked at; false where the bodies
    /// differ.
    #[must_use]
    pub fn absorb(&mut self, other: &Self) -> bool {
        let same = self.payload_type == other.payload_type && self.payload == other.payload;
        if same {
            for signature in &other.signatures {
                if !self.signatures.contains(signature) && self.signatures.len() < SIGNATURES_MAX {
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

/// The bytes that are signed, for whoever signs elsewhere.
#[must_use]
pub fn signed_bytes(payload_type: PayloadType, payload: &[u8]) -> Vec<u8> {
    pre_authentication_encoding(payload_type.media_type(), payload)
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
