//! What of the attack needs a programme: equations that say more than the bounds already do, in parts that share no
//! figure, each with something hidden in it.

use std::collections::BTreeMap;

use super::revealed::{Equation, OPEN, Revealed};
use super::tighten::Bounds;

/// Figures and equations that hang together, with something hidden among them.
#[derive(Debug, Default)]
pub(super) struct Component {
    /// The places of the figures that are not fixed.
    pub(super) figures: Vec<usize>,
    /// The places of the equations.
    pub(super) equations: Vec<usize>,
    /// The places of the hidden figures.
    pub(super) hidden: Vec<usize>,
}

/// Splits what the equations at these places say, under tightened bounds.
pub(super) fn components(revealed: &Revealed, bounds: &Bounds, used: &[usize]) -> Vec<Component> {
    let telling = telling(revealed, bounds, used);
    let mut group: Vec<usize> = (0..revealed.figures.len()).collect();
    let loose = |equation: usize| revealed.equations[equation].figures().filter(|&figure| !bounds.is_fixed(figure));
    for &equation in &telling {
        let mut figures = loose(equation);
        let Some(first) = figures.next() else { continue };
        for figure in figures {
            let (one, other) = (root(&mut group, first), root(&mut group, figure));
            group[one] = other;
        }
    }
    let mut components: BTreeMap<usize, Component> = BTreeMap::new();
    let mut seen = vec![false; revealed.figures.len()];
    for &equation in &telling {
        let Some(first) = loose(equation).next() else { continue };
        let component = components.entry(root(&mut group, first)).or_default();
        component.equations.push(equation);
        for figure in loose(equation) {
            if !std::mem::replace(&mut seen[figure], true) {
                component.figures.push(figure);
                if revealed.figures[figure].hidden {
                    component.hidden.push(figure);
                }
            }
        }
    }
    let mut found: Vec<Component> = components.into_values().filter(|component| !component.hidden.is_empty()).collect();
    found.iter_mut().for_each(|component| component.figures.sort_unstable());
    found
}

fn root(group: &mut [usize], mut figure: usize) -> usize {
    while group[figure] != figure {
        group[figure] = group[group[figure]];
        figure = group[figure];
    }
    figure
}

/// The equations that are left when those are dropped, one after another, that some figure of theirs satisfies whatever
/// the others are: one that is not hidden, stands in no other equation, and itself says no more than the others allow.
fn telling(revealed: &Revealed, bounds: &Bounds, used: &[usize]) -> Vec<usize> {
    let mut uses = vec![0usize; revealed.figures.len()];
    let mut of_figure: Vec<Vec<usize>> = vec![Vec::new(); revealed.figures.len()];
    for &equation in used {
        for figure in revealed.equations[equation].figures() {
            uses[figure] += 1;
            of_figure[figure].push(equation);
        }
    }
    let mut kept = vec![false; revealed.equations.len()];
    used.iter().for_each(|&equation| kept[equation] = true);
    let mut waiting: Vec<usize> = used.to_vec();
    while let Some(equation) = waiting.pop() {
        if !kept[equation] || !is_idle(revealed, bounds, &uses, equation) {
            continue;
        }
        kept[equation] = false;
        for figure in revealed.equations[equation].figures() {
            uses[figure] -= 1;
            waiting.extend(of_figure[figure].iter().copied().filter(|&other| kept[other]));
        }
    }
    used.iter().copied().filter(|&equation| kept[equation]).collect()
}

/// Whether the equation can be satisfied whatever its other figures are within their bounds, by one figure that stands
/// nowhere else; or says nothing beyond the bounds.
fn is_idle(revealed: &Revealed, bounds: &Bounds, uses: &[usize], equation: usize) -> bool {
    let slack = |figure: usize| uses[figure] == 1 && !revealed.figures[figure].hidden;
    let own = |figure: usize| (revealed.figures[figure].low, revealed.figures[figure].high);
    let sum = |parts: &[usize], of: &[u64]| {
        parts.iter().fold(0u64, |sum, &part| if of[part] == OPEN { OPEN } else { sum.saturating_add(of[part]) })
    };
    match &revealed.equations[equation] {
        Equation::Sum { total, parts } => {
            let (least, most) = (sum(parts, &bounds.low), sum(parts, &bounds.high));
            let (low, high) = own(*total);
            if slack(*total) && low <= least && high >= most {
                return true;
            }
            // A part of which nothing is said takes up whatever the others leave.
            let free = parts.iter().find(|&&part| slack(part) && own(part) == (0, OPEN));
            free.is_some_and(|free| {
                let others: Vec<usize> = parts.iter().copied().filter(|part| part != free).collect();
                sum(&others, &bounds.high) <= bounds.low[*total]
            })
        }
        Equation::Union { total, parts } => {
            let largest = parts.iter().map(|&part| bounds.high[part]).max().unwrap_or(0);
            let (low, high) = own(*total);
            slack(*total) && low <= sum(parts, &bounds.low) && high >= largest
        }
        Equation::AtLeastOneEach { rows, people } => {
            bounds.low[*rows] >= bounds.high[*people]
                || slack(*rows) && own(*rows).1 >= bounds.high[*people]
                || slack(*people) && own(*people).0 <= bounds.low[*rows]
        }
        Equation::AtMostEach { amount, people, cap } => {
            let most = bounds.low[*people].saturating_mul(*cap);
            bounds.high[*amount] <= most
                || slack(*amount) && own(*amount).0 <= most
                || slack(*people) && own(*people).1.saturating_mul(*cap) >= bounds.high[*amount]
        }
    }
}
