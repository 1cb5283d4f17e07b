//! Expressions that contribution SQL may be written with. Which of them are safe on which columns is decided on the
//! plan; this list keeps out what has no place at all.

use datafusion::sql::sqlparser::ast::{
    BinaryOperator, CastKind, DuplicateTreatment, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentList,
    FunctionArguments, ObjectNamePart, UnaryOperator, Value,
};

use super::undeclared;
use crate::contract::Parameter;
use crate::error::PlanError;

const SCALARS: [&str; 4] = ["coalesce", "substr", "left", "date_part"];
const AGGREGATES: [&str; 4] = ["count", "sum", "min", "max"];

/// One expression, without its children, which are visited by themselves.
pub(super) fn expression(expr: &Expr) -> Result<(), PlanError> {
    match expr {
        Expr::Identifier(_)
        | Expr::CompoundIdentifier(_)
        | Expr::IsFalse(_)
        | Expr::IsNotFalse(_)
        | Expr::IsTrue(_)
        | Expr::IsNotTrue(_)
        | Expr::IsNull(_)
        | Expr::IsNotNull(_)
        | Expr::IsUnknown(_)
        | Expr::IsNotUnknown(_)
        | Expr::IsDistinctFrom(..)
        | Expr::IsNotDistinctFrom(..)
        | Expr::InSubquery { .. }
        | Expr::Between { .. }
        | Expr::Extract { .. }
        | Expr::Nested(_)
        | Expr::Value(_)
        | Expr::TypedString(_)
        | Expr::Case { .. }
        | Expr::Exists { .. } => Ok(()),
        Expr::InList { list, .. } => list
            .iter()
            .all(is_literal)
            .then_some(())
            .ok_or_else(|| PlanError::expression("IN with anything but literals")),
        Expr::BinaryOp { op, .. } => binary(op),
        Expr::UnaryOp { op: UnaryOperator::Plus | UnaryOperator::Minus | UnaryOperator::Not, .. } => Ok(()),
        Expr::UnaryOp { op, .. } => Err(PlanError::expression(format!("`{op}`"))),
        Expr::Like { any: false, escape_char: None, .. } => Ok(()),
        Expr::Substring { special: _, shorthand: _, .. } => Ok(()),
        Expr::Interval(interval) => match interval.value.as_ref() {
            Expr::Value(value) if matches!(value.value, Value::SingleQuotedString(_)) => Ok(()),
            _ => Err(PlanError::expression("INTERVAL of anything but a literal")),
        },
        Expr::Cast { kind: CastKind::Cast | CastKind::DoubleColon, array: false, format: None, .. } => Ok(()),
        Expr::Function(function) => self::function(function),
        Expr::Subquery(_) => Err(PlanError::Subquery { construct: "a subquery used as a value".to_owned() }),
        Expr::GroupingSets(_) | Expr::Cube(_) | Expr::Rollup(_) => {
            Err(PlanError::clause("ROLLUP, CUBE or GROUPING SETS"))
        }
        Expr::Like { .. } | Expr::ILike { .. } | Expr::SimilarTo { .. } | Expr::RLike { .. } => {
            Err(PlanError::expression("a pattern other than LIKE with a literal prefix"))
        }
        Expr::Cast { .. } | Expr::Convert { .. } => Err(PlanError::expression("a cast that hides its failures")),
        Expr::AnyOp { .. } | Expr::AllOp { .. } => Err(PlanError::expression("ANY or ALL")),
        Expr::Ceil { .. } | Expr::Floor { .. } => Err(PlanError::Function { name: "ceil or floor".to_owned() }),
        Expr::Position { .. } => Err(PlanError::Function { name: "position".to_owned() }),
        Expr::Trim { .. } => Err(PlanError::Function { name: "trim".to_owned() }),
        Expr::Overlay { .. } => Err(PlanError::Function { name: "overlay".to_owned() }),
        Expr::CompoundFieldAccess { .. }
        | Expr::JsonAccess { .. }
        | Expr::IsNormalized { .. }
        | Expr::InUnnest { .. }
        | Expr::AtTimeZone { .. }
        | Expr::Collate { .. }
        | Expr::Prefixed { .. }
        | Expr::Tuple(_)
        | Expr::Struct { .. }
        | Expr::Named { .. }
        | Expr::Dictionary(_)
        | Expr::Map(_)
        | Expr::Array(_)
        | Expr::MatchAgainst { .. }
        | Expr::Wildcard(_)
        | Expr::QualifiedWildcard(..)
        | Expr::OuterJoin(_)
        | Expr::Prior(_)
        | Expr::Lambda(_)
        | Expr::MemberOf(_) => Err(PlanError::expression("this form of value")),
    }
}

