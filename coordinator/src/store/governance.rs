//! Governance as it happened: every signed document that came, in order, exact bytes.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, params};

use crate::store::StoreError;

/// What came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EventKind {
    /// A list of sharing agreements.
    Agreements,
    /// The coordinator issued a catalogue.
    Catalogue,
    /// A list of analysts.
    Enrolment,
    /// An approved template was found in the coordinator's folder.
    Imported,
    /// A look-up.
    Lookup,
    /// A template was proposed.
    Proposed,
    /// Leave for a provider's log to begin anew.
    Rebaseline,
    /// Somebody gave a view of a proposal.
    Reviewed,
    /// The next trust root.
    Root,
    /// Somebody signed a proposal.
    Signed,
    /// Somebody stopped a template.
    Withdrawn,
}

impl EventKind {
    /// Every kind.
    pub const ALL: [Self; 11] = [
        Self::Agreements,
        Self::Catalogue,
        Self::Enrolment,
        Self::Imported,
        Self::Lookup,
        Self::Proposed,
        Self::Rebaseline,
        Self::Reviewed,
        Self::Root,
        Self::Signed,
        Self::Withdrawn,
    ];

    /// The word that is kept.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Agreements => "agreements",
            Self::Catalogue => "catalogue",
            Self::Enrolment => "enrolment",
            Self::Imported => "imported",
            Self::Lookup => "lookup",
            Self::Proposed => "proposed",
            Self::Rebaseline => "rebaseline",
            Self::Reviewed => "reviewed",
            Self::Root => "root",
            Self::Signed => "signed",
            Self::Withdrawn => "withdrawn",
        }
    }
}

/// Something that happened to what may be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GovernanceEvent {
    /// What.
    pub kind: EventKind,
    /// Who brought it; `coordinator` where it follows by itself.
    pub who: String,
    /// Why, where something was said beside the signed document.
    pub why: String,
    /// When, whole seconds.
    pub at: DateTime<Utc>,
    /// The signed document, exact bytes.
    pub envelope: Vec<u8>,
}

pub(super) fn append(connection: &Connection, events: &[GovernanceEvent]) -> rusqlite::Result<()> {
    let mut insert = connection
        .prepare_cached("insert into governance (kind, who, why, at, envelope) values (?1, ?2, ?3, ?4, ?5)")?;
    for event in events {
        insert.execute(params![event.kind.word(), event.who, event.why, event.at.timestamp(), event.envelope])?;
    }
    Ok(())
}

pub(super) fn all(connection: &Connection) -> Result<Vec<GovernanceEvent>, StoreError> {
    let rows: Vec<(String, String, String, i64, Vec<u8>)> = connection
        .prepare("select kind, who, why, at, envelope from governance order by n")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?)))?
        .collect::<rusqlite::Result<_>>()?;
    rows.into_iter()
        .map(|(kind, who, why, at, envelope)| {
            let kind = EventKind::ALL.into_iter().find(|known| known.word() == kind);
            let at = DateTime::from_timestamp(at, 0);
            kind.zip(at)
                .map(|(kind, at)| GovernanceEvent { kind, who, why, at, envelope })
                .ok_or(StoreError::Unreadable("governance event"))
        })
        .collect()
}
