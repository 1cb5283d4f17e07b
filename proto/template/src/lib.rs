//! What may be asked: templates, their parameters, who approved them, and the queries that follow.
//!
//! A template is signed as the exact bytes of its TOML. [`TrustRoot::approve`] is the one place where such bytes become
//! an [`Approved`] template, and [`Query::bind`] the one place where that becomes a question with values.
#![forbid(unsafe_code)]

mod approval;
mod attested;
mod digest;
mod dimension;
mod document;
mod dsse;
mod figure;
mod figures;
mod governance;
mod grouping;
mod hex;
mod id;
mod keys;
mod kind;
mod lookup;
mod name;
mod parameter;
mod period;
mod population;
mod query;
mod role;
mod root;
#[cfg(test)]
mod sample;
mod site_grouping;
mod structural;
mod template;
mod text;
pub mod time;

// The public interface is:
pub use crate::approval::{ApprovalError, Approved};
pub use crate::attested::{Attested, Document, DocumentError, parse as parse_document};
pub use crate::digest::{Digest, DigestError};
pub use crate::dimension::{BoundLevels, Dimension, Levels};
pub use crate::dsse::{
    ENVELOPE_BYTES_MAX, Envelope, EnvelopeError, PayloadType, SIGNATURES_MAX, Verified, signed_bytes,
};
pub use crate::figure::{Denominator, Figure, FigureKind, Percent, Standard};
pub use crate::governance::{
    Acceptance, AcceptanceDocument, AcceptanceError, AcceptanceVerdict, AgreementDocument, AgreementError, Agreements,
    AgreementsDocument, AnalystDocument, CATALOGUE_DAYS_MAX, CATALOGUE_HOURS, CATALOGUE_JUMP_MAX,
    CATALOGUE_TEMPLATES_MAX, Catalogue, CatalogueDocument, CatalogueKeys, Checkpoint, CheckpointDocument,
    CheckpointError, Enrolment, EnrolmentDocument, ListedDocument, ListedLookup, ListedTemplate, LogName, LogNameError,
    PinnedBytes, PinnedError, REQUEST_MINUTES_MAX, Rebaseline, RebaselineDocument, Request, RequestDocument,
    RequestError, RequestParameter, Review, ReviewDocument, Succession, SuccessionError, TakenCatalogue,
    TemplateStatus, Verdict, Withdrawal, WithdrawalDocument,
};
pub use crate::grouping::{LevelGroup, LevelGrouping};
pub use crate::hex::{decode_array as decode_hex, encode as encode_hex};
pub use crate::id::{Epoch, IdError, NoRandomness, RequestId, random_bytes};
pub use crate::keys::{KeyError, PublicKey, SigningKey};
pub use crate::kind::ProviderKind;
pub use crate::lookup::{LOOKUP_ROWS_MAX, Lookup, LookupDocument, LookupError};
pub use crate::name::{AnalystName, NameError, PersonName, ProviderCode};
pub use crate::parameter::{Longest, Parameter, ParameterError, Range, Value};
pub use crate::period::{Month, MonthError, PeriodUnit};
pub use crate::population::{Population, PopulationError};
pub use crate::query::{BindError, Query};
pub use crate::role::Role;
pub use crate::root::{
    Person, PersonDocument, Quorum, QuorumError, ROOT_STEPS_MAX, RoleDocument, RootDocument, RootError, TrustRoot,
    Whose,
};
pub use crate::site_grouping::{Grouping, Place};
pub use crate::structural::StructuralZero;
pub use crate::template::{SiteFigures, TEMPLATE_BYTES_MAX, Template, TemplateError, TemplateMeasure};
