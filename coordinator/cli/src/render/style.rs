//! How a table looks.

use std::io::{IsTerminal as _, stdout};

use comfy_table::{Table, presets};

/// How a table looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// The lines between cells.
    pub charset: Charset,
    /// Whether headings stand out.
    pub emphasis: Emphasis,
}

/// What lines are drawn with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Charset {
    /// With ASCII.
    Ascii,
    /// With box-drawing characters.
    Utf8,
}

/// Whether headings stand out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Emphasis {
    /// In bold.
    Bold,
    /// Not at all.
    None,
}

impl Style {
    /// Plain ASCII: the same everywhere.
    pub const ASCII: Self = Self { charset: Charset::Ascii, emphasis: Emphasis::None };

    /// The style of standard output: box-drawing and bold on a terminal, without bold under `NO_COLOR`, and plain
    /// ASCII elsewhere.
    #[must_use]
    pub fn of_stdout() -> Self {
        let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        Self::choose(stdout().is_terminal() && variable("TERM").as_deref() != Some("dumb"), &variable)
    }

    fn choose(terminal: bool, variable: &impl Fn(&str) -> Option<String>) -> Self {
        if !terminal {
            return Self::ASCII;
        }
        let emphasis = if variable("NO_COLOR").is_some() { Emphasis::None } else { Emphasis::Bold };
        Self { charset: Charset::Utf8, emphasis }
    }

    /// An empty table in this style, which becomes as wide as its content: a wrapped number could be misread.
    pub(crate) fn table(self) -> Table {
        let mut table = Table::new();
        table.load_preset(match self.charset {
            Charset::Ascii => presets::ASCII_FULL_CONDENSED,
            Charset::Utf8 => presets::UTF8_FULL_CONDENSED,
        });
        table
    }

    /// `text` as a heading.
    pub(crate) fn heading(self, text: &str) -> String {
        match self.emphasis {
            Emphasis::Bold => format!("\x1b[1m{text}\x1b[0m"),
            Emphasis::None => text.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terminal_and_environment_decide() {
        let check = |terminal, variables: &[(&str, &str)], expected: Style| {
            let variable =
                |name: &str| variables.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned());
            assert_eq!(Style::choose(terminal, &variable), expected, "{variables:?}");
        };
        let bold = Style { charset: Charset::Utf8, emphasis: Emphasis::Bold };
        check(false, &[], Style::ASCII);
        check(true, &[], bold);
        check(true, &[("NO_COLOR", "1")], Style { emphasis: Emphasis::None, ..bold });
    }
}
