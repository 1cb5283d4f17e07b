//! Figures of the same people and contributions, each once with all that is known of it.

use std::collections::HashMap;
use std::rc::Rc;

use super::past::Figure;
use super::quantity::Quantity;
use super::relation::Member;
use super::sketch::Sketch;

/// Released figures, each set of contributions once.
#[derive(Default)]
pub(super) struct Twins<'a> {
    once: Vec<Once<'a>>,
    /// By people and hundredths.
    places: HashMap<(u64, u64), Vec<usize>>,
}

/// A set of contributions that was released, with all that is known of it.
pub(super) struct Once<'a> {
    /// The first figure of it.
    pub(super) figure: usize,
    pub(super) member: Member,
    pub(super) sketch: &'a Sketch,
}

impl<'a> Twins<'a> {
    /// Adds what is known of a released figure; whether it is the first of these people and contributions.
    pub(super) fn add(&mut self, figure: usize, released: &'a Figure, quantity: Rc<Quantity>) -> bool {
        let member = Member::of(quantity, released.known, None);
        let places = self.places.entry((released.people, released.hundredths)).or_default();
        let is_twin = |once: &Once<'_>| *once.sketch == released.sketch && once.member.is_twin(&member);
        if let Some(&twin) = places.iter().find(|&&place| is_twin(&self.once[place])) {
            self.once[twin].member.learn(released.known);
            return false;
        }
        places.push(self.once.len());
        self.once.push(Once { figure, member, sketch: &released.sketch });
        true
    }

    /// In the order in which they came first.
    pub(super) fn once(self) -> Vec<Once<'a>> {
        self.once
    }
}