fn binary(op: &BinaryOperator) -> Result<(), PlanError> {
    match op {
        BinaryOperator::Plus
        | BinaryOperator::Minus
        | BinaryOperator::Multiply
        | BinaryOperator::Gt
        | BinaryOperator::Lt
        | BinaryOperator::GtEq
        | BinaryOperator::LtEq
        | BinaryOperator::Eq
        | BinaryOperator::NotEq
        | BinaryOperator::And
        | BinaryOperator::Or => Ok(()),
        _ => Err(PlanError::expression(format!("`{op}`"))),
    }
}

fn is_literal(expr: &Expr) -> bool {
    match expr {
        Expr::Value(_) | Expr::TypedString(_) => true,
        Expr::UnaryOp { op: UnaryOperator::Minus, expr } => matches!(expr.as_ref(), Expr::Value(_)),
        _ => false,
    }
}

fn function(function: &Function) -> Result<(), PlanError> {
    let Function { name, uses_odbc_syntax, parameters, args, filter, null_treatment, over, within_group } = function;
    let known = match name.0.as_slice() {
        [ObjectNamePart::Identifier(ident)] => ident.value.to_ascii_lowercase(),
        _ => return Err(PlanError::Function { name: name.to_string() }),
    };
    let is_aggregate = AGGREGATES.contains(&known.as_str());
    if !is_aggregate && !SCALARS.contains(&known.as_str()) {
        return Err(PlanError::Function { name: known });
    }
    if over.is_some() {
        return Err(PlanError::clause("a window function"));
    }
    let refuse = |what: &str| Err(PlanError::Aggregate { construct: format!("`{known}` with {what}") });
    if filter.is_some() {
        return refuse("FILTER");
    }
    if !within_group.is_empty() || null_treatment.is_some() {
        return refuse("an order or a treatment of nulls");
    }
    if *uses_odbc_syntax || !matches!(parameters, FunctionArguments::None) {
        return refuse("parameters");
    }
    let FunctionArguments::List(FunctionArgumentList { duplicate_treatment, args, clauses }) = args else {
        return refuse("a subquery or no list of arguments");
    };
    if !clauses.is_empty() {
        return refuse("a clause inside");
    }
    if matches!(duplicate_treatment, Some(DuplicateTreatment::Distinct)) && known != "count" {
        return refuse("DISTINCT");
    }
    let plain = args.iter().all(|arg| match arg {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(_)) => true,
        FunctionArg::Unnamed(FunctionArgExpr::Wildcard) => known == "count",
        _ => false,
    });
    if plain { Ok(()) } else { refuse("named arguments or `*`") }
}

/// A literal: a plain number, text in single quotes, true, false, null, or a declared placeholder.
pub(super) fn value(value: &Value, parameters: &[Parameter]) -> Result<(), PlanError> {
    match value {
        Value::Number(number, false) if number.chars().all(|c| c.is_ascii_digit() || c == '.') => Ok(()),
        Value::SingleQuotedString(_) | Value::Boolean(_) | Value::Null => Ok(()),
        Value::Placeholder(text) => {
            let declared = parameters.iter().any(|parameter| text.strip_prefix('$') == Some(&parameter.name));
            if declared { Ok(()) } else { Err(undeclared(text)) }
        }
        _ => Err(PlanError::expression("a literal that is no plain number or text in single quotes")),
    }
}
