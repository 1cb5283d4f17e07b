//! What one figure is made of: who contributes to it, and how much.

use std::sync::Arc;

use roaring::RoaringBitmap;

use crate::measure::HUNDREDTHS;

/// Each person's contribution to one cell of one measure. People of no contribution are not in it.
///
/// Everything is in hundredths, so that people, rows and sums compare: a person counted once is a hundred.
#[derive(Clone, Default)]
pub(crate) struct Quantity {
    people: RoaringBitmap,
    // INVARIANT: as many as there are people, in their order, none nought; `None` where each is a hundred.
    amounts: Option<Arc<Vec<u64>>>,
}

impl Quantity {
    /// People, each counted once.
    pub(crate) fn of_people(people: RoaringBitmap) -> Self {
        Self { people, amounts: None }
    }

    /// People with what each contributes, in units of `unit` hundredths.
    pub(crate) fn of_amounts(people: &RoaringBitmap, amounts: &[u32], unit: u64) -> Self {
        let pairs = people.iter().zip(amounts).filter(|(_, amount)| **amount > 0);
        Self::of_pairs(pairs.map(|(person, amount)| (person, u64::from(*amount) * unit)))
    }

    /// Pairs of person and hundredths, in the order of persons, each person once and none with nought.
    fn of_pairs(pairs: impl Iterator<Item = (u32, u64)>) -> Self {
        let (persons, amounts): (Vec<u32>, Vec<u64>) = pairs.unzip();
        let people = persons.into_iter().collect();
        let once = amounts.iter().all(|amount| *amount == HUNDREDTHS);
        Self { people, amounts: (!once).then(|| Arc::new(amounts)) }
    }

    /// What people contribute here and there, nowhere nought, added up for each.
    pub(crate) fn of_sums(pairs: Vec<(u32, u64)>) -> Self {
        Self::of_pairs(sums(pairs).into_iter())
    }

    /// Who contributes.
    pub(crate) fn people(&self) -> &RoaringBitmap {
        &self.people
    }

    /// Whether everybody contributes a person, or one row.
    pub(crate) fn counts_people(&self) -> bool {
        self.amounts.is_none()
    }

    /// How many people contribute.
    pub(crate) fn len(&self) -> u64 {
        self.people.len()
    }

    /// The most that one person contributes, in hundredths.
    pub(super) fn greatest(&self) -> u64 {
        match &self.amounts {
            None => HUNDREDTHS,
            Some(amounts) => amounts.iter().copied().max().unwrap_or(0),
        }
    }

    /// About how much memory it takes.
    pub(super) fn bytes(&self) -> usize {
        self.people.serialized_size() + self.amounts.as_ref().map_or(0, |amounts| size_of_val(amounts.as_slice()))
    }

    /// All contributions, in hundredths.
    pub(crate) fn hundredths(&self) -> u64 {
        match &self.amounts {
            None => self.len().saturating_mul(HUNDREDTHS),
            Some(amounts) => amounts.iter().fold(0, |sum, amount| sum.saturating_add(*amount)),
        }
    }

    /// How many people contribute differently to the two.
    pub(crate) fn differing(&self, other: &Self) -> u64 {
        let apart = self.people.symmetric_difference_len(&other.people);
        if self.amounts.is_none() && other.amounts.is_none() {
            return apart;
        }
        let mut others = other.pairs().peekable();
        let mut unequal = 0;
        for (person, amount) in self.pairs() {
            while others.next_if(|(other, _)| *other < person).is_some() {}
            unequal += u64::from(others.next_if(|(other, _)| *other == person).is_some_and(|(_, a)| a != amount));
        }
        apart + unequal
    }

