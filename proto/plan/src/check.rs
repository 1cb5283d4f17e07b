//! The plan check: one implementation for whoever proposes a template, for the coordinator and for every node.

use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::sync::Arc;

use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{DataFusionError, SchemaError};
use datafusion::execution::runtime_env::RuntimeEnv;
use datafusion::execution::session_state::SessionState;
use datafusion::logical_expr::{Expr, LogicalPlan};
use datafusion::optimizer::optimize_projections::OptimizeProjections;
use datafusion::optimizer::simplify_expressions::SimplifyExpressions;
use datafusion::optimizer::{Optimizer, OptimizerContext};
use datafusion::sql::planner::{ParserOptions, PlannerContext, SqlToRel};
use datafusion::sql::sqlparser::ast::Statement;

use crate::catalogue::Catalogue;
use crate::checked::Checked;
use crate::contract::{LookupSchema, Output, Parameter};
use crate::error::{OutputProblem, ParameterProblem, PlanError};
use crate::limits::{JOINS_MAX, PLAN_NODES_MAX};
use crate::lineage::Walk;
use crate::model::PERSON_ID;
use crate::{output, session, syntax};

/// Checks that `sql` returns contributions and can do nothing else.
///
/// `parameters` are the placeholders it may use, `outputs` the columns it returns beside `person_id`, and `lookups` the
/// schemas of the signed look-ups that the template names. The SQL is planned over empty tables of the core model.
///
/// # Errors
/// A [`PlanError`] that names the rule and the construct.
///
/// ```
/// use plan::{Output, OutputKind, Parameter, ParameterKind};
///
/// let sql = "select person_id, admission_date as month from hospital_spell where admission_date >= $from";
/// let parameters = [Parameter::new("from", ParameterKind::Date)];
/// let checked = plan::check(sql, &parameters, &[Output::new("month", OutputKind::Period)], &[])?;
/// assert_eq!(checked.tables()[0].name, "hospital_spell");
///
/// let count = "select count(*) as month from hospital_spell";
/// let refused = plan::check(count, &[], &[Output::new("month", OutputKind::Period)], &[]);
/// assert_eq!(refused.unwrap_err().rule(), "grouping");
/// # Ok::<(), plan::PlanError>(())
/// ```
pub fn check(
    sql: &str,
    parameters: &[Parameter],
    outputs: &[Output],
    lookups: &[LookupSchema],
) -> Result<Checked, PlanError> {
    Checker::new().check(sql, parameters, outputs, lookups)
}

/// The plan check with the one engine session that it plans in: made once for as many texts as there are to check.
///
/// A session holds no table, no text and no result of a check, so that what was checked before decides nothing.
pub struct Checker {
    session: SessionState,
    /// The rules that find which columns a plan without subqueries needs.
    columns: Optimizer,
    once: OptimizerContext,
}

impl Checker {
    /// A check that nothing has passed through yet.
    #[must_use]
    pub fn new() -> Self {
        let session = session::state(Arc::new(RuntimeEnv::default()), NonZeroUsize::MIN);
        let once = OptimizerContext::new_with_config_options(Arc::clone(session.config_options())).with_max_passes(1);
        let columns =
            Optimizer::with_rules(vec![Arc::new(SimplifyExpressions::new()), Arc::new(OptimizeProjections::new())]);
        Self { session, columns, once }
    }

    /// Checks one text, as [`check()`] does.
    ///
    /// # Errors
    /// As [`check()`].
    pub fn check(
        &self,
        sql: &str,
        parameters: &[Parameter],
        outputs: &[Output],
        lookups: &[LookupSchema],
    ) -> Result<Checked, PlanError> {
        declarations(parameters, outputs, lookups)?;
        let options = self.session.config_options();
        let catalogue = Catalogue::new(lookups, options);
        let statement = syntax::parse(sql, parameters, &|name| catalogue.has_table(name))?;
        let plan = plan(&catalogue, statement, parameters)?;
        caps(&plan)?;
        let plan = self.session.analyzer().execute_and_check(plan, options, |_, _| {}).map_err(refused_by_planner)?;
        let relation = Walk::new(lookups).relation(&plan)?;
        let plan = output::conform(plan, &relation, outputs)?;
        let optimized = self.optimized(&plan)?;
        Checked::new(plan, &optimized, parameters.to_vec(), lookups.to_vec())
    }

    /// The plan with the columns that it needs on its scans, if the engine can run it: every subquery has become a join
    /// on the person.
    fn optimized(&self, plan: &LogicalPlan) -> Result<LogicalPlan, PlanError> {
        if !has_subquery(plan)? {
            return self.columns.optimize(plan.clone(), &self.once, |_, _| {}).map_err(refused_by_planner);
        }
        let optimized = self.session.optimize(plan).map_err(refused_by_planner)?;
        if has_subquery(&optimized)? {
            let construct = "a subquery that the engine cannot turn into a join".to_owned();
            return Err(PlanError::Subquery { construct });
        }
        Ok(optimized)
    }
}

impl Default for Checker {
    fn default() -> Self {
        Self::new()
    }
}

