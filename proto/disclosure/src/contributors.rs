//! Who stands behind each figure of a release, and what was said of it: what the ledger compares releases by.

use std::sync::Arc;

use roaring::{MultiOps, RoaringBitmap};

use crate::bounds::Interval;
use crate::cell::Cell;
use crate::difference::Quantity;
use crate::domain::MAX_CELLS;
use crate::measure::{HUNDREDTHS, MAX_MEASURES, MeasureKind};
use crate::raw::RawTable;

/// What each person contributes, in the order of the people.
type Shares = Arc<Vec<u32>>;

/// The version of the sealed form.
const VERSION: u8 = 3;
/// The one before, without what is known of figures: of each, what it says itself is.
const VERSION_SAID: u8 = 2;

/// The people behind each inner cell of a protected table as node-local numbers, what each contributes, and what was said.
///
/// They never leave the node: no Debug, Clone or getter, and one way out, to the ledger that encrypts them at rest.
pub struct Contributors {
    /// Per total, in the order of the cells, the inner cells that it covers, ascending.
    totals: Vec<Vec<usize>>,
    kinds: Vec<MeasureKind>,
    people: Vec<RoaringBitmap>,
    /// Per measure and inner cell what each person contributes, capped; empty for a measure that counts people.
    each: Vec<Vec<Arc<Vec<u32>>>>,
    said: Vec<Vec<Cell>>,
    /// Per measure and cell, what everything that was said leaves of it.
    known: Vec<Vec<Interval>>,
}

impl Contributors {
    /// `known` is what everybody knows of each figure, whether or not something is said of it itself.
    pub(crate) fn new(raw: RawTable, said: Vec<Vec<Cell>>, known: Vec<Vec<Interval>>) -> Self {
        let kinds = raw.measures.iter().map(crate::measure::Measure::kind).collect();
        let totals = (raw.domain.inner_len()..raw.domain.len()).map(|total| raw.domain.children(total)).collect();
        Self { totals, kinds, people: raw.people, each: raw.each, said, known }
    }

    /// The number of inner cells, which the declaration gives away anyway.
    #[must_use]
    pub fn cells(&self) -> usize {
        self.people.len()
    }

    /// Leaves out of what is remembered what was said of these measures and cells; and what is known of them, where that
    /// is no more than was said.
    pub(crate) fn forget(&mut self, figures: &[(usize, usize)]) {
        for &(measure, cell) in figures {
            let Some(said) = self.said.get_mut(measure).and_then(|said| said.get_mut(cell)) else { continue };
            let own = Interval::said(said);
            *said = Cell::Withheld;
            let known = self.known.get_mut(measure).and_then(|known| known.get_mut(cell));
            if let Some(known) = known.filter(|known| **known == own) {
                *known = Interval::ANY;
            }
        }
    }

    /// The number of all cells, totals included.
    pub(crate) fn all_cells(&self) -> usize {
        self.people.len() + self.totals.len()
    }

    pub(crate) fn kinds(&self) -> &[MeasureKind] {
        &self.kinds
    }

    /// Everybody in any inner cell.
    pub(crate) fn everybody(&self) -> RoaringBitmap {
        self.people.iter().union()
    }

    /// What was said of a cell; `None` where there is no such cell or measure.
    pub(crate) fn said(&self, measure: usize, cell: usize) -> Option<Cell> {
        self.said.get(measure)?.get(cell).copied()
    }

    /// What everybody knows of a figure by its release alone, in people, rows or whole units: what is said of it, and what
    /// follows from the rest of the table. `None` where there is no such cell or measure.
    pub(crate) fn known(&self, measure: usize, cell: usize) -> Option<Interval> {
        self.known.get(measure)?.get(cell).copied()
    }

    /// The people of an inner cell, and per measure what each of them contributes.
    pub(crate) fn inner(&self, cell: usize) -> Option<(&RoaringBitmap, Vec<Option<Shares>>)> {
        let each = self.each.iter().map(|each| each.get(cell).cloned()).collect();
        Some((self.people.get(cell)?, each))
    }

