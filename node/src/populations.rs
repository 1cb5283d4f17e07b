//! What everybody knows of a table before it is counted: the published populations that its template divides by.

use std::sync::Arc;

use disclosure::{MeasureKind, Public};
use template::{Lookup, Query};
use wire::ProviderCode;

use crate::policy::Reason;

/// What everybody knows of the table. Of a union of people who may come under several levels nothing is said beside a
/// population, for those who are in none of its cells would be told by the difference.
pub(crate) fn public(query: &Query, lookups: &[Arc<Lookup>], provider: &ProviderCode) -> Result<Public, Reason> {
    let mut public = Public::nothing(query.domain(), query.measures());
    let people = query.measures().iter().position(|measure| measure.kind() == MeasureKind::People);
    let populations = query.populations(provider.as_str(), lookups.iter().map(AsRef::as_ref));
    for (cell, n) in populations.map_err(|_| Reason::LookupMissing)? {
        let said = match people {
            Some(people) if query.domain().is_union(cell) => public.held(people, cell),
            _ => public.population(cell, n),
        };
        said.map_err(|_| Reason::PublicContradicted)?;
    }
    Ok(public)
}
