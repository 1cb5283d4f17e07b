//! The dominance rule: a sum in which one person weighs too much is that person's value, nearly.

use crate::policy::PolicyError;

/// When a figure made of several people's amounts is unsafe.
///
/// Source: ESSnet Handbook on Statistical Disclosure Control, section 4.2 (p% rule), and the largest share of
/// 43.75 % used by NHS and ONS output checkers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dominance {
    // INVARIANT: at least the standard's p, at most the standard's share.
    p_percent: u64,
    largest_share_hundredths: u64,
}

impl Dominance {
    /// p = 10 %, largest share below 43.75 %.
    pub const STANDARD: Self = Self { p_percent: 10, largest_share_hundredths: 4375 };

    /// A rule at least as strict as [`Self::STANDARD`]: `p_percent` in per cent, the share in hundredths of a per cent.
    ///
    /// # Errors
    /// [`PolicyError::Dominance`] for a weaker rule, a p above 100 % or a share of nought.
    pub fn new(p_percent: u64, largest_share_hundredths: u64) -> Result<Self, PolicyError> {
        let standard = Self::STANDARD;
        let strict_enough = (standard.p_percent..=100).contains(&p_percent)
            && (1..=standard.largest_share_hundredths).contains(&largest_share_hundredths);
        if strict_enough { Ok(Self { p_percent, largest_share_hundredths }) } else { Err(PolicyError::Dominance) }
    }

    /// p in per cent.
    #[must_use]
    pub fn p_percent(self) -> u64 {
        self.p_percent
    }

    /// The share that no single person may reach, in hundredths of a per cent.
    #[must_use]
    pub fn largest_share_hundredths(self) -> u64 {
        self.largest_share_hundredths
    }

    /// The stricter of two rules, part by part.
    #[must_use]
    pub fn stricter(self, other: Self) -> Self {
        Self {
            p_percent: self.p_percent.max(other.p_percent),
            largest_share_hundredths: self.largest_share_hundredths.min(other.largest_share_hundredths),
        }
    }

    /// Whether the largest two amounts dominate `total`: the second person could estimate the first to within
    /// p %, or the first holds the largest share or more.
    #[must_use]
    pub(crate) fn dominated(self, total: u64, [first, second]: [u64; 2]) -> bool {
        let (total, first, second) = (u128::from(total), u128::from(first), u128::from(second));
        let others = total.saturating_sub(first + second);
        others * 100 < u128::from(self.p_percent) * first
            || first * 10_000 >= u128::from(self.largest_share_hundredths) * total
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(amounts: &[u64], dominated: bool) {
        let mut sorted = amounts.to_vec();
        sorted.sort_unstable_by(|a, b| b.cmp(a));
        let top = [sorted.first().copied().unwrap_or(0), sorted.get(1).copied().unwrap_or(0)];
        assert_eq!(Dominance::STANDARD.dominated(amounts.iter().sum(), top), dominated, "{amounts:?}");
    }

    #[test]
    fn one_or_two_people_dominate() {
        check(&[100], true);
        check(&[50, 50], true);
        check(&[40, 40, 20], false);
        check(&[100, 100, 9], true);
        check(&[4375, 2000, 3625], true);
        check(&[4374, 2000, 3626], false);
        check(&[1; 10], false);
        check(&[], true);
    }

    #[test]
    fn a_weaker_rule_cannot_be_made() {
        assert!(Dominance::new(9, 4375).is_err());
        assert!(Dominance::new(10, 4376).is_err());
        assert_eq!(Dominance::new(10, 4375).unwrap(), Dominance::STANDARD);
        let strict = Dominance::new(20, 4000).unwrap();
        assert_eq!(strict.stricter(Dominance::STANDARD), strict);
    }
}
