//! Checkpoints: the node signs how long its audit is and how it ends, the coordinator signs beside it, and the other way
//! round. Neither can rewrite its own log alone.

use template::{Checkpoint, CheckpointDocument, Digest, Document as _, Envelope, LogName, PayloadType};
use wire::{CheckpointVerdict, OpenLink};

use crate::answer::Inner;
use crate::ledger::{Event, Kept, Kind, Length, Whose};

/// The longest checkpoint that is looked at, in bytes.
const BYTES_MAX: usize = 64 * 1024;

impl Inner {
    /// Has this provider's log countersigned, where it has grown, and countersigns the coordinator's.
    pub(super) async fn exchange_checkpoints(&self, link: &OpenLink) {
        if let Some(own) = self.own_checkpoint().await {
            match link.countersign(own.clone()).await {
                Err(error) => {
                    tracing::debug!(provider = %self.provider.code(), "no checkpoint is countersigned: {error}");
                }
                Ok(said) => {
                    if let Some(bytes) = said.coordinator {
                        self.witness(link, &bytes).await;
                    }
                    // Kept last: an exchange that is cut off before is made again.
                    match said.verdict {
                        CheckpointVerdict::Countersigned(bytes) => self.countersigned(&own, bytes).await,
                        CheckpointVerdict::Conflict(bytes) => self.conflict(&bytes).await,
                    }
                }
            }
        }
    }

    /// A new checkpoint, where the audit has grown by more than checkpoints since the last.
    async fn own_checkpoint(&self) -> Option<Vec<u8>> {
        let Length { epoch, decisions, head, grown } = self.provider.ledger.length().await.ok()?;
        if !grown {
            return None;
        }
        let document = CheckpointDocument {
            log: LogName::Provider(self.provider.code().clone()),
            epoch: epoch.parse().ok()?,
            size: decisions,
            head,
            at: chrono::DateTime::from_timestamp(self.now().await.timestamp(), 0)?,
        };
        Some(document.sign(&[&self.provider.config.signing_key]).to_bytes())
    }

    /// Keeps the checkpoint that both signed.
    async fn countersigned(&self, own: &[u8], bytes: Vec<u8>) {
        let config = &self.provider.config;
        let both = |bytes: &[u8]| {
            let (ours, theirs) = (Envelope::parse(own).ok()?, Envelope::parse(bytes).ok()?);
            let same = ours.unverified_payload() == theirs.unverified_payload();
            let checkpoint = Checkpoint::verify(&theirs, &config.coordinator.key).ok()?;
            Checkpoint::verify(&theirs, &config.signing_key.public()).ok()?;
            same.then_some(checkpoint)
        };
        match both(&bytes).filter(|_| bytes.len() <= BYTES_MAX) {
            Some(checkpoint) => self.keep(Whose::Own, &checkpoint, bytes).await,
            None => tracing::warn!(
                provider = %config.provider,
                "what the coordinator sent back for a checkpoint is not that checkpoint with its signature"
            ),
        }
    }

    /// The coordinator holds another checkpoint of this log. Where this provider signed it, and the ledger does not hold
    /// it, the ledger is not the one that the provider had.
    async fn conflict(&self, bytes: &[u8]) {
        let config = &self.provider.config;
        let own = LogName::Provider(self.provider.code().clone());
        let signed = Envelope::parse(bytes)
            .ok()
            .and_then(|envelope| Checkpoint::verify(&envelope, &config.signing_key.public()).ok())
            .filter(|checkpoint| checkpoint.document().log == own);
        let Some(checkpoint) = signed else {
            tracing::warn!(provider = %config.provider, "the coordinator claims a checkpoint that this provider never signed");
            return;
        };
        let CheckpointDocument { epoch, size, head, .. } = checkpoint.document();
        let held = self.provider.ledger.holds_checkpoint(epoch.to_string(), *size, *head).await;
        if matches!(held, Ok(false)) {
            let why = format!(
                "this provider signed that its log has {size} entries in epoch {epoch}, ending in {head}, and the ledger \
                 does not hold that"
            );
            let now = self.now().await;
            self.provider.ledger.quarantine(why, now).await;
        }
    }

