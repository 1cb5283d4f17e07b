//! A provider's node: it answers approved questions with protected figures, and nothing else leaves it.
//!
//! An order comes over a link that the node itself dialled. [`Node`] verifies it against the coordinator's key and the
//! trust root that the operator pinned, counts contributions over a frozen [`Snapshot`], protects the counts, commits the
//! release to the provider's ledger, and only then hands it to the wire. One process may serve many providers; each has
//! its own configuration, keys, policy, folder and ledger.
//!
//! Architecture invariant: rows of a snapshot are read in `engine` alone, and only a sealed table comes out of it.
#![forbid(unsafe_code)]

mod admit;
mod analyst;
mod answer;
mod attack;
mod audit;
mod clock;
mod config;
mod coverage;
mod custody;
mod differencing;
mod engine;
#[cfg(test)]
mod fixture;
mod guardian;
mod host;
mod ledger;
mod opt_outs;
mod panics;
mod policy;
mod populations;
mod provider;
mod ready;
mod rebaseline;
mod refresh;
mod refusals;
mod region;
mod restricted;
mod serve;
mod snapshot;
mod sources;
mod steps;

// The public interface is:
pub use crate::answer::Node;
pub use crate::audit::{Audit, AuditError, Format, Part, TrialError, try_policy};
pub use crate::clock::{Clock, SystemClock};
pub use crate::config::{
    AcceptedKind, Admission, AnalystSignature, Answering, CatalogueUse, ColumnKind, Config, ConfigError, Coordinator,
    Governance, Guardian, Limits, ListedBy, OptOutList, OptOutLists, Origin, Published, PublishedFigure, PublishedOf,
    PublishedPopulation, RawSource, Refresh, Source, Sources, Span, WhenEmpty,
};
pub use crate::differencing::{Cohorts, Compares};
pub use crate::engine::{Engine, EngineError, Question};
pub use crate::guardian::{WordError, give_word};
pub use crate::host::Host;
pub use crate::ledger::{BrokenLink, Held, LeapError, LedgerOpenError, ReadingError};
pub use crate::opt_outs::OptOutListError;
pub use crate::panics::panics_say_where_only;
pub use crate::provider::{Enrolment, InitError, OpenError, Provider, init, open_all};
pub use crate::rebaseline::{RebaselineError, rebaseline};
pub use crate::refusals::{Presence, RefusalsFile};
pub use crate::serve::{interrupted, serve};
pub use crate::snapshot::{
    IntegrityError, LeftOut, Manifest, NumberingError, OptOutEntry, Quality, Snapshot, SnapshotError, TableEntry, take,
};
pub use crate::sources::SourceError;
pub use crate::steps::{Step, Steps, Unobserved};
