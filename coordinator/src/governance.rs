//! How what may be asked changes while the coordinator runs: one change at a time, kept before it counts.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use template::{Digest, Envelope, PersonName};
use wire::{
    CatalogueNews, GovernanceDoor, KnownCatalogue, ProposalDetail, ProposalSummary, ProviderCode, SignReceipt,
    TurnedAway,
};

use crate::catalogue::{self, Catalogue, LeftOut};
use crate::clock::whole_second;
use crate::coordinator::{Coordinator, ReloadError};
use crate::registry::{Registry, RegistryError};
use crate::store::{AuditKind, AuditNote, EventKind, GovernanceEvent, StoreError};

/// The most bytes of trust roots in one reply.
const ROOTS_BYTES_MAX: usize = 4 * 1024 * 1024;

/// What may be asked now.
pub(crate) struct Governed {
    pub registry: Registry,
    pub catalogue: Catalogue,
    /// Every document that the catalogue names, by the digest of its envelope.
    pub documents: BTreeMap<Digest, Arc<Vec<u8>>>,
    /// What has to be signed anew under the trust root of now: nodes believe it no more.
    pub unsupported: Vec<String>,
}

impl Governed {
    pub(crate) fn of(registry: Registry, before: Option<&Self>, now: DateTime<Utc>) -> (Self, Vec<LeftOut>) {
        let listed = before.map(|before| &before.catalogue);
        let (catalogue, left_out) = Catalogue::of(&registry, listed, &BTreeMap::new(), now);
        let documents = registry.documents();
        let unsupported = registry.unsupported();
        for name in &unsupported {
            tracing::error!(
                "under the trust root of now too few people signed {name}: have it signed anew and published"
            );
        }
        (Self { registry, catalogue, documents, unsupported }, left_out)
    }
}

impl GovernanceDoor for Coordinator {
    async fn propose(
        &self,
        guardian: PersonName,
        envelope: Vec<u8>,
        why: String,
    ) -> Result<ProposalSummary, TurnedAway> {
        let digest = digest(&envelope)?;
        self.happened(EventKind::Proposed, &guardian, why, envelope).await?;
        self.governed_summary(&digest, &guardian)
    }

    async fn proposals(&self, guardian: PersonName) -> Result<Vec<ProposalSummary>, TurnedAway> {
        let (governed, now) = (self.governed(), self.0.clock.now());
        known_person(&governed.registry, &guardian)?;
        let mut list: Vec<_> = governed
            .registry
            .proposals()
            .filter_map(|(digest, proposal)| governed.registry.summary(digest, proposal, &guardian, now))
            .collect();
        list.sort_by(|a, b| (b.proposed_at, &b.id, b.version).cmp(&(a.proposed_at, &a.id, a.version)));
        Ok(list)
    }

    async fn proposal(&self, guardian: PersonName, template: Digest) -> Result<ProposalDetail, TurnedAway> {
        let governed = self.governed();
        known_person(&governed.registry, &guardian)?;
        governed
            .registry
            .detail(&template, &guardian, self.0.clock.now())
            .ok_or_else(|| turned_away(&RegistryError::Unknown))
    }

    async fn review(&self, guardian: PersonName, envelope: Vec<u8>) -> Result<(), TurnedAway> {
        self.happened(EventKind::Reviewed, &guardian, String::new(), envelope).await
    }

    async fn sign(&self, guardian: PersonName, envelope: Vec<u8>) -> Result<SignReceipt, TurnedAway> {
        let digest = digest(&envelope)?;
        self.happened(EventKind::Signed, &guardian, String::new(), envelope).await?;
        let (governed, now) = (self.governed(), self.0.clock.now());
        let proposal = governed.registry.proposal(&digest).ok_or(TurnedAway::Failed)?;
        let missing = governed.registry.root().approve(&proposal.envelope, now).err();
        let listed = governed.registry.catalogue().map(|known| known.document.document());
        let listed = listed.filter(|catalogue| catalogue.template(digest).is_some());
        Ok(SignReceipt {
            state: proposal.state(now),
            catalogue_version: listed.map(|catalogue| catalogue.version),
            missing: missing.map_or_else(String::new, |missing| missing.to_string()),
        })
    }

    async fn withdraw(&self, guardian: PersonName, envelope: Vec<u8>) -> Result<(), TurnedAway> {
        self.happened(EventKind::Withdrawn, &guardian, String::new(), envelope).await
    }

