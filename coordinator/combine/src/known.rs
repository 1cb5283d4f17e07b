//! Sites' tables beside the published populations by which a template divides.
//!
//! Whoever asks holds the signed look-up and knows how many people each of a site's cells is of; the site refuses a table
//! with more. So those numbers bound whatever the site suppresses or withholds, and whatever follows from it, and tell
//! nothing that was not public before.

use disclosure::Reported;
use template::{Lookup, Query};

use crate::CombineError;
use crate::site::{Heard, Site};

/// The sites' tables as far as populations are published of them.
#[derive(Debug, Default)]
pub(crate) struct Known {
    // INVARIANT: one per site; `None` where nothing is published of it, or it released nothing.
    tables: Vec<Option<Reported>>,
    contradicted: Vec<String>,
}

impl Known {
    /// Holds each released table against what is published of its site.
    ///
    /// # Errors
    /// [`CombineError::Population`] where a look-up that the template divides by is missing or holds no population.
    pub(crate) fn new(query: &Query, lookups: &[&Lookup], sites: &[Site<'_>]) -> Result<Self, CombineError> {
        let mut known = Self::default();
        for site in sites {
            let published = query.populations(site.provider.as_str(), lookups.iter().copied());
            known.add(site, &published.map_err(|_| CombineError::Population)?);
        }
        Ok(known)
    }

    /// A further site, and pairs of a cell and how many people it is published to be of.
    pub(crate) fn add(&mut self, site: &Site<'_>, published: &[(usize, u64)]) {
        let table = site.heard.reported().filter(|_| !published.is_empty());
        self.tables.push(match table.map(|table| table.of_populations(published)) {
            Some(Ok(table)) => Some(table),
            Some(Err(_)) => {
                // The site's own figures stand: it signed them, and nobody signed both.
                self.contradicted.push(format!(
                    "`{}` says of some cells more people than the published population has; its figures are taken as \
                     it says them. Ask both for the day they count on.",
                    site.provider
                ));
                None
            }
            None => None,
        });
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
