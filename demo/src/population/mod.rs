//! The synthetic population of the demonstration region, and each provider's records of it.
//!
//! One seed makes one region, on every machine and with any number of threads. [`generate()`] makes the people and their
//! events in memory; [`Population::write`] writes what one provider holds as Parquet tables of core-1; [`truth`] counts the
//! answers straight from memory, apart from the nodes' own code path. What the region is stated to show is the table
//! [`stated`].
//!
//! Nobody here is real: names, codes and numbers are invented, and no record was derived from a patient's.

mod arithmetic;
pub mod calendar;
pub mod code;
pub mod condition;
mod draw;
pub mod event;
mod generate;
pub mod left_out;
mod medicine;
pub mod person;
pub mod provider;
pub mod records;
pub mod shown;
pub mod stated;
#[cfg(test)]
mod tests;
pub mod truth;
mod write;

use condition::Condition;
use draw::mix_unit;
use person::{Course, Person};
use provider::Kind;
use records::Records;

pub use provider::Provider;
pub use write::{NHS_NUMBER, OPT_OUTS_FOLDER, TABLES_FOLDER};

/// What determines a region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spec {
    /// Seed of every draw.
    pub seed: u64,
    /// People on the practices' lists, 1,500 to 5,000,000.
    pub people: u32,
}

impl Default for Spec {
    fn default() -> Self {
        Self { seed: 2_013, people: 500_000 }
    }
}

/// A region's people and every provider's records of them.
#[derive(Debug)]
pub struct Population {
    seed: u64,
    providers: Vec<Provider>,
    people: Vec<Person>,
    records: Vec<Records>,
}

/// Makes the region that `spec` determines. A number of people outside its range is taken to the nearer end.
pub fn generate(spec: &Spec) -> Population {
    let people = spec.people.clamp(1_500, 5_000_000);
    let (persons, records) = generate::region(spec.seed, people);
    let providers = provider::providers(&provider::list_sizes(people));
    Population { seed: spec.seed, providers, people: persons, records }
}

impl Population {
    /// Every provider: practices first, then hospitals, community, councils, mental health, ambulance.
    pub fn providers(&self) -> &[Provider] {
        &self.providers
    }

    /// The provider with a code.
    pub fn provider(&self, code: &str) -> Option<&Provider> {
        self.providers.iter().find(|provider| provider.code == code)
    }

    /// Everyone in the region, in the order of their practices; events name people by their position here.
    pub fn people(&self) -> &[Person] {
        &self.people
    }

    /// The events that a provider holds.
    pub fn records(&self, provider: &Provider) -> &Records {
        &self.records[provider.index()]
    }

    /// The people a provider holds records of, with their positions, in order.
    pub fn known_people(&self, provider: &Provider) -> impl Iterator<Item = (u32, &Person)> {
        let index = provider.index();
        self.people.iter().enumerate().filter(move |(_, p)| p.is_known_to(index)).map(|(n, p)| (n as u32, p))
    }

    /// The provider's own id of a person.
    pub fn local_id(&self, provider: &Provider, person: u32) -> String {
        provider::local_id(self.seed, provider.index(), person).map(char::from).iter().collect()
    }

    /// Whether the provider's own record has a condition of the person. A practice's always does; the others know some.
    pub fn knows(&self, provider: &Provider, person: u32, condition: Condition) -> bool {
        self.people[person as usize].conditions().has(condition)
            && (provider.kind == Kind::Gp || {
                let key = [self.seed, 0x6b, provider.index() as u64, u64::from(person) << 8 | condition as u64];
                mix_unit(&key) < provider.kind.knows_conditions()
            })
    }

    /// The conditions in the provider's own record of a person, each with its course, in the order of [`Condition::ALL`].
    pub fn known_conditions(&self, provider: &Provider, person: u32) -> impl Iterator<Item = (Condition, Course)> {
        let who = &self.people[person as usize];
        let known = who.conditions().iter().filter(move |condition| self.knows(provider, person, *condition));
        known.map(move |condition| (condition, person::course(self.seed, person, who, condition)))
    }

    /// What each practice's people belong to: pairs of practice code and locality code.
    pub fn practice_localities(&self) -> impl Iterator<Item = (&str, &'static str)> {
        self.providers.iter().filter_map(|p| p.locality.map(|locality| (p.code.as_str(), locality.code())))
    }

    /// The published list sizes of 1 April 2025: how many people each practice had registered, by age band, whoever of
    /// them objects to other uses.
    pub fn list_sizes(&self) -> Vec<(&str, &'static str, u32)> {
        let day = calendar::first_of_month_date32(2025, 4);
        let mut people = vec![[0; AGE_BANDS.len()]; self.providers.len()];
        for person in self.people.iter().filter(|person| person.is_registered_on(day)) {
            people[person.practice()][age_band(person.born().age_by(2025 * 12 + 3))] += 1;
        }
        let of = |practice: &'_ Provider| people[practice.index()];
        let practices = self.providers.iter().filter(|provider| provider.kind == Kind::Gp);
        practices.flat_map(|p| AGE_BANDS.into_iter().zip(of(p)).map(|(band, n)| (p.code.as_str(), band, n))).collect()
    }
}

/// The age bands of published list sizes.
pub const AGE_BANDS: [&str; 6] = ["0-14", "15-44", "45-64", "65-74", "75-84", "85+"];

/// The place of an age among the [`AGE_BANDS`].
fn age_band(years: i32) -> usize {
    [15, 45, 65, 75, 85].iter().filter(|from| years >= **from).count()
}