    async fn publish(&self, guardian: PersonName, envelope: Vec<u8>) -> Result<(), TurnedAway> {
        let kind = Registry::published_kind(&envelope).map_err(|error| turned_away(&error))?;
        let governed = self.governed();
        known_person(&governed.registry, &guardian)?;
        // Brought again it changes nothing, and is no error: whoever starts a region need not know whether it ran before.
        if governed.registry.has_published(&envelope) {
            return Ok(());
        }
        self.happened(kind, &guardian, String::new(), envelope).await
    }
}

impl Coordinator {
    /// What may be asked now.
    pub(crate) fn governed(&self) -> Arc<Governed> {
        Arc::clone(&self.0.governed.read().unwrap_or_else(std::sync::PoisonError::into_inner))
    }

    /// The catalogue that providers fetch, unless this one has it.
    pub(crate) fn catalogue_news(&self, known: KnownCatalogue) -> Result<CatalogueNews, TurnedAway> {
        let governed = self.governed();
        let none = || TurnedAway::NotFound("this coordinator issues no catalogue".to_owned());
        let catalogue = governed.registry.catalogue().ok_or_else(none)?;
        let newest = (catalogue.document.document().version, Digest::of(&catalogue.envelope));
        if known.catalogue == Some(newest) && known.root_version >= governed.registry.root().version() {
            return Ok(CatalogueNews::Unchanged);
        }
        let roots = governed.registry.roots_above(known.root_version, ROOTS_BYTES_MAX);
        Ok(CatalogueNews::Changed { roots, catalogue: catalogue.envelope.to_vec() })
    }

    /// A document that the catalogue names.
    pub(crate) fn listed_document(&self, provider: &ProviderCode, digest: &Digest) -> Result<Vec<u8>, TurnedAway> {
        self.governed().documents.get(digest).map(|envelope| envelope.to_vec()).ok_or_else(|| {
            tracing::debug!(%provider, %digest, "a document was asked for that no catalogue names");
            TurnedAway::NotFound("no catalogue names that document".to_owned())
        })
    }

    /// Takes in what happened: it is verified, kept, and then it counts.
    async fn happened(
        &self,
        kind: EventKind,
        who: &PersonName,
        why: String,
        envelope: Vec<u8>,
    ) -> Result<(), TurnedAway> {
        let at = whole_second(self.0.clock.now());
        let event = GovernanceEvent { kind, who: who.to_string(), why, at, envelope };
        // It must run to its end even if the connection is lost meanwhile.
        let coordinator = self.clone();
        tokio::spawn(async move { coordinator.change(Some(event)).await }).await.map_err(|_| TurnedAway::Failed)?
    }

    /// Issues the next catalogue, if half of the life of the last is over. A served coordinator does it by itself.
    pub async fn renew_catalogue(&self) {
        if let Err(error) = self.change(None).await {
            tracing::error!("the catalogue could not be renewed: {error}");
        }
    }

    /// Takes up what is new in the folders of templates and look-ups.
    pub(crate) async fn import(&self) -> Result<(), ReloadError> {
        let _turn = self.0.governing.lock().await;
        let (now, before) = (self.0.clock.now(), self.governed());
        let mut registry = before.registry.clone();
        let config = &self.0.config;
        let imported = catalogue::import(&mut registry, &config.templates, &config.lookups, now);
        let mut imported = imported.map_err(ReloadError::Catalogue)?;
        for LeftOut { file, why } in &imported.left_out {
            tracing::error!(file = %file.display(), "left out of the catalogue: {why}");
        }
        if let Some(issuer) = &self.0.issuer {
            imported.events.extend(registry.issue(issuer, now)?);
            let notes = imported.events.iter().map(note).collect();
            self.0.store.add_governance(imported.events, notes, Vec::new(), whole_second(now)).await?;
        }
        self.take_up(registry, before, now).await.map_err(|_| StoreError::Busy)?;
        Ok(())
    }

    /// From here on this is what may be asked.
    async fn take_up(&self, registry: Registry, before: Arc<Governed>, now: DateTime<Utc>) -> Result<(), TurnedAway> {
        let take_up = move || Governed::of(registry, Some(&before), now);
        let (governed, left_out) = tokio::task::spawn_blocking(take_up).await.map_err(|_| TurnedAway::Failed)?;
        for LeftOut { file, why } in left_out {
            tracing::error!(template = %file.display(), "cannot be asked: {why}");
        }
        *self.0.governed.write().unwrap_or_else(std::sync::PoisonError::into_inner) = Arc::new(governed);
        Ok(())
    }

