//! When a running node takes a new snapshot by itself.

use chrono::NaiveTime;

use super::{ConfigError, Reader, written};

/// How old a snapshot grows, and when in the day its successor is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refresh {
    /// The age at which a snapshot is followed by another, in days.
    pub every_days: u32,
    /// The beginning of the quiet time, local clock time.
    pub from: NaiveTime,
    /// Its end; before the beginning where it spans midnight.
    pub to: NaiveTime,
}

impl Reader<'_> {
    pub(super) fn refresh(&self, written: &written::Refresh) -> Result<Refresh, ConfigError> {
        if !(1..=366).contains(&written.every_days) {
            return Err(self.value("refresh.every_days", "write a number of days from 1 to 366"));
        }
        let time = |key: &str, text: &str| {
            NaiveTime::parse_from_str(text, "%H:%M")
                .map_err(|_| self.value(format!("refresh.{key}"), "write a time of day like \"01:00\""))
        };
        let (from, to) = (time("from", &written.from)?, time("to", &written.to)?);
        if from == to {
            return Err(self.value("refresh.to", "is the same as `from`; leave at least a minute between them"));
        }
        Ok(Refresh { every_days: written.every_days, from, to })
    }
}
