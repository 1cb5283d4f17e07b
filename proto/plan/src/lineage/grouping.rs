//! GROUP BY, DISTINCT and UNION: rows are put together within one person, never across people.

use datafusion::arrow::datatypes::DataType;
use datafusion::logical_expr::expr::{AggregateFunction, AggregateFunctionParams};
use datafusion::logical_expr::{Aggregate, Expr};

use super::scalar::{Place, Scope};
use super::{Class, Relation, Rows, Walk};
use crate::error::PlanError;

/// DISTINCT over rows that say whose they are.
pub(super) fn distinct(input: Relation) -> Result<Relation, PlanError> {
    if input.rows == Rows::Personal && !input.holds_person() {
        return Err(PlanError::Grouping { construct: "DISTINCT".to_owned() });
    }
    Ok(input)
}

/// Rows of the one and rows of the other; a column is the strictest of what it is in each.
pub(super) fn union(inputs: Vec<Relation>) -> Result<Relation, PlanError> {
    let refuse = || PlanError::Grouping { construct: "UNION".to_owned() };
    let mut inputs = inputs.into_iter();
    let first = inputs.next().ok_or_else(refuse)?;
    let union = inputs.try_fold(first, |all, next| {
        if all.rows != next.rows || all.classes.len() != next.classes.len() {
            return Err(refuse());
        }
        let classes = all.classes.iter().zip(&next.classes).map(|(a, b)| stricter(*a, *b).ok_or_else(refuse));
        Ok(Relation {
            rows: all.rows,
            is_tied_to_outer: all.is_tied_to_outer && next.is_tied_to_outer,
            classes: classes.collect::<Result<_, _>>()?,
        })
    })?;
    // The same key may come from both sides.
    let classes = union.classes.iter().map(|class| if *class == Class::LookupKey { Class::Attribute } else { *class });
    let classes = classes.collect();
    Ok(union.with_classes(classes))
}

/// What a column is that comes from `a` or from `b`: a person number never shares a column with anything else.
const fn stricter(a: Class, b: Class) -> Option<Class> {
    match (a, b) {
        (Class::Person, Class::Person) => Some(Class::Person),
        (Class::Person | Class::PersonOrNone, Class::Person | Class::PersonOrNone) => Some(Class::PersonOrNone),
        (Class::Person | Class::PersonOrNone, _) | (_, Class::Person | Class::PersonOrNone) => None,
        (Class::RecordKey, _) | (_, Class::RecordKey) => Some(Class::RecordKey),
        (Class::Identifying, _) | (_, Class::Identifying) => Some(Class::Identifying),
        (Class::LookupKey | Class::Attribute, Class::LookupKey | Class::Attribute) => Some(Class::Attribute),
    }
}

/// GROUP BY with the person among its keys.
pub(super) fn aggregate(
    walk: &Walk<'_>,
    aggregate: &Aggregate,
    input: &Relation,
    outer: Option<&Scope<'_>>,
) -> Result<Relation, PlanError> {
    let scope = Scope::new(walk, aggregate.input.schema(), input, Place::Value, outer);
    let keys = aggregate.group_expr.iter().map(|expr| scope.class(expr)).collect::<Result<Vec<_>, _>>()?;
    if !keys.contains(&Class::Person) {
        return Err(PlanError::Grouping { construct: "GROUP BY".to_owned() });
    }
    let values = aggregate.aggr_expr.iter().map(|expr| function(&scope, expr)).collect::<Result<Vec<_>, _>>()?;
    Ok(input.clone().with_classes(keys.into_iter().chain(values).collect()))
}

/// `count`, `sum`, `min` or `max` over one person's rows.
fn function(scope: &Scope<'_>, expr: &Expr) -> Result<Class, PlanError> {
    let refuse = |construct: String| PlanError::Aggregate { construct };
    let Expr::AggregateFunction(AggregateFunction { func, params }) = expr else {
        return match expr {
            Expr::Alias(alias) => function(scope, &alias.expr),
            _ => Err(refuse("of this form".to_owned())),
        };
    };
    let AggregateFunctionParams { args, distinct, filter, order_by, null_treatment } = params;
    let name = func.name();
    if filter.is_some() || !order_by.is_empty() || null_treatment.is_some() || (*distinct && name != "count") {
        return Err(refuse(format!("`{name}` with FILTER, an order or DISTINCT")));
    }
    let [argument] = args.as_slice() else {
        return Err(refuse(format!("`{name}` of several columns")));
    };
    match name {
        // How many, not which: keys may be counted.
        "count" => scope.class(argument).map(|_| Class::Attribute),
        "min" | "max" => scope.plain(argument).map(|()| Class::Attribute),
        "sum" => {
            scope.plain(argument)?;
            match scope.data_type(argument)? {
                DataType::Int64 | DataType::Decimal128(..) => Ok(Class::Attribute),
                // The sum of floats depends on the order in which they are added.
                other => Err(refuse(format!("`sum` of {other}"))),
            }
        }
        _ => Err(refuse(format!("`{name}`"))),
    }
}
