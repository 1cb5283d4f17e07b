//! Whether an order may be answered: the region's approval, the provider's own rules, and what the question reads.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use disclosure::MeasureKind;
use plan::Checked;
use template::{Approved, Digest, Lookup, Query};
use wire::{Dispatch, Order};

use crate::analyst;
use crate::answer::Inner;
use crate::config::{CatalogueUse, Config};
use crate::coverage::{CellCoverage, Held};
use crate::ledger::{AnswerKey, Approval, Asked, Event, Kept, Kind};
use crate::policy::{self, Reason};
use crate::refusals::Refusals;
use crate::region::Region;
use crate::snapshot::Snapshot;

/// What came of admitting an order.
pub(crate) struct Admitted {
    pub query: Query,
    pub lookups: Vec<Arc<Lookup>>,
    pub checked: Arc<Checked>,
    pub snapshot: Arc<Snapshot>,
    pub coverage: CellCoverage,
    pub key: AnswerKey,
    pub now: DateTime<Utc>,
    /// What the answer is made under, to be kept beside it.
    pub documents: Vec<Kept>,
}

impl Inner {
    /// Admits an order, or says why not. What is learnt on the way is filled into `asked`, for the audit.
    pub(crate) async fn admit(
        &self,
        order: &Order,
        dispatch: &Dispatch,
        asked: &mut Asked,
    ) -> Result<Admitted, Reason> {
        let config = &self.provider.config;
        let last_known = self.provider.ledger.last_known_time().await?;
        let now = self.provider.clock.now();
        policy::in_time(order, now, last_known)?;
        let now = now.max(last_known);
        let refusals = self.refusals()?;
        refusals.answers()?;
        let region = self.provider.custody.region();
        let approved = self.host.template(&region.root, &dispatch.template, now)?;
        if approved.digest() != order.template {
            return Err(Reason::TemplateMismatch);
        }
        asked.context.approval = Some(approval(&approved));
        let mut documents =
            vec![Kept { kind: Kind::Template, payload: approved.digest(), envelope: dispatch.template.clone() }];
        self.listed(&region, &approved, asked, now)?;
        let asker = analyst::asker(
            order,
            dispatch.request.as_deref(),
            &approved,
            &region,
            config.governance.analyst_signature,
        )?;
        asked.context.request_sha256 = asker.request.as_ref().map(|request| request.payload.to_string());
        asked.context.organisation = asker.organisation;
        documents.extend(asker.request);
        policy::permitted(&config.admission, config.kind, approved.template(), &order.purpose)?;
        self.accepted(&approved, now).await?;
        refusals.allow(approved.template(), &order.purpose, asked.context.organisation.as_deref())?;
        let query = Query::bind(Arc::clone(&approved), &order.parameters).map_err(|_| Reason::BadParameters)?;
        let lookups = self.lookups(&region, &approved, dispatch, now).await?;
        documents.extend(lookups_kept(&lookups, dispatch));
        let checked = self.host.plan(&approved, &lookups)?;
        let snapshot = self.provider.snapshot().map_err(|error| self.integrity(&error))?;
        let tables: Vec<&str> = checked.tables().iter().map(|read| read.name.as_str()).collect();
        let coverage = held(config, &snapshot).of(&query, &tables).ok_or(Reason::NotCovered)?;
        self.can_be_added_up(&query, &snapshot, &tables)?;
        snapshot.unchanged(tables).map_err(|error| self.integrity(&error))?;
        let digests: Vec<Digest> = lookups.iter().map(|lookup| lookup.digest()).collect();
        let key = AnswerKey { fingerprint: query.fingerprint(&digests), snapshot: snapshot.id() };
        Ok(Admitted { query, lookups, checked, snapshot, coverage, key, now, documents })
    }

    /// Whether the catalogue in force lists the template as approved, under an agreement in force.
    fn listed(
        &self,
        region: &Region,
        approved: &Approved,
        asked: &mut Asked,
        now: DateTime<Utc>,
    ) -> Result<(), Reason> {
        if self.provider.config.governance.catalogue == CatalogueUse::NotUsed {
            return Ok(());
        }
        asked.context.catalogue = region.in_force(now).map(|catalogue| catalogue.version);
        region.lists(approved.digest(), now)?;
        region.agrees(approved.template(), now)
    }

