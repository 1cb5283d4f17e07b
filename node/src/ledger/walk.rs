//! Follows both chains of a ledger from their beginning, and says where one first fails to hold.

use std::collections::BTreeMap;

use rusqlite::Connection;
use template::Digest;

use super::anchor::{Anchor, epoch_text};
use super::audit::AuditRow;
use super::chain::{Chain, Link};
use super::documents::EVENTS_MAX;
use super::event::{Event, Whose};
use super::rows::ReleaseRow;

/// The most audit rows that one transaction adds, so the most by which the anchor may lag after a crash.
const AUDIT_ROWS: i64 = 2;

/// Where a ledger first fails to hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BrokenLink {
    /// A release.
    #[error("release {sequence} does not follow from the one before it: a row was changed, removed or added")]
    Release {
        /// Its place.
        sequence: i64,
    },
    /// The sealed contributors of a release.
    #[error("the sealed contributors of release {sequence} are not those that were recorded with it")]
    Contributors {
        /// The release's place.
        sequence: i64,
    },
    /// A decision.
    #[error("decision {n} does not follow from the one before it: a row was changed, removed or added")]
    Decision {
        /// Its place.
        n: i64,
    },
    /// A decision names a release that is not there, or not as it was.
    #[error("decision {n} is about another release than the ledger holds in its place")]
    Named {
        /// The decision's place.
        n: i64,
    },
    /// The anchor is absent, or another ledger's.
    #[error("the anchor beside the ledger is absent, or belongs to another ledger")]
    Anchor,
    /// The ledger ends before the anchor, or goes on beyond it, or is another one of the same length.
    #[error(
        "the ledger ends with release {sequence} and decision {n}, which is not what its anchor says (release \
         {anchored_sequence}, decision {anchored_n}): an older or another copy was put in its place"
    )]
    NotAnchored {
        /// The ledger's last release.
        sequence: i64,
        /// The ledger's last decision.
        n: i64,
        /// The last release that the anchor knows.
        anchored_sequence: i64,
        /// The last decision that the anchor knows.
        anchored_n: i64,
    },
}

/// A ledger that does not hold.
#[derive(Debug)]
pub(super) struct Broken {
    /// Where it first fails.
    pub link: BrokenLink,
    /// What it is known by, where every row follows from the one before and only the anchor says otherwise.
    pub follows: Option<Box<Walked>>,
}

impl From<BrokenLink> for Broken {
    fn from(link: BrokenLink) -> Self {
        Self { link, follows: None }
    }
}

/// What a ledger that holds is known by.
#[derive(Clone, Debug)]
pub(super) struct Walked {
    /// The newest release.
    pub releases: Link,
    /// The newest decision.
    pub audit: Link,
    /// The latest time in it, seconds since 1970.
    pub last_known: i64,
    /// Whether it was quarantined by what another knew of it, and not released from that since.
    pub quarantined: bool,
    /// The decision with which the chain of releases last went on elsewhere; nought where it never did.
    pub leapt: i64,
    /// What its events say of governance.
    pub standing: Standing,
}

/// What a ledger's events say of governance now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Standing {
    /// The newest catalogue: its version and its envelope.
    pub catalogue: Option<(u64, Digest)>,
    /// The trust roots that succeeded the pinned one, in order.
    pub roots: Vec<(u64, Digest)>,
    /// The newest words of the provider's own guardian, by template: the word's envelope.
    pub acceptances: BTreeMap<Digest, Digest>,
    /// The newest checkpoint of this ledger that both sides signed: decisions covered, and its envelope.
    pub own_checkpoint: Option<(u64, Digest)>,
    /// The newest checkpoint of the coordinator's log that both sides signed.
    pub coordinator_checkpoint: Option<(u64, Digest)>,
    /// Decisions in the ledger when it last was nothing but a checkpoint further.
    pub checkpointed: i64,
    /// The epoch that the newest rebaseline gave.
    pub epoch: Option<String>,
    /// Up to here releases count as spent, whether the ledger holds them or not.
    pub spent: u64,
}

