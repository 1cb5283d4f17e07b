//! The documents by which a region governs what is asked: who may ask, what is listed, what people think of it, what ended.

mod acceptance;
mod agreements;
mod catalogue;
mod checkpoint;
mod enrolment;
mod rebaseline;
mod request;
mod review;
mod succession;
mod withdrawal;

pub use self::acceptance::{Acceptance, AcceptanceDocument, AcceptanceError, AcceptanceVerdict};
pub use self::agreements::{AgreementDocument, AgreementError, Agreements, AgreementsDocument};
pub use self::catalogue::{
    CATALOGUE_DAYS_MAX, CATALOGUE_HOURS, CATALOGUE_TEMPLATES_MAX, Catalogue, CatalogueDocument, ListedDocument,
    ListedLookup, ListedTemplate, PinnedBytes, PinnedError, TemplateStatus,
};
pub use self::checkpoint::{Checkpoint, CheckpointDocument, CheckpointError, LogName, LogNameError};
pub use self::enrolment::{AnalystDocument, Enrolment, EnrolmentDocument};
pub use self::rebaseline::{Rebaseline, RebaselineDocument};
pub use self::request::{REQUEST_MINUTES_MAX, Request, RequestDocument, RequestError, RequestParameter};
pub use self::review::{Review, ReviewDocument, Verdict};
pub use self::succession::{CATALOGUE_JUMP_MAX, CatalogueKeys, Succession, SuccessionError, TakenCatalogue};
pub use self::withdrawal::{Withdrawal, WithdrawalDocument};

#[cfg(test)]
mod tests;
