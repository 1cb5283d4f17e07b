//! One update of the catalogue, step by step as in The Update Framework's client workflow (specification 1.0, section 5),
//! for one file. Either all of it is taken, in one transaction of the ledger, or nothing.

use chrono::{DateTime, Utc};
use template::{
    ApprovalError, CatalogueKeys, Digest, Envelope, EnvelopeError, PayloadType, PinnedBytes, PinnedError,
    ROOT_STEPS_MAX, Role, RootError, Succession, SuccessionError, TakenCatalogue, TemplateStatus, TrustRoot,
};
use wire::{CatalogueNews, KnownCatalogue, LinkError, OpenLink};

use crate::host::Host;
use crate::ledger::{Event, Kept, Kind, Ledger, LedgerError};
use crate::region::{Documents, Region, Signed};

/// How often roots are asked for in one update: each reply may hold only some.
const ROUNDS_MAX: usize = 8;

/// Why no new catalogue is taken.
#[derive(Debug, thiserror::Error)]
pub(super) enum UpdateError {
    /// The coordinator was not reached, or has none.
    #[error(transparent)]
    Link(#[from] LinkError),
    /// The trust roots do not follow.
    #[error("a trust root that came with it does not follow: {0}")]
    Root(#[from] RootError),
    /// The catalogue's envelope.
    #[error("the catalogue is no signed document: {0}")]
    Envelope(#[from] EnvelopeError),
    /// The catalogue is too long.
    #[error("the catalogue is longer than {0} bytes")]
    TooLong(usize),
    /// Not signed, or not fresh.
    #[error("the catalogue cannot be used: {0}")]
    Approval(#[from] ApprovalError),
    /// It does not follow the one before.
    #[error("the catalogue does not follow the one before: {0}")]
    Succession(#[from] SuccessionError),
    /// It was made under a root that did not come.
    #[error("the catalogue was made under version {named} of the trust root, and only {known} came")]
    RootWithheld {
        /// What it names.
        named: u64,
        /// What is known.
        known: u64,
    },
    /// What it lists cannot be had.
    #[error("the catalogue lists a document that the coordinator does not give: {0}")]
    Withheld(Digest),
    /// What came is not what it lists.
    #[error("a document is not the one that the catalogue lists: {0}")]
    Pinned(#[from] PinnedError),
    /// A listed document is about something else.
    #[error("mixed: {0} is not the document that the catalogue lists under its name")]
    Mixed(&'static str),
    /// A listed document is not approved.
    #[error("{what} that the catalogue lists is not approved: {source}")]
    NotApproved {
        /// Which.
        what: &'static str,
        /// Why.
        source: ApprovalError,
    },
    /// The ledger could not keep it.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

/// What has been verified so far, to be kept together.
struct Taking<'a> {
    link: &'a OpenLink,
    ledger: &'a Ledger,
    host: &'a Host,
    now: DateTime<Utc>,
    keep: Vec<Kept>,
    events: Vec<Event>,
}

/// The region after an update, with the documents that its catalogue lists; `None` where there is nothing new.
pub(super) async fn update(
    link: &OpenLink,
    known: &Region,
    ledger: &Ledger,
    host: &Host,
    now: DateTime<Utc>,
) -> Result<Option<(Region, Documents)>, UpdateError> {
    let mut taking = Taking { link, ledger, host, now, keep: Vec::new(), events: Vec::new() };
    // 1. One request: nothing more where nothing is new.
    let Some((root, bytes)) = taking.news(known).await? else { return Ok(None) };
    // 2. The catalogue: its length, its signature under the newest root, its freshness.
    let most = PayloadType::Catalogue.envelope_bytes_max();
    if bytes.len() > most {
        return Err(UpdateError::TooLong(most));
    }
    let envelope = Envelope::parse(&bytes)?;
    let catalogue = root.catalogue(&envelope, now)?;
    let named = catalogue.document().root_version;
    if named > root.version() {
        return Err(UpdateError::RootWithheld { named, known: root.version() });
    }
    // 3. It follows the one before. After a theft of the catalogue's key, a new root names another: only then may the
    // version begin anew.
    let keys = if replaced(&known.root, &root) { CatalogueKeys::Replaced } else { CatalogueKeys::Same };
    let succession = match &known.taken {
        Some(taken) => catalogue.succeeds(taken, keys)?,
        None => Succession::Newer,
    };
    let mut region = Region::of_root(root);
    region.taken = Some(TakenCatalogue::from(&catalogue));
    region.envelope = Some(Digest::of(&bytes));
    region.signed = Signed::UnderThisRoot;
    // 4. Everything that it lists, by digest and length, before any of it is used.
    let documents = taking.listed(&region, known).await?;
    region.read_listed(&documents, now);
    // 5. All or nothing.
    if succession == Succession::Newer || known.envelope != region.envelope {
        let version = catalogue.document().version;
        taking.events.push(Event::Catalogue { version, sha256: Digest::of(&bytes) });
        taking.keep.push(Kept { kind: Kind::Catalogue, payload: catalogue.digest(), envelope: bytes });
    }
    if !taking.events.is_empty() {
        ledger.note(taking.keep, taking.events, now).await?;
    }
    Ok(Some((region, documents)))
}

/// Whether none of the catalogue's keys is the same under both roots.
fn replaced(before: &TrustRoot, after: &TrustRoot) -> bool {
    let old = before.keys(Role::Catalogue);
    before.version() != after.version() && !after.keys(Role::Catalogue).iter().any(|key| old.contains(key))
}

impl Taking<'_> {
    /// The newest root and the catalogue's bytes; `None` where both are known.
    async fn news(&mut self, known: &Region) -> Result<Option<(TrustRoot, Vec<u8>)>, UpdateError> {
        let version = known.taken.as_ref().map(|taken| taken.document().version);
        let catalogue = version.zip(known.envelope);
        let mut root = known.root.clone();
        for _round in 0..ROUNDS_MAX {
            let news = self.link.catalogue(KnownCatalogue { catalogue, root_version: root.version() }).await?;
            let CatalogueNews::Changed { roots, catalogue: bytes } = news else {
                return Ok(None);
            };
            if roots.is_empty() {
                return Ok(Some((root, bytes)));
            }
            if roots.len() > ROOT_STEPS_MAX || self.events.len() + roots.len() > ROOT_STEPS_MAX {
                return Err(RootError::TooMany.into());
            }
            for bytes in roots {
                root = self.succeed(&root, bytes)?;
            }
            if Envelope::parse(&bytes).is_ok_and(|envelope| named_root(&envelope) <= Some(root.version())) {
                return Ok(Some((root, bytes)));
            }
        }
        Err(RootError::TooMany.into())
    }

    fn succeed(&mut self, root: &TrustRoot, bytes: Vec<u8>) -> Result<TrustRoot, UpdateError> {
        let most = PayloadType::Root.envelope_bytes_max();
        if bytes.len() > most {
            return Err(UpdateError::TooLong(most));
        }
        let envelope = Envelope::parse(&bytes)?;
        let next = root.succeed(&envelope)?;
        self.events.push(Event::Root { version: next.version(), sha256: Digest::of(&bytes) });
        self.keep.push(Kept { kind: Kind::Root, payload: next.digest(), envelope: bytes });
        Ok(next)
    }

    /// The documents that the catalogue lists and that rule what is asked, verified against it and under its root.
    ///
    /// A new root may leave too few of those who signed a document that was taken before. The root is followed all the
    /// same, for nothing may hold up that a key counts no more; what the document ruled is refused until it is signed anew.
    async fn listed(&mut self, region: &Region, known: &Region) -> Result<Documents, UpdateError> {
        let mut documents = Documents::new();
        let Some(taken) = &region.taken else { return Ok(documents) };
        let document = taken.document();
        let before = known.taken.as_ref().map(TakenCatalogue::document);
        for listed in document.templates.iter().filter(|listed| listed.status == TemplateStatus::Approved) {
            let envelope = self.open(Kind::Template, &listed.envelope, &mut documents).await?;
            matches("a template", &envelope, listed.sha256)?;
        }
        for listed in &document.lookups {
            let envelope = self.open(Kind::Lookup, &listed.envelope, &mut documents).await?;
            matches("a look-up", &envelope, listed.sha256)?;
        }
        if let Some(listed) = &document.enrolment {
            let envelope = self.open(Kind::Enrolment, &listed.envelope, &mut documents).await?;
            matches("the enrolment", &envelope, listed.sha256)?;
            let taken = before.is_some_and(|before| before.enrolment.as_ref() == Some(listed));
            match region.root.enrolment(&envelope, self.now) {
                Ok(verified) => version("the enrolment", verified.document().version, listed.version)?,
                Err(_) if taken => self.unsupported("the enrolment"),
                Err(source) => return Err(UpdateError::NotApproved { what: "the enrolment", source }),
            }
        }
        if let Some(listed) = &document.agreements {
            let envelope = self.open(Kind::Agreements, &listed.envelope, &mut documents).await?;
            matches("the list of agreements", &envelope, listed.sha256)?;
            let taken = before.is_some_and(|before| before.agreements.as_ref() == Some(listed));
            match region.root.agreements(&envelope, self.now) {
                Ok(verified) => version("the list of agreements", verified.document().version, listed.version)?,
                Err(_) if taken => self.unsupported("the list of agreements"),
                Err(source) => return Err(UpdateError::NotApproved { what: "the list of agreements", source }),
            }
        }
        for pinned in &document.withdrawals {
            self.open(Kind::Withdrawal, pinned, &mut documents).await?;
        }
        Ok(documents)
    }

    fn unsupported(&self, what: &'static str) {
        tracing::error!(
            "under the trust root of now too few people signed {what}: until it is signed anew and published, whatever it \
             would have to allow is refused"
        );
    }

    /// A listed document: from the ledger, from another provider of this process, or from the coordinator.
    async fn open(
        &mut self,
        kind: Kind,
        pinned: &PinnedBytes,
        documents: &mut Documents,
    ) -> Result<Envelope, UpdateError> {
        let sha256 = pinned.sha256;
        if let Some(bytes) = self.ledger.document(sha256).await? {
            let envelope = pinned.open(&bytes)?;
            documents.insert(sha256, bytes);
            return Ok(envelope);
        }
        let bytes = match self.host.document(&sha256) {
            Some(bytes) => bytes.to_vec(),
            None => self.link.fetch(&sha256).await.map_err(|error| match error {
                LinkError::NotFound | LinkError::Unreadable => UpdateError::Withheld(sha256),
                error => error.into(),
            })?,
        };
        let envelope = pinned.open(&bytes)?;
        self.host.remember(sha256, &bytes);
        let payload = Digest::of(envelope.unverified_payload());
        self.keep.push(Kept { kind, payload, envelope: bytes.clone() });
        documents.insert(sha256, bytes);
        Ok(envelope)
    }
}

/// The version of the root that a catalogue says it was made under. It decides only whether to ask for more roots.
fn named_root(envelope: &Envelope) -> Option<u64> {
    TakenCatalogue::read(envelope.unverified_payload()).ok().map(|taken| taken.document().root_version)
}

fn matches(what: &'static str, envelope: &Envelope, sha256: Digest) -> Result<(), UpdateError> {
    (Digest::of(envelope.unverified_payload()) == sha256).then_some(()).ok_or(UpdateError::Mixed(what))
}

fn version(what: &'static str, found: u64, listed: u64) -> Result<(), UpdateError> {
    (found == listed).then_some(()).ok_or(UpdateError::Mixed(what))
}
