//! Looks for sums of released figures that come too close to a new one, where there can be any.
//!
//! A relation has a new figure for its whole, or for one of its parts; then its whole is a released figure around that.
//! INVARIANT: what is left out before the search can be in no relation that tells anything; the search says the same of it,
//! later.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use roaring::{MultiOps, RoaringBitmap};

use super::judge::{New, alike};
use super::open::Open;
use super::relation::{Allowed, Member, Spread};
use super::remedy::Remedy;
use super::search::{Found, Searched};
use super::sketch::{Sketch, spread};
use super::twins::{Once, Twins};
use super::twos::Twos;
use super::{BesideError, Compared};
use crate::measure::{HUNDREDTHS, Measure};
use crate::rounding::LEAST_BASE;

/// How many figures whose counts tell that they are no part are passed over in the time of one look.
const PASSED_OVER: usize = 8;
/// To ask whom a figure holds of many takes the time of so many looks at it.
const ASKED: usize = 16;
/// How many people next to a new figure are asked whether anything else can take them.
const HARD: usize = 16;

/// New figures that are not to be said as they are, by their places, and what may be.
pub(super) type Close = BTreeMap<usize, Remedy>;

/// A released figure that new ones lie within.
struct Whole {
    figure: usize,
    member: Member,
    inside: Vec<usize>,
}

impl Compared<'_> {
    /// The new figures, one of each relation that tells too much, that are not to be said as they are.
    pub(super) fn sums(&self, measure: &Measure, new: &[New], open: &mut Open<'_>) -> Result<Close, BesideError> {
        let figures = self.past.figures();
        let alike = (0..figures.len()).filter(|&figure| alike(figures[figure].kind, measure.kind())).collect();
        let few = self.threshold - 1;
        let mut sums = Sums { compared: self, new, few, alike, allowed: self.allowed(measure), close: Close::new() };
        if !new.is_empty() {
            sums.of_new_wholes(open)?;
            sums.of_old_wholes(open)?;
            // Sums of figures that will be said otherwise need not be looked for.
            if sums.close.is_empty() {
                sums.of_twos(open)?;
            }
        }
        Ok(sums.close)
    }

    fn allowed(&self, measure: &Measure) -> Allowed {
        let few = (self.threshold - 1).saturating_mul(HUNDREDTHS);
        let most = measure.at_most_per_person().map_or(u64::MAX, |cap| few.saturating_mul(cap));
        let block = measure.sum_base().unwrap_or(LEAST_BASE).saturating_mul(HUNDREDTHS);
        Allowed { threshold: self.threshold, least: HUNDREDTHS, most, block }
    }
}

struct Sums<'a> {
    compared: &'a Compared<'a>,
    new: &'a [New],
    few: u64,
    /// The released figures of the same thing.
    alike: Vec<usize>,
    allowed: Allowed,
    close: Close,
}