    /// Countersigns the coordinator's own checkpoint, unless its log has gone back since the last.
    async fn witness(&self, link: &OpenLink, bytes: &[u8]) {
        let config = &self.provider.config;
        let parsed = Envelope::parse(bytes).ok().filter(|_| bytes.len() <= BYTES_MAX);
        let Some(mut envelope) = parsed else { return };
        let checkpoint = Checkpoint::verify(&envelope, &config.coordinator.key).ok();
        let Some(checkpoint) = checkpoint.filter(|checkpoint| checkpoint.document().log == LogName::Coordinator) else {
            tracing::warn!(provider = %config.provider, "the coordinator's checkpoint is not signed by the pinned key");
            return;
        };
        match self.follows(&checkpoint).await {
            Followed::Same => return,
            Followed::Further => {}
            Followed::Back(why) => {
                if matches!(self.provider.ledger.document(Digest::of(bytes)).await, Ok(Some(_))) {
                    return;
                }
                tracing::error!(provider = %config.provider, "THE COORDINATOR'S LOG WENT BACK: {why}. Tell the governance office");
                let document = Kept { kind: Kind::Checkpoint, payload: checkpoint.digest(), envelope: bytes.to_vec() };
                let event = Event::CheckpointRefused { why, sha256: Digest::of(bytes) };
                let now = self.now().await;
                if self.provider.ledger.note(vec![document], vec![event], now).await.is_err() {
                    tracing::error!(provider = %config.provider, "the ledger cannot note it");
                }
                return;
            }
        }
        let payload = envelope.unverified_payload().to_vec();
        let own = Envelope::sign(PayloadType::Checkpoint, payload, &[&config.signing_key]);
        if !envelope.absorb(&own) {
            return;
        }
        let both = envelope.to_bytes();
        self.keep(Whose::Coordinator, &checkpoint, both.clone()).await;
        if let Err(error) = link.witnessed(both).await {
            tracing::debug!(provider = %config.provider, "the coordinator did not take a countersignature: {error}");
        }
    }

    /// Whether the coordinator's checkpoint goes on from the last that this node countersigned.
    async fn follows(&self, checkpoint: &Checkpoint) -> Followed {
        let Ok(standing) = self.provider.ledger.standing().await else { return Followed::Same };
        let Some((_, sha256)) = standing.coordinator_checkpoint else { return Followed::Further };
        let Ok(Some(kept)) = self.provider.ledger.document(sha256).await else { return Followed::Further };
        let last = Envelope::parse(&kept)
            .ok()
            .and_then(|envelope| Checkpoint::verify(&envelope, &self.provider.config.coordinator.key).ok());
        let Some(last) = last else { return Followed::Further };
        let (last, next) = (last.document(), checkpoint.document());
        if last.epoch != next.epoch {
            return Followed::Back(format!("epoch {} after epoch {}", next.epoch, last.epoch));
        }
        match next.size.cmp(&last.size) {
            std::cmp::Ordering::Greater => Followed::Further,
            std::cmp::Ordering::Equal if next.head == last.head => Followed::Same,
            _ => Followed::Back(format!(
                "{} entries ending in {} after {} ending in {}",
                next.size, next.head, last.size, last.head
            )),
        }
    }

    async fn keep(&self, log: Whose, checkpoint: &Checkpoint, bytes: Vec<u8>) {
        let CheckpointDocument { size, head, .. } = checkpoint.document();
        let event = Event::Checkpoint { log, size: *size, head: *head, sha256: Digest::of(&bytes) };
        let document = Kept { kind: Kind::Checkpoint, payload: checkpoint.digest(), envelope: bytes };
        let now = self.now().await;
        if self.provider.ledger.note(vec![document], vec![event], now).await.is_err() {
            tracing::error!(provider = %self.provider.code(), "the ledger cannot keep a checkpoint");
        }
    }
}

/// How a checkpoint of the coordinator stands to the last.
enum Followed {
    Back(String),
    Further,
    Same,
}
