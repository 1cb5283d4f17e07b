//! Clauses of a SELECT that contribution SQL may have.
//!
//! Every field of the parser's types is named, so that a clause which a new version of the parser learns breaks the
//! build here instead of passing unread.

use std::collections::BTreeSet;

use datafusion::sql::sqlparser::ast::{
    Cte, Distinct, GroupByExpr, Join, JoinConstraint, JoinOperator, ObjectName, ObjectNamePart, Query, Select,
    SelectFlavor, SelectItem, SetExpr, SetOperator, SetQuantifier, TableAlias, TableFactor, TableWithJoins,
    WildcardAdditionalOptions, With,
};

use crate::error::PlanError;

/// A query: WITH, a body, and nothing after it.
pub(super) fn query(
    query: &Query,
    is_table: &dyn Fn(&str) -> bool,
    ctes: &mut BTreeSet<String>,
) -> Result<(), PlanError> {
    let Query { with, body, order_by, limit_clause, fetch, locks, for_clause, settings, format_clause, pipe_operators } =
        query;
    absent("ORDER BY", order_by.is_none())?;
    absent("LIMIT or OFFSET", limit_clause.is_none())?;
    absent("FETCH", fetch.is_none())?;
    absent("FOR", locks.is_empty() && for_clause.is_none())?;
    absent("SETTINGS or FORMAT", settings.is_none() && format_clause.is_none())?;
    absent("a pipe operator", pipe_operators.is_empty())?;
    if let Some(with) = with {
        self::with(with, is_table, ctes)?;
    }
    self::body(body)
}

fn with(with: &With, is_table: &dyn Fn(&str) -> bool, ctes: &mut BTreeSet<String>) -> Result<(), PlanError> {
    let With { with_token: _, recursive, cte_tables } = with;
    absent("WITH RECURSIVE", !recursive)?;
    for cte in cte_tables {
        let Cte { alias, query: _, from, materialized, closing_paren_token: _ } = cte;
        absent("an option of WITH", from.is_none() && materialized.is_none())?;
        self::alias(alias)?;
        // A common table expression that took a core table's name would read as the table and be something else.
        if is_table(&alias.name.value) {
            return Err(PlanError::Table { name: alias.name.value.clone() });
        }
        ctes.insert(alias.name.value.clone());
    }
    Ok(())
}

fn body(body: &SetExpr) -> Result<(), PlanError> {
    match body {
        SetExpr::Select(_) | SetExpr::Query(_) => Ok(()),
        SetExpr::SetOperation { left, op, set_quantifier, right } => {
            absent(&op.to_string(), *op == SetOperator::Union)?;
            let plain = matches!(set_quantifier, SetQuantifier::All | SetQuantifier::Distinct | SetQuantifier::None);
            absent("BY NAME", plain)?;
            self::body(left)?;
            self::body(right)
        }
        SetExpr::Values(_) => Err(PlanError::clause("VALUES")),
        SetExpr::Table(_) => Err(PlanError::clause("TABLE")),
        SetExpr::Insert(_) | SetExpr::Update(_) | SetExpr::Delete(_) | SetExpr::Merge(_) => {
            Err(PlanError::Statement { construct: "a statement that writes".to_owned() })
        }
    }
}

/// One SELECT.
pub(super) fn select(select: &Select) -> Result<(), PlanError> {
    let Select {
        select_token: _,
        optimizer_hints,
        distinct,
        select_modifiers,
        top,
        top_before_distinct: _,
        projection,
        exclude,
        into,
        from,
        lateral_views,
        prewhere,
        selection: _,
        connect_by,
        group_by,
        cluster_by,
        distribute_by,
        sort_by,
        having: _,
        named_window,
        qualify,
        window_before_qualify: _,
        value_table_mode,
        flavor,
    } = select;
    absent("a hint", optimizer_hints.is_empty() && select_modifiers.is_none())?;
    absent("DISTINCT ON", !matches!(distinct, Some(Distinct::On(_))))?;
    absent("TOP", top.is_none())?;
    absent("EXCLUDE", exclude.is_none())?;
    absent("INTO", into.is_none())?;
    absent("LATERAL VIEW", lateral_views.is_empty())?;
    absent("PREWHERE", prewhere.is_none())?;
    absent("CONNECT BY", connect_by.is_empty())?;
    absent("CLUSTER, DISTRIBUTE or SORT BY", cluster_by.is_empty() && distribute_by.is_empty() && sort_by.is_empty())?;
    absent("WINDOW or QUALIFY", named_window.is_empty() && qualify.is_none())?;
    absent("AS STRUCT or AS VALUE", value_table_mode.is_none())?;
    absent("FROM before SELECT", matches!(flavor, SelectFlavor::Standard))?;
    absent("a SELECT without FROM", !from.is_empty())?;
    match group_by {
        GroupByExpr::Expressions(_, modifiers) => absent("ROLLUP, CUBE or GROUPING SETS", modifiers.is_empty())?,
        GroupByExpr::All(_) => return Err(PlanError::clause("GROUP BY ALL")),
    }
    projection.iter().try_for_each(item)?;
    self::from(from)
}

