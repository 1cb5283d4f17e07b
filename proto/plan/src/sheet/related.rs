//! Templates that may be asked already, and what somebody with both answers could subtract.

use std::collections::BTreeSet;

use template::{Levels, Template};

use super::{Line, Section, Subject, Surroundings, note, plain, warning};
use crate::check::Checker;
use crate::checked::Checked;

pub(super) fn section(checker: &Checker, subject: &Subject<'_>, toml: &[u8], surroundings: &Surroundings) -> Section {
    let mut lines = Vec::new();
    for bytes in surroundings.approved.iter().filter(|bytes| bytes.as_slice() != toml) {
        let Ok(template) = Template::parse(bytes) else {
            lines.push(note("a listed template cannot be read by this version, and so is not compared"));
            continue;
        };
        let name = format!("{} version {}", template.id, template.version);
        match checker.check_template(&template, &surroundings.lookups) {
            Ok(checked) => lines.extend(compared(&name, subject, &Subject { template: &template, checked: &checked })),
            Err(_) => lines.push(note(format!("{name}: its SQL is refused now, and so is not compared"))),
        }
    }
    if lines.is_empty() {
        lines.push(plain("no approved template reads the same tables"));
    }
    lines.push(plain(
        "whatever stands here, each provider compares the people behind every new answer with those behind its earlier ones",
    ));
    Section { title: "Related templates, and what two answers may tell by subtraction", lines }
}

/// What one approved template has in common with ours, if it reads a table that ours reads.
fn compared(name: &str, ours: &Subject<'_>, theirs: &Subject<'_>) -> Option<Line> {
    let tables = |subject: &Subject<'_>| names(subject.checked.tables().iter().map(|read| read.name.as_str()));
    let (our_tables, their_tables) = (tables(ours), tables(theirs));
    let shared: BTreeSet<_> = our_tables.intersection(&their_tables).cloned().collect();
    if shared.is_empty() {
        return None;
    }
    let dimensions = |subject: &Subject<'_>| names(subject.template.dimensions.iter().map(|d| d.name.as_str()));
    let (our_dimensions, their_dimensions) = (dimensions(ours), dimensions(theirs));
    let common: BTreeSet<_> = our_dimensions.intersection(&their_dimensions).cloned().collect();
    let (our_filters, their_filters) = (filters(ours.checked), filters(theirs.checked));
    let only_ours: Vec<_> = our_filters.difference(&their_filters).cloned().collect();
    let only_theirs: Vec<_> = their_filters.difference(&our_filters).cloned().collect();
    let mut words = format!("{name} reads {} as well", list(&shared));
    if !common.is_empty() {
        words += &format!("; both are divided by {}", list(&common));
    }
    let shifted = shifted(ours.template, theirs.template);
    if !shifted.is_empty() {
        words += &format!(
            "\nthe levels of {} differ: where bands overlap but do not agree, the difference of two cells may be a few people",
            list(&shifted)
        );
        return Some(warning(words));
    }
    if our_tables == their_tables && (only_ours.is_empty() != only_theirs.is_empty()) {
        let (wider, extra) = if only_ours.is_empty() { ("this one", only_theirs) } else { (name, only_ours) };
        words += &format!(
            "\nthe question of {wider} is the wider one; subtracting the two leaves the people for whom this does not hold:\n{}",
            extra.join("\n")
        );
        return Some(warning(words));
    }
    if our_tables == their_tables && only_ours.is_empty() && only_theirs.is_empty() {
        words += "\nboth ask about the same people, divided differently or over other months";
        return Some(note(words));
    }
    words += &format!("\n{} conditions stand only here and {} only there", only_ours.len(), only_theirs.len());
    Some(if common.is_empty() { plain(words) } else { note(words) })
}

/// Dimensions of both with listed levels that are not the same.
fn shifted(ours: &Template, theirs: &Template) -> BTreeSet<String> {
    let differs = |dimension: &&template::Dimension| {
        let other = theirs.dimensions.iter().find(|other| other.name == dimension.name);
        match (&dimension.levels, other.map(|other| &other.levels)) {
            (Levels::List(ours), Some(Levels::List(theirs))) => ours != theirs,
            _ => false,
        }
    };
    ours.dimensions.iter().filter(differs).map(|dimension| dimension.name.clone()).collect()
}

/// The conditions by which a plan chooses rows, each as the planner writes it, whatever their order was.
fn filters(checked: &Checked) -> BTreeSet<String> {
    let conditions = |line: &str| {
        let line = line.trim();
        let text = line.strip_prefix("Filter: ").or_else(|| line.split_once("Filter: ").map(|(_, text)| text));
        text.map(conjuncts).unwrap_or_default()
    };
    checked.normalised().lines().flat_map(conditions).collect()
}

/// `a AND (b OR c) AND d` is three.
fn conjuncts(text: &str) -> Vec<String> {
    let (mut parts, mut depth, mut quoted, mut start) = (Vec::new(), 0_i32, false, 0);
    for (place, byte) in text.bytes().enumerate() {
        match byte {
            b'"' => quoted = !quoted,
            b'(' | b'[' if !quoted => depth += 1,
            b')' | b']' if !quoted => depth -= 1,
            b' ' if !quoted && depth == 0 && text[place..].starts_with(" AND ") && place >= start => {
                parts.push(text[start..place].to_owned());
                start = place + 5;
            }
            _ => {}
        }
    }
    parts.push(text[start..].to_owned());
    parts
}

fn names<'a>(names: impl Iterator<Item = &'a str>) -> BTreeSet<String> {
    names.map(str::to_owned).collect()
}

fn list(names: &BTreeSet<String>) -> String {
    names.iter().cloned().collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::conjuncts;

    #[test]
    fn conditions_are_taken_apart_at_the_top() {
        assert_eq!(
            conjuncts("a = 1 AND (b OR c AND d) AND e IN ([1 AND 2])"),
            ["a = 1", "(b OR c AND d)", "e IN ([1 AND 2])"]
        );
        assert_eq!(conjuncts("x"), ["x"]);
    }
}