    /// What a figure is made of: of a total of people the distinct ones, of rows and sums all contributions.
    pub(crate) fn quantity(&self, measure: usize, cell: usize) -> Option<Quantity> {
        let kind = self.kinds.get(measure)?;
        if cell < self.people.len() {
            return quantity(*kind, &self.people, self.each.get(measure)?, cell);
        }
        total(*kind, &self.people, self.each.get(measure)?, self.totals.get(cell - self.people.len())?)
    }

    /// Hands everything, serialised, to `encrypt` and returns what it made of it. `encrypt` must not let the bytes reach
    /// anything but the ledger's cipher.
    pub fn seal<T>(&self, encrypt: impl FnOnce(&[u8]) -> T) -> T {
        let mut bytes = vec![VERSION];
        number(&mut bytes, self.people.len() as u64);
        number(&mut bytes, self.totals.len() as u64);
        for children in &self.totals {
            number(&mut bytes, children.len() as u64);
            let mut next = 0;
            for &child in children {
                // INVARIANT: children ascend, so each is written as its distance from the least that it could be.
                number(&mut bytes, child.saturating_sub(next) as u64);
                next = child + 1;
            }
        }
        number(&mut bytes, self.kinds.len() as u64);
        for kind in &self.kinds {
            let (tag, cap) = match *kind {
                MeasureKind::People => (0, 0),
                MeasureKind::Rows { at_most_per_person } => (1, at_most_per_person.unwrap_or(0)),
                MeasureKind::Sum { at_most_per_person } => (2, at_most_per_person),
            };
            bytes.push(tag);
            number(&mut bytes, cap);
        }
        for people in &self.people {
            number(&mut bytes, people.serialized_size() as u64);
            // Writing to memory cannot fail; were it to, the record would not open again and the ledger say so.
            if people.serialize_into(&mut bytes).is_err() {
                bytes.clear();
            }
        }
        for each in self.each.iter().flatten() {
            each.iter().for_each(|&amount| number(&mut bytes, amount.into()));
        }
        for cell in self.said.iter().flatten() {
            let (tag, figures): (u8, &[u64]) = match cell {
                Cell::Shown { value, low, high } => (0, &[*value, *low, *high]),
                Cell::Suppressed { low, high } => (1, &[*low, *high]),
                Cell::Zero => (2, &[]),
                Cell::Withheld => (3, &[]),
                Cell::NotCovered => (4, &[]),
            };
            bytes.push(tag);
            figures.iter().for_each(|&figure| number(&mut bytes, figure));
        }
        self.known.iter().flatten().for_each(|known| interval(&mut bytes, *known));
        encrypt(&bytes)
    }

    /// What was sealed; `None` where the bytes are not exactly such a record.
    #[must_use]
    pub fn unseal(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader(bytes);
        let version = reader.byte()?;
        if ![VERSION, VERSION_SAID].contains(&version) {
            return None;
        }
        let inner = reader.size(MAX_CELLS)?;
        let totals = reader.size(MAX_CELLS)?;
        let totals = (0..totals).map(|_| reader.children(inner)).collect::<Option<Vec<_>>>()?;
        let measures = reader.size(MAX_MEASURES)?;
        let kinds = (0..measures).map(|_| reader.kind()).collect::<Option<Vec<_>>>()?;
        let people = (0..inner).map(|_| reader.people()).collect::<Option<Vec<_>>>()?;
        let mut each = Vec::with_capacity(measures);
        for kind in &kinds {
            let cells = if *kind == MeasureKind::People { &[] } else { people.as_slice() };
            let amounts = |people: &RoaringBitmap| reader.amounts(people.len()).map(Arc::new);
            each.push(cells.iter().map(amounts).collect::<Option<Vec<_>>>()?);
        }
        let cells = inner + totals.len();
        let each_measure = |of: &mut Reader<'_>| (0..cells).map(|_| of.cell()).collect::<Option<Vec<_>>>();
        let said: Vec<Vec<Cell>> = (0..measures).map(|_| each_measure(&mut reader)).collect::<Option<_>>()?;
        let each_measure = |of: &mut Reader<'_>| (0..cells).map(|_| of.interval()).collect::<Option<Vec<_>>>();
        let known = match version {
            VERSION_SAID => said.iter().map(|said| said.iter().map(Interval::said).collect()).collect(),
            _ => (0..measures).map(|_| each_measure(&mut reader)).collect::<Option<_>>()?,
        };
        reader.0.is_empty().then_some(Self { totals, kinds, people, each, said, known })
    }
}

