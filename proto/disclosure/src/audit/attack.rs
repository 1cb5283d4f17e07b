//! The attack itself: whether every hidden figure can still be everything that it claims.

use super::programme::{Answer, Numbers, Programme, Solved, down, up, whole};
use super::reduce::{Component, components};
use super::revealed::{Equation, FigureId, OPEN, Revealed, interval};
use super::tighten::Bounds;
use super::{AuditError, Depth, Finding, Findings, explain};

/// The most values of a range that are asked for one by one in whole numbers.
const MAX_VALUES: u64 = 64;
/// The most branches of one question in whole numbers.
const MAX_BRANCHES: u64 = 200;
/// The most work on questions in whole numbers about one set of tables, each question at the number of its figures.
const MAX_WHOLE_WORK: [(Depth, usize); 2] = [(Depth::Check, 4_000), (Depth::Thorough, 400_000)];
/// The most findings whose equations are singled out, and the most figures among which they are.
const MAX_EXPLAINED: usize = 30;
const MAX_EXPLAINED_FIGURES: usize = 5_000;

/// What is known of a hidden figure.
#[derive(Clone, Debug)]
struct Known {
    figure: usize,
    /// What it claims.
    claimed: (u64, u64),
    /// What the tables leave, as far as is known.
    found: (u64, u64),
    /// Values of a narrow range that some table in whole numbers has, bit by bit from the least claimed.
    seen: u64,
    /// Values that none has.
    excluded: Vec<u64>,
}

/// Attacks everything hidden.
pub(super) fn attack(revealed: &Revealed, depth: Depth) -> Result<Findings, AuditError> {
    if revealed.too_large() {
        return Err(AuditError::TooLarge);
    }
    let used: Vec<usize> = (0..revealed.equations.len()).collect();
    let bounds = Bounds::own(revealed).tighten(revealed, &used).ok_or(AuditError::Contradiction)?;
    let mut findings = Findings::default();
    let mut work = MAX_WHOLE_WORK.iter().find(|(of, _)| *of == depth).map_or(0, |(_, work)| *work);
    let mut alone: Vec<bool> = revealed.figures.iter().map(|figure| figure.hidden).collect();
    let mut known: Vec<Known> = Vec::new();
    let needed: Vec<usize> = used.into_iter().filter(|&equation| !revealed.implied[equation]).collect();
    for component in components(revealed, &bounds, &needed) {
        component.hidden.iter().for_each(|&figure| alone[figure] = false);
        known.extend(Run::new(revealed, &bounds, &component).finish(&mut work, &mut findings.undecided)?);
    }
    // What no programme is needed for: the equations one by one have said all.
    known.extend((0..alone.len()).filter(|&figure| alone[figure]).map(|figure| Known::of(revealed, &bounds, figure)));
    known.sort_by_key(|known| known.figure);
    findings.attacked = known.len();
    for known in known.into_iter().filter(Known::is_narrowed) {
        let few = depth == Depth::Thorough
            && revealed.figures.len() <= MAX_EXPLAINED_FIGURES
            && findings.narrowed.len() < MAX_EXPLAINED;
        let because_of = if few { explain::because_of(revealed, known.figure, known.found)? } else { Vec::new() };
        findings.narrowed.push(Finding {
            figure: FigureId(known.figure),
            claimed: interval(known.claimed.0, known.claimed.1),
            found: interval(known.found.0, known.found.1),
            excluded: known.excluded,
            because_of,
        });
    }
    Ok(findings)
}

impl Known {
    fn of(revealed: &Revealed, bounds: &Bounds, figure: usize) -> Self {
        let own = &revealed.figures[figure];
        let found = (bounds.low[figure], bounds.high[figure]);
        Self { figure, claimed: own.claimed, found, seen: 0, excluded: Vec::new() }
    }

    /// What is public of a figure may say less than it wears, so only what lies within its claim is lost.
    fn is_narrowed(&self) -> bool {
        self.found.0 > self.claimed.0 || self.found.1 < self.claimed.1 || !self.excluded.is_empty()
    }

    /// How many values the range has, where they are few enough to be asked for.
    fn values(&self) -> Option<u64> {
        let values = self.claimed.1.checked_sub(self.claimed.0)?.saturating_add(1);
        (self.claimed.1 != OPEN && values <= MAX_VALUES).then_some(values)
    }

