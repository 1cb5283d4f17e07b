//! What a reader of an answer must know, in plain words.

use std::collections::BTreeSet;

use disclosure::{Cell, Extent, MeasureKind, Reported, Zeros};
use template::{Denominator, FigureKind, ProviderKind};
use wire::STANDS_FOR;

use crate::places::ELSEWHERE;
use crate::site::{Heard, Site};
use crate::{Group, Question};

/// The notes that belong to these groups.
#[must_use]
pub fn notes(question: &Question<'_>, sites: &[Site<'_>], groups: &[Group]) -> Vec<String> {
    let mut notes = Vec::new();
    let tables: Vec<&Reported> = sites.iter().filter_map(|site| site.heard.reported()).collect();
    if groups.iter().any(|group| group.table.is_ok()) {
        notes.push(
            "Each figure sums the sites that answered and cover it; the truth over those sites lies between `low` and \
             `high`. `central` is the midpoint of the bounds, rounded half up; for a share, change, mean or rate it is \
             that of the midpoints, for a median or quantile interpolated within its band. It means nothing without \
             its bounds."
                .to_owned(),
        );
        notes.push(format!(
            "A figure stands for {STANDS_FOR}. Of nearly the same people a site says what it said before, so that two \
             answers cannot be subtracted; for exactly this question a bound may be off by that many people at each site \
             that shows a figure."
        ));
        notes.extend(hidden(&tables));
        notes.extend(counted_at_each(question, sites));
        notes.extend(figures(question, groups));
        notes.extend(held_back(groups));
        notes.extend(elsewhere(groups));
    }
    notes.extend(missing(sites));
    notes.extend(coverage(sites, &tables));
    notes.extend(too_few(question, sites, groups));
    notes
}

/// What `*` and withheld cells are.
fn hidden(tables: &[&Reported]) -> Vec<String> {
    let says = |table: &&&Reported, wanted: fn(&Cell) -> bool| {
        (0..table.measures().len()).any(|measure| table.cells(measure).iter().any(wanted))
    };
    let mut notes = Vec::new();
    let suppressed = |cell: &Cell| matches!(cell, Cell::Suppressed { .. });
    let ranges: BTreeSet<(u64, u64)> =
        tables.iter().filter(|table| says(table, suppressed)).map(|table| table.policy().suppressed()).collect();
    if !ranges.is_empty() {
        let ranges: Vec<String> = ranges.iter().map(|(low, high)| format!("{low} to {high}")).collect();
        notes.push(format!(
            "A suppressed cell (`*`) at a site stands for {} people, as that site's rule says. It is in the bounds with \
             that whole range and never counts as zero.",
            ranges.join(" or ")
        ));
    }
    let hides = |table: &&Reported| table.policy().zeros() == Zeros::Hidden;
    if !ranges.is_empty() && tables.iter().any(hides) {
        notes.push("Where the range begins at 0 the site does not say whether there is anybody at all.".to_owned());
    }
    if tables.iter().filter(|table| says(table, |cell| *cell == Cell::Withheld)).count() > 0 {
        notes.push(
            "A withheld figure at a site (too few people behind it, one who dominates it, or one that would give \
             another away) is in the bounds with what the site's other figures leave open."
                .to_owned(),
        );
    }
    notes
}

/// People are distinct within a provider only; practices share nobody.
fn counted_at_each(question: &Question<'_>, sites: &[Site<'_>]) -> Option<String> {
    let counts_people = question.measures.iter().any(|measure| measure.kind() == MeasureKind::People);
    let answering = || sites.iter().filter(|site| site.heard.answers());
    let shared = answering().any(|site| site.kind != ProviderKind::Gp) && answering().count() > 1;
    (counts_people && shared).then(|| {
        "People are counted once per provider: a person known to several providers is counted at each.".to_owned()
    })
}

