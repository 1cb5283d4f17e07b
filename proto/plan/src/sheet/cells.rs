//! Which cells may appear, how large groups are by published list sizes, and the rule under which figures are shown.

use disclosure::{Kept, MAX_CELLS, Per, Profile, Zeros};
use template::{Dimension, LevelGrouping, Levels, PeriodUnit, Range, StructuralZero, Template};

use super::{Line, ListSize, Section, note, plain, warning};

/// How many levels are named before the rest are only counted.
const NAMED_MAX: usize = 12;

pub(super) fn section(template: &Template) -> Section {
    let mut lines: Vec<Line> = template.dimensions.iter().map(|dimension| plain(words(template, dimension))).collect();
    if lines.is_empty() {
        lines.push(plain("one cell: the whole"));
    }
    match most(template) {
        Some(cells) if cells <= MAX_CELLS as u64 => {
            lines.push(plain(format!("at most {cells} cells of a run, totals apart; each run has all its declared cells")));
        }
        _ => lines.push(note(format!(
            "a run has all its declared cells, as many as the months chosen give; a run of more than {MAX_CELLS} cells is refused"
        ))),
    }
    lines.extend(template.structural_zeros.iter().map(|zero| note(nobody(zero))));
    let totals = totals(template);
    lines.push(plain(format!("{} kinds of totals beside the cells", totals.len())));
    lines.extend(totals.into_iter().map(|total| plain(format!("  {total}"))));
    Section { title: "Which cells may appear", lines }
}

/// A declaration that nobody can be in some cells.
pub(super) fn nobody(zero: &StructuralZero) -> String {
    let levels: Vec<String> =
        zero.levels.iter().map(|(name, levels)| format!("{name} {}", levels.join(", "))).collect();
    format!(
        "nobody can be in {}: {}; such a cell is said to be zero, and a provider that finds a person in one refuses, so it \
         must be impossible and not merely rare: either would tell whether somebody is there",
        levels.join(" with "),
        zero.why
    )
}

/// What each total keeps.
pub(super) fn totals(template: &Template) -> Vec<String> {
    let groupings: Vec<&LevelGrouping> = template.dimensions.iter().flat_map(|d| &d.groupings).collect();
    let name = |kept: &Kept| match *kept {
        Kept::Levels(place) => template.dimensions.get(place).map(|d| d.name.clone()),
        Kept::Groups(place) => groupings.get(place).map(|grouping| grouping.name.clone()),
    };
    let words = |kept: &Vec<Kept>| match kept.iter().filter_map(name).collect::<Vec<_>>() {
        names if names.is_empty() => "of everything together".to_owned(),
        names => format!("by {}", names.join(" and ")),
    };
    template.totals.iter().map(words).collect()
}

/// What a dimension is, and how its levels are put together.
pub(super) fn words(template: &Template, dimension: &Dimension) -> String {
    let grouped = |grouping: &LevelGrouping| {
        let groups: Vec<String> =
            grouping.groups.iter().map(|group| format!("{} = {}", group.label, group.levels.join(", "))).collect();
        format!("\n  grouped as {}: {}", grouping.name, groups.join("; "))
    };
    levels_in_words(template, dimension) + &dimension.groupings.iter().map(grouped).collect::<String>()
}

fn levels_in_words(template: &Template, dimension: &Dimension) -> String {
    let per = match dimension.per {
        Per::Person => "a person is in one",
        Per::Record => "a person may be in several",
    };
    let other = dimension.other.as_ref().map(|other| format!(", and `{other}` for everything else"));
    let other = other.unwrap_or_default();
    match &dimension.levels {
        Levels::List(labels) => {
            let named = labels.iter().take(NAMED_MAX).cloned().collect::<Vec<_>>().join(", ");
            let rest = labels.len().saturating_sub(NAMED_MAX);
            let rest = if rest > 0 { format!(" and {rest} more") } else { String::new() };
            format!("{}: {} levels ({named}{rest}){other}; {per}", dimension.name, labels.len())
        }
        Levels::Periods { unit, from, to } => {
            let most = periods(template, dimension).map(|n| format!(", at most {n}")).unwrap_or_default();
            format!("{}: the {} from `{from}` to `{to}`{most}; {per}", dimension.name, plural(*unit))
        }
    }
}

const fn plural(unit: PeriodUnit) -> &'static str {
    match unit {
        PeriodUnit::Month => "months",
        PeriodUnit::Quarter => "quarters",
        PeriodUnit::Year => "years",
    }
}

