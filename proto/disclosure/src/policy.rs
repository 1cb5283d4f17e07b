//! What a provider allows out: the threshold, the grid, the zeros and the dominance rule. An illegal policy
//! cannot be constructed.

use crate::cell::Cell;
use crate::dominance::Dominance;
use crate::measure::{Measure, MeasureKind};
use crate::rounding::{Block, GREATEST_BASE, LEAST_BASE, Rounding};

/// The least number of distinct people that a shown figure stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Threshold(
    // INVARIANT: between LEAST and GREATEST.
    u64,
);

impl Threshold {
    /// The least legal threshold: below two there is nothing to suppress.
    pub const LEAST: u64 = 2;
    /// The greatest legal threshold.
    pub const GREATEST: u64 = 1000;

    /// A threshold of `people` distinct people.
    ///
    /// # Errors
    /// [`PolicyError::Threshold`] unless `people` is between [`Self::LEAST`] and [`Self::GREATEST`].
    pub fn new(people: u64) -> Result<Self, PolicyError> {
        if (Self::LEAST..=Self::GREATEST).contains(&people) {
            Ok(Self(people))
        } else {
            Err(PolicyError::Threshold { people })
        }
    }

    /// The threshold in people.
    #[must_use]
    pub fn people(self) -> u64 {
        self.0
    }
}

/// Whether a cell without a single person says so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Zeros {
    /// A zero wears the symbol of a suppressed count, which then means `0..=k - 1`.
    #[default]
    Hidden,
    /// A zero is shown as zero, and a suppressed count means `1..=k - 1`.
    Shown,
}

/// Whether suppressed counts are protected against an insider who knows one of them already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pairs {
    /// Each suppressed count keeps its whole range against someone who knows none of them.
    #[default]
    Single,
    /// Of two suppressed counts under one total, knowing one tells nothing of the other.
    Protected,
}

/// A published rule that a policy can be named after.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Profile {
    /// [`Policy::nhs_sde`].
    #[default]
    NhsSde,
    /// [`Policy::hes_2018`].
    Hes2018,
    /// [`Policy::opensafely`].
    OpenSafely,
    /// [`Policy::midpoint_6`].
    Midpoint6,
}

impl Profile {
    /// Every profile, in the order of the documentation.
    pub const ALL: [Self; 4] = [Self::NhsSde, Self::Hes2018, Self::OpenSafely, Self::Midpoint6];

    /// The name by which configuration and templates call it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::NhsSde => "nhs-sde",
            Self::Hes2018 => "hes-2018",
            Self::OpenSafely => "opensafely",
            Self::Midpoint6 => "midpoint-6",
        }
    }

    /// The profile of that name, if there is one.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|profile| profile.name() == name)
    }

    /// The policy of this profile, with zeros shown as its source does.
    #[must_use]
    pub fn policy(self) -> Policy {
        match self {
            Self::NhsSde => Policy::nhs_sde(),
            Self::Hes2018 => Policy::hes_2018(),
            Self::OpenSafely => Policy::opensafely(),
            Self::Midpoint6 => Policy::midpoint_6(),
        }
    }
}

/// The rules one release obeys. The stricter of the template's and the provider's holds: [`Policy::stricter`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    threshold: Threshold,
    rounding: Rounding,
    zeros: Zeros,
    dominance: Dominance,
    pairs: Pairs,
}

impl Policy {
    /// A policy of these parts, with the standard dominance rule and single suppressed counts protected.
    ///
    /// # Errors
    /// [`PolicyError::BelowGrid`] for midpoint-6 with a threshold below 7: its lowest class is 1–6, and a shown
    /// figure must stand for a whole class.
    pub fn new(threshold: Threshold, rounding: Rounding, zeros: Zeros) -> Result<Self, PolicyError> {
        if rounding == Rounding::MIDPOINT_6 && threshold.people() < 7 {
            return Err(PolicyError::BelowGrid { people: threshold.people() });
        }
        Ok(Self { threshold, rounding, zeros, dominance: Dominance::STANDARD, pairs: Pairs::Single })
    }

    /// Counts below 10 suppressed, the rest rounded to 5. Source: NHS England, Secure Data Environment, safe
    /// output rules ("numbers below 10 must be suppressed, others rounded to the nearest 5"). The default.
    #[must_use]
    pub fn nhs_sde() -> Self {
        Self::standard(10, Rounding::BASE_5)
    }

