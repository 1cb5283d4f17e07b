//! What a provider lets be asked, decided by pure functions, and the real reasons of refusals.

use chrono::{DateTime, Duration, Utc};
use template::{ProviderKind, Template};
use wire::{Order, ProviderCode, Refusal};

use crate::config::{Admission, Answering};

/// The most that the coordinator's clock may run ahead of this one.
const AHEAD_S: i64 = 60;
/// The most that this clock may have gone back since the ledger last saw it.
const STEP_BACK_S: i64 = 300;

/// Why an order is refused, really. It stands in the provider's audit; outside only its [`Refusal`] is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    AgreementEnded,
    AnsweringOff,
    Altered,
    AttackFound,
    BadParameters,
    Busy,
    CatalogueStale,
    ClockAhead,
    ClockSteppedBack,
    CohortsSpent,
    DataIntegrity,
    EngineFailed,
    Expired,
    LedgerQuarantined,
    LedgerStorage,
    LookupMissing,
    LookupNotApproved,
    LookupRolledBack,
    NoConsent,
    NotAccepted,
    NotCovered,
    NotListed,
    OrganisationRefused,
    OutOfMemory,
    OutOfTime,
    PlanRefused,
    PopulationTooSmall,
    ProtectFailed,
    PublicContradicted,
    PurposeRefused,
    RefusalsUnreadable,
    ReleaseFailed,
    Replayed,
    RequestNotSigned,
    TemplateMismatch,
    TemplateNotApproved,
    TemplateRefused,
    TooClose,
    WrongKind,
    WrongProvider,
}

impl Reason {
    /// The word in the audit.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::AgreementEnded => "agreement-ended",
            Self::AnsweringOff => "answering-off",
            Self::Altered => "altered",
            Self::AttackFound => "attack-found",
            Self::BadParameters => "bad-parameters",
            Self::Busy => "busy",
            Self::CatalogueStale => "catalogue-stale",
            Self::ClockAhead => "clock-ahead",
            Self::ClockSteppedBack => "clock-stepped-back",
            Self::CohortsSpent => "cohorts-spent",
            Self::DataIntegrity => "data-integrity",
            Self::EngineFailed => "engine-failed",
            Self::Expired => "expired",
            Self::LedgerQuarantined => "ledger-quarantined",
            Self::LedgerStorage => "ledger-storage",
            Self::LookupMissing => "lookup-missing",
            Self::LookupNotApproved => "lookup-not-approved",
            Self::LookupRolledBack => "lookup-rolled-back",
            Self::NoConsent => "no-consent",
            Self::NotAccepted => "not-accepted",
            Self::NotCovered => "not-covered",
            Self::NotListed => "not-listed",
            Self::OrganisationRefused => "organisation-refused",
            Self::OutOfMemory => "out-of-memory",
            Self::OutOfTime => "out-of-time",
            Self::PlanRefused => "plan-refused",
            Self::PopulationTooSmall => "population-too-small",
            Self::ProtectFailed => "protect-failed",
            Self::PublicContradicted => "public-contradicted",
            Self::PurposeRefused => "purpose-refused",
            Self::RefusalsUnreadable => "refusals-unreadable",
            Self::ReleaseFailed => "release-failed",
            Self::Replayed => "replayed",
            Self::RequestNotSigned => "request-not-signed",
            Self::TemplateMismatch => "template-mismatch",
            Self::TemplateNotApproved => "template-not-approved",
            Self::TemplateRefused => "template-refused",
            Self::TooClose => "too-close",
            Self::WrongKind => "wrong-kind",
            Self::WrongProvider => "wrong-provider",
        }
    }

    /// What the outside is told. INVARIANT: it never depends on a count, and everything that the provider's own rules
    /// decide reads the same.
    pub(crate) const fn refusal(self) -> Refusal {
        match self {
            Self::AgreementEnded => Refusal::AgreementEnded,
            Self::Altered | Self::WrongProvider => Refusal::Altered,
            Self::BadParameters => Refusal::BadParameters,
            Self::Busy => Refusal::Busy,
            Self::CatalogueStale => Refusal::StaleCatalogue,
            Self::ClockAhead | Self::ClockSteppedBack => Refusal::ClockSkew,
            Self::DataIntegrity => Refusal::DataIntegrity,
            Self::Expired => Refusal::Expired,
            Self::LookupMissing
            | Self::LookupNotApproved
            | Self::LookupRolledBack
            | Self::NotListed
            | Self::PlanRefused
            | Self::TemplateMismatch
            | Self::TemplateNotApproved
            | Self::WrongKind => Refusal::NotApproved,
            Self::NotCovered => Refusal::NotCovered,
            Self::AnsweringOff
            | Self::CohortsSpent
            | Self::NoConsent
            | Self::NotAccepted
            | Self::OrganisationRefused
            | Self::PopulationTooSmall
            | Self::PurposeRefused
            | Self::RefusalsUnreadable
            | Self::TemplateRefused
            | Self::PublicContradicted
            | Self::TooClose => Refusal::NotReleased,
            Self::LedgerQuarantined => Refusal::Quarantined,
            Self::Replayed => Refusal::Replayed,
            Self::RequestNotSigned => Refusal::RequestNotSigned,
            Self::AttackFound
            | Self::EngineFailed
            | Self::LedgerStorage
            | Self::OutOfMemory
            | Self::OutOfTime
            | Self::ProtectFailed
            | Self::ReleaseFailed => Refusal::Failed,
        }
    }
}

/// Whether the order is for this provider.
pub(crate) fn addressed(order: &Order, provider: &ProviderCode) -> Result<(), Reason> {
    (order.provider == *provider).then_some(()).ok_or(Reason::WrongProvider)
}

/// Whether the order is in time, by a clock that cannot have gone back.
pub(crate) fn in_time(order: &Order, now: DateTime<Utc>, last_known: DateTime<Utc>) -> Result<(), Reason> {
    if now + Duration::seconds(STEP_BACK_S) < last_known {
        return Err(Reason::ClockSteppedBack);
    }
    let now = now.max(last_known);
    if order.issued_at > now + Duration::seconds(AHEAD_S) {
        return Err(Reason::ClockAhead);
    }
    (now <= order.expires_at).then_some(()).ok_or(Reason::Expired)
}

/// Whether the provider's own rules allow the template and the purpose.
pub(crate) fn permitted(
    admission: &Admission,
    kind: ProviderKind,
    template: &Template,
    purpose: &str,
) -> Result<(), Reason> {
    if admission.answering == Answering::Off {
        return Err(Reason::AnsweringOff);
    }
    if !template.runs_at.contains(&kind) {
        return Err(Reason::WrongKind);
    }
    if admission.population < admission.min_population {
        return Err(Reason::PopulationTooSmall);
    }
    if template.min_sites(kind) < 3 && !admission.sole_provider.contains(&template.id) {
        return Err(Reason::NoConsent);
    }
    if admission.refused_templates.contains(&template.id) {
        return Err(Reason::TemplateRefused);
    }
    if admission.refused_purposes.contains(purpose) {
        return Err(Reason::PurposeRefused);
    }
    Ok(())
}

#[cfg(test)]
mod tests;
