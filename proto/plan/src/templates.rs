//! What a template and a query mean to the plan check: declared columns, and values as typed scalars.

use std::num::NonZeroUsize;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use datafusion::common::ScalarValue;
use template::{Levels, Query, Range, Template, Value};

use crate::check::Checker;
use crate::checked::Checked;
use crate::contract::{LookupSchema, Output, OutputKind, Parameter, ParameterKind};
use crate::error::PlanError;

/// Checks a template's SQL against what the template declares. `lookups` are the region's; the template reads those it
/// names.
///
/// A month parameter `m` is two dates in SQL: `$m`, its first day, and `$m_end`, the first day of the month after.
///
/// # Errors
/// A [`PlanError`]; [`PlanError::Table`] where the template names a look-up that the region does not have.
pub fn check_template(template: &Template, lookups: &[LookupSchema]) -> Result<Checked, PlanError> {
    Checker::new().check_template(template, lookups)
}

impl Checker {
    /// Checks one template, as [`check_template`] does.
    ///
    /// # Errors
    /// As [`check_template`].
    pub fn check_template(&self, template: &Template, lookups: &[LookupSchema]) -> Result<Checked, PlanError> {
        let named = template.lookups.iter().map(|name| {
            let found = lookups.iter().find(|lookup| lookup.name == *name).cloned();
            found.ok_or_else(|| PlanError::Table { name: name.clone() })
        });
        let named = named.collect::<Result<Vec<_>, _>>()?;
        self.check(&template.sql, &parameters(template), &outputs(template), &named)
    }

    /// Checks many templates, each with the region's look-ups, on at most `threads` threads. What is found stands in the
    /// order of the templates.
    #[must_use]
    pub fn check_all(
        &self,
        templates: &[(&Template, Vec<LookupSchema>)],
        threads: NonZeroUsize,
    ) -> Vec<Result<Checked, PlanError>> {
        let next = AtomicUsize::new(0);
        let work = || {
            let mut found = Vec::new();
            loop {
                let place = next.fetch_add(1, Ordering::Relaxed);
                let Some((template, lookups)) = templates.get(place) else { return found };
                found.push((place, self.check_template(template, lookups)));
            }
        };
        let mut found: Vec<_> = thread::scope(|scope| {
            let others = threads.get().min(templates.len()).saturating_sub(1);
            let others: Vec<_> = (0..others).map(|_| scope.spawn(work)).collect();
            let mut found = work();
            for other in others {
                // What stops one check stops all of them, as it would on one thread.
                found.extend(other.join().unwrap_or_else(|panic| resume_unwind(panic)));
            }
            found
        });
        found.sort_by_key(|(place, _)| *place);
        found.into_iter().map(|(_, found)| found).collect()
    }
}

/// The values that a query binds, for [`Checked::bind`].
#[must_use]
pub fn values(query: &Query) -> Vec<(String, ScalarValue)> {
    query.parameters().flat_map(|(parameter, value)| bound(&parameter.name, value)).collect()
}

fn parameters(template: &Template) -> Vec<Parameter> {
    let declared = template.parameters.iter().flat_map(|parameter| {
        let name = parameter.name.clone();
        match parameter.range {
            Range::Choice(_) => vec![Parameter::new(name, ParameterKind::Text)],
            Range::Integer { .. } => vec![Parameter::new(name, ParameterKind::Integer)],
            Range::Month { .. } => {
                let end = month_end(&name);
                vec![Parameter::new(name, ParameterKind::Date), Parameter::new(end, ParameterKind::Date)]
            }
        }
    });
    declared.collect()
}

fn outputs(template: &Template) -> Vec<Output> {
    let dimensions = template.dimensions.iter().map(|dimension| {
        let kind = match dimension.levels {
            Levels::List(_) => OutputKind::Level,
            Levels::Periods { .. } => OutputKind::Period,
        };
        Output::new(dimension.name.clone(), kind)
    });
    let sums = template.measures.iter().filter_map(|measure| measure.column.as_ref());
    dimensions.chain(sums.map(|column| Output::new(column.clone(), OutputKind::Sum))).collect()
}

fn bound(name: &str, value: &Value) -> Vec<(String, ScalarValue)> {
    match value {
        Value::Choice(text) => vec![(name.to_owned(), ScalarValue::Utf8(Some(text.clone())))],
        Value::Integer(number) => vec![(name.to_owned(), ScalarValue::Int64(Some(*number)))],
        Value::Month(month) => vec![
            (name.to_owned(), ScalarValue::Date32(Some(month.first_day_number()))),
            (month_end(name), ScalarValue::Date32(Some(month.plus(1).first_day_number()))),
        ],
    }
}

fn month_end(name: &str) -> String {
    format!("{name}_end")
}

impl From<&template::Lookup> for LookupSchema {
    fn from(lookup: &template::Lookup) -> Self {
        Self { name: lookup.name().to_owned(), columns: lookup.columns().to_vec() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use template::Month;

    #[test]
    fn a_month_is_its_first_day_and_the_next_months() {
        let december = Value::Month(Month::new(2024, 12).unwrap());
        let date = |name: &str, day| (name.to_owned(), ScalarValue::Date32(Some(day)));
        assert_eq!(bound("to", &december), [date("to", 20_058), date("to_end", 20_089)]);
    }

    #[test]
    fn many_are_found_in_their_order() {
        let text = include_str!("../../../templates/stroke-length-of-stay.toml");
        let good = Template::parse(text.as_bytes()).unwrap();
        let mut bad = good.clone();
        bad.sql = "select 1".to_owned();
        let templates: Vec<(&Template, Vec<LookupSchema>)> =
            (0..23).map(|place| (if place % 3 == 1 { &bad } else { &good }, Vec::new())).collect();
        for threads in [1, 2, 64].map(|threads| NonZeroUsize::new(threads).unwrap()) {
            let found = Checker::new().check_all(&templates, threads);
            assert_eq!(found.len(), templates.len());
            for (place, found) in found.iter().enumerate() {
                assert_eq!(found.is_err(), place % 3 == 1, "{place}");
            }
        }
        assert!(Checker::new().check_all(&[], NonZeroUsize::MIN).is_empty());
    }

    #[test]
    fn values_have_the_types_that_are_declared() {
        let check = |value: Value, expected: ParameterKind| {
            for (_, scalar) in bound("p", &value) {
                assert_eq!(scalar.data_type(), expected.data_type());
            }
        };
        check(Value::Choice("x".to_owned()), ParameterKind::Text);
        check(Value::Integer(4), ParameterKind::Integer);
        check(Value::Month(Month::new(2024, 2).unwrap()), ParameterKind::Date);
    }
}
