//! What one table of a declared domain reveals.

use std::collections::BTreeMap;

use super::revealed::{Equation, FigureId, Revealed};
use crate::bounds::{Interval, own};
use crate::cell::Cell;
use crate::domain::{CellKey, Domain, Per};
use crate::measure::{Measure, MeasureKind};
use crate::policy::Policy;
use crate::public::Public;
use crate::rows::withheld_rows;

/// A table's figures and equations, and where they come from.
pub(super) struct Table {
    pub(super) revealed: Revealed,
    /// Per figure its measure and cell; what is not published has none.
    pub(super) cells: Vec<Option<(usize, usize)>>,
}

impl Table {
    /// The measure and cell of the total that an equation is about, or of the cell that it couples.
    pub(super) fn of_equation(&self, equation: usize) -> Option<(usize, usize)> {
        match self.revealed.equations.get(equation)? {
            Equation::Sum { total, .. } | Equation::Union { total, .. } => self.cells[*total],
            Equation::AtLeastOneEach { rows: amount, .. } | Equation::AtMostEach { amount, .. } => self.cells[*amount],
        }
    }

    /// Everything that these cells, per measure one for every cell of the domain, say beside what is public already.
    pub(super) fn new(
        domain: &Domain,
        measures: &[Measure],
        policy: &Policy,
        public: &Public,
        cells: &[Vec<Cell>],
    ) -> Self {
        let mut table = Self { revealed: Revealed::new(), cells: Vec::new() };
        let mut of_measures: Vec<Vec<FigureId>> = Vec::new();
        for (place, (measure, said)) in measures.iter().zip(cells).enumerate() {
            let figures = table.figures(domain, place, measure, policy, said);
            table.add_up(domain, measure.kind(), said, &figures);
            of_measures.push(figures);
        }
        table.couple(domain, measures, cells, &of_measures);
        for (place, figures) in of_measures.iter().enumerate() {
            for (cell, &figure) in figures.iter().enumerate() {
                if let Some((low, high)) = public.range(place, cell) {
                    table.revealed.learn(figure, Interval { low, high: Some(high) });
                }
            }
        }
        table
    }

    fn figures(
        &mut self,
        domain: &Domain,
        place: usize,
        measure: &Measure,
        policy: &Policy,
        said: &[Cell],
    ) -> Vec<FigureId> {
        let figure = |(cell, said): (usize, &Cell)| {
            self.cells.push(Some((place, cell)));
            let revealed = &mut self.revealed;
            match *said {
                Cell::NotCovered => revealed.figure(Interval { low: 0, high: Some(0) }),
                Cell::Suppressed { low, high } => revealed.hidden(Interval { low, high: Some(high) }),
                Cell::Withheld if !domain.is_total(cell) && withheld_rows(measure, policy).is_some() => {
                    revealed.hidden(own(domain, measure, policy, cell, said))
                }
                _ => {
                    let interval = Interval { low: said.low(), high: said.high() };
                    match measure.kind() {
                        MeasureKind::Sum { .. } => revealed.amount(interval),
                        MeasureKind::People | MeasureKind::Rows { .. } => revealed.figure(interval),
                    }
                }
            }
        };
        said.iter().enumerate().map(figure).collect()
    }

    /// Every group of cells from the next finer ones. What follows from these follows for all coarser ones.
    fn add_up(&mut self, domain: &Domain, kind: MeasureKind, said: &[Cell], figures: &[FigureId]) {
        let groups = Groups::new(domain, kind);
        let mut of_groups: Vec<Vec<FigureId>> = Vec::new();
        for (place, kept) in groups.all.iter().enumerate() {
            let first = groups.first_cell(domain, place);
            let figures = (0..groups.size(domain, kept)).map(|at| match first {
                Some(first) => figures[first + at],
                None => {
                    self.cells.push(None);
                    self.revealed.figure(Interval { low: 0, high: None })
                }
            });
            of_groups.push(figures.collect());
        }
        let covered: Vec<Vec<bool>> = groups.all.iter().map(|kept| groups.covered(domain, kept, said)).collect();
        let pairs = groups.next_finer();
        let adds_up = |&(coarse, fine): &(usize, usize)| {
            let mut dropped = groups.all[fine].iter().filter(|d| !groups.all[coarse].contains(d));
            let personal =
                |d: &usize| domain.dimensions()[*d].per == Per::Person || domain.dimensions()[*d].levels.len() == 1;
            kind != MeasureKind::People || dropped.all(personal)
        };
        let sums: Vec<(usize, usize)> = pairs.iter().copied().filter(adds_up).collect();
        // Sums over any one of the next finer groups imply those over the others.
        let needed = one_each(&sums);
        for (coarse, fine) in pairs {
            let (coarse_kept, fine_kept) = (&groups.all[coarse], &groups.all[fine]);
            for (at, &total) in of_groups[coarse].iter().enumerate().filter(|&(at, _)| covered[coarse][at]) {
                let under = domain.cells_under(&groups.key(domain, coarse_kept, at), fine_kept);
                let parts: Vec<FigureId> =
                    under.into_iter().filter(|&part| covered[fine][part]).map(|part| of_groups[fine][part]).collect();
                if !sums.contains(&(coarse, fine)) {
                    self.revealed.union(total, &parts);
                    continue;
                }
                let sum = self.revealed.sum(total, &parts);
                if !needed.contains(&(coarse, fine)) {
                    self.revealed.is_implied(sum);
                }
            }
        }
    }

