//! Every decision as a row of CSV or a line of JSON, for whoever collects such things. No figure stands in one.

use chrono::SecondsFormat;
use serde::Serialize;

use super::{Audit, AuditError, Decision};
use crate::ledger::Event;

/// In which form the audit is exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Comma-separated values with a header.
    Csv,
    /// One JSON object on each line.
    JsonLines,
}

/// A row of the export. Its fields are the header of the CSV form, in this order.
#[derive(Serialize)]
struct Row {
    n: i64,
    at: String,
    decision: String,
    reason: String,
    order_id: String,
    run_id: String,
    analyst: String,
    organisation: String,
    purpose: String,
    template_id: String,
    template_version: String,
    template_sha256: String,
    approved_by: String,
    agreement: String,
    parameters: String,
    request_sha256: String,
    release_sequence: String,
    release_sha256: String,
    snapshot_id: String,
    as_at: String,
    opt_outs: String,
    cells_shown: String,
    cells_suppressed: String,
    cells_withheld: String,
    cells_zero: String,
    cells_not_covered: String,
    event: Option<Event>,
}

const HEADER: [&str; 27] = [
    "n",
    "at",
    "decision",
    "reason",
    "order_id",
    "run_id",
    "analyst",
    "organisation",
    "purpose",
    "template_id",
    "template_version",
    "template_sha256",
    "approved_by",
    "agreement",
    "parameters",
    "request_sha256",
    "release_sequence",
    "release_sha256",
    "snapshot_id",
    "as_at",
    "opt_outs",
    "cells_shown",
    "cells_suppressed",
    "cells_withheld",
    "cells_zero",
    "cells_not_covered",
    "event",
];

impl Audit {
    /// The decisions and events, one row each.
    ///
    /// # Errors
    /// [`AuditError::Row`].
    pub fn export(&self, format: Format) -> Result<String, AuditError> {
        let rows = self.rows.decisions.iter().map(|decision| self.row(decision));
        let mut text = String::new();
        if format == Format::Csv {
            text.push_str(&HEADER.join(","));
            text.push_str("\r\n");
        }
        for row in rows {
            match format {
                Format::Csv => text.push_str(&csv(&row)),
                Format::JsonLines => {
                    text.push_str(&serde_json::to_string(&row).map_err(|_| AuditError::Row)?);
                    text.push('\n');
                }
            }
        }
        Ok(text)
    }

    fn row(&self, decision: &Decision) -> Row {
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        let left = decision.release.and_then(|sequence| self.rows.releases.get(&sequence));
        let count = |of: fn(&super::left::Counts) -> usize| left.map(|left| of(&left.counts()).to_string());
        let approval = decision.context.approval.as_ref();
        let given = decision.context.parameters.iter().map(|given| format!("{}={}", given.name, given.value));
        Row {
            n: decision.n,
            at: decision.at.to_rfc3339_opts(SecondsFormat::Secs, true),
            decision: decision.kind.clone(),
            reason: text(&decision.reason),
            order_id: text(&decision.order),
            run_id: decision.context.run.clone(),
            analyst: text(&decision.analyst),
            organisation: text(&decision.context.organisation),
            purpose: text(&decision.purpose),
            template_id: approval.map(|approval| approval.id.clone()).unwrap_or_default(),
            template_version: approval.map(|approval| approval.version.to_string()).unwrap_or_default(),
            template_sha256: text(&decision.template),
            approved_by: approval.map(|approval| approval.approved_by.join("; ")).unwrap_or_default(),
            agreement: approval.map(|approval| approval.agreement.clone()).unwrap_or_default(),
            parameters: given.collect::<Vec<_>>().join("; "),
            request_sha256: text(&decision.context.request_sha256),
            release_sequence: decision.release.map(|sequence| sequence.to_string()).unwrap_or_default(),
            release_sha256: left.map(|left| left.digest.to_string()).unwrap_or_default(),
            snapshot_id: left.map(|left| left.snapshot.clone()).unwrap_or_default(),
            as_at: left.map(|left| left.as_at.clone()).unwrap_or_default(),
            opt_outs: left.map(|left| left.opt_outs.clone()).unwrap_or_default(),
            cells_shown: count(|counts| counts.shown).unwrap_or_default(),
            cells_suppressed: count(|counts| counts.suppressed).unwrap_or_default(),
            cells_withheld: count(|counts| counts.withheld).unwrap_or_default(),
            cells_zero: count(|counts| counts.zero).unwrap_or_default(),
            cells_not_covered: count(|counts| counts.not_covered).unwrap_or_default(),
            event: decision.event.clone(),
        }
    }
}

fn csv(row: &Row) -> String {
    let event = row.event.as_ref().map(Event::written).unwrap_or_default();
    let n = row.n.to_string();
    let fields: [&str; 27] = [
        &n,
        &row.at,
        &row.decision,
        &row.reason,
        &row.order_id,
        &row.run_id,
        &row.analyst,
        &row.organisation,
        &row.purpose,
        &row.template_id,
        &row.template_version,
        &row.template_sha256,
        &row.approved_by,
        &row.agreement,
        &row.parameters,
        &row.request_sha256,
        &row.release_sequence,
        &row.release_sha256,
        &row.snapshot_id,
        &row.as_at,
        &row.opt_outs,
        &row.cells_shown,
        &row.cells_suppressed,
        &row.cells_withheld,
        &row.cells_zero,
        &row.cells_not_covered,
        &event,
    ];
    fields.map(field).join(",") + "\r\n"
}

/// A field of CSV (RFC 4180). What a spreadsheet would take for a formula is made text.
fn field(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let text = if formula { format!("'{text}") } else { text.to_owned() };
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}
