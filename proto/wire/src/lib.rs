//! How questions and answers travel: signed documents over mutually authenticated TLS 1.3.
//!
//! Only the coordinator listens. A node implements [`Answerer`], which can return a [`Release`] or a [`Refusal`] and
//! nothing else; generated code stays private.
#![forbid(unsafe_code)]

mod answer;
mod answerer;
mod config_file;
mod custody;
mod desk;
mod door;
mod evidence;
mod governance;
mod guardian;
mod id;
mod identity;
mod key_file;
mod left_out;
mod link;
mod order;
mod proof;
mod reason;
mod refusal;
mod register;
mod release;
mod reported;
mod stream;
mod table;
mod time;
mod tls;
mod written;

#[expect(clippy::allow_attributes, clippy::allow_attributes_without_reason, reason = "generated code")]
mod generated {
    tonic::include_proto!("tallyward.v1");
}

// The public interface is:
pub use crate::answer::{
    Answer, AnswerDimension, AnswerGroup, AnswerGrouping, AnswerLevelGroup, AnswerMeasure, AnswerSite, Ask, CellState,
    CombinedCell, CombinedFigure, Counted, ExplainedSite, Explanation, GroupState, GroupingName, ParameterValue,
    PeoplePer, Places, Progress, RevisionSummary, Revisions, RunState, RunSummary, STANDS_FOR, SiteCounts, SiteOutcome,
    TemplateEntry, TemplateList,
};
pub use crate::answerer::{Answered, Answerer, Dispatch, KnownRelease};
pub use crate::config_file::{ConfigError, read_config};
pub use crate::custody::{
    CHECKPOINT_BYTES_MAX, CatalogueNews, CheckpointVerdict, Countersigned, KnownCatalogue, LinkError, OpenLink,
    ROOTS_MAX,
};
pub use crate::desk::{Desk, DeskError};
pub use crate::door::{Acknowledged, DeskDoor, Doors, GovernanceDoor, LinkDoor, Outcome, TurnedAway, serve};
pub use crate::evidence::{
    AskedProvider, AskedRoster, EVIDENCE_BYTES_MAX, EVIDENCE_PARTS_MAX, EvidenceFileError, EvidenceKind, EvidencePart,
    EvidenceRun, read_evidence, write_evidence,
};
pub use crate::governance::{
    PreviousVersion, ProposalDetail, ProposalEvent, ProposalState, ProposalSummary, ReviewEntry, SignReceipt,
    WHY_BYTES_MAX, YesNo,
};
pub use crate::guardian::Governance;
pub use crate::id::{OrderId, RunId, SnapshotId};
pub use crate::identity::{Caller, GuardianName};
pub use crate::key_file::{KeyFileError, create_private, signing_key, signing_key_or_new};
pub use crate::left_out::{DatedOptOuts, OptOutKind, OptOutSource, OptOuts, RestrictedCodes};
pub use crate::link::{LinkEvents, LinkSettings, link};
pub use crate::order::{Order, OrderError, PURPOSE_BYTES_MAX, SignedOrder, VerifiedOrder};
pub use crate::proof::{Proof, ProofError, ProofSite, answer_digest};
pub use crate::reason::ReasonCounts;
pub use crate::refusal::{Refusal, RefusalError, SignedRefusal, verify_refusal};
pub use crate::register::{Register, RegisteredRun, RegisteredTemplate};
pub use crate::release::{Header, Ledger, RecordedError, Release, Statement, StoredCells, Unrecorded};
pub use crate::reported::{ReportedRelease, ReportedReleaseError};
pub use crate::tls::{ClientTls, ServerTls, TlsError, TlsFiles};
pub use crate::written::{WrittenError, WrittenRelease, is_release_text};
pub use template::{AnalystName, Epoch, IdError, NameError, NoRandomness, ProviderCode, RequestId};
