//! Sets of the past, opened as they are needed and a bounded number of them kept.

use std::collections::HashMap;
use std::rc::Rc;

use super::past::{Figure, Lost, Past, Vault};
use super::quantity::Quantity;
use super::relation::Member;
use super::sketch::Sketch;
use super::twins::Twins;

/// Bytes of the sets that are kept opened during one comparison.
const MAX_OPEN: usize = 256 << 20;

/// Sets of the past, opened as they are needed.
pub(super) struct Open<'a> {
    past: &'a Past,
    vault: &'a dyn Vault,
    sets: HashMap<usize, Rc<Quantity>>,
    bytes: usize,
}

impl<'a> Open<'a> {
    pub(super) fn new(past: &'a Past, vault: &'a dyn Vault) -> Self {
        Self { past, vault, sets: HashMap::new(), bytes: 0 }
    }

    pub(super) fn quantity(&mut self, figure: usize) -> Result<Rc<Quantity>, Lost> {
        if let Some(quantity) = self.sets.get(&figure) {
            return Ok(Rc::clone(quantity));
        }
        let quantity = Rc::new(self.past.figures().get(figure).ok_or(Lost)?.quantity(self.vault)?);
        let bytes = quantity.bytes();
        if self.bytes.saturating_add(bytes) > MAX_OPEN {
            (self.bytes, self.sets) = (0, HashMap::new());
        }
        self.bytes += bytes;
        self.sets.insert(figure, Rc::clone(&quantity));
        Ok(quantity)
    }

    /// The released figures that at most `at_most` people contribute differently to, and exactly how many do.
    pub(super) fn near(
        &mut self,
        quantity: &Quantity,
        sketch: &Sketch,
        at_most: u64,
    ) -> Result<Vec<(&'a Figure, u64)>, Lost> {
        let past = self.past;
        let mut near = Vec::new();
        for place in past.may_be_near(quantity.len(), sketch, at_most) {
            let differing = self.quantity(place)?.differing(quantity);
            if let Some(figure) = past.figures().get(place).filter(|_| differing <= at_most) {
                near.push((figure, differing));
            }
        }
        Ok(near)
    }

    /// The released figures that lie within a whole but for a few people, each set once with all that is known
    /// of it, the whole itself excepted.
    pub(super) fn parts(
        &mut self,
        figures: &[usize],
        whole: &Quantity,
        sketch: &Sketch,
        few: u64,
    ) -> Result<Vec<Member>, Lost> {
        let past = self.past;
        let may_be_part = |&figure: &usize| past.figures()[figure].may_be_within(whole.people(), sketch, few);
        let near: Vec<usize> = figures.iter().copied().filter(may_be_part).collect();
        let mut twins = Twins::default();
        for figure in near {
            let quantity = self.quantity(figure)?;
            if quantity.lies_within(whole, few) && quantity.differing(whole) > 0 {
                twins.add(figure, &past.figures()[figure], quantity);
            }
        }
        Ok(twins.once().into_iter().map(|once| once.member).collect())
    }
}