    /// Counts 1–7 suppressed, the rest rounded to 5. Source: NHS Digital, Hospital Episode Statistics disclosure
    /// control method, 2018; also used for the Emergency Care Data Set.
    #[must_use]
    pub fn hes_2018() -> Self {
        Self::standard(8, Rounding::BASE_5)
    }

    /// Counts up to 7 redacted, the rest rounded to 5. Source: OpenSAFELY documentation, "Permitted study results"
    /// and statistical disclosure control. (OpenSAFELY shows redacted counts as zero; here they stay suppressed.)
    #[must_use]
    pub fn opensafely() -> Self {
        Self::standard(8, Rounding::BASE_5)
    }

    /// Classes of six, shown by their midpoint, the lowest (1–6) suppressed. Source: OpenSAFELY documentation,
    /// midpoint-6 rounding for counts.
    #[must_use]
    pub fn midpoint_6() -> Self {
        Self::standard(7, Rounding::MIDPOINT_6)
    }

    fn standard(people: u64, rounding: Rounding) -> Self {
        let threshold = Threshold(people);
        Self { threshold, rounding, zeros: Zeros::Shown, dominance: Dominance::STANDARD, pairs: Pairs::Single }
    }

    /// This policy with zeros shown or hidden.
    #[must_use]
    pub fn with_zeros(self, zeros: Zeros) -> Self {
        Self { zeros, ..self }
    }

    /// This policy with another dominance rule.
    #[must_use]
    pub fn with_dominance(self, dominance: Dominance) -> Self {
        Self { dominance, ..self }
    }

    /// This policy with pairs of suppressed counts protected, or not.
    #[must_use]
    pub fn with_pairs(self, pairs: Pairs) -> Self {
        Self { pairs, ..self }
    }

    /// The stricter of two policies, part by part: the higher threshold, the coarser grid, zeros hidden if either
    /// hides them, pairs protected if either protects them, the stricter dominance rule.
    #[must_use]
    pub fn stricter(&self, other: &Self) -> Self {
        let rounding = self.rounding.coarser(other.rounding);
        let threshold = self.threshold.max(other.threshold);
        // INVARIANT: midpoint-6 comes from a policy whose threshold is at least 7, so the maximum is too.
        Self {
            threshold,
            rounding,
            zeros: if self.zeros == Zeros::Shown { other.zeros } else { Zeros::Hidden },
            dominance: self.dominance.stricter(other.dominance),
            pairs: if self.pairs == Pairs::Protected { Pairs::Protected } else { other.pairs },
        }
    }

    /// The least number of people behind a shown figure.
    #[must_use]
    pub fn threshold(&self) -> Threshold {
        self.threshold
    }

    /// The grid of counts.
    #[must_use]
    pub fn rounding(&self) -> Rounding {
        self.rounding
    }

    /// Whether zeros are shown.
    #[must_use]
    pub fn zeros(&self) -> Zeros {
        self.zeros
    }

    /// The dominance rule of rows and sums.
    #[must_use]
    pub fn dominance(&self) -> Dominance {
        self.dominance
    }

    /// Whether pairs of suppressed counts are protected.
    #[must_use]
    pub fn pairs(&self) -> Pairs {
        self.pairs
    }

    /// The range `(low, high)` that a suppressed count of people stands for.
    #[must_use]
    pub fn suppressed(&self) -> (u64, u64) {
        let low = match self.zeros {
            Zeros::Hidden => 0,
            Zeros::Shown => 1,
        };
        (low, self.threshold.people() - 1)
    }

    /// Whether the figure is one that this policy can show of a measure: on the grid, at or above the threshold, and no
    /// finer than a block.
    pub(crate) fn may_show(&self, measure: &Measure, cell: Cell) -> bool {
        let Cell::Shown { value, low, high } = cell else { return false };
        let block = match measure.kind() {
            MeasureKind::Sum { .. } => return measure.sum_block_shown(value) == Some(Block { value, low, high }),
            MeasureKind::People | MeasureKind::Rows { .. } => self.block(value),
        };
        let k = self.threshold.people();
        // INVARIANT: what is shown spans a block of the grid or the width of one, so that nothing finer is ever said.
        let wide = block == Block { value, low, high } || high.saturating_sub(low) + 1 >= self.rounding.base();
        k <= low && low <= value && value <= high && block.value == value && wide
    }

    /// The block in which a count of at least the threshold is shown.
    #[must_use]
    pub fn block(&self, n: u64) -> Block {
        self.rounding.block(self.threshold, n)
    }
}

