//! From a contribution's value to the level that it belongs to, fast: it is done for every row and dimension.

use template::BoundLevels;

/// The level of values that belong to none.
pub(super) const NO_LEVEL: u32 = u32::MAX;

/// How values of one dimension become levels.
pub(super) enum LevelMap {
    List(Labels),
    Periods(Periods),
}

impl LevelMap {
    pub(super) fn of(levels: &BoundLevels) -> Option<Self> {
        match levels {
            BoundLevels::List { labels, other } => Some(Self::List(Labels::new(labels, *other)?)),
            BoundLevels::Periods { unit, start, count, from, to } => {
                let label = |months: i32| u32::try_from(months / unit.months()).ok().filter(|&n| (n as usize) < *count);
                let first = from.first_day_number();
                let months = 0..=to.since(*from);
                let mut by_day = Vec::new();
                for month in months.map(|n| from.plus(n)) {
                    let level = label(month.since(*start))?;
                    let days = month.plus(1).first_day_number() - month.first_day_number();
                    by_day.extend(std::iter::repeat_n(level, usize::try_from(days).ok()?));
                }
                Some(Self::Periods(Periods { first, by_day }))
            }
        }
    }
}

/// Days between the first and the last month asked for, each with its period.
pub(super) struct Periods {
    first: i32,
    by_day: Vec<u32>,
}

impl Periods {
    pub(super) fn level(&self, day: i32) -> u32 {
        let offset = usize::try_from(i64::from(day) - i64::from(self.first)).ok();
        offset.and_then(|offset| self.by_day.get(offset)).copied().unwrap_or(NO_LEVEL)
    }
}

/// Declared texts in an open-addressed table: a short hash of length and outer bytes, then one comparison.
pub(super) struct Labels {
    slots: Vec<Option<(Box<[u8]>, u32)>>,
    mask: usize,
    other: u32,
}

impl Labels {
    fn new(labels: &[String], other: Option<usize>) -> Option<Self> {
        let size = (labels.len() * 4).next_power_of_two();
        let mut slots = vec![None; size];
        for (level, label) in labels.iter().enumerate() {
            let mut slot = hash(label.as_bytes()) & (size - 1);
            while slots.get(slot)?.is_some() {
                slot = (slot + 1) & (size - 1);
            }
            *slots.get_mut(slot)? = Some((label.as_bytes().into(), u32::try_from(level).ok()?));
        }
        let other = match other {
            Some(level) => u32::try_from(level).ok()?,
            None => NO_LEVEL,
        };
        Some(Self { slots, mask: size - 1, other })
    }

    pub(super) fn level(&self, value: &[u8]) -> u32 {
        let mut slot = hash(value) & self.mask;
        // Three of four slots are free, so this ends.
        while let Some(Some((label, level))) = self.slots.get(slot) {
            if **label == *value {
                return *level;
            }
            slot = (slot + 1) & self.mask;
        }
        self.other
    }

    /// The level of a missing value: it is no declared level.
    pub(super) const fn missing(&self) -> u32 {
        self.other
    }
}

fn hash(value: &[u8]) -> usize {
    let word = |bytes: &[u8]| bytes.iter().fold(0u64, |word, &byte| (word << 8) | u64::from(byte));
    let head = value.get(..8).map_or_else(|| word(value), word);
    let tail = value.len().checked_sub(8).and_then(|start| value.get(start..)).map_or(0, word);
    let mixed = (head ^ tail.rotate_left(29) ^ value.len() as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    // The upper half is mixed best.
    (mixed >> 32) as usize
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use chrono::{Datelike as _, NaiveDate};
    use proptest::prelude::*;
    use template::{Month, PeriodUnit};

    use super::*;

    fn list(labels: &[&str], other: Option<usize>) -> Labels {
        Labels::new(&labels.iter().map(|&l| l.to_owned()).collect::<Vec<_>>(), other).unwrap()
    }

    #[test]
    fn texts_find_their_level_and_nothing_else_does() {
        let labels = list(&["75-79", "80-84", "90+", "not known, or none of the others"], Some(3));
        for (value, level) in [("75-79", 0), ("90+", 2), ("", 3), ("75-7", 3), ("75-790", 3), ("80-84 ", 3)] {
            assert_eq!(labels.level(value.as_bytes()), level, "{value}");
        }
        assert_eq!(labels.missing(), 3);
        let strict = list(&["1"], None);
        assert_eq!((strict.level(b"1"), strict.level(b"2"), strict.missing()), (0, NO_LEVEL, NO_LEVEL));
    }

    proptest! {
        #[test]
        fn labels_agree_with_a_map(
            labels in prop::collection::btree_set("[a-d]{0,12}", 1..40),
            values in prop::collection::vec("[a-d]{0,12}", 0..60),
        ) {
            let labels: Vec<String> = labels.into_iter().collect();
            let map: HashMap<&str, u32> = labels.iter().enumerate().map(|(n, l)| (l.as_str(), n as u32)).collect();
            let fast = Labels::new(&labels, None).unwrap();
            for value in labels.iter().chain(&values) {
                prop_assert_eq!(fast.level(value.as_bytes()), map.get(value.as_str()).copied().unwrap_or(NO_LEVEL));
            }
        }

        #[test]
        fn days_fall_into_the_period_that_holds_their_month(
            unit in prop::sample::select(vec![PeriodUnit::Month, PeriodUnit::Quarter, PeriodUnit::Year]),
            from in 0i32..60, length in 0i32..40, day in -100i32..4000,
        ) {
            let origin: Month = "2019-01".parse().unwrap();
            let (from, to) = (origin.plus(from), origin.plus(from + length));
            let start = unit.start(from);
            let count = (unit.start(to).since(start) / unit.months() + 1) as usize;
            let bound = BoundLevels::Periods { unit, start, count, from, to };
            let labels = bound.labels();
            let Some(LevelMap::Periods(map)) = LevelMap::of(&bound) else { panic!("periods stay periods") };
            let date = NaiveDate::from_ymd_opt(2019, 1, 1).unwrap() + chrono::Duration::days(day.into());
            let month = Month::new(date.year(), date.month()).unwrap();
            let number = date.signed_duration_since(NaiveDate::default()).num_days() as i32;
            let level = map.level(number);
            if (from..=to).contains(&month) {
                prop_assert_eq!(&labels[level as usize], &unit.label(unit.start(month)));
            } else {
                prop_assert_eq!(level, NO_LEVEL);
            }
        }
    }

    #[test]
    fn no_day_is_too_far_away() {
        let from: Month = "2199-12".parse().unwrap();
        let bound = BoundLevels::Periods { unit: PeriodUnit::Month, start: from, count: 1, from, to: from };
        let Some(LevelMap::Periods(map)) = LevelMap::of(&bound) else { panic!("periods stay periods") };
        assert_eq!((map.level(i32::MIN), map.level(i32::MAX)), (NO_LEVEL, NO_LEVEL));
    }
}
