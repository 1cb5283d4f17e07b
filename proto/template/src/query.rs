//! A query: an approved template with every parameter bound.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use disclosure::{CellKey, Domain, DomainError, Measure, MeasureKind, Policy};

use crate::approval::Approved;
use crate::digest::Digest;
use crate::dimension::{BoundLevels, Dimension};
use crate::figure::{Denominator, FigureKind};
use crate::lookup::Lookup;
use crate::parameter::{Longest, Parameter, ParameterError, Range, Value};
use crate::period::Month;
use crate::population::{Population, PopulationError};

use crate::template::Template;

/// An approved template with a value for every parameter. Only [`Query::bind`] makes one.
///
/// ```compile_fail
/// # use template::*;
/// # fn unapproved(template: Template) {
/// let query = Query::bind(std::sync::Arc::new(template), &[]);
/// # }
/// ```
/// ```
/// # use template::*;
/// # fn approved(approved: Approved) {
/// let query = Query::bind(std::sync::Arc::new(approved), &[]);
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Query {
    approved: Arc<Approved>,
    // INVARIANT: one per declared parameter, in declared order, within its range.
    values: Vec<Value>,
    levels: Vec<BoundLevels>,
    domain: Domain,
    measures: Vec<Measure>,
}

/// Why parameters do not make a query.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BindError {
    /// A parameter's value.
    #[error(transparent)]
    Parameter(#[from] ParameterError),
    /// The cells that follow are too many, or are not a domain.
    #[error("these parameters do not make a table that can be released: {0}")]
    Domain(#[from] DomainError),
    /// A period that runs backwards.
    #[error("dimension `{dimension}` has no periods between these months; give them in order")]
    Backwards {
        /// The dimension.
        dimension: String,
    },
}

impl Query {
    /// Binds `given`, pairs of a parameter's name and its value as text.
    ///
    /// # Errors
    /// A [`BindError`] that names the parameter and says what it takes.
    pub fn bind(approved: Arc<Approved>, given: &[(String, String)]) -> Result<Self, BindError> {
        let template = approved.template();
        let Bound { values, levels, domain } = bound(template, given)?;
        let measures = template.measures.iter().map(|m| m.measure.clone()).collect();
        Ok(Self { values, levels, domain, measures, approved })
    }

    /// The template.
    #[must_use]
    pub fn template(&self) -> &Template {
        self.approved.template()
    }

    /// The digest of the template's exact bytes.
    #[must_use]
    pub fn template_digest(&self) -> Digest {
        self.approved.digest()
    }

    /// The declared parameters with their values.
    pub fn parameters(&self) -> impl Iterator<Item = (&Parameter, &Value)> {
        self.template().parameters.iter().zip(&self.values)
    }

    /// What the contributions' values mean, per dimension.
    #[must_use]
    pub fn levels(&self) -> &[BoundLevels] {
        &self.levels
    }

    /// The cells of the answer.
    #[must_use]
    pub const fn domain(&self) -> &Domain {
        &self.domain
    }

    /// The measures.
    #[must_use]
    pub fn measures(&self) -> &[Measure] {
        &self.measures
    }

    /// The least strict policy that the template allows.
    #[must_use]
    pub fn policy(&self) -> Policy {
        self.template().policy
    }

    /// The first and the last month asked for, if the template bounds time.
    #[must_use]
    pub fn period(&self) -> Option<(Month, Month)> {
        let (from, to) = self.template().period.as_ref()?;
        let month = |name: &str| {
            self.parameters().find(|(parameter, _)| parameter.name == name).and_then(|(_, value)| match value {
                Value::Month(month) => Some(*month),
                Value::Choice(_) | Value::Integer(_) => None,
            })
        };
        Some((month(from)?, month(to)?))
    }

    /// How many people are published to stand behind each cell at this provider, where the template divides people by
    /// published numbers: pairs of a cell's number and the people. Whoever asks knows them exactly, so they are public
    /// to whatever protects the counts. Empty where the template divides no count of people by such numbers.
    ///
    /// # Errors
    /// A [`PopulationError`] where a look-up that the template names is missing or holds no population.
    pub fn populations<'a>(
        &self,
        provider: &str,
        lookups: impl IntoIterator<Item = &'a Lookup>,
    ) -> Result<Vec<(usize, u64)>, PopulationError> {
        let mut found: BTreeMap<usize, u64> = BTreeMap::new();
        for population in self.divisors(lookups)? {
            for (cell, people) in self.population_of_cells(provider, &population) {
                // Of two published numbers the smaller says more.
                found.entry(cell).and_modify(|known| *known = people.min(*known)).or_insert(people);
            }
        }
        Ok(found.into_iter().collect())
    }

    /// The published populations by which the template divides counts of people.
    ///
    /// # Errors
    /// As of [`Self::populations`].
    pub fn divisors<'a>(
        &self,
        lookups: impl IntoIterator<Item = &'a Lookup>,
    ) -> Result<Vec<Population>, PopulationError> {
        let lookups: Vec<&Lookup> = lookups.into_iter().collect();
        let counts_people = |name: &str| {
            self.measures.iter().any(|measure| measure.name() == name && measure.kind() == MeasureKind::People)
        };
        let divides = self.template().figures.iter().filter_map(|figure| match &figure.kind {
            FigureKind::Rate { measure, denominator: Denominator::Population(name), .. } if counts_people(measure) => {
                Some(name)
            }
            _ => None,
        });
        let population = |name: &String| {
            let lookup = lookups.iter().find(|lookup| lookup.name() == name);
            Population::new(lookup.ok_or_else(|| PopulationError::Missing { name: name.clone() })?)
        };
        divides.collect::<BTreeSet<_>>().into_iter().map(population).collect()
    }

    /// How many people a published population has in each cell, as far as it says: those with the cell's levels of the
    /// dimensions that divide both. Of a total over a dimension they are those with any of its declared levels, or, where
    /// the population does not know all of these, everybody.
    #[must_use]
    pub fn population_of_cells(&self, provider: &str, population: &Population) -> Vec<(usize, u64)> {
        let cells = self.domain.keys().enumerate();
        cells.filter_map(|(cell, key)| Some((cell, self.population_at(provider, population, &key)?))).collect()
    }

    /// How many people a published population has at each combination of the levels that divide both it and the table, where
    /// the table declares no total there.
    #[must_use]
    pub fn population_beyond(&self, provider: &str, population: &Population) -> Vec<(CellKey, u64)> {
        let mut keys = vec![Vec::new()];
        for dimension in self.domain.dimensions() {
            let levels = if population.dimensions().contains(&dimension.name) { dimension.levels.len() } else { 0 };
            let levels: Vec<Option<usize>> = if levels == 0 { vec![None] } else { (0..levels).map(Some).collect() };
            let with = |key: Vec<Option<usize>>| levels.iter().map(move |level| [key.as_slice(), &[*level]].concat());
            keys = keys.into_iter().flat_map(with).collect();
        }
        let undeclared = keys.into_iter().map(CellKey).filter(|key| self.domain.index_of(key).is_none());
        undeclared
            .filter_map(|key| {
                let people = self.population_at(provider, population, &key)?;
                Some((key, people))
            })
            .collect()
    }

    fn population_at(&self, provider: &str, population: &Population, key: &CellKey) -> Option<u64> {
        let named = |declared: bool| {
            let levels =
                key.0.iter().zip(self.domain.dimensions()).enumerate().filter_map(|(place, (level, dimension))| {
                    let members = match level {
                        Some(level) => self.domain.levels_at(place, *level),
                        None if declared => (0..dimension.levels.len()).collect(),
                        None => return None,
                    };
                    let labels = members.into_iter().filter_map(|level| Some(dimension.levels.get(level)?.as_str()));
                    Some((dimension.name.as_str(), labels.collect::<Vec<_>>()))
                });
            population.people_in(provider, &levels.collect::<Vec<_>>())
        };
        named(true).or_else(|| named(false))
    }

    /// What the question *is*, whoever asks and whenever: the digest of the template, the values in declared order and
    /// the look-ups that it reads. Equal questions have equal fingerprints.
    #[must_use]
    pub fn fingerprint(&self, lookups: &[Digest]) -> Digest {
        let template = self.template_digest();
        let values: Vec<String> = self.values.iter().map(ToString::to_string).collect();
        let mut fields: Vec<&[u8]> = vec![b"tallyward-query-v1", template.bytes()];
        fields.extend(values.iter().map(String::as_bytes));
        fields.push(b"look-ups");
        fields.extend(lookups.iter().map(|digest| digest.bytes().as_slice()));
        Digest::of_fields(&fields)
    }
}

