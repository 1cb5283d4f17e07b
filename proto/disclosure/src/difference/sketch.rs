//! A few counts, and a few people, that tell of most pairs of sets, without looking at them, that they are not nearly the
//! same.

use roaring::RoaringBitmap;

const BUCKETS: usize = 32;

/// How many people of a set fall into each of 32 buckets.
///
/// Two sets differ by at least the sum of the differences of their counts, so nothing near is ever missed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sketch([u32; BUCKETS]);

impl Sketch {
    pub(crate) fn of(people: &RoaringBitmap) -> Self {
        let mut counts = [0; BUCKETS];
        for person in people {
            // Fibonacci hashing: neighbours in number, who may be neighbours in life, fall apart.
            let bucket = (person.wrapping_mul(0x9E37_79B1) >> 27) as usize;
            if let Some(count) = counts.get_mut(bucket) {
                *count += 1;
            }
        }
        Self(counts)
    }

    /// Whether the sets might differ by at most so many people.
    pub(crate) fn may_be_near(&self, other: &Self, at_most: u64) -> bool {
        self.stays_within(other, at_most, u32::abs_diff)
    }

    /// Whether the set might have at most so many people beyond `whole`.
    pub(crate) fn may_be_within(&self, whole: &Self, at_most: u64) -> bool {
        self.stays_within(whole, at_most, u32::saturating_sub)
    }

    /// Whether two sets together might differ from two others together by at most so many people, each counted as often as
    /// it is there.
    pub(crate) fn may_be_near_together([a, b]: [&Self; 2], [c, d]: [&Self; 2], at_most: u64) -> bool {
        let mut sum = 0u64;
        for ((a, b), (c, d)) in a.0.iter().zip(&b.0).zip(c.0.iter().zip(&d.0)) {
            sum += (u64::from(*a) + u64::from(*b)).abs_diff(u64::from(*c) + u64::from(*d));
            if sum > at_most {
                return false;
            }
        }
        true
    }

    fn stays_within(&self, other: &Self, at_most: u64, difference: fn(u32, u32) -> u32) -> bool {
        let mut sum = 0u64;
        for (mine, theirs) in self.0.iter().zip(&other.0) {
            sum += u64::from(difference(*mine, *theirs));
            if sum > at_most {
                return false;
            }
        }
        true
    }
}

/// At most so many of these people, evenly spread.
pub(super) fn spread(people: &RoaringBitmap, at_most: usize) -> impl Iterator<Item = u32> {
    let step = usize::try_from(people.len()).unwrap_or(usize::MAX).div_ceil(at_most).max(1);
    people.iter().step_by(step)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn nothing_near_is_missed(
            all in prop::collection::btree_set(0u32..5000, 0..300), gone in 0usize..12, come in prop::collection::btree_set(0u32..9000, 0..12),
        ) {
            let left: RoaringBitmap = all.iter().copied().collect();
            let mut right: RoaringBitmap = all.iter().copied().skip(gone).collect();
            right.extend(come);
            let (a, b) = (Sketch::of(&left), Sketch::of(&right));
            prop_assert!(a.may_be_near(&b, left.symmetric_difference_len(&right)));
            prop_assert!(a.may_be_within(&b, left.difference_len(&right)));
            prop_assert!(a.may_be_near(&a, 0) && a.may_be_within(&a, 0));
        }
    }

    #[test]
    fn sets_of_one_size_are_told_apart() {
        let sets: Vec<RoaringBitmap> = (0..40u32).map(|n| (n * 1000..n * 1000 + 200).collect()).collect();
        let sketches: Vec<Sketch> = sets.iter().map(Sketch::of).collect();
        let near = |a: usize| (0..40).filter(|&b| b != a && sketches[a].may_be_near(&sketches[b], 9)).count();
        assert!((0..40).map(near).sum::<usize>() < 40 * 39, "a sketch that says nothing is none");
    }
}
