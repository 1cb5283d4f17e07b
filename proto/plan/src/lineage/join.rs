//! Joins: persons with themselves by `person_id`, and persons with look-ups by the look-up's unique key.
//!
//! A record key alone is not enough to join on. It is unique only as far as a provider's mapping makes it so: one spell
//! number used twice would put one patient's diagnosis on another's spell. Every table carries `person_id`, so every
//! honest join can name it, and may name the record key beside it.

use datafusion::common::JoinType;
use datafusion::logical_expr::utils::split_conjunction;
use datafusion::logical_expr::{BinaryExpr, Expr, Join, Operator};

use super::scalar::{Place, Scope};
use super::{Class, Relation, Rows, Walk};
use crate::error::PlanError;

/// What the rows and columns of a join are.
pub(super) fn join(
    walk: &Walk<'_>,
    join: &Join,
    left: Relation,
    right: Relation,
    outer: Option<&Scope<'_>>,
) -> Result<Relation, PlanError> {
    let refuse = |construct: &str| PlanError::Join { construct: construct.to_owned() };
    if !matches!(join.join_type, JoinType::Inner | JoinType::Left | JoinType::LeftSemi | JoinType::LeftAnti) {
        return Err(refuse("a join that is neither INNER nor LEFT"));
    }
    let schema = join.left.schema().join(join.right.schema()).map_err(|_| refuse("two relations of one name"))?;
    let split = left.classes.len();
    let classes: Vec<Class> = left.classes.iter().chain(&right.classes).copied().collect();
    let both = Relation::new(Rows::Personal, classes);
    let scope = Scope::new(walk, &schema, &both, Place::Value, outer);
    let pairs = equalities(join, &scope)?;
    let equal = |a: Class, b: Class| {
        let class = |place: usize| both.classes.get(place).copied();
        pairs.iter().any(|(x, y)| {
            let (low, high) = (*x.min(y), *x.max(y));
            low < split && high >= split && class(low) == Some(a) && class(high) == Some(b)
        })
    };
    match (left.rows, right.rows) {
        (Rows::Personal, Rows::Personal) if equal(Class::Person, Class::Person) => {}
        (Rows::Personal, Rows::Personal) => return Err(refuse("records joined without equal `person_id`")),
        // INVARIANT: a look-up's key is unique, so a record meets at most one row of it and is not multiplied.
        (Rows::Personal, Rows::Public) if looks_up(&equal, |value, key| (value, key)) => {}
        (Rows::Public, Rows::Personal)
            if join.join_type == JoinType::Inner && looks_up(&equal, |value, key| (key, value)) => {}
        (Rows::Public, Rows::Public) => return Err(refuse("look-ups joined with each other")),
        _ => return Err(refuse("a look-up joined otherwise than by its key")),
    }
    Ok(joined(join.join_type, left, right))
}

/// Whether a value of a record equals the key of a look-up.
fn looks_up(equal: &impl Fn(Class, Class) -> bool, sides: impl Fn(Class, Class) -> (Class, Class)) -> bool {
    [Class::Attribute, Class::Identifying].into_iter().any(|value| {
        let (left, right) = sides(value, Class::LookupKey);
        equal(left, right)
    })
}

/// Checks every condition of the join, and returns the pairs of bare columns that are equal.
fn equalities(join: &Join, scope: &Scope<'_>) -> Result<Vec<(usize, usize)>, PlanError> {
    let mut pairs = Vec::new();
    let mut equal = |left: &Expr, right: &Expr| pairs.extend(scope.place_of(left).zip(scope.place_of(right)));
    for (left, right) in &join.on {
        let condition =
            Expr::BinaryExpr(BinaryExpr::new(Box::new(left.clone()), Operator::Eq, Box::new(right.clone())));
        condition_on_lookup_key(scope, &condition)?;
        equal(left, right);
    }
    for part in join.filter.iter().flat_map(split_conjunction) {
        condition_on_lookup_key(scope, part)?;
        if let Expr::BinaryExpr(BinaryExpr { left, op: Operator::Eq, right }) = part {
            equal(left, right);
        }
    }
    Ok(pairs)
}

/// A condition as anywhere, and beside it an identifying column against a look-up's key: the look-up is signed.
fn condition_on_lookup_key(scope: &Scope<'_>, part: &Expr) -> Result<(), PlanError> {
    if let Expr::BinaryExpr(BinaryExpr { left, op: Operator::Eq, right }) = part
        && scope.place_of(left).is_some()
        && scope.place_of(right).is_some()
        && matches!(
            (scope.class(left)?, scope.class(right)?),
            (Class::Identifying, Class::LookupKey) | (Class::LookupKey, Class::Identifying)
        )
    {
        return Ok(());
    }
    scope.condition(part)
}

fn joined(join_type: JoinType, left: Relation, right: Relation) -> Relation {
    let rows = if left.rows == Rows::Personal || right.rows == Rows::Personal { Rows::Personal } else { Rows::Public };
    let is_inner = join_type == JoinType::Inner;
    let is_tied_to_outer = left.is_tied_to_outer || (is_inner && right.is_tied_to_outer);
    if matches!(join_type, JoinType::LeftSemi | JoinType::LeftAnti) {
        return Relation { rows, is_tied_to_outer, classes: left.classes };
    }
    // A look-up's row may now stand beside several records: its key is unique no longer.
    let repeated = |class: Class| if class == Class::LookupKey { Class::Attribute } else { class };
    let optional =
        |class: Class| if class == Class::Person && !is_inner { Class::PersonOrNone } else { repeated(class) };
    let classes = left.classes.into_iter().map(repeated).chain(right.classes.into_iter().map(optional)).collect();
    Relation { rows, is_tied_to_outer, classes }
}
