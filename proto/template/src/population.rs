//! Published populations, such as practices' list sizes: the denominators of rates, from a signed look-up.
//!
//! They are public and exact. Whoever divides by them knows how many people each count is of, so a node that answers a
//! template with such a rate protects the complement of a count like the count itself.

use std::collections::{BTreeMap, BTreeSet};

use crate::lookup::Lookup;

/// The column of a population's provider codes.
const PROVIDER: &str = "provider";
/// The column of its numbers.
const PEOPLE: &str = "people";
/// The most people of one row, so that no sum over rows can overflow.
const PEOPLE_MAX: u64 = 1_000_000_000;

/// A look-up of how many people belong to each provider, perhaps by levels of some dimensions.
///
/// Beside its key it has the columns `provider` and `people`; each other column is named like a dimension and holds its
/// levels.
///
/// ```
/// # use template::{Lookup, Population};
/// let lookup = Lookup::parse(br#"{"name": "list_size", "version": 1, "columns": ["row", "provider", "sex", "people"],
///     "rows": [["1", "Y00001", "1", "900"], ["2", "Y00001", "2", "950"]]}"#).unwrap();
/// let population = Population::new(&lookup).unwrap();
/// assert_eq!(population.people("Y00001", &[("sex", "2"), ("month", "2025-03")]), Some(950));
/// assert_eq!(population.people("Y00001", &[]), Some(1850));
/// assert_eq!(population.people("Y00001", &[("sex", "other")]), None);
/// assert_eq!(population.people("Y00002", &[]), None);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Population {
    name: String,
    dimensions: Vec<String>,
    rows: Vec<Row>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Row {
    provider: String,
    levels: Vec<String>,
    people: u64,
}

/// Why a look-up is not a population.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PopulationError {
    /// Without the columns that it needs.
    #[error("look-up `{name}` has no column `{column}` beside its key; a population has `{PROVIDER}` and `{PEOPLE}`")]
    Column {
        /// The look-up.
        name: String,
        /// The column.
        column: &'static str,
    },
    /// Not among those that were sent.
    #[error("look-up `{name}` is divided by and was not sent along")]
    Missing {
        /// The look-up.
        name: String,
    },
    /// Rows of another form than the dimensions.
    #[error(
        "population `{name}` has rows with more or fewer levels than dimensions, or one combination of levels twice"
    )]
    Rows {
        /// The population.
        name: String,
    },
    /// Not a number.
    #[error("population `{name}` holds a number of people that is not a whole number up to {PEOPLE_MAX}")]
    People {
        /// The look-up.
        name: String,
    },
}

