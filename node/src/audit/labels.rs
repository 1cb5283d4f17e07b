//! What the cells of a release are called, from the very template that was approved.

use std::sync::Arc;

use template::{Envelope, Query};

use super::left::Left;
use super::roots::Roots;

/// The dimensions of a release and the levels of each of its cells, in the domain's order.
pub(super) struct Labels {
    pub dimensions: Vec<String>,
    pub cells: Vec<Vec<String>>,
}

impl Labels {
    /// The labels of a release whose template is at hand; `None` where the template verifies under no root of the ledger.
    pub(super) fn of(left: &Left, roots: &Roots, envelope: &[u8]) -> Option<Self> {
        let envelope = Envelope::parse(envelope).ok()?;
        // As it was approved when the release was made, however long ago its last day was.
        let approved = roots.newest(|root| root.approve(&envelope, left.made_at))?;
        Some(Self::of_query(&Query::bind(Arc::new(approved), &left.parameters).ok()?))
    }

    /// The labels of a query's cells.
    pub(super) fn of_query(query: &Query) -> Self {
        let domain = query.domain();
        let dimensions = domain.dimensions();
        let level = |place: usize, level: &Option<usize>| match level {
            Some(_) => domain.label(place, *level).unwrap_or_default().to_owned(),
            None => "all".to_owned(),
        };
        let cells = domain.keys().map(|key| key.0.iter().enumerate().map(|(place, l)| level(place, l)).collect());
        Self { cells: cells.collect(), dimensions: dimensions.iter().map(|d| d.name.clone()).collect() }
    }
}
