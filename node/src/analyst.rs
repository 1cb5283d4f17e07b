//! Whose word for an analyst is enough: the analyst's own signature, or the coordinator's.

use std::sync::Arc;

use template::{Approved, Digest, Envelope, Query, Request, RequestDocument};
use wire::Order;

use crate::config::AnalystSignature;
use crate::ledger::{Kept, Kind};
use crate::policy::Reason;
use crate::region::{Region, Ruling};

/// Who asks, as far as it is known.
pub(crate) struct Asker {
    /// The analyst's organisation, from the signed request or the region's enrolment.
    pub organisation: Option<String>,
    /// The signed request, to be kept.
    pub request: Option<Kept>,
}

/// Sees that the analyst signed this very question, where the policy asks for that.
///
/// # Errors
/// [`Reason::RequestNotSigned`].
pub(crate) fn asker(
    order: &Order,
    request: Option<&[u8]>,
    approved: &Arc<Approved>,
    region: &Region,
    policy: AnalystSignature,
) -> Result<Asker, Reason> {
    let enrolled = region.enrolment.verified().and_then(|enrolment| enrolment.document().analyst(&order.analyst));
    let needed = match (policy, &region.enrolment) {
        (AnalystSignature::CoordinatorVouches, _) => false,
        // Whose keys were enrolled is not known any more: no question can be shown to be its analyst's.
        (AnalystSignature::Required, _) | (AnalystSignature::WhereEnrolled, Ruling::Unsupported) => true,
        (AnalystSignature::WhereEnrolled, Ruling::None | Ruling::Verified(_)) => {
            enrolled.is_some_and(|analyst| !analyst.keys.is_empty())
        }
    };
    let organisation = enrolled.map(|analyst| analyst.organisation.clone());
    match (order.request, request) {
        (None, None) if !needed => Ok(Asker { organisation, request: None }),
        // A request that is named and missing, or there and not named, is not what was signed.
        (Some(named), Some(bytes)) if region.enrolment.verified().is_some() || needed => {
            let kept = signed(order, named, bytes, approved, region).ok_or(Reason::RequestNotSigned)?;
            Ok(Asker { organisation, request: Some(kept) })
        }
        // Without an enrolment nobody's key is known here: the coordinator vouches.
        (Some(_), Some(_)) => Ok(Asker { organisation, request: None }),
        _ => Err(Reason::RequestNotSigned),
    }
}

/// The request, if an enrolled key of the analyst signed this very question in time.
fn signed(order: &Order, named: Digest, bytes: &[u8], approved: &Arc<Approved>, region: &Region) -> Option<Kept> {
    let envelope = Envelope::parse(bytes).ok()?;
    let request = Request::verify(&envelope, region.enrolment.verified()?.document()).ok()?;
    let RequestDocument { template_sha256, parameters, purpose, analyst, .. } = request.document();
    let given = parameters.iter().map(|given| (given.name.clone(), given.value.clone())).collect::<Vec<_>>();
    // The same question, whichever defaults were filled in on the way.
    let asked = |given: &[(String, String)]| Query::bind(Arc::clone(approved), given).ok().map(|q| q.fingerprint(&[]));
    let agrees = request.digest() == named
        && *template_sha256 == order.template
        && *purpose == order.purpose
        && *analyst == order.analyst
        && request.document().in_time(order.issued_at).is_ok()
        && asked(&given).is_some_and(|question| asked(&order.parameters) == Some(question));
    agrees.then(|| Kept { kind: Kind::Request, payload: request.digest(), envelope: bytes.to_vec() })
}
