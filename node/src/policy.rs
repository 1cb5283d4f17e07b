//! What a provider lets be asked, decided by pure functions.

mod reason;

use chrono::{DateTime, Duration, Utc};
use template::{ProviderKind, Template};
use wire::{Order, ProviderCode};

use crate::config::{Admission, Answering};

pub(crate) use reason::Reason;

/// The most that the coordinator's clock may run ahead of this one.
const AHEAD_S: i64 = 60;
/// The most that this clock may have gone back since the ledger last saw it.
const STEP_BACK_S: i64 = 300;

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
