//! Expressions: which functions and operators may stand on which columns.
//!
//! Person numbers, record keys and identifying columns are passed on bare, compared with one another within one person's
//! rows, tested for null, grouped by and counted. Everything else on them is refused, so that no literal, parameter,
//! pattern or computation can single a person out.

use datafusion::arrow::datatypes::DataType;
use datafusion::common::{Column, DFSchema, ScalarValue};
use datafusion::logical_expr::expr::{BinaryExpr, Case, Cast, InList, Like, ScalarFunction};
use datafusion::logical_expr::utils::split_conjunction;
use datafusion::logical_expr::{Between, Expr, ExprSchemable, Operator};

use super::{Class, Relation, Walk};
use crate::error::PlanError;

/// The parts of a date that every date has, for `date_part`.
const DATE_PARTS: [&str; 7] = ["year", "quarter", "month", "week", "day", "dow", "doy"];
/// Decimals of this precision can overflow on some value.
const DECIMAL_PRECISION_FULL: u8 = 38;

/// The furthest day from 1 January 1970 that a statement may name: the year 9999, which stands for "open" in many systems.
const DAYS_MAX: u32 = 2_932_896;
/// The longest interval: two hundred years.
const INTERVAL_MONTHS_MAX: u32 = 2_400;
const INTERVAL_DAYS_MAX: u32 = 73_100;
const MICROS_PER_DAY: u64 = 86_400_000_000;
const NANOS_PER_DAY: u64 = 86_400_000_000_000;

/// Where an expression stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// WHERE, HAVING: subqueries and, inside a subquery, columns of the outer row may be used.
    Predicate,
    /// Anywhere else.
    Value,
}

/// What an expression can see.
pub(crate) struct Scope<'a> {
    pub(super) walk: &'a Walk<'a>,
    schema: &'a DFSchema,
    relation: &'a Relation,
    place: Place,
    outer: Option<&'a Scope<'a>>,
}

impl<'a> Scope<'a> {
    pub(crate) const fn new(
        walk: &'a Walk<'a>,
        schema: &'a DFSchema,
        relation: &'a Relation,
        place: Place,
        outer: Option<&'a Scope<'a>>,
    ) -> Self {
        Self { walk, schema, relation, place, outer }
    }

    /// What the value of `expr` is; bare columns keep their class.
    pub(crate) fn class(&self, expr: &Expr) -> Result<Class, PlanError> {
        match expr {
            Expr::Alias(alias) => self.class(&alias.expr),
            Expr::Column(column) => self.column(column),
            Expr::OuterReferenceColumn(_, column) => self.outer_column(column),
            _ => self.computed(expr).map(|()| Class::Attribute),
        }
    }

    /// Checks a condition: a predicate, or what a join is on.
    pub(crate) fn condition(&self, expr: &Expr) -> Result<(), PlanError> {
        split_conjunction(expr).into_iter().try_for_each(|part| self.plain(part))
    }

    /// The place of a bare column, if `expr` is one.
    pub(crate) fn place_of(&self, expr: &Expr) -> Option<usize> {
        match expr {
            Expr::Alias(alias) => self.place_of(&alias.expr),
            Expr::Column(column) => self.schema.maybe_index_of_column(column),
            _ => None,
        }
    }

    /// Whether one of the conditions joined by AND says that the row is of the outer row's person.
    pub(crate) fn ties_to_outer_person(&self, predicate: &Expr) -> bool {
        let is_pair = |inner: &Expr, outer: &Expr| {
            matches!(inner, Expr::Column(column) if self.column(column) == Ok(Class::Person))
                && matches!(outer, Expr::OuterReferenceColumn(_, column) if self.outer_column(column) == Ok(Class::Person))
        };
        split_conjunction(predicate).into_iter().any(|part| match part {
            Expr::BinaryExpr(BinaryExpr { left, op: Operator::Eq, right }) => {
                is_pair(left, right) || is_pair(right, left)
            }
            _ => false,
        })
    }

    fn column(&self, column: &Column) -> Result<Class, PlanError> {
        let unknown = || PlanError::Column { name: column.flat_name() };
        let place = self.schema.maybe_index_of_column(column).ok_or_else(unknown)?;
        self.relation.classes.get(place).copied().ok_or_else(unknown)
    }

    fn outer_column(&self, column: &Column) -> Result<Class, PlanError> {
        match (self.place, self.outer) {
            (Place::Predicate, Some(outer)) => outer.column(column),
            _ => {
                Err(PlanError::Subquery { construct: format!("`{}` outside the subquery's WHERE", column.flat_name()) })
            }
        }
    }

