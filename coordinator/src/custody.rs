//! The witness: the coordinator countersigns providers' checkpoints, and providers the coordinator's, so that neither can
//! rewrite its log alone.

use template::{
    Checkpoint, CheckpointDocument, Digest, Document as _, Envelope, Epoch, LogName, PayloadType, PublicKey,
};
use wire::{CheckpointVerdict, Countersigned, ProviderCode, TurnedAway};

use crate::clock::whole_second;
use crate::coordinator::Coordinator;
use crate::store::{LogState, StoreError, Witnessed};

/// How old the coordinator's newest checkpoint gets before another is made, in seconds: its log grows with every order,
/// and each checkpoint is kept with every provider's countersignature.
const OWN_EVERY_S: i64 = 10;

impl Coordinator {
    /// Countersigns a provider's checkpoint, unless it contradicts one that was countersigned before.
    ///
    /// INVARIANT: what is compared and what is kept are one step; see [`crate::Store::witness`].
    pub(crate) async fn countersigned(
        &self,
        provider: ProviderCode,
        checkpoint: Vec<u8>,
    ) -> Result<Countersigned, TurnedAway> {
        let key = self.provider_key(&provider)?;
        let mut envelope = Envelope::parse(&checkpoint).map_err(|error| bad(&error))?;
        let state = state(&envelope, &key, &LogName::Provider(provider.clone()))?;
        envelope.add_signature(&self.0.config.signing_key).map_err(|error| bad(&error))?;
        let now = whole_second(self.0.clock.now());
        let witnessed = self.0.store.witness(state, checkpoint, envelope.to_bytes(), now).await;
        let verdict = match witnessed.map_err(|error| failed(&error))? {
            Witnessed::Kept(bytes) => CheckpointVerdict::Countersigned(bytes),
            Witnessed::Conflict(kept) => {
                tracing::error!(%provider, "a checkpoint contradicts the one that was countersigned before");
                CheckpointVerdict::Conflict(kept)
            }
        };
        Ok(Countersigned { verdict, coordinator: Some(self.own_checkpoint().await?) })
    }

    /// The coordinator's newest checkpoint, made anew where it is old and the log has grown.
    pub(crate) async fn own_checkpoint(&self) -> Result<Vec<u8>, TurnedAway> {
        let now = whole_second(self.0.clock.now());
        let newest = self.0.store.newest_checkpoint("coordinator".to_owned()).await.map_err(|error| failed(&error))?;
        if let Some((_, envelope)) = &newest
            && let Ok(read) = Envelope::parse(envelope)
            && let Ok(known) = Checkpoint::verify(&read, &self.0.config.signing_key.public())
            && (now - known.document().at).num_seconds() < OWN_EVERY_S
        {
            return Ok(envelope.clone());
        }
        let fresh = Epoch::random().map_err(|_| TurnedAway::Failed)?.to_string();
        let key = std::sync::Arc::clone(&self.0.config.signing_key);
        let sign = move |state: &LogState| {
            let epoch = state.epoch.parse();
            epoch.map_or_else(
                |_| Vec::new(),
                |epoch| {
                    let log = LogName::Coordinator;
                    let document = CheckpointDocument { log, epoch, size: state.size, head: state.head, at: now };
                    document.sign(&[&key]).to_bytes()
                },
            )
        };
        match self.0.store.checkpoint(fresh, now, sign).await.map_err(|error| failed(&error))? {
            Witnessed::Kept(bytes) => Ok(bytes),
            Witnessed::Conflict(_) => {
                tracing::error!("the coordinator's own log is shorter than its newest checkpoint: was it restored?");
                Err(TurnedAway::Failed)
            }
        }
    }

    /// Keeps the coordinator's checkpoint as a provider countersigned it.
    pub(crate) async fn take_witness(&self, provider: ProviderCode, checkpoint: Vec<u8>) -> Result<(), TurnedAway> {
        let witness = self.provider_key(&provider)?;
        let envelope = Envelope::parse(&checkpoint).map_err(|error| bad(&error))?;
        let own = self.0.config.signing_key.public();
        let read = Checkpoint::witnessed(&envelope, &own, &witness).map_err(|error| bad(&error))?;
        if read.document().log != LogName::Coordinator {
            return Err(TurnedAway::BadRequest("this is not a checkpoint of the coordinator's log".to_owned()));
        }
        self.0.store.add_witness(read.document().size, provider, checkpoint).await.map_err(|error| failed(&error))
    }

    fn provider_key(&self, provider: &ProviderCode) -> Result<PublicKey, TurnedAway> {
        let roster = self.roster();
        let known = roster.provider(provider).map(|provider| provider.key);
        known.ok_or_else(|| TurnedAway::NotAllowed(format!("`{provider}` is not on this coordinator's roster")))
    }
}

/// What a checkpoint says, if its owner signed it for this log.
fn state(envelope: &Envelope, owner: &PublicKey, log: &LogName) -> Result<LogState, TurnedAway> {
    let checkpoint = Checkpoint::verify(envelope, owner).map_err(|error| bad(&error))?;
    let CheckpointDocument { log: named, epoch, size, head, .. } = checkpoint.document();
    if named != log || envelope.unverified_type() != Some(PayloadType::Checkpoint) {
        return Err(TurnedAway::BadRequest(format!("the checkpoint is of `{named}`, and `{log}` brings it")));
    }
    Ok(LogState { log: log.to_string(), epoch: epoch.to_string(), size: *size, head: Digest::clone(head) })
}

fn bad(error: &dyn std::fmt::Display) -> TurnedAway {
    TurnedAway::BadRequest(error.to_string())
}

fn failed(error: &StoreError) -> TurnedAway {
    tracing::error!("{error}");
    TurnedAway::Failed
}
