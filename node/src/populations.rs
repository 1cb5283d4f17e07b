//! What everybody knows of a table before it is counted: the published populations that its template divides by, and what
//! the provider's configuration says is published elsewhere.

use std::collections::BTreeMap;
use std::sync::Arc;

use disclosure::{CellKey, MeasureKind, Public, PublicError};
use template::{Lookup, Query};

use crate::config::{Config, PublishedFigure, PublishedOf, PublishedPopulation};
use crate::policy::Reason;

/// What everybody knows of the table. Of a union of people who may come under several levels nothing is said beside a
/// population, for those who are in none of its cells would be told by the difference.
///
/// INVARIANT: what is configured only ever adds to what counts as known.
pub(crate) fn public(query: &Query, lookups: &[Arc<Lookup>], config: &Config) -> Result<Public, Reason> {
    let provider = config.provider.as_str();
    let id = &query.template().id;
    let mut public = Public::nothing(query.domain(), query.measures());
    let people = query.measures().iter().position(|measure| measure.kind() == MeasureKind::People);
    let divisors = query.divisors(lookups.iter().map(AsRef::as_ref)).map_err(|_| Reason::LookupMissing)?;
    let configured = config.published.populations.iter().filter(|published| published.is_of(id) && people.is_some());
    let configured: Vec<&PublishedPopulation> =
        configured.inspect(|published| warn_of_levels(query, published, config)).collect();
    let mut populations: BTreeMap<usize, u64> = BTreeMap::new();
    let mut add = |cell: usize, n: u64| {
        // Of two published numbers the smaller says more.
        populations.entry(cell).and_modify(|known| *known = n.min(*known)).or_insert(n);
    };
    for population in divisors.iter().chain(configured.into_iter().map(|published| &published.population)) {
        query.population_of_cells(provider, population).into_iter().for_each(|(cell, n)| add(cell, n));
        for (total, n) in query.population_beyond(provider, population) {
            public.population_beyond(total, n).map_err(|_| Reason::PublicContradicted)?;
        }
    }
    let figures = config.published.figures.iter().enumerate();
    for (place, figure) in figures.filter(|(_, figure)| is_of(figure, query)) {
        let stated = state(&mut public, query, figure, &mut add);
        stated.map_err(|why| {
            tracing::error!(
                provider, template = %id,
                "the question is refused: `published.figures`, entry {}: {why}; correct or remove the entry", place + 1
            );
            Reason::PublicContradicted
        })?;
    }
    for (cell, n) in populations {
        let said = match people {
            Some(people) if query.domain().is_union(cell) => public.held(people, cell),
            _ => public.population(cell, n),
        };
        said.map_err(|error| {
            tracing::error!(provider, template = %id, "the question is refused: {error}");
            Reason::PublicContradicted
        })?;
    }
    Ok(public)
}

/// Whether a figure is one of this question's.
fn is_of(figure: &PublishedFigure, query: &Query) -> bool {
    let parameters = query.parameters().map(|(parameter, value)| (parameter.name.clone(), value.to_string()));
    let parameters: BTreeMap<String, String> = parameters.collect();
    figure.template == query.template().id
        && figure.parameters.iter().cloned().collect::<BTreeMap<_, _>>() == parameters
}

/// Adds one published figure to what is known of the question's table; where the question does not have it, says why.
fn state(
    public: &mut Public,
    query: &Query,
    figure: &PublishedFigure,
    population: &mut impl FnMut(usize, u64),
) -> Result<(), String> {
    let domain = query.domain();
    let measures = query.measures();
    let measure = measures.iter().position(|measure| measure.name() == figure.measure);
    let measure = measure.ok_or("the template has no such measure")?;
    let of_people = match measures.get(measure).map(disclosure::Measure::kind) {
        Some(MeasureKind::People) => true,
        Some(MeasureKind::Rows { .. }) => false,
        _ => return Err("only counts of people and of rows can be stated, for sums are capped per person".to_owned()),
    };
    let mut key = vec![None; domain.dimensions().len()];
    for (name, label) in &figure.levels {
        let place = domain.dimensions().iter().position(|dimension| dimension.name == *name);
        let place = place.ok_or_else(|| format!("the template has no dimension `{name}`"))?;
        let levels = (0..).map_while(|level| Some((level, domain.label(place, Some(level))?)));
        let level = levels.filter(|(_, known)| *known == label).map(|(level, _)| level).next();
        let level =
            level.ok_or_else(|| format!("dimension `{name}` has no level or group `{label}` in this question"))?;
        *key.get_mut(place).ok_or("the template has no such dimension")? = Some(level);
    }
    let told = |error: PublicError| error.to_string();
    let key = CellKey(key);
    let Some(cell) = domain.index_of(&key) else {
        // The answer has no such total, but whoever knows it can subtract the cells below it: nothing is said of them.
        return domain.inner_cells_at(&key).into_iter().try_for_each(|cell| public.held(measure, cell)).map_err(told);
    };
    match (figure.counted, of_people) {
        (PublishedOf::TheSame, true) if domain.is_union(cell) => public.held(measure, cell).map_err(told),
        (PublishedOf::TheSame, _) => public.exactly(measure, cell, figure.figure).map_err(told),
        (PublishedOf::More, true) => {
            population(cell, figure.figure);
            Ok(())
        }
        // Of rows nothing is said beside a number of which they are a part.
        (PublishedOf::More, false) => public.held(measure, cell).map_err(told),
    }
}

/// A population in other words than the template's protects nothing, so its operator is told.
fn warn_of_levels(query: &Query, published: &PublishedPopulation, config: &Config) {
    let population = &published.population;
    for dimension in query.domain().dimensions().iter().filter(|d| population.dimensions().contains(&d.name)) {
        if !dimension.levels.iter().any(|level| population.has_level(&dimension.name, level)) {
            tracing::warn!(
                provider = %config.provider, template = %query.template().id, dimension = %dimension.name,
                "`published.populations` ({}) names none of the template's levels of this dimension, so that the levels' \
                 counts are not protected beside it; write the levels as the template does",
                population.name(),
            );
        }
    }
}
