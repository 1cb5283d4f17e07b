//! What a template declares about its SQL, in the plan check's words: the same at proposal, coordinator and node.

use std::collections::BTreeSet;
use std::sync::Arc;

use datafusion::common::ScalarValue;
use plan::{Checked, LookupSchema, Output, OutputKind, Parameter, ParameterKind, PlanError};
use template::{Levels, Lookup, Query, Range, Template, Value};

/// Checks a template's SQL against its declarations and these look-ups.
///
/// # Errors
/// A [`PlanError`]; its words come from SQL and declarations alone.
pub fn check(template: &Template, lookups: &[Arc<Lookup>]) -> Result<Checked, PlanError> {
    let schemas: Vec<LookupSchema> = lookups
        .iter()
        .map(|lookup| LookupSchema { name: lookup.name().to_owned(), columns: lookup.columns().to_vec() })
        .collect();
    plan::check(&template.sql, &parameters(template), &outputs(template), &schemas)
}

/// A month `m` is two dates: `$m`, its first day, and `$m_end`, the first day of the month after.
fn parameters(template: &Template) -> Vec<Parameter> {
    let declared = template.parameters.iter().flat_map(|parameter| {
        let name = parameter.name.as_str();
        match parameter.range {
            Range::Choice(_) => vec![Parameter::new(name, ParameterKind::Text)],
            Range::Integer { .. } => vec![Parameter::new(name, ParameterKind::Integer)],
            Range::Month { .. } => vec![
                Parameter::new(name, ParameterKind::Date),
                Parameter::new(format!("{name}_end"), ParameterKind::Date),
            ],
        }
    });
    declared.collect()
}

/// Dimensions in declared order, then summed columns in the order of their measures.
fn outputs(template: &Template) -> Vec<Output> {
    let dimensions = template.dimensions.iter().map(|dimension| {
        let kind = match dimension.levels {
            Levels::List(_) => OutputKind::Level,
            Levels::Periods { .. } => OutputKind::Period,
        };
        Output::new(dimension.name.as_str(), kind)
    });
    let sums = template.measures.iter().filter_map(|measure| measure.column.as_deref());
    dimensions.chain(sums.map(|column| Output::new(column, OutputKind::Sum))).collect()
}

/// The query's values under the names and types that [`check`] declared.
pub(crate) fn values(query: &Query) -> Vec<(String, ScalarValue)> {
    let values = query.parameters().flat_map(|(parameter, value)| {
        let name = parameter.name.clone();
        match value {
            Value::Choice(text) => vec![(name, ScalarValue::Utf8(Some(text.clone())))],
            Value::Integer(number) => vec![(name, ScalarValue::Int64(Some(*number)))],
            Value::Month(month) => {
                let end = (format!("{name}_end"), ScalarValue::Date32(Some(month.plus(1).first_day_number())));
                vec![(name, ScalarValue::Date32(Some(month.first_day_number()))), end]
            }
        }
    });
    values.collect()
}

/// The tables that only some levels need: a provider without one has those cells not covered, and answers the rest.
pub(crate) fn optional_tables(template: &Template) -> BTreeSet<&str> {
    let tables = template.dimensions.iter().flat_map(|dimension| &dimension.level_tables);
    tables.map(|(_, table)| table.as_str()).collect()
}