impl Population {
    /// Reads a look-up as a population.
    ///
    /// # Errors
    /// A [`PopulationError`] that names the look-up.
    pub fn new(lookup: &Lookup) -> Result<Self, PopulationError> {
        let name = lookup.name().to_owned();
        let place = |column: &'static str| {
            let found = lookup.columns().iter().skip(1).position(|c| c == column).map(|place| place + 1);
            found.ok_or_else(|| PopulationError::Column { name: name.clone(), column })
        };
        let (provider, people) = (place(PROVIDER)?, place(PEOPLE)?);
        let levels: Vec<usize> = (1..lookup.columns().len()).filter(|c| *c != provider && *c != people).collect();
        let rows = lookup.rows().iter().map(|row| {
            let number = row.get(people).and_then(|text| text.parse().ok()).filter(|n| *n <= PEOPLE_MAX);
            Some(Row {
                provider: row.get(provider)?.clone(),
                levels: levels.iter().filter_map(|c| row.get(*c)).cloned().collect(),
                people: number?,
            })
        });
        let rows = rows.collect::<Option<_>>().ok_or_else(|| PopulationError::People { name: name.clone() })?;
        let dimensions = levels.iter().filter_map(|c| lookup.columns().get(*c)).cloned().collect();
        Ok(Self { name, dimensions, rows })
    }

    /// A population of one provider from elsewhere than a look-up: per row a level of each dimension, and how many people
    /// have these levels.
    ///
    /// # Errors
    /// A [`PopulationError`] that names it.
    pub fn of_provider(
        name: &str,
        provider: &str,
        dimensions: Vec<String>,
        rows: Vec<(Vec<String>, u64)>,
    ) -> Result<Self, PopulationError> {
        let name = name.to_owned();
        let distinct: BTreeSet<&Vec<String>> = rows.iter().map(|(levels, _)| levels).collect();
        let fits = distinct.len() == rows.len() && rows.iter().all(|(levels, _)| levels.len() == dimensions.len());
        if !fits {
            return Err(PopulationError::Rows { name });
        }
        if rows.iter().any(|(_, people)| *people > PEOPLE_MAX) {
            return Err(PopulationError::People { name });
        }
        let row = |(levels, people)| Row { provider: provider.to_owned(), levels, people };
        Ok(Self { name, dimensions, rows: rows.into_iter().map(row).collect() })
    }

    /// The dimensions by which it is divided.
    #[must_use]
    pub fn dimensions(&self) -> &[String] {
        &self.dimensions
    }

    /// Whether it says anything of this level of a dimension by which it is divided.
    #[must_use]
    pub fn has_level(&self, dimension: &str, level: &str) -> bool {
        let place = self.dimensions.iter().position(|d| d == dimension);
        place.is_some_and(|place| self.rows.iter().any(|row| row.levels.get(place).is_some_and(|l| l == level)))
    }

    /// Whether both say the same of the provider wherever both say something: as many people at each combination of levels
    /// of the dimensions that divide both, and without any as many in all.
    #[must_use]
    pub fn agrees_with(&self, other: &Self, provider: &str) -> bool {
        let common: Vec<&String> = self.dimensions.iter().filter(|d| other.dimensions.contains(d)).collect();
        let sums = |of: &Self| {
            let places: Vec<usize> =
                common.iter().filter_map(|name| of.dimensions.iter().position(|d| d == *name)).collect();
            let mut sums: BTreeMap<Vec<String>, u64> = BTreeMap::new();
            for row in of.rows.iter().filter(|row| row.provider == provider && row.people > 0) {
                let levels = places.iter().filter_map(|place| row.levels.get(*place)).cloned().collect();
                let sum = sums.entry(levels).or_default();
                *sum = sum.saturating_add(row.people);
            }
            sums
        };
        sums(self) == sums(other)
    }

    /// The look-up's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How many people of the provider have these levels, pairs of a dimension's name and a level; dimensions by which
    /// the population is not divided do not matter. `None` where it says nothing of the provider, or of these levels.
    #[must_use]
    pub fn people(&self, provider: &str, levels: &[(&str, &str)]) -> Option<u64> {
        let levels: Vec<(&str, Vec<&str>)> = levels.iter().map(|(name, level)| (*name, vec![*level])).collect();
        self.people_in(provider, &levels)
    }

    /// The same for several levels of each dimension together: the people at every combination of them. `None` where it
    /// says nothing of one of the combinations.
    #[must_use]
    pub fn people_in(&self, provider: &str, levels: &[(&str, Vec<&str>)]) -> Option<u64> {
        let mut wanted: Vec<Vec<(usize, &str)>> = vec![Vec::new()];
        for (name, levels) in levels {
            let Some(place) = self.dimensions.iter().position(|d| d == name) else { continue };
            wanted = wanted
                .iter()
                .flat_map(|wanted| levels.iter().map(move |&level| [wanted.as_slice(), &[(place, level)]].concat()))
                .collect();
        }
        wanted
            .iter()
            .map(|wanted| self.at(provider, wanted))
            .try_fold(0u64, |sum, people| Some(sum.saturating_add(people?)))
    }

    /// Of one combination of levels, by the places of the dimensions.
    fn at(&self, provider: &str, wanted: &[(usize, &str)]) -> Option<u64> {
        let matches = |row: &&Row| {
            row.provider == provider
                && wanted.iter().all(|(place, level)| row.levels.get(*place).is_some_and(|l| l == level))
        };
        self.rows.iter().filter(matches).map(|row| row.people).reduce(u64::saturating_add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(columns: &[&str], row: &[&str], expected: &str) {
        let document = serde_json::json!({ "name": "lists", "version": 1, "columns": columns, "rows": [row] });
        let lookup = Lookup::parse(document.to_string().as_bytes()).unwrap();
        let error = Population::new(&lookup).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }

    #[test]
    fn populations_agree_where_both_say_something() {
        let of = |dimensions: &[&str], rows: &[(&[&str], u64)]| {
            let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
            let rows = rows.iter().map(|(levels, people)| (texts(levels), *people)).collect();
            Population::of_provider("lists", "Y00001", texts(dimensions), rows)
        };
        let both = of(&["sex", "age"], &[(&["1", "old"], 5), (&["1", "young"], 7), (&["2", "old"], 0)]).unwrap();
        for (dimensions, rows, agrees) in [
            (&["sex"][..], &[(&["1"][..], 12)][..], true),
            (&["sex"], &[(&["1"], 12), (&["2"], 1)], false),
            (&["age"], &[(&["old"], 5), (&["young"], 7)], true),
            (&["age"], &[(&["old"], 12)], false),
            (&["place"], &[(&["here"], 12)], true),
            (&[], &[(&[], 12)], true),
            (&[], &[(&[], 13)], false),
        ] {
            let other = of(dimensions, rows).unwrap();
            assert_eq!((both.agrees_with(&other, "Y00001"), other.agrees_with(&both, "Y00001")), (agrees, agrees));
        }
        assert_eq!(both.people("Y00001", &[("age", "old")]), Some(5));
        assert!(both.has_level("age", "old") && !both.has_level("age", "1") && !both.has_level("place", "old"));
        let named = |name: &str| of(&["sex"], &[(&["1"], 1), (&[name], 1)]);
        assert!(matches!(named("1"), Err(PopulationError::Rows { .. })), "a level twice");
        assert!(matches!(of(&["sex"], &[(&[], 1)]), Err(PopulationError::Rows { .. })));
        assert!(matches!(of(&[], &[(&[], PEOPLE_MAX + 1)]), Err(PopulationError::People { .. })));
    }

    #[test]
    fn what_is_no_population_is_named() {
        check(&["row", "provider"], &["1", "Y00001"], "`people`");
        check(&["row", "people"], &["1", "10"], "`provider`");
        check(&["provider", "people"], &["Y00001", "10"], "`provider`");
        check(&["row", "provider", "people"], &["1", "Y00001", "ten"], "whole number");
        check(&["row", "provider", "people"], &["1", "Y00001", "-1"], "whole number");
        check(&["row", "provider", "people"], &["1", "Y00001", "1000000001"], "whole number");
    }
}
