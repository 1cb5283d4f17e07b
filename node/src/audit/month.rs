//! One month on one page, in Markdown: evidence for a provider's Data Security and Protection Toolkit.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use chrono::{DateTime, Utc};
use template::Month;

use super::left::Counts;
use super::report::summary;
use super::{Audit, Decision, days, plain};
use crate::ledger::{Event, Whose};

/// The most rows of one table of the page.
const ROWS_MAX: usize = 12;

impl Audit {
    /// The page of a month. It is made of counts of questions and of cells; no figure about people stands on it.
    #[must_use]
    pub fn month(&self, month: Month, now: DateTime<Utc>) -> String {
        let provider = plain::cell(&self.provider());
        let mut page = format!("# {provider}: questions answered in {month}\n\n");
        let period = days(month).map(|(first, last)| format!("{first} to {last}")).unwrap_or_default();
        let released: Vec<&Decision> = self.of("released").collect();
        let refused: Vec<&Decision> = self.of("refused").collect();
        let held = &self.held;
        let state = if held.quarantined { "**quarantined: nothing is released**" } else { "in service" };
        push(
            &mut page,
            &format!(
                "From this provider's own ledger, {period}. Every release and every decision since the ledger began was read \
             for this page ({} releases, {} decisions), and each followed from the one before it. The ledger is {state}. \
             Made {} by tallyward-node {}.\n",
                held.releases,
                held.decisions,
                plain::time(now),
                env!("CARGO_PKG_VERSION"),
            ),
        );
        table(
            &mut page,
            ["Orders", ""],
            [
                ["received".to_owned(), self.of("received").count().to_string()],
                ["answered with a release".to_owned(), released.len().to_string()],
                ["refused".to_owned(), refused.len().to_string()],
            ],
        );
        self.templates(&mut page, &released);
        reasons(&mut page, &refused);
        who(&mut page, &released, &refused);
        self.data(&mut page);
        self.governance(&mut page);
        page
    }

    fn of<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Decision> {
        self.rows.decisions.iter().filter(move |decision| decision.kind == kind)
    }

    fn templates(&self, page: &mut String, released: &[&Decision]) {
        let mut rows: BTreeMap<[String; 4], (usize, Counts)> = BTreeMap::new();
        for decision in released {
            let Some(left) = decision.release.and_then(|sequence| self.rows.releases.get(&sequence)) else { continue };
            let approval = decision.context.approval.as_ref();
            let key = [
                left.template_id.clone(),
                left.template_version.to_string(),
                approval.map(|approval| approval.approved_by.join(", ")).unwrap_or_default(),
                approval.map(|approval| approval.agreement.clone()).unwrap_or_default(),
            ];
            let (releases, counts) = rows.entry(key).or_default();
            (*releases, *counts) = (*releases + 1, counts.and(left.counts()));
        }
        let rows = rows.into_iter().map(|([id, version, approved_by, agreement], (releases, counts))| {
            [id, version, approved_by, agreement, releases.to_string(), summary(counts)]
        });
        table(page, ["Template", "Version", "Approved by", "Sharing agreement", "Releases", "What left"], rows);
    }

    fn data(&self, page: &mut String) {
        let frozen = self.rows.releases.values().map(|left| {
            [left.as_at.clone(), plain::opt_outs(&left.opt_outs).to_owned(), left.rule.clone(), left.software.clone()]
        });
        let frozen: BTreeSet<[String; 4]> = frozen.collect();
        table(page, ["Tables frozen, opt-outs as of", "Opt-outs", "Disclosure rule", "Software"], frozen);
    }

    fn governance(&self, page: &mut String) {
        let mut checkpoint = None;
        let (mut catalogues, mut other) = (0, BTreeMap::<&str, usize>::new());
        for event in self.rows.decisions.iter().filter_map(|decision| decision.event.as_ref()) {
            match event {
                Event::Catalogue { version, .. } => catalogues = catalogues.max(*version),
                Event::Checkpoint { log: Whose::Own, size, head, .. } => checkpoint = Some((size, head)),
                event => *other.entry(event.word()).or_default() += 1,
            }
        }
        let mut rows = Vec::new();
        rows.push([
            "Newest checkpoint that the coordinator countersigned".to_owned(),
            match checkpoint {
                Some((size, head)) => format!("{size} decisions, {head}"),
                None => "none in this month".to_owned(),
            },
        ]);
        if catalogues > 0 {
            rows.push(["Newest catalogue in force".to_owned(), format!("version {catalogues}")]);
        }
        rows.extend(other.into_iter().map(|(word, times)| [format!("Events: {word}"), times.to_string()]));
        table(page, ["Governance", ""], rows);
    }
}

fn reasons(page: &mut String, refused: &[&Decision]) {
    let mut rows: BTreeMap<&str, usize> = BTreeMap::new();
    for decision in refused {
        *rows.entry(decision.reason.as_deref().unwrap_or("not known")).or_default() += 1;
    }
    let rows =
        rows.into_iter().map(|(code, times)| [code.to_owned(), plain::reason(code).to_owned(), times.to_string()]);
    table(page, ["Refused because", "Which means", "Orders"], rows);
}

fn who(page: &mut String, released: &[&Decision], refused: &[&Decision]) {
    let mut rows: BTreeMap<String, (BTreeSet<&str>, BTreeSet<&str>, usize)> = BTreeMap::new();
    for decision in released.iter().chain(refused) {
        let Some(analyst) = &decision.analyst else { continue };
        let organisation = decision.context.organisation.clone().unwrap_or_else(|| "not stated".to_owned());
        let (analysts, purposes, orders) = rows.entry(organisation).or_default();
        analysts.insert(analyst);
        purposes.extend(decision.purpose.as_deref());
        *orders += 1;
    }
    let rows = rows.into_iter().map(|(organisation, (analysts, purposes, orders))| {
        let listed = purposes.iter().copied().take(3).collect::<Vec<_>>().join("; ");
        let more = purposes.len().saturating_sub(3);
        let purposes = if more == 0 { listed } else { format!("{listed}; and {more} more") };
        [organisation, analysts.len().to_string(), orders.to_string(), purposes]
    });
    table(page, ["Analysts' organisation", "Analysts", "Orders", "Purposes"], rows);
}

fn push(page: &mut String, text: &str) {
    page.push_str(text);
    page.push('\n');
}

/// A table, or nothing where it would have no rows.
fn table<const N: usize>(page: &mut String, head: [&str; N], rows: impl IntoIterator<Item = [String; N]>) {
    let rows: Vec<[String; N]> = rows.into_iter().collect();
    if rows.is_empty() {
        return;
    }
    let more = rows.len().saturating_sub(ROWS_MAX);
    push(page, &format!("| {} |", head.join(" | ")));
    push(page, &format!("|{}", "---|".repeat(N)));
    for row in rows.iter().take(ROWS_MAX) {
        push(page, &format!("| {} |", row.each_ref().map(|text| plain::cell(text)).join(" | ")));
    }
    if more > 0 {
        let _written = writeln!(page, "\nand {more} more; `audit export` lists them all.");
    }
    page.push('\n');
}
