//! The network form of a domain's totals: two chains of ever coarser totals over the same inner cells.
//!
//! A two-way table has the chains rows, grand total and columns; a table whose rows lie in groups has rows, groups,
//! grand total and columns within groups, columns. In each such table every cell takes part in two equations at most,
//! once on either side, which makes it an arc between two nodes. Full three-way tables need a third chain.

use super::network::Network;
use crate::domain::Domain;

/// Of these totals, in declared order, those that together still form two chains.
pub(crate) fn in_two_chains(domain: &Domain, totals: &[usize]) -> Vec<usize> {
    let mut chosen = Vec::new();
    for &total in totals {
        chosen.push(total);
        if chains(domain, &chosen).is_none() {
            chosen.pop();
        }
    }
    chosen
}

/// The two chains of these totals, or `None`.
fn chains(domain: &Domain, totals: &[usize]) -> Option<[Vec<usize>; 2]> {
    // A chain is at most as long as there are dimensions and groupings; more than two chains full need no search.
    if totals.len() > 2 * (domain.dimensions().len() + domain.groupings().len()) {
        return None;
    }
    two_chains(domain, &finest_first(domain, totals), [Vec::new(), Vec::new()])
}

/// The network of these totals (by their place in the domain's list) over the covered cells, or `None` where they do
/// not form two chains. Cell numbers are arc numbers; cells outside are arcs from the outside to itself.
pub(crate) fn network(domain: &Domain, totals: &[usize], covered: &[bool]) -> Option<Network> {
    let [out, back] = chains(domain, totals)?;
    // Node 0 is the outside; every cell of a total in a chain is a node.
    let mut nodes = 1;
    let mut node_of = vec![0u32; domain.len()];
    for &total in totals {
        for cell in domain.cells_of_total(total) {
            node_of[cell] = nodes;
            nodes += 1;
        }
    }
    let mut arcs = vec![(0, 0); domain.len()];
    let parent = |cell: usize, chain: &[usize], place: usize| {
        chain.get(place).and_then(|&total| domain.above(cell, total)).map(|above| node_of[above])
    };
    for cell in (0..domain.inner_len()).filter(|&cell| covered[cell]) {
        arcs[cell] = (parent(cell, &out, 0).unwrap_or(0), parent(cell, &back, 0).unwrap_or(0));
    }
    for (place, &total) in out.iter().enumerate() {
        for cell in domain.cells_of_total(total).filter(|&cell| covered[cell]) {
            arcs[cell] = (parent(cell, &out, place + 1).unwrap_or(0), node_of[cell]);
        }
    }
    for (place, &total) in back.iter().enumerate() {
        for cell in domain.cells_of_total(total).filter(|&cell| covered[cell]) {
            arcs[cell] = (node_of[cell], parent(cell, &back, place + 1).unwrap_or(0));
        }
    }
    Some(Network::new(nodes as usize, arcs, covered))
}

/// The totals, each before all that are coarser.
pub(super) fn finest_first(domain: &Domain, totals: &[usize]) -> Vec<usize> {
    let mut sorted = totals.to_vec();
    let cells = |total: usize| (domain.cells_of_total(total).len(), domain.totals()[total].len());
    sorted.sort_by_key(|&total| (std::cmp::Reverse(cells(total)), total));
    sorted
}

/// Deals totals, finest first, into two chains in which each is refined by the one before it.
fn two_chains(domain: &Domain, rest: &[usize], chains: [Vec<usize>; 2]) -> Option<[Vec<usize>; 2]> {
    let Some((&total, rest)) = rest.split_first() else { return Some(chains) };
    (0..2).find_map(|place| {
        let fits = chains[place].last().is_none_or(|&last| domain.refines(Some(last), total));
        if !fits {
            return None;
        }
        let mut chains = chains.clone();
        chains[place].push(total);
        two_chains(domain, rest, chains)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Per, tests::dimension};

    fn check(totals: &[&[usize]], has_form: bool) {
        let dimensions = (0..3).map(|d| dimension(&format!("d{d}_"), 2, Per::Person)).collect();
        let domain = Domain::new(dimensions, totals.iter().map(|t| t.to_vec()).collect()).unwrap();
        let all: Vec<usize> = (0..totals.len()).collect();
        assert_eq!(network(&domain, &all, &vec![true; domain.len()]).is_some(), has_form, "{totals:?}");
    }

    #[test]
    fn two_way_and_nested_tables_have_a_network_form() {
        check(&[], true);
        check(&[&[]], true);
        check(&[&[0], &[], &[1]], true);
        check(&[&[0, 1], &[0, 2], &[0], &[2], &[]], true);
        check(&[&[0, 1], &[2], &[]], true);
        check(&[&[0], &[1], &[2]], false);
        check(&[&[0, 1], &[0, 2], &[1, 2]], false);
    }
}
