//! What one table of a declared domain reveals.

use std::collections::{BTreeMap, BTreeSet};

use super::revealed::{Equation, FigureId, Revealed};
use crate::bounds::Interval;
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
        let people = measures.iter().position(|m| m.kind() == MeasureKind::People);
        for (place, (measure, said)) in measures.iter().zip(cells).enumerate() {
            // Beside public facts rows may be withheld for their sake, not because people are few, and few may be nobody.
            let fewest = |cell: usize| match people.map(|people| cells[people][cell]) {
                Some(Cell::Suppressed { low, .. }) => Some(low),
                Some(_) => None,
                None => public.is_nothing().then_some(u64::MAX),
            };
            let figures = table.figures(domain, place, measure, policy, said, fewest);
            table.add_up(domain, measure.kind(), &figures);
            of_measures.push(figures);
        }
        table.couple(domain, measures, |place, cell| cells[place][cell] != Cell::NotCovered, &of_measures);
        for (place, figures) in of_measures.iter().enumerate() {
            for (cell, &figure) in figures.iter().enumerate() {
                if let Some((low, high)) = public.range(place, cell) {
                    table.revealed.learn(figure, Interval { low, high: Some(high) });
                }
            }
        }
        table
    }

    /// The figures and equations of every table of a declaration, with nothing said of any figure and every one of them
    /// asked for.
    pub(super) fn of_declaration(domain: &Domain, measures: &[Measure]) -> Self {
        let mut table = Self { revealed: Revealed::new(), cells: Vec::new() };
        let mut of_measures: Vec<Vec<FigureId>> = Vec::new();
        for (place, measure) in measures.iter().enumerate() {
            let figure = |cell| {
                table.cells.push(Some((place, cell)));
                let nothing = Interval { low: 0, high: None };
                table.revealed.asked(nothing, !matches!(measure.kind(), MeasureKind::Sum { .. }))
            };
            let figures: Vec<FigureId> = (0..domain.len()).map(figure).collect();
            table.add_up(domain, measure.kind(), &figures);
            of_measures.push(figures);
        }
        table.couple(domain, measures, |_, _| true, &of_measures);
        table
    }

    fn figures(
        &mut self,
        domain: &Domain,
        place: usize,
        measure: &Measure,
        policy: &Policy,
        said: &[Cell],
        fewest: impl Fn(usize) -> Option<u64>,
    ) -> Vec<FigureId> {
        let figure = |(cell, said): (usize, &Cell)| {
            self.cells.push(Some((place, cell)));
            let revealed = &mut self.revealed;
            let few = || fewest(cell).filter(|_| !domain.is_total(cell)).zip(withheld_rows(measure, policy));
            match *said {
                Cell::NotCovered => revealed.figure(Interval { low: 0, high: Some(0) }),
                Cell::Suppressed { low, high } => revealed.hidden(Interval { low, high: Some(high) }),
                Cell::Withheld if let Some((fewest, (low, high))) = few() => {
                    revealed.hidden(Interval { low: low.min(fewest), high: Some(high) })
                }
                _ => {
                    let interval = Interval::said(said);
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
    fn add_up(&mut self, domain: &Domain, kind: MeasureKind, published: &[FigureId]) {
        let groups = Groups::new(domain, kind);
        let figures: Vec<Vec<FigureId>> = groups
            .all
            .iter()
            .map(|group| match group.first {
                Some(first) => published[first..first + group.cells].to_vec(),
                None => (0..group.cells).map(|_| self.unpublished()).collect(),
            })
            .collect();
        let pairs = groups.next_finer();
        let sums: Vec<(usize, usize)> = pairs.iter().copied().filter(|&pair| groups.adds_up(pair)).collect();
        // Sums over any one of the next finer groups imply those over the others.
        let needed = one_each(&sums);
        for (coarse, fine) in pairs {
            for (total, parts) in groups.parts(coarse, fine).into_iter().enumerate() {
                let total = figures[coarse][total];
                let parts: Vec<FigureId> = parts.into_iter().map(|part| figures[fine][part]).collect();
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

    /// A figure of which nothing is said.
    fn unpublished(&mut self) -> FigureId {
        self.cells.push(None);
        self.revealed.figure(Interval { low: 0, high: None })
    }

    /// People, rows and sums of one cell bound each other.
    fn couple(
        &mut self,
        domain: &Domain,
        measures: &[Measure],
        covered: impl Fn(usize, usize) -> bool,
        figures: &[Vec<FigureId>],
    ) {
        let Some(people) = measures.iter().position(|m| m.kind() == MeasureKind::People) else { return };
        for (place, measure) in measures.iter().enumerate().filter(|&(place, _)| place != people) {
            for cell in (0..domain.len()).filter(|&cell| covered(place, cell)) {
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

/// A group of cells: how it deals the inner cells among its own.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Group {
    /// Its first cell among those published, if it is.
    first: Option<usize>,
    cells: usize,
    /// Per inner cell, the cell of the group that it is part of.
    of: Vec<usize>,
}

/// The inner cells, the declared totals and, of people, each total by everything of which a person has one level. Those
/// are published nowhere, but people of different levels are then different people, which a union over everything would
/// forget.
struct Groups {
    all: Vec<Group>,
    /// Per inner cell, a number for its levels of the dimensions of which a person has one; nought for all where
    /// everything adds up.
    persons: Vec<usize>,
    counts_people: bool,
}

impl Groups {
    fn new(domain: &Domain, kind: MeasureKind) -> Self {
        let inner = domain.inner_len();
        let mut all = vec![Group { first: Some(0), cells: inner, of: (0..inner).collect() }];
        for total in 0..domain.totals().len() {
            let cells = domain.cells_of_total(total);
            let mut of = vec![0; inner];
            for (place, cell) in cells.clone().enumerate() {
                domain.children(cell).into_iter().for_each(|child| of[child] = place);
            }
            all.push(Group { first: Some(cells.start), cells: cells.len(), of });
        }
        let counts_people = kind == MeasureKind::People;
        let mut persons = vec![0; inner];
        if counts_people {
            let mut numbers: BTreeMap<Vec<Option<usize>>, usize> = BTreeMap::new();
            for (cell, person) in persons.iter_mut().enumerate() {
                let CellKey(key) = domain.key(cell).unwrap_or(CellKey(Vec::new()));
                let of_person = key.into_iter().zip(domain.dimensions()).filter(|(_, d)| d.per == Per::Person);
                let next = numbers.len();
                *person = *numbers.entry(of_person.map(|(level, _)| level).collect()).or_insert(next);
            }
            for total in 1..all.len() {
                let split = all[total].split_by(&persons);
                if !all.iter().any(|group| group.of == split.of) {
                    all.push(split);
                }
            }
        }
        Self { all, persons, counts_people }
    }

    /// Whether the cells of a finer group under one of a coarser are of different people.
    fn adds_up(&self, (coarse, fine): (usize, usize)) -> bool {
        let (coarse, fine) = (&self.all[coarse].of, &self.all[fine].of);
        let mut seen: BTreeMap<(usize, usize), usize> = BTreeMap::new();
        let mut alone =
            |cell: usize| *seen.entry((coarse[cell], self.persons[cell])).or_insert(fine[cell]) == fine[cell];
        !self.counts_people || (0..coarse.len()).all(&mut alone)
    }

    /// Per cell of a coarser group, the cells of a finer one under it.
    fn parts(&self, coarse: usize, fine: usize) -> Vec<Vec<usize>> {
        let mut parts: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); self.all[coarse].cells];
        for (&total, &part) in self.all[coarse].of.iter().zip(&self.all[fine].of) {
            parts[total].insert(part);
        }
        parts.into_iter().map(|parts| parts.into_iter().collect()).collect()
    }

    /// Each group with those finer ones between which and it there is no other.
    fn next_finer(&self) -> Vec<(usize, usize)> {
        let places = 0..self.all.len();
        let finer = |coarse: usize, fine: usize| {
            let (one, other) = (&self.all[coarse], &self.all[fine]);
            coarse != fine && (other.cells, coarse) > (one.cells, fine) && other.is_within(one)
        };
        let within: Vec<Vec<usize>> =
            places.clone().map(|coarse| places.clone().filter(|&fine| finer(coarse, fine)).collect()).collect();
        let direct =
            |coarse: usize, fine: usize| !within[coarse].iter().any(|&between| within[between].contains(&fine));
        let pairs = places.flat_map(|coarse| within[coarse].iter().map(move |&fine| (coarse, fine)));
        pairs.filter(|&(coarse, fine)| direct(coarse, fine)).collect()
    }
}

impl Group {
    /// This group with each of its cells split by what `persons` says of the inner ones.
    fn split_by(&self, persons: &[usize]) -> Self {
        let mut numbers: BTreeMap<(usize, usize), usize> = BTreeMap::new();
        let mut number = |(&cell, &person): (&usize, &usize)| {
            let next = numbers.len();
            *numbers.entry((cell, person)).or_insert(next)
        };
        let of: Vec<usize> = self.of.iter().zip(persons).map(&mut number).collect();
        Self { first: None, cells: numbers.len(), of }
    }

    /// Whether each cell of this group is part of one of the other.
    fn is_within(&self, other: &Self) -> bool {
        let mut under: Vec<Option<usize>> = vec![None; self.cells];
        self.of.iter().zip(&other.of).all(|(&cell, &above)| *under[cell].get_or_insert(above) == above)
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