/// Why a policy cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// A threshold outside its limits.
    #[error("a threshold must lie between {} and {} people, not at {people}", Threshold::LEAST, Threshold::GREATEST)]
    Threshold {
        /// What was asked for.
        people: u64,
    },
    /// A rounding base outside its limits.
    #[error("a rounding base must lie between {LEAST_BASE} and {GREATEST_BASE}, not at {base}")]
    Base {
        /// What was asked for.
        base: u64,
    },
    /// A threshold below the lowest class that the grid can show.
    #[error("midpoint-6 needs a threshold of at least 7 people, not {people}")]
    BelowGrid {
        /// What was asked for.
        people: u64,
    },
    /// A dominance rule weaker than the standard.
    #[error("a dominance rule must be at least as strict as p 10 % and a largest share below 43.75 %")]
    Dominance,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_illegal_policy_cannot_be_made() {
        assert!(Threshold::new(1).is_err());
        assert!(Threshold::new(1001).is_err());
        let six = Threshold::new(6).unwrap();
        assert!(matches!(Policy::new(six, Rounding::MIDPOINT_6, Zeros::Hidden), Err(PolicyError::BelowGrid { .. })));
    }

    #[test]
    fn the_stricter_holds_part_by_part() {
        let provider = Policy::hes_2018().with_pairs(Pairs::Protected);
        let template = Policy::nhs_sde().with_zeros(Zeros::Hidden);
        let both = provider.stricter(&template);
        assert_eq!(both, template.stricter(&provider));
        assert_eq!(both.threshold().people(), 10);
        assert_eq!(both.zeros(), Zeros::Hidden);
        assert_eq!(both.pairs(), Pairs::Protected);
        let mixed = Policy::midpoint_6().stricter(&Policy::nhs_sde());
        assert_eq!((mixed.rounding(), mixed.threshold().people()), (Rounding::MIDPOINT_6, 10));
    }

    fn policies() -> impl Strategy<Value = Policy> {
        let parts = (Threshold::LEAST..60, LEAST_BASE..40, any::<bool>(), any::<bool>(), 10u64..=100, 1u64..=4375);
        let own = parts.prop_map(|(k, base, hidden, pairs, p, share)| {
            let zeros = if hidden { Zeros::Hidden } else { Zeros::Shown };
            let policy = Policy::new(Threshold(k), Rounding::half_up(base).unwrap(), zeros).unwrap();
            let policy = policy.with_dominance(Dominance::new(p, share).unwrap());
            policy.with_pairs(if pairs { Pairs::Protected } else { Pairs::Single })
        });
        prop_oneof![3 => own, 1 => prop::sample::select(Profile::ALL.map(Profile::policy).to_vec())]
    }

    proptest! {
        /// What either hides, both hide; no grid gets finer and no rule weaker; whose turn it is does not matter.
        #[test]
        fn the_stricter_of_two_is_never_weaker_than_either(one in policies(), other in policies(), third in policies(), n in 0u64..100) {
            let both = one.stricter(&other);
            prop_assert_eq!(both, other.stricter(&one));
            prop_assert_eq!(both.stricter(&third), one.stricter(&other.stricter(&third)));
            prop_assert_eq!(both.stricter(&one), both);
            let hides = |policy: &Policy| (policy.suppressed().0..=policy.suppressed().1).contains(&n);
            for each in [one, other] {
                prop_assert!(both.threshold() >= each.threshold() && both.rounding().base() >= each.rounding().base());
                prop_assert!(each.zeros() == Zeros::Shown || both.zeros() == Zeros::Hidden);
                prop_assert!(each.pairs() == Pairs::Single || both.pairs() == Pairs::Protected);
                prop_assert!(!hides(&each) || hides(&both));
                prop_assert!(both.dominance().p_percent() >= each.dominance().p_percent());
                let share = |policy: &Policy| policy.dominance().largest_share_hundredths();
                prop_assert!(share(&both) <= share(&each));
            }
            // It is a policy that could be constructed.
            if both.rounding() == Rounding::MIDPOINT_6 {
                prop_assert!(Policy::new(both.threshold(), both.rounding(), both.zeros()).is_ok());
            }
            if n >= both.threshold().people() {
                let block = both.block(n);
                prop_assert!(block.low >= both.threshold().people() && (block.low..=block.high).contains(&n));
            }
        }
    }

    #[test]
    fn profiles_are_found_by_name() {
        for profile in Profile::ALL {
            assert_eq!(Profile::named(profile.name()), Some(profile));
        }
        assert_eq!(Profile::named("none"), None);
    }
}
