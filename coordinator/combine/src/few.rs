//! Cells that too few sites cover: the least number of sites holds for every cell, not for the table alone.
//!
//! A region's sites do not all hold every month or every table. Where some sites cover a cell, but fewer of a kind than
//! the template needs, the cell would stand for one or two providers: it is held back, with what each of them says of it.
//! INVARIANT: so is every total over such a cell, or the difference to the other cells under it would give the cell back.
//! What is left are sums of cells that enough sites cover, and no combination of them holds a held-back cell.
//!
//! The number is taken per block of sites: an earlier answer to the question may hold some blocks and not others, and
//! the difference to it would tell of a block's sites alone.

use std::collections::BTreeMap;

use disclosure::Extent;
use template::ProviderKind;
use wire::SiteCounts;

use crate::site::{Block, Site};
use crate::{Question, Quorum};

/// Per cell of the question's domain, whether it is held back from these sites' table.
pub(crate) fn held_back(question: &Question<'_>, sites: &[Site<'_>]) -> Vec<bool> {
    let domain = question.domain;
    let mut held: Vec<bool> = (0..domain.len()).map(|cell| is_few(sites, question.quorum, cell)).collect();
    for total in domain.inner_len()..domain.len() {
        let gives_away = domain.children(total).into_iter().any(|inner| held.get(inner) == Some(&true));
        if let Some(held) = held.get_mut(total) {
            *held |= gives_away;
        }
    }
    held
}

/// Whether some sites cover the cell, and of some kind too few.
fn is_few(sites: &[Site<'_>], quorum: &Quorum, cell: usize) -> bool {
    let covers = |site: &&Site<'_>| site.heard.reported().is_some_and(|reported| reported.extent(cell) != Extent::None);
    !enough(quorum, sites.iter().filter(covers))
}

/// Whether these sites are enough of every kind and block that is among them at all.
pub(crate) fn enough<'a, 'b: 'a>(quorum: &Quorum, sites: impl Iterator<Item = &'a Site<'b>>) -> bool {
    let mut numbers: BTreeMap<(Block, ProviderKind), u32> = BTreeMap::new();
    for site in sites {
        *numbers.entry((site.block, site.kind)).or_default() += 1;
    }
    numbers.into_iter().all(|((_, kind), number)| number >= quorum.needed(kind))
}

/// What is told of the sites of a held-back cell: that they hold it back, and not what they say.
pub(crate) const fn hidden(sites: SiteCounts) -> SiteCounts {
    let SiteCounts { shown, zero, suppressed, withheld, not_covered, refused, failed, waiting } = sites;
    let withheld = shown + zero + suppressed + withheld;
    SiteCounts { shown: 0, zero: 0, suppressed: 0, withheld, not_covered, refused, failed, waiting }
}
