//! Times in signed documents: RFC 3339, UTC, whole seconds, one spelling.

use chrono::{DateTime, SecondsFormat, Utc};

/// The one spelling of a time, fractions of a second dropped.
#[must_use]
pub fn text(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// The time, if `text` is the one spelling of it.
#[must_use]
pub fn parse(text: &str) -> Option<DateTime<Utc>> {
    let time = DateTime::parse_from_rfc3339(text).ok()?.to_utc();
    (self::text(time) == text).then_some(time)
}

/// Serde for such times.
pub mod serde_text {
    use chrono::{DateTime, Utc};
    use serde::{Deserialize as _, Deserializer, Serializer};

    /// Writes the one spelling.
    ///
    /// # Errors
    /// The serializer's.
    pub fn serialize<S: Serializer>(time: &DateTime<Utc>, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&super::text(*time))
    }

    /// Reads the one spelling.
    ///
    /// # Errors
    /// Where the text is another.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<DateTime<Utc>, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        super::parse(&text).ok_or_else(|| serde::de::Error::custom("a time is written like 2026-04-01T09:00:00Z"))
    }
}

/// Serde for times that may be absent.
pub mod serde_option {
    use chrono::{DateTime, Utc};
    use serde::{Deserialize as _, Deserializer, Serializer};

    /// Writes the one spelling, or nothing.
    ///
    /// # Errors
    /// The serializer's.
    pub fn serialize<S: Serializer>(time: &Option<DateTime<Utc>>, serializer: S) -> Result<S::Ok, S::Error> {
        match time {
            Some(time) => serializer.serialize_some(&super::text(*time)),
            None => serializer.serialize_none(),
        }
    }

    /// Reads the one spelling, or nothing.
    ///
    /// # Errors
    /// Where the text is another.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<DateTime<Utc>>, D::Error> {
        let wrong = || serde::de::Error::custom("a time is written like 2026-04-01T09:00:00Z");
        Option::<String>::deserialize(deserializer)?.map(|text| super::parse(&text).ok_or_else(wrong)).transpose()
    }
}

/// Serde for days, as in `2027-12-31`.
pub mod serde_day {
    use chrono::NaiveDate;
    use serde::{Deserialize as _, Deserializer, Serializer};

    /// Writes the one spelling.
    ///
    /// # Errors
    /// The serializer's.
    pub fn serialize<S: Serializer>(day: &NaiveDate, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(day)
    }

    /// Reads the one spelling.
    ///
    /// # Errors
    /// Where the text is another.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<NaiveDate, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        let day = NaiveDate::parse_from_str(&text, "%Y-%m-%d").ok().filter(|day| day.to_string() == text);
        day.ok_or_else(|| serde::de::Error::custom("a day is written like 2027-12-31"))
    }
}