impl Standing {
    /// Takes note of an event, which is the audit's row `n`.
    pub(super) fn learn(&mut self, event: &Event, n: i64) {
        match event {
            Event::Acceptance { template, sha256, .. } => {
                self.acceptances.insert(*template, *sha256);
            }
            Event::Catalogue { version, sha256 } => self.catalogue = Some((*version, *sha256)),
            Event::Checkpoint { log: Whose::Own, size, sha256, .. } => {
                self.own_checkpoint = Some((*size, *sha256));
                self.checkpointed = n;
            }
            Event::Checkpoint { log: Whose::Coordinator, size, sha256, .. } => {
                self.coordinator_checkpoint = Some((*size, *sha256));
                self.checkpointed = n;
            }
            Event::Rebaselined { after, epoch, .. } => {
                self.epoch = Some(epoch.clone());
                self.spent = *after;
            }
            Event::Root { version, sha256 } => self.roots.push((*version, *sha256)),
            Event::CatalogueRefused { .. } | Event::CheckpointRefused { .. } | Event::Quarantined { .. } => {}
        }
    }
}

impl Walked {
    fn learn(&mut self, event: Event, n: i64) {
        match event {
            Event::Quarantined { .. } => self.quarantined = true,
            Event::Rebaselined { .. } => (self.quarantined, self.leapt) = (false, n),
            _ => {}
        }
        self.standing.learn(&event, n);
    }
}

/// Where the chain of releases goes on elsewhere, by leave of the governance office.
struct Leap {
    from: i64,
    to: Link,
}

/// The leaps, in order. That they are what was noted shows when the audit's chain is followed.
fn leaps(connection: &Connection) -> rusqlite::Result<Vec<Leap>> {
    let mut rows =
        connection.prepare("select context from audit where kind = 'noted' and reason = 'rebaselined' order by n")?;
    let texts = rows.query_map([], |row| row.get::<_, String>(0))?.collect::<rusqlite::Result<Vec<_>>>()?;
    let leap = |text: &String| match Event::read(text)? {
        Event::Rebaselined { from, after, head, .. } => {
            Some(Leap { from: i64::try_from(from).ok()?, to: Link { n: i64::try_from(after).ok()?, head } })
        }
        _ => None,
    };
    Ok(texts.iter().filter_map(leap).collect())
}

/// Whether nothing but a rebaseline stands between the anchor and the ledger's end.
fn leapt_last(walked: &Walked, anchor: &Anchor) -> bool {
    walked.leapt == walked.audit.n && walked.audit.n - anchor.audit.n <= 1
}

fn events_max() -> i64 {
    i64::try_from(EVENTS_MAX).unwrap_or(AUDIT_ROWS)
}

/// Sees each row of a ledger once it is known to follow from the rows before it.
pub(crate) trait Seen {
    /// A release.
    fn release(&mut self, release: &ReleaseRow) {
        let _unseen = release;
    }
    /// A decision or an event.
    fn decision(&mut self, decision: &AuditRow) {
        let _unseen = decision;
    }
    /// A document that was kept: its kind, the digest of what was signed, and its envelope.
    fn document(&mut self, kind: &str, payload: &[u8], envelope: &[u8]) {
        let _unseen = (kind, payload, envelope);
    }
}

/// Looks at nothing.
pub(crate) struct Unseen;

impl Seen for Unseen {}

