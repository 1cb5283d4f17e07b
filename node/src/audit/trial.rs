//! A change of policy, tried first: what it would have done to the questions that were answered.
//!
//! The questions of stored releases are counted again over the snapshot that is current now, and protected beside the
//! published populations under the policy in use and under the other. A table that the node's own attack would refuse is
//! not shown. Nothing is recorded and nothing leaves. What is shown is protected, under the one policy or the other; no
//! unprotected count is shown anywhere. Since the tables may have been frozen anew, the figures need not be those of the
//! releases; what earlier answers hold back (differencing) is not applied, and the text says so.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use disclosure::{Cell, Policy, Protected, Public, protect};
use template::{Envelope, Lookup, Query};
use wire::ProviderCode;

use super::labels::Labels;
use super::left::{Counts, Left, Said};
use super::report::{summary, told};
use super::{Audit, AuditError, Part, plain};
use crate::admit::held;
use crate::attack::withstand;
use crate::config::{Config, ConfigError};
use crate::coverage::CellCoverage;
use crate::engine::{Engine, EngineError, Question};
use crate::host::{processors, schemas};
use crate::populations;
use crate::snapshot::{IntegrityError, Snapshot};
use crate::steps::Unobserved;

/// The most changed cells that are written out for one measure.
const CELLS_MAX: usize = 40;

