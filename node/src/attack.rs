//! The node's attack on its own output, before anything of it is recorded. It refuses or lets pass, and changes nothing.

use disclosure::{Depth, Protected, Public, audit, is_audited};

use crate::policy::Reason;
use crate::steps::Steps;
use wire::ProviderCode;

/// Attacks a protected table beside what was public before.
///
/// Whether a table is attacked at all follows from its declaration: see [`is_audited`]. The operator is told that, and
/// why, a table is refused, never of which figure; the outside is told what it is told of any other failure.
pub(crate) fn withstand(
    provider: &ProviderCode,
    protected: &Protected,
    public: &Public,
    steps: &dyn Steps,
) -> Result<(), Reason> {
    let (domain, measures) = (protected.domain(), protected.measures());
    if !is_audited(domain, measures) {
        tracing::debug!(%provider, "the declared table is too large to be attacked; its rule holds without the check");
        return Ok(());
    }
    let mut table = protected.table().to_vec();
    steps.attack(&mut table);
    match audit(domain, measures, protected.policy(), public, &table, Depth::Check) {
        Ok(report) if report.narrowed.is_empty() => Ok(()),
        Ok(_) => {
            tracing::error!(%provider, "nothing is released: the table would give a hidden figure away; report this");
            Err(Reason::AttackFound)
        }
        Err(error) => {
            tracing::error!(%provider, "nothing is released: the table could not be attacked: {error}; report this");
            Err(Reason::AttackFound)
        }
    }
}