    fn has_seen(&self, value: u64) -> bool {
        value.checked_sub(self.claimed.0).is_some_and(|bit| bit < MAX_VALUES && self.seen >> bit & 1 == 1)
    }
}

/// The attack on one component.
struct Run<'a> {
    revealed: &'a Revealed,
    component: &'a Component,
    programme: Programme<'a>,
    known: Vec<Known>,
    /// Per hidden figure, whether some table has its least and its greatest value.
    reached: Vec<[bool; 2]>,
}

impl<'a> Run<'a> {
    fn new(revealed: &'a Revealed, bounds: &'a Bounds, component: &'a Component) -> Self {
        let known: Vec<Known> = component.hidden.iter().map(|&figure| Known::of(revealed, bounds, figure)).collect();
        let programme = Programme::new(revealed, bounds, component);
        Self { revealed, component, programme, reached: vec![[false; 2]; known.len()], known }
    }

    fn finish(mut self, work: &mut usize, undecided: &mut usize) -> Result<Vec<Known>, AuditError> {
        let any = self.programme.any()?.ok_or(AuditError::Contradiction)?;
        self.push_all_at_once()?;
        self.push_one_by_one(&any)?;
        // Where the equations form a network, each corner of the programme is a table in whole numbers, and with two
        // values a figure has every value between them.
        if !is_network(self.revealed, self.component) {
            self.ask_for_values(work, undecided)?;
        }
        Ok(self.known)
    }

    /// Tables with as many hidden figures as possible at their least, or at their greatest: most are witnessed so.
    fn push_all_at_once(&mut self) -> Result<(), AuditError> {
        for end in [0, 1] {
            loop {
                let goal: Vec<(usize, f64)> = self
                    .unreached(end)
                    .map(|place| (self.known[place].figure, if end == 0 { 1.0 } else { -1.0 }))
                    .collect();
                let bounded = self.unreached(end).all(|place| end == 0 || self.known[place].found.1 != OPEN);
                let before = goal.len();
                if before == 0 || !bounded {
                    break;
                }
                if let Answer::Table(table) = self.programme.table(&goal, None, Numbers::Real)? {
                    self.witness(&table);
                }
                // As long as each table is worth many single questions.
                if (before - self.unreached(end).count()) * 4 < before {
                    break;
                }
            }
        }
        Ok(())
    }

    fn push_one_by_one(&mut self, any: &Solved) -> Result<(), AuditError> {
        for place in 0..self.known.len() {
            for end in [0, 1] {
                let Known { figure, found, .. } = self.known[place];
                let wanted = if end == 0 { found.0 } else { found.1 };
                if self.reached[place][end] {
                    continue;
                }
                if wanted != OPEN
                    && let Some(table) = self.programme.fix(any, figure, wanted)?
                {
                    self.witness(&table);
                    continue;
                }
                let value = self.extreme(figure, end)?;
                if end == 0 {
                    self.known[place].found.0 = value
                } else {
                    self.known[place].found.1 = value
                }
                self.reached[place][end] = true;
            }
        }
        Ok(())
    }

    /// The least or greatest whole value of a figure.
    fn extreme(&self, figure: usize, end: usize) -> Result<u64, AuditError> {
        let weight = if end == 0 { 1.0 } else { -1.0 };
        match self.programme.table(&[(figure, weight)], None, Numbers::Real) {
            Ok(Answer::Table(table)) => {
                let value = table[self.programme.place(figure)];
                Ok(if end == 0 { up(value) } else { down(value) })
            }
            Ok(Answer::Impossible | Answer::Undecided) => Err(AuditError::Solver),
            Err(error) => Err(error),
        }
    }