    async fn change(&self, event: Option<GovernanceEvent>) -> Result<(), TurnedAway> {
        let _turn = self.0.governing.lock().await;
        let now = self.0.clock.now();
        let before = self.governed();
        let mut registry = before.registry.clone();
        let (mut events, mut lives) = (Vec::new(), Vec::new());
        if let Some(event) = event {
            registry.apply(&event).map_err(|error| turned_away(&error))?;
            if event.kind == EventKind::Proposed {
                plan_fits(&registry, &event.envelope)?;
            }
            if event.kind == EventKind::Rebaseline
                && let Some(rebaseline) = registry.newest_rebaseline()
            {
                let document = rebaseline.document();
                lives.push((document.provider.clone(), document.epoch.to_string()));
            }
            events.push(event);
        }
        if let Some(issuer) = &self.0.issuer {
            let issued = registry.issue(issuer, now).map_err(|error| {
                tracing::error!("{error}");
                TurnedAway::Failed
            })?;
            events.extend(issued);
        }
        if events.is_empty() {
            return Ok(());
        }
        let notes = events.iter().map(note).collect();
        let begun: Vec<ProviderCode> = lives.iter().map(|(provider, _)| provider.clone()).collect();
        self.0.store.add_governance(events, notes, lives, whole_second(now)).await.map_err(|error| {
            tracing::error!("a change of what may be asked could not be kept: {error}");
            TurnedAway::Failed
        })?;
        self.take_up(registry, before, now).await?;
        for provider in begun {
            self.state().forget_known(&provider);
        }
        Ok(())
    }

    fn governed_summary(&self, digest: &Digest, guardian: &PersonName) -> Result<ProposalSummary, TurnedAway> {
        let (governed, now) = (self.governed(), self.0.clock.now());
        let proposal = governed.registry.proposal(digest).ok_or(TurnedAway::Failed)?;
        governed.registry.summary(digest, proposal, guardian, now).ok_or(TurnedAway::Failed)
    }
}

/// Whether a proposed template's SQL is admitted, with the look-ups that are published.
fn plan_fits(registry: &Registry, envelope: &[u8]) -> Result<(), TurnedAway> {
    let proposal = registry.proposal(&digest(envelope)?).ok_or(TurnedAway::Failed)?;
    let bad = |error: &dyn std::fmt::Display| TurnedAway::BadRequest(error.to_string());
    let lookups = catalogue::named_lookups(registry, &proposal.template.lookups).map_err(|error| bad(&error))?;
    plan::check_template(&proposal.template, &catalogue::schemas(&lookups)).map_err(|error| bad(&error))?;
    Ok(())
}

/// The log's note of an event.
pub(crate) fn note(event: &GovernanceEvent) -> AuditNote {
    let payload = Envelope::parse(&event.envelope).map(|envelope| envelope.payload_digest());
    let digest = payload.unwrap_or_else(|_| Digest::of(&event.envelope));
    AuditNote {
        kind: if event.kind == EventKind::Catalogue { AuditKind::Published } else { AuditKind::Governed },
        subject: event.kind.word().to_owned(),
        who: if event.who.is_empty() { "coordinator".to_owned() } else { event.who.clone() },
        digest,
        detail: event.why.clone(),
    }
}

fn known_person(registry: &Registry, guardian: &PersonName) -> Result<(), TurnedAway> {
    let known = registry.root().person(guardian).is_some();
    known.then_some(()).ok_or_else(|| turned_away(&RegistryError::Nobody(guardian.to_string())))
}

fn digest(envelope: &[u8]) -> Result<Digest, TurnedAway> {
    let envelope = Envelope::parse(envelope).map_err(|error| TurnedAway::BadRequest(error.to_string()))?;
    Ok(envelope.payload_digest())
}

fn turned_away(error: &RegistryError) -> TurnedAway {
    let words = error.to_string();
    match error {
        RegistryError::Unknown => TurnedAway::NotFound(words),
        RegistryError::Nobody(_) | RegistryError::NotTheCaller { .. } | RegistryError::OwnTemplate => {
            TurnedAway::NotAllowed(words)
        }
        _ => TurnedAway::BadRequest(words),
    }
}
