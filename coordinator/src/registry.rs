//! What may be asked, as it came about: every signed document in order, and where that leaves each template.
//!
//! The registry is a value. [`Registry::apply`] decides about one event, with its signatures verified under the trust root
//! of that moment, and is the same for what comes now and for what is read back at a start.

mod issue;
mod proposal;
mod view;

use std::collections::BTreeMap;
use std::sync::Arc;

use template::{
    Agreements, ApprovalError, Catalogue as SignedCatalogue, Digest, Enrolment, Envelope, EnvelopeError, Lookup,
    PayloadType, PersonName, Rebaseline, Role, RootError, Template, TemplateError, TrustRoot,
};

pub(crate) use self::issue::{IssueError, Issuer};
pub(crate) use self::proposal::Proposal;
use crate::store::{EventKind, GovernanceEvent};

/// The enrolment among what has to be signed anew.
pub(crate) const ENROLMENT: &str = "the enrolment";
/// The agreements among what has to be signed anew.
pub(crate) const AGREEMENTS: &str = "the list of agreements";
/// The most proposals that are kept.
const PROPOSALS_MAX: usize = template::CATALOGUE_TEMPLATES_MAX;
/// The most reviews of one proposal.
const REVIEWS_MAX: usize = 200;

/// What may be asked, and how it came about. Cloning it is cheap.
#[derive(Clone, Debug)]
pub(crate) struct Registry {
    root: TrustRoot,
    /// The successors of the pinned root, by version.
    roots: BTreeMap<u64, Arc<Vec<u8>>>,
    proposals: BTreeMap<Digest, Arc<Proposal>>,
    lookups: BTreeMap<String, Published<Lookup>>,
    enrolment: Option<Published<Enrolment>>,
    agreements: Option<Published<Agreements>>,
    withdrawals: Vec<Arc<Vec<u8>>>,
    rebaselines: Vec<Arc<Rebaseline>>,
    catalogue: Option<Published<SignedCatalogue>>,
}

/// Something signed with its exact bytes.
#[derive(Clone, Debug)]
pub(crate) struct Published<T> {
    pub document: Arc<T>,
    pub envelope: Arc<Vec<u8>>,
}