    /// People, rows and sums of one cell bound each other.
    fn couple(&mut self, domain: &Domain, measures: &[Measure], cells: &[Vec<Cell>], figures: &[Vec<FigureId>]) {
        let Some(people) = measures.iter().position(|m| m.kind() == MeasureKind::People) else { return };
        for (place, measure) in measures.iter().enumerate().filter(|&(place, _)| place != people) {
            for cell in (0..domain.len()).filter(|&cell| cells[place][cell] != Cell::NotCovered) {
                let (people, amount) = (figures[people][cell], figures[place][cell]);
                if let MeasureKind::Rows { .. } = measure.kind() {
                    self.revealed.at_least_one_each(amount, people);
                }
                // The cap holds per inner cell; a person may reach it in each inner cell of a total.
                if let (Some(cap), false) = (measure.at_most_per_person(), domain.is_total(cell)) {
                    self.revealed.at_most_each(amount, people, cap);
                }
            }
        }
    }
}

/// The groups of cells of a domain, by the dimensions that they keep: the inner cells, the declared totals and, of
/// people, the totals by all personal dimensions over each declared one. Those are published nowhere, but people of
/// different levels of a personal dimension are different people, which a union over everything would forget.
struct Groups {
    all: Vec<Vec<usize>>,
    declared: BTreeMap<Vec<usize>, usize>,
}

impl Groups {
    fn new(domain: &Domain, kind: MeasureKind) -> Self {
        let inner: Vec<usize> = (0..domain.dimensions().len()).collect();
        let mut all = vec![inner.clone()];
        all.extend(domain.totals().iter().cloned());
        let declared = all.iter().enumerate().map(|(place, kept)| (kept.clone(), place)).collect();
        if kind == MeasureKind::People {
            for kept in domain.totals() {
                let personal = |d: &usize| kept.contains(d) || domain.dimensions()[*d].per == Per::Person;
                let implied: Vec<usize> = inner.iter().copied().filter(personal).collect();
                if !all.contains(&implied) {
                    all.push(implied);
                }
            }
        }
        Self { all, declared }
    }

    /// The first cell of a group that is published.
    fn first_cell(&self, domain: &Domain, place: usize) -> Option<usize> {
        match *self.declared.get(&self.all[place])? {
            0 => Some(0),
            total => Some(domain.cells_of_total(total - 1).start),
        }
    }

    fn size(&self, domain: &Domain, kept: &[usize]) -> usize {
        kept.iter().map(|&d| domain.dimensions()[d].levels.len()).product()
    }

    /// The key of a group's cell, by its position row-major over the dimensions kept.
    fn key(&self, domain: &Domain, kept: &[usize], mut at: usize) -> CellKey {
        let mut key = vec![None; domain.dimensions().len()];
        for &dimension in kept.iter().rev() {
            let levels = domain.dimensions()[dimension].levels.len();
            key[dimension] = Some(at % levels);
            at /= levels;
        }
        CellKey(key)
    }

    /// Which cells of a group cover something.
    fn covered(&self, domain: &Domain, kept: &[usize], said: &[Cell]) -> Vec<bool> {
        let inner: Vec<usize> = (0..domain.dimensions().len()).collect();
        let any =
            |at| domain.cells_under(&self.key(domain, kept, at), &inner).iter().any(|&c| said[c] != Cell::NotCovered);
        (0..self.size(domain, kept)).map(any).collect()
    }

    /// Each group with those finer ones between which and it there is no other.
    fn next_finer(&self) -> Vec<(usize, usize)> {
        let within = |one: &[usize], other: &[usize]| one.len() < other.len() && one.iter().all(|d| other.contains(d));
        let mut pairs = Vec::new();
        for (coarse, kept) in self.all.iter().enumerate() {
            for (fine, wider) in self.all.iter().enumerate().filter(|(_, wider)| within(kept, wider)) {
                if !self.all.iter().any(|between| within(kept, between) && within(between, wider)) {
                    pairs.push((coarse, fine));
                }
            }
        }
        pairs
    }
}

/// For every coarser group one of its pairs with a finer one, chosen such that, where that can be, no finer group is
/// taken twice, the inner cells (group nought) aside, which may be taken twice: the equations then form a network.
fn one_each(pairs: &[(usize, usize)]) -> Vec<(usize, usize)> {
    let mut coarse: Vec<usize> = pairs.iter().map(|pair| pair.0).collect();
    coarse.dedup();
    // A place is a finer group; nought has two.
    let mut taken: BTreeMap<(usize, bool), usize> = BTreeMap::new();
    for &group in &coarse {
        let mut tried = Vec::new();
        assign(pairs, group, &mut taken, &mut tried);
    }
    let of = |group: usize| {
        let assigned = taken.iter().find(|(_, by)| **by == group).map(|((fine, _), _)| (group, *fine));
        assigned.or_else(|| pairs.iter().find(|pair| pair.0 == group).copied())
    };
    coarse.into_iter().filter_map(of).collect()
}

/// Gives a coarser group a place, moving others where that helps.
fn assign(
    pairs: &[(usize, usize)],
    group: usize,
    taken: &mut BTreeMap<(usize, bool), usize>,
    tried: &mut Vec<(usize, bool)>,
) -> bool {
    let places = pairs.iter().filter(|pair| pair.0 == group).flat_map(|&(_, fine)| [(fine, false), (fine, true)]);
    for place in places.filter(|&(fine, second)| fine == 0 || !second) {
        if tried.contains(&place) {
            continue;
        }
        tried.push(place);
        let holder = taken.get(&place).copied();
        if holder.is_none_or(|holder| assign(pairs, holder, taken, tried)) {
            taken.insert(place, group);
            return true;
        }
    }
    false
}
