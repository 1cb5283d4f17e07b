//! What was asked and what left, release by release and cell by cell, in plain English.

use std::fmt::Write as _;

use super::labels::Labels;
use super::left::{Counts, Left, Said};
use super::{Audit, Decision, plain};
use crate::ledger::Approval;

/// The most cells that are written out for one measure; the release's own bytes hold them all.
const CELLS_MAX: usize = 20_000;

impl Audit {
    /// The releases that were asked for, each with who asked, why, under what, and every cell that left.
    #[must_use]
    pub fn report(&self) -> String {
        let mut text = format!("{}: what was asked and what left\n", plain::line(&self.provider()));
        if self.rows.releases.is_empty() {
            text.push_str("\nNothing left.\n");
        }
        for (sequence, left) in &self.rows.releases {
            let decision = self.rows.decisions.iter().find(|decision| decision.release == Some(*sequence));
            text.push_str(&self.release(*sequence, left, decision));
        }
        text
    }

    fn release(&self, sequence: i64, left: &Left, decision: Option<&Decision>) -> String {
        let mut text = format!("\nRelease {sequence}, {}\n", plain::time(left.made_at));
        let mut say = |what: &str, value: &str| {
            // Writing to a string cannot fail.
            let _written = writeln!(text, "  {what:<13} {}", plain::line(value));
        };
        if let Some(decision) = decision {
            let analyst = decision.analyst.as_deref().unwrap_or("not known");
            let signed = if decision.context.request_sha256.is_some() {
                "signed by the analyst's own key"
            } else {
                "on the coordinator's word"
            };
            let organisation = decision.context.organisation.as_deref();
            let of = organisation.map(|organisation| format!(" of {organisation}")).unwrap_or_default();
            say("asked by", &format!("{analyst}{of}, {signed}"));
            say("for", decision.purpose.as_deref().unwrap_or("not known"));
            if let Some(Approval { title, agreement, approved_by, .. }) = &decision.context.approval {
                say("question", &format!("{title} ({}, version {})", left.template_id, left.template_version));
                say("approved by", &approved_by.join(", "));
                say("agreement", agreement);
            }
        }
        let parameters = left.parameters.iter().map(|(name, value)| format!("{name} = {value}")).collect::<Vec<_>>();
        say("with", &if parameters.is_empty() { "no parameters".to_owned() } else { parameters.join(", ") });
        say(
            "over",
            &format!("snapshot {} frozen at {}; {}", left.snapshot, left.as_at, plain::opt_outs(&left.opt_outs)),
        );
        say("rule", &left.rule);
        say("software", &left.software);
        say("template", &left.template);
        say("exact bytes", &format!("SHA-256 {}", left.digest));
        let labels = self.rows.templates.get(&left.template);
        let labels = labels.and_then(|envelope| Labels::of(left, &self.roots, envelope));
        for measure in &left.measures {
            let _written =
                writeln!(text, "  what left as `{}`: {}", plain::line(&measure.name), summary(measure.counts));
            let names = labels.as_ref().map(|labels| labels.dimensions.join(", ")).unwrap_or_default();
            if !names.is_empty() {
                let _written = writeln!(text, "    by {}", plain::line(&names));
            }
            for (place, said) in measure.cells.iter().enumerate().take(CELLS_MAX) {
                let levels = labels.as_ref().and_then(|labels| labels.cells.get(place));
                let name = match levels {
                    Some(levels) if levels.is_empty() => "everybody".to_owned(),
                    Some(levels) => levels.join(", "),
                    None => format!("cell {}", place + 1),
                };
                let _written = writeln!(text, "    {}: {}", plain::line(&name), told(said));
            }
            if measure.cells.len() > CELLS_MAX {
                let _written = writeln!(text, "    and {} more", measure.cells.len() - CELLS_MAX);
            }
        }
        text
    }
}

/// What a cell said to whoever got it.
pub(super) fn told(said: &Said) -> String {
    let between = |low: Option<u64>, high: Option<u64>| match (low, high) {
        (Some(low), Some(high)) => format!(" (from {low} to {high})"),
        _ => String::new(),
    };
    match (said.word.as_str(), said.value) {
        ("shown", Some(value)) => format!("{value}{}", between(said.low, said.high)),
        ("suppressed", _) => format!("* suppressed{}", between(said.low, said.high)),
        ("zero", _) => "nobody".to_owned(),
        ("withheld", _) => match said.reason {
            Some(reason) => format!("withheld: {}", reason.meaning()),
            None => "withheld".to_owned(),
        },
        ("not-covered", _) => "not covered".to_owned(),
        (word, _) => word.to_owned(),
    }
}

/// How many cells said what.
pub(super) fn summary(counts: Counts) -> String {
    let parts = [
        (counts.shown, "shown"),
        (counts.suppressed, "suppressed"),
        (counts.withheld, "withheld"),
        (counts.zero, "zero"),
        (counts.not_covered, "not covered"),
    ];
    let all: usize = parts.iter().map(|(n, _)| n).sum();
    let said: Vec<String> = parts.iter().filter(|(n, _)| *n > 0).map(|(n, word)| format!("{n} {word}")).collect();
    if all == 0 { "no cells".to_owned() } else { format!("{all} cells, of which {}", said.join(", ")) }
}
