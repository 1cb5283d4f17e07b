//! The first of two layers: the SQL as written. One SELECT, made of clauses and expressions on a list.
//!
//! The planner drops some clauses silently (TABLESAMPLE, FOR UPDATE, FORMAT …). What it drops, governance leads would
//! still read, so every part of the statement is listed here by name, and an unknown part does not pass.

mod clause;
mod expansion;
mod expression;

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    Expr, Query, Select, Statement, TableFactor, Value, ValueWithSpan, Visit, Visitor, visit_expressions_mut,
};
use datafusion::sql::sqlparser::dialect::PostgreSqlDialect;
use datafusion::sql::sqlparser::parser::{Parser, ParserError};

use crate::contract::Parameter;
use crate::error::{ParameterProblem, PlanError};
use crate::limits::{self, EXPRESSIONS_MAX, LIST_MAX, NESTING_MAX};

/// Parses `sql` into one SELECT whose placeholders are numbered in the order of `parameters`.
///
/// Numbers let the planner know each placeholder's type from the start; a value is never part of the text.
pub(crate) fn parse(
    sql: &str,
    parameters: &[Parameter],
    is_table: &dyn Fn(&str) -> bool,
) -> Result<Statement, PlanError> {
    let dialect = PostgreSqlDialect {};
    let tokens = limits::tokens(sql, &dialect)?;
    let statements = Parser::new(&dialect)
        .with_recursion_limit(NESTING_MAX)
        .with_tokens_with_locations(tokens)
        .parse_statements()
        .map_err(|error| match error {
            ParserError::RecursionLimitExceeded => PlanError::TooLarge { what: "nested levels", at_most: NESTING_MAX },
            ParserError::ParserError(message) | ParserError::TokenizerError(message) => PlanError::Syntax { message },
        })?;
    let mut statement = match <[Statement; 1]>::try_from(statements) {
        Ok([statement]) => statement,
        Err(statements) => {
            return Err(PlanError::Statement { construct: format!("a text of {} statements", statements.len()) });
        }
    };
    let Statement::Query(query) = &statement else {
        let text = statement.to_string();
        return Err(PlanError::Statement { construct: text.split(' ').next().unwrap_or_default().to_owned() });
    };
    expansion::expansion(query)?;
    let mut reader = Reader { is_table, parameters, expressions: 0, listed: 0, ctes: BTreeSet::new(), queries: 0 };
    if let ControlFlow::Break(error) = statement.visit(&mut reader) {
        return Err(error);
    }
    number_placeholders(&mut statement, parameters)?;
    Ok(statement)
}

/// Reads every part of a statement once, in the order in which it is written.
struct Reader<'a> {
    is_table: &'a dyn Fn(&str) -> bool,
    parameters: &'a [Parameter],
    expressions: usize,
    listed: usize,
    /// Names of common table expressions met so far.
    ctes: BTreeSet<String>,
    queries: usize,
}

impl Visitor for Reader<'_> {
    type Break = PlanError;

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<PlanError> {
        self.queries += 1;
        // INVARIANT: `expansion` has counted every common table expression, for WITH stands at the top alone.
        if self.queries > 1 && query.with.is_some() {
            return ControlFlow::Break(PlanError::clause("WITH inside a query"));
        }
        stop(clause::query(query, self.is_table, &mut self.ctes))
    }

    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<PlanError> {
        stop(clause::select(select))
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<PlanError> {
        stop(clause::table_factor(factor, self.is_table, &self.ctes))
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<PlanError> {
        stop(self.expression(expr))
    }

    fn pre_visit_value(&mut self, value: &ValueWithSpan) -> ControlFlow<PlanError> {
        stop(expression::value(&value.value, self.parameters))
    }
}

impl Reader<'_> {
    fn expression(&mut self, expr: &Expr) -> Result<(), PlanError> {
        self.expressions += 1;
        if let Expr::InList { list, .. } = expr {
            self.listed += list.len();
        }
        if self.listed > LIST_MAX {
            return Err(PlanError::TooLarge { what: "values in IN lists", at_most: LIST_MAX });
        }
        if self.expressions > EXPRESSIONS_MAX + self.listed {
            return Err(PlanError::TooLarge { what: "expressions", at_most: EXPRESSIONS_MAX });
        }
        expression::expression(expr)
    }
}

fn stop(result: Result<(), PlanError>) -> ControlFlow<PlanError> {
    match result {
        Ok(()) => ControlFlow::Continue(()),
        Err(error) => ControlFlow::Break(error),
    }
}

/// Turns `$name` into `$1`, `$2`, … by the order of declaration.
fn number_placeholders(statement: &mut Statement, parameters: &[Parameter]) -> Result<(), PlanError> {
    let numbered = visit_expressions_mut(statement, |expr| {
        if let Expr::Value(ValueWithSpan { value: Value::Placeholder(text), .. }) = expr {
            let place = parameters.iter().position(|parameter| text.strip_prefix('$') == Some(&parameter.name));
            match place {
                Some(place) => *text = format!("${}", place + 1),
                None => return ControlFlow::Break(undeclared(text)),
            }
        }
        ControlFlow::Continue(())
    });
    match numbered {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(error) => Err(error),
    }
}

/// A placeholder that no declared parameter stands behind.
fn undeclared(text: &str) -> PlanError {
    PlanError::Parameter { name: text.trim_start_matches('$').to_owned(), problem: ParameterProblem::Undeclared }
}
