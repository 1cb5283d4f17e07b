//! Seeded draws: the same numbers for the same seed on every machine and with any number of threads.

use rand::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use super::arithmetic::{exp, ln};

/// A stream of draws from one seed.
pub(super) struct Draw(Xoshiro256PlusPlus);

impl Draw {
    /// The stream number `stream` under `seed`; different streams of one seed are unrelated.
    pub fn new(seed: u64, stream: u64) -> Self {
        Self(Xoshiro256PlusPlus::seed_from_u64(mix(&[seed, stream])))
    }

    /// Uniform in `[0, 1)`.
    pub fn unit(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
    }

    /// True with probability `p`.
    pub fn chance(&mut self, p: f64) -> bool {
        self.unit() < p
    }

    /// Uniform among `0..n`; zero for an empty range.
    pub fn below(&mut self, n: u32) -> u32 {
        (((self.0.next_u64() >> 32) * u64::from(n)) >> 32) as u32
    }

    /// Exponential with the mean given.
    pub fn exponential(&mut self, mean: f64) -> f64 {
        -mean * ln(1.0 - self.unit())
    }

    /// Poisson with the mean given, which should stay below a few hundred.
    pub fn poisson(&mut self, mean: f64) -> u32 {
        if mean <= 0.0 {
            return 0;
        }
        let floor = exp(-mean);
        let mut product = self.unit();
        let mut n = 0;
        while product > floor && n < 10_000 {
            product *= self.unit();
            n += 1;
        }
        n
    }

    /// One of the values, in proportion to its weight. The weights need not add to anything.
    pub fn pick<T: Copy, const N: usize>(&mut self, weighted: &[(T, u32); N]) -> T {
        const { assert!(N > 0, "nothing to pick from") };
        let total: u32 = weighted.iter().map(|(_, weight)| weight).sum();
        let mut left = self.below(total);
        for (value, weight) in weighted {
            if left < *weight {
                return *value;
            }
            left -= weight;
        }
        weighted[0].0
    }
}

/// Systematic sampling: turns small expected numbers into events so that any stretch of people has the
/// expected number of events to within one.
///
/// Programme effects of a few percent would drown in Poisson noise; carried over from person to person they
/// come out as stated, while who is struck stays random.
pub(super) struct Carry(f64);

impl Carry {
    /// Starts at a random fraction, so that the first person is no likelier than the last.
    pub fn new(draw: &mut Draw) -> Self {
        Self(draw.unit())
    }

    /// The whole events that fall to a person of whom `expected` are expected.
    pub fn add(&mut self, expected: f64) -> u32 {
        self.0 += expected;
        let whole = self.0.floor();
        self.0 -= whole;
        whole as u32
    }
}

/// A 64-bit hash of a few numbers, for attributes that are computed again rather than stored.
pub(super) fn mix(parts: &[u64]) -> u64 {
    let mut hash = 0x9e37_79b9_7f4a_7c15_u64;
    for part in parts {
        hash = (hash ^ part).wrapping_add(0x9e37_79b9_7f4a_7c15);
        hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        hash ^= hash >> 31;
    }
    hash
}

/// The hash as a number in `[0, 1)`.
pub(super) fn mix_unit(parts: &[u64]) -> f64 {
    (mix(parts) >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_are_fixed_for_ever() {
        // Written down once: a change here changes every published figure of the region.
        let mut draw = Draw::new(1, 1);
        let first: Vec<u32> = (0..4).map(|_| draw.below(1000)).collect();
        assert_eq!(first, [190, 730, 608, 557]);
        let mut other = Draw::new(1, 2);
        assert_ne!(first, (0..4).map(|_| other.below(1000)).collect::<Vec<_>>());
    }

    #[test]
    fn means_come_out() {
        let mut draw = Draw::new(7, 0);
        let n = 40_000;
        let mean = |f: &mut dyn FnMut() -> f64| (0..n).map(|_| f()).sum::<f64>() / f64::from(n);
        assert!((mean(&mut || f64::from(draw.poisson(2.5))) - 2.5).abs() < 0.04);
        assert!((mean(&mut || draw.exponential(3.0)) - 3.0).abs() < 0.08);
        assert!((mean(&mut || draw.pick(&[(0.0, 3), (1.0, 1)])) - 0.25).abs() < 0.01);
    }

    #[test]
    fn carried_events_add_up_to_what_was_expected() {
        let mut draw = Draw::new(3, 0);
        let mut carry = Carry::new(&mut draw);
        let events: u32 = (0..1000).map(|_| carry.add(0.123)).sum();
        assert!((122..=124).contains(&events), "{events}");
    }
}
