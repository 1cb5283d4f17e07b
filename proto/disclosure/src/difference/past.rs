//! The figures that were released so far, indexed so that a new one is compared with few of them.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use roaring::RoaringBitmap;

use super::quantity::Quantity;
use super::sketch::{Sketch, spread};
use crate::bounds::Interval;
use crate::cell::Cell;
use crate::contributors::Contributors;
use crate::measure::MeasureKind;

/// Where the contributors of earlier releases are kept.
pub trait Vault {
    /// The contributors of a release, opened; `None` where they cannot be had. Nothing is released then.
    fn contributors(&self, release: u64) -> Option<Arc<Contributors>>;
}

/// The released figures of one provider, of all its snapshots: sizes, bounds and places, not who is behind them.
#[derive(Default)]
pub struct Past {
    figures: Vec<Figure>,
    by_people: BTreeMap<u64, Vec<usize>>,
    releases: Vec<Everybody>,
}

/// The people of one release, and where its figures are.
pub(crate) struct Everybody {
    pub(crate) people: RoaringBitmap,
    pub(crate) figures: Range<usize>,
}

/// So many people of a figure tell of most sets that it does not lie within them, without opening it.
const SAMPLES: usize = 24;

/// One released figure.
pub(crate) struct Figure {
    pub(crate) release: u64,
    pub(crate) measure: usize,
    pub(crate) cell: usize,
    pub(crate) kind: MeasureKind,
    pub(crate) said: Cell,
    /// What everybody knows of it by its release alone.
    pub(crate) known: Interval,
    /// People who contribute.
    pub(crate) people: u64,
    /// The truth, in hundredths.
    pub(crate) hundredths: u64,
    pub(crate) sketch: Sketch,
    /// Some of the people, evenly spread; all of them where they are few.
    samples: Box<[u32]>,
}

/// The contributors of a release cannot be had: nothing may be compared, so nothing released.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lost;

impl Past {
    /// Nothing was released.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How many figures are remembered: those that something is known of, each set of contributors with each answer once.
    #[must_use]
    pub fn len(&self) -> usize {
        self.figures.len()
    }

    /// Whether nothing was released.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.figures.is_empty()
    }

    /// Remembers what a release said. Releases are added in their order.
    pub fn add(&mut self, release: u64, contributors: &Contributors) {
        let first = self.figures.len();
        for (measure, &kind) in contributors.kinds().iter().enumerate() {
            for cell in 0..contributors.all_cells() {
                let Some((said, known)) = contributors.said(measure, cell).zip(contributors.known(measure, cell))
                else {
                    continue;
                };
                // What is said of a table may leave little of a figure that is withheld. A zero has nobody to be told
                // apart.
                if known == Interval::ANY {
                    continue;
                }
                let Some(quantity) = contributors.quantity(measure, cell).filter(|q| q.len() > 0) else { continue };
                let figure = Figure {
                    release,
                    measure,
                    cell,
                    kind,
                    said,
                    known,
                    people: quantity.len(),
                    hundredths: quantity.hundredths(),
                    sketch: Sketch::of(quantity.people()),
                    samples: samples(quantity.people()),
                };
                self.by_people.entry(figure.people).or_default().push(self.figures.len());
                self.figures.push(figure);
            }
        }
        if self.figures.len() > first {
            let figures = first..self.figures.len();
            self.releases.push(Everybody { people: contributors.everybody(), figures });
        }
    }

    pub(crate) fn releases(&self) -> &[Everybody] {
        &self.releases
    }

    pub(crate) fn figures(&self) -> &[Figure] {
        &self.figures
    }

    /// The figures that at most `at_most` people might contribute differently to, as far as their counts tell.
    pub(crate) fn may_be_near(&self, people: u64, sketch: &Sketch, at_most: u64) -> impl Iterator<Item = usize> {
        let sizes = people.saturating_sub(at_most)..=people.saturating_add(at_most);
        let places = self.by_people.range(sizes).flat_map(|(_, places)| places).copied();
        places.filter(move |&place| self.figures.get(place).is_some_and(|f| f.sketch.may_be_near(sketch, at_most)))
    }
}

/// Some of these people, evenly spread.
pub(super) fn samples(people: &RoaringBitmap) -> Box<[u32]> {
    spread(people, SAMPLES).collect()
}

impl Figure {
    /// Whether the figure might have at most so many people beyond a whole.
    pub(crate) fn may_be_within(&self, whole: &RoaringBitmap, sketch: &Sketch, at_most: u64) -> bool {
        self.people <= whole.len().saturating_add(at_most)
            && self.sketch.may_be_within(sketch, at_most)
            && self.samples.iter().filter(|&&person| !whole.contains(person)).count() as u64 <= at_most
    }

    /// What the figure is made of.
    pub(crate) fn quantity(&self, vault: &dyn Vault) -> Result<Quantity, Lost> {
        vault.contributors(self.release).ok_or(Lost)?.quantity(self.measure, self.cell).ok_or(Lost)
    }
}
