//! The second layer: an allow-list over the logical plan that follows every row back to its person.
//!
//! The plan is walked from the scans up. Each node yields a [`Relation`]: for each column, what it is ([`Class`]), and
//! whether the rows are of persons at all. The one invariant is
//!
//! > every row of a personal relation is made of records of exactly one person and of public rows of look-ups, and
//! > wherever a column of class [`Class::Person`] stands, it holds that person's number.
//!
//! The plan is the *analysed* one: casts that comparing different types implies are there to be seen. A node, an
//! expression or a function that is not on the list is refused, so what a new version of the engine adds is refused
//! until somebody has read it.

mod grouping;
mod join;
mod relation;
mod scalar;
mod subquery;

use datafusion::logical_expr::{Distinct, Filter, LogicalPlan, Projection, SubqueryAlias, TableScan};

use crate::contract::LookupSchema;
use crate::error::PlanError;
use crate::model::{self, Role};

pub(crate) use relation::{Class, Relation, Rows};
use scalar::{Place, Scope};

/// The walk over one plan.
pub(crate) struct Walk<'a> {
    lookups: &'a [LookupSchema],
}

impl<'a> Walk<'a> {
    /// A walk that knows these look-ups beside the core model.
    pub(crate) const fn new(lookups: &'a [LookupSchema]) -> Self {
        Self { lookups }
    }

    /// What the rows and columns of `plan` are.
    pub(crate) fn relation(&self, plan: &LogicalPlan) -> Result<Relation, PlanError> {
        self.within(plan, None)
    }

    /// The same for a plan inside an expression of `outer`.
    fn within(&self, plan: &LogicalPlan, outer: Option<&Scope<'_>>) -> Result<Relation, PlanError> {
        match plan {
            LogicalPlan::TableScan(scan) => self.scan(scan),
            LogicalPlan::Projection(projection) => self.projection(projection, outer),
            LogicalPlan::Filter(filter) => self.filter(filter, outer),
            LogicalPlan::SubqueryAlias(SubqueryAlias { input, .. }) => self.within(input, outer),
            LogicalPlan::Distinct(Distinct::All(input)) => grouping::distinct(self.within(input, outer)?),
            LogicalPlan::Aggregate(aggregate) => {
                let input = self.within(&aggregate.input, outer)?;
                grouping::aggregate(self, aggregate, &input, outer)
            }
            LogicalPlan::Join(join) => {
                let (left, right) = (self.within(&join.left, outer)?, self.within(&join.right, outer)?);
                join::join(self, join, left, right, outer)
            }
            LogicalPlan::Union(union) => {
                let inputs =
                    union.inputs.iter().map(|input| self.within(input, outer)).collect::<Result<Vec<_>, _>>()?;
                grouping::union(inputs)
            }
            LogicalPlan::Distinct(Distinct::On(_)) => Err(PlanError::clause("DISTINCT ON")),
            LogicalPlan::Window(_) => Err(PlanError::clause("a window function")),
            LogicalPlan::Sort(_) => Err(PlanError::clause("ORDER BY")),
            LogicalPlan::Limit(_) => Err(PlanError::clause("LIMIT or OFFSET")),
            LogicalPlan::Values(_) => Err(PlanError::clause("VALUES")),
            LogicalPlan::EmptyRelation(_) => Err(PlanError::clause("a SELECT without FROM")),
            LogicalPlan::Unnest(_) => Err(PlanError::clause("UNNEST")),
            LogicalPlan::RecursiveQuery(_) => Err(PlanError::clause("WITH RECURSIVE")),
            LogicalPlan::Subquery(_) => Err(PlanError::clause("LATERAL")),
            LogicalPlan::Repartition(_)
            | LogicalPlan::Statement(_)
            | LogicalPlan::Explain(_)
            | LogicalPlan::Analyze(_)
            | LogicalPlan::Extension(_)
            | LogicalPlan::Dml(_)
            | LogicalPlan::Ddl(_)
            | LogicalPlan::Copy(_)
            | LogicalPlan::DescribeTable(_) => Err(PlanError::Statement {
                construct: plan.display().to_string().split(' ').next().unwrap_or_default().to_owned(),
            }),
        }
    }

    fn scan(&self, scan: &TableScan) -> Result<Relation, PlanError> {
        let name = scan.table_name.table();
        let unknown = || PlanError::Table { name: name.to_owned() };
        if !scan.filters.is_empty() || scan.fetch.is_some() {
            return Err(unknown());
        }
        let fields = scan.projected_schema.fields();
        if let Some(table) = model::table(name).filter(|table| table.is_personal()) {
            let class = |name: &str| match table.column(name)?.role {
                Role::Person => Some(Class::Person),
                Role::RecordKey => Some(Class::RecordKey),
                Role::Identifying => Some(Class::Identifying),
                Role::Attribute => Some(Class::Attribute),
            };
            let classes = fields.iter().map(|field| class(field.name())).collect::<Option<Vec<_>>>();
            return Ok(Relation::new(Rows::Personal, classes.ok_or_else(unknown)?));
        }
        let lookup = self.lookups.iter().find(|lookup| lookup.name == name).ok_or_else(unknown)?;
        let is_key = |field: &str| lookup.columns.first().is_some_and(|key| key == field);
        let class = |field: &str| if is_key(field) { Class::LookupKey } else { Class::Attribute };
        Ok(Relation::new(Rows::Public, fields.iter().map(|field| class(field.name())).collect()))
    }

    fn projection(&self, projection: &Projection, outer: Option<&Scope<'_>>) -> Result<Relation, PlanError> {
        let input = self.within(&projection.input, outer)?;
        let scope = Scope::new(self, projection.input.schema(), &input, Place::Value, outer);
        let classes = projection.expr.iter().map(|expr| scope.class(expr)).collect::<Result<Vec<_>, _>>()?;
        Ok(input.with_classes(classes))
    }

    fn filter(&self, filter: &Filter, outer: Option<&Scope<'_>>) -> Result<Relation, PlanError> {
        let input = self.within(&filter.input, outer)?;
        let scope = Scope::new(self, filter.input.schema(), &input, Place::Predicate, outer);
        scope.condition(&filter.predicate)?;
        let is_tied = scope.ties_to_outer_person(&filter.predicate);
        Ok(if is_tied { input.tied() } else { input })
    }
}