/// Why a policy cannot be tried.
#[derive(Debug, thiserror::Error)]
pub enum TrialError {
    /// The ledger, or the node's configuration.
    #[error(transparent)]
    Audit(#[from] AuditError),
    /// The policy.
    #[error(transparent)]
    Policy(#[from] ConfigError),
    /// The snapshot.
    #[error("the snapshot cannot be used")]
    Snapshot(#[from] IntegrityError),
    /// The engine.
    #[error("a question cannot be counted")]
    Engine(#[from] EngineError),
    /// No threads.
    #[error("the operating system gives no threads")]
    Threads(#[source] std::io::Error),
}

/// A question of a release, ready to be counted again.
struct Again {
    query: Query,
    lookups: Vec<Arc<Lookup>>,
    checked: plan::Checked,
    coverage: CellCoverage,
    public: Public,
}

/// Says what the policy in the file `policy` would have done to `part` of the releases.
///
/// # Errors
/// A [`TrialError`].
pub fn try_policy(file: &Path, policy: &Path, part: &Part) -> Result<String, TrialError> {
    let audit = Audit::read(file, part)?;
    let other = Config::policy(policy)?;
    let config = &audit.config;
    let snapshot = Snapshot::load(&config.folder, &config.provider)?;
    let engine = Engine::new(config.limits.memory_bytes, processors())?;
    let threads = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(TrialError::Threads)?;
    let mut text = format!(
        "{}: what another policy would have done, over the tables as frozen at {}.\nNothing is recorded and nothing \
         leaves. In use: {}. Tried: {}.\nWhat is published elsewhere counts here as for a real answer. Left out: the comparison \
         with earlier answers, which may hold back or refuse more under either policy, and every rule about who may ask. \
         Questions that were answered keep their stored answers whatever the policy.\n",
        plain::line(&audit.provider()),
        plain::time(snapshot.taken_at()),
        rule(&config.policy),
        rule(&other),
    );
    let mut questions: BTreeMap<String, (&Left, usize)> = BTreeMap::new();
    for left in audit.rows.releases.values() {
        let key = format!("{} {:?} {:?}", left.template, left.parameters, left.lookups);
        questions.entry(key).or_insert((left, 0)).1 += 1;
    }
    if questions.is_empty() {
        text.push_str("\nNothing was released.\n");
    }
    for (left, times) in questions.values() {
        let given = left.parameters.iter().map(|(name, value)| format!("{name} = {value}")).collect::<Vec<_>>();
        let (id, version) = (&left.template_id, left.template_version);
        let _written = writeln!(
            text,
            "\n{}",
            plain::line(&format!("{id}, version {version}, {}: {times} releases", given.join(", ")))
        );
        match audit.again(left, &snapshot) {
            Err(why) => {
                let _written = writeln!(text, "  cannot be tried: {why}");
            }
            Ok(again) => {
                let count =
                    |policy: &Policy| threads.block_on(counted(&config.provider, &engine, &snapshot, &again, policy));
                let both = (count(&config.policy)?, count(&other)?);
                match both {
                    (Some(now), Some(then)) => text.push_str(&compared(&again.query, &now, &then)),
                    _ => text.push_str("  the figures cannot be protected; such a question is refused\n"),
                }
            }
        }
    }
    Ok(text)
}

impl Audit {
    /// The question of a release, from the documents that were kept beside it.
    fn again(&self, left: &Left, snapshot: &Snapshot) -> Result<Again, &'static str> {
        let envelope = self.rows.templates.get(&left.template).ok_or("its template was not kept")?;
        let envelope = Envelope::parse(envelope).map_err(|_| "its template was not kept whole")?;
        let approved = self.roots.newest(|root| root.approve(&envelope, left.made_at));
        let approved = approved.ok_or("its template is approved under no trust root that the ledger knows")?;
        let query = Query::bind(Arc::new(approved), &left.parameters).map_err(|_| "its parameters do not fit")?;
        let lookup = |digest: &String| {
            let envelope = Envelope::parse(self.rows.lookups.get(digest)?).ok()?;
            self.roots.newest(|root| root.approve_lookup(&envelope, left.made_at)).map(Arc::new)
        };
        let lookups = left.lookups.iter().map(lookup).collect::<Option<Vec<_>>>().ok_or("a look-up was not kept")?;
        let checked = plan::check_template(query.template(), &schemas(&lookups))
            .map_err(|_| "its SQL does not pass the check any more")?;
        let tables: Vec<&str> = checked.tables().iter().map(|read| read.name.as_str()).collect();
        let coverage = held(&self.config, snapshot).of(&query, &tables);
        let coverage = coverage.ok_or("the snapshot does not reach there any more")?;
        snapshot.unchanged(tables).map_err(|_| "the frozen tables are not as they were frozen")?;
        let public = populations::public(&query, &lookups, &self.config);
        let public = public.map_err(|_| "what is published elsewhere does not fit it")?;
        Ok(Again { query, lookups, checked, coverage, public })
    }
}

/// The protected table of a question under a policy; `None` where it cannot be protected, or would not withstand.
async fn counted(
    provider: &ProviderCode,
    engine: &Engine,
    snapshot: &Snapshot,
    again: &Again,
    policy: &Policy,
) -> Result<Option<Protected>, EngineError> {
    let Again { query, lookups, checked, coverage, public } = again;
    let question = Question { query, checked, lookups, covered: &coverage.inner };
    let raw = engine.count(&question, snapshot).await?;
    if raw.agrees_with(public).is_err() {
        return Ok(None);
    }
    let strict = policy.stricter(&query.policy());
    let protected = protect(raw, query.domain(), query.measures(), &strict, &coverage.coverage, public).ok();
    Ok(protected.filter(|protected| withstand(provider, protected, public, &Unobserved).is_ok()))
}

/// What changes, measure by measure and cell by cell, in what both policies say.
fn compared(query: &Query, now: &Protected, then: &Protected) -> String {
    let labels = Labels::of_query(query);
    let mut text = String::new();
    for (place, measure) in query.measures().iter().enumerate() {
        let pairs: Vec<(Said, Said)> = (0..now.cells(place).len())
            .filter_map(|cell| Some((said(now, place, cell)?, said(then, place, cell)?)))
            .collect();
        let changed: Vec<usize> =
            (0..pairs.len()).filter(|cell| pairs.get(*cell).is_some_and(|(a, b)| a != b)).collect();
        let states = pairs.iter().filter(|(a, b)| a.word != b.word).count();
        let all = |of: fn(&(Said, Said)) -> &Said| summary(Counts::of(pairs.iter().map(of)));
        let _written = writeln!(
            text,
            "  `{}`: now {}; then {}; {states} cells would change their state, {} what they say",
            plain::line(measure.name()),
            all(|pair| &pair.0),
            all(|pair| &pair.1),
            changed.len(),
        );
        for cell in changed.iter().take(CELLS_MAX) {
            let (Some((a, b)), Some(levels)) = (pairs.get(*cell), labels.cells.get(*cell)) else { continue };
            let name = if levels.is_empty() { "everybody".to_owned() } else { levels.join(", ") };
            let _written = writeln!(text, "    {}: {} -> {}", plain::line(&name), told(a), told(b));
        }
        if changed.len() > CELLS_MAX {
            let _written = writeln!(text, "    and {} more", changed.len() - CELLS_MAX);
        }
    }
    text
}

fn said(table: &Protected, measure: usize, cell: usize) -> Option<Said> {
    let reason = table.reason(measure, cell);
    let word = |word: &str, value, low, high| Said { word: word.to_owned(), value, low, high, reason };
    Some(match *table.cells(measure).get(cell)? {
        Cell::Shown { value, low, high } => word("shown", Some(value), Some(low), Some(high)),
        Cell::Suppressed { low, high } => word("suppressed", None, Some(low), Some(high)),
        Cell::Zero => word("zero", None, None, None),
        Cell::Withheld => word("withheld", None, None, None),
        Cell::NotCovered => word("not-covered", None, None, None),
    })
}

fn rule(policy: &Policy) -> String {
    format!(
        "fewer than {} people suppressed, rounded to {}, zeros {}",
        policy.threshold().people(),
        policy.rounding().base(),
        match policy.zeros() {
            disclosure::Zeros::Hidden => "hidden",
            disclosure::Zeros::Shown => "shown",
        }
    )
}
