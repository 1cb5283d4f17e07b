//! What a template's SQL may read and do: the core model `core-1`, and the one plan check.
//!
//! A template's SQL returns *contributions*: one row per contributing record, with `person_id`, one column per dimension
//! and one per summed measure. [`check()`] admits SQL that does this and nothing else; whoever proposes a template, the
//! coordinator and every node call the same function. It works in two layers, each an allow-list: the statement as
//! written, and the logical plan, in which every row is followed back to its one person.
//!
//! The check bounds what SQL can *do*. It does not bound what it *costs* on a provider's data (the node's memory and time
//! limits do), nor what the counts disclose (the rules of `disclosure` do).
#![forbid(unsafe_code)]

mod catalogue;
mod check;
mod checked;
mod contract;
mod error;
mod limits;
mod lineage;
pub mod model;
mod output;
pub mod session;
mod sheet;
mod syntax;
mod templates;

// The public interface is:
pub use crate::check::{Checker, check};
pub use crate::checked::{Checked, Read};
pub use crate::contract::{LookupSchema, Output, OutputKind, Parameter, ParameterKind};
pub use crate::error::{OutputProblem, ParameterProblem, PlanError};
pub use crate::limits::{EXPRESSIONS_MAX, JOINS_MAX, LIST_MAX, OPERATORS_MAX, PLAN_NODES_MAX, SQL_BYTES_MAX};
pub use crate::sheet::{Line, ListSize, Section, Sheet, SheetError, Surroundings, Weight};
pub use crate::templates::{check_template, values};
