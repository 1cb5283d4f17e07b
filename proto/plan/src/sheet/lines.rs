//! The template's lines that are otherwise than in the version before.

use super::{Line, Section, note, plain};

/// Lines around a change that are shown with it.
const AROUND: usize = 2;
/// Beyond so many lines in either version only the whole is shown as changed; a template has at most 64 KiB.
const LINES_MAX: usize = 4000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Edit<'a> {
    Same(&'a str),
    Gone(&'a str),
    New(&'a str),
}

pub(super) fn section(before: &[u8], now: &[u8]) -> Section {
    let (before, now) = (String::from_utf8_lossy(before), String::from_utf8_lossy(now));
    let edits = edits(&before.lines().collect::<Vec<_>>(), &now.lines().collect::<Vec<_>>());
    let near = |place: usize| {
        let (from, to) = (place.saturating_sub(AROUND), (place + AROUND + 1).min(edits.len()));
        edits[from..to].iter().any(|edit| !matches!(edit, Edit::Same(_)))
    };
    let mut lines: Vec<Line> = Vec::new();
    let mut skipped = false;
    for (place, edit) in edits.iter().enumerate() {
        if !near(place) {
            skipped = true;
            continue;
        }
        if std::mem::take(&mut skipped) {
            lines.push(plain("..."));
        }
        lines.push(match edit {
            Edit::Same(text) => plain(format!("  {text}")),
            Edit::Gone(text) => note(format!("- {text}")),
            Edit::New(text) => note(format!("+ {text}")),
        });
    }
    if lines.is_empty() || edits.iter().all(|edit| matches!(edit, Edit::Same(_))) {
        lines = vec![plain("no line")];
    }
    Section { title: "The lines that are otherwise", lines }
}

/// The shortest way from one list of lines to the other (longest common subsequence).
fn edits<'a>(before: &[&'a str], now: &[&'a str]) -> Vec<Edit<'a>> {
    if before.len() > LINES_MAX || now.len() > LINES_MAX {
        return before.iter().map(|line| Edit::Gone(line)).chain(now.iter().map(|line| Edit::New(line))).collect();
    }
    let width = now.len() + 1;
    let mut common = vec![0_u32; (before.len() + 1) * width];
    for row in (0..before.len()).rev() {
        for column in (0..now.len()).rev() {
            common[row * width + column] = if before[row] == now[column] {
                common[(row + 1) * width + column + 1] + 1
            } else {
                common[(row + 1) * width + column].max(common[row * width + column + 1])
            };
        }
    }
    let (mut row, mut column, mut edits) = (0, 0, Vec::new());
    while row < before.len() || column < now.len() {
        let is_gone = column == now.len()
            || (row < before.len() && common[(row + 1) * width + column] >= common[row * width + column + 1]);
        if row < before.len() && column < now.len() && before[row] == now[column] {
            edits.push(Edit::Same(now[column]));
            (row, column) = (row + 1, column + 1);
        } else if is_gone {
            edits.push(Edit::Gone(before[row]));
            row += 1;
        } else {
            edits.push(Edit::New(now[column]));
            column += 1;
        }
    }
    edits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_line_is_gone_and_new() {
        let check = |before: &str, now: &str, expected: &[Edit<'_>]| {
            let (before, now): (Vec<_>, Vec<_>) = (before.split('|').collect(), now.split('|').collect());
            assert_eq!(edits(&before, &now), expected);
        };
        check("a|b|c", "a|x|c", &[Edit::Same("a"), Edit::Gone("b"), Edit::New("x"), Edit::Same("c")]);
        check("a|b", "a|b", &[Edit::Same("a"), Edit::Same("b")]);
        check("a", "b|a", &[Edit::New("b"), Edit::Same("a")]);
    }

    #[test]
    fn both_versions_can_be_read_back() {
        use proptest::prelude::*;
        proptest!(|(before in proptest::collection::vec("[abc]", 0..12), now in proptest::collection::vec("[abc]", 0..12))| {
            let (b, n): (Vec<&str>, Vec<&str>) = (before.iter().map(String::as_str).collect(), now.iter().map(String::as_str).collect());
            let edits = edits(&b, &n);
            let old: Vec<&str> = edits.iter().filter_map(|e| match e { Edit::Same(t) | Edit::Gone(t) => Some(*t), Edit::New(_) => None }).collect();
            let new: Vec<&str> = edits.iter().filter_map(|e| match e { Edit::Same(t) | Edit::New(t) => Some(*t), Edit::Gone(_) => None }).collect();
            prop_assert_eq!(old, b);
            prop_assert_eq!(new, n);
        });
    }
}