/// Why a signed document does not become part of the registry. Whoever brought it reads this.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RegistryError {
    #[error(transparent)]
    Approval(#[from] ApprovalError),
    #[error(transparent)]
    Root(#[from] RootError),
    #[error(transparent)]
    Template(#[from] TemplateError),
    #[error("`{0}` is not a person of the trust root")]
    Nobody(String),
    #[error("the template's author is `{author}`, and `{caller}` brings it; authors propose their own templates")]
    NotTheAuthor { author: String, caller: String },
    #[error("this document is signed by `{signer}`, and `{caller}` brings it; bring your own")]
    NotTheCaller { signer: String, caller: String },
    #[error("these exact bytes were proposed before")]
    ProposedBefore,
    #[error("`{id}` has version {known} already; give the new one a higher version")]
    Version { id: String, known: u32 },
    #[error("the template's last day, {0}, has passed; give it a later one")]
    Past(chrono::NaiveDate),
    #[error("nobody proposed a template of this digest; `tallyward proposals` lists them")]
    Unknown,
    #[error("the template is {0} and takes no more views or signatures")]
    Settled(&'static str),
    #[error("the author of a template does not review or approve it")]
    OwnTemplate,
    #[error("give your own view first, with the verdict `approve`: `tallyward review`")]
    NotReviewed,
    #[error("send the template's bytes with your signature alone: it is added to the others here")]
    NotAlone,
    #[error("the withdrawal names `{named}`, and these bytes are `{found}`")]
    OtherTemplate { named: String, found: String },
    #[error("version {known} is there already; give the new one a higher version")]
    Older { known: u64 },
    #[error("`{id}` version {version} is approved already with other bytes; give the new one a higher version")]
    Twice { id: String, version: u32 },
    #[error("the region's registry holds as many {0} as it can")]
    Full(&'static str),
    #[error("a catalogue, an order or an answer is not published by people")]
    NotPublished,
}

impl From<EnvelopeError> for RegistryError {
    fn from(error: EnvelopeError) -> Self {
        Self::Approval(ApprovalError::Envelope(error))
    }
}

impl Registry {
    /// A registry in which nothing has happened, under the root that the operator pinned.
    pub(crate) const fn new(root: TrustRoot) -> Self {
        Self {
            root,
            roots: BTreeMap::new(),
            proposals: BTreeMap::new(),
            lookups: BTreeMap::new(),
            enrolment: None,
            agreements: None,
            withdrawals: Vec::new(),
            rebaselines: Vec::new(),
            catalogue: None,
        }
    }

    /// Takes in what happened, if it may happen: its signatures are verified under the trust root of now, and `event.at`
    /// is the moment at which it is judged.
    ///
    /// # Errors
    /// A [`RegistryError`]; then nothing has changed.
    pub(crate) fn apply(&mut self, event: &GovernanceEvent) -> Result<(), RegistryError> {
        let envelope = Envelope::parse(&event.envelope)?;
        let published = || Arc::new(event.envelope.clone());
        match event.kind {
            EventKind::Agreements => {
                let document = self.root.agreements(&envelope, event.at)?;
                let known = self.agreements.as_ref().map(|known| known.document.document().version);
                newer(document.document().version, known)?;
                self.agreements = Some(Published { document: Arc::new(document), envelope: published() });
            }
            EventKind::Catalogue => {
                let catalogue = self.root.catalogue(&envelope, event.at)?;
                self.catalogue = Some(Published { document: Arc::new(catalogue), envelope: published() });
            }
            EventKind::Enrolment => {
                let document = self.root.enrolment(&envelope, event.at)?;
                let known = self.enrolment.as_ref().map(|known| known.document.document().version);
                newer(document.document().version, known)?;
                self.enrolment = Some(Published { document: Arc::new(document), envelope: published() });
            }
            EventKind::Imported => self.import(event, &envelope)?,
            EventKind::Lookup => {
                let lookup = self.root.approve_lookup(&envelope, event.at)?;
                newer(lookup.version(), self.lookups.get(lookup.name()).map(|known| known.document.version()))?;
                let name = lookup.name().to_owned();
                self.lookups.insert(name, Published { document: Arc::new(lookup), envelope: published() });
            }
            EventKind::Proposed => self.propose(event, &envelope)?,
            EventKind::Rebaseline => {
                let rebaseline = self.root.rebaseline(&envelope, event.at)?;
                let again = |known: &Arc<Rebaseline>| known.document().epoch == rebaseline.document().epoch;
                if self.rebaselines.iter().any(again) {
                    return Err(RegistryError::ProposedBefore);
                }
                self.rebaselines.push(Arc::new(rebaseline));
            }
            EventKind::Reviewed => self.review(event, &envelope)?,
            EventKind::Root => {
                let next = self.root.succeed(&envelope)?;
                self.roots.insert(next.version(), published());
                self.root = next;
                self.lapse(event);
            }
            EventKind::Signed => self.sign(event, &envelope)?,
            EventKind::Withdrawn => self.withdraw(event, &envelope)?,
        }
        Ok(())
    }

    /// What kind of event a published document is, if people publish such documents.
    pub(crate) fn published_kind(envelope: &[u8]) -> Result<EventKind, RegistryError> {
        match Envelope::parse(envelope)?.unverified_type() {
            Some(PayloadType::Agreements) => Ok(EventKind::Agreements),
            Some(PayloadType::Enrolment) => Ok(EventKind::Enrolment),
            Some(PayloadType::Lookup) => Ok(EventKind::Lookup),
            Some(PayloadType::Rebaseline) => Ok(EventKind::Rebaseline),
            Some(PayloadType::Root) => Ok(EventKind::Root),
            _ => Err(RegistryError::NotPublished),
        }
    }

    /// Whether these very bytes are published as a look-up, the enrolment, the agreements or a root.
    pub(crate) fn has_published(&self, envelope: &[u8]) -> bool {
        let lookups = self.lookups.values().map(|known| &known.envelope);
        let enrolment = self.enrolment.iter().map(|known| &known.envelope);
        let agreements = self.agreements.iter().map(|known| &known.envelope);
        let mut known = lookups.chain(enrolment).chain(agreements).chain(self.roots.values());
        known.any(|known| known.as_slice() == envelope)
    }

    fn import(&mut self, event: &GovernanceEvent, envelope: &Envelope) -> Result<(), RegistryError> {
        let approved = self.root.approve(envelope, event.at)?;
        let digest = approved.digest();
        if let Some(known) = self.proposals.get(&digest) {
            let mut known = Proposal::clone(known);
            known.absorb(envelope);
            known.approve(event.at, approved.approved_by());
            self.proposals.insert(digest, Arc::new(known));
        } else {
            self.room_for(approved.template())?;
            let mut proposal = Proposal::new(approved.template().clone(), envelope, event);
            proposal.approve(event.at, approved.approved_by());
            self.proposals.insert(digest, Arc::new(proposal));
        }
        self.supersede(&digest);
        Ok(())
    }

    fn propose(&mut self, event: &GovernanceEvent, envelope: &Envelope) -> Result<(), RegistryError> {
        let caller = self.person(&event.who)?;
        let keys = self.root.person(&caller).map(|person| person.keys.clone()).unwrap_or_default();
        let verified = envelope.verify(PayloadType::Template, &keys)?;
        if envelope.signature_count() != 1 {
            return Err(RegistryError::NotAlone);
        }
        let template = Template::parse(verified.payload)?;
        if !caller.is_written(&template.author) {
            return Err(RegistryError::NotTheAuthor { author: template.author, caller: event.who.clone() });
        }
        if self.proposals.contains_key(&Digest::of(verified.payload)) {
            return Err(RegistryError::ProposedBefore);
        }
        if event.at.date_naive() > template.expires {
            return Err(RegistryError::Past(template.expires));
        }
        self.room_for(&template)?;
        let known = self.versions(&template.id).filter(|known| known.approved_at.is_some());
        if let Some(known) = known.map(|known| known.template.version).max().filter(|known| *known >= template.version)
        {
            return Err(RegistryError::Version { id: template.id, known });
        }
        let digest = Digest::of(verified.payload);
        self.proposals.insert(digest, Arc::new(Proposal::new(template, envelope, event)));
        Ok(())
    }

    fn review(&mut self, event: &GovernanceEvent, envelope: &Envelope) -> Result<(), RegistryError> {
        let caller = self.person(&event.who)?;
        let review = self.root.review(envelope, event.at)?;
        let reviewer = &review.document().reviewer;
        if *reviewer != caller {
            return Err(RegistryError::NotTheCaller { signer: reviewer.to_string(), caller: event.who.clone() });
        }
        let digest = review.document().template_sha256;
        let mut proposal = self.open(&digest, event)?;
        if caller.is_written(&proposal.template.author) {
            return Err(RegistryError::OwnTemplate);
        }
        if proposal.reviews.len() >= REVIEWS_MAX {
            return Err(RegistryError::Full("reviews of this proposal"));
        }
        proposal.review(review, event);
        self.proposals.insert(digest, Arc::new(proposal));
        Ok(())
    }

    fn sign(&mut self, event: &GovernanceEvent, envelope: &Envelope) -> Result<(), RegistryError> {
        let caller = self.person(&event.who)?;
        let digest = envelope.payload_digest();
        let mut proposal = self.open(&digest, event)?;
        if caller.is_written(&proposal.template.author) {
            return Err(RegistryError::OwnTemplate);
        }
        let signers = self.root.signers(Role::Template, envelope, PayloadType::Template)?;
        if !signers.contains(&caller) {
            let signer = signers.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            return Err(RegistryError::NotTheCaller { signer, caller: event.who.clone() });
        }
        // Nobody fills an envelope with signatures that are nobody's.
        if envelope.signature_count() != 1 {
            return Err(RegistryError::NotAlone);
        }
        if !proposal.approves(&caller) {
            return Err(RegistryError::NotReviewed);
        }
        proposal.absorb(envelope);
        proposal.signed(event);
        if let Ok(approved) = self.root.approve(&proposal.envelope, event.at) {
            proposal.approve(event.at, approved.approved_by());
        }
        let approved = proposal.approved_at.is_some();
        self.proposals.insert(digest, Arc::new(proposal));
        if approved {
            self.supersede(&digest);
        }
        Ok(())
    }

    fn withdraw(&mut self, event: &GovernanceEvent, envelope: &Envelope) -> Result<(), RegistryError> {
        let caller = self.person(&event.who)?;
        let withdrawal = self.root.withdrawal(envelope, event.at)?;
        let document = withdrawal.document();
        if document.person != caller {
            return Err(RegistryError::NotTheCaller { signer: document.person.to_string(), caller: event.who.clone() });
        }
        let known = self.proposals.get(&document.template_sha256).ok_or(RegistryError::Unknown)?;
        let mut proposal = Proposal::clone(known);
        let found = format!("{} version {}", proposal.template.id, proposal.template.version);
        let named = format!("{} version {}", document.id, document.version);
        if found != named {
            return Err(RegistryError::OtherTemplate { named, found });
        }
        if proposal.withdrawn {
            return Err(RegistryError::Settled("withdrawn"));
        }
        proposal.withdraw(&document.reason, event);
        self.proposals.insert(document.template_sha256, Arc::new(proposal));
        self.withdrawals.push(Arc::new(event.envelope.clone()));
        Ok(())
    }

    /// A proposal that still takes views and signatures.
    fn open(&self, digest: &Digest, event: &GovernanceEvent) -> Result<Proposal, RegistryError> {
        let proposal = self.proposals.get(digest).ok_or(RegistryError::Unknown)?;
        if proposal.withdrawn {
            return Err(RegistryError::Settled("withdrawn"));
        }
        if event.at.date_naive() > proposal.template.expires {
            return Err(RegistryError::Settled("past its last day"));
        }
        Ok(Proposal::clone(proposal))
    }

    fn person(&self, name: &str) -> Result<PersonName, RegistryError> {
        let nobody = || RegistryError::Nobody(name.to_owned());
        let name: PersonName = name.parse().map_err(|_| nobody())?;
        self.root.person(&name).map(|person| person.name.clone()).ok_or_else(nobody)
    }

    fn room_for(&self, template: &Template) -> Result<(), RegistryError> {
        if self.proposals.len() >= PROPOSALS_MAX {
            return Err(RegistryError::Full("proposals"));
        }
        let (id, version) = (template.id.clone(), template.version);
        let twice = self.versions(&id).any(|known| known.template.version == version && known.approved_at.is_some());
        if twice { Err(RegistryError::Twice { id, version }) } else { Ok(()) }
    }

    /// Every proposal of this template.
    fn versions<'a>(&'a self, id: &'a str) -> impl Iterator<Item = &'a Arc<Proposal>> {
        self.proposals.values().filter(move |proposal| proposal.template.id == id)
    }

    /// Under a new trust root signatures may count no more: whoever signed with a key that is gone has to sign again.
    fn lapse(&mut self, event: &GovernanceEvent) {
        let root = &self.root;
        let suffice = |proposal: &Proposal| {
            let signers = root.signers(Role::Template, &proposal.envelope, PayloadType::Template);
            signers.is_ok_and(|signers| root.enough(Role::Template, &signers, Some(&proposal.template.author)).is_ok())
        };
        for proposal in self.proposals.values_mut() {
            if proposal.approved_at.is_some() && !proposal.lapsed && !proposal.withdrawn && !suffice(proposal) {
                let mut lapsed = Proposal::clone(proposal);
                lapsed.lapse(root.version(), event.at);
                *proposal = Arc::new(lapsed);
            }
        }
    }

    /// Published documents that too few people signed under the trust root of now, by name: they are to be signed anew.
    pub(crate) fn unsupported(&self) -> Vec<String> {
        let suffices = |role: Role, kind: PayloadType, bytes: &[u8]| {
            let envelope = Envelope::parse(bytes).ok();
            let signers = envelope.and_then(|envelope| self.root.signers(role, &envelope, kind).ok());
            signers.is_some_and(|signers| self.root.enough(role, &signers, None).is_ok())
        };
        let enrolment = self
            .enrolment
            .iter()
            .map(|known| (ENROLMENT, Role::Enrolment, PayloadType::Enrolment, known.envelope.as_slice()));
        let agreements = self
            .agreements
            .iter()
            .map(|known| (AGREEMENTS, Role::Enrolment, PayloadType::Agreements, known.envelope.as_slice()));
        let lookups = self
            .lookups
            .iter()
            .map(|(name, known)| (name.as_str(), Role::Lookup, PayloadType::Lookup, known.envelope.as_slice()));
        let all = enrolment.chain(agreements).chain(lookups);
        all.filter(|(_, role, kind, bytes)| !suffices(*role, *kind, bytes)).map(|(name, ..)| name.to_owned()).collect()
    }

    /// An approved version supersedes the earlier ones, for good.
    fn supersede(&mut self, digest: &Digest) {
        let Some(newest) = self.proposals.get(digest).map(|proposal| proposal.template.clone()) else { return };
        let higher =
            |known: &Proposal| known.template.id == newest.id && known.approved_at.is_some() && !known.withdrawn;
        let highest = self.proposals.values().filter(|known| higher(known)).map(|known| known.template.version).max();
        for proposal in self.proposals.values_mut() {
            if higher(proposal) && !proposal.superseded && Some(proposal.template.version) < highest {
                let mut earlier = Proposal::clone(proposal);
                earlier.supersede(highest.unwrap_or_default());
                *proposal = Arc::new(earlier);
            }
        }
    }

    /// The trust root of now.
    pub(crate) const fn root(&self) -> &TrustRoot {
        &self.root
    }

    /// The trust roots above a version, in order, at most so many bytes of them.
    pub(crate) fn roots_above(&self, version: u64, bytes: usize) -> Vec<Vec<u8>> {
        let mut left = bytes;
        let above = self.roots.range(version.saturating_add(1)..).map(|(_, envelope)| envelope);
        above
            .take_while(|envelope| {
                let fits = envelope.len() <= left;
                left = left.saturating_sub(envelope.len());
                fits
            })
            .take(wire::ROOTS_MAX)
            .map(|envelope| envelope.to_vec())
            .collect()
    }

    /// Every proposal, by digest.
    pub(crate) fn proposals(&self) -> impl Iterator<Item = (&Digest, &Arc<Proposal>)> {
        self.proposals.iter()
    }

    /// The proposal of this digest.
    pub(crate) fn proposal(&self, digest: &Digest) -> Option<&Arc<Proposal>> {
        self.proposals.get(digest)
    }

    /// Every look-up, by name.
    pub(crate) fn lookups(&self) -> impl Iterator<Item = &Published<Lookup>> {
        self.lookups.values()
    }

    /// The region's analysts and auditors, if they were published.
    pub(crate) fn enrolment(&self) -> Option<&Published<Enrolment>> {
        self.enrolment.as_ref()
    }

    /// The region's sharing agreements, if they were published.
    pub(crate) fn agreements(&self) -> Option<&Published<Agreements>> {
        self.agreements.as_ref()
    }

    /// The newest rebaseline, if there is one.
    pub(crate) fn newest_rebaseline(&self) -> Option<&Arc<Rebaseline>> {
        self.rebaselines.last()
    }

    /// The newest catalogue, if one was issued.
    pub(crate) fn catalogue(&self) -> Option<&Published<SignedCatalogue>> {
        self.catalogue.as_ref()
    }

    /// Every document that a catalogue of the registry's present state names, by the digest of its envelope.
    pub(crate) fn documents(&self) -> BTreeMap<Digest, Arc<Vec<u8>>> {
        let templates = self.proposals.values().filter(|known| known.approved_at.is_some());
        let templates = templates.map(|known| known.envelope_bytes());
        let lookups = self.lookups.values().map(|known| Arc::clone(&known.envelope));
        let enrolment = self.enrolment.iter().map(|known| Arc::clone(&known.envelope));
        let agreements = self.agreements.iter().map(|known| Arc::clone(&known.envelope));
        let withdrawals = self.withdrawals.iter().map(Arc::clone);
        templates
            .chain(lookups)
            .chain(enrolment)
            .chain(agreements)
            .chain(withdrawals)
            .map(|envelope| (Digest::of(&envelope), envelope))
            .collect()
    }
}

fn newer(version: u64, known: Option<u64>) -> Result<(), RegistryError> {
    match known {
        Some(known) if known >= version => Err(RegistryError::Older { known }),
        _ => Ok(()),
    }
}