/// Names that are there once, and look-ups that do not hide a table of the core model.
fn declarations(parameters: &[Parameter], outputs: &[Output], lookups: &[LookupSchema]) -> Result<(), PlanError> {
    let mut seen = BTreeSet::new();
    if let Some(parameter) = parameters.iter().find(|parameter| !seen.insert(parameter.name.as_str())) {
        return Err(PlanError::Parameter { name: parameter.name.clone(), problem: ParameterProblem::Twice });
    }
    let mut seen = BTreeSet::from([PERSON_ID]);
    if let Some(output) = outputs.iter().find(|output| !seen.insert(output.name.as_str())) {
        return Err(PlanError::Output { column: output.name.clone(), problem: OutputProblem::Twice });
    }
    let mut seen = BTreeSet::new();
    let is_bad = |lookup: &&LookupSchema| {
        let columns: BTreeSet<_> = lookup.columns.iter().collect();
        crate::model::table(&lookup.name).is_some()
            || lookup.columns.is_empty()
            || columns.len() != lookup.columns.len()
            || columns.iter().any(|column| *column == PERSON_ID)
    };
    match lookups.iter().find(|lookup| is_bad(lookup) || !seen.insert(lookup.name.as_str())) {
        Some(lookup) => Err(PlanError::Table { name: lookup.name.clone() }),
        None => Ok(()),
    }
}

fn plan(catalogue: &Catalogue<'_>, statement: Statement, parameters: &[Parameter]) -> Result<LogicalPlan, PlanError> {
    let options = ParserOptions::default().with_map_string_types_to_utf8view(false).with_parse_float_as_decimal(true);
    let types = parameters.iter().map(|parameter| Some(parameter.field())).collect();
    let mut context = PlannerContext::new().with_prepare_param_data_types(types);
    SqlToRel::new_with_options(catalogue, options)
        .sql_statement_to_plan_with_context(statement, &mut context)
        .map_err(refused_by_planner)
}

/// Counts nodes and joins of the plan, subqueries included.
fn caps(plan: &LogicalPlan) -> Result<(), PlanError> {
    let (mut nodes, mut joins) = (0_usize, 0_usize);
    plan.apply_with_subqueries(|node| {
        nodes += 1;
        joins += usize::from(matches!(node, LogicalPlan::Join(_)));
        Ok(if nodes > PLAN_NODES_MAX { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
    })
    .map_err(refused_by_planner)?;
    if nodes > PLAN_NODES_MAX {
        return Err(PlanError::TooLarge { what: "plan nodes", at_most: PLAN_NODES_MAX });
    }
    if joins > JOINS_MAX {
        return Err(PlanError::TooLarge { what: "joins", at_most: JOINS_MAX });
    }
    Ok(())
}

/// Whether an expression anywhere in the plan reads a subquery, or a row outside of its own.
fn has_subquery(plan: &LogicalPlan) -> Result<bool, PlanError> {
    let mut found = false;
    plan.apply_with_subqueries(|node| {
        node.apply_expressions(|expr| {
            expr.apply(|expr| {
                found |= matches!(
                    expr,
                    Expr::Exists(_) | Expr::InSubquery(_) | Expr::ScalarSubquery(_) | Expr::OuterReferenceColumn(..)
                );
                Ok(if found { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
            })
        })
    })
    .map_err(refused_by_planner)?;
    Ok(found)
}

/// The planner's refusal. Tables are empty and no value is bound yet, so its words can hold nothing but the SQL's own.
fn refused_by_planner(error: DataFusionError) -> PlanError {
    let root = error.find_root();
    if let DataFusionError::SchemaError(schema, _) = root
        && let SchemaError::FieldNotFound { field, .. } | SchemaError::AmbiguousReference { field } = schema.as_ref()
    {
        return PlanError::Column { name: field.flat_name() };
    }
    let message = root.strip_backtrace();
    PlanError::Unplannable { message: message.lines().next().unwrap_or_default().to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::OutputKind;

    /// The few rules that read the columns find what all the engine's rules find.
    #[test]
    fn the_columns_are_those_that_the_whole_optimiser_leaves() {
        let checker = Checker::new();
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../templates");
        let mut read = 0;
        let check = |template: &template::Template, checked: &Checked| {
            let whole = checker.session.optimize(checked.plan()).unwrap();
            let whole = Checked::new(checked.plan().clone(), &whole, vec![], vec![]).unwrap();
            assert_eq!(checked.tables(), whole.tables(), "{}", template.id);
            assert_eq!(checked.lookups(), whole.lookups(), "{}", template.id);
        };
        for entry in std::fs::read_dir(folder).unwrap() {
            let text = std::fs::read(entry.unwrap().path()).unwrap();
            let template = template::Template::parse(&text).unwrap();
            let lookup = |name: &String| LookupSchema {
                name: name.clone(),
                columns: ["gp_practice_code", "locality"].map(str::to_owned).to_vec(),
            };
            let lookups: Vec<_> = template.lookups.iter().map(lookup).collect();
            check(&template, &checker.check_template(&template, &lookups).unwrap());
            read += 1;
        }
        assert!(read > 5);
    }

    /// One session, whatever went through it before: the same text is judged the same.
    #[test]
    fn what_was_checked_before_decides_nothing() {
        let checker = Checker::new();
        let month = [Output::new("month", OutputKind::Period)];
        let honest = "select person_id, admission_date as month from hospital_spell h where exists \
                      (select 1 from spell_diagnosis d where d.person_id = h.person_id and d.icd10_code = 'I63')";
        let region = [LookupSchema { name: "region".to_owned(), columns: vec!["code".to_owned()] }];
        let alone = check(honest, &[], &month, &[]).unwrap().normalised();
        for _ in 0..3 {
            assert_eq!(checker.check(honest, &[], &month, &[]).unwrap().normalised(), alone);
            let count = "select count(*) as month from hospital_spell";
            assert_eq!(checker.check(count, &[], &month, &[]).unwrap_err().rule(), "grouping");
            // A look-up that one template named is not there for the next.
            let joined = "select person_id, admission_date as month from hospital_spell join region on \
                          region.code = hospital_spell.primary_diagnosis_code";
            assert!(checker.check(joined, &[], &month, &region).is_ok());
            assert_eq!(checker.check(joined, &[], &month, &[]).unwrap_err().rule(), "table");
        }
    }
}
