//! By which equations a figure is narrowed: a set without any one of which it would not be.

use super::AuditError;
use super::programme::{Answer, Numbers, Programme, down, up};
use super::reduce::components;
use super::revealed::{EquationId, OPEN, Revealed};
use super::tighten::Bounds;

/// The most equations of which a smallest set is sought.
const MAX_SOUGHT: usize = 300;

/// Equations that suffice to narrow the figure to what was found of it, none of them idle. Empty where there are too
/// many to say, or where only counting in whole numbers narrows it.
pub(super) fn because_of(revealed: &Revealed, figure: usize, found: (u64, u64)) -> Result<Vec<EquationId>, AuditError> {
    let Some(mut used) = near(revealed, figure, found)? else { return Ok(Vec::new()) };
    let mut place = used.len();
    // The farthest first, so that what stays is near.
    while place > 0 {
        place -= 1;
        let left_out = used.remove(place);
        if !narrows(revealed, &used, figure, found)? {
            used.insert(place, left_out);
        }
    }
    used.sort_unstable();
    Ok(used.into_iter().map(EquationId).collect())
}

/// The equations within the fewest steps of the figure that narrow it so, nearest first.
fn near(revealed: &Revealed, figure: usize, found: (u64, u64)) -> Result<Option<Vec<usize>>, AuditError> {
    let mut of_figure: Vec<Vec<usize>> = vec![Vec::new(); revealed.figures.len()];
    for (place, equation) in revealed.equations.iter().enumerate() {
        equation.figures().for_each(|figure| of_figure[figure].push(place));
    }
    let mut used = Vec::new();
    let mut taken = vec![false; revealed.equations.len()];
    let mut reached = vec![false; revealed.figures.len()];
    reached[figure] = true;
    let mut border = vec![figure];
    loop {
        let before = used.len();
        for &figure in &border {
            for &equation in &of_figure[figure] {
                if !std::mem::replace(&mut taken[equation], true) {
                    used.push(equation);
                }
            }
        }
        if used.len() > MAX_SOUGHT || used.len() == before {
            return Ok(None);
        }
        if narrows(revealed, &used, figure, found)? {
            return Ok(Some(used));
        }
        let next = used[before..].iter().flat_map(|&equation| revealed.equations[equation].figures());
        border = next.filter(|&figure| !std::mem::replace(&mut reached[figure], true)).collect();
    }
}

/// Whether these equations alone leave the figure no more than was found.
fn narrows(revealed: &Revealed, used: &[usize], figure: usize, found: (u64, u64)) -> Result<bool, AuditError> {
    let Some(bounds) = Bounds::own(revealed).tighten(revealed, used) else { return Ok(false) };
    let (mut low, mut high) = (bounds.low[figure], bounds.high[figure]);
    if low >= found.0 && high <= found.1 {
        return Ok(true);
    }
    let all = components(revealed, &bounds, used);
    let Some(component) = all.iter().find(|component| component.hidden.contains(&figure)) else { return Ok(false) };
    let programme = Programme::new(revealed, &bounds, component);
    let value = |weight| match programme.table(&[(figure, weight)], None, Numbers::Real) {
        Ok(Answer::Table(table)) => Ok(Some(table[programme.place(figure)])),
        Ok(Answer::Impossible | Answer::Undecided) => Ok(None),
        Err(error) => Err(error),
    };
    if low < found.0 {
        low = value(1.0)?.map_or(low, up);
    }
    if high > found.1 && high != OPEN {
        high = value(-1.0)?.map_or(high, down);
    }
    Ok(low >= found.0 && high <= found.1)
}
