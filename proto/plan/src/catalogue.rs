//! What the planner finds by name: the core model's tables, the declared look-ups, the listed functions. Nothing else.

use std::sync::Arc;

use arrow::datatypes::{DataType, SchemaRef};
use datafusion::common::{Result, TableReference, plan_err};
use datafusion::config::ConfigOptions;
use datafusion::datasource::empty::EmptyTable;
use datafusion::datasource::provider_as_source;
use datafusion::logical_expr::planner::{ContextProvider, ExprPlanner};
use datafusion::logical_expr::{AggregateUDF, HigherOrderUDF, ScalarUDF, TableSource, WindowUDF};

use crate::contract::LookupSchema;
use crate::model;
use crate::session;

/// The names that contribution SQL can resolve. Tables are empty: planning sees no row.
pub(crate) struct Catalogue<'a> {
    lookups: &'a [LookupSchema],
    options: &'a ConfigOptions,
    scalars: Vec<Arc<ScalarUDF>>,
    aggregates: Vec<Arc<AggregateUDF>>,
    planners: Vec<Arc<dyn ExprPlanner>>,
}

impl<'a> Catalogue<'a> {
    pub(crate) fn new(lookups: &'a [LookupSchema], options: &'a ConfigOptions) -> Self {
        Self {
            lookups,
            options,
            scalars: session::scalar_functions(),
            aggregates: session::aggregate_functions(),
            planners: session::expression_planners(),
        }
    }

    /// Whether contribution SQL may name this table. Metadata (`table_coverage`) is none of its business.
    pub(crate) fn has_table(&self, name: &str) -> bool {
        personal(name).is_some() || self.lookups.iter().any(|lookup| lookup.name == name)
    }
}

/// The schema that contribution SQL reads under this name.
pub(crate) fn schema(name: &str, lookups: &[LookupSchema]) -> Option<SchemaRef> {
    let core = personal(name).map(model::Table::snapshot_schema);
    core.or_else(|| lookups.iter().find(|lookup| lookup.name == name).map(LookupSchema::schema))
}

fn personal(name: &str) -> Option<&'static model::Table> {
    model::table(name).filter(|table| table.is_personal())
}

impl ContextProvider for Catalogue<'_> {
    fn get_table_source(&self, name: TableReference) -> Result<Arc<dyn TableSource>> {
        match name {
            TableReference::Bare { table } => match schema(&table, self.lookups) {
                Some(schema) => Ok(provider_as_source(Arc::new(EmptyTable::new(schema)))),
                None => plan_err!("table not found"),
            },
            TableReference::Partial { .. } | TableReference::Full { .. } => plan_err!("table not found"),
        }
    }

    fn get_expr_planners(&self) -> &[Arc<dyn ExprPlanner>] {
        &self.planners
    }

    fn get_function_meta(&self, name: &str) -> Option<Arc<ScalarUDF>> {
        self.scalars.iter().find(|function| function.name() == name).map(Arc::clone)
    }

    fn get_aggregate_meta(&self, name: &str) -> Option<Arc<AggregateUDF>> {
        self.aggregates.iter().find(|function| function.name() == name).map(Arc::clone)
    }

    fn get_higher_order_meta(&self, _name: &str) -> Option<Arc<HigherOrderUDF>> {
        None
    }

    fn get_window_meta(&self, _name: &str) -> Option<Arc<WindowUDF>> {
        None
    }

    fn get_variable_type(&self, _names: &[String]) -> Option<DataType> {
        None
    }

    fn options(&self) -> &ConfigOptions {
        self.options
    }

    fn udf_names(&self) -> Vec<String> {
        self.scalars.iter().map(|function| function.name().to_owned()).collect()
    }

    fn higher_order_function_names(&self) -> Vec<String> {
        Vec::new()
    }

    fn udaf_names(&self) -> Vec<String> {
        self.aggregates.iter().map(|function| function.name().to_owned()).collect()
    }

    fn udwf_names(&self) -> Vec<String> {
        Vec::new()
    }
}