    /// Whether the provider's own guardian lets the template run here.
    async fn accepted(&self, approved: &Approved, now: DateTime<Utc>) -> Result<(), Reason> {
        let provider = &self.provider;
        let governance = &provider.config.governance;
        let (documents, events): (Vec<Kept>, Vec<Event>) =
            provider.words.look(governance, provider.code()).into_iter().unzip();
        if !events.is_empty() {
            provider.ledger.note(documents, events, now).await?;
        }
        provider.words.allow(governance, approved.digest(), approved.template())
    }

    /// Refuses a sum over a table that holds an amount below zero, whoever is asked about: were it refused only where such
    /// a row is met, the refusal would tell of whom it is.
    fn can_be_added_up(&self, query: &Query, snapshot: &Snapshot, tables: &[&str]) -> Result<(), Reason> {
        let adds = query.measures().iter().any(|measure| matches!(measure.kind(), MeasureKind::Sum { .. }));
        let negative = tables.iter().find(|name| snapshot.tables().get(**name).is_some_and(|table| table.is_negative));
        let Some(table) = negative.filter(|_| adds) else { return Ok(()) };
        tracing::error!(
            provider = %self.provider.code(), %table,
            "nothing is counted: some amount is below zero, and the question adds amounts up; correct it at its source and \
             take a new snapshot"
        );
        Err(Reason::DataIntegrity)
    }

    /// What the provider refuses at this moment. Where that cannot be known, everything.
    fn refusals(&self) -> Result<Refusals, Reason> {
        self.provider.config.governance.refusals.read().map_err(|error| {
            tracing::error!(provider = %self.provider.code(), "EVERYTHING IS REFUSED: {error}");
            Reason::RefusalsUnreadable
        })
    }

    /// The look-ups that the template names, in its order; each approved, and no older than one seen before.
    async fn lookups(
        &self,
        region: &Region,
        approved: &Approved,
        dispatch: &Dispatch,
        now: DateTime<Utc>,
    ) -> Result<Vec<Arc<Lookup>>, Reason> {
        let names = &approved.template().lookups;
        let catalogue = self.provider.config.governance.catalogue;
        let found = dispatch.lookups.iter().take(names.len()).map(|bytes| self.host.lookup(&region.root, bytes, now));
        let found = found.collect::<Result<Vec<_>, _>>()?;
        let mut lookups = Vec::with_capacity(names.len());
        for name in names {
            let lookup = found.iter().find(|lookup| lookup.name() == name).ok_or(Reason::LookupMissing)?;
            if lookup.version() < self.provider.ledger.lookup_version(name.clone()).await? {
                return Err(Reason::LookupRolledBack);
            }
            if catalogue == CatalogueUse::Required {
                region.lists_lookup(name, lookup.digest(), now)?;
            }
            lookups.push(Arc::clone(lookup));
        }
        Ok(lookups)
    }
}

/// Which approved version is asked for, and who approved it, for the audit.
fn approval(approved: &Approved) -> Approval {
    let template = approved.template();
    Approval {
        id: template.id.clone(),
        version: template.version,
        title: template.title.clone(),
        agreement: template.agreement.clone(),
        approved_by: approved.approved_by().to_vec(),
    }
}

/// The look-ups that were read, as they came.
fn lookups_kept(lookups: &[Arc<Lookup>], dispatch: &Dispatch) -> Vec<Kept> {
    let payload = |envelope: &Vec<u8>| {
        let parsed = template::Envelope::parse(envelope).ok()?;
        let payload = Digest::of(parsed.unverified_payload());
        lookups.iter().any(|lookup| lookup.digest() == payload).then_some(payload)
    };
    let kept = dispatch.lookups.iter().take(lookups.len()).filter_map(|envelope| {
        Some(Kept { kind: Kind::Lookup, payload: payload(envelope)?, envelope: envelope.clone() })
    });
    kept.collect()
}

/// The tables that the snapshot holds, with the configured days on which each is complete.
pub(crate) fn held<'a>(config: &'a Config, snapshot: &Snapshot) -> Held<'a> {
    let held = config.sources.tables.iter().filter(|(name, _)| snapshot.tables().contains_key(**name));
    Held::new(held.map(|(name, source)| (*name, source.covers)), snapshot.taken_at().date_naive())
}
