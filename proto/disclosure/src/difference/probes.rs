//! A few people of a set, who tell of most parts that they do not fit in without a look at all of their people, and of
//! which parts one has to be next.

use roaring::RoaringBitmap;

use super::relation::Member;
use super::sketch::spread;

const WORDS: usize = 8;
/// How many people are looked at, at most.
const PROBES: usize = 64 * WORDS;
/// How many of them are those whom the fewest parts hold. The others are evenly spread.
const SCARCE: usize = PROBES / 2;
/// Among how many they are chosen, at most.
const CANDIDATES: usize = 2048;
/// How many of those whom the fewest parts hold may be chosen as people of whom some part has to hold one.
const ASKED: usize = 64;

/// A set of probes, a bit for each.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Bits([u64; WORDS]);

impl Bits {
    pub(super) fn and(self, other: Self) -> Self {
        Self(std::array::from_fn(|word| self.0[word] & other.0[word]))
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.0.iter_mut().zip(&other.0).for_each(|(word, other)| *word |= other);
    }

    /// How many are not in `other`.
    pub(super) fn beyond(&self, other: &Self) -> u64 {
        let words = self.0.iter().zip(&other.0).map(|(word, other)| word & !other);
        words.filter(|&word| word != 0).map(|word| u64::from(word.count_ones())).sum()
    }

    pub(super) fn len(&self) -> u64 {
        self.beyond(&Self::default())
    }

    fn set(&mut self, bit: usize) {
        self.0[bit / 64] |= 1 << (bit % 64);
    }

    fn iter(self) -> impl Iterator<Item = usize> {
        self.0.into_iter().enumerate().flat_map(|(n, mut word)| {
            std::iter::from_fn(move || {
                let bit = (word != 0).then(|| word.trailing_zeros() as usize)?;
                word &= word - 1;
                Some(64 * n + bit)
            })
        })
    }
}

/// Some of the people of a set, and which of them each part holds.
pub(super) struct Probes {
    persons: Vec<u32>,
    held: Vec<Bits>,
}

impl Probes {
    /// Of these people, those whom the fewest parts at `places` hold, and others; and what these parts hold of them.
    pub(super) fn of(people: &RoaringBitmap, parts: &[&Member], places: &[usize]) -> Self {
        let candidates: Vec<u32> = spread(people, CANDIDATES).collect();
        let among = RoaringBitmap::from_iter(&candidates);
        let mut counts = vec![0u32; candidates.len()];
        let mut held_of = Vec::with_capacity(places.len());
        for &place in places {
            let held: Vec<usize> = places_of(&candidates, &(&among & parts[place].quantity.people()));
            held.iter().for_each(|&n| counts[n] += 1);
            held_of.push(held);
        }
        let mut scarce: Vec<usize> = (0..candidates.len()).collect();
        scarce.sort_unstable_by_key(|&n| (counts[n], n));
        let even = (0..candidates.len()).step_by(candidates.len().div_ceil(PROBES - SCARCE).max(1));
        let mut chosen: Vec<usize> = scarce.into_iter().take(SCARCE).chain(even).collect();
        chosen.sort_unstable();
        chosen.dedup();
        let mut bit_of = vec![None; candidates.len()];
        chosen.iter().enumerate().for_each(|(bit, &n)| bit_of[n] = Some(bit));
        let mut held = vec![Bits::default(); parts.len()];
        for (&place, held_of) in places.iter().zip(&held_of) {
            held_of.iter().filter_map(|&n| bit_of[n]).for_each(|bit| held[place].set(bit));
        }
        let persons = chosen.into_iter().map(|n| candidates[n]).collect();
        Self { persons, held }
    }

    /// Those who are among these people.
    pub(super) fn within(&self, people: &RoaringBitmap) -> Bits {
        let mut bits = Bits::default();
        let within = self.persons.iter().enumerate().filter(|(_, person)| people.contains(**person));
        within.for_each(|(bit, _)| bits.set(bit));
        bits
    }

    /// Which of them a part holds.
    pub(super) fn held(&self, place: usize) -> &Bits {
        &self.held[place]
    }

    /// Of the parts at `places`, in their order, all that hold any of `many` people, who are chosen among `live` so that
    /// these are few. Fewer people are taken where no more of them are held.
    pub(super) fn holders(&self, live: Bits, places: &[usize], many: u64) -> Vec<usize> {
        let mut counts = [0u32; PROBES];
        for &place in places {
            self.held[place].and(live).iter().for_each(|bit| counts[bit] += 1);
        }
        let mut scarce: Vec<usize> = (0..PROBES).filter(|&bit| counts[bit] > 0).collect();
        scarce.sort_unstable_by_key(|&bit| (counts[bit], bit));
        // Those with the fewest holders to choose from are enough.
        scarce.truncate(ASKED.max(usize::try_from(many).unwrap_or(usize::MAX)));
        let (mut asked, mut row) = (Bits::default(), [0usize; PROBES]);
        for (n, &bit) in scarce.iter().enumerate() {
            asked.set(bit);
            row[bit] = n;
        }
        let words = places.len().div_ceil(64);
        let mut holders = vec![0u64; scarce.len() * words];
        for (n, &place) in places.iter().enumerate() {
            self.held[place].and(asked).iter().for_each(|bit| holders[row[bit] * words + n / 64] |= 1 << (n % 64));
        }
        let of = |bit: usize| &holders[row[bit] * words..(row[bit] + 1) * words];
        let mut all = vec![0u64; words];
        for _ in 0..many {
            let more = |bit: usize| of(bit).iter().zip(&all).map(|(h, a)| (h & !a).count_ones()).sum::<u32>();
            let next = scarce.iter().enumerate().map(|(n, &bit)| (more(bit), n)).min();
            let Some((_, next)) = next else { break };
            let bit = scarce.remove(next);
            all.iter_mut().zip(of(bit)).for_each(|(all, holders)| *all |= holders);
        }
        places.iter().enumerate().filter(|(n, _)| all[n / 64] >> (n % 64) & 1 == 1).map(|(_, &place)| place).collect()
    }
}

/// Where among these people, who ascend, some of them are.
fn places_of(persons: &[u32], some: &RoaringBitmap) -> Vec<usize> {
    let mut places = Vec::with_capacity(usize::try_from(some.len()).unwrap_or(0));
    let mut all = persons.iter().enumerate();
    // Both ascend: one walk finds them all.
    places.extend(some.iter().filter_map(|person| all.find(|(_, other)| **other == person)).map(|(place, _)| place));
    places
}
