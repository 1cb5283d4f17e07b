//! Text that came from elsewhere.

use chrono::{DateTime, Utc};

/// `text` on one line, without anything that could steer a terminal: control characters, and those that turn the
/// direction of writing, are shown as escapes.
pub(crate) fn plain(text: &str) -> String {
    without(text, &steers)
}

/// As [`plain`], but line ends and tabs stay.
pub(crate) fn plain_lines(text: &str) -> String {
    without(text, &|c| steers(c) && !matches!(c, '\n' | '\t'))
}

fn steers(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn without(text: &str, unwanted: &impl Fn(char) -> bool) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut safe, c| {
        if unwanted(c) {
            safe.extend(c.escape_unicode());
        } else {
            safe.push(c);
        }
        safe
    })
}

/// A time to the minute.
pub(crate) fn minute(time: DateTime<Utc>) -> String {
    time.format("%Y-%m-%d %H:%M UTC").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn nothing_steers_a_terminal(text in "[\\x00-\\x1f\\x7f\u{80}-\u{9f}\u{202e}\u{2066}a]*|\\PC*") {
            let steering = |c: char| c.is_control() || c == '\u{202e}' || c == '\u{2066}';
            proptest::prop_assert!(!plain(&text).contains(steering));
            proptest::prop_assert!(!plain_lines(&text).contains(|c| steering(c) && c != '\n' && c != '\t'));
        }
    }

    #[test]
    fn ordinary_text_stays() {
        assert_eq!(plain("Hôpital “A”, 75–79"), "Hôpital “A”, 75–79");
        assert_eq!(plain("a\n\x1b[31m"), "a\\u{a}\\u{1b}[31m");
        assert_eq!(plain_lines("select\n\t1"), "select\n\t1");
    }
}
