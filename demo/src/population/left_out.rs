//! What every node must leave out: people who opted out, told in three ways, and legally restricted records.
//!
//! People who opted out are in the generator's memory, and its truths leave them out. Restricted records are not even
//! there: they are written besides the memory's, like another record of the same person on the same day, and carry one
//! restricted code among ordinary ones. A node that let any of them through would count more than the truth.

use std::fmt::Write as _;

use super::Population;
use super::draw::mix;
use super::provider::Provider;

/// Of so many records one has a restricted twin.
const ONE_IN: u64 = 100;
/// Salts of the draws.
const OPT_OUT: u64 = 0xb1;
const SPELL: u64 = 0xb2;
const ATTENDANCE: u64 = 0xb3;
const EVENT: u64 = 0xb4;

/// How a provider learns that a person opted out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ToldBy {
    /// By the person table.
    PersonTable,
    /// By the list of national data opt-outs, which names NHS numbers.
    NationalList,
    /// By the list of type 1 objections, which names the provider's own ids.
    Type1List,
}

/// The restricted code that a record's twin carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RestrictedCode {
    /// A secondary diagnosis, ICD-10.
    Diagnosis(&'static str),
    /// A procedure, OPCS-4.
    Procedure(&'static str),
}

impl Population {
    /// How a provider learns that a person opted out, if the person did.
    pub fn told_by(&self, person: u32) -> Option<ToldBy> {
        let opted_out = self.people.get(person as usize)?.opted_out();
        opted_out.then(|| match mix(&[self.seed, OPT_OUT, u64::from(person)]) % 3 {
            0 => ToldBy::PersonTable,
            1 => ToldBy::NationalList,
            _ => ToldBy::Type1List,
        })
    }

    /// The NHS number of a person: of a range that is issued to nobody, with its check digit.
    pub fn nhs_number(person: u32) -> String {
        // Of two neighbours at most one has no check digit.
        let candidates = (0..2).map(|n| 900_000_000 + u64::from(person) * 2 + n);
        candidates.filter_map(with_check_digit).next().unwrap_or_default()
    }

    /// The lists of a provider's people who opted out, by file name. Neither says its day: the configuration does.
    pub fn opt_out_lists(&self, provider: &Provider) -> [(&'static str, String); 2] {
        let (mut national, mut type1) = ("nhs_number\n".to_owned(), "person_id\n".to_owned());
        for (person, _) in self.known_people(provider) {
            let _written = match self.told_by(person) {
                Some(ToldBy::NationalList) => writeln!(national, "{}", Self::nhs_number(person)),
                Some(ToldBy::Type1List) => writeln!(type1, "{}", self.local_id(provider, person)),
                Some(ToldBy::PersonTable) | None => Ok(()),
            };
        }
        [("national.csv", national), ("type1.csv", type1)]
    }

    /// The restricted code of a spell's twin, if it has one, by the spell's place in the provider's records.
    pub(super) fn restricted_twin_of_spell(&self, provider: &Provider, place: usize) -> Option<RestrictedCode> {
        const CODES: [RestrictedCode; 5] = [
            RestrictedCode::Diagnosis("A549"),
            RestrictedCode::Diagnosis("B24X"),
            RestrictedCode::Diagnosis("F640"),
            RestrictedCode::Procedure("Q131"),
            RestrictedCode::Procedure("X151"),
        ];
        let hash = self.twin(provider, SPELL, place)?;
        CODES.get((hash % CODES.len() as u64) as usize).copied()
    }

    /// Whether an attendance has a restricted twin.
    pub(super) fn has_restricted_twin_of_attendance(&self, provider: &Provider, place: usize) -> bool {
        self.twin(provider, ATTENDANCE, place).is_some()
    }

    /// The restricted event of a person at a practice, if there is one: code system and code.
    pub(super) fn restricted_event(&self, person: u32) -> Option<(&'static str, &'static str)> {
        const CODES: [(&str, &str); 3] = [("SNOMED", "86406008"), ("READ2", "A788."), ("SNOMED", "428015005")];
        let hash = mix(&[self.seed, EVENT, u64::from(person)]);
        hash.is_multiple_of(ONE_IN).then(|| CODES[(hash / ONE_IN % CODES.len() as u64) as usize])
    }

    fn twin(&self, provider: &Provider, salt: u64, place: usize) -> Option<u64> {
        let hash = mix(&[self.seed, salt, provider.index() as u64, place as u64]);
        hash.is_multiple_of(ONE_IN).then_some(hash / ONE_IN)
    }
}

/// Nine digits with the tenth, where one fits.
fn with_check_digit(nine: u64) -> Option<String> {
    let digits = format!("{nine:09}");
    let sum: u64 = digits.bytes().zip((2..=10u64).rev()).map(|(digit, weight)| u64::from(digit - b'0') * weight).sum();
    let check = (11 - sum % 11) % 11;
    (check < 10).then(|| format!("{digits}{check}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_has_a_number_of_their_own() {
        assert_eq!(with_check_digit(943_476_591).as_deref(), Some("9434765919"));
        let numbers: std::collections::BTreeSet<String> = (0..20_000).map(Population::nhs_number).collect();
        assert_eq!(numbers.len(), 20_000);
        assert!(numbers.iter().all(|number| number.len() == 10));
    }

    #[test]
    fn all_three_ways_are_used() {
        let population = crate::population::generate(&crate::population::Spec { seed: 3, people: 5_000 });
        let told: Vec<_> = (0..5_000).filter_map(|person| population.told_by(person)).collect();
        for way in [ToldBy::PersonTable, ToldBy::NationalList, ToldBy::Type1List] {
            assert!(told.iter().filter(|told| **told == way).count() > 20, "{way:?}");
        }
        let provider = &population.providers()[0];
        let [(_, national), (_, type1)] = population.opt_out_lists(provider);
        let opted_out = population.known_people(provider).filter(|(_, person)| person.opted_out());
        let listed = opted_out.filter(|(n, _)| population.told_by(*n) != Some(ToldBy::PersonTable)).count();
        assert_eq!(national.lines().count() + type1.lines().count() - 2, listed);
    }
}
