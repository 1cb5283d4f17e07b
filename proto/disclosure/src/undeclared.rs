//! Published populations of totals that a table does not declare. Whoever knows one adds the cells up: those who are in none
//! of them are then a cell of the table like any other.
//!
//! So the table is protected as if it declared the total too, and the total is left out of what is said. What is left is
//! worked out from the same public facts, and from what the whole says; it tells no more than the whole, which tells nobody
//! of a small rest how many they are.

use crate::domain::{CellKey, Domain};
use crate::grouping::Kept;
use crate::measure::{Measure, MeasureKind};
use crate::policy::Policy;
use crate::public::Public;
use crate::refine::{chains, fits};

/// The domain with the totals besides, and what is public about it; `None` where there is nothing to add.
///
/// A total is added where the counts of people add up to it and refinement takes it in without losing a declared one. The
/// declaration and what is public decide that, and no count.
pub(crate) fn wider(
    domain: &Domain,
    measures: &[Measure],
    policy: &Policy,
    public: &Public,
) -> Option<(Domain, Public)> {
    let people = measures.iter().position(|measure| measure.kind() == MeasureKind::People)?;
    let refined = |domain: &Domain, public: &Public| chains(domain, MeasureKind::People, &public.facts(people));
    let mut wide: Option<(Domain, Public)> = None;
    let mut before = Vec::new();
    for (key, _) in public.undeclared() {
        let (so_far, known) = wide.as_ref().map_or((domain, public), |(domain, public)| (domain, public));
        if so_far.index_of(key).is_some() {
            continue;
        }
        let Some(added) = kept(so_far, key).and_then(|kept| so_far.with_total(&kept)) else { continue };
        let mut public_of_all = known.over(&added);
        let stated = |(key, n): (&CellKey, u64)| {
            added.index_of(key).is_none_or(|cell| cell < so_far.len() || public_of_all.population(cell, n).is_ok())
        };
        if !public.undeclared().all(stated) {
            continue;
        }
        if before.is_empty() {
            before = refined(so_far, known);
        }
        let after = refined(&added, &public_of_all);
        let total = added.totals().len() - 1;
        if after.contains(&total) && before.iter().all(|t| after.contains(t)) && fits(&added, &after, policy.pairs()) {
            before = after;
            wide = Some((added, public_of_all));
        }
    }
    wide
}

/// What the total of this key keeps, where it keeps levels alone.
fn kept(domain: &Domain, key: &CellKey) -> Option<Vec<Kept>> {
    let dimensions = domain.dimensions();
    let fits = |(place, level): (usize, &Option<usize>)| level.is_none_or(|l| l < dimensions[place].levels.len());
    let known = key.0.len() == dimensions.len() && key.0.iter().enumerate().all(fits);
    let kept = key.0.iter().enumerate().filter(|(_, level)| level.is_some());
    known.then(|| kept.map(|(place, _)| Kept::Levels(place)).collect())
}
