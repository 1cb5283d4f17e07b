//! Reasons, opt-outs and times in plain English, and text that is safe in a table.

use chrono::{DateTime, Utc};

use crate::policy::Reason;

/// What a reason in the audit means; a word of another version of the software stands for itself.
pub(super) fn reason(code: &str) -> &str {
    Reason::of(code).map_or(code, |reason| reason.words())
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
