//! What the cases declare beside their SQL, and their check.

use std::path::Path;

use plan::{Checked, LookupSchema, Output, OutputKind, Parameter, ParameterKind, PlanError};

use crate::files::LOOKUPS;

/// The folder of this crate.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// `month period, units sum` as output columns.
pub fn outputs(text: &str) -> Vec<Output> {
    text.split(',')
        .map(|column| {
            let (name, kind) = column.trim().split_once(' ').unwrap();
            let kind = match kind {
                "level" => OutputKind::Level,
                "period" => OutputKind::Period,
                "sum" => OutputKind::Sum,
                other => panic!("no kind of output is called {other}"),
            };
            Output::new(name, kind)
        })
        .collect()
}

/// The parameters that every case may use.
pub fn parameters() -> Vec<Parameter> {
    vec![
        Parameter::new("from", ParameterKind::Date),
        Parameter::new("from_end", ParameterKind::Date),
        Parameter::new("n", ParameterKind::Integer),
        Parameter::new("choice", ParameterKind::Text),
    ]
}

/// The look-ups that every case may use.
pub fn lookups() -> Vec<LookupSchema> {
    let lookup = |(name, columns): (&str, &[&str])| LookupSchema {
        name: name.to_owned(),
        columns: columns.iter().map(|&column| column.to_owned()).collect(),
    };
    LOOKUPS.into_iter().map(lookup).collect()
}

/// Checks a case's SQL under the common declarations.
pub fn check(sql: &str, declared: &str) -> Result<Checked, PlanError> {
    plan::check(sql, &parameters(), &outputs(declared), &lookups())
}
