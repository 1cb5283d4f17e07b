//! The least number of sites behind a combined figure.

use std::collections::BTreeMap;

use template::ProviderKind;

/// Per kind of provider, below so many answering sites there is no combined figure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quorum(BTreeMap<ProviderKind, u32>);

impl Quorum {
    /// As a template declares it. A kind that it does not name is never enough.
    #[must_use]
    pub fn new(min_sites: BTreeMap<ProviderKind, u32>) -> Self {
        Self(min_sites)
    }

    /// The number needed of this kind.
    #[must_use]
    pub fn needed(&self, kind: ProviderKind) -> u32 {
        self.0.get(&kind).copied().unwrap_or(u32::MAX)
    }

    /// Of the first kind that is asked or answered and of which too few answered, the number needed.
    #[must_use]
    pub fn missing(
        &self,
        asked: impl Iterator<Item = ProviderKind>,
        answered: impl Iterator<Item = ProviderKind>,
    ) -> Option<u32> {
        let mut numbers: BTreeMap<ProviderKind, u32> = asked.map(|kind| (kind, 0)).collect();
        for kind in answered {
            *numbers.entry(kind).or_default() += 1;
        }
        numbers
            .into_iter()
            .map(|(kind, number)| (number, self.needed(kind)))
            .find(|(n, needed)| n < needed)
            .map(|n| n.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ProviderKind::{Gp, Hospital};

    fn check(asked: &[ProviderKind], answered: &[ProviderKind], missing: Option<u32>) {
        let quorum = Quorum::new(BTreeMap::from([(Gp, 3), (Hospital, 1)]));
        assert_eq!(quorum.missing(asked.iter().copied(), answered.iter().copied()), missing, "{asked:?} {answered:?}");
    }

    #[test]
    fn every_kind_that_is_asked_must_be_enough() {
        check(&[Gp, Gp, Gp, Hospital], &[Gp, Gp, Gp, Hospital], None);
        check(&[Gp, Gp, Gp, Gp], &[Gp, Gp, Gp], None);
        check(&[Gp, Gp, Gp, Hospital], &[Gp, Gp, Hospital], Some(3));
        check(&[Gp, Gp, Gp, Hospital], &[Gp, Gp, Gp], Some(1));
        check(&[ProviderKind::Ambulance], &[ProviderKind::Ambulance], Some(u32::MAX));
        check(&[], &[], None);
    }
}
