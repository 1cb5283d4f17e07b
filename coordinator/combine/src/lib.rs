//! Many sites' tables into one answer, with bounds. Pure: no I/O and no clock.
//!
//! Every combined cell is the sum of the intervals that hold at the sites that answered and cover it, with a count of the
//! sites that show, show nobody, suppress, withhold, do not cover, refuse and fail. A suppressed cell enters with its
//! whole range and never as nought; a cell that no site covers has no bounds. Below a template's least number of sites
//! there are no combined figures at all, and a cell that fewer of them cover is held back. An answer's intervals are what a
//! site's whole table leaves of each figure, beside the published populations where a template divides people by them.
#![forbid(unsafe_code)]

mod blocks;
mod cell;
mod decimal;
mod document;
mod few;
mod figure;
mod known;
mod late;
mod notes;
mod places;
mod quantile;
mod quorum;
mod rates;
mod region;
mod site;

use disclosure::{Domain, Measure};
use template::{Figure, Grouping, Population, ProviderKind};

// The public interface is:
pub use crate::blocks::{Member, Settled, settle};
pub use crate::cell::CombinedCell;
pub use crate::decimal::{Decimal, Step};
pub use crate::document::{Conclusions, conclude, dimensions, measures};
pub use crate::figure::CombinedFigure;
pub use crate::late::together;
pub use crate::notes::notes;
pub use crate::places::{ELSEWHERE, Together, partition};
pub use crate::quorum::Quorum;
pub use crate::rates::Bounds;
pub use crate::site::{Block, Heard, Site};

/// What the sites were asked.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// The cells.
    pub domain: &'a Domain,
    /// The measures.
    pub measures: &'a [Measure],
    /// The figures that follow from the cells.
    pub figures: &'a [Figure],
    /// The published populations by which figures divide.
    pub populations: &'a [Population],
    /// The least number of sites.
    pub quorum: &'a Quorum,
    /// How sites may be put together, in the order of the template.
    pub declared: &'a [Grouping],
    /// How sites are put together.
    pub grouping: Grouping,
}

/// The combined figures of a group of sites.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// The kind of provider, or `None` for all sites together.
    pub kind: Option<ProviderKind>,
    /// The place, where sites are put together by place.
    pub place: Option<String>,
    /// Sites asked.
    pub asked: usize,
    /// Sites that released a table that covers something of what is asked.
    pub answered: usize,
    /// The figures, if enough sites answered.
    pub table: Result<Table, TooFewSites>,
}

/// The figures of a group with enough sites.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// Per measure and cell of the domain.
    pub cells: Vec<Vec<CombinedCell>>,
    /// What follows from the cells, figure by figure.
    pub figures: Vec<CombinedFigure>,
}

/// Too few sites of a kind answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooFewSites {
    /// How many the template needs of the kind.
    pub needed: u32,
}

/// Why sites' tables cannot be combined. None can happen to tables that were checked against the same query, with the
/// look-ups that it names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CombineError {
    /// A table of another question.
    #[error("a site's table does not have the question's cells and measures")]
    Shape,
    /// A figure that names what the question does not have.
    #[error("a figure names a measure, dimension or level that the question does not have")]
    Figure,
    /// A rate whose published population is not there, or is not one.
    #[error(
        "a figure divides by a look-up that was not given, or that holds no population; give the one that was sent"
    )]
    Population,
}

/// Combines what was heard of every asked site.
///
/// # Errors
/// A [`CombineError`] where tables or figures are not of this question.
pub fn combine(question: &Question<'_>, sites: &[Site<'_>]) -> Result<Vec<Group>, CombineError> {
    let fits = |site: &Site<'_>| {
        site.heard
            .reported()
            .is_none_or(|reported| reported.domain() == question.domain && reported.measures() == question.measures)
    };
    if !sites.iter().all(fits) {
        return Err(CombineError::Shape);
    }
    match question.grouping {
        Grouping::All => Ok(vec![group(question, None, None, sites)?]),
        Grouping::Kind => ProviderKind::ALL
            .into_iter()
            .filter(|kind| sites.iter().any(|site| site.kind == *kind))
            .map(|kind| {
                let of_kind: Vec<Site<'_>> = sites.iter().filter(|site| site.kind == kind).copied().collect();
                group(question, Some(kind), None, &of_kind)
            })
            .collect(),
        Grouping::Place(_) => {
            let asked: Vec<(Member, &wire::Places)> = sites.iter().map(|site| (site.member(), site.places)).collect();
            let groups = partition(question.quorum, question.declared, question.grouping, &asked).into_iter();
            groups
                .map(|Together { kind, place, members }| {
                    let here = sites.iter().filter(|site| members.contains(&site.member())).copied();
                    group(question, kind, place, &here.collect::<Vec<_>>())
                })
                .collect()
        }
    }
}

fn group(
    question: &Question<'_>,
    kind: Option<ProviderKind>,
    place: Option<String>,
    sites: &[Site<'_>],
) -> Result<Group, CombineError> {
    let answering = || sites.iter().filter(|site| site.heard.answers());
    let missing = question.quorum.missing(sites.iter().map(|site| site.kind), answering().map(|site| site.kind));
    let table = match missing {
        Some(needed) => Err(TooFewSites { needed }),
        None => Ok(table(question, sites)?),
    };
    Ok(Group { kind, place, asked: sites.len(), answered: answering().count(), table })
}

fn table(question: &Question<'_>, sites: &[Site<'_>]) -> Result<Table, CombineError> {
    let held = few::held_back(question, sites);
    let of_measure =
        |measure| held.iter().enumerate().map(|(cell, held)| cell::combined(sites, measure, cell, *held)).collect();
    let cells = (0..question.measures.len()).map(of_measure).collect();
    let figures: Vec<Vec<CombinedFigure>> =
        (0..question.figures.len()).map(|place| figure::combined(question, place, sites)).collect::<Result<_, _>>()?;
    Ok(Table { cells, figures: figures.concat() })
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod shown;
#[cfg(test)]
mod tests;
