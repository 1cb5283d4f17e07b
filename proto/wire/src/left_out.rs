//! What a data set leaves out before anything is counted: people who opted out, and legally restricted records.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use template::Digest;

/// Which opt-outs a data set has applied before anything is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OptOuts {
    /// National data opt-outs and type 1 objections.
    Both,
    /// National data opt-outs.
    National,
    /// None.
    None,
    /// Type 1 objections.
    Type1,
}

impl OptOuts {
    /// The kinds that are applied.
    #[must_use]
    pub const fn kinds(self) -> &'static [OptOutKind] {
        match self {
            Self::Both => &[OptOutKind::National, OptOutKind::Type1],
            Self::National => &[OptOutKind::National],
            Self::None => &[],
            Self::Type1 => &[OptOutKind::Type1],
        }
    }
}

/// One kind of opt-out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OptOutKind {
    /// The national data opt-out.
    National,
    /// The type 1 objection, held by the general practice.
    Type1,
}

impl OptOutKind {
    /// Its name, as in configurations and documents.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::National => "national",
            Self::Type1 => "type1",
        }
    }
}

/// Where a data set's opt-outs of one kind were read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OptOutSource {
    /// In a list, besides what the person table says.
    List,
    /// In the person table alone.
    PersonTable,
}

/// How old the opt-outs of one kind are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatedOptOuts {
    /// The kind.
    pub kind: OptOutKind,
    /// Where they were read.
    pub source: OptOutSource,
    /// The day whose state they are: the list's own, or the day of the snapshot.
    #[serde(with = "day")]
    pub as_of: NaiveDate,
}

/// Which legally restricted records were left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RestrictedCodes {
    /// The version of the software's own list of codes.
    pub version: u32,
    /// The digest of the provider's additions, where it has any. They can only add.
    pub additions_sha256: Option<Digest>,
}

/// Serde for days, written like `2026-04-01`.
mod day {
    use chrono::NaiveDate;
    use serde::{Deserialize as _, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(day: &NaiveDate, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&day.format("%Y-%m-%d"))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<NaiveDate, D::Error> {
        let text = String::deserialize(deserializer)?;
        let day = NaiveDate::parse_from_str(&text, "%Y-%m-%d").ok();
        // One spelling only, as everywhere in signed documents.
        day.filter(|day| day.format("%Y-%m-%d").to_string() == text)
            .ok_or_else(|| serde::de::Error::custom("a day is written like 2026-04-01"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_have_one_spelling() {
        let check = |day: &str, good: bool| {
            let text = format!(r#"{{"kind":"national","source":"list","as_of":"{day}"}}"#);
            let read = serde_json::from_str::<DatedOptOuts>(&text);
            assert_eq!(read.is_ok(), good, "{day}");
            if let Ok(read) = read {
                assert_eq!(serde_json::to_string(&read).unwrap(), text);
            }
        };
        check("2026-04-01", true);
        check("2026-4-1", false);
        check("2026-02-30", false);
        check("01/04/2026", false);
        check("", false);
    }
}