    /// What is left without `part`, and how many people contribute more to `part` than there was.
    pub(crate) fn without(&self, part: &Self) -> (Self, u64) {
        if self.amounts.is_none() && part.amounts.is_none() {
            let left = &self.people - &part.people;
            let beyond = part.people.difference_len(&self.people);
            return (Self::of_people(left), beyond);
        }
        let mut parts = part.pairs().peekable();
        let mut beyond = 0;
        let mut left = Vec::new();
        for (person, amount) in self.pairs() {
            while parts.next_if(|(other, _)| *other < person).is_some() {
                beyond += 1;
            }
            let taken = parts.next_if(|(other, _)| *other == person).map_or(0, |(_, taken)| taken);
            beyond += u64::from(taken > amount);
            if amount > taken {
                left.push((person, amount - taken));
            }
        }
        beyond += parts.count() as u64;
        (Self::of_pairs(left.into_iter()), beyond)
    }

    /// Whether at most so many people contribute more to `self` than to `whole`.
    pub(crate) fn lies_within(&self, whole: &Self, at_most: u64) -> bool {
        if self.people.difference_len(&whole.people) > at_most {
            return false;
        }
        if self.amounts.is_none() && whole.amounts.is_none() {
            return true;
        }
        let mut wholes = whole.pairs().peekable();
        let mut beyond = 0;
        for (person, amount) in self.pairs() {
            while wholes.next_if(|(other, _)| *other < person).is_some() {}
            let there = wholes.next_if(|(other, _)| *other == person).map_or(0, |(_, there)| there);
            beyond += u64::from(amount > there);
            if beyond > at_most {
                return false;
            }
        }
        true
    }

    /// How many people contribute more to the whole than to all of these together.
    pub(crate) fn short_of<'a>(&self, parts: impl Iterator<Item = &'a Self>) -> u64 {
        let all = sums(parts.flat_map(Self::pairs).collect());
        let mut all = all.into_iter().peekable();
        let short = |&(person, amount): &(u32, u64)| {
            while all.next_if(|(other, _)| *other < person).is_some() {}
            all.next_if(|(other, _)| *other == person).is_none_or(|(_, sum)| sum < amount)
        };
        self.pairs().filter(short).count() as u64
    }

    /// What each of these people contributes, in their order; nought where it is nothing.
    pub(crate) fn amounts_of<'a>(&'a self, people: &'a RoaringBitmap) -> impl Iterator<Item = u64> + 'a {
        let mut pairs = self.pairs().peekable();
        people.iter().map(move |person| {
            while pairs.next_if(|(other, _)| *other < person).is_some() {}
            pairs.next_if(|(other, _)| *other == person).map_or(0, |(_, amount)| amount)
        })
    }

    /// A number of its own for each quantity: the sum of numbers of its pairs that have nothing to do with each other
    /// (SplitMix64, twice).
    pub(super) fn fingerprint(&self) -> u128 {
        self.pairs().fold(0, |sum: u128, pair| sum.wrapping_add(number(pair)))
    }

    /// The fingerprint of `left`, which is this, of fingerprint `own`, without `part`.
    pub(super) fn fingerprint_without(&self, own: u128, part: &Self, left: &Self) -> u128 {
        if !self.counts_people() || !part.counts_people() {
            return left.fingerprint();
        }
        let gone = &self.people & &part.people;
        gone.iter().fold(own, |sum, person| sum.wrapping_sub(number((person, HUNDREDTHS))))
    }

    fn pairs(&self) -> impl Iterator<Item = (u32, u64)> + '_ {
        let amounts = self.amounts.as_deref();
        self.people.iter().enumerate().map(move |(place, person)| {
            (person, amounts.map_or(HUNDREDTHS, |amounts| amounts.get(place).copied().unwrap_or(0)))
        })
    }
}

/// The amounts of each person added up, in the order of persons.
fn sums(mut pairs: Vec<(u32, u64)>) -> Vec<(u32, u64)> {
    pairs.sort_unstable_by_key(|(person, _)| *person);
    pairs.dedup_by(|next, first| {
        let same = next.0 == first.0;
        if same {
            first.1 = first.1.saturating_add(next.1);
        }
        same
    });
    pairs
}

fn number((person, amount): (u32, u64)) -> u128 {
    let mixed = |seed: u64| {
        let mut z = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    };
    let high = mixed(mixed(amount).wrapping_add(person.into()));
    u128::from(high) << 64 | u128::from(mixed(high))
}