    /// Checks that `expr` may be compared, computed with and released.
    pub(crate) fn plain(&self, expr: &Expr) -> Result<(), PlanError> {
        if self.class(expr)?.is_plain() { Ok(()) } else { Err(PlanError::Identifying { column: column_name(expr) }) }
    }

    fn all_plain<'e>(&self, exprs: impl IntoIterator<Item = &'e Expr>) -> Result<(), PlanError> {
        exprs.into_iter().try_for_each(|expr| self.plain(expr))
    }

    /// Checks an expression that is no bare column.
    fn computed(&self, expr: &Expr) -> Result<(), PlanError> {
        match expr {
            Expr::Literal(value, _) => moderate(value),
            Expr::Placeholder(_) => Ok(()),
            Expr::BinaryExpr(binary) => self.binary(binary),
            Expr::Not(inner)
            | Expr::IsTrue(inner)
            | Expr::IsFalse(inner)
            | Expr::IsUnknown(inner)
            | Expr::IsNotTrue(inner)
            | Expr::IsNotFalse(inner)
            | Expr::IsNotUnknown(inner) => self.plain(inner),
            // Whether a key is there says nothing about which key it is.
            Expr::IsNull(inner) | Expr::IsNotNull(inner) => self.class(inner).map(drop),
            Expr::Negative(inner) => {
                self.plain(inner)?;
                self.number(inner, "a minus sign")
            }
            Expr::Between(Between { expr, low, high, .. }) => self.all_plain([expr.as_ref(), low, high]),
            Expr::Case(Case { expr, when_then_expr, else_expr }) => {
                let pairs = when_then_expr.iter().flat_map(|(when, then)| [when, then]);
                self.all_plain(expr.iter().chain(pairs).chain(else_expr).map(AsRef::as_ref))
            }
            Expr::Cast(cast) => self.cast(cast),
            Expr::Like(like) => self.like(like),
            Expr::InList(InList { expr, list, .. }) => self.all_plain(std::iter::once(expr.as_ref()).chain(list)),
            Expr::ScalarFunction(function) => self.function(function),
            Expr::Exists(exists) if self.place == Place::Predicate => self.exists(exists),
            Expr::InSubquery(within) if self.place == Place::Predicate => self.in_subquery(within),
            Expr::Exists(_) | Expr::InSubquery(_) => {
                Err(PlanError::Subquery { construct: "a subquery outside WHERE or HAVING".to_owned() })
            }
            Expr::ScalarSubquery(_) => Err(PlanError::Subquery { construct: "a subquery used as a value".to_owned() }),
            Expr::AggregateFunction(function) => {
                Err(PlanError::Aggregate { construct: format!("`{}` outside GROUP BY", function.func.name()) })
            }
            Expr::WindowFunction(_) => Err(PlanError::clause("a window function")),
            Expr::GroupingSet(_) => Err(PlanError::clause("ROLLUP, CUBE or GROUPING SETS")),
            Expr::Unnest(_) => Err(PlanError::clause("UNNEST")),
            Expr::SimilarTo(_) => Err(PlanError::expression("a pattern other than LIKE with a literal prefix")),
            Expr::TryCast(_) => Err(PlanError::expression("a cast that hides its failures")),
            Expr::Alias(_) | Expr::Column(_) | Expr::OuterReferenceColumn(..) => self.class(expr).map(drop),
            _ => Err(PlanError::expression("this form of value")),
        }
    }

    fn binary(&self, BinaryExpr { left, op, right }: &BinaryExpr) -> Result<(), PlanError> {
        match op {
            Operator::And | Operator::Or => self.all_plain([left.as_ref(), right]),
            Operator::Eq
            | Operator::NotEq
            | Operator::Lt
            | Operator::LtEq
            | Operator::Gt
            | Operator::GtEq
            | Operator::IsDistinctFrom
            | Operator::IsNotDistinctFrom => self.comparison(left, right),
            Operator::Plus | Operator::Minus => {
                self.all_plain([left.as_ref(), right])?;
                self.sum(left, right)
            }
            Operator::Multiply => {
                self.all_plain([left.as_ref(), right])?;
                self.number(left, "`*`")?;
                self.number(right, "`*`")
            }
            _ => Err(PlanError::expression(format!("`{op}`"))),
        }?;
        self.no_overflow(left, *op, right)
    }

    /// Two plain values, or two columns of the same class: both of the row's one person.
    fn comparison(&self, left: &Expr, right: &Expr) -> Result<(), PlanError> {
        let (a, b) = (self.class(left)?, self.class(right)?);
        let same = match (a, b) {
            (Class::Person | Class::PersonOrNone, Class::Person | Class::PersonOrNone) => true,
            _ => a == b,
        };
        if same || (a.is_plain() && b.is_plain()) {
            return Ok(());
        }
        Err(PlanError::Identifying { column: column_name(if a.is_plain() { right } else { left }) })
    }

    /// Numbers with numbers, dates with literal intervals, dates with dates.
    fn sum(&self, left: &Expr, right: &Expr) -> Result<(), PlanError> {
        let (a, b) = (self.data_type(left)?, self.data_type(right)?);
        let interval = |data_type: &DataType, expr: &Expr| {
            matches!(data_type, DataType::Interval(_)) && matches!(unaliased(expr), Expr::Literal(..))
        };
        let fits = (is_number(&a) && is_number(&b))
            || (is_time(&a) && (interval(&b, right) || is_time(&b)))
            || (is_time(&b) && interval(&a, left));
        fits.then_some(()).ok_or_else(|| PlanError::expression(format!("`+` or `-` on {a} and {b}")))
    }

    fn number(&self, expr: &Expr, construct: &str) -> Result<(), PlanError> {
        let data_type = self.data_type(expr)?;
        if is_number(&data_type) { Ok(()) } else { Err(PlanError::expression(format!("{construct} on {data_type}"))) }
    }

    /// Whole numbers wrap, but decimals of full precision raise an error on some value.
    fn no_overflow(&self, left: &Expr, op: Operator, right: &Expr) -> Result<(), PlanError> {
        if !matches!(op, Operator::Plus | Operator::Minus | Operator::Multiply) {
            return Ok(());
        }
        let result =
            self.data_type(&Expr::BinaryExpr(BinaryExpr::new(Box::new(left.clone()), op, Box::new(right.clone()))))?;
        match result {
            DataType::Decimal128(precision, _) if precision < DECIMAL_PRECISION_FULL => Ok(()),
            DataType::Decimal32(..) | DataType::Decimal64(..) | DataType::Decimal128(..) | DataType::Decimal256(..) => {
                Err(PlanError::expression(format!("`{op}` on decimals so wide that they could overflow")))
            }
            _ => Ok(()),
        }
    }

    fn cast(&self, Cast { expr, field }: &Cast) -> Result<(), PlanError> {
        self.plain(expr)?;
        let from = self.data_type(expr)?;
        let to = field.data_type();
        let is_literal = matches!(unaliased(expr), Expr::Literal(..));
        if let (Expr::Literal(text, _), true) = (unaliased(expr), is_time(to)) {
            moderate_text(text)?;
        }
        if is_literal || is_total(&from, to) {
            return Ok(());
        }
        Err(PlanError::Cast { from: from.to_string(), to: to.to_string() })
    }

    /// LIKE 'prefix%' on a bare column.
    fn like(&self, Like { expr, pattern, escape_char, case_insensitive, .. }: &Like) -> Result<(), PlanError> {
        self.plain(expr)?;
        let is_prefix = match pattern.as_ref() {
            Expr::Literal(ScalarValue::Utf8(Some(text)), _) => {
                text.strip_suffix('%').is_some_and(|prefix| !prefix.is_empty() && !prefix.contains(['%', '_', '\\']))
            }
            _ => false,
        };
        if is_prefix && escape_char.is_none() && !case_insensitive && self.place_of(expr).is_some() {
            return Ok(());
        }
        Err(PlanError::expression("a pattern other than LIKE with a literal prefix"))
    }

    fn function(&self, ScalarFunction { func, args }: &ScalarFunction) -> Result<(), PlanError> {
        let count_at_least_zero = |expr: &Expr| matches!(expr, Expr::Literal(ScalarValue::Int64(Some(0..)), _));
        let fits = match (func.name(), args.as_slice()) {
            ("coalesce", _) => true,
            ("left", [_, count]) => count_at_least_zero(count),
            ("substr", [_, positions @ ..]) => positions.iter().all(count_at_least_zero),
            ("date_part", [Expr::Literal(ScalarValue::Utf8(Some(part)), _), of]) => {
                let (part, of) = (part.to_ascii_lowercase(), self.data_type(of)?);
                is_time(&of) && (DATE_PARTS.contains(&part.as_str()) || (part == "hour" && of != DataType::Date32))
            }
            _ => return Err(PlanError::Function { name: func.name().to_owned() }),
        };
        if !fits {
            return Err(PlanError::expression(format!("`{}` with these arguments", func.name())));
        }
        self.all_plain(args)
    }

    pub(crate) fn data_type(&self, expr: &Expr) -> Result<DataType, PlanError> {
        expr.get_type(self.schema).map_err(|_| PlanError::expression("a value without a type"))
    }
}

