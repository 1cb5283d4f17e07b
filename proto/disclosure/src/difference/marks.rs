//! Which of some people each of many figures holds, a bit for each.

use std::collections::HashMap;

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
    pub(super) fn of(people: &[u32], holders: &HashMap<u32, Vec<usize>>) -> Self {
        let words = people.len().div_ceil(64);
        let mut marks = Self { figures: Vec::new(), rows: HashMap::new(), words, bits: Vec::new() };
        for (place, person) in people.iter().enumerate() {
            for &figure in holders.get(person).into_iter().flatten() {
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

    /// Those whom a figure holds; nobody where it has no row.
    pub(super) fn row(&self, figure: usize) -> Row<'_> {
        Row(self.rows.get(&figure).map_or(&[], |row| &self.bits[row * self.words..][..self.words]))
    }
}

impl Row<'_> {
    /// How many of them are among the first so many.
    pub(super) fn len_before(self, place: usize) -> u64 {
        self.count(|word, n| word & before(place, n))
    }

    /// How many of them, from a place on, another does not hold.
    pub(super) fn beyond_from(self, place: usize, other: Self) -> u64 {
        self.count(|word, n| word & !before(place, n) & !other.word(n))
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
        let holders = people.iter().map(|&p| (p, if p < 1070 { vec![7] } else { vec![7, 3] })).collect();
        let marks = Marks::of(&people, &holders);
        assert_eq!(marks.rows().count(), 2);
        let (all, some, none) = (marks.row(7), marks.row(3), marks.row(5));
        for (place, expected) in [(0, 0), (63, 0), (64, 0), (70, 0), (71, 1), (128, 58), (129, 59), (500, 60)] {
            assert_eq!((some.len_before(place), all.len_before(place)), (expected, place.min(130) as u64));
            assert_eq!(all.beyond_from(place, some), (70u64).saturating_sub(place as u64));
            assert_eq!(all.beyond_from(place, none), 130u64.saturating_sub(place as u64));
        }
        assert_eq!((all.len_of_both(some), some.len_of_either(all)), (60, 130));
        assert_eq!((all.len_of_both(none), some.len_of_either(none)), (0, 60));
    }
}
