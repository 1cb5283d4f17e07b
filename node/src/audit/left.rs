//! What left in one release, read from its exact bytes.

use chrono::{DateTime, Utc};
use disclosure::Reason;
use serde::Deserialize;
use serde_json::Value;
use template::{Digest, Envelope, PayloadType, PublicKey};

/// A release as it left.
pub(super) struct Left {
    pub order: String,
    pub template: String,
    pub template_id: String,
    pub template_version: u64,
    pub parameters: Vec<(String, String)>,
    pub snapshot: String,
    pub as_at: String,
    pub opt_outs: String,
    pub made_at: DateTime<Utc>,
    pub software: String,
    pub rule: String,
    /// Of the exact bytes.
    pub digest: Digest,
    /// The digests of the look-ups that were read.
    pub lookups: Vec<String>,
    pub measures: Vec<Measure>,
}

/// The cells of one measure.
pub(super) struct Measure {
    pub name: String,
    pub counts: Counts,
    /// In the order of the template's domain; empty where they were not asked for.
    pub cells: Vec<Said>,
}

/// How many cells say what.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub shown: usize,
    pub suppressed: usize,
    pub withheld: usize,
    pub zero: usize,
    pub not_covered: usize,
}

/// What one cell says.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Said {
    pub word: String,
    pub value: Option<u64>,
    pub low: Option<u64>,
    pub high: Option<u64>,
    /// Why it says no figure, where the release says so.
    pub reason: Option<Reason>,
}

/// What is read of a release. Fields that other versions add are their own business.
#[derive(Deserialize)]
struct Written {
    order_id: String,
    template_sha256: String,
    template_id: String,
    template_version: u64,
    parameters: Vec<Parameter>,
    lookups_sha256: Vec<String>,
    snapshot_id: String,
    as_at: String,
    opt_outs: String,
    made_at: String,
    software: String,
    policy: Policy,
    measures: Vec<WrittenMeasure>,
}

#[derive(Deserialize)]
struct Parameter {
    name: String,
    value: String,
}

#[derive(Deserialize)]
struct Policy {
    threshold: u64,
    rounding: Value,
    zeros: String,
}

#[derive(Deserialize)]
struct WrittenMeasure {
    name: String,
    cells: Vec<Value>,
    #[serde(default)]
    reasons: Vec<WrittenReason>,
}

#[derive(Deserialize)]
struct WrittenReason {
    reason: String,
    cells: Vec<usize>,
}

impl Left {
    /// Whether these bytes are a release that `own` signed.
    pub(super) fn is_signed(bytes: &[u8], own: &PublicKey) -> bool {
        Envelope::parse(bytes).is_ok_and(|envelope| envelope.verify(PayloadType::Release, &[*own]).is_ok())
    }

    /// The release in these bytes, if `own` signed it.
    pub(super) fn read(bytes: &[u8], own: &PublicKey) -> Option<Self> {
        let envelope = Envelope::parse(bytes).ok()?;
        let verified = envelope.verify(PayloadType::Release, &[*own]).ok()?;
        let written: Written = serde_json::from_slice(verified.payload).ok()?;
        let measures = written.measures.into_iter().map(measure).collect::<Option<Vec<_>>>()?;
        Some(Self {
            order: written.order_id,
            template: written.template_sha256,
            template_id: written.template_id,
            template_version: written.template_version,
            parameters: written.parameters.into_iter().map(|given| (given.name, given.value)).collect(),
            snapshot: written.snapshot_id,
            as_at: written.as_at,
            opt_outs: written.opt_outs,
            made_at: DateTime::parse_from_rfc3339(&written.made_at).ok()?.to_utc(),
            software: written.software,
            rule: rule(&written.policy),
            digest: Digest::of(bytes),
            lookups: written.lookups_sha256,
            measures,
        })
    }

    /// Keeps the counts of cells alone.
    pub(super) fn forget_cells(&mut self) {
        for measure in &mut self.measures {
            measure.cells = Vec::new();
        }
    }

    /// How many cells of all measures say what.
    pub(super) fn counts(&self) -> Counts {
        self.measures.iter().fold(Counts::default(), |all, measure| all.and(measure.counts))
    }
}

impl Counts {
    /// How many of `cells` say what.
    pub(super) fn of<'a>(cells: impl IntoIterator<Item = &'a Said>) -> Self {
        let mut counts = Self::default();
        for said in cells {
            let _unknown = counts.count(said);
        }
        counts
    }

    /// Both together.
    pub(super) const fn and(self, other: Self) -> Self {
        Self {
            shown: self.shown + other.shown,
            suppressed: self.suppressed + other.suppressed,
            withheld: self.withheld + other.withheld,
            zero: self.zero + other.zero,
            not_covered: self.not_covered + other.not_covered,
        }
    }

    fn count(&mut self, said: &Said) -> Option<()> {
        let place = match said.word.as_str() {
            "shown" => &mut self.shown,
            "suppressed" => &mut self.suppressed,
            "withheld" => &mut self.withheld,
            "zero" => &mut self.zero,
            "not-covered" => &mut self.not_covered,
            _ => return None,
        };
        *place += 1;
        Some(())
    }
}

fn measure(written: WrittenMeasure) -> Option<Measure> {
    let mut cells = written.cells.iter().map(said).collect::<Option<Vec<_>>>()?;
    for WrittenReason { reason, cells: places } in &written.reasons {
        let known = Reason::ALL.into_iter().find(|known| known.code() == *reason);
        for place in places {
            cells.get_mut(*place)?.reason = known;
        }
    }
    let mut counts = Counts::default();
    cells.iter().try_for_each(|said| counts.count(said))?;
    Some(Measure { name: written.name, counts, cells })
}

fn said(cell: &Value) -> Option<Said> {
    if let Value::String(word) = cell {
        return Some(Said { word: word.clone(), value: None, low: None, high: None, reason: None });
    }
    let (word, figures) = cell.as_object().filter(|object| object.len() == 1)?.iter().next()?;
    let figure = |name: &str| figures.get(name).and_then(Value::as_u64);
    Some(Said { word: word.clone(), value: figure("value"), low: figure("low"), high: figure("high"), reason: None })
}

fn rule(policy: &Policy) -> String {
    let rounding = match &policy.rounding {
        Value::String(name) => format!("rounded by {name}"),
        rounding => match rounding.get("half-up").and_then(Value::as_u64) {
            Some(base) => format!("rounded to the nearest {base}"),
            None => "rounded".to_owned(),
        },
    };
    format!("fewer than {} people suppressed, {rounding}, zeros {}", policy.threshold, policy.zeros)
}
