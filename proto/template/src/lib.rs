//! What may be asked: templates, their parameters, who approved them, and the queries that follow.
//!
//! A template is signed as the exact bytes of its TOML. [`TrustRoot::approve`] is the one place where such bytes become
//! an [`Approved`] template, and [`Query::bind`] the one place where that becomes a question with values.
#![forbid(unsafe_code)]

mod digest;
mod dimension;
mod document;
mod dsse;
mod figure;
mod hex;
mod keys;
mod kind;
mod lookup;
mod parameter;
mod period;
mod query;
mod root;
#[cfg(test)]
mod sample;
mod template;

// The public interface is:
pub use crate::digest::{Digest, DigestError};
pub use crate::dimension::{BoundLevels, Dimension, Levels};
pub use crate::dsse::{ENVELOPE_BYTES_MAX, Envelope, EnvelopeError, PayloadType, SIGNATURES_MAX, Verified};
pub use crate::figure::{Figure, FigureKind};
pub use crate::hex::{decode_array as decode_hex, encode as encode_hex};
pub use crate::keys::{KeyError, PublicKey, SigningKey};
pub use crate::kind::ProviderKind;
pub use crate::lookup::{LOOKUP_ROWS_MAX, Lookup, LookupDocument, LookupError};
pub use crate::parameter::{Longest, Parameter, ParameterError, Range, Value};
pub use crate::period::{Month, MonthError, PeriodUnit};
pub use crate::query::{BindError, Query};
pub use crate::root::{ApprovalError, Approved, RootError, TrustRoot};
pub use crate::template::{Grouping, SiteFigures, TEMPLATE_BYTES_MAX, Template, TemplateError, TemplateMeasure};
