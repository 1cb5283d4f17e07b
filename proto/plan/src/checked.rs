//! Contribution SQL that passed the check: what it reads, its normal form, and binding values and tables to it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use datafusion::catalog::TableProvider;
use datafusion::common::tree_node::{Transformed, TreeNodeRecursion};
use datafusion::common::{ParamValues, ScalarValue};
use datafusion::datasource::provider_as_source;
use datafusion::logical_expr::{LogicalPlan, TableScan};

use crate::catalogue;
use crate::contract::{LookupSchema, Parameter};
use crate::error::{ParameterProblem, PlanError};
use crate::model;

/// A table that a plan reads, with the columns that it reads of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Read {
    /// The table.
    pub name: String,
    /// The columns, in alphabetical order; those of all scans of the table.
    pub columns: Vec<String>,
}

/// A plan that passed the check. Only [`crate::check()`] makes one.
#[derive(Clone, Debug)]
pub struct Checked {
    // INVARIANT: analysed, on the allow-list, and its output is `person_id` and the declared columns.
    plan: LogicalPlan,
    parameters: Vec<Parameter>,
    lookups: Vec<LookupSchema>,
    tables: Vec<Read>,
    lookups_read: Vec<Read>,
}

impl Checked {
    /// `optimized` is the same plan after optimisation, whose scans name the columns that are needed.
    pub(crate) fn new(
        plan: LogicalPlan,
        optimized: &LogicalPlan,
        parameters: Vec<Parameter>,
        lookups: Vec<LookupSchema>,
    ) -> Result<Self, PlanError> {
        let mut needed = reads(&plan, |_| Vec::new())?;
        for (name, columns) in reads(optimized, scanned_columns)? {
            needed.entry(name).or_default().extend(columns);
        }
        let (tables, lookups_read) = needed
            .into_iter()
            .map(|(name, columns)| Read { name, columns: columns.into_iter().collect() })
            .partition(|read| model::table(&read.name).is_some());
        Ok(Self { plan, parameters, lookups, tables, lookups_read })
    }

    #[cfg(test)]
    pub(crate) const fn plan(&self) -> &LogicalPlan {
        &self.plan
    }

    /// The tables of the core model that it reads, in alphabetical order.
    #[must_use]
    pub fn tables(&self) -> &[Read] {
        &self.tables
    }

    /// The look-ups that it reads, in alphabetical order.
    #[must_use]
    pub fn lookups(&self) -> &[Read] {
        &self.lookups_read
    }

    /// The declared parameters, in declared order.
    #[must_use]
    pub fn parameters(&self) -> &[Parameter] {
        &self.parameters
    }

    /// The plan's normal form, for a digest: the same for SQL that differs only in spelling, case or layout.
    #[must_use]
    pub fn normalised(&self) -> String {
        self.plan.display_indent().to_string()
    }

    /// The plan with `values` in place of its parameters. Its scans still read the check's empty tables.
    ///
    /// Values go into the plan as typed literals; no value is ever part of a text that is parsed.
    ///
    /// # Errors
    /// [`PlanError::Parameter`] where a declared parameter has no value, or a value is undeclared, there twice, null or
    /// of another type than declared.
    pub fn bind(&self, values: &[(String, ScalarValue)]) -> Result<LogicalPlan, PlanError> {
        let problem = |name: &str, problem| PlanError::Parameter { name: name.to_owned(), problem };
        for (place, (name, _)) in values.iter().enumerate() {
            if !self.parameters.iter().any(|parameter| parameter.name == *name) {
                return Err(problem(name, ParameterProblem::Undeclared));
            }
            if values.iter().take(place).any(|(earlier, _)| earlier == name) {
                return Err(problem(name, ParameterProblem::Twice));
            }
        }
        let numbered = self.parameters.iter().map(|parameter| {
            let value = values.iter().find(|(name, _)| *name == parameter.name).map(|(_, value)| value);
            let value = value.ok_or_else(|| problem(&parameter.name, ParameterProblem::Missing))?;
            if value.is_null() || value.data_type() != parameter.kind.data_type() {
                return Err(problem(&parameter.name, ParameterProblem::WrongType));
            }
            Ok(value.clone())
        });
        let numbered = numbered.collect::<Result<Vec<_>, _>>()?;
        // The engine's words could repeat a value: they go no further.
        let unplannable = |_| PlanError::Unplannable { message: "the values cannot be put into the plan".to_owned() };
        self.plan.clone().with_param_values(ParamValues::from(numbered)).map_err(unplannable)
    }

    /// The plan with `values` bound, reading the tables that `table` finds by name: the node's snapshot and look-ups.
    ///
    /// # Errors
    /// As [`Checked::bind`]; [`PlanError::Source`] where a table is not found, or its columns differ in name, order or
    /// type from those that were checked.
    pub fn bind_to(
        &self,
        values: &[(String, ScalarValue)],
        table: impl Fn(&str) -> Option<Arc<dyn TableProvider>>,
    ) -> Result<LogicalPlan, PlanError> {
        let mut missing = None;
        let plan = self.bind(values)?.transform_up_with_subqueries(|node| match node {
            LogicalPlan::TableScan(scan) => {
                let name = scan.table_name.table().to_owned();
                let provider = table(&name).filter(|provider| self.is_as_checked(&name, provider.as_ref()));
                Ok(match provider {
                    Some(provider) => Transformed::yes(LogicalPlan::TableScan(TableScan {
                        source: provider_as_source(provider),
                        ..scan
                    })),
                    None => {
                        missing.get_or_insert(name);
                        Transformed::no(LogicalPlan::TableScan(scan))
                    }
                })
            }
            other => Ok(Transformed::no(other)),
        });
        match (plan, missing) {
            (_, Some(name)) => Err(PlanError::Source { name }),
            (Ok(plan), None) => Ok(plan.data),
            (Err(_), None) => {
                Err(PlanError::Unplannable { message: "the tables cannot be put into the plan".to_owned() })
            }
        }
    }

    fn is_as_checked(&self, name: &str, provider: &dyn TableProvider) -> bool {
        catalogue::schema(name, &self.lookups).is_some_and(|checked| {
            let given = provider.schema();
            given.fields().len() == checked.fields().len()
                && given
                    .fields()
                    .iter()
                    .zip(checked.fields())
                    .all(|(a, b)| a.name() == b.name() && a.data_type() == b.data_type())
        })
    }
}

/// The tables scanned anywhere in a plan, with `columns` of each scan.
fn reads(
    plan: &LogicalPlan,
    columns: impl Fn(&TableScan) -> Vec<String>,
) -> Result<BTreeMap<String, BTreeSet<String>>, PlanError> {
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    plan.apply_with_subqueries(|node| {
        if let LogicalPlan::TableScan(scan) = node {
            found.entry(scan.table_name.table().to_owned()).or_default().extend(columns(scan));
        }
        Ok(TreeNodeRecursion::Continue)
    })
    .map_err(|_| PlanError::Unplannable { message: "the plan cannot be read".to_owned() })?;
    Ok(found)
}

/// The columns that an optimised scan returns or filters by.
fn scanned_columns(scan: &TableScan) -> Vec<String> {
    let returned = scan.projected_schema.fields().iter().map(|field| field.name().clone());
    let filtered =
        scan.filters.iter().flat_map(|filter| filter.column_refs().into_iter().map(|column| column.name.clone()));
    returned.chain(filtered).collect()
}