impl Sums<'_> {
    /// Relations whose whole is new.
    fn of_new_wholes(&mut self, open: &mut Open<'_>) -> Result<(), BesideError> {
        for (place, whole) in self.new.iter().enumerate() {
            if !self.allowed.of(&whole.figure).may_tell_at_all(Spread::of(&whole.figure)) {
                continue;
            }
            if self.compared.effort.is_spent() {
                self.judge(Found::TooMany, place);
                continue;
            }
            let old = self.parts(&whole.figure, &whole.sketch, open)?;
            if old.is_empty() {
                continue;
            }
            let may_be_in = |&p: &usize| p != place && self.new[p].sketch.may_be_within(&whole.sketch, self.few);
            let beside = (0..self.new.len()).filter(may_be_in).map(|p| &self.new[p].figure);
            let parts: Vec<&Member> = old.iter().chain(beside).collect();
            let found = Searched::new(&whole.figure, parts, self.allowed, &self.compared.effort).all();
            self.judge(found, place);
        }
        Ok(())
    }

    /// Relations whose whole was released, and of which some part is new: each new one is tried by itself.
    fn of_old_wholes(&mut self, open: &mut Open<'_>) -> Result<(), BesideError> {
        let wholes = self.wholes(open)?;
        let hard = self.hard(&wholes, open)?;
        for whole in wholes {
            let Whole { figure, member, inside } = whole;
            let people = member.quantity.people();
            let may_be_in =
                |place: &usize| !member.counts_people() || hard[*place].intersection_len(people) <= self.few;
            let (allowed, alone) = (self.allowed.of(&member), Spread::of(&member));
            let may_tell = |place: &usize| allowed.may_tell_at_all(alone.with(&self.new[*place].figure));
            let lies_within = |place: &usize| self.new[*place].figure.quantity.lies_within(&member.quantity, self.few);
            let firsts = inside.into_iter().filter(may_tell).filter(may_be_in);
            let firsts: Vec<usize> = firsts.filter(lies_within).collect();
            if firsts.is_empty() {
                continue;
            }
            if self.compared.effort.is_spent() {
                firsts.into_iter().for_each(|place| self.judge(Found::TooMany, place));
                continue;
            }
            let old = self.parts(&member, &self.compared.past.figures()[figure].sketch, open)?;
            let beside = firsts.iter().map(|&p| &self.new[p].figure);
            let parts: Vec<&Member> = old.iter().chain(beside).collect();
            for (place, found) in Searched::new(&member, parts, self.allowed, &self.compared.effort).by_new_part() {
                self.judge(found, place);
            }
        }
        Ok(())
    }

    /// Relations of two figures with two others.
    fn of_twos(&mut self, open: &mut Open<'_>) -> Result<(), BesideError> {
        let figures = self.compared.past.figures();
        let mut twins = Twins::default();
        for &figure in &self.alike {
            twins.add(figure, &figures[figure], open.quantity(figure)?);
        }
        let (old, new) = (twins.once(), self.new);
        let Some(relations) = Twos::new(&old, new, self.allowed, &self.compared.effort).relations() else {
            (0..new.len()).for_each(|place| self.judge(Found::TooMany, place));
            return Ok(());
        };
        for relation in relations {
            if let Some(&place) = relation.iter().max_by_key(|&&place| new[place].precedence()) {
                self.close.insert(place, new[place].remedy(Remedy::Wide));
            }
        }
        Ok(())
    }

    /// The released figures that new ones lie within but for a few people, as far as some of these tell, the smallest first,
    /// and each once with all that is known of it.
    fn wholes(&self, open: &mut Open<'_>) -> Result<Vec<Whole>, BesideError> {
        let (past, new, few) = (self.compared.past, self.new, self.few);
        let (mut twins, mut insides) = (Twins::default(), Vec::new());
        for release in past.releases() {
            // Only where a new figure lies within everybody of a release can it lie within one of its figures.
            let within = |&p: &usize| new[p].may_be_in(&release.people, few);
            let within: Vec<usize> = (0..new.len()).filter(within).collect();
            for figure in release.figures.clone().filter(|figure| self.alike.binary_search(figure).is_ok()) {
                let whole = &past.figures()[figure];
                let may_be_in = |&p: &usize| new[p].sketch.may_be_within(&whole.sketch, few);
                let inside: Vec<usize> = within.iter().copied().filter(may_be_in).collect();
                if inside.is_empty() {
                    continue;
                }
                let quantity = open.quantity(figure)?;
                let inside: Vec<usize> =
                    inside.into_iter().filter(|&p| new[p].may_be_in(quantity.people(), few)).collect();
                if inside.is_empty() {
                    continue;
                }
                if twins.add(figure, whole, quantity) {
                    insides.push(inside);
                }
            }
        }
        let of = |(Once { figure, member, .. }, inside)| Whole { figure, member, inside };
        let mut wholes: Vec<Whole> = twins.once().into_iter().zip(insides).map(of).collect();
        wholes.sort_by_key(|whole| (whole.member.people(), whole.figure));
        Ok(wholes)
    }

    /// The released figures that may be parts of a whole.
    fn parts(&self, whole: &Member, sketch: &Sketch, open: &mut Open<'_>) -> Result<Vec<Member>, BesideError> {
        self.compared.effort.spend(self.alike.len().div_ceil(PASSED_OVER));
        Ok(open.parts(&self.alike, &whole.quantity, sketch, self.few)?)
    }

    /// Per new figure, people next to it whom no other figure beside it can take. Any whole with more than a few of them,
    /// each counted once, has no relation with that figure. Where amounts are added figures may share people.
    fn hard(&self, wholes: &[Whole], open: &mut Open<'_>) -> Result<Vec<RoaringBitmap>, BesideError> {
        let mut hard: Vec<RoaringBitmap> = vec![RoaringBitmap::new(); self.new.len()];
        for Whole { member, inside, .. } in wholes {
            let counted = |&&place: &&usize| member.counts_people() && self.new[place].figure.counts_people();
            for &place in inside.iter().filter(counted) {
                if !hard[place].is_empty() {
                    continue;
                }
                let around = member.quantity.people() - self.new[place].figure.quantity.people();
                if around.len() > self.few {
                    hard[place] = spread(&around, HARD).collect();
                }
            }
        }
        let all: RoaringBitmap = hard.iter().union();
        if all.is_empty() {
            return Ok(hard);
        }
        let mut next_to: HashMap<u32, Vec<usize>> = HashMap::new();
        for (place, hard) in hard.iter().enumerate() {
            hard.iter().for_each(|person| next_to.entry(person).or_default().push(place));
        }
        self.compared.effort.spend(self.alike.len().saturating_mul(ASKED));
        let mut soften = |other: &RoaringBitmap, own: Option<usize>| {
            let held = &all & other;
            let places: BTreeSet<usize> =
                held.iter().filter_map(|person| next_to.get(&person)).flatten().copied().collect();
            // Whom a figure can take beside a new one is not hard to take beside that.
            let beside = |&place: &usize| own != Some(place) && self.new[place].is_beside(other, self.few);
            places.into_iter().filter(beside).for_each(|place| hard[place] -= &held);
        };
        for (place, other) in self.new.iter().enumerate() {
            soften(other.figure.quantity.people(), Some(place));
        }
        for &figure in &self.alike {
            soften(open.quantity(figure)?.people(), None);
        }
        Ok(hard)
    }

    /// Of a relation that tells too much the figure of most people is not said, a total before any inner cell; where there
    /// were too many to look at, the one that all of them have in common is left open.
    fn judge(&mut self, found: Found, common: usize) {
        match found {
            Found::Nothing => {}
            Found::Relation(figures) => {
                let loose = figures.iter().max_by_key(|loose| self.new[loose.new].precedence());
                if let Some(loose) = loose.filter(|_| !figures.iter().any(|f| self.close.contains_key(&f.new))) {
                    let high = (loose.high < u64::MAX).then(|| loose.high.div_ceil(HUNDREDTHS));
                    let remedy = high.map_or(Remedy::Hold, |high| Remedy::Open(loose.low / HUNDREDTHS, high));
                    self.close.insert(loose.new, self.new[loose.new].remedy(remedy));
                }
            }
            Found::TooMany => {
                self.close.entry(common).or_insert(self.new[common].remedy(Remedy::Wide));
            }
        }
    }
}