fn item(item: &SelectItem) -> Result<(), PlanError> {
    let options = match item {
        SelectItem::UnnamedExpr(_) | SelectItem::ExprWithAlias { .. } => return Ok(()),
        SelectItem::ExprWithAliases { .. } => return Err(PlanError::clause("a list of aliases")),
        SelectItem::Wildcard(options) | SelectItem::QualifiedWildcard(_, options) => options,
    };
    let WildcardAdditionalOptions {
        wildcard_token: _,
        opt_ilike,
        opt_exclude,
        opt_except,
        opt_replace,
        opt_rename,
        opt_alias,
    } = options;
    let plain = opt_ilike.is_none() && opt_exclude.is_none() && opt_except.is_none() && opt_replace.is_none();
    absent("an option of `*`", plain && opt_rename.is_none() && opt_alias.is_none())
}

/// FROM: one relation with its joins. A list of relations is a join without a condition.
fn from(from: &[TableWithJoins]) -> Result<(), PlanError> {
    match from {
        [TableWithJoins { relation: _, joins }] => joins.iter().try_for_each(join),
        _ => Err(PlanError::Join { construct: "a list of tables in FROM".to_owned() }),
    }
}

fn join(join: &Join) -> Result<(), PlanError> {
    let Join { relation: _, global, join_operator } = join;
    absent("GLOBAL", !global)?;
    let constraint = match join_operator {
        JoinOperator::Join(constraint)
        | JoinOperator::Inner(constraint)
        | JoinOperator::Left(constraint)
        | JoinOperator::LeftOuter(constraint)
        | JoinOperator::Semi(constraint)
        | JoinOperator::LeftSemi(constraint)
        | JoinOperator::Anti(constraint)
        | JoinOperator::LeftAnti(constraint) => constraint,
        JoinOperator::CrossJoin(_) => return Err(PlanError::Join { construct: "CROSS JOIN".to_owned() }),
        JoinOperator::Right(_)
        | JoinOperator::RightOuter(_)
        | JoinOperator::FullOuter(_)
        | JoinOperator::RightSemi(_)
        | JoinOperator::RightAnti(_)
        | JoinOperator::CrossApply
        | JoinOperator::OuterApply
        | JoinOperator::AsOf { .. }
        | JoinOperator::StraightJoin(_)
        | JoinOperator::ArrayJoin
        | JoinOperator::LeftArrayJoin
        | JoinOperator::InnerArrayJoin => {
            return Err(PlanError::Join { construct: "a join that is neither INNER nor LEFT".to_owned() });
        }
    };
    match constraint {
        JoinConstraint::On(_) | JoinConstraint::Using(_) => Ok(()),
        JoinConstraint::Natural => Err(PlanError::Join { construct: "NATURAL JOIN".to_owned() }),
        JoinConstraint::None => Err(PlanError::Join { construct: "a join without ON or USING".to_owned() }),
    }
}

/// What stands in FROM: a table by its bare name, a subquery, or joins in parentheses.
pub(super) fn table_factor(
    factor: &TableFactor,
    is_table: &dyn Fn(&str) -> bool,
    ctes: &BTreeSet<String>,
) -> Result<(), PlanError> {
    match factor {
        TableFactor::Table {
            name,
            alias,
            args,
            with_hints,
            version,
            with_ordinality,
            partitions,
            json_path,
            sample,
            index_hints,
        } => {
            if args.is_some() {
                return Err(PlanError::Function { name: name.to_string() });
            }
            absent("TABLESAMPLE", sample.is_none())?;
            let plain = with_hints.is_empty() && version.is_none() && !with_ordinality && partitions.is_empty();
            absent("an option of a table", plain && json_path.is_none() && index_hints.is_empty())?;
            alias.as_ref().map_or(Ok(()), self::alias)?;
            table_name(name, is_table, ctes)
        }
        TableFactor::Derived { lateral, subquery: _, alias, sample } => {
            absent("LATERAL", !lateral)?;
            absent("TABLESAMPLE", sample.is_none())?;
            alias.as_ref().map_or(Ok(()), self::alias)
        }
        TableFactor::NestedJoin { table_with_joins, alias } => {
            alias.as_ref().map_or(Ok(()), self::alias)?;
            table_with_joins.joins.iter().try_for_each(join)
        }
        TableFactor::UNNEST { .. } => Err(PlanError::clause("UNNEST")),
        TableFactor::Function { name, .. } => Err(PlanError::Function { name: name.to_string() }),
        TableFactor::TableFunction { .. }
        | TableFactor::JsonTable { .. }
        | TableFactor::OpenJsonTable { .. }
        | TableFactor::Pivot { .. }
        | TableFactor::Unpivot { .. }
        | TableFactor::MatchRecognize { .. }
        | TableFactor::XmlTable { .. }
        | TableFactor::SemanticView { .. } => Err(PlanError::clause("a table function")),
    }
}

fn table_name(name: &ObjectName, is_table: &dyn Fn(&str) -> bool, ctes: &BTreeSet<String>) -> Result<(), PlanError> {
    if let [ObjectNamePart::Identifier(ident)] = name.0.as_slice() {
        let ident = if ident.quote_style.is_some() { ident.value.clone() } else { ident.value.to_ascii_lowercase() };
        if is_table(&ident) || ctes.iter().any(|cte| cte.eq_ignore_ascii_case(&ident)) {
            return Ok(());
        }
    }
    Err(PlanError::Table { name: name.to_string() })
}

fn alias(alias: &TableAlias) -> Result<(), PlanError> {
    let TableAlias { explicit: _, name: _, columns, at } = alias;
    absent("an option of an alias", columns.iter().all(|column| column.data_type.is_none()) && at.is_none())
}

fn absent(construct: &str, is_absent: bool) -> Result<(), PlanError> {
    if is_absent { Ok(()) } else { Err(PlanError::clause(construct)) }
}