/// The name of the column that an expression is, for an error.
fn column_name(expr: &Expr) -> String {
    match expr {
        Expr::Alias(alias) => column_name(&alias.expr),
        Expr::Column(column) | Expr::OuterReferenceColumn(_, column) => column.flat_name(),
        _ => "an expression".to_owned(),
    }
}

fn unaliased(expr: &Expr) -> &Expr {
    match expr {
        Expr::Alias(alias) => unaliased(&alias.expr),
        _ => expr,
    }
}

fn is_number(data_type: &DataType) -> bool {
    data_type.is_numeric()
}

const fn is_time(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Date32 | DataType::Timestamp(..))
}

const fn is_text(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View)
}

/// Refuses days and intervals so far out that reckoning with them could leave the calendar: an error on some rows would
/// tell that they are there. All the operators that one statement may have do not lead from here to the calendar's end,
/// the year 262,142.
fn moderate(value: &ScalarValue) -> Result<(), PlanError> {
    let is_moderate = match value {
        ScalarValue::Date32(Some(day)) => day.unsigned_abs() <= DAYS_MAX,
        ScalarValue::TimestampMicrosecond(Some(at), _) => at.unsigned_abs() / MICROS_PER_DAY <= u64::from(DAYS_MAX),
        ScalarValue::TimestampNanosecond(Some(_), _) => true,
        ScalarValue::IntervalMonthDayNano(Some(interval)) => {
            interval.months.unsigned_abs() <= INTERVAL_MONTHS_MAX
                && interval.days.unsigned_abs() <= INTERVAL_DAYS_MAX
                && interval.nanoseconds.unsigned_abs() / NANOS_PER_DAY <= u64::from(INTERVAL_DAYS_MAX)
        }
        ScalarValue::IntervalYearMonth(Some(months)) => months.unsigned_abs() <= INTERVAL_MONTHS_MAX,
        other => !other.data_type().is_temporal() || other.is_null(),
    };
    is_moderate.then_some(()).ok_or_else(|| PlanError::expression("a day or an interval so far out"))
}

