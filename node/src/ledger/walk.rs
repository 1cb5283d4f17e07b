//! Follows both chains of a ledger from their beginning, and says where one first fails to hold.

use rusqlite::Connection;
use template::Digest;

use super::anchor::{Anchor, epoch_text};
use super::audit::AuditRow;
use super::chain::{Chain, Link};
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

/// What a ledger that holds is known by.
#[derive(Clone, Copy, Debug)]
pub(super) struct Walked {
    /// The newest release.
    pub releases: Link,
    /// The newest decision.
    pub audit: Link,
    /// The latest time in it, seconds since 1970.
    pub last_known: i64,
    /// Whether it was quarantined by what another knew of it, and not released from that since.
    pub quarantined: bool,
}

/// Follows both chains to their newest links. Nothing is written.
pub(super) fn walk(
    connection: &Connection,
    epoch: &[u8],
    provider: &str,
    anchor: Option<&Anchor>,
) -> rusqlite::Result<Result<Walked, BrokenLink>> {
    let Some(anchor) = anchor.filter(|anchor| anchor.epoch == epoch_text(epoch)) else {
        return Ok(Err(BrokenLink::Anchor));
    };
    let genesis = |chain: Chain| chain.genesis(epoch, provider);
    let (mut releases, mut audit) = (genesis(Chain::Release), genesis(Chain::Audit));
    let mut met = (anchor.release == releases, anchor.audit == audit);
    let mut heads = vec![releases.head];
    let mut rows = connection
        .prepare("select release.*, sealed from release left join contributors using (sequence) order by sequence")?;
    let mut rows = rows.query([])?;
    while let Some(row) = rows.next()? {
        let release = ReleaseRow::read(row)?;
        let next = release.link(&releases);
        if (release.sequence, release.head.as_slice()) != (next.n, next.head.bytes()) {
            return Ok(Err(BrokenLink::Release { sequence: next.n }));
        }
        let sealed: Option<Vec<u8>> = row.get("sealed")?;
        if sealed.map(|sealed| Digest::of(&sealed).bytes().to_vec()) != release.contributors_sha256 {
            return Ok(Err(BrokenLink::Contributors { sequence: next.n }));
        }
        releases = next;
        heads.push(next.head);
        met.0 |= anchor.release == releases;
    }
    let mut rows = connection.prepare("select * from audit order by n")?;
    let mut rows = rows.query([])?;
    let (mut last_known, mut quarantined, mut named) = (0, false, 0);
    while let Some(row) = rows.next()? {
        let decision = AuditRow::read(row)?;
        let next = decision.link(&audit);
        if (decision.n, decision.head.as_slice()) != (next.n, next.head.bytes()) {
            return Ok(Err(BrokenLink::Decision { n: next.n }));
        }
        if let Some(sequence) = decision.release_sequence {
            let head = usize::try_from(sequence).ok().and_then(|place| heads.get(place));
            if sequence != named + 1 || head.map(|head| head.bytes().as_slice()) != decision.release_head.as_deref() {
                return Ok(Err(BrokenLink::Named { n: next.n }));
            }
            named = sequence;
        }
        match (decision.kind.as_str(), decision.reason.as_deref()) {
            ("noted", Some("quarantined")) => quarantined = true,
            ("noted", Some("rebaselined")) => quarantined = false,
            _ => {}
        }
        audit = next;
        met.1 |= anchor.audit == audit;
        last_known = last_known.max(decision.at);
    }
    // INVARIANT: anchor <= ledger <= anchor + one transaction, else rows were removed or the anchor was.
    let lag = (releases.n - anchor.release.n, audit.n - anchor.audit.n);
    if met != (true, true) || !matches!(lag, (0 | 1, 0..=AUDIT_ROWS)) || named != releases.n {
        return Ok(Err(BrokenLink::NotAnchored {
            sequence: releases.n,
            n: audit.n,
            anchored_sequence: anchor.release.n,
            anchored_n: anchor.audit.n,
        }));
    }
    Ok(Ok(Walked { releases, audit, last_known, quarantined }))
}
