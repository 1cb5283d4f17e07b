//! What is otherwise than in the version before, in words. Whatever loosens a rule or reaches further is a warning.

use std::collections::BTreeSet;

use disclosure::Zeros;
use template::{SiteFigures, Template};

use super::{Line, Section, Subject, Surroundings, cells, note, plain, warning};
use crate::check::Checker;
use crate::checked::{Checked, Read};

const TITLE: &str = "What is otherwise than in the version before";

pub(super) fn section(
    checker: &Checker,
    subject: &Subject<'_>,
    previous: &[u8],
    surroundings: &Surroundings,
) -> Section {
    let Ok(before) = Template::parse(previous) else {
        let lines = vec![warning("the version before cannot be read by this version, and so is not compared")];
        return Section { title: TITLE, lines };
    };
    let now = subject.template;
    let mut lines = texts(&before, now);
    lines.extend(reach(&before, now));
    lines.extend(rule(&before, now));
    lines.extend(parts(
        "parameter",
        &described(&before.parameters, |p| (p.name.clone(), p.expects())),
        &described(&now.parameters, |p| (p.name.clone(), p.expects())),
    ));
    let dimensions =
        |template: &Template| described(&template.dimensions, |d| (d.name.clone(), cells::words(template, d)));
    lines.extend(parts("dimension", &dimensions(&before), &dimensions(now)));
    let measures = |template: &Template| {
        described(&template.measures, |m| (m.measure.name().to_owned(), format!("{:?} {}", m.measure.kind(), m.unit)))
    };
    lines.extend(parts("measure", &measures(&before), &measures(now)));
    lines.extend(totals(&before, now));
    lines.extend(structural_zeros(&before, now));
    lines.extend(reads(checker, subject, &before, surroundings));
    if lines.is_empty() {
        lines.push(plain("nothing but words or layout"));
    }
    Section { title: TITLE, lines }
}

