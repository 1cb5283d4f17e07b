//! A provider reads its own ledger: whether it holds, what was asked, and what left.
//!
//! Everything here comes from the ledger's own rows and from the exact bytes that left; there is nothing unprotected in
//! either, and no person.

mod export;
mod labels;
mod left;
mod month;
mod plain;
mod report;
mod roots;
mod trial;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use chrono::{DateTime, Months, NaiveDate, Utc};
use template::{Digest, Month, encode_hex};

pub use export::Format;
use left::Left;
use roots::Roots;
pub use trial::{TrialError, try_policy};

use crate::config::{Config, ConfigError};
use crate::ledger::{self, AuditRow, Context, Event, Files, Held, ReadingError, ReleaseRow, Seen};

/// A provider's verified ledger, as far as it was asked for.
pub struct Audit {
    config: Config,
    held: Held,
    rows: Rows,
    roots: Roots,
}

/// Why a ledger cannot be shown.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// The configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The ledger.
    #[error(transparent)]
    Reading(#[from] ReadingError),
    /// A release's bytes are not what this provider signs.
    #[error("release {sequence} is not signed by the key in `signing_key`, or is of another version")]
    Release {
        /// Its place.
        sequence: i64,
    },
    /// No such release.
    #[error("the ledger holds no release {0}; `audit export` lists those that there are")]
    NoRelease(String),
    /// A row cannot be written.
    #[error("a row cannot be written: its time is out of range")]
    Row,
}

/// Which part of a ledger is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// All of it.
    All,
    /// What was decided in a month, by the clock of UTC.
    Month(Month),
    /// One release, by its place or by its order.
    Release(String),
    /// Nothing but whether it holds.
    Nothing,
}

/// A decision or an event, ready to be shown.
struct Decision {
    n: i64,
    at: DateTime<Utc>,
    kind: String,
    reason: Option<String>,
    order: Option<String>,
    analyst: Option<String>,
    purpose: Option<String>,
    template: Option<String>,
    context: Context,
    event: Option<Event>,
    release: Option<i64>,
}

#[derive(Default)]
struct Rows {
    decisions: Vec<Decision>,
    releases: BTreeMap<i64, Left>,
    templates: BTreeMap<String, Vec<u8>>,
    lookups: BTreeMap<String, Vec<u8>>,
    /// The trust roots that were taken, in order, and their envelopes.
    roots: (Vec<Digest>, BTreeMap<Digest, Vec<u8>>),
    unreadable: Option<i64>,
}

impl Audit {
    /// Reads and verifies the ledger of the provider in a configuration file, and keeps `part` of it.
    ///
    /// # Errors
    /// An [`AuditError`]; a ledger that does not hold names its first broken link.
    pub fn read(file: &Path, part: &Part) -> Result<Self, AuditError> {
        let config = Config::read(file)?;
        let files = Files::within(&config.folder);
        let own = config.signing_key.public();
        let fresh = || Reader { part, own, rows: Rows::default(), wanted: BTreeSet::new() };
        let (held, reader) = ledger::read(&files, &config.provider, fresh)?;
        let mut rows = reader.rows;
        if let Some(sequence) = rows.unreadable {
            return Err(AuditError::Release { sequence });
        }
        match part {
            Part::All => {}
            Part::Nothing => rows.decisions.clear(),
            Part::Month(month) => {
                let within = |at: DateTime<Utc>| Month::of(at.date_naive()) == Some(*month);
                rows.decisions.retain(|decision| within(decision.at));
                rows.releases.retain(|_, left| within(left.made_at));
            }
            Part::Release(named) => {
                rows.releases.retain(|sequence, left| sequence.to_string() == *named || left.order == *named);
                let kept = rows.releases.keys().next().copied().ok_or_else(|| AuditError::NoRelease(named.clone()))?;
                rows.decisions.retain(|decision| decision.release == Some(kept));
            }
        }
        let (noted, kept) = std::mem::take(&mut rows.roots);
        let roots = Roots::new(config.trust_root.clone(), &noted, &kept);
        Ok(Self { config, held, rows, roots })
    }

    /// What the ledger is known by.
    #[must_use]
    pub const fn held(&self) -> &Held {
        &self.held
    }

    /// The provider's code and name, for a heading.
    fn provider(&self) -> String {
        format!("{} ({})", self.config.name, self.config.provider)
    }
}

/// Collects the rows that are asked for.
struct Reader<'a> {
    part: &'a Part,
    own: template::PublicKey,
    rows: Rows,
    wanted: BTreeSet<String>,
}

impl Seen for Reader<'_> {
    fn release(&mut self, release: &ReleaseRow) {
        if *self.part == Part::Nothing && !Left::is_signed(&release.bytes, &self.own) {
            self.rows.unreadable.get_or_insert(release.sequence);
        }
        if *self.part == Part::Nothing {
            return;
        }
        let Some(mut left) = Left::read(&release.bytes, &self.own) else {
            self.rows.unreadable.get_or_insert(release.sequence);
            return;
        };
        let cells = match self.part {
            Part::Release(named) => release.sequence.to_string() == *named || left.order == *named,
            Part::Month(month) => Month::of(left.made_at.date_naive()) == Some(*month),
            Part::All | Part::Nothing => false,
        };
        if cells {
            self.wanted.insert(left.template.clone());
            self.wanted.extend(left.lookups.iter().cloned());
        } else {
            left.forget_cells();
        }
        self.rows.releases.insert(release.sequence, left);
    }

    fn decision(&mut self, decision: &AuditRow) {
        if *self.part == Part::Nothing {
            return;
        }
        let event = decision.event();
        if let Some(Event::Root { sha256, .. }) = &event {
            self.rows.roots.0.push(*sha256);
        }
        let text = |bytes: &Option<Vec<u8>>| bytes.as_ref().map(|bytes| String::from_utf8_lossy(bytes).into_owned());
        self.rows.decisions.push(Decision {
            n: decision.n,
            at: DateTime::from_timestamp(decision.at, 0).unwrap_or_default(),
            kind: decision.kind.clone(),
            reason: decision.reason.clone(),
            order: text(&decision.order_id),
            analyst: decision.analyst.clone(),
            purpose: decision.purpose.clone(),
            template: decision.template_sha256.as_deref().map(encode_hex),
            context: if decision.kind == "noted" { Context::default() } else { decision.context() },
            event,
            release: decision.release_sequence,
        });
    }

    fn document(&mut self, kind: &str, payload: &[u8], envelope: &[u8]) {
        if kind == "root" {
            self.rows.roots.1.insert(Digest::of(envelope), envelope.to_vec());
        }
        let payload = encode_hex(payload);
        if !self.wanted.contains(&payload) {
            return;
        }
        match kind {
            "lookup" => drop(self.rows.lookups.insert(payload, envelope.to_vec())),
            "template" => drop(self.rows.templates.insert(payload, envelope.to_vec())),
            _ => {}
        }
    }
}

/// The first and the last day of a month.
fn days(month: Month) -> Option<(NaiveDate, NaiveDate)> {
    let first = month.first_day();
    Some((first, first.checked_add_months(Months::new(1))?.pred_opt()?))
}

#[cfg(test)]
mod tests;
