//! Which cells nothing new is said of, because something about their neighbourhood is public already.
//!
//! It reads what is public and nothing else. Two cells are neighbours where a declared total covers both. Where all that
//! is public of a neighbourhood is about counts of people that are refined, refinement starts from it. Elsewhere (rows and
//! sums, totals that are unions or outside the two chains, cells that are held, domains too large) its totals are not
//! said anew, and of an inner cell nothing new is said where something is public of the cell itself or of a total above
//! it. What was answered before is said again: see [`again`].

use crate::cell::Cell;
use crate::domain::Domain;
use crate::measure::{Measure, MeasureKind};
use crate::policy::{Policy, Zeros};
use crate::public::Public;

/// What becomes of the neighbourhoods of a table about which something is public.
pub(crate) struct HeldBack {
    /// Per cell, whether nothing new is said of it, whatever the measure.
    pub(crate) cells: Vec<bool>,
    /// Per inner cell, whether nothing new is said of the totals of its neighbourhood.
    pub(crate) neighbourhood: Vec<bool>,
    /// Per inner cell, whether refinement starts from what is public of its neighbourhood instead.
    pub(crate) informed: Vec<bool>,
}

impl HeldBack {
    /// Reads what is public about the table. Where all of it is about the counts of people of the measure `people`, and
    /// of the totals only about those in `chains`, refinement takes care of it; `None` where it cannot.
    pub(crate) fn of(domain: &Domain, public: &Public, refined: Option<(usize, &[usize])>) -> Self {
        let (inner, all) = (domain.inner_len(), domain.len());
        let mut held =
            Self { cells: vec![false; all], neighbourhood: vec![false; inner], informed: vec![false; inner] };
        if public.is_nothing() {
            return held;
        }
        let neighbours = domain.neighbourhoods();
        let children = |cell: usize| if domain.is_total(cell) { domain.children(cell) } else { vec![cell] };
        let can_refine = |measure: usize, cell: usize| {
            refined.is_some_and(|(people, chains)| {
                let chained = || chains.iter().any(|&total| domain.cells_of_total(total).contains(&cell));
                let of_people = measure == people && (!domain.is_total(cell) || chained());
                let beside_people = !domain.is_total(cell) && public.answer(people, cell).is_some();
                let said = !public.is_held(measure, cell) || domain.is_total(cell);
                let kept_beside = public.is_kept(measure, cell) && measure != people;
                said && !kept_beside && (of_people || beside_people)
            })
        };
        let (mut touched, mut closed) = (vec![false; inner], vec![false; inner]);
        let places: Vec<_> = public.places().collect();
        for &(measure, cell) in &places {
            for child in children(cell) {
                touched[neighbours[child]] = true;
                closed[neighbours[child]] |= !can_refine(measure, cell);
            }
        }
        for cell in 0..inner {
            held.neighbourhood[cell] = closed[neighbours[cell]];
            held.informed[cell] = touched[neighbours[cell]] && !closed[neighbours[cell]];
        }
        for &(measure, cell) in &places {
            let says = !public.is_held(measure, cell);
            let covers = children(cell);
            if covers.iter().any(|&child| held.neighbourhood[child]) {
                held.cells[cell] = true;
                covers.iter().for_each(|&child| held.cells[child] |= says);
            }
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
