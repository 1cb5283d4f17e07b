//! Which of some people each of many figures holds, a bit for each.

use std::collections::HashMap;

/// Who holds each of some people, who ascend.
pub(super) struct Holders(pub(super) Vec<(u32, Vec<usize>)>);

impl Holders {
    fn of(&self, person: u32) -> &[usize] {
        self.0.binary_search_by_key(&person, |(person, _)| *person).map_or(&[], |place| &self.0[place].1)
    }
}

/// Which of some people figures hold. Figures that hold none of them have no row.
pub(super) struct Marks {
    figures: Vec<usize>,
    rows: HashMap<usize, usize>,
    words: usize,
    bits: Vec<u64>,
}

/// The people whom one figure holds, by their places among those who are asked about.
#[derive(Clone, Copy)]
pub(super) struct Row<'a>(&'a [u64]);

impl Marks {
    /// Of these people, given who holds each of them.
    pub(super) fn of(people: &[u32], holders: &Holders) -> Self {
        let words = people.len().div_ceil(64);
        let mut marks = Self { figures: Vec::new(), rows: HashMap::new(), words, bits: Vec::new() };
        for (place, &person) in people.iter().enumerate() {
            for &figure in holders.of(person) {
                let row = *marks.rows.entry(figure).or_insert_with(|| {
                    marks.figures.push(figure);
                    marks.bits.resize(marks.bits.len() + words, 0);
                    marks.figures.len() - 1
                });
                marks.bits[row * words + place / 64] |= 1 << (place % 64);
            }
        }
        marks
    }

    /// Every figure that holds some of them, with those.
    pub(super) fn rows(&self) -> impl Iterator<Item = (usize, Row<'_>)> {
        self.figures.iter().copied().zip(self.bits.chunks_exact(self.words.max(1)).map(Row))
    }

    /// Those whom a figure holds from a place on, to be asked of others.
    pub(super) fn beyond(&self, figure: usize, place: usize) -> Vec<u64> {
        let row = self.rows.get(&figure).map_or(&[] as &[u64], |row| &self.bits[row * self.words..][..self.words]);
        row.iter().enumerate().map(|(n, word)| word & !before(place, n)).collect()
    }
}

impl Row<'_> {
    /// How many of them are among the first so many.
    pub(super) fn len_before(self, place: usize) -> u64 {
        self.count(|word, n| word & before(place, n))
    }

    /// Whether it holds all but so many of these.
    #[inline]
    pub(super) fn lacks_at_most(self, of: &[u64], few: u64) -> bool {
        let mut lacks = 0;
        of.iter().zip(self.0).all(|(of, word)| {
            lacks += u64::from((of & !word).count_ones());
            lacks <= few
        })
    }

    /// How many both hold.
    pub(super) fn len_of_both(self, other: Self) -> u64 {
        self.count(|word, n| word & other.word(n))
    }

    /// How many one or the other holds.
    pub(super) fn len_of_either(self, other: Self) -> u64 {
        self.count(|word, n| word | other.word(n))
    }

    fn word(self, n: usize) -> u64 {
        self.0.get(n).copied().unwrap_or(0)
    }

    fn count(self, of: impl Fn(u64, usize) -> u64) -> u64 {
        self.0.iter().enumerate().map(|(n, &word)| u64::from(of(word, n).count_ones())).sum()
    }
}

/// Of the n-th word, the bits of places before this.
fn before(place: usize, n: usize) -> u64 {
    match place.saturating_sub(64 * n) {
        0 => 0,
        bits if bits < 64 => (1 << bits) - 1,
        _ => u64::MAX,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_of_places() {
        let people: Vec<u32> = (1000..1130).collect();
        let holders = people.iter().map(|&p| (p, if p < 1070 { vec![7] } else { vec![7, 3] }));
        let holders = Holders(holders.collect());
        let marks = Marks::of(&people, &holders);
        let rows: HashMap<usize, Row<'_>> = marks.rows().collect();
        let (all, some) = (rows[&7], rows[&3]);
        for (place, held) in [(0, 0), (63, 0), (64, 0), (70, 0), (71, 1), (128, 58), (129, 59), (500, 60)] {
            assert_eq!((some.len_before(place), all.len_before(place)), (held, place.min(130) as u64));
            let lacks = 70u64.saturating_sub(place as u64);
            assert!(some.lacks_at_most(&marks.beyond(7, place), lacks));
            assert!(lacks == 0 || !some.lacks_at_most(&marks.beyond(7, place), lacks - 1));
            assert!(all.lacks_at_most(&marks.beyond(3, place), 0) && all.lacks_at_most(&marks.beyond(5, place), 0));
        }
        assert_eq!((rows.len(), all.len_of_both(some), some.len_of_either(all)), (2, 60, 130));
    }
}
