//! What the region lets be asked now, as this node has verified it: one set, which changes as a whole.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use template::{
    Agreements, CatalogueDocument, Digest, Enrolment, Envelope, PinnedBytes, Role, TakenCatalogue, Template,
    TemplateStatus, TrustRoot,
};

use crate::ledger::Standing;
use crate::policy::Reason;

/// The trust root in force, and the catalogue with what it lists.
pub(crate) struct Region {
    /// The pinned trust root, or the last that succeeded it.
    pub root: TrustRoot,
    /// The newest catalogue that was verified, fresh or not.
    pub taken: Option<TakenCatalogue>,
    /// The digest of its envelope.
    pub envelope: Option<Digest>,
    /// Whether its signature holds under the trust root in force.
    pub signed: Signed,
    /// Who may ask.
    pub enrolment: Ruling<Enrolment>,
    /// Under which agreements.
    pub agreements: Ruling<Agreements>,
    /// Templates that a person of the region ended, whatever the catalogue's list says.
    pub withdrawn: Vec<Digest>,
}

/// A document of the region that rules what is asked.
#[derive(Clone, Debug)]
pub(crate) enum Ruling<T> {
    /// The catalogue lists none.
    None,
    /// One is listed, and under the trust root of now too few people signed it: until they sign it anew, whatever it would
    /// have to allow is refused.
    Unsupported,
    /// This one.
    Verified(T),
}

impl<T> Ruling<T> {
    /// What a listed document says, where it verifies.
    fn of<L>(listed: Option<&L>, verify: impl FnOnce(&L) -> Option<T>) -> Self {
        listed.map_or(Self::None, |listed| verify(listed).map_or(Self::Unsupported, Self::Verified))
    }

    /// The document, if it rules.
    pub(crate) const fn verified(&self) -> Option<&T> {
        match self {
            Self::Verified(document) => Some(document),
            Self::None | Self::Unsupported => None,
        }
    }
}

/// Whether a kept catalogue is signed by the keys of the trust root in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signed {
    /// By others: the root was succeeded since.
    Otherwise,
    /// By them.
    UnderThisRoot,
}

/// Documents by the digest of their envelopes, to build a region from.
pub(crate) type Documents = BTreeMap<Digest, Vec<u8>>;

impl Region {
    /// Nothing but the pinned root.
    pub(crate) fn of_root(root: TrustRoot) -> Self {
        Self {
            root,
            taken: None,
            envelope: None,
            signed: Signed::Otherwise,
            enrolment: Ruling::None,
            agreements: Ruling::None,
            withdrawn: Vec::new(),
        }
    }

    /// What the ledger's events and documents say, from the pinned root on. What does not verify is left out.
    pub(crate) fn kept(pinned: TrustRoot, standing: &Standing, documents: &Documents, now: DateTime<Utc>) -> Self {
        let envelope = |digest: &Digest| documents.get(digest).and_then(|bytes| Envelope::parse(bytes).ok());
        let roots = standing.roots.iter().filter_map(|(_, sha256)| envelope(sha256));
        let root = roots.fold(pinned, |root, next| root.succeed(&next).unwrap_or(root));
        let mut region = Self::of_root(root);
        let Some((_, sha256)) = standing.catalogue else { return region };
        let Some(kept) = envelope(&sha256) else { return region };
        region.signed = match region.root.signers(Role::Catalogue, &kept, template::PayloadType::Catalogue) {
            Ok(_) => Signed::UnderThisRoot,
            Err(_) => Signed::Otherwise,
        };
        region.taken = TakenCatalogue::read(kept.unverified_payload()).ok();
        region.envelope = Some(sha256);
        region.read_listed(documents, now);
        region
    }

    /// Reads what the catalogue lists from `documents`, where it verifies under the root in force.
    pub(crate) fn read_listed(&mut self, documents: &Documents, now: DateTime<Utc>) {
        let Some(document) = self.taken.as_ref().map(|taken| taken.document().clone()) else { return };
        let open = |pinned: &PinnedBytes| pinned.open(documents.get(&pinned.sha256)?).ok();
        let CatalogueDocument { enrolment, agreements, withdrawals, .. } = &document;
        self.enrolment =
            Ruling::of(enrolment.as_ref(), |listed| self.root.enrolment(&open(&listed.envelope)?, now).ok());
        self.agreements =
            Ruling::of(agreements.as_ref(), |listed| self.root.agreements(&open(&listed.envelope)?, now).ok());
        let ended = withdrawals.iter().filter_map(|pinned| self.root.withdrawal(&open(pinned)?, now).ok());
        self.withdrawn = ended.map(|withdrawal| withdrawal.document().template_sha256).collect();
    }

    /// The catalogue, where it is in force.
    pub(crate) fn in_force(&self, now: DateTime<Utc>) -> Option<&CatalogueDocument> {
        let document = self.taken.as_ref()?.document();
        let fresh = self.signed == Signed::UnderThisRoot
            && !document.is_stale(now)
            && !document.is_from_the_future(now)
            && !self.root.has_expired(now);
        fresh.then_some(document)
    }

    /// Whether the catalogue lets a template be asked: it is in force, lists it as approved, and nobody ended it.
    pub(crate) fn lists(&self, template: Digest, now: DateTime<Utc>) -> Result<(), Reason> {
        let catalogue = self.in_force(now).ok_or(Reason::CatalogueStale)?;
        let listed = catalogue.template(template).ok_or(Reason::NotListed)?;
        let asked = listed.status == TemplateStatus::Approved && !self.withdrawn.contains(&template);
        asked.then_some(()).ok_or(Reason::NotListed)
    }

    /// Whether the look-up is the very one that the catalogue lists.
    pub(crate) fn lists_lookup(&self, name: &str, digest: Digest, now: DateTime<Utc>) -> Result<(), Reason> {
        let catalogue = self.in_force(now).ok_or(Reason::CatalogueStale)?;
        let listed = catalogue.lookup(name).is_some_and(|listed| listed.sha256 == digest);
        listed.then_some(()).ok_or(Reason::LookupRolledBack)
    }

    /// Whether the agreement under which a template runs is in force, where the region lists its agreements.
    pub(crate) fn agrees(&self, template: &Template, now: DateTime<Utc>) -> Result<(), Reason> {
        let agreements = match &self.agreements {
            Ruling::None => return Ok(()),
            Ruling::Unsupported => return Err(Reason::AgreementEnded),
            Ruling::Verified(agreements) => agreements,
        };
        let found = agreements.document().in_force(&template.agreement, now.date_naive());
        found.map(|_| ()).map_err(|_| Reason::AgreementEnded)
    }
}
