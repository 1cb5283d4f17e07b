//! The restricted engine session: a registry that holds only what contribution SQL may call.

use std::num::NonZeroUsize;
use std::sync::Arc;

use datafusion::execution::SessionStateBuilder;
use datafusion::execution::runtime_env::RuntimeEnv;
use datafusion::execution::session_state::SessionState;
use datafusion::functions::{core, datetime, unicode};
use datafusion::functions_aggregate::{count, min_max, sum};
use datafusion::logical_expr::planner::ExprPlanner;
use datafusion::logical_expr::{AggregateUDF, ScalarUDF};
use datafusion::prelude::SessionConfig;

/// The scalar functions of contribution SQL: deterministic, and defined for every value that the check lets in.
///
/// `substr` and `left` take literal positions only, `date_part` only parts that every date has.
pub(crate) fn scalar_functions() -> Vec<Arc<ScalarUDF>> {
    vec![core::coalesce(), unicode::substr(), unicode::left(), datetime::date_part()]
}

/// The aggregates of contribution SQL, within one person's rows.
pub(crate) fn aggregate_functions() -> Vec<Arc<AggregateUDF>> {
    vec![count::count_udaf(), sum::sum_udaf(), min_max::min_udaf(), min_max::max_udaf()]
}

/// What turns EXTRACT, SUBSTRING and `count(*)` into calls of those functions.
pub(crate) fn expression_planners() -> Vec<Arc<dyn ExprPlanner>> {
    vec![
        Arc::new(datetime::planner::DatetimeFunctionPlanner),
        Arc::new(unicode::planner::UnicodeFunctionPlanner),
        Arc::new(datafusion::functions_aggregate::planner::AggregateFunctionPlanner),
    ]
}

/// The configuration of a session that plans or runs contribution SQL.
///
/// Text stays `Utf8`, so that snapshots, plans and parameters agree on types; there is no information schema, no default
/// catalogue and no recursion.
#[must_use]
pub fn config(partitions: NonZeroUsize) -> SessionConfig {
    let mut config = SessionConfig::new()
        .with_target_partitions(partitions.get())
        .with_information_schema(false)
        .with_create_default_catalog_and_schema(false);
    let options = config.options_mut();
    options.sql_parser.map_string_types_to_utf8view = false;
    options.execution.parquet.schema_force_view_types = false;
    options.execution.enable_recursive_ctes = false;
    config
}

/// A session that runs checked contribution plans on `runtime` in `partitions` threads' worth of partitions.
///
/// The caller sets the memory pool and switches the disk manager off in `runtime`: spilled files would be patients'
/// records. The registry holds the functions of contribution SQL and nothing else: no table functions, no file formats,
/// no catalogue. A node adds its own aggregate for counting by building the plan node itself.
#[must_use]
pub fn state(runtime: Arc<RuntimeEnv>, partitions: NonZeroUsize) -> SessionState {
    SessionStateBuilder::new()
        .with_config(config(partitions))
        .with_runtime_env(runtime)
        .with_scalar_functions(scalar_functions())
        .with_aggregate_functions(aggregate_functions())
        .with_expr_planners(expression_planners())
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_registry_holds_only_the_list() {
        let state = state(Arc::new(RuntimeEnv::default()), NonZeroUsize::MIN);
        let scalar: BTreeSet<_> = state.scalar_functions().values().map(|f| f.name().to_owned()).collect();
        let aggregate: BTreeSet<_> = state.aggregate_functions().values().map(|f| f.name().to_owned()).collect();
        let names = |list: &[&str]| list.iter().map(|&name| name.to_owned()).collect::<BTreeSet<_>>();
        assert_eq!(scalar, names(&["coalesce", "substr", "left", "date_part"]));
        assert_eq!(aggregate, names(&["count", "sum", "min", "max"]));
        assert!(state.window_functions().is_empty());
        assert!(state.higher_order_functions().is_empty());
        assert!(state.table_functions().is_empty());
        assert!(state.catalog_list().catalog_names().is_empty());
    }
}