/// Sites that were left out of a figure, and figures without a value.
fn figures(question: &Question<'_>, groups: &[Group]) -> Vec<String> {
    let mut notes = Vec::new();
    for (place, figure) in question.figures.iter().enumerate() {
        let at = || {
            groups.iter().filter_map(|g| g.table.as_ref().ok()).flat_map(|t| &t.figures).filter(|f| f.figure == place)
        };
        let left_out = at().map(|figure| figure.left_out).max().unwrap_or(0);
        if left_out > 0 {
            let published = matches!(&figure.kind, FigureKind::Rate { denominator: Denominator::Population(_), .. });
            let or = if published { ", or of which no number of people is published" } else { "" };
            notes.push(format!(
                "`{}` leaves out sites that cover only a part of what it compares{or}: at most {left_out}.",
                figure.name
            ));
        }
        if let FigureKind::Rate { denominator: Denominator::Population(lookup), .. } = &figure.kind {
            notes.push(format!(
                "`{}` divides by the published numbers of people in the signed look-up `{lookup}`, of the sites that \
                 take part.",
                figure.name
            ));
        }
        if at().any(|figure| figure.bounds == crate::Bounds::NONE) {
            notes.push(format!(
                "`{}` has no value where nobody is counted, where too few sites cover what it compares or \
                 are left out, or where the question spans fewer periods than it compares.",
                figure.name
            ));
        }
    }
    notes
}

/// Cells that too few sites cover.
fn held_back(groups: &[Group]) -> Option<String> {
    let tables = groups.iter().filter_map(|group| group.table.as_ref().ok());
    let mut cells = tables.flat_map(|table| table.cells.iter().flatten());
    cells.any(|cell| cell.state == wire::CellState::TooFewSites).then(|| {
        "A cell that fewer sites cover than the template needs is held back, and so is every total over it.".to_owned()
    })
}

/// Places that stand under no name of their own.
fn elsewhere(groups: &[Group]) -> Option<String> {
    groups.iter().any(|group| group.place.as_deref() == Some(ELSEWHERE)).then(|| {
        format!(
            "`{ELSEWHERE}` puts sites together that belong to no place, places with fewer sites than the template needs, \
             and the smallest others that it takes for those not to follow by subtraction."
        )
    })
}

/// Who is not in the sums.
fn missing(sites: &[Site<'_>]) -> Vec<String> {
    let number = |wanted: fn(&Heard<'_>) -> bool| sites.iter().filter(|site| wanted(&site.heard)).count();
    let asked = sites.len();
    [
        (number(|heard| matches!(heard, Heard::Refused)), "refused"),
        (number(|heard| matches!(heard, Heard::Failed)), "did not answer in time or not validly"),
        (number(|heard| matches!(heard, Heard::Waiting)), "may still answer"),
        (
            number(|heard| matches!(heard, Heard::HeldOut)),
            "released and are held out, for beside an earlier answer to this question the sums with them would tell of too \
             few sites",
        ),
    ]
    .into_iter()
    .filter(|(number, _)| *number > 0)
    .map(|(number, what)| format!("{number} of {asked} sites {what}; what they hold is in no figure."))
    .collect()
}

/// Who does not hold what was asked.
fn coverage(sites: &[Site<'_>], tables: &[&Reported]) -> Vec<String> {
    let extents = |table: &Reported| -> BTreeSet<u8> {
        (0..table.domain().inner_len()).map(|cell| u8::from(table.extent(cell) != Extent::None)).collect()
    };
    let nothing = tables.iter().filter(|table| extents(table) == BTreeSet::from([0])).count()
        + sites.iter().filter(|site| matches!(site.heard, Heard::NotCovered)).count();
    let part = tables.iter().filter(|table| extents(table).len() == 2).count();
    let mut notes = Vec::new();
    if nothing > 0 {
        notes.push(format!("{nothing} of {} sites hold nothing of what was asked; that is not zero.", sites.len()));
    }
    if part > 0 {
        notes.push(format!(
            "{part} of {} sites hold a part of what was asked; a total counts the part that they hold.",
            sites.len()
        ));
    }
    notes
}

/// Why a group has no figures.
fn too_few(question: &Question<'_>, sites: &[Site<'_>], groups: &[Group]) -> Vec<String> {
    if groups.iter().all(|group| group.table.is_ok()) {
        return Vec::new();
    }
    let mut notes = Vec::new();
    for kind in ProviderKind::ALL {
        let of_kind = || sites.iter().filter(|site| site.kind == kind);
        let answered = of_kind().filter(|site| site.heard.answers()).count();
        let needed = question.quorum.needed(kind);
        if of_kind().next().is_some() && u32::try_from(answered).is_ok_and(|answered| answered < needed) {
            notes.push(format!(
                "{answered} of {} sites of kind `{kind}` answered; the template shows no combined figures below {needed}.",
                of_kind().count()
            ));
        }
    }
    notes
}
