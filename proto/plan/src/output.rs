//! The shape of contributions: `person_id`, then the declared columns, each in its one type.

use arrow::datatypes::DataType;
use datafusion::common::Column;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, cast};

use crate::contract::{Output, OutputKind};
use crate::error::{OutputProblem, PlanError};
use crate::lineage::{Class, Relation, Rows};
use crate::model::PERSON_ID;

/// `plan` with its columns in declared order and type, if they are the declared ones and may be released.
pub(crate) fn conform(plan: LogicalPlan, relation: &Relation, outputs: &[Output]) -> Result<LogicalPlan, PlanError> {
    let fields: Vec<(Column, DataType)> = plan
        .schema()
        .iter()
        .map(|(qualifier, field)| (Column::new(qualifier.cloned(), field.name()), field.data_type().clone()))
        .collect();
    let problem = |column: &str, problem| PlanError::Output { column: column.to_owned(), problem };
    let undeclared = |name: &str| name != PERSON_ID && !outputs.iter().any(|output| output.name == name);
    if let Some((column, _)) = fields.iter().find(|(column, _)| undeclared(&column.name)) {
        return Err(problem(&column.name, OutputProblem::Undeclared));
    }
    let find = |name: &str| {
        let mut found = fields.iter().zip(&relation.classes).filter(|((column, _), _)| column.name == name);
        match (found.next(), found.next()) {
            (Some(((column, data_type), class)), None) => Ok((column, data_type, *class)),
            (None, _) => Err(problem(name, OutputProblem::Missing)),
            (Some(_), Some(_)) => Err(problem(name, OutputProblem::Twice)),
        }
    };
    let (person, _, class) = find(PERSON_ID)?;
    if relation.rows != Rows::Personal || class != Class::Person {
        return Err(PlanError::Person);
    }
    let mut columns = vec![Expr::Column(person.clone()).alias(PERSON_ID)];
    for output in outputs {
        let (column, data_type, class) = find(&output.name)?;
        if !class.is_plain() {
            return Err(PlanError::Identifying { column: output.name.clone() });
        }
        let wanted = output.kind.accept(data_type).map_err(|found| problem(&output.name, found))?;
        let value = Expr::Column(column.clone());
        let value = if wanted == *data_type { value } else { cast(value, wanted) };
        columns.push(value.alias(&output.name));
    }
    LogicalPlanBuilder::from(plan)
        .project(columns)
        .and_then(LogicalPlanBuilder::build)
        .map_err(|_| PlanError::Unplannable { message: "the output columns cannot be put in order".to_owned() })
}

impl OutputKind {
    /// The type that a column of type `found` is brought to, by a cast that succeeds on every value.
    fn accept(self, found: &DataType) -> Result<DataType, OutputProblem> {
        match (self, found) {
            (Self::Level, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View) => Ok(DataType::Utf8),
            (Self::Level, _) => Err(OutputProblem::NotText),
            (Self::Period, DataType::Date32 | DataType::Timestamp(..)) => Ok(DataType::Date32),
            (Self::Period, _) => Err(OutputProblem::NotDate),
            (Self::Sum, DataType::Int8 | DataType::Int16 | DataType::Int32 | DataType::Int64) => Ok(DataType::Int64),
            (Self::Sum, DataType::Decimal128(precision, scale @ 0..=2))
                if i16::from(*precision) + 2 - i16::from(*scale) <= 38 =>
            {
                Ok(DataType::Decimal128(38, 2))
            }
            (Self::Sum, _) => Err(OutputProblem::NotNumber),
        }
    }
}
