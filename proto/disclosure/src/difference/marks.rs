//! Which of some people each of many figures holds, a bit for each.

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
    /// Per figure, its row, or nothing.
    rows: Vec<Option<u32>>,
    words: usize,
    bits: Vec<u64>,
}

/// The people whom one figure holds, by their places among those who are asked about.
#[derive(Clone, Copy)]
pub(super) struct Row<'a>(&'a [u64]);

impl Marks {
    /// Of these people, given who of so many figures holds each of them.
    pub(super) fn of(people: &[u32], holders: &Holders, figures: usize) -> Self {
        let words = people.len().div_ceil(64);
        let mut marks = Self { figures: Vec::new(), rows: vec![None; figures], words, bits: Vec::new() };
        for (place, &person) in people.iter().enumerate() {
            for &figure in holders.of(person) {
                let row = *marks.rows[figure].get_or_insert_with(|| {
                    marks.figures.push(figure);
                    marks.bits.resize(marks.bits.len() + words, 0);
                    (marks.figures.len() - 1) as u32
                });
                marks.bits[row as usize * words + place / 64] |= 1 << (place % 64);
            }
        }
        marks
    }

    /// Every figure that holds some of them, with those.
    pub(super) fn rows(&self) -> impl Iterator<Item = (usize, Row<'_>)> {
        self.figures.iter().copied().zip(self.bits.chunks_exact(self.words.max(1)).map(Row))
    }

    /// Those whom a figure holds.
    #[inline]
    pub(super) fn row(&self, figure: usize) -> Row<'_> {
        let row = self.rows.get(figure).copied().flatten();
        Row(row.map_or(&[], |row| &self.bits[row as usize * self.words..][..self.words]))
    }

    /// Those whom one figure holds and the other does not.
    pub(super) fn only(&self, one: usize, other: usize) -> Vec<u64> {
        let (one, other) = (self.row(one), self.row(other));
        (0..self.words).map(|n| one.word(n) & !other.word(n)).collect()
    }
}

impl<'a> Row<'a> {
    /// How many of them are among the first so many.
    pub(super) fn len_before(self, place: usize) -> u64 {
        self.count(|word, n| word & before(place, n))
    }

    /// Whether it holds all but so many of these.
    #[inline]
    pub(super) fn lacks_at_most(self, of: &[u64], few: u64) -> bool {
        let mut lacks = 0;
        of.iter().enumerate().all(|(n, of)| {
            lacks += u64::from((of & !self.word(n)).count_ones());
            lacks <= few
        })
    }

    /// Of the first so many, how many two rows hold more often than a third.
    pub(super) fn len_left([a, b]: [Self; 2], c: Self, place: usize) -> u64 {
        let words = a.0.len().max(b.0.len()) as u64;
        let left = |n: usize| {
            let (a, b, c) = (a.word(n), b.word(n), c.word(n));
            (a & b | (a | b) & !c) & before(place, n)
        };
        (0..words as usize).map(|n| u64::from(left(n).count_ones())).sum()
    }

    /// Whether two rows hold at most so many people more often than two others, and those at most so many more often than
    /// they.
    #[inline]
    pub(super) fn are_near_together([a, b]: [Row<'a>; 2], [c, d]: [Row<'a>; 2], few: u64) -> bool {
        let words = [a, b, c, d].iter().map(|row| row.0.len()).max().unwrap_or(0);
        let (mut more, mut less) = (0, 0);
        (0..words).all(|n| {
            let (a, b, c, d) = (a.word(n), b.word(n), c.word(n), d.word(n));
            let ((one, two), (other, others)) = ((a ^ b, a & b), (c ^ d, c & d));
            more += u64::from((two & !others | one & !(other | others)).count_ones());
            less += u64::from((others & !two | other & !(one | two)).count_ones());
            more <= few && less <= few
        })
    }

    #[inline]
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
        let marks = Marks::of(&people, &holders, 9);
        let (all, some, none) = (marks.row(7), marks.row(3), marks.row(5));
        for (place, held) in [(0, 0), (63, 0), (64, 0), (70, 0), (71, 1), (128, 58), (129, 59), (500, 60)] {
            assert_eq!((some.len_before(place), all.len_before(place)), (held, place.min(130) as u64));
            assert_eq!(Row::len_left([all, none], some, place), all.len_before(place) - held);
            assert_eq!(Row::len_left([all, some], none, place), all.len_before(place));
            assert_eq!(Row::len_left([all, some], all, place), held);
        }
        assert!(some.lacks_at_most(&marks.only(7, 3), 70) && !some.lacks_at_most(&marks.only(7, 3), 69));
        assert!(some.lacks_at_most(&marks.only(3, 7), 0) && all.lacks_at_most(&marks.only(7, 5), 0));
        assert!(none.lacks_at_most(&marks.only(5, 7), 0) && !none.lacks_at_most(&marks.only(3, 5), 59));
        assert_eq!(marks.rows().count(), 2);
        for (one, other, apart) in [
            ([all, some], [some, all], 0),
            ([all, none], [some, none], 70),
            ([all, all], [all, some], 70),
            ([all, some], [none, none], 130),
        ] {
            for (one, other) in [(one, other), (other, one)] {
                assert!(Row::are_near_together(one, other, apart));
                assert!(apart == 0 || !Row::are_near_together(one, other, apart - 1));
            }
        }
    }
}
