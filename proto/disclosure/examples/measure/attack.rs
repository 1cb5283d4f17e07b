//! The attack to which each measured table is put before its figures count: interval arithmetic over every sum that the
//! declaration implies, back and forth until nothing moves. It shares no code with the crate's rules or its audit.

use std::collections::BTreeMap;

use disclosure::{Cell, Domain};

/// How many suppressed counts of one table of people lose an end of their range `least..=most`.
pub fn narrowed(domain: &Domain, cells: &[Cell], (least, most): (u64, u64)) -> usize {
    let mut ranges: Vec<(u64, u64)> =
        cells.iter().map(|cell| (cell.low(), cell.high().unwrap_or(u64::MAX >> 20))).collect();
    let sums = sums(domain);
    let mut moved = true;
    while moved {
        moved = false;
        for (total, parts) in &sums {
            let lows: u64 = parts.iter().map(|&part| ranges[part].0).sum();
            let highs: u64 = parts.iter().map(|&part| ranges[part].1).sum();
            let (low, high) = (ranges[*total].0.max(lows), ranges[*total].1.min(highs));
            moved |= std::mem::replace(&mut ranges[*total], (low, high)) != (low, high);
            for &part in parts {
                let (from, to) = ranges[part];
                let new = (from.max(low.saturating_sub(highs - to)), to.min(high.saturating_sub(lows - from)));
                moved |= std::mem::replace(&mut ranges[part], new) != new;
                if new != (from, to) {
                    break; // the sums above have changed
                }
            }
        }
    }
    let star = |&cell: &usize| matches!(cells[cell], Cell::Suppressed { .. });
    (0..domain.inner_len()).filter(star).filter(|&cell| ranges[cell].0 > least || ranges[cell].1 < most).count()
}

/// Each total with the inner cells under it, and with the cells of every other total that make it up.
fn sums(domain: &Domain) -> Vec<(usize, Vec<usize>)> {
    let mut sums = Vec::new();
    let totals = 0..domain.totals().len();
    let mut group_of: Vec<BTreeMap<usize, usize>> = Vec::new();
    for total in totals.clone() {
        let cells = domain.cells_of_total(total);
        group_of
            .push(cells.flat_map(|cell| domain.children(cell).into_iter().map(move |child| (child, cell))).collect());
    }
    for coarse in totals.clone() {
        for cell in domain.cells_of_total(coarse) {
            let children = domain.children(cell);
            for fine in totals.clone().filter(|&fine| fine != coarse) {
                let mut parts: Vec<usize> = children.iter().map(|child| group_of[fine][child]).collect();
                parts.sort_unstable();
                parts.dedup();
                if parts.iter().map(|&part| domain.children(part).len()).sum::<usize>() == children.len() {
                    sums.push((cell, parts));
                }
            }
            sums.push((cell, children));
        }
    }
    sums
}