/// [`moderate`] for text that is to become a day: it begins with a year of four digits.
fn moderate_text(value: &ScalarValue) -> Result<(), PlanError> {
    let text = match value {
        ScalarValue::Utf8(Some(text)) | ScalarValue::LargeUtf8(Some(text)) | ScalarValue::Utf8View(Some(text)) => text,
        other => return moderate(other),
    };
    let year = text.split('-').next().filter(|year| year.len() == 4 && year.bytes().all(|byte| byte.is_ascii_digit()));
    year.map(drop).ok_or_else(|| PlanError::expression("a day that does not begin with a year of four digits"))
}

/// Whether a cast succeeds on every value.
fn is_total(from: &DataType, to: &DataType) -> bool {
    if from == to || *from == DataType::Null || (is_text(from) && is_text(to)) {
        return true;
    }
    match (whole_digits(from), to) {
        (Some(_), DataType::Float64) => return true,
        (Some(digits), DataType::Decimal128(precision, scale)) => {
            let scale = u8::try_from(*scale).unwrap_or(0);
            return digits <= precision.saturating_sub(scale);
        }
        _ => {}
    }
    match (from, to) {
        (DataType::Int8, DataType::Int16 | DataType::Int32 | DataType::Int64)
        | (DataType::Int16, DataType::Int32 | DataType::Int64)
        | (DataType::Int32, DataType::Int64)
        | (DataType::Boolean, DataType::Int8 | DataType::Int16 | DataType::Int32 | DataType::Int64)
        | (DataType::Float32, DataType::Float64)
        | (DataType::Decimal128(..), DataType::Float64)
        | (DataType::Timestamp(..), DataType::Date32) => true,
        // Nanoseconds would not hold the year 9999, which stands for "open" in many systems.
        (DataType::Date32, DataType::Timestamp(unit, None)) => {
            *unit != datafusion::arrow::datatypes::TimeUnit::Nanosecond
        }
        (DataType::Decimal128(from_precision, from_scale), DataType::Decimal128(precision, scale)) => {
            let whole = |precision: u8, scale: i8| i16::from(precision) - i16::from(scale);
            scale >= from_scale && whole(*precision, *scale) >= whole(*from_precision, *from_scale)
        }
        _ => false,
    }
}

/// The decimal digits that hold every value of a whole-number type.
const fn whole_digits(data_type: &DataType) -> Option<u8> {
    match data_type {
        DataType::Int8 => Some(3),
        DataType::Int16 => Some(5),
        DataType::Int32 => Some(10),
        DataType::Int64 => Some(19),
        _ => None,
    }
}