/// A template's declarations under values of its parameters.
struct Bound {
    values: Vec<Value>,
    levels: Vec<BoundLevels>,
    domain: Domain,
}

fn bound(template: &Template, given: &[(String, String)]) -> Result<Bound, BindError> {
    let values = values(&template.parameters, given)?;
    let value = |name: &str| {
        template.parameters.iter().position(|p| p.name == name).and_then(|place| values.get(place)).cloned()
    };
    let levels = |dimension: &Dimension| {
        dimension.bind(value).ok_or_else(|| BindError::Backwards { dimension: dimension.name.clone() })
    };
    let levels = template.dimensions.iter().map(levels).collect::<Result<Vec<_>, _>>()?;
    let domain = template.domain(levels.iter().map(BoundLevels::labels).collect())?;
    Ok(Bound { values, levels, domain })
}

impl Template {
    /// The cells of an answer under these parameters, pairs of a name and a value as text. It asks nothing: only an
    /// approved template becomes a [`Query`].
    ///
    /// # Errors
    /// A [`BindError`] that names the parameter and says what it takes.
    pub fn cells(&self, given: &[(String, String)]) -> Result<Domain, BindError> {
        Ok(bound(self, given)?.domain)
    }
}

fn values(parameters: &[Parameter], given: &[(String, String)]) -> Result<Vec<Value>, ParameterError> {
    for (place, (name, _)) in given.iter().enumerate() {
        if !parameters.iter().any(|parameter| parameter.name == *name) {
            let known = parameters.iter().map(|p| p.name.as_str()).collect::<Vec<_>>().join(", ");
            return Err(ParameterError::Unknown { name: name.clone(), known });
        }
        if given.iter().take(place).any(|(earlier, _)| earlier == name) {
            return Err(ParameterError::Twice { name: name.clone() });
        }
    }
    let values = parameters
        .iter()
        .map(|parameter| match given.iter().find(|(name, _)| *name == parameter.name) {
            Some((_, text)) => parameter.parse(text),
            None => parameter
                .default
                .clone()
                .ok_or_else(|| ParameterError::Missing { name: parameter.name.clone(), expects: parameter.expects() }),
        })
        .collect::<Result<Vec<_>, _>>()?;
    for (parameter, value) in parameters.iter().zip(&values) {
        if let (Range::Month { longest: Some(Longest { months, after }), .. }, Value::Month(last)) =
            (&parameter.range, value)
        {
            let first = parameters.iter().position(|p| p.name == *after).and_then(|place| values.get(place));
            let Some(Value::Month(first)) = first else { return Err(parameter.out_of_range()) };
            if !(0..*months).contains(&last.since(*first)) {
                return Err(parameter.out_of_range());
            }
        }
    }
    Ok(values)
}

#[cfg(test)]
#[path = "query_tests.rs"]
mod tests;
