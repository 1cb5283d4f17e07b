//! Reasons, opt-outs and times in plain English, and text that is safe in a table.

use chrono::{DateTime, Utc};

/// What a reason in the audit means.
pub(super) fn reason(code: &str) -> &str {
    match code {
        "agreement-ended" => "the sharing agreement was not in force",
        "answering-off" => "answering was switched off",
        "altered" => "the order was not signed by the pinned coordinator, or was changed",
        "bad-parameters" => "the parameters did not fit the template",
        "busy" => "too much to do",
        "catalogue-stale" => "the catalogue had expired",
        "clock-ahead" => "the order came from the future",
        "clock-stepped-back" => "this machine's clock had gone back",
        "data-integrity" => "the frozen tables were not as they were frozen",
        "differencing" => "an answer close to this one had left before",
        "engine-failed" => "counting failed",
        "expired" => "the order came too late",
        "ledger-quarantined" => "the ledger was quarantined",
        "ledger-storage" => "the ledger could not be written",
        "lookup-missing" | "lookup-not-approved" | "lookup-rolled-back" => "a look-up was missing, not approved or old",
        "no-consent" => "this provider, alone of its kind, had not consented",
        "not-accepted" => "this provider's own guardian had not accepted the template",
        "not-covered" => "the records do not reach there",
        "not-listed" => "the catalogue did not list the template as approved",
        "organisation-refused" => "this provider does not answer the analyst's organisation",
        "out-of-memory" | "out-of-time" => "counting took too much memory or time",
        "plan-refused" => "the template's SQL did not pass the check",
        "population-too-small" => "this provider has too few people",
        "purpose-refused" => "this provider does not answer the purpose",
        "refusals-unreadable" => "the file of this provider's refusals could not be read",
        "release-failed" | "protect-failed" => "the figures could not be protected",
        "replayed" => "the order's identity had been used for another order",
        "request-not-signed" => "the analyst had not signed the request",
        "template-mismatch" | "template-not-approved" => "the template was not approved",
        "template-refused" => "this provider does not answer the template",
        "wrong-kind" | "wrong-provider" => "the question was not for this provider",
        other => other,
    }
}

/// Which opt-outs were applied.
pub(super) fn opt_outs(word: &str) -> &str {
    match word {
        "both" => "national data opt-outs and type 1 objections applied",
        "national" => "national data opt-outs applied",
        "type1" => "type 1 objections applied",
        "none" => "no opt-outs applied",
        other => other,
    }
}

/// A time for people.
pub(super) fn time(at: DateTime<Utc>) -> String {
    at.format("%-d %B %Y %H:%M UTC").to_string()
}

/// Text in a cell of a Markdown table: one line, and no bar or markup of its own.
pub(super) fn cell(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            c if c.is_control() || is_unseen(c) => safe.push(' '),
            '|' | '\\' | '`' | '*' | '_' | '[' | ']' | '#' => {
                safe.push('\\');
                safe.push(c);
            }
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '&' => safe.push_str("&amp;"),
            c => safe.push(c),
        }
    }
    safe
}

/// One line of plain text.
pub(super) fn line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() || is_unseen(c) { ' ' } else { c }).collect()
}

/// Characters that turn what follows them round, or that nobody sees.
const fn is_unseen(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}
