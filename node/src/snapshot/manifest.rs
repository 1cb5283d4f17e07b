//! What a snapshot says of itself. It stays in the provider's folder.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};
use template::Digest;
use wire::{DatedOptOuts, OptOuts, ProviderCode, RestrictedCodes, SnapshotId};

use super::quality::Quality;

/// The manifest of a snapshot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The version of this document.
    pub format: u32,
    /// The snapshot.
    pub id: SnapshotId,
    /// The provider.
    pub provider: ProviderCode,
    /// The model of the tables.
    pub model: String,
    /// When the tables were read, whole seconds.
    #[serde(with = "seconds")]
    pub taken_at: DateTime<Utc>,
    /// Which opt-outs were applied.
    pub opt_outs: OptOuts,
    /// How old they were, and from which lists.
    pub opt_out_lists: Vec<OptOutEntry>,
    /// People whom no list of NHS numbers could name, because they have none that is valid.
    pub without_nhs_number: u64,
    /// Which legally restricted records were left out.
    pub restricted: RestrictedCodes,
    /// Which list the numbers of people come from.
    pub numbering: Digest,
    /// The tables.
    pub tables: Vec<TableEntry>,
}

/// The opt-outs of one kind as they were applied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OptOutEntry {
    /// Their kind, where they were read and how old they were.
    pub dated: DatedOptOuts,
    /// The digest of the list, where there was one.
    pub list_sha256: Option<Digest>,
}

/// One table's file and where it came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableEntry {
    /// The table; its file is `<table>.parquet`.
    pub table: String,
    /// The file's length.
    pub bytes: u64,
    /// The digest of the file.
    pub sha256: Digest,
    /// The digest of the table's schema, as this version writes it.
    pub schema_sha256: Digest,
    /// How many rows were kept.
    pub rows: u64,
    /// How many were not, and why: the provider's own figures of data quality.
    pub left_out: LeftOut,
    /// How many were kept that are odd.
    pub quality: Quality,
    /// The source's length when it was read.
    pub source_bytes: u64,
    /// When the source was last written, where the file system knows.
    #[serde(with = "optional_seconds")]
    pub source_modified: Option<DateTime<Utc>>,
}

/// Rows that a snapshot leaves out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeftOut {
    /// Of people who opted out.
    pub opted_out: u64,
    /// Of people who are not in the person table.
    pub unknown: u64,
    /// Legally restricted, or of a record that is.
    pub restricted: u64,
    /// Of nobody: the record could not be traced to a person.
    pub untraced: u64,
}

impl Manifest {
    /// The version of the document that this software writes and reads.
    pub(super) const FORMAT: u32 = 3;

    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok().filter(|manifest: &Self| manifest.format == Self::FORMAT)
    }

    /// Whether these bytes are the manifest of another version of this software.
    pub(super) fn is_of_another_version(bytes: &[u8]) -> bool {
        #[derive(Deserialize)]
        struct Formatted {
            format: u32,
        }
        serde_json::from_slice::<Formatted>(bytes).is_ok_and(|found| found.format != Self::FORMAT)
    }
}

fn text(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn parse<E: serde::de::Error>(text: &str) -> Result<DateTime<Utc>, E> {
    DateTime::parse_from_rfc3339(text).map(|time| time.to_utc()).map_err(|_| E::custom("not a time"))
}

mod seconds {
    use chrono::{DateTime, Utc};
    use serde::{Deserialize as _, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(time: &DateTime<Utc>, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&super::text(*time))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<DateTime<Utc>, D::Error> {
        super::parse(&String::deserialize(deserializer)?)
    }
}

mod optional_seconds {
    use chrono::{DateTime, Utc};
    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer};

    pub fn serialize<S: Serializer>(time: &Option<DateTime<Utc>>, serializer: S) -> Result<S::Ok, S::Error> {
        time.map(super::text).serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<DateTime<Utc>>, D::Error> {
        Option::<String>::deserialize(deserializer)?.map(|text| super::parse(&text)).transpose()
    }
}
