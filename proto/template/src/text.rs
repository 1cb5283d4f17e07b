//! What free text in a signed document may hold.

/// The longest title, name of an organisation or the like, in characters.
pub(crate) const TITLE_CHARS_MAX: usize = 200;
/// The longest comment, reason or purpose, in characters.
pub(crate) const REASON_CHARS_MAX: usize = 4000;

/// What is wrong with `text`, if anything: empty, longer than `chars_max`, edged with spaces, or holding characters
/// that do not show or that turn the reading order (Unicode's bidirectional controls), by which a text could read
/// otherwise than it is.
pub(crate) fn problem(text: &str, chars_max: usize) -> Option<String> {
    if text.is_empty() || text.trim() != text {
        return Some("write something here, without spaces around it".to_owned());
    }
    if text.chars().count() > chars_max {
        return Some(format!("at most {chars_max} characters"));
    }
    let hidden = |c: char| {
        (c.is_control() && c != '\n')
            || matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}')
            || matches!(c, '\u{2028}' | '\u{2029}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
    };
    text.chars().any(hidden).then(|| "characters that do not show are not allowed".to_owned())
}

/// One spelling of an organisation's name, for counting: case and the spaces between words aside.
pub(crate) fn folded(text: &str) -> String {
    text.split_whitespace().map(str::to_lowercase).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_reads_as_it_is() {
        for text in ["Ada", "two\nlines", "Ysbyty Gwynedd – 1"] {
            assert_eq!(problem(text, 20), None, "{text:?}");
        }
        for text in ["", " ", " a", "a ", "a\0b", "a\u{202e}b", "a\u{200b}b", "\u{feff}a", "a\tb", &"a".repeat(21)] {
            assert!(problem(text, 20).is_some(), "{text:?}");
        }
    }

    #[test]
    fn organisations_fold() {
        assert_eq!(folded("North  Trust"), folded("north trust "));
        assert_ne!(folded("North Trust"), folded("NorthTrust"));
    }
}
