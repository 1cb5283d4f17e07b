//! Which cells nothing new is said of, because something about their neighbourhood is public already.
//!
//! It reads what is public and nothing else. Two cells are neighbours where a declared total covers both. Where anything
//! is public of a neighbourhood beyond what today's table says, its totals are not said anew; and of an inner cell
//! nothing new is said where something is public of the cell itself or of a total above it. What was answered before is
//! said again: see [`again`].

use crate::cell::Cell;
use crate::domain::Domain;
use crate::measure::{Measure, MeasureKind};
use crate::policy::{Policy, Zeros};
use crate::public::Public;

/// Cells of which nothing new is said, whatever the measure.
pub(crate) struct HeldBack {
    /// Per cell, whether it is held back.
    pub(crate) cells: Vec<bool>,
    /// Per inner cell, whether the totals of its neighbourhood are.
    pub(crate) neighbourhood: Vec<bool>,
}

impl HeldBack {
    /// Reads what is public about the table.
    pub(crate) fn of(domain: &Domain, measures: usize, public: &Public) -> Self {
        let (inner, all) = (domain.inner_len(), domain.len());
        let mut held = Self { cells: vec![false; all], neighbourhood: vec![false; inner] };
        if public.is_nothing() {
            return held;
        }
        let any = |of: &dyn Fn(usize) -> bool| (0..measures).any(of);
        let says = |cell: usize| any(&|m| public.range(m, cell).is_some() || public.answer(m, cell).is_some());
        let closed = |cell: usize| any(&|m| public.is_held(m, cell));
        let neighbours = domain.neighbourhoods();
        let mut touched = vec![false; inner];
        for cell in 0..all {
            let (says, closed) = (says(cell), closed(cell));
            if !says && !closed {
                continue;
            }
            held.cells[cell] = true;
            let children = if domain.is_total(cell) { domain.children(cell) } else { vec![cell] };
            for child in children {
                held.cells[child] |= says;
                touched[neighbours[child]] = true;
            }
        }
        for cell in 0..inner {
            held.neighbourhood[cell] = touched[neighbours[cell]];
        }
        for cell in inner..all {
            held.cells[cell] |= domain.children(cell).iter().any(|&child| held.neighbourhood[child]);
        }
        held
    }
}

/// An earlier answer as today's policy says it: as it was, or less.
pub(crate) fn again(answer: Cell, domain: &Domain, cell: usize, measure: &Measure, policy: &Policy) -> Cell {
    let star_of_people = measure.kind() == MeasureKind::People && !domain.is_total(cell);
    let (low, high) = policy.suppressed();
    match answer {
        Cell::Shown { .. } if policy.may_show(measure, answer) => answer,
        Cell::Suppressed { high: most, .. } if star_of_people && most <= high => Cell::Suppressed { low, high },
        Cell::Zero if policy.zeros() == Zeros::Shown && !domain.is_total(cell) => Cell::Zero,
        Cell::Zero if star_of_people => Cell::Suppressed { low, high },
        _ => Cell::Withheld,
    }
}
