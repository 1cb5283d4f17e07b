//! The attacker's arithmetic: whole numbers within ranges, sums of some of them within others, and which values one of
//! them can have. By search alone.

use std::collections::BTreeSet;

/// Numbers and what is known of them.
#[derive(Clone, Debug, Default)]
pub struct Puzzle {
    /// Per number its least and greatest value.
    pub ranges: Vec<(u64, u64)>,
    /// Sums of numbers, by their places, with their least and greatest value.
    pub sums: Vec<(Vec<usize>, (u64, u64))>,
}

impl Puzzle {
    /// A number within a range.
    pub fn number(&mut self, range: (u64, u64)) -> usize {
        self.ranges.push(range);
        self.ranges.len() - 1
    }

    /// The sum of these numbers lies within a range.
    pub fn sum(&mut self, numbers: &[usize], range: (u64, u64)) {
        self.sums.push((numbers.to_vec(), range));
    }

    /// Every value that the number has in some solution.
    pub fn values(&self, number: usize) -> BTreeSet<u64> {
        let (low, high) = self.ranges[number];
        let possible = |value: &u64| {
            let mut ranges = self.ranges.clone();
            ranges[number] = (*value, *value);
            self.solvable(ranges)
        };
        (low..=high).filter(possible).collect()
    }

    /// Narrows ranges by every sum until nothing moves, then tries the values of the narrowest open number.
    fn solvable(&self, mut ranges: Vec<(u64, u64)>) -> bool {
        loop {
            let before = ranges.clone();
            for (numbers, (least, most)) in &self.sums {
                let lows: u64 = numbers.iter().map(|&n| ranges[n].0).sum();
                let highs: u64 = numbers.iter().map(|&n| ranges[n].1).sum();
                if lows > *most || highs < *least {
                    return false;
                }
                for &n in numbers {
                    let (low, high) = ranges[n];
                    ranges[n] = (low.max((least + high).saturating_sub(highs)), high.min(most + low - lows));
                }
            }
            if ranges.iter().any(|(low, high)| low > high) {
                return false;
            }
            if ranges == before {
                break;
            }
        }
        let open = (0..ranges.len()).filter(|&n| ranges[n].0 < ranges[n].1);
        let Some(next) = open.min_by_key(|&n| ranges[n].1 - ranges[n].0) else { return true };
        let (low, high) = ranges[next];
        (low..=high).any(|value| {
            let mut ranges = ranges.clone();
            ranges[next] = (value, value);
            self.solvable(ranges)
        })
    }
}

#[test]
fn the_puzzle_of_the_design_notes_has_one_solution() {
    // [[6,7],[8,6]] under the national rule: two rows of 15, columns of 15, everything 25.
    let mut puzzle = Puzzle::default();
    let cells = [(1, 7), (1, 7), (8, 12), (1, 7)].map(|range| puzzle.number(range));
    for (pair, range) in [([0, 1], (13, 17)), ([2, 3], (13, 17)), ([0, 2], (13, 17)), ([1, 3], (13, 17))] {
        puzzle.sum(&pair.map(|place| cells[place]), range);
    }
    puzzle.sum(&cells, (23, 27));
    let found = cells.map(|cell| puzzle.values(cell));
    assert_eq!([&found[0], &found[1], &found[3]], [&BTreeSet::from([6]), &BTreeSet::from([7]), &BTreeSet::from([6])]);
}