/// The most levels of a dimension, `other` among them, if the template bounds them.
fn levels(template: &Template, dimension: &Dimension) -> Option<u64> {
    match &dimension.levels {
        Levels::List(labels) => u64::try_from(labels.len() + usize::from(dimension.other.is_some())).ok(),
        Levels::Periods { .. } => periods(template, dimension),
    }
}

/// The most periods that the parameters allow: those that begin or end inside a period count with it.
fn periods(template: &Template, dimension: &Dimension) -> Option<u64> {
    let Levels::Periods { unit, to, .. } = &dimension.levels else { return None };
    let parameter = template.parameters.iter().find(|parameter| parameter.name == *to)?;
    let Range::Month { longest: Some(longest), .. } = &parameter.range else { return None };
    let months = u64::try_from(longest.months).ok()?;
    Some(match unit {
        PeriodUnit::Month => months,
        PeriodUnit::Quarter => (months + 1) / 3 + 1,
        PeriodUnit::Year => (months + 10) / 12 + 1,
    })
}

/// The most cells of a run, totals apart, if the template bounds them.
fn most(template: &Template) -> Option<u64> {
    template.dimensions.iter().try_fold(1_u64, |cells, dimension| cells.checked_mul(levels(template, dimension)?))
}

/// The most groups into which a provider's people fall at one time: periods do not divide people.
fn groups_at_once(template: &Template) -> Option<u64> {
    let lists = template.dimensions.iter().filter(|dimension| matches!(dimension.levels, Levels::List(_)));
    lists.into_iter().try_fold(1_u64, |groups, dimension| groups.checked_mul(levels(template, dimension)?))
}

pub(super) fn groups(template: &Template, sizes: &[ListSize]) -> Section {
    let threshold = template.policy.threshold().people();
    let groups = groups_at_once(template).unwrap_or(u64::MAX).max(1);
    let people = |size: &&ListSize| (size.people, size.provider.clone());
    let (Some(least), Some(greatest)) = (sizes.iter().min_by_key(people), sizes.iter().max_by_key(people)) else {
        let words = "no published list sizes were given: how large groups are cannot be said";
        return Section { title: "How large groups are, by published list sizes", lines: vec![note(words)] };
    };
    let total = sizes.iter().map(|size| size.people).fold(0, u64::saturating_add);
    let mut lines = vec![plain(format!(
        "{total} people on {} lists, from {} ({}) to {} ({}); at one time they fall into at most {groups} groups",
        sizes.len(),
        least.people,
        least.provider,
        greatest.people,
        greatest.provider
    ))];
    for (whose, size) in [("the smallest list", least), ("the largest list", greatest)] {
        let each = size.people / groups;
        let words = format!("were everybody on {whose} counted and spread evenly, a group would have {each} people");
        lines.push(if each < threshold {
            note(format!("{words}: below the threshold of {threshold}, most of its cells will be suppressed"))
        } else {
            plain(words)
        });
    }
    Section { title: "How large groups are, by published list sizes", lines }
}

pub(super) fn rule(template: &Template) -> Section {
    let (policy, default) = (template.policy, Profile::default().policy());
    let compare = |what: &str, ours: u64, theirs: u64| {
        let words = format!("{what}: {ours}");
        match ours.cmp(&theirs) {
            std::cmp::Ordering::Less => warning(format!("{words}, weaker than the default, {theirs}")),
            std::cmp::Ordering::Equal => plain(format!("{words}, the default")),
            std::cmp::Ordering::Greater => plain(format!("{words}, stricter than the default, {theirs}")),
        }
    };
    let zeros = match (policy.zeros(), default.zeros()) {
        (Zeros::Hidden, _) => plain("a zero reads as a suppressed count"),
        (Zeros::Shown, Zeros::Shown) => note("a zero is shown as zero"),
        (Zeros::Shown, Zeros::Hidden) => warning("a zero is shown as zero; by default it reads as a suppressed count"),
    };
    let lines = vec![
        plain("the least strict rule under which it may be answered; each provider's own may only be stricter"),
        compare(
            "a figure stands for at least so many people",
            policy.threshold().people(),
            default.threshold().people(),
        ),
        compare("figures are rounded to", policy.rounding().base(), default.rounding().base()),
        zeros,
    ];
    Section { title: "The disclosure rule, beside the default", lines }
}