/// Follows both chains to their newest links. Nothing is written.
pub(super) fn walk(
    connection: &Connection,
    epoch: &[u8],
    provider: &str,
    anchor: Option<&Anchor>,
    seen: &mut impl Seen,
) -> rusqlite::Result<Result<Walked, Broken>> {
    let Some(anchor) = anchor.filter(|anchor| anchor.epoch == epoch_text(epoch)) else {
        return Ok(Err(BrokenLink::Anchor.into()));
    };
    let genesis = |chain: Chain| chain.genesis(epoch, provider);
    let (mut releases, mut audit) = (genesis(Chain::Release), genesis(Chain::Audit));
    let mut met = (anchor.release == releases, anchor.audit == audit);
    let mut leaps = leaps(connection)?.into_iter().peekable();
    let mut sequences = Vec::new();
    let mut rows = connection
        .prepare("select release.*, sealed from release left join contributors using (sequence) order by sequence")?;
    let mut rows = rows.query([])?;
    loop {
        while let Some(leap) = leaps.next_if(|leap| leap.from == releases.n) {
            releases = leap.to;
            met.0 |= anchor.release == releases;
        }
        let Some(row) = rows.next()? else { break };
        let release = ReleaseRow::read(row)?;
        let next = release.link(&releases);
        if (release.sequence, release.head.as_slice()) != (next.n, next.head.bytes()) {
            return Ok(Err(BrokenLink::Release { sequence: next.n }.into()));
        }
        let sealed: Option<Vec<u8>> = row.get("sealed")?;
        if sealed.map(|sealed| Digest::of(&sealed).bytes().to_vec()) != release.contributors_sha256 {
            return Ok(Err(BrokenLink::Contributors { sequence: next.n }.into()));
        }
        releases = next;
        sequences.push((next.n, release.head.clone()));
        met.0 |= anchor.release == releases;
        seen.release(&release);
    }
    let mut named = sequences.into_iter();
    let mut rows = connection.prepare("select * from audit order by n")?;
    let mut rows = rows.query([])?;
    let mut walked =
        Walked { releases, audit, last_known: 0, quarantined: false, leapt: 0, standing: Standing::default() };
    while let Some(row) = rows.next()? {
        let decision = AuditRow::read(row)?;
        let next = decision.link(&audit);
        if (decision.n, decision.head.as_slice()) != (next.n, next.head.bytes()) {
            return Ok(Err(BrokenLink::Decision { n: next.n }.into()));
        }
        if let Some(sequence) = decision.release_sequence
            && named.next() != decision.release_head.clone().map(|head| (sequence, head))
        {
            return Ok(Err(BrokenLink::Named { n: next.n }.into()));
        }
        if let Some(event) = decision.event() {
            walked.learn(event, next.n);
        }
        audit = next;
        met.1 |= anchor.audit == audit;
        walked.last_known = walked.last_known.max(decision.at);
        seen.decision(&decision);
    }
    walked.audit = audit;
    let mut documents = connection.prepare("select kind, payload_sha256, bytes from document order by rowid")?;
    let mut documents = documents.query([])?;
    while let Some(row) = documents.next()? {
        let (kind, payload, bytes): (String, Vec<u8>, Vec<u8>) = (row.get(0)?, row.get(1)?, row.get(2)?);
        seen.document(&kind, &payload, &bytes);
    }
    // INVARIANT: anchor <= ledger <= anchor + one transaction, else rows were removed or the anchor was. A leap and the
    // events of an update are a transaction too.
    let lag = (releases.n - anchor.release.n, audit.n - anchor.audit.n);
    let lags = lag.0 == 0 && (0..=events_max()).contains(&lag.1)
        || lag.0 >= 1 && (lag == (1, AUDIT_ROWS) || leapt_last(&walked, anchor));
    if met != (true, true) || !lags || named.next().is_some() {
        let link = BrokenLink::NotAnchored {
            sequence: releases.n,
            n: audit.n,
            anchored_sequence: anchor.release.n,
            anchored_n: anchor.audit.n,
        };
        walked.releases = releases;
        return Ok(Err(Broken { link, follows: named.next().is_none().then(|| Box::new(walked)) }));
    }
    walked.releases = releases;
    Ok(Ok(walked))
}
