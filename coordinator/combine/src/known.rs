//! What is known of each site's figures before they are summed: its table by everything in it at once, beside the
//! published populations by which a template divides.
//!
//! Whoever reads a site's table can ask a linear programme what it leaves of each figure; the sums are of what that leaves.
//! Whoever asks holds the signed look-up, too, and knows how many people each of a site's cells is of; the site refuses a
//! table with more. So those numbers bound whatever the site suppresses or withholds, and whatever follows from it, and
//! tell nothing that was not public before.

use std::num::NonZero;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use disclosure::{Domain, Equations, Measure, Reported};
use template::{Lookup, Query};

use crate::CombineError;
use crate::site::{Heard, Site};

/// Pairs of a cell and how many people it is published to be of.
pub(crate) type Published = Vec<(usize, u64)>;

/// The sites' tables with all that is known of their figures.
#[derive(Debug, Default)]
pub(crate) struct Known {
    // INVARIANT: one per site; `None` where it released nothing.
    tables: Vec<Option<Reported>>,
    contradicted: Vec<String>,
}

impl Known {
    /// Holds each released table against itself and what is published of its site.
    ///
    /// # Errors
    /// [`CombineError::Population`] where a look-up that the template divides by is missing or holds no population.
    pub(crate) fn new(query: &Query, lookups: &[&Lookup], sites: &[Site<'_>]) -> Result<Self, CombineError> {
        let published = |site: &Site<'_>| query.populations(site.provider.as_str(), lookups.iter().copied());
        let published: Result<Vec<Published>, _> = sites.iter().map(published).collect();
        let published = published.map_err(|_| CombineError::Population)?;
        Ok(Self::beside(query.domain(), query.measures(), sites, &published))
    }

    /// The same for sites that were asked this, and what is published of each of them.
    pub(crate) fn beside(domain: &Domain, measures: &[Measure], sites: &[Site<'_>], published: &[Published]) -> Self {
        let equations = Equations::new(domain, measures);
        let mut known = Self::default();
        for (site, (table, contradicted)) in
            sites.iter().zip(each(sites, |place| table(&equations, &sites[place], published.get(place))))
        {
            known.tables.push(table);
            if contradicted {
                // The site's own figures stand: it signed them, and nobody signed both.
                known.contradicted.push(format!(
                    "`{}` says of some cells more people than the published population has; its figures are taken as \
                     it says them. Ask both for the day they count on.",
                    site.provider
                ));
            }
        }
        known
    }

    /// The sites with these tables in the place of their own.
    pub(crate) fn sites<'a>(&'a self, sites: &[Site<'a>]) -> Vec<Site<'a>> {
        let with = |(site, table): (&Site<'a>, &'a Option<Reported>)| match table {
            Some(table) => Site { heard: Heard::Released(table), ..*site },
            None => *site,
        };
        sites.iter().zip(&self.tables).map(with).collect()
    }

    /// The sites that contradict what is published of them, in words.
    pub(crate) fn notes(&self) -> impl Iterator<Item = String> + '_ {
        self.contradicted.iter().cloned()
    }
}

/// A site's table with what is known of it, and whether it contradicts what is published.
fn table(equations: &Equations, site: &Site<'_>, published: Option<&Published>) -> (Option<Reported>, bool) {
    let Some(own) = site.heard.reported() else { return (None, false) };
    let beside = published.filter(|published| !published.is_empty()).map(|published| own.of_populations(published));
    match beside {
        None => (Some(own.tightened(equations)), false),
        Some(Ok(table)) => (Some(table.tightened(equations)), false),
        Some(Err(_)) => (Some(own.tightened(equations)), true),
    }
}

/// What is made of each site, in their order, whichever thread makes it: sites have nothing to do with each other.
fn each<T: Send + Sync>(sites: &[Site<'_>], make: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let made: Vec<OnceLock<T>> = sites.iter().map(|_| OnceLock::new()).collect();
    let next = AtomicUsize::new(0);
    let work = || {
        loop {
            let place = next.fetch_add(1, Ordering::Relaxed);
            let Some(slot) = made.get(place) else { break };
            slot.get_or_init(|| make(place));
        }
    };
    let threads = thread::available_parallelism().map_or(1, NonZero::get).min(sites.len());
    thread::scope(|scope| {
        for _ in 1..threads {
            // A thread that cannot be had is done without.
            drop(thread::Builder::new().spawn_scoped(scope, work));
        }
        work();
    });
    made.into_iter().filter_map(OnceLock::into_inner).collect()
}
