//! How many tables a statement reads once its common table expressions are written out.
//!
//! A common table expression that is used twice, by one that is used twice, and so on, makes a plan exponentially larger
//! than its text. The planner itself does not survive that, so it is counted before planning.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{ObjectName, Query, Visit, visit_relations};

use crate::error::PlanError;
use crate::limits::PLAN_NODES_MAX;

/// Refuses a query whose common table expressions, written out, read more tables than a plan may have nodes.
pub(super) fn expansion(query: &Query) -> Result<(), PlanError> {
    let mut sizes = BTreeMap::new();
    for cte in query.with.iter().flat_map(|with| &with.cte_tables) {
        let size = tables(&cte.query, &sizes)?;
        sizes.insert(cte.alias.name.value.to_ascii_lowercase(), size);
    }
    tables(&query.body, &sizes).map(drop)
}

fn tables(part: &impl Visit, sizes: &BTreeMap<String, usize>) -> Result<usize, PlanError> {
    let mut total = 0_usize;
    let count = |name: &ObjectName| -> ControlFlow<Infallible> {
        let size = sizes.get(&name.to_string().replace('"', "").to_ascii_lowercase()).copied().unwrap_or(1);
        total = total.saturating_add(size);
        ControlFlow::Continue(())
    };
    let ControlFlow::Continue(()) = visit_relations(part, count);
    if total > PLAN_NODES_MAX {
        return Err(PlanError::TooLarge { what: "plan nodes", at_most: PLAN_NODES_MAX });
    }
    Ok(total)
}