fn texts(before: &Template, now: &Template) -> Vec<Line> {
    let mut lines = Vec::new();
    for (what, before, now, weighty) in [
        ("title", &before.title, &now.title, Weighty::No),
        ("purpose", &before.purpose, &now.purpose, Weighty::Yes),
        ("legal basis", &before.legal_basis, &now.legal_basis, Weighty::Yes),
        ("sharing agreement", &before.agreement, &now.agreement, Weighty::Yes),
        ("accountable organisation", &before.owner, &now.owner, Weighty::Yes),
        ("author", &before.author, &now.author, Weighty::No),
    ] {
        if before != now {
            let words = format!("{what}: was \"{before}\", is \"{now}\"");
            lines.push(if weighty == Weighty::Yes { warning(words) } else { note(words) });
        }
    }
    if before.expires != now.expires {
        lines.push(note(format!("last day: was {}, is {}", before.expires, now.expires)));
    }
    lines
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Weighty {
    No,
    Yes,
}

fn reach(before: &Template, now: &Template) -> Vec<Line> {
    let mut lines = Vec::new();
    for kind in &now.runs_at {
        if !before.runs_at.contains(kind) {
            lines.push(warning(format!("providers of the kind {kind} are asked now")));
        } else if now.min_sites(*kind) < before.min_sites(*kind) {
            let (was, is) = (before.min_sites(*kind), now.min_sites(*kind));
            lines.push(warning(format!("a figure of {kind} needs fewer answering sites: was {was}, is {is}")));
        }
    }
    for kind in before.runs_at.iter().filter(|kind| !now.runs_at.contains(kind)) {
        lines.push(note(format!("providers of the kind {kind} are not asked any more")));
    }
    if (before.sites, now.sites) == (SiteFigures::Hidden, SiteFigures::Shown) {
        lines.push(warning("single providers' figures are shown now"));
    }
    lines
}

fn rule(before: &Template, now: &Template) -> Vec<Line> {
    let mut lines = Vec::new();
    let (was, is) = (before.policy, now.policy);
    for (what, was, is) in [
        ("threshold", was.threshold().people(), is.threshold().people()),
        ("rounding", was.rounding().base(), is.rounding().base()),
    ] {
        if is < was {
            lines.push(warning(format!("{what} is looser: was {was}, is {is}")));
        } else if is > was {
            lines.push(note(format!("{what} is stricter: was {was}, is {is}")));
        }
    }
    if (was.zeros(), is.zeros()) == (Zeros::Hidden, Zeros::Shown) {
        lines.push(warning("zeros are shown now"));
    }
    lines
}

fn described<T>(items: &[T], words: impl Fn(&T) -> (String, String)) -> Vec<(String, String)> {
    items.iter().map(words).collect()
}

/// Parts by name that came, went or read otherwise.
fn parts(what: &str, before: &[(String, String)], now: &[(String, String)]) -> Vec<Line> {
    let find =
        |list: &[(String, String)], name: &str| list.iter().find(|(n, _)| n == name).map(|(_, words)| words.clone());
    let mut lines = Vec::new();
    for (name, is) in now {
        match find(before, name) {
            None => lines.push(warning(format!("new {what} `{name}`: {is}"))),
            Some(was) if was != *is => lines.push(warning(format!("{what} `{name}`\nwas: {was}\nis:  {is}"))),
            Some(_) => {}
        }
    }
    for (name, _) in before.iter().filter(|(name, _)| find(now, name).is_none()) {
        lines.push(note(format!("{what} `{name}` is gone")));
    }
    lines
}

/// Further totals tell more of the cells under them.
fn totals(before: &Template, now: &Template) -> Vec<Line> {
    let (was, is) = (cells::totals(before), cells::totals(now));
    let new = is.iter().filter(|total| !was.contains(total));
    let gone = was.iter().filter(|total| !is.contains(total));
    let mut lines: Vec<Line> = new.map(|total| note(format!("new total: {total}"))).collect();
    lines.extend(gone.map(|total| note(format!("the total {total} is gone"))));
    if lines.is_empty() && was != is {
        lines.push(note("the totals are released in another order, in which they are told apart from small counts"));
    }
    lines
}

/// What is said to be zero without counting is what a reviewer must agree with.
fn structural_zeros(before: &Template, now: &Template) -> Vec<Line> {
    let zeros = |template: &Template| template.structural_zeros.iter().map(cells::nobody).collect::<Vec<_>>();
    let (was, is) = (zeros(before), zeros(now));
    let new = is.iter().filter(|zero| !was.contains(zero)).map(|zero| warning(format!("new: {zero}")));
    let gone = was.iter().filter(|zero| !is.contains(zero)).map(|zero| warning(format!("no longer: {zero}")));
    new.chain(gone).collect()
}

fn reads(checker: &Checker, subject: &Subject<'_>, before: &Template, surroundings: &Surroundings) -> Vec<Line> {
    if before.sql == subject.template.sql {
        return Vec::new();
    }
    let Ok(checked) = checker.check_template(before, &surroundings.lookups) else {
        return vec![warning("the SQL is another, and that of the version before is refused now")];
    };
    if checked.normalised() == subject.checked.normalised() {
        return vec![plain("the SQL is written otherwise and does the same")];
    }
    let columns = |checked: &Checked| -> BTreeSet<String> {
        let of = |read: &Read| read.columns.iter().map(|column| format!("{}.{column}", read.name)).collect::<Vec<_>>();
        checked.tables().iter().flat_map(of).collect()
    };
    let (was, is) = (columns(&checked), columns(subject.checked));
    let mut lines = vec![warning("the SQL does something else: see the lines below")];
    lines.extend(is.difference(&was).map(|column| warning(format!("{column} is read now"))));
    lines.extend(was.difference(&is).map(|column| note(format!("{column} is not read any more"))));
    lines
}
