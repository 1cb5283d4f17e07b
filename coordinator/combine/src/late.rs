//! Releases that came after their run was closed: which of them may come into the next revision.
//!
//! A revision minus the one before it tells of the sites that it adds, cell by cell. So late sites wait until there are
//! enough of them *in every cell* that they cover.

use std::collections::BTreeMap;

use disclosure::Extent;
use template::ProviderKind;

use crate::quorum::Quorum;
use crate::site::Site;

/// Of late sites that would be summed in one group, which may be added together: the greatest selection in which every
/// cell is covered by none or by enough of each kind.
///
/// Whoever covers a cell that too few cover can be in no such selection, so leaving those out until none is left finds
/// the greatest. It reads which cells sites cover, and no figure.
#[must_use]
pub fn together(quorum: &Quorum, late: &[Site<'_>]) -> Vec<bool> {
    let mut taken: Vec<bool> = late.iter().map(|site| site.heard.answers()).collect();
    let cells =
        late.iter().filter_map(|site| site.heard.reported()).map(|table| table.domain().len()).max().unwrap_or(0);
    let covers = |site: &Site<'_>, cell: usize| {
        site.heard.reported().is_some_and(|table| cell < table.domain().len() && table.extent(cell) != Extent::None)
    };
    loop {
        let before = taken.clone();
        for cell in 0..cells {
            let mut numbers: BTreeMap<ProviderKind, u32> = BTreeMap::new();
            for (site, _) in late.iter().zip(&taken).filter(|(site, taken)| **taken && covers(site, cell)) {
                *numbers.entry(site.kind).or_default() += 1;
            }
            for (site, taken) in late.iter().zip(&mut taken).filter(|(site, _)| covers(site, cell)) {
                *taken &= numbers.get(&site.kind).is_none_or(|number| *number >= quorum.needed(site.kind));
            }
        }
        if taken == before {
            return taken;
        }
    }
}
