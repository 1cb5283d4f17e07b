//! What a provider may release: the rules of disclosure control, pure.
//!
//! An engine feeds contributions to a [`Tally`], which makes a sealed [`RawTable`]; only [`protect()`] consumes it, and
//! gives a [`Protected`] table in which every declared cell says what the [`Policy`] allows. Whoever receives such a
//! table checks it into a [`Reported`], which knows a guaranteed interval for every figure.
//!
//! No I/O, clock, async or serialisation: the crate's manifest holds that.
#![forbid(unsafe_code)]

mod audit;
mod bounds;
mod cell;
mod contributors;
mod coupling;
mod coverage;
mod difference;
mod domain;
mod dominance;
mod grouping;
mod held;
mod informed;
mod measure;
mod policy;
mod protect;
mod public;
mod raw;
mod reason;
mod refine;
mod reported;
mod rounding;
mod rows;
mod tally;
mod undeclared;

// The public interface is:
pub use crate::audit::{
    AuditError, Depth, EquationId, Equations, FigureId, Finding, Findings, MAX_AUDITED_FIGURES, MAX_FIGURES,
    MAX_TIGHTENED_FIGURES, Narrowed, Report, Revealed, audit, is_audited,
};
pub use crate::bounds::{Interval, interval};
pub use crate::cell::Cell;
pub use crate::contributors::Contributors;
pub use crate::coverage::{Coverage, Covered, Extent};
pub use crate::difference::{BesideError, Past, Vault, protect_beside};
pub use crate::domain::{
    CellKey, Dimension, Domain, DomainError, MAX_CELLS, MAX_DIMENSIONS, MAX_GROUPINGS, MAX_NAME_BYTES, Per,
};
pub use crate::dominance::Dominance;
pub use crate::grouping::{Grouping, Kept};
pub use crate::measure::{HUNDREDTHS, MAX_AT_MOST_PER_PERSON, MAX_MEASURES, Measure, MeasureError, MeasureKind};
pub use crate::policy::{Pairs, Policy, PolicyError, Profile, Threshold, Zeros};
pub use crate::protect::{ProtectError, Protected, protect};
pub use crate::public::{Public, PublicError};
pub use crate::raw::RawTable;
pub use crate::reason::Reason;
pub use crate::reported::{Reported, ReportedError};
pub use crate::rounding::{Block, GREATEST_BASE, LEAST_BASE, Rounding};
pub use crate::tally::{Column, NO_CELL, Tally, TallyError};