    /// Of narrow ranges, whether some table in whole numbers has each value.
    fn ask_for_values(&mut self, work: &mut usize, undecided: &mut usize) -> Result<(), AuditError> {
        for place in 0..self.known.len() {
            let Some(_) = self.known[place].values() else { continue };
            let (figure, (low, high)) = (self.known[place].figure, self.known[place].found);
            let mut open = false;
            for value in low..=high {
                if self.known[place].has_seen(value) {
                    continue;
                }
                let Some(left) = work.checked_sub(self.component.figures.len()) else {
                    open = true;
                    break;
                };
                *work = left;
                let branches = Numbers::Whole { branches: MAX_BRANCHES };
                match self.programme.table(&[], Some((figure, value)), branches)? {
                    Answer::Table(table) => {
                        self.witness(&table);
                        // The figure itself was fixed at the value.
                        self.known[place].seen |= 1 << (value - self.known[place].claimed.0);
                    }
                    Answer::Impossible if self.revealed.figures[figure].excluded.contains(&value) => {}
                    Answer::Impossible => self.known[place].excluded.push(value),
                    Answer::Undecided => open = true,
                }
            }
            *undecided += usize::from(open);
            self.known[place].trim();
        }
        Ok(())
    }

    /// Marks what a table shows to be possible.
    fn witness(&mut self, table: &[f64]) {
        let is_whole =
            |(&figure, &value): (&usize, &f64)| !self.revealed.figures[figure].whole || whole(value).is_some();
        let all_whole = self.component.figures.iter().zip(table).all(is_whole);
        for (known, reached) in self.known.iter_mut().zip(&mut self.reached) {
            let Some(value) = whole(table[self.programme.place(known.figure)]) else { continue };
            reached[0] |= value == known.found.0;
            reached[1] |= value == known.found.1;
            if let (true, Some(bit)) = (all_whole && known.values().is_some(), value.checked_sub(known.claimed.0)) {
                known.seen |= 1u64.checked_shl(u32::try_from(bit).unwrap_or(u32::MAX)).unwrap_or(0);
            }
        }
    }

    fn unreached(&self, end: usize) -> impl Iterator<Item = usize> + '_ {
        (0..self.known.len()).filter(move |&place| !self.reached[place][end])
    }
}

impl Known {
    /// Takes excluded values at the ends of the range off it; those between stay listed.
    fn trim(&mut self) {
        while self.excluded.contains(&self.found.0) && self.found.0 < self.found.1 {
            self.excluded.retain(|&value| value != self.found.0);
            self.found.0 += 1;
        }
        while self.excluded.contains(&self.found.1) && self.found.0 < self.found.1 {
            self.excluded.retain(|&value| value != self.found.1);
            self.found.1 -= 1;
        }
    }
}

/// Whether the equations form a network, so that whole bounds have whole corners: sums in which every loose figure
/// stands at most twice, and which can be given signs such that it then leaves one and enters the other.
fn is_network(revealed: &Revealed, component: &Component) -> bool {
    let mut first: Vec<Option<(usize, bool)>> = vec![None; revealed.figures.len()];
    let mut twice = vec![false; revealed.figures.len()];
    // Per equation, another of its group and whether their signs differ; roots point at themselves.
    let mut group: Vec<(usize, bool)> = (0..component.equations.len()).map(|place| (place, false)).collect();
    let loose = |figure: usize| component.figures.binary_search(&figure).is_ok();
    for (place, &equation) in component.equations.iter().enumerate() {
        let Equation::Sum { total, parts } = &revealed.equations[equation] else { return false };
        for (figure, is_part) in parts.iter().map(|&part| (part, true)).chain([(*total, false)]) {
            if !loose(figure) {
                continue;
            }
            match first[figure] {
                None => first[figure] = Some((place, is_part)),
                Some(_) if twice[figure] => return false,
                Some((other, was_part)) => {
                    twice[figure] = true;
                    // Of the same side in both, so the two equations need different signs.
                    if !differ_by(&mut group, place, other, is_part == was_part) {
                        return false;
                    }
                }
            }
        }
    }
    true
}

/// Notes that the signs of two equations differ, or are alike; whether that contradicts what was noted before.
fn differ_by(group: &mut [(usize, bool)], one: usize, other: usize, differ: bool) -> bool {
    let ((root, sign), (other_root, other_sign)) = (root_of(group, one), root_of(group, other));
    if root == other_root {
        return (sign != other_sign) == differ;
    }
    group[root] = (other_root, (sign != other_sign) != differ);
    true
}

fn root_of(group: &[(usize, bool)], mut place: usize) -> (usize, bool) {
    let mut sign = false;
    while group[place].0 != place {
        sign ^= group[place].1;
        place = group[place].0;
    }
    (place, sign)
}
