//! Verifying and checking what the catalogue lists before the first order asks for it: no order waits for it then, and
//! the operator hears at once of a template that this node will refuse.
//!
//! Nothing of it outlives the process. A start verifies every signature and checks every plan anew, from documents whose
//! digests the signed catalogue lists.

use std::num::NonZeroUsize;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use template::{Approved, Digest, Lookup, Template, TemplateStatus};

use crate::config::CatalogueUse;
use crate::host::{Host, SHELF, processors, schemas};
use crate::provider::Provider;
use crate::region::Region;

/// What came of preparing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Prepared {
    /// Templates that may be asked at once.
    pub ready: usize,
    /// Templates that every order will be refused for.
    pub refused: usize,
}

impl Host {
    /// Prepares what a provider's ledger kept, on all processors: at the start, before anything is asked. Blocks.
    pub(crate) fn prepare_kept(&self, provider: &Provider) {
        if provider.config.governance.catalogue == CatalogueUse::NotUsed {
            return;
        }
        let document = |sha256: &Digest| provider.ledger.document_now(*sha256);
        self.prepare(&provider.custody.region(), &document, provider.clock.now(), processors());
    }

    /// Verifies the approved templates that the region's catalogue lists and checks their SQL, on at most `threads`
    /// threads; nothing where that was done in this process before, or the catalogue is not in force. At most as many
    /// templates as are remembered, those listed first. `document` gives a listed document by the digest of its envelope.
    pub(crate) fn prepare(
        &self,
        region: &Region,
        document: &dyn Fn(&Digest) -> Option<Vec<u8>>,
        now: DateTime<Utc>,
        threads: NonZeroUsize,
    ) -> Prepared {
        let Some((catalogue, envelope)) = region.in_force(now).zip(region.envelope) else { return Prepared::default() };
        if !self.begins(region.root.digest(), envelope) {
            return Prepared::default();
        }
        let approved = |sha256| self.lookup(&region.root, &document(sha256)?, now).ok();
        let lookups: Vec<Arc<Lookup>> =
            catalogue.lookups.iter().filter_map(|listed| approved(&listed.envelope.sha256)).collect();
        let listed = catalogue.templates.iter().filter(|listed| listed.status == TemplateStatus::Approved);
        let listed: Vec<_> = listed.filter(|listed| !region.withdrawn.contains(&listed.sha256)).take(SHELF).collect();
        let questions: Vec<(Arc<Approved>, Vec<Arc<Lookup>>)> = listed
            .iter()
            .filter_map(|listed| {
                let approved = self.template(&region.root, &document(&listed.envelope.sha256)?, now).ok()?;
                let named = approved.template().lookups.iter();
                let found = named.map(|name| lookups.iter().find(|lookup| lookup.name() == name).cloned());
                let found = found.collect::<Option<Vec<_>>>()?;
                Some((approved, found))
            })
            .collect();
        let texts: Vec<(&Template, _)> =
            questions.iter().map(|(approved, lookups)| (approved.template(), schemas(lookups))).collect();
        let checked = self.checker.check_all(&texts, threads);
        let planned = questions
            .iter()
            .zip(checked)
            .map(|((approved, lookups), checked)| self.planned(approved, lookups, checked));
        let ready = planned.filter(Result::is_ok).count();
        let prepared = Prepared { ready, refused: listed.len() - ready };
        let version = catalogue.version;
        if prepared.refused > 0 {
            tracing::warn!(
                version,
                ready,
                refused = prepared.refused,
                "not every template of the catalogue can be asked here: its approval, its look-ups or its SQL do not hold"
            );
        } else {
            tracing::info!(version, ready, "the catalogue's templates are verified and checked");
        }
        prepared
    }
}

#[cfg(test)]
mod tests {
    use template::{CatalogueDocument, ListedTemplate, PinnedBytes, TakenCatalogue};

    use super::*;
    use crate::fixture::Site;
    use crate::region::{Documents, Signed};

    const ONE: NonZeroUsize = NonZeroUsize::MIN;

    /// A region whose catalogue, issued `minutes` ago, lists these envelopes as approved.
    fn region(site: &Site, envelopes: &[(Digest, Vec<u8>)], minutes: i64) -> (Region, Documents) {
        let issued_at = DateTime::from_timestamp(Utc::now().timestamp() - 60 * minutes, 0).unwrap();
        let listed = |(place, (sha256, bytes)): (usize, &(Digest, Vec<u8>))| ListedTemplate {
            id: format!("t{place}"),
            version: 1,
            sha256: *sha256,
            envelope: PinnedBytes::of(bytes),
            status: TemplateStatus::Approved,
        };
        let document = CatalogueDocument {
            version: 1,
            issued_at,
            expires: issued_at + chrono::Duration::hours(1),
            root_version: 1,
            templates: envelopes.iter().enumerate().map(listed).collect(),
            lookups: vec![],
            withdrawals: vec![],
            enrolment: None,
            agreements: None,
        };
        let bytes = serde_json::to_vec(&document).unwrap();
        let mut region = Region::of_root(site.root());
        region.taken = Some(TakenCatalogue::read(&bytes).unwrap());
        region.envelope = Some(Digest::of(&bytes));
        region.signed = Signed::UnderThisRoot;
        (region, envelopes.iter().map(|(_, bytes)| (Digest::of(bytes), bytes.clone())).collect())
    }

    #[test]
    fn what_the_catalogue_lists_is_checked_before_it_is_asked() {
        let site = Site::new();
        let good = site.template(("1", "1"));
        let sql = ("from hospital_spell", "from hospital_spell cross join person");
        let more = ("select person_id,", "select hospital_spell.person_id,");
        let bad = site.template(sql);
        let joined = site.signed(String::from_utf8(payload(&good.1)).unwrap().replace(more.0, more.1));
        let forged = (Digest::of(b"forged"), b"{}".to_vec());
        let envelopes = [good.clone(), bad, joined, forged];
        let (known, documents) = region(&site, &envelopes, 0);
        let document = |sha256: &Digest| documents.get(sha256).cloned();
        let host = Host::new().unwrap();
        let now = Utc::now();
        assert_eq!(host.prepare(&known, &document, now, ONE), Prepared { ready: 2, refused: 2 });
        // A second provider of the process has the same catalogue: nothing is done twice.
        assert_eq!(host.prepare(&known, &document, now, ONE), Prepared::default());
        // What was prepared is what an order is answered with; what is altered on the disk was never believed.
        let approved = host.template(&known.root, &good.1, now).unwrap();
        assert!(host.plan(&approved, &[]).is_ok());
        let (stale, _) = region(&site, &envelopes[..1], 61);
        assert_eq!(Host::new().unwrap().prepare(&stale, &document, now, ONE), Prepared::default());
    }

    fn payload(envelope: &[u8]) -> Vec<u8> {
        template::Envelope::parse(envelope).unwrap().unverified_payload().to_vec()
    }
}