/// What an inner cell of a measure is made of.
pub(crate) fn quantity(
    kind: MeasureKind,
    people: &[RoaringBitmap],
    each: &[Arc<Vec<u32>>],
    cell: usize,
) -> Option<Quantity> {
    let people = people.get(cell)?;
    Some(match kind {
        MeasureKind::People => Quantity::of_people(people.clone()),
        MeasureKind::Rows { .. } => Quantity::of_amounts(people, each.get(cell)?, HUNDREDTHS),
        MeasureKind::Sum { .. } => Quantity::of_amounts(people, each.get(cell)?, 1),
    })
}

/// What a total over these inner cells is made of.
pub(crate) fn total(
    kind: MeasureKind,
    people: &[RoaringBitmap],
    each: &[Arc<Vec<u32>>],
    children: &[usize],
) -> Option<Quantity> {
    if kind == MeasureKind::People {
        let covered = children.iter().map(|&child| people.get(child)).collect::<Option<Vec<_>>>()?;
        return Some(Quantity::of_people(covered.into_iter().union()));
    }
    let unit = if matches!(kind, MeasureKind::Rows { .. }) { HUNDREDTHS } else { 1 };
    let mut pairs: Vec<(u32, u64)> = Vec::new();
    for &child in children {
        let amounts = people.get(child)?.iter().zip(each.get(child)?.iter()).filter(|(_, amount)| **amount > 0);
        pairs.extend(amounts.map(|(person, amount)| (person, u64::from(*amount) * unit)));
    }
    Some(Quantity::of_sums(pairs))
}

/// Seven bits at a time, the lowest first (LEB128).
fn number(bytes: &mut Vec<u8>, mut n: u64) {
    while n >= 0x80 {
        bytes.push((n & 0x7f) as u8 | 0x80);
        n >>= 7;
    }
    bytes.push(n as u8);
}

/// The lower bound, and one more than the upper; nought where nothing bounds it.
fn interval(bytes: &mut Vec<u8>, Interval { low, high }: Interval) {
    number(bytes, low);
    number(bytes, high.map_or(0, |high| high.saturating_add(1)));
}

struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn byte(&mut self) -> Option<u8> {
        let (&first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(first)
    }

    fn number(&mut self) -> Option<u64> {
        let mut n = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            n |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(n);
            }
        }
        None
    }

    fn size(&mut self, at_most: usize) -> Option<usize> {
        usize::try_from(self.number()?).ok().filter(|&n| n <= at_most)
    }

    fn children(&mut self, inner: usize) -> Option<Vec<usize>> {
        let mut children = Vec::new();
        let mut next = 0;
        for _ in 0..self.size(inner)? {
            let child = self.size(inner)?.checked_add(next).filter(|&child| child < inner)?;
            next = child + 1;
            children.push(child);
        }
        Some(children)
    }

    fn kind(&mut self) -> Option<MeasureKind> {
        let (tag, cap) = (self.byte()?, self.number()?);
        match tag {
            0 => Some(MeasureKind::People),
            1 => Some(MeasureKind::Rows { at_most_per_person: (cap > 0).then_some(cap) }),
            2 => Some(MeasureKind::Sum { at_most_per_person: cap }),
            _ => None,
        }
    }

    fn people(&mut self) -> Option<RoaringBitmap> {
        let length = self.size(usize::MAX)?;
        let (set, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        RoaringBitmap::deserialize_from(set).ok()
    }

    fn amounts(&mut self, people: u64) -> Option<Vec<u32>> {
        // Each takes a byte at least, so a record that claims more people than it has bytes is none.
        let people = usize::try_from(people).ok().filter(|&people| people <= self.0.len())?;
        (0..people).map(|_| self.number().and_then(|amount| u32::try_from(amount).ok())).collect()
    }

    fn interval(&mut self) -> Option<Interval> {
        Some(Interval { low: self.number()?, high: self.number()?.checked_sub(1) })
    }

    fn cell(&mut self) -> Option<Cell> {
        Some(match self.byte()? {
            0 => Cell::Shown { value: self.number()?, low: self.number()?, high: self.number()? },
            1 => Cell::Suppressed { low: self.number()?, high: self.number()? },
            2 => Cell::Zero,
            3 => Cell::Withheld,
            4 => Cell::NotCovered,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::coverage::Coverage;
    use crate::domain::{Domain, Per, tests::dimension};
    use crate::measure::Measure;
    use crate::policy::Policy;
    use crate::protect::protect;
    use crate::public::Public;
    use crate::tally::{Column, Tally};

    proptest! {
        #[test]
        fn what_is_sealed_opens_as_it_was_and_nothing_else_opens(
            rows in prop::collection::vec((0u32..6, 0u32..3000, 0i64..500), 0..400), cut in 0usize..2000, flip in 0usize..2000,
        ) {
            let domain = Domain::new(
                vec![dimension("a", 2, Per::Record), dimension("b", 3, Per::Record)], vec![vec![0], vec![]],
            ).unwrap();
            let measures =
                [Measure::rows("rows", Some(2)).unwrap(), Measure::people("people"), Measure::sum("days", 9).unwrap()];
            let mut tally = Tally::new(&domain, &measures).unwrap();
            let (cells, rest): (Vec<u32>, Vec<(u32, i64)>) = rows.iter().map(|r| (r.0, (r.1, r.2))).unzip();
            let (persons, values): (Vec<u32>, Vec<i64>) = rest.into_iter().unzip();
            tally.add(&cells, &persons, &[Column::Full(&values)]).unwrap();
            let public = Public::nothing(&domain, &measures);
            let raw = tally.finish().unwrap();
            let protected =
                protect(raw, &domain, &measures, &Policy::nhs_sde(), &Coverage::whole(&domain), &public).unwrap();
            let before = protected.contributors();
            let bytes = before.seal(<[u8]>::to_vec);
            let after = Contributors::unseal(&bytes).unwrap();
            prop_assert_eq!(&after.said, &before.said);
            prop_assert_eq!(&after.known, &before.known);
            prop_assert_eq!(&after.kinds, &before.kinds);
            for measure in 0..3 {
                for cell in 0..domain.len() {
                    let (a, b) = (after.quantity(measure, cell).unwrap(), before.quantity(measure, cell).unwrap());
                    prop_assert_eq!(a.differing(&b), 0);
                    prop_assert_eq!(a.hundredths(), b.hundredths());
                }
            }
            // A record of the version before, which ends with what was said, knows of each figure what it says.
            let mut known = Vec::new();
            before.known.iter().flatten().for_each(|known_of| interval(&mut known, *known_of));
            let mut earlier = bytes[..bytes.len() - known.len()].to_vec();
            earlier[0] = VERSION_SAID;
            let earlier = Contributors::unseal(&earlier).unwrap();
            prop_assert_eq!(&earlier.said, &before.said);
            for (said, known) in earlier.said.iter().flatten().zip(earlier.known.iter().flatten()) {
                prop_assert_eq!((known.low, known.high), (said.low(), said.high()));
            }
            // Neither a shorter nor a longer record, and no damage makes a panic.
            prop_assert!(Contributors::unseal(&bytes[..cut.min(bytes.len() - 1)]).is_none());
            prop_assert!(Contributors::unseal(&[bytes.as_slice(), &[0]].concat()).is_none());
            let mut damaged = bytes.clone();
            damaged[flip % bytes.len()] ^= 0x55;
            drop(Contributors::unseal(&damaged));
        }
    }
}
